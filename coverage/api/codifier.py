"""The API of codifier updates: a file is looked at first, then the same file is applied."""

import tempfile
import zlib
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from coverage.api.zones import ANY_OBJECT, read
from coverage.importers.codifier_update import update_codifier
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of, api_permission
from project.core.roles import Permission

MAX_BYTES = 20_000_000
MAX_UNPACKED_BYTES = 60_000_000
SHOWN_CHANGES = 500
GZIP = b"\x1f\x8b"
Updating = api_permission(Permission.ZONES_EDIT)


class CodifierTooLargeError(DomainError):
    """More than any codifier takes."""

    code = "file_too_large"
    http_status = 413
    message = _("The file is too large for a codifier.")


class BrokenArchiveError(DomainError):
    """A gzip file that can't be unpacked."""

    code = "import_file_unreadable"
    message = _("The file can't be unpacked.")


class CodifierSerializer(serializers.Serializer[Any]):
    """The form. `sha256` of the report that was looked at; without it nothing is applied."""

    file = serializers.FileField(allow_empty_file=True)
    as_of = serializers.DateField(required=False)
    dry_run = serializers.BooleanField(required=False, default=True)
    sha256 = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)


class CodifierUpdate(APIView):
    """A newer codifier."""

    permission_classes = [Updating]
    parser_classes = [MultiPartParser]

    @extend_schema(
        summary="Look at a newer codifier, or apply it",
        request=CodifierSerializer,
        responses={200: ANY_OBJECT, 409: ANY_OBJECT, 413: ANY_OBJECT},
    )
    def post(self, request: Request) -> Response:
        """What differs; applied when `dry_run` is false and `sha256` is that of the file."""
        values = read(CodifierSerializer, request)
        file = values["file"]
        at = clock.now()
        is_applied = not values["dry_run"] and bool(values["sha256"])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "codifier.csv"
            path.write_bytes(_unpacked(file.read(MAX_BYTES + 1)))
            report = update_codifier(
                path=path,
                source=str(file.name)[:120],
                as_of=values.get("as_of") or clock.today(at),
                actor=actor_of(request),
                at=at,
                dry_run=not is_applied,
                sha256=values["sha256"] if is_applied else "",
            )
        return Response(report.as_json(limit=SHOWN_CHANGES))


def _unpacked(data: bytes) -> bytes:
    """The CSV text; raises CodifierTooLargeError, BrokenArchiveError."""
    if len(data) > MAX_BYTES:
        raise CodifierTooLargeError
    if not data.startswith(GZIP):
        return data
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        text = unpacker.decompress(data, MAX_UNPACKED_BYTES + 1)
    except zlib.error as error:
        raise BrokenArchiveError(field="file") from error
    if len(text) > MAX_UNPACKED_BYTES:
        raise CodifierTooLargeError
    if not unpacker.eof:
        raise BrokenArchiveError(field="file")
    return text
