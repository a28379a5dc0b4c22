"""What stands in cells: buildings, flats where known, how far the nearest network is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

# Cells outside, buildings inside (see coverage/zoning/covering.py for why). The nearest zone is
# looked up in degrees first, through the index, and then measured in metres among the nearest few.
GROUND = """
WITH cell AS MATERIALIZED (
    SELECT given.name, ST_SetSRID(ST_GeomFromGeoJSON(given.geojson), 4326) AS geometry
    FROM unnest(%(names)s::text[], %(shapes)s::text[]) AS given(name, geojson)
), open_zone AS MATERIALIZED (
    SELECT version.geometry, zone.name, zone.network_type, version.status
    FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
    WHERE version.valid @> %(at)s AND version.status NOT IN ('DRAFT', 'RETIRED')
      AND (%(network)s = '' OR zone.network_type = %(network)s)
)
SELECT cell.name, inside.buildings, inside.flats, inside.without_flats, inside.locality_id,
    inside.landmark_id, COALESCE(near.name, ''), COALESCE(near.network_type, ''),
    COALESCE(near.status, ''), near.metres
FROM cell
CROSS JOIN LATERAL (
    SELECT count(*) AS buildings, COALESCE(sum(hit.flats), 0) AS flats,
        count(*) FILTER (WHERE hit.flats IS NULL) AS without_flats,
        mode() WITHIN GROUP (ORDER BY hit.locality_id) AS locality_id,
        (array_agg(hit.id ORDER BY hit.away, hit.id) FILTER (WHERE hit.is_named))[1]
            AS landmark_id
    FROM (SELECT building.id, building.flats, building.locality_id,
              cell.name ~ '^b' OR (building.number IS NOT NULL AND building.street_id IS NOT NULL)
                  AS is_named,
              ST_Distance(building.point, ST_Centroid(cell.geometry)) AS away
          FROM coverage_building building
          WHERE building.retired_at IS NULL AND (cell.name = 'b' || building.id
            OR (cell.name !~ '^b' AND ST_Intersects(cell.geometry, building.point)))
            AND building.point && ST_Expand(cell.geometry, 0.001) OFFSET 0) hit
) inside
LEFT JOIN LATERAL (
    SELECT few.name, few.network_type, few.status,
        ST_Distance(few.geometry::geography, cell.geometry::geography) AS metres
    FROM (SELECT * FROM open_zone ORDER BY open_zone.geometry <-> cell.geometry LIMIT 3) few
    ORDER BY metres LIMIT 1
) near ON true
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """One cell: buildings, flats known, buildings whose flats are not known, the nearest zone.

    `landmark_id`: the building with an address nearest the middle. `zone_m`: metres to the nearest
    zone of the network (0: it reaches into the cell), None where there is no zone at all.
    """

    buildings: int
    flats: int
    without_flats: int
    locality_id: int | None
    landmark_id: int | None
    zone_name: str
    zone_network: str
    zone_status: str
    zone_m: float | None


def demand_ground(
    *, shapes: Mapping[str, dict[str, Any]], network_type: str, at: datetime
) -> dict[str, Ground]:
    """What stands in each cell (name → GeoJSON geometry of `grid.outlines`)."""
    names = list(shapes)
    with connection.cursor() as cursor:
        cursor.execute(
            GROUND,
            {
                "names": names,
                "shapes": [json.dumps(shapes[name]) for name in names],
                "network": network_type,
                "at": at,
            },
        )
        rows: list[Any] = cursor.fetchall()
    return {name: Ground(*ground) for name, *ground in rows}


FOOTPRINTS = """
SELECT ST_AsGeoJSON(ST_Collect(part.geom), 5) FROM (
    SELECT (ST_Dump(building.footprint)).geom FROM coverage_building building
    WHERE building.point && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
      AND building.footprint IS NOT NULL
      AND (building.retired_at IS NULL OR building.retired_at > %(at)s)
    ORDER BY building.id LIMIT %(most)s
) part
"""
MAX_FOOTPRINTS = 4_000


def demand_footprints(
    *, box: tuple[float, float, float, float], at: datetime
) -> dict[str, Any] | None:
    """Footprints inside of west, south, east, north as one geometry, for a map without a base."""
    west, south, east, north = box
    values = {"west": west, "south": south, "east": east, "north": north}
    with connection.cursor() as cursor:
        cursor.execute(FOOTPRINTS, {**values, "at": at, "most": MAX_FOOTPRINTS})
        text = cursor.fetchone()[0]
    return json.loads(text) if text else None
