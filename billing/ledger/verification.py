"""Whether the books are right, found out by computing them again.

The invariants, as people and machines are told them:

* I1 all postings sum to zero
* I2 each journal sums to zero, has at least two legs, on its value date; no leg without its journal
* I3 each cached balance equals the sum of the account's postings, and its seq their number
* I4 no gap in an account's seq; each balance after is the previous one plus the amount
* I5 the hash chain of each account recomputes
* I6 the seals recompute, and equal the files they were exported to
* GUARDS the triggers and privileges that keep the ledger append-only are in place

I7 to I10 are about payments and charges: billing registers them with `register`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from django.db import connection

from billing.ledger import seals
from billing.ledger.errors import UnknownAccountError
from billing.ledger.models import LedgerAccount, LedgerSeal

MAX_PROBLEMS_PER_CHECK = 100
ZERO_HASH = bytes(32)
SQL = Path(__file__).resolve().parent / "sql"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, with the row to look at and what differs."""

    invariant: str
    message: str
    account_id: int | None = None
    account_code: str | None = None
    journal_id: int | None = None
    posting_id: int | None = None
    value_date: str | None = None

    def __str__(self) -> str:
        where = [
            f"{name} {value}"
            for name, value in (
                ("posting", self.posting_id),
                ("account", self.account_code or self.account_id),
                ("journal", self.journal_id),
                ("on", self.value_date),
            )
            if value is not None
        ]
        return f"{self.invariant} {', '.join(where)}{': ' if where else ''}{self.message}"


@dataclass(frozen=True, slots=True)
class Scope:
    """What is verified: everything, one account, or what came after the last seal.

    `after_journal_id` is 0 in a full verification.
    """

    account_id: int | None = None
    after_journal_id: int = 0

    @property
    def is_full(self) -> bool:
        """Whether this is the verification of everything."""
        return self.account_id is None and self.after_journal_id == 0


@dataclass(slots=True)
class Report:
    """What was verified and what is wrong."""

    mode: str
    problems: list[Problem] = field(default_factory=list)
    postings: int = 0
    accounts: int = 0
    journals: int = 0
    seconds: float = 0.0
    seconds_by_check: dict[str, float] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        """No problem was found."""
        return not self.problems


