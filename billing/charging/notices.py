"""Notices before money ends: who is told, how many days are left, and once in a period.

Channels (messages, letters) hear it by the outbox; nothing is sent from here. A period ends when
money comes in: the day until which the account is paid moves on, and the count begins anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from billing.charging import queries
from billing.charging.models import FundsNotice
from billing.ledger import queries as ledger_queries
from project.core import outbox

TOPIC = "account.money_ends"
ACCOUNTS_AT_ONCE = 500

# Who may have too little for the days ahead: more than those who have. A day of a daily service
# costs at most a 28th of its price; a prepaid month falls due when it ends in these days. Accounts
# whose services are off already are told of that, not of this.
_MAY_END = """
    SELECT s.account_id
    FROM billing_subscription AS s
    JOIN billing_charge_state AS c ON c.subscription_id = s.id
    CROSS JOIN LATERAL (
        SELECT p.id, p.tariff_id, p.sold_version_id, p.sold_price_kopecks
        FROM billing_plan_span AS p
        WHERE p.subscription_id = ANY (ARRAY[s.id]) AND p.during @> %(day)s::date LIMIT 1) AS span
    -- The dearest that it may be charged by: as sold, by newer terms, by what begins in these days.
    CROSS JOIN LATERAL (SELECT GREATEST(
        span.sold_price_kopecks,
        (SELECT max(b.price_kopecks) FROM billing_charge_basis AS b
         WHERE b.plan_span_id = span.id AND b.discount_id IS NULL),
        (SELECT max(n.sold_price_kopecks) FROM billing_plan_span AS n
         WHERE n.subscription_id = ANY (ARRAY[s.id])
           AND lower(n.during) > %(day)s AND lower(n.during) <= %(last)s),
        (SELECT max(r.price_kopecks) FROM billing_price_rule AS r
         WHERE r.tariff_id = span.tariff_id AND EXISTS (
             SELECT FROM billing_tariff_version AS c
             WHERE c.tariff_id = span.tariff_id AND c.published_at IS NOT NULL
               AND c.applies_existing_from BETWEEN %(day)s AND %(last)s))) AS kopecks) AS price
    JOIN billing_tariff_version AS v ON v.id = span.sold_version_id
    JOIN ledger_balance AS l ON l.account_id = s.account_id AND NOT l.stopped
    WHERE s.state = 'ACTIVE' AND s.activated_date <= %(day)s AND s.account_id > %(after)s
    GROUP BY s.account_id, l.balance_kopecks
    HAVING l.balance_kopecks <
        sum(CASE WHEN v.charge_type = 'DAILY'
                 THEN price.kopecks * %(days)s / 28 + %(days)s
                 WHEN v.charge_type = 'MONTHLY_PREPAID'
                      AND (c.charged_until IS NULL OR c.charged_until <= %(last)s)
                 THEN price.kopecks ELSE 0 END)
       AND bool_or(s.parent_id IS NULL
                   AND NOT EXISTS (SELECT FROM billing_block AS b
                                   WHERE b.subscription_id = s.id AND b.until_at IS NULL)
                   AND NOT EXISTS (SELECT FROM billing_pause AS h
                                   WHERE h.subscription_id = s.id
                                     AND h.during @> %(day)s::date))
    ORDER BY s.account_id LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class _Ending:
    """An account whose money ends soon. `stage`: the notice it is due for, in days."""

    account_id: int
    paid_until: date
    days_left: int
    stage: int


def stages() -> list[int]:
    """Days before the end on which an account is told, the nearest first."""
    return sorted({int(day) for day in settings.GEOBILL_NOTICE_DAYS if int(day) > 0})


def tell(*, on_date: date, at: datetime) -> int:
    """Write a notice and its event for each account that is due one; how many were written.

    To be called once a day, after the run. Called again the same day, or after a day on which it
    was not called, it tells what was not told yet.
    """
    steps = stages()
    if not steps:
        return 0
    told, after = 0, 0
    while True:
        accounts = _may_end(on_date=on_date, days=steps[-1] + 1, after=after)
        if not accounts:
            return told
        with transaction.atomic():
            told += _tell(accounts, steps=steps, on_date=on_date, at=at)
        after = accounts[-1]


def _may_end(*, on_date: date, days: int, after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            _MAY_END,
            {
                "day": on_date,
                "days": days,
                "last": on_date + timedelta(days=days),
                "after": after,
                "limit": ACCOUNTS_AT_ONCE,
            },
        )
        return [row[0] for row in cursor.fetchall()]


def _tell(accounts: Sequence[int], *, steps: Sequence[int], on_date: date, at: datetime) -> int:
    ending = [
        found
        for account_id in accounts
        if (found := _ending(account_id, steps=steps, on_date=on_date)) is not None
    ]
    last = {
        row.account_id: row
        for row in FundsNotice.objects.filter(
            account_id__in=[one.account_id for one in ending]
        ).order_by("id")
    }
    due = [one for one in ending if _is_news(one, last.get(one.account_id))]
    balances = ledger_queries.balances(account_ids=[one.account_id for one in due])
    rows = [
        FundsNotice(
            account_id=one.account_id,
            paid_until=one.paid_until,
            stage_days=one.stage,
            created_at=at,
        )
        for one in due
    ]
    # The end may come back to a day that was told before: it is told again, and stays noted once.
    FundsNotice.objects.bulk_create(rows, ignore_conflicts=True)
    for one in due:
        outbox.emit(
            topic=TOPIC,
            payload={
                "account_id": one.account_id,
                "days_left": one.days_left,
                "paid_until": one.paid_until.isoformat(),
                "balance_kopecks": balances[one.account_id],
            },
            at=at,
        )
    return len(due)


def _ending(account_id: int, *, steps: Sequence[int], on_date: date) -> _Ending | None:
    paid_until = queries.paid_until(account_id=account_id, on_date=on_date)
    if paid_until is None:
        return None
    left = (paid_until - on_date).days
    stage = next((step for step in steps if left <= step), None)
    if left < 1 or stage is None:
        return None
    return _Ending(account_id, paid_until, left, stage)


def _is_news(one: _Ending, last: FundsNotice | None) -> bool:
    """Nothing was told, or money has come in since, or the end is nearer by a stage."""
    if last is None or one.paid_until > last.paid_until:
        return True
    return one.stage < last.stage_days
