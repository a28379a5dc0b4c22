"""From acknowledged to verified: what was seen of a session after its BRAS had said yes.

A Disconnect is verified when the session has ended. A CoA is verified by the next accounting of the
session; where the driver says that an acknowledgement is no proof, only by what accounting shows:
the attributes that the BRAS echoes, or the speed that was measured. What is seen to go on as before
is NOT_APPLIED and, as the BRAS's card says, ends in a reconnection.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import connection, transaction

from network import wishes
from network.models import AccessAction, Nas
from network.profile import AccessProfile
from network.vendors.driver import Driver
from network.vendors.registry import driver_for

State = AccessAction.State
LOOKED_AT_FOR = timedelta(hours=26)
ROWS_MAX = 2_000
# A run looks at so many portions. Where it ended is only in the cache: without it the next one
# begins behind the newest portion.
PORTIONS_MAX = 10
REACHED = "network:verification:reached"
NEWEST = (datetime.max.replace(tzinfo=UTC), 0)
MARGIN = timedelta(seconds=5)
WINDOW_S_MIN = 45
ABOVE = 1.15  # a shaper lets bursts through
BUSY = 0.5

# By the index of what is acknowledged. What proves nothing stays there for a day, and would keep
# what is older from being seen, were it not for the portions behind.
_ACKNOWLEDGED = """
SELECT a.id, a.session_unique_id, a.nas_id, a.kind, a.desired, a.answered_at, a.baseline,
       s.unique_id IS NOT NULL, s.last_seen_at, s.in_octets, s.out_octets, s.echo
FROM network_access_action a
LEFT JOIN network_session s ON s.unique_id = a.session_unique_id
WHERE a.state = 'ACKNOWLEDGED' AND a.answered_at > %s
  AND (a.answered_at, a.id) < (%s, %s)
  AND (s.unique_id IS NULL AND a.kind = 'DISCONNECT' OR s.last_seen_at > a.answered_at)
