"""The planner's drawing tools as previews: an outline goes in, an outline comes out.

Nothing is stored and nothing is published: the planner looks at the answer and takes it, or not.
Every answer is checked after rounding, like whatever a person draws.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from django.utils.translation import gettext_lazy as _
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from coverage.models import Building, Street
from coverage.zoning import geometry as geometries
from coverage.zoning import reading
from coverage.zoning.metric import Plane, length_m, widened
from coverage.zoning.overlaps import NothingLeftError
from coverage.zoning.shapes import to_shapely
from project.core.errors import DomainError

GRID = 10.0**-geometries.DIGITS
MAX_LINE_M = 200_000
MAX_WIDTH_M = 1_000
MAX_TOLERANCE_M = 500
MAX_GAP_M = 100
MAX_BUILDINGS = 5_000
MAX_STREETS = 50
MAX_SHAPES = 100
# Houses that are to be one zone; farther apart it is more likely a wrong click.
MAX_SPREAD_M = 50_000
SLIVER_M2 = 1.0


class BadLineError(DomainError):
    """What should be a line is none."""

    code = "bad_line"
    message = _("Draw a line with at least two points.")


class LineDoesNotCutError(DomainError):
    """The line does not go through the outline from side to side."""

    code = "line_does_not_cut"
    message = _("The line does not divide the zone: it must cross the outline from side to side.")


class NumberOutOfRangeError(DomainError):
    """A width, tolerance or count outside what makes sense; context: the bounds."""

    code = "out_of_range"
    message = _("This number is too small or too large.")


class NothingChosenError(DomainError):
    """No building, street or zone was chosen."""

    code = "nothing_chosen"
    message = _("Choose at least one building, street or zone.")


class UnknownPlacesError(DomainError):
    """Buildings or streets that do not exist (any more); context: ids."""

    code = "unknown_places"
    http_status = 404
    message = _("Some of the chosen places are no longer there. Choose again.")


class TooFarApartError(DomainError):
    """The chosen buildings are too far apart for one zone."""

    code = "too_far_apart"
    message = _("The chosen buildings are more than 50 km apart: one zone can't be around them.")


class NoLineError(DomainError):
    """The street has no line on our map."""

    code = "street_without_line"
    message = _("This street has no line on the map. Draw the line by hand.")


@dataclass(frozen=True, slots=True)
class Simplified:
    """A simplified outline and how many corners there were and are."""

    shape: MultiPolygon
    points_before: int
    points_after: int


def read_line(value: Any) -> BaseGeometry:
    """A line from GeoJSON or WKT, 2D and inside the world; raises BadLineError and the like."""
    try:
        line = shapely.force_2d(reading.read(value))
    except reading.RingError as error:
        raise BadLineError(field="line") from error
    if line.geom_type not in ("LineString", "MultiLineString") or line.is_empty:
        raise BadLineError(field="line")
    points = shapely.get_coordinates(line)
    if not bool((abs(points) <= (180, 90)).all()):  # false for NaN and infinity too
        raise BadLineError(_("A point of the line is not a place on the map."), field="line")
    if len(points) > reading.MAX_POINTS:
        raise NumberOutOfRangeError(_("The line has too many points."), field="line")
    if len({*map(tuple, points)}) < 2:
        raise BadLineError(field="line")
    if length_m(line) > MAX_LINE_M:
        raise NumberOutOfRangeError(_("The line is longer than 200 km."), field="line")
    return line


def split(*, shape: MultiPolygon, line: BaseGeometry) -> list[MultiPolygon]:
    """The pieces into which a line divides an outline, the largest first.

    A part that the line does not cross stays one piece. Raises LineDoesNotCutError.
    """
    pieces: list[MultiPolygon] = []
    cut = False
    for part in shape.geoms:
        edges = shapely.union_all([part.boundary, line], grid_size=GRID)
        faces = [
            face
            for face in shapely.polygonize([edges]).geoms
            if part.contains(face.representative_point())
        ]
        cut = cut or len(faces) > 1
        pieces += [finished(face) for face in faces if not _is_sliver(face)] if faces else []
    if not cut or len(pieces) <= len(shape.geoms):
        raise LineDoesNotCutError(field="line")
    return sorted(pieces, key=lambda piece: -piece.area)


def merged(*, shapes: Sequence[BaseGeometry], gap_m: float = 0) -> MultiPolygon:
    """One outline of several; gaps narrower than `gap_m` metres between them are closed."""
    _in_range(gap_m, 0, MAX_GAP_M, "gap_m")
    if not shapes:
        raise NothingChosenError
    whole = shapely.union_all(list(shapes), grid_size=GRID)
    if gap_m > 0:
        plane = Plane.around(whole)
        flat = plane.flat(whole)
        closed = flat.buffer(gap_m / 2, join_style="mitre").buffer(-gap_m / 2, join_style="mitre")
        whole = plane.round(shapely.union(flat, closed))
    return finished(whole)


def subtracted(*, shape: MultiPolygon, others: Sequence[BaseGeometry]) -> MultiPolygon:
    """The outline without the others; raises NothingLeftError."""
    rest: BaseGeometry = shape
    if others:
        cut = shapely.union_all(list(others), grid_size=GRID)
        rest = shapely.difference(shape, cut, grid_size=GRID)
    kept = [part for part in geometries.polygons_of(rest) if not _is_sliver(part)]
    return finished(MultiPolygon(kept))


def along(*, line: BaseGeometry, metres: float) -> MultiPolygon:
    """Everything within `metres` of a line: a street with the houses on both sides."""
    _in_range(metres, 1, MAX_WIDTH_M, "metres")
    return finished(widened(line, metres=metres))


def street_line(*, street_ids: Sequence[int]) -> BaseGeometry:
    """The lines of streets as one; raises NoLineError, UnknownPlacesError."""
    ids = _checked_ids(street_ids, MAX_STREETS)
    found = dict(Street.objects.filter(id__in=ids).values_list("id", "geom"))
    if len(found) < len(ids):
        raise UnknownPlacesError(ids=sorted(ids - found.keys()))
    lines = [to_shapely(geom) for geom in found.values() if geom is not None]
    if len(lines) < len(found):
        without = sorted(street for street, geom in found.items() if geom is None)
        raise NoLineError(ids=without)
    return shapely.union_all(lines)


def simplified(*, shape: MultiPolygon, metres: float) -> Simplified:
    """Fewer corners, none farther than `metres` from where the outline was."""
    _in_range(metres, 0.1, MAX_TOLERANCE_M, "metres")
    plane = Plane.around(shape)
    thin = plane.round(shapely.simplify(plane.flat(shape), metres, preserve_topology=True))
    result = finished(thin)
    before = int(shapely.get_num_coordinates(shape))
    return Simplified(result, before, int(shapely.get_num_coordinates(result)))


def around_buildings(
    *, building_ids: Iterable[int], margin_m: float = 10, tightness: float = 0.5
) -> MultiPolygon:
    """One outline around buildings: a concave hull of their footprints and points, and a margin.

    `tightness` 0 is the convex hull, 1 the closest one. Raises UnknownPlacesError,
    TooFarApartError, NothingChosenError.
    """
    _in_range(margin_m, 1, MAX_WIDTH_M, "margin_m")
    _in_range(tightness, 0, 1, "tightness")
    ids = _checked_ids(building_ids, MAX_BUILDINGS)
    rows = Building.objects.filter(id__in=ids, retired_at__isnull=True).values_list(
        "id", "point", "footprint"
    )
    found = {row[0]: [to_shapely(shape) for shape in row[1:] if shape is not None] for row in rows}
    if len(found) < len(ids):
        raise UnknownPlacesError(ids=sorted(ids - found.keys()))
    shapes = [shape for shapes in found.values() for shape in shapes]
    whole = shapely.union_all([shapely.make_valid(shape) for shape in shapes])
    plane = Plane.around(whole)
    west, south, east, north = plane.flat(whole).bounds
    if max(east - west, north - south) > MAX_SPREAD_M:
        raise TooFarApartError
    hull = shapely.concave_hull(plane.flat(whole), ratio=(1 - tightness) ** 2)
    # The hull goes through corners and may cut a footprint; with the union nothing is left out.
    return finished(widened(shapely.union(plane.round(hull), whole), metres=margin_m))


def finished(shape: BaseGeometry) -> MultiPolygon:
    """The outline rounded and checked, repaired where rounding broke it; raises NothingLeftError
    or InvalidGeometryError (too many points, outside the world)."""
    parts = [part for part in geometries.polygons_of(shape) if part.area > 0]
    if not parts:
        raise NothingLeftError
    result = geometries.check(MultiPolygon(parts))
    found = result.geometry if result.geometry is not None else result.repaired
    if found is None:
        raise geometries.invalid(result)
    return found


def _is_sliver(shape: BaseGeometry) -> bool:
    return bool(Plane.around(shape).flat(shape).area < SLIVER_M2)


def _checked_ids(ids: Iterable[int], most: int) -> set[int]:
    chosen = set(ids)
    if not chosen:
        raise NothingChosenError
    if len(chosen) > most:
        raise NumberOutOfRangeError(_("Too many are chosen at once."), most=most)
    return chosen


def _in_range(number: float, least: float, most: float, field: str) -> None:
    if not least <= number <= most:  # NaN is in no range
        text = _("Give a number from %(least)g to %(most)g.") % {"least": least, "most": most}
        raise NumberOutOfRangeError(text, field=field, least=least, most=most)
