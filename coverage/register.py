"""Reads of the register of addresses: one at a time, or those of thousands of rows in one go.

Who looks an address up asks here and never the database. A register that `collects` answers what it
knows and raises `Unread` for the rest; `load_wanted` then reads all that was asked for, one
statement for each kind of question, and the look-up is made again. So many addresses are matched by
the very code that matches one, in a handful of statements.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db import connection

from coverage.addresses import street_label
from project.core import prepared

NAMED_MOST = 50
POOL_MOST = 30
HOUSES_MOST = 3000

_ASKED = """FROM unnest(%(keys)s::text[], %(types)s::text[], %(places)s::text[])
    WITH ORDINALITY AS asked (key, type, places, at)"""


def _streets_sql(*, same: str, order: str) -> str:
    """Streets by their own names and by other ones; `{of}` in the texts stands for the table."""
    parts = []
    for of, columns, other, tables in (
        ("street", "street.type AS street_type", "NULL AS type, NULL AS name", ""),
        (
            "alias",
            "street.type AS street_type",
            "alias.type, alias.name",
            "JOIN coverage_streetalias alias ON alias.street_id = street.id",
        ),
    ):
        parts.append(f"""
SELECT asked.at, found.*
{_ASKED}
CROSS JOIN LATERAL (
    SELECT street.id, street.locality_id, {columns}, street.name AS street_name, {other}
    FROM coverage_street street {tables}
    WHERE {same.format(of=of)} AND (asked.type = '' OR {of}.type = asked.type)
      AND street.retired_at IS NULL
      AND (asked.places IS NULL OR street.locality_id = ANY(asked.places::bigint[]))
    ORDER BY {order.format(of=of)}{of}.id LIMIT %(most)s
) found
""")  # noqa: S608
    return "UNION ALL".join(parts)


STREETS_NAMED = _streets_sql(same="{of}.name_norm = asked.key", order="")
STREETS_LIKE = _streets_sql(
    same="{of}.search_key %% asked.key",
    order="similarity({of}.search_key, asked.key) DESC, ",
)

UNITS = """
SELECT asked.at, unit.id, false FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS asked (key, at)
JOIN coverage_adminunit unit ON unit.search_key = asked.key
UNION ALL
SELECT asked.at, alias.unit_id, true
FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS asked (key, at)
JOIN coverage_adminunitalias alias ON alias.search_key = asked.key
"""

BUILDINGS_AT = """
SELECT asked.at, building.id, false
FROM unnest(%(streets)s::bigint[], %(numbers)s::text[])
    WITH ORDINALITY AS asked (street, number, at)
JOIN coverage_building building ON building.street_id = asked.street
    AND building.number = asked.number AND building.retired_at IS NULL
UNION ALL
SELECT asked.at, further.building_id, true
FROM unnest(%(streets)s::bigint[], %(numbers)s::text[])
    WITH ORDINALITY AS asked (street, number, at)
JOIN coverage_buildingaddress further ON further.street_id = asked.street
    AND further.number = asked.number
JOIN coverage_building building ON building.id = further.building_id
    AND building.retired_at IS NULL
