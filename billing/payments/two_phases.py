"""Payments in two phases: announced, then paid or called off. No money moves before the second."""

from datetime import datetime

from billing.payments import giving_back, payers
from billing.payments.answering import OPEN_STATES, answer, close, conflict, request_hash, said
from billing.payments.calls import Answer, Commit, Drop, Pay, Prepare
from billing.payments.crediting import confirm_earlier, insert, limits
from billing.payments.finding import find_payment
from billing.payments.merchants import Account
from billing.payments.models import Payment
from billing.payments.results import Result
from project.core.actor import Actor


def prepare(
    call: Prepare, *, merchant: Account, endpoint: str, space: str, at: datetime, actor: Actor
) -> Answer:
    """Announce a payment: it waits for its Commit, and no money moves."""
    found = payers.find(code=call.account, merchant=merchant)
    refused: Result | None = None if found.result is Result.OK else found.result
    refused = refused or limits(call.amount_kopecks, merchant=merchant)
    payment = None
    if refused is None:
        payment = insert(
            Pay(call.account, call.amount_kopecks, call.key, service=call.service),
            merchant=merchant,
            endpoint=endpoint,
            space=space,
            account_id=found.account_id,
            state=Payment.State.PENDING,
            at=at,
            actor=actor,
        )
    if payment is not None:
        return answer(Result.OK, payment)
    known = find_payment(merchant=merchant, space=space, key=call.key) if call.key else None
    if known is None:
        return Answer(refused or Result.INTERNAL)
    asked = request_hash(account=call.account, amount_kopecks=call.amount_kopecks)
    if bytes(known.request_hash) != asked:
        return conflict(known, at=at, actor=actor, told=said(call.account, call.amount_kopecks))
    return answer(Result.DUPLICATE, known)


def commit(call: Commit, *, merchant: Account, at: datetime, actor: Actor) -> Answer:
    """Credit an announced payment; once."""
    payment = find_payment(merchant=merchant, space="", reference=call.reference)
    if payment is None:
        return Answer(Result.NOT_FOUND_PAYMENT)
    if payment.state in OPEN_STATES and payment.external_id:
        confirm_earlier(payment, merchant=merchant, at=at, actor=actor)
        return answer(Result.OK, payment)
    if payment.state == Payment.State.CONFIRMED:
        return answer(Result.DUPLICATE, payment)
    return answer(Result.NOT_FOUND_PAYMENT, payment)


def drop(call: Drop, *, merchant: Account, at: datetime, actor: Actor) -> Answer:
    """Call an announced payment off. One that is credited is left to `giving_back`."""
    payment = find_payment(merchant=merchant, space="", reference=call.reference)
    if payment is None:
        return Answer(Result.NOT_FOUND_PAYMENT)
    if payment.state in OPEN_STATES:
        close(payment, state=Payment.State.CANCELLED, at=at, actor=actor)
        return answer(Result.OK, payment)
    if payment.state == Payment.State.CANCELLED:
        return answer(Result.DUPLICATE, payment)
    if payment.state == Payment.State.FAILED or not call.reverse_credited:
        return answer(Result.NOT_REVERSIBLE, payment)
    return giving_back.give_back(
        payment, merchant=merchant, told_kopecks=None, key="", reason="", at=at, actor=actor
    )
