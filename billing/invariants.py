"""Invariants I7 to I12: payments and charges against the ledger. Run by `manage.py ledger_verify`.

* I7 each channel's clearing account holds its confirmed payments, but for what was settled since:
  transferred by the payment system, or taken to the bank
* I8 each charge is what the pure Python rules say for the price of its basis and its day (of a
  second line of a day, an upgrade's: no more than the price); what a month was paid for is not
  charged again, unless it was given back; fees are those that were sold, prices those of the terms
* I9 no charge on a day on which the service was paused, not begun or ended
* I10 each confirmed payment has one journal of its amount, each reversed one its reversal, each
  moved one its transfer
* I11 each posted operation of a person has its one journal, of its amount on its account; money on
  its way back to clients stands on the accounts of refunds; each move of own money has its journal
* I12 the VAT of each journal of charges, or of what comes back of them, is that of its lines (R14)
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection

from billing import calendar
from billing.charge_invariant import more_of_charges
from billing.charging.rules import prepaid_amount
from billing.ledger import verification
from billing.ledger.verification import Problem, Scope
from billing.operation_invariant import operations
from billing.payments.registry import CHANNELS
from billing.vat_invariant import vat

_CLEARING = """
    SELECT a.id, COALESCE((SELECT sum(p.amount_kopecks) FROM ledger_posting AS p
                           JOIN ledger_journal AS j ON j.id = p.journal_id
                           WHERE p.account_id = a.id
                             AND j.source NOT LIKE 'own money%%'), 0)::bigint,
           COALESCE((SELECT sum(y.amount_kopecks) FROM billing_payment AS y
                     WHERE y.channel = %(channel)s AND y.state = 'CONFIRMED'), 0)::bigint
    FROM ledger_account AS a WHERE a.code = %(code)s
"""

# Of each merchant account: what was paid, less what went back. What the provider has transferred to
# the bank since is posted by settlements.
_MERCHANTS = """
    SELECT m.clearing_account_id, m.clearing_code,
           COALESCE((SELECT sum(p.amount_kopecks) FROM ledger_posting AS p
                     JOIN ledger_journal AS j ON j.id = p.journal_id
                     WHERE p.account_id = m.clearing_account_id
                       AND j.source NOT LIKE 'settlement%%'), 0)::bigint,
           COALESCE((SELECT sum(y.amount_kopecks - y.refunded_kopecks) FROM billing_payment AS y
                     WHERE y.merchant_id = m.id
                       AND y.state IN ('CONFIRMED', 'REVERSED')), 0)::bigint
    FROM billing_merchant_account AS m
"""

# The sum of a payment's refunds that succeeded, where there are any, is what the payment says.
_REFUNDED = """
    SELECT y.id, y.account_id, y.journal_id
    FROM billing_payment AS y
    JOIN (SELECT r.payment_id, sum(r.amount_kopecks) AS total, sum(r.told_kopecks) AS told
          FROM billing_payment_refund AS r
          WHERE r.state = 'SUCCEEDED' GROUP BY r.payment_id) AS back ON back.payment_id = y.id
    WHERE (%(account)s::bigint IS NULL OR y.account_id = %(account)s)
      AND (back.total <> y.refunded_kopecks OR back.told <> y.told_back_kopecks)
    LIMIT 100
"""

_CHARGES = """
    SELECT v.charge_type, b.price_kopecks, p.value_date, c.anchor_day, p.occurrence,
           -p.amount_kopecks
    FROM ledger_posting AS p
    JOIN billing_charge_basis AS b ON b.id = p.charge_basis_id
    JOIN billing_tariff_version AS v ON v.id = b.tariff_version_id
    JOIN billing_charge_state AS c ON c.subscription_id = p.subject_id
    WHERE p.charge_code = 'SERVICE' AND p.corrects_id IS NULL
      AND p.journal_id > %(after)s AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s)
    GROUP BY 1, 2, 3, 4, 5, 6
