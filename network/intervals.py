"""How often a session reports (Acct-Interim-Interval), and for how long it may be silent.

A BRAS's card names its interval, else the setting does. Each subscriber is told up to a tenth more
or less of it, always the same: after a restart of a BRAS thousands begin in one minute, and would
report in one minute for ever. What a service is told follows from its number, so nothing is stored
with it: ready replies and the REST group work it out alike, and no session is changed for its sake.
"""

import zlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from network.models import Nas

SHORTEST_S, LONGEST_S = 60, 3_600
SPREAD = 5  # a fifth of the interval lies between the shortest and the longest told
REPORTS_MISSED = 3
SUSPECT_AFTER = timedelta(minutes=15)
LOST_AFTER = timedelta(hours=1)  # from then on

# The interval of session `s` on its BRAS `n` (null: not registered): as the card says now, and of a
# session from before it was changed no less than it said then. `values` fills in what is asked for.
_OF_SESSION = """GREATEST(COALESCE(n.interim_s, %(interim_s)s), CASE
    WHEN s.started_at < n.interim_since THEN n.interim_was_s ELSE 0 END)"""
# For how long it may be silent, and when the second report was due at the latest.
PATIENCE = f"GREATEST(%(suspect)s, make_interval(secs => {REPORTS_MISSED} * {_OF_SESSION}))"
REPORTED_AGAIN = f"make_interval(secs => 1.25 * {_OF_SESSION})"


def values() -> dict[str, Any]:
    """What the texts above ask for; `lost` and `more` are of the reaper."""
    return {
        "interim_s": usual_s(),
        "suspect": SUSPECT_AFTER,
        "more": LOST_AFTER,
        "lost": SUSPECT_AFTER + LOST_AFTER,
    }


def usual_s() -> int:
    """The interval where the card of the BRAS says nothing, seconds."""
    return min(max(settings.GEOBILL_RADIUS_INTERIM_S, SHORTEST_S), LONGEST_S)


def told_s(interval_s: int | None, *, to: str) -> int:
    """What somebody is told on a BRAS with this interval (None: the usual one), seconds.

    `to` names him, and he is always told the same. Never less than a minute: near to it the range
    lies above the interval, so that half of all do not report at once there.
    """
    middle = interval_s or usual_s()
    shortest = max(SHORTEST_S, middle - middle // (2 * SPREAD))
    return shortest + zlib.crc32(to.encode()) % (middle // SPREAD + 1)


def of_service_s(interval_s: int | None, *, subscription_id: int) -> int:
    """The same for a service: with full access or as a guest, so that being let out by a CoA,
    which cannot change it, leaves him with what he would be told."""
    return told_s(interval_s, to=f"s:{subscription_id}")


def of_stranger_s(interval_s: int | None, *, mac: str, circuit_hex: str, remote_hex: str) -> int:
    """The same for a device of nobody, by its MAC, or by its port where the MAC is not known."""
    return told_s(interval_s, to=mac or f"{circuit_hex}/{remote_hex}")


def remember(nas: Nas, *, interim_s: int | None, at: datetime) -> None:
    """Before the card gets another interval: note what sessions of until now may have been told."""
    before = nas.interim_s or usual_s()
    if nas.pk and before != (interim_s or usual_s()):
        nas.interim_was_s, nas.interim_since = max(before, nas.interim_was_s or 0), at
