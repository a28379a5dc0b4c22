"""Operations with a client's money: asked for from the card, decided on the approvals page."""

import uuid
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.bookkeeping import limits, own_money
from billing.bookkeeping import operations as bookkeeping
from billing.bookkeeping import queries as bookkeeping_queries
from billing.bookkeeping.models import STATES
from billing.bookkeeping.wishes import Wish
from billing.calendar import ONE_DAY
from billing.charging.facts import Facts
from billing.models import LedgerAccount
from crm.models import Customer
from frontend.workspace import params
from frontend.workspace.forms import DecisionForm, OperationForm
from frontend.workspace.money_words import ACTIONS, BY_KIND, METHODS, SIGNS, MoneyAction
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.queries import holders
from frontend.workspace.queries import operations as operation_queries
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of, may
from project.core.roles import Permission

FIRST_FIELDS = ("payment_id", "operation_id", "subscription_id", "month", "amount")


@staff_page(Permission.CUSTOMERS_VIEW, Permission.LEDGER_ADJUST, methods=("GET", "POST"))
def ask(request: HttpRequest, customer_id: int, slug: str) -> HttpResponse:
    """The form; then what it will do; then it is done, or sent to a second person, once."""
    action = ACTIONS.get(slug)
    customer = holders.customer_of(customer_id=customer_id)
    accounts = holders.accounts_of(customer_id=customer_id)
    account = holders.chosen_account(accounts, params.int_of(request.GET, "contract"))
    if action is None or account is None:
        raise NotFoundError
    page = _Page(request, customer, account, action)
    if request.method != "POST":
        known = {name: request.GET.get(name, "") for name in FIRST_FIELDS if name in request.GET}
        first = {"token": str(uuid.uuid4()), "month": f"{clock.today():%Y-%m}"}
        return page.render(OperationForm(initial={**first, **known}))
    if "edit" in request.POST:
        return page.render(OperationForm(initial=request.POST.dict()))
    return page.do(OperationForm(request.POST))


class _Page:
    """The page of one operation on one contract."""

    def __init__(
        self, request: HttpRequest, customer: Customer, account: LedgerAccount, action: MoneyAction
    ) -> None:
        self.request, self.customer = request, customer
        self.account, self.action = account, action

    def do(self, form: OperationForm) -> HttpResponse:
        """Show what it will do; when that was seen, do it."""
        if not form.is_valid() or not _words_fit(form, self.action):
            return self.render(form, status=422)
        at = clock.now()
        wish = _wish(form, self.action, self.account)
        who: dict[str, Any] = {
            "at": at,
            "on_date": clock.today(at),
            "actor": actor_of(self.request),
            "wish": wish,
        }
        token = form.cleaned_data["token"]
        try:
            effect = bookkeeping.try_out(**who)
            seal = _seal(wish, effect.operation.amount_kopecks)
            if self.request.POST.get("confirmed") != seal:
                return self.render(form, effect=effect, seal=seal)
            made = bookkeeping.ask(**who, idempotency_key=token)
        except DomainError as error:
            known = bookkeeping_queries.by_key(key=token)
            if known is not None and known.asked_by_id == who["actor"].user_id:
                said: Any = _("This was done before.")
                return done(self.request, said, "workspace:operation", known.id)
            form.add_domain_error(error)
            return self.render(form, status=422)
        said = _("Posted.") if made.journal_id else _("Sent for approval: a second person decides.")
        return done(self.request, said, "workspace:operation", made.id)

    def render(
        self,
        form: OperationForm,
        *,
        effect: bookkeeping.Effect | None = None,
        seal: str = "",
        status: int = 200,
    ) -> HttpResponse:
        """Form or effect, whatever comes next."""
        context = {
            "form": form,
            "action": self.action,
            "customer": self.customer,
            "account": self.account,
            "choices": operation_queries.choices(account_id=self.account.id, kind=self.action.kind),
            "shown": operation_queries.shown(effect) if effect else None,
            "seal": seal,
            "limit": limits.limit_kopecks(),
            "methods": METHODS,
            "signs": SIGNS,
            "today": clock.today(),
            "values": {name: form[name].value() for name in form.fields},
        }
        return render(self.request, "workspace/operation_form.html", context, status=status)


def _seal(wish: Wish, amount_kopecks: int) -> str:
    """What was shown: another wish, or another amount since, is shown again first."""
    return f"{wish.fingerprint()[:32]}:{amount_kopecks}"


def _words_fit(form: OperationForm, action: MoneyAction) -> bool:
    """Whether the fields that this kind cannot do without are there."""
    data = form.cleaned_data
    needed = {
        "ADJUSTMENT": ["amount"],
        "REFUND": ["amount"],
        "WRITE_OFF": ["amount"],
        "TRANSFER": ["payment_id", "to_contract"],
        "CORRECTION": ["subscription_id", "month"],
        "REVERSAL": [],
    }[action.kind]
    for name in needed:
        if data.get(name) in (None, ""):
            form.add_error(name, str(form.fields[name].error_messages["required"]))
    if action.kind == "REVERSAL" and not (data["payment_id"] or data["operation_id"]):
        form.add_error(None, str(_("Choose what is taken back.")))
    if bool(data.get("free_from")) != bool(data.get("free_last")):
        form.add_error("free_last", str(_("Give both the first and the last day.")))
    return form.is_valid()


