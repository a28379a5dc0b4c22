"""Geometry of zones as people give it: reading, checking, the place of a fault, a repair (pure).

Whatever comes in (GeoJSON, WKT, a GEOS or shapely geometry) ends as one valid MultiPolygon in
EPSG:4326 with 7 digits after the point (1 cm), or as a list of problems with their places. Checks
run after rounding, because rounding breaks about one in 700 real polygons. A repair is only ever
offered; the planner accepts it. The area in m² needs the ellipsoid and is checked in
`coverage.zoning.queries.check_geometry` and by the database.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.utils.translation import gettext_lazy as _
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from coverage.zoning.reading import (
    MAX_POINTS,
    NOT_FINITE,
    TOO_FEW,
    Problem,
    Reader,
    RingError,
    inside_world,
    too_many,
)
from project.core.errors import DomainError

MIN_AREA_M2 = 100
# Sides over half the globe have no length and no area on the ellipsoid; no zone needs a quarter.
MAX_SPAN_DEGREES = 90
DIGITS = 7
MAX_PROBLEMS = 20
PLACE_IN_REASON = re.compile(r"^(.*?)\[(-?[\d.e+-]+) (-?[\d.e+-]+)\]$")


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check: `geometry` when it is good, else problems and perhaps a repair."""

    geometry: MultiPolygon | None
    problems: tuple[Problem, ...] = ()
    repaired: MultiPolygon | None = None


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
    "Too few points in geometry component": TOO_FEW,
}


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
    reader = Reader()
    try:
        read_value = reader.read(value)
    except RingError as error:
        return Checked(geometry=None, problems=(error.problem,))
    geometry = shapely.force_2d(read_value)
    problem = _first_look(geometry)
    if problem is not None:
        return Checked(geometry=None, problems=(problem,), repaired=_first_repair(geometry))
    result = _check_area(_rounded(MultiPolygon(list(polygons_of(geometry)))))
    if not reader.open_ends:
        return result
    problems = tuple(
        Problem("RING_NOT_CLOSED", _("The outline is not closed: its end is here."), *end)
        for end in reader.open_ends[:MAX_PROBLEMS]
    )
    repaired = result.geometry if result.geometry is not None else result.repaired
    return Checked(None, problems + result.problems, repaired)


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


def _first_look(geometry: BaseGeometry) -> Problem | None:
    """What is wrong before rounding: emptiness, size, kind, numbers, the world."""
    coordinates = shapely.get_coordinates(geometry)
    if len(coordinates) == 0:
        return Problem("EMPTY", _("The outline encloses nothing."))
    finite = coordinates[np.isfinite(coordinates).all(axis=1)]
    if len(finite) < len(coordinates):
        place = inside_world(finite[0]) if len(finite) else (None, None)
        return Problem("NOT_A_NUMBER", NOT_FINITE, *place)
    if len(coordinates) > MAX_POINTS:
        return too_many(len(coordinates), *inside_world(coordinates[0]))
    line = _part_without_area(geometry)
    problem = _beyond_world(coordinates)
    if problem is None and line is not None:
        text = _("A zone is an area; points and lines can't be one.")
        problem = Problem("NOT_AN_AREA", text, *_place_of(line))
    return problem


def _beyond_world(coordinates: Any) -> Problem | None:
    outside = coordinates[(np.abs(coordinates) > (180, 90)).any(axis=1)]
    if len(outside):
        text = _("This point is outside the world: longitude is -180…180, latitude -90…90.")
        return Problem("OUTSIDE_WORLD", text, *inside_world(outside[0]))
    if _is_vast(coordinates):
        text = _("This outline goes around a quarter of the world: it can't be a zone.")
        return Problem("TOO_LARGE", text, *inside_world(coordinates[0]))
    return None


def _is_vast(coordinates: Any) -> bool:
    if len(coordinates) == 0:
        return False
    return bool((np.ptp(coordinates, axis=0) > MAX_SPAN_DEGREES).any())


def _first_repair(geometry: BaseGeometry) -> MultiPolygon | None:
    """Longitude and latitude swapped back, or the areas without the lines, where that helps."""
    coordinates = shapely.get_coordinates(geometry)
    if len(coordinates) > MAX_POINTS or not np.isfinite(coordinates).all():
        return None
    if (np.abs(coordinates) > (180, 90)).any():
        geometry = shapely.transform(geometry, lambda pairs: pairs[:, ::-1])
        if (np.abs(shapely.get_coordinates(geometry)) > (180, 90)).any():
            return None
    if _is_vast(shapely.get_coordinates(geometry)):
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
