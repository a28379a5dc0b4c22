"""Sessions on the map: registered services at their building, guests where their line leads.

A guest is nobody's, so only Option 82 says where it is: circuit id → port of a switch → building
(`coverage.plant.locating`). That is looked up once a line and kept (`LinePlace`). Offline are
services that may be online and are not, and guests that left within a day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.gis.geos import Point
from django.db import connection, transaction

from coverage.models import MapChange
from coverage.plant.locating import locate
from coverage.tiles.grid import MAX_ZOOM, Tile
from coverage.tiles.layers import Layer, Viewing, tile_bytes
from network.models import LinePlace
from project.core import clock
from project.core.roles import Permission

STATES = ("ONLINE", "GUEST", "SUSPECT", "OFFLINE")
SOURCE = "sessions"
LOOKED_AGAIN = timedelta(hours=1)
PLACED_AT_ONCE = 1_000
BUILDINGS_FROM_ZOOM = 15
PLACES_MOST = 3_000
CELLS_A_SIDE = 8
CHANGES_KEPT = 20

# Every session and every service that is off, with its state and place; one row each.
_ALL = """
WITH everything AS (
    SELECT CASE WHEN s.is_guest OR s.subscription_id IS NULL THEN 'GUEST'
                WHEN s.state = 'SUSPECT' THEN 'SUSPECT' ELSE 'ONLINE' END AS state,
           COALESCE(sub.building_id, line.building_id) AS building_id,
           CASE WHEN sub.building_id IS NULL AND line.building_id IS NULL THEN line.node_id END
               AS node_id,
           s.unique_id, s.subscription_id, line.point AS line_point
    FROM network_session s
    LEFT JOIN billing_subscription sub ON sub.id = s.subscription_id
    LEFT JOIN network_lineplace line ON sub.id IS NULL AND s.circuit_hex <> ''
        AND line.circuit_hex = s.circuit_hex AND line.remote_hex = s.remote_hex
    UNION ALL
    SELECT 'OFFLINE', sub.building_id, NULL, '', sub.id, NULL
    FROM radius_decision d JOIN billing_subscription sub ON sub.id = d.subscription_id
    WHERE d.state = 'FULL'
      AND NOT EXISTS (SELECT FROM network_session s WHERE s.subscription_id = sub.id)
    UNION ALL
    SELECT 'OFFLINE', line.building_id, CASE WHEN line.building_id IS NULL THEN line.node_id END,
           h.unique_id, NULL, line.point
    FROM (
        SELECT DISTINCT ON (x.circuit_hex, x.remote_hex, x.mac)
               x.unique_id, x.circuit_hex, x.remote_hex, x.mac
        FROM network_session_history x
        WHERE x.closed_day >= %(since)s AND x.subscription_id IS NULL AND x.circuit_hex <> ''
        ORDER BY x.circuit_hex, x.remote_hex, x.mac, x.stopped_at DESC
    ) h
    JOIN network_lineplace line
      ON line.circuit_hex = h.circuit_hex AND line.remote_hex = h.remote_hex
    WHERE NOT EXISTS (SELECT FROM network_session s WHERE s.mac = h.mac
                      AND s.circuit_hex = h.circuit_hex)
), placed AS (
    SELECT e.state, e.building_id, e.node_id, e.unique_id, e.subscription_id,
           COALESCE(b.point, e.line_point) AS point
    FROM everything e LEFT JOIN coverage_building b ON b.id = e.building_id
    WHERE e.state = ANY(%(states)s)
)
"""
_COUNTED = ", ".join(f"count(*) FILTER (WHERE state = '{one}')" for one in STATES)

_PLACES = f"""{_ALL}
SELECT building_id, node_id, ST_X(point), ST_Y(point), {_COUNTED}
FROM placed
WHERE point && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
GROUP BY building_id, node_id, point
ORDER BY count(*) DESC, building_id, node_id LIMIT %(most)s
"""  # noqa: S608 (our own text)

_CLUSTERS = f"""{_ALL}
SELECT NULL, NULL, avg(ST_X(point)), avg(ST_Y(point)), {_COUNTED}
FROM placed
WHERE point && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
GROUP BY floor(ST_X(point) / %(cell)s), floor(ST_Y(point) / (%(cell)s * 0.65))
LIMIT %(most)s
"""  # noqa: S608

_COUNTS = f"""{_ALL}
SELECT count(*) FILTER (WHERE point IS NULL), {_COUNTED} FROM placed
"""  # noqa: S608

_HERE = f"""{_ALL}
SELECT state, unique_id, subscription_id FROM placed
WHERE building_id IS NOT DISTINCT FROM %(building)s AND node_id IS NOT DISTINCT FROM %(node)s
  AND (%(building)s::bigint IS NOT NULL OR %(node)s::bigint IS NOT NULL
       OR (point IS NULL AND unique_id <> ''))
ORDER BY array_position(ARRAY['GUEST', 'SUSPECT', 'OFFLINE', 'ONLINE'], state),
         subscription_id, unique_id
