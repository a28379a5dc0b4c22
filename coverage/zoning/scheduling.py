"""Publishing at a planned moment. A planned change set is published like any other, by the clock.

A conflict at that moment (somebody changed a zone, an overlap) leaves the map as it is: the change
set stays open without its plan, and its author hears of it (note, audit log, outbox).
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coverage.models import ZoneChangeSet
from coverage.zoning import locks, publishing, review, steps, terms
from coverage.zoning.changesets import (
    OPEN_STATES,
    PLAN_FIELDS,
    Kind,
    forget_plan,
    lock_changeset,
    write_note,
)
from coverage.zoning.terms import Terms
from project.core import audit, clock, outbox
from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError

logger = logging.getLogger(__name__)

FAILED_TOPIC = "coverage.scheduled_publication_failed"
LONGEST = timedelta(days=366)


class BadScheduleError(DomainError):
    """The planned moment is past, or more than a year ahead."""

    code = "bad_schedule"
    message = _("Choose a moment in the future, at most a year ahead.")


@transaction.atomic
def schedule(
    *,
    changeset_id: int,
    publish_at: datetime,
    actor: Actor,
    at: datetime,
    existing: Terms = terms.KEEP,
) -> None:
    """Plan the publishing of a change set; planning again moves it.

    Raises BadScheduleError, BadTermsError (existing clients may move a day after the planned one at
    the earliest), ReviewNeededError, StaleRevisionError, EmptyChangeSetError. Overlaps and statuses
    are decided at the moment itself: another plan may come before this one.
    """
    if not at < publish_at <= at + LONGEST:
        raise BadScheduleError(field="publish_at")
    existing = terms.checked(terms=existing, at=publish_at)
    changeset = lock_changeset(changeset_id=changeset_id)
    changes = steps.changes_of(changeset)
    if not changes:
        raise review.EmptyChangeSetError
    review.ensure_approved(changeset=changeset, actor=actor, at=at)
    for change in changes:
        if change.base_revision != change.zone.revision:
            raise steps.drafts.stale(zone_id=change.zone_id, mine=steps.drafts.draft_of(change))
    changeset.state = ZoneChangeSet.State.REVIEW  # handed over: new drafts go elsewhere
    changeset.submitted_at = changeset.submitted_at or at
    changeset.publish_at, changeset.scheduled_by_id = publish_at, actor.user_id
    changeset.failure = None
    terms.put(changeset, existing)
    changeset.save()
    when = publish_at.astimezone(clock.KYIV).strftime("%d.%m.%Y %H:%M")
    write_note(changeset=changeset, kind=Kind.SCHEDULED, actor=actor, at=at, text=when)
    _audit("scheduled", changeset, actor=actor, at=at, summary=when)


@transaction.atomic
def unschedule(*, changeset_id: int, actor: Actor, at: datetime) -> None:
    """Take the plan back; the change set stays handed over."""
    changeset = lock_changeset(changeset_id=changeset_id)
    if changeset.publish_at is None:
        return
    forget_plan(changeset)
    changeset.save(update_fields=PLAN_FIELDS)
    write_note(changeset=changeset, kind=Kind.UNSCHEDULED, actor=actor, at=at)
    _audit("unscheduled", changeset, actor=actor, at=at, summary=str(changeset))


def publish_due(*, at: datetime) -> tuple[int, int]:
    """Publish what is due, each change set in its own transaction; (published, refused).

    May run twice at once and again after a crash: a change set is looked at under its lock.
    """
    due = ZoneChangeSet.objects.filter(publish_at__lte=at, state__in=OPEN_STATES)
    published = refused = 0
    for changeset_id in list(due.order_by("publish_at", "id").values_list("id", flat=True)):
        try:
            published += _publish_one(changeset_id=changeset_id, at=at)
        except DomainError as error:
            refused += _refused(changeset_id=changeset_id, error=error, at=at)
        except Exception:
            # It stays planned and is tried again a minute later; the next one has its turn now.
            logger.exception("planned publishing of change set %s failed", changeset_id)
    return published, refused


@transaction.atomic
def _publish_one(*, changeset_id: int, at: datetime) -> int:
    locks.hold(locks.Lock.PUBLISH)
    changeset = _still_due(changeset_id, at)
    if changeset is None:
        return 0
    if changeset.move_on is not None:
        # Published late, after a midnight: the new terms begin later as well, never in the past.
        changeset.move_on = max(changeset.move_on, terms.earliest(at))
    publishing.publish_locked(changeset=changeset, actor=_clockwork(changeset), at=at)
    return 1


@transaction.atomic
def _refused(*, changeset_id: int, error: DomainError, at: datetime) -> int:
    changeset = _still_due(changeset_id, at)
    if changeset is None:
        return 0
    actor = _clockwork(changeset)
    planned = changeset.publish_at
    assert planned is not None
    changeset.failure = {
        "at": at.isoformat(),
        "planned_for": planned.isoformat(),
        "code": error.code,
        "message": str(error.message),
    }
    forget_plan(changeset)
    changeset.save(update_fields=["failure", *PLAN_FIELDS])
    text = str(error.message)[:1000]
    write_note(changeset=changeset, kind=Kind.FAILED, actor=actor, at=at, text=text)
    _audit("schedule_failed", changeset, actor=actor, at=at, summary=text)
    outbox.emit(
        topic=FAILED_TOPIC,
        payload={
            "changeset_id": changeset.id,
            "author_id": changeset.author_id,
            "scheduled_by_id": actor.user_id,
            **changeset.failure,
        },
        at=at,
    )
    return 1


def _still_due(changeset_id: int, at: datetime) -> ZoneChangeSet | None:
    return (
        ZoneChangeSet.objects.select_for_update()
        .filter(id=changeset_id, publish_at__lte=at, state__in=OPEN_STATES)
        .first()
    )


def _clockwork(changeset: ZoneChangeSet) -> Actor:
    """The system, on behalf of the person who planned it."""
    return Actor(kind=ActorKind.SYSTEM, label="schedule", user_id=changeset.scheduled_by_id)


def _audit(
    verb: str, changeset: ZoneChangeSet, *, actor: Actor, at: datetime, summary: str
) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"coverage.changeset.{verb}",
        obj=("zonechangeset", changeset.id),
        summary=summary,
    )
