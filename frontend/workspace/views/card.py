"""The subscriber's card, its sessions, the cause of a line."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing.subscriptions import queries as subscription_queries
from frontend.workspace import actions, params
from frontend.workspace.queries import card as cards
from frontend.workspace.queries import holders
from frontend.workspace.queries import sessions as session_pages
from frontend.workspace.queries import statement as statements
from frontend.workspace.web import staff_page
from network import operations as network
from network import queries as network_queries
from project.core import clock
from project.core.http import actor_of, may
from project.core.roles import Permission

SESSIONS_MAX = 200


@staff_page(Permission.CUSTOMERS_VIEW)
def card(request: HttpRequest, customer_id: int) -> HttpResponse:
    """One subscriber on one page."""
    at = clock.now()
    found = cards.card(
        customer_id=customer_id,
        account_id=params.int_of(request.GET, "contract"),
        at=at,
        on_date=clock.today(at),
        with_money=may(request, Permission.LEDGER_VIEW),
        with_sessions=may(request, Permission.NETWORK_VIEW),
    )
    context = {
        "card": found,
        "customer": found.crm.customer,
        "state": _state(found),
        "services": [_with_actions(request, one) for one in found.services],
        "next_best": _next_best(request, found),
    }
    return render(request, "workspace/customer.html", context)


def _state(found: cards.Card) -> str:
    """The card's state in one code: of the first living service, or that there is none."""
    if found.main is None:
        return "NONE"
    if found.main.off_state != "ACTIVE":
        return found.main.off_state
    explanation = found.main.explanation
    return explanation.code if explanation else "ACTIVE"


def _with_actions(
    request: HttpRequest, service: cards.Service
) -> tuple[cards.Service, list[actions.Action]]:
    return service, actions.possible(
        service.row, service.access, lambda permission: may(request, permission)
    )


def _next_best(request: HttpRequest, found: cards.Card) -> list[dict[str, Any]]:
    """The three most useful things to do now, for this person and this state."""
    available: dict[str, dict[str, Any]] = {}
    is_open = found.account is not None and found.account.closed_at is None
    if is_open and may(request, Permission.PAYMENTS_ACCEPT_CASH):
        available["cash"] = {"kind": "cash"}
    if found.account is not None and found.money is not None:
        available["statement"] = {"kind": "statement"}
    if found.phone:
        available["call"] = {"kind": "call"}
    if may(request, Permission.SERVICES_CREATE):
        available["sell"] = {"kind": "sell"}
    if found.main is not None:
        for action in _with_actions(request, found.main)[1]:
            available[action.slug] = {"kind": "action", "action": action}
    return [available[one] for one in actions.next_best(_state(found), available)]


@staff_page(Permission.CUSTOMERS_VIEW, Permission.NETWORK_VIEW)
def sessions(request: HttpRequest, customer_id: int) -> HttpResponse:
    """Sessions of a subscriber: open ones first, then the closed; what was asked of the BRAS."""
    customer = holders.customer_of(customer_id=customer_id)
    accounts = holders.accounts_of(customer_id=customer_id)
    on_date = clock.today()
    rows = subscription_queries.card(
        account_ids=[account.id for account in accounts], on_date=on_date
    )
    ids = [row.id for row in rows]
    found = network_queries.sessions_of(subscription_ids=ids, limit=SESSIONS_MAX)
    access = network_queries.access_of(subscription_ids=ids)
    context = {
        "customer": customer,
        "rows": found,
        "is_cut": len(found) == SESSIONS_MAX,
        "bars": session_pages.traffic_bars(subscription_ids=ids, on_date=on_date),
        "wishes": [
            wish
            for subscription_id in access
            for wish in network_queries.actions_of(subscription_id=subscription_id, limit=10)
        ],
        "online": [row for row in rows if row.id in access and access[row.id].is_online],
        "may_disconnect": may(request, Permission.SESSIONS_DISCONNECT),
    }
    return render(request, "workspace/customer_sessions.html", context)


@staff_page(Permission.CUSTOMERS_VIEW, Permission.LEDGER_VIEW)
def journal(request: HttpRequest, customer_id: int, journal_id: int) -> HttpResponse:
    """A journal as far as this subscriber is concerned: the cause of a line and its legs."""
    found = statements.journal_page(customer_id=customer_id, journal_id=journal_id)
    context = {"journal": found, "customer": found.customer}
    partial = request.headers.get("HX-Request") == "true"
    template = "partials/cause.html" if partial else "journal.html"
    return render(request, f"workspace/{template}", context)


@staff_page(Permission.CUSTOMERS_VIEW, Permission.NETWORK_VIEW, methods=("POST",))
def reveal_password(request: HttpRequest, customer_id: int, subscription_id: int) -> HttpResponse:
    """The password of a service in clear text, to be read to its owner; the look is audited."""
    service = holders.service_of(subscription_id=subscription_id, customer_id=customer_id)
    password = network.reveal_password(
        subscription_id=service.id, at=clock.now(), actor=actor_of(request)
    )
    partial = request.headers.get("HX-Request") == "true"
    template = "partials/password.html" if partial else "password.html"
    context = {"password": password, "customer": service.account.customer_link.customer}
    response = render(request, f"workspace/{template}", context)
    response["Cache-Control"] = "no-store"
    return response
