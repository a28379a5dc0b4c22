"""Guests: which rule lets somebody in behind a wall, and whether its limits are kept.

A guest is told by the Class `g:<rule>:<service or 0>:<nonce>`.
"""

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

from network import places, pools
from network.authorization import AccessReason
from network.identity import Identity, Problem
from network.models import GuestRule, GuestVisit
from network.profile import AccessProfile, ProfileState
from project.core import clock

TOO_MANY_SESSIONS = "TOO_MANY_SESSIONS"
# Why somebody is not let in fully, in the order in which people think of them.
REASONS: tuple[str, ...] = (
    *(one.value for one in Problem),
    TOO_MANY_SESSIONS,
    *(one.value for one in AccessReason if one is not AccessReason.OK),
)
KEPT = timedelta(days=30)

# The port is the mutex: of two devices that knock at the same time the second sees the first.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_LIMITS = """
SELECT count(DISTINCT mac) FILTER (
           WHERE circuit_hex = %(circuit)s AND remote_hex = %(remote)s AND until_at > %(at)s
             AND mac <> %(mac)s),
       COALESCE(sum(times_day) FILTER (WHERE mac = %(mac)s AND day = %(day)s), 0)
FROM network_guestvisit
WHERE (circuit_hex = %(circuit)s AND remote_hex = %(remote)s AND %(circuit)s <> '')
   OR (mac = %(mac)s AND %(mac)s <> '')
"""
_VISIT = """
INSERT INTO network_guestvisit AS v
    (rule_id, subscription_id, login, mac, circuit_hex, remote_hex, nas_address, reason,
     first_at, last_at, until_at, day, times_day)
VALUES (%(rule)s, %(subscription)s, %(login)s, %(mac)s, %(circuit)s, %(remote)s, %(nas)s::inet,
        %(reason)s, %(at)s, %(at)s, %(until)s, %(day)s, 1)
ON CONFLICT (mac, circuit_hex, remote_hex, login) DO UPDATE
SET rule_id = EXCLUDED.rule_id, subscription_id = EXCLUDED.subscription_id,
    nas_address = EXCLUDED.nas_address, reason = EXCLUDED.reason, last_at = EXCLUDED.last_at,
    until_at = EXCLUDED.until_at, day = EXCLUDED.day,
    times_day = CASE WHEN v.day = EXCLUDED.day THEN v.times_day + 1 ELSE 1 END
"""


def rules(*, active_only: bool = False) -> list[GuestRule]:
    """The rules in the order in which they are tried."""
    rows = GuestRule.objects.select_related("zone", "nas").order_by("position", "id")
    return list(rows.filter(is_active=True) if active_only else rows)


def is_any_active() -> bool:
    """Whether anybody is let in as a guest; none of the rules ships with the product."""
    return GuestRule.objects.filter(is_active=True).exists()


def reasons_for(chosen: Iterable[GuestRule], *, zone_id: int | None) -> Collection[str]:
    """What some rule of this zone has an answer to, on one BRAS or another."""
    return frozenset(
        reason
        for rule in chosen
        if rule.zone_id is None or rule.zone_id == zone_id
        for reason in rule.reasons
    )


def rule_for(
    *, reason: str, zone_ids: Collection[int], nas_id: int, chosen: Iterable[GuestRule]
) -> GuestRule | None:
    """The first rule that takes this reason in these places."""
    for rule in chosen:
        if (
            reason in rule.reasons
            and (rule.zone_id is None or rule.zone_id in zone_ids)
            and (rule.nas_id is None or rule.nas_id == nas_id)
        ):
            return rule
    return None


def rule_of_request(
    *, reason: str, identity: Identity, zone_id: int | None, nas_id: int
) -> GuestRule | None:
    """The rule for an Access-Request. A stranger's zone is that of the port he comes from; it is
    looked for only when a rule asks for one."""
    chosen = [one for one in rules(active_only=True) if reason in one.reasons]
    zone_ids = [zone_id] if zone_id is not None else []
    if not zone_ids and any(one.zone_id is not None for one in chosen):
        zone_ids = places.zones_at(circuit_hex=identity.circuit_hex, remote_hex=identity.remote_hex)
    return rule_for(reason=reason, zone_ids=zone_ids, nas_id=nas_id, chosen=chosen)


def profile_of(
    rule: GuestRule,
    *,
    subscription_id: int | None = None,
    held: pools.Held = pools.NOTHING,
    interim_s: int | None = None,
) -> AccessProfile:
    """What a guest of this rule gets. A service's own addresses stay where the rule names no pool,
    so that the wall can be lifted without a reconnection."""
    held = pools.NOTHING if rule.pool else held
    return AccessProfile(
        ProfileState.GUEST,
        speed_down_bit_s=rule.speed_down_bit_s,
        speed_up_bit_s=rule.speed_up_bit_s,
        framed_ip=held.ipv4,
        framed_ipv6_prefix=held.ipv6_prefix,
        delegated_ipv6_prefix=held.delegated,
        pool=rule.pool,
        redirect_url=rule.redirect_url,
        session_timeout_s=rule.session_timeout_s,
        interim_s=interim_s,
        class_text=f"g:{rule.id}:{subscription_id or 0}:{secrets.token_hex(4)}",
    )


def admit(
    *,
    rule: GuestRule,
    identity: Identity,
    subscription_id: int | None,
    reason: str,
    nas_address: str | None,
    at: datetime,
) -> bool:
    """Count a guest in; False when the limits of the rule are used up."""
    values = {
        "rule": rule.id,
        "subscription": subscription_id,
        "login": identity.login,
        "mac": identity.mac,
        "circuit": identity.circuit_hex,
        "remote": identity.remote_hex,
        "nas": nas_address,
        "reason": reason,
        "at": at,
        "until": at + timedelta(seconds=rule.session_timeout_s),
        "day": clock.today(at),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        if rule.per_port_max is not None or rule.per_mac_day_max is not None:
            # Those of whom no port or MAC is known have none in common: they wait for nobody.
            keys = []
            if identity.circuit_hex:
                keys.append(f"guest port {identity.circuit_hex}/{identity.remote_hex}")
            if identity.mac:
                keys.append(f"guest mac {identity.mac}")
            for key in sorted(keys):
                cursor.execute(_LOCK, [key])
            cursor.execute(_LIMITS, values)
            at_port, of_mac = cursor.fetchone()
            if rule.per_port_max is not None and at_port >= rule.per_port_max:
                return False
            if rule.per_mac_day_max is not None and of_mac >= rule.per_mac_day_max:
                return False
        cursor.execute(_VISIT, values)
    return True


def visits(*, limit: int = 200) -> list[GuestVisit]:
    """Devices that were guests, the newest first."""
    return list(
        GuestVisit.objects.select_related("rule", "subscription").order_by("-last_at")[:limit]
    )


def forget_visits(*, at: datetime) -> int:
    """Delete guests that have not come for a month; gives how many."""
    return GuestVisit.objects.filter(last_at__lt=at - KEPT).delete()[0]
