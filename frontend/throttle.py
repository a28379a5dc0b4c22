"""How often a visitor may do a thing on our pages; the rates are those of the API's settings."""

from django.http import HttpRequest
from rest_framework.settings import api_settings
from rest_framework.throttling import SimpleRateThrottle

from project.core.http import client_ip
from project.core.throttling import count


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
    # All are counted, also after a refusal.
    counts = [count(key, window_s=window_s) for key in keys]
    return max(counts) <= limit
