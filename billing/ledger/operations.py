"""Writing in the ledger. Everything goes through functions of the database (sql/posting.sql).

Each function is one statement, so outside a transaction it is one by itself; inside
`transaction.atomic()` it belongs to that transaction. Errors are in `billing.ledger.errors`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from billing.ledger.errors import AccountExistsError, UnknownAccountError, ledger_errors
from billing.ledger.models import LedgerAccount, LedgerJournal
from project.core import prepared
from project.core.actor import Actor

# The names by which the rest of billing asks; models are imported by the ledger only.
JournalKind = LedgerJournal.Kind
AccountKind = LedgerAccount.Kind

ACTOR_MAX_LENGTH = 150
POST_SQL = (
    "SELECT ledger_post(%s, %s, %s, %s, %s, %s, %s, %s::bigint[], %s::bigint[], %s::bigint[],"
    " %s::text[], %s::smallint[], %s::bigint[], %s::bigint[])"
)
POST_CHARGES_SQL = (
    "SELECT ledger_post_charges(%s, %s, %s, %s, %s, %s, %s::bigint[], %s::bigint[], %s::bigint[],"
    " %s::text[], %s::smallint[], %s::bigint[], %s::bigint[], %s::bigint[])"
)


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a journal: an amount on an account.

    The sign is the subscriber's view: plus is money in, minus is a charge; control accounts carry
    the opposite. A charge names its service (`subject_id`) and what for (`charge_code`), both or
    neither; a correction names the posting it corrects.
    """

    account_id: int
    amount_kopecks: int
    subject_id: int | None = None
    charge_code: str | None = None
    occurrence: int = 0
    charge_basis_id: int | None = None
    corrects_id: int | None = None


