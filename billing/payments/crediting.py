"""Crediting: the payment is inserted first, and posted in the same transaction.

The unique key (merchant, space, provider's id) is the lock: of any number of messages about one
payment one inserts, the others wait for its commit, read what it wrote and compare. Nothing here
raises for what a provider may do wrong; it answers.
"""

from datetime import datetime

from django.db import transaction

from billing.calendar import kyiv_date
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.operations import Leg
from billing.payments import events, giving_back, payers
from billing.payments.answering import OPEN_STATES, answer, conflict, request_hash, said
from billing.payments.calls import Answer, Pay
from billing.payments.finding import find_payment
from billing.payments.merchants import SUSPENSE_CODE, Account
from billing.payments.models import Payment
from billing.payments.payers import Found
from billing.payments.results import Result
from billing.subscriptions import hooks
from project.core import prepared
from project.core.actor import Actor

_INSERT = """
INSERT INTO billing_payment
    (account_id, channel, merchant_id, endpoint, space, external_id, request_hash, account_code,
     service_code, amount_kopecks, told_kopecks, gross_kopecks, fee_kopecks, refunded_kopecks,
     told_back_kopecks, state, paid_at, created_at, created_by, comment, details)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 0, 0, %s, %s, %s, %s, '', %s::jsonb)
ON CONFLICT (merchant_id, space, external_id)
    WHERE merchant_id IS NOT NULL AND external_id IS NOT NULL DO NOTHING
RETURNING id
"""

_CONFIRM = """
UPDATE billing_payment
SET state = 'CONFIRMED', journal_id = %s, confirmed_at = %s
WHERE id = %s
"""

# An order of ours that the provider has told of: what it told is written with the journal.
_CONFIRM_TOLD = """
UPDATE billing_payment
SET state = 'CONFIRMED', journal_id = %s, confirmed_at = %s, external_id = %s, space = %s,
    amount_kopecks = %s, told_kopecks = %s, gross_kopecks = %s, fee_kopecks = %s, paid_at = %s,
    request_hash = %s, details = %s::jsonb
WHERE id = %s
"""


def pay(
    call: Pay, *, merchant: Account, endpoint: str, space: str, at: datetime, actor: Actor
) -> Answer:
    """Credit the account, once for the provider's id; or the existing payment, or a refusal."""
    assert transaction.get_connection().in_atomic_block, "insert and credit are one transaction"
    found = payers.find(code=call.account, merchant=merchant)
    refused = _refusal(call, found, merchant=merchant)
    if refused is not None or call.reference or call.order:
        known = find_payment(
            merchant=merchant, space=space, key=call.key, reference=call.reference, order=call.order
        )
        if known is not None:
            return _pay_known(known, call, merchant=merchant, found=found, at=at, actor=actor)
        if refused is not None:
            return Answer(refused)
    account_id = found.account_id if found.result is Result.OK else None
    payment = insert(
        call,
        merchant=merchant,
        endpoint=endpoint,
        space=space,
        account_id=account_id,
        state=Payment.State.CREATED,
        at=at,
        actor=actor,
    )
    if payment is None:
        known = find_payment(merchant=merchant, space=space, key=call.key)
        assert known is not None, "the one that came first has committed"
        return _pay_known(known, call, merchant=merchant, found=found, at=at, actor=actor)
    confirm(payment, merchant=merchant, at=at, actor=actor)
    # The payer's money is here; its provider hears that nobody knows the account.
    return answer(Result.OK if account_id else found.result, payment)


def _refusal(call: Pay, found: Found, *, merchant: Account) -> Result | None:
    """Why this payment is not taken; None when it is (also when it is taken for unknown)."""
    if found.result is Result.TEMPORARY:
        return Result.TEMPORARY
    if found.result is not Result.OK and not (call.is_taken or merchant.keeps_unknown):
        return found.result
    return None if call.is_taken else limits(call.amount_kopecks, merchant=merchant)


