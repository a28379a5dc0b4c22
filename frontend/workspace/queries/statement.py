"""The statement with the cause of every line: a payment, a rule of price, a person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.bookkeeping import queries as bookkeeping
from billing.bookkeeping.models import MoneyOperation
from billing.calendar import ONE_DAY
from billing.charging import queries as charging_queries
from billing.charging.queries import BasisView
from billing.ledger import queries as ledger_queries
from billing.ledger import statements
from billing.ledger.errors import UnknownJournalError
from billing.ledger.queries import JournalView, StatementLine
from billing.ledger.statements import RunningLine, Wanted
from billing.models import LedgerAccount, LedgerPosting, Payment
from coverage.models import Building
from crm.models import Customer
from frontend.workspace.labels import JOURNAL_LABELS
from frontend.workspace.params import as_key
from frontend.workspace.queries import holders
from project.core.errors import DomainError, NotFoundError

CHARGE_TITLES: dict[str, Any] = {
    "SERVICE": _("Subscription fee"),
    "CONNECTION": _("Connection"),
    "PAUSE": _("Fee for a pause"),
}
PAYMENT_KINDS = {"PAYMENT", "REVERSAL", "TRANSFER"}
OPERATION_KINDS = {"ADJUSTMENT", "REFUND", "WRITE_OFF", "TRANSFER", "CORRECTION", "REVERSAL"}
UPGRADE_SOURCE = "charging"  # runs are "charge-run", what follows a payment is "settle"
UPGRADE_TITLE = _("Difference for a dearer tariff")
REFUND_TITLE = _("Prepaid days given back")
MAX_FOUND = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the statement with its cause.

    `basis`: what a charge was made by. `payment`: the payment that the line is, or whose reversal
    it is, or that was moved. `operation`: what a person did; it carries who asked and who approved.
    """

    line: StatementLine
    basis: BasisView | None
    payment: Payment | None
    operation: MoneyOperation | None = None
    running_kopecks: int | None = None

    @property
    def balance_kopecks(self) -> int:
        """The balance after the line: in the order of the statement, else as it was posted."""
        if self.running_kopecks is None:
            return self.line.balance_after_kopecks
        return self.running_kopecks

    @property
    def seq(self) -> int:
        """The line's number on the account: the key by which the statement pages."""
        return self.line.seq

    @property
    def title(self) -> Any:
        """What the line is, in words."""
        line = self.line
        if line.kind == "CHARGE" and line.charge_code:
            if line.charge_code == "SERVICE" and line.source == UPGRADE_SOURCE:
                return UPGRADE_TITLE
            return CHARGE_TITLES.get(line.charge_code, line.charge_code)
        if line.kind == "REFUND" and self.basis is not None:
            return REFUND_TITLE
        return JOURNAL_LABELS.get(line.kind, line.kind)


def lines(
    *,
    account_id: int,
    limit: int,
    before_seq: int | None = None,
    known: Sequence[Payment] = (),
) -> list[Line]:
    """Lines of a contract's account, newest first, with their causes; three queries at most.

    `known`: payments that are read already and need not be looked for.
    """
    found = ledger_queries.statement(account_id=account_id, limit=limit, before_seq=before_seq)
    return with_causes(found, known=known)


def with_causes(found: Sequence[StatementLine], *, known: Sequence[Payment] = ()) -> list[Line]:
    """The lines with what they were charged by and the payments behind them."""
    bases = charging_queries.explain_bases(
        charge_basis_ids=[line.charge_basis_id for line in found if line.charge_basis_id]
    )
    by_journal = _by_journal(known)
    missing = [
        line.journal_id
        for line in found
        if line.kind in PAYMENT_KINDS and line.journal_id not in by_journal
    ]
    if missing:
        wanted = (
            Q(journal_id__in=missing)
            | Q(reversal_journal_id__in=missing)
            | Q(transfer_journal_id__in=missing)
        )
        by_journal |= _by_journal(Payment.objects.filter(wanted))
    made = [line.journal_id for line in found if line.kind in OPERATION_KINDS]
    operations = bookkeeping.by_journals(journal_ids=made) if made else {}
    return [
        Line(
            line=line,
            basis=bases.get(line.charge_basis_id) if line.charge_basis_id else None,
            payment=by_journal.get(line.journal_id) or _moved(operations.get(line.journal_id)),
            operation=operations.get(line.journal_id),
        )
        for line in found
    ]


def _moved(operation: MoneyOperation | None) -> Payment | None:
    """The payment that an operation was about."""
    return operation.payment if operation else None


def _by_journal(payments: Iterable[Payment]) -> dict[int, Payment]:
    """Payments by the journals that they became, and by those that took them back."""
    return {
        journal_id: payment
        for payment in payments
        for journal_id in (
            payment.journal_id,
            payment.reversal_journal_id,
            payment.transfer_journal_id,
        )
        if journal_id is not None
    }


