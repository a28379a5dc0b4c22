"""The API of addresses and buildings: suggestions for the address field, buildings of a map window.

Both are public and carry nothing private; members of staff see wiring and zones as well.
"""

from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import CharField, IntegerField, Serializer
from rest_framework.views import APIView

from coverage import queries
from coverage.api.zones import moment_of
from project.core.errors import NotPermittedError
from project.core.http import may
from project.core.roles import Permission

DEFAULT_BUILDINGS = 2000
DEFAULT_SUGGESTIONS = 8


class SuggestionSerializer(Serializer[Any]):
    """One suggestion; `building_id` is null for a street."""

    label = CharField()  # type: ignore[assignment]
    text = CharField()
    locality = CharField()
    street_id = IntegerField()
    building_id = IntegerField(allow_null=True)
    note = CharField()


class AddressSuggestions(APIView):
    """What an address field offers while somebody types."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[
            OpenApiParameter("q", str, required=True, description="what is typed so far"),
            OpenApiParameter("limit", int, description="1 to 20, else 8"),
        ],
        responses=SuggestionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """Streets, or the houses of the likeliest street when a number is typed."""
        found = queries.suggest_addresses(
            text=request.query_params.get("q", ""),
            limit=_number(request, "limit", DEFAULT_SUGGESTIONS),
        )
        return Response([asdict(suggestion) for suggestion in found])


class BuildingMap(APIView):
    """Buildings of a map window with the best answer that the zones give them."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[
            OpenApiParameter("bbox", str, required=True, description="west,south,east,north"),
            OpenApiParameter("limit", int, description="1 to 5000, else 2000"),
            OpenApiParameter(
                "at", OpenApiTypes.DATETIME, description="As it was then (staff); now."
            ),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request) -> Response:
        """GeoJSON; a window wider than 0.2 degrees is cut down around its middle."""
        is_staff = may(request._request, Permission.ZONES_VIEW)
        if request.query_params.get("at") and not is_staff:
            raise NotPermittedError(_("The map of another day is for staff."), field="at")
        found = queries.buildings_geojson(
            bbox=queries.checked_box(request.query_params.get("bbox", "")),
            at=moment_of(request),
            limit=_number(request, "limit", DEFAULT_BUILDINGS),
            with_details=is_staff,
        )
        return Response(found)


def _number(request: Request, name: str, default: int) -> int:
    """A small whole number from the query; anything else is the default."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else default
