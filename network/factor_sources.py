"""Which attributes hold a MAC or an Option 82 here: what drivers and rules of Option 82 say.

Read once in a while (`FRESH_S`) for a process, so an authorization costs nothing more.
"""

import time

from network.option82 import rules
from network.radius.raddb_sources import IN_WORD
from network.radius.sources import Sources, merged
from network.vendors.driver import Driver
from network.vendors.registry import drivers

FRESH_S = 10.0
# As people choose them for a rule → as a source is written.
WHOLE = frozenset({"ERX-Dhcp-Option-82", "DHCP-Option", "Huawei-DHCP-Option"})

_cached: Sources | None = None
_looked_at = 0.0


def current() -> Sources:
    """The sources, at most `FRESH_S` old."""
    global _cached, _looked_at
    now = time.monotonic()
    if _cached is None or now - _looked_at > FRESH_S:
        _cached, _looked_at = read(), now
    return _cached


def read() -> Sources:
    """The sources as they are now."""
    known = drivers().values()
    named = rules.sources_in_use()
    whole = [one for pair in named for one in pair if one in WHOLE]
    return merged(
        [*(line for driver in known for line in driver.opt82_sources), *whole],
        circuits=[_key(one) for one, _ in named if one and one not in WHOLE],
        remotes=[_key(two) for _, two in named if two and two not in WHOLE],
        macs=[name for driver in known for name in driver.mac_sources],
    )


def elsewhere_of(driver: Driver) -> list[str]:
    """Attributes in which a BRAS with this driver may tell MAC or Option 82, beside those that each
    packet is told with: the driver's own, and what active rules read of whatever BRAS.
    """
    lines = (part.strip() for line in driver.opt82_sources for part in line.split(";"))
    read_by_rules = (_key(one) for pair in rules.sources_in_use() for one in pair if one)
    named = (one.partition("=")[0] for one in (*lines, *driver.mac_sources, *read_by_rules))
    return [one for one in dict.fromkeys(named) if one not in IN_WORD]


def _key(text: str) -> str:
    """ "Cisco-AVPair circuit-id-tag" → "Cisco-AVPair=circuit-id-tag"."""
    return "=".join(text.split(" ", 1))
