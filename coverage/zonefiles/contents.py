"""What a file of zones holds once it is read, and why a file may be refused as a whole."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.zoning.geometry import Problem
from project.core.errors import DomainError

# One provider's zones are hundreds; a whole country's hromadas are 1,500.
MAX_FILE_BYTES = 32_000_000
MAX_UNPACKED_BYTES = 96_000_000
MAX_FEATURES = 2_000
MAX_COLUMNS = 120
MAX_VALUE_CHARS = 4_000
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

Remark = Problem  # a remark on the file as a whole has a code and a sentence too


class ZoneFileError(DomainError):
    """The file can't be read as a file of zones."""

    code = "zone_file_unreadable"
    message = _("The file can't be read.")


class FileTooLargeError(ZoneFileError):
    """More bytes or features than any provider's zones need."""

    code = "zone_file_too_large"
    http_status = 413
    message = _("The file is too large: at most 32 MB.")


class UnknownFormatError(ZoneFileError):
    """None of the five formats."""

    code = "zone_file_format"
    message = _(
        "This is none of the formats that are read: GeoJSON, KML or KMZ, a zipped Shapefile, "
        "GeoPackage, CSV with WKT."
    )


class ArchiveRefusedError(ZoneFileError):
    """A ZIP archive that is made to do harm, or that nobody makes for zones."""

    code = "zone_file_archive"
    message = _("This archive is refused.")


class UnsafeXmlError(ZoneFileError):
    """XML that declares entities or wants other files to be read."""

    code = "zone_file_xml"
    message = _("This KML declares entities or refers to other files; such files are refused.")


@dataclass(frozen=True, slots=True)
class Record:
    """One feature as the file has it: `row` counts from 1 through all layers.

    `geometry` is whatever `coverage.zoning.geometry.check` reads; None when there is none, or when
    `problem` says why it can't be read. `notes` are codes of what was changed while reading.
    """

    row: int
    properties: dict[str, str]
    geometry: Any = None
    problem: Problem | None = None
    layer: str = ""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Contents:
    """A file that was read: its format, its features, and remarks on the file as a whole."""

    format: str
    records: list[Record] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    encoding: str = ""
    crs: str = ""

    def columns(self) -> dict[str, str]:
        """Names of attributes in the order of the file, each with the first value it has."""
        found: dict[str, str] = {}
        for record in self.records:
            for name, value in record.properties.items():
                if (value and not found.get(name)) or (
                    name not in found and len(found) < MAX_COLUMNS
                ):
                    found[name] = value[:80]
        return found

    def remark(self, code: str, message: Any) -> None:
        """Say something about the file as a whole."""
        self.remarks.append(Problem(code, message))

    def add(self, **values: Any) -> None:
        """The next feature; raises FileTooLargeError past MAX_FEATURES."""
        if len(self.records) >= MAX_FEATURES:
            text = _("The file has more than %(most)d features: cut it into parts.")
            raise FileTooLargeError(text % {"most": MAX_FEATURES})
        self.records.append(Record(row=len(self.records) + 1, **values))


def text_of(value: Any) -> str:
    """An attribute's value as text; whole floats lose their `.0`, long ones are cut."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, dict | list):
        return ""
    return CONTROLS.sub("", str(value)[:MAX_VALUE_CHARS])
