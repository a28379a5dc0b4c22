"""Money that goes back: reversals that a provider tells of, and our refunds when they are done.

Always a new journal in the open month, whatever month the payment is of: a whole payment that was
never touched is taken back by the reversal of its journal, a part by a journal of its own.

A provider counts what goes back in its own kopecks; what that takes from the credited money is in
proportion (`Payment.taken_by`). A part that is told before its payment is kept and goes back when
the payment comes.
"""

from datetime import datetime

from django.db.models import Q

from billing import money
from billing.calendar import kyiv_date
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.operations import Leg
from billing.payments import events
from billing.payments.answering import OPEN_STATES, answer, close
from billing.payments.calls import Answer, Reverse
from billing.payments.finding import find_payment
from billing.payments.merchants import SUSPENSE_CODE, Account
from billing.payments.models import Payment, Refund
from billing.payments.results import Result
from project.core import prepared
from project.core.actor import Actor

_EARLY = "SELECT id FROM billing_payment_refund WHERE payment_id = %s AND state = 'HEARD'"


def reverse(call: Reverse, *, merchant: Account, space: str, at: datetime, actor: Actor) -> Answer:
    """Take a payment back because its provider says so; once for the reversal's key."""
    payment = find_payment(merchant=merchant, space=space, key=call.key, reference=call.reference)
    if payment is None or (call.account and call.account != payment.account_code):
        return Answer(Result.NOT_FOUND_PAYMENT)
    if call.expect_kopecks is not None and call.expect_kopecks not in (
        payment.told_kopecks,
        payment.gross_kopecks,
        payment.amount_kopecks,
    ):
        _contradict(payment, money.format_uah(-call.expect_kopecks), at=at, actor=actor)
        return answer(Result.CONFLICT, payment)
    return give_back(
        payment,
        merchant=merchant,
        told_kopecks=call.amount_kopecks,
        key=call.reversal_key,
        reason=call.reason,
        space=space,
        at=at,
        actor=actor,
    )


def give_back(
    payment: Payment,
    *,
    merchant: Account,
    told_kopecks: int | None,
    key: str,
    reason: str,
    at: datetime,
    actor: Actor,
    space: str = "",
    refund: Refund | None = None,
) -> Answer:
    """Post that so much (None: all that is left), as the provider counts, of the locked payment
    has gone back. The same key again changes nothing.

    `refund`: the row of it that is there already: our own wish that is now fulfilled, or a part
    that was told too early. `space`: whose keys these are, while the payment has none.
    """
    key = key or f"{payment.external_id or payment.id}:reversed"
    space = payment.space or space
    refund = refund or known_refund(payment, key=key, space=space)
    if refund is not None and refund.state == Refund.State.SUCCEEDED:
        return answer(Result.DUPLICATE, payment)
    if refund is not None and refund.payment_id != payment.id:
        _contradict(payment, f"{key}: № {refund.payment_id}", at=at, actor=actor)
        return answer(Result.CONFLICT, payment)
    if payment.state == Payment.State.REVERSED:
        return answer(Result.DUPLICATE, payment)
    if payment.state != Payment.State.CONFIRMED:
        return _before_payment(
            payment, refund, told=told_kopecks, key=key, reason=reason, space=space, at=at,
            actor=actor,
        )  # fmt: skip
    left = payment.told_left_kopecks
    told = left if told_kopecks is None else told_kopecks
    if told == payment.gross_kopecks and not payment.told_back_kopecks:
        # What the payer paid is all of it, whatever of it the provider counts.
        told = left
    if not 0 < told <= left:
        wrong = f"{money.format_uah(-told)} / {money.format_uah(left)}"
        _contradict(payment, wrong, at=at, actor=actor)
        return answer(Result.NOT_REVERSIBLE, payment)
    amount = payment.taken_by(told)
    journal_id = None
    if amount:
        journal_id = _post(payment, merchant=merchant, amount=amount, key=key, at=at, actor=actor)
    if refund is not None and refund.state == Refund.State.FAILED:
        # People may have acted on its failure: they are told.
        _contradict(payment, f"{money.format_uah(-told)}: {refund.error}", at=at, actor=actor)
    refund = refund or _new(payment, key=key, space=space, at=at, actor=actor)
    _finish(payment, refund, told=told, amount=amount, reason=reason, journal_id=journal_id, at=at)
    kind = "REVERSED" if payment.state == Payment.State.REVERSED else "REFUNDED"
    events.heard(payment, kind=kind, at=at, actor=actor, reason=reason, kopecks=amount)
    return answer(Result.OK, payment)


def known_refund(payment: Payment, *, key: str, space: str = "") -> Refund | None:
    """The row of what goes back under that key, in whatever state, or None."""
    same = Q(payment=payment) | Q(space=payment.space or space)
    return Refund.objects.filter(same, merchant_id=payment.merchant_id, key=key[:140]).first()


