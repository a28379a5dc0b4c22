"""The statement of a contract: searched, cut to a period, taken away as a file, replayed."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing import money
from billing.bookkeeping import stopping
from billing.calendar import ONE_DAY, month_start
from billing.ledger import replay, verification
from billing.ledger.statements import MAX_PERIOD_LINES, Wanted
from billing.models import LedgerAccount
from crm.models import Customer
from frontend import context, tables
from frontend.workspace import params, statement_files
from frontend.workspace.labels import JOURNAL_LABELS
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.queries import holders
from frontend.workspace.queries import statement as statements
from frontend.workspace.statement_files import PeriodStatement
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of
from project.core.roles import Permission

DIRECTIONS = [("IN", _("came in")), ("OUT", _("went out"))]
KINDS = ("csv", "xlsx", "pdf")
FAR = date(9999, 12, 30)


def _chosen(
    request: HttpRequest, customer_id: int
) -> tuple[Customer, list[LedgerAccount], LedgerAccount | None]:
    customer = holders.customer_of(customer_id=customer_id)
    accounts = holders.accounts_of(customer_id=customer_id)
    return (
        customer,
        accounts,
        holders.chosen_account(accounts, params.int_of(request.GET, "contract")),
    )


def _amount(request: HttpRequest) -> int | None:
    """The amount that is looked for, whatever its sign; None when it can't be read."""
    try:
        return abs(money.parse_uah(params.text_of(request.GET, "amount", 40), allow_negative=True))
    except money.BadAmountError:
        return None


def _wanted(request: HttpRequest, account_id: int) -> Wanted:
    last = params.date_of(request.GET, "last")
    kind = params.choice_of(request.GET, "kind", JOURNAL_LABELS)
    wanted = Wanted(
        from_date=params.date_of(request.GET, "first"),
        until_date=last + ONE_DAY if last and last < FAR else None,
        kinds=(kind,) if kind else (),
        direction=params.choice_of(request.GET, "direction", ("IN", "OUT")),
        amount_kopecks=_amount(request),
    )
    text = params.text_of(request.GET, "text", 100)
    return statements.search(account_id=account_id, text=text, wanted=wanted)


@staff_page(Permission.CUSTOMERS_VIEW, Permission.LEDGER_VIEW)
def statement(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Lines of a contract's account, newest first, each with the balance after it."""
    customer, accounts, account = _chosen(request, customer_id)
    before = params.int_of(request.GET, "before")
    wanted = _wanted(request, account.id) if account else Wanted()
    lines = (
        statements.running(
            account_id=account.id, wanted=wanted, limit=PAGE_SIZE + 1, before_seq=before
        )
        if account
        else []
    )
    today = clock.today()
    shown = {
        "customer": customer,
        "accounts": accounts,
        "account": account,
        "page": key_page(lines, before=before, key="seq"),
        "today": today,
        "wanted": wanted,
        "is_filtered": wanted != Wanted(),
        "amount_text": params.text_of(request.GET, "amount", 40),
        "kinds": JOURNAL_LABELS,
        "directions": DIRECTIONS,
        "file_first": wanted.from_date or month_start(today),
        "file_last": wanted.until_date - ONE_DAY if wanted.until_date else today,
    }
    return render(request, "workspace/statement.html", shown)


@staff_page(Permission.CUSTOMERS_VIEW, Permission.LEDGER_VIEW)
def statement_file(request: HttpRequest, customer_id: int, kind: str) -> HttpResponse:
    """The statement of a period (this month, if none is given) as CSV, Excel or PDF."""
    customer, _accounts, account = _chosen(request, customer_id)
    if account is None or kind not in KINDS:
        raise NotFoundError
    today = clock.today()
    last = min(params.date_of(request.GET, "last") or today, FAR)
    first = params.date_of(request.GET, "first") or month_start(last)
    if first > last:
        raise DomainError(_("The first day must not come after the last one."), field="first")
    most = statement_files.PDF_LINES_MOST if kind == "pdf" else MAX_PERIOD_LINES
    found = statements.period(account_id=account.id, first=first, last=last, most=most)
    made = PeriodStatement(
        number=account.code,
        holder=customer.full_name,
        first=first,
        last=last,
        opening_kopecks=found.opening_kopecks,
        credit_kopecks=found.credit_kopecks,
        debit_kopecks=found.debit_kopecks,
        lines=found.lines,
    )
    if kind == "pdf":
        brand = context.brand(request)["brand"]
        content = statement_files.pdf(made, made_on=today, brand=brand)
    else:
        table = statement_files.table(made)
        content = tables.as_csv(table) if kind == "csv" else tables.as_xlsx(table)
    safe = "".join(ch for ch in account.code if ch.isascii() and ch.isalnum()) or str(account.id)
    return tables.answer(content, name=f"statement-{safe}-{first}-{last}", kind=kind)


@staff_page(Permission.CUSTOMERS_VIEW, Permission.LEDGER_VIEW)
def recalculate(request: HttpRequest, customer_id: int) -> HttpResponse:
    """The account replayed step by step from its first line, beside what is stored."""
    customer, _accounts, account = _chosen(request, customer_id)
    partial = request.headers.get("HX-Target") == "ws-recalculated"
    template = "partials/recalculated.html" if partial else "recalculated.html"
    shown: dict[str, Any] = {"customer": customer, "account": account}
    if account is not None:
        shown |= {
            "report": verification.verify(mode="account", account_id=account.id),
            "replay": replay.replay(account_id=account.id),
        }
    return render(request, f"workspace/{template}", shown)


@staff_page(Permission.CUSTOMERS_VIEW, Permission.LEDGER_APPROVE, methods=("POST",))
def release(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Let a stopped contract go on, once it recomputes from zero."""
    customer, _accounts, account = _chosen(request, customer_id)
    if account is None:
        raise NotFoundError
    stopping.release(account_id=account.id, at=clock.now(), actor=actor_of(request))
    return done(request, _("The contract is right and goes on."), "workspace:customer", customer.id)
