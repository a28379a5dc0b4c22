"""One call of a provider to the operation that does it."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from billing.payments import (
    answering,
    conflicts,
    crediting,
    finding,
    giving_back,
    payers,
    registers,
    telling,
    two_phases,
)
from billing.payments.calls import (
    Answer,
    Call,
    Commit,
    Doubt,
    Drop,
    Lookup,
    Pay,
    Prepare,
    RegistryIn,
    RegistryOut,
    Reverse,
    Search,
    Status,
    Told,
)
from billing.payments.gateway import Endpoint, Message, Refusal
from billing.payments.merchants import Account
from billing.payments.models import Payment, UsedNonce
from billing.payments.results import Result
from project.core.actor import Actor


def perform(
    message: Message, *, merchant: Account, endpoint: Endpoint, at: datetime, actor: Actor
) -> Sequence[Answer]:
    """Do all that a message asks, in one transaction. Raises Refusal for a salt used otherwise,
    and what the ledger raises: then nothing of the message is done.
    """
    assert transaction.get_connection().in_atomic_block, "a message is one transaction"
    if message.nonce is not None:
        _use_nonce(message, merchant=merchant, at=at)
    answers = [
        _perform(call, merchant=merchant, endpoint=endpoint, at=at, actor=actor)
        for call in message.calls
    ]
    wrong = next((one for one in answers if not one.result.is_done), None)
    if message.is_whole and wrong is not None:
        raise Refusal(
            wrong.result,
            wrong.text or "one of several was refused",
            message=message,
            conflicts_with=wrong.payment_id if wrong.result is Result.CONFLICT else None,
        )
    return answers


def _use_nonce(message: Message, *, merchant: Account, at: datetime) -> None:
    nonce = message.nonce
    assert nonce is not None
    row, _is_new = UsedNonce.objects.get_or_create(
        merchant_id=merchant.id,
        value=nonce.value[:128],
        defaults={"says": nonce.says[:64], "at": at},
    )
    if row.says != nonce.says[:64]:
        raise Refusal(Result.BAD_SIGNATURE, "the salt was used by another message", message=message)


def _perform(  # noqa: PLR0911 - one line an operation
    call: Call, *, merchant: Account, endpoint: Endpoint, at: datetime, actor: Actor
) -> Answer:
    space, code = endpoint.space, endpoint.code
    match call:
        case Lookup():
            return lookup(call, merchant=merchant)
        case Search():
            return search(call, merchant=merchant)
        case Pay():
            return crediting.pay(
                call, merchant=merchant, endpoint=code, space=space, at=at, actor=actor
            )
        case Prepare():
            return two_phases.prepare(
                call, merchant=merchant, endpoint=code, space=space, at=at, actor=actor
            )
        case Commit():
            return two_phases.commit(call, merchant=merchant, at=at, actor=actor)
        case Drop():
            return two_phases.drop(call, merchant=merchant, at=at, actor=actor)
        case Reverse():
            return giving_back.reverse(call, merchant=merchant, space=space, at=at, actor=actor)
        case Doubt():
            return doubt(call, merchant=merchant, space=space, at=at, actor=actor)
        case Status():
            return status(call, merchant=merchant, space=space)
        case Told():
            return telling.told(
                call, merchant=merchant, endpoint=code, space=space, at=at, actor=actor
            )
        case RegistryIn():
            return registers.take_in(call, merchant=merchant, space=space, at=at)
        case RegistryOut():
            return registers.give_out(call, merchant=merchant, space=space)
    raise AssertionError(f"nobody does {type(call).__name__}")


def lookup(call: Lookup, *, merchant: Account) -> Answer:
    """May the account be paid, and what is shown to the payer?"""
    found = payers.find(code=call.account, merchant=merchant)
    if found.result is not Result.OK:
        return Answer(found.result)
    if call.amount_kopecks is not None and call.amount_kopecks > merchant.max_kopecks:
        return Answer(Result.AMOUNT_TOO_LARGE)
    return Answer(Result.OK, payer=payers.card(found))


def search(call: Search, *, merchant: Account) -> Answer:
    """Everybody who it could be."""
    found = payers.search(by=call.by, merchant=merchant)
    return Answer(Result.OK if found else Result.NOT_FOUND, payers=tuple(found))


def doubt(call: Doubt, *, merchant: Account, space: str, at: datetime, actor: Actor) -> Answer:
    """Show people a word that nobody is sure of, once however often it is repeated."""
    payment = finding.find_payment(merchant=merchant, space=space, key=call.key)
    if payment is None:
        return Answer(Result.NOT_FOUND_PAYMENT)
    said = answering.said(call.says, call.expect_kopecks)
    if not payment.events.filter(kind=conflicts.CONFLICT, details__reason=said).exists():
        answering.conflict(payment, at=at, actor=actor, told=said)
    return answering.answer(Result.OK, payment)


def status(call: Status, *, merchant: Account, space: str) -> Answer:
    """What became of a payment."""
    if call.keys:
        rows = Payment.objects.filter(
            merchant_id=merchant.id, space=space, external_id__in=call.keys
        ).order_by("id")
        found = tuple(answering.row_of(payment) for payment in rows)
        return Answer(Result.OK if found else Result.NOT_FOUND_PAYMENT, payments=found)
    payment = finding.find_payment(
        merchant=merchant, space=space, key=call.key, reference=call.reference
    )
    if payment is None:
        return Answer(Result.NOT_FOUND_PAYMENT)
    if call.key and call.reference and payment.external_id != call.key:
        return Answer(Result.NOT_FOUND_PAYMENT)
    return answering.answer(Result.OK, payment)
