"""`tiles`: a vector tile of zoom 14 over a town of 100,000 buildings, asked for by the view.

Ours is the whole request (permissions, ETag, winners of four network types, overrides) with an
empty cache. Floor: the bare ST_AsMVT statements of the same two layers, which draw the same
points and outlines but decide nothing.
"""

import math

from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from coverage.tiles.grid import EXTENT, MARGIN, Tile
from coverage.zoning import covering
from tests.bench import _town
from tests.bench._harness import Result, bench_database, in_turn, note, run, wall_s
from tests.bench._town import Town, build_town, build_zones, settle

ROUNDS = 15
ZOOM = 14
FLOOR_ZONES = """
    SELECT ST_AsMVT(shown, 'zones', %(extent)s, 'geom', 'id') FROM (
        SELECT zone.id, zone.name, zone.network_type, version.status,
            ST_AsMVTGeom(ST_Transform(ST_Simplify(version.geometry, %(tolerance)s, true), 3857),
                ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857),
                %(extent)s, %(margin)s, true) AS geom
        FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
        WHERE version.geometry && ST_Transform(
            ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857), 4326)
    ) shown
"""
FLOOR_BUILDINGS = """
    SELECT ST_AsMVT(shown, 'buildings', %(extent)s, 'geom', 'id') FROM (
        SELECT id, wiring, ST_AsMVTGeom(tile_point,
            ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857),
            %(extent)s, %(margin)s, true) AS geom
        FROM coverage_building
        WHERE tile_point && ST_MakeEnvelope(%(xmin)s, %(ymin)s, %(xmax)s, %(ymax)s, 3857)
    ) shown
"""


def middle_tile(town: Town) -> Tile:
    """The tile of zoom 14 with the middle of the town."""
    lon = _town.LON + town.width / 2
    lat = math.radians(_town.LAT + town.height / 2)
    tiles = 2**ZOOM
    x = int((lon + 180) / 360 * tiles)
    y = int((1 - math.asinh(math.tan(lat)) / math.pi) / 2 * tiles)
    return Tile(ZOOM, x, y)


def measure(scale: float) -> Result:
    """The tile in the middle of the town; forty zones lie over the town."""
    with bench_database("tiles"):
        town = build_town(buildings=round(100_000 * scale))
        build_zones(town, zones=40, corners=200)
        covering.rebuild()
        settle()
        tile = middle_tile(town)
        client = Client(HTTP_HOST="localhost")
        address = f"/api/v1/coverage/tiles/{tile.z}/{tile.x}/{tile.y}.mvt"
        sizes: dict[str, int] = {}

        def ours() -> float:
            cache.clear()

            def work() -> None:
                response = client.get(address, {"layers": "zones,buildings"})
                assert response.status_code == 200, response.status_code
                sizes["ours"] = len(response.content)

            return wall_s(work)

        def floor() -> float:
            tolerance = 5 / 111_320
            values = {**tile.bounds, "extent": EXTENT, "margin": MARGIN, "tolerance": tolerance}

            def work() -> None:
                with transaction.atomic(), connection.cursor() as cursor:
                    # Starting a parallel worker would cost the floor more than its whole work.
                    cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
                    cursor.execute(FLOOR_ZONES, values)
                    zones = bytes(cursor.fetchone()[0])
                    cursor.execute(FLOOR_BUILDINGS, values)
                    sizes["floor"] = len(zones + bytes(cursor.fetchone()[0]))

            return wall_s(work)

        ratio, mine, below = in_turn(ours=ours, floor=floor, rounds=ROUNDS)
        note(f"ours {1000 * mine:.1f} ms, floor {1000 * below:.1f} ms; bytes {sizes}")
        figures = {
            "buildings": town.buildings,
            "bytes": sizes["ours"],
            "tile_ms": round(1000 * mine, 1),
        }
        return Result("tiles", {"z14": ratio}, figures)


if __name__ == "__main__":
    run(__doc__ or "", measure)
