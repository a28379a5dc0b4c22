"""Reading the ledger: balances, accounts, statements, journals as a person may see them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Min, QuerySet, Sum

from billing.ledger.errors import UnknownAccountError, UnknownJournalError
from billing.ledger.models import (
    LedgerAccount,
    LedgerBalance,
    LedgerJournal,
    LedgerPeriod,
    LedgerPosting,
)
from project.core import prepared

MAX_STATEMENT_LINES = 1000


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account as others see it; `parked_at` set means that it takes no postings now."""

    id: int
    code: str
    kind: str
    holder_name: str
    opened_at: datetime
    closed_at: datetime | None
    parked_at: datetime | None
    parked_reason: str


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscriber's account as a payment finds it."""

    id: int
    code: str
    holder_name: str
    is_closed: bool
    is_parked: bool
    balance_kopecks: int


_SUBSCRIBER = """
SELECT a.id, a.code, a.holder_name, a.closed_at IS NOT NULL, a.parked_at IS NOT NULL,
       b.balance_kopecks
FROM ledger_account AS a JOIN ledger_balance AS b ON b.account_id = a.id
WHERE a.code = %s AND a.kind = 'SUBSCRIBER'
"""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One posting on a subscriber's account with what its journal says.

    `reverses_id` is the journal this one takes back; `reversed_by_id` the journal that took this
    one back; `corrects_id` the posting that this line corrects.
    """

    posting_id: int
    seq: int
    value_date: date
    posted_at: datetime
    kind: str
    amount_kopecks: int
    balance_after_kopecks: int
    narrative: str
    actor: str
    source: str
    charge_code: str | None
    subject_id: int | None
    charge_basis_id: int | None
    journal_id: int
    reverses_id: int | None
    reversed_by_id: int | None
    corrects_id: int | None


@dataclass(frozen=True, slots=True)
class ContraLine:
    """The other side of a journal, as far as a person looking at one account may see it.

    `code` names a control account; None stands for all other accounts together.
    """

    code: str | None
    kinds: tuple[str, ...]
    amount_kopecks: int


@dataclass(frozen=True, slots=True)
class JournalView:
    """A journal seen from one account: its own legs and the other side, never another client's."""

    journal_id: int
    own: tuple[StatementLine, ...]
    contra: tuple[ContraLine, ...]


@dataclass(frozen=True, slots=True)
class TrialBalanceLine:
    """A control account, or all subscribers together (`code` None). Debits are negative."""

    kind: str
    code: str | None
    accounts: int
    postings: int
    debit_kopecks: int
    credit_kopecks: int

    @property
    def balance_kopecks(self) -> int:
        """What stands on it."""
        return self.debit_kopecks + self.credit_kopecks


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge of a service on a day, and what corrections and reversals gave back of it since."""

    posting_id: int
    subject_id: int
    value_date: date
    charge_code: str
    occurrence: int
    amount_kopecks: int
    corrected_kopecks: int
    charge_basis_id: int | None
    account_id: int
    journal_id: int


def balance_kopecks(*, account_id: int) -> int:
    """Balance of an account now; of a control account it is summed from its postings.

    Raises UnknownAccountError.
    """
    cached = (
        LedgerBalance.objects.filter(account_id=account_id)
        .values_list("balance_kopecks", flat=True)
        .first()
    )
    if cached is not None:
        return cached
    if not LedgerAccount.objects.filter(id=account_id).exists():
        raise UnknownAccountError(account_id=account_id)
    postings = LedgerPosting.objects.filter(account_id=account_id)
    return int(postings.aggregate(total=Sum("amount_kopecks"))["total"] or 0)


def posting_count(*, account_id: int) -> int:
    """How many postings a subscriber's account has: the `seq` of its last one; 0 for none."""
    rows = LedgerBalance.objects.filter(account_id=account_id)
    return rows.values_list("seq", flat=True).first() or 0


