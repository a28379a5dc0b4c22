"""Refunds through a payment system that wait for a second person: let go, or declined."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from billing.payments import events, refunds
from billing.payments.gateway import Link
from billing.payments.models import Refund
from billing.payments.transfers import locked
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError, NotPermittedError

State = Refund.State


class NotWaitingError(DomainError):
    """It was let go, declined or never had to wait."""

    code = "refund_not_waiting"
    http_status = 409
    message = _("This refund does not wait for a decision any more.")


class SameAskerError(NotPermittedError):
    """Nobody approves what he asked for himself."""

    code = "refund_same_person"
    message = _("A second person must decide: not the one who asked.")


def approve(*, at: datetime, actor: Actor, refund_id: int, link: Link | None = None) -> Refund:
    """Let a refund go that somebody else asked for: it is asked of the payment system now.

    Raises NotFoundError, NotWaitingError, SameAskerError, RefundRefusedError.
    """
    return refunds.send(
        _approved(at=at, actor=actor, refund_id=refund_id), at=at, actor=actor, link=link
    )


@transaction.atomic
def _approved(*, at: datetime, actor: Actor, refund_id: int) -> Refund:
    wanted = _waiting(refund_id)
    if actor.user_id is None or wanted.asked_by_id in (None, actor.user_id):
        raise SameAskerError
    # UNKNOWN from here on: whatever happens before the payment system answers, it may have gone.
    wanted.state, wanted.sent_at, wanted.approved_by_id = State.UNKNOWN, at, actor.user_id
    wanted.save(update_fields=["state", "sent_at", "approved_by"])
    events.note(wanted.payment, kind="REFUND_APPROVED", at=at, actor=actor, reason=wanted.reason)
    return wanted


@transaction.atomic
def decline(*, at: datetime, actor: Actor, refund_id: int, comment: str) -> Refund:
    """Say no, or think better of it: nothing goes back. Raises NotFoundError, NotWaitingError."""
    wanted = _waiting(refund_id)
    if not comment.strip():
        raise DomainError(_("Give the reason."), field="comment")
    wanted.state, wanted.finished_at = State.FAILED, at
    wanted.settled_by, wanted.error = actor.label[:150], comment.strip()[:300]
    wanted.save(update_fields=["state", "finished_at", "settled_by", "error"])
    events.note(wanted.payment, kind="REFUND_DECLINED", at=at, actor=actor, reason=wanted.error)
    return wanted


def waiting() -> QuerySet[Refund]:
    """Refunds that wait for a second person, the oldest first."""
    rows = Refund.objects.filter(state=State.WAITS)
    return rows.select_related("payment", "merchant").order_by("id")


def _waiting(refund_id: int) -> Refund:
    found = Refund.objects.filter(id=refund_id).first()
    if found is None:
        raise NotFoundError(_("There is no such refund."))
    locked(payment_id=found.payment_id)
    found.refresh_from_db()
    if found.state != State.WAITS:
        raise NotWaitingError
    return found