ORDER BY a.answered_at DESC, a.id DESC LIMIT %s
"""


class _Row(NamedTuple):
    id: int
    session: str
    nas_id: int
    kind: str
    desired: Any
    answered_at: datetime
    baseline: Any
    is_open: bool
    last_seen_at: datetime | None
    in_octets: int | None
    out_octets: int | None
    echo: Any


@dataclass(frozen=True, slots=True)
class Seen:
    """What accounting showed since the acknowledgement; speeds are None while nothing was measured.

    `echo` is what the BRAS says it applies, by attribute.
    """

    echo: dict[str, str]
    down_bit_s: float | None = None
    up_bit_s: float | None = None


def verify(*, at: datetime) -> tuple[int, int]:
    """Look at what was acknowledged lately; gives (verified, not applied). Each portion is stored
    by itself."""
    verified = astray = 0
    for rows in _portions(at=at):
        right, wrong = _judged(rows, at=at)
        verified, astray = verified + right, astray + wrong
    return verified, astray


def _portions(*, at: datetime) -> Iterator[list[_Row]]:
    """What may be proven now: the newest portion, then those behind where the last run ended."""
    since, behind = at - LOOKED_AT_FOR, NEWEST
    for number in range(PORTIONS_MAX):
        with connection.cursor() as cursor:
            cursor.execute(_ACKNOWLEDGED, [since, *behind, ROWS_MAX])
            rows = [_Row(*row) for row in cursor.fetchall()]
        if rows:
            yield rows
        if len(rows) < ROWS_MAX:
            cache.delete(REACHED)
            return
        behind = rows[-1].answered_at, rows[-1].id
        if number == 0:
            behind = min(behind, cache.get(REACHED, behind))
    cache.set(REACHED, behind)


def _judged(rows: list[_Row], *, at: datetime) -> tuple[int, int]:
    cards = {one.id: one for one in Nas.objects.filter(id__in={row.nas_id for row in rows})}
    drivers = {number: driver_for(nas) for number, nas in cards.items()}
    verified: list[_Row] = []
    astray: list[_Row] = []
    begun: list[tuple[int, str]] = []
    for row in rows:
        verdict = _verdict(row, driver=drivers[row.nas_id], begun=begun)
        if verdict is True:
            verified.append(row)
        elif verdict is False:
            astray.append(row)
    with transaction.atomic():
        _store(verified, astray, begun, at=at)
        _reconnect(astray, cards, at=at)
    return len(verified), len(astray)


def proof(*, desired: AccessProfile, seen: Seen, driver: Driver, is_reliable: bool) -> bool | None:
    """True: it has what is desired. False: it has not. None: this does not tell."""
    if any(name in seen.echo for name in driver.echo):
        expected: dict[str, set[str]] = {}
        for one in driver.accept(desired):
            if one.name in driver.echo:
                expected.setdefault(one.name, set()).add(str(one.value))
        told = {name: seen.echo[name] for name in expected if name in seen.echo}
        if told:
            return _agreement(expected, told)
    limits = (
        (seen.down_bit_s, desired.speed_down_bit_s),
        (seen.up_bit_s, desired.speed_up_bit_s),
    )
    measured = [(speed, limit) for speed, limit in limits if speed is not None and limit]
    if any(speed > limit * ABOVE for speed, limit in measured):
        return False
    if is_reliable or any(speed > limit * BUSY for speed, limit in measured):
        return True
    return None


def _agreement(expected: dict[str, set[str]], told: dict[str, str]) -> bool | None:
    """All that was told is as desired: True; one has nothing of it: False. A part of several
    values (one direction of two) is neither."""
    shares = [
        (len(expected[name] & set(value.split("\n"))), len(expected[name]))
        for name, value in told.items()
    ]
    if any(not found for found, _wanted in shares):
        return False
    return True if all(found == wanted for found, wanted in shares) else None


def _verdict(row: _Row, *, driver: Driver, begun: list[tuple[int, str]]) -> bool | None:
    if row.kind == AccessAction.Kind.DISCONNECT:
        if not row.is_open:
            return True
        late = row.last_seen_at and row.last_seen_at > row.answered_at + MARGIN
        return False if late else None
    desired = _json(row.desired)
    if not desired or row.last_seen_at is None or row.last_seen_at <= row.answered_at:
        return None
    echo = {str(name): str(value) for name, value in (_json(row.echo) or {}).items()}
    reliable = not driver.capabilities.ack_unreliable
    profile = AccessProfile.from_json(desired)
    seen = Seen(echo=echo)
    start = _json(row.baseline).get("first_at")
    if start is None and not reliable:
        # Counters of the first accounting after it: the speed is measured from there.
        first = {"first_at": row.last_seen_at.isoformat()}
        begun.append((row.id, json.dumps({**first, "in": row.in_octets, "out": row.out_octets})))
    elif start is not None:
        seen = _measured(row, since=datetime.fromisoformat(start), echo=echo)
    return proof(desired=profile, seen=seen, driver=driver, is_reliable=reliable)


def _measured(row: _Row, *, since: datetime, echo: dict[str, str]) -> Seen:
    assert row.last_seen_at is not None
    window_s = (row.last_seen_at - since).total_seconds()
    if window_s < WINDOW_S_MIN:
        return Seen(echo=echo)
    base = _json(row.baseline)
    return Seen(
        echo=echo,
        down_bit_s=((row.out_octets or 0) - base["out"]) * 8 / window_s,
        up_bit_s=((row.in_octets or 0) - base["in"]) * 8 / window_s,
    )


def _store(
    verified: list[_Row], astray: list[_Row], begun: list[tuple[int, str]], *, at: datetime
) -> None:
    acknowledged = AccessAction.objects.filter(state=State.ACKNOWLEDGED)
    acknowledged.filter(id__in=[row.id for row in verified]).update(
        state=State.VERIFIED, verified_at=at
    )
    acknowledged.filter(id__in=[row.id for row in astray]).update(
        state=State.NOT_APPLIED, verified_at=None
    )
    wishes.forget_applied(sessions=[row.session for row in astray if row.is_open], at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE network_session_profile SET verified_at = %s WHERE session_unique_id = ANY(%s)",
            [at, [row.session for row in verified]],
        )
        if begun:
            cursor.execute(
                "UPDATE network_access_action a SET baseline = n.told"
                " FROM unnest(%s::bigint[], %s::jsonb[]) AS n(id, told) WHERE a.id = n.id",
                [[number for number, _ in begun], [told for _, told in begun]],
            )


def _reconnect(astray: list[_Row], cards: dict[int, Nas], *, at: datetime) -> None:
    sessions = [
        row.session
        for row in astray
        if row.is_open and cards[row.nas_id].on_refusal == Nas.OnRefusal.DISCONNECT
    ]
    wishes.wish(
        sessions=sessions,
        at=at,
        cause=wishes.NOT_APPLIED,
        kind=AccessAction.Kind.DISCONNECT,
    )


def _json(told: Any) -> Any:
    return json.loads(told) if isinstance(told, str) else told
