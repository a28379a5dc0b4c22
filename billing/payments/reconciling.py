"""Reconciliation of a merchant account's day: its list beside ours, line by line.

The comparison is made anew each time it is looked at: a row that was missing is matched as soon as
its payment is posted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Q, QuerySet

from billing.calendar import day_bounds, kyiv_date
from billing.ledger import queries as ledger_queries
from billing.payments import registers
from billing.payments.models import (
    MerchantAccount,
    Payment,
    ProviderDispute,
    ProviderRegister,
    ProviderRegisterRow,
    Refund,
    Settlement,
)

MAX_ROWS = 20_000
# A payment that brings ours up to theirs is kept under their number with this behind it.
REST = ":rest"


class Kind(StrEnum):
    """What a line of the comparison says; the ones that need somebody first.

    REPEATED: the list has the number once more. UNLISTED: ours, and there is no list of the day to
    compare it with.
    """

    MISSING_HERE = "MISSING_HERE"
    MISSING_THERE = "MISSING_THERE"
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS"
    NOT_CREDITED = "NOT_CREDITED"
    REPEATED = "REPEATED"
    ACCOUNT_DIFFERS = "ACCOUNT_DIFFERS"
    UNLISTED = "UNLISTED"
    MATCHED = "MATCHED"


FINE = (Kind.MATCHED, Kind.UNLISTED)
ORDER = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Line:
    """A payment as they have it (`row`), as we have it (`payment`), or both."""

    kind: Kind
    row: ProviderRegisterRow | None
    payment: Payment | None
    ours_kopecks: int
    dispute: ProviderDispute | None = None

    @property
    def is_wrong(self) -> bool:
        """Whether somebody has to look at it."""
        return self.kind not in FINE

    @property
    def theirs_kopecks(self) -> int:
        """What their list says; below zero for money that went back."""
        if self.row is None:
            return 0
        return -self.row.amount_kopecks if self.row.is_reversal else self.row.amount_kopecks

    @property
    def account_code(self) -> str:
        """The contract number that was named."""
        if self.row is not None:
            return self.row.account_code
        return self.payment.account_code if self.payment is not None else ""

    @property
    def key(self) -> str:
        """The payment system's number."""
        if self.row is not None:
            return self.row.payment_key
        return (self.payment.external_id or "") if self.payment is not None else ""


