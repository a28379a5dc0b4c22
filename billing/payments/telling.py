"""What a provider tells of an order of ours: callbacks, webhooks, answers to our questions.

A word is worth as much as its `Trust`. Nothing is credited on a HINT: the attempt is marked to be
asked about, and the answer comes back here as PROOF.
"""

from datetime import datetime

from django.db.models import Q

from billing.payments import events, finding, giving_back, payers
from billing.payments.calls import Answer, Pay, Seen, SeenState, Told, Trust
from billing.payments.crediting import (
    OPEN_STATES,
    announce,
    answer,
    close,
    confirm_earlier,
    conflict,
    details_of,
    pay,
    request_hash,
    said,
)
from billing.payments.finding import find_payment
from billing.payments.merchants import Account
from billing.payments.models import Payment, PaymentAttempt, Refund
from billing.payments.results import Result
from project.core import outbox, prepared
from project.core.actor import Actor

ASK = "payment.ask"
ASKED = (Refund.State.SENT, Refund.State.UNKNOWN)
TERMINAL = (PaymentAttempt.State.SUCCEEDED, PaymentAttempt.State.FAILED)

_KEEP = """
UPDATE billing_payment_attempt
SET state = %s, version_at = %s, finished_at = %s, error = %s
WHERE id = %s
"""


def told(  # noqa: PLR0911 - one line a state
    call: Told, *, merchant: Account, endpoint: str, space: str, at: datetime, actor: Actor
) -> Answer:
    """Act on the provider's word about one payment."""
    seen = call.seen
    payment = _find(seen, merchant=merchant, space=space)
    attempt = _attempt_of(payment, seen) if payment is not None else None
    if payment is not None and attempt is not None and call.version_at is not None:
        if attempt.version_at is not None and call.version_at < attempt.version_at:
            return answer(Result.OK, payment, text="older than what is known")
        attempt.version_at = call.version_at
        # A payment that is credited now writes its attempt once, at the end.
        if seen.state is not SeenState.PAID or payment.state not in OPEN_STATES:
            _keep(attempt)
    if call.trust is Trust.HINT:
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
        return _to_be_asked(payment, attempt, client=call.client, at=at)
    if seen.state in (SeenState.WAITING, SeenState.UNKNOWN):
        return answer(Result.PENDING, payment)
    if seen.state is SeenState.HELD:
        return _held(payment, at=at, actor=actor)
    if seen.state is SeenState.FAILED:
        return _failed(payment, attempt, seen=seen, at=at, actor=actor)
    if seen.state is SeenState.REVERSED:
        _name_unpaid(payment, seen=seen, space=space)
        return _gone_back(payment, seen=seen, merchant=merchant, at=at, actor=actor)
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


def _attempt_of(payment: Payment, seen: Seen) -> PaymentAttempt | None:
    attempts = finding.attempts_of(payment_id=payment.id)
    for attempt in attempts:
        if seen.provider_ref and attempt.provider_ref == seen.provider_ref:
            return attempt
    return attempts[0] if attempts else None


def _keep(attempt: PaymentAttempt) -> None:
    prepared.rows(
        _KEEP,
        [attempt.state, attempt.version_at, attempt.finished_at, attempt.error, attempt.id],
    )


