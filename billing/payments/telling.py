"""What a provider tells of an order of ours: callbacks, webhooks, answers to our questions.

A word is worth as much as its `Trust`. Nothing is credited on a HINT: the attempt is marked to be
asked about, and the answer comes back here as PROOF.
"""

from datetime import datetime

from billing.payments import attempts, events, finding, giving_back, payers
from billing.payments.answering import (
    OPEN_STATES,
    answer,
    close,
    conflict,
    details_of,
    request_hash,
    said,
)
from billing.payments.calls import Answer, Pay, Seen, SeenState, Told, Trust
from billing.payments.crediting import confirm_earlier, pay
from billing.payments.finding import find_payment
from billing.payments.hinting import hinted
from billing.payments.merchants import Account
from billing.payments.models import Payment, PaymentAttempt
from billing.payments.results import Result
from billing.payments.telling_back import gone_back, parts_back
from project.core.actor import Actor


def told(  # noqa: PLR0911 - one line a state
    call: Told, *, merchant: Account, endpoint: str, space: str, at: datetime, actor: Actor
) -> Answer:
    """Act on the provider's word about one payment."""
    seen = call.seen
    payment = _find(seen, merchant=merchant, space=space)
    attempt = attempts.attempt_of(payment, seen) if payment is not None else None
    if payment is not None and attempt is not None and call.version_at is not None:
        if attempt.version_at is not None and call.version_at < attempt.version_at:
            return answer(Result.OK, payment, text="older than what is known")
        attempt.version_at = call.version_at
        # A payment that is credited now writes its attempt once, at the end.
        if seen.state is not SeenState.PAID or payment.state not in OPEN_STATES:
            attempts.keep(attempt)
    if call.trust is Trust.HINT:
        return hinted(
            payment,
            attempt,
            call=call,
            merchant=merchant,
            endpoint=endpoint,
            space=space,
            at=at,
            actor=actor,
        )
    if seen.state in (SeenState.WAITING, SeenState.UNKNOWN):
        return answer(Result.PENDING, payment)
    if seen.state is SeenState.HELD:
        return _held(payment, at=at, actor=actor)
    if seen.state is SeenState.FAILED:
        return _failed(payment, attempt, seen=seen, at=at, actor=actor)
    if seen.state is SeenState.REVERSED:
        return gone_back(payment, seen=seen, merchant=merchant, space=space, at=at, actor=actor)
    return _paid(
        payment,
        attempt,
        call=call,
        merchant=merchant,
        endpoint=endpoint,
        space=space,
        at=at,
        actor=actor,
    )


def _find(seen: Seen, *, merchant: Account, space: str) -> Payment | None:
    found = find_payment(merchant=merchant, space=space, key=seen.key, order=seen.order)
    if found is not None:
        return found
    known = finding.payment_id_of(provider_ref=seen.provider_ref, merchant=merchant)
    return find_payment(merchant=merchant, space=space, reference=str(known)) if known else None


def _held(payment: Payment | None, *, at: datetime, actor: Actor) -> Answer:
    if payment is None:
        return Answer(Result.NOT_FOUND_PAYMENT)
    if payment.state == Payment.State.CREATED:
        payment.state = Payment.State.PENDING
        payment.save(update_fields=["state"])
        events.heard(payment, kind="PENDING", at=at, actor=actor)
    return answer(Result.PENDING, payment)


def _failed(
    payment: Payment | None,
    attempt: PaymentAttempt | None,
    *,
    seen: Seen,
    at: datetime,
    actor: Actor,
) -> Answer:
    """A failed attempt closes the order; money that comes for it later is still taken."""
    if payment is None:
        return Answer(Result.OK)
    if attempt is not None and attempt.state not in attempts.TERMINAL:
        attempt.state, attempt.finished_at = PaymentAttempt.State.FAILED, at
        attempt.error = seen.reason[:300]
        attempts.keep(attempt)
    if payment.state in OPEN_STATES:
        close(payment, state=Payment.State.FAILED, at=at, actor=actor, reason=seen.reason[:300])
    return answer(Result.OK, payment)


