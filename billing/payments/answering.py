"""What is said of a payment: to its provider, to people, and of one that will not be paid.

Whatever credits money or gives it back answers with these.
"""

import hashlib
from datetime import datetime
from typing import Any

from billing import money
from billing.payments import events
from billing.payments.calls import Answer, PaymentRow
from billing.payments.models import Payment
from billing.payments.results import Result
from project.core.actor import Actor

OPEN_STATES = (Payment.State.CREATED, Payment.State.PENDING)


def request_hash(*, account: str, amount_kopecks: int) -> bytes:
    """What a payment id stands for: the account and the amount as they stood in the message."""
    return hashlib.sha256(f"{account.strip()}\0{amount_kopecks}".encode()).digest()


def said(account: str, amount_kopecks: int) -> str:
    """A contract number and an amount as people read them."""
    return f"{account} {money.format_uah(amount_kopecks)}".strip()


def row_of(payment: Payment) -> PaymentRow:
    """The payment as its provider is told of it."""
    return PaymentRow(
        reference=str(payment.id),
        key=payment.external_id or "",
        account=payment.account_code,
        amount_kopecks=payment.told_kopecks,
        state=payment.state,
        paid_at=payment.paid_at,
        recorded_at=payment.created_at,
        finished_at=payment.confirmed_at,
        service=payment.service_code,
        is_refunded=payment.refunded_kopecks > 0,
    )


def answer(result: Result, payment: Payment | None = None, *, text: str = "") -> Answer:
    """An answer about a payment."""
    if payment is None:
        return Answer(result, text=text)
    return Answer(
        result,
        payment=row_of(payment),
        reference=str(payment.id),
        text=text,
        payment_id=payment.id,
    )


def conflict(known: Payment, *, at: datetime, actor: Actor, told: str) -> Answer:
    """Another account or amount under a known id: nothing is credited, people are alarmed."""
    events.heard(known, kind="CONFLICT", at=at, actor=actor, reason=told[:300])
    return answer(Result.CONFLICT, known)


def close(payment: Payment, *, state: str, at: datetime, actor: Actor, reason: str = "") -> None:
    """An open payment that will not be paid: CANCELLED or FAILED."""
    assert payment.state in OPEN_STATES, "only an open payment is closed"
    payment.state = state
    payment.save(update_fields=["state"])
    events.heard(payment, kind=state, at=at, actor=actor, reason=reason)


def details_of(values: dict[str, Any]) -> dict[str, str]:
    """Details as short texts; empty ones are left out."""
    return {name: str(value)[:100] for name, value in values.items() if value not in (None, "")}
