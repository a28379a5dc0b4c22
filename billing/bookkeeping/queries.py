"""Reading operations of people: what waits, what was done, by which one a journal was made."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from billing.bookkeeping.models import MoneyOperation
from project.core.errors import NotFoundError

MAX_ROWS = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; empty fields do not filter."""

    state: str = ""
    kind: str = ""
    account_id: int | None = None


def _rows() -> QuerySet[MoneyOperation]:
    return MoneyOperation.objects.select_related(
        "account", "to_account", "payment", "reverses", "subscription"
    )


def waiting_count() -> int:
    """How many operations wait for a second person."""
    return MoneyOperation.objects.filter(state=MoneyOperation.State.PENDING).count()


def operations(
    *, wanted: Wanted, before_id: int | None = None, limit: int = 50
) -> list[MoneyOperation]:
    """Operations, newest first; the next page starts `before_id` the last."""
    rows = _rows().order_by("-id")
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.account_id is not None:
        rows = rows.filter(Q(account_id=wanted.account_id) | Q(to_account_id=wanted.account_id))
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return list(rows[: min(limit, MAX_ROWS)])


def operation(*, operation_id: int) -> MoneyOperation:
    """One operation; raises NotFoundError."""
    found = _rows().filter(id=operation_id).first()
    if found is None:
        raise NotFoundError
    return found


def by_key(*, key: str) -> MoneyOperation | None:
    """The operation that was asked for with this form, or None."""
    return _rows().filter(idempotency_key=key).first()


def by_journals(*, journal_ids: Iterable[int]) -> dict[int, MoneyOperation]:
    """The operations that made these journals; one query."""
    return {row.journal_id: row for row in _rows().filter(journal_id__in=set(journal_ids))}  # type: ignore[misc]


def reversal_of(*, operation_id: int) -> MoneyOperation | None:
    """The operation that took this one back, or waits to."""
    return _rows().filter(reverses_id=operation_id, state__in=["POSTED", "PENDING"]).first()


def reversible(*, account_id: int, limit: int) -> list[MoneyOperation]:
    """Posted operations of the account that may be taken back, newest first."""
    rows = (
        _rows()
        .filter(account_id=account_id, state="POSTED")
        .exclude(kind="REVERSAL")
        .exclude(reversed_by__state__in=["POSTED", "PENDING"])
        .order_by("-id")
    )
    return list(rows[: min(limit, MAX_ROWS)])
