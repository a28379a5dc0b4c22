"""The tries of a payment: which of them a word is about, what is kept of it, and asking about it.

A payment system is asked about one try at most every fifteen seconds, whoever wishes it: a payer
who waits on our page, an unsigned hint that anybody can send.
"""

from datetime import datetime, timedelta

from django.db import transaction

from billing.payments import finding
from billing.payments.calls import Seen
from billing.payments.models import Payment, PaymentAttempt
from project.core import outbox, prepared

ASK = "payment.ask"
ASK_AGAIN_AFTER = timedelta(seconds=15)
LOST_AFTER = timedelta(minutes=20)
State = PaymentAttempt.State
OPEN = (State.CREATED, State.SENT, State.UNKNOWN)
TERMINAL = (State.SUCCEEDED, State.FAILED)

_KEEP = """
UPDATE billing_payment_attempt
SET state = %s, version_at = %s, finished_at = %s, error = %s
WHERE id = %s
"""

# A question that is still to be asked will be answered after this hint too; one that was due long
# ago and never asked is given up for lost.
_ASK_NEXT = """
UPDATE billing_payment_attempt
SET state = CASE WHEN state IN ('SUCCEEDED', 'FAILED') THEN state ELSE 'UNKNOWN' END,
    ask_due_at = GREATEST(%(at)s, asked_at + %(pause)s)
WHERE id = %(id)s
  AND (ask_due_at IS NULL OR ask_due_at <= asked_at OR ask_due_at < %(lost)s)
RETURNING ask_due_at
"""


def attempt_of(payment: Payment, seen: Seen) -> PaymentAttempt | None:
    """The try that a provider's word is about: the one of its invoice, else the last one."""
    attempts = finding.attempts_of(payment_id=payment.id)
    for attempt in attempts:
        if seen.provider_ref and attempt.provider_ref == seen.provider_ref:
            return attempt
    return attempts[0] if attempts else None


def keep(attempt: PaymentAttempt) -> None:
    """Write how the try stands."""
    prepared.rows(
        _KEEP,
        [attempt.state, attempt.version_at, attempt.finished_at, attempt.error, attempt.id],
    )


def ask_after_hint(attempt: PaymentAttempt, *, client: str, at: datetime) -> bool:
    """Have the provider asked, now or as soon as it may be asked again; False when a question
    is on its way already.
    """
    when = {"at": at, "pause": ASK_AGAIN_AFTER, "lost": at - LOST_AFTER}
    due = prepared.rows(_ASK_NEXT, {"id": attempt.id, **when})
    if not due:
        return False
    payload = {"attempt": attempt.id, "client": client}
    outbox.emit(topic=ASK, payload=payload, at=at, not_before=due[0][0])
    return True


@transaction.atomic
def ask_soon(*, attempt_id: int, at: datetime) -> bool:
    """The payer is back and waits: have the payment system asked, unless it was just now."""
    asked_now = PaymentAttempt.objects.filter(
        id=attempt_id, state__in=OPEN, sent_at__isnull=False
    ).exclude(asked_at__gt=at - ASK_AGAIN_AFTER)
    if not asked_now.update(asked_at=at):
        return False
    outbox.emit(topic=ASK, payload={"attempt": attempt_id}, at=at)
    return True
