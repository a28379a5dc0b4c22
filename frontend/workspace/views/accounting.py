"""The accountant's pages: trial balance, turnover, clearing with age, entries, months."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from billing.bookkeeping import months as book_months
from billing.calendar import ONE_DAY, month_start
from billing.ledger import queries as ledger_queries
from billing.reporting import accounting
from billing.reporting import entries as entry_reports
from frontend import tables
from frontend.tables import Kopecks, Table
from frontend.workspace import params
from frontend.workspace.labels import ACCOUNT_KINDS, word
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission

FILES = ("csv", "xlsx")
FAR = date(9999, 12, 30)
EARLY = date(2000, 1, 1)
WORD = pgettext_lazy("typed word", "close")


def _file(request: HttpRequest, name: str, make: Callable[[], Table]) -> HttpResponse | None:
    """The table as the file that was asked for (`?as=csv`), or None for the page."""
    kind = params.choice_of(request.GET, "as", FILES)
    if not kind:
        return None
    table = make()
    content = tables.as_csv(table) if kind == "csv" else tables.as_xlsx(table)
    return tables.answer(content, name=name, kind=kind)


def _day(request: HttpRequest, name: str, default: date) -> date:
    found = params.date_of(request.GET, name) or default
    return min(max(found, EARLY), FAR)


def _span(request: HttpRequest) -> tuple[date, date]:
    """The asked days, both included: this month up to today if none are given."""
    today = clock.today()
    last = _day(request, "last", today)
    first = _day(request, "first", month_start(last))
    if first > last:
        raise DomainError(
            gettext_lazy("The first day must not come after the last one."), field="first"
        )
    return first, last


def _account(kind: str, code: str | None) -> str:
    return code or (_("all subscribers") if kind == "SUBSCRIBER" else kind)


@staff_page(Permission.LEDGER_REPORTS)
def trial_balance(request: HttpRequest) -> HttpResponse:
    """Every control account and all subscribers together at the end of a day."""
    on_date = _day(request, "on", clock.today())
    rows = ledger_queries.trial_balance(until_date=on_date + ONE_DAY)
    rows = [row for row in rows if row.postings or row.kind == "SUBSCRIBER"]
    columns = [
        (_("Account"), 32),
        (_("What it is"), 28),
        (_("Lines"), 12),
        (_("Debit"), 16),
        (_("Credit"), 16),
        (_("Balance"), 16),
    ]

    def table() -> Table:
        return Table(
            name=_("Trial balance"),
            facts=[(_("At the end of the day"), on_date)],
            columns=columns,
            rows=[
                [
                    _account(row.kind, row.code),
                    str(word(ACCOUNT_KINDS, row.kind)) if row.code else "",
                    row.postings,
                    Kopecks(-row.debit_kopecks),
                    Kopecks(row.credit_kopecks),
                    Kopecks(row.balance_kopecks),
                ]
                for row in rows
            ],
        )

    found = _file(request, f"trial-balance-{on_date}", table)
    if found is not None:
        return found
    shown = {
        "rows": rows,
        "on": on_date,
        "today": clock.today(),
        "debit": sum(row.debit_kopecks for row in rows),
        "credit": sum(row.credit_kopecks for row in rows),
        "total": sum(row.balance_kopecks for row in rows),
    }
    return render(request, "workspace/trial_balance.html", shown)


@staff_page(Permission.LEDGER_REPORTS)
def turnover(request: HttpRequest) -> HttpResponse:
    """Opening, turnover and closing of each account, and the turnover by day or month."""
    first, last = _span(request)
    by = params.choice_of(request.GET, "by", ("DAY", "MONTH")) or "DAY"
    code = params.text_of(request.GET, "account", 40)
    kind = "SUBSCRIBER" if code == "SUBSCRIBER" else ""
    is_file = bool(params.choice_of(request.GET, "as", FILES))
    rows = accounting.turnover(
        first=first,
        last=last,
        by=by,
        kind=kind,
        code="" if kind else code,
        limit=None if is_file else accounting.MAX_ROWS,
    )
    sheet = accounting.sheet(first=first, last=last)

    def table() -> Table:
        return Table(
            name=_("Turnover"),
            facts=[(_("First day"), first), (_("Last day"), last)],
            columns=[
                (_("Day") if by == "DAY" else _("Month"), 14),
                (_("Account"), 32),
                (_("Lines"), 12),
                (_("Debit"), 16),
                (_("Credit"), 16),
                (pgettext("turnover", "Change"), 16),
            ],
            rows=[
                [
                    row.period if by == "DAY" else f"{row.period:%Y-%m}",
                    _account(row.kind, row.code),
                    row.postings,
                    Kopecks(-row.debit_kopecks),
                    Kopecks(row.credit_kopecks),
                    Kopecks(row.net_kopecks),
                ]
                for row in rows
            ],
        )

    found = _file(request, f"turnover-{first}-{last}", table)
    if found is not None:
        return found
    shown = {
        "first": first,
        "last": last,
        "by": by,
        "chosen": code,
        "rows": rows,
        "is_cut": len(rows) == accounting.MAX_ROWS,
        "sheet": sheet,
        "codes": [row.code for row in sheet if row.code],
        "today": clock.today(),
    }
    return render(request, "workspace/turnover.html", shown)


@staff_page(Permission.LEDGER_REPORTS)
def clearing(request: HttpRequest) -> HttpResponse:
    """Money that channels owe us and payouts that we owe, by age."""
    on_date = _day(request, "on", clock.today())
    rows = accounting.clearing(on_date=on_date)
    ages = _ages()

    def table() -> Table:
        return Table(
            name=_("Money on its way"),
            facts=[(_("At the end of the day"), on_date)],
            columns=[
                (_("Account"), 32),
                (_("Owed to us"), 16),
                *((age, 16) for age in ages),
                (_("Oldest"), 14),
                (_("Days"), 10),
            ],
            rows=[
                [
                    row.code,
                    Kopecks(row.due_kopecks),
                    *(Kopecks(amount) for amount in row.buckets),
                    row.oldest_date,
                    row.oldest_days,
                ]
                for row in rows
            ],
        )

    found = _file(request, f"clearing-{on_date}", table)
    if found is not None:
        return found
    shown = {
        "rows": [(row, list(zip(ages, row.buckets, strict=True))) for row in rows],
        "ages": ages,
        "on": on_date,
        "today": clock.today(),
    }
    return render(request, "workspace/clearing.html", shown)


def _ages() -> Sequence[str]:
    bounds = [f"{low}–{high}" for low, high in ((0, 1), (2, 3), (4, 7), (8, 30))]
    return [*(_("%(days)s days") % {"days": text} for text in bounds), _("over 30 days")]


@staff_page(Permission.LEDGER_REPORTS)
def entries(request: HttpRequest) -> HttpResponse:
    """Entries for 1C or BAS as CSV (docs/accounting-export.md)."""
    first, last = _span(request)
    scope = params.choice_of(request.GET, "scope", ("REVENUE", "ALL")) or "REVENUE"
    rows = entry_reports.entries(first=first, last=last, scope=scope)
    table = Table(
        name="entries",
        columns=[
            (name, 16)
            for name in (
                "Date",
                "Document",
                "Debit",
                "Credit",
                "Analytics",
                "Amount",
                "Storno",
                "Comment",
            )
        ],
        rows=[
            [
                f"{row.on_date:%d.%m.%Y}",
                row.document,
                row.debit,
                row.credit,
                row.analytics,
                Kopecks(row.amount_kopecks),
                "1" if row.is_storno else "0",
                "Geobill",
            ]
            for row in rows
        ],
    )
    content, name = tables.as_csv(table, decimal="."), f"entries-{first}-{last}"
    if not params.choice_of(request.GET, "encoding", ("cp1251",)):
        return tables.answer(content, name=name, kind="csv")
    content = content.decode("utf-8-sig").encode("cp1251", errors="replace")
    answer = tables.answer(content, name=name, kind="csv")
    answer["Content-Type"] = "text/csv; charset=windows-1251"
    return answer


@staff_page(Permission.LEDGER_REPORTS)
def months(request: HttpRequest) -> HttpResponse:
    """The export's form, and the months with what is closed."""
    return _months(request)


