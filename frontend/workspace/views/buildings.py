"""The operator's map, the building card, and why a price is what it is."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.subscriptions import operations as subscriptions
from frontend.workspace import params
from frontend.workspace.queries import places
from frontend.workspace.queries.search import addresses
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.http import actor_of
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
        "networks_with_ports": [p.answer.network_type for p in page.networks if p.ports.free],
    }
    partial = request.headers.get("HX-Target") == "ws-building"
    template = "workspace/partials/building.html" if partial else "workspace/map.html"
    return render(request, template, context)


@staff_page(Permission.SERVICES_CREATE, Permission.PLANT_VIEW, methods=("POST",))
def give_port(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """Put a service that stands on no port on the best free one of its building."""
    subscriptions.take_port(
        subscription_id=subscription_id, actor=actor_of(request), at=clock.now()
    )
    return done(
        request, _("The service has a port."), "workspace:building",
        places.building_of_service(subscription_id=subscription_id),
    )  # fmt: skip


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
