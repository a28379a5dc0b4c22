"""What hangs on a building or a premise, asked and moved upward when two buildings become one.

Coverage knows its own tables only. Billing, crm and whoever else points at a building registers a
mover in `project/wiring.py`; a merge moves what all of them hold in its own transaction, so that
nothing is ever half moved. A relation that nobody claims stops the merge: rows left behind on the
retired duplicate would be lost to everybody who looks at the building that stayed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import models
from django.db.models import Count, ManyToOneRel, Q

from coverage.models import Building, Premise

Relation = tuple[str, str]  # ("billing.Subscription", "building")

# Coverage's own, handled one by one in `merging`; checks have a mover of their own.
OWN: frozenset[Relation] = frozenset(
    {
        ("coverage.Building", "merged_into"),
        ("coverage.BuildingAddress", "building"),
        ("coverage.BuildingAnswer", "building"),
        ("coverage.BuildingCoverage", "building"),
        ("coverage.CoverageOverride", "building"),
        ("coverage.Premise", "building"),
    }
)


@dataclass(frozen=True, slots=True)
class Held:
    """What one mover holds at a building; `living`: how much of it keeps the building standing."""

    name: str
    title: str
    count: int
    living: int

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {
            "name": self.name,
            "title": self.title,
            "count": self.count,
            "living": self.living,
        }


class Mover(Protocol):
    """Something that points at buildings or premises."""

    @property
    def name(self) -> str:
        """A short name, for machines."""
        ...

    @property
    def title(self) -> Any:
        """What it holds, for people."""
        ...

    def relations(self) -> frozenset[Relation]:
        """The foreign keys that this mover takes care of."""
        ...

    def held(self, *, building_id: int) -> Held:
        """What it holds at a building."""
        ...

    def living_in(self, *, premise_ids: Sequence[int]) -> dict[int, int]:
        """How much keeps each of these premises in use (those with nothing may be left out)."""
        ...

    def move(self, *, loser_id: int, winner_id: int, premises: Mapping[int, int]) -> int:
        """Point at the winner; `premises`: old premise → the one that stands for it. Rows moved."""
        ...


@dataclass(frozen=True, slots=True)
class Pointers:
    """A mover of plain foreign keys of one model; `living`: rows that keep a place standing.

    `once_for`: a field that may meet a building once only; where the winner has that row already,
    the loser's says nothing new and goes.
    """

    name: str
    title: Any
    model: type[models.Model]
    building: str = "building"
    premise: str = ""
    living: Q | None = None
    once_for: str = ""

    def relations(self) -> frozenset[Relation]:
        """Its one or two keys."""
        label = self.model._meta.label
        return frozenset((label, field) for field in (self.building, self.premise) if field)

    def held(self, *, building_id: int) -> Held:
        """Rows of the model at the building."""
        rows = self.model._default_manager.filter(**{self.building: building_id})
        living = 0 if self.living is None else rows.filter(self.living).count()
        return Held(self.name, str(self.title), rows.count(), living)

    def living_in(self, *, premise_ids: Sequence[int]) -> dict[int, int]:
        """Living rows by premise."""
        if not self.premise or self.living is None:
            return {}
        rows = self.model._default_manager.filter(
            self.living, **{f"{self.premise}__in": premise_ids}
        )
        return dict(rows.values_list(self.premise).annotate(Count("pk")))

    def move(self, *, loser_id: int, winner_id: int, premises: Mapping[int, int]) -> int:
        """One UPDATE for the building, one for each premise that has a twin."""
        manager = self.model._default_manager
        if self.premise:
            for old, new in sorted(premises.items()):
                manager.filter(**{self.premise: old}).update(**{f"{self.premise}_id": new})
        if self.once_for:
            known = manager.filter(**{self.building: winner_id}).values(self.once_for)
            manager.filter(**{self.building: loser_id, f"{self.once_for}__in": known}).delete()
        return manager.filter(**{self.building: loser_id}).update(
            **{f"{self.building}_id": winner_id}
        )


_movers: dict[str, Mover] = {}


def register(mover: Mover) -> None:
    """Add a mover (again: replace the one of that name)."""
    _movers[mover.name] = mover


def unregister(name: str) -> None:
    """Take a mover out; for tests."""
    _movers.pop(name, None)


def registered() -> list[Mover]:
    """All movers, in the order in which they were registered."""
    return list(_movers.values())


def pointing_here() -> Iterator[tuple[type[models.Model], str]]:
    """Every foreign key of the project that points at a building or a premise.

    Hidden ones too (`related_name="+"`); many-to-many are seen as the keys of their tables.
    """
    for target in (Building, Premise):
        for relation in target._meta.get_fields(include_hidden=True):
            if isinstance(relation, ManyToOneRel):  # and OneToOneRel, which is one of it
                yield relation.related_model, relation.field.name


def unclaimed() -> list[tuple[type[models.Model], str]]:
    """Foreign keys that neither coverage nor a mover takes care of."""
    claimed = OWN.union(*(mover.relations() for mover in _movers.values()))
    return [
        (model, field)
        for model, field in pointing_here()
        if (model._meta.label, field) not in claimed
    ]


def left_behind(*, building_id: int) -> list[str]:
    """Unclaimed relations that have rows at this building, by name: they forbid a merge."""
    return [
        f"{model._meta.label}.{field}"
        for model, field in unclaimed()
        if model._default_manager.filter(
            Q(**{field: building_id})
            if model._meta.get_field(field).related_model is Building
            else Q(**{f"{field}__building": building_id})
        ).exists()
    ]


def held_at(*, building_id: int) -> list[Held]:
    """What all movers hold at a building, empty ones left out."""
    found = [mover.held(building_id=building_id) for mover in _movers.values()]
    return [held for held in found if held.count]


def living_in(*, premise_ids: Sequence[int]) -> dict[int, int]:
    """How much keeps each premise in use, over all movers."""
    totals: dict[int, int] = {}
    for mover in _movers.values():
        for premise, count in mover.living_in(premise_ids=premise_ids).items():
            totals[premise] = totals.get(premise, 0) + count
    return totals
