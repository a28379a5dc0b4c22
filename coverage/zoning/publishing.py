"""Publishing: a change set becomes the map, whole and in one transaction.

Old versions end where new ones begin, BuildingCoverage follows, the impact report is stored, and
the news goes into the outbox. A publication never re-prices anything by itself. Two publications
never run at the same time (advisory lock): the overlap rule has no other guard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import TimestamptzRange

from coverage import impact
from coverage.impact import ZoneMove
from coverage.models import Zone, ZoneChange, ZoneChangeSet, ZoneStatus, ZoneVersion
from coverage.zoning import covering, drafts, locks, overlaps, queries
from coverage.zoning.shapes import to_shapely
from project.core import audit, clock, outbox
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

TOPIC = "coverage.zone_published"
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


class NothingToPublishError(DomainError):
    """The change set has no drafts."""

    code = "nothing_to_publish"
    message = _("There are no drafts to publish.")


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
class Published:
    """What a publication made: version ids by zone id, and the stored impact report."""

    changeset_id: int
    version_ids: dict[int, int]
    impact: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Step:
    """One zone of a publication: the draft, the version it replaces, and what moves."""

    change: ZoneChange
    zone: Zone
    old: ZoneVersion | None
    move: ZoneMove
    area_m2: float


def preview_impact(*, changeset_id: int, at: datetime) -> dict[str, Any]:
    """The report that publishing now would store, with overlaps and what else would refuse it.

    `refusals` lists errors as the API shows them; an empty list means that it can be published.
    """
    changeset = ZoneChangeSet.objects.filter(id=changeset_id).first()
    if changeset is None:
        raise NotFoundError(_("There is no such change set."))
    if changeset.state not in queries.OPEN_STATES:
        raise drafts.ChangeSetClosedError
    changes = _changes(changeset)
    zones = {zone.id: zone for zone in Zone.objects.filter(id__in=[c.zone_id for c in changes])}
    steps = [_step(change=change, zone=zones[change.zone_id]) for change in changes]
    refusals = [error.as_json()["error"] for error in _refusals(steps=steps, at=at)]
    if not changes:
        refusals.append(NothingToPublishError().as_json()["error"])
    found = overlaps.find(changeset=changeset)
    return {
        **_report(steps=steps, at=at),
        "overlaps": [overlap.as_json() for overlap in found],
        "refusals": refusals,
        "can_publish": not refusals and not found,
    }


@transaction.atomic
def publish(*, changeset_id: int, actor: Actor, at: datetime) -> Published:
    """Publish a change set at the moment `at`; all of it or nothing.

    Raises StaleRevisionError, OverlapRefusedError, StatusRefusedError, PublishedLaterError,
    NothingToPublishError, ChangeSetClosedError.
    """
    locks.hold(locks.Lock.PUBLISH)
    return _publish(changeset_id=changeset_id, actor=actor, at=at, any_status=False)


@transaction.atomic
def rollback(
    *, zone_id: int, to_version_id: int, base_revision: int, actor: Actor, at: datetime
) -> Published:
    """Publish an earlier version's geometry, status and priority again, as a new version."""
    locks.hold(locks.Lock.PUBLISH)
    earlier = ZoneVersion.objects.filter(id=to_version_id, zone_id=zone_id).first()
    if earlier is None:
        raise NotFoundError(_("This zone has no such version."))
    began = earlier.valid.lower.astimezone(clock.KYIV).strftime("%d.%m.%Y %H:%M")
    comment = str(_("Back to the version of %(day)s") % {"day": began})
    changeset = _single_change(
        zone_id=zone_id,
        base_revision=base_revision,
        source=earlier,
        status=earlier.status,
        comment=comment,
        actor=actor,
        at=at,
    )
    return _publish(changeset_id=changeset.id, actor=actor, at=at, any_status=True)


@transaction.atomic
def retire(
    *, zone_id: int, base_revision: int, actor: Actor, at: datetime, comment: str = ""
) -> Published:
    """End a zone: the last version keeps its outline and says RETIRED; the id stays for ever."""
    locks.hold(locks.Lock.PUBLISH)
    current = queries.current_version(zone_id=zone_id)
    if current is None:
        raise NotFoundError(_("This zone was never published; give up its draft instead."))
    changeset = _single_change(
        zone_id=zone_id,
        base_revision=base_revision,
        source=current,
        status=ZoneStatus.RETIRED,
        comment=comment,
        actor=actor,
        at=at,
    )
    return _publish(changeset_id=changeset.id, actor=actor, at=at, any_status=False)


def _single_change(
    *,
    zone_id: int,
    base_revision: int,
    source: ZoneVersion,
    status: str,
    comment: str,
    actor: Actor,
    at: datetime,
) -> ZoneChangeSet:
    """A change set of one zone made from one of its versions."""
    changeset = ZoneChangeSet.objects.create(
        title=comment[:160], author_id=actor.user_id, created_at=at
    )
    zone = Zone.objects.select_for_update().get(id=zone_id)
    if zone.revision != base_revision:
        raise drafts.stale(zone_id=zone_id, mine=None)
    ZoneChange.objects.create(
        changeset=changeset,
        zone=zone,
        base_revision=zone.revision,
        name=zone.name,
        network_type=zone.network_type,
        priority=source.priority,
        geometry=source.geometry,
        status=status,
        planned_for_date=source.planned_for_date,
        comment=comment,
        updated_at=at,
    )
    return changeset


