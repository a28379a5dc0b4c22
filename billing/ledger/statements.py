"""An account's statement in order of days, with the balance after each line, searched and cut.

The order is (value date, number of the line): a day that was charged late stands among its own day.
The running balance is summed in that order from the first line on, so the balance at the end of a
day is the same that the trial balance of that day counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from billing.ledger.queries import MAX_STATEMENT_LINES, StatementLine

MAX_PERIOD_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; None and empty fields do not filter.

    Dates are half-open. `direction`: "IN" or "OUT". `amount_kopecks` finds both signs. `text` is
    looked for in the narrative and the actor. `journal_ids`: a line of one of these, or one that
    the text finds.
    """

    from_date: date | None = None
    until_date: date | None = None
    kinds: tuple[str, ...] = ()
    direction: str = ""
    amount_kopecks: int | None = None
    text: str = ""
    journal_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RunningLine:
    """A line with the balance after it in the order of the statement, in kopecks."""

    line: StatementLine
    running_kopecks: int


_COLUMNS = """
    r.id, r.seq, r.value_date, j.posted_at, j.kind, r.amount_kopecks, r.balance_after_kopecks,
    j.narrative, j.actor, j.source, r.charge_code, r.subject_id, r.charge_basis_id, r.journal_id,
    j.reverses_id, (SELECT b.id FROM ledger_journal b WHERE b.reverses_id = j.id), r.corrects_id
"""
_LINES = f"""
    WITH r AS (
        SELECT p.*, sum(p.amount_kopecks) OVER (ORDER BY p.value_date, p.seq)::bigint AS running
          FROM ledger_posting p WHERE p.account_id = %(account)s AND p.seq IS NOT NULL
    )
    SELECT r.running, {_COLUMNS}
      FROM r JOIN ledger_journal j ON j.id = r.journal_id
     WHERE (%(from)s::date IS NULL OR r.value_date >= %(from)s)
       AND (%(until)s::date IS NULL OR r.value_date < %(until)s)
       AND (%(kinds)s::text[] = '{{}}' OR j.kind = ANY (%(kinds)s))
       AND (%(sign)s = 0 OR sign(r.amount_kopecks) = %(sign)s)
       AND (%(amount)s::bigint IS NULL OR abs(r.amount_kopecks) = abs(%(amount)s))
       AND (%(text)s = '' OR position(lower(%(text)s) IN lower(j.narrative)) > 0
            OR position(lower(%(text)s) IN lower(j.actor)) > 0
            OR r.journal_id = ANY (%(journals)s))
       AND (%(before)s::bigint IS NULL OR (r.value_date, r.seq) < (
            SELECT b.value_date, b.seq FROM r b WHERE b.seq = %(before)s))
     ORDER BY r.value_date DESC, r.seq DESC
     LIMIT %(limit)s
"""  # noqa: S608 (the columns are our own)


def page(
    *, account_id: int, wanted: Wanted, limit: int, before_seq: int | None = None
) -> list[RunningLine]:
    """Lines newest first; the next page starts before the line with the number `before_seq`."""
    return _lines(
        account_id=account_id,
        wanted=wanted,
        limit=min(limit, MAX_STATEMENT_LINES),
        before_seq=before_seq,
    )


def period(*, account_id: int, wanted: Wanted, limit: int = MAX_PERIOD_LINES) -> list[RunningLine]:
    """Lines of a period oldest first, at most `limit`."""
    found = _lines(account_id=account_id, wanted=wanted, limit=limit, before_seq=None)
    return found[::-1]


def balance_before(*, account_id: int, on_date: date | None) -> int:
    """What stood on the account when that day began; None: now. Kopecks."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT coalesce(sum(amount_kopecks), 0)::bigint FROM ledger_posting
                WHERE account_id = %s AND (%s::date IS NULL OR value_date < %s)""",
            [account_id, on_date, on_date],
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])


def _lines(
    *, account_id: int, wanted: Wanted, limit: int, before_seq: int | None
) -> list[RunningLine]:
    values: dict[str, Any] = {
        "account": account_id,
        "from": wanted.from_date,
        "until": wanted.until_date,
        "kinds": list(wanted.kinds),
        "sign": {"IN": 1, "OUT": -1}.get(wanted.direction, 0),
        "amount": wanted.amount_kopecks,
        "text": wanted.text,
        "journals": list(wanted.journal_ids),
        "before": before_seq,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LINES, values)
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
    return [RunningLine(StatementLine(*row[1:]), row[0]) for row in rows]
