"""Asking for an operation with a client's money, and deciding what was asked.

A small one is posted in the transaction in which it is asked for. A large one waits for a second
person. Locks: the operation's row, then the payment's, then balances in order of account.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from billing import money
from billing.bookkeeping import posting
from billing.bookkeeping.errors import (
    AlreadyDecidedError,
    AlreadyWaitsError,
    NotAPersonError,
    NotYoursError,
    OperationKeyUsedError,
    ReasonNeededError,
    SamePersonError,
)
from billing.bookkeeping.limits import needs_second_person
from billing.bookkeeping.models import MoneyOperation
from billing.bookkeeping.posting import When
from billing.bookkeeping.wishes import Wish, draft_of
from billing.ledger import queries as ledger_queries
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import NotFoundError

State = MoneyOperation.State
REASON_LENGTH = 300
ASKED = (
    "kind",
    "account_id",
    "amount_kopecks",
    "reason",
    "method",
    "to_account_id",
    "payment_id",
    "reverses_id",
    "subscription_id",
    "month",
    "facts",
)


@transaction.atomic
def ask(
    *, at: datetime, on_date: date, actor: Actor, wish: Wish, idempotency_key: str
) -> MoneyOperation:
    """Ask for an operation: POSTED at once, or PENDING when it needs a second person.

    The same key with the same wish by the same person returns the first operation and does nothing;
    with another OperationKeyUsedError. Raises the errors of `errors.py` and of the ledger.
    """
    user_id = _person(actor)
    known = _known(idempotency_key, wish, user_id=user_id)
    if known is not None:
        return known
    operation = draft_of(wish)
    operation.idempotency_key = idempotency_key
    posting.lock(operation)
    # The same form may have been sent twice at once: the second one waited for the lock.
    known = _known(idempotency_key, wish, user_id=user_id)
    if known is not None:
        return known
    operation.needs_second_person = needs_second_person(
        account_id=operation.account_id,
        amount_kopecks=operation.amount_kopecks,
        user_id=user_id,
        at=at,
    )
    operation.asked_at, operation.asked_by_id = at, user_id
    operation.asked_by_label = actor.label[:150]
    operation.state = State.PENDING
    if not operation.needs_second_person:
        operation.journal_id = posting.post(operation, When(at, on_date, actor))
        operation.state, operation.posted_at = State.POSTED, at
    try:
        with transaction.atomic():
            operation.save(force_insert=True)
    except IntegrityError as error:
        raise _of_integrity(error) from error
    _told(operation, verb="asked" if operation.needs_second_person else "posted", at=at, by=actor)
    return operation


def _known(key: str, wish: Wish, *, user_id: int) -> MoneyOperation | None:
    known = MoneyOperation.objects.filter(idempotency_key=key).first()
    if known is None:
        return None
    if known.asked_by_id != user_id or known.facts.get("wish") != wish.fingerprint():
        raise OperationKeyUsedError(operation_id=known.id)
    return known


def _of_integrity(error: IntegrityError) -> Exception:
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if constraint in {
        "billing_money_operation_reversed_once",
        "billing_money_operation_payment_waits",
        "billing_money_operation_month_waits",
    }:
        return AlreadyWaitsError()
    if "idempotency_key" in constraint:
        return OperationKeyUsedError()
    return error


@dataclass(frozen=True, slots=True)
class Effect:
    """What an operation would do: the operation itself, and balances in kopecks by account."""

    operation: MoneyOperation
    needs_second_person: bool
    before: dict[int, int]
    after: dict[int, int]


def try_out(*, at: datetime, on_date: date, actor: Actor, wish: Wish) -> Effect:
    """Do it, look, and take everything back: what is shown is what would happen now.

    Raises what `ask` would raise.
    """
    user_id = _person(actor)
    with transaction.atomic():
        operation = draft_of(wish)
        operation.idempotency_key = f"try:{wish.fingerprint()}"[:64]
        return _tried(operation, When(at, on_date, actor), user_id=user_id)


def try_approval(*, at: datetime, on_date: date, actor: Actor, operation_id: int) -> Effect:
    """What approving a waiting operation would do now; nothing stays. Raises as `approve` does."""
    user_id = _person(actor)
    with transaction.atomic():
        operation = _to_decide(operation_id, user_id=user_id)
        return _tried(operation, When(at, on_date, actor), user_id=user_id)


def _tried(operation: MoneyOperation, when: When, *, user_id: int) -> Effect:
    before = posting.lock(operation)
    needed = needs_second_person(
        account_id=operation.account_id,
        amount_kopecks=operation.amount_kopecks,
        user_id=user_id,
        at=when.at,
    )
    posting.post(operation, when)
    after = ledger_queries.balances(account_ids=before)
    transaction.set_rollback(True)
    return Effect(operation=operation, needs_second_person=needed, before=before, after=after)


@transaction.atomic
def approve(
    *, at: datetime, on_date: date, actor: Actor, operation_id: int, comment: str = ""
) -> MoneyOperation:
    """Post what another person asked for, by the state of the account now.

    Of two who decide at once the second one gets AlreadyDecidedError. Raises SamePersonError; what
    the rules or the ledger refuse stays PENDING.
    """
    operation = _to_decide(operation_id, user_id=_person(actor))
    operation.journal_id = posting.post(operation, When(at, on_date, actor))
    operation.state, operation.posted_at = State.POSTED, at
    return _decided(operation, at=at, actor=actor, comment=comment, verb="approved")


@transaction.atomic
def refuse(*, at: datetime, actor: Actor, operation_id: int, comment: str) -> MoneyOperation:
    """Refuse what another person asked for, with the reason. Errors as of `approve`."""
    operation = _to_decide(operation_id, user_id=_person(actor))
    if not comment.strip():
        raise ReasonNeededError(field="comment")
    operation.state = State.REFUSED
    return _decided(operation, at=at, actor=actor, comment=comment, verb="refused")


@transaction.atomic
def withdraw(*, at: datetime, actor: Actor, operation_id: int) -> MoneyOperation:
    """Take one's own wish back while nobody has decided it. Raises NotYoursError."""
    operation = _pending(operation_id)
    if operation.asked_by_id != _person(actor):
        raise NotYoursError
    operation.state = State.WITHDRAWN
    return _decided(operation, at=at, actor=actor, comment="", verb="withdrawn")


