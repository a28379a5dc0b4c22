"""Pools, rules and reserved ranges: what an engineer changes. All is audited.

A change of rules reaches the services through the outbox: their plans are made anew in portions,
and who has no address yet gets one. Nobody's own address is moved by a rule.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from network import fastpath, provisioning
from network.addressing import plans
from network.addressing.ranges import ends, pool_range
from network.models import AddressKind, IpPool, IpReserve, IpRule
from project.core import audit, outbox
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

RULES_CHANGED = "network.ip_rules_changed"
PORTION = 2_000

_WITHOUT = """
SELECT x.subscription_id FROM network_ipplan x
JOIN billing_subscription s ON s.id = x.subscription_id AND s.state = 'ACTIVE'
WHERE x.subscription_id = ANY(%(ids)s) AND x.mode = 'PERMANENT'
  AND NOT EXISTS (SELECT FROM network_ipassignment a WHERE a.subscription_id = x.subscription_id
                  AND a.kind = x.kind AND a.state = 'ASSIGNED')
"""

# The units of each pool inside a range that was reserved, so far as they were listed before.
_GIVE_BACK = """
WITH units AS (
    SELECT network_ip_unit(p.kind, p.base, p.unit_bits, n) AS unit
    FROM network_ippool p
    CROSS JOIN LATERAL (
        SELECT CASE WHEN p.kind = 'IPV4' THEN %(first)s::inet - '0.0.0.0'::inet - p.base
               ELSE (network_ip_high(%(first)s) - p.base) >> (64 - p.unit_bits) END AS low,
               CASE WHEN p.kind = 'IPV4' THEN %(last)s::inet - '0.0.0.0'::inet - p.base
               ELSE (network_ip_high(%(last)s) - p.base) >> (64 - p.unit_bits) END AS high
        WHERE family(p.first) = family(%(first)s::inet)
    ) at
    CROSS JOIN LATERAL generate_series(GREATEST(0, low), LEAST(p.next_index - 1, high)) n
), told AS (SELECT array_agg(DISTINCT unit) AS all FROM units)
SELECT network_ip_put_back(told.all, array_fill(NULL::bigint, ARRAY[cardinality(told.all)]),
                           %(at)s, false)
FROM told WHERE told.all IS NOT NULL
"""


class PoolNameTakenError(DomainError):
    """Another pool has this name."""

    code = "pool_name_taken"
    message = _("Another pool has this name.")


class PoolInUseError(DomainError):
    """The pool can't be removed while somebody holds an address of it."""

    code = "pool_in_use"
    http_status = 409
    message = _("Addresses of this pool are held. Close it, and remove it when all are free.")


class RuleKnownError(DomainError):
    """The same rule exists already."""

    code = "rule_known"
    http_status = 409
    message = _("There is a rule with exactly these conditions for this pool already.")


class GuestPoolRuleError(DomainError):
    """Guests' pools have no rules here: rules of guests name them."""

    code = "guest_pool_rule"
    message = _("A pool of guests is named by the rules of guests, not by these.")


@dataclass(frozen=True, slots=True)
class PoolWish:
    """What a pool shall be. Times in seconds; `range_text` and `unit_bits` only when it is made."""

    name: str
    kind: str = AddressKind.IPV4.value
    range_text: str = ""
    unit_bits: int | None = None
    is_guest: bool = False
    is_open: bool = True
    hold_s: int = 120
    grace_s: int = 300
    quarantine_s: int = 3_600
    note: str = ""


@dataclass(frozen=True, slots=True)
class RuleWish:
    """Conditions of a rule; None and "" are "any"."""

    pool_id: int
    mode: str = IpRule.Mode.PERMANENT.value
    account_id: int | None = None
    tariff_id: int | None = None
    zone_id: int | None = None
    admin_unit_id: int | None = None
    network_type: str = ""
    priority: int = 0


