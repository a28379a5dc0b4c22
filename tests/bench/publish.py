"""`publish`: recomputing BuildingCoverage of a 1,000-corner zone over a town of 100,000 buildings.

Floor: the bare DELETE and INSERT of the same rows, with the same indexes and foreign keys.
"""

from django.db import connection, transaction

from coverage.zoning import covering
from tests.bench._harness import Result, bench_database, execute, in_turn, note, run, wall_s
from tests.bench._town import build_town, build_zones, settle

ROUNDS = 7
CLEAR = "DELETE FROM coverage_buildingcoverage WHERE zone_version_id = %s"
FLOOR = """
    INSERT INTO coverage_buildingcoverage (zone_version_id, building_id)
    SELECT version.id, building.id FROM coverage_zoneversion version, coverage_building building
    WHERE version.id = %s AND ST_Intersects(version.geometry, building.point)
"""


def measure(scale: float) -> Result:
    """All buildings of the town lie in the zone's box, most of them in the zone."""
    with bench_database("publish"):
        town = build_town(buildings=round(100_000 * scale))
        build_zones(town, zones=1, corners=1_000, reach=0.48)
        settle()
        version_id = int(execute("SELECT id FROM coverage_zoneversion"))

        def clear() -> None:
            execute(
                "DELETE FROM coverage_buildingcoverage WHERE zone_version_id = %s", [version_id]
            )

        def ours() -> float:
            def work() -> None:
                with transaction.atomic():
                    clear()
                    covering.cover(version_ids=[version_id])

            return wall_s(work)

        def floor() -> float:
            def work() -> None:
                with transaction.atomic(), connection.cursor() as cursor:
                    clear()
                    cursor.execute(FLOOR, [version_id])

            return wall_s(work)

        ratio, mine, below = in_turn(ours=ours, floor=floor, rounds=ROUNDS)
        rows = int(execute("SELECT count(*) FROM coverage_buildingcoverage"))
        note(f"{rows} rows: ours {mine:.3f} s, floor {below:.3f} s")
        figures = {"buildings": town.buildings, "rows": rows, "recompute_s": round(mine, 3)}
        return Result("publish", {"recompute": ratio}, figures)


if __name__ == "__main__":
    run(__doc__ or "", measure)
