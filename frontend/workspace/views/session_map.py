"""Sessions on the map: where they run, where guests are, who is off; and the same as lists."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from frontend.workspace import params
from frontend.workspace.network_words import CHECKS
from frontend.workspace.queries import places, session_map
from frontend.workspace.web import staff_page
from network import session_map as network
from project.core import clock
from project.core.errors import DomainError
from project.core.roles import Permission

ZOOM_MOST = 20
REACHED = {"": "off", "STATUS": "online", "SESSION": "online", "SILENT": "debt"}


class BadBoundsError(DomainError):
    """The part of the map that is asked for is none."""

    code = "bad_bounds"


@staff_page(Permission.NETWORK_VIEW)
def map_page(request: HttpRequest) -> HttpResponse:
    """The map with its filters; beside it the BRASes, and places that want a look."""
    at = clock.now()
    servers = session_map.servers()
    context = {
        "servers": [(one, REACHED[one.check_result], CHECKS[one.check_result]) for one in servers],
        "centre": places.map_centre(),
        "counts": network.counts(at=at),
        "rows": session_map.busiest(at=at),
        "at": at,
    }
    return render(request, "workspace/session_map.html", context)


@staff_page(Permission.NETWORK_VIEW)
def points(request: HttpRequest) -> HttpResponse:
    """What is in `bbox` (west,south,east,north) at `zoom`, of these `states`; GeoJSON."""
    bounds = _bounds(request.GET.get("bbox", ""))
    zoom = min(params.int_of(request.GET, "zoom") or 0, ZOOM_MOST)
    asked = request.GET.get("states", "").split(",")
    states = [one for one in network.STATES if one in asked]
    found = network.places(bounds=bounds, zoom=zoom, states=states, at=clock.now())
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [place.lon, place.lat]},
            "properties": {
                "building": place.building_id,
                "node": place.node_id,
                "total": place.total,
                **{state.lower(): count for state, count in place.counts.items()},
            },
        }
        for place in found
    ]
    return JsonResponse({"type": "FeatureCollection", "features": features})


@staff_page(Permission.NETWORK_VIEW)
def here(request: HttpRequest) -> HttpResponse:
    """Who is at one building or node, or nowhere; a part of the page for htmx, else a page."""
    at = clock.now()
    building_id = params.int_of(request.GET, "building")
    node_id = None if building_id else params.int_of(request.GET, "node")
    page = session_map.here(building_id=building_id, node_id=node_id, at=at)
    part = request.headers.get("HX-Target") == "sm-here"
    template = "partials/session_here.html" if part else "session_here.html"
    return render(request, f"workspace/{template}", {"page": page, "at": at})


def _bounds(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(one) for one in text[:120].split(","))
    except ValueError as error:
        raise BadBoundsError(field="bbox") from error
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BadBoundsError(field="bbox")
    return west, south, east, north