def _before_payment(
    payment: Payment,
    refund: Refund | None,
    *,
    told: int | None,
    key: str,
    reason: str,
    space: str,
    at: datetime,
    actor: Actor,
) -> Answer:
    """It goes back before we have heard that it came, or of an order that is closed by now.

    All of it: nothing is to be credited, and an open order is closed. A part is kept until the
    payment comes, which is credited whole then.
    """
    if told is None or told in (payment.told_kopecks, payment.gross_kopecks):
        payment.refunds.filter(state=Refund.State.HEARD).update(
            state=Refund.State.FAILED, error="all of it went back", finished_at=at
        )
        if payment.state in OPEN_STATES:
            close(payment, state=Payment.State.CANCELLED, at=at, actor=actor, reason=reason)
            return answer(Result.OK, payment)
        return answer(Result.DUPLICATE, payment)
    if refund is not None:
        return answer(Result.DUPLICATE, payment)
    if not 0 < told < payment.told_kopecks:
        wrong = f"{money.format_uah(-told)} / {money.format_uah(payment.told_kopecks)}"
        _contradict(payment, wrong, at=at, actor=actor)
        return answer(Result.NOT_REVERSIBLE, payment)
    early = _new(payment, key=key, space=space, at=at, actor=actor)
    early.state, early.reason = Refund.State.HEARD, reason[:300]
    early.told_kopecks, early.amount_kopecks = told, payment.taken_by(told)
    early.save()
    events.heard(payment, kind="REFUND_HEARD", at=at, actor=actor, reason=reason, kopecks=told)
    return answer(Result.OK, payment)


def give_back_early_parts(
    payment: Payment,
    *,
    merchant: Account,
    at: datetime,
    actor: Actor,
    of_order: Payment | None = None,
) -> None:
    """Give back of a payment that has just been credited what was told of before it came.

    `of_order`: the closed order of ours for which the money came as a payment of its own.
    """
    ids = [row[0] for row in prepared.rows(_EARLY, [(of_order or payment).id])]
    for early in Refund.objects.filter(id__in=ids).order_by("id") if ids else ():
        if of_order is not None:
            early.payment = payment
            early.save(update_fields=["payment"])
        give_back(
            payment,
            merchant=merchant,
            told_kopecks=early.told_kopecks,
            key=early.key,
            reason=early.reason,
            at=at,
            actor=actor,
            refund=early,
        )


def _contradict(payment: Payment, reason: str, *, at: datetime, actor: Actor) -> None:
    events.heard(payment, kind="CONFLICT", at=at, actor=actor, reason=reason[:300])


def _post(
    payment: Payment, *, merchant: Account, amount: int, key: str, at: datetime, actor: Actor
) -> int:
    """The journal of what goes back; of a whole untouched payment the reversal of its own.

    Of a contract that is closed or parked by now it is taken from the money without an owner.
    """
    narrative = f"{merchant.provider.title} {payment.external_id}"[:300]
    is_whole = amount == payment.amount_kopecks and payment.transfer_journal_id is None
    is_stopped = _holder_is_stopped(payment)
    if is_whole and not is_stopped:
        assert payment.journal_id is not None
        payment.reversal_journal_id = ledger.reverse(
            journal_id=payment.journal_id,
            value_date=kyiv_date(at),
            posted_at=at,
            actor=actor,
            narrative=narrative,
        )
        return payment.reversal_journal_id
    holder = payment.holder_id
    if is_stopped:
        # The provider has the money back whatever we say: people decide who owes it now.
        wrong = f"{payment.account_code} {money.format_uah(-amount)}"
        _contradict(payment, wrong, at=at, actor=actor)
    if holder is None or is_stopped:
        holder = ledger.ensure_control_account(at=at, code=SUSPENSE_CODE, kind="SUSPENSE")
    return ledger.post(
        kind="REFUND",
        value_date=kyiv_date(at),
        posted_at=at,
        idempotency_key=f"giveback:{payment.id}:{payment.told_back_kopecks}:{key}"[:120],
        legs=[Leg(holder, -amount), Leg(merchant.clearing_account_id, amount)],
        actor=actor,
        source=f"payment:{payment.channel}"[:60],
        narrative=narrative,
    )


def _holder_is_stopped(payment: Payment) -> bool:
    """Whether the contract that the money went to takes no postings: closed since, or parked."""
    if payment.holder_id is None:
        return False
    holder = ledger_queries.accounts(ids=[payment.holder_id]).get(payment.holder_id)
    return holder is None or holder.closed_at is not None or holder.parked_at is not None


def _new(payment: Payment, *, key: str, space: str, at: datetime, actor: Actor) -> Refund:
    return Refund(
        payment=payment,
        merchant_id=payment.merchant_id,
        space=space,
        key=key[:140],
        kind=Refund.Kind.PROVIDER,
        created_at=at,
        created_by=actor.label[:150],
    )


def _finish(
    payment: Payment,
    refund: Refund,
    *,
    told: int,
    amount: int,
    reason: str,
    journal_id: int | None,
    at: datetime,
) -> None:
    refund.told_kopecks, refund.amount_kopecks = told, amount
    refund.state, refund.finished_at = Refund.State.SUCCEEDED, at
    refund.journal_id = journal_id
    refund.reason = refund.reason or reason[:300]
    refund.save()
    payment.refunded_kopecks += amount
    payment.told_back_kopecks += told
    if payment.told_back_kopecks == payment.told_kopecks:
        payment.state = Payment.State.REVERSED
    payment.save(
        update_fields=["refunded_kopecks", "told_back_kopecks", "state", "reversal_journal_id"]
    )