def _months(
    request: HttpRequest, *, error: DomainError | None = None, status: int = 200
) -> HttpResponse:
    today = clock.today()
    found = book_months.months(on_date=today)
    still_open = [one for one in found if one.closed_at is None and one.month < month_start(today)]
    last = month_start(today) - ONE_DAY
    shown = {
        "months": found,
        "next": still_open[-1] if still_open else None,
        "error": error,
        "first": month_start(last),
        "last": last,
        "today": today,
        "word": WORD,
        "chart": sorted(entry_reports.chart().items()),
    }
    return render(request, "workspace/months.html", shown, status=status)


@staff_page(Permission.LEDGER_CLOSE, methods=("POST",))
def close_month(request: HttpRequest) -> HttpResponse:
    """Close a month for ever, after its word was typed."""
    at = clock.now()
    month = params.date_of(request.POST, "month")
    typed = params.text_of(request.POST, "typed_word", 40).casefold()
    try:
        if month is None or not EARLY <= month <= FAR:
            raise DomainError(gettext_lazy("Choose a month."), field="month")
        if typed != str(WORD).casefold():
            raise DomainError(
                gettext_lazy("Type the word “%(word)s” to confirm.") % {"word": WORD},
                field="typed_word",
            )
        book_months.close_month(
            month=month, on_date=clock.today(at), at=at, actor=actor_of(request)
        )
    except DomainError as error:
        return _months(request, error=error, status=error.http_status)
    said: Any = gettext_lazy("The month is closed.")
    return done(request, said, "workspace:months")
