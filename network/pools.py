"""Addresses of services and sessions: what provisioning, authorization and accounting call.

A service's own address (rules with mode PERMANENT, staff, import) is held from its first
activation until it ends. Addresses of DYNAMIC rules belong to sessions: `hold` at the Accept,
`follow` when accounting says that a session has begun or ended, `reap` every minute. The giving
out itself is SQL (`sql/addresses.sql`, `sql/leases.sql`), the same for REST and the fast path.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from network import progress
from network.addressing import plans
from network.models import AddressKind
from project.core import clock

logger = logging.getLogger(__name__)

ATTEMPTS_MAX = 3
REAPED_AT_ONCE = 5_000

_SETTLE = f"""
SELECT s.id, b.basis IS DISTINCT FROM {plans.BASIS},
       EXISTS (SELECT FROM network_ipplan x WHERE x.subscription_id = s.id
               AND x.mode = 'PERMANENT' AND NOT x.kind = ANY(COALESCE(h.kinds, '{{}}'))),
       h.kinds, h.addresses
FROM billing_subscription s
{plans.SPAN}
LEFT JOIN network_ipbasis b ON b.subscription_id = s.id
LEFT JOIN LATERAL (
    SELECT array_agg(a.kind::text) AS kinds, array_agg(a.address::text) AS addresses
    FROM network_ipassignment a WHERE a.subscription_id = s.id AND a.state = 'ASSIGNED'
) h ON true
WHERE s.id = ANY(%(ids)s)
"""  # noqa: S608 (our own text)

_MISSING = """
SELECT x.kind, x.subscription_id, x.rule_id, x.pool_ids FROM network_ipplan x
WHERE x.subscription_id = ANY(%(ids)s) AND x.mode = 'PERMANENT'
  AND NOT EXISTS (SELECT FROM network_ipassignment a WHERE a.subscription_id = x.subscription_id
                  AND a.kind = x.kind AND a.state = 'ASSIGNED')
ORDER BY x.subscription_id
"""

_RELEASE = """
SELECT network_ip_drop(ARRAY(
    SELECT id FROM network_ipassignment WHERE subscription_id = ANY(%(ids)s) ORDER BY id FOR UPDATE
), %(at)s)
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What a service or a session has: an address, the prefix of its link, a delegated prefix."""

    ipv4: str | None = None
    ipv6_prefix: str | None = None
    delegated: str | None = None


NOTHING = Held()
_FIELDS = {
    AddressKind.IPV4.value: "ipv4",
    AddressKind.IPV6_PREFIX.value: "ipv6_prefix",
    AddressKind.DELEGATED.value: "delegated",
}


def settle(*, active: Iterable[int], ended: Iterable[int], at: datetime) -> dict[int, Held]:
    """What each of these active services holds, after it was given what its rules promise for
    good; ended ones give all back. In the caller's transaction.

    A pool that is used up sends to the next of the service's rules; a service for which no pool
    has a free address goes without (its BRAS then gives one of its own).
    """
    ids, over = sorted(set(active)), sorted(set(ended))
    if over:
        release(subscription_ids=over, at=at)
    if not ids:
        return {}
    rows = _settled(ids, at=at)
    changed = [row[0] for row in rows if row[1]]
    if changed:
        plans.rewrite(subscription_ids=changed, at=at)
    if changed or any(row[2] for row in rows):
        assign(subscription_ids=ids, at=at)
        rows = _settled(ids, at=at)
    return {row[0]: _held(zip(row[3] or (), row[4] or (), strict=True)) for row in rows}


def assign(*, subscription_ids: Iterable[int], at: datetime) -> None:
    """Give these services what their PERMANENT plans promise and they do not hold yet."""
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, {"ids": list(subscription_ids)})
        waiting = [(row[1], row[2], list(row[3])) for row in cursor.fetchall()]
    while waiting:
        by_pool: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for subscription_id, rule_id, pool_ids in waiting:
            by_pool[pool_ids[0]].append((subscription_id, rule_id))
        given: set[tuple[int, int]] = set()
        for pool_id in sorted(by_pool):
            given |= {(pool_id, one) for one in _assign(pool_id, by_pool[pool_id], at=at)}
        waiting = [
            (subscription_id, rule_id, pool_ids[1:])
            for subscription_id, rule_id, pool_ids in waiting
            if len(pool_ids) > 1 and (pool_ids[0], subscription_id) not in given
        ]


def release(*, subscription_ids: Iterable[int], at: datetime) -> None:
    """These services give back all that they hold; it rests before somebody else gets it."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"ids": list(subscription_ids), "at": at})