def _call(sql: str, parameters: Sequence[Any]) -> Any:
    with ledger_errors(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
    assert row is not None
    return row[0]


def open_account(*, at: datetime, code: str, kind: str, holder_name: str = "") -> int:
    """Open an account and return its id. `code` is the contract number of a subscriber.

    Raises AccountExistsError when the code is taken.
    """
    if LedgerAccount.objects.filter(code=code).exists():
        raise AccountExistsError(code=code)
    try:
        with transaction.atomic():  # of its own, so that a caller who lost the race can go on
            account_id = _call(
                "SELECT ledger_open_account(%s, %s, %s, %s)",
                [code, str(kind), at, holder_name[:200]],
            )
    except IntegrityError:
        raise AccountExistsError(code=code) from None
    return int(account_id)


def ensure_control_account(*, at: datetime, code: str, kind: str) -> int:
    """The id of the control account with that code, opened now if there is none.

    Raises AccountExistsError when the code belongs to an account of another kind.
    """
    assert kind != LedgerAccount.Kind.SUBSCRIBER, "a subscriber's account is opened, not ensured"
    known = LedgerAccount.objects.filter(code=code).values("id", "kind").first()
    if known is None:
        try:
            return open_account(at=at, code=code, kind=kind)
        except AccountExistsError:  # somebody opened it this very moment
            known = LedgerAccount.objects.filter(code=code).values("id", "kind").get()
    if known["kind"] != str(kind):
        raise AccountExistsError(code=code)
    return int(known["id"])


def rename_holder(*, account_id: int, holder_name: str) -> None:
    """Set the name payment look-ups show for the account. The caller audits."""
    if not LedgerAccount.objects.filter(id=account_id).update(holder_name=holder_name[:200]):
        raise UnknownAccountError(account_id=account_id)


def post(
    *,
    kind: str,
    value_date: date,
    posted_at: datetime,
    idempotency_key: str,
    legs: Sequence[Leg],
    actor: Actor,
    source: str,
    narrative: str = "",
) -> int:
    """Post one journal and return its id; balances of subscribers move with it.

    The same key with the same kind, value date, source and legs returns the first journal's id and
    posts nothing; with other inputs IdempotencyConflictError. `value_date` is the day it counts for
    (Europe/Kyiv), `posted_at` the moment of writing. A REVERSAL is posted by `reverse`.

    Raises BadLegsError, PeriodClosedError, AccountStoppedError, UnknownAccountError,
    AlreadyChargedError, IdempotencyConflictError, NoPartitionError, LedgerBusyError.
    """
    codes = [leg.charge_code for leg in legs]
    with ledger_errors():
        ((journal_id,),) = prepared.rows(
            POST_SQL,
            [
                str(kind),
                value_date,
                posted_at,
                idempotency_key,
                actor.label[:ACTOR_MAX_LENGTH],
                source,
                narrative,
                _array([leg.account_id for leg in legs]),
                _array([leg.amount_kopecks for leg in legs]),
                _array_if_said([leg.subject_id for leg in legs]),
                codes if any(codes) else None,
                _array_if_said([leg.occurrence for leg in legs]),
                _array_if_said([leg.charge_basis_id for leg in legs]),
                _array_if_said([leg.corrects_id for leg in legs]),
            ],
        )
    return int(journal_id)


def _array(values: Iterable[int | None]) -> str:
    """Whole numbers as the text of a PostgreSQL array.

    psycopg would look for the smallest type that holds them all: longer than the rest of its work
    at a payment, and the statement prepared anew for each of the three types.
    """
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def _array_if_said(values: Sequence[int | None]) -> str | None:
    """None for a column in which no leg says anything: most payments are an account and a sum."""
    return _array(values) if any(values) else None


def post_charges(
    *,
    value_date: date,
    posted_at: datetime,
    idempotency_key: str,
    actor: Actor,
    source: str,
    charges: Sequence[Leg],
    contra: Sequence[tuple[int, int]],
    narrative: str = "",
) -> int:
    """Post one chunk of a charge run as one journal of kind CHARGE and return its id.

    `charges` are the subscribers' legs (negative), those of one account in the order in which they
    are to stand on it; `contra` are `(account_id, amount_kopecks)` of revenue and VAT, which sum to
    the opposite. A set-based run calls `ledger_post_charges` in SQL instead (see README.md).
    Errors as of `post`.
    """
    charges = sorted(charges, key=lambda leg: leg.account_id)
    return int(
        _call(
            POST_CHARGES_SQL,
            [
                value_date,
                posted_at,
                idempotency_key,
                actor.label[:ACTOR_MAX_LENGTH],
                source,
                narrative,
                [leg.account_id for leg in charges],
                [leg.amount_kopecks for leg in charges],
                [leg.subject_id for leg in charges],
                [leg.charge_code for leg in charges],
                [leg.occurrence for leg in charges],
                [leg.charge_basis_id for leg in charges],
                [account_id for account_id, _ in contra],
                [amount_kopecks for _, amount_kopecks in contra],
            ],
        )
    )


def lock_balances(*, account_ids: Iterable[int]) -> dict[int, int]:
    """Lock subscribers' balances until the transaction ends; balance of each that takes postings.

    For a decision on funds followed by a posting. Accounts that are parked or closed are missing
    from the answer. Call it late, with all accounts at once: locks are taken in order of account.

    Raises LedgerBusyError.
    """
    assert connection.in_atomic_block, "a lock is of use only inside a transaction"
    with ledger_errors(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT account_id, balance_kopecks FROM ledger_lock_balances(%s::bigint[])",
            [sorted(set(account_ids))],
        )
        return dict(cursor.fetchall())


def reverse(
    *,
    journal_id: int,
    value_date: date,
    posted_at: datetime,
    actor: Actor,
    narrative: str,
    source: str = "reversal",
) -> int:
    """Post the opposite of a whole journal (a payment, an adjustment) and return its id.

    The new legs name the postings they take back (`corrects_id`). A journal of many clients is not
    reversed: one client's line is corrected with `post` of kind CORRECTION whose legs carry
    `corrects_id`.

    Raises UnknownJournalError, AlreadyReversedError, NotReversibleError, PeriodClosedError,
    AccountStoppedError, LedgerBusyError.
    """
    return int(
        _call(
            "SELECT ledger_reverse(%s, %s, %s, %s, %s, %s)",
            [
                journal_id,
                value_date,
                posted_at,
                actor.label[:ACTOR_MAX_LENGTH],
                source,
                narrative,
            ],
        )
    )


def close_period(*, month: date, at: datetime, actor: Actor) -> bool:
    """Close the month of that date for ever: later postings into it are refused.

    False when it was closed before. Postings on their way are waited for (3 s, LedgerBusyError).
    """
    return bool(
        _call(
            "SELECT ledger_close_period(%s, %s, %s)",
            [month.replace(day=1), at, actor.label[:ACTOR_MAX_LENGTH]],
        )
    )


def park_account(*, account_id: int, at: datetime, reason: str) -> None:
    """Refuse postings on one subscriber's account until its books are right. The caller audits."""
    _stop(account_id=account_id, parked_at=at, reason=reason, closed_at=None)


def unpark_account(*, account_id: int) -> None:
    """Let a parked account take postings again. The caller audits."""
    _stop(account_id=account_id, parked_at=None, reason="", closed_at=None)


def close_account(*, account_id: int, at: datetime) -> None:
    """Close a subscriber's account to postings. The caller checks that its balance is zero."""
    _stop(account_id=account_id, parked_at=None, reason="", closed_at=at)


def reopen_account(*, account_id: int) -> None:
    """Let a closed account take postings again. The caller audits."""
    _stop(account_id=account_id, parked_at=None, reason="", closed_at=None)


def _stop(
    *, account_id: int, parked_at: datetime | None, reason: str, closed_at: datetime | None
) -> None:
    known = _call(
        "SELECT ledger_stop_account(%s, %s, %s, %s)",
        [account_id, parked_at, reason[:300], closed_at],
    )
    if not known:
        raise UnknownAccountError(account_id=account_id)


def ensure_partitions(*, from_date: date, until_date: date) -> list[str]:
    """Make the monthly partitions that the half-open span of value dates needs; those made now.

    Run daily with a few months ahead, and before history is carried over from another system.
    """
    with ledger_errors(), connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_ensure_partitions(%s, %s)", [from_date, until_date])
        return [name for (name,) in cursor.fetchall()]
