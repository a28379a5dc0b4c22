"""Which zone speaks for a place: the SQL of the winner, in one place for one house and for a city.

Of the zone versions open at a moment that cover a place, one wins for each network type: higher
priority, then the smaller area, then the older zone. `ST_Intersects` of a polygon and a point is
true on the edge, and the edge belongs to the zone; `ST_Contains` would lose it. Zones stand outside
and places inside, so that PostGIS prepares each zone once: a plain join from the points took 15 s
where this form takes 1.2 s (1 M points, 1,000 zones).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from project.core import prepared

# S608 below: these texts are put together from constants only; what varies is a parameter.

IS_OPEN = "version.valid @> %(at)s::timestamptz AND version.status NOT IN ('DRAFT', 'RETIRED')"

NEAR_PLACES = """AND version.geometry
            && (SELECT ST_SetSRID(ST_Extent(point)::geometry, 4326) FROM place)"""

# Which of the places a version covers. Both read `place` (id, point): a CTE where the places are
# few, a table with an index on `point` where they are many.
BY_GEOMETRY = """
    CROSS JOIN LATERAL (
        SELECT place.id FROM place WHERE ST_Intersects(ranked.geometry, place.point) OFFSET 0
    ) hit
"""
# What `coverage.zoning.covering` keeps; the places are buildings.
BY_STORED_COVERAGE = """
    JOIN coverage_buildingcoverage inside ON inside.zone_version_id = ranked.version_id
    JOIN place hit ON hit.id = inside.building_id
"""


def winners_sql(hits: str = BY_GEOMETRY, *, near_places: bool = True) -> str:
    """The SELECT of the winners among the places of `place`; parameter `at`.

    Columns: place_id, network_type, version_id, zone_id, zone_name, status, planned_for_date.
    Zones are ranked once, so that what is sorted for each place is three numbers. `near_places`:
    leave out at once what lies far from all places; not worth its while where they are many.
    """
    # Places whose coverage is stored need no point.
    near = NEAR_PLACES if near_places and hits == BY_GEOMETRY else ""
    return f"""
    WITH ranked AS MATERIALIZED (
        SELECT version.id AS version_id, version.geometry, version.status,
            version.planned_for_date, zone.id AS zone_id, zone.name AS zone_name,
            zone.network_type, dense_rank() OVER (ORDER BY zone.network_type)::int AS network,
            row_number() OVER (
                ORDER BY version.priority DESC, version.area_m2, zone.id)::int AS rank
        FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
        WHERE {IS_OPEN} {near}
    ), first AS (
        SELECT DISTINCT ON (hit.id, ranked.network) hit.id AS place_id, ranked.rank
        FROM ranked {hits}
        ORDER BY hit.id, ranked.network, ranked.rank
    )
    SELECT first.place_id, ranked.network_type, ranked.version_id, ranked.zone_id,
        ranked.zone_name, ranked.status, ranked.planned_for_date
    FROM first JOIN ranked ON ranked.rank = first.rank
    """  # noqa: S608


# The nearest in degrees need not be the nearest in metres: a degree of longitude shrinks with the
# latitude. Whatever may be nearer in metres lies within nearest degrees / cos(latitude). Near the
# poles a degree of longitude is nothing; there the search is simply wide. ST_Distance to a boundary
# or a geography is in metres on the ellipsoid.
GIVEN_PLACES = """
    SELECT id, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point, with_edge,
           1.02 / greatest(cos(radians(lat)), 0.01) AS stretch
    FROM unnest(%(lons)s::float8[], %(lats)s::float8[], %(with_edge)s::boolean[])
        WITH ORDINALITY AS given (lon, lat, with_edge, id)
