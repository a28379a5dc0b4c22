"""`coverage_batch`: the winning zones of 1 M points among 1,000 zones of 1,000 corners.

Ours is the statement by which many places are answered at once (`coverage.winners`): one winner
for each network type at each point. Floor: the bare statement with zones outside that finds which
point lies in which zone, and decides nothing. CPU seconds of the server process, no parallel plan.
"""

from django.db import connection, transaction

from coverage.winners import winners_sql
from project.core import clock
from tests.bench import _town
from tests.bench._harness import Result, bench_database, cpu_s, execute, in_turn, note, run
from tests.bench._town import Town, build_zones

ROUNDS = 3
POINTS = """
    CREATE TEMP TABLE place AS
    SELECT i AS id, ST_SetSRID(ST_MakePoint(
        %(lon)s + %(width)s * ((i * 0.6180339887498949) %% 1),
        %(lat)s + %(height)s * ((i * 0.7548776662466927) %% 1)), 4326) AS point
    FROM generate_series(1, %(points)s) i
"""
FLOOR = """
    SELECT count(*), sum(hit.id) FROM coverage_zoneversion version CROSS JOIN LATERAL (
        SELECT place.id FROM place place
        WHERE ST_Intersects(version.geometry, place.point) OFFSET 0) hit
"""
OURS = f"""
    SELECT count(*), sum(place_id) FROM ({winners_sql(near_places=False)}) won
"""


def measure(scale: float) -> Result:
    """Points spread evenly over a square, zones that overlap a little."""
    with bench_database("coverage_batch"), transaction.atomic():
        points, zones = round(1_000_000 * scale), max(round(1_000 * scale), 4)
        town = Town(locality_id=0, buildings=points, side=1_000)
        build_zones(town, zones=zones, corners=1_000, reach=0.55)
        place = {"lon": _town.LON, "lat": _town.LAT, "width": town.width, "height": town.height}
        execute(POINTS, {**place, "points": points})
        execute("CREATE INDEX ON place USING gist (point)")
        execute("ANALYZE place")
        execute("ANALYZE coverage_zoneversion")
        execute("ANALYZE coverage_zone")
        execute("SET LOCAL max_parallel_workers_per_gather = 0")
        counted: dict[str, int] = {}

        def asked(name: str, sql: str) -> float:
            def work() -> None:
                with connection.cursor() as cursor:
                    cursor.execute(sql, {"at": clock.now()})
                    counted[name] = int(cursor.fetchone()[0])

            return cpu_s(work)

        ratio, mine, bare = in_turn(
            ours=lambda: asked("winners", OURS), floor=lambda: asked("hits", FLOOR), rounds=ROUNDS
        )
        note(f"ours {mine:.2f} s, floor {bare:.2f} s of CPU; {counted}")
        figures = {"points": points, "zones": zones, "cpu_s": round(mine, 2), **counted}
        return Result("coverage_batch", {"cpu": ratio}, figures)


if __name__ == "__main__":
    run(__doc__ or "", measure)
