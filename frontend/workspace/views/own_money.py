"""The provider's own money: refunds that the bank has paid out, cash that was taken to the bank."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.bookkeeping import own_money
from billing.bookkeeping.own_money import MOST_AT_ONCE, REFERENCE_LENGTH, Paper
from frontend.workspace import params
from frontend.workspace.forms import DateInput, KeyField, MoneyField, WorkspaceForm
from frontend.workspace.queries import operations as operation_queries
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission

MOVES_SHOWN = 50


class PaperForm(WorkspaceForm):
    """The bank's document."""

    reference = forms.CharField(
        label=_("Number of the bank's document"), max_length=REFERENCE_LENGTH
    )
    of_date = forms.DateField(label=_("Its day"), widget=DateInput)

    def paper(self) -> Paper:
        """What was typed, once it is valid."""
        return Paper(self.cleaned_data["reference"], self.cleaned_data["of_date"])


class CashForm(PaperForm):
    """Cash that was taken to the bank, and what of the cash had gone back to clients."""

    bank = MoneyField(label=_("Taken to the bank, ₴"), max_length=16, may_be_zero=True)
    till_refunds = MoneyField(
        label=_("Given back in cash before, ₴"), max_length=16, may_be_zero=True, required=False
    )


class BackForm(WorkspaceForm):
    """What was posted wrong, and how one knows."""

    move = KeyField()
    reason = forms.CharField(label=_("Reason"), max_length=own_money.REASON_LENGTH)


@dataclass
class _Page:
    """The page with what was typed into one of its forms."""

    request: HttpRequest
    forms: dict[str, WorkspaceForm] = field(default_factory=dict)
    chosen: list[int] = field(default_factory=list)

    def render(self, status: int = 200) -> HttpResponse:
        """Everything, with the errors beside what was typed."""
        waits = list(own_money.to_pay_out()[: MOST_AT_ONCE + 1])
        shown = waits[:MOST_AT_ONCE]
        today = clock.today()
        there = own_money.till()
        context = {
            "rows": operation_queries.rows(shown),
            "has_more": len(waits) > MOST_AT_ONCE,
            "owed": -sum(one.amount_kopecks for one in shown),
            "today": today,
            "till": there,
            "moves": own_money.moves(limit=MOVES_SHOWN),
            "chosen": self.chosen,
            "pay": self.forms.get("pay") or PaperForm(initial={"of_date": today}, prefix="pay"),
            "bank": self.forms.get("bank") or CashForm(initial={"of_date": today}, prefix="bank"),
            "back": self.forms.get("back") or BackForm(prefix="back"),
        }
        return render(self.request, "workspace/own_money.html", context, status=status)


def _pay(page: _Page, who: dict[str, Any], form: PaperForm) -> Any:
    own_money.pay_out(**who, refund_ids=page.chosen, paper=form.paper())
    return _("Noted: the bank has paid them out.")


def _bank(page: _Page, who: dict[str, Any], form: CashForm) -> Any:
    own_money.bank_cash(
        **who,
        bank_kopecks=form.cleaned_data["bank"] or 0,
        till_refunds_kopecks=form.cleaned_data["till_refunds"] or 0,
        paper=form.paper(),
    )
    return _("Noted: the cash is at the bank.")


def _back(page: _Page, who: dict[str, Any], form: BackForm) -> Any:
    own_money.take_back(
        **who, move_id=form.cleaned_data["move"], reason=form.cleaned_data["reason"]
    )
    return _("Taken back: its journal is reversed.")


# What each button does, and the form that it reads.
BUTTONS: dict[str, tuple[type[WorkspaceForm], Callable[..., Any]]] = {
    "pay": (PaperForm, _pay),
    "bank": (CashForm, _bank),
    "back": (BackForm, _back),
}


@staff_page(Permission.PAYMENTS_RECONCILE, methods=("GET", "POST"))
def own(request: HttpRequest) -> HttpResponse:
    """What waits for the bank, what lies in the till, and what was noted."""
    page = _Page(request)
    if request.method != "POST":
        return page.render()
    pressed = params.choice_of(request.POST, "do", BUTTONS)
    if not pressed:
        return page.render(400)
    kind, act = BUTTONS[pressed]
    form = page.forms[pressed] = kind(request.POST, prefix=pressed)
    keys = (params.as_key(text) for text in request.POST.getlist("refund"))
    page.chosen = [key for key in keys if key is not None]
    if not form.is_valid():
        return page.render(422)
    at = clock.now()
    who = {"at": at, "on_date": clock.today(at), "actor": actor_of(request)}
    try:
        said = act(page, who, form)
    except DomainError as error:
        form.add_domain_error(error)
        return page.render(error.http_status)
    return done(request, said, "workspace:own-money")
