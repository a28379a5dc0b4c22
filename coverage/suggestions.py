"""What the address field offers while somebody types: streets first, then the houses of one."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from coverage import lookup
from coverage.addresses import latin, parse_address, street_label
from coverage.addresses.text import place_key
from coverage.models import AdminUnit, Building, Street, StreetAlias
from coverage.places import checked_text

MAX_SUGGESTIONS = 20
MIN_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One line under the field. `text` is what the field becomes when it is chosen.

    `building_id` is None for a street; `note` is the other name by which it was found.
    """

    label: str
    text: str
    locality: str
    street_id: int
    building_id: int | None = None
    note: str = ""


def suggest_addresses(*, text: str, limit: int = 8) -> list[Suggestion]:
    """Up to `limit` suggestions; streets of localities that have buildings go first.

    With a number typed: houses of the likeliest street, the nearest number first. Raises
    BadTextError.
    """
    limit = max(1, min(limit, MAX_SUGGESTIONS))
    parsed = parse_address(checked_text(text))
    key = (
        latin.from_latin(parsed.street.search_key)
        if parsed.street.is_latin
        else (parsed.street.search_key)
    )
    if len(key) < MIN_LETTERS:
        return []
    streets = _streets(key, parsed.street.type, parsed.localities, limit)
    if not streets and " " in key:
        # «харків бучми»: the settlement came first and unmarked.
        first, _space, rest = key.partition(" ")
        streets = _streets(rest, parsed.street.type, (first,), limit) if len(rest) > 1 else []
    if not streets:
        return []
    first_street = streets[0]
    if parsed.house is not None or len(streets) == 1:
        number_int = parsed.house.number_int if parsed.house else None
        houses = lookup.nearest_houses(
            street_id=first_street.street_id, number_int=number_int, limit=3000
        )
        if parsed.house is not None:
            wanted = [house.canonical for house in lookup.houses_meant(parsed)]
            houses.sort(key=lambda house: house[1] not in wanted)
        listed = [_house(first_street, *house) for house in houses[:limit]]
        if listed:
            return listed if parsed.house is not None else [first_street, *listed][:limit]
    return streets[:limit]


def _house(street: Suggestion, building_id: int, number: str) -> Suggestion:
    return Suggestion(
        label=f"{street.label}, {number}",
        text=f"{street.text}, {number}",
        locality=street.locality,
        street_id=street.street_id,
        building_id=building_id,
        note=street.note,
    )


def _streets(
    key: str, street_type: str, localities: tuple[str, ...], limit: int
) -> list[Suggestion]:
    """Streets by the beginning of the name or of a word in it; by likeness where none begins so."""
    has_buildings = Exists(Building.objects.filter(street_id=OuterRef("served_id")))
    streets = Street.objects.filter(retired_at__isnull=True).annotate(served_id=F("id"))
    aliases = (
        StreetAlias.objects.filter(street__retired_at__isnull=True)
        .annotate(served_id=F("street_id"))
        .select_related("street__locality")
    )
    if street_type:
        streets, aliases = streets.filter(type=street_type), aliases.filter(type=street_type)
    units = AdminUnit.objects.filter(search_key__in=[place_key(name) for name in localities])
    if localities and units.exists():
        streets = streets.filter(locality__in=units)
        aliases = aliases.filter(street__locality__in=units)
    streets = streets.annotate(served=has_buildings).select_related("locality")
    aliases = aliases.annotate(served=has_buildings)
    found = [_street(street, "") for street in _begins(streets, key, limit)]
    if len(found) < limit:
        found += [_street(a.street, _other(a)) for a in _begins(aliases, key, limit)]
    if not found:
        found = [_street(street, "") for street in _like(streets, key, limit)]
        found += [_street(a.street, _other(a)) for a in _like(aliases, key, limit)]
    once: dict[int, Suggestion] = {}
    for suggestion in found:
        once.setdefault(suggestion.street_id, suggestion)
    return list(once.values())[:limit]


def _begins(rows: QuerySet[Any], key: str, limit: int) -> QuerySet[Any]:
    begins = Q(search_key__startswith=key)
    rank = Case(
        When(search_key=key, then=Value(0)),
        When(begins, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return rows.filter(begins | Q(search_key__contains=f" {key}")).order_by(
        "-served", rank, "search_key", "id"
    )[:limit]


def _like(rows: QuerySet[Any], key: str, limit: int) -> QuerySet[Any]:
    likeness = TrigramWordSimilarity(key, "search_key")
    return rows.filter(search_key__trigram_word_similar=key).order_by(
        likeness.desc(), "-served", "search_key", "id"
    )[:limit]


def _street(street: Street, other_name: str) -> Suggestion:
    label = street_label(street_type=street.type, name=street.name)
    return Suggestion(
        label=label,
        text=f"{street.locality.name}, {label}",
        locality=street.locality.name,
        street_id=street.id,
        note=other_name,
    )


def _other(alias: StreetAlias) -> str:
    return street_label(street_type=alias.type, name=alias.name)
