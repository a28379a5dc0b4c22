"""Drafts: making a zone, saving and giving up what a planner draws. Nothing here is published.

Locks are taken in one order everywhere: the publishing lock, the change set, zones by id, codes.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import shapely
from django.contrib.gis.geos import MultiPolygon as GeosMultiPolygon
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from shapely import MultiPolygon

from coverage.addresses.latin import to_latin
from coverage.models import NetworkType, Zone, ZoneChange, ZoneChangeSet, ZoneStatus, ZoneVersion
from coverage.zoning import changesets, locks, queries, reading
from coverage.zoning import geometry as geometries
from coverage.zoning.changesets import ChangeSetClosedError, lock_changeset
from coverage.zoning.shapes import to_geos, to_shapely
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

__all__ = [
    "BadZoneError",
    "ChangeSetClosedError",
    "SavedDraft",
    "StaleRevisionError",
    "ZoneDraft",
    "create_zone",
    "discard_draft",
    "draft_of",
    "lock_changeset",
    "save_draft",
    "stale",
]
CODE_CHARS = 40
PRIORITIES = range(-100, 101)


class StaleRevisionError(DomainError):
    """Somebody changed the zone meanwhile; context: `current` state and `difference`."""

    code = "stale_revision"
    http_status = 412
    message = _("This zone has been changed meanwhile. Nothing of yours is lost: compare both.")


class BadZoneError(DomainError):
    """An attribute of a zone that can't be; `field` names it."""

    code = "zone_invalid"


@dataclass(frozen=True, slots=True)
class ZoneDraft:
    """What a planner wants a zone to become (checked by `checked`)."""

    name: str
    network_type: str
    priority: int
    status: str
    geometry: Any
    planned_for_date: date | None = None
    comment: str = ""

    def checked(self) -> "ZoneDraft":
        """The same with the geometry as a valid MultiPolygon; raises BadZoneError and the like."""
        name = " ".join(self.name.split())
        if not name or len(name) > 120:
            raise BadZoneError(_("Give the zone a name of at most 120 characters."), field="name")
        if self.network_type not in NetworkType.values:
            raise BadZoneError(_("Choose a network type."), field="network_type")
        if self.status not in ZoneStatus.values:
            raise BadZoneError(_("Choose a status."), field="status")
        if self.priority not in PRIORITIES:
            raise BadZoneError(_("Priority is a number from -100 to 100."), field="priority")
        if len(self.comment) > 300:
            raise BadZoneError(_("A comment has at most 300 characters."), field="comment")
        for field in ("name", "comment"):
            changesets.refuse_unprintable(getattr(self, field), field=field)
        result = queries.check_geometry(self.geometry)
        if result.geometry is None:
            raise geometries.invalid(result)
        return ZoneDraft(
            name=name,
            network_type=self.network_type,
            priority=self.priority,
            status=self.status,
            geometry=result.geometry,
            planned_for_date=self.planned_for_date,
            comment=self.comment.strip(),
        )


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """Where a draft lies and the zone's new revision, which the next save must name."""

    zone_id: int
    change_id: int
    changeset_id: int
    revision: int


def create_zone(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    network_type: str,
    geometry: Any,
    status: str = ZoneStatus.PLANNED,
    priority: int = 0,
    code: str = "",
    planned_for_date: date | None = None,
    comment: str = "",
    changeset_id: int | None = None,
    changeset_title: str = "",
) -> SavedDraft:
    """A new zone with its first draft in that change set, else in the author's open one.

    With `changeset_title` (and no id) a new change set of that title is begun for it.
    """
    draft = ZoneDraft(
        name=name,
        network_type=network_type,
        priority=priority,
        status=status,
        geometry=geometry,
        planned_for_date=planned_for_date,
        comment=comment,
    ).checked()
    with transaction.atomic():
        changeset = _open_changeset(
            actor=actor, at=at, changeset_id=changeset_id, title=changeset_title
        )
        locks.hold(locks.Lock.ZONE_CODES)
        zone = Zone.objects.create(
            code=_free_code(wanted=code, name=draft.name),
            name=draft.name,
            network_type=draft.network_type,
            priority=draft.priority,
            revision=1,
            created_at=at,
        )
        change = _write_change(changeset, zone=zone, draft=draft, actor=actor, at=at)
        audit.record(
            at=at,
            actor=actor,
            action="coverage.zone.drafted",
            obj=("zone", zone.id),
            summary=draft.name,
            after=_brief(draft),
        )
    return SavedDraft(zone.id, change.id, changeset.id, zone.revision)


