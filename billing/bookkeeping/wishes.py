"""What a person wants done, read and checked into an operation that is not saved yet."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date

from django.db.models import Q

from billing import calendar
from billing.bookkeeping import posting
from billing.bookkeeping.errors import (
    BadCorrectionError,
    BadOperationAmountError,
    NoRefundMethodError,
    NothingToCorrectError,
    NotTakenBackError,
    NotThisAccountsError,
    ReasonNeededError,
    WrongAccountError,
)
from billing.bookkeeping.models import MoneyOperation
from billing.charging.facts import Facts
from billing.ledger import queries as ledger_queries
from billing.payments.models import Payment
from billing.subscriptions.models import Subscription
from project.core.errors import NotFoundError

MAX_KOPECKS = 100_000_000  # a million hryvnias
REASON_LENGTH = 300
REVERSIBLE = ("ADJUSTMENT", "REFUND", "WRITE_OFF", "TRANSFER", "CORRECTION")
Kind = MoneyOperation.Kind
State = MoneyOperation.State


@dataclass(frozen=True, slots=True)
class Wish:
    """One operation as a person asks for it.

    `amount_kopecks`: of an ADJUSTMENT with its sign (plus is money in); of a REFUND and a WRITE_OFF
    how much, above zero; the other kinds know their amount. A TRANSFER names payment and account, a
    REVERSAL payment or operation, a CORRECTION service, any day of the month, and the facts.
    """

    kind: str
    account_id: int
    reason: str
    amount_kopecks: int | None = None
    method: str = ""
    to_account_id: int | None = None
    payment_id: int | None = None
    operation_id: int | None = None
    subscription_id: int | None = None
    month: date | None = None
    facts: Facts = field(default_factory=Facts)

    def fingerprint(self) -> str:
        """Equal for equal wishes: what tells a form sent twice from a form used for another one."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def draft_of(wish: Wish) -> MoneyOperation:
    """The operation with its amount, checked against what is known now; nothing is written.

    Raises the errors of `errors.py` and NotFoundError for an account that is no client's.
    """
    assert wish.kind in Kind.values, wish.kind
    if _account_kind(wish.account_id) != "SUBSCRIBER":
        raise NotFoundError
    if not wish.reason.strip():
        raise ReasonNeededError(field="reason")
    operation = MoneyOperation(
        kind=wish.kind,
        account_id=wish.account_id,
        reason=wish.reason.strip()[:REASON_LENGTH],
        facts={"wish": wish.fingerprint()},
    )
    {
        Kind.ADJUSTMENT: _adjustment,
        Kind.REFUND: _refund,
        Kind.WRITE_OFF: _write_off,
        Kind.TRANSFER: _transfer,
        Kind.CORRECTION: _correction,
        Kind.REVERSAL: _reversal,
    }[Kind(wish.kind)](operation, wish)
    return operation


def _account_kind(account_id: int | None) -> str:
    found = ledger_queries.accounts(ids=[account_id]) if account_id is not None else {}
    info = found.get(account_id or 0)
    return info.kind if info else ""


def _amount(wish: Wish) -> int:
    amount = wish.amount_kopecks
    if not amount or abs(amount) > MAX_KOPECKS:
        raise BadOperationAmountError(field="amount")
    return amount


def _adjustment(operation: MoneyOperation, wish: Wish) -> None:
    operation.amount_kopecks = _amount(wish)


def _refund(operation: MoneyOperation, wish: Wish) -> None:
    operation.amount_kopecks = -abs(_amount(wish))
    if wish.method not in MoneyOperation.Method.values:
        raise NoRefundMethodError(field="method")
    operation.method = wish.method


def _write_off(operation: MoneyOperation, wish: Wish) -> None:
    operation.amount_kopecks = abs(_amount(wish))


def _payment(wish: Wish) -> Payment:
    """A confirmed payment whose money stands on the account; raises NotThisAccountsError."""
    found = Payment.objects.filter(id=wish.payment_id or 0, state=Payment.State.CONFIRMED).first()
    if found is None or found.holder_id != wish.account_id:
        raise NotThisAccountsError(field="payment_id")
    return found


def _transfer(operation: MoneyOperation, wish: Wish) -> None:
    payment = _payment(wish)
    if wish.to_account_id == wish.account_id or _account_kind(wish.to_account_id) != "SUBSCRIBER":
        raise WrongAccountError(field="to_contract")
    operation.payment, operation.to_account_id = payment, wish.to_account_id
    operation.amount_kopecks = -payment.amount_kopecks


def _reversal(operation: MoneyOperation, wish: Wish) -> None:
    if wish.operation_id is None:
        payment = _payment(wish)
        operation.payment, operation.amount_kopecks = payment, -payment.amount_kopecks
        return
    mine = Q(account_id=wish.account_id) | Q(to_account_id=wish.account_id)
    earlier = MoneyOperation.objects.filter(mine, id=wish.operation_id).first()
    if earlier is None:
        raise NotThisAccountsError(field="operation_id")
    is_reversed = earlier.reversed_by.filter(state=State.POSTED).exists()
    if earlier.kind not in REVERSIBLE or earlier.state != State.POSTED or is_reversed:
        raise NotTakenBackError
    operation.reverses, operation.account_id = earlier, earlier.account_id
    operation.amount_kopecks = -earlier.amount_kopecks


def _correction(operation: MoneyOperation, wish: Wish) -> None:
    found = Subscription.objects.filter(
        id=wish.subscription_id or 0, account_id=wish.account_id
    ).first()
    if found is None:
        raise NotThisAccountsError(field="subscription_id")
    if wish.month is None:
        raise BadCorrectionError(field="month")
    operation.subscription, operation.month = found, calendar.month_start(wish.month)
    _check_facts(wish.facts)
    operation.facts |= wish.facts.as_json()
    total = sum(line.difference_kopecks for line in posting.corrected_lines(operation))
    if total == 0:
        raise NothingToCorrectError
    if abs(total) > MAX_KOPECKS:
        raise BadOperationAmountError(field="right_price")
    operation.amount_kopecks = total


def _check_facts(facts: Facts) -> None:
    if not facts.prices and not facts.free:
        raise BadCorrectionError
    for first, until in facts.free:
        if first >= until or (until - first).days > 62:
            raise BadCorrectionError(field="free_until")
    for _was, right in facts.prices:
        if not 0 <= right <= MAX_KOPECKS:
            raise BadOperationAmountError(field="right_price")
