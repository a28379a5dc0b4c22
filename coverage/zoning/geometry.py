"""Geometry of zones as people give it: reading, checking, the place of a fault, a repair (pure).

Whatever comes in (GeoJSON, WKT, a GEOS or shapely geometry) ends as one valid MultiPolygon in
EPSG:4326 with 7 digits after the point (1 cm), or as a list of problems with their places. Checks
run after rounding, because rounding breaks about one in 700 real polygons. A repair is only ever
offered; the planner accepts it. The area in m² needs the ellipsoid and is checked in
`coverage.zoning.queries.measure` and by the database.
"""

import json
import math
import re
from collections.abc import Iterator
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
MIN_AREA_M2 = 100
DIGITS = 7
MAX_PROBLEMS = 20
# RFC 7946 knows only WGS 84; older files name it in several ways.
WGS84_NAMES = re.compile(r"(CRS84|EPSG:{1,2}4326)$", re.IGNORECASE)
PLACE_IN_REASON = re.compile(r"^(.*?)\[(-?[\d.e+-]+) (-?[\d.e+-]+)\]$")


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


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check: `geometry` when it is good, else problems and perhaps a repair."""

    geometry: MultiPolygon | None
    problems: tuple[Problem, ...] = ()
    repaired: MultiPolygon | None = None


class UnreadableGeometryError(DomainError):
    """What was given is no geometry at all."""

    code = "geometry_unreadable"
    message = _("This is not a polygon in GeoJSON or WKT.")


class InvalidGeometryError(DomainError):
    """A geometry that can't be a zone; context: problems with places, perhaps a repair."""

    code = "geometry_invalid"
    message = _("The outline has a fault.")


REASONS = {
    "Self-intersection": _("The outline crosses itself here."),
    "Ring Self-intersection": _("The outline touches itself here."),
    "Hole lies outside shell": _("This hole lies outside the outline."),
    "Holes are nested": _("One hole lies inside another here."),
    "Nested holes": _("One hole lies inside another here."),
    "Nested shells": _("One part lies inside another here."),
    "Interior is disconnected": _("A hole cuts the area in two here."),
    "Duplicate Rings": _("The same ring is drawn twice here."),
    "Too few points in geometry component": _("This ring has fewer than three corners."),
}
NOT_FINITE = _("A coordinate is not a finite number (NaN or infinity).")


def accepted(value: Any) -> MultiPolygon:
    """The checked MultiPolygon; raises UnreadableGeometryError or InvalidGeometryError."""
    result = check(value)
    if result.geometry is None:
        raise invalid(result)
    return result.geometry


def invalid(result: Checked) -> InvalidGeometryError:
    """The error that carries the problems, their places and the repair."""
    return InvalidGeometryError(
        result.problems[0].message,
        field="geometry",
        problems=[problem.as_json() for problem in result.problems],
        repaired=as_geojson(result.repaired) if result.repaired is not None else None,
    )


def as_geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """The GeoJSON object of a geometry."""
    found: dict[str, Any] = json.loads(shapely.to_geojson(geometry))
    return found


def check(value: Any) -> Checked:
    """Check one geometry as a zone; raises only UnreadableGeometryError."""
    try:
        read_value = read(value)
    except _RingError as error:
        return Checked(geometry=None, problems=(error.problem,))
    geometry = shapely.force_2d(read_value)
    problem = _first_look(geometry)
    if problem is not None:
        return Checked(geometry=None, problems=(problem,), repaired=_first_repair(geometry))
    return _check_area(_rounded(MultiPolygon(list(polygons_of(geometry)))))


def _check_area(geometry: MultiPolygon) -> Checked:
    """The checks of a rounded, finite MultiPolygon inside the world."""
    if geometry.is_empty:
        return Checked(None, (Problem("EMPTY", _("The outline encloses nothing.")),))
    if shapely.is_valid(geometry):
        return Checked(geometry)
    problems = tuple(_faults(geometry))
    return Checked(None, problems, repair(geometry))


def repair(geometry: BaseGeometry) -> MultiPolygon | None:
    """The nearest valid MultiPolygon, or None when nothing with an area is left.

    Rounding the repair may break it again, so it is tried on the grid as well.
    """
    made = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    candidates = [
        lambda: _rounded(MultiPolygon(list(polygons_of(made)))),
        lambda: shapely.set_precision(made, 10.0**-DIGITS),
    ]
    for candidate in candidates:
        parts = [part for part in polygons_of(candidate()) if part.area > 0]
        found = MultiPolygon(parts)
        if parts and shapely.is_valid(found) and shapely.get_num_coordinates(found) <= MAX_POINTS:
            return found
    return None


