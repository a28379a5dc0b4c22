"""Registers: a provider's list beside ours, and our list for a provider that asks for it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from billing.payments.answering import row_of
from billing.payments.calls import Answer, RegistryIn, RegistryOut, RegistryRow
from billing.payments.merchants import Account
from billing.payments.models import Payment, ProviderRegister, ProviderRegisterRow
from billing.payments.results import Result
from project.core import outbox

MAX_ROWS = 20_000
Outcome = ProviderRegisterRow.Outcome


def take_in(
    call: RegistryIn, *, merchant: Account, space: str, at: datetime, source: str = "PUSHED"
) -> Answer:
    """Keep the list and compare each row with our payment of that id. The same list again is the
    same register: it is compared anew, and rows that are new in it are added.
    """
    if len(call.rows) > MAX_ROWS:
        return Answer(Result.BAD_FORMAT, text="Too many rows")
    register, _made = ProviderRegister.objects.get_or_create(
        merchant_id=merchant.id,
        name=call.name[:100],
        defaults={
            "source": source,
            "space": space,
            "start_at": call.start,
            "end_at": call.end,
            "total_kopecks": call.total_kopecks,
            "is_complete": call.is_complete,
            "received_at": at,
        },
    )
    rows = [_row(register, row) for row in numbered(call.rows)]
    known = {
        payment.external_id: payment
        for payment in Payment.objects.filter(
            merchant_id=merchant.id, space=space, external_id__in=[row.payment_key for row in rows]
        )
    }
    for row in rows:
        row.payment = known.get(row.payment_key)
        row.outcome = compare(row, row.payment)
    ProviderRegisterRow.objects.bulk_create(
        rows,
        update_conflicts=True,
        update_fields=["amount_kopecks", "account_code", "outcome", "payment"],
        unique_fields=["register", "key", "is_reversal", "copy"],
        batch_size=1000,
    )
    outbox.emit(topic="payment.register", payload={"register": register.id}, at=at)
    return Answer(Result.OK, reference=str(register.id))


def numbered(rows: Sequence[RegistryRow]) -> list[RegistryRow]:
    """The rows with those told apart that have one number: none of them is lost, people decide
    whether the second one is money of its own.
    """
    seen: dict[tuple[str, bool], int] = {}
    found = []
    for row in rows:
        key = (row.key[:100], row.is_reversal)
        copy = max(row.copy, seen.get(key, 0))
        seen[key] = copy + 1
        found.append(row if copy == row.copy else replace(row, copy=copy))
    return found


def _row(register: ProviderRegister, row: RegistryRow) -> ProviderRegisterRow:
    return ProviderRegisterRow(
        register=register,
        key=row.key[:100],
        reference=row.reference[:100],
        account_code=row.account[:64],
        amount_kopecks=row.amount_kopecks,
        is_reversal=row.is_reversal,
        paid_at=row.paid_at,
        details=dict(row.details),
        copy=row.copy,
    )


def compare(row: ProviderRegisterRow, payment: Payment | None) -> str:
    """What a row of a register says about our payment of the same id."""
    if payment is None:
        return Outcome.MISSING_HERE
    if row.is_reversal:
        return Outcome.MATCHED if payment.refunded_kopecks else Outcome.NOT_CREDITED
    if payment.state not in (Payment.State.CONFIRMED, Payment.State.REVERSED):
        return Outcome.NOT_CREDITED
    known = (payment.told_kopecks, payment.gross_kopecks, payment.amount_kopecks)
    if row.amount_kopecks not in known:
        return Outcome.AMOUNT_DIFFERS
    if row.account_code and payment.account_code and row.account_code != payment.account_code:
        return Outcome.ACCOUNT_DIFFERS
    return Outcome.MATCHED


def give_out(call: RegistryOut, *, merchant: Account, space: str) -> Answer:
    """Our credited payments by the provider's own time, both bounds included.

    What was cancelled since is not in the list. A provider that asks about more days than the list
    may be long is refused rather than told half.
    """
    if call.end < call.start:
        return Answer(Result.BAD_DATE)
    found = list(
        Payment.objects.filter(
            merchant_id=merchant.id,
            space=space,
            state=Payment.State.CONFIRMED,
            paid_at__gte=call.start,
            paid_at__lte=call.end,
        ).order_by("paid_at", "id")[: MAX_ROWS + 1]
    )
    if len(found) > MAX_ROWS:
        return Answer(Result.TEMPORARY, text="Too many payments: ask for a shorter span")
    return Answer(Result.OK, payments=tuple(row_of(payment) for payment in found))
