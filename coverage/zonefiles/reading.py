"""From the bytes of a file to its features, whatever of the five formats it is.

Text formats (GeoJSON, KML, CSV) are read by ourselves, because GDAL leaves out what it can't read
and says neither which nor where; Shapefile and GeoPackage are opened by GDAL in a child process.
"""

import base64
import json
import re
from typing import Any

import shapely
from django.utils.translation import gettext_lazy as _

from coverage.zonefiles import csv_text, kml, sandbox
from coverage.zonefiles.container import Opened, open_file
from coverage.zonefiles.contents import Contents, ZoneFileError, text_of
from coverage.zonefiles.worker import to_wgs84
from coverage.zoning.geometry import Problem
from coverage.zoning.reading import RingError, UnreadableGeometryError, inside_world, too_many
from coverage.zoning.reading import read as read_geometry
from project.core.errors import DomainError

CODE_PAGES = {"1251": "cp1251", "866": "cp866", "65001": "utf-8", "utf8": "utf-8"}
ENCODINGS = ("utf-8", "cp1251", "cp866", "koi8_u", "latin-1")
DBF_LANGUAGES = {0xC9: "cp1251", 0x65: "cp866", 0x26: "cp866"}  # byte 29 of a .dbf
EPSG_IN_NAME = re.compile(r"EPSG:{1,2}(?:[\d.]*:)?(\d{4,6})$", re.IGNORECASE)


class BadOptionError(DomainError):
    """An option of an import that can't be; `field` names it."""

    code = "zone_import_option"


def read_file(*, data: bytes, encoding: str = "", crs: str = "") -> Contents:
    """The features of a file; raises ZoneFileError and its subclasses, BadOptionError.

    `encoding` and `crs` (an EPSG code, "EPSG:5564") say what a file leaves open or gets wrong.
    """
    if encoding and encoding not in ENCODINGS:
        raise BadOptionError(_("This encoding is not read."), field="encoding")
    if crs:
        _check_crs(crs)
    opened = open_file(data)
    if opened.kind == "GEOJSON":
        found = _geojson(opened.data, crs)
    elif opened.kind in {"KML", "KMZ"}:
        found = kml.read(opened.data)
        found.format = opened.kind
    elif opened.kind == "CSV":
        found = csv_text.read(opened.data, encoding)
        _move(found, crs)
    elif opened.kind == "GPKG":
        found = _by_gdal({"zones.gpkg": opened.data}, "zones.gpkg", "GPKG", crs=crs)
    else:
        found = _shapefiles(opened, encoding, crs)
    if not found.records:
        raise ZoneFileError(_("The file has no features."))
    return found


def _check_crs(crs: str) -> None:
    text = _("Give the coordinate system as an EPSG code, e.g. EPSG:5564.")
    if not re.fullmatch(r"EPSG:\d{4,6}", crs):
        raise BadOptionError(text, field="crs")
    try:
        to_wgs84(crs)
    except ValueError as error:
        raise BadOptionError(text, field="crs") from error


def _move(contents: Contents, crs: str) -> None:
    """Turn records of a text format into WGS 84; what can't be read stays as it is, to be told."""
    transform = to_wgs84(crs) if crs else None
    contents.crs = crs
    if transform is None:
        return
    moved = []
    for record in contents.records:
        try:
            shape = read_geometry(record.geometry)
            shape = shapely.transform(shapely.force_2d(shape), transform)
        except (UnreadableGeometryError, RingError):
            moved.append(record)
        else:
            moved.append(type(record)(**{**_fields(record), "geometry": shape}))
    contents.records = moved
    contents.remark("MOVED", _("Coordinates were turned into WGS 84 from %(crs)s.") % {"crs": crs})


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__slots__}


# --- GeoJSON -------------------------------------------------------------------------------------


