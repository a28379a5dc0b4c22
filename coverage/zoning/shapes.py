"""Between shapely (checks and sums) and GEOS (what the ORM stores)."""

import shapely
from django.contrib.gis.geos import GEOSGeometry
from shapely.geometry.base import BaseGeometry


def to_geos(shape: BaseGeometry) -> GEOSGeometry:
    """For a model field."""
    return GEOSGeometry(memoryview(shapely.to_wkb(shape)), srid=4326)


def to_shapely(stored: GEOSGeometry) -> BaseGeometry:
    """From a model field."""
    return shapely.from_wkb(bytes(stored.wkb))