"""

# Charges that look wrong by the anchor of today, one by one, with the days on which a month of the
# service was charged whole until then, and those on which a debt ended: there its month may have
# begun anew (R7), also when a discount left nothing to charge that day.
_ANCHORS = """
    SELECT p.id, p.account_id, p.journal_id,
           ARRAY(SELECT DISTINCT extract(day FROM w.value_date)::integer
                 FROM ledger_posting AS w
                 JOIN billing_charge_basis AS wb ON wb.id = w.charge_basis_id
                 WHERE w.subject_id = p.subject_id AND w.charge_code = 'SERVICE'
                   AND w.value_date < p.value_date AND w.amount_kopecks = -wb.price_kopecks
                 UNION
                 SELECT extract(day FROM k.until_at AT TIME ZONE 'Europe/Kyiv')::integer
                 FROM billing_block AS k
                 WHERE k.subscription_id = p.subject_id AND k.reason = 'DEBT'
                   AND (k.until_at AT TIME ZONE 'Europe/Kyiv')::date <= p.value_date)
    FROM ledger_posting AS p
    JOIN billing_charge_basis AS b ON b.id = p.charge_basis_id
    JOIN billing_tariff_version AS v ON v.id = b.tariff_version_id
    JOIN billing_charge_state AS c ON c.subscription_id = p.subject_id
    WHERE p.charge_code = 'SERVICE' AND p.corrects_id IS NULL
      AND p.journal_id > %(after)s AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s)
      AND v.charge_type = %(charge_type)s AND b.price_kopecks = %(price)s
      AND p.value_date = %(on_date)s AND c.anchor_day = %(anchor)s
      AND p.occurrence = %(occurrence)s AND p.amount_kopecks = -%(amount)s
    ORDER BY p.id
    LIMIT 100
"""

# A service that is charged on a day which a prepaid month covers, with nothing given back since.
# Of the months that the amount may stand for, the shortest one counts.
_PAID_TWICE = """
    WITH prepaid AS MATERIALIZED (
        SELECT DISTINCT b.subscription_id
        FROM billing_charge_basis AS b
        JOIN billing_tariff_version AS v ON v.id = b.tariff_version_id
        JOIN billing_subscription AS s ON s.id = b.subscription_id
        WHERE v.charge_type = 'MONTHLY_PREPAID'
          AND (%(account)s::bigint IS NULL OR s.account_id = %(account)s)
    ), charge AS MATERIALIZED (
        SELECT p.subject_id, p.account_id, p.value_date, -p.amount_kopecks AS amount,
               b.price_kopecks AS price, v.charge_type, c.anchor_day::integer AS anchor_day,
               lead(p.value_date) OVER by_day AS next_date, lead(p.id) OVER by_day AS next_id,
               lead(p.journal_id) OVER by_day AS next_journal
        FROM ledger_posting AS p
        JOIN prepaid AS s ON s.subscription_id = p.subject_id
        JOIN billing_charge_basis AS b ON b.id = p.charge_basis_id
        JOIN billing_tariff_version AS v ON v.id = b.tariff_version_id
        JOIN billing_charge_state AS c ON c.subscription_id = p.subject_id
        WHERE p.charge_code = 'SERVICE' AND p.occurrence = 0 AND p.corrects_id IS NULL
          AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s)
        WINDOW by_day AS (PARTITION BY p.subject_id ORDER BY p.value_date)
    )
    SELECT k.next_id, k.account_id, k.next_journal, k.next_date, k.value_date
    FROM charge AS k
    WHERE k.charge_type = 'MONTHLY_PREPAID' AND k.next_date < (
        SELECT min(billing_period_end(k.value_date, a.day))
        FROM unnest(ARRAY[1, k.anchor_day, extract(day FROM k.value_date)::integer]) AS a (day)
        WHERE k.amount = billing_amount(
            'MONTHLY_PREPAID', k.price,
            k.value_date - billing_period_start(k.value_date, a.day) + 1,
            billing_period_end(k.value_date, a.day) - billing_period_start(k.value_date, a.day)))
      AND NOT EXISTS (
        SELECT FROM ledger_posting AS r
        JOIN ledger_journal AS j ON j.id = r.journal_id AND j.kind = 'REFUND'
        JOIN billing_charge_basis AS b ON b.id = r.charge_basis_id
        WHERE r.account_id = k.account_id AND b.subscription_id = k.subject_id
          AND r.value_date BETWEEN k.value_date AND k.next_date AND r.amount_kopecks > 0)
      -- All that was left of the month had been freed by a correction before: nothing to give back.
      AND NOT EXISTS (
        SELECT FROM billing_given_back AS g
        WHERE g.subscription_id = k.subject_id AND g.amount_kopecks = 0
          AND g.from_date > k.value_date AND g.from_date <= k.next_date)
    LIMIT 100
