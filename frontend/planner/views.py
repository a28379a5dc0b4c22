"""The planner page: one map; everything alive on it talks to /api/v1/coverage/."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from coverage.models import NetworkType, ZoneStatus
from coverage.zoning import queries
from coverage.zoning.publishing import NEXT
from frontend.planner import file_texts, review_texts
from frontend.planner.demand.texts import what_if_texts
from frontend.planner.texts import geoman_texts, texts
from frontend.states import state_of
from frontend.words import network_name
from project.core.http import may, require
from project.core.roles import Permission

BUILDINGS_URL = "/api/v1/buildings/"
FORMAT_NAMES = {
    "GEOJSON": "GeoJSON",
    "KML": "KML",
    "KMZ": "KMZ",
    "SHAPEFILE": "Shapefile",
    "GPKG": "GeoPackage",
    "CSV": "CSV",
}


@require(Permission.ZONES_VIEW, Permission.ZONES_EDIT)
@require_safe
def planner(request: HttpRequest) -> HttpResponse:
    """The map with its panel; people who may not publish see everything but the last button."""
    statuses = {value: str(state_of(kind="zone", value=value).word) for value in ZoneStatus.values}
    networks = {value: f"{value} — {network_name(value)}" for value in NetworkType.values}
    config: dict[str, Any] = {
        "api": reverse("coverage-zones").removesuffix("zones/"),
        "csrf": get_token(request),
        "language": get_language(),
        "userId": request.user.pk,
        "mayPublish": may(request, Permission.ZONES_PUBLISH),
        "buildingsUrl": BUILDINGS_URL,
        "bounds": queries.extent(),
        "statuses": statuses,
        "networks": networks,
        "answers": review_texts.answer_words(),
        "formats": FORMAT_NAMES,
        "next": {old or "": sorted(new) for old, new in NEXT.items()},
        "words": texts() | what_if_texts(),
        "geoman": geoman_texts(),
    }
    context = {
        "config": config,
        "statuses": statuses,
        "networks": networks,
        "first_statuses": {v: statuses[v] for v in ZoneStatus.values if v in NEXT[None]},
        "export_formats": file_texts.format_names(),
        "projections": file_texts.projections(),
        "tiles_url": settings.GEOBILL_MAP_TILES_URL,
    }
    return render(request, "planner/map.html", context)
