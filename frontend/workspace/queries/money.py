"""Payments and charge runs as lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Sum

from billing.models import ChargeRun, ChargeRunChunk, Payment
from crm import queries as crm_queries
from project.core.clock import KYIV
from project.core.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment with the subscriber it belongs to (None: not allocated)."""

    id: int
    payment: Payment
    contract: str
    customer_id: int | None
    customer_name: str


@dataclass(frozen=True, slots=True)
class Totals:
    """How many and how much, in kopecks."""

    count: int
    kopecks: int


def day_bounds(on_date: date) -> tuple[datetime, datetime]:
    """The first moment of a Kyiv day and that of the next."""
    start = datetime.combine(on_date, time.min, tzinfo=KYIV)
    end = datetime.combine(on_date + timedelta(days=1), time.min, tzinfo=KYIV)
    return start, end


def payment_rows(
    *,
    channel: str = "",
    state: str = "",
    on_date: date | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[PaymentRow]:
    """Payments, newest first."""
    rows = Payment.objects.select_related("account", "transferred_to").order_by("-id")
    if channel:
        rows = rows.filter(channel=channel)
    if state == "UNALLOCATED":
        rows = rows.filter(state="CONFIRMED", account__isnull=True)
    elif state:
        rows = rows.filter(state=state)
    if on_date is not None:
        start, end = day_bounds(on_date)
        rows = rows.filter(paid_at__gte=start, paid_at__lt=end)
    if before is not None:
        rows = rows.filter(id__lt=before)
    payments = list(rows[: min(limit, 200)])
    holders = crm_queries.customers_of_accounts(
        account_ids=[p.holder_id for p in payments if p.holder_id]
    )
    return [_payment_row(payment, holders) for payment in payments]


def _payment_row(payment: Payment, holders: dict[int, tuple[int, str]]) -> PaymentRow:
    account = payment.transferred_to or payment.account
    customer = holders.get(account.id) if account else None
    return PaymentRow(
        id=payment.id,
        payment=payment,
        contract=account.code if account else "",
        customer_id=customer[0] if customer else None,
        customer_name=customer[1] if customer else "",
    )


def payments_total(*, on_date: date) -> Totals:
    """Confirmed payments of one Kyiv day."""
    start, end = day_bounds(on_date)
    found = Payment.objects.filter(
        state=Payment.State.CONFIRMED, paid_at__gte=start, paid_at__lt=end
    ).aggregate(n=Count("id"), total=Sum("amount_kopecks"))
    return Totals(count=found["n"], kopecks=found["total"] or 0)


def payment_channels() -> list[str]:
    """Channels through which money has come."""
    return sorted(Payment.objects.values_list("channel", flat=True).distinct()[:50])


def payment_row(*, payment_id: int) -> PaymentRow:
    """One payment; raises NotFoundError."""
    payment = (
        Payment.objects.select_related("account", "transferred_to").filter(id=payment_id).first()
    )
    if payment is None:
        raise NotFoundError
    ids = [payment.holder_id] if payment.holder_id else []
    return _payment_row(payment, crm_queries.customers_of_accounts(account_ids=ids))


def charge_runs(*, before: date | None = None, limit: int = 50) -> Sequence[ChargeRun]:
    """Charge runs, newest day first; page by the day."""
    rows = ChargeRun.objects.order_by("-charge_date")
    if before is not None:
        rows = rows.filter(charge_date__lt=before)
    return list(rows[: min(limit, 200)])


def charge_run(*, run_id: int) -> tuple[ChargeRun, Sequence[ChargeRunChunk], dict[str, int]]:
    """One run, its failed and latest chunks, and how many chunks are in each state."""
    run = ChargeRun.objects.filter(id=run_id).first()
    if run is None:
        raise NotFoundError
    states = dict(run.chunks.values_list("state").annotate(Count("id")))
    failed = run.chunks.filter(state=ChargeRun.State.FAILED).order_by("number")[:50]
    return run, list(failed), states
