"""Finding the street and the house that a typed address means.

Only an exact name or a known other name (old, Russian, Latin letters) is accepted; a likeness is a
suggestion that a person must confirm. Where one name leads to several streets, people are asked.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.contrib.postgres.search import TrigramSimilarity
from django.db.models import Q

from coverage.addresses import House, ParsedAddress, StreetName, houses_meant, parse_address
from coverage.addresses import latin as latin_letters
from coverage.addresses.compare import FUZZY_LEAST, text_similarity
from coverage.addresses.street import latin_key, normalise_name, parse_street, street_label
from coverage.addresses.text import clean, fold, place_key
from coverage.answers import AddressCandidate, AddressMatch, MatchKind
from coverage.models import (
    AdminUnit,
    AdminUnitAlias,
    Building,
    BuildingAddress,
    Street,
    StreetAlias,
)
from coverage.places import checked_text

MAX_CANDIDATES = 8
_TRIGRAM_POOL = 30


@dataclass(frozen=True, slots=True)
class StreetHit:
    """A street that the text may mean; `other_name` is the name by which it was found."""

    street_id: int
    locality_id: int
    label: str
    other_name: str = ""
    score: float = 1.0
    is_translated: bool = False


def match_address(*, text: str) -> AddressMatch:
    """Which building the text means, and how sure that is; raises BadTextError."""
    parsed = parse_address(checked_text(text))
    if not parsed.street.name:
        return AddressMatch(kind=MatchKind.NONE)
    localities, is_place_known = _localities(parsed.localities)
    hits = find_streets(parsed.street, locality_ids=localities)
    if hits and not _is_house_set_apart(text, parsed):
        # «провулок Червоноармійський 1» is house 1 or the first of three lanes of that name.
        hits = _once([*hits, *_with_figure(parsed, localities)])
    if not hits:
        hits, parsed = _other_readings(parsed, localities)
    if hits and is_place_known:
        return _settle(parsed, _in_served_localities(hits))
    likely = hits or similar_streets(parsed.street, locality_ids=localities)
    return _suggest(parsed, likely)


def find_streets(name: StreetName, *, locality_ids: Iterable[int] | None = None) -> list[StreetHit]:
    """Streets of that name: present names, other names, the Latin and Russian spelling."""
    hits = _identical(name, locality_ids)
    if hits or not (name.is_latin or name.is_russian):
        return hits
    if name.is_latin:
        wanted = latin_key(name.name)
        pool = _pool(latin_letters.from_latin(name.search_key), name.type, locality_ids)
        found = [hit for hit, written in pool if latin_key(written) == wanted]
    else:
        wanted = fold(name.name_norm)
        pool = _pool(name.search_key, name.type, locality_ids)
        found = [hit for hit, written in pool if _sorted_fold(written) == wanted]
    return _once(replace(hit, is_translated=True) for hit in found)


def similar_streets(
    name: StreetName, *, locality_ids: Iterable[int] | None = None
) -> list[StreetHit]:
    """Streets with a name like this one, the likest first; never to be accepted unasked."""
    key = latin_letters.from_latin(name.search_key) if name.is_latin else name.search_key
    scored = []
    for hit, written in _pool(key, "", locality_ids):
        score = text_similarity(key, parse_street(written).search_key)
        if score >= FUZZY_LEAST:
            scored.append(replace(hit, score=round(min(score, 0.99), 3)))
    return sorted(_once(scored), key=lambda hit: -hit.score)[:MAX_CANDIDATES]


def buildings_at(
    *, street_ids: Iterable[int], houses: Iterable[House]
) -> list[tuple[int, int, str]]:
    """(building, street, number) of standing buildings with one of these numbers."""
    ids, numbers = list(street_ids), [house.canonical for house in houses]
    if not ids or not numbers:
        return []
    main = Building.objects.filter(
        street_id__in=ids, number__in=numbers, retired_at__isnull=True
    ).values_list("id", "street_id", "number")
    other = BuildingAddress.objects.filter(
        street_id__in=ids, number__in=numbers, building__retired_at__isnull=True
    ).values_list("building_id", "street_id", "number")
    return [*main, *other]  # type: ignore[list-item]


def nearest_houses(*, street_id: int, number_int: int | None, limit: int) -> list[tuple[int, str]]:
    """(building, number) of a street: the nearest numbers first, else in the order of houses."""
    rows = list(
        Building.objects.filter(street_id=street_id, number__isnull=False, retired_at__isnull=True)
        .order_by("number_sort")
        .values_list("id", "number", "number_int")[:3000]
    )
    if number_int is not None:
        rows.sort(key=lambda row: abs((row[2] or 0) - number_int))
    return [(building_id, str(number)) for building_id, number, _int in rows[:limit]]


def _settle(parsed: ParsedAddress, hits: list[StreetHit]) -> AddressMatch:
    """The streets are sure; which building of them?"""
    by_street = {hit.street_id: hit for hit in hits}
    first = hits[0]
    found = buildings_at(street_ids=by_street, houses=houses_meant(parsed))
    candidates = [
        _candidate(by_street[street_id], building_id, number)
        for building_id, street_id, number in found
    ]
    buildings = {building_id for building_id, _street, _number in found}
    if len(hits) == 1 and len(buildings) == 1:
        building_id, _street_id, number = found[0]
        is_alias = bool(first.other_name) or first.is_translated
        return AddressMatch(
            kind=MatchKind.ALIAS if is_alias else MatchKind.EXACT,
            confidence=1.0,
            building_id=building_id,
            street_id=first.street_id,
            label=f"{first.label}, {number}",
            old_name=first.other_name,
        )
    if len(hits) > 1 or len(buildings) > 1:
        streets = [_candidate(hit) for hit in hits]
        return AddressMatch(
            kind=MatchKind.AMBIGUOUS,
            confidence=0.5,
            old_name=first.other_name if all(hit.other_name for hit in hits) else "",
            candidates=tuple((candidates or streets)[:MAX_CANDIDATES]),
        )
    number_int = parsed.house.number_int if parsed.house else None
    near = nearest_houses(street_id=first.street_id, number_int=number_int, limit=MAX_CANDIDATES)
    return AddressMatch(
        kind=MatchKind.STREET_ONLY,
        confidence=0.5,
        street_id=first.street_id,
        label=first.label,
        old_name=first.other_name,
        candidates=tuple(_candidate(first, *house) for house in near) or (_candidate(first),),
    )


def _suggest(parsed: ParsedAddress, hits: list[StreetHit]) -> AddressMatch:
    """Nothing sure: the likely streets, with the house where it stands."""
    if not hits:
        return AddressMatch(kind=MatchKind.NONE)
    by_street = {hit.street_id: hit for hit in hits}
    found = buildings_at(street_ids=by_street, houses=houses_meant(parsed))
    found.sort(key=lambda row: -by_street[row[1]].score)
    candidates = [
        _candidate(by_street[street], building, number) for building, street, number in found
    ]
    candidates += [_candidate(hit) for hit in hits]
    return AddressMatch(
        kind=MatchKind.FUZZY,
        confidence=hits[0].score,
        candidates=tuple(candidates[:MAX_CANDIDATES]),
    )


def _candidate(
    hit: StreetHit, building_id: int | None = None, number: str = ""
) -> AddressCandidate:
    return AddressCandidate(
        label=f"{hit.label}, {number}" if number else hit.label,
        street_id=hit.street_id,
        building_id=building_id,
        score=hit.score,
        note=hit.other_name,
    )


def _localities(names: tuple[str, ...]) -> tuple[list[int] | None, bool]:
    """Units with one of these names (None: no place was named), and whether one is known."""
    if not names:
        return None, True
    keys = {place_key(name) for name in names}
    units = list(AdminUnit.objects.filter(search_key__in=keys).values_list("id", flat=True))
    units += AdminUnitAlias.objects.filter(search_key__in=keys).values_list("unit_id", flat=True)
    return (units, True) if units else (None, False)


def _other_readings(
    parsed: ParsedAddress, localities: list[int] | None
) -> tuple[list[StreetHit], ParsedAddress]:
    """«Харків Бучми 42Б» (settlement unmarked), «провулок Будьонного 1» (figure in a name)."""
    first, _space, rest = parsed.street.name.partition(" ")
    if rest and localities is None:
        units = list(
            AdminUnit.objects.filter(search_key=place_key(first)).values_list("id", flat=True)
        )
        if units:
            name = parse_street(f"{parsed.street.type} {rest}")
            hits = find_streets(name, locality_ids=units)
            if hits:
                return hits, replace(parsed, street=name)
    hits = _with_figure(parsed, localities)
    if hits:
        return hits, replace(parsed, house=None, house_text="")
    return [], parsed


def _with_figure(parsed: ParsedAddress, localities: list[int] | None) -> list[StreetHit]:
    """Streets whose name ends in the figure that was read as the house."""
    if not parsed.house_text:
        return []
    name = f"{parsed.street.type} {parsed.street.name} {parsed.house_text}"
    return _identical(parse_street(name), localities)


def _is_house_set_apart(text: str, parsed: ParsedAddress) -> bool:
    """Whether a comma or a mark ("буд.") says that the number is the house."""
    if not parsed.house_text:
        return True
    before = clean(text).rpartition(parsed.house_text)[0].rstrip(" №")
    return before.endswith((",", "."))


def _in_served_localities(hits: list[StreetHit]) -> list[StreetHit]:
    """Hits of the localities where some hit has buildings; all of them where none has."""
    if len({hit.locality_id for hit in hits}) == 1:
        return hits
    with_buildings = set(
        Building.objects.filter(street_id__in=[hit.street_id for hit in hits]).values_list(
            "street__locality_id", flat=True
        )
    )
    return [hit for hit in hits if hit.locality_id in with_buildings] or hits


def _identical(name: StreetName, locality_ids: Iterable[int] | None) -> list[StreetHit]:
    norm = normalise_name(name.name)
    same = Q(name_norm=norm)
    if name.type:
        same &= Q(type=name.type)
    streets = Street.objects.filter(same, retired_at__isnull=True)
    aliases = StreetAlias.objects.filter(same, street__retired_at__isnull=True)
    if locality_ids is not None:
        ids = list(locality_ids)
        streets = streets.filter(locality_id__in=ids)
        aliases = aliases.filter(street__locality_id__in=ids)
    hits = [_street_hit(street) for street in streets[:50]]
    hits += [_alias_hit(alias) for alias in aliases.select_related("street")[:50]]
    return _once(hits)


def _pool(
    key: str, street_type: str, locality_ids: Iterable[int] | None
) -> list[tuple[StreetHit, str]]:
    """Streets whose key or other name shares trigrams with `key`, with the name found."""
    if not key:
        return []
    streets = Street.objects.filter(retired_at__isnull=True, search_key__trigram_similar=key)
    aliases = StreetAlias.objects.filter(
        street__retired_at__isnull=True, search_key__trigram_similar=key
    )
    if street_type:
        streets, aliases = streets.filter(type=street_type), aliases.filter(type=street_type)
    if locality_ids is not None:
        ids = list(locality_ids)
        streets = streets.filter(locality_id__in=ids)
        aliases = aliases.filter(street__locality_id__in=ids)
    order = TrigramSimilarity("search_key", key)
    found = [(_street_hit(s), s.name) for s in streets.order_by(order.desc(), "id")[:_TRIGRAM_POOL]]
    found += [
        (_alias_hit(a), a.name)
        for a in aliases.select_related("street").order_by(order.desc(), "id")[:_TRIGRAM_POOL]
    ]
    return found


def _street_hit(street: Street) -> StreetHit:
    label = street_label(street_type=street.type, name=street.name)
    return StreetHit(street.id, street.locality_id, label)


def _alias_hit(alias: StreetAlias) -> StreetHit:
    other = street_label(street_type=alias.type, name=alias.name)
    return replace(_street_hit(alias.street), other_name=other)


def _once(hits: Iterable[StreetHit]) -> list[StreetHit]:
    """One hit for each street; the present name goes before another name."""
    found: dict[int, StreetHit] = {}
    for hit in hits:
        found.setdefault(hit.street_id, hit)
    return list(found.values())


def _sorted_fold(name: str) -> str:
    return " ".join(sorted(fold(normalise_name(name)).split()))