def save_draft(
    *,
    zone_id: int,
    base_revision: int,
    actor: Actor,
    at: datetime,
    geometry: Any,
    status: str,
    name: str | None = None,
    network_type: str | None = None,
    priority: int | None = None,
    planned_for_date: date | None = None,
    comment: str = "",
    changeset_id: int | None = None,
    changeset_title: str = "",
) -> SavedDraft:
    """Save a draft that was made on `base_revision` of the zone.

    Raises StaleRevisionError when the zone has moved on. Attributes left None stay as they are in
    the author's draft, or in the zone. The author's draft stays in its change set; a first one
    goes where `create_zone` would put it.
    """
    seen = queries.get_zone(zone_id=zone_id)
    known = queries.open_change(zone_id=zone_id, author_id=actor.user_id)
    base: Zone | ZoneChange = known or seen
    draft = ZoneDraft(
        name=base.name if name is None else name,
        network_type=base.network_type if network_type is None else network_type,
        priority=base.priority if priority is None else priority,
        status=status,
        geometry=geometry,
        planned_for_date=planned_for_date,
        comment=comment,
    ).checked()
    if seen.revision != base_revision:  # before its change set is found closed, which says less
        raise stale(zone_id=zone_id, mine=draft)
    wanted = changeset_id if changeset_id is not None else (known.changeset_id if known else None)
    with transaction.atomic():
        changeset = _open_changeset(actor=actor, at=at, changeset_id=wanted, title=changeset_title)
        zone = Zone.objects.select_for_update().get(id=zone_id)
        if zone.revision != base_revision:
            raise stale(zone_id=zone_id, mine=draft)
        _refuse_other_network(zone=zone, network_type=draft.network_type)
        before = _latest_brief(zone_id=zone_id)
        zone.revision += 1
        zone.archived_at = None if not _is_published(zone) else zone.archived_at
        zone.save(update_fields=["revision", "archived_at"])
        change = _write_change(changeset, zone=zone, draft=draft, actor=actor, at=at)
        audit.record(
            at=at,
            actor=actor,
            action="coverage.zone.drafted",
            obj=("zone", zone.id),
            summary=draft.name,
            before=before,
            after=_brief(draft),
        )
    return SavedDraft(zone.id, change.id, changeset.id, zone.revision)


def discard_draft(*, zone_id: int, actor: Actor, at: datetime, changeset_id: int) -> None:
    """Give up one zone's draft. It is kept in a cancelled change set, so nothing is lost.

    A zone that was never published and has no other draft is archived.
    """
    with transaction.atomic():
        changeset = lock_changeset(changeset_id=changeset_id)
        zone = Zone.objects.select_for_update().filter(id=zone_id).first()
        change = ZoneChange.objects.filter(changeset=changeset, zone_id=zone_id).first()
        if change is None or zone is None:
            raise NotFoundError(_("There is no such draft."))
        changesets.edited(changeset=changeset, actor=actor, at=at)
        kept = ZoneChangeSet.objects.create(
            title=changeset.title,
            state=ZoneChangeSet.State.CANCELLED,
            author_id=changeset.author_id,
            created_at=at,
        )
        change.changeset = kept
        change.save(update_fields=["changeset"])
        others = ZoneChange.objects.filter(
            zone_id=zone_id, changeset__state__in=changesets.OPEN_STATES
        )
        if not _is_published(zone) and not others.exists():
            zone.archived_at = at
            zone.save(update_fields=["archived_at"])
        audit.record(
            at=at,
            actor=actor,
            action="coverage.zone.discarded",
            obj=("zone", zone_id),
            summary=change.name,
            before={"changeset_id": changeset.id},
            after={"changeset_id": kept.id},
        )


def stale(*, zone_id: int, mine: ZoneDraft | None) -> StaleRevisionError:
    """The error with the zone as it is now, and how `mine` differs from its newest state."""
    current = queries.zone_state(zone_id=zone_id)
    difference = _difference(current=current, mine=mine) if mine is not None else None
    return StaleRevisionError(current=current, difference=difference)


