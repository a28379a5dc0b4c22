"""A map as a picture, drawn by the server (pure: no Django, no database).

Shapes come as GeoJSON geometries in degrees; what goes out are SVG paths in pixels. Near one town a
plain projection (longitude shortened by the cosine of the latitude) is exact to a pixel.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, isfinite, radians
from typing import Any

METRES_PER_DEGREE = 111_320.0
MAX_LABELS = 14
FAR_PX = 1e9


@dataclass(frozen=True, slots=True)
class View:
    """What the picture shows: its centre in degrees, its size in pixels, metres in one pixel."""

    lon: float
    lat: float
    width: int
    height: int
    metres_per_pixel: float

    def pixel(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a place is on the picture; y grows downwards."""
        scale = METRES_PER_DEGREE / self.metres_per_pixel
        x = self.width / 2 + (lon - self.lon) * cos(radians(self.lat)) * scale
        return x, self.height / 2 - (lat - self.lat) * scale

    @property
    def bbox(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the picture in degrees."""
        half_lat = self.height / 2 * self.metres_per_pixel / METRES_PER_DEGREE
        half_lon = self.width / 2 * self.metres_per_pixel / METRES_PER_DEGREE
        half_lon /= cos(radians(self.lat))
        return (
            self.lon - half_lon,
            self.lat - half_lat,
            self.lon + half_lon,
            self.lat + half_lat,
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """One drawn area: the kind of look ("IN_SERVICE", …, "NONE") and its SVG path."""

    look: str
    path: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class Label:
    """A street's name and where it is written."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the template draws, back to front.

    `unit`: how many pixels of the drawing make one on the screen; marks, letters and patterns are
    that much larger.
    """

    view: View
    zones: tuple[Shape, ...] = ()
    buildings: tuple[Shape, ...] = ()
    labels: tuple[Label, ...] = ()
    pin: tuple[float, float] | None = None
    pin_look: str = "NONE"
    unit: float = 1.0
    label_weight: int = 500


def view_of_bbox(
    *, bbox: tuple[float, float, float, float], width: int, height: int, margin: float = 0.06
) -> View:
    """The view that shows the whole box with a margin around it."""
    west, south, east, north = bbox
    lat = (south + north) / 2
    wide_m = (east - west) * METRES_PER_DEGREE * cos(radians(lat))
    high_m = (north - south) * METRES_PER_DEGREE
    metres = max(wide_m / width, high_m / height, 0.2) * (1 + 2 * margin)
    return View((west + east) / 2, lat, width, height, metres)


def shape(*, view: View, geometry: dict[str, Any] | None, look: str, here: bool = False) -> Shape:
    """The area as an SVG path with one decimal; an area out of sight has an empty path."""
    return Shape(look=look, path="".join(_rings(view, geometry)), here=here)


def _rings(view: View, geometry: dict[str, Any] | None) -> Iterator[str]:
    for ring in _rings_of(geometry):
        points = [view.pixel(lon, lat) for lon, lat, *_rest in ring]
        if _out_of_sight(view, points):
            continue
        path = _path(points)
        if path:
            yield path


def _rings_of(geometry: dict[str, Any] | None) -> Iterator[Sequence[Sequence[float]]]:
    if not geometry:
        return
    if geometry["type"] == "Polygon":
        yield from geometry["coordinates"]
    elif geometry["type"] == "MultiPolygon":
        for polygon in geometry["coordinates"]:
            yield from polygon


def _out_of_sight(view: View, points: Sequence[tuple[float, float]]) -> bool:
    xs = [x for x, _y in points]
    ys = [y for _x, y in points]
    if not all(isfinite(value) for value in (*xs, *ys)):
        return True
    return max(xs) < 0 or max(ys) < 0 or min(xs) > view.width or min(ys) > view.height


def _path(points: Sequence[tuple[float, float]]) -> str:
    """Relative steps in tenths of a pixel; steps too small to be seen are left out."""
    tenths = [(_tenths(x), _tenths(y)) for x, y in points]
    kept = [tenths[0]]
    for point in tenths[1:]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= 4:
            kept.append(point)
    if len(kept) < 3:
        return ""
    parts = [f"M{_number(kept[0][0])} {_number(kept[0][1])}"]
    for (x0, y0), (x1, y1) in pairwise(kept):
        parts.append(f"l{_number(x1 - x0)} {_number(y1 - y0)}")
    return "".join(parts) + "z"


def _tenths(pixels: float) -> int:
    """Rounded; what lies absurdly far out is drawn at the edge of what numbers bear."""
    return round(min(max(pixels, -FAR_PX), FAR_PX) * 10)


def _number(tenths: int) -> str:
    whole, rest = divmod(abs(tenths), 10)
    text = f"{whole}.{rest}" if rest else str(whole)
    return f"-{text}" if tenths < 0 else text


def labels(
    *,
    view: View,
    streets: Iterable[tuple[str, float, float]],
    size: float = 11.5,
    pin: tuple[float, float] | None = None,
) -> tuple[Label, ...]:
    """Names that fit, in the order given; one that would cover another or the pin is left out."""
    placed: list[tuple[float, float, float, float]] = []
    if pin is not None:
        placed.append((pin[0] - 60, pin[1] - 95, pin[0] + 60, pin[1] + 40))
    found: list[Label] = []
    for text, lon, lat in streets:
        x, y = view.pixel(lon, lat)
        half = len(text) * size * 0.29
        box = (x - half - 6, y - size, x + half + 6, y + size * 0.6)
        inside = box[0] > 0 and box[1] > 0 and box[2] < view.width and box[3] < view.height - 16
        if not inside or any(_meet(box, other) for other in placed):
            continue
        placed.append(box)
        found.append(Label(text=text, x=round(x, 1), y=round(y, 1)))
        if len(found) == MAX_LABELS:
            break
    return tuple(found)


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