def balances(*, account_ids: Iterable[int]) -> dict[int, int]:
    """Balances of subscribers' accounts; other ids are missing from the answer."""
    rows = LedgerBalance.objects.filter(account_id__in=list(account_ids))
    return dict(rows.values_list("account_id", "balance_kopecks"))


def subscriber_with_balance(*, code: str) -> Subscriber | None:
    """The subscriber's account with that contract number, and its balance: one short statement."""
    rows = prepared.rows(_SUBSCRIBER, [code])
    return Subscriber(*rows[0]) if rows else None


def find_account(*, code: str) -> AccountInfo | None:
    """The account with that code (a contract number), or None."""
    rows = _account_infos(LedgerAccount.objects.filter(code=code))
    return rows[0] if rows else None


def accounts(*, ids: Iterable[int]) -> dict[int, AccountInfo]:
    """Accounts by id; unknown ids are missing from the answer."""
    return {
        info.id: info for info in _account_infos(LedgerAccount.objects.filter(id__in=list(ids)))
    }


def statement(*, account_id: int, limit: int, before_seq: int | None = None) -> list[StatementLine]:
    """Lines of a subscriber's account, newest first; the next page starts `before_seq` the last."""
    rows = LedgerPosting.objects.filter(account_id=account_id, seq__isnull=False)
    if before_seq is not None:
        rows = rows.filter(seq__lt=before_seq)
    return _lines(rows.order_by("-seq"), limit=min(limit, MAX_STATEMENT_LINES))


def journal_for(*, account_id: int, journal_id: int) -> JournalView:
    """A journal as somebody who looks at this account may see it.

    With one subscriber in the journal the control accounts are named with their amounts. With many
    (a chunk of a charge run, a transfer) the other side is one line, the opposite of the own legs,
    so that nobody's money but this account's can be read from it.

    Raises UnknownJournalError also when the account has no leg in the journal.
    """
    value_date = (
        LedgerJournal.objects.filter(id=journal_id).values_list("value_date", flat=True).first()
    )
    if value_date is None:
        raise UnknownJournalError(journal_id=journal_id)
    legs = LedgerPosting.objects.filter(journal_id=journal_id, value_date=value_date)
    own = _lines(legs.filter(account_id=account_id).order_by("seq"), limit=MAX_STATEMENT_LINES)
    if not own:
        raise UnknownJournalError(journal_id=journal_id)
    others = legs.exclude(account_id=account_id)
    if others.filter(seq__isnull=False).exists():
        kinds = others.filter(seq__isnull=True).values_list("account__kind", flat=True).distinct()
        contra = [ContraLine(None, tuple(sorted(kinds)), -sum(line.amount_kopecks for line in own))]
    else:
        sums = (
            others.values("account__code", "account__kind")
            .annotate(total=Sum("amount_kopecks"))
            .order_by("account__code")
        )
        contra = [
            ContraLine(row["account__code"], (row["account__kind"],), int(row["total"]))
            for row in sums
        ]
    return JournalView(journal_id=journal_id, own=tuple(own), contra=tuple(contra))


def journal_of_key(*, idempotency_key: str) -> int | None:
    """The journal that was posted under that key, or None."""
    rows = LedgerJournal.objects.filter(idempotency_key=idempotency_key)
    return rows.values_list("id", flat=True).first()


@dataclass(frozen=True, slots=True)
class JournalLeg:
    """One leg of a small journal, for those who may see both sides."""

    journal_id: int
    kind: str
    value_date: date
    posted_at: datetime
    narrative: str
    actor: str
    account_code: str
    account_kind: str
    amount_kopecks: int


