"""The subscriber's card and its long lists: statement, sessions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing.ledger import queries as ledger_queries
from billing.ledger.errors import UnknownJournalError
from billing.subscriptions import queries as subscription_queries
from frontend.workspace import params
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.queries import card as cards
from frontend.workspace.queries import holders
from frontend.workspace.web import staff_page
from network import operations as network
from network import queries as network_queries
from project.core import clock
from project.core.errors import NotFoundError
from project.core.http import actor_of
from project.core.roles import Permission


@staff_page(Permission.CUSTOMERS_VIEW)
def card(request: HttpRequest, customer_id: int) -> HttpResponse:
    """One subscriber on one page."""
    at = clock.now()
    found = cards.card(
        customer_id=customer_id,
        account_id=params.int_of(request.GET, "contract"),
        at=at,
        on_date=clock.today(at),
    )
    return render(request, "workspace/customer.html", {"card": found})


@staff_page(Permission.CUSTOMERS_VIEW, Permission.LEDGER_VIEW)
def statement(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Every line of a contract's account, newest first."""
    customer = holders.customer_of(customer_id=customer_id)
    accounts = holders.accounts_of(customer_id=customer_id)
    account = holders.chosen_account(accounts, params.int_of(request.GET, "contract"))
    before = params.int_of(request.GET, "before")
    lines = (
        ledger_queries.statement(account_id=account.id, limit=PAGE_SIZE + 1, before_seq=before)
        if account
        else []
    )
    context = {
        "customer": customer,
        "account": account,
        "page": key_page(lines, before=before, key="seq"),
    }
    return render(request, "workspace/statement.html", context)


@staff_page(Permission.CUSTOMERS_VIEW, Permission.NETWORK_VIEW)
def sessions(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Sessions of a subscriber: open ones first, then the closed."""
    customer = holders.customer_of(customer_id=customer_id)
    accounts = holders.accounts_of(customer_id=customer_id)
    rows = subscription_queries.card(
        account_ids=[account.id for account in accounts], on_date=clock.today()
    )
    found = network_queries.sessions_of(subscription_ids=[row.id for row in rows], limit=200)
    context = {"customer": customer, "rows": found}
    return render(request, "workspace/customer_sessions.html", context)


@staff_page(Permission.CUSTOMERS_VIEW, Permission.LEDGER_VIEW)
def journal(request: HttpRequest, customer_id: int, journal_id: int) -> HttpResponse:
    """A journal as far as this subscriber is concerned."""
    customer = holders.customer_of(customer_id=customer_id)
    if journal_id > params.BIGINT_MAX:
        raise NotFoundError
    for account in holders.accounts_of(customer_id=customer_id):
        try:
            found = ledger_queries.journal_for(account_id=account.id, journal_id=journal_id)
        except UnknownJournalError:
            continue
        context = {"customer": customer, "account": account, "journal": found}
        return render(request, "workspace/journal.html", context)
    raise NotFoundError


@staff_page(Permission.CUSTOMERS_VIEW, Permission.NETWORK_VIEW, methods=("POST",))
def reveal_password(request: HttpRequest, customer_id: int, subscription_id: int) -> HttpResponse:
    """The password of a service in clear text, to be read to its owner; the look is audited."""
    holders.service_of(subscription_id=subscription_id, customer_id=customer_id)
    password = network.reveal_password(
        subscription_id=subscription_id, at=clock.now(), actor=actor_of(request)
    )
    response = render(request, "workspace/partials/password.html", {"password": password})
    response["Cache-Control"] = "no-store"
    return response