"""
ZONES_OF_PLACES = f"""
network AS (
    SELECT DISTINCT zone.network_type
    FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
    WHERE {IS_OPEN}
),
outside AS MATERIALIZED (
    SELECT place.id, place.point, place.stretch, network.network_type,
        (SELECT version.geometry <-> place.point
         FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
         WHERE {IS_OPEN} AND zone.network_type = network.network_type
         ORDER BY version.geometry <-> place.point LIMIT 1) AS degrees
    FROM place CROSS JOIN network
    WHERE NOT EXISTS (SELECT FROM winner WHERE winner.place_id = place.id
                      AND winner.network_type = network.network_type)
),
nearest AS (
    SELECT DISTINCT ON (outside.id, outside.network_type)
        outside.id AS place_id, outside.network_type, near.version_id, near.zone_id, near.name,
        near.distance_m
    FROM outside CROSS JOIN LATERAL (
        SELECT version.id AS version_id, zone.id AS zone_id, zone.name,
               ST_Distance(version.geometry::geography, outside.point::geography) AS distance_m
        FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
        WHERE {IS_OPEN} AND zone.network_type = outside.network_type
          AND ST_DWithin(version.geometry, outside.point, outside.degrees * outside.stretch + 1e-9)
    ) near
    ORDER BY outside.id, outside.network_type, near.distance_m, near.zone_id
)
SELECT winner.place_id, winner.network_type, winner.version_id, winner.zone_id, winner.zone_name,
       winner.status, winner.planned_for_date,
       CASE WHEN place.with_edge THEN
         ST_Distance(ST_Boundary(version.geometry)::geography, place.point::geography) END,
       EXISTS (SELECT FROM coverage_plantnodezone link WHERE link.zone_id = winner.zone_id)
FROM winner JOIN place ON place.id = winner.place_id
JOIN coverage_zoneversion version ON version.id = winner.version_id
UNION ALL
SELECT place_id, network_type, version_id, zone_id, name, NULL, NULL, distance_m, false FROM nearest
"""  # noqa: S608
# One place is asked about most: with plain numbers instead of arrays the planner knows that it is
# one, and the server keeps one plan for all places.
GIVEN_PLACE = """
    SELECT 1::bigint AS id,
           ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326) AS point,
           %(with_edge)s::boolean AS with_edge,
           1.02 / greatest(cos(radians(%(lat)s::float8)), 0.01) AS stretch
"""
ZONES_OF_ONE = f"""
WITH place AS MATERIALIZED ({GIVEN_PLACE}), winner AS MATERIALIZED ({winners_sql()}),
{ZONES_OF_PLACES}"""
ZONES_OF_FEW = f"""
WITH place AS MATERIALIZED ({GIVEN_PLACES}), winner AS MATERIALIZED ({winners_sql()}),
{ZONES_OF_PLACES}"""
# More places than this get a table with an index: without one each zone is held against each place.
FEW = 50
ZONES_OF_MANY = f"""
WITH winner AS MATERIALIZED ({winners_sql(near_places=False)}),
{ZONES_OF_PLACES}"""


class AskedPoint(NamedTuple):
    """A place to ask about; `with_edge`: how far its zone's edge is matters."""

    lon: float
    lat: float
    with_edge: bool


@dataclass(frozen=True, slots=True)
class ZoneOfPlace:
    """For one network type: the zone that covers the place, or the nearest one where none does.

    `status` is None for the nearest. `distance_m`: to the zone's edge from inside (only where
    asked for), or to the zone from outside. `has_nodes`: nodes of the plant are linked to the zone
    that covers the place.
    """

    network_type: str
    version_id: int
    zone_id: int
    zone_name: str
    status: str | None
    planned_for_date: date | None
    distance_m: float | None
    has_nodes: bool

    @property
    def is_inside(self) -> bool:
        """Whether the zone covers the place."""
        return self.status is not None


def zones_of_places(*, points: Sequence[AskedPoint], at: datetime) -> list[list[ZoneOfPlace]]:
    """For each point, in their order, one zone for each network type there is at that moment."""
    found: list[list[ZoneOfPlace]] = [[] for _point in points]
    if not points:
        return found
    if len(points) == 1:
        rows = prepared.rows(ZONES_OF_ONE, {**points[0]._asdict(), "at": at})
        return [[ZoneOfPlace(*values) for _place_id, *values in rows]]
    parameters: dict[str, Any] = {
        "lons": [point.lon for point in points],
        "lats": [point.lat for point in points],
        "with_edge": [point.with_edge for point in points],
        "at": at,
    }
    rows = _of_few(parameters) if len(points) <= FEW else _of_many(parameters)
    for place_id, *values in rows:
        found[place_id - 1].append(ZoneOfPlace(*values))
    return found


def _of_few(parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    return prepared.rows(ZONES_OF_FEW, parameters)


def _of_many(parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE place ON COMMIT DROP AS {GIVEN_PLACES}", parameters)
        cursor.execute("CREATE INDEX ON place USING gist (point)")
        cursor.execute("ANALYZE place")
        cursor.execute(ZONES_OF_MANY, parameters)
        rows = cursor.fetchall()
        cursor.execute("DROP TABLE place")  # the next batch may come in the same transaction
    return list(rows)
