"""Open sessions on all BRASes, and the page of one session."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontend.workspace import params
from frontend.workspace.agreement_words import AgreementPage, page_of
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.queries import sessions
from frontend.workspace.session_words import EVENTS
from frontend.workspace.web import staff_page
from network import agreement, session_queries
from network.models import Session, SessionHistory
from project.core import clock
from project.core.errors import NotFoundError
from project.core.http import may
from project.core.roles import Permission

# A worker notes every few seconds that it has read everything.
LATE = timedelta(minutes=2)


@staff_page(Permission.NETWORK_VIEW)
def open_sessions(request: HttpRequest) -> HttpResponse:
    """Who is in the network now; asked by htmx, only the table, every few seconds."""
    before = params.int_of(request.GET, "before")
    wanted = sessions.Wanted(
        text=params.text_of(request.GET, "q", 100),
        kind=params.choice_of(request.GET, "kind", sessions.KINDS),
        nas_id=params.int_of(request.GET, "nas"),
        city_id=params.int_of(request.GET, "city"),
    )
    rows = sessions.open_sessions(wanted=wanted, before=before, limit=PAGE_SIZE + 1)
    at, as_of = clock.now(), session_queries.accounting_as_of()
    context = {
        "page": key_page(rows, before=before),
        "wanted": wanted,
        "counts": sessions.counts(wanted=wanted),
        "at": at,
        "waits_since": as_of if as_of and at - as_of > LATE else None,
        "sees_customers": may(request, Permission.CUSTOMERS_VIEW),
    }
    if request.headers.get("HX-Request"):
        return render(request, "workspace/partials/live_sessions.html", context)
    return render(request, "workspace/sessions.html", {**context, "choices": sessions.choices()})


@staff_page(Permission.NETWORK_VIEW)
def session(request: HttpRequest, unique_id: str) -> HttpResponse:
    """One session: what it is, and all that happened to it."""
    found = sessions.session_page(unique_id=unique_id, at=clock.now())
    if found is None:
        raise NotFoundError
    context = {
        "page": found,
        "session": found.line.session,
        "agreement": _agreement(found.line.session),
        "events": [(event, EVENTS.get(event.kind)) for event in found.events],
        "sees_customers": may(request, Permission.CUSTOMERS_VIEW),
    }
    return render(request, "workspace/session.html", context)


def _agreement(session: Session | SessionHistory) -> AgreementPage | None:
    """What it should have and has; None for one that has ended."""
    if not isinstance(session, Session):
        return None
    return page_of(agreement.of_session(session=session, at=clock.now()), session=session)
