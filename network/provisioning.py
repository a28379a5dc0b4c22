"""`radius_decision`: one row per internet service, rewritten with its causes.

`refresh_decisions` is called inside the transaction that changes a cause. Its own locks are taken
last and in the order of ids: rows of `radius_decision` are the mutex, so of two transactions that
change causes of one service the second reads what the first committed.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from network import (
    crypto,
    fastpath,
    guests,
    places,
    pools,
    port_keys,
    recognised,
    secretwrites,
    wishes,
)
from network.authorization import AccessReason, AccessState, ServiceFacts, Verdict, decide
from network.models import GuestRule
from network.profile import AccessProfile, Burst, ProfileState
from project.core import clock

WRITTEN = (
    "ids", "states", "reasons", "ips", "ipv6s", "delegated", "hashes", "downs", "ups", "profiles",
)  # fmt: skip
LOGIN_PREFIX = "gb"
# Of a service's own number, the first that nobody has: people may have given any of them away.
LOGIN_NAMES = tuple(
    LOGIN_PREFIX + one for one in ("{id}", "{id}-2", "{id}-3", "{id}-{any}", "{id}-{any}")
)
PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 (no letters that look alike)
PASSWORD_LENGTH = 12

_NEW = """
SELECT s.id, c.login, c.password_encrypted, c.mac, c.circuit_hex, c.remote_hex
FROM billing_subscription s
LEFT JOIN network_accesscredential c ON c.subscription_id = s.id
WHERE s.id = ANY(%(ids)s)
  AND EXISTS (
      SELECT 1 FROM billing_plan_span p JOIN billing_tariff t ON t.id = p.tariff_id
      WHERE p.subscription_id = s.id AND t.service_type = 'INTERNET'
  )
  AND NOT EXISTS (SELECT 1 FROM radius_decision d WHERE d.subscription_id = s.id)
ORDER BY s.id
"""

_ADD_CREDENTIALS = """
INSERT INTO network_accesscredential
    (subscription_id, login, password_encrypted, mac, circuit_hex, remote_hex, mode, updated_at)
SELECT n.id, n.login, n.token, '', '', '', '', %(at)s
FROM unnest(%(ids)s::bigint[], %(logins)s::text[], %(tokens)s::bytea[]) AS n(id, login, token)
ON CONFLICT DO NOTHING
"""

_ADD_DECISIONS = """
INSERT INTO radius_decision
    (subscription_id, login, password, mac, circuit_hex, remote_hex, mode, replies, state,
     reason, profile_hash, profile, updated_at)
SELECT n.id, c.login, n.password, c.mac, c.circuit_hex, c.remote_hex,
       '', '{}', 'REFUSED', 'NOT_ACTIVE', '', '{}'::jsonb, %(at)s
FROM unnest(%(ids)s::bigint[], %(logins)s::text[], %(passwords)s::text[])
     AS n(id, login, password)
JOIN network_accesscredential c ON c.subscription_id = n.id AND c.login = n.login
ON CONFLICT (subscription_id) DO NOTHING
"""

# What happens to an add-on (a faster line for some days) changes the service it hangs on.
_LOCK = """
SELECT subscription_id FROM radius_decision
WHERE subscription_id = ANY(%(ids)s)
   OR subscription_id IN (SELECT parent_id FROM billing_subscription WHERE id = ANY(%(ids)s))
ORDER BY subscription_id FOR UPDATE
"""

# The tariff's terms on the day: the version that was sold, or a newer one that existing
# subscriptions have moved to by then; at night its night speeds. An add-on that is on and faster
# than that makes the line as fast as itself.
_FACTS = """
SELECT s.id, s.state, COALESCE(b.reasons, '{}'),
       EXISTS (SELECT 1 FROM billing_pause p
               WHERE p.subscription_id = s.id AND p.during @> %(day)s::date),
       span.id IS NOT NULL,
       GREATEST(CASE WHEN night.is_now THEN v.night_down_bit_s ELSE v.speed_down_bit_s END,
                boost.down),
       GREATEST(CASE WHEN night.is_now THEN v.night_up_bit_s ELSE v.speed_up_bit_s END, boost.up),
       v.burst_down_bit_s, v.burst_up_bit_s, v.burst_s, temporary.down, temporary.up,
       d.state, d.reason, host(d.framed_ip), d.framed_ipv6_prefix::text,
       d.delegated_ipv6_prefix::text, d.profile_hash, d.speed_down_bit_s, d.speed_up_bit_s,
       d.zone_id
FROM radius_decision d
JOIN billing_subscription s ON s.id = d.subscription_id
LEFT JOIN LATERAL (
    SELECT array_agg(x.reason::text) AS reasons FROM billing_block x
    WHERE x.subscription_id = s.id AND x.until_at IS NULL
) b ON true
LEFT JOIN billing_plan_span span
       ON span.subscription_id = s.id AND span.during @> %(day)s::date
