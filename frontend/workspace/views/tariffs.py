"""Tariffs, their versions and price rules, to read."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontend.workspace.labels import NETWORK_LABELS
from frontend.workspace.queries import constructor, tariffs
from frontend.workspace.tariff_forms import SERVICE_TYPES
from frontend.workspace.web import staff_page
from project.core import clock
from project.core.roles import Permission


@staff_page(Permission.TARIFFS_VIEW)
def tariff_list(request: HttpRequest) -> HttpResponse:
    """Tariffs with the span of their prices."""
    archived = request.GET.get("archived") == "1"
    rows = tariffs.tariff_rows(on_date=clock.today(), archived=archived)
    return render(request, "workspace/tariffs.html", {"rows": rows, "archived": archived})


@staff_page(Permission.TARIFFS_VIEW)
def detail(request: HttpRequest, code: str) -> HttpResponse:
    """One tariff in full."""
    on_date = clock.today()
    page = tariffs.tariff_page(code=code, on_date=on_date)
    context = {
        "page": page,
        "networks": NETWORK_LABELS,
        "service_type": dict(SERVICE_TYPES).get(page.tariff.service_type, ""),
        "draft": constructor.draft(
            tariff_id=page.tariff.id,
            current=constructor.newest_version(tariff_id=page.tariff.id),
        ),
    }
    return render(request, "workspace/tariff.html", context)
