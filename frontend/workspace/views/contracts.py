"""Closing the contract of a client who has gone, and opening it again."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.bookkeeping import closing
from billing.ledger import queries as ledger_queries
from billing.models import LedgerAccount
from crm.models import Customer
from frontend.workspace import params
from frontend.workspace.forms import WorkspaceForm
from frontend.workspace.queries import holders
from frontend.workspace.web import staff_page
from project.core import audit, clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of
from project.core.roles import Permission


class ReasonForm(WorkspaceForm):
    """Why a contract is closed, or opened again."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=closing.REASON_LENGTH,
        error_messages={"required": gettext_lazy("Write the reason: it stays in the audit log.")},
    )


@staff_page(Permission.CUSTOMERS_VIEW, Permission.LEDGER_CLOSE, methods=("GET", "POST"))
def close(request: HttpRequest, customer_id: int) -> HttpResponse:
    """What is still open on the contract; when nothing is, it is closed. A closed one is opened."""
    customer = holders.customer_of(customer_id=customer_id)
    accounts = holders.accounts_of(customer_id=customer_id)
    account = holders.chosen_account(accounts, params.int_of(request.GET, "contract"))
    if account is None:
        raise NotFoundError
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            said = _do(request, account, form.cleaned_data["reason"])
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, said)
            card = reverse("workspace:customer", args=[customer.id])
            return redirect(f"{card}?contract={account.id}")
    return _page(request, customer, account, form)


def _do(request: HttpRequest, account: LedgerAccount, reason: str) -> str:
    """What the button said: a page that somebody overtook does not do the contrary."""
    at, actor = clock.now(), actor_of(request)
    if request.POST.get("do") == "reopen":
        closing.reopen(account_id=account.id, reason=reason, at=at, actor=actor)
        return _("The contract is open again.")
    closing.close(account_id=account.id, reason=reason, at=at, on_date=clock.today(at), actor=actor)
    return _("The contract is closed: it takes no money and no charges.")


def _page(
    request: HttpRequest, customer: Customer, account: LedgerAccount, form: ReasonForm
) -> HttpResponse:
    is_closed = account.closed_at is not None
    today = clock.today()
    context = {
        "customer": customer,
        "account": account,
        "form": form,
        "balance_kopecks": ledger_queries.balance_kopecks(account_id=account.id),
        "matters": [] if is_closed else closing.still_open(account_id=account.id, on_date=today),
        "history": audit.entries(
            wanted=audit.AuditFilter(
                object_type="ledger_account",
                object_id=str(account.id),
                action="billing.ledger.account_",
            ),
            limit=10,
        ),
    }
    status = 422 if form.is_bound else 200
    return render(request, "workspace/account_close.html", context, status=status)