def polygons_of(geometry: BaseGeometry) -> Iterator[Polygon]:
    """All polygon parts, pulled recursively out of nested collections."""
    if isinstance(geometry, Polygon):
        if not geometry.is_empty:
            yield geometry
    elif hasattr(geometry, "geoms"):
        for part in geometry.geoms:
            yield from polygons_of(part)


def read(value: Any) -> BaseGeometry:
    """A shapely geometry from GeoJSON (text or object), WKT, GEOS or shapely."""
    if isinstance(value, BaseGeometry):
        return value
    if isinstance(value, GEOSGeometry):
        if value.srid not in (None, 4326):
            raise UnreadableGeometryError(_("Coordinates must be WGS 84 longitude and latitude."))
        return shapely.from_wkb(bytes(value.wkb))
    if isinstance(value, str):
        return _read_text(value.strip())
    if isinstance(value, dict):
        return _read_object(value)
    raise UnreadableGeometryError


def _read_text(text: str) -> BaseGeometry:
    if len(text) > MAX_TEXT_CHARS:
        raise UnreadableGeometryError(_("This text is too long for one zone."))
    if text.startswith(("{", "[")):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UnreadableGeometryError(_("This GeoJSON can't be read.")) from error
        if not isinstance(value, dict):
            raise UnreadableGeometryError
        return _read_object(value)
    srid, has_srid, wkt = text.rpartition(";")
    if has_srid and srid.strip().upper() != "SRID=4326":
        raise UnreadableGeometryError(_("Coordinates must be WGS 84 longitude and latitude."))
    try:
        with np.errstate(invalid="ignore"):  # NaN is told as a problem, not as a warning
            return shapely.from_wkt(wkt)
    except NotImplementedError as error:
        raise UnreadableGeometryError(_("Curves are not read: give straight lines.")) from error
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise UnreadableGeometryError from error


def _read_object(value: dict[str, Any]) -> BaseGeometry:
    _refuse_other_crs(value)
    kind = value.get("type")
    if kind == "Feature":
        return _read_object(_dict(value.get("geometry")))
    if kind == "FeatureCollection":
        features = value.get("features")
        if not isinstance(features, list) or len(features) != 1:
            raise UnreadableGeometryError(_("Give exactly one feature for one zone."))
        return _read_object(_dict(features[0]))
    if kind == "GeometryCollection":
        members = value.get("geometries")
        if not isinstance(members, list) or len(members) > MAX_POINTS:
            raise UnreadableGeometryError
        if any(_dict(m).get("type") == "GeometryCollection" for m in members):
            raise UnreadableGeometryError(_("Collections inside collections are not read."))
        return shapely.GeometryCollection([_read_object(_dict(m)) for m in members])
    coordinates = value.get("coordinates")
    if kind == "Polygon":
        return _polygon(coordinates)
    if kind == "MultiPolygon":
        return MultiPolygon([_polygon(rings) for rings in _list(coordinates)])
    if kind in {"Point", "MultiPoint", "LineString", "MultiLineString"}:
        return _not_an_area(value)
    raise UnreadableGeometryError


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
        raise UnreadableGeometryError(_("Coordinates must be WGS 84 longitude and latitude."))


