"""How buildings and places are called on screens."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from coverage.addresses import street_label
from coverage.models import AdminUnit, Building


def address_labels(*, building_ids: Iterable[int], with_locality: bool = False) -> dict[int, str]:
    """ "вулиця Бучми, 42Б" for each known building, or "Харків, вулиця Бучми, 42Б"."""
    rows = Building.objects.filter(id__in=list(building_ids)).values_list(
        "id", "number", "street__type", "street__name", "locality__name"
    )
    labels = {}
    for building_id, number, street_type, street_name, locality in rows:
        label = house_label(number=number, street_type=street_type, street_name=street_name)
        labels[building_id] = f"{locality}, {label}" if with_locality else label
    return labels


def house_label(*, number: str | None, street_type: str | None, street_name: str | None) -> str:
    """How a house is called, whatever of its address is known."""
    if street_name:
        street = street_label(street_type=street_type or "", name=street_name)
        return f"{street}, {number}" if number else _("%(street)s, no number") % {"street": street}
    if number:
        return _("building %(number)s, street unknown") % {"number": number}
    return _("building without an address")


def admin_chain(*, admin_unit_id: int) -> list[int]:
    """Ids from this unit up to the oblast, the deepest first; [] when there is no such unit."""
    path = AdminUnit.objects.filter(id=admin_unit_id).values_list("path", flat=True).first()
    return list(chain_of_path(path or ""))


def chain_of_path(path: str) -> tuple[int, ...]:
    """The ids of a materialised path ("/12/345/"), the deepest first."""
    return tuple(int(part) for part in reversed(path.split("/")) if part)


def unit_names(*, unit_ids: Iterable[int]) -> dict[int, str]:
    """Names of administrative units by id."""
    return dict(AdminUnit.objects.filter(id__in=list(unit_ids)).values_list("id", "name"))
