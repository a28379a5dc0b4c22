"""The API of places for planners: buildings and premises, under /api/v1/coverage/places/.

Reading needs `zones.view`, writing `zones.edit`. A write names the revision that the person saw:
412 with `context.current` when the place has changed since; 409 `confirm_needed` with
`context.warnings` when a person must say that it is meant (send again with `confirmed`).
"""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coverage.api.zones import ANY_OBJECT, MAX_ID, ZoneView, read
from coverage.models import Building
from coverage.places import BadCoordinatesError
from coverage.placing import operations, queries
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of

AFTER = OpenApiParameter("after", str, description="`next` of the page before.")
BEFORE_ID = OpenApiParameter("before_id", int, description="`next` of the page before.")
SOURCES = [
    (value, label)
    for value, label in Building.LocationSource.choices
    if value in {"PIN", "SURVEYED"}
]


class BadNumberError(DomainError):
    """A parameter of the address that is no number of ours."""

    code = "bad_number"
    message = _("This is not a number.")


class OtherAddressSerializer(serializers.Serializer[Any]):
    """A further address of a corner house."""

    street_id = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    number = serializers.CharField(max_length=40)


class BuildingValuesSerializer(serializers.Serializer[Any]):
    """What a building is; only what is sent is changed."""

    lon = serializers.FloatField(required=False)
    lat = serializers.FloatField(required=False)
    street_id = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MAX_ID
    )
    number = serializers.CharField(required=False, allow_blank=True, max_length=40)
    other_addresses = OtherAddressSerializer(many=True, required=False)
    wiring = serializers.ChoiceField(required=False, choices=Building.Wiring.choices)
    flats = serializers.IntegerField(required=False, allow_null=True)
    levels = serializers.IntegerField(required=False, allow_null=True)
    entrances = serializers.IntegerField(required=False, allow_null=True)
    kind = serializers.CharField(required=False, allow_blank=True, max_length=40)
    access_note = serializers.CharField(required=False, allow_blank=True, max_length=300)
    location_source = serializers.ChoiceField(required=False, choices=SOURCES)
    location_accuracy_m = serializers.FloatField(required=False)


class NewBuildingSerializer(BuildingValuesSerializer):
    """A new building: its place, and what is known of it."""

    lon = serializers.FloatField()
    lat = serializers.FloatField()
    confirmed = serializers.BooleanField(default=False)


class ChangedBuildingSerializer(BuildingValuesSerializer):
    """Changes of a building, made on `base_revision`."""

    base_revision = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    confirmed = serializers.BooleanField(default=False)


class SeenSerializer(serializers.Serializer[Any]):
    """The revision that the person saw."""

    base_revision = serializers.IntegerField(min_value=1, max_value=MAX_ID)


class RetireSerializer(SeenSerializer):
    """And why."""

    reason = serializers.CharField(max_length=300, allow_blank=True, default="")


class ConfirmedSerializer(SeenSerializer):
    """And whether it is meant."""

    confirmed = serializers.BooleanField(default=False)


class BuildingMergeSerializer(serializers.Serializer[Any]):
    """The duplicate that goes, and both revisions as the person saw them."""

    loser_id = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    loser_revision = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    winner_revision = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    keep_address = serializers.BooleanField(default=True)
    confirmed = serializers.BooleanField(default=False)
    dry_run = serializers.BooleanField(default=False)


class UnitsSerializer(serializers.Serializer[Any]):
    """Units such as "1-36, 40, 42А"."""

    units = serializers.CharField(max_length=300)
    entrance = serializers.CharField(max_length=8, allow_blank=True, default="")


class PremiseValuesSerializer(serializers.Serializer[Any]):
    """What a unit is."""

    unit = serializers.CharField(required=False, allow_blank=True, max_length=16)
    entrance = serializers.CharField(required=False, allow_blank=True, max_length=8)
    floor = serializers.IntegerField(required=False, allow_null=True)


