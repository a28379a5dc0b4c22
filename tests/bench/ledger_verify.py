"""`ledger_verify`: all balances and all sequences of 10 M postings computed again from zero.

Floors: the bare sum by account of all postings, and the bare window over each account's postings in
order.
"""

from datetime import date, timedelta

from django.db import connection

from billing.ledger import operations as ledger
from billing.ledger import verification
from billing.ledger.verification import Scope
from tests.bench import _books
from tests.bench._harness import Result, bench_database, in_turn, note, run, wall_s

ROUNDS = 3
POSTINGS = 10_000_000
DAYS = 50

BALANCES = """
    SELECT count(*) FROM (
        SELECT account_id, sum(amount_kopecks) AS total FROM ledger_posting GROUP BY account_id
    ) AS sums WHERE total IS NULL
"""
SEQUENTIAL = """
    SELECT count(*) FROM (
        SELECT lag(balance_after_kopecks) OVER (PARTITION BY account_id ORDER BY seq) AS before
        FROM ledger_posting WHERE seq IS NOT NULL
    ) AS passed WHERE before = -1
"""


def measure(scale: float) -> Result:
    """200,000 accounts with fifty postings each, in two partitions, made by `ledger_post`."""
    with bench_database("ledger_verify") as name, _books.owner_connection(name) as owner:
        accounts = max(100, round(POSTINGS * scale) // DAYS)
        first, last = _books.open_accounts(accounts)
        until = _books.FIRST_DAY + timedelta(days=DAYS)
        ledger.ensure_partitions(from_date=_books.FIRST_DAY, until_date=date(2026, 12, 1))
        for number in range((until - _books.FIRST_DAY).days):
            day = _books.FIRST_DAY + timedelta(days=number)
            _books.put_money(first=first, last=last, on_date=day)
        owner.execute("VACUUM ANALYZE ledger_posting")
        owner.execute("VACUUM ANALYZE ledger_balance")
        owner.execute("VACUUM ANALYZE ledger_account")
        balances, mine, bare = in_turn(
            ours=lambda: _checked("I3"), floor=lambda: _asked(BALANCES), rounds=ROUNDS
        )
        note(f"balances: ours {mine:.2f} s, floor {bare:.2f} s")
        figures = {"postings": accounts * DAYS, "balances_s": round(mine, 2)}
        sequential, mine, bare = in_turn(
            ours=lambda: _checked("I4"), floor=lambda: _asked(SEQUENTIAL), rounds=ROUNDS
        )
        note(f"sequential: ours {mine:.2f} s, floor {bare:.2f} s")
        figures["sequential_s"] = round(mine, 2)
        report = verification.verify()
        assert report.is_right, report.problems[:3]
        figures |= {"full_s": round(report.seconds, 2), "chain_s": report.seconds_by_check["I5"]}
        return Result("ledger_verify", {"balances": balances, "sequential": sequential}, figures)


def _checked(invariant: str) -> float:
    """Seconds of one check of the verification, which finds nothing."""

    def work() -> None:
        problems = list(verification.CHECKS[invariant](Scope()))
        assert problems == [], problems[:3]

    return wall_s(work)


def _asked(sql: str) -> float:
    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            assert cursor.fetchall() == [(0,)]

    return wall_s(work)


if __name__ == "__main__":
    run(__doc__ or "", measure)
