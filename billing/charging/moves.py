"""What is prepaid beyond a move to new terms comes back on the day of the move (rules R3, R5, R10).

Part of charging that day: the old month's rest is given back and the new price charged in one
transaction, with one funds decision. A service that is off on that day (a pause, a block) gets
neither: its prepaid days run on, and what is left of them comes back on the first day it is on.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import connection

from billing.calendar import midnight
from billing.charging import effects
from billing.charging.models import ChargeBasis
from billing.ledger import operations as ledger
from billing.subscriptions.models import PlanSpan
from project.core.actor import Actor

_UNSETTLED = """
    SELECT DISTINCT s.account_id
    FROM billing_terms_move AS m JOIN billing_subscription AS s ON s.id = m.subscription_id
    WHERE m.outcome = 'MOVED' AND m.settled_date IS NULL AND m.from_date <= %(day)s
      AND s.account_id BETWEEN %(first)s AND %(last)s
      AND s.account_id <> ALL(%(skip)s::bigint[])
"""

# Nothing prepaid beyond the day: there is nothing to give back, now or later.
_SETTLE_EMPTY = """
    UPDATE billing_terms_move AS m SET settled_date = %(day)s
    FROM billing_charge_state AS s
    WHERE s.subscription_id = m.subscription_id AND m.outcome = 'MOVED' AND m.settled_date IS NULL
      AND m.from_date <= %(day)s AND s.account_id = ANY(%(accounts)s::bigint[])
      AND (s.charged_until IS NULL OR s.charged_until <= %(day)s)
"""

_WAITING = """
    SELECT m.id, s.id, s.account_id
    FROM billing_terms_move AS m JOIN billing_subscription AS s ON s.id = m.subscription_id
    WHERE m.outcome = 'MOVED' AND m.settled_date IS NULL AND m.from_date <= %(day)s
      AND s.state = 'ACTIVE' AND s.account_id = ANY(%(accounts)s::bigint[])
      AND NOT EXISTS (SELECT FROM billing_pause AS p
                      WHERE p.subscription_id IN (s.id, s.parent_id) AND p.during @> %(day)s::date)
      AND NOT EXISTS (SELECT FROM billing_block AS b
                      WHERE b.subscription_id IN (s.id, s.parent_id)
                        AND CASE WHEN %(is_today)s THEN b.until_at IS NULL
                                 ELSE b.from_at <= %(day_start)s
                                      AND (b.until_at IS NULL OR b.until_at > %(day_start)s) END)
    ORDER BY s.account_id, s.id, m.from_date
"""

_DUE_ACCOUNTS = """
    SELECT account_id FROM billing_due_accounts(%(day)s, %(day)s) AS due (account_id)
    WHERE account_id BETWEEN %(first)s AND %(last)s
"""


def settle(
    *,
    on_date: date,
    is_today: bool,
    first_account: int,
    last_account: int,
    skip: Sequence[int],
    at: datetime,
    actor: Actor,
) -> int:
    """Give back in these accounts what is due that day; kopecks. In the caller's transaction."""
    values: dict[str, Any] = {
        "day": on_date,
        "day_start": midnight(on_date),
        "is_today": is_today,
        "first": first_account,
        "last": last_account,
        "skip": list(skip),
    }
    with connection.cursor() as cursor:
        cursor.execute(_UNSETTLED, values)
        values["accounts"] = [row[0] for row in cursor.fetchall()]
        if not values["accounts"]:
            return 0
        cursor.execute(_DUE_ACCOUNTS, values)
        due = [row[0] for row in cursor.fetchall()]
    # All locks of the chunk at once and in order, before any row of a move is written: a payment
    # holds its balance first too. Afterwards each is only taken again.
    ledger.lock_balances(account_ids=[*due, *values["accounts"]])
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE_EMPTY, values)
        cursor.execute(_WAITING, values)
        waiting = cursor.fetchall()
    given = 0
    for subscription_id in dict.fromkeys(row[1] for row in waiting):
        given += _give_back(subscription_id, on_date=on_date, at=at, actor=actor)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_terms_move SET settled_date = %s WHERE id = ANY(%s)",
            [on_date, [row[0] for row in waiting]],
        )
    return given


def _give_back(subscription_id: int, *, on_date: date, at: datetime, actor: Actor) -> int:
    """What is paid beyond by another plan span than that of the day."""
    now = PlanSpan.objects.filter(subscription_id=subscription_id, during__contains=on_date).first()
    paid = (
        ChargeBasis.objects.filter(
            subscription_id=subscription_id, plan_span__during__startswith__lte=on_date
        )
        .order_by("-plan_span__during", "-tariff_version__applies_from")
        .first()
    )
    if now is None or paid is None or paid.plan_span_id == now.id:
        return 0
    return effects.give_back(
        subscription_id=subscription_id, from_date=on_date, on_date=on_date, at=at, actor=actor
    )
