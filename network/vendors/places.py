"""The places that a driver's forms may have, and what fills them (pure: no Django)."""

import re
from collections.abc import Mapping
from functools import lru_cache

from network.profile import AccessProfile

PLACE = re.compile(r"\{([a-z0-9_]+)\}")
HIGHEST_32 = 2**32 - 1

# name → what people read in the editor of drivers, in English; `network/texts.py` translates it.
SPEED_UNITS = ("bit", "bit_32", "kbit", "kibit", "mbit", "suffix", "suffix_lower", "bytes")
SPEED_NAMES = (
    "down",
    "up",
    "burst_down",
    "burst_up",
    "threshold_down",
    "threshold_up",
)
OTHER_PLACES = (
    "burst_s",
    "framed_ip",
    "framed_ipv6_prefix",
    "delegated_ipv6_prefix",
    "pool",
    "redirect_url",
    "session_timeout_s",
    "interim_s",
    "class_text",
)
PROFILE_PLACES = frozenset(
    {*(f"{name}_{unit}" for name in SPEED_NAMES for unit in SPEED_UNITS), *OTHER_PLACES}
)
SERVICE_PLACES = frozenset({"service", "n"})
SESSION_PLACES = frozenset(
    {"acct_session_id", "login", "framed_ip", "nas_ip", "mac_colons", "mac_upper", "mac_dots"}
)


def filled(form: str, values: Mapping[str, object]) -> str | None:
    """The form with its places filled; None when one of them is unknown or empty.

    Only names are looked up: a form is typed by people and must not reach into objects.
    """
    parts: list[str] = []
    end = 0
    for place in PLACE.finditer(form):
        value = values.get(place[1])
        if value is None or value == "":
            return None
        parts += [form[end : place.start()], str(value)]
        end = place.end()
    return "".join([*parts, form[end:]])


def profile_values(profile: AccessProfile) -> dict[str, object]:
    """What fills the places for this profile."""
    burst = profile.burst
    speeds = {
        "down": profile.speed_down_bit_s,
        "up": profile.speed_up_bit_s,
        "burst_down": burst and burst.down_bit_s,
        "burst_up": burst and burst.up_bit_s,
        "threshold_down": burst and burst.threshold_down_bit_s,
        "threshold_up": burst and burst.threshold_up_bit_s,
    }
    values: dict[str, object] = {
        name: getattr(profile, name) for name in OTHER_PLACES if name != "burst_s"
    }
    values["burst_s"] = burst and burst.seconds
    if not (profile.speed_down_bit_s and profile.speed_up_bit_s):
        return values  # half a limit is none: no BRAS can be told one direction only
    for name, bit_s in speeds.items():
        if bit_s:
            values |= {f"{name}_{unit}": text for unit, text in speed_units(bit_s).items()}
    return values


@lru_cache(maxsize=256)
def speed_units(bit_s: int) -> Mapping[str, object]:
    """One speed in all the units that BRASes speak; k, M and kbit are powers of 1000, kibit is
    1024. `bytes` is what flows in a second and a half, the usual depth of a bucket."""
    return {
        "bit": bit_s,
        "bit_32": min(bit_s, HIGHEST_32),
        "kbit": max(bit_s // 1000, 1),
        "kibit": max(bit_s // 1024, 1),
        "mbit": max(bit_s // 1_000_000, 1),
        "suffix": with_suffix(bit_s),
        "suffix_lower": with_suffix(bit_s).lower(),
        "bytes": min(bit_s * 3 // 16, HIGHEST_32),
    }


def with_suffix(bit_s: int) -> str:
    """300000000 → "300M", 1500000 → "1500k", 1234567 → "1234567"."""
    if bit_s % 1_000_000 == 0:
        return f"{bit_s // 1_000_000}M"
    if bit_s % 1_000 == 0:
        return f"{bit_s // 1_000}k"
    return str(bit_s)


def session_values(
    *,
    acct_session_id: str,
    login: str,
    framed_ip: str | None,
    nas_ip: str | None,
    mac: str,
) -> dict[str, object]:
    """What fills the places that name a session; `mac` is twelve lower hex digits or ""."""
    pairs = [mac[at : at + 2] for at in range(0, len(mac), 2)]
    fours = [mac[at : at + 4] for at in range(0, len(mac), 4)]
    return {
        "acct_session_id": acct_session_id,
        "login": login,
        "framed_ip": framed_ip,
        "nas_ip": nas_ip,
        "mac_colons": ":".join(pairs),
        "mac_upper": ":".join(pairs).upper(),
        "mac_dots": ".".join(fours),
    }
