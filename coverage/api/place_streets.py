"""The API of streets for planners, under /api/v1/coverage/places/streets/ (see `places`)."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from coverage.addresses.streettypes import TYPES
from coverage.api.places import AFTER, BEFORE_ID, SeenSerializer, number_in, place_in, written
from coverage.api.zones import ANY_OBJECT, MAX_ID, ZoneView, read
from coverage.placing import operations, queries
from project.core import clock
from project.core.http import actor_of

STREET_TYPES = [(name, name) for name in TYPES]


class StreetNameSerializer(serializers.Serializer[Any]):
    """The type and the name of a street, apart."""

    type = serializers.ChoiceField(choices=STREET_TYPES)
    name = serializers.CharField(max_length=160)


class NewStreetSerializer(StreetNameSerializer):
    """A new street of a settlement."""

    locality_id = serializers.IntegerField(min_value=1, max_value=MAX_ID)


class RenameSerializer(StreetNameSerializer):
    """A new name; `on_date`: from when on (today). A slip corrected leaves no old name."""

    base_revision = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    on_date = serializers.DateField(required=False)
    is_correction = serializers.BooleanField(default=False)


class StreetMergeSerializer(serializers.Serializer[Any]):
    """The street that goes, and both revisions as the person saw them."""

    loser_id = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    loser_revision = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    winner_revision = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    dry_run = serializers.BooleanField(default=False)


class PlaceStreets(ZoneView):
    """Streets in a list."""

    @extend_schema(
        summary="Streets by name",
        parameters=[
            OpenApiParameter("q", str, description="A part of the name, new or old."),
            OpenApiParameter("locality_id", int),
            AFTER,
        ],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Keyset paged; with the number of houses."""
        params = request.query_params
        return Response(
            queries.list_streets(
                text=params.get("q", ""),
                locality_id=number_in(request, "locality_id"),
                after=params.get("after", ""),
            )
        )

    @extend_schema(summary="New street", request=NewStreetSerializer, responses={201: ANY_OBJECT})
    def post(self, request: Request) -> Response:
        """409 with the other street when there is one of that type and name."""
        values = read(NewStreetSerializer, request)
        street_type = values.pop("type")
        return written(
            request, operations.create_street, status=201, street_type=street_type, **values
        )


class PlaceStreet(ZoneView):
    """One street."""

    @extend_schema(summary="A street with its other names", responses=ANY_OBJECT)
    def get(self, request: Request, street_id: int) -> Response:
        """Retired and merged ones too."""
        return Response(queries.street_card(street_id=street_id))


class PlaceStreetHouses(ZoneView):
    """Houses of a street."""

    @extend_schema(
        summary="Houses of a street in the order of houses",
        parameters=[AFTER, OpenApiParameter("retired", bool)],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request, street_id: int) -> Response:
        """Keyset paged; those with a further address here are on the first page (`further`)."""
        params = request.query_params
        return Response(
            queries.houses(
                street_id=street_id,
                after=params.get("after", ""),
                with_retired=params.get("retired") in {"1", "true"},
            )
        )


class PlaceStreetNumber(ZoneView):
    """The number of a new house."""

    @extend_schema(
        summary="The free number that fits at a place of the street",
        parameters=[
            OpenApiParameter("lon", float, required=True),
            OpenApiParameter("lat", float, required=True),
        ],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request, street_id: int) -> Response:
        """ "" when the street has no houses to go by."""
        number = queries.next_number(street_id=street_id, **place_in(request))
        return Response({"number": number})


class PlaceStreetRename(ZoneView):
    """Another name or type."""

    @extend_schema(
        summary="Rename a street",
        request=RenameSerializer,
        responses={200: ANY_OBJECT, 409: ANY_OBJECT, 412: ANY_OBJECT},
    )
    def post(self, request: Request, street_id: int) -> Response:
        """The old name becomes a dated other name that still leads here."""
        values = read(RenameSerializer, request)
        at = clock.now()
        on_date = values.pop("on_date", None) or clock.today(at)
        state = operations.rename_street(
            street_id=street_id,
            street_type=values.pop("type"),
            on_date=on_date,
            actor=actor_of(request),
            at=at,
            **values,
        )
        return Response(state)


class PlaceStreetRetire(ZoneView):
    """The end of a street."""

    @extend_schema(summary="Retire a street", request=SeenSerializer, responses=ANY_OBJECT)
    def post(self, request: Request, street_id: int) -> Response:
        """Refused while a building has its address there."""
        return written(request, operations.retire_street, SeenSerializer, street_id=street_id)


class PlaceStreetBringBack(ZoneView):
    """A retired street back on the lists."""

    @extend_schema(summary="Bring a street back", request=SeenSerializer, responses=ANY_OBJECT)
    def post(self, request: Request, street_id: int) -> Response:
        """A merged one stays merged."""
        return written(request, operations.bring_back_street, SeenSerializer, street_id=street_id)


class PlaceStreetMerge(ZoneView):
    """Two records of one street."""

    @extend_schema(
        summary="Merge another street into this one",
        request=StreetMergeSerializer,
        responses={200: ANY_OBJECT, 409: ANY_OBJECT, 412: ANY_OBJECT},
    )
    def post(self, request: Request, street_id: int) -> Response:
        """409 with the pairs of houses that would have one address; `dry_run` tells them."""
        values = read(StreetMergeSerializer, request)
        at = clock.now()
        return Response(
            operations.merge_streets(
                winner_id=street_id,
                on_date=clock.today(at),
                actor=actor_of(request),
                at=at,
                **values,
            )
        )


class PlaceStreetHistory(ZoneView):
    """Who changed what."""

    @extend_schema(summary="History of a street", parameters=[BEFORE_ID], responses=ANY_OBJECT)
    def get(self, request: Request, street_id: int) -> Response:
        """Newest first; whether the last change can be undone."""
        before_id = number_in(request, "before_id")
        return Response(queries.street_history(street_id=street_id, before_id=before_id))


class PlaceStreetUndo(ZoneView):
    """The last change taken back."""

    @extend_schema(
        summary="Undo the last change of a street", request=SeenSerializer, responses=ANY_OBJECT
    )
    def post(self, request: Request, street_id: int) -> Response:
        """409 `cannot_undo` with the reason where that is not safe."""
        return written(request, operations.undo_street, SeenSerializer, street_id=street_id)
