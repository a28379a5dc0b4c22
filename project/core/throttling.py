"""How often one caller may do a thing: counted in Redis, one atomic step a request.

A count is kept for each caller from the first request on, for as long as the rate says (a minute,
an hour), and then forgotten. The framework's own throttles keep a list of moments for each caller,
read it and write it back: two requests at once count as one, and a generous rate makes a long list.
"""

from typing import Any, Protocol, cast

from django.core.cache import cache
from rest_framework.throttling import (
    AnonRateThrottle,
    ScopedRateThrottle,
    SimpleRateThrottle,
    UserRateThrottle,
)


class CountingCache(Protocol):
    """What the caches of `project.core.caches` can do more than others."""

    def count(self, key: str, *, window_s: int) -> int:
        """One more in this window; how many that makes."""


def count(key: str, *, window_s: int) -> int:
    """One more in this caller's window; how many that makes. The first one opens the window."""
    return cast(CountingCache, cache).count(key, window_s=window_s)


class _Counted(SimpleRateThrottle):
    """Counts in windows instead of keeping a list of moments."""

    num_requests: int | None
    duration: int | None

    def allow_request(self, request: Any, view: Any) -> bool:
        """Whether this request is within the rate."""
        if self.rate is None:
            return True
        key = self.get_cache_key(request, view)
        if key is None:
            return True
        assert self.num_requests is not None
        assert self.duration is not None
        return count(key, window_s=self.duration) <= self.num_requests

    def wait(self) -> float | None:
        """Seconds after which the window is over for certain."""
        return self.duration


class AnonymousThrottle(_Counted, AnonRateThrottle):
    """Visitors, by their network address."""


class PersonThrottle(_Counted, UserRateThrottle):
    """Members of staff, by person; visitors by address."""


class ScopeThrottle(ScopedRateThrottle, _Counted):
    """Views that name a scope, counted apart from all others."""
