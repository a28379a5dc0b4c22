"""Unsigned words: nothing is credited on one, the provider is asked, and its answer is proof.

Where a protocol tells of money that is no order of ours, it is written down as announced until the
provider has confirmed it.
"""

from datetime import datetime

from billing.payments import attempts
from billing.payments.answering import OPEN_STATES, answer, conflict, details_of, said
from billing.payments.calls import Answer, Pay, Seen, SeenState, Told
from billing.payments.crediting import announce
from billing.payments.finding import find_payment
from billing.payments.merchants import Account
from billing.payments.models import Payment, PaymentAttempt
from billing.payments.results import Result
from project.core.actor import Actor


def hinted(
    payment: Payment | None,
    attempt: PaymentAttempt | None,
    *,
    call: Told,
    merchant: Account,
    endpoint: str,
    space: str,
    at: datetime,
    actor: Actor,
) -> Answer:
    """Have the provider asked about what it hints at (or somebody in its name)."""
    seen = call.seen
    if call.opens and payment is None:
        payment, attempt = _announced(
            call, merchant=merchant, endpoint=endpoint, space=space, at=at, actor=actor
        )
    if call.opens and payment is not None and _is_told_otherwise(payment, seen):
        return conflict(
            payment, at=at, actor=actor, told=said(seen.account, seen.amount_kopecks or 0)
        )
    if call.opens and payment is None and seen.state is not SeenState.REVERSED:
        return Answer(Result.PENDING)
    if payment is None or attempt is None:
        return Answer(Result.NOT_FOUND_PAYMENT)
    if payment.state in OPEN_STATES or payment.state == Payment.State.CONFIRMED:
        attempts.ask_after_hint(attempt, client=call.client, at=at)
    return answer(Result.PENDING, payment)


def _announced(
    call: Told, *, merchant: Account, endpoint: str, space: str, at: datetime, actor: Actor
) -> tuple[Payment | None, PaymentAttempt | None]:
    """Money that is said to have come and is no order of ours: written down, not credited."""
    seen = call.seen
    if seen.state is not SeenState.PAID or not seen.key or seen.amount_kopecks is None:
        return None, None
    payment = announce(
        Pay(
            account=seen.account,
            amount_kopecks=seen.amount_kopecks,
            key=seen.key,
            paid_at=seen.paid_at,
            gross_kopecks=seen.gross_kopecks,
            net_kopecks=seen.net_kopecks,
            fee_kopecks=seen.fee_kopecks,
            is_taken=True,
            details=details_of(dict(seen.details)),
        ),
        merchant=merchant,
        endpoint=endpoint,
        space=space,
        at=at,
        actor=actor,
    )
    if payment is None:
        known = find_payment(merchant=merchant, space=space, key=seen.key)
        return known, attempts.attempt_of(known, seen) if known is not None else None
    attempt = PaymentAttempt.objects.create(
        payment=payment,
        client=call.client,
        state=PaymentAttempt.State.UNKNOWN,
        provider_ref=seen.provider_ref or seen.key,
        created_at=at,
        sent_at=at,
    )
    return payment, attempt


def _is_told_otherwise(payment: Payment, seen: Seen) -> bool:
    """Whether a known payment id comes with another account or amount."""
    if payment.external_id != seen.key or seen.amount_kopecks is None:
        return False
    known = (payment.told_kopecks, payment.gross_kopecks)
    is_account = not seen.account or seen.account == payment.account_code
    return not is_account or (seen.amount_kopecks not in known and seen.gross_kopecks not in known)
