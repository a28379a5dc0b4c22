"""The API of the planner's drawing tools: pure previews, nothing is stored.

Each answers with the outline that would be made and its figures (area, corners, buildings, what
the counters say), held against the published state of `zone_id`. Hostile input is a 4xx.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from coverage.api.zones import ANY_OBJECT, MAX_ID, Checking, GeometryField, ZoneView, read
from coverage.models import NetworkType
from coverage.zoning import geometry, neighbours, tools
from coverage.zoning.figures import Against, figures, preview
from coverage.zoning.geometry import accepted
from project.core import clock

ID = {"min_value": 0, "max_value": MAX_ID}


def ids_field(most: int) -> serializers.ListField:
    """A list of ids, empty where it is left out."""
    return serializers.ListField(
        child=serializers.IntegerField(**ID),  # type: ignore[arg-type]
        max_length=most,
        default=list,
    )


class ToolSerializer(serializers.Serializer[Any]):
    """What every tool may be told: the zone being drawn, its network, the planner's change set."""

    zone_id = serializers.IntegerField(allow_null=True, default=None, **ID)  # type: ignore[arg-type]
    changeset_id = serializers.IntegerField(allow_null=True, default=None, **ID)  # type: ignore[arg-type]
    network_type = serializers.ChoiceField(
        choices=NetworkType.choices, allow_blank=True, default=""
    )


class OutlineSerializer(ToolSerializer):
    """One outline to work on."""

    geometry = GeometryField()


class SplitSerializer(OutlineSerializer):
    """An outline and the line that divides it."""

    line = GeometryField()


class MergeSerializer(ToolSerializer):
    """Outlines and zones that shall be one; gaps up to `gap_m` metres wide are closed."""

    geometries = serializers.ListField(
        child=GeometryField(), max_length=tools.MAX_SHAPES, default=list
    )
    zone_ids = ids_field(tools.MAX_SHAPES)
    gap_m = serializers.FloatField(default=0)


