"""Publishing: a change set becomes the map, whole and in one transaction.

Old versions end where new ones begin, BuildingCoverage follows, the impact report is stored, and
the news goes into the outbox. A publication never re-prices anything by itself. Two publications
never run at the same time (advisory lock): the overlap rule has no other guard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from psycopg.types.range import TimestamptzRange

from coverage import invariants
from coverage.models import Zone, ZoneChangeSet, ZoneStatus, ZoneVersion
from coverage.zoning import covering, locks, overlaps, review, steps, terms
from coverage.zoning.changesets import (
    OPEN_STATES,
    ChangeSetClosedError,
    Kind,
    lock_changeset,
    write_note,
)
from coverage.zoning.review import EmptyChangeSetError as NothingToPublishError
from coverage.zoning.steps import (
    NEXT,
    PublishedLaterError,
    StatusRefusedError,
    Step,
    covered,
    touched,
)
from coverage.zoning.terms import Terms
from project.core import audit, outbox
from project.core.actor import Actor, ActorKind
from project.core.errors import NotFoundError

__all__ = [
    "NEXT",
    "TOPIC",
    "NothingToPublishError",
    "Published",
    "PublishedLaterError",
    "StatusRefusedError",
    "preview_impact",
    "publish",
    "publish_locked",
]
TOPIC = "coverage.zone_published"


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication made: version ids by zone id, and the impact report.

    `waits` is true when nothing is published yet because another person has to approve it; then
    there are no version ids.
    """

    changeset_id: int
    version_ids: dict[int, int]
    impact: dict[str, Any]
    waits: bool = False


def preview_impact(
    *, changeset_id: int, at: datetime, move_on: date | None = None
) -> dict[str, Any]:
    """The report that publishing now would store, with overlaps and what else would refuse it.

    `refusals` lists errors as the API shows them; an empty list means that it can be published.
    `existing` is what moving existing clients on that day (the next one) would mean.
    """
    changeset = ZoneChangeSet.objects.filter(id=changeset_id).first()
    if changeset is None:
        raise NotFoundError(_("There is no such change set."))
    if changeset.state not in OPEN_STATES:
        raise ChangeSetClosedError
    made = _steps(changeset, lock=False)
    refused = steps.refusals(steps=made, at=at, any_status=changeset.any_status)
    if not made:
        refused.append(NothingToPublishError())
    broken = [] if refused else _try_out(changeset=changeset, at=at)
    if any(breach.blocks for breach in broken):
        refused.append(invariants.InvariantRefusedError.of(broken))
    found = overlaps.find(changeset=changeset)
    return {
        **steps.report(steps=made, at=at, move_on=move_on or terms.earliest(at)),
        "invariants": [breach.as_json() for breach in broken],
        "overlaps": [overlap.as_json() for overlap in found],
        "refusals": [error.as_json()["error"] for error in refused],
        "can_publish": not refused and not found,
    }


@transaction.atomic
def publish(
    *,
    changeset_id: int,
    actor: Actor,
    at: datetime,
    existing: Terms = terms.KEEP,
    seen: datetime | None = None,
) -> Published:
    """Publish a change set at the moment `at`; all of it or nothing.

    `existing`: whether clients who are connected already keep their terms. `seen`: the
    `submitted_at` of what the person has looked at. Raises ChangedSinceError, StaleRevisionError,
    OverlapRefusedError, StatusRefusedError, PublishedLaterError, BadTermsError,
    NothingToPublishError, ChangeSetClosedError, ReviewNeededError, InvariantRefusedError.
    """
    existing = terms.checked(terms=existing, at=at)
    locks.hold(locks.Lock.PUBLISH)
    changeset = lock_changeset(changeset_id=changeset_id)
    review.refuse_changed(changeset=changeset, seen=seen)
    terms.put(changeset, existing)
    return publish_locked(changeset=changeset, actor=actor, at=at)


def publish_locked(*, changeset: ZoneChangeSet, actor: Actor, at: datetime) -> Published:
    """Publish a change set whose row and the publishing lock the caller holds.

    What is decided about existing clients stands in the row, checked for this moment.
    """
    made = _steps(changeset, lock=True)
    if not made:
        raise NothingToPublishError
    for error in steps.refusals(steps=made, at=at, any_status=changeset.any_status):
        raise error
    review.ensure_approved(changeset=changeset, actor=actor, at=at)
    overlaps.refuse(changeset=changeset)
    report = steps.report(steps=made, at=at, move_on=changeset.move_on or terms.earliest(at))
    version_ids, broken = _apply(steps=made, changeset=changeset, actor=actor, at=at)
    if any(breach.blocks for breach in broken):
        raise invariants.InvariantRefusedError.of(broken)
    covering.refresh_answers(building_ids=touched(made))
    report["invariants"] = [breach.as_json() for breach in broken]
    changeset.state = ZoneChangeSet.State.PUBLISHED
    changeset.published_at = at
    changeset.published_by_id = actor.user_id
    changeset.publish_at = changeset.failure = None
    changeset.impact = report
    changeset.save()
    write_note(changeset=changeset, kind=Kind.PUBLISHED, actor=actor, at=at)
    _tell(steps=made, version_ids=version_ids, changeset=changeset, actor=actor, at=at)
    return Published(changeset_id=changeset.id, version_ids=version_ids, impact=report)


def _steps(changeset: ZoneChangeSet, *, lock: bool) -> list[Step]:
    changes = steps.changes_of(changeset)
    zones = Zone.objects.filter(id__in=[change.zone_id for change in changes]).order_by("id")
    by_id = {zone.id: zone for zone in (zones.select_for_update() if lock else zones)}
    return [steps.step_of(change=change, zone=by_id[change.zone_id]) for change in changes]


def _apply(
    *, steps: Sequence[Step], changeset: ZoneChangeSet, actor: Actor, at: datetime
) -> tuple[dict[int, int], list[invariants.Breach]]:
    """Close and open versions, bring BuildingCoverage along; versions, and broken invariants."""
    watched = invariants.watch(touched=touched(steps), covered=covered(steps), at=at)
    version_ids = {
        step.zone.id: _open_version(step=step, changeset=changeset, actor=actor, at=at)
        for step in steps
    }
    covering.cover(version_ids=version_ids.values())
    return version_ids, watched.breaches(at=at)


def _try_out(*, changeset: ZoneChangeSet, at: datetime) -> list[invariants.Breach]:
    """What publishing would break: done under the lock and undone at once.

    Nothing where a publication came first: looked at again, this one is refused.
    """
    if not invariants.are_watched():
        return []
    with transaction.atomic():
        locks.hold(locks.Lock.PUBLISH)
        made = _steps(changeset, lock=True)  # as it is now: it may have waited for another
        if steps.refusals(steps=made, at=at, any_status=changeset.any_status):
            return []
        nobody = Actor(kind=ActorKind.SYSTEM, label="preview")
        _versions, broken = _apply(steps=made, changeset=changeset, actor=nobody, at=at)
        transaction.set_rollback(True)
    return broken


def _open_version(*, step: Step, changeset: ZoneChangeSet, actor: Actor, at: datetime) -> int:
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
    steps: Sequence[Step],
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
                **terms.of(changeset).as_json(),
                "buildings_gained": len(step.move.gained),
                "buildings_lost": len(step.move.lost),
            },
        )
    outbox.emit(
        topic=TOPIC,
        payload={
            "changeset_id": changeset.id,
            **terms.of(changeset).as_json(),
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
