"""Suggestions as the field shows them: a street with its houses as chips."""

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from coverage import queries as coverage_queries
from coverage.queries import Suggestion
from frontend.public import places

MAX_CHIPS = 6
MAX_STREETS = 5


@dataclass(frozen=True, slots=True)
class Chip:
    """A house that may be meant; the likeliest is marked."""

    building_id: int
    number: str


@dataclass(frozen=True, slots=True)
class Row:
    """A street with some of its houses; `more` of them are on the street's own page.

    `before`, `hit`, `after`: the name cut so that what was typed can be marked.
    """

    street_id: int
    label: str
    locality: str
    old_name: str
    chips: tuple[Chip, ...] = ()
    more: int = 0
    before: str = ""
    hit: str = ""
    after: str = ""


def rows(*, text: str, at: datetime) -> list[Row]:
    """Streets for what was typed; the likeliest one with houses. Raises BadTextError."""
    found = coverage_queries.suggest_addresses(text=text)
    listed = [_row(list(group)) for _id, group in groupby(found, key=lambda s: s.street_id)]
    listed = listed[:MAX_STREETS]
    if listed:
        listed[0] = _with_houses(listed[0], at=at)
    return [_marked(row, text) for row in listed]


def _row(group: list[Suggestion]) -> Row:
    first = group[0]
    chips = tuple(
        Chip(building_id=s.building_id, number=s.label.rpartition(", ")[2])
        for s in group
        if s.building_id is not None
    )
    label = first.label if first.building_id is None else first.label.rpartition(", ")[0]
    return Row(
        street_id=first.street_id,
        label=label,
        locality=first.locality,
        old_name=first.note,
        chips=chips[:MAX_CHIPS],
    )


def _with_houses(row: Row, *, at: datetime) -> Row:
    houses = places.houses_of_street(street_id=row.street_id, at=at)
    chips = row.chips or tuple(Chip(h.building_id, h.number) for h in houses[:MAX_CHIPS])
    return replace(row, chips=chips, more=max(0, len(houses) - len(chips)))


def _marked(row: Row, text: str) -> Row:
    """What was typed, found inside the name that it fits (the old one, if that was typed)."""
    name = row.old_name or row.label
    lowered = name.casefold()
    for word in sorted(text.casefold().replace(",", " ").split(), key=len, reverse=True):
        start = lowered.find(word)
        if len(word) > 1 and start >= 0 and len(lowered) == len(name):
            end = start + len(word)
            return replace(row, before=name[:start], hit=name[start:end], after=name[end:])
    return replace(row, before=name)
