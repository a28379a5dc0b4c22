"""Closing months of the books, one after the other, for ever."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.bookkeeping.errors import OperationError
from billing.calendar import ONE_DAY, month_start, next_month_start
from billing.charging.models import ChargeRun
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from project.core import audit
from project.core.actor import Actor


class MonthNotOverError(OperationError):
    """A month is closed when it is over."""

    code = "month_not_over"
    message = _("The month is not over yet.")


class EarlierMonthOpenError(OperationError):
    """Months are closed in order."""

    code = "earlier_month_open"
    message = _("An earlier month is still open. Close the months in order.")


class MonthNotChargedError(OperationError):
    """A day of the month is not charged: a closed month would refuse its charges for ever."""

    code = "month_not_charged"
    message = _("Not every day of the month is charged yet. Run the missed charges first.")


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the books; `closed_at` None: open."""

    month: date
    closed_at: datetime | None
    closed_by: str


def months(*, on_date: date) -> Sequence[Month]:
    """All months from the first posting to the present one, the newest first."""
    first = ledger_queries.first_value_date()
    closed = {row.month: row for row in ledger_queries.closed_periods()}
    found = []
    month = month_start(min(first or on_date, on_date))
    while month <= on_date:
        row = closed.get(month)
        found.append(Month(month, row.closed_at if row else None, row.closed_by if row else ""))
        month = next_month_start(month)
    return found[::-1]


@transaction.atomic
def close_month(*, month: date, on_date: date, at: datetime, actor: Actor) -> bool:
    """Close the month for ever; False when it was closed before.

    Raises MonthNotOverError, EarlierMonthOpenError, MonthNotChargedError, LedgerBusyError.
    """
    first, following = month_start(month), next_month_start(month)
    if following > on_date:
        raise MonthNotOverError(field="month")
    for known in months(on_date=on_date):
        if known.month < first and known.closed_at is None:
            raise EarlierMonthOpenError(field="month")
    runs = ChargeRun.objects.filter(charge_date__lt=following)
    last_day = following - ONE_DAY
    if runs.exists() and not runs.filter(charge_date=last_day, state="DONE").exists():
        raise MonthNotChargedError(field="month")
    if runs.filter(charge_date__gte=first).exclude(state="DONE").exists():
        raise MonthNotChargedError(field="month")
    if not ledger.close_period(month=first, at=at, actor=actor):
        return False
    audit.record(
        at=at,
        actor=actor,
        action="billing.ledger.month_closed",
        obj=("ledger_period", f"{first:%Y-%m}"),
        summary=f"{first:%m.%Y}",
    )
    return True
