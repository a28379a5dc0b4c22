"""A drawn polygon in figures: what stands in it, who serves it already, whom it meets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from django.db import connection
from shapely import MultiPolygon

from coverage.zoning.metric import Plane

# One pass over the buildings. Flats that nobody has counted are estimated for blocks of three or
# more floors: footprint times floors over 80 m² (a flat with its share of stairs and walls). The
# footprint is measured on the plane at the latitude of the polygon: an estimate needs no more.
INSIDE = """
inside AS MATERIALIZED (
    SELECT hit.* FROM (SELECT ST_GeomFromWKB(%(wkb)s, 4326) AS geometry OFFSET 0) area
    CROSS JOIN LATERAL (
        SELECT building.id, building.number IS NOT NULL AS is_numbered, building.flats,
            building.locality_id,
            CASE WHEN building.flats IS NULL AND building.levels >= 3 THEN GREATEST(1, round(
                ST_Area(building.footprint) * %(degree_m2)s * building.levels / %(flat_m2)s))
            END AS guessed
        FROM coverage_building building
        WHERE building.retired_at IS NULL AND ST_Intersects(area.geometry, building.point)
        OFFSET 0
    ) hit
), open_version AS MATERIALIZED (
    SELECT version.id, version.zone_id, zone.name, zone.network_type, version.status,
        version.priority, version.geometry
    FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
    WHERE version.valid @> %(at)s AND version.status NOT IN ('DRAFT', 'RETIRED')
      AND version.geometry && ST_GeomFromWKB(%(wkb)s, 4326)
      AND (%(zone_id)s::bigint IS NULL OR version.zone_id <> %(zone_id)s::bigint)
), covered AS MATERIALIZED (
    SELECT row.building_id, open_version.id AS version_id, open_version.status,
        open_version.network_type
    FROM open_version JOIN coverage_buildingcoverage row ON row.zone_version_id = open_version.id
    JOIN inside ON inside.id = row.building_id
)
"""

TOTALS = f"""
WITH {INSIDE}, served AS (
    SELECT DISTINCT building_id FROM covered WHERE status = 'IN_SERVICE'
)
SELECT inside.locality_id, count(*), count(*) FILTER (WHERE is_numbered),
    COALESCE(sum(flats), 0), count(flats), COALESCE(sum(guessed), 0), count(guessed),
    count(served.building_id),
    COALESCE(sum(CASE WHEN served.building_id IS NULL THEN COALESCE(flats, guessed, 1) END), 0),
    (SELECT count(*) FROM coverage_premise premise JOIN inside i ON i.id = premise.building_id
     WHERE i.locality_id = inside.locality_id)
FROM inside LEFT JOIN served ON served.building_id = inside.id
GROUP BY inside.locality_id ORDER BY count(*) DESC, inside.locality_id
"""  # noqa: S608  (only our own text)

MEETS = f"""
WITH {INSIDE}
SELECT open_version.zone_id, open_version.name, open_version.network_type, open_version.status,
    open_version.priority,
    (SELECT count(*) FROM covered WHERE covered.version_id = open_version.id),
    ST_Area(ST_Intersection(open_version.geometry,
        ST_GeomFromWKB(%(wkb)s, 4326))::geography)
FROM open_version WHERE ST_Intersects(open_version.geometry, ST_GeomFromWKB(%(wkb)s, 4326))
ORDER BY open_version.network_type, open_version.name, open_version.zone_id
"""  # noqa: S608  (only our own text)
FLAT_M2 = 80
TOUCH_M2 = 50  # as in the overlap rule: less is a common edge


@dataclass(frozen=True, slots=True)
class AreaTotals:
    """Buildings of a polygon in one locality.

    `flats` are counted ones, in `with_flats` buildings; `guessed` estimated ones, in
    `with_guess` buildings. `served`: buildings that some network of ours serves today. `homes`: in
    the others, flats counted or estimated, else one a house. `premises`: flats on record.
    """

    locality_id: int
    buildings: int
    numbered: int
    flats: int
    with_flats: int
    guessed: int
    with_guess: int
    served: int
    homes: int
    premises: int


@dataclass(frozen=True, slots=True)
class MetZone:
    """A zone that reaches into the polygon: how many buildings inside and m² they share."""

    zone_id: int
    name: str
    network_type: str
    status: str
    priority: int
    buildings: int
    area_m2: float


def demand_area(*, shape: MultiPolygon, at: datetime, zone_id: int | None) -> list[AreaTotals]:
    """Figures by locality, the largest first; the zone that is being drawn anew is left out."""
    return [AreaTotals(row[0], *map(int, row[1:])) for row in _rows(TOTALS, shape, at, zone_id)]


def demand_met_zones(*, shape: MultiPolygon, at: datetime, zone_id: int | None) -> list[MetZone]:
    """Zones of ours that share more than 50 m² with the polygon, of every network."""
    return [
        zone
        for zone in (MetZone(*row) for row in _rows(MEETS, shape, at, zone_id))
        if zone.area_m2 > TOUCH_M2
    ]


def _rows(sql: str, shape: MultiPolygon, at: datetime, zone_id: int | None) -> list[Any]:
    plane = Plane.around(shape)
    values: dict[str, Any] = {
        "wkb": shapely.to_wkb(shape),
        "at": at,
        "zone_id": zone_id,
        "degree_m2": plane.east_m * plane.north_m,
        "flat_m2": FLAT_M2,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