"""

_FREE_DAYS = """
    SELECT p.id, p.account_id, p.journal_id, p.value_date,
           CASE WHEN p.value_date < s.activated_date THEN 'before the service began'
                WHEN p.value_date > s.terminated_date THEN 'after the service ended'
                ELSE 'during a pause' END
    FROM ledger_posting AS p
    JOIN billing_subscription AS s ON s.id = p.subject_id
    JOIN billing_charge_basis AS b ON b.id = p.charge_basis_id
    JOIN billing_tariff_version AS v ON v.id = b.tariff_version_id
    WHERE p.charge_code = 'SERVICE' AND p.corrects_id IS NULL
      AND p.journal_id > %(after)s AND (%(account)s::bigint IS NULL OR p.account_id = %(account)s)
      AND (p.value_date < s.activated_date OR p.value_date > s.terminated_date
           OR EXISTS (SELECT 1 FROM billing_pause AS h
                      WHERE h.subscription_id IN (s.id, s.parent_id) AND h.during @> p.value_date
                        -- A month may be paid and paused on one day; nothing is given back.
                        AND (v.charge_type = 'DAILY' OR lower(h.during) < p.value_date)))
    LIMIT 100
"""

_PAYMENTS = """
    SELECT y.id, y.account_id, y.journal_id, y.state
    FROM billing_payment AS y
    WHERE y.state IN ('CONFIRMED', 'REVERSED') AND y.journal_id > %(after)s
      AND (%(account)s::bigint IS NULL OR y.account_id = %(account)s)
      AND (NOT EXISTS (SELECT 1 FROM ledger_journal AS j
                       JOIN ledger_posting AS p
                         ON p.journal_id = j.id AND p.value_date = j.value_date
                       WHERE j.id = y.journal_id AND j.kind = 'PAYMENT'
                         AND p.amount_kopecks = y.amount_kopecks
                         AND (y.account_id IS NULL OR p.account_id = y.account_id))
           OR (y.state = 'REVERSED') <> EXISTS (
                  SELECT 1 FROM ledger_journal AS r
                  WHERE r.reverses_id = y.journal_id AND r.id = y.reversal_journal_id
                  UNION ALL
                  SELECT 1 FROM billing_payment_refund AS b
                  JOIN ledger_journal AS r ON r.id = b.journal_id
                  WHERE b.payment_id = y.id AND y.reversal_journal_id IS NULL
                  HAVING sum(b.amount_kopecks) = y.amount_kopecks))
    LIMIT 100
"""

_MOVED = """
    SELECT y.id, y.account_id, y.transfer_journal_id
    FROM billing_payment AS y
    WHERE y.transfer_journal_id IS NOT NULL
      AND (%(account)s::bigint IS NULL OR %(account)s IN (y.account_id, y.transferred_to_id))
      AND (SELECT array_agg(p.amount_kopecks ORDER BY p.amount_kopecks)
           FROM ledger_journal AS j
           JOIN ledger_posting AS p ON p.journal_id = j.id AND p.value_date = j.value_date
           WHERE j.id = y.transfer_journal_id AND j.kind = 'TRANSFER'
             AND (p.account_id IN (y.account_id, y.transferred_to_id) OR y.account_id IS NULL)
             AND NOT EXISTS (SELECT 1 FROM ledger_journal AS r WHERE r.reverses_id = j.id))
          IS DISTINCT FROM ARRAY[-y.amount_kopecks, y.amount_kopecks]
    LIMIT 100
"""

_ORPHANS = """
    SELECT j.id FROM ledger_journal AS j
    WHERE j.kind = 'PAYMENT' AND j.id > %(after)s AND %(account)s::bigint IS NULL
      AND NOT EXISTS (SELECT 1 FROM billing_payment AS y WHERE y.journal_id = j.id)
    LIMIT 100
"""


def register() -> None:
    """Add the six to the ledger's verification (once, when the app is loaded)."""
    verification.register("I7", clearing)
    verification.register("I8", charges)
    verification.register("I9", free_days)
    verification.register("I10", payments)
    verification.register("I11", operations)
    verification.register("I12", vat)


