"""The API of files of zones: import into a draft change set, export.

An import answers 201 with a report of every feature; when not a single feature could be taken, 422
with the same report in `error.context.report`. Nothing is ever published here.
"""

import json
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coverage.api.zones import ANY_OBJECT, AT, MAX_ID, moment_of
from coverage.models import NetworkType
from coverage.zonefiles import exporting, importing
from coverage.zonefiles.contents import MAX_FILE_BYTES, FileTooLargeError, ZoneFileError
from coverage.zonefiles.mapping import Options
from coverage.zonefiles.reading import BadOptionError
from coverage.zonefiles.writers import FORMATS
from project.core import clock
from project.core.http import actor_of, api_permission
from project.core.roles import Permission

FORM_BYTES = 200_000  # what the other fields of the form may take
Importing = api_permission(Permission.ZONES_EDIT)
Exporting = api_permission(Permission.ZONES_VIEW)


class ImportSerializer(serializers.Serializer[Any]):
    """The form of an import. Row lists are "all", or numbers with commas: "3,5,8"."""

    file = serializers.FileField(allow_empty_file=True)
    mapping = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=4000,
        help_text='Columns by field, as JSON: {"name": "NAZVA", "code": ""}; "" means none.',
    )  # fmt: skip
    network_type = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=20,
        help_text="For new zones where the file does not say it.",
    )  # fmt: skip
    status = serializers.CharField(required=False, default="", allow_blank=True, max_length=20)
    priority = serializers.IntegerField(required=False, allow_null=True, default=None)
    encoding = serializers.CharField(required=False, default="", allow_blank=True, max_length=20)
    crs = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=20,
        help_text="EPSG code of the coordinates where the file does not say it: EPSG:5564.",
    )  # fmt: skip
    rows = serializers.CharField(
        required=False, default="all", max_length=60_000, help_text="Only these features."
    )
    accept_repaired = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=60_000
    )
    swap_axes = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=60_000
    )
    changeset_id = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=MAX_ID,
        help_text="Add to this draft change set; else a new one is made.",
    )  # fmt: skip
    sha256 = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=64,
        help_text="Refuse (409) if the file is not the one of an earlier report.",
    )  # fmt: skip
    dry_run = serializers.BooleanField(required=False, default=False)


class ZoneImport(APIView):
    """Import of zones from a file."""

    parser_classes = [MultiPartParser]
    permission_classes = [Importing]

    @extend_schema(
        summary="Import zones from a file as drafts",
        request={"multipart/form-data": ImportSerializer},
        responses={201: ANY_OBJECT, 200: ANY_OBJECT, 422: ANY_OBJECT},
    )
    def post(self, request: Request) -> Response:
        """GeoJSON, KML, KMZ, zipped Shapefile, GeoPackage, CSV with WKT; a report comes back."""
        _refuse_long_body(request)
        form = ImportSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values: dict[str, Any] = form.validated_data
        file: UploadedFile = values["file"]
        if (file.size or 0) > MAX_FILE_BYTES:
            raise FileTooLargeError
        report = importing.import_zones(
            data=file.read(),
            file_name=file.name or "",
            actor=actor_of(request),
            at=clock.now(),
            asked=_asked(values),
        )
        importing.refuse_empty(report)
        stored = not report.dry_run and report.drafted
        return Response(report.as_json(), status=201 if stored else 200)


def _refuse_long_body(request: Request) -> None:
    """By what the request says of itself, before its body is taken apart."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length[:18]) > MAX_FILE_BYTES + FORM_BYTES:
        raise FileTooLargeError


def _asked(values: dict[str, Any]) -> importing.Asked:
    try:
        columns = json.loads(values["mapping"] or "{}")
    except (ValueError, RecursionError) as error:
        raise BadOptionError(_("The choice of columns can't be read."), field="mapping") from error
    if not isinstance(columns, dict):
        raise BadOptionError(_("The choice of columns can't be read."), field="mapping")
    options = Options(
        columns=columns,
        network_type=values["network_type"],
        status=values["status"],
        priority=values["priority"],
    )
    return importing.Asked(
        options=options,
        encoding=values["encoding"],
        crs=values["crs"].strip().upper(),
        rows=importing.rows_of(values["rows"], name="rows"),
        accept_repaired=importing.rows_of(values["accept_repaired"], name="accept_repaired"),
        swap_axes=importing.rows_of(values["swap_axes"], name="swap_axes"),
        changeset_id=values["changeset_id"],
        sha256=values["sha256"],
        dry_run=values["dry_run"],
    )


class AnyFormat(DefaultContentNegotiation):
    """`?format=` is the file's format here, not DRF's choice of a renderer."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Always the first: files are answered as they are, errors as JSON."""
        renderer: BaseRenderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class ZoneExport(APIView):
    """Export of zones to a file."""

    permission_classes = [Exporting]
    content_negotiation_class = AnyFormat

    @extend_schema(
        summary="Zones as a file",
        parameters=[
            OpenApiParameter("format", enum=sorted(FORMATS), required=True),
            AT,
            OpenApiParameter("drafts", OpenApiTypes.BOOL, description="Open drafts instead."),
            OpenApiParameter("changeset_id", OpenApiTypes.INT, description="Drafts of this one."),
            OpenApiParameter("network_type", enum=NetworkType.values),
        ],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request) -> HttpResponse:
        """Zones as published at `at`, or open drafts, in a file that the import reads back."""
        changeset = request.query_params.get("changeset_id", "")
        if changeset and (not changeset.isdecimal() or len(changeset) > 18):
            raise ZoneFileError(_("There is no such change set."), field="changeset_id")
        file = exporting.export_zones(
            at=moment_of(request),
            format_name=request.query_params.get("format", ""),
            drafts=request.query_params.get("drafts") in {"1", "true"},
            changeset_id=int(changeset) if changeset else None,
            network_type=request.query_params.get("network_type", ""),
        )
        response = HttpResponse(file.data, content_type=file.content_type)
        response["Content-Disposition"] = f'attachment; filename="{file.name}"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "no-store"
        return response