class _Ours(NamedTuple):
    by_key: dict[tuple[str, str], Payment]
    rest: dict[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class Day:
    """A merchant account's day: lines with what is wrong first, and the sums of both sides."""

    merchant: MerchantAccount
    on_date: date
    registers: Sequence[ProviderRegister]
    lines: Sequence[Line]
    settlements: Sequence[Settlement]
    stands_kopecks: int

    @property
    def ours_kopecks(self) -> int:
        """What we have of the day."""
        return sum(line.ours_kopecks for line in self.lines)

    @property
    def theirs_kopecks(self) -> int:
        """What they have of the day."""
        return sum(line.theirs_kopecks for line in self.lines)

    @property
    def wrong(self) -> int:
        """How many lines differ."""
        return sum(line.is_wrong for line in self.lines)

    @property
    def owed_kopecks(self) -> int:
        """What the payment system owes us now, over all days."""
        return -self.stands_kopecks


def in_space(space: str) -> Q:
    """Payments whose ids a list can name; an old list, that does not say, may name any."""
    return Q(space=space) if space else Q()


def _named(rows: Sequence[ProviderRegisterRow], ours: QuerySet[Payment]) -> _Ours:
    """Payments of ours that the rows name, and what was credited beside them, by space and id."""
    spaces = {row.register.space for row in rows}
    keys = [row.payment_key for row in rows]
    wanted = ours.filter(external_id__in=[*keys, *(f"{key}{REST}" for key in keys)])
    found = _Ours({}, {})
    for payment in wanted.order_by("id"):
        key = payment.external_id or ""
        for space in {payment.space, ""} & spaces:
            found.by_key[(space, key)] = payment
            if key.endswith(REST):
                found.rest[(space, key)] = payment.told_left_kopecks
    return found


def day(*, merchant: MerchantAccount, on_date: date) -> Day:
    """The comparison of a day: payments that were paid on it, and rows of their lists about it."""
    start, end = day_bounds(on_date)
    in_span = Q(paid_at__gte=start, paid_at__lt=end)
    undated = Q(paid_at__isnull=True, register__start_at__gte=start, register__start_at__lt=end)
    rows = list(
        ProviderRegisterRow.objects.filter(register__merchant=merchant)
        .filter(in_span | undated)
        .select_related("register")
        .order_by("id")[:MAX_ROWS]
    )
    ours = Payment.objects.filter(merchant=merchant)
    known = _named(rows, ours)
    lists = list(
        ProviderRegister.objects.filter(merchant=merchant)
        .filter(Q(start_at__lt=end, end_at__gt=start) | Q(id__in={row.register_id for row in rows}))
        .order_by("id")[:50]
    )
    back = _given_back(known.by_key.values())
    seen: dict[tuple[str, str, bool], Line] = {}
    for row in rows:
        space = row.register.space
        payment = known.by_key.get((space, row.payment_key))
        more = known.rest.get((space, f"{row.payment_key}{REST}"), 0)
        # The same payment in two lists is one line: the later list's.
        seen[(space, row.payment_key, row.is_reversal)] = _line(row, payment, more=more, back=back)
    lines = list(seen.values())
    complete = {one.space for one in lists if one.is_complete}
    listed = {(space, key) for space, key, _is_back in seen}
    credited = list(
        ours.filter(in_span, state__in=["CONFIRMED", "REVERSED"]).order_by("id")[:MAX_ROWS]
    )
    listed |= _listed_elsewhere(credited, listed, merchant=merchant)
    for payment in credited:
        key = (payment.external_id or "").removesuffix(REST)
        if not {(payment.space, key), ("", key)} & listed:
            left = payment.told_left_kopecks
            kind = Kind.MISSING_THERE if left else Kind.MATCHED
            has_list = bool({payment.space, ""} & complete)
            lines.append(Line(kind if has_list else Kind.UNLISTED, None, payment, left))
    lines = _with_disputes(lines, merchant=merchant)
    lines.sort(key=lambda line: (ORDER[line.kind], line.key))
    return Day(
        merchant=merchant,
        on_date=on_date,
        registers=lists,
        lines=lines,
        settlements=list(merchant.settlements.filter(on_date=on_date).order_by("id")),
        stands_kopecks=ledger_queries.balance_kopecks(account_id=merchant.clearing_account_id),
    )


def _listed_elsewhere(
    credited: Sequence[Payment], listed: set[tuple[str, str]], *, merchant: MerchantAccount
) -> set[tuple[str, str]]:
    """What their lists have on another day: their clock and ours differ about midnight."""
    keys = {(payment.external_id or "").removesuffix(REST) for payment in credited}
    unknown = keys - {key for _space, key in listed}
    rows = ProviderRegisterRow.objects.filter(
        register__merchant=merchant, key__in=unknown, is_reversal=False
    )
    return set(rows.values_list("register__space", "key"))


def _given_back(payments: Iterable[Payment]) -> dict[int, int]:
    """Of each payment, what was given back to bring it down to what their list says, as they
    count.
    """
    ids = [payment.id for payment in payments]
    rows = Refund.objects.filter(payment_id__in=ids, state="SUCCEEDED", key__endswith=REST)
    return {row.payment_id: row.told_kopecks for row in rows}


def _line(
    row: ProviderRegisterRow, payment: Payment | None, *, more: int, back: dict[int, int]
) -> Line:
    kind = Kind(registers.compare(row, payment))
    if payment is None:
        kind = Kind.REPEATED if row.copy else kind
        return Line(kind, row, None, 0)
    if row.is_reversal:
        went = -payment.told_back_kopecks if kind is Kind.MATCHED else 0
        return Line(kind, row, payment, went)
    mended = more - back.get(payment.id, 0)
    is_credited = payment.state in (Payment.State.CONFIRMED, Payment.State.REVERSED)
    # Their list may have what the payer paid, or what we get: then that is compared with it.
    known = (payment.gross_kopecks, payment.amount_kopecks)
    ours = row.amount_kopecks if row.amount_kopecks in known else payment.told_kopecks
    ours = ours + mended if is_credited else 0
    if kind is Kind.AMOUNT_DIFFERS and ours == row.amount_kopecks:
        kind = Kind.MATCHED
    return Line(kind, row, payment, ours)


def _with_disputes(lines: Sequence[Line], *, merchant: MerchantAccount) -> list[Line]:
    waiting = list(ProviderDispute.objects.filter(merchant=merchant, closed_at__isnull=True)[:2000])
    by_row = {one.row_id: one for one in waiting if one.row_id}
    by_payment = {one.payment_id: one for one in waiting if not one.row_id}
    found = []
    for line in lines:
        dispute = by_row.get(line.row.id) if line.row else None
        if line.row is None and line.payment is not None:
            dispute = by_payment.get(line.payment.id)
        found.append(Line(line.kind, line.row, line.payment, line.ours_kopecks, dispute))
    return found


@dataclass(frozen=True, slots=True)
class Glance:
    """A merchant account in the list of a day."""

    day: Day
    count: int


def glance(*, on_date: date) -> list[Glance]:
    """Every merchant account's day, in one list."""
    rows = MerchantAccount.objects.select_related("legal_entity").order_by("provider", "id")
    found = []
    for merchant in rows[:200]:
        one = day(merchant=merchant, on_date=on_date)
        start, end = day_bounds(on_date)
        count = Payment.objects.filter(
            merchant=merchant,
            paid_at__gte=start,
            paid_at__lt=end,
            state__in=["CONFIRMED", "REVERSED"],
        ).count()
        found.append(Glance(one, count))
    return found


def disputes(*, limit: int = 200) -> list[ProviderDispute]:
    """Disputes that are open, the oldest first."""
    rows = ProviderDispute.objects.filter(closed_at__isnull=True)
    return list(rows.select_related("merchant", "row", "payment").order_by("id")[:limit])


def disputes_count() -> int:
    """How many disputes are open."""
    return ProviderDispute.objects.filter(closed_at__isnull=True).count()


def day_of(moment: datetime) -> date:
    """The day of the comparison to which a moment belongs."""
    return kyiv_date(moment)
