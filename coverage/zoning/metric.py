"""Metres on the ground: a flat plane around a place, and PostGIS' geography for widening.

Degrees are never measured with. The plane (WGS 84 radii at its middle) is good to about one part
in a thousand over 30 km; it serves tolerances and hulls. Widths are made by geography.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from django.db import DataError, InternalError, connection, transaction
from django.utils.translation import gettext_lazy as _
from shapely.geometry.base import BaseGeometry

from project.core.errors import DomainError

SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_2 = 0.00669437999014
NEAREST_TO_POLE_COS = 0.001


class GeometryTooHardError(DomainError):
    """PostGIS can't do it with this geometry (an edge over half the globe, a pole)."""

    code = "geometry_too_hard"
    message = _("This can't be done with such an outline.")


@dataclass(frozen=True, slots=True)
class Plane:
    """A plane that touches the ellipsoid at a place; metres east and north of it."""

    lon: float
    lat: float
    east_m: float
    north_m: float

    @classmethod
    def around(cls, shape: BaseGeometry) -> "Plane":
        """The plane at the middle of a geometry's box."""
        west, south, east, north = shape.bounds
        lon, lat = (west + east) / 2, (south + north) / 2
        sine = math.sin(math.radians(lat))
        root = math.sqrt(1 - ECCENTRICITY_2 * sine * sine)
        prime = SEMI_MAJOR_M / root
        meridian = SEMI_MAJOR_M * (1 - ECCENTRICITY_2) / root**3
        cosine = max(math.cos(math.radians(lat)), NEAREST_TO_POLE_COS)
        degree = math.pi / 180
        return cls(lon, lat, prime * cosine * degree, meridian * degree)

    def flat(self, shape: BaseGeometry) -> BaseGeometry:
        """Degrees to metres."""
        origin, scale = np.array([self.lon, self.lat]), np.array([self.east_m, self.north_m])
        return shapely.transform(shape, lambda pairs: (pairs - origin) * scale)

    def round(self, shape: BaseGeometry) -> BaseGeometry:
        """Metres back to degrees."""
        origin, scale = np.array([self.lon, self.lat]), np.array([self.east_m, self.north_m])
        return shapely.transform(shape, lambda pairs: pairs / scale + origin)


def widened(shape: BaseGeometry, *, metres: float) -> BaseGeometry:
    """Everything within so many metres of the geometry, by geography; raises
    GeometryTooHardError."""
    found = _ask(
        "SELECT ST_AsBinary(ST_Buffer(ST_GeomFromWKB(%s, 4326)::geography, %s)::geometry)",
        [shapely.to_wkb(shape), metres],
    )
    return shapely.from_wkb(bytes(found))


def length_m(line: BaseGeometry) -> float:
    """Length on the ellipsoid; raises GeometryTooHardError."""
    sql = "SELECT ST_Length(ST_GeomFromWKB(%s, 4326)::geography)"
    return float(_ask(sql, [shapely.to_wkb(line)]))


def area_m2(shape: BaseGeometry) -> float:
    """Area on the ellipsoid; raises GeometryTooHardError."""
    sql = "SELECT ST_Area(ST_GeomFromWKB(%s, 4326)::geography)"
    return float(_ask(sql, [shapely.to_wkb(shape)]))


def _ask(sql: str, parameters: Sequence[Any]) -> Any:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchone()[0]
    except (InternalError, DataError) as error:
        raise GeometryTooHardError from error
