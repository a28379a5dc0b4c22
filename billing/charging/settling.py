"""Charging single accounts at once: at activation, after money came in, after an unblock."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction

from billing.charging import chunks
from billing.charging.chunks import AccountRange, ChunkResult
from billing.charging.runs import DayReport, dates_to_charge
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.subscriptions.models import Subscription
from project.core.actor import Actor

MAX_SETTLED_DAYS = 62


@transaction.atomic
def settle_account(
    *, account_id: int, on_date: date, at: datetime, actor: Actor
) -> list[DayReport]:
    """Charge what the account owes up to and with today, and lift blocks for debt when it can pay.

    Called in the transaction that brought the money. Days that no run has finished yet are charged
    first, the oldest first, by their own facts, so that a late run finds nothing left to lose.
    """
    ledger.lock_balances(account_ids=[account_id])
    part = AccountRange(first=account_id, last=account_id)
    reports = []
    for day in dates_to_charge(on_date=on_date)[-MAX_SETTLED_DAYS:]:
        result: ChunkResult = chunks.charge(
            on_date=day,
            at=at,
            actor=actor,
            part=part,
            key=_key(account_id=account_id, day=day),
            source="settle",
        )
        report = DayReport(charge_date=day)
        report.add(result)
        reports.append(report)
    return reports


@transaction.atomic
def charge_first(
    *, subscription_ids: Iterable[int], on_date: date, at: datetime, actor: Actor
) -> None:
    """The first charge of new services: today's part, or the rest of a prepaid month (R2, R3).

    With one funds decision for all services of an account: under BLOCK and without money they begin
    blocked for debt, and the first payment that is enough puts them on.
    """
    accounts = Subscription.objects.filter(id__in=list(subscription_ids)).values_list(
        "account_id", flat=True
    )
    for account_id in sorted(set(accounts)):
        settle_account(account_id=account_id, on_date=on_date, at=at, actor=actor)


def available_kopecks(*, account_id: int, on_date: date) -> int:
    """R6: the balance and the credit of the day: promised payments and what its terms allow."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT billing_credit_on(%s, %s)", [account_id, on_date])
        (credit,) = cursor.fetchone()
    return ledger_queries.balance_kopecks(account_id=account_id) + int(credit)


def _key(*, account_id: int, day: date) -> str:
    """Unique for each state of the account: the balance is locked, and each posting moves it on."""
    count = ledger_queries.posting_count(account_id=account_id)
    return f"settle:{account_id}:{day.isoformat()}:{count}"
