"""Addresses: which pool a service draws from, and the giving out itself.

A service holds its address from its first activation until it ends. Two guards keep one address
from two services: the pool's row is locked while addresses are taken, and exclusion constraints of
the database refuse what got past (two pools that overlap).
"""

import ipaddress
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from network.models import IpPool
from project.core import clock

logger = logging.getLogger(__name__)

WINDOW = 4096  # addresses looked at by one query
ATTEMPTS_MAX = 3

_LADDERS = """
SELECT s.id, p.id
FROM billing_subscription s
JOIN coverage_building b ON b.id = s.building_id
JOIN coverage_adminunit u ON u.id = b.locality_id
JOIN network_ippool p ON NOT p.is_guest
LEFT JOIN coverage_adminunit a ON a.id = p.admin_unit_id
LEFT JOIN LATERAL (
    SELECT span.sold_zone_version_id FROM billing_plan_span span
    WHERE span.subscription_id = s.id
    ORDER BY span.during @> %(day)s::date DESC, span.during LIMIT 1
) plan ON true
LEFT JOIN coverage_zoneversion sold_in ON sold_in.id = plan.sold_zone_version_id
WHERE s.id = ANY(%(ids)s)
  AND CASE
        WHEN p.zone_id IS NOT NULL THEN p.zone_id = sold_in.zone_id
        WHEN p.admin_unit_id IS NOT NULL THEN starts_with(u.path, a.path)
        ELSE true
      END
ORDER BY s.id, (p.zone_id IS NULL), a.depth DESC NULLS LAST, p.priority DESC, p.id
"""

_FREE = """
SELECT c.address FROM unnest(%(addresses)s::inet[]) WITH ORDINALITY AS c(address, place)
WHERE NOT EXISTS (
    SELECT 1 FROM network_ipassignment x
    WHERE x.address = c.address AND x.valid && tstzrange(%(at)s, NULL)
)
ORDER BY c.place LIMIT %(wanted)s
"""

_TAKE = """
INSERT INTO network_ipassignment (pool_id, subscription_id, address, valid)
SELECT %(pool)s, n.id, n.address, tstzrange(%(at)s, NULL)
FROM unnest(%(ids)s::bigint[], %(addresses)s::inet[]) AS n(id, address)
"""

_RELEASE = """
UPDATE network_ipassignment
SET valid = tstzrange(lower(valid), GREATEST(lower(valid), %(at)s))
WHERE subscription_id = ANY(%(ids)s) AND upper_inf(valid)
"""


def held(*, subscription_ids: Iterable[int]) -> dict[int, str]:
    """The address that each of these services holds now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT subscription_id, host(address) FROM network_ipassignment"
            " WHERE subscription_id = ANY(%s) AND upper_inf(valid)",
            [list(subscription_ids)],
        )
        return dict(cursor.fetchall())


def assign(*, subscription_ids: Iterable[int], at: datetime) -> dict[int, str]:
    """Give an address to each of these services, none of which holds one.

    Pool by place: the service's zone, then the deepest administrative unit around its building,
    then anywhere; a pool that is used up sends to the next. A service for which no pool has a free
    address is left out of the answer (its BRAS then gives one of its own).
    """
    ladders: dict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_LADDERS, {"ids": list(subscription_ids), "day": clock.today(at)})
        for subscription_id, pool_id in cursor.fetchall():
            ladders[subscription_id].append(pool_id)
    given: dict[int, str] = {}
    while ladders:
        by_pool: dict[int, list[int]] = defaultdict(list)
        for subscription_id, pool_ids in ladders.items():
            by_pool[pool_ids.pop(0)].append(subscription_id)
        for pool_id in sorted(by_pool):
            given |= _take_retrying(pool_id=pool_id, subscription_ids=by_pool[pool_id], at=at)
        ladders = defaultdict(
            list, {one: rest for one, rest in ladders.items() if rest and one not in given}
        )
    return given


def release(*, subscription_ids: Iterable[int], at: datetime) -> None:
    """End the holding of addresses at that moment."""
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"ids": list(subscription_ids), "at": at})


def _take_retrying(
    *, pool_id: int, subscription_ids: Sequence[int], at: datetime
) -> dict[int, str]:
    for _attempt in range(ATTEMPTS_MAX):
        try:
            with transaction.atomic():
                return _take(pool_id=pool_id, subscription_ids=subscription_ids, at=at)
        except (IntegrityError, OperationalError) as error:
            # Of two that wait for each other's address PostgreSQL ends one: also "somebody else".
            if isinstance(error, OperationalError) and not _is_deadlock(error):
                raise
            cause = type(error.__cause__).__name__
            logger.warning("pool %s: address taken meanwhile (%s), again", pool_id, cause)
    logger.error("pool %s overlaps another pool: no address could be taken", pool_id)
    return {}


def _is_deadlock(error: OperationalError) -> bool:
    return isinstance(error.__cause__, DeadlockDetected)


def _take(*, pool_id: int, subscription_ids: Sequence[int], at: datetime) -> dict[int, str]:
    """Addresses for as many of the services as the pool still has."""
    pool = IpPool.objects.select_for_update().get(id=pool_id)
    first = int(ipaddress.IPv4Address(pool.first_address))
    size = int(ipaddress.IPv4Address(pool.last_address)) - first + 1
    free: list[str] = []
    looked_at = 0
    with connection.cursor() as cursor:
        while looked_at < size and len(free) < len(subscription_ids):
            start = pool.next_offset + looked_at
            window = range(start, start + min(WINDOW, size - looked_at))
            addresses = [str(ipaddress.IPv4Address(first + one % size)) for one in window]
            wanted = len(subscription_ids) - len(free)
            cursor.execute(_FREE, {"addresses": addresses, "at": at, "wanted": wanted})
            free += [str(row[0]).split("/")[0] for row in cursor.fetchall()]
            looked_at += len(addresses)
        if not free:
            return {}
        lucky = list(subscription_ids)[: len(free)]
        cursor.execute(_TAKE, {"pool": pool_id, "ids": lucky, "addresses": free, "at": at})
    last = int(ipaddress.IPv4Address(free[-1])) - first
    IpPool.objects.filter(id=pool_id).update(next_offset=(last + 1) % size)
    return dict(zip(lucky, free, strict=True))
