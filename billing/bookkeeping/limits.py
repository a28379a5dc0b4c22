"""When a second person is needed."""

from datetime import datetime

from django.conf import settings
from django.db.models import F, Q, Sum
from django.db.models.functions import Abs

from billing.bookkeeping.models import MoneyOperation
from billing.calendar import day_bounds, kyiv_date
from billing.payments.models import Refund


def limit_kopecks() -> int | None:
    """Above this a second person approves; None: nobody has to (a provider of one person)."""
    hryvnias: int = settings.GEOBILL_SECOND_PERSON_ABOVE_UAH
    return None if hryvnias < 0 else hryvnias * 100


def needs_second_person(
    *, account_id: int, amount_kopecks: int, user_id: int, at: datetime
) -> bool:
    """Whether this much, with what the person has moved on the account that day alone, is too much.

    So that a large amount does not pass in small parts. Called with the account's balance locked.
    """
    limit = limit_kopecks()
    if limit is None:
        return False
    start, end = day_bounds(kyiv_date(at))
    moved = MoneyOperation.objects.filter(
        account_id=account_id,
        asked_by_id=user_id,
        state=MoneyOperation.State.POSTED,
        needs_second_person=False,
        posted_at__gte=start,
        posted_at__lt=end,
    ).aggregate(total=Sum(Abs(F("amount_kopecks"))))["total"]
    given_back = (
        Refund.objects.filter(
            Q(payment__transferred_to_id=account_id)
            | Q(payment__transferred_to=None, payment__account_id=account_id),
            asked_by_id=user_id,
            approved_by=None,
            created_at__gte=start,
            created_at__lt=end,
        )
        .exclude(state__in=(Refund.State.WAITS, Refund.State.FAILED))
        .aggregate(total=Sum("amount_kopecks"))["total"]
    )
    return abs(amount_kopecks) + (moved or 0) + (given_back or 0) > limit