def _geojson(data: bytes, crs: str) -> Contents:
    contents = Contents(format="GEOJSON")
    try:
        top = json.loads(data.decode("utf-8-sig"))
        if b"\\u" in data:  # half a surrogate pair can't be stored
            json.dumps(top, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise ZoneFileError(_("The GeoJSON is not UTF-8 text.")) from error
    except (ValueError, RecursionError) as error:
        text = _("The file begins like GeoJSON but is not correct JSON.")
        raise ZoneFileError(text, detail=str(error)[:200]) from error
    if not isinstance(top, dict):
        raise ZoneFileError(_("The file is JSON, but not a GeoJSON FeatureCollection."))
    listed = top.get("features") if top.get("type") == "FeatureCollection" else [top]
    if top.get("type") == "Topology" or not isinstance(listed, list):
        raise ZoneFileError(_("The file is JSON, but not a GeoJSON FeatureCollection."))
    for feature in listed:
        _add_feature(contents, feature)
    _move(contents, crs or _crs_member(top))
    return contents


def _add_feature(contents: Contents, feature: Any) -> None:
    if not isinstance(feature, dict):
        contents.add(properties={}, problem=Problem("BAD_FEATURE", _("This is not a feature.")))
        return
    if feature.get("type") != "Feature":
        contents.add(properties={}, geometry=feature)
        return
    given = feature.get("properties")
    values = given if isinstance(given, dict) else {}
    shape = feature.get("geometry")
    contents.add(
        properties={str(name)[:80]: text_of(value) for name, value in values.items()},
        geometry=shape,
        notes=("HEIGHT_DROPPED",) if _has_height(shape) else (),
    )


def _has_height(shape: Any) -> bool:
    """Whether the first position has a third number."""
    at = shape.get("coordinates") if isinstance(shape, dict) else None
    while isinstance(at, list) and at and isinstance(at[0], list):
        at = at[0]
    return isinstance(at, list) and len(at) > 2


def _crs_member(top: dict[str, Any]) -> str:
    """The `crs` of GeoJSON from before RFC 7946, as QGIS still writes it."""
    member = top.pop("crs", None)
    if member is None:
        return ""
    properties = member.get("properties") if isinstance(member, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and name.upper().endswith(("CRS84", "EPSG::4326", "EPSG:4326")):
        return ""
    match = EPSG_IN_NAME.search(name) if isinstance(name, str) else None
    crs = f"EPSG:{match[1]}" if match else ""
    try:
        if crs:
            to_wgs84(crs)
            return crs
    except ValueError:
        pass
    raise ZoneFileError(_("The GeoJSON names a coordinate system that is not known."))


# --- Shapefile and GeoPackage --------------------------------------------------------------------


def _shapefiles(opened: Opened, encoding: str, crs: str) -> Contents:
    whole = Contents(format="SHAPEFILE")
    for name, parts in opened.layers.items():
        used, told = _dbf_encoding(parts, encoding)
        files = {f"layer.{ending}": data for ending, data in parts.items() if ending != "cpg"}
        part = _by_gdal(files, "layer.shp", "SHAPEFILE", encoding=used, crs=crs)
        whole.encoding, whole.crs = used, part.crs
        if told:
            text = _("The file does not name its encoding; %(name)s is assumed.")
            whole.remark("ENCODING_GUESSED", text % {"name": used})
        if not part.crs and not crs:
            text = _("There is no .prj: longitude and latitude (WGS 84) are assumed.")
            whole.remark("NO_CRS", text)
        if "dbf" not in parts:
            whole.remark("NO_ATTRIBUTES", _("There is no .dbf: the zones have no attributes."))
        whole.remarks += part.remarks
        for record in part.records:
            values = _fields(record) | {"layer": name}
            values.pop("row")
            whole.add(**values)
    return whole


def _dbf_encoding(parts: dict[str, bytes], wanted: str) -> tuple[str, bool]:
    """The encoding of an attribute table, and whether it had to be guessed."""
    if wanted:
        return wanted, False
    named = parts.get("cpg", b"")[:40].decode("latin-1").strip().lower()
    digits = re.sub(r"^(ansi|oem|cp|windows)[ -]?", "", named).replace("-", "")
    if digits in CODE_PAGES:
        return CODE_PAGES[digits], False
    table = parts.get("dbf", b"")
    if len(table) > 32 and table[29] in DBF_LANGUAGES:
        return DBF_LANGUAGES[table[29]], False
    body = table[int.from_bytes(table[8:10], "little") :]
    foreign = sum(byte >= 0x80 for byte in body)
    if not foreign:
        return "utf-8", False
    # Fields of fixed width may cut a letter in two, so a few bad places do not speak against UTF-8.
    bad = body.decode("utf-8", "replace").count("�")
    return ("utf-8" if bad * 20 < foreign else "cp1251"), True


GDAL_PROBLEMS = {
    "CURVES": _("Curves are not read: give straight lines."),
    "UNREADABLE": _("This feature is damaged."),
}


def _by_gdal(
    files: dict[str, bytes], opened: str, kind: str, *, encoding: str = "", crs: str = ""
) -> Contents:
    head, rows = sandbox.read(files=files, opened=opened, encoding=encoding, crs=crs)
    contents = Contents(format=kind)
    for layer in head["layers"]:
        contents.crs = layer.get("crs", "")
        if layer.get("error"):
            text = _("The layer “%(name)s” can't be read.")
            contents.remark("BAD_LAYER", text % {"name": layer["name"]})
        elif layer.get("moved"):
            name = contents.crs if len(contents.crs) < 20 else contents.crs.split('"')[1][:60]
            text = _("Coordinates were turned into WGS 84 from %(crs)s.")
            contents.remark("MOVED", text % {"crs": name})
        elif not contents.crs and kind == "GPKG":
            text = _("The layer names no coordinate system: WGS 84 is assumed.")
            contents.remark("NO_CRS", text)
    if head["more_layers"]:
        text = _("The file has more than 20 layers; the others were left out.")
        contents.remark("MORE_LAYERS", text)
    for row in rows:
        contents.add(**_from_row(row))
    return contents


def _from_row(row: dict[str, Any]) -> dict[str, Any]:
    problem = None
    shape = None
    if "error" in row:
        problem = Problem("BAD_FEATURE", GDAL_PROBLEMS[row["error"]])
    elif "points" in row:
        problem = too_many(row["points"], *inside_world(row["place"]))
    elif "wkb" in row:
        shape = shapely.from_wkb(base64.b64decode(row["wkb"]))
    return {
        "properties": {n: text_of(v) for n, v in row.get("properties", {}).items()},
        "geometry": shape,
        "problem": problem,
        "layer": row["layer"],
        "notes": tuple(row.get("notes", ())),
    }
