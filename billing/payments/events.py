"""What is noted of a payment: its own event, the audit log, the news for others."""

from datetime import datetime

from billing import money
from billing.payments.models import Payment, PaymentEvent
from project.core import audit, outbox
from project.core.actor import Actor


def note(payment: Payment, *, kind: str, at: datetime, actor: Actor, reason: str = "") -> None:
    """Write down what happened to the payment, in the transaction in which it happens."""
    PaymentEvent.objects.create(
        payment=payment,
        at=at,
        kind=kind,
        actor=actor.label[:150],
        details={
            "amount_kopecks": payment.amount_kopecks,
            "reason": reason,
            "account_id": payment.holder_id,
        },
    )
    audit.record(
        at=at,
        actor=actor,
        action=f"billing.payment.{kind.lower()}",
        obj=("payment", payment.id),
        summary=f"{payment.channel} {money.format_uah(payment.amount_kopecks)} {reason}".strip(),
        after={"account_id": payment.holder_id, "amount_kopecks": payment.amount_kopecks},
    )
    outbox.emit(
        topic=f"payment.{kind.lower()}",
        payload={
            "id": payment.id,
            "account_id": payment.holder_id,
            "amount_kopecks": payment.amount_kopecks,
        },
        at=at,
    )
