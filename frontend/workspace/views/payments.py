"""Payments of all channels."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from billing.models import Payment
from frontend.workspace import params
from frontend.workspace.labels import CHANNEL_LABELS
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.queries import money
from frontend.workspace.web import staff_page
from project.core import clock
from project.core.roles import Permission

STATES = (*Payment.State.values, "UNALLOCATED")


@staff_page(Permission.LEDGER_VIEW)
def payment_list(request: HttpRequest) -> HttpResponse:
    """Payments, newest first, by channel, state and day."""
    before = params.int_of(request.GET, "before")
    channel = params.text_of(request.GET, "channel", 24)
    state = params.choice_of(request.GET, "state", STATES)
    on_date = params.date_of(request.GET, "day")
    rows = money.payment_rows(
        channel=channel, state=state, on_date=on_date, before=before, limit=PAGE_SIZE + 1
    )
    context = {
        "page": key_page(rows, before=before),
        "channel": channel,
        "channels": money.payment_channels(),
        "channel_labels": CHANNEL_LABELS,
        "state": state,
        "states": STATES,
        "day": on_date,
        "today": clock.today(),
        "total": money.payments_total(on_date=on_date or clock.today()),
    }
    return render(request, "workspace/payments.html", context)
