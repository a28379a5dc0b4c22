"""The operator's map, the building card, and why a price is what it is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontend.workspace import params
from frontend.workspace.queries import places
from frontend.workspace.queries.search import addresses
from frontend.workspace.web import staff_page
from project.core import clock
from project.core.roles import Permission


@staff_page(Permission.ZONES_VIEW, Permission.CUSTOMERS_VIEW)
def map_page(request: HttpRequest) -> HttpResponse:
    """The map, a search by address, and the zones as a list."""
    text = params.text_of(request.GET, "q")
    if request.headers.get("HX-Target") == "ws-places":
        context = {"hits": addresses(text=text, limit=12), "text": text}
        return render(request, "workspace/partials/places_found.html", context)
    context = {
        "text": text,
        "hits": addresses(text=text, limit=50) if text else [],
        "zones": places.zone_lines(at=clock.now()),
        "centre": places.map_centre(),
    }
    return render(request, "workspace/map.html", context)


@staff_page(Permission.ZONES_VIEW, Permission.CUSTOMERS_VIEW)
def building(request: HttpRequest, building_id: int) -> HttpResponse:
    """The card of one building: alone for htmx, else beside the map."""
    at = clock.now()
    page = places.building_page(building_id=building_id, at=at, on_date=clock.today(at))
    point = page.building.point
    context = {
        "page": page,
        "text": "",
        "centre": f"{point.y:.6f},{point.x:.6f}",
    }
    partial = request.headers.get("HX-Target") == "ws-building"
    template = "workspace/partials/building.html" if partial else "workspace/map.html"
    return render(request, template, context)


@staff_page(Permission.ZONES_VIEW, Permission.TARIFFS_VIEW)
def ladder(
    request: HttpRequest, building_id: int, tariff_id: int, network_type: str
) -> HttpResponse:
    """The whole ladder of a price at a building, as a part of the card."""
    at = clock.now()
    found = places.ladder(
        building_id=building_id,
        tariff_id=tariff_id,
        network_type=network_type,
        at=at,
        on_date=clock.today(at),
    )
    return render(request, "workspace/partials/ladder.html", {"ladder": found})