def make_pool(*, wish: PoolWish, at: datetime, actor: Actor) -> IpPool:
    """A new pool, empty of rules. Raises what `pool_range` raises, PoolNameTakenError."""
    found = pool_range(
        text=wish.range_text,
        unit_bits=wish.unit_bits,
        is_ipv6=wish.kind != AddressKind.IPV4,
    )
    values = {
        "kind": wish.kind,
        "first": found.first,
        "last": found.last,
        "unit_bits": found.unit_bits,
        "base": found.base,
        "size": found.size,
        "is_guest": wish.is_guest,
        **_changeable(wish),
    }
    with transaction.atomic():
        pool = _named(lambda: IpPool.objects.create(**values, created_at=at))
        audit.record(
            at=at,
            actor=actor,
            action="network.ip_pool.made",
            obj=("ip_pool", pool.id),
            summary=pool.name,
            after=values,
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT network_ip_extend(%s, 1024, %s)", [pool.id, at])
    return pool


def change_pool(*, pool_id: int, wish: PoolWish, at: datetime, actor: Actor) -> None:
    """Its name, times, note, and whether it gives out new addresses."""
    with transaction.atomic():
        pool = pool_of(pool_id)
        was_open = pool.is_open
        values = _changeable(wish)
        _named(lambda: IpPool.objects.filter(id=pool_id).update(**values))
        audit.record(
            at=at,
            actor=actor,
            action="network.ip_pool.changed",
            obj=("ip_pool", pool_id),
            summary=wish.name,
            after=values,
        )
        if was_open != wish.is_open:
            _rules_changed(at=at)


def remove_pool(*, pool_id: int, at: datetime, actor: Actor) -> None:
    """Remove a pool of which nobody holds an address, with its rules. Raises PoolInUseError."""
    with transaction.atomic():
        pool = pool_of(pool_id)
        if pool.assignments.exists():
            raise PoolInUseError
        had_rules = pool.rules.exists()
        pool.delete()
        audit.record(
            at=at,
            actor=actor,
            action="network.ip_pool.removed",
            obj=("ip_pool", pool_id),
            summary=pool.name,
        )
        if had_rules:
            _rules_changed(at=at)


def add_rule(*, wish: RuleWish, at: datetime, actor: Actor) -> IpRule:
    """A new rule; services that it fits follow soon. Raises RuleKnownError, GuestPoolRuleError."""
    pool = pool_of(wish.pool_id)
    if pool.is_guest:
        raise GuestPoolRuleError(field="pool_id")
    values: dict[str, Any] = {name: getattr(wish, name) for name in RuleWish.__slots__}
    with transaction.atomic():
        try:
            with transaction.atomic():
                rule = IpRule.objects.create(**values, created_at=at)
        except IntegrityError as error:
            raise RuleKnownError from error
        audit.record(
            at=at,
            actor=actor,
            action="network.ip_rule.added",
            obj=("ip_rule", rule.id),
            summary=pool.name,
            after=values,
        )
        _rules_changed(at=at)
    return rule


def remove_rule(*, rule_id: int, at: datetime, actor: Actor) -> None:
    """Take a rule away; addresses that it gave stay with their services."""
    with transaction.atomic():
        rule = IpRule.objects.select_related("pool").filter(id=rule_id).first()
        if rule is None:
            raise NotFoundError
        rule.delete()
        audit.record(
            at=at,
            actor=actor,
            action="network.ip_rule.removed",
            obj=("ip_rule", rule_id),
            summary=rule.pool.name,
        )
        _rules_changed(at=at)


def reserve(*, range_text: str, note: str, at: datetime, actor: Actor) -> IpReserve:
    """Addresses that nobody is given from now on; who holds one keeps it and is a conflict."""
    first, last = ends(range_text)
    with transaction.atomic(), connection.cursor() as cursor:
        made = IpReserve.objects.create(first=first, last=last, note=note, created_at=at)
        cursor.execute("DELETE FROM network_ipfree WHERE network_ip_is_reserved(address)")
        audit.record(
            at=at,
            actor=actor,
            action="network.ip_range.reserved",
            obj=("ip_reserve", made.id),
            summary=str(made),
        )
    return made


def unreserve(*, reserve_id: int, at: datetime, actor: Actor) -> None:
    """Let the addresses of a reserved range be given out again."""
    with transaction.atomic(), connection.cursor() as cursor:
        made = IpReserve.objects.filter(id=reserve_id).first()
        if made is None:
            raise NotFoundError
        made.delete()
        cursor.execute(_GIVE_BACK, {"first": made.first, "last": made.last, "at": at})
        audit.record(
            at=at,
            actor=actor,
            action="network.ip_range.released",
            obj=("ip_reserve", reserve_id),
            summary=str(made),
        )


def on_rules_changed(*, payload: dict[str, Any], at: datetime) -> None:
    """Outbox: make the plans of the next portion of services anew; the rest is the next event."""
    after = int(payload.get("after", 0))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT subscription_id FROM radius_decision WHERE subscription_id > %s"
            " ORDER BY subscription_id LIMIT %s FOR UPDATE",
            [after, PORTION],
        )
        ids = [row[0] for row in cursor.fetchall()]
        if not ids:
            return
        plans.rewrite(subscription_ids=ids, at=at)
        cursor.execute(_WITHOUT, {"ids": ids})
        provisioning.refresh_decisions(
            subscription_ids=[row[0] for row in cursor.fetchall()], at=at
        )
        # Who has addresses of sessions now is the REST group's to answer, not the fast path's.
        fastpath.refresh(cursor, ids=ids)
    if len(ids) == PORTION:
        outbox.emit(topic=RULES_CHANGED, payload={"after": ids[-1]}, at=at)


def pool_of(pool_id: int) -> IpPool:
    """The pool; raises NotFoundError."""
    found = IpPool.objects.filter(id=pool_id).first()
    if found is None:
        raise NotFoundError
    return found


def _changeable(wish: PoolWish) -> dict[str, Any]:
    names = ("name", "is_open", "hold_s", "grace_s", "quarantine_s", "note")
    return {name: getattr(wish, name) for name in names}


def _named(work: Any) -> Any:
    try:
        with transaction.atomic():
            return work()
    except IntegrityError as error:
        raise PoolNameTakenError(field="name") from error


def _rules_changed(*, at: datetime) -> None:
    outbox.emit(topic=RULES_CHANGED, payload={"after": 0}, at=at)
