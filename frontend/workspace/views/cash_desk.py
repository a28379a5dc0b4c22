"""The cash desk: find who pays, see what the money does, take it once, print the receipt."""

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from billing.payments import operations as payments
from billing.payments import queries as payment_queries
from crm import queries as crm_queries
from frontend.workspace import params
from frontend.workspace.forms import CashForm
from frontend.workspace.queries import desk as desk_queries
from frontend.workspace.queries import money, subscribers
from frontend.workspace.web import staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission


@staff_page(Permission.PAYMENTS_ACCEPT_CASH)
def desk(request: HttpRequest) -> HttpResponse:
    """Find the payer; one exact contract number leads straight to the amount."""
    text = params.text_of(request.GET, "q")
    today = clock.today()
    rows = subscribers.rows(text=text, before=None, limit=20, on_date=today) if text else []
    exact = [c for row in rows for c in row.contracts if c.number == text]
    if len(exact) == 1:
        return redirect("workspace:cash-take", exact[0].account_id)
    actor = actor_of(request)
    context = {
        "text": text,
        "rows": rows,
        "mine": payment_queries.desk_day(on_date=today, created_by=actor.label),
        "last": money.payment_rows(channel="CASH", on_date=today, limit=10),
    }
    return render(request, "workspace/cash_desk.html", context)


@staff_page(Permission.PAYMENTS_ACCEPT_CASH, methods=("GET", "POST"))
def take(request: HttpRequest, account_id: int) -> HttpResponse:
    """The amount; then what it will do; then it is taken, once, however often it is sent."""
    at = clock.now()
    payer = desk_queries.payer(account_id=account_id, on_date=clock.today(at))
    if request.method == "GET":
        form = CashForm(initial={"token": str(uuid.uuid4())})
        return _take(request, payer, form)
    form = CashForm(request.POST)
    if not form.is_valid():
        return _take(request, payer, form, status=422)
    amount = form.cleaned_data["amount"]
    if request.POST.get("confirmed") != str(amount):
        return _take(request, payer, form, confirm=amount)
    try:
        payment = payments.accept_cash(
            at=at,
            on_date=clock.today(at),
            actor=actor_of(request),
            account_id=account_id,
            amount_kopecks=amount,
            comment=form.cleaned_data["comment"],
            idempotency_key=form.cleaned_data["token"],
        )
    except DomainError as error:
        form.add_domain_error(error)
        return _take(request, payer, form, status=422)
    return redirect("workspace:receipt", payment.id)


def _take(
    request: HttpRequest,
    payer: desk_queries.Payer,
    form: CashForm,
    *,
    confirm: int | None = None,
    status: int = 200,
) -> HttpResponse:
    after = payer.balance_kopecks + confirm if confirm else None
    context = {"payer": payer, "form": form, "confirm": confirm, "after": after}
    return render(request, "workspace/cash_take.html", context, status=status)


@staff_page(Permission.LEDGER_VIEW)
def receipt(request: HttpRequest, payment_id: int) -> HttpResponse:
    """The receipt of a payment, ready to print."""
    row = money.payment_row(payment_id=payment_id)
    account = row.payment.holder_id
    payer = desk_queries.payer(account_id=account, on_date=clock.today()) if account else None
    context = {
        "row": row,
        "payer": payer,
        "events": payment_queries.events(payment_id=payment_id),
        "contacts": crm_queries.rows(customer_ids=[row.customer_id]) if row.customer_id else [],
    }
    return render(request, "workspace/receipt.html", context)
