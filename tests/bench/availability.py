"""`availability`: POST /api/v1/availability over HTTP, with prices, every check stored.

A third of the questions names a building, a third is a typed address, a third is a pin. Floor: a
view of the same server that does one indexed SELECT and one INSERT with commit.
"""

import random

from django.db import connection

from coverage.models import AvailabilityCheck
from coverage.zoning import covering
from tests.bench import _town
from tests.bench._harness import Result, bench_database, in_turn, note, run
from tests.bench._server import Call, rate, web_server
from tests.bench._town import Town, build_prices, build_town, build_zones, settle

ROUNDS = 5
SECONDS = 4.0
CLIENTS = 4
QUESTIONS = 400


def questions(town: Town, number: int, rows: list[tuple[int, str, str]]) -> list[Call]:
    """What one client asks, over and over."""
    chance = random.Random(number)
    calls = []
    for place in range(QUESTIONS):
        building_id, street, house = chance.choice(rows)
        asked = (
            {"building_id": building_id},
            {"address": f"вул. {street}, {house}"},
            {
                "lon": _town.LON + town.width * chance.uniform(0.1, 0.9),
                "lat": _town.LAT + town.height * chance.uniform(0.1, 0.9),
            },
        )[place % 3]
        calls.append(Call("/api/v1/availability", asked))
    return calls


def measure(scale: float) -> Result:
    """A town of 100,000 buildings, 40 zones of 200 corners, six tariffs."""
    with bench_database("availability") as name:
        town = build_town(buildings=round(100_000 * scale))
        build_zones(town, zones=40, corners=200)
        build_prices(town)
        covering.rebuild()
        settle()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT b.id, s.name, b.number FROM coverage_building b"
                " JOIN coverage_street s ON s.id = b.street_id ORDER BY b.id"
            )
            rows = cursor.fetchall()
        with web_server(name) as server:
            port = int(server.url.rsplit(":", 1)[1])
            asked = [questions(town, number, rows) for number in range(CLIENTS)]
            chosen = random.Random(7).sample(rows, QUESTIONS)
            bare_calls = [Call("/bench/floor", {"building_id": row[0]}) for row in chosen]

            def ours() -> float:
                return rate(port, calls_of=lambda n: asked[n], clients=CLIENTS, seconds=SECONDS)

            def floor() -> float:
                return rate(port, calls_of=lambda _n: bare_calls, clients=CLIENTS, seconds=SECONDS)

            ratio, mine, bare = in_turn(ours=ours, floor=floor, rounds=ROUNDS)
        note(f"ours {mine:.0f} a second, floor {bare:.0f}")
        stored = AvailabilityCheck.objects.exclude(networks=[]).count()
        assert stored > 0, "no check was stored"
        figures = {"per_s": round(mine), "floor_per_s": round(bare), "checks_stored": stored}
        return Result("availability", {"http": ratio}, figures)


if __name__ == "__main__":
    run(__doc__ or "", measure)