def _wish(form: OperationForm, action: MoneyAction, account: LedgerAccount) -> Wish:
    data = form.cleaned_data
    amount = data.get("amount")
    if action.kind == "ADJUSTMENT" and amount and data.get("sign") == "minus":
        amount = -amount
    to_account = None
    if action.kind == "TRANSFER":
        to_account = operation_queries.account_by_number(data["to_contract"])
    takes_payment = action.kind in {"TRANSFER", "REVERSAL"}
    is_correction = action.kind == "CORRECTION"
    return Wish(
        kind=action.kind,
        account_id=account.id,
        reason=data["reason"],
        amount_kopecks=amount if action.kind in {"ADJUSTMENT", "REFUND", "WRITE_OFF"} else None,
        method=data["method"] if action.kind == "REFUND" else "",
        to_account_id=to_account,
        payment_id=data["payment_id"] if takes_payment else None,
        operation_id=data["operation_id"] if action.kind == "REVERSAL" else None,
        subscription_id=data["subscription_id"] if is_correction else None,
        month=date.fromisoformat(f"{data['month']}-01") if is_correction else None,
        facts=_facts(data) if is_correction else Facts(),
    )


def _facts(data: dict[str, Any]) -> Facts:
    prices: tuple[tuple[int, int], ...] = ()
    if data.get("right_price") is not None and data.get("was_price"):
        prices = ((data["was_price"], data["right_price"]),)
    free: tuple[tuple[date, date], ...] = ()
    if data.get("free_from") and data.get("free_last") and data["free_last"] < date.max:
        free = ((data["free_from"], data["free_last"] + ONE_DAY),)
    return Facts(prices=prices, free=free)


@staff_page(Permission.LEDGER_ADJUST)
def operation_list(request: HttpRequest) -> HttpResponse:
    """What waits for a second person; and, by state and kind, what was decided."""
    before = params.int_of(request.GET, "before")
    state = params.choice_of(request.GET, "state", (*STATES, "ALL")) or "PENDING"
    kind = params.choice_of(request.GET, "kind", BY_KIND)
    found = bookkeeping_queries.operations(
        wanted=bookkeeping_queries.Wanted(state="" if state == "ALL" else state, kind=kind),
        before_id=before,
        limit=PAGE_SIZE + 1,
    )
    context = {
        "page": key_page(operation_queries.rows(found), before=before),
        "state": state,
        "states": STATES,
        "kind": kind,
        "kinds": BY_KIND.values(),
        "me": actor_of(request).user_id,
        "limit": limits.limit_kopecks(),
    }
    return render(request, "workspace/operations.html", context)


@staff_page(Permission.LEDGER_VIEW)
def detail(request: HttpRequest, operation_id: int) -> HttpResponse:
    """One operation: what was asked, by whom, who decided, its journal."""
    return _detail(request, operation_id, DecisionForm())


def _detail(
    request: HttpRequest,
    operation_id: int,
    form: DecisionForm,
    *,
    status: int = 200,
) -> HttpResponse:
    holders.check_key(operation_id)
    operation = bookkeeping_queries.operation(operation_id=operation_id)
    (row,) = operation_queries.rows([operation])
    actor, at = actor_of(request), clock.now()
    is_mine = operation.asked_by_id == actor.user_id
    may_decide = may(request, Permission.LEDGER_APPROVE) and not is_mine
    effect, refusal = None, None
    if may_decide and operation.state == "PENDING":
        try:
            effect = bookkeeping.try_approval(
                at=at, on_date=clock.today(at), actor=actor, operation_id=operation.id
            )
        except DomainError as error:
            refusal = error
    payout = own_money.payout_of(operation_id=operation.id)
    reversal = bookkeeping_queries.reversal_of(operation_id=operation.id)
    by_bank = (operation.state, operation.method) == ("POSTED", "BANK")
    context = {
        "row": row,
        "operation": operation,
        "payout": payout,
        "waits_for_bank": by_bank and (reversal is None or reversal.state != "POSTED"),
        "action": BY_KIND[operation.kind],
        "form": form,
        "is_mine": is_mine,
        "may_decide": may_decide,
        "shown": operation_queries.shown(effect) if effect else None,
        "refusal": refusal,
        "reversal": reversal,
        "methods": dict(METHODS),
    }
    return render(request, "workspace/operation.html", context, status=status)


@staff_page(Permission.LEDGER_APPROVE, methods=("POST",))
def decide(request: HttpRequest, operation_id: int) -> HttpResponse:
    """Approve or refuse another person's operation, or withdraw one's own."""
    holders.check_key(operation_id)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _detail(request, operation_id, form, status=422)
    try:
        said = _decision(request, operation_id, form, at=clock.now())
    except NotFoundError:
        raise
    except DomainError as error:
        form.add_domain_error(error)
        return _detail(request, operation_id, form, status=error.http_status)
    return done(request, said, "workspace:operation", operation_id)


def _decision(request: HttpRequest, operation_id: int, form: DecisionForm, *, at: datetime) -> Any:
    who: dict[str, Any] = {"at": at, "actor": actor_of(request), "operation_id": operation_id}
    comment = form.cleaned_data["comment"]
    if form.cleaned_data["do"] == "approve":
        bookkeeping.approve(**who, on_date=clock.today(at), comment=comment)
        return _("Approved and posted.")
    if form.cleaned_data["do"] == "refuse":
        bookkeeping.refuse(**who, comment=comment)
        return _("Refused.")
    bookkeeping.withdraw(**who)
    return _("Withdrawn.")