def _to_be_asked(
    payment: Payment | None, attempt: PaymentAttempt | None, *, client: str, at: datetime
) -> Answer:
    if payment is None or attempt is None:
        return Answer(Result.NOT_FOUND_PAYMENT)
    if payment.state in OPEN_STATES or payment.state == Payment.State.CONFIRMED:
        if attempt.state not in TERMINAL:
            attempt.state = PaymentAttempt.State.UNKNOWN
            _keep(attempt)
        outbox.emit(topic=ASK, payload={"attempt": attempt.id, "client": client}, at=at)
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
        return known, _attempt_of(known, seen) if known is not None else None
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
    known = (payment.amount_kopecks, payment.gross_kopecks)
    is_account = not seen.account or seen.account == payment.account_code
    return not is_account or (seen.amount_kopecks not in known and seen.gross_kopecks not in known)


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
    if attempt is not None and attempt.state not in TERMINAL:
        attempt.state, attempt.finished_at = PaymentAttempt.State.FAILED, at
        attempt.error = seen.reason[:300]
        _keep(attempt)
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
        return _paid_again(payment, seen=seen, merchant=merchant, at=at, actor=actor)
    if amount is None or not key:
        return Answer(Result.BAD_FORMAT)
    if call.trust is Trust.ORDER:
        if payment is None:
            return Answer(Result.NOT_FOUND_PAYMENT)
        is_other = amount != (payment.gross_kopecks or payment.amount_kopecks)
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
    payment.amount_kopecks = credited
    payment.gross_kopecks = seen.gross_kopecks if seen.gross_kopecks is not None else amount
    payment.fee_kopecks, payment.paid_at = seen.fee_kopecks, seen.paid_at or at
    payment.request_hash = request_hash(account=payment.account_code, amount_kopecks=amount)
    payment.details = payment.details | details_of(dict(seen.details))
    confirm_earlier(payment, merchant=merchant, at=at, actor=actor, is_told=True)
    if attempt is not None:
        attempt.state, attempt.finished_at = PaymentAttempt.State.SUCCEEDED, at
        _keep(attempt)
    if seen.refunds:
        _parts_back(payment, seen=seen, merchant=merchant, at=at, actor=actor)
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
    return pay(
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


def _paid_again(
    payment: Payment, *, seen: Seen, merchant: Account, at: datetime, actor: Actor
) -> Answer:
    """A repeat, perhaps with parts that went back meanwhile."""
    if payment.state == Payment.State.REVERSED:
        return answer(Result.DUPLICATE, payment)
    if seen.amount_kopecks is not None and not _is_amount_of(payment, seen):
        return conflict(payment, at=at, actor=actor, told=said("", seen.amount_kopecks))
    if seen.account and payment.account_code and seen.account != payment.account_code:
        return conflict(payment, at=at, actor=actor, told=seen.account)
    if seen.refunds:
        return _parts_back(payment, seen=seen, merchant=merchant, at=at, actor=actor)
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


def _name_unpaid(payment: Payment | None, *, seen: Seen, space: str) -> None:
    """All of it went back before we heard that it was paid: a late word of that, by the same id,
    is then a repeat.
    """
    back = sum(kopecks for _key, kopecks in seen.refunds)
    if payment is None or payment.state not in OPEN_STATES or not seen.key:
        return
    if payment.external_id is None and (not seen.refunds or back >= payment.amount_kopecks):
        payment.external_id, payment.space = seen.key, space
        payment.save(update_fields=["external_id", "space"])


def _gone_back(
    payment: Payment | None, *, seen: Seen, merchant: Account, at: datetime, actor: Actor
) -> Answer:
    """All of it went back, or the parts that are named."""
    if payment is None:
        return Answer(Result.NOT_FOUND_PAYMENT)
    if seen.refunds:
        done = _parts_back(payment, seen=seen, merchant=merchant, at=at, actor=actor)
        if seen.amount_kopecks is not None or not done.result.is_done:
            return done
    if payment.state == Payment.State.REVERSED:
        return answer(Result.DUPLICATE, payment)
    left = payment.amount_kopecks - payment.refunded_kopecks
    ours = payment.refunds.filter(kind=Refund.Kind.OURS)
    parts = Q(state=Refund.State.SUCCEEDED) | Q(state__in=ASKED, amount_kopecks__lt=left)
    if ours.filter(parts).exists():
        # Is it the echo of the part that we gave back, or the rest too? People find out.
        conflict(payment, at=at, actor=actor, told="reversed, after a part was given back")
        return answer(Result.OK, payment)
    return giving_back.give_back(
        payment, merchant=merchant, amount_kopecks=None, key="", reason=seen.reason, at=at,
        actor=actor, refund=_wished(payment, kopecks=left),
    )  # fmt: skip


def _parts_back(
    payment: Payment, *, seen: Seen, merchant: Account, at: datetime, actor: Actor
) -> Answer:
    """Each part once, by the provider's key of it. Our own refunds are found by theirs; a provider
    that names them by no key of ours is understood to tell of the one of that amount.
    """
    result = answer(Result.DUPLICATE, payment)
    for key, kopecks in seen.refunds:
        known = payment.refunds.filter(Q(key=key) | Q(external_id=key))
        if known.filter(state=Refund.State.SUCCEEDED).exists():
            continue
        ours = known.first() or _wished(payment, kopecks=kopecks)
        if ours is not None and ours.key != key:
            ours.external_id = key[:100]
        result = giving_back.give_back(
            payment,
            merchant=merchant,
            amount_kopecks=kopecks,
            key=key,
            reason=seen.reason,
            at=at,
            actor=actor,
            refund=ours,
        )
        if not result.result.is_done:
            return result
    return result


def _wished(payment: Payment, *, kopecks: int) -> Refund | None:
    """A refund of ours of that amount that is asked for and not heard of yet."""
    return payment.refunds.filter(
        kind=Refund.Kind.OURS,
        state__in=ASKED,
        amount_kopecks=kopecks,
    ).first()
