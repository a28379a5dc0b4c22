"""KML by a safe parser: no entities, no DTD, nothing outside the document is ever read.

Names are matched without their namespaces, because Google Earth, old and new KML and hand-made
files differ in them. OGC 12-007r2 is the format.
"""

import io
import math
import re
from typing import Any
from xml.sax import SAXException, handler, xmlreader

from defusedxml import DefusedXmlException
from defusedxml import sax as safe_sax
from django.utils.translation import gettext_lazy as _

from coverage.zonefiles.contents import (
    MAX_VALUE_CHARS,
    Contents,
    UnsafeXmlError,
    ZoneFileError,
    text_of,
)
from coverage.zoning.geometry import MAX_POINTS, Problem
from coverage.zoning.reading import inside_world, too_many

MAX_DEPTH = 60
MAX_ELEMENTS = 1_500_000
LINES = {"Point", "LineString", "Track", "MultiTrack", "Model", "LinearRing"}
KEPT = {"name", "description", "value", "SimpleData", "coordinates"}
BAD_COORDINATES = _("The coordinates can't be read.")
DAMAGED = _("This feature is damaged.")


def read(data: bytes) -> Contents:
    """The placemarks of a document; raises UnsafeXmlError and ZoneFileError."""
    contents = Contents(format="KML")
    parser = safe_sax.make_parser()
    parser.forbid_dtd = True
    parser.setFeature(handler.feature_namespaces, False)
    parser.setContentHandler(_Placemarks(contents))
    source = xmlreader.InputSource()
    source.setByteStream(io.BytesIO(data.lstrip()))
    try:
        parser.parse(source)
    except DefusedXmlException as error:
        raise UnsafeXmlError from error
    except (SAXException, ValueError, LookupError) as error:
        raise ZoneFileError(_("The KML is not correct XML."), detail=str(error)[:200]) from error
    return contents


