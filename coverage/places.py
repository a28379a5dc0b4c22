"""Numbers from outside that shall be places: checked before they reach the database."""

import math
import unicodedata
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from project.core.errors import DomainError

MAX_ACCURACY_M = 100_000
MAX_TEXT_LENGTH = 300
# A map of a city district; a larger box is cut down around its middle.
MAX_BBOX_DEGREES = 0.2


class BadCoordinatesError(DomainError):
    """Longitude and latitude are not a place on Earth."""

    code = "bad_coordinates"
    message = _("These coordinates are not a place on the map.")


class BadBoxError(DomainError):
    """The bounding box is not four numbers west, south, east, north."""

    code = "bad_bbox"
    message = _("The map window must be four numbers: west, south, east, north.")


class BadTextError(DomainError):
    """The typed text is too long or has characters that nobody can type."""

    code = "bad_text"
    message = _("This text can't be read as an address.")


@dataclass(frozen=True, slots=True)
class Box:
    """A bounding box in degrees, west < east and south < north."""

    west: float
    south: float
    east: float
    north: float


def checked_point(*, lon: float, lat: float) -> tuple[float, float]:
    """The pair as floats; raises BadCoordinatesError for NaN, infinity and outside the world."""
    try:
        lon, lat = float(lon), float(lat)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadCoordinatesError(field="lon") from error
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise BadCoordinatesError(field="lon")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadCoordinatesError(field="lon" if not -180 <= lon <= 180 else "lat")
    return lon, lat


def checked_accuracy(accuracy_m: float | None) -> int | None:
    """Whole metres, rounded up; None stays None. Raises BadCoordinatesError."""
    if accuracy_m is None:
        return None
    try:
        number = float(accuracy_m)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadCoordinatesError(field="accuracy_m") from error
    if not math.isfinite(number) or not 0 <= number <= MAX_ACCURACY_M:
        raise BadCoordinatesError(field="accuracy_m")
    return math.ceil(number)


def checked_box(text: str) -> Box:
    """A box from "west,south,east,north", cut to MAX_BBOX_DEGREES; raises BadBoxError."""
    parts = text.split(",") if len(text) <= 200 else []
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError as error:
        raise BadBoxError(field="bbox") from error
    if not all(math.isfinite(number) for number in (west, south, east, north)):
        raise BadBoxError(field="bbox")
    west, east = max(west, -180.0), min(east, 180.0)
    south, north = max(south, -90.0), min(north, 90.0)
    if west >= east or south >= north:
        raise BadBoxError(field="bbox")
    west, east = _cut(west, east)
    south, north = _cut(south, north)
    return Box(west, south, east, north)


def checked_text(text: str) -> str:
    """The text as it was typed; raises BadTextError when it can't be stored or is no line of text.

    A pasted line break or tab is allowed; other control characters and lone surrogates are not.
    """
    if len(text) > MAX_TEXT_LENGTH:
        message = _("The address is too long: at most %(most)d characters.")
        raise BadTextError(message % {"most": MAX_TEXT_LENGTH}, field="text")
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n":
            raise BadTextError(field="text")
    return text


def _cut(low: float, high: float) -> tuple[float, float]:
    if high - low <= MAX_BBOX_DEGREES:
        return low, high
    middle = (low + high) / 2
    return middle - MAX_BBOX_DEGREES / 2, middle + MAX_BBOX_DEGREES / 2