ORDER BY 1, 3, 2
"""

HOUSES_OF = """
SELECT asked.at, house.id, house.number, house.number_int
FROM unnest(%(streets)s::bigint[]) WITH ORDINALITY AS asked (street, at)
CROSS JOIN LATERAL (
    SELECT id, number, number_int, number_sort FROM coverage_building
    WHERE street_id = asked.street AND number IS NOT NULL AND retired_at IS NULL
    ORDER BY number_sort, id LIMIT %(most)s
) house
ORDER BY asked.at, house.number_sort, house.id
"""

BUILT_STREETS = """
SELECT asked.at FROM unnest(%(streets)s::bigint[]) WITH ORDINALITY AS asked (street, at)
WHERE EXISTS (SELECT FROM coverage_building WHERE street_id = asked.street)
"""


@dataclass(frozen=True, slots=True)
class StreetHit:
    """A street that the text may mean; `other_name` is the name by which it was found."""

    street_id: int
    locality_id: int
    label: str
    other_name: str = ""
    score: float = 1.0
    is_translated: bool = False


class Unread(Exception):
    """Not an error: the register has to read first, see `Register.load_wanted`."""


class _Ask(NamedTuple):
    kind: str
    key: Any
    street_type: str = ""
    places: tuple[int, ...] | None = None


class Register:
    """What the register of addresses knows, each question asked of the database once."""

    def __init__(self, *, collects: bool = False) -> None:
        self._collects = collects
        self._known: dict[_Ask, Any] = {}
        self._wanted: dict[_Ask, None] = {}
        self._thought: dict[Any, Any] = {}

    def units(self, keys: Iterable[str]) -> list[int]:
        """Administrative units whose present name has one of these keys."""
        return [unit for known in self._units(keys) for unit, is_other in known if not is_other]

    def units_by_any_name(self, keys: Iterable[str]) -> list[int]:
        """Administrative units whose present or other name has one of these keys."""
        return [unit for known in self._units(keys) for unit, _is_other in known]

    def streets_named(
        self, norm: str, street_type: str, places: Sequence[int] | None
    ) -> list[StreetHit]:
        """Streets with that canonical name, now or before; "" is any type, None anywhere."""
        return [hit for hit, _name in self._get(_Ask("named", norm, street_type, _tuple(places)))]

    def streets_like(
        self, key: str, street_type: str, places: Sequence[int] | None
    ) -> list[tuple[StreetHit, str]]:
        """Streets that share trigrams with the search key, the likest first, with that name."""
        found: list[tuple[StreetHit, str]] = self._get(
            _Ask("like", key, street_type, _tuple(places))
        )
        return found

    def buildings_at(
        self, street_ids: Iterable[int], numbers: Iterable[str]
    ) -> list[tuple[int, int, str]]:
        """(building, street, number) of standing buildings; main addresses first, then others."""
        pairs = [(street, number) for street in dict.fromkeys(street_ids) for number in numbers]
        known = self._get_all([_Ask("at", pair) for pair in dict.fromkeys(pairs)])
        found = [
            (is_other, building, *pair)
            for pair, rows in zip(dict.fromkeys(pairs), known, strict=True)
            for building, is_other in rows
        ]
        return [(building, street, number) for _other, building, street, number in sorted(found)]

    def houses_of(self, street_id: int) -> list[tuple[int, str, int | None]]:
        """(building, number, its integer) of a street, in the order of the numbers."""
        found: list[tuple[int, str, int | None]] = self._get(_Ask("houses", street_id))
        return found

    def have_buildings(self, street_ids: Iterable[int]) -> set[int]:
        """Which of the streets have buildings."""
        ids = list(dict.fromkeys(street_ids))
        known = self._get_all([_Ask("built", street) for street in ids])
        return {street for street, is_built in zip(ids, known, strict=True) if is_built}

    def once(self, key: Any, think: Callable[[], Any]) -> Any:
        """What `think` gives, thought once for each key."""
        if key not in self._thought:
            self._thought[key] = think()
        return self._thought[key]

    def load_wanted(self) -> None:
        """Read everything that was asked for and not known, one statement for each kind."""
        by_kind: dict[str, list[_Ask]] = {}
        for ask in self._wanted:
            by_kind.setdefault(ask.kind, []).append(ask)
        self._wanted = {}
        for kind, asks in by_kind.items():
            self._known.update(zip(asks, _READERS[kind](asks), strict=True))

    def _units(self, keys: Iterable[str]) -> list[Any]:
        return self._get_all([_Ask("units", key) for key in dict.fromkeys(keys)])

    def _get(self, ask: _Ask) -> Any:
        return self._get_all([ask])[0]

    def _get_all(self, asks: list[_Ask]) -> list[Any]:
        absent = [ask for ask in asks if ask not in self._known]
        if absent:
            self._wanted.update(dict.fromkeys(absent))
            if self._collects:
                raise Unread
            self.load_wanted()
        return [self._known[ask] for ask in asks]


def _tuple(places: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if places is None else tuple(sorted(places))


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    # One address is asked about most, and planning takes longer than reading; a table of them is
    # worth a plan of its own.
    if all(len(value) == 1 for value in parameters.values() if isinstance(value, list)):
        return prepared.rows(sql, parameters)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _by_ask(count: int, rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    """Rows that begin with the number of their question, as one list for each question."""
    found: list[list[Any]] = [[] for _ask in range(count)]
    for at, *values in rows:
        found[at - 1].append(tuple(values))
    return found


def _read_streets(sql: str, most: int, asks: list[_Ask]) -> list[list[tuple[StreetHit, str]]]:
    rows = _rows(
        sql,
        keys=[ask.key for ask in asks],
        types=[ask.street_type for ask in asks],
        places=[None if ask.places is None else _array(ask.places) for ask in asks],
        most=most,
    )
    return [[_hit(row) for row in found] for found in _by_ask(len(asks), rows)]


def _array(numbers: Iterable[int]) -> str:
    return "{" + ",".join(str(number) for number in numbers) + "}"


def _hit(row: tuple[Any, ...]) -> tuple[StreetHit, str]:
    street_id, locality_id, street_type, name, other_type, other_name = row
    hit = StreetHit(street_id, locality_id, street_label(street_type=street_type, name=name))
    if other_name is None:
        return hit, name
    other = street_label(street_type=other_type or "", name=other_name)
    return replace(hit, other_name=other), other_name


def _read_named(asks: list[_Ask]) -> list[Any]:
    return _read_streets(STREETS_NAMED, NAMED_MOST, asks)


def _read_like(asks: list[_Ask]) -> list[Any]:
    return _read_streets(STREETS_LIKE, POOL_MOST, asks)


def _read_units(asks: list[_Ask]) -> list[Any]:
    return _by_ask(len(asks), _rows(UNITS, keys=[ask.key for ask in asks]))


def _read_buildings(asks: list[_Ask]) -> list[Any]:
    streets, numbers = [ask.key[0] for ask in asks], [ask.key[1] for ask in asks]
    return _by_ask(len(asks), _rows(BUILDINGS_AT, streets=streets, numbers=numbers))


def _read_houses(asks: list[_Ask]) -> list[Any]:
    rows = _rows(HOUSES_OF, streets=[ask.key for ask in asks], most=HOUSES_MOST)
    return _by_ask(len(asks), rows)


def _read_built(asks: list[_Ask]) -> list[Any]:
    rows = _rows(BUILT_STREETS, streets=[ask.key for ask in asks])
    return [bool(found) for found in _by_ask(len(asks), rows)]


_READERS: dict[str, Callable[[list[_Ask]], list[Any]]] = {
    "named": _read_named,
    "like": _read_like,
    "units": _read_units,
    "at": _read_buildings,
    "houses": _read_houses,
    "built": _read_built,
}
