"""One way in for all files of addresses, for the command and the page alike."""

from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coverage.addresses.streettypes import TYPES
from coverage.addresses.text import place_key
from coverage.addressfiles import osm
from coverage.addressfiles.contents import (
    MAX_FILE_BYTES,
    AddressFileError,
    AddressFileTooLargeError,
    AddressFormatError,
)
from coverage.importers.buildings import Reading, import_buildings
from coverage.importers.report import Report
from coverage.importers.settle import Progress, no_progress
from coverage.models import AdminUnit

OSM, GEOJSON, CSV, XLSX = "OSM", "GEOJSON", "CSV", "XLSX"
FORMATS = (OSM, GEOJSON, CSV, XLSX)
HEAD_BYTES = 4_096


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


def import_addresses(
    *, path: Path, name: str, asked: Asked, progress: Progress = no_progress
) -> Report:
    """Buildings, addresses and streets of a file; `name` is how the person calls it.

    With `dry_run` the same report is made and nothing is stored. Raises AddressFileError and its
    subclasses, ImportFileError.
    """
    if asked.untyped and asked.untyped not in TYPES:
        raise BadChoiceError(field="street_type")
    with transaction.atomic():
        report = _import(path, name, asked, progress)
        transaction.set_rollback(asked.dry_run)
    return report


def _import(path: Path, name: str, asked: Asked, progress: Progress) -> Report:
    kind = asked.format or format_of(path)
    reading = Reading(untyped=asked.untyped)
    if kind == OSM:
        return osm.import_extract(
            path=path, name=name, locality=asked.locality, reading=reading, progress=progress
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
    if head.startswith(b"\x1f\x8b"):
        return GEOJSON
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith((b"{", b"[")):
        return GEOJSON
    if start.startswith((b"<", b"BZh")) or (b"\x00" in head and head[:2] not in UTF16):
        raise AddressFormatError
    return CSV


UTF16 = (b"\xff\xfe", b"\xfe\xff")


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