def _pending(operation_id: int) -> MoneyOperation:
    operation = MoneyOperation.objects.select_for_update().filter(id=operation_id).first()
    if operation is None:
        raise NotFoundError
    if operation.state != State.PENDING:
        raise AlreadyDecidedError(state=operation.state, decided_by=operation.decided_by_label)
    return operation


def _to_decide(operation_id: int, *, user_id: int) -> MoneyOperation:
    operation = _pending(operation_id)
    if operation.asked_by_id == user_id:
        raise SamePersonError
    return operation


def _decided(
    operation: MoneyOperation, *, at: datetime, actor: Actor, comment: str, verb: str
) -> MoneyOperation:
    operation.decided_at, operation.decided_by_id = at, actor.user_id
    operation.decided_by_label = actor.label[:150]
    operation.decision_comment = comment.strip()[:REASON_LENGTH]
    operation.save()
    _told(operation, verb=verb, at=at, by=actor)
    return operation


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise NotAPersonError
    return actor.user_id


def _told(operation: MoneyOperation, *, verb: str, at: datetime, by: Actor) -> None:
    values: dict[str, Any] = {
        name: str(value) if isinstance(value, date) else value
        for name in ASKED
        if (value := getattr(operation, name))
    }
    audit.record(
        at=at,
        actor=by,
        action=f"billing.money_operation.{verb}",
        obj=("money_operation", operation.id),
        summary=(
            f"{operation.kind} {money.format_uah(operation.amount_kopecks, sign=True)}"
            f" {operation.reason}"
        ),
        after={"state": operation.state, "journal_id": operation.journal_id, **values},
    )
    outbox.emit(
        topic=f"money_operation.{verb}",
        payload={
            "id": operation.id,
            "kind": operation.kind,
            "account_id": operation.account_id,
            "amount_kopecks": operation.amount_kopecks,
        },
        at=at,
    )
