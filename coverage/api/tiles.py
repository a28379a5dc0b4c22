"""The API of vector tiles: the map for MapLibre, QGIS, OpenLayers, and our own pages.

Public tiles have thinned zones and one answer for each building. What else a member of staff sees
depends on their permissions, and the ETag with it.
"""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coverage.api.zones import moment_of
from coverage.tiles import layers, queries
from coverage.tiles.grid import MAX_ZOOM, checked_tile
from project.core import clock
from project.core.errors import NotPermittedError
from project.core.http import may
from project.core.models import User
from project.core.roles import Permission
from project.core.throttling import ScopeThrottle

MEDIA_TYPE = "application/vnd.mapbox-vector-tile"
PUBLIC_SECONDS = 30
ATTRIBUTION = "© OpenStreetMap contributors"
LAYERS = OpenApiParameter(
    "layers", str, description="Only these layers, by comma; else all that you may see."
)


def permissions_of(request: Request) -> frozenset[Permission]:
    """What the caller may do; nothing for a visitor."""
    user = request.user
    return (
        frozenset(p for p in Permission if user.may(p)) if isinstance(user, User) else frozenset()
    )


def layers_of(request: Request, permissions: frozenset[Permission]) -> Sequence[layers.Layer]:
    """The layers that are asked for; raises UnknownLayerError."""
    names = request.query_params.get("layers", "")[:200].split(",")
    return layers.chosen(permissions=permissions, names=[name.strip() for name in names])


class PublicMapView(APIView):
    """Settings that both views share. Whatever `Accept` says, there is one form of the answer."""

    permission_classes = [AllowAny]
    # Tiles are counted apart from other calls: one look at a map asks for twenty.
    throttle_classes = [ScopeThrottle]
    throttle_scope = "tiles"

    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[BaseRenderer, str]:
        """Tiles are tiles; errors are JSON."""
        return JSONRenderer(), JSONRenderer.media_type


class TileView(PublicMapView):
    """One vector tile."""

    @extend_schema(
        operation_id="coverage_tile",
        tags=["coverage"],
        summary="A vector tile of the coverage map",
        description=(
            "Mapbox Vector Tile 2.1. Layers: `zones` (all zooms), `clusters` (buildings counted in "
            "a grid, zoom 0 to 13), `buildings` (from zoom 14); for staff also `requests` and "
            "`plant` (points of the network). "
            "The public gets thinned outlines and one answer for each building; staff get house "
            "numbers, wiring and the answer of each network type. Send `If-None-Match`: the ETag "
            "changes only when the map does."
        ),
        parameters=[
            OpenApiParameter("z", int, "path", description=f"0 to {MAX_ZOOM}"),
            OpenApiParameter("x", int, "path", description="0 to 2^z − 1, from the west"),
            OpenApiParameter("y", int, "path", description="0 to 2^z − 1, from the north"),
            LAYERS,
            OpenApiParameter(
                "at", OpenApiTypes.DATETIME, description="The map as it was then (staff); now."
            ),
            OpenApiParameter("If-None-Match", str, "header", description="the ETag you have"),
        ],
        responses={
            (200, MEDIA_TYPE): OpenApiTypes.BINARY,
            304: OpenApiResponse(description="The tile that you have is the present one."),
            400: OpenApiResponse(description="Not numbers, an unknown layer, not a moment."),
            403: OpenApiResponse(description="Another moment than now is for staff."),
            404: OpenApiResponse(description="Outside the grid of tiles."),
            429: OpenApiResponse(description="Too many tiles in a minute."),
        },
    )
    def get(self, request: Request, z: str, x: str, y: str) -> HttpResponse:
        """The tile, or 304 when the caller has it already."""
        tile = checked_tile(z=z, x=x, y=y)
        permissions = permissions_of(request)
        is_now = not request.query_params.get("at")
        if not is_now and not may(request, Permission.ZONES_VIEW):
            raise NotPermittedError(_("The map of another day is for staff."), field="at")
        rendering = queries.render(
            tile=tile,
            layers=layers_of(request, permissions),
            permissions=permissions,
            at=clock.now() if is_now else moment_of(request),
            is_now=is_now,
        )
        if rendering.etag in _etags(request.headers.get("If-None-Match", "")):
            response = HttpResponse(status=304)
        else:
            response = HttpResponse(rendering.body(), content_type=MEDIA_TYPE)
        response["ETag"] = rendering.etag
        response["Cache-Control"] = (
            "private, no-cache" if permissions else f"public, max-age={PUBLIC_SECONDS}"
        )
        patch_vary_headers(response, ["Cookie"])
        return response


class TileDescription(PublicMapView):
    """The TileJSON by which a map program finds the tiles."""

    @extend_schema(
        operation_id="coverage_tilejson",
        tags=["coverage"],
        summary="TileJSON 3.0 of the coverage map",
        parameters=[LAYERS],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Address pattern, zooms and the layers that the caller may see."""
        shown = layers_of(request, permissions_of(request))
        names = request.query_params.get("layers", "")
        query = "?layers=" + ",".join(layer.name for layer in shown) if names else ""
        root = request.build_absolute_uri("/api/v1/coverage/tiles/")
        found: dict[str, Any] = {
            "tilejson": "3.0.0",
            "tiles": [f"{root}{{z}}/{{x}}/{{y}}.mvt{query}"],
            "minzoom": min(layer.least_zoom for layer in shown),
            "maxzoom": MAX_ZOOM,
            "attribution": ATTRIBUTION,
            "vector_layers": [
                {
                    "id": layer.name,
                    "description": layer.description,
                    "minzoom": layer.least_zoom,
                    "maxzoom": layer.most_zoom,
                    "fields": layer.fields,
                }
                for layer in shown
            ],
        }
        return Response(found)


def _etags(header: str) -> set[str]:
    """The tags of an If-None-Match header, weak ones too (a proxy that packs makes them weak)."""
    return {tag.strip().removeprefix("W/") for tag in header[:2000].split(",")}
