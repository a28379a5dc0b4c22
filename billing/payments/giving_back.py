"""Money that goes back: reversals that a provider tells of, and our refunds when they are done.

Always a new journal in the open month, whatever month the payment is of: a whole payment that was
never touched is taken back by the reversal of its journal, a part by a journal of its own.
"""

from datetime import datetime

from billing import money
from billing.calendar import kyiv_date
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.operations import Leg
from billing.payments import events
from billing.payments.calls import Answer, Reverse
from billing.payments.crediting import OPEN_STATES, answer, close
from billing.payments.finding import find_payment
from billing.payments.merchants import SUSPENSE_CODE, Account
from billing.payments.models import Payment, Refund
from billing.payments.results import Result
from project.core.actor import Actor


def reverse(call: Reverse, *, merchant: Account, space: str, at: datetime, actor: Actor) -> Answer:
    """Take a payment back because its provider says so; once for the reversal's key."""
    payment = find_payment(merchant=merchant, space=space, key=call.key, reference=call.reference)
    if payment is None or (call.account and call.account != payment.account_code):
        return Answer(Result.NOT_FOUND_PAYMENT)
    if call.expect_kopecks is not None and call.expect_kopecks not in (
        payment.gross_kopecks,
        payment.amount_kopecks,
    ):
        events.heard(
            payment,
            kind="CONFLICT",
            at=at,
            actor=actor,
            reason=money.format_uah(-call.expect_kopecks),
        )
        return answer(Result.CONFLICT, payment)
    return give_back(
        payment,
        merchant=merchant,
        amount_kopecks=call.amount_kopecks,
        key=call.reversal_key,
        reason=call.reason,
        at=at,
        actor=actor,
    )


def give_back(
    payment: Payment,
    *,
    merchant: Account,
    amount_kopecks: int | None,
    key: str,
    reason: str,
    at: datetime,
    actor: Actor,
    refund: Refund | None = None,
) -> Answer:
    """Post that so much (None: all that is left) of the locked payment has gone back.

    The same key again changes nothing. `refund`: our own wish, that is now fulfilled.
    """
    key = key or f"{payment.external_id or payment.id}:reversed"
    if refund is None:
        known = Refund.objects.filter(merchant_id=merchant.id, space=payment.space, key=key).first()
        if known is not None and known.state == Refund.State.SUCCEEDED:
            return answer(Result.DUPLICATE, payment)
        refund = known
    if payment.state in OPEN_STATES:
        close(payment, state=Payment.State.CANCELLED, at=at, actor=actor, reason=reason)
        return answer(Result.OK, payment)
    if payment.state == Payment.State.REVERSED:
        return answer(Result.DUPLICATE, payment)
    if payment.state != Payment.State.CONFIRMED:
        return answer(Result.NOT_REVERSIBLE, payment)
    left = payment.amount_kopecks - payment.refunded_kopecks
    amount = left if amount_kopecks is None else amount_kopecks
    if amount == payment.gross_kopecks and not payment.refunded_kopecks:
        # The provider counts what the payer paid; that was credited less the commission.
        amount = left
    if not 0 < amount <= left:
        events.heard(
            payment,
            kind="CONFLICT",
            at=at,
            actor=actor,
            reason=f"{money.format_uah(-amount)} / {money.format_uah(left)}",
        )
        return answer(Result.NOT_REVERSIBLE, payment)
    journal_id = _post(payment, merchant=merchant, amount=amount, key=key, at=at, actor=actor)
    _finish(
        payment,
        refund=refund,
        amount=amount,
        key=key,
        reason=reason,
        journal_id=journal_id,
        at=at,
        actor=actor,
    )
    kind = "REVERSED" if payment.state == Payment.State.REVERSED else "REFUNDED"
    events.heard(payment, kind=kind, at=at, actor=actor, reason=reason, kopecks=amount)
    return answer(Result.OK, payment)


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
        events.heard(
            payment,
            kind="CONFLICT",
            at=at,
            actor=actor,
            reason=f"{payment.account_code} {money.format_uah(-amount)}",
        )
    if holder is None or is_stopped:
        holder = ledger.ensure_control_account(at=at, code=SUSPENSE_CODE, kind="SUSPENSE")
    return ledger.post(
        kind="REFUND",
        value_date=kyiv_date(at),
        posted_at=at,
        idempotency_key=f"giveback:{payment.id}:{key}"[:120],
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


def _finish(
    payment: Payment,
    *,
    refund: Refund | None,
    amount: int,
    key: str,
    reason: str,
    journal_id: int,
    at: datetime,
    actor: Actor,
) -> None:
    if refund is None:
        refund = Refund(
            payment=payment,
            merchant_id=payment.merchant_id,
            space=payment.space,
            key=key[:140],
            kind=Refund.Kind.PROVIDER,
            created_at=at,
            created_by=actor.label[:150],
        )
    refund.amount_kopecks, refund.journal_id = amount, journal_id
    refund.state, refund.finished_at = Refund.State.SUCCEEDED, at
    refund.reason = refund.reason or reason[:300]
    refund.save()
    payment.refunded_kopecks += amount
    if payment.refunded_kopecks == payment.amount_kopecks:
        payment.state = Payment.State.REVERSED
    payment.save(update_fields=["refunded_kopecks", "state", "reversal_journal_id"])
