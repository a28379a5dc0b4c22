"""Reading geometry as people give it: GeoJSON (text or object), WKT, GEOS, shapely (pure).

Here only what is no geometry at all is refused; what is a geometry, but no good zone, is told by
`coverage.zoning.geometry`.
"""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.utils.translation import gettext_lazy as _
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from project.core.errors import DomainError

MAX_POINTS = 50_000
MAX_TEXT_CHARS = 6_000_000
# RFC 7946 knows only WGS 84; older files name it in several ways.
WGS84_NAMES = re.compile(r"(CRS84|EPSG:{1,2}4326)$", re.IGNORECASE)
TOO_FEW = _("This ring has fewer than three corners.")
NOT_WGS84 = _("Coordinates must be WGS 84 longitude and latitude.")
NOT_FINITE = _("A coordinate is not a finite number (NaN or infinity).")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: a stable code, a sentence for people, and its place where it has one."""

    code: str
    message: Any
    lon: float | None = None
    lat: float | None = None

    def as_json(self) -> dict[str, Any]:
        """For the API; the message in the language of the request."""
        return {"code": self.code, "message": str(self.message), "lon": self.lon, "lat": self.lat}


class UnreadableGeometryError(DomainError):
    """What was given is no geometry at all."""

    code = "geometry_unreadable"
    message = _("This is not a polygon in GeoJSON or WKT.")


def read(value: Any) -> BaseGeometry:
    """A shapely geometry from GeoJSON (text or object), WKT, GEOS or shapely."""
    return Reader().read(value)


class Reader:
    """Reads one geometry and remembers where rings were left open.

    An open ring is closed by a straight line, which may be far from what was meant: so it is told.
    """

    def __init__(self) -> None:
        self.open_ends: list[tuple[float, float]] = []

    def read(self, value: Any) -> BaseGeometry:
        if isinstance(value, BaseGeometry):
            return value
        if isinstance(value, GEOSGeometry):
            if value.srid not in (None, 4326):
                raise UnreadableGeometryError(NOT_WGS84)
            return shapely.from_wkb(bytes(value.wkb))
        if isinstance(value, str):
            return self.text(value.strip())
        if isinstance(value, dict):
            return self.object(value)
        raise UnreadableGeometryError

    def text(self, text: str) -> BaseGeometry:
        if len(text) > MAX_TEXT_CHARS:
            raise UnreadableGeometryError(_("This text is too long for one zone."))
        if text.startswith(("{", "[")):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise UnreadableGeometryError(_("This GeoJSON can't be read.")) from error
            return self.object(_dict(value))
        srid, has_srid, wkt = text.rpartition(";")
        if has_srid and srid.strip().upper() != "SRID=4326":
            raise UnreadableGeometryError(NOT_WGS84)
        return self.wkt(wkt)

    def wkt(self, wkt: str) -> BaseGeometry:
        try:
            with np.errstate(invalid="ignore"):  # NaN is told as a problem, not as a warning
                return shapely.from_wkt(wkt)
        except NotImplementedError as error:
            raise UnreadableGeometryError(_("Curves are not read: give straight lines.")) from error
        except (shapely.errors.GEOSException, TypeError, ValueError) as error:
            if "closed linestring" not in str(error):
                raise UnreadableGeometryError from error
        closed = shapely.from_wkt(wkt, on_invalid="fix")
        if closed is None or closed.is_empty:
            raise UnreadableGeometryError
        self.open_ends.append(inside_world(shapely.get_coordinates(closed)[0]))
        return closed

    def object(self, value: dict[str, Any]) -> BaseGeometry:
        _refuse_other_crs(value)
        kind = value.get("type")
        if kind == "FeatureCollection":
            features = _list(value.get("features"))
            if len(features) != 1:
                raise UnreadableGeometryError(_("Give exactly one feature for one zone."))
            value = _dict(features[0])
            kind = value.get("type")
        if kind == "Feature":
            value = _dict(value.get("geometry"))
            kind = value.get("type")
        return self.geometry(kind, value)

    def geometry(self, kind: Any, value: dict[str, Any]) -> BaseGeometry:
        if kind == "GeometryCollection":
            members = [_dict(member) for member in _list(value.get("geometries"))]
            if any(member.get("type") == "GeometryCollection" for member in members):
                raise UnreadableGeometryError(_("Collections inside collections are not read."))
            return shapely.GeometryCollection(
                [self.geometry(member.get("type"), member) for member in members]
            )
        coordinates = value.get("coordinates")
        if kind == "Polygon":
            return self.polygon(coordinates)
        if kind == "MultiPolygon":
            return MultiPolygon([self.polygon(rings) for rings in _list(coordinates)])
        if kind in ("Point", "MultiPoint", "LineString", "MultiLineString"):
            return _not_an_area(value)
        raise UnreadableGeometryError

    def polygon(self, rings: Any) -> Polygon:
        read_rings = [self.ring(ring) for ring in _list(rings)]
        if not read_rings:
            return Polygon()
        return Polygon(read_rings[0], read_rings[1:])

    def ring(self, ring: Any) -> list[tuple[float, float]]:
        points = [_position(position) for position in _list(ring)]
        finite = [point for point in points if all(map(math.isfinite, point))]
        if len(finite) < len(points):
            place = inside_world(finite[0]) if finite else (None, None)
            raise RingError(Problem("NOT_A_NUMBER", NOT_FINITE, *place))
        if len(set(points)) < 3:
            place = inside_world(points[0]) if points else (None, None)
            text = TOO_FEW
            raise RingError(Problem("TOO_FEW_POINTS", text, *place))
        if points[0] != points[-1]:
            self.open_ends.append(inside_world(points[-1]))
            points.append(points[0])
        return points


def _not_an_area(value: dict[str, Any]) -> BaseGeometry:
    try:
        return shapely.from_geojson(json.dumps(value))
    except (shapely.errors.GEOSException, ValueError, RecursionError) as error:
        raise UnreadableGeometryError from error


def _refuse_other_crs(value: dict[str, Any]) -> None:
    crs = value.get("crs")
    if crs is None:
        return
    name = _dict(_dict(crs).get("properties")).get("name")
    if not isinstance(name, str) or not WGS84_NAMES.search(name):
        raise UnreadableGeometryError(NOT_WGS84)


class RingError(Exception):
    """A ring that is no ring: found while reading, told as a problem with its place."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def _position(position: Any) -> tuple[float, float]:
    # Height, and whatever else stands after it, is dropped.
    if not isinstance(position, list | tuple) or len(position) < 2:
        raise UnreadableGeometryError(_("A coordinate must be [longitude, latitude]."))
    lon, lat = position[0], position[1]
    if any(isinstance(n, bool) or not isinstance(n, int | float) for n in (lon, lat)):
        raise UnreadableGeometryError(_("A coordinate must be [longitude, latitude]."))
    try:
        return float(lon), float(lat)
    except OverflowError as error:
        raise UnreadableGeometryError(_("A coordinate must be [longitude, latitude].")) from error


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise UnreadableGeometryError
    if len(value) > MAX_POINTS + 1:
        raise RingError(too_many(len(value)))
    return list(value)


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableGeometryError
    return value


def too_many(count: int, lon: float | None = None, lat: float | None = None) -> Problem:
    text = _("%(count)d points are too many (at most %(most)d): simplify the outline.")
    return Problem("TOO_MANY_POINTS", text % {"count": count, "most": MAX_POINTS}, lon, lat)


def inside_world(point: Any) -> tuple[float, float]:
    return float(np.clip(point[0], -180, 180)), float(np.clip(point[1], -90, 90))
