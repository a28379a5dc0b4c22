"""The pages of the demand map: the map with its ranking, sharing, the shared report itself."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from coverage import operations as coverage
from coverage import queries as coverage_queries
from coverage.demand.reports import DAYS, token_of
from coverage.models import NetworkType, SharedReport
from frontend.planner.demand import texts
from frontend.planner.demand.params import DemandParams, read_params
from frontend.planner.demand.queries import CellRow, DemandMap, demand_map
from frontend.planner.demand.report import rendered
from frontend.planner.demand.sharing import demand_content
from frontend.throttle import allowed
from frontend.words import network_name
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of, may, require
from project.core.roles import Permission


@require(Permission.ZONES_VIEW)
@require_safe
def demand(request: HttpRequest) -> HttpResponse:
    """The map and the list of the filter in the address; works without scripts, as a list."""
    at = clock.now()
    params = read_params(request.GET, today=clock.today(at))
    return _page(request, params, status=400 if params.errors else 200)


@require(Permission.ZONES_VIEW, Permission.ZONES_EDIT)
@require_POST
def share(request: HttpRequest) -> HttpResponse:
    """Keep a report of the filter and give it a link; then back to the map."""
    at = clock.now()
    filters = QueryDict(request.POST.get("filter", "")[:2000])
    params = read_params(filters, today=clock.today(at))
    days = request.POST.get("days", "")
    try:
        coverage.share_report(
            at=at,
            actor=actor_of(request),
            kind=SharedReport.Kind.DEMAND,
            title=request.POST.get("title", ""),
            days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0,
            language=get_language() or "uk",
            content=demand_content(
                wanted=params.wanted,
                at=at,
                on_date=clock.today(at),
                from_date=params.from_date,
                until_date=params.until_date,
            ),
        )
    except DomainError as error:
        params.errors[error.field or "title"] = error.message
        return _page(request, params, status=error.http_status)
    messages.success(request, _("The report is ready: copy its link below."))
    return _back(filters)


@require(Permission.ZONES_VIEW, Permission.ZONES_EDIT)
@require_POST
def revoke(request: HttpRequest, report_id: int) -> HttpResponse:
    """Take a link back."""
    try:
        coverage.revoke_report(report_id=report_id, at=clock.now(), actor=actor_of(request))
    except NotFoundError as error:
        return render(request, "workspace/error.html", {"message": error.message}, status=404)
    messages.success(request, _("The link no longer works."))
    return _back(QueryDict(request.POST.get("filter", "")[:2000]))


@csrf_exempt
@require_safe
def report(request: HttpRequest, token: str) -> HttpResponse:
    """A shared report, for whoever has the link; `?download` gives it as a file."""
    if not allowed(request, scope="browse"):
        return HttpResponse(status=429)
    try:
        found = coverage_queries.demand_report(token=token, at=clock.now())
    except DomainError as error:
        return _sealed(
            render(request, "planner/report_gone.html", {"error": error}, status=error.http_status)
        )
    page = rendered(report=found)
    response = HttpResponse(page.html, headers={"Content-Security-Policy": page.policy})
    if "download" in request.GET:
        name = slugify(found.title) or "report"
        response["Content-Disposition"] = f'attachment; filename="{name}.html"'
    return _sealed(response)


def _sealed(response: HttpResponse) -> HttpResponse:
    """Not indexed, not cached (it may be taken back), and its address is told to nobody."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _back(filters: QueryDict) -> HttpResponse:
    query = filters.urlencode()
    return HttpResponseRedirect(
        reverse("planner:demand") + (f"?{query}" if query else "") + "#dm-reports"
    )


def _page(request: HttpRequest, params: DemandParams, *, status: int) -> HttpResponse:
    at = clock.now()
    found = demand_map(wanted=params.wanted, step=params.step, at=at, on_date=clock.today(at))
    may_share = may(request, Permission.ZONES_EDIT)
    # The planner itself is for those who draw.
    context: dict[str, Any] = {
        "params": params,
        "wanted": params.wanted,
        "found": found,
        "ranked": [row for row in found.rows if row.ground is not None],
        "errors": params.errors,
        "trends": texts.TRENDS,
        "cells": texts.cell_choices(),
        "answers": texts.answer_choices(),
        "reasons": {str(reason): word for reason, word in texts.REASONS.items()},
        "channels": texts.CHANNELS,
        "networks": {value: f"{value} — {network_name(value)}" for value in NetworkType.values},
        "localities": coverage_queries.demand_localities(),
        "filter_text": request.GET.urlencode() or request.POST.get("filter", "")[:2000],
        "may_draw": may_share,
        "may_see_prices": may(request, Permission.TARIFFS_VIEW),
        "days": DAYS,
        "reports": [_report_row(request, each, at) for each in coverage_queries.demand_reports()]
        if may_share
        else [],
        "tiles_url": settings.GEOBILL_MAP_TILES_URL,
        "config": _config(found, params),
    }
    return render(request, "planner/demand.html", context, status=status)


def _report_row(request: HttpRequest, report: SharedReport, at: Any) -> dict[str, Any]:
    path = reverse("planner:report", args=[token_of(report)])
    is_over = report.revoked_at is not None or report.expires_at <= at
    return {"report": report, "url": request.build_absolute_uri(path), "is_over": is_over}


def _config(found: DemandMap, params: DemandParams) -> dict[str, Any]:
    return {
        "language": get_language(),
        "bounds": coverage_queries.map_extent(),
        "plannerUrl": reverse("planner:map"),
        "step": params.step,
        "starts": [start.isoformat() for start in found.starts],
        "series": [[tally.requests, tally.failed, tally.planned] for tally in found.series],
        "cells": [_cell(number, row, found) for number, row in enumerate(found.rows, start=1)],
        "words": texts.map_texts(),
    }


def _cell(number: int, row: CellRow, found: DemandMap) -> dict[str, Any]:
    return {
        "id": row.cell,
        "number": number,
        "shape": found.shapes[row.cell],
        "place": row.place,
        "wishes": row.tally.wishes,
        "buckets": row.buckets,
        "trend": str(texts.TRENDS[row.trend]),
    }
