"""Zones as files: GeoJSON, KML, KMZ, zipped Shapefile, GeoPackage, CSV with WKT.

Each writer takes the same rows and gives bytes. Coordinates are WGS 84, longitude first, with 7
digits (1 cm). What a format can't hold is cut into pieces that the import puts together again.
"""

import base64
import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import shapely
from shapely.geometry.base import BaseGeometry

from coverage.zonefiles import sandbox
from coverage.zonefiles.mapping import FIELDS
from project.core.spreadsheets import guarded

DIGITS = 7
DBF_BYTES = 254  # the widest text field of a .dbf
# A .dbf has names of ten letters; the import knows these.
DBF_NAMES = {"network_type": "network", "planned_for_date": "planned"}
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # equal zones make equal bytes
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """One zone to write: `values` are texts by the names of FIELDS; priority is a whole number."""

    values: dict[str, str]
    shape: Any  # a shapely MultiPolygon

    @property
    def priority(self) -> int:
        """The priority as a number."""
        return int(self.values["priority"] or 0)


def geojson(rows: Sequence[ZoneRow]) -> bytes:
    """RFC 7946."""
    features = [
        {
            "type": "Feature",
            "properties": {
                **row.values,
                "priority": row.priority,
                "planned_for_date": row.values["planned_for_date"] or None,
            },
            "geometry": json.loads(shapely.to_geojson(row.shape)),
        }
        for row in rows
    ]
    whole = {"type": "FeatureCollection", "name": "zones", "features": features}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def csv_text(rows: Sequence[ZoneRow]) -> bytes:
    """UTF-8 with a mark of it, so that spreadsheets read it right; no cell is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([*FIELDS, "wkt"])
    for row in rows:
        cells = [guarded(row.values[name]) if name != "priority" else row.priority
                 for name in FIELDS]  # fmt: skip
        writer.writerow([*cells, wkt(row.shape)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def wkt(shape: BaseGeometry) -> str:
    """WKT with 7 digits."""
    return str(shapely.to_wkt(shape, rounding_precision=DIGITS, trim=True))


def kml(rows: Sequence[ZoneRow]) -> bytes:
    """OGC KML 2.2: a placemark for each zone, its attributes as ExtendedData, colour by status."""
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>zones</name>\n'
    ]
    parts += [
        f'<Style id="{status}"><LineStyle><color>ff{color}</color><width>2</width></LineStyle>'
        f"<PolyStyle><color>55{color}</color></PolyStyle></Style>\n"
        for status, color in STATUS_COLORS.items()
    ]
    for row in rows:
        data = "".join(
            f"<Data name={quoteattr(name)}><value>{_xml(row.values[name])}</value></Data>"
            for name in FIELDS
            if name != "name"
        )
        shapes = "".join(_kml_polygon(part) for part in row.shape.geoms)
        parts.append(
            f"<Placemark><name>{_xml(row.values['name'])}</name>"
            f"<styleUrl>#{_xml(row.values['status'])}</styleUrl>"
            f"<ExtendedData>{data}</ExtendedData>"
            f"<MultiGeometry>{shapes}</MultiGeometry></Placemark>\n"
        )
    parts.append("</Document></kml>\n")
    return "".join(parts).encode()


# aabbggrr, as KML has it
STATUS_COLORS = {
    "PLANNED": "c0672f",
    "BUILDING": "0f7ac2",
    "IN_SERVICE": "457f1d",
    "SUSPENDED": "84766b",
    "RETIRED": "84766b",
}


def _xml(text: str) -> str:
    return escape(NOT_XML.sub("", text), {"\r": "&#13;"})


def _kml_polygon(part: Any) -> str:
    def ring(tag: str, coordinates: Any) -> str:
        text = " ".join(f"{_number(lon)},{_number(lat)}" for lon, lat in coordinates)
        return f"<{tag}><LinearRing><coordinates>{text}</coordinates></LinearRing></{tag}>"

    holes = "".join(ring("innerBoundaryIs", hole.coords) for hole in part.interiors)
    return f"<Polygon>{ring('outerBoundaryIs', part.exterior.coords)}{holes}</Polygon>"


def _number(value: float) -> str:
    return f"{value:.{DIGITS}f}".rstrip("0").rstrip(".")


def kmz(rows: Sequence[ZoneRow]) -> bytes:
    """A ZIP with doc.kml."""
    return _zip({"doc.kml": kml(rows)})


def shapefile(rows: Sequence[ZoneRow]) -> bytes:
    """A ZIP with a Shapefile in UTF-8; long texts lie in fields of their own: comment_2 …"""
    pieces = [
        {name: _pieces(row.values[name]) for name in FIELDS if name != "priority"} for row in rows
    ]
    fields: list[str] = []
    sources: list[tuple[str, int]] = []
    for name in FIELDS:
        count = max((len(each[name]) for each in pieces), default=1) if name != "priority" else 1
        for at in range(max(count, 1)):
            fields.append(DBF_NAMES.get(name, name) + (f"_{at + 1}" if at else ""))
            sources.append((name, at))
    table = []
    for row, each in zip(rows, pieces, strict=True):
        values = [
            row.priority if name == "priority" else "".join(each[name][at : at + 1])
            for name, at in sources
        ]
        table.append({"wkb": _wkb(row.shape), "values": values})
    job = {"rows": table, "fields": fields, "numbers": ["priority"], "layer": "zones"}
    return _zip(sandbox.write(driver="ESRI Shapefile", name="zones.shp", job=job))


def _pieces(text: str) -> list[str]:
    """The text in pieces of at most 254 bytes; none begins or ends with a space, which DBF eats."""
    pieces: list[str] = []
    rest = text
    while rest:
        end = len(rest.encode()[:DBF_BYTES].decode("utf-8", "ignore"))
        while 1 < end < len(rest) and (rest[end - 1].isspace() or rest[end].isspace()):
            end -= 1
        pieces.append(rest[:end])
        rest = rest[end:]
    return pieces


def geopackage(rows: Sequence[ZoneRow]) -> bytes:
    """A GeoPackage with one layer, `zones`."""
    table = [
        {
            "wkb": _wkb(row.shape),
            "values": [row.priority if name == "priority" else row.values[name] for name in FIELDS],
        }
        for row in rows
    ]
    job = {"rows": table, "fields": list(FIELDS), "numbers": ["priority"], "layer": "zones"}
    return sandbox.write(driver="GPKG", name="zones.gpkg", job=job)["zones.gpkg"]


def _wkb(shape: BaseGeometry) -> str:
    return base64.b64encode(shapely.to_wkb(shape)).decode()


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format to export to."""

    write: Callable[[Sequence[ZoneRow]], bytes]
    ending: str
    content_type: str


FORMATS = {
    "geojson": FileFormat(geojson, "geojson", "application/geo+json"),
    "kml": FileFormat(kml, "kml", "application/vnd.google-earth.kml+xml"),
    "kmz": FileFormat(kmz, "kmz", "application/vnd.google-earth.kmz"),
    "shp": FileFormat(shapefile, "zip", "application/zip"),
    "gpkg": FileFormat(geopackage, "gpkg", "application/geopackage+sqlite3"),
    "csv": FileFormat(csv_text, "csv", "text/csv; charset=utf-8"),
}
