"""The page of streets and buildings; everything alive on it talks to /api/v1/coverage/places/."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coverage.addresses.streettypes import TYPES
from coverage.models import Building
from coverage.zoning import queries
from frontend.planner.place_texts import place_texts
from project.core.http import require
from project.core.roles import Permission


@require(Permission.ZONES_VIEW, Permission.ZONES_EDIT)
@require_safe
def places(request: HttpRequest) -> HttpResponse:
    """Map and list side by side; `?building=` or `?street=` opens that one."""
    wirings = {
        Building.Wiring.UNKNOWN.value: _("not surveyed"),
        Building.Wiring.WIRED.value: _("yes"),
        Building.Wiring.NOT_WIRED.value: _("no"),
    }
    config: dict[str, Any] = {
        "api": reverse("coverage-zones").removesuffix("zones/"),
        "csrf": get_token(request),
        "language": get_language(),
        "bounds": queries.extent(),
        "streetTypes": list(TYPES),
        "suggestUrl": reverse("addresses-suggest"),
        "pageUrl": reverse("planner:places"),
        "cardUrl": reverse("workspace:building", args=[0]),
        "words": place_texts(),
    }
    context = {
        "config": config,
        "wirings": wirings,
        "tiles_url": settings.GEOBILL_MAP_TILES_URL,
    }
    return render(request, "planner/places.html", context)