class ChangedPremiseSerializer(PremiseValuesSerializer):
    """Changes of a unit; `seen`: what the person saw before."""

    seen = PremiseValuesSerializer()


BUILDING_DONE = inline_serializer(
    "BuildingDone",
    {"building": serializers.DictField(), "notes": serializers.ListField()},
)


def number_in(request: Request, name: str) -> int | None:
    """A whole number from the query, None when it is not given; raises BadNumberError."""
    text = request.query_params.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadNumberError(field=name)
    return int(text)


def place_in(request: Request) -> dict[str, float]:
    """`lon` and `lat` of the query; raises BadCoordinatesError."""
    try:
        return {name: float(request.query_params.get(name, "")) for name in ("lon", "lat")}
    except ValueError as error:
        raise BadCoordinatesError(field="lon") from error


def written(
    request: Request,
    operation: Callable[..., Any],
    serializer: type[serializers.Serializer[Any]] | None = None,
    *,
    status: int = 200,
    **named: Any,
) -> Response:
    """What every write of a place does: read the body, do it as this person, answer what it is now.

    `named`: what the address names, and whatever the body does not say.
    """
    values = read(serializer, request) if serializer is not None else {}
    done = operation(**named, **values, actor=actor_of(request), at=clock.now())
    return Response(done.as_json() if hasattr(done, "as_json") else done, status=status)


class PlaceGuess(ZoneView):
    """What a house here is probably called."""

    @extend_schema(
        summary="Streets near a point, and the next free number in each",
        parameters=[
            OpenApiParameter("lon", float, required=True),
            OpenApiParameter("lat", float, required=True),
        ],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request) -> Response:
        """The likeliest first."""
        found = queries.guess_address(**place_in(request))
        return Response({"streets": [guess.as_json() for guess in found]})