def _publish(*, changeset_id: int, actor: Actor, at: datetime, any_status: bool) -> Published:
    changeset = drafts.lock_changeset(changeset_id=changeset_id)
    changes = _changes(changeset)
    if not changes:
        raise NothingToPublishError
    ids = [change.zone_id for change in changes]
    zones = {z.id: z for z in Zone.objects.select_for_update().filter(id__in=ids).order_by("id")}
    steps = [_step(change=change, zone=zones[change.zone_id]) for change in changes]
    for error in _refusals(steps=steps, at=at, any_status=any_status):
        raise error
    overlaps.refuse(changeset=changeset)
    report = _report(steps=steps, at=at)
    version_ids = {
        step.zone.id: _open_version(step=step, changeset=changeset, actor=actor, at=at)
        for step in steps
    }
    covering.cover(version_ids=version_ids.values())
    changeset.state = ZoneChangeSet.State.PUBLISHED
    changeset.published_at = at
    changeset.published_by_id = actor.user_id
    changeset.impact = report
    changeset.save(update_fields=["state", "published_at", "published_by", "impact"])
    _tell(steps=steps, version_ids=version_ids, changeset=changeset, actor=actor, at=at)
    return Published(changeset_id=changeset.id, version_ids=version_ids, impact=report)


def _changes(changeset: ZoneChangeSet) -> list[ZoneChange]:
    return list(ZoneChange.objects.filter(changeset=changeset).order_by("zone_id"))


def _step(*, change: ZoneChange, zone: Zone) -> _Step:
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
    )
    area_m2 = queries.area_m2(new_shape)
    return _Step(change=change, zone=zone, old=old, move=move, area_m2=area_m2)


def _refusals(
    *, steps: Sequence[_Step], at: datetime, any_status: bool = False
) -> list[DomainError]:
    """Everything but overlaps that forbids the publication."""
    found: list[DomainError] = []
    for step in steps:
        old_status = step.old.status if step.old else None
        if step.change.base_revision != step.zone.revision:
            draft = drafts.ZoneDraft(
                name=step.change.name,
                network_type=step.change.network_type,
                priority=step.change.priority,
                status=step.change.status,
                geometry=to_shapely(step.change.geometry),
                planned_for_date=step.change.planned_for_date,
                comment=step.change.comment,
            )
            found.append(drafts.stale(zone_id=step.zone.id, mine=draft))
        if not any_status and step.change.status not in NEXT[old_status]:
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


def _report(*, steps: Sequence[_Step], at: datetime) -> dict[str, Any]:
    """The impact report: figures and building ids of each zone, and what the probes say."""
    moves = [step.move for step in steps]
    return {
        "zones": [
            {
                "zone_id": step.zone.id,
                "name": step.move.zone_name,
                "network_type": step.move.network_type,
                "old_status": step.move.old_status,
                "new_status": step.move.new_status,
                "old_priority": step.move.old_priority,
                "new_priority": step.move.new_priority,
                "old_area_m2": step.old.area_m2 if step.old else None,
                "new_area_m2": step.area_m2,
                "before": len(step.move.lost) + len(step.move.kept),
                "after": len(step.move.gained) + len(step.move.kept),
                "gained": len(step.move.gained),
                "lost": len(step.move.lost),
                "gained_ids": list(step.move.gained[:LISTED_IDS]),
                "lost_ids": list(step.move.lost[:LISTED_IDS]),
            }
            for step in steps
        ],
        "gained": sum(len(move.gained) for move in moves),
        "lost": sum(len(move.lost) for move in moves),
        "asked": impact.names(),
        "lines": [line.as_json() for line in impact.lines(changes=moves, at=at)],
    }


def _open_version(*, step: _Step, changeset: ZoneChangeSet, actor: Actor, at: datetime) -> int:
    """End the old version at `at`, begin the new one there, and bring the zone up to date."""
    if step.old is not None:
        span = TimestamptzRange(step.old.valid.lower, at)
        closed = ZoneVersion.objects.filter(id=step.old.id).update(valid=span)
        assert closed == 1, step.old.id
    zone, change = step.zone, step.change
    zone.revision += 1
    zone.name, zone.network_type = change.name, change.network_type
    zone.priority = change.priority
    zone.archived_at = at if change.status == ZoneStatus.RETIRED else None
    zone.save(update_fields=["revision", "name", "network_type", "priority", "archived_at"])
    return ZoneVersion.objects.create(
        zone=zone,
        geometry=change.geometry,
        status=change.status,
        priority=change.priority,
        valid=TimestamptzRange(at, None),
        revision=zone.revision,
        area_m2=step.area_m2,
        changeset=changeset,
        author_id=changeset.author_id or actor.user_id,
        comment=change.comment,
        planned_for_date=change.planned_for_date,
    ).id


def _tell(
    *,
    steps: Sequence[_Step],
    version_ids: dict[int, int],
    changeset: ZoneChangeSet,
    actor: Actor,
    at: datetime,
) -> None:
    for step in steps:
        old = step.old
        audit.record(
            at=at,
            actor=actor,
            action="coverage.zone.published",
            obj=("zone", step.zone.id),
            summary=step.zone.name,
            before=(
                {"version_id": old.id, "status": old.status, "priority": old.priority}
                if old
                else None
            ),
            after={
                "version_id": version_ids[step.zone.id],
                "status": step.change.status,
                "priority": step.change.priority,
                "changeset_id": changeset.id,
                "buildings_gained": len(step.move.gained),
                "buildings_lost": len(step.move.lost),
            },
        )
    outbox.emit(
        topic=TOPIC,
        payload={
            "changeset_id": changeset.id,
            "zones": [
                {
                    "zone_id": step.zone.id,
                    "version_id": version_ids[step.zone.id],
                    "old_version_id": step.old.id if step.old else None,
                    "status": step.change.status,
                }
                for step in steps
            ],
        },
        at=at,
    )
