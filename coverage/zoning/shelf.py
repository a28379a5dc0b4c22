"""Change sets as the planner lists and opens them: states, what is in them, their story."""

import json
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from coverage.models import ZoneChange, ZoneChangeSet, ZoneChangeSetNote, ZoneVersion
from coverage.zoning import review, terms
from coverage.zoning.changesets import OPEN_STATES
from project.core.errors import DomainError, NotFoundError
from project.core.models import User

PAGE = 30
SHELVES: dict[str, Q] = {
    "open": Q(state__in=OPEN_STATES),
    "published": Q(state=ZoneChangeSet.State.PUBLISHED),
    "cancelled": Q(state=ZoneChangeSet.State.CANCELLED),
}


class BadShelfError(DomainError):
    """There is no such list of change sets."""

    code = "bad_state"
    message = _("Ask for open, published or cancelled change sets.")


def listed(
    *, shelf: str = "open", before_id: int | None = None, author_id: int | None = None
) -> dict[str, Any]:
    """Change sets with drafts in them, newest first; `next` is the id for the next page.

    `author_id`: those of one person.
    """
    if shelf not in SHELVES:
        raise BadShelfError(field="state")
    rows = (
        ZoneChangeSet.objects.filter(SHELVES[shelf])
        .filter(Exists(ZoneChange.objects.filter(changeset_id=OuterRef("id"))))
        .select_related("author", "approved_by", "scheduled_by", "published_by")
        .prefetch_related("changes__zone")
        .order_by("-id")
    )
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    if author_id is not None:
        rows = rows.filter(author_id=author_id)
    found = list(rows[: PAGE + 1])
    return {
        "need_review": review.is_needed(),
        "changesets": [_brief(row) for row in found[:PAGE]],
        "next": found[PAGE - 1].id if len(found) > PAGE else None,
    }


def opened(*, changeset_id: int, user_id: int | None) -> dict[str, Any]:
    """One change set with outlines, story, stored impact, and what this person may do with it."""
    changeset = (
        ZoneChangeSet.objects.filter(id=changeset_id)
        .select_related("author", "approved_by", "scheduled_by", "published_by")
        .prefetch_related("changes__zone")
        .first()
    )
    if changeset is None:
        raise NotFoundError(_("There is no such change set."))
    shapes = {
        change.zone_id: json.loads(change.geometry.geojson) for change in changeset.changes.all()
    }
    brief, before = _brief(changeset), _before(changeset)
    for zone in brief["zones"]:
        old = before.get(zone["zone_id"])
        zone["geometry"] = shapes[zone["zone_id"]]
        zone["old_status"] = old.status if old else None
        zone["old_geometry"] = json.loads(old.geometry.geojson) if old else None
    notes = ZoneChangeSetNote.objects.filter(changeset=changeset).select_related("author")
    return {
        **brief,
        "need_review": review.is_needed(),
        "drawn_by_me": user_id in review.hands_of(changeset),
        "impact": changeset.impact,
        "notes": [_note(note) for note in notes.order_by("id")],
    }


def _before(changeset: ZoneChangeSet) -> dict[int, ZoneVersion]:
    """By zone: the version that this change set would replace, or has replaced."""
    zones = [change.zone_id for change in changeset.changes.all()]
    versions = ZoneVersion.objects.filter(zone_id__in=zones)
    if changeset.published_at is not None:
        versions = versions.filter(valid__endswith=changeset.published_at)
    else:
        versions = versions.filter(valid__endswith=None)
    return {version.zone_id: version for version in versions}


def _brief(changeset: ZoneChangeSet) -> dict[str, Any]:
    changes = sorted(changeset.changes.all(), key=lambda change: (change.name, change.id))
    return {
        "changeset_id": changeset.id,
        "title": changeset.title,
        "state": changeset.state,
        "author": _name(changeset.author),
        "author_id": changeset.author_id,
        "created_at": changeset.created_at.isoformat(),
        "submitted_at": _iso(changeset.submitted_at),
        "approved_at": _iso(changeset.approved_at),
        "approved_by": _name(changeset.approved_by),
        "publish_at": _iso(changeset.publish_at),
        "scheduled_by": _name(changeset.scheduled_by),
        "published_at": _iso(changeset.published_at),
        "published_by": _name(changeset.published_by),
        "failure": changeset.failure,
        **terms.of(changeset).as_json(),
        "zones": [_zone(change, is_open=changeset.state in OPEN_STATES) for change in changes],
    }


def _zone(change: ZoneChange, *, is_open: bool) -> dict[str, Any]:
    return {
        "zone_id": change.zone_id,
        "name": change.name,
        "network_type": change.network_type,
        "priority": change.priority,
        "status": change.status,
        "stale": is_open and change.base_revision != change.zone.revision,
    }


def _note(note: ZoneChangeSetNote) -> dict[str, Any]:
    return {
        "at": note.at.isoformat(),
        "kind": note.kind,
        "author": _name(note.author),
        "text": note.text,
    }


def _name(user: User | None) -> str:
    return (user.get_full_name() or user.username) if user is not None else ""


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None
