"""What a publication of zones touches, asked upward before it happens.

Coverage knows buildings, not services or prices. Billing, crm and network register a probe each
(in `project/wiring.py`); the planner sees their lines before confirming, and they are stored with
the change set.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable


class Level(StrEnum):
    """How much a line matters: a fact, or something that somebody loses."""

    INFO = "INFO"
    WARNING = "WARNING"


@dataclass(frozen=True, slots=True)
class ZoneMove:
    """One zone before and after. Building ids are sorted; a retired zone covers nothing.

    `gained`: inside only afterwards; `lost`: inside only before; `kept`: inside both times. A
    change of status or priority moves no building, so look at those too.
    """

    zone_id: int
    zone_name: str
    network_type: str
    old_version_id: int | None
    old_status: str | None
    new_status: str
    old_priority: int | None
    new_priority: int
    gained: tuple[int, ...]
    lost: tuple[int, ...]
    kept: tuple[int, ...]
    new_area_m2: float = 0.0

    @property
    def sellable_before(self) -> frozenset[int]:
        """Buildings where this zone was in service before."""
        return frozenset(self.lost + self.kept) if self.old_status == "IN_SERVICE" else frozenset()

    @property
    def sellable_after(self) -> frozenset[int]:
        """Buildings where this zone will be in service afterwards."""
        return (
            frozenset(self.gained + self.kept) if self.new_status == "IN_SERVICE" else frozenset()
        )


@dataclass(frozen=True, slots=True)
class ImpactLine:
    """One sentence for the planner, e.g. "4 active services fall out of the zone"."""

    probe: str
    text: Any
    count: int
    level: Level = Level.INFO
    building_ids: tuple[int, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """For the API and the stored report; the text in the active language."""
        return {
            "probe": self.probe,
            "text": str(self.text),
            "count": self.count,
            "level": self.level.value,
            "building_ids": list(self.building_ids),
        }


class ImpactProbe(Protocol):
    """Something that can say what a publication touches. It reads only, in our transaction."""

    name: str

    def probe(self, *, changes: Sequence[ZoneMove], at: datetime) -> list[ImpactLine]:
        """Lines about these changes, were they published at `at`."""
        ...


@runtime_checkable
class ExistingProbe(Protocol):
    """A probe that can also say what moving existing clients to the new terms would mean."""

    def existing(
        self, *, changes: Sequence[ZoneMove], at: datetime, move_on: date
    ) -> dict[str, Any]:
        """What would change on `move_on`, were these changes published at `at`; JSON.

        `services` that would get other terms, `dearer`, `cheaper`, `monthly_before_kopecks`,
        `monthly_after_kopecks` (of these), `not_sold` (they would keep their terms, because nothing
        is sold there any more), `examples` (address, contract, tariff, old_kopecks, new_kopecks).
        """
        ...


_probes: dict[str, ImpactProbe] = {}


def register(probe: ImpactProbe) -> None:
    """Add a probe (again: replace the one of that name)."""
    _probes[probe.name] = probe


def unregister(name: str) -> None:
    """Take a probe out; for tests."""
    _probes.pop(name, None)


def names() -> list[str]:
    """Who is asked: without this an empty report could not be told from nobody being asked."""
    return list(_probes)


def lines(*, changes: Sequence[ZoneMove], at: datetime) -> list[ImpactLine]:
    """What all probes say, in the order in which they were registered."""
    return [line for probe in _probes.values() for line in probe.probe(changes=changes, at=at)]


def existing(*, changes: Sequence[ZoneMove], at: datetime, move_on: date) -> dict[str, Any] | None:
    """What moving existing clients would mean, by the probe that knows; None where none does."""
    for probe in _probes.values():
        if isinstance(probe, ExistingProbe):
            return probe.existing(changes=changes, at=at, move_on=move_on)
    return None