def legs(*, journal_ids: Iterable[int]) -> list[JournalLeg]:
    """All legs of these journals, by journal; for journals of a few legs (payments, transfers)."""
    rows = LedgerPosting.objects.filter(journal_id__in=list(journal_ids)).order_by(
        "journal_id", "id"
    )
    found = rows.values_list(
        "journal_id",
        "journal__kind",
        "value_date",
        "journal__posted_at",
        "journal__narrative",
        "journal__actor",
        "account__code",
        "account__kind",
        "amount_kopecks",
    )
    return [JournalLeg(*row) for row in found[:200]]


def charges_of(*, subject_ids: Iterable[int], from_date: date, until_date: date) -> list[Charge]:
    """Charges of services on days of the half-open span, by service and day, corrections beside.

    A correction that was itself taken back counts for nothing.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.id, p.subject_id, p.value_date, p.charge_code, p.occurrence,
                   p.amount_kopecks,
                   (SELECT coalesce(sum(c.amount_kopecks + (
                              SELECT coalesce(sum(r.amount_kopecks), 0) FROM ledger_posting r
                               WHERE r.corrects_id = c.id)), 0)::bigint
                      FROM ledger_posting c WHERE c.corrects_id = p.id),
                   p.charge_basis_id, p.account_id, p.journal_id
              FROM ledger_posting p
             WHERE p.subject_id = ANY (%s) AND p.value_date >= %s AND p.value_date < %s
             ORDER BY p.subject_id, p.value_date, p.charge_code, p.occurrence
            """,
            [list(subject_ids), from_date, until_date],
        )
        return [Charge(*row) for row in cursor.fetchall()]


def trial_balance(*, until_date: date | None = None) -> list[TrialBalanceLine]:
    """All control accounts and the subscribers together, with value dates before `until_date`.

    The balances sum to zero; 31 million postings take 2.4 s.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.kind, CASE WHEN a.kind <> 'SUBSCRIBER' THEN a.code END AS shown_code,
                   count(*), coalesce(sum(p.postings), 0)::bigint,
                   coalesce(sum(p.debit), 0)::bigint, coalesce(sum(p.credit), 0)::bigint
              FROM ledger_account a
              LEFT JOIN (
                   SELECT account_id, count(*) AS postings,
                          sum(least(amount_kopecks, 0)) AS debit,
                          sum(greatest(amount_kopecks, 0)) AS credit
                     FROM ledger_posting
                    WHERE %(until)s::date IS NULL OR value_date < %(until)s
                    GROUP BY account_id
              ) p ON p.account_id = a.id
             GROUP BY a.kind, shown_code
             ORDER BY a.kind, shown_code
            """,
            {"until": until_date},
        )
        return [TrialBalanceLine(*row) for row in cursor.fetchall()]


def is_closed(*, on_date: date) -> bool:
    """Whether the month of that date is closed to postings."""
    return LedgerPeriod.objects.filter(month=on_date.replace(day=1)).exists()


def first_value_date() -> date | None:
    """The first day that anything was posted for, or None."""
    found = LedgerPosting.objects.aggregate(first=Min("value_date"))["first"]
    return found if isinstance(found, date) else None


def closed_periods() -> list[LedgerPeriod]:
    """Closed months, the oldest first."""
    return list(LedgerPeriod.objects.order_by("month"))


def _account_infos(rows: QuerySet[LedgerAccount]) -> list[AccountInfo]:
    names = AccountInfo.__slots__
    return [AccountInfo(*row) for row in rows.values_list(*names)]


def _lines(rows: QuerySet[LedgerPosting], *, limit: int) -> list[StatementLine]:
    values: Any = rows.values_list(
        "id",
        "seq",
        "value_date",
        "journal__posted_at",
        "journal__kind",
        "amount_kopecks",
        "balance_after_kopecks",
        "journal__narrative",
        "journal__actor",
        "journal__source",
        "charge_code",
        "subject_id",
        "charge_basis_id",
        "journal_id",
        "journal__reverses_id",
        "journal__reversed_by__id",
        "corrects_id",
    )[:limit]
    return [StatementLine(*row) for row in values]
