"""What happened at a place, told by each app about its own things, in one order.

A time line is read page by page: newest first, "older than this one" by moment and key. Both are
compared in SQL exactly as here (keys are ASCII and compared byte by byte), so a page never repeats
and never skips, however many things happened at one moment.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import connection

MAX_LIMIT = 200
Place = tuple[datetime, str]


class Kind(StrEnum):
    """Of what a happening tells."""

    CHECK = "CHECK"
    COVERAGE = "COVERAGE"
    OVERRIDE = "OVERRIDE"
    REQUEST = "REQUEST"
    SERVICE = "SERVICE"
    PLAN = "PLAN"


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which building (and unit, "" is the whole house), which kinds, and where to go on.

    `unit` None: of all units. `before`: only what is older than that place.
    """

    building_id: int
    unit: str | None = None
    kinds: frozenset[Kind] = frozenset(Kind)
    before: Place | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened (or is to happen: a moment ahead) at a building.

    `what` says it within its kind ("BEGAN", "BLOCKED"); `facts` are JSON-able details; `unit` None
    where it concerns the whole building.
    """

    at: datetime
    key: str
    kind: Kind
    what: str
    unit: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> Place:
        """Where it stands in the order."""
        return self.at, self.key


def read(sql: str, *, asked: Asked, **values: Any) -> list[dict[str, Any]]:
    """Run a query of columns `at` and `key` (and others) for a page; rows newest first.

    `sql` is a SELECT that may use %(building)s, %(unit)s (null: all) and what `values` adds.
    """
    before_at, before_key = asked.before or (None, None)
    parameters = {
        **values,
        "building": asked.building_id,
        "unit": asked.unit,
        "before_at": before_at,
        "before_key": before_key,
        "limit": min(asked.limit, MAX_LIMIT),
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT * FROM ({sql}) AS happened"  # noqa: S608 (our own text)
            " WHERE %(before_at)s::timestamptz IS NULL"
            ' OR (at, key COLLATE "C") < (%(before_at)s::timestamptz, %(before_key)s COLLATE "C")'
            ' ORDER BY at DESC, key COLLATE "C" DESC LIMIT %(limit)s',
            parameters,
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def merged(
    sources: Iterable[Callable[..., Sequence[Happening]]], *, asked: Asked
) -> list[Happening]:
    """The newest of all sources, as many as asked for."""
    found = [one for source in sources for one in source(asked=asked)]
    found.sort(key=lambda one: one.place, reverse=True)
    return found[: asked.limit]