def limits(amount_kopecks: int, *, merchant: Account) -> Result | None:
    """Whether the amount is below or above what the merchant account takes."""
    if amount_kopecks < merchant.min_kopecks:
        return Result.AMOUNT_TOO_SMALL
    if amount_kopecks > merchant.max_kopecks:
        return Result.AMOUNT_TOO_LARGE
    return None


def announce(
    call: Pay, *, merchant: Account, endpoint: str, space: str, at: datetime, actor: Actor
) -> Payment | None:
    """Write down a payment that its provider has yet to confirm; None when its id is known."""
    found = payers.find(code=call.account, merchant=merchant)
    payment = insert(
        call,
        merchant=merchant,
        endpoint=endpoint,
        space=space,
        account_id=found.account_id if found.result is Result.OK else None,
        state=Payment.State.PENDING,
        at=at,
        actor=actor,
    )
    if payment is not None:
        events.heard(payment, kind="PENDING", at=at, actor=actor)
    return payment


def insert(
    call: Pay,
    *,
    merchant: Account,
    endpoint: str,
    space: str,
    account_id: int | None,
    state: str,
    at: datetime,
    actor: Actor,
) -> Payment | None:
    """The new payment, or None when its key is there already (or comes to be while we wait)."""
    gross, net = call.gross_kopecks, call.net_kopecks
    payment = Payment(
        account_id=account_id,
        channel=merchant.provider.channel,
        merchant_id=merchant.id,
        endpoint=endpoint,
        space=space,
        external_id=call.key or None,
        request_hash=request_hash(account=call.account, amount_kopecks=call.amount_kopecks),
        account_code=call.account[:64],
        service_code=call.service[:40],
        amount_kopecks=merchant.credited(amount=call.amount_kopecks, gross=gross, net=net),
        told_kopecks=call.amount_kopecks,
        gross_kopecks=gross if gross is not None else call.amount_kopecks,
        fee_kopecks=call.fee_kopecks,
        state=state,
        paid_at=call.paid_at or at,
        created_at=at,
        created_by=actor.label[:150],
        details=dict(call.details),
    )
    rows = prepared.rows(
        _INSERT,
        [
            payment.account_id,
            payment.channel,
            payment.merchant_id,
            payment.endpoint,
            payment.space,
            payment.external_id,
            payment.request_hash,
            payment.account_code,
            payment.service_code,
            payment.amount_kopecks,
            payment.told_kopecks,
            payment.gross_kopecks,
            payment.fee_kopecks,
            payment.state,
            payment.paid_at,
            payment.created_at,
            payment.created_by,
            events.json_text(payment.details),
        ],
    )
    if not rows:
        return None
    payment.id = rows[0][0]
    payment._state.adding = False
    return payment


def confirm(
    payment: Payment, *, merchant: Account, at: datetime, actor: Actor, is_told: bool = False
) -> None:
    """Post the inserted payment: to its account, or to suspense; charge what is due there.

    `is_told`: its id, amount and details were just learned, and are written too.
    """
    assert payment.state in OPEN_STATES, "credited once"
    assert payment.external_id, "the provider has told its id"
    on_date = kyiv_date(at)
    holder = payment.account_id
    if holder is None:
        holder = ledger.ensure_control_account(at=at, code=SUSPENSE_CODE, kind="SUSPENSE")
    payment.journal_id = ledger.post(
        kind="PAYMENT",
        value_date=on_date,
        posted_at=at,
        idempotency_key=f"payment:{payment.id}",
        legs=[
            Leg(holder, payment.amount_kopecks),
            Leg(merchant.clearing_account_id, -payment.amount_kopecks),
        ],
        actor=actor,
        source=f"payment:{payment.channel}"[:60],
        narrative=f"{merchant.provider.title} {payment.external_id}"[:300],
    )
    _write_confirmed(payment, at=at, is_told=is_told)
    payment.state, payment.confirmed_at = Payment.State.CONFIRMED, at
    kind = "CONFIRMED" if payment.account_id else "UNALLOCATED"
    events.heard(payment, kind=kind, at=at, actor=actor)
    if payment.account_id is not None:
        hooks.effects().settle(account_id=payment.account_id, on_date=on_date, at=at, actor=actor)


