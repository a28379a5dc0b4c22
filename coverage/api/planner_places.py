"""The API of places for planners: streets to snap to, a building's card, overrides, invariants."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coverage import invariants, overrides, presence, street_map
from coverage.api.zones import ANY_OBJECT, ZoneView, moment_of, read
from coverage.labels import address_labels
from coverage.models import InvariantPolicy, NetworkType
from coverage.places import BadCoordinatesError, checked_box
from project.core import clock
from project.core.errors import NotFoundError
from project.core.http import actor_of, api_permission, may
from project.core.roles import Permission

Overriding = api_permission(Permission.ZONES_VIEW, Permission.COVERAGE_OVERRIDE)
Present = api_permission(Permission.ZONES_EDIT)
Ruling = api_permission(Permission.ZONES_VIEW, Permission.ZONES_PUBLISH)


class OverrideSerializer(serializers.Serializer[Any]):
    """What a survey found at a building."""

    network_type = serializers.ChoiceField(choices=NetworkType.choices)
    available = serializers.BooleanField()
    reason = serializers.CharField(max_length=overrides.REASON_CHARS)
    last_date = serializers.DateField(allow_null=True, default=None)


class PresenceSerializer(serializers.Serializer[Any]):
    """What a browser tab has open: "zone:12", "changeset:3" or nothing."""

    subject = serializers.CharField(max_length=40, allow_blank=True, default="")
    tab = serializers.CharField(max_length=16)
    edits = serializers.BooleanField(default=False)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=overrides.REASON_CHARS)


class LevelSerializer(serializers.Serializer[Any]):
    """How much a rule matters."""

    level = serializers.ChoiceField(choices=InvariantPolicy.Level.choices)


class Streets(ZoneView):
    """Lines of streets."""

    @extend_schema(
        summary="Streets of a map window that have a line",
        parameters=[OpenApiParameter("bbox", str, required=True)],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request) -> Response:
        """GeoJSON."""
        box = checked_box(request.query_params.get("bbox", ""))
        return Response(street_map.streets_geojson(bbox=box))


class StreetBuildings(ZoneView):
    """Houses of a street."""

    @extend_schema(summary="Buildings with an address in a street", responses=ANY_OBJECT)
    def get(self, request: Request, street_id: int) -> Response:
        """Ids, and the address of each."""
        found = street_map.buildings_of_street(street_id=street_id)
        addresses = address_labels(building_ids=found)
        return Response({"building_ids": found, "addresses": addresses})


class BuildingUnder(ZoneView):
    """The building at a place of the map."""

    @extend_schema(
        summary="The building at a point",
        parameters=[
            OpenApiParameter("lon", float, required=True),
            OpenApiParameter("lat", float, required=True),
        ],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Its id and address; 404 when there is none within 30 m."""
        try:
            lon, lat = (float(request.query_params.get(name, "")) for name in ("lon", "lat"))
        except ValueError as error:
            raise BadCoordinatesError(field="lon") from error
        building_id = street_map.building_under(lon=lon, lat=lat)
        if building_id is None:
            raise NotFoundError(_("There is no building here."))
        label = address_labels(building_ids=[building_id])[building_id]
        return Response({"building_id": building_id, "address": label})


class BuildingCard(ZoneView):
    """One building as the planner sees it."""

    @extend_schema(summary="A building: answers and overrides", responses=ANY_OBJECT)
    def get(self, request: Request, building_id: int) -> Response:
        """With the history of its overrides."""
        found = overrides.building_state(building_id=building_id, at=clock.now())
        return Response({**found, "may_override": may(request, Permission.COVERAGE_OVERRIDE)})


class BuildingOverrides(ZoneView):
    """Noting what was found."""

    permission_classes = [Overriding]

    @extend_schema(
        summary="Note what holds at a building",
        request=OverrideSerializer,
        responses={201: ANY_OBJECT},
    )
    def post(self, request: Request, building_id: int) -> Response:
        """From now on, through `last_date` where given; closes what was noted before."""
        values = read(OverrideSerializer, request)
        at = clock.now()
        overrides.set_override(building_id=building_id, actor=actor_of(request), at=at, **values)
        return Response(overrides.building_state(building_id=building_id, at=at), status=201)


class OverridesInForce(ZoneView):
    """All notes in force."""

    @extend_schema(summary="Overrides in force", responses=ANY_OBJECT)
    def get(self, request: Request) -> Response:
        """Newest first, with places; `?at=` for another day."""
        return Response({"overrides": overrides.in_force(at=moment_of(request))})


class OverrideEnd(ZoneView):
    """The end of a note."""

    permission_classes = [Overriding]

    @extend_schema(summary="End an override", request=ReasonSerializer, responses={204: None})
    def post(self, request: Request, override_id: int) -> Response:
        """From now on the zones decide again."""
        values = read(ReasonSerializer, request)
        overrides.end_override(
            override_id=override_id, actor=actor_of(request), at=clock.now(), **values
        )
        return Response(status=204)


class Invariants(ZoneView):
    """The standing list."""

    @extend_schema(summary="What must hold on the map, and where it does not", responses=ANY_OBJECT)
    def get(self, request: Request) -> Response:
        """Each rule with its level, how often it is broken, and the first places."""
        return Response(
            {
                "invariants": invariants.standing(at=clock.now()),
                "may_set": may(request, Permission.ZONES_PUBLISH),
            }
        )


class InvariantLevel(ZoneView):
    """How much a rule matters."""

    permission_classes = [Ruling]

    @extend_schema(summary="Set a rule's level", request=LevelSerializer, responses={204: None})
    def put(self, request: Request, name: str) -> Response:
        """OFF, WARN or BLOCK."""
        values = read(LevelSerializer, request)
        invariants.set_level(name=name, actor=actor_of(request), at=clock.now(), **values)
        return Response(status=204)


class Presence(ZoneView):
    """Planners see each other."""

    permission_classes = [Present]

    @extend_schema(
        summary="Say what is open here, learn what others have open",
        request=PresenceSerializer,
        responses=ANY_OBJECT,
    )
    def post(self, request: Request) -> Response:
        """Told again every 15 seconds; forgotten after 40."""
        values = read(PresenceSerializer, request)
        others = presence.tell(actor=actor_of(request), at=clock.now(), **values)
        return Response({"present": [each.as_json() for each in others]})
