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
from network import large
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

# Every session and every service that is off, by place: one row a building or node, and one ("-")
# for those of whom nobody knows where they are.
_ALL = """
    SELECT CASE WHEN s.is_guest OR s.subscription_id IS NULL THEN 'GUEST'
                WHEN s.state = 'SUSPECT' THEN 'SUSPECT' ELSE 'ONLINE' END AS state,
           COALESCE(sub.building_id, line.building_id) AS building_id,
           CASE WHEN sub.building_id IS NULL AND line.building_id IS NULL THEN line.node_id END
               AS node_id, line.point AS line_point
    FROM network_session s
    LEFT JOIN billing_subscription sub ON sub.id = s.subscription_id
    LEFT JOIN network_lineplace line ON sub.id IS NULL AND s.circuit_hex <> ''
        AND line.circuit_hex = s.circuit_hex AND line.remote_hex = s.remote_hex
    UNION ALL
    SELECT 'OFFLINE', sub.building_id, NULL, NULL
    FROM radius_decision d JOIN billing_subscription sub ON sub.id = d.subscription_id
    WHERE d.state = 'FULL'
      AND NOT EXISTS (SELECT FROM network_session s WHERE s.subscription_id = sub.id)
    UNION ALL
    SELECT 'OFFLINE', line.building_id, CASE WHEN line.building_id IS NULL THEN line.node_id END,
           line.point
    FROM (
        SELECT DISTINCT x.circuit_hex, x.remote_hex, x.mac FROM network_session_history x
        WHERE x.closed_day >= %(since)s AND x.subscription_id IS NULL AND x.circuit_hex <> ''
    ) h
    JOIN network_lineplace line
      ON line.circuit_hex = h.circuit_hex AND line.remote_hex = h.remote_hex
    WHERE NOT EXISTS (SELECT FROM network_session s WHERE s.mac = h.mac AND s.mac <> ''
                      AND s.circuit_hex = h.circuit_hex)
"""
_COUNTED = ", ".join(
    f"count(*) FILTER (WHERE state = '{one}')::int AS {one.lower()}" for one in STATES
)
SPOTS_OF_NOW = f"""
SELECT COALESCE('b' || g.building_id, 'n' || g.node_id, '-') AS key, g.building_id, g.node_id,
       CASE WHEN g.building_id IS NULL THEN g.line_point ELSE b.point END AS point,
       g.online, g.guest, g.suspect, g.offline
FROM (
    SELECT building_id, node_id, (array_agg(line_point))[1] AS line_point, {_COUNTED}
    FROM ({_ALL}) everything GROUP BY building_id, node_id
) g LEFT JOIN coverage_building b ON b.id = g.building_id
"""  # noqa: S608 (our own text)
_KEPT = "SELECT * FROM network_session_spot"

# Of each place what is wanted of it; `{spots}` is one of the two above.
_CHOSEN = ", ".join(
    f"CASE WHEN '{one}' = ANY(%(states)s) THEN {one.lower()} ELSE 0 END AS {one.lower()}"
    for one in STATES
)
_WANTED = f"""
WITH wanted AS (SELECT building_id, node_id, point, {_CHOSEN} FROM ({{spots}}) spots)
"""  # noqa: S608
_TOTAL = "online + guest + suspect + offline"
_COLUMNS = "online, guest, suspect, offline"
_SUMS = "sum(online)::int, sum(guest)::int, sum(suspect)::int, sum(offline)::int"
_INSIDE = f"""
point && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326) AND {_TOTAL} > 0
"""

_PLACES = f"""{_WANTED}
SELECT building_id, node_id, ST_X(point), ST_Y(point), {_COLUMNS}
FROM wanted WHERE {_INSIDE}
ORDER BY {_TOTAL} DESC, building_id, node_id LIMIT %(most)s
"""  # noqa: S608

_CLUSTERS = f"""{_WANTED}
SELECT NULL, NULL, avg(ST_X(point)), avg(ST_Y(point)), {_SUMS}
FROM wanted WHERE {_INSIDE}
GROUP BY floor(ST_X(point) / %(cell)s), floor(ST_Y(point) / (%(cell)s * 0.65))
LIMIT %(most)s
"""  # noqa: S608

_BUSIEST = f"""{_WANTED}
SELECT building_id, node_id, ST_X(point), ST_Y(point), {_COLUMNS}
FROM wanted WHERE point IS NOT NULL
ORDER BY guest DESC, offline DESC, {_TOTAL} DESC, building_id, node_id LIMIT %(most)s
"""  # noqa: S608

_COUNTS = f"""{_WANTED}
SELECT COALESCE(sum({_TOTAL}) FILTER (WHERE point IS NULL), 0)::int,
       COALESCE(sum(online), 0)::int, COALESCE(sum(guest), 0)::int,
       COALESCE(sum(suspect), 0)::int, COALESCE(sum(offline), 0)::int
FROM wanted
"""  # noqa: S608

