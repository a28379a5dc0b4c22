"""Django's caches with two things more: connections outlive a request, and a caller is counted."""

from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

# The first of a window opens it. One script is one step and one round trip; INCR and EXPIRE apart
# could leave a count that is never forgotten.
COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n
"""


class SharedPoolsClient(RedisCacheClient):
    """All caches of a process use the same connections.

    The web process gives each request a thread of its own, and with it a cache of its own; the
    connections would be opened, told the password and closed again at each request.
    """

    shared: ClassVar[dict[Any, dict[int, Any]]] = {}

    def __init__(self, servers: Any, *args: Any, **options: Any) -> None:
        super().__init__(servers, *args, **options)
        self._pools = self.shared.setdefault((tuple(servers), repr(sorted(options.items()))), {})


class CountingRedisCache(RedisCache):
    """Redis, as everywhere where more than one process runs."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = SharedPoolsClient

    def count(self, key: str, *, window_s: int) -> int:
        """One more in this window of seconds; how many that makes."""
        client = self._cache.get_client(key, write=True)
        script = client.register_script(COUNT)
        return int(script(keys=[self.make_and_validate_key(key)], args=[window_s]))


class CountingLocalCache(LocMemCache):
    """The memory of one process: for tests, whose counts must not meet."""

    def count(self, key: str, *, window_s: int) -> int:
        """One more in this window of seconds; how many that makes."""
        if self.add(key, 1, timeout=window_s):
            return 1
        return int(self.incr(key))
