"""Change sets as such: locking an open one, its story line by line, what an edit takes back."""

import unicodedata
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from coverage.models import ZoneChangeSet, ZoneChangeSetNote
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

OPEN_STATES = (ZoneChangeSet.State.DRAFT, ZoneChangeSet.State.REVIEW)
Kind = ZoneChangeSetNote.Kind
PLAN_FIELDS = ("publish_at", "scheduled_by", "existing_terms", "move_on")
TITLE_CHARS = 160


class ChangeSetClosedError(DomainError):
    """The change set is published or given up already."""

    code = "changeset_closed"
    http_status = 409
    message = _("This change set is published or given up already.")


class BadTitleError(DomainError):
    """A title that is too long."""

    code = "bad_text"
    message = _("A title has at most 160 characters.")


class UnprintableError(DomainError):
    """Characters that no map, table or file can show; `field` names the text."""

    code = "bad_text"
    message = _("This text has characters that can't be kept.")


def refuse_unprintable(text: str, *, field: str) -> None:
    """Raise UnprintableError for control characters and half pairs; new lines and tabs are fine."""
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n" for char in text):
        raise UnprintableError(field=field)


def checked_title(title: str) -> str:
    """Without blanks around; raises BadTitleError, UnprintableError."""
    title = title.strip()
    if len(title) > TITLE_CHARS:
        raise BadTitleError(field="title")
    refuse_unprintable(title, field="title")
    return title


def lock_changeset(*, changeset_id: int) -> ZoneChangeSet:
    """The open change set, locked until the end of the transaction."""
    changeset = ZoneChangeSet.objects.select_for_update().filter(id=changeset_id).first()
    if changeset is None:
        raise NotFoundError(_("There is no such change set."))
    if changeset.state not in OPEN_STATES:
        raise ChangeSetClosedError
    return changeset


def write_note(
    *, changeset: ZoneChangeSet, kind: str, actor: Actor, at: datetime, text: str = ""
) -> ZoneChangeSetNote:
    """Add a line to the story of a change set."""
    return ZoneChangeSetNote.objects.create(
        changeset=changeset, kind=kind, author_id=actor.user_id, at=at, text=text
    )


def forget_plan(changeset: ZoneChangeSet) -> None:
    """No planned moment any more, and nothing decided about existing clients."""
    changeset.publish_at = changeset.scheduled_by_id = changeset.move_on = None
    changeset.existing_terms = ZoneChangeSet.ExistingTerms.KEEP


def back_to_draft(changeset: ZoneChangeSet) -> None:
    """A draft again: no approval and no planned moment any more."""
    changeset.state = ZoneChangeSet.State.DRAFT
    changeset.submitted_at = changeset.approved_at = changeset.approved_by_id = None
    forget_plan(changeset)
    changeset.save(
        update_fields=["state", "submitted_at", "approved_at", "approved_by", *PLAN_FIELDS]
    )


def edited(*, changeset: ZoneChangeSet, actor: Actor, at: datetime) -> None:
    """What somebody approved or planned is not this any more: it is a draft again.

    And a rollback is none any more: statuses follow their order again.
    """
    if changeset.any_status:
        changeset.any_status = False
        changeset.save(update_fields=["any_status"])
    if changeset.state == ZoneChangeSet.State.REVIEW:
        back_to_draft(changeset)
        write_note(changeset=changeset, kind=Kind.EDITED, actor=actor, at=at)


def remember_hand(*, changeset: ZoneChangeSet, actor: Actor) -> None:
    """Keep that this person drew in the change set, whoever draws over it later."""
    if actor.user_id is None or actor.user_id in changeset.hands:
        return
    changeset.hands = [*changeset.hands, actor.user_id]
    changeset.save(update_fields=["hands"])