Check = Callable[[Scope], Iterator[Problem]]
_registered: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Add a check of billing's (`I7` to `I10`). It gets the scope and yields problems.

    Registering a name again replaces the check.
    """
    _registered[name] = check


def verify(
    *, mode: str = "full", account_id: int | None = None, seals_dir: Path | None = None
) -> Report:
    """Compute the books again and report what differs. Reads only; safe beside live postings.

    `mode` is "full" (from zero), "incremental" (journals since the last seal and the accounts they
    touch; everything before is what the seal says) or "account" with `account_id`. With `seals_dir`
    the exported seals are compared as well.

    Raises UnknownAccountError.
    """
    assert mode in ("full", "incremental", "account")
    assert (mode == "account") == (account_id is not None)
    scope = Scope(account_id=account_id)
    if account_id is not None and not LedgerAccount.objects.filter(id=account_id).exists():
        raise UnknownAccountError(account_id=account_id)
    if mode == "incremental":
        last_seal = LedgerSeal.objects.order_by("-day").first()
        scope = Scope(after_journal_id=last_seal.last_journal_id if last_seal else 0)
    checks: dict[str, Check] = {
        **CHECKS,
        "I6": lambda s: _seals(s, seals_dir),
        **_registered,
    }
    report = Report(mode=mode)
    started = monotonic()
    for name, check in checks.items():
        check_started = monotonic()
        report.problems.extend(check(scope))
        report.seconds_by_check[name] = round(monotonic() - check_started, 3)
    report.postings, report.accounts, report.journals = _size(scope)
    report.seconds = round(monotonic() - started, 3)
    return report


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def _arguments(scope: Scope) -> dict[str, Any]:
    return {
        "account": scope.account_id,
        "after": scope.after_journal_id,
        "limit": MAX_PROBLEMS_PER_CHECK,
        "zero": ZERO_HASH,
    }


def _size(scope: Scope) -> tuple[int, int, int]:
    (row,) = _rows(
        """SELECT count(*), count(DISTINCT account_id), count(DISTINCT journal_id)
             FROM ledger_posting
            WHERE (%(account)s::bigint IS NULL OR account_id = %(account)s)
              AND journal_id > %(after)s""",
        **_arguments(scope),
    )
    return row[0], row[1], row[2]


def _guards(scope: Scope) -> Iterator[Problem]:
    for rel, name in _rows((SQL / "verify_triggers.sql").read_text()):
        yield Problem("GUARDS", f"trigger {name} of {rel} is missing or not ENABLE ALWAYS")
    for rel, privilege in _rows((SQL / "verify_privileges.sql").read_text()):
        yield Problem("GUARDS", f"geobill_app has {privilege} on {rel}")


def _total(scope: Scope) -> Iterator[Problem]:
    if scope.account_id is not None:
        return
    ((total,),) = _rows(
        "SELECT coalesce(sum(amount_kopecks), 0) FROM ledger_posting WHERE journal_id > %(after)s",
        **_arguments(scope),
    )
    if total:
        yield Problem("I1", f"all postings sum to {total}, not to zero")


def _journals(scope: Scope) -> Iterator[Problem]:
    name = "verify_journals_of_account.sql" if scope.account_id else "verify_journals.sql"
    for journal_id, exists, legs, total, dates_agree in _rows(
        (SQL / name).read_text(), **_arguments(scope)
    ):
        if not exists:
            message = f"{legs} legs without their journal"
        elif total:
            message = f"the legs sum to {total}, not to zero"
        elif legs < 2:
            message = f"has {legs} legs, at least two are needed"
        else:
            assert not dates_agree
            message = "legs are not on the value date of the journal"
        yield Problem("I2", message, journal_id=journal_id)


def _balances(scope: Scope) -> Iterator[Problem]:
    name = "verify_balances.sql" if not scope.after_journal_id else "verify_touched_balances.sql"
    for account_id, code, balance, total, seq, count in _rows(
        (SQL / name).read_text(), **_arguments(scope)
    ):
        if balance is None:
            message = f"{count} postings on an account that has no cached balance"
        elif balance != total:
            message = f"the cached balance is {balance}, the postings sum to {total}"
        else:
            message = f"the cached seq is {seq}, there are {count} postings"
        yield Problem("I3", message, account_id=account_id, account_code=code)


def _sequence(scope: Scope) -> Iterator[Problem]:
    yield from _legs_wrong(scope, invariant="I4", name="verify_sequence")


def _chain(scope: Scope) -> Iterator[Problem]:
    yield from _legs_wrong(scope, invariant="I5", name="verify_chain")


def _legs_wrong(scope: Scope, *, invariant: str, name: str) -> Iterator[Problem]:
    suffix = "_since" if scope.after_journal_id else ""
    for posting_id, account_id, code, journal_id, value_date, message in _rows(
        (SQL / f"{name}{suffix}.sql").read_text(), **_arguments(scope)
    ):
        yield Problem(
            invariant,
            message,
            account_id=account_id,
            account_code=code,
            journal_id=journal_id,
            posting_id=posting_id,
            value_date=value_date.isoformat(),
        )


def _seals(scope: Scope, seals_dir: Path | None) -> Iterator[Problem]:
    if not scope.is_full:
        return
    for message in seals.check(seals_dir=seals_dir):
        yield Problem("I6", message)


# The ledger's own checks that need nothing but the scope, in the order in which they are made.
CHECKS: dict[str, Check] = {
    "GUARDS": _guards,
    "I1": _total,
    "I2": _journals,
    "I3": _balances,
    "I4": _sequence,
    "I5": _chain,
}