class _RingError(Exception):
    """A ring that is no ring: found while reading, told as a problem with its place."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def _polygon(rings: Any) -> Polygon:
    read_rings = [_ring(ring) for ring in _list(rings)]
    if not read_rings:
        return Polygon()
    return Polygon(read_rings[0], read_rings[1:])


def _ring(ring: Any) -> list[tuple[float, float]]:
    points = [_position(position) for position in _list(ring)]
    finite = [point for point in points if all(map(math.isfinite, point))]
    if len(finite) < len(points):
        raise _RingError(
            Problem(
                "NOT_A_NUMBER", NOT_FINITE, *_inside_world(finite[0]) if finite else (None, None)
            )
        )
    if points and points[0] != points[-1]:
        points.append(points[0])  # an open ring has one reading only, so it is closed
    if len(set(points)) < 3:
        place = _inside_world(points[0]) if points else (None, None)
        text = REASONS["Too few points in geometry component"]
        raise _RingError(Problem("TOO_FEW_POINTS", text, *place))
    return points


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
        raise _RingError(_too_many(len(value)))
    return list(value)


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableGeometryError
    return value


def _too_many(count: int, lon: float | None = None, lat: float | None = None) -> Problem:
    text = _("%(count)d points are too many (at most %(most)d): simplify the outline.")
    return Problem("TOO_MANY_POINTS", text % {"count": count, "most": MAX_POINTS}, lon, lat)


def _first_look(geometry: BaseGeometry) -> Problem | None:
    """What is wrong before rounding: emptiness, size, kind, numbers, the world."""
    coordinates = shapely.get_coordinates(geometry)
    if len(coordinates) == 0:
        return Problem("EMPTY", _("The outline encloses nothing."))
    finite = coordinates[np.isfinite(coordinates).all(axis=1)]
    if len(finite) < len(coordinates):
        place = _inside_world(finite[0]) if len(finite) else (None, None)
        return Problem("NOT_A_NUMBER", NOT_FINITE, *place)
    if len(coordinates) > MAX_POINTS:
        return _too_many(len(coordinates), *_inside_world(coordinates[0]))
    outside = coordinates[(np.abs(coordinates) > (180, 90)).any(axis=1)]
    if len(outside):
        text = _("This point is outside the world: longitude is -180…180, latitude -90…90.")
        return Problem("OUTSIDE_WORLD", text, *_inside_world(outside[0]))
    line = _part_without_area(geometry)
    if line is not None:
        text = _("A zone is an area; points and lines can't be one.")
        return Problem("NOT_AN_AREA", text, *_place_of(line))
    return None


def _first_repair(geometry: BaseGeometry) -> MultiPolygon | None:
    """Longitude and latitude swapped back, or the areas without the lines, where that helps."""
    coordinates = shapely.get_coordinates(geometry)
    if len(coordinates) > MAX_POINTS or not np.isfinite(coordinates).all():
        return None
    if (np.abs(coordinates) > (180, 90)).any():
        geometry = shapely.transform(geometry, lambda pairs: pairs[:, ::-1])
        if (np.abs(shapely.get_coordinates(geometry)) > (180, 90)).any():
            return None
    parts = list(polygons_of(geometry))
    return repair(MultiPolygon(parts)) if parts else None


def _part_without_area(geometry: BaseGeometry) -> BaseGeometry | None:
    if isinstance(geometry, Polygon):
        return None
    if hasattr(geometry, "geoms"):
        found = (_part_without_area(part) for part in geometry.geoms)
        return next((part for part in found if part is not None), None)
    return None if geometry.is_empty else geometry


def _inside_world(point: Any) -> tuple[float, float]:
    return float(np.clip(point[0], -180, 180)), float(np.clip(point[1], -90, 90))


def _place_of(geometry: BaseGeometry) -> tuple[float | None, float | None]:
    coordinates = shapely.get_coordinates(geometry)
    return (
        (float(coordinates[0][0]), float(coordinates[0][1])) if len(coordinates) else (None, None)
    )


def _rounded(geometry: MultiPolygon) -> MultiPolygon:
    """Coordinates rounded to 7 digits, doubled points and parts without area left out."""
    moved = shapely.transform(geometry, lambda pairs: np.round(pairs, DIGITS) + 0.0)
    parts = []
    for part in polygons_of(moved):
        if len({*part.exterior.coords}) >= 3:
            holes = [ring for ring in part.interiors if len({*ring.coords}) >= 3]
            parts.append(Polygon(part.exterior, holes))
    cleaned = shapely.remove_repeated_points(MultiPolygon(parts))
    return MultiPolygon(list(polygons_of(cleaned)))


def _faults(geometry: MultiPolygon) -> Iterator[Problem]:
    """The fault of each part; where each part is good alone, the fault of the whole."""
    told = 0
    for part in geometry.geoms:
        if told < MAX_PROBLEMS and not shapely.is_valid(part):
            told += 1
            yield _fault(part)
    if not told:
        yield _fault(geometry)


def _fault(geometry: BaseGeometry) -> Problem:
    reason = str(shapely.is_valid_reason(geometry))
    match = PLACE_IN_REASON.match(reason)
    name, place = (match[1], (float(match[2]), float(match[3]))) if match else (reason, None)
    lon, lat = place or _place_of(geometry)
    text = REASONS.get(name, _("The outline is not a correct polygon here."))
    return Problem(re.sub(r"\W+", "_", name).upper(), text, lon, lat)
