"""The part of invariant I8 that is asked of the database at once: whole months, fees, prices.

`billing.invariants` holds each amount against the price of its basis; here stand what that leaves
open: whether a month may have been charged whole on that day, whether a fee is the one that was
sold, and whether the price of the basis is the one of its terms.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from billing.ledger.verification import Problem, Scope

# A whole month on a day on which none begins: neither by the calendar, nor by the anchor of today,
# nor by one that it had since a debt ended (R7; by a catch-up it may have ended on any day of it).
_WHOLE = """
    WITH odd AS MATERIALIZED (
        SELECT p.id, p.account_id, p.journal_id, p.value_date, p.subject_id
        FROM ledger_posting AS p
        JOIN billing_charge_basis AS b ON b.id = p.charge_basis_id
        JOIN billing_tariff_version AS v ON v.id = b.tariff_version_id
        JOIN billing_charge_state AS c ON c.subscription_id = p.subject_id
        WHERE p.charge_code = 'SERVICE' AND p.corrects_id IS NULL AND p.occurrence = 0
          AND v.charge_type = 'MONTHLY_PREPAID'
          AND p.amount_kopecks = -b.price_kopecks AND b.price_kopecks > 1
          AND p.value_date NOT IN (billing_period_start(p.value_date, 1),
                                   billing_period_start(p.value_date, c.anchor_day::integer))
          AND p.journal_id > %(after)s
          AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s)
    )
    SELECT o.id, o.account_id, o.journal_id, o.value_date FROM odd AS o
    WHERE NOT EXISTS (
        SELECT FROM billing_block AS k
        CROSS JOIN LATERAL generate_series(
            (k.from_at AT TIME ZONE 'Europe/Kyiv')::date,
            LEAST((k.until_at AT TIME ZONE 'Europe/Kyiv')::date, o.value_date),
            interval '1 day') AS ended
        WHERE k.subscription_id = o.subject_id AND k.reason = 'DEBT'
          AND billing_period_start(o.value_date, extract(day FROM ended)::integer) = o.value_date)
    LIMIT 100
"""

# A connection is charged once, as it was sold.
_CONNECTIONS = """
    SELECT p.id, p.account_id, p.journal_id, p.value_date, -p.amount_kopecks,
           s.connection_fee_kopecks
    FROM ledger_posting AS p
    JOIN billing_subscription AS s ON s.id = p.subject_id
    WHERE p.charge_code = 'CONNECTION' AND p.corrects_id IS NULL AND p.amount_kopecks < 0
      AND p.journal_id > %(after)s
      AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s)
      AND (p.amount_kopecks <> -s.connection_fee_kopecks
           OR EXISTS (SELECT FROM ledger_posting AS w
                      WHERE w.account_id = p.account_id AND w.subject_id = p.subject_id
                        AND w.charge_code = 'CONNECTION' AND w.corrects_id IS NULL
                        AND w.amount_kopecks < 0 AND w.id < p.id))
    LIMIT 100
"""

_PAUSES = """
    SELECT p.id, p.account_id, p.journal_id, p.value_date, -p.amount_kopecks, v.pause_fee_kopecks
    FROM ledger_posting AS p
    JOIN billing_charge_basis AS b ON b.id = p.charge_basis_id
    JOIN billing_tariff_version AS v ON v.id = b.tariff_version_id
    WHERE p.charge_code = 'PAUSE' AND p.corrects_id IS NULL AND p.amount_kopecks < 0
      AND p.journal_id > %(after)s
      AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s)
      AND p.amount_kopecks <> -v.pause_fee_kopecks
    LIMIT 100
"""

# The price of a basis: of the terms that were sold the one that was sold, of others the one of its
# rule; with a discount, that much off the basis beside it. Where nothing is sold by newer terms,
# the last price stays with its rule, or is the one that was sold.
_PRICES = """
    SELECT b.id, s.account_id, b.price_kopecks,
           CASE WHEN b.discount_id IS NOT NULL
                THEN whole.price_kopecks - billing_discount_off(
                         d.kind, d.percent_bp, d.amount_kopecks, whole.price_kopecks)
                WHEN b.tariff_version_id = span.sold_version_id THEN span.sold_price_kopecks
                ELSE r.price_kopecks END AS right_price
    FROM billing_charge_basis AS b
    JOIN billing_subscription AS s ON s.id = b.subscription_id
    JOIN billing_plan_span AS span ON span.id = b.plan_span_id
    JOIN billing_price_rule AS r ON r.id = b.price_rule_id
    LEFT JOIN billing_discount AS d ON d.id = b.discount_id
    LEFT JOIN billing_charge_basis AS whole
           ON b.discount_id IS NOT NULL AND whole.plan_span_id = b.plan_span_id
          AND whole.tariff_version_id = b.tariff_version_id AND whole.discount_id IS NULL
    WHERE (%(account)s::bigint IS NULL OR s.account_id = %(account)s)
      AND b.price_kopecks IS DISTINCT FROM CASE
          WHEN b.discount_id IS NOT NULL
          THEN whole.price_kopecks - billing_discount_off(
                   d.kind, d.percent_bp, d.amount_kopecks, whole.price_kopecks)
          WHEN b.tariff_version_id = span.sold_version_id THEN span.sold_price_kopecks
          ELSE r.price_kopecks END
      AND NOT (b.discount_id IS NULL AND b.price_rule_id = span.sold_rule_id
               AND b.price_kopecks = span.sold_price_kopecks)
    LIMIT 100
"""


def more_of_charges(scope: Scope) -> Iterator[Problem]:
    """What I8 asks beside the amount of each line."""
    asked: dict[str, Any] = {"account": scope.account_id, "after": scope.after_journal_id}
    for posting, account, journal, on_date in _rows(_WHOLE, asked):
        yield Problem(
            "I8",
            "a month charged whole on a day on which none begins",
            posting_id=posting,
            account_id=account,
            journal_id=journal,
            value_date=str(on_date),
        )
    for sql in (_CONNECTIONS, _PAUSES):
        for posting, account, journal, on_date, amount, fee in _rows(sql, asked):
            yield Problem(
                "I8",
                f"a fee of {amount} was charged, sold was one of {fee}",
                posting_id=posting,
                account_id=account,
                journal_id=journal,
                value_date=str(on_date),
            )
    if not scope.after_journal_id:
        for basis, account, price, right in _rows(_PRICES, asked):
            yield Problem(
                "I8",
                f"basis {basis} has the price {price}, by its terms {right}",
                account_id=account,
            )


def _rows(sql: str, asked: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return cursor.fetchall()
