"""The start page of the workspace."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontend.workspace.queries.start import start
from frontend.workspace.web import staff_page
from project.core import clock
from project.core.http import may
from project.core.roles import Permission


@staff_page(Permission.CUSTOMERS_VIEW)
def home(request: HttpRequest) -> HttpResponse:
    """What waits, and how the day goes."""
    page = start(
        on_date=clock.today(),
        sees_money=may(request, Permission.LEDGER_VIEW),
        sees_network=may(request, Permission.NETWORK_VIEW),
    )
    return render(request, "workspace/home.html", {"page": page, "today": clock.today()})
