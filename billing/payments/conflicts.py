"""Payments whose provider has told two different things: people look into them, and say so.

Nothing was credited by the second word. A conflict is open until somebody has noted what came of
it, and again when the provider contradicts itself once more.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from billing.payments import events
from billing.payments.models import Payment, PaymentEvent
from billing.payments.transfers import locked
from project.core.actor import Actor
from project.core.errors import DomainError

CONFLICT, SEEN = "CONFLICT", "CONFLICT_SEEN"


class NoConflictError(DomainError):
    """Nobody told anything else of this payment, or it is looked into already."""

    code = "no_conflict"
    http_status = 409
    message = _("There is nothing to look into here any more.")


def is_open() -> Exists:
    """For a query of payments: those with a conflict that nobody has looked into since."""
    told = PaymentEvent.objects.filter(payment=OuterRef("pk"), kind=CONFLICT)
    later = PaymentEvent.objects.filter(
        payment=OuterRef("payment"), kind=SEEN, id__gt=OuterRef("id")
    )
    return Exists(told.exclude(Exists(later)))


def ids() -> list[int]:
    """Payments with an open conflict, the newest first; at most a thousand."""
    later = PaymentEvent.objects.filter(
        payment=OuterRef("payment"), kind=SEEN, id__gt=OuterRef("id")
    )
    found = PaymentEvent.objects.filter(kind=CONFLICT).exclude(Exists(later))
    return list(
        found.order_by("-payment_id").values_list("payment_id", flat=True).distinct()[:1000]
    )


def last_told(*, payment_ids: Sequence[int]) -> dict[int, PaymentEvent]:
    """What each of these payments was told last that does not fit."""
    rows = PaymentEvent.objects.filter(kind=CONFLICT, payment_id__in=list(payment_ids))
    return {event.payment_id: event for event in rows.order_by("id")}


@transaction.atomic
def look_into(*, at: datetime, actor: Actor, payment_id: int, comment: str) -> Payment:
    """Note what came of a conflict. Raises NotFoundError, NoConflictError, DomainError."""
    payment = locked(payment_id=payment_id)
    if not comment.strip():
        raise DomainError(_("Write what came of it."), field="comment")
    if not Payment.objects.filter(is_open(), id=payment.id).exists():
        raise NoConflictError
    events.note(payment, kind=SEEN, at=at, actor=actor, reason=comment.strip()[:300])
    return payment
