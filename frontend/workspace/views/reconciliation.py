"""Reconciliation: every merchant account's day, line by line, and what is done about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from billing.calendar import ONE_DAY, day_bounds
from billing.payments import mending, reconciling, settling, taking_lists
from billing.payments.models import MerchantAccount
from billing.payments.reconciling import Kind
from frontend import tables
from frontend.states import state_of
from frontend.tables import Kopecks, Table
from frontend.workspace import params
from frontend.workspace.forms import MoneyField, WorkspaceForm
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of
from project.core.roles import Permission

POSTABLE = (Kind.MISSING_HERE, Kind.NOT_CREDITED)


class SettleForm(WorkspaceForm):
    """What the payment system has transferred to the bank."""

    bank = MoneyField(
        label=_("Came to the bank, ₴"), may_be_zero=True, may_be_negative=True, max_length=16
    )
    fee = MoneyField(label=_("Kept as the fee, ₴"), may_be_zero=True, required=False, max_length=16)
    reference = forms.CharField(label=_("Bank's number of the transfer"), max_length=60)


class ListForm(WorkspaceForm):
    """A list of payments from a file."""

    file = forms.FileField(
        label=_("List: CSV, or a bank’s CAMT.053 or MT940"), allow_empty_file=False
    )


@staff_page(Permission.PAYMENTS_RECONCILE)
def glance(request: HttpRequest) -> HttpResponse:
    """Every merchant account on one day, and the disputes that are open."""
    today = clock.today()
    on_date = params.date_of(request.GET, "day") or today - ONE_DAY
    on_date = min(max(on_date, date(2000, 1, 1)), date(2199, 12, 31))
    context = {
        "day": on_date,
        "today": today,
        "rows": reconciling.glance(on_date=on_date),
        "disputes": reconciling.disputes(),
    }
    return render(request, "workspace/reconciliation.html", context)


def _merchant(merchant_id: int) -> MerchantAccount:
    found = MerchantAccount.objects.select_related("legal_entity").filter(id=merchant_id).first()
    if found is None:
        raise NotFoundError
    return found


def _day(written: str) -> date:
    try:
        on_date = date.fromisoformat(written)
    except ValueError as error:
        raise NotFoundError from error
    if not date(2000, 1, 1) <= on_date <= date(2199, 12, 31):
        raise NotFoundError
    return on_date


@staff_page(Permission.PAYMENTS_RECONCILE, methods=("GET", "POST"))
def day(request: HttpRequest, merchant_id: int, on_date: str) -> HttpResponse:
    """One merchant account's day; POST does one thing about it and comes back."""
    merchant, its_day = _merchant(merchant_id), _day(on_date)
    settle = SettleForm(request.POST if "settle" in request.POST else None)
    taken = ListForm(*((request.POST, request.FILES) if "take" in request.POST else ()))
    wrong: DomainError | None = None
    if request.method == "POST":
        try:
            press = Press(request, merchant, its_day, clock.now())
            answered = _act(press, settle=settle, taken=taken)
            if answered is not None:
                return answered
        except DomainError as error:
            wrong = error
    found = reconciling.day(merchant=merchant, on_date=its_day)
    if kind := params.choice_of(request.GET, "as", ("csv", "xlsx")):
        table = _table(found)
        content = tables.as_csv(table) if kind == "csv" else tables.as_xlsx(table)
        return tables.answer(content, name=f"{merchant.provider}-{its_day}", kind=kind)
    context = {
        "found": found,
        "merchant": merchant,
        "day": its_day,
        "yesterday": its_day - ONE_DAY,
        "tomorrow": its_day + ONE_DAY,
        "settle": settle,
        "taken": taken,
        "wrong": wrong,
        "postable": sum(line.kind in POSTABLE for line in found.lines if line.row),
    }
    is_wrong = wrong is not None or settle.errors or taken.errors
    status = (wrong.http_status if wrong else 422) if is_wrong else 200
    return render(request, "workspace/reconciliation_day.html", context, status=status)


