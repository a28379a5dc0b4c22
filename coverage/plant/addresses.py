"""Buildings as people write them, one address each, and back: for forms and files of the plant."""

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from coverage.answers import MatchKind
from coverage.labels import address_labels
from coverage.lookup import match_address
from coverage.models import Building
from coverage.plant.fields import PlantFieldError


def building_named(text: str, *, field: str = "address") -> int:
    """The building of an address, or of its number in our list ("#1234").

    Raises PlantFieldError when it is not surely one building, BadTextError.
    """
    number = text.removeprefix("#")
    if text.startswith("#") and number.isascii() and number.isdigit() and len(number) < 19:
        if Building.objects.filter(id=int(number), retired_at__isnull=True).exists():
            return int(number)
        raise _unsure(text, field)
    match = match_address(text=text)
    if match.kind not in (MatchKind.EXACT, MatchKind.ALIAS) or match.building_id is None:
        raise _unsure(text, field)
    return match.building_id


def address_texts(building_ids: Iterable[int]) -> dict[int, str]:
    """For each building an address that leads back to it, else its number in our list."""
    ids = set(building_ids)
    labels = address_labels(building_ids=ids, with_locality=True)
    complete = set(
        Building.objects.filter(id__in=ids, number__isnull=False, street__isnull=False).values_list(
            "id", flat=True
        )
    )
    return {key: labels[key] if key in complete else f"#{key}" for key in labels}


def _unsure(text: str, field: str) -> PlantFieldError:
    message = _("This is not surely one building of ours: %(address)s")
    return PlantFieldError(message % {"address": text[:80]}, field=field)
