"""The cache with one thing more than Django's: counting a caller in one step."""

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

# The first of a window opens it. One script is one step and one round trip; INCR and EXPIRE apart
# could leave a count that is never forgotten.
COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return n
"""


class CountingRedisCache(RedisCache):
    """Redis, as everywhere where more than one process runs."""

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
