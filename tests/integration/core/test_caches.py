"""The caches on a real Redis: counts of callers, and connections that outlive a request."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import redis

from project.core.caches import CountingLocalCache, CountingRedisCache


def cache_on(port: int) -> CountingRedisCache:
    return CountingRedisCache(f"redis://127.0.0.1:{port}/3", {"KEY_PREFIX": "t"})


def test_a_window_is_counted_by_all_at_once_and_forgotten_in_time(redis_server: int) -> None:
    together = threading.Barrier(8)

    def hit(_number: int) -> list[int]:
        cache = cache_on(redis_server)
        together.wait(10)
        return [cache.count("caller", window_s=60) for _ in range(25)]

    with ThreadPoolExecutor(8) as callers:
        told = [number for numbers in callers.map(hit, range(8)) for number in numbers]
    assert sorted(told) == list(range(1, 201))
    client: Any = redis.Redis(port=redis_server, db=3)
    (key,) = client.keys("*caller*")
    assert 0 < client.ttl(key) <= 60
    client.delete(key)
    assert cache_on(redis_server).count("caller", window_s=60) == 1


def test_caches_of_many_requests_open_no_connections_of_their_own(redis_server: int) -> None:
    client: Any = redis.Redis(port=redis_server)
    cache_on(redis_server).set("a", 1)
    before = client.info("stats")["total_connections_received"]
    for number in range(50):
        cache = cache_on(redis_server)
        assert cache.get("a") == 1
        cache.count("b", window_s=5)
        cache.close()
        assert cache.incr("a", number) is not None
        cache.set("a", 1)
    assert client.info("stats")["total_connections_received"] == before


def test_the_cache_of_one_process_counts_alike() -> None:
    cache = CountingLocalCache("counting", {})
    assert [cache.count("caller", window_s=60) for _ in range(3)] == [1, 2, 3]
    cache.clear()
    assert cache.count("caller", window_s=60) == 1
