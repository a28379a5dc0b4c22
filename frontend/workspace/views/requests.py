"""Requests for connection: from the queue to the created service."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from crm import operations as crm
from crm import queries as crm_queries
from crm.models import ConnectionRequest
from frontend.workspace import params
from frontend.workspace.forms import MoveRequestForm
from frontend.workspace.labels import NETWORK_LABELS, REASON_LABELS
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.queries import requests
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.http import actor_of
from project.core.roles import Permission

State = ConnectionRequest.State
SAID = {
    State.VERIFIED: _("Request %(number)s is verified: agree on a day of the visit."),
    State.SCHEDULED: _("The visit for request %(number)s is agreed."),
    State.REJECTED: _("Request %(number)s is rejected."),
    State.CANCELLED: _("Request %(number)s is cancelled."),
    State.NEW: _("Request %(number)s is open again."),
}


@staff_page(Permission.CUSTOMERS_VIEW)
def request_list(request: HttpRequest) -> HttpResponse:
    """Requests in one state, or all open ones, newest first."""
    state = params.choice_of(request.GET, "state", requests.STATES)
    before = params.int_of(request.GET, "before")
    rows = crm_queries.open_requests(state=state, before_number=before, limit=PAGE_SIZE + 1)
    counts = requests.counts_by_state()
    context = {
        "page": key_page(rows, before=before, key="number"),
        "state": state,
        "tabs": [(value, counts.get(value)) for value in requests.STATES],
        "open_count": sum(counts.values()),
        "networks": NETWORK_LABELS,
    }
    return render(request, "workspace/requests.html", context)


@staff_page(Permission.CUSTOMERS_VIEW)
def detail(request: HttpRequest, number: int) -> HttpResponse:
    """One request with what can be done with it."""
    return _detail(request, number, MoveRequestForm(), status=200)


def _detail(
    request: HttpRequest, number: int, form: MoveRequestForm, *, status: int
) -> HttpResponse:
    context = {
        "page": requests.request_page(number=number, at=clock.now()),
        "form": form,
        "networks": NETWORK_LABELS,
        "reasons": REASON_LABELS,
        "today": clock.today(),
    }
    return render(request, "workspace/request.html", context, status=status)


@staff_page(Permission.REQUESTS_WORK, methods=("POST",))
def move(request: HttpRequest, number: int) -> HttpResponse:
    """Verify, schedule, reject, cancel or open a request again."""
    form = MoveRequestForm(request.POST)
    if form.is_valid():
        data = form.cleaned_data
        try:
            moved = crm.move_request(
                number=number,
                to_state=data["to_state"],
                at=clock.now(),
                actor=actor_of(request),
                reason=data["reason"],
                scheduled_for_date=data["scheduled_for_date"],
            )
        except (crm.BadMoveError, crm.BadRequestFieldError) as error:
            form.add_domain_error(error)
        else:
            text = str(SAID[State(moved.state)]) % {"number": number}
            return done(request, text, "workspace:request", number)
    return _detail(request, number, form, status=422)