class SubtractSerializer(OutlineSerializer):
    """An outline, and what to take away: outlines, zones, or all rivals of its network."""

    geometries = serializers.ListField(
        child=GeometryField(), max_length=tools.MAX_SHAPES, default=list
    )
    zone_ids = ids_field(tools.MAX_SHAPES)
    rivals = serializers.BooleanField(default=False)
    priority = serializers.IntegerField(default=0, min_value=-100, max_value=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Rivals are zones of one network, so it must be named."""
        if attrs["rivals"] and not attrs["network_type"]:
            raise serializers.ValidationError({"network_type": _("Choose a network type.")})
        return attrs


class BufferSerializer(ToolSerializer):
    """A line, or streets, and a width to each side; `geometry` is what it is added to."""

    line = GeometryField(required=False, allow_null=True, default=None)
    street_ids = ids_field(tools.MAX_STREETS)
    metres = serializers.FloatField()
    geometry = GeometryField(required=False, allow_null=True, default=None)


class SimplifySerializer(OutlineSerializer):
    """An outline and how far a side may move."""

    metres = serializers.FloatField()


class FromBuildingsSerializer(ToolSerializer):
    """Buildings to draw a zone around; `geometry` is what it is added to."""

    building_ids = ids_field(tools.MAX_BUILDINGS)
    margin_m = serializers.FloatField(default=10)
    tightness = serializers.FloatField(default=0.5)
    geometry = GeometryField(required=False, allow_null=True, default=None)


def against(values: dict[str, Any]) -> Against:
    """What the figures are held against."""
    return Against(
        at=clock.now(), zone_id=values["zone_id"], network_type=values["network_type"] or ""
    )


def added(shape: MultiPolygon, values: dict[str, Any]) -> MultiPolygon:
    """The shape together with the outline that was there, when one is given."""
    if values["geometry"] is None:
        return shape
    return tools.merged(shapes=[accepted(values["geometry"]), shape])


class ToolView(ZoneView):
    """Shared settings of the tools."""

    permission_classes = [Checking]


class GeometrySplit(ToolView):
    """A zone divided by a line."""

    @extend_schema(summary="Split by a line", request=SplitSerializer, responses=ANY_OBJECT)
    def post(self, request: Request) -> Response:
        """`pieces`, the largest first, each with its figures."""
        values = read(SplitSerializer, request)
        pieces = tools.split(
            shape=accepted(values["geometry"]), line=tools.read_line(values["line"])
        )
        held = against(values)
        return Response({"pieces": [preview(piece, held) for piece in pieces]})


class GeometryMerge(ToolView):
    """Several outlines made one."""

    @extend_schema(summary="Merge outlines", request=MergeSerializer, responses=ANY_OBJECT)
    def post(self, request: Request) -> Response:
        """The whole, and how many parts went in."""
        values = read(MergeSerializer, request)
        shapes = [accepted(value) for value in values["geometries"]]
        zones = neighbours.outlines(
            zone_ids=values["zone_ids"], changeset_id=values["changeset_id"]
        )
        whole = tools.merged(shapes=[*shapes, *zones], gap_m=values["gap_m"])
        return Response(
            {**preview(whole, against(values)), "parts_before": _parts([*shapes, *zones])}
        )


class GeometrySubtract(ToolView):
    """One outline without others."""

    @extend_schema(summary="Subtract outlines", request=SubtractSerializer, responses=ANY_OBJECT)
    def post(self, request: Request) -> Response:
        """What is left, and how much was taken away."""
        values = read(SubtractSerializer, request)
        shape = accepted(values["geometry"])
        others: list[BaseGeometry] = [accepted(value) for value in values["geometries"]]
        changeset_id = values["changeset_id"]
        others += neighbours.outlines(zone_ids=values["zone_ids"], changeset_id=changeset_id)
        if values["rivals"]:
            others += neighbours.rivals(
                shape=shape,
                zone_id=values["zone_id"],
                network_type=values["network_type"],
                priority=values["priority"],
                changeset_id=changeset_id,
            )
        elif not others:
            raise tools.NothingChosenError
        left = tools.subtracted(shape=shape, others=others)
        return Response(preview(left, against(values)))


class GeometryBuffer(ToolView):
    """The ground along a street or any line."""

    @extend_schema(summary="Widen a line", request=BufferSerializer, responses=ANY_OBJECT)
    def post(self, request: Request) -> Response:
        """Everything within so many metres of the line."""
        values = read(BufferSerializer, request)
        line = (
            tools.street_line(street_ids=values["street_ids"])
            if values["line"] is None
            else tools.read_line(values["line"])
        )
        shape = added(tools.along(line=line, metres=values["metres"]), values)
        return Response(preview(shape, against(values)))


class GeometrySimplify(ToolView):
    """Fewer corners."""

    @extend_schema(summary="Simplify", request=SimplifySerializer, responses=ANY_OBJECT)
    def post(self, request: Request) -> Response:
        """The thinner outline, with corners before and after; valid by construction."""
        values = read(SimplifySerializer, request)
        made = tools.simplified(shape=accepted(values["geometry"]), metres=values["metres"])
        counts = {"points_before": made.points_before, "points_after": made.points_after}
        return Response({**preview(made.shape, against(values)), **counts})


class GeometryRepair(ToolView):
    """A correct outline in the place of a faulty one."""

    @extend_schema(summary="Repair", request=OutlineSerializer, responses=ANY_OBJECT)
    def post(self, request: Request) -> Response:
        """The repaired outline and the problems it had; 400 when nothing can be saved."""
        values = read(OutlineSerializer, request)
        result = geometry.check(values["geometry"])
        found = result.geometry if result.geometry is not None else result.repaired
        if found is None:
            raise geometry.invalid(result)
        problems = [problem.as_json() for problem in result.problems]
        return Response({**preview(found, against(values)), "problems": problems})


class GeometryFromBuildings(ToolView):
    """A zone drawn around buildings."""

    @extend_schema(
        summary="Zone around buildings", request=FromBuildingsSerializer, responses=ANY_OBJECT
    )
    def post(self, request: Request) -> Response:
        """The outline; `others` counts the buildings inside that were not chosen."""
        values = read(FromBuildingsSerializer, request)
        chosen = set(values["building_ids"])
        shape = added(
            tools.around_buildings(
                building_ids=chosen, margin_m=values["margin_m"], tightness=values["tightness"]
            ),
            values,
        )
        answer = preview(shape, against(values))
        return Response({**answer, "others": answer["buildings"] - len(chosen)})


class GeometryFigures(ToolView):
    """Live counters of an outline that is being drawn."""

    @extend_schema(summary="Figures of an outline", request=OutlineSerializer, responses=ANY_OBJECT)
    def post(self, request: Request) -> Response:
        """Buildings and services in and out against what is published."""
        values = read(OutlineSerializer, request)
        return Response(figures(accepted(values["geometry"]), against(values)))


def _parts(shapes: list[Any]) -> int:
    return sum(len(shape.geoms) for shape in shapes)
