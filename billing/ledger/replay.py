"""One account replayed from zero, step by step, beside what is stored."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.db import connection

from billing.ledger.models import LedgerBalance

SQL = Path(__file__).resolve().parent / "sql" / "replay.sql"
ZERO_HASH = bytes(32)
LAST_SHOWN = 100
WRONG_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Step:
    """One line: what is stored of it, and what follows from all lines before it. Kopecks."""

    seq: int
    posting_id: int
    journal_id: int
    value_date: date
    kind: str | None
    charge_code: str | None
    amount_kopecks: int
    stored_kopecks: int
    computed_kopecks: int
    expected_seq: int
    is_hash_right: bool

    @property
    def is_right(self) -> bool:
        """Whether the stored balance, number and hash are the computed ones."""
        return (
            self.stored_kopecks == self.computed_kopecks
            and self.seq == self.expected_seq
            and self.is_hash_right
            and self.kind is not None
        )


@dataclass(slots=True)
class Month:
    """The lines of one month of value dates, in the order of posting; `last_kopecks` after them."""

    month: date
    count: int = 0
    credit_kopecks: int = 0
    debit_kopecks: int = 0
    last_kopecks: int = 0
    wrong: int = 0


@dataclass(slots=True)
class Replay:
    """The account from its first line; debits are negative. `stored_kopecks` is the cached one."""

    stored_kopecks: int
    stored_seq: int
    count: int = 0
    credit_kopecks: int = 0
    debit_kopecks: int = 0
    first_date: date | None = None
    months: list[Month] = field(default_factory=list)
    wrong: list[Step] = field(default_factory=list)
    wrong_count: int = 0
    last: list[Step] = field(default_factory=list)

    @property
    def computed_kopecks(self) -> int:
        """The balance as the lines give it."""
        return self.credit_kopecks + self.debit_kopecks

    @property
    def is_equal(self) -> bool:
        """Whether every step and the stored balance are the computed ones."""
        return (
            not self.wrong_count
            and self.computed_kopecks == self.stored_kopecks
            and self.count == self.stored_seq
        )


def replay(*, account_id: int) -> Replay:
    """Apply all postings of a subscriber's account one after the other, from zero."""
    cached = LedgerBalance.objects.filter(account_id=account_id).first()
    found = Replay(
        stored_kopecks=cached.balance_kopecks if cached else 0,
        stored_seq=cached.seq if cached else 0,
    )
    by_month: dict[date, Month] = {}
    with connection.cursor() as cursor:
        cursor.execute(SQL.read_text(encoding="utf-8"), {"account": account_id, "zero": ZERO_HASH})
        for row in cursor.fetchall():
            _add(found, Step(*row), by_month)
    found.months = [by_month[month] for month in sorted(by_month)]
    found.last = found.last[-LAST_SHOWN:][::-1]
    return found


def _add(found: Replay, step: Step, by_month: dict[date, Month]) -> None:
    first = step.value_date.replace(day=1)
    month = by_month.setdefault(first, Month(first))
    for one in (found, month):
        one.count += 1
        if step.amount_kopecks > 0:
            one.credit_kopecks += step.amount_kopecks
        else:
            one.debit_kopecks += step.amount_kopecks
    month.last_kopecks = step.computed_kopecks
    if found.first_date is None or step.value_date < found.first_date:
        found.first_date = step.value_date
    found.last.append(step)
    if not step.is_right:
        found.wrong_count += 1
        month.wrong += 1
        if len(found.wrong) < WRONG_SHOWN:
            found.wrong.append(step)
