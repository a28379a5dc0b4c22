"""What is noted of a payment: its own event, the audit log, the news for others."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from billing import money
from billing.payments.models import Payment
from project.core import audit, outbox, prepared
from project.core.actor import Actor

_EVENT = """
INSERT INTO billing_payment_event (payment_id, at, kind, actor, details)
VALUES (%s, %s, %s, %s, %s::jsonb)
"""


def json_text(values: Mapping[str, Any]) -> str:
    """The values as JSON for a column."""
    return json.dumps(values, ensure_ascii=False)


def note(payment: Payment, *, kind: str, at: datetime, actor: Actor, reason: str = "") -> None:
    """Write down what a person did with the payment, in the transaction in which it happens."""
    heard(payment, kind=kind, at=at, actor=actor, reason=reason)
    audit.record(
        at=at,
        actor=actor,
        action=f"billing.payment.{kind.lower()}",
        obj=("payment", payment.id),
        summary=f"{payment.channel} {money.format_uah(payment.amount_kopecks)} {reason}".strip(),
        after={"account_id": payment.holder_id, "amount_kopecks": payment.amount_kopecks},
    )


def heard(
    payment: Payment,
    *,
    kind: str,
    at: datetime,
    actor: Actor,
    reason: str = "",
    kopecks: int | None = None,
) -> None:
    """Write down what a provider told of the payment: its event and the news."""
    amount = payment.amount_kopecks if kopecks is None else kopecks
    details = {"amount_kopecks": amount, "reason": reason, "account_id": payment.holder_id}
    prepared.rows(_EVENT, [payment.id, at, kind[:24], actor.label[:150], json_text(details)])
    outbox.emit(
        topic=f"payment.{kind.lower()}",
        payload={
            "id": payment.id,
            "account_id": payment.holder_id,
            "amount_kopecks": amount,
        },
        at=at,
    )