LIMIT %(most)s
"""  # noqa: S608

_TILE = f"""{_ALL}
, cells AS (
    SELECT count(*)::int AS count, max(building_id) AS building_id,
        count(*) FILTER (WHERE state = 'ONLINE')::int AS online,
        count(*) FILTER (WHERE state = 'GUEST')::int AS guest,
        count(*) FILTER (WHERE state = 'SUSPECT')::int AS suspect,
        count(*) FILTER (WHERE state = 'OFFLINE')::int AS offline,
        ST_SetSRID(ST_MakePoint(avg(ST_X(at)), avg(ST_Y(at))), 3857) AS middle
    FROM (SELECT placed.*, ST_Transform(point, 3857) AS at FROM placed
          WHERE point && ST_Transform(ST_Expand(ST_MakeEnvelope(
              %(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857), %(reach)s), 4326)) near
    GROUP BY CASE WHEN %(cell)s::float8 > 0 THEN floor((ST_X(at) - %(xmin)s) / %(cell)s::float8)
                  ELSE ST_X(at) END,
             CASE WHEN %(cell)s::float8 > 0 THEN floor((ST_Y(at) - %(ymin)s) / %(cell)s::float8)
                  ELSE ST_Y(at) END
)
SELECT ST_AsMVT(drawn, 'sessions', %(extent)s, 'geom') FROM (
    SELECT count, online, guest, suspect, offline,
        CASE WHEN %(cell)s::float8 = 0 THEN building_id END AS building_id, ST_AsMVTGeom(middle,
        ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857),
        %(extent)s, %(margin)s, true) AS geom
    FROM cells LIMIT %(most)s
) drawn
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Place:
    """A building, a node or a cluster with how many sessions of each state are there."""

    building_id: int | None
    node_id: int | None
    lon: float
    lat: float
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Here:
    """One session, or one service that is off, at a place."""

    state: str
    unique_id: str
    subscription_id: int | None


def places(
    *,
    bounds: tuple[float, float, float, float],
    zoom: float,
    states: Iterable[str],
    at: datetime,
) -> list[Place]:
    """What is in these bounds (west, south, east, north): buildings from zoom 15 on, before that
    clusters; at most 3,000.
    """
    west, south, east, north = bounds
    is_close = zoom >= BUILDINGS_FROM_ZOOM
    values = {"west": west, "south": south, "east": east, "north": north, "most": PLACES_MOST}
    values["cell"] = 360 / 2**zoom / 4
    rows = _rows(_PLACES if is_close else _CLUSTERS, states=states, at=at, **values)
    return [
        Place(row[0], row[1], row[2], row[3], dict(zip(STATES, row[4:], strict=True)))
        for row in rows
    ]


def counts(*, at: datetime) -> dict[str, int]:
    """How many there are of each state, and (UNPLACED) of how many nobody knows where."""
    row = _rows(_COUNTS, states=STATES, at=at)[0]
    return dict(zip(("UNPLACED", *STATES), row, strict=True))


def here(
    *, building_id: int | None, node_id: int | None, at: datetime, limit: int = 200
) -> list[Here]:
    """Who is at a building or a node; neither: who is nowhere."""
    rows = _rows(_HERE, states=STATES, at=at, building=building_id, node=node_id, most=limit)
    return [Here(*row) for row in rows]


def place_lines(*, at: datetime) -> int:
    """Find the places of lines that are new, or were looked up long ago; gives how many.

    A task calls it every minute; it also makes the tiles of sessions new.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT s.circuit_hex, s.remote_hex FROM network_session s"
            " LEFT JOIN network_lineplace p ON p.circuit_hex = s.circuit_hex"
            "  AND p.remote_hex = s.remote_hex"
            " WHERE s.circuit_hex <> '' AND (p.id IS NULL OR p.placed_at < %s)"
            " ORDER BY 1, 2 LIMIT %s",
            [at - LOOKED_AGAIN, PLACED_AT_ONCE],
        )
        lines = cursor.fetchall()
    found = [_placed(circuit, remote, at=at) for circuit, remote in lines]
    with transaction.atomic():
        LinePlace.objects.bulk_create(
            found,
            update_conflicts=True,
            unique_fields=["circuit_hex", "remote_hex"],
            update_fields=["node", "building", "port_number", "point", "placed_at"],
        )
        made = MapChange.objects.create(source=SOURCE)
        MapChange.objects.filter(source=SOURCE, id__lt=made.id - CHANGES_KEPT).delete()
    return len(found)


def render(tile: Tile, viewing: Viewing) -> bytes:
    """The layer of the vector tiles: counts, and no word about anybody."""
    is_close = tile.z >= BUILDINGS_FROM_ZOOM
    return tile_bytes(
        _TILE,
        tile,
        states=list(STATES),
        since=clock.today(viewing.at) - timedelta(days=1),
        cell=0.0 if is_close else tile.side / CELLS_A_SIDE,
        most=PLACES_MOST,
    )


SESSIONS_LAYER = Layer(
    name="sessions",
    render=render,
    sources=(SOURCE, "buildings"),
    permission=Permission.NETWORK_VIEW,
    most_zoom=MAX_ZOOM,
    fields={
        "count": "Number",
        "online": "Number",
        "guest": "Number",
        "suspect": "Number",
        "offline": "Number",
        "building_id": "Number",
    },
    description="Sessions by building, in clusters from afar; renewed every minute",
)


def _placed(circuit: str, remote: str, *, at: datetime) -> LinePlace:
    place = locate(circuit_id=f"0x{circuit}", remote_id=f"0x{remote}" if remote else "")
    line = LinePlace(circuit_hex=circuit, remote_hex=remote, placed_at=at)
    if place is not None:
        line.node_id, line.building_id = place.node_id, place.building_id
        line.port_number = place.port_number
        line.point = Point(place.lon, place.lat, srid=4326)
    return line


def _rows(sql: str, *, states: Iterable[str], at: datetime, **values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            sql,
            {"states": list(states), "since": clock.today(at) - timedelta(days=1), **values},
        )
        return cursor.fetchall()
