"""A drawn polygon in figures: what stands in it, who serves it already, whom it meets."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from shapely import MultiPolygon

from coverage.demand.rows import fetched
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

# Both answers from one pass: a city has 100,000 buildings, and looking them up is most of the work.
FIGURES = f"""
WITH {INSIDE}, served AS (
    SELECT DISTINCT building_id FROM covered WHERE status = 'IN_SERVICE'
), kept AS (
    SELECT inside.locality_id, count(*) AS premises FROM coverage_premise premise
    JOIN inside ON inside.id = premise.building_id GROUP BY inside.locality_id
), marked AS MATERIALIZED (
    SELECT inside.*, inside.id IN (SELECT building_id FROM served) AS is_served FROM inside
), totals AS (
    SELECT locality_id, count(*) AS buildings, count(*) FILTER (WHERE is_numbered) AS numbered,
        COALESCE(sum(flats), 0) AS flats, count(flats) AS with_flats,
        COALESCE(sum(guessed), 0) AS guessed, count(guessed) AS with_guess,
        count(*) FILTER (WHERE is_served) AS served,
        COALESCE(sum(COALESCE(flats, guessed, 1)) FILTER (WHERE NOT is_served), 0) AS homes
    FROM marked GROUP BY locality_id
), counted AS (
    SELECT version_id, count(*) AS buildings FROM covered GROUP BY version_id
), met AS (
    SELECT open_version.zone_id, open_version.name, open_version.network_type,
        open_version.status, open_version.priority, COALESCE(counted.buildings, 0) AS buildings,
        ST_Area(ST_Intersection(open_version.geometry,
            ST_GeomFromWKB(%(wkb)s, 4326))::geography) AS area_m2
    FROM open_version LEFT JOIN counted ON counted.version_id = open_version.id
    WHERE ST_Intersects(open_version.geometry, ST_GeomFromWKB(%(wkb)s, 4326))
)
SELECT
    (SELECT json_agg(row_to_json(row) ORDER BY row.buildings DESC, row.locality_id) FROM (
        SELECT totals.*, COALESCE(kept.premises, 0) AS premises
        FROM totals LEFT JOIN kept USING (locality_id)) row)::text,
    (SELECT json_agg(row_to_json(met) ORDER BY network_type, name, zone_id) FROM met)::text
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


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """Both: figures by locality, the largest first, and zones of every network that are met.

    Zones that share no more than 50 m² with the polygon only touch it and are left out.
    """

    by_locality: tuple[AreaTotals, ...]
    met: tuple[MetZone, ...]


def demand_area(*, shape: MultiPolygon, at: datetime, zone_id: int | None) -> AreaFigures:
    """What stands in the polygon and whom it meets; the zone being drawn anew is left out."""
    plane = Plane.around(shape)
    values: dict[str, Any] = {
        "wkb": shapely.to_wkb(shape),
        "at": at,
        "zone_id": zone_id,
        "degree_m2": plane.east_m * plane.north_m,
        "flat_m2": FLAT_M2,
    }
    (row,) = fetched(FIGURES, values)
    totals, met = (json.loads(text or "[]") for text in row)
    return AreaFigures(
        tuple(AreaTotals(**{name: int(number) for name, number in row.items()}) for row in totals),
        tuple(zone for row in met if (zone := MetZone(**row)).area_m2 > TOUCH_M2),
    )
