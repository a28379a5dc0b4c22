"""Open sessions on all BRASes."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontend.workspace import params
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.queries import sessions
from frontend.workspace.web import staff_page
from project.core import clock
from project.core.roles import Permission


@staff_page(Permission.NETWORK_VIEW)
def open_sessions(request: HttpRequest) -> HttpResponse:
    """Who is in the network now."""
    before = params.int_of(request.GET, "before")
    kind = params.choice_of(request.GET, "kind", ("GUEST", "SUSPECT"))
    text = params.text_of(request.GET, "q", 100)
    rows = sessions.open_sessions(text=text, kind=kind, before=before, limit=PAGE_SIZE + 1)
    context = {
        "page": key_page(rows, before=before),
        "kind": kind,
        "text": text,
        "counts": sessions.counts(),
        "at": clock.now(),
    }
    return render(request, "workspace/sessions.html", context)