def confirm_earlier(
    payment: Payment, *, merchant: Account, at: datetime, actor: Actor, is_told: bool = False
) -> None:
    """`confirm` of what was begun before, and what of it went back before we heard that it came.

    Money for a contract that was closed since is taken already: it waits for people, unallocated.
    """
    if payment.account_id is not None:
        holder = ledger_queries.accounts(ids=[payment.account_id]).get(payment.account_id)
        if holder is None or holder.closed_at is not None:
            payment.account_id = None
            payment.save(update_fields=["account"])
    confirm(payment, merchant=merchant, at=at, actor=actor, is_told=is_told)
    giving_back.give_back_early_parts(payment, merchant=merchant, at=at, actor=actor)


def _write_confirmed(payment: Payment, *, at: datetime, is_told: bool) -> None:
    if not is_told:
        prepared.rows(_CONFIRM, [payment.journal_id, at, payment.id])
        return
    told = [
        payment.external_id,
        payment.space,
        payment.amount_kopecks,
        payment.told_kopecks,
        payment.gross_kopecks,
        payment.fee_kopecks,
        payment.paid_at,
        bytes(payment.request_hash),
        events.json_text(payment.details),
    ]
    prepared.rows(_CONFIRM_TOLD, [payment.journal_id, at, *told, payment.id])


def _pay_known(
    known: Payment, call: Pay, *, merchant: Account, found: Found, at: datetime, actor: Actor
) -> Answer:
    """A payment id (or an order, or a reference) that we know: a repeat, or something else?"""
    is_same_key = known.external_id == call.key
    asked = request_hash(account=call.account, amount_kopecks=call.amount_kopecks)
    if known.external_id is not None and not is_same_key:
        return _pay_again(known, call, merchant=merchant, found=found, at=at, actor=actor)
    if bytes(known.request_hash) != asked:
        return conflict(known, at=at, actor=actor, told=said(call.account, call.amount_kopecks))
    if known.state in OPEN_STATES:
        known.external_id = call.key
        gross, net = call.gross_kopecks, call.net_kopecks
        known.amount_kopecks = merchant.credited(amount=call.amount_kopecks, gross=gross, net=net)
        known.gross_kopecks = gross if gross is not None else call.amount_kopecks
        known.fee_kopecks = call.fee_kopecks
        known.paid_at = call.paid_at or known.paid_at
        known.details = known.details | dict(call.details)
        confirm_earlier(known, merchant=merchant, at=at, actor=actor, is_told=True)
        return answer(Result.OK, known)
    if known.state == Payment.State.CONFIRMED:
        # Money that nobody could place: the provider is told again what it was told at first.
        return answer(Result.DUPLICATE if known.holder_id else found.result, known)
    return answer(Result.CONFLICT, known, text="Payment was cancelled")


def _pay_again(
    known: Payment, call: Pay, *, merchant: Account, found: Found, at: datetime, actor: Actor
) -> Answer:
    """The order or the reference was paid under another id: it is money of its own, once more."""
    plain = Pay(
        account=call.account,
        amount_kopecks=call.amount_kopecks,
        key=call.key,
        paid_at=call.paid_at,
        gross_kopecks=call.gross_kopecks,
        net_kopecks=call.net_kopecks,
        fee_kopecks=call.fee_kopecks,
        service=call.service,
        is_taken=call.is_taken,
        details=call.details,
    )
    return pay(
        plain,
        merchant=merchant,
        endpoint=known.endpoint,
        space=known.space,
        at=at,
        actor=actor,
    )
