"""Lines of streets in a map window, to draw along and to snap to; the building under the mouse."""

import json
from typing import Any

from django.db import connection

from coverage.addresses import street_label
from coverage.places import Box, checked_point

MAX_STREETS = 1000
NEAREST_BUILDING_M = 30

STREETS = """
    SELECT id, type, name, ST_AsGeoJSON(geom, 7) FROM coverage_street
    WHERE retired_at IS NULL
      AND geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
    ORDER BY id LIMIT %(limit)s
"""

# A footprint under the point wins over a nearer pin of the house beside it.
UNDER = """
    WITH place AS (SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) AS point)
    SELECT building.id FROM place, coverage_building building
    WHERE building.retired_at IS NULL
      AND building.point && ST_Expand(place.point, %(reach)s)
      AND (ST_Intersects(building.footprint, place.point)
        OR ST_DWithin(building.point::geography, place.point::geography, %(near_m)s))
    ORDER BY COALESCE(ST_Intersects(building.footprint, place.point), false) DESC,
        ST_Distance(building.point::geography, place.point::geography), building.id
    LIMIT 1
"""


def streets_geojson(*, bbox: Box, limit: int = MAX_STREETS) -> dict[str, Any]:
    """Streets that have a line, as a FeatureCollection; `left_out` when there are more."""
    limit = max(1, min(limit, MAX_STREETS))
    with connection.cursor() as cursor:
        cursor.execute(
            STREETS,
            {
                "west": bbox.west,
                "south": bbox.south,
                "east": bbox.east,
                "north": bbox.north,
                "limit": limit + 1,
            },
        )
        rows = cursor.fetchall()
    features = [
        {
            "type": "Feature",
            "id": street_id,
            "geometry": json.loads(shape),
            "properties": {"id": street_id, "label": street_label(street_type=kind, name=name)},
        }
        for street_id, kind, name, shape in rows[:limit]
    ]
    return {
        "type": "FeatureCollection",
        "features": features,
        "left_out": len(rows) > limit,
    }


def building_under(*, lon: float, lat: float) -> int | None:
    """The standing building whose footprint holds the point, else the nearest within 30 m."""
    lon, lat = checked_point(lon=lon, lat=lat)
    with connection.cursor() as cursor:
        cursor.execute(
            # No footprint reaches farther than this from its point (about 220 m).
            UNDER,
            {"lon": lon, "lat": lat, "near_m": NEAREST_BUILDING_M, "reach": 0.002},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def buildings_of_street(*, street_id: int, limit: int = 3000) -> list[int]:
    """Ids of the standing buildings with an address in this street."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM coverage_building WHERE street_id = %(street)s AND retired_at IS NULL"
            " UNION SELECT address.building_id FROM coverage_buildingaddress address"
            " JOIN coverage_building building ON building.id = address.building_id"
            " WHERE address.street_id = %(street)s AND building.retired_at IS NULL"
            " ORDER BY 1 LIMIT %(limit)s",
            {"street": street_id, "limit": limit},
        )
        return [row[0] for row in cursor.fetchall()]
