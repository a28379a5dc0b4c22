"""Finding the street and the house that a typed address means.

Only an exact name or a known other name (old, Russian, Latin letters) is accepted; a likeness is a
suggestion that a person must confirm. Where one name leads to several streets, people are asked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from coverage.addresses import House, ParsedAddress, StreetName, houses_meant, parse_address
from coverage.addresses import latin as latin_letters
from coverage.addresses.compare import FUZZY_LEAST, text_similarity
from coverage.addresses.street import latin_key, normalise_name, parse_street
from coverage.addresses.text import clean, fold, place_key
from coverage.answers import AddressCandidate, AddressMatch, MatchKind
from coverage.places import checked_text
from coverage.register import Register, StreetHit, Unread

MAX_CANDIDATES = 8


def match_address(*, text: str) -> AddressMatch:
    """Which building the text means, and how sure that is; raises BadTextError."""
    return _match(text, parse_address(checked_text(text)), Register())


def match_addresses(*, texts: Sequence[str]) -> list[AddressMatch]:
    """`match_address` of each text, in a handful of statements however many there are.

    Some thousands at a time: what was read is held in memory. Raises BadTextError for the first
    text that is no line of text.
    """
    register = Register(collects=True)
    parsed = {text: parse_address(checked_text(text)) for text in dict.fromkeys(texts)}
    found: dict[str, AddressMatch] = {}
    waiting = list(parsed)
    while waiting:
        still = []
        for text in waiting:
            try:
                found[text] = _match(text, parsed[text], register)
            except Unread:
                still.append(text)
        waiting = still
        register.load_wanted()
    return [found[text] for text in texts]


def _match(text: str, parsed: ParsedAddress, register: Register) -> AddressMatch:
    if not parsed.street.name:
        return AddressMatch(kind=MatchKind.NONE)
    localities, is_place_known = _localities(parsed.localities, register)
    hits = find_streets(parsed.street, localities, register)
    if hits and not _is_house_set_apart(text, parsed):
        # «провулок Червоноармійський 1» is house 1 or the first of three lanes of that name.
        hits = _once([*hits, *_with_figure(parsed, localities, register)])
    if not hits:
        hits, parsed = _other_readings(parsed, localities, register)
    if hits and is_place_known:
        return _settle(parsed, _in_served_localities(hits, register), register)
    likely = hits or similar_streets(parsed.street, localities, register)
    return _suggest(parsed, likely, register)


def find_streets(
    name: StreetName, locality_ids: Sequence[int] | None, register: Register
) -> list[StreetHit]:
    """Streets of that name: present names, other names, the Latin and Russian spelling."""
    hits = _identical(name, locality_ids, register)
    if hits or not (name.is_latin or name.is_russian):
        return hits
    if name.is_latin:
        wanted = latin_key(name.name)
        pool = _pool(latin_letters.from_latin(name.search_key), name.type, locality_ids, register)
        found = [hit for hit, written in pool if latin_key(written) == wanted]
    else:
        wanted = fold(name.name_norm)
        pool = _pool(name.search_key, name.type, locality_ids, register)
        found = [hit for hit, written in pool if _sorted_fold(written) == wanted]
    return _once(replace(hit, is_translated=True) for hit in found)


def similar_streets(
    name: StreetName, locality_ids: Sequence[int] | None, register: Register
) -> list[StreetHit]:
    """Streets with a name like this one, the likest first; never to be accepted unasked."""
    key = latin_letters.from_latin(name.search_key) if name.is_latin else name.search_key
    pool = _pool(key, "", locality_ids, register)
    places = None if locality_ids is None else tuple(locality_ids)

    def judge() -> list[StreetHit]:
        scored = []
        for hit, written in pool:
            score = text_similarity(key, parse_street(written).search_key)
            if score >= FUZZY_LEAST:
                scored.append(replace(hit, score=round(min(score, 0.99), 3)))
        return sorted(_once(scored), key=lambda hit: -hit.score)[:MAX_CANDIDATES]

    likely: list[StreetHit] = register.once(("similar", key, places), judge)
    return likely


def nearest_houses(
    *, street_id: int, number_int: int | None, limit: int, register: Register | None = None
) -> list[tuple[int, str]]:
    """(building, number) of a street: the nearest numbers first, else in the order of houses."""
    rows = (register or Register()).houses_of(street_id)
    if number_int is not None:
        rows = sorted(rows, key=lambda row: abs((row[2] or 0) - number_int))
    return [(building_id, number) for building_id, number, _int in rows[:limit]]


def _buildings(
    street_ids: Iterable[int], houses: Iterable[House], register: Register
) -> list[tuple[int, int, str]]:
    """(building, street, number) of standing buildings with one of these numbers."""
    return register.buildings_at(street_ids, [house.canonical for house in houses])


def _settle(parsed: ParsedAddress, hits: list[StreetHit], register: Register) -> AddressMatch:
    """The streets are sure; which building of them?"""
    by_street = {hit.street_id: hit for hit in hits}
    first = hits[0]
    found = _buildings(by_street, houses_meant(parsed), register)
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
    near = nearest_houses(
        street_id=first.street_id, number_int=number_int, limit=MAX_CANDIDATES, register=register
    )
    return AddressMatch(
        kind=MatchKind.STREET_ONLY,
        confidence=0.5,
        street_id=first.street_id,
        label=first.label,
        old_name=first.other_name,
        candidates=tuple(_candidate(first, *house) for house in near) or (_candidate(first),),
    )


def _suggest(parsed: ParsedAddress, hits: list[StreetHit], register: Register) -> AddressMatch:
    """Nothing sure: the likely streets, with the house where it stands."""
    if not hits:
        return AddressMatch(kind=MatchKind.NONE)
    by_street = {hit.street_id: hit for hit in hits}
    found = _buildings(by_street, houses_meant(parsed), register)
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


def _localities(names: tuple[str, ...], register: Register) -> tuple[list[int] | None, bool]:
    """Units with one of these names (None: no place was named), and whether one is known."""
    if not names:
        return None, True
    units = register.units_by_any_name({place_key(name): None for name in names})
    return (units, True) if units else (None, False)


def _other_readings(
    parsed: ParsedAddress, localities: list[int] | None, register: Register
) -> tuple[list[StreetHit], ParsedAddress]:
    """«Харків Бучми 42Б» (settlement unmarked), «провулок Будьонного 1» (figure in a name)."""
    first, _space, rest = parsed.street.name.partition(" ")
    if rest and localities is None:
        units = register.units([place_key(first)])
        if units:
            name = parse_street(f"{parsed.street.type} {rest}")
            hits = find_streets(name, units, register)
            if hits:
                return hits, replace(parsed, street=name)
    hits = _with_figure(parsed, localities, register)
    if hits:
        return hits, replace(parsed, house=None, house_text="")
    return [], parsed


def _with_figure(
    parsed: ParsedAddress, localities: list[int] | None, register: Register
) -> list[StreetHit]:
    """Streets whose name ends in the figure that was read as the house."""
    if not parsed.house_text:
        return []
    name = f"{parsed.street.type} {parsed.street.name} {parsed.house_text}"
    return _identical(parse_street(name), localities, register)


def _is_house_set_apart(text: str, parsed: ParsedAddress) -> bool:
    """Whether a comma or a mark ("буд.") says that the number is the house."""
    if not parsed.house_text:
        return True
    before = clean(text).rpartition(parsed.house_text)[0].rstrip(" №")
    return before.endswith((",", "."))


def _in_served_localities(hits: list[StreetHit], register: Register) -> list[StreetHit]:
    """Hits of the localities where some hit has buildings; all of them where none has."""
    if len({hit.locality_id for hit in hits}) == 1:
        return hits
    built = register.have_buildings(hit.street_id for hit in hits)
    with_buildings = {hit.locality_id for hit in hits if hit.street_id in built}
    return [hit for hit in hits if hit.locality_id in with_buildings] or hits


def _identical(
    name: StreetName, locality_ids: Sequence[int] | None, register: Register
) -> list[StreetHit]:
    return _once(register.streets_named(normalise_name(name.name), name.type, locality_ids))


def _pool(
    key: str, street_type: str, locality_ids: Sequence[int] | None, register: Register
) -> list[tuple[StreetHit, str]]:
    """Streets whose key or other name shares trigrams with `key`, with the name found."""
    return register.streets_like(key, street_type, locality_ids) if key else []


def _once(hits: Iterable[StreetHit]) -> list[StreetHit]:
    """One hit for each street; the present name goes before another name."""
    found: dict[int, StreetHit] = {}
    for hit in hits:
        found.setdefault(hit.street_id, hit)
    return list(found.values())


def _sorted_fold(name: str) -> str:
    return " ".join(sorted(fold(normalise_name(name)).split()))
