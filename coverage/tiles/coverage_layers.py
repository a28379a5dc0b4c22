"""What coverage draws: zones, buildings with their answer, and clusters of buildings from afar.

The public sees thinned outlines and one answer for a building. Staff see the whole outline, house
numbers, wiring, and the answer of each network type. Answers are as in `building_map`: zones of
that moment, one winner for each network type, surveyed facts first; nearness to an edge is left to
`answer_for_point`.
"""

from coverage.tiles.grid import MAX_ZOOM, Tile
from coverage.tiles.layers import Layer, Viewing, register, tile_bytes

BUILDINGS_FROM_ZOOM = 14
MAX_BUILDINGS = 20_000
CLUSTERS_A_SIDE = 8
PUBLIC_SIMPLIFY_M = 5.0
METRES_PER_DEGREE = 111_320.0

ZONES = """
SELECT ST_AsMVT(shown, 'zones', %(extent)s, 'geom', 'id') FROM (
    SELECT zone.id, zone.name, zone.network_type, version.status,
        version.planned_for_date::text AS planned_for_date {details},
        ST_AsMVTGeom(ST_Transform(
            ST_Simplify(version.geometry, %(tolerance)s::float8, true), 3857),
            box.shape, %(extent)s, %(margin)s, true) AS geom
    FROM (SELECT ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857) AS shape) box,
        coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
    WHERE version.valid @> %(at)s::timestamptz AND version.status NOT IN ('DRAFT', 'RETIRED')
        AND version.geometry && ST_Transform(ST_Expand(
            ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857), %(reach)s), 4326)
    ORDER BY zone.priority, version.area_m2 DESC, zone.id
) shown WHERE geom IS NOT NULL
"""
ZONE_DETAILS = ", zone.code, version.id AS version_id, zone.priority"

# Answers are numbers until the end, smaller is better: 0 AVAILABLE, 1 PLANNED, 2 SUSPENDED,
# 3 NEEDS_SURVEY, 4 NO_COVERAGE. Filled in: {shown}, the buildings of the tile, and whether they are
# {kept}; {winners}, more of the WITH; {said}, where fttb, gpon, docsis and wireless of a building
# come from.
BUILDINGS = """
WITH shown AS {kept} (
    {shown}
    WHERE building.tile_point && ST_MakeEnvelope(%(xmin)s - %(reach)s, %(ymin)s - %(reach)s,
            %(xmax)s + %(reach)s, %(ymax)s + %(reach)s, 3857)
        AND (building.retired_at IS NULL OR building.retired_at > %(at)s::timestamptz)
    LIMIT %(most)s
), facts AS MATERIALIZED (
    SELECT building_id, network_type, CASE WHEN available THEN 0 ELSE 4 END AS answer
    FROM coverage_coverageoverride
    WHERE valid @> %(at)s::timestamptz AND building_id IN (SELECT id FROM shown)
), surveyed AS (
    SELECT building_id, min(answer) FILTER (WHERE network_type = 'FTTB') AS fttb,
        min(answer) FILTER (WHERE network_type = 'GPON') AS gpon,
        min(answer) FILTER (WHERE network_type = 'DOCSIS') AS docsis,
        min(answer) FILTER (WHERE network_type = 'WIRELESS') AS wireless
    FROM facts GROUP BY building_id
){winners}, decided AS (
    SELECT shown.id, shown.number, shown.wiring, shown.tile_point,
        COALESCE(surveyed.fttb, CASE WHEN said.fttb = 0 AND shown.wiring = 'NOT_WIRED' THEN 3
            ELSE said.fttb END) AS fttb,
        COALESCE(surveyed.gpon, said.gpon) AS gpon,
        COALESCE(surveyed.docsis, said.docsis) AS docsis,
        COALESCE(surveyed.wireless, said.wireless) AS wireless
    FROM {said}
    LEFT JOIN surveyed ON surveyed.building_id = shown.id
)
SELECT ST_AsMVT(drawn, 'buildings', %(extent)s, 'geom', 'id') FROM (
    SELECT id, words.said[1 + COALESCE(LEAST(fttb, gpon, docsis, wireless), 4)] AS answer {details},
        ST_AsMVTGeom(tile_point, box.shape, %(extent)s, %(margin)s, true) AS geom
    FROM decided,
        (SELECT ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857) AS shape) box,
        (SELECT ARRAY['AVAILABLE', 'PLANNED', 'SUSPENDED', 'NEEDS_SURVEY', 'NO_COVERAGE'] AS said)
            words
) drawn
"""
# Now: BuildingAnswer has all of it ready. Where nothing is surveyed, the houses are read once as it
# is, and keeping them would be a fifth of the work.
NOW = {
    "kept": "NOT MATERIALIZED",
    "shown": """SELECT building.building_id AS id, building.number, building.wiring,
        building.tile_point, building.fttb, building.gpon, building.docsis, building.wireless
    FROM coverage_buildinganswer building""",
    "winners": "",
    "said": """shown CROSS JOIN LATERAL (
        SELECT shown.fttb, shown.gpon, shown.docsis, shown.wireless) said""",
}
# At another moment they are decided anew. `key` is rank * 8 + answer, so that the least key of a
# network type is its winner: higher priority, smaller area, lower id.
THEN = {
    "kept": "MATERIALIZED",
    "shown": """SELECT building.id, building.number, building.wiring, building.point,
        building.tile_point
    FROM coverage_building building""",
    "winners": """, ranked AS MATERIALIZED (
    SELECT version.geometry, zone.network_type,
        8 * row_number() OVER (ORDER BY version.priority DESC, version.area_m2, zone.id)::int
        + CASE version.status WHEN 'IN_SERVICE' THEN 0 WHEN 'SUSPENDED' THEN 2 ELSE 1 END AS key
    FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
    WHERE version.valid @> %(at)s::timestamptz AND version.status NOT IN ('DRAFT', 'RETIRED')
        AND version.geometry && (SELECT ST_Extent(point)::geometry FROM shown)
), winner AS (
    SELECT id, min(key) FILTER (WHERE network_type = 'FTTB') & 7 AS fttb,
        min(key) FILTER (WHERE network_type = 'GPON') & 7 AS gpon,
        min(key) FILTER (WHERE network_type = 'DOCSIS') & 7 AS docsis,
        min(key) FILTER (WHERE network_type = 'WIRELESS') & 7 AS wireless
    FROM (SELECT hit.id, ranked.network_type, ranked.key
        FROM ranked CROSS JOIN LATERAL (
            SELECT shown.id FROM shown WHERE ST_Intersects(ranked.geometry, shown.point) OFFSET 0
        ) hit) hits GROUP BY id
)""",
    "said": "shown LEFT JOIN winner said ON said.id = shown.id",
}
BUILDING_DETAILS = """, number, wiring, words.said[1 + fttb] AS fttb, words.said[1 + gpon] AS gpon,
        words.said[1 + docsis] AS docsis, words.said[1 + wireless] AS wireless"""