class Localities(ZoneView):
    """Settlements to make streets in."""

    @extend_schema(
        summary="Settlements by the beginning of their name",
        parameters=[OpenApiParameter("q", str)],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Those with streets first."""
        found = queries.localities(text=request.query_params.get("q", ""))
        return Response({"localities": found})


class PlaceBuildings(ZoneView):
    """New buildings."""

    @extend_schema(
        summary="New building",
        request=NewBuildingSerializer,
        responses={201: BUILDING_DONE, 409: ANY_OBJECT},
    )
    def post(self, request: Request) -> Response:
        """Its coverage is derived at once; 409 with the other house when the address is taken."""
        values = read(NewBuildingSerializer, request)
        place = {name: values.pop(name) for name in ("lon", "lat", "confirmed")}
        return written(request, operations.create_building, status=201, **place, values=values)


class PlaceBuilding(ZoneView):
    """One building."""

    @extend_schema(summary="A building with what hangs on it", responses=ANY_OBJECT)
    def get(self, request: Request, building_id: int) -> Response:
        """Retired and merged ones too."""
        return Response(queries.building_card(building_id=building_id))

    @extend_schema(
        summary="Change or move a building",
        request=ChangedBuildingSerializer,
        responses={200: BUILDING_DONE, 409: ANY_OBJECT, 412: ANY_OBJECT},
    )
    def patch(self, request: Request, building_id: int) -> Response:
        """Only what is sent; a move derives its coverage anew in the same transaction."""
        changes = read(ChangedBuildingSerializer, request)
        seen = {name: changes.pop(name) for name in ("base_revision", "confirmed")}
        return written(
            request, operations.change_building, building_id=building_id, changes=changes, **seen
        )


class PlaceBuildingRetire(ZoneView):
    """The end of a building."""

    @extend_schema(
        summary="Retire a building",
        request=RetireSerializer,
        responses={200: BUILDING_DONE, 409: ANY_OBJECT, 412: ANY_OBJECT},
    )
    def post(self, request: Request, building_id: int) -> Response:
        """Refused while a service or an open request is there."""
        return written(
            request, operations.retire_building, RetireSerializer, building_id=building_id
        )


class PlaceBuildingBringBack(ZoneView):
    """A retired building back on the map."""

    @extend_schema(
        summary="Bring a retired building back",
        request=SeenSerializer,
        responses={200: BUILDING_DONE, 409: ANY_OBJECT, 412: ANY_OBJECT},
    )
    def post(self, request: Request, building_id: int) -> Response:
        """With its address, if that is still free."""
        return written(
            request, operations.bring_back_building, SeenSerializer, building_id=building_id
        )


class PlaceBuildingMerge(ZoneView):
    """Two records of one building."""

    @extend_schema(
        summary="Merge a duplicate into this building",
        request=BuildingMergeSerializer,
        responses={200: ANY_OBJECT, 409: ANY_OBJECT, 412: ANY_OBJECT},
    )
    def post(self, request: Request, building_id: int) -> Response:
        """All that hangs on the duplicate moves here. `dry_run` tells what would move."""
        return written(
            request, operations.merge_buildings, BuildingMergeSerializer, winner_id=building_id
        )


class PlaceBuildingHistory(ZoneView):
    """Who changed what."""

    @extend_schema(summary="History of a building", parameters=[BEFORE_ID], responses=ANY_OBJECT)
    def get(self, request: Request, building_id: int) -> Response:
        """Newest first, with its premises and merged duplicates; whether the last can be undone."""
        before_id = number_in(request, "before_id")
        return Response(queries.building_history(building_id=building_id, before_id=before_id))


class PlaceBuildingUndo(ZoneView):
    """The last change taken back."""

    @extend_schema(
        summary="Undo the last change of a building",
        request=ConfirmedSerializer,
        responses={200: BUILDING_DONE, 409: ANY_OBJECT, 412: ANY_OBJECT},
    )
    def post(self, request: Request, building_id: int) -> Response:
        """409 `cannot_undo` with the reason where that is not safe."""
        return written(
            request, operations.undo_building, ConfirmedSerializer, building_id=building_id
        )


class PlacePremises(ZoneView):
    """Units of a building."""

    @extend_schema(summary="Units of a building", responses=ANY_OBJECT)
    def get(self, request: Request, building_id: int) -> Response:
        """By entrance and number, retired ones too, each with its services counted."""
        return Response({"premises": queries.list_premises(building_id=building_id)})

    @extend_schema(
        summary="Add units such as 1-36 to a building",
        request=UnitsSerializer,
        responses={201: ANY_OBJECT},
    )
    def post(self, request: Request, building_id: int) -> Response:
        """Units that are there already stay as they are."""
        return written(
            request, operations.add_premises, UnitsSerializer, status=201, building_id=building_id
        )


class PlacePremise(ZoneView):
    """One unit."""

    @extend_schema(
        summary="Change a unit",
        request=ChangedPremiseSerializer,
        responses={200: ANY_OBJECT, 409: ANY_OBJECT, 412: ANY_OBJECT},
    )
    def patch(self, request: Request, premise_id: int) -> Response:
        """Its services stay with it."""
        changes = read(ChangedPremiseSerializer, request)
        seen = changes.pop("seen")
        return written(
            request, operations.change_premise, premise_id=premise_id, seen=seen, changes=changes
        )


class PlacePremiseRetire(ZoneView):
    """A unit that is no longer there."""

    @extend_schema(summary="Retire a unit", request=None, responses={200: ANY_OBJECT})
    def post(self, request: Request, premise_id: int) -> Response:
        """Refused while a service is there."""
        return written(request, operations.retire_premise, premise_id=premise_id)


class PlacePremiseBringBack(ZoneView):
    """A retired unit in use again."""

    @extend_schema(summary="Bring a unit back", request=None, responses={200: ANY_OBJECT})
    def post(self, request: Request, premise_id: int) -> Response:
        """As it was."""
        return written(request, operations.retire_premise, premise_id=premise_id, is_retired=False)
