"""Reading payments."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Q, Sum

from billing.calendar import day_bounds
from billing.payments.models import Payment, PaymentEvent

MAX_ROWS = 500


def recent(*, account_id: int | None = None, limit: int = 20) -> list[Payment]:
    """Payments, newest first: of one account, or of all."""
    rows = Payment.objects.select_related("account").order_by("-id")
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    return list(rows[: min(limit, MAX_ROWS)])


def desk_day(*, on_date: date, created_by: str = "", channel: str = "CASH") -> dict[str, Any]:
    """The cash desk's day: {"count", "total_kopecks", "reversed_count", "reversed_kopecks"}.

    With `created_by` one cashier's. Reversed payments are counted in both pairs.
    """
    start, end = day_bounds(on_date)
    rows = Payment.objects.filter(channel=channel, paid_at__gte=start, paid_at__lt=end)
    if created_by:
        rows = rows.filter(created_by=created_by)
    taken = rows.filter(state__in=["CONFIRMED", "REVERSED"]).aggregate(
        count=Count("id"), total=Sum("amount_kopecks")
    )
    undone = rows.filter(state="REVERSED").aggregate(count=Count("id"), total=Sum("amount_kopecks"))
    return {
        "count": taken["count"],
        "total_kopecks": taken["total"] or 0,
        "reversed_count": undone["count"],
        "reversed_kopecks": undone["total"] or 0,
    }


def events(*, payment_id: int) -> Sequence[PaymentEvent]:
    """What was heard and done about a payment, in order."""
    return list(PaymentEvent.objects.filter(payment_id=payment_id).order_by("id"))


def standing(*, account_id: int, limit: int) -> list[Payment]:
    """Confirmed payments whose money stands on the account now, newest first."""
    here = Q(transferred_to=account_id) | Q(account=account_id, transferred_to__isnull=True)
    rows = Payment.objects.filter(here, state=Payment.State.CONFIRMED).order_by("-id")
    return list(rows[: min(limit, MAX_ROWS)])
