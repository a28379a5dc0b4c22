"""One zone of a publication: the draft, the version it replaces, what moves, what forbids it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage import impact
from coverage.impact import ZoneMove
from coverage.models import Zone, ZoneChange, ZoneChangeSet, ZoneStatus, ZoneVersion
from coverage.zoning import covering, drafts, queries
from coverage.zoning.shapes import to_shapely
from project.core.errors import DomainError

S = ZoneStatus
# A status and those that may follow it; None is a zone that was never published.
NEXT: dict[str | None, frozenset[str]] = {
    None: frozenset({S.PLANNED, S.BUILDING, S.IN_SERVICE, S.SUSPENDED}),
    S.PLANNED: frozenset({S.PLANNED, S.BUILDING, S.IN_SERVICE, S.RETIRED}),
    S.BUILDING: frozenset({S.BUILDING, S.PLANNED, S.IN_SERVICE, S.RETIRED}),
    S.IN_SERVICE: frozenset({S.IN_SERVICE, S.SUSPENDED, S.RETIRED}),
    S.SUSPENDED: frozenset({S.SUSPENDED, S.IN_SERVICE, S.RETIRED}),
    S.RETIRED: frozenset(),
}
LISTED_IDS = 2_000


class StatusRefusedError(DomainError):
    """The status can't follow the present one."""

    code = "status_refused"
    http_status = 409
    message = _("This status cannot follow the present one.")


class PublishedLaterError(DomainError):
    """A version that begins at or after the wanted moment exists already."""

    code = "published_later"
    http_status = 409
    message = _("This zone was published at the same moment or later. Try again.")


@dataclass(frozen=True, slots=True)
class Step:
    """One zone of a publication: the draft, the version it replaces, and what moves."""

    change: ZoneChange
    zone: Zone
    old: ZoneVersion | None
    move: ZoneMove

    @property
    def area_m2(self) -> float:
        """Of the new outline."""
        return self.move.new_area_m2


def changes_of(changeset: ZoneChangeSet) -> list[ZoneChange]:
    """Its drafts by zone, in the order in which zones are locked."""
    return list(ZoneChange.objects.filter(changeset=changeset).order_by("zone_id"))


def step_of(*, change: ZoneChange, zone: Zone) -> Step:
    """Compare one draft with the version it would replace."""
    old = queries.current_version(zone_id=zone.id)
    new_shape = to_shapely(change.geometry)
    before: frozenset[int] = frozenset()
    after: frozenset[int] = frozenset()
    if old is not None and old.status != ZoneStatus.RETIRED:
        before = frozenset(covering.buildings_inside(to_shapely(old.geometry)))
    if change.status != ZoneStatus.RETIRED:
        after = frozenset(covering.buildings_inside(new_shape))
    move = ZoneMove(
        zone_id=zone.id,
        zone_name=change.name,
        network_type=change.network_type,
        old_version_id=old.id if old else None,
        old_status=old.status if old else None,
        new_status=change.status,
        old_priority=old.priority if old else None,
        new_priority=change.priority,
        gained=tuple(sorted(after - before)),
        lost=tuple(sorted(before - after)),
        kept=tuple(sorted(before & after)),
        new_area_m2=queries.area_m2(new_shape),
    )
    return Step(change=change, zone=zone, old=old, move=move)


def refusals(*, steps: Sequence[Step], at: datetime, any_status: bool) -> list[DomainError]:
    """Everything but overlaps and invariants that forbids the publication."""
    found: list[DomainError] = []
    for step in steps:
        old_status = step.old.status if step.old else None
        if step.change.base_revision != step.zone.revision:
            found.append(drafts.stale(zone_id=step.zone.id, mine=drafts.draft_of(step.change)))
        is_draft = step.change.status == ZoneStatus.DRAFT  # follows nothing, at a rollback too
        if is_draft or (not any_status and step.change.status not in NEXT[old_status]):
            text = _("%(zone)s: choose a status that can follow the present one.")
            found.append(
                StatusRefusedError(
                    text % {"zone": step.change.name},
                    field="status",
                    zone_id=step.zone.id,
                    old_status=old_status,
                    new_status=step.change.status,
                    possible=sorted(NEXT[old_status]),
                )
            )
        if step.old is not None and step.old.valid.lower >= at:
            found.append(PublishedLaterError(zone_id=step.zone.id))
    return found


def report(*, steps: Sequence[Step], at: datetime, move_on: date) -> dict[str, Any]:
    """The impact report: figures and building ids of each zone, and what the probes say.

    `existing`: what moving existing clients to the new terms on that day would mean, or null.
    """
    moves = [step.move for step in steps]
    return {
        "zones": [_zone_report(step) for step in steps],
        "gained": sum(len(move.gained) for move in moves),
        "lost": sum(len(move.lost) for move in moves),
        "asked": impact.names(),
        "lines": [line.as_json() for line in impact.lines(changes=moves, at=at)],
        "existing": impact.existing(changes=moves, at=at, move_on=move_on),
    }


def touched(steps: Sequence[Step]) -> frozenset[int]:
    """Buildings that lie inside one of the zones before or afterwards."""
    moves = (step.move for step in steps)
    return frozenset(id_ for move in moves for id_ in (*move.gained, *move.lost, *move.kept))


def covered(steps: Sequence[Step]) -> frozenset[int]:
    """Buildings that lie inside one of the zones afterwards."""
    return frozenset(id_ for step in steps for id_ in (*step.move.gained, *step.move.kept))


def _zone_report(step: Step) -> dict[str, Any]:
    move = step.move
    return {
        "zone_id": step.zone.id,
        "name": move.zone_name,
        "network_type": move.network_type,
        "old_status": move.old_status,
        "new_status": move.new_status,
        "old_priority": move.old_priority,
        "new_priority": move.new_priority,
        "old_area_m2": step.old.area_m2 if step.old else None,
        "new_area_m2": step.area_m2,
        "before": len(move.lost) + len(move.kept),
        "after": len(move.gained) + len(move.kept),
        "gained": len(move.gained),
        "lost": len(move.lost),
        "gained_ids": list(move.gained[:LISTED_IDS]),
        "lost_ids": list(move.lost[:LISTED_IDS]),
    }
