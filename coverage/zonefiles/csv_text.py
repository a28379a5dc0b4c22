"""CSV with outlines as text: WKT, EWKT, GeoJSON or the hexadecimal WKB that databases print."""

import csv
import io
import re
from collections.abc import Iterable

import shapely
from django.utils.translation import gettext_lazy as _

from coverage.zonefiles.contents import (
    MAX_COLUMNS,
    MAX_UNPACKED_BYTES,
    Contents,
    ZoneFileError,
    text_of,
)
from coverage.zoning.geometry import MAX_POINTS, Problem
from coverage.zoning.reading import too_many

OUTLINE_COLUMNS = (
    "wkt", "geometry", "geom", "the_geom", "wkt_geom", "wkb_geometry", "shape", "polygon",
    "outline", "геометрія", "контур", "полігон",
)  # fmt: skip
# For a cell without blanks around: two runs of blanks in a row would try each cut between them.
OUTLINE = re.compile(r"(SRID=\d+;\s*)?(MULTI)?POLYGON\b|\{|0[01]0[0-9A-F]{16}", re.I)
HEX_WKB = re.compile(r"0[01](?:[0-9A-Fa-f]{2}){8,}")
DELIMITERS = ",;\t|"
# What spreadsheets take for a formula; exported cells are guarded by an apostrophe.
GUARDED = re.compile(r"'+[=+\-@\t\r]")

# For the whole process: the default bears 5,000 corners. A cell that is too long for a zone is
# told as such; it can't be longer than the file.
csv.field_size_limit(MAX_UNPACKED_BYTES)


def read(data: bytes, encoding: str) -> Contents:
    """Rows of a CSV file with a header; raises ZoneFileError."""
    contents = Contents(format="CSV")
    text = _decoded(data, encoding, contents)
    header_line = text[: text.find("\n") if "\n" in text else len(text)]
    delimiter = max(DELIMITERS, key=header_line.count)
    try:
        # strict would refuse a stray quote in a name; what is unbalanced ends at the size limit
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        header = [name.strip()[:80] for name in next(rows, [])]
        if len(header) > MAX_COLUMNS:
            raise ZoneFileError(_("The table has too many columns."))
        _read_rows(contents, header, rows)
    except csv.Error as error:
        text_ = _("The file is no table: a cell is too long or a line can't be read.")
        raise ZoneFileError(text_, detail=str(error)) from error
    return contents


def _read_rows(contents: Contents, header: list[str], rows: Iterable[list[str]]) -> None:
    at = next(
        (i for name in OUTLINE_COLUMNS for i, h in enumerate(header) if h.lower() == name), None
    )
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        if at is None:
            at = next((i for i, cell in enumerate(row) if OUTLINE.match(cell.strip())), None)
            if at is None or at >= len(header):
                text = _("No column of the table holds outlines as WKT (POLYGON …).")
                raise ZoneFileError(text)
        cells = {
            name: _unguarded(text_of(cell))
            for i, (name, cell) in enumerate(zip(header, row, strict=False))
            if i != at and name
        }
        if len(row) != len(header):
            text = _("This row has %(count)d cells, the header has %(wanted)d.")
            told = text % {"count": len(row), "wanted": len(header)}
            contents.add(properties=cells, problem=Problem("BAD_ROW", told))
        else:
            _add(contents, cells, row[at].strip())


def _add(contents: Contents, cells: dict[str, str], outline: str) -> None:
    if not outline:
        contents.add(properties=cells)
    elif HEX_WKB.fullmatch(outline):
        contents.add(properties=cells, **_from_hex(outline))
    elif outline.count(",") > MAX_POINTS and not outline.startswith("{"):
        contents.add(properties=cells, problem=too_many(outline.count(",") + 1))
    else:
        high = re.match(r"(SRID=\d+;)?\s*\w+\s*(Z|M|ZM)\b", outline, re.I) is not None
        contents.add(properties=cells, geometry=outline, notes=("HEIGHT_DROPPED",) if high else ())


def _from_hex(outline: str) -> dict[str, object]:
    try:
        shape = shapely.from_wkb(outline)
    except (shapely.errors.GEOSException, NotImplementedError, TypeError, ValueError):
        return {"problem": Problem("BAD_FEATURE", _("This feature is damaged."))}
    if shapely.get_srid(shape) not in {0, 4326}:
        text = _("Coordinates must be WGS 84 longitude and latitude.")
        return {"problem": Problem("OTHER_CRS", text)}
    return {"geometry": shape, "notes": ("HEIGHT_DROPPED",) if shape.has_z else ()}


def _decoded(data: bytes, encoding: str, contents: Contents) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    contents.encoding = encoding or "utf-8"
    try:
        return data.decode("utf-8-sig" if contents.encoding == "utf-8" else contents.encoding)
    except UnicodeDecodeError as error:
        if encoding:
            text = _("The file is not text in the encoding %(name)s.")
            raise ZoneFileError(text % {"name": encoding}) from error
    contents.encoding = "cp1251"
    text = _("The file does not name its encoding; %(name)s is assumed.")
    contents.remark("ENCODING_GUESSED", text % {"name": "cp1251"})
    return data.decode("cp1251", "replace")


def _unguarded(cell: str) -> str:
    return cell[1:] if GUARDED.match(cell) else cell
