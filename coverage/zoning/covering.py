"""Which buildings a geometry covers: set-based SQL, zones outside, buildings inside.

A plain `JOIN … ON ST_Covers` drives from the points and misses the prepared geometry: 15 s where
this form takes 1.2 s (1 M points, 1,000 zones). `ST_Intersects` of a polygon and a point is true on
the edge, and the edge belongs to the zone; `ST_Contains` would lose it.
"""

from collections.abc import Iterable

import shapely
from django.db import connection
from shapely.geometry.base import BaseGeometry

# A version that ended while a building stood keeps it: the map of that day, and what two days
# differ by, stay what they were when the building is gone.
INSERT_COVERAGE = """
    INSERT INTO coverage_buildingcoverage (zone_version_id, building_id)
    SELECT version.id, hit.id
    FROM (SELECT id, geometry, upper(valid) AS ended_at FROM coverage_zoneversion
          WHERE id = ANY(%(version_ids)s) AND status <> 'RETIRED') version
    CROSS JOIN LATERAL (
        SELECT building.id FROM coverage_building building
        WHERE (building.retired_at IS NULL OR building.retired_at >= version.ended_at)
          AND (%(building_ids)s::bigint[] IS NULL OR building.id = ANY(%(building_ids)s::bigint[]))
          AND ST_Intersects(version.geometry, building.point)
        OFFSET 0
    ) hit
    ON CONFLICT (building_id, zone_version_id) DO NOTHING
"""

# `key` is rank * 8 + answer, so that the least key of a network type is its winner: by priority,
# smaller area, lower id. Rows that say the same as before are not written again.
ANSWERS = """
    WITH ranked AS MATERIALIZED (
        SELECT version.id, zone.network_type,
            8 * row_number() OVER (
                ORDER BY version.priority DESC, version.area_m2, zone.id)::int
            + CASE version.status WHEN 'IN_SERVICE' THEN 0 WHEN 'SUSPENDED' THEN 2 ELSE 1 END AS key
        FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
        WHERE upper_inf(version.valid) AND version.status NOT IN ('DRAFT', 'RETIRED')
    ), said AS (
        SELECT covered.building_id,
            min(key) FILTER (WHERE network_type = 'FTTB') & 7 AS fttb,
            min(key) FILTER (WHERE network_type = 'GPON') & 7 AS gpon,
            min(key) FILTER (WHERE network_type = 'DOCSIS') & 7 AS docsis,
            min(key) FILTER (WHERE network_type = 'WIRELESS') & 7 AS wireless
        FROM coverage_buildingcoverage covered JOIN ranked ON ranked.id = covered.zone_version_id
        WHERE %(ids)s::bigint[] IS NULL OR covered.building_id = ANY(%(ids)s::bigint[])
        GROUP BY covered.building_id
    ), wanted AS (
        SELECT answer.building_id, said.fttb, said.gpon, said.docsis, said.wireless
        FROM coverage_buildinganswer answer LEFT JOIN said USING (building_id)
        WHERE %(ids)s::bigint[] IS NULL OR answer.building_id = ANY(%(ids)s::bigint[])
    )
    UPDATE coverage_buildinganswer answer SET fttb = wanted.fttb, gpon = wanted.gpon,
        docsis = wanted.docsis, wireless = wanted.wireless
    FROM wanted WHERE wanted.building_id = answer.building_id
        AND (answer.fttb, answer.gpon, answer.docsis, answer.wireless)
            IS DISTINCT FROM (wanted.fttb, wanted.gpon, wanted.docsis, wanted.wireless)
"""

BUILDINGS_INSIDE = """
    SELECT hit.id
    FROM (SELECT ST_GeomFromWKB(%(wkb)s, 4326) AS geometry OFFSET 0) zone
    CROSS JOIN LATERAL (
        SELECT building.id FROM coverage_building building
        WHERE building.retired_at IS NULL AND ST_Intersects(zone.geometry, building.point)
        OFFSET 0
    ) hit
    ORDER BY hit.id
"""


def cover(*, version_ids: Iterable[int], building_ids: Iterable[int] | None = None) -> int:
    """Write the rows of BuildingCoverage of these versions (and buildings); how many are new."""
    chosen = None if building_ids is None else list(building_ids)
    with connection.cursor() as cursor:
        cursor.execute(INSERT_COVERAGE, {"version_ids": list(version_ids), "building_ids": chosen})
        return int(cursor.rowcount)


def rebuild(*, building_ids: Iterable[int] | None = None) -> int:
    """Derive BuildingCoverage anew, wholly or for some buildings (moved or imported); rows now.

    The caller has a transaction, so that nobody sees it half done, and shares the publishing lock.
    """
    chosen = None if building_ids is None else list(building_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM coverage_buildingcoverage"
            " WHERE %(ids)s::bigint[] IS NULL OR building_id = ANY(%(ids)s::bigint[])",
            {"ids": chosen},
        )
        cursor.execute("SELECT id FROM coverage_zoneversion")
        version_ids = [row[0] for row in cursor.fetchall()]
    rows = cover(version_ids=version_ids, building_ids=chosen)
    refresh_answers(building_ids=chosen)
    return rows


def refresh_answers(*, building_ids: Iterable[int] | None = None) -> int:
    """Bring BuildingAnswer up to BuildingCoverage, wholly or for some buildings; rows written."""
    chosen = None if building_ids is None else list(building_ids)
    with connection.cursor() as cursor:
        cursor.execute(ANSWERS, {"ids": chosen})
        return int(cursor.rowcount)


def buildings_inside(geometry: BaseGeometry) -> tuple[int, ...]:
    """Ids of the buildings that the geometry covers, sorted."""
    with connection.cursor() as cursor:
        cursor.execute(BUILDINGS_INSIDE, {"wkb": shapely.to_wkb(geometry)})
        return tuple(row[0] for row in cursor.fetchall())
