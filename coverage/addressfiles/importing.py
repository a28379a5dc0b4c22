"""One way in for all files of addresses, for the command and the page alike."""

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coverage.addresses.streettypes import TYPES
from coverage.addresses.text import place_key
from coverage.addressfiles import osm, tableimport, unplaced
from coverage.addressfiles.contents import (
    MAX_FILE_BYTES,
    AddressFileError,
    AddressFileTooLargeError,
    AddressFormatError,
)
from coverage.addressfiles.tables import TableOptions
from coverage.importers.buildings import Reading, import_buildings
from coverage.importers.report import Report
from coverage.importers.settle import Progress, no_progress
from coverage.models import AdminUnit

OSM, GEOJSON, CSV, XLSX = "OSM", "GEOJSON", "CSV", "XLSX"
FORMATS = (OSM, GEOJSON, CSV, XLSX)
TABLES = {CSV, XLSX}
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEAD_BYTES = 4_096
UTF16 = (b"\xff\xfe", b"\xfe\xff")


class BadChoiceError(AddressFileError):
    """A choice that the importer does not know."""

    code = "address_import_choice"
    http_status = 400
    message = _("There is no such choice.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants from an import; "" is "as the file says"."""

    format: str = ""
    locality: AdminUnit | None = None
    untyped: str = ""
    dry_run: bool = False
    table: TableOptions = field(default_factory=TableOptions)
    mapping: Mapping[str, Any] | None = None
    swap_axes: bool = False


def import_addresses(
    *, path: Path, name: str, asked: Asked, at: datetime, progress: Progress = no_progress
) -> Report:
    """Buildings, addresses and streets of a file; `name` is how the person calls it.

    With `dry_run` the same report is made and nothing is stored. Raises AddressFileError and its
    subclasses, ImportFileError.
    """
    _check(asked)
    with transaction.atomic():
        report = _import(path, name, asked, at, progress)
        report.count("pins no longer needed", unplaced.settle(at=at))
        transaction.set_rollback(asked.dry_run)
    return report


def look_at(*, path: Path, asked: Asked) -> dict[str, Any]:
    """What the file is; of a table also its columns and how the first rows would be read."""
    _check(asked)
    kind = asked.format or format_of(path)
    if kind in TABLES:
        return tableimport.look_at_table(path=path, kind=kind, asked=_table_asked(asked))
    return {"kind": kind}


def _check(asked: Asked) -> None:
    if asked.untyped and asked.untyped not in TYPES:
        raise BadChoiceError(field="street_type")
    if asked.format and asked.format not in FORMATS:
        raise BadChoiceError(field="format")


def _table_asked(asked: Asked) -> tableimport.TableAsked:
    return tableimport.TableAsked(
        options=asked.table,
        mapping=asked.mapping,
        locality=asked.locality,
        untyped=asked.untyped,
        swap_axes=asked.swap_axes,
    )


def _import(path: Path, name: str, asked: Asked, at: datetime, progress: Progress) -> Report:
    kind = asked.format or format_of(path)
    reading = Reading(untyped=asked.untyped)
    if kind == OSM:
        return osm.import_extract(
            path=path, name=name, locality=asked.locality, reading=reading, progress=progress
        )
    if kind in TABLES:
        table = _table_asked(asked)
        return tableimport.import_table(
            path=path, kind=kind, name=name, asked=table, at=at, progress=progress
        )
    report = import_buildings(path=path, locality=asked.locality, reading=reading)
    report.source = name
    return report


def format_of(path: Path) -> str:
    """What kind of file this is, told by its content (names are never believed)."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        raise AddressFileError(detail=str(error)) from error
    if size > MAX_FILE_BYTES:
        raise AddressFileTooLargeError
    if not head.strip(b"\x00 \t\r\n"):
        raise AddressFileError(_("The file is empty."))
    # A PBF begins with the length of a header, whose first field is the string "OSMHeader".
    if b"OSMHeader" in head[:32]:
        return OSM
    if head.startswith(b"PK\x03\x04"):
        return XLSX
    if head.startswith(OLD_EXCEL):
        raise AddressFormatError(_("Save the old Excel table as .xlsx, or as CSV."))
    if head.startswith(b"\x1f\x8b"):
        head = _unpacked_head(path)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):
        return GEOJSON
    if start.startswith((b"<", b"BZh")) or (b"\x00" in head and head[:2] not in UTF16):
        raise AddressFormatError
    return CSV


def _unpacked_head(path: Path) -> bytes:
    try:
        with gzip.open(path, "rb") as stream:
            return stream.read(HEAD_BYTES)
    except (OSError, EOFError, zlib.error) as error:
        raise AddressFileError(_("The archive is damaged.")) from error


def settlement(*, name: str) -> AdminUnit:
    """A settlement outside the codifier, made where there is none of that name; top of its tree.

    For places that KATOTTG does not have. It has no code and no boundary.
    """
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > 120:
        raise BadChoiceError(_("The name of the settlement must have 1 to 120 characters."))
    known = AdminUnit.objects.filter(
        katottg__isnull=True, parent__isnull=True, search_key=place_key(cleaned)
    ).first()
    if known is not None:
        return known
    unit = AdminUnit.objects.create(
        category=AdminUnit.Category.CITY,
        name=cleaned,
        search_key=place_key(cleaned),
        path=f"new {place_key(cleaned)}"[:120],
        depth=0,
    )
    unit.path = f"/{unit.id}/"
    unit.save(update_fields=["path"])
    return unit
