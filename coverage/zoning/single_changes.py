"""A zone changed without drawing: an earlier version again, or its end.

Each is a change set of one zone, made from one of its versions and published like any other. Where
a second person has to approve, it waits for that.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coverage.models import Zone, ZoneChange, ZoneChangeSet, ZoneStatus, ZoneVersion
from coverage.zoning import changesets, drafts, locks, queries, review
from coverage.zoning.publishing import Published, preview_impact, publish_locked
from project.core import audit, clock
from project.core.actor import Actor
from project.core.errors import NotFoundError


@transaction.atomic
def rollback(
    *, zone_id: int, to_version_id: int, base_revision: int, actor: Actor, at: datetime
) -> Published:
    """Publish an earlier version's geometry, status and priority again, as a new version.

    Where a second person has to approve, the change set waits for that.
    """
    locks.hold(locks.Lock.PUBLISH)
    changeset = _earlier_again(
        earlier=_version_of(zone_id=zone_id, version_id=to_version_id),
        base_revision=base_revision,
        actor=actor,
        at=at,
    )
    return _publish_or_wait(changeset=changeset, actor=actor, at=at)


@transaction.atomic
def draft_rollback(
    *, zone_id: int, to_version_id: int, base_revision: int, actor: Actor, at: datetime
) -> int:
    """The same as a draft in a change set of its own (its id): to be looked at, then published.

    Asked twice for the same version by the same person, it answers with the draft that is there.
    """
    earlier = _version_of(zone_id=zone_id, version_id=to_version_id)
    waiting = (
        ZoneChange.objects.filter(
            zone_id=zone_id,
            base_revision=base_revision,
            comment=_says_back_to(earlier),
            changeset__author_id=actor.user_id,
            changeset__state=ZoneChangeSet.State.DRAFT,
            changeset__any_status=True,
        )
        .order_by("-id")
        .first()
    )
    if waiting is not None:
        return waiting.changeset_id
    changeset = _earlier_again(earlier=earlier, base_revision=base_revision, actor=actor, at=at)
    audit.record(
        at=at,
        actor=actor,
        action="coverage.zone.drafted",
        obj=("zone", zone_id),
        summary=changeset.title,
        after={"changeset_id": changeset.id, "back_to_version_id": earlier.id},
    )
    return changeset.id


@transaction.atomic
def retire(
    *, zone_id: int, base_revision: int, actor: Actor, at: datetime, comment: str = ""
) -> Published:
    """End a zone: the last version keeps its outline and says RETIRED; the id stays for ever.

    Where a second person has to approve, the change set waits for that.
    """
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
        any_status=False,
        actor=actor,
        at=at,
    )
    return _publish_or_wait(changeset=changeset, actor=actor, at=at)


def _publish_or_wait(*, changeset: ZoneChangeSet, actor: Actor, at: datetime) -> Published:
    if not review.is_needed():
        return publish_locked(changeset=changeset, actor=actor, at=at)
    report = preview_impact(changeset_id=changeset.id, at=at)
    review.submit(changeset_id=changeset.id, actor=actor, at=at)
    return Published(changeset_id=changeset.id, version_ids={}, impact=report, waits=True)


def _version_of(*, zone_id: int, version_id: int) -> ZoneVersion:
    found = ZoneVersion.objects.filter(id=version_id, zone_id=zone_id).first()
    if found is None:
        raise NotFoundError(_("This zone has no such version."))
    return found


def _says_back_to(earlier: ZoneVersion) -> str:
    began = earlier.valid.lower.astimezone(clock.KYIV).strftime("%d.%m.%Y %H:%M")
    return str(_("Back to the version of %(day)s") % {"day": began})


def _earlier_again(
    *, earlier: ZoneVersion, base_revision: int, actor: Actor, at: datetime
) -> ZoneChangeSet:
    return _single_change(
        zone_id=earlier.zone_id,
        base_revision=base_revision,
        source=earlier,
        status=earlier.status,
        comment=_says_back_to(earlier),
        any_status=True,
        actor=actor,
        at=at,
    )


def _single_change(
    *,
    zone_id: int,
    base_revision: int,
    source: ZoneVersion,
    status: str,
    comment: str,
    any_status: bool,
    actor: Actor,
    at: datetime,
) -> ZoneChangeSet:
    """A change set of one zone made from one of its versions."""
    changeset = ZoneChangeSet.objects.create(
        title=comment[:160], author_id=actor.user_id, created_at=at, any_status=any_status
    )
    zone = Zone.objects.select_for_update().get(id=zone_id)
    if zone.revision != base_revision:
        raise drafts.stale(zone_id=zone_id, mine=None)
    changesets.remember_hand(changeset=changeset, actor=actor)
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
        edited_by_id=actor.user_id,
    )
    return changeset
