"""`ip_pool`: a pool of a million addresses, all on its list of free ones, a tenth of them held.

Figures: `hold_ms` and `hold_per_s`, an address for a device at its Accept, one call after another;
`assign_per_s`, addresses of their own for services by the thousand; `end_per_s`, the end of leases;
`pages_ms`, the slowest of three openings of each page as an engineer gets it.
"""

import statistics
import time
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse

from network import pools
from network.addressing import editing, utilisation
from network.models import IpPool
from project.core import clock
from project.core.actor import SYSTEM
from project.core.roles import Role
from tests.bench._harness import Result, bench_database, execute, note, run
from tests.support import services, zones

SIZE = 1_000_000
HELD_SHARE = 0.1
HOLDS = 2_000
SERVICES = 1_000
OPENINGS = 3
FIRST_MAC = 0xD85ED3000000

_FILL = """
WITH gone AS (
    DELETE FROM network_ipfree WHERE id IN (
        SELECT id FROM network_ipfree WHERE pool_id = %(pool)s ORDER BY address LIMIT %(held)s)
    RETURNING address
)
INSERT INTO network_ipassignment (pool_id, kind, address, device, state, source,
                                  session_unique_id, since_at)
SELECT %(pool)s, 'IPV4', address, 'm' || row_number() OVER (), 'IN_USE', 'SESSION',
       'u' || row_number() OVER (), %(at)s
FROM gone
"""


def big_pool(size: int) -> IpPool:
    """A pool of guests of so many addresses, all listed, a tenth held by sessions."""
    at = clock.now() - timedelta(days=1)
    last = size + 1
    text = f"10.0.0.2-10.{last >> 16}.{(last >> 8) & 255}.{last & 255}"
    wish = editing.PoolWish(name="bench", range_text=text, is_guest=True)
    pool = editing.make_pool(wish=wish, at=at, actor=SYSTEM)
    while IpPool.objects.get(id=pool.id).next_index < pool.size:
        execute("SELECT network_ip_extend(%s, 131072, %s)", [pool.id, at])
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"pool": pool.id, "held": round(size * HELD_SHARE), "at": at})
    execute("ANALYZE")
    return pool


def holds(pool: IpPool) -> list[float]:
    """Milliseconds of each address that is taken for a device, one after another."""
    at, took = clock.now(), []
    for number in range(HOLDS):
        device = f"{FIRST_MAC + number:012x}"
        began = time.perf_counter()
        address = pools.hold_guest(device=device, at=at, pool_ids=[pool.id])
        took.append((time.perf_counter() - began) * 1_000)
        assert address is not None
    return sorted(took)


def ends() -> float:
    """Leases a second that end: who never began is found by the reaper."""
    later = clock.now() + timedelta(minutes=10)
    began = time.perf_counter()
    freed = pools.reap(at=later)
    return freed / (time.perf_counter() - began)


def assigned() -> float:
    """Services a second that get an address of their own from a pool of the same size."""
    at = clock.now()
    wish = editing.PoolWish(name="own", range_text="100.64.0.2-100.79.255.250")
    pool = editing.make_pool(wish=wish, at=at, actor=SYSTEM)
    editing.add_rule(wish=editing.RuleWish(pool_id=pool.id), at=at, actor=SYSTEM)
    terms, house = services.tariff(), services.building()
    ids = [services.service(terms=terms, house=house, refresh=False).id for _ in range(SERVICES)]
    began = time.perf_counter()
    given = pools.settle(active=ids, ended=[], at=at)
    took = time.perf_counter() - began
    assert all(one.ipv4 for one in given.values())
    return len(ids) / took


def pages(pool: IpPool) -> dict[str, float]:
    """Milliseconds of each page, the slowest of some openings."""
    client = Client()
    client.force_login(zones.planner("bench-engineer", Role.NETWORK_ENGINEER))
    there = reverse("workspace:ip-pool", args=[pool.id])
    middle = pool.size // 2 // 256
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "pools": (reverse("workspace:ip-pools"), {}),
        "places": (reverse("workspace:ip-pools"), {"view": "place"}),
        "found": (reverse("workspace:ip-pools"), {"q": "10.1.2.3"}),
        "pool": (there, {}),
        "block": (there, {"block": middle}),
        "conflicts": (reverse("workspace:ip-conflicts"), {}),
        "reserves": (reverse("workspace:ip-reserves"), {}),
    }
    slowest = {}
    for name, (path, query) in asked.items():
        times = []
        for _ in range(OPENINGS):
            began = time.perf_counter()
            answer = client.get(path, query)
            times.append((time.perf_counter() - began) * 1_000)
            assert answer.status_code in {200, 302}, (name, answer.status_code)
        slowest[name] = round(max(times), 1)
    return slowest


def measure(scale: float) -> Result:
    """All of it on one pool."""
    size = max(round(SIZE * scale), 10_000)
    with bench_database("ip_pool"), override_settings(ALLOWED_HOSTS=["*"]):
        began = time.perf_counter()
        pool = big_pool(size)
        note(f"{size} addresses ready in {time.perf_counter() - began:.1f} s")
        took = holds(pool)
        began = time.perf_counter()
        utilisation.sample(at=clock.now())
        sampled = time.perf_counter() - began
        figures: dict[str, Any] = {
            "addresses": size,
            "hold_ms": {
                "p50": round(statistics.median(took), 2),
                "p95": round(took[int(len(took) * 0.95)], 2),
                "max": round(took[-1], 2),
            },
            "hold_per_s": round(len(took) / (sum(took) / 1_000)),
            "end_per_s": round(ends()),
            "assign_per_s": round(assigned()),
            "sample_s": round(sampled, 2),
            "pages_ms": pages(pool),
        }
    return Result("ip_pool", figures=figures)


if __name__ == "__main__":
    run(__doc__ or "", measure)