def _paid(
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
    seen = call.seen
    amount, key = seen.amount_kopecks, seen.key or seen.provider_ref
    if payment is not None and payment.state not in OPEN_STATES and payment.external_id == key:
        return _paid_again(payment, seen=seen, merchant=merchant, space=space, at=at, actor=actor)
    if amount is None or not key:
        return Answer(Result.BAD_FORMAT)
    if call.trust is Trust.ORDER:
        if payment is None:
            return Answer(Result.NOT_FOUND_PAYMENT)
        is_other = amount != payment.told_kopecks
        if is_other or _is_paid_as_another(payment, key):
            # The digest covers neither amount nor id: it is worth one payment of its order.
            return conflict(payment, at=at, actor=actor, told=said(seen.order, amount))
    if (
        payment is None
        or payment.external_id not in (None, key)
        or _is_closed(payment)
        or _names_another(payment, seen)
    ):
        return _without_order(
            payment, call, key, amount, merchant=merchant, endpoint=endpoint, space=space, at=at,
            actor=actor,
        )  # fmt: skip
    credited = merchant.credited(amount=amount, gross=seen.gross_kopecks, net=seen.net_kopecks)
    payment.external_id, payment.space = key, space
    payment.amount_kopecks, payment.told_kopecks = credited, amount
    payment.gross_kopecks = seen.gross_kopecks if seen.gross_kopecks is not None else amount
    payment.fee_kopecks, payment.paid_at = seen.fee_kopecks, seen.paid_at or at
    payment.request_hash = request_hash(account=payment.account_code, amount_kopecks=amount)
    payment.details = payment.details | details_of(dict(seen.details))
    confirm_earlier(payment, merchant=merchant, at=at, actor=actor, is_told=True)
    if attempt is not None:
        attempt.state, attempt.finished_at = PaymentAttempt.State.SUCCEEDED, at
        attempts.keep(attempt)
    if seen.refunds:
        parts_back(payment, seen=seen, merchant=merchant, space=space, at=at, actor=actor)
    return answer(Result.OK, payment)


def _is_paid_as_another(payment: Payment, key: str) -> bool:
    """Whether the money of the order has come under another id."""
    if payment.external_id not in (None, key):
        return True
    late = finding.paid_late(order=payment) if _is_closed(payment) else None
    return late is not None and late.external_id != key


def _is_closed(payment: Payment) -> bool:
    return payment.state in (Payment.State.FAILED, Payment.State.CANCELLED)


def _names_another(payment: Payment, seen: Seen) -> bool:
    """Whether the payer was led to another account than the order's: a form can be changed."""
    return bool(seen.account and payment.account_code and seen.account != payment.account_code)


def _without_order(
    payment: Payment | None,
    call: Told,
    key: str,
    amount: int,
    *,
    merchant: Account,
    endpoint: str,
    space: str,
    at: datetime,
    actor: Actor,
) -> Answer:
    """Proven money for no open order: to the account that is named, or to nobody's yet."""
    seen = call.seen
    account = seen.account or (payment.account_code if payment is not None else "")
    of_order = {finding.ORDER: payment.order_number} if payment is not None else {}
    credited = pay(
        Pay(
            account=account,
            amount_kopecks=amount,
            key=key,
            paid_at=seen.paid_at,
            gross_kopecks=seen.gross_kopecks,
            net_kopecks=seen.net_kopecks,
            fee_kopecks=seen.fee_kopecks,
            is_taken=True,
            details=details_of(dict(seen.details) | of_order),
        ),
        merchant=merchant,
        endpoint=endpoint,
        space=space,
        at=at,
        actor=actor,
    )
    made = find_payment(merchant=merchant, space=space, key=key)
    if made is not None and made.state == Payment.State.CONFIRMED:
        if payment is not None and _is_closed(payment):
            giving_back.give_back_early_parts(
                made, merchant=merchant, of_order=payment, at=at, actor=actor
            )
        if seen.refunds:
            parts_back(made, seen=seen, merchant=merchant, space=space, at=at, actor=actor)
    return credited


def _paid_again(
    payment: Payment, *, seen: Seen, merchant: Account, space: str, at: datetime, actor: Actor
) -> Answer:
    """A repeat, perhaps with parts that went back meanwhile."""
    if payment.state == Payment.State.REVERSED:
        return answer(Result.DUPLICATE, payment)
    if seen.amount_kopecks is not None and not _is_amount_of(payment, seen):
        return conflict(payment, at=at, actor=actor, told=said("", seen.amount_kopecks))
    if seen.account and payment.account_code and seen.account != payment.account_code:
        return conflict(payment, at=at, actor=actor, told=seen.account)
    if seen.refunds:
        return parts_back(payment, seen=seen, merchant=merchant, space=space, at=at, actor=actor)
    if not payment.holder_id:
        found = payers.find(code=payment.account_code, merchant=merchant)
        return answer(found.result if found.result is not Result.OK else Result.DUPLICATE, payment)
    return answer(Result.DUPLICATE, payment)


def _is_amount_of(payment: Payment, seen: Seen) -> bool:
    """Whether the amount is the one of before, or that less the parts that went back."""
    back = sum(kopecks for _key, kopecks in seen.refunds)
    return any(
        bytes(payment.request_hash)
        == request_hash(account=payment.account_code, amount_kopecks=amount)
        for amount in {seen.amount_kopecks or 0, (seen.amount_kopecks or 0) + back}
    )