# Each building is counted in one cell of one tile: the left and lower edges belong to the cell.
CLUSTERS = """
WITH served AS MATERIALIZED (
    SELECT DISTINCT inside.building_id FROM coverage_zoneversion version
    JOIN coverage_buildingcoverage inside ON inside.zone_version_id = version.id
    WHERE version.valid @> %(at)s::timestamptz AND version.status = 'IN_SERVICE'
), cells AS (
    SELECT floor((ST_X(tile_point) - %(xmin)s) / %(cell)s) AS across,
        floor((ST_Y(tile_point) - %(ymin)s) / %(cell)s) AS up,
        count(*)::int AS count, count(served.building_id)::int AS served,
        ST_SetSRID(ST_MakePoint(avg(ST_X(tile_point)), avg(ST_Y(tile_point))), 3857) AS middle
    FROM coverage_building building LEFT JOIN served ON served.building_id = building.id
    WHERE tile_point && ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857)
        AND ST_X(tile_point) < %(xmax)s AND ST_Y(tile_point) < %(ymax)s
        AND (retired_at IS NULL OR retired_at > %(at)s::timestamptz)
    GROUP BY 1, 2
)
SELECT ST_AsMVT(drawn, 'clusters', %(extent)s, 'geom') FROM (
    SELECT cells.count, cells.served, ST_AsMVTGeom(middle,
        ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857),
        %(extent)s, 0, false) AS geom FROM cells
) drawn
"""


def zones(tile: Tile, viewing: Viewing) -> bytes:
    """Zones published at that moment; thinned to a quarter of a pixel, for the public to 5 m."""
    tolerance = 360 / (2**tile.z * 1024)
    if not viewing.with_details:
        tolerance = max(tolerance, PUBLIC_SIMPLIFY_M / METRES_PER_DEGREE)
    sql = ZONES.format(details=ZONE_DETAILS if viewing.with_details else "")
    return tile_bytes(sql, tile, at=viewing.at, tolerance=tolerance)


def buildings(tile: Tile, viewing: Viewing) -> bytes:
    """Standing buildings with their answer; at most MAX_BUILDINGS."""
    details = BUILDING_DETAILS if viewing.with_details else ""
    sql = BUILDINGS.format(details=details, **(NOW if viewing.is_present else THEN))
    return tile_bytes(sql, tile, at=viewing.at, most=MAX_BUILDINGS)


def clusters(tile: Tile, viewing: Viewing) -> bytes:
    """Buildings counted in a grid of 8 × 8 cells, and how many a zone in service covers."""
    return tile_bytes(CLUSTERS, tile, at=viewing.at, cell=tile.side / CLUSTERS_A_SIDE)


def register_all() -> None:
    """Make the layers known; called when the app is ready."""
    register(
        Layer(
            name="zones",
            render=zones,
            sources=("zones",),
            fields={"name": "String", "network_type": "String", "status": "String"},
            description="Coverage zones",
        )
    )
    register(
        Layer(
            name="clusters",
            render=clusters,
            sources=("buildings", "zones"),
            most_zoom=BUILDINGS_FROM_ZOOM - 1,
            fields={"count": "Number", "served": "Number"},
            description="Buildings counted in a grid",
        )
    )
    register(
        Layer(
            name="buildings",
            render=buildings,
            sources=("buildings", "zones"),
            least_zoom=BUILDINGS_FROM_ZOOM,
            most_zoom=MAX_ZOOM,
            fields={"answer": "String"},
            description="Buildings with the best answer",
        )
    )
