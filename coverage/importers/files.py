"""Reading import files: CSV and GeoJSON, plain or gzipped, with a limit on what they unpack to.

Control characters and half surrogate pairs are left out of all values: neither the database nor a
page can take them.
"""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.zonefiles.contents import CONTROLS
from project.core.errors import DomainError

MAX_BYTES = 400_000_000
MAX_FEATURES = 500_000
GZIP = b"\x1f\x8b"  # an uploaded file has a name of ours, without an ending


class ImportFileError(DomainError):
    """The file can't be read as what it should be."""

    code = "import_file_unreadable"
    message = _("The file can't be read.")


def read_text(path: Path) -> str:
    """The text of a file (UTF-8), unpacked when its bytes or name say gzip; at most MAX_BYTES."""
    try:
        with path.open("rb") as stream:
            is_packed = stream.read(2) == GZIP or path.suffix == ".gz"
        with gzip.open(path, "rb") if is_packed else path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ImportFileError(detail=str(error)) from error
    if len(data) > MAX_BYTES:
        raise ImportFileError(_("The file is too large."))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFileError(_("The file is not UTF-8 text."), detail=str(error)) from error


def csv_rows(path: Path) -> Iterator[list[str]]:
    """Rows of a CSV file, the header first."""
    try:
        for number, row in enumerate(csv.reader(io.StringIO(read_text(path), newline=""))):
            yield [CONTROLS.sub("", cell) for cell in row] if number else row
    except csv.Error as error:
        raise ImportFileError(detail=str(error)) from error


def features(path: Path) -> list[dict[str, Any]]:
    """Features of a GeoJSON FeatureCollection."""
    try:
        found = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise ImportFileError(_("The file is not JSON."), detail=str(error)) from error
    listed = found.get("features") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise ImportFileError(_("The file is not a GeoJSON FeatureCollection."))
    if len(listed) > MAX_FEATURES:
        raise ImportFileError(_("The file has too many features."))
    return [feature if isinstance(feature, dict) else {} for feature in listed]


def properties(feature: dict[str, Any]) -> dict[str, str]:
    """The properties of a feature as text; absent ones are left out."""
    found = feature.get("properties")
    if not isinstance(found, dict):
        return {}
    return {
        CONTROLS.sub("", str(key)): CONTROLS.sub("", str(value))
        for key, value in found.items()
        if value not in (None, "")
    }