def clearing(scope: Scope) -> Iterator[Problem]:
    """I7, over everything only: a clearing account belongs to no client."""
    if not scope.is_full:
        return
    for channel in CHANNELS.values():
        for account_id, stands, confirmed in _rows(
            _CLEARING, channel=channel.code, code=channel.clearing_code
        ):
            if stands != -confirmed:
                yield Problem(
                    "I7",
                    f"{stands} stands on the account, confirmed payments are {confirmed}",
                    account_id=account_id,
                    account_code=channel.clearing_code,
                )
    for account_id, code, stands, confirmed in _rows(_MERCHANTS):
        if stands != -confirmed:
            yield Problem(
                "I7",
                f"{stands} stands on the account, payments that stand are {confirmed}",
                account_id=account_id,
                account_code=code,
            )


def charges(scope: Scope) -> Iterator[Problem]:
    """I8: equal charges are looked at once, so a million lines are a few hundred computations."""
    for row in _rows(_CHARGES, **_arguments(scope)):
        charge_type, price, on_date, anchor, occurrence, amount = row
        allowed = _allowed(charge_type, price, on_date, {anchor})
        if amount in allowed or (occurrence and 0 < amount <= price):
            continue
        alike = {
            "charge_type": charge_type,
            "price": price,
            "on_date": on_date,
            "anchor": anchor,
            "occurrence": occurrence,
            "amount": amount,
        }
        for posting, account, journal, days in _rows(_ANCHORS, **_arguments(scope), **alike):
            allowed = _allowed(charge_type, price, on_date, {anchor, *days})
            if amount in allowed:
                continue
            yield Problem(
                "I8",
                f"charged {amount}, by the rules {sorted(allowed)}",
                posting_id=posting,
                account_id=account,
                journal_id=journal,
                value_date=str(on_date),
            )
    yield from _paid_twice(scope)
    yield from more_of_charges(scope)


def _paid_twice(scope: Scope) -> Iterator[Problem]:
    if scope.after_journal_id:
        return
    for posting, account, journal, on_date, since in _rows(_PAID_TWICE, account=scope.account_id):
        yield Problem(
            "I8",
            f"charged on a day that is paid for since {since}",
            posting_id=posting,
            account_id=account,
            journal_id=journal,
            value_date=str(on_date),
        )


def _allowed(charge_type: str, price: int, on_date: date, anchors: set[int]) -> set[int]:
    if charge_type == "DAILY":
        return {calendar.daily_amount_on(price, on_date)}
    if charge_type == "ONE_OFF":
        return {price}
    # A month that began anew (R7) was charged whole, whatever the anchor became later. Whether it
    # may have begun on that day is asked by `charge_invariant`.
    return {price} | {
        prepaid_amount(price_kopecks=price, on_date=on_date, anchor_day=day)
        for day in {1, *anchors}
    }


def free_days(scope: Scope) -> Iterator[Problem]:
    """I9."""
    for posting, account, journal, on_date, why in _rows(_FREE_DAYS, **_arguments(scope)):
        yield Problem(
            "I9",
            f"charged {why}",
            posting_id=posting,
            account_id=account,
            journal_id=journal,
            value_date=str(on_date),
        )


def payments(scope: Scope) -> Iterator[Problem]:
    """I10, both ways."""
    for payment, account, journal, state in _rows(_PAYMENTS, **_arguments(scope)):
        yield Problem(
            "I10",
            f"payment {payment} is {state}, its journals say otherwise",
            account_id=account,
            journal_id=journal,
        )
    for payment, account, journal in _rows(_REFUNDED, account=scope.account_id):
        yield Problem(
            "I10",
            f"payment {payment}: its refunds do not sum to what it says went back",
            account_id=account,
            journal_id=journal,
        )
    for payment, account, journal in _rows(_MOVED, **_arguments(scope)):
        yield Problem(
            "I10",
            f"payment {payment} was moved, its transfer says otherwise",
            account_id=account,
            journal_id=journal,
        )
    for (journal,) in _rows(_ORPHANS, **_arguments(scope)):
        yield Problem("I10", "a payment's journal without a payment", journal_id=journal)


def _arguments(scope: Scope) -> dict[str, Any]:
    return {"account": scope.account_id, "after": scope.after_journal_id}


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()