def _difference(*, current: dict[str, Any], mine: ZoneDraft) -> dict[str, Any]:
    """Fields as [theirs, mine], and the areas that only one of both has."""
    newest = next((d for d in current["drafts"] if not d["properties"]["stale"]), None)
    if newest is not None:
        theirs, shape = newest["properties"], newest["geometry"]
    elif current["published"] is not None:
        theirs = {**current, **current["published"]}
        shape = current["published"]["geometry"]
    else:
        theirs, shape = current, None
    fields = {}
    for field in ("name", "network_type", "priority", "status", "planned_for_date", "comment"):
        value = getattr(mine, field)
        ours = value.isoformat() if isinstance(value, date) else value
        if field == "comment" and not ours:
            continue  # the words of the other version are about that one
        if ours != theirs.get(field):
            fields[field] = [theirs.get(field), ours]
    their_shape = reading.read(shape) if shape is not None else MultiPolygon()
    only_mine = shapely.difference(mine.geometry, their_shape)
    only_theirs = shapely.difference(their_shape, mine.geometry)
    return {
        "fields": fields,
        "only_mine": geometries.as_geojson(only_mine),
        "only_theirs": geometries.as_geojson(only_theirs),
        "only_mine_m2": queries.area_m2(only_mine),
        "only_theirs_m2": queries.area_m2(only_theirs),
    }


def _open_changeset(
    *, actor: Actor, at: datetime, changeset_id: int | None, title: str
) -> ZoneChangeSet:
    if changeset_id is not None:
        chosen = lock_changeset(changeset_id=changeset_id)
        changesets.edited(changeset=chosen, actor=actor, at=at)
        return chosen
    if title.strip():
        title = changesets.checked_title(title)
        return ZoneChangeSet.objects.create(title=title, author_id=actor.user_id, created_at=at)
    found = (
        ZoneChangeSet.objects.select_for_update()
        .filter(author_id=actor.user_id, state=ZoneChangeSet.State.DRAFT)
        .order_by("id")
        .first()
    )
    return found or ZoneChangeSet.objects.create(author_id=actor.user_id, created_at=at)


def _write_change(
    changeset: ZoneChangeSet, *, zone: Zone, draft: ZoneDraft, actor: Actor, at: datetime
) -> ZoneChange:
    changesets.remember_hand(changeset=changeset, actor=actor)
    change, _created = ZoneChange.objects.update_or_create(
        changeset=changeset,
        zone=zone,
        defaults={
            "base_revision": zone.revision,
            "name": draft.name,
            "network_type": draft.network_type,
            "priority": draft.priority,
            "geometry": cast(GeosMultiPolygon, to_geos(draft.geometry)),
            "status": draft.status,
            "planned_for_date": draft.planned_for_date,
            "comment": draft.comment,
            "updated_at": at,
            "edited_by_id": actor.user_id,
        },
    )
    return change


def _refuse_other_network(*, zone: Zone, network_type: str) -> None:
    if network_type != zone.network_type and _is_published(zone):
        raise BadZoneError(
            _("A published zone keeps its network type: draw a new zone for the other network."),
            field="network_type",
        )


def _is_published(zone: Zone) -> bool:
    return ZoneVersion.objects.filter(zone=zone).exists()


def _free_code(*, wanted: str, name: str) -> str:
    if wanted and not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", wanted):
        raise BadZoneError(_("A code has small Latin letters, digits and hyphens."), field="code")
    if wanted and Zone.objects.filter(code=wanted).exists():
        raise BadZoneError(_("There is a zone with this code already."), field="code")
    if wanted:
        return wanted
    plain = (
        re.sub(r"[^a-z0-9]+", "-", to_latin(name.lower())).strip("-")[: CODE_CHARS - 8] or "zone"
    )
    taken = set(Zone.objects.filter(code__startswith=plain).values_list("code", flat=True))
    tries = [plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 3))]
    return next(code for code in tries if code not in taken)


def _brief(draft: ZoneDraft) -> dict[str, Any]:
    """A draft for the audit log: attributes in full, the outline in figures."""
    return {
        "name": draft.name,
        "network_type": draft.network_type,
        "priority": draft.priority,
        "status": draft.status,
        "planned_for_date": str(draft.planned_for_date) if draft.planned_for_date else None,
        "comment": draft.comment,
        "points": int(shapely.get_num_coordinates(draft.geometry)),
        "area_m2": round(queries.area_m2(draft.geometry)),
    }


def _latest_brief(*, zone_id: int) -> dict[str, Any] | None:
    change = ZoneChange.objects.filter(zone_id=zone_id).order_by("-updated_at", "-id").first()
    return None if change is None else _brief(draft_of(change))


def draft_of(change: ZoneChange) -> ZoneDraft:
    """The stored draft as it was given."""
    return ZoneDraft(
        name=change.name,
        network_type=change.network_type,
        priority=change.priority,
        status=change.status,
        geometry=to_shapely(change.geometry),
        planned_for_date=change.planned_for_date,
        comment=change.comment,
    )
