"""The journal of each kind of operation. Called inside the transaction that decides it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from billing.bookkeeping import corrections
from billing.bookkeeping.corrections import CorrectedCharge
from billing.bookkeeping.errors import (
    AccountParkedError,
    DifferenceChangedError,
    GivenBackSinceError,
    MoreThanBalanceError,
    MoreThanDebtError,
    NothingToCorrectError,
    NotTakenBackError,
    PaidOutError,
)
from billing.bookkeeping.models import MoneyOperation, OwnMove
from billing.charging import operations as charging
from billing.charging.facts import Facts
from billing.ledger import operations as ledger
from billing.ledger.operations import Leg
from billing.payments import operations as payments
from billing.payments import transfers
from billing.payments.models import Payment
from billing.subscriptions import hooks
from project.core.actor import Actor

ADJUSTMENTS_CODE = "adjustments.manual"
BAD_DEBT_CODE = "bad_debt"
REFUND_CODES = {"CASH": "clearing.refunds.cash", "BANK": "clearing.refunds.bank"}
Kind = MoneyOperation.Kind
Post = Callable[[MoneyOperation, "When", int], int]  # the balance as it is locked


@dataclass(frozen=True, slots=True)
class When:
    """The moment and the day of posting, and on whose word."""

    at: datetime
    on_date: date
    actor: Actor


def lock(operation: MoneyOperation) -> dict[int, int]:
    """Lock the payment and then all balances that the operation may move; those balances.

    Raises AccountParkedError when one of the accounts takes no postings.
    """
    wanted = {operation.account_id, operation.to_account_id}
    source = operation if operation.reverses is None else operation.reverses
    wanted.add(source.to_account_id)
    if source.payment_id is not None:
        payment = transfers.locked(payment_id=source.payment_id)
        wanted |= {payment.account_id, payment.transferred_to_id}
    needed = {account_id for account_id in wanted if account_id is not None}
    found = ledger.lock_balances(account_ids=needed)
    if needed - set(found):
        raise AccountParkedError(account_ids=sorted(needed - set(found)))
    return found


def post(operation: MoneyOperation, when: When) -> int:
    """Post the operation and return its journal; charge what the money that came in is due for.

    Raises what the kind's rules and the ledger raise; the caller's transaction is then over.
    """
    balances = lock(operation)
    by_kind: dict[str, Post] = {
        Kind.ADJUSTMENT: _adjustment,
        Kind.REFUND: _refund,
        Kind.WRITE_OFF: _write_off,
        Kind.TRANSFER: _transfer,
        Kind.CORRECTION: _correction,
        Kind.REVERSAL: _reversal,
    }
    journal_id = by_kind[operation.kind](operation, when, balances[operation.account_id])
    if operation.amount_kopecks > 0:
        hooks.effects().settle(
            account_id=operation.account_id,
            on_date=when.on_date,
            at=when.at,
            actor=when.actor,
        )
    return journal_id


def _post(
    operation: MoneyOperation, when: When, *, contra: str, contra_kind: str, kind: str
) -> int:
    other = ledger.ensure_control_account(at=when.at, code=contra, kind=contra_kind)
    return ledger.post(
        kind=kind,
        value_date=when.on_date,
        posted_at=when.at,
        idempotency_key=_key(operation),
        legs=[
            Leg(operation.account_id, operation.amount_kopecks),
            Leg(other, -operation.amount_kopecks),
        ],
        actor=when.actor,
        source="operation",
        narrative=operation.reason,
    )


def _key(operation: MoneyOperation) -> str:
    return f"operation:{operation.idempotency_key}"


def _adjustment(operation: MoneyOperation, when: When, balance_kopecks: int) -> int:
    return _post(
        operation,
        when,
        contra=ADJUSTMENTS_CODE,
        contra_kind=ledger.AccountKind.ADJUSTMENT,
        kind="ADJUSTMENT",
    )


def _refund(operation: MoneyOperation, when: When, balance_kopecks: int) -> int:
    if -operation.amount_kopecks > balance_kopecks:
        raise MoreThanBalanceError(field="amount", balance_kopecks=balance_kopecks)
    return _post(
        operation,
        when,
        contra=REFUND_CODES[operation.method],
        contra_kind=ledger.AccountKind.CLEARING,
        kind="REFUND",
    )


def _write_off(operation: MoneyOperation, when: When, balance_kopecks: int) -> int:
    if operation.amount_kopecks > -balance_kopecks:
        raise MoreThanDebtError(field="amount", balance_kopecks=balance_kopecks)
    return _post(
        operation,
        when,
        contra=BAD_DEBT_CODE,
        contra_kind=ledger.AccountKind.BAD_DEBT,
        kind="WRITE_OFF",
    )


def _transfer(operation: MoneyOperation, when: When, balance_kopecks: int) -> int:
    assert operation.payment_id is not None
    assert operation.to_account_id is not None
    payment = transfers.locked(payment_id=operation.payment_id)
    if payment.holder_id != operation.account_id:
        raise DifferenceChangedError
    return transfers.transfer_payment(
        at=when.at,
        on_date=when.on_date,
        actor=when.actor,
        payment_id=operation.payment_id,
        to_account_id=operation.to_account_id,
        reason=operation.reason,
        idempotency_key=_key(operation),
    )


def corrected_lines(operation: MoneyOperation) -> list[CorrectedCharge]:
    """The month of a correction computed again by its facts and those of earlier corrections."""
    assert operation.subscription is not None
    assert operation.month is not None
    return corrections.compute(
        subscription=operation.subscription, month=operation.month, facts=_facts_of(operation)
    )


def _facts_of(operation: MoneyOperation) -> Facts:
    assert operation.subscription is not None
    assert operation.month is not None
    return Facts.from_json(operation.facts).after(
        facts_before(subscription_id=operation.subscription.id, month=operation.month)
    )


def facts_before(*, subscription_id: int, month: date) -> Facts:
    """What earlier corrections of the month, not taken back since, had right."""
    found = Facts()
    for earlier in (
        MoneyOperation.objects.filter(
            kind=Kind.CORRECTION,
            state=MoneyOperation.State.POSTED,
            subscription_id=subscription_id,
            month=month,
        )
        .exclude(reversed_by__state=MoneyOperation.State.POSTED)
        .order_by("id")
    ):
        found = Facts.from_json(earlier.facts).after(found)
    return found


def _correction(operation: MoneyOperation, when: When, balance_kopecks: int) -> int:
    assert operation.month is not None
    assert operation.subscription_id is not None
    lines = [line for line in corrected_lines(operation) if line.difference_kopecks]
    total = sum(line.difference_kopecks for line in lines)
    if not lines or total == 0:
        raise NothingToCorrectError
    if total != operation.amount_kopecks:
        raise DifferenceChangedError(difference_kopecks=total)
    legs = [
        Leg(
            operation.account_id,
            line.difference_kopecks,
            charge_basis_id=line.charge_basis_id,
            corrects_id=line.posting_id,
        )
        for line in lines
    ]
    for contra in corrections.contra_of(lines):
        account_id = ledger.ensure_control_account(at=when.at, code=contra.code, kind=contra.kind)
        legs.append(Leg(account_id, contra.amount_kopecks))
    journal_id = ledger.post(
        kind="CORRECTION",
        value_date=when.on_date,
        posted_at=when.at,
        idempotency_key=_key(operation),
        legs=legs,
        actor=when.actor,
        source="operation",
        narrative=f"{operation.month:%m.%Y}: {operation.reason}"[:300],
    )
    charging.keep_corrected(
        posting_ids=[line.posting_id for line in lines],
        subscription_id=operation.subscription_id,
        facts=_facts_of(operation),
        journal_id=journal_id,
    )
    return journal_id


def _reversal(operation: MoneyOperation, when: When, balance_kopecks: int) -> int:
    earlier = operation.reverses
    if earlier is None:
        return _payment_reversal(operation, when, balance_kopecks)
    if earlier.kind == Kind.TRANSFER:
        assert earlier.payment_id is not None
        payment = transfers.locked(payment_id=earlier.payment_id)
        if not _is_in_force(earlier, payment):
            raise NotTakenBackError
        if payment.account_id != earlier.account_id:
            # It was moved before: back to where it stood then, not to where it came to first.
            return transfers.transfer_payment(
                at=when.at,
                on_date=when.on_date,
                actor=when.actor,
                payment_id=payment.id,
                to_account_id=earlier.account_id,
                reason=operation.reason,
                idempotency_key=_key(operation),
            )
        return transfers.undo_transfer(
            at=when.at,
            on_date=when.on_date,
            actor=when.actor,
            payment_id=payment.id,
            reason=operation.reason,
        )
    assert earlier.journal_id is not None
    if earlier.kind == Kind.REFUND:
        # Whoever notes that it was paid out holds this row, too.
        MoneyOperation.objects.select_for_update().get(id=earlier.id)
        if OwnMove.objects.filter(refund_id=earlier.id, reversal_journal_id=None).exists():
            raise PaidOutError
    if charging.was_given_back_by_corrected(journal_id=earlier.journal_id):
        raise GivenBackSinceError
    journal_id = ledger.reverse(
        journal_id=earlier.journal_id,
        value_date=when.on_date,
        posted_at=when.at,
        actor=when.actor,
        narrative=operation.reason,
    )
    charging.take_corrected_back(journal_id=earlier.journal_id, by_journal_id=journal_id)
    return journal_id


def _is_in_force(transfer: MoneyOperation, payment: Payment) -> bool:
    """Whether the payment stands where this transfer put it: no later one does, or it was taken
    back, which posts the move anew."""
    if payment.transfer_journal_id == transfer.journal_id:
        return True
    return payment.transferred_to_id == transfer.to_account_id and (
        MoneyOperation.objects.filter(
            kind=Kind.REVERSAL,
            state=MoneyOperation.State.POSTED,
            journal_id=payment.transfer_journal_id,
            reverses__payment_id=payment.id,
            reverses_id__gt=transfer.id,
        ).exists()
    )


def _payment_reversal(operation: MoneyOperation, when: When, balance_kopecks: int) -> int:
    assert operation.payment_id is not None
    payment: Payment = transfers.locked(payment_id=operation.payment_id)
    if payment.holder_id != operation.account_id:
        raise DifferenceChangedError
    done = payments.reverse_payment(
        at=when.at,
        on_date=when.on_date,
        actor=when.actor,
        payment_id=operation.payment_id,
        reason=operation.reason,
    )
    assert done.reversal_journal_id is not None
    return done.reversal_journal_id
