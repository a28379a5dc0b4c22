"""Subscribers as a list."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontend.workspace import params
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.queries import subscribers
from frontend.workspace.web import staff_page
from project.core import clock
from project.core.roles import Permission


@staff_page(Permission.CUSTOMERS_VIEW)
def customer_list(request: HttpRequest) -> HttpResponse:
    """The newest subscribers, or those whom the typed text may mean."""
    text = params.text_of(request.GET, "q")
    before = params.int_of(request.GET, "before")
    rows = subscribers.rows(text=text, before=before, limit=PAGE_SIZE + 1, on_date=clock.today())
    context = {"page": key_page(rows, before=before, key="customer_id"), "text": text}
    return render(request, "workspace/customers.html", context)
