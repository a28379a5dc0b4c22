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

# The first day on which anything of the account may be due: a service's first day that is not
# charged, or the day of a move to new terms that has not been settled.
_FIRST_DUE = """
    SELECT LEAST(
        (SELECT min(COALESCE(c.charged_until, s.activated_date))
         FROM billing_charge_state AS c JOIN billing_subscription AS s ON s.id = c.subscription_id
         WHERE c.account_id = %(account)s AND s.state <> 'DRAFT'
           AND (s.terminated_date IS NULL OR c.charged_until IS NULL
                OR c.charged_until <= s.terminated_date)),
        (SELECT min(m.from_date)
         FROM billing_terms_move AS m JOIN billing_subscription AS s ON s.id = m.subscription_id
         WHERE s.account_id = %(account)s AND m.outcome = 'MOVED' AND m.settled_date IS NULL))
"""


@transaction.atomic
def settle_account(
    *, account_id: int, on_date: date, at: datetime, actor: Actor
) -> list[DayReport]:
    """Charge what the account owes up to and with today, and lift blocks for debt when it can pay.

    Called in the transaction that brought the money. Days that no run has finished yet are charged
    first, the oldest first, by their own facts, so that a late run finds nothing left to lose: all
    of them, however long no run was made (R12), less those on which nothing of the account is due.
    """
    ledger.lock_balances(account_ids=[account_id])
    part = AccountRange(first=account_id, last=account_id)
    reports = []
    for day in _days_to_settle(account_id=account_id, on_date=on_date):
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


def _days_to_settle(*, account_id: int, on_date: date) -> list[date]:
    missing = dates_to_charge(on_date=on_date)
    if len(missing) == 1:
        return missing
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_DUE, {"account": account_id})
        (first_due,) = cursor.fetchone()
    return [day for day in missing if day == on_date or (first_due and day >= first_due)]


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
