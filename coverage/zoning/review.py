"""The second person: handing a change set over, approving it, sending it back, talking about it.

DRAFT → REVIEW → PUBLISHED. With GEOBILL_ZONES_NEED_REVIEW nobody publishes what he drew himself: a
person who is neither the author nor an editor approves it first (or publishes it, which is the
same). Without it (a provider of one person) everything may be approved and published by its author.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coverage.models import ZoneChange, ZoneChangeSet
from coverage.zoning import changesets
from coverage.zoning.changesets import Kind, checked_title, lock_changeset, write_note
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError, NotPermittedError

TEXT_CHARS = 1000


class ReviewNeededError(DomainError):
    """Another person has to approve the change set first."""

    code = "review_needed"
    http_status = 409
    message = _("Another person has to approve this change set first.")


class SameHandError(NotPermittedError):
    """Somebody who drew in the change set may not approve it."""

    code = "same_hand"
    message = _("What you drew yourself has to be approved by another person.")


class NotInReviewError(DomainError):
    """The change set was not handed over, or is a draft again."""

    code = "not_in_review"
    http_status = 409
    message = _("This change set is not waiting for approval: it is a draft.")


class ChangedSinceError(DomainError):
    """It was drawn in and handed over again after the person had opened it."""

    code = "changeset_changed"
    http_status = 409
    message = _("This change set was changed after you opened it. Open it again, then decide.")


class EmptyChangeSetError(DomainError):
    """The change set has no drafts."""

    code = "nothing_to_publish"
    message = _("There are no drafts to publish.")


class BadTextError(DomainError):
    """A comment or title that is empty or too long."""

    code = "bad_text"
    message = _("Write at most 1,000 characters.")


def is_needed() -> bool:
    """Whether a second person has to approve publications."""
    return bool(settings.GEOBILL_ZONES_NEED_REVIEW)


def hands_of(changeset: ZoneChangeSet) -> frozenset[int]:
    """Everybody who drew in the change set: its author, and all who ever saved a draft in it."""
    return frozenset(user for user in (changeset.author_id, *changeset.hands) if user is not None)


def is_second_person(*, changeset: ZoneChangeSet, actor: Actor) -> bool:
    """Whether this person drew nothing in the change set."""
    return actor.user_id is not None and actor.user_id not in hands_of(changeset)


def ensure_approved(*, changeset: ZoneChangeSet, actor: Actor, at: datetime) -> None:
    """Raise ReviewNeededError unless the change set may be published by this person.

    A second person who publishes what was handed over approves it by that. The caller saves.
    """
    if not is_needed() or changeset.approved_by_id is not None:
        return
    in_review = changeset.state == ZoneChangeSet.State.REVIEW
    if not in_review or not is_second_person(changeset=changeset, actor=actor):
        raise ReviewNeededError
    changeset.approved_at, changeset.approved_by_id = at, actor.user_id


@transaction.atomic
def submit(*, changeset_id: int, actor: Actor, at: datetime, text: str = "") -> None:
    """Hand a change set over for approval; it can still be edited, which takes it back."""
    text = _checked(text)
    changeset = lock_changeset(changeset_id=changeset_id)
    if not ZoneChange.objects.filter(changeset=changeset).exists():
        raise EmptyChangeSetError
    if changeset.state == ZoneChangeSet.State.REVIEW:
        return
    changeset.state, changeset.submitted_at = ZoneChangeSet.State.REVIEW, at
    changeset.failure = None
    changeset.save(update_fields=["state", "submitted_at", "failure"])
    _tell(changeset, Kind.SUBMITTED, "submitted", actor=actor, at=at, text=text)


def refuse_changed(*, changeset: ZoneChangeSet, seen: datetime | None) -> None:
    """Raise ChangedSinceError unless it is still what was handed over at the moment `seen`.

    An edit takes a change set back, so each handing over has a moment of its own.
    """
    if seen is not None and changeset.submitted_at != seen:
        raise ChangedSinceError


@transaction.atomic
def approve(
    *,
    changeset_id: int,
    actor: Actor,
    at: datetime,
    text: str = "",
    seen: datetime | None = None,
) -> None:
    """Say that it may be published; raises NotInReviewError, SameHandError, ChangedSinceError.

    `seen`: the `submitted_at` of what the person has looked at.
    """
    text = _checked(text)
    changeset = _in_review(changeset_id)
    refuse_changed(changeset=changeset, seen=seen)
    if is_needed() and not is_second_person(changeset=changeset, actor=actor):
        raise SameHandError
    changeset.approved_at, changeset.approved_by_id = at, actor.user_id
    changeset.save(update_fields=["approved_at", "approved_by"])
    _tell(changeset, Kind.APPROVED, "approved", actor=actor, at=at, text=text)


@transaction.atomic
def send_back(*, changeset_id: int, actor: Actor, at: datetime, text: str) -> None:
    """Make it a draft again, with the reason; approval and planned moment are gone."""
    text = _checked(text, needed=True)
    changeset = _in_review(changeset_id)
    changesets.back_to_draft(changeset)
    _tell(changeset, Kind.SENT_BACK, "sent_back", actor=actor, at=at, text=text)


@transaction.atomic
def comment(*, changeset_id: int, actor: Actor, at: datetime, text: str) -> None:
    """Add a comment, to a published change set as well."""
    text = _checked(text, needed=True)
    changeset = ZoneChangeSet.objects.filter(id=changeset_id).first()
    if changeset is None:
        raise NotFoundError(_("There is no such change set."))
    write_note(changeset=changeset, kind=Kind.COMMENT, actor=actor, at=at, text=text)


@transaction.atomic
def rename(*, changeset_id: int, actor: Actor, at: datetime, title: str) -> None:
    """Give an open change set a title."""
    title = checked_title(title)
    changeset = lock_changeset(changeset_id=changeset_id)
    before, changeset.title = changeset.title, title
    changeset.save(update_fields=["title"])
    audit.record(
        at=at,
        actor=actor,
        action="coverage.changeset.renamed",
        obj=("zonechangeset", changeset.id),
        summary=title,
        before={"title": before},
        after={"title": title},
    )


def _in_review(changeset_id: int) -> ZoneChangeSet:
    changeset = lock_changeset(changeset_id=changeset_id)
    if changeset.state != ZoneChangeSet.State.REVIEW:
        raise NotInReviewError
    return changeset


def _checked(text: str, *, needed: bool = False) -> str:
    text = text.strip()
    if len(text) > TEXT_CHARS:
        raise BadTextError(field="text")
    changesets.refuse_unprintable(text, field="text")
    if needed and not text:
        raise BadTextError(_("Write a few words."), field="text")
    return text


def _tell(
    changeset: ZoneChangeSet, kind: str, verb: str, *, actor: Actor, at: datetime, text: str
) -> None:
    write_note(changeset=changeset, kind=kind, actor=actor, at=at, text=text)
    audit.record(
        at=at,
        actor=actor,
        action=f"coverage.changeset.{verb}",
        obj=("zonechangeset", changeset.id),
        summary=text or str(changeset),
    )
