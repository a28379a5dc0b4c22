"""The API of zones: the map, drafts, live checks, impact, publishing, history.

Everybody may read a thinned published map; drafts and full outlines are for staff. Writing needs
`zones.edit`, publishing `zones.publish`. Errors are {"error": {"code", "message", …}}.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coverage.api.parsing import GeometryJSONParser
from coverage.models import NetworkType, ZoneStatus
from coverage.zoning import changesets, figures, geometry, operations, overlaps, queries
from project.core import clock
from project.core.errors import DomainError, NotFoundError, NotPermittedError
from project.core.http import actor_of, api_permission, may
from project.core.roles import Permission

PUBLIC_SIMPLIFY_M = 5.0
MAX_ID = 2**63 - 1
YEARS = range(1990, 2200)
PUBLIC_PROPERTIES = ("kind", "zone_id", "name", "network_type", "status", "planned_for_date")
Editing = api_permission(Permission.ZONES_VIEW, Permission.ZONES_EDIT)
Checking = api_permission(Permission.ZONES_EDIT)
Publishing = api_permission(Permission.ZONES_VIEW, Permission.ZONES_PUBLISH)
ANY_OBJECT = OpenApiTypes.OBJECT


class BadMomentError(DomainError):
    """`at` is not a moment."""

    code = "bad_moment"
    message = _("`at` must be a date and time in ISO 8601, e.g. 2026-11-23T10:00:00+02:00.")


class GeometryField(serializers.Field[Any, Any, Any, Any]):
    """A GeoJSON object or a text with GeoJSON or WKT; checked by the operation, which explains."""

    def to_internal_value(self, data: Any) -> Any:
        """As given; anything but an object or a text is refused here."""
        if not isinstance(data, dict | str):
            raise serializers.ValidationError(_("Give a GeoJSON object, or a text with WKT."))
        return data

    def to_representation(self, value: Any) -> Any:
        """Never shown."""
        return value


class DraftSerializer(serializers.Serializer[Any]):
    """What a zone shall become, and in which change set (without: the author's open one)."""

    name = serializers.CharField(max_length=120)
    network_type = serializers.ChoiceField(choices=NetworkType.choices)
    status = serializers.ChoiceField(choices=ZoneStatus.choices)
    priority = serializers.IntegerField(default=0, min_value=-100, max_value=100)
    planned_for_date = serializers.DateField(allow_null=True, default=None)
    comment = serializers.CharField(max_length=300, allow_blank=True, default="")
    geometry = GeometryField()
    changeset_id = serializers.IntegerField(
        allow_null=True, default=None, min_value=1, max_value=MAX_ID
    )
    changeset_title = serializers.CharField(
        max_length=changesets.TITLE_CHARS, allow_blank=True, default=""
    )


class NewZoneSerializer(DraftSerializer):
    """A new zone; without a code one is made from the name."""

    code = serializers.CharField(max_length=40, allow_blank=True, default="")


class SavedSerializer(DraftSerializer):
    """A draft of a zone that exists; `base_revision` is the revision it was made on."""

    base_revision = serializers.IntegerField(min_value=1)


class GeometrySerializer(serializers.Serializer[Any]):
    """One geometry to look at, and the zone and network that its figures are held against."""

    geometry = GeometryField()
    zone_id = serializers.IntegerField(allow_null=True, default=None, min_value=0, max_value=MAX_ID)
    network_type = serializers.ChoiceField(
        choices=NetworkType.choices, allow_blank=True, default=""
    )


class TrimSerializer(serializers.Serializer[Any]):
    """Cut what both zones share out of `zone_id`; outlines as in the change set, else published."""

    zone_id = serializers.IntegerField(max_value=MAX_ID)
    other_zone_id = serializers.IntegerField(max_value=MAX_ID)
    changeset_id = serializers.IntegerField(allow_null=True, default=None, max_value=MAX_ID)


class RevisionSerializer(serializers.Serializer[Any]):
    """The revision that the person saw."""

    base_revision = serializers.IntegerField(min_value=1)
    comment = serializers.CharField(max_length=300, allow_blank=True, default="")


class RollbackSerializer(RevisionSerializer):
    """The version to go back to."""

    version_id = serializers.IntegerField(max_value=MAX_ID)


def read(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """The checked body; raises DRF's ValidationError (400)."""
    bound = serializer(data=request.data)
    bound.is_valid(raise_exception=True)
    values: dict[str, Any] = bound.validated_data
    return values


def moment_of(request: Request, name: str = "at") -> datetime:
    """`?at=` (or another parameter), or now."""
    text = request.query_params.get(name, "")
    return moment_in(text, name) if text else clock.now()


def moment_in(text: str, name: str) -> datetime:
    """A moment as ISO 8601 text, of Kyiv where it names no zone; raises BadMomentError."""
    try:
        found = parse_datetime(text.replace(" ", "+"))
    except ValueError as error:
        raise BadMomentError(field=name) from error
    if found is None or found.year not in YEARS:
        raise BadMomentError(field=name)
    return found if found.tzinfo else found.replace(tzinfo=clock.KYIV)


def saved_json(saved: operations.SavedDraft) -> dict[str, int]:
    """Where the draft lies."""
    return {
        "zone_id": saved.zone_id,
        "change_id": saved.change_id,
        "changeset_id": saved.changeset_id,
        "revision": saved.revision,
    }


def published_json(done: operations.Published) -> dict[str, Any]:
    """What a publication made; `waits`: nothing yet, a second person has to approve it."""
    return {
        "changeset_id": done.changeset_id,
        "version_ids": {str(zone): version for zone, version in done.version_ids.items()},
        "impact": done.impact,
        "waits": done.waits,
    }


SAVED = inline_serializer(
    "SavedDraft",
    {
        name: serializers.IntegerField()
        for name in ("zone_id", "change_id", "changeset_id", "revision")
    },
)
AT = OpenApiParameter(
    "at", OpenApiTypes.DATETIME, description="The map as it was then (staff); now."
)


class ZoneView(APIView):
    """Shared settings of the views below."""

    parser_classes = [GeometryJSONParser]
    permission_classes = [Editing]


class ZoneList(ZoneView):
    """The map of zones, and the making of a new one."""

    def get_permissions(self) -> Sequence[Any]:
        """Everybody may see the published map."""
        return [AllowAny()] if self.request.method in {"GET", "HEAD"} else super().get_permissions()

    @extend_schema(
        summary="Zones as GeoJSON",
        parameters=[
            AT,
            OpenApiParameter("drafts", OpenApiTypes.BOOL, description="Open drafts too (staff)."),
        ],
        responses=ANY_OBJECT,
    )
    def get(self, request: Request) -> Response:
        """Published zones as a FeatureCollection; drafts too for staff who ask (`drafts=1`)."""
        at = moment_of(request)
        if not may(request, Permission.ZONES_VIEW):
            if request.query_params.get("at"):
                raise NotPermittedError(_("The map of another day is for staff."), field="at")
            found = queries.zones_geojson(at=at, simplify_m=PUBLIC_SIMPLIFY_M)
            for feature in found["features"]:
                all_of = feature["properties"]
                feature["properties"] = {name: all_of[name] for name in PUBLIC_PROPERTIES}
            return Response(found)
        drafts = request.query_params.get("drafts") in {"1", "true"}
        return Response(queries.zones_geojson(at=at, with_drafts=drafts))

    @extend_schema(summary="New zone", request=NewZoneSerializer, responses={201: SAVED})
    def post(self, request: Request) -> Response:
        """Make a zone with a draft in the author's open change set."""
        values = read(NewZoneSerializer, request)
        saved = operations.create_zone(actor=actor_of(request), at=clock.now(), **values)
        return Response(saved_json(saved), status=201)


class ZoneDetail(ZoneView):
    """One zone."""

    @extend_schema(summary="One zone: attributes, published version, drafts", responses=ANY_OBJECT)
    def get(self, request: Request, zone_id: int) -> Response:
        """The zone as it is now."""
        return Response(queries.zone_state(zone_id=zone_id))


class ZoneDraft(ZoneView):
    """The author's draft of a zone."""

    @extend_schema(
        summary="Save a draft",
        request=SavedSerializer,
        responses={200: SAVED, 412: ANY_OBJECT},
    )
    def put(self, request: Request, zone_id: int) -> Response:
        """Save; 412 with the present state and the difference when the zone has moved on."""
        values = read(SavedSerializer, request)
        saved = operations.save_draft(
            zone_id=zone_id, actor=actor_of(request), at=clock.now(), **values
        )
        return Response(saved_json(saved))

    @extend_schema(
        summary="Give up a draft",
        parameters=[OpenApiParameter("changeset_id", int, required=True)],
        responses={204: None},
    )
    def delete(self, request: Request, zone_id: int) -> Response:
        """Put the draft aside; it stays in a cancelled change set."""
        changeset = request.query_params.get("changeset_id", "")
        if not changeset.isdecimal() or len(changeset) > 18:
            raise NotFoundError(_("There is no such change set."))
        operations.discard_draft(
            zone_id=zone_id,
            changeset_id=int(changeset),
            actor=actor_of(request),
            at=clock.now(),
        )
        return Response(status=204)


class ZoneVersions(ZoneView):
    """The history of a zone."""

    @extend_schema(summary="Versions of a zone, newest first", responses=ANY_OBJECT)
    def get(self, request: Request, zone_id: int) -> Response:
        """All published versions with their outlines."""
        return Response({"versions": queries.versions(zone_id=zone_id)})


class ZoneRollback(ZoneView):
    """Going back to an earlier version."""

    permission_classes = [Publishing]

    @extend_schema(
        summary="Publish an earlier version again",
        request=RollbackSerializer,
        responses=ANY_OBJECT,
    )
    def post(self, request: Request, zone_id: int) -> Response:
        """Publishes at once, as a new version."""
        values = read(RollbackSerializer, request)
        done = operations.rollback(
            zone_id=zone_id,
            to_version_id=values["version_id"],
            base_revision=values["base_revision"],
            actor=actor_of(request),
            at=clock.now(),
        )
        return Response(published_json(done))


class ZoneRetire(ZoneView):
    """The end of a zone."""

    permission_classes = [Publishing]

    @extend_schema(summary="Retire a zone", request=RevisionSerializer, responses=ANY_OBJECT)
    def post(self, request: Request, zone_id: int) -> Response:
        """Publishes the end of the zone at once; its id and history stay."""
        values = read(RevisionSerializer, request)
        done = operations.retire(zone_id=zone_id, actor=actor_of(request), at=clock.now(), **values)
        return Response(published_json(done))


class GeometryCheck(ZoneView):
    """A live check for the editor."""

    permission_classes = [Checking]

    @extend_schema(summary="Check a geometry", request=GeometrySerializer, responses=ANY_OBJECT)
    def post(self, request: Request) -> Response:
        """Problems with their places, a repair on offer, live figures (see `geometry/figures`)."""
        values = read(GeometrySerializer, request)
        against = figures.Against(
            at=clock.now(), zone_id=values["zone_id"], network_type=values["network_type"] or ""
        )
        return Response(figures.check_for_editor(values["geometry"], against))


class GeometryTrim(ZoneView):
    """A preview of one zone without what it shares with another."""

    permission_classes = [Checking]

    @extend_schema(summary="Trim a zone by another", request=TrimSerializer, responses=ANY_OBJECT)
    def post(self, request: Request) -> Response:
        """Nothing is stored: save the answer as a draft of the zone."""
        values = read(TrimSerializer, request)
        changeset_id = values["changeset_id"]
        outlines = [
            overlaps.outline_of(zone_id=values[name], changeset_id=changeset_id)
            for name in ("zone_id", "other_zone_id")
        ]
        if outlines[0] is None or outlines[1] is None:
            raise NotFoundError(_("There is no such zone."))
        left = operations.trimmed(keep=outlines[0], cut=outlines[1])
        return Response({"geometry": geometry.as_geojson(left)})