@dataclass(frozen=True, slots=True)
class Press:
    """A button that was pressed on a day's page: by whom, when, with what was typed."""

    request: HttpRequest
    merchant: MerchantAccount
    day: date
    at: datetime

    @property
    def who(self) -> dict[str, Any]:
        """The moment and the person, as operations take them."""
        return {"at": self.at, "actor": actor_of(self.request)}

    @property
    def row_id(self) -> int | None:
        """The line of their list."""
        return params.int_of(self.request.POST, "row")

    @property
    def comment(self) -> str:
        """What was written beside the button."""
        return params.text_of(self.request.POST, "comment", 300)


def _post(press: Press) -> Any:
    if press.row_id:
        mending.post_missing(**press.who, row_id=press.row_id)
    return _("Done.")


def _mend(press: Press) -> Any:
    if press.row_id:
        mending.mend_amount(**press.who, row_id=press.row_id)
    return _("Done.")


def _post_all(press: Press) -> Any:
    found = reconciling.day(merchant=press.merchant, on_date=press.day)
    ids = [line.row.id for line in found.lines if line.row and line.kind in POSTABLE]
    posted = taking_lists.post_all(**press.who, row_ids=ids)
    return ngettext("%(n)d payment posted.", "%(n)d payments posted.", posted) % {"n": posted}


def _pull(press: Press) -> Any:
    start, end = day_bounds(press.day)
    taking_lists.pull(at=press.at, merchant_id=press.merchant.id, start=start, end=end)
    return _("The list is taken in.")


def _dispute(press: Press) -> Any:
    mending.open_dispute(
        **press.who,
        merchant_id=press.merchant.id,
        on_date=press.day,
        row_id=press.row_id,
        payment_id=params.int_of(press.request.POST, "payment"),
        outcome=params.choice_of(press.request.POST, "outcome", list(Kind)),
        comment=press.comment,
    )
    return _("The dispute is noted.")


def _close(press: Press) -> Any:
    mending.close_dispute(
        **press.who,
        dispute_id=params.int_of(press.request.POST, "dispute") or 0,
        resolution=press.comment,
    )
    return _("Done.")


# What each button does; gives what is said of it.
BUTTONS: dict[str, Callable[[Press], Any]] = {
    "post": _post,
    "post_all": _post_all,
    "mend": _mend,
    "dispute": _dispute,
    "close": _close,
    "pull": _pull,
}


def _settle(press: Press, form: SettleForm) -> Any:
    settling.settle(
        **press.who,
        on_date=clock.today(press.at),
        of_date=press.day,
        merchant_id=press.merchant.id,
        bank_kopecks=form.cleaned_data["bank"] or 0,
        fee_kopecks=form.cleaned_data["fee"] or 0,
        reference=form.cleaned_data["reference"],
    )
    return _("The transfer is posted.")


def _take(press: Press, form: ListForm) -> date:
    """The day of the list that was taken in."""
    file = form.cleaned_data["file"]
    days = taking_lists.take_file(
        at=press.at,
        merchant_id=press.merchant.id,
        content=file.read(1_000_001),
        name=file.name,
    )
    return days[0]


def _act(press: Press, *, settle: SettleForm, taken: ListForm) -> HttpResponse | None:
    """Do what was pressed; None when a form is wrong."""
    request, its_day = press.request, press.day
    if settle.is_bound:
        if not settle.is_valid():
            return None
        said = _settle(press, settle)
    elif taken.is_bound:
        if not taken.is_valid():
            return None
        said, its_day = _("The list is taken in."), _take(press, taken)
    else:
        what = params.choice_of(request.POST, "do", list(BUTTONS))
        said = BUTTONS[what](press) if what else ""
    back = ("workspace:reconciliation-day", press.merchant.id, its_day.isoformat())
    return done(request, said, *back) if said else redirect(*back)


def _table(found: reconciling.Day) -> Table:
    columns = [
        (_("Number at the payment system"), 28),
        (_("State"), 18),
        (_("Contract"), 16),
        (_("In their list"), 14),
        (_("Ours"), 14),
        (_("Difference"), 14),
    ]
    return Table(
        name=f"{found.merchant.provider} {found.on_date}",
        columns=columns,
        rows=[
            [
                line.key,
                str(state_of(kind="register", value=line.kind).word),
                line.account_code,
                Kopecks(line.theirs_kopecks),
                Kopecks(line.ours_kopecks),
                Kopecks(line.theirs_kopecks - line.ours_kopecks),
            ]
            for line in found.lines
        ],
    )
