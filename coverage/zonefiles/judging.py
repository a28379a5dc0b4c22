"""What becomes of one outline: good, repairable, with swapped axes, or no zone."""

from dataclasses import dataclass
from typing import Any

import shapely
from django.db import connection
from django.utils.translation import gettext_lazy as _
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from coverage.zoning import geometry as geometries
from coverage.zoning import queries
from coverage.zoning.geometry import Problem
from coverage.zoning.reading import RingError, UnreadableGeometryError, inside_world
from coverage.zoning.reading import read as read_geometry

GOOD, REPAIRABLE, SWAPPED, REFUSED = "GOOD", "REPAIRABLE", "SWAPPED", "REFUSED"
UKRAINE = (22.1, 44.3, 40.3, 52.4)
NEAR_DEG = 0.5
HOME = """
    SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM (
        SELECT ST_Extent(shape) AS box FROM (
            SELECT ST_Extent(geometry)::geometry AS shape FROM coverage_zoneversion
            WHERE upper_inf(valid) AND status NOT IN ('DRAFT', 'RETIRED')
            UNION ALL SELECT ST_Extent(point)::geometry FROM coverage_building
            WHERE retired_at IS NULL AND %(with_buildings)s
            UNION ALL SELECT ST_Extent(geom)::geometry FROM coverage_adminunit
        ) each
    ) whole
"""
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`shape` is good as it is (GOOD) or on offer (REPAIRABLE, SWAPPED); `lon`, `lat` its place."""

    kind: str
    shape: MultiPolygon | None
    problems: tuple[Problem, ...] = ()

    def place(self) -> tuple[float | None, float | None]:
        """Where a person should look: the first problem that has a place, else the outline."""
        for problem in self.problems:
            if problem.lon is not None:
                return problem.lon, problem.lat
        if self.shape is None:
            return None, None
        point = self.shape.representative_point()
        return round(point.x, 7), round(point.y, 7)


def home(*, with_buildings: bool = True) -> Box:
    """The box of all that is known: zones, buildings, boundaries; Ukraine while there is none.

    An import of buildings judges their places without those that are there: one wrong pin would
    widen the box, and the same row would mean another place the next time.
    """
    with connection.cursor() as cursor:
        cursor.execute(HOME, {"with_buildings": with_buildings})
        west, south, east, north = cursor.fetchone()
    if west is None:
        return UKRAINE
    return west - NEAR_DEG, south - NEAR_DEG, east + NEAR_DEG, north + NEAR_DEG


def judge(value: Any, *, home: Box, swap: bool = False) -> Verdict:
    """Check one outline. With `swap` longitude and latitude change places before."""
    try:
        if swap:
            value = swapped(read_geometry(value))
        result = queries.check_geometry(value)
    except RingError as error:
        return Verdict(REFUSED, None, (error.problem,))
    except UnreadableGeometryError as error:
        return Verdict(REFUSED, None, (Problem("NOT_A_POLYGON", error.message),))
    shape = result.geometry if result.geometry is not None else result.repaired
    if shape is None:
        return Verdict(REFUSED, None, _with_metres(value, result.problems))
    first = result.problems[0].code if result.problems else ""
    if first == "OUTSIDE_WORLD":  # the repair of that is the swap
        return Verdict(SWAPPED, shape, (_swapped_problem(result.problems[0]),))
    if not swap and not _in(shape, home):
        turned = swapped(shape)
        if _in(turned, home):
            place = inside_world(shapely.get_coordinates(shape)[0])
            return Verdict(SWAPPED, turned, (_swapped_problem(Problem("", "", *place)),))
    return Verdict(GOOD if result.geometry is not None else REPAIRABLE, shape, result.problems)


def swapped(shape: BaseGeometry) -> Any:
    """Longitude and latitude changed over."""
    return shapely.transform(shapely.force_2d(shape), lambda pairs: pairs[:, ::-1])


def _in(shape: BaseGeometry, box: Box) -> bool:
    return bool(shapely.intersects(shape.envelope, shapely.box(*box)))


def _swapped_problem(found: Problem) -> Problem:
    text = _("Latitude and longitude seem to be swapped: as written, it lies in another country.")
    return Problem("AXES_SWAPPED", text, found.lon, found.lat)


def _with_metres(value: Any, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """A hint where coordinates are so large that they must be metres."""
    if problems[0].code != "OUTSIDE_WORLD":
        return problems
    try:
        largest = abs(shapely.get_coordinates(read_geometry(value))).max()
    except (RingError, UnreadableGeometryError, ValueError):
        return problems
    if largest < 10_000:
        return problems
    text = _("These coordinates are metres of some projection: say which one (an EPSG code).")
    return (Problem("NOT_DEGREES", text, problems[0].lon, problems[0].lat),)


def drawn(shape: MultiPolygon | None) -> dict[str, Any] | None:
    """The outline as GeoJSON."""
    return geometries.as_geojson(shape) if shape is not None else None
