"""What stands in buildings besides the buildings, asked upward while somebody draws.

Coverage knows buildings, not services. Billing (and whoever else) registers a counter in
`project/wiring.py`; the planner shows the sums live beside the outline. Nothing is decided here:
what a publication touches is told by `coverage.impact`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class Counter(Protocol):
    """Something that can be counted in buildings. It reads only."""

    name: str
    title: Any

    def by_building(
        self, *, building_ids: Sequence[int], network_type: str, at: datetime
    ) -> dict[int, int]:
        """How many there are in each building (those with none may be left out)."""
        ...


@dataclass(frozen=True, slots=True)
class Count:
    """One counter's sums: inside an outline, and what it gains and loses against the published."""

    name: str
    title: str
    inside: int
    gained: int
    lost: int

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {
            "name": self.name,
            "title": self.title,
            "inside": self.inside,
            "gained": self.gained,
            "lost": self.lost,
        }


_counters: dict[str, Counter] = {}


def register(counter: Counter) -> None:
    """Add a counter (again: replace the one of that name)."""
    _counters[counter.name] = counter


def unregister(name: str) -> None:
    """Take a counter out; for tests."""
    _counters.pop(name, None)


def counts(
    *, inside: frozenset[int], before: frozenset[int], network_type: str, at: datetime
) -> list[Count]:
    """Each counter's sums for the buildings inside an outline and inside the published one."""
    ids = sorted(inside | before)
    found = []
    for counter in _counters.values():
        by_building = counter.by_building(building_ids=ids, network_type=network_type, at=at)
        found.append(
            Count(
                name=counter.name,
                title=str(counter.title),
                inside=sum(by_building.get(building, 0) for building in inside),
                gained=sum(by_building.get(building, 0) for building in inside - before),
                lost=sum(by_building.get(building, 0) for building in before - inside),
            )
        )
    return found