class _Placemarks(handler.ContentHandler):
    """Collects placemarks while the document streams by."""

    def __init__(self, contents: Contents) -> None:
        super().__init__()
        self.contents = contents
        self.path: list[str] = []
        self.folders: list[str] = []
        self.text: list[str] | None = None
        self.elements = 0
        self.placemark: dict[str, Any] | None = None
        self.key = ""
        self.linked = False

    def startElement(self, name: str, attrs: Any) -> None:
        tag = name.rpartition(":")[2]
        self.elements += 1
        if len(self.path) >= MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise ZoneFileError(_("The KML is nested too deeply or too long."))
        if not self.path and tag != "kml":
            raise ZoneFileError(_("The file is XML, but not KML."))
        self.path.append(tag)
        if tag in {"Folder", "Document"}:
            self.folders.append("")
        elif tag in {"NetworkLink", "GroundOverlay"} and not self.linked:
            self.linked = True
            text = _("The KML links to other files; they are not followed.")
            self.contents.remark("LINK_IGNORED", text)
        elif tag == "Placemark":
            self.placemark = {"values": {}, "shapes": [], "other": False, "problem": None}
            self.placemark |= {"high": False, "rings": None, "place": None}
        elif self.placemark is not None and tag == "Polygon":
            if self.placemark["rings"] is not None:  # a polygon in a polygon
                self.placemark["problem"] = Problem("BAD_FEATURE", DAMAGED)
            self.placemark["rings"] = {"outer": [], "inner": []}
        elif tag in {"Data", "SimpleData"}:
            self.key = str(attrs.get("name", ""))[:80]
        if tag in KEPT:
            self.text = []

    def characters(self, content: str) -> None:
        if self.text is not None:
            self.text.append(content)

    def endElement(self, name: str) -> None:
        tag = self.path.pop()
        parent = self.path[-1] if self.path else ""
        found = "".join(self.text) if self.text is not None and tag in KEPT else ""
        if tag in KEPT:
            self.text = None
        if tag in {"Folder", "Document"}:
            self.folders.pop()
        elif tag == "name" and parent in {"Folder", "Document"} and self.folders:
            self.folders[-1] = found.strip()[:80]
        if self.placemark is None:
            return
        if tag in {"name", "description"} and parent == "Placemark":
            self._value(tag, found)
        elif tag == "SimpleData" or (tag == "value" and parent == "Data"):
            self._value(self.key, found)
        elif tag == "coordinates":
            self._coordinates(parent, found)
        elif tag in LINES and parent not in {"outerBoundaryIs", "innerBoundaryIs"}:
            self.placemark["other"] = True
        elif tag == "Polygon":
            self._polygon(self.placemark)
        elif tag == "Placemark":
            self._finish(self.placemark)
            self.placemark = None

    def _polygon(self, placemark: dict[str, Any]) -> None:
        rings, placemark["rings"] = placemark["rings"], None
        if placemark["problem"] or rings is None:
            return
        if len(rings["outer"]) == 1:
            placemark["shapes"].append([rings["outer"][0], *rings["inner"]])
        elif rings["outer"]:  # whose holes are whose can't be told
            placemark["problem"] = Problem("BAD_FEATURE", DAMAGED)
        else:
            placemark["problem"] = Problem("BAD_COORDINATES", BAD_COORDINATES)

    def _value(self, key: str, value: str) -> None:
        assert self.placemark is not None
        if key == "description" and "<" in value:  # written as a web page, to be read as a text
            value = re.sub(r"<[^>]{0,500}>", " ", value[:MAX_VALUE_CHARS])
        if key and len(self.placemark["values"]) < 200:
            self.placemark["values"][key] = text_of(value.strip())

    def _coordinates(self, parent: str, text: str) -> None:
        assert self.placemark is not None
        rings = self.placemark["rings"]
        if rings is None:
            self.placemark["place"] = self.placemark["place"] or _first_place(text)
        if rings is None or parent != "LinearRing" or self.placemark["problem"]:
            return
        count = text.count(",")
        if count > 3 * MAX_POINTS:
            self.placemark["problem"] = too_many(count // 2)
            return
        positions = []
        # Blanks around commas go too. No pattern: one of them takes hours for a megabyte of blanks.
        for each in " ".join(text.split()).replace(" ,", ",").replace(", ", ",").split():
            numbers = each.split(",")
            try:
                positions.append([float(numbers[0]), float(numbers[1])])
            except (ValueError, IndexError):
                self.placemark["problem"] = Problem("BAD_COORDINATES", BAD_COORDINATES)
                return
            if len(numbers) > 2 and numbers[2].strip("0.-") != "":
                self.placemark["high"] = True
        inner = len(self.path) > 1 and self.path[-2] == "innerBoundaryIs"
        rings["inner" if inner else "outer"].append(positions)

    def _finish(self, placemark: dict[str, Any]) -> None:
        shapes: list[Any] = placemark["shapes"]
        geometry: dict[str, Any] | None = None
        if shapes:
            geometry = {"type": "MultiPolygon", "coordinates": shapes}
        if placemark["other"] and geometry is None:
            place = placemark["place"] or (None, None)
            text = _("A zone is an area; points and lines can't be one.")
            placemark["problem"] = Problem("NOT_AN_AREA", text, *place)
        self.contents.add(
            properties=placemark["values"],
            geometry=None if placemark["problem"] else geometry,
            problem=placemark["problem"],
            layer=" / ".join(filter(None, self.folders)),
            notes=tuple(
                code
                for code, is_so in (
                    ("HEIGHT_DROPPED", placemark["high"]),
                    ("LINES_DROPPED", placemark["other"] and bool(shapes)),
                )
                if is_so
            ),
        )


def _first_place(text: str) -> tuple[float, float] | None:
    """Where a point or a line begins, if that can be told."""
    numbers = text.strip()[:80].split(None, 1)[:1]
    try:
        lon, lat = (float(number) for number in "".join(numbers).split(",")[:2])
    except ValueError:
        return None
    return inside_world((lon, lat)) if math.isfinite(lon) and math.isfinite(lat) else None
