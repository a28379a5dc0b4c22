"""What an accountant asks of the books: turnover by day and month, money on its way, entries.

Amounts are kopecks in the ledger's sign: debits are negative, credits positive. All subscribers
together are one account (`code` None).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection

from billing.calendar import ONE_DAY

MAX_ROWS = 5_000
AGES = (1, 3, 7, 30)  # whole days up to which money is that old; older is the last bucket


@dataclass(frozen=True, slots=True)
class Turnover:
    """One account in one day or month; `period` is its first day."""

    period: date
    kind: str
    code: str | None
    postings: int
    debit_kopecks: int
    credit_kopecks: int

    @property
    def net_kopecks(self) -> int:
        """What the period changed."""
        return self.debit_kopecks + self.credit_kopecks


@dataclass(frozen=True, slots=True)
class Sheet:
    """An account over a period: opening, turnover, closing."""

    kind: str
    code: str | None
    opening_kopecks: int
    debit_kopecks: int
    credit_kopecks: int

    @property
    def closing_kopecks(self) -> int:
        """What stood on it when the last day ended."""
        return self.opening_kopecks + self.debit_kopecks + self.credit_kopecks


@dataclass(frozen=True, slots=True)
class Aged:
    """A clearing account: money that a channel or a payout owes, by age; positive is owed to us.

    `buckets`: up to 1, 3, 7, 30 days old, and older. `oldest_date`: of the oldest that is not
    settled. Money is settled oldest first; a reversal takes its own payment away.
    """

    code: str
    due_kopecks: int
    buckets: tuple[int, ...]
    oldest_date: date | None
    oldest_days: int | None


def turnover(
    *,
    first: date,
    last: date,
    by: str,
    kind: str = "",
    code: str = "",
    limit: int | None = MAX_ROWS,
) -> list[Turnover]:
    """Turnover of every account by "DAY" or "MONTH", both days included, at most `limit` rows.

    None is all of them: what goes into a file of another system must not end in the middle.
    """
    assert by in ("DAY", "MONTH")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT CASE WHEN %(by)s = 'MONTH'
                        THEN date_trunc('month', d.value_date::timestamp)::date
                        ELSE d.value_date END AS period,
                   a.kind, CASE WHEN a.kind <> 'SUBSCRIBER' THEN a.code END AS shown_code,
                   sum(d.postings)::bigint, sum(d.debit)::bigint, sum(d.credit)::bigint
              FROM (SELECT account_id, value_date, count(*) AS postings,
                           sum(least(amount_kopecks, 0)) AS debit,
                           sum(greatest(amount_kopecks, 0)) AS credit
                      FROM ledger_posting
                     WHERE value_date >= %(first)s AND value_date < %(until)s
                     GROUP BY account_id, value_date) d
              JOIN ledger_account a ON a.id = d.account_id
             WHERE (%(kind)s = '' OR a.kind = %(kind)s) AND (%(code)s = '' OR a.code = %(code)s)
             GROUP BY period, a.kind, shown_code
             ORDER BY period, a.kind, shown_code
             LIMIT %(limit)s
            """,
            {
                "by": by,
                "first": first,
                "until": last + ONE_DAY,
                "kind": kind,
                "code": code,
                "limit": limit,
            },
        )
        return [Turnover(*row) for row in cursor.fetchall()]


def sheet(*, first: date, last: date) -> list[Sheet]:
    """Opening balance, turnover and closing balance of each account; each column sums to zero."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.kind, CASE WHEN a.kind <> 'SUBSCRIBER' THEN a.code END AS shown_code,
                   coalesce(sum(p.opening), 0)::bigint, coalesce(sum(p.debit), 0)::bigint,
                   coalesce(sum(p.credit), 0)::bigint
              FROM ledger_account a
              JOIN (SELECT account_id,
                           sum(amount_kopecks) FILTER (WHERE value_date < %(first)s) AS opening,
                           sum(least(amount_kopecks, 0))
                               FILTER (WHERE value_date >= %(first)s) AS debit,
                           sum(greatest(amount_kopecks, 0))
                               FILTER (WHERE value_date >= %(first)s) AS credit
                      FROM ledger_posting WHERE value_date < %(until)s
                     GROUP BY account_id) p ON p.account_id = a.id
             GROUP BY a.kind, shown_code
             ORDER BY a.kind, shown_code
            """,
            {"first": first, "until": last + ONE_DAY},
        )
        return [Sheet(*row) for row in cursor.fetchall()]


def clearing(*, on_date: date) -> list[Aged]:
    """Clearing accounts at the end of that day, with the age of what stands on them."""
    with connection.cursor() as cursor:
        cursor.execute(_CLEARING, {"until": on_date + ONE_DAY})
        rows = cursor.fetchall()
    by_code: dict[str, list[tuple[date, int, int]]] = {}
    for code, day, came, gone in rows:
        by_code.setdefault(code, []).append((day, came, gone))
    return [_aged(code, by_code[code], on_date) for code in sorted(by_code)]


# What is taken back counts to its own day and side: a payment reversed never came, a transfer to
# the bank taken back never went.
_CLEARING = """
    SELECT a.code, coalesce(o.value_date, p.value_date) AS day,
           -coalesce(sum(p.amount_kopecks)
                     FILTER (WHERE coalesce(o.amount_kopecks, p.amount_kopecks) < 0), 0)::bigint,
           coalesce(sum(p.amount_kopecks)
                    FILTER (WHERE coalesce(o.amount_kopecks, p.amount_kopecks) > 0), 0)::bigint
      FROM ledger_account a
      JOIN ledger_posting p ON p.account_id = a.id AND p.value_date < %(until)s
      LEFT JOIN ledger_posting o ON o.id = p.corrects_id AND o.account_id = p.account_id
     WHERE a.kind = 'CLEARING'
     GROUP BY a.code, day
     ORDER BY a.code, day
"""


def _aged(code: str, days: Sequence[tuple[date, int, int]], on_date: date) -> Aged:
    """Settle the oldest first; what is left is as old as its day. The other way for payouts."""
    came = sum(amount for _day, amount, _gone in days)
    gone = sum(amount for _day, _came, amount in days)
    is_ours = came >= gone
    sign, left = (1, gone) if is_ours else (-1, came)
    buckets = [0] * (len(AGES) + 1)
    oldest: date | None = None
    for day, in_, out in days:
        amount = in_ if is_ours else out
        taken = min(amount, left) if amount > 0 else 0
        left -= taken
        rest = amount - taken
        if rest == 0:
            continue
        oldest = oldest or day
        age = (on_date - day).days
        at = next((i for i, most in enumerate(AGES) if age <= most), len(AGES))
        buckets[at] += sign * rest
    buckets[0] -= sign * left
    if came == gone:
        oldest = None
    return Aged(
        code=code,
        due_kopecks=came - gone,
        buckets=tuple(buckets),
        oldest_date=oldest,
        oldest_days=(on_date - oldest).days if oldest else None,
    )
