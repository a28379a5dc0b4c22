"""Outlines of real files: read, found faulty, repaired; each fault with its reason and place.

A repair here is allowed because the outlines are reference data that nobody drew by hand with us;
what was done is always in the report. A planner's zone is never repaired unasked.
"""

import itertools
import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely import LineString, MultiLineString, MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from coverage.zoning.geometry import polygons_of

DIGITS = 7
# A ring with a wider gap than this share of its length is not closed by a straight line.
MAX_GAP_SHARE = 0.10
# A ring that cannot be closed is left out when it is so small a part of the whole.
SCRAP_SHARE = 0.01
# A repair that changes the area by more than this is worth a look by a person.
LARGE_CHANGE = 0.01
_PLACE = re.compile(r"^(?P<reason>[^\[]+)\[(?P<lon>-?[\d.e+-]+) (?P<lat>-?[\d.e+-]+)\]$")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of an outline and what was done about it; `code` as in report.REASONS."""

    code: str
    detail: str
    action: str
    lon: float | None = None
    lat: float | None = None


@dataclass(slots=True)
class Outline:
    """The usable geometry (None when there is none) and the faults that were met."""

    geometry: MultiPolygon | None
    faults: list[Fault] = field(default_factory=list)


def read_outline(value: Any) -> Outline:
    """A valid MultiPolygon from the `geometry` of a GeoJSON feature, with the faults on the way."""
    rings_or_fault = _polygon_coordinates(value)
    if isinstance(rings_or_fault, Fault):
        return Outline(None, [rings_or_fault])
    faults: list[Fault] = []
    polygons = []
    total_m = sum(_length_m(ring) for rings in rings_or_fault for ring in rings)
    for rings in rings_or_fault:
        closed = [_closed(ring, total_m, faults) for ring in rings]
        if any(ring is None for ring in closed):
            return Outline(None, faults)
        if closed and closed[0]:
            polygons.append(shapely.Polygon(closed[0], [hole for hole in closed[1:] if hole]))
    return _validated(MultiPolygon(polygons), faults)


def read_line(value: Any) -> MultiLineString | None:
    """A MultiLineString from a LineString or MultiLineString of GeoJSON, or None."""
    if not isinstance(value, dict) or value.get("type") not in ("LineString", "MultiLineString"):
        return None
    try:
        found = shapely.force_2d(shapely.from_geojson(json.dumps(value)))
    except (shapely.errors.GEOSException, ValueError, RecursionError):
        return None
    if found.is_empty or not _inside_world(shapely.get_coordinates(found)):
        return None
    lines = [found] if isinstance(found, LineString) else list(shapely.get_parts(found))
    return MultiLineString([line for line in lines if line.length > 0])


def point_inside(geometry: MultiPolygon) -> Point:
    """A point inside the outline: the centroid where that lies inside."""
    centre = geometry.centroid
    return centre if geometry.covers(centre) else geometry.point_on_surface()


def _polygon_coordinates(value: Any) -> list[list[list[Any]]] | Fault:
    if not isinstance(value, dict):
        return Fault("NO_GEOMETRY", "", "SKIPPED")
    kind, coordinates = value.get("type"), value.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(coordinates, list):
        return Fault("WRONG_GEOMETRY", str(kind)[:40], "SKIPPED")
    try:
        polygons = [coordinates] if kind == "Polygon" else coordinates
        read = [
            [[(float(p[0]), float(p[1])) for p in ring] for ring in rings] for rings in polygons
        ]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        return Fault("WRONG_GEOMETRY", "", "SKIPPED")
    everything = [point for rings in read for ring in rings for point in ring]
    if not everything:
        return Fault("NO_GEOMETRY", "", "SKIPPED")
    if not _inside_world(np.asarray(everything)):
        return Fault("OUTSIDE_WORLD", "", "SKIPPED")
    return read


def _inside_world(coordinates: Any) -> bool:
    finite = bool(np.isfinite(coordinates).all())
    return finite and bool((np.abs(coordinates) <= (180, 90)).all())


def _closed(
    ring: list[tuple[float, float]], total_m: float, faults: list[Fault]
) -> list[Any] | None:
    """The ring closed; [] when it is left out as a scrap; None when the outline is refused."""
    if len(set(ring)) < 3:
        place = ring[0] if ring else (None, None)
        faults.append(Fault("INVALID_GEOMETRY", "Too few points in ring", "RING_DROPPED", *place))
        return []
    if ring[0] == ring[-1]:
        return ring
    gap_m, length_m = distance_m(ring[0], ring[-1]), _length_m(ring)
    detail = f"gap {gap_m:.0f} m of {length_m:.0f} m"
    # The place is where the ring stops, not where it began.
    if gap_m <= MAX_GAP_SHARE * length_m:
        faults.append(Fault("RING_NOT_CLOSED", detail, "CLOSED_STRAIGHT", *ring[-1]))
        return [*ring, ring[0]]
    if length_m < SCRAP_SHARE * total_m:
        faults.append(Fault("RING_NOT_CLOSED", detail, "RING_DROPPED", *ring[-1]))
        return []
    faults.append(Fault("RING_NOT_CLOSED", detail, "SKIPPED", *ring[-1]))
    return None


def _validated(geometry: MultiPolygon, faults: list[Fault]) -> Outline:
    rounded = _rounded(geometry)
    if shapely.is_valid(rounded) and not rounded.is_empty:
        return Outline(rounded, faults)
    reason, lon, lat = _reason(rounded)
    repaired = _repaired(rounded)
    if repaired is None:
        faults.append(Fault("NO_AREA_LEFT", reason, "SKIPPED", lon, lat))
        return Outline(None, faults)
    change = abs(repaired.area - rounded.area) / (rounded.area or 1)
    detail = f"{reason}, area changed by {change:.2%}"
    action = "REPAIRED_PLEASE_CHECK" if change > LARGE_CHANGE else "REPAIRED"
    faults.append(Fault("INVALID_GEOMETRY", detail, action, lon, lat))
    return Outline(repaired, faults)


def _repaired(geometry: BaseGeometry) -> MultiPolygon | None:
    """Made valid, its polygon parts pulled out of nested collections, valid *after* rounding."""
    made = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    for candidate in (_rounded(made), shapely.set_precision(made, 10.0**-DIGITS)):
        parts = [part for part in polygons_of(candidate) if part.area > 0]
        found = MultiPolygon(parts)
        if parts and shapely.is_valid(found):
            return found
    return None


def _rounded(geometry: BaseGeometry) -> MultiPolygon:
    moved = shapely.transform(geometry, lambda pairs: np.round(pairs, DIGITS))
    return MultiPolygon(list(polygons_of(moved)))


def _reason(geometry: BaseGeometry) -> tuple[str, float | None, float | None]:
    text = str(shapely.is_valid_reason(geometry))
    found = _PLACE.match(text)
    if found:
        return found["reason"], float(found["lon"]), float(found["lat"])
    return text, None, None


def _length_m(ring: list[tuple[float, float]]) -> float:
    return sum(distance_m(left, right) for left, right in itertools.pairwise(ring))


def distance_m(left: tuple[float, float], right: tuple[float, float]) -> float:
    """Metres between two near places (longitude, latitude), within 0.5 %."""
    east = (left[0] - right[0]) * 111_320 * math.cos(math.radians(left[1]))
    return math.hypot(east, (left[1] - right[1]) * 111_320)