def hold(*, subscription_id: int, device: str, at: datetime) -> Held:
    """At an Accept: addresses that the rules give to sessions, for this device (MAC, else port).

    The same device gets the same again. NOTHING when the service has no dynamic rule.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT kind, address::text FROM network_ip_hold(%s, %s, %s)",
            [subscription_id, device, at],
        )
        return _held(cursor.fetchall())


def hold_guest(
    *, device: str, at: datetime, subscription_id: int | None = None, pool_ids: Sequence[int] = ()
) -> str | None:
    """At the Accept of a guest: an IPv4 address of these guest pools (of all, when none is named).

    None when there is no guest pool or all are used up: the BRAS gives one of its own.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT host(network_ip_hold_guest(%s, %s, %s::bigint[], %s))",
            [subscription_id, device, list(pool_ids), at],
        )
        return _first(cursor)


def follow(*, unique_ids: Iterable[str], at: datetime) -> int:
    """Accounting says that these sessions have begun or ended: confirm or begin the grace.

    Set-based, and true to `network_session` whatever the order of packets; call it after the
    ingest with the sessions that are new or closed. Gives how many addresses changed.
    """
    ids = sorted(set(unique_ids))
    if not ids:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT network_ip_follow(%(ids)s, %(at)s) + network_ip_adopt(%(ids)s, %(at)s)",
            {"ids": ids, "at": at},
        )
        return int(_first(cursor))


def reap(*, at: datetime) -> int:
    """End holds and graces that have expired, and keep some of each pool ready.

    What accounting did not tell is found here too. Time stands still for it where accounting waits:
    a session may have begun on the address. Gives how many addresses became free.
    """
    at, freed = progress.known_until(at), 0
    for _round in range(20):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT network_ip_reap(%s, %s)", [at, REAPED_AT_ONCE])
            now = int(_first(cursor))
        freed += now
        if now < REAPED_AT_ONCE:
            break
    return freed


def _settled(ids: list[int], *, at: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, {"ids": ids, "day": clock.today(at)})
        return cursor.fetchall()


def _held(pairs: Iterable[tuple[str, str]]) -> Held:
    return Held(**{_FIELDS[kind]: _plain(address) for kind, address in pairs})


def _plain(address: str) -> str:
    return address.removesuffix("/32") if "." in address else address


def _first(cursor: Any) -> Any:
    return cursor.fetchone()[0]


def _assign(pool_id: int, wanted: Sequence[tuple[int, int]], *, at: datetime) -> list[int]:
    def give() -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT subscription FROM network_ip_assign(%s, %s, %s, %s)",
                [pool_id, [one[0] for one in wanted], [one[1] for one in wanted], at],
            )
            return [row[0] for row in cursor.fetchall()]

    return _retrying(give, what=f"pool {pool_id}")


def _retrying(work: Callable[[], list[int]], *, what: str) -> list[int]:
    """Of two that wait for each other's address PostgreSQL ends one, which then tries again."""
    for _attempt in range(ATTEMPTS_MAX):
        try:
            with transaction.atomic():
                return work()
        except (IntegrityError, OperationalError) as error:
            if isinstance(error, OperationalError) and not is_deadlock(error):
                raise
            logger.warning("%s: taken meanwhile (%s), again", what, type(error.__cause__).__name__)
    logger.error("%s: no address could be taken", what)
    return []


def is_deadlock(error: OperationalError) -> bool:
    """Whether PostgreSQL has ended this one so that the other can go on."""
    return isinstance(error.__cause__, DeadlockDetected)
