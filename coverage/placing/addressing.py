"""Streets and numbers of a building that a planner gives: read, locked, and free."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from coverage.addresses import House, HouseNumberError, parse_house
from coverage.addresses.text import clean
from coverage.labels import address_labels
from coverage.models import Building, BuildingAddress, Street
from coverage.places import checked_text
from coverage.placing.guards import BadPlaceError, PlaceGoneError, UnknownPlaceError
from coverage.zoning import locks
from project.core.errors import DomainError

MAX_OTHER_ADDRESSES = 8
_PROBLEMS: dict[str, Any] = {
    "EMPTY": _("Give the number of the house."),
    "RANGE": _("This looks like a range of houses: give one number."),
    "DATE": _("A spreadsheet made a date of this number: type it as on the house."),
    "UNREADABLE": _("This can't be read as one house number, such as 12А or 30/1."),
}


class AddressTakenError(DomainError):
    """Another standing building has this address; context: `building`."""

    code = "address_taken"
    http_status = 409
    message = _("Another building has this address.")


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a building: a street and a number in it."""

    street_id: int
    house: House


def read_house(text: str | None, *, field: str = "number") -> House | None:
    """The house number, None for an empty text; raises BadPlaceError with a clear word."""
    cleaned = clean(checked_text(text or ""))
    if not cleaned:
        return None
    try:
        return parse_house(cleaned)
    except HouseNumberError as error:
        raise BadPlaceError(_PROBLEMS[error.problem], field=field) from error


def read_others(rows: Sequence[dict[str, Any]]) -> list[Address]:
    """Further addresses, each with a street and a number, none twice."""
    if len(rows) > MAX_OTHER_ADDRESSES:
        raise BadPlaceError(
            _("A building has at most %(most)d further addresses.") % {"most": MAX_OTHER_ADDRESSES},
            field="other_addresses",
        )
    found: list[Address] = []
    for row in rows:
        house = read_house(str(row["number"]), field="other_addresses")
        if house is None:
            raise BadPlaceError(_PROBLEMS["EMPTY"], field="other_addresses")
        address = Address(int(row["street_id"]), house)
        if address not in found:
            found.append(address)
    return found


@contextmanager
def unique_addresses() -> Iterator[None]:
    """A transaction in which no zone is published meanwhile, so that coverage can be derived.

    An import that took the address in the same moment is an AddressTakenError.
    """
    try:
        with transaction.atomic():
            locks.share(locks.Lock.PUBLISH)
            yield
    except IntegrityError as error:
        if "coverage_building" in str(error):
            raise AddressTakenError from error
        raise


def lock_streets(street_ids: Iterable[int | None]) -> dict[int, Street]:
    """The streets, locked in the order of ids so that their numbers stay as they are.

    Raises UnknownPlaceError. Whoever locks streets and buildings, locks the streets first.
    """
    ids = sorted({street_id for street_id in street_ids if street_id is not None})
    rows = Street.objects.select_for_update(of=("self",)).select_related("locality")
    found = {street.id: street for street in rows.filter(id__in=ids).order_by("id")}
    if len(found) != len(ids):
        raise UnknownPlaceError(_("There is no such street."), field="street_id")
    return found


def refuse_retired(street: Street) -> None:
    """Raise PlaceGoneError for a street that is retired or merged."""
    if street.retired_at is not None:
        raise PlaceGoneError(_("This street is no longer in use."), field="street_id")


def refuse_taken(addresses: Iterable[Address], *, building_id: int | None) -> None:
    """Raise AddressTakenError with the other house when one of the addresses is not free.

    The caller holds the locks of the streets.
    """
    for address in addresses:
        other = holder_of(address, besides=building_id)
        if other is not None:
            lon, lat = other.point.coords
            label = address_labels(building_ids=[other.id])[other.id]
            raise AddressTakenError(
                translate("Another building has this address: %(address)s.") % {"address": label},
                field="number",
                building={
                    "building_id": other.id,
                    "label": label,
                    "lon": round(lon, 7),
                    "lat": round(lat, 7),
                    "revision": other.revision,
                },
            )


def holder_of(address: Address, *, besides: int | None = None) -> Building | None:
    """The standing building with this address as its own or as a further one."""
    number = address.house.canonical
    main = Building.objects.filter(
        street_id=address.street_id, number=number, retired_at__isnull=True
    )
    found = main.exclude(id=besides or 0).first()
    if found is not None:
        return found
    further = (
        BuildingAddress.objects.filter(
            street_id=address.street_id, number=number, building__retired_at__isnull=True
        )
        .exclude(building_id=besides or 0)
        .select_related("building")
        .first()
    )
    return further.building if further is not None else None


def write_others(*, building_id: int, addresses: Sequence[Address]) -> None:
    """Make the further addresses of a building be these."""
    wanted = {(address.street_id, address.house.canonical) for address in addresses}
    rows = BuildingAddress.objects.filter(building_id=building_id)
    known = {(row.street_id, row.number): row.id for row in rows}
    gone = [row_id for key, row_id in known.items() if key not in wanted]
    BuildingAddress.objects.filter(id__in=gone).delete()
    BuildingAddress.objects.bulk_create(
        BuildingAddress(building_id=building_id, street_id=street_id, number=number)
        for street_id, number in sorted(wanted - set(known))
    )


def number_fields(house: House | None) -> dict[str, Any]:
    """The columns of a building that hold its number."""
    return {
        "number": house.canonical if house else None,
        "number_int": house.number_int if house else None,
        "number_sort": house.number_sort if house else "",
        "letter": house.letter if house else "",
        "fraction": house.fraction if house else "",
        "korpus": house.korpus if house else "",
    }