LEFT JOIN billing_tariff_version sold ON sold.id = span.sold_version_id
LEFT JOIN LATERAL (
    SELECT x.* FROM billing_tariff_version x
    WHERE x.tariff_id = span.tariff_id
      AND (x.id = sold.id
           OR (x.version > sold.version AND x.published_at IS NOT NULL
               AND x.applies_existing_from <= %(day)s))
    ORDER BY x.version DESC LIMIT 1
) v ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN v.night_from < v.night_until
                THEN %(clock)s >= v.night_from AND %(clock)s < v.night_until
                ELSE %(clock)s >= v.night_from OR %(clock)s < v.night_until END AS is_now
) night ON true
LEFT JOIN LATERAL (
    SELECT max(terms.speed_down_bit_s) AS down, max(terms.speed_up_bit_s) AS up
    FROM billing_subscription addon
    JOIN billing_plan_span sold_span
      ON sold_span.subscription_id = addon.id AND sold_span.during @> %(day)s::date
    JOIN billing_tariff_version terms
      ON terms.id = billing_version_on(sold_span.sold_version_id, %(day)s::date)
    WHERE addon.parent_id = s.id AND addon.state = 'ACTIVE'
      AND (addon.ends_date IS NULL OR addon.ends_date >= %(day)s)
      AND NOT EXISTS (SELECT 1 FROM billing_block off
                      WHERE off.subscription_id = addon.id AND off.until_at IS NULL)
) boost ON true
LEFT JOIN LATERAL (
    SELECT t.speed_down_bit_s AS down, t.speed_up_bit_s AS up FROM network_temporary_speed t
    WHERE t.subscription_id = s.id AND t.during @> %(at)s::timestamptz
) temporary ON true
WHERE d.subscription_id = ANY(%(ids)s)
"""

_WRITE = """
UPDATE radius_decision d
SET state = n.state, reason = n.reason, speed_down_bit_s = n.down, speed_up_bit_s = n.up,
    framed_ip = n.ip, framed_ipv6_prefix = n.ipv6, delegated_ipv6_prefix = n.delegated,
    profile_hash = n.hash, profile = n.profile, updated_at = %(at)s,
    felt_at = CASE WHEN d.profile_hash = n.hash THEN d.felt_at ELSE %(at)s END
FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(downs)s::bigint[],
            %(ups)s::bigint[], %(ips)s::inet[], %(ipv6s)s::inet[], %(delegated)s::inet[],
            %(hashes)s::text[], %(profiles)s::jsonb[])
     AS n(id, state, reason, down, up, ip, ipv6, delegated, hash, profile)
WHERE d.subscription_id = n.id
"""


@dataclass(frozen=True, slots=True)
class _Row:
    """What is and what shall be of one service's decision."""

    subscription_id: int
    facts: ServiceFacts
    down: int | None
    up: int | None
    burst: tuple[int | None, int | None, int | None]
    was: tuple[Any, ...]
    zone_id: int | None


@dataclass(frozen=True, slots=True)
class _Written:
    """Services whose sessions would feel the new decision; those that have full access since."""

    felt: list[int]
    opened: list[int]


def refresh_decisions(*, subscription_ids: Iterable[int], at: datetime) -> None:
    """Rewrite the decisions of these services as of `at`, in the caller's transaction.

    An internet service that has none yet gets a login, a password and an address. Services of
    other kinds are passed over. Where a running session would feel the change, a wish to its BRAS
    (AccessAction) is stored in the same transaction and carried out after the commit.
    """
    ids = sorted(set(subscription_ids))
    if not ids:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        _create_missing(cursor, ids=ids, at=at)
        cursor.execute(_LOCK, {"ids": ids})
        locked = [row[0] for row in cursor.fetchall()]
        places.refresh(cursor, ids=locked, at=at)
        rows = _facts(cursor, ids=locked, at=at)
        written = _write(cursor, rows=rows, addresses=_addresses(rows, at=at), at=at)
        fastpath.refresh(cursor, ids=locked)
        wishes.on_decisions_changed(subscription_ids=written.felt, at=at)
        recognised.restart(subscription_ids=written.opened, at=at)


def generated_password() -> str:
    """A random password that can be read out over the telephone (59 bits)."""
    return "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_LENGTH))


def _create_missing(cursor: Any, *, ids: list[int], at: datetime) -> None:
    cursor.execute(_NEW, {"ids": ids})
    rows = cursor.fetchall()
    if not rows:
        return
    for name in LOGIN_NAMES:
        fresh = [row[0] for row in rows if row[1] is None]
        if not fresh:
            break
        cursor.execute(
            _ADD_CREDENTIALS,
            {
                "ids": fresh,
                "logins": [name.format(id=one, any=secrets.token_hex(4)) for one in fresh],
                "tokens": [crypto.encrypt(generated_password()) for _one in fresh],
                "at": at,
            },
        )
        # Another transaction may have been first, and a name may be another service's own: what is
        # stored counts, and who has none yet gets the next name.
        cursor.execute(_NEW, {"ids": [row[0] for row in rows]})
        rows = cursor.fetchall()
    known = [(row[0], row[1], crypto.decrypt(row[2])) for row in rows if row[1] is not None]
    secretwrites.execute(
        _ADD_DECISIONS,
        {
            "ids": [row[0] for row in known],
            "logins": [row[1] for row in known],
            "passwords": [row[2] for row in known],
            "at": at,
        },
    )
    if ported := [row[0] for row in rows if row[4]]:
        port_keys.refresh(ids=ported)