# Who is at one place: found from the place, whatever the size of the network.
_AT = """
    line.building_id IS NOT DISTINCT FROM %(building)s::bigint
    AND CASE WHEN line.building_id IS NULL THEN line.node_id END
        IS NOT DISTINCT FROM %(node)s::bigint
"""
_HERE = f"""
SELECT * FROM (
    SELECT CASE WHEN s.id IS NULL THEN 'OFFLINE' WHEN s.is_guest THEN 'GUEST'
                WHEN s.state = 'SUSPECT' THEN 'SUSPECT' ELSE 'ONLINE' END AS state,
           COALESCE(s.unique_id, '') AS unique_id, sub.id AS subscription_id
    FROM billing_subscription sub
    LEFT JOIN radius_decision d ON d.subscription_id = sub.id
    LEFT JOIN network_session s ON s.subscription_id = sub.id
    WHERE sub.building_id = %(building)s::bigint AND (s.id IS NOT NULL OR d.state = 'FULL')
    UNION ALL
    SELECT 'GUEST', s.unique_id, NULL
    FROM network_session s
    LEFT JOIN network_lineplace line ON s.circuit_hex <> ''
      AND line.circuit_hex = s.circuit_hex AND line.remote_hex = s.remote_hex
    WHERE s.subscription_id IS NULL AND {_AT}
    UNION ALL
    SELECT 'OFFLINE', h.unique_id, NULL
    FROM (
        SELECT DISTINCT ON (x.circuit_hex, x.remote_hex, x.mac)
               x.unique_id, x.circuit_hex, x.remote_hex, x.mac
        FROM network_session_history x
        JOIN network_lineplace line
          ON line.circuit_hex = x.circuit_hex AND line.remote_hex = x.remote_hex
        WHERE x.closed_day >= %(since)s AND x.subscription_id IS NULL AND x.circuit_hex <> ''
          AND {_AT}
        ORDER BY x.circuit_hex, x.remote_hex, x.mac, x.stopped_at DESC
    ) h
    WHERE NOT EXISTS (SELECT FROM network_session s WHERE s.mac = h.mac AND s.mac <> ''
                      AND s.circuit_hex = h.circuit_hex)
) there
ORDER BY array_position(ARRAY['GUEST', 'SUSPECT', 'OFFLINE', 'ONLINE'], state),
         subscription_id, unique_id
LIMIT %(most)s
"""  # noqa: S608

_TILE = f"""{_WANTED}
, cells AS (
    SELECT sum({_TOTAL})::int AS count, max(building_id) AS building_id,
        sum(online)::int AS online, sum(guest)::int AS guest, sum(suspect)::int AS suspect,
        sum(offline)::int AS offline,
        ST_SetSRID(ST_MakePoint(avg(ST_X(at)), avg(ST_Y(at))), 3857) AS middle
    FROM (SELECT wanted.*, ST_Transform(point, 3857) AS at FROM wanted
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
    return _places(_PLACES if is_close else _CLUSTERS, states=states, at=at, **values)


def busiest(*, at: datetime, limit: int) -> list[Place]:
    """Places with guests first, then those where most are off."""
    return _places(_BUSIEST, states=STATES, at=at, most=limit)


def counts(*, at: datetime) -> dict[str, int]:
    """How many there are of each state, and (UNPLACED) of how many nobody knows where."""
    row = _rows(_COUNTS, states=STATES, at=at)[0]
    return dict(zip(("UNPLACED", *STATES), row, strict=True))


def here(
    *, building_id: int | None, node_id: int | None, at: datetime, limit: int = 200
) -> list[Here]:
    """Who is at a building or a node; neither: who is nowhere."""
    values = {**values_of(at=at), "building": building_id, "node": node_id, "most": limit}
    with connection.cursor() as cursor:
        cursor.execute(_HERE, values)
        return [Here(*row) for row in cursor.fetchall()]


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
        _TILE.format(spots=_spots()),
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


def values_of(*, at: datetime) -> dict[str, Any]:
    """What `SPOTS_OF_NOW` is to be asked with."""
    return {"since": clock.today(at) - timedelta(days=1)}


def _spots() -> str:
    return _KEPT if large.is_large() else SPOTS_OF_NOW


def _places(sql: str, *, states: Iterable[str], at: datetime, **values: Any) -> list[Place]:
    return [
        Place(row[0], row[1], row[2], row[3], dict(zip(STATES, row[4:], strict=True)))
        for row in _rows(sql, states=states, at=at, **values)
    ]


def _rows(sql: str, *, states: Iterable[str], at: datetime, **values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            sql.format(spots=_spots()), {"states": list(states), **values_of(at=at), **values}
        )
        return cursor.fetchall()
