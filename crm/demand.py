"""Requests as demand: who has left a telephone number and waits. No word about the person."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F
from django.db.models.functions import MD5

from crm.models import ConnectionRequest
from crm.requests import OPEN_STATES, State


@dataclass(frozen=True, slots=True)
class RequestWish:
    """One household's open request: the check it was made from, and when it was filed.

    `household` tells requests of one telephone apart from those of others; it is no number.
    """

    check_id: int
    household: str
    filed_at: datetime


def demand_requests(*, from_at: datetime, until_at: datetime) -> list[RequestWish]:
    """Requests filed in the period that are open still, oldest first.

    A rejected or withdrawn request waits for nothing; the check it was made from stays a question.
    """
    rows = (
        ConnectionRequest.objects.filter(
            state__in=OPEN_STATES, created_at__gte=from_at, created_at__lt=until_at
        )
        .annotate(household=MD5(F("contact_phone")))
        .order_by("created_at", "number")
    )
    columns = rows.values_list("check_made_id", "household", "created_at")
    return [RequestWish(*row) for row in columns]


def demand_settled_checks() -> list[int]:
    """Checks whose household needs no counting as a question: it has a request that is open (and
    counts as one), or it has been connected since."""
    states: Iterable[str] = (*OPEN_STATES, State.INSTALLED)
    rows = ConnectionRequest.objects.filter(state__in=states)
    return list(rows.values_list("check_made_id", flat=True))
