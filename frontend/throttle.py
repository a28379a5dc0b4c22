"""How often a visitor may do a thing on our pages; the rates are those of the API's settings."""

from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from project.core.http import client_ip


def allowed(request: HttpRequest, *, scope: str, subject: str = "") -> bool:
    """Count one more attempt; False when this caller has used up the rate of that scope.

    The caller is the network address; `subject` (a user name) counts apart from it, so that many
    addresses together cannot try one account either.
    """
    rate = api_settings.DEFAULT_THROTTLE_RATES[scope]
    limit, window_s = SimpleRateThrottle.parse_rate(None, rate)  # type: ignore[arg-type]
    assert limit is not None, f"{rate} is not a rate"
    assert window_s is not None, f"{rate} is not a rate"
    keys = [f"throttle:{scope}:ip:{client_ip(request)}"]
    if subject:
        keys.append(f"throttle:{scope}:of:{subject.casefold()[:150]}")
    counts = [_count(key, window_s) for key in keys]  # all are counted, also after a refusal
    return max(counts) <= limit


def _count(key: str, window_s: int) -> int:
    """One more in this window; the first attempt opens the window."""
    if cache.add(key, 1, timeout=window_s):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # the window closed between the two calls
        cache.set(key, 1, timeout=window_s)
        return 1