def running(
    *, account_id: int, wanted: Wanted, limit: int, before_seq: int | None = None
) -> list[Line]:
    """Lines in the order of days, newest first, each with its running balance and cause."""
    found = statements.page(
        account_id=account_id, wanted=wanted, limit=limit, before_seq=before_seq
    )
    return _running(found)


def _running(found: Sequence[RunningLine]) -> list[Line]:
    balances = {one.line.seq: one.running_kopecks for one in found}
    return [
        replace(line, running_kopecks=balances[line.seq])
        for line in with_causes([one.line for one in found])
    ]


def search(*, account_id: int, text: str, wanted: Wanted) -> Wanted:
    """`wanted` with the lines of payments whose number at the provider, or receipt, is the text."""
    text = text.strip()
    if not text:
        return wanted
    rows = Payment.objects.filter(Q(account=account_id) | Q(transferred_to=account_id))
    receipt = as_key(text.lstrip("0"))
    rows = rows.filter(Q(external_id__icontains=text) | Q(id=receipt or 0))[:MAX_FOUND]
    return replace(wanted, text=text, journal_ids=tuple(_by_journal(rows)))


@dataclass(frozen=True, slots=True)
class Period:
    """The balances around a period, in kopecks; debits are negative."""

    opening_kopecks: int
    credit_kopecks: int
    debit_kopecks: int
    lines: Sequence[Line]


class TooLongError(DomainError):
    """More lines than one file holds."""

    code = "statement_too_long"
    http_status = 422
    message = _("There are too many lines for one file. Choose a shorter period.")


def period(*, account_id: int, first: date, last: date, most: int) -> Period:
    """All lines of the days, both included, oldest first. Raises TooLongError."""
    until = last + ONE_DAY
    found = statements.period(
        account_id=account_id, wanted=Wanted(from_date=first, until_date=until), limit=most + 1
    )
    if len(found) > most:
        raise TooLongError
    amounts = [one.line.amount_kopecks for one in found]
    return Period(
        opening_kopecks=statements.balance_before(account_id=account_id, on_date=first),
        credit_kopecks=sum(amount for amount in amounts if amount > 0),
        debit_kopecks=sum(amount for amount in amounts if amount < 0),
        lines=_running(found),
    )


@dataclass(frozen=True, slots=True)
class Corrected:
    """The earlier line that a correction is about."""

    posting: LedgerPosting
    journal_id: int


@dataclass(frozen=True, slots=True)
class JournalPage:
    """A journal seen from one contract: its own lines with causes, and the other side.

    `corrected`: earlier lines that these correct; `corrections`: later ones that correct these.
    `building` is where the charged service stands, for the map of the zone as it was.
    """

    customer: Customer
    account: LedgerAccount
    view: JournalView
    lines: Sequence[Line]
    corrected: dict[int, Corrected]
    corrections: Sequence[LedgerPosting]
    building: Building | None

    @property
    def first(self) -> Line:
        """The journal's line on this contract (mostly the only one)."""
        return self.lines[0]


def journal_page(*, customer_id: int, journal_id: int) -> JournalPage:
    """A journal as far as this subscriber is concerned; raises NotFoundError for others' ones."""
    holders.check_key(journal_id)
    customer = holders.customer_of(customer_id=customer_id)
    for account in holders.accounts_of(customer_id=customer_id):
        try:
            view = ledger_queries.journal_for(account_id=account.id, journal_id=journal_id)
        except UnknownJournalError:
            continue
        found = with_causes(view.own)
        return JournalPage(
            customer=customer,
            account=account,
            view=view,
            lines=found,
            corrected=_corrected(view.own, account_id=account.id),
            corrections=_corrections(view.own, account_id=account.id),
            building=_building(found),
        )
    raise NotFoundError


def _corrected(own: Sequence[StatementLine], *, account_id: int) -> dict[int, Corrected]:
    ids = [line.corrects_id for line in own if line.corrects_id]
    if not ids:
        return {}
    rows = LedgerPosting.objects.filter(id__in=ids, account_id=account_id)
    return {row.id: Corrected(row, row.journal_id) for row in rows}


def _corrections(own: Sequence[StatementLine], *, account_id: int) -> list[LedgerPosting]:
    """Later lines of the same contract that correct these."""
    ids = [line.posting_id for line in own]
    rows = LedgerPosting.objects.filter(corrects_id__in=ids, account_id=account_id)
    return list(rows.order_by("seq"))


def _building(found: Sequence[Line]) -> Building | None:
    for one in found:
        if one.basis is not None:
            return Building.objects.filter(subscriptions=one.basis.subscription_id).first()
    return None