def _facts(cursor: Any, *, ids: list[int], at: datetime) -> list[_Row]:
    now = at.astimezone(clock.KYIV)
    cursor.execute(
        _FACTS,
        {"ids": ids, "at": at, "day": now.date(), "clock": now.time().replace(tzinfo=None)},
    )
    return [
        _Row(
            subscription_id=row[0],
            facts=ServiceFacts(
                state=row[1], blocks=frozenset(row[2]), is_paused=row[3], has_plan=row[4]
            ),
            # A temporary speed stands above the tariff's own, day or night.
            down=row[10] or row[5],
            up=row[11] or row[6],
            burst=(None, None, None) if row[10] else row[7:10],
            was=row[12:20],
            zone_id=row[20],
        )
        for row in cursor.fetchall()
    ]


def _addresses(rows: list[_Row], *, at: datetime) -> dict[int, pools.Held]:
    """What each service holds; an ended one gives its own back, a draft has none yet."""
    return pools.settle(
        active=[row.subscription_id for row in rows if row.facts.state == "ACTIVE"],
        ended=[row.subscription_id for row in rows if row.facts.state == "TERMINATED"],
        at=at,
    )


def shall_be(
    row: _Row, *, verdict: Verdict, held: pools.Held, rules: Sequence[GuestRule]
) -> AccessProfile | None:
    """What a session of this service shall get; None: none, or one that only a new authorization
    can tell (a guest by a rule of a single BRAS)."""
    if verdict.state is AccessState.GUEST:
        everywhere = [one for one in rules if one.nas_id is None]
        zones = [row.zone_id] if row.zone_id is not None else []
        rule = guests.rule_for(
            reason=verdict.reason.value, zone_ids=zones, nas_id=0, chosen=everywhere
        )
        if rule is None:
            return None
        return guests.profile_of(rule, subscription_id=row.subscription_id, held=held)
    if verdict.state is AccessState.REFUSED:
        return None
    return AccessProfile(
        ProfileState.FULL,
        speed_down_bit_s=row.down,
        speed_up_bit_s=row.up,
        burst=_burst(row),
        framed_ip=held.ipv4,
        framed_ipv6_prefix=held.ipv6_prefix,
        delegated_ipv6_prefix=held.delegated,
        session_timeout_s=_session_timeout(row.subscription_id),
    )


def _session_timeout(subscription_id: int) -> int | None:
    """The setting, for each service up to a twentieth shorter: after a restart of a BRAS all begin
    in one minute, and would come back in one minute each day."""
    longest = settings.GEOBILL_RADIUS_SESSION_TIMEOUT_S
    return longest - subscription_id * 7_919 % (longest // 20 + 1) if longest else None


def _burst(row: _Row) -> Burst | None:
    """The tariff's burst, where it is faster than the speed; it starts below 3/4 of the speed."""
    down, up, seconds = row.burst
    if not (down and up and seconds and row.down and row.up):
        return None
    if down <= row.down and up <= row.up:
        return None
    return Burst(
        down_bit_s=max(down, row.down),
        up_bit_s=max(up, row.up),
        threshold_down_bit_s=row.down * 3 // 4,
        threshold_up_bit_s=row.up * 3 // 4,
        seconds=seconds,
    )


def _write(
    cursor: Any, *, rows: list[_Row], addresses: dict[int, pools.Held], at: datetime
) -> _Written:
    """Store what differs."""
    rules = guests.rules(active_only=True)
    new: list[tuple[Any, ...]] = []
    felt: list[int] = []
    opened: list[int] = []
    for row in rows:
        answered = guests.reasons_for(rules, zone_id=row.zone_id)
        verdict = decide(row.facts, guest_reasons=answered)
        # A service without a plan today keeps no speed; a blocked one keeps it for its return.
        has_speed = verdict.reason is not AccessReason.NO_PLAN
        down, up = (row.down, row.up) if has_speed else (None, None)
        held = addresses.get(row.subscription_id, pools.NOTHING)
        profile = shall_be(row, verdict=verdict, held=held, rules=rules)
        mark = profile.mark() if profile else verdict.state.value
        addressed = (held.ipv4, held.ipv6_prefix, held.delegated)
        decided = (verdict.state.value, verdict.reason.value, *addressed, mark, down, up)
        if decided == row.was:
            continue
        told = json.dumps(profile.as_json() if profile else {})
        new.append((row.subscription_id, *decided, told))
        if mark != row.was[5]:
            felt.append(row.subscription_id)
        if verdict.state is AccessState.FULL and row.was[0] != AccessState.FULL:
            opened.append(row.subscription_id)
    if new:
        columns = (list(column) for column in zip(*new, strict=True))
        wishes.remember(subscription_ids=felt, at=at)
        cursor.execute(_WRITE, {**dict(zip(WRITTEN, columns, strict=True)), "at": at})
    return _Written(felt, opened)
