"""How full pools are: now, by place, and when they will be full."""

import ipaddress
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Count

from network.addressing.forecast import DAYS_MOST, full_on
from network.models import AddressKind, IpAssignment, IpFree, IpPool, IpPoolDay, IpReserve, IpRule
from project.core import clock

SCARCE_PERCENT = 85

_SAMPLE = """
INSERT INTO network_ippoolday AS d (pool_id, day, taken)
SELECT p.id, %(day)s, count(a.id) FROM network_ippool p
LEFT JOIN network_ipassignment a ON a.pool_id = p.id
GROUP BY p.id
ON CONFLICT (pool_id, day) DO UPDATE SET taken = GREATEST(d.taken, EXCLUDED.taken)
"""


@dataclass(frozen=True, slots=True)
class PoolUse:
    """A pool in numbers. `resting` ones are free and wait; `reserved` ones are given to nobody."""

    pool: IpPool
    states: dict[str, int]
    resting: int
    reserved: int
    full_on: date | None = None
    days: list[tuple[date, int]] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """Held by somebody, in whatever state."""
        return sum(self.states.values())

    @property
    def capacity(self) -> int:
        """What can be given out at most."""
        return max(self.pool.size - self.reserved, 0)

    @property
    def free(self) -> int:
        """What can be given out now."""
        return max(self.capacity - self.taken - self.resting, 0)

    @property
    def percent(self) -> int:
        """How much of what can be given out is taken; full is 100 and nothing less."""
        if not self.capacity:
            return 100
        return min(100, self.taken * 100 // self.capacity)

    @property
    def is_scarce(self) -> bool:
        """Whether somebody should see to it."""
        return self.percent >= SCARCE_PERCENT


@dataclass(frozen=True, slots=True)
class PlaceUse:
    """All pools of one kind that a place (or a zone, or "anywhere") draws from."""

    label: str
    kind: str
    is_zone: bool
    uses: list[PoolUse]

    @property
    def taken(self) -> int:
        """Taken in all of them."""
        return sum(one.taken for one in self.uses)

    @property
    def capacity(self) -> int:
        """What all of them can give."""
        return sum(one.capacity for one in self.uses)

    @property
    def percent(self) -> int:
        """How much of it is taken."""
        return min(100, self.taken * 100 // self.capacity) if self.capacity else 100

    @property
    def full_on(self) -> date | None:
        """When the last of them will be full; None when that is not in sight."""
        days = [one.full_on for one in self.uses]
        return max(day for day in days if day) if days and all(days) else None


def of_pools(*, pools: Iterable[IpPool], at: datetime) -> list[PoolUse]:
    """The numbers of these pools; four queries whatever their number."""
    wanted = list(pools)
    ids = [pool.id for pool in wanted]
    states: dict[int, dict[str, int]] = defaultdict(dict)
    counted = IpAssignment.objects.filter(pool_id__in=ids).values("pool_id", "state")
    for row in counted.annotate(n=Count("id")):
        states[row["pool_id"]][row["state"]] = row["n"]
    resting = dict(
        IpFree.objects.filter(pool_id__in=ids, ready_at__gt=at)
        .values("pool_id")
        .annotate(n=Count("id"))
        .values_list("pool_id", "n")
    )
    days: dict[int, list[tuple[date, int]]] = defaultdict(list)
    today = clock.today(at)
    for pool_id, day, taken in IpPoolDay.objects.filter(
        pool_id__in=ids, day__gte=today - timedelta(days=DAYS_MOST)
    ).values_list("pool_id", "day", "taken"):
        days[pool_id].append((day, taken))
    reserves = list(IpReserve.objects.all())
    found = []
    for pool in wanted:
        reserved = reserved_units(pool, reserves)
        known = sorted(days[pool.id])
        found.append(
            PoolUse(
                pool=pool,
                states=states[pool.id],
                resting=resting.get(pool.id, 0),
                reserved=reserved,
                full_on=full_on(days=known, capacity=pool.size - reserved, on_date=today),
                days=known,
            )
        )
    return found


def by_place(*, uses: Iterable[PoolUse]) -> list[PlaceUse]:
    """The same numbers by the places that rules name, the fullest first."""
    known = {use.pool.id: use for use in uses}
    grouped: dict[tuple[str, bool, str], dict[int, PoolUse]] = defaultdict(dict)
    rules = IpRule.objects.filter(pool_id__in=list(known)).select_related("zone", "admin_unit")
    for rule in rules.order_by("id"):
        place = rule.zone or rule.admin_unit
        use = known[rule.pool_id]
        label = place.name if place else ""
        grouped[label, rule.zone is not None, use.pool.kind][rule.pool_id] = use
    found = [
        PlaceUse(label=label, kind=kind, is_zone=is_zone, uses=list(pools.values()))
        for (label, is_zone, kind), pools in grouped.items()
    ]
    return sorted(found, key=lambda one: (-one.percent, one.label, one.kind))


def sample(*, at: datetime) -> None:
    """Remember how much of each pool is taken, the most of the day (for the forecast)."""
    with connection.cursor() as cursor:
        cursor.execute(_SAMPLE, {"day": clock.today(at)})


def reserved_units(pool: IpPool, reserves: Iterable[IpReserve]) -> int:
    """How many units of the pool lie in reserved ranges."""
    spans = sorted(span for one in reserves if (span := _span(pool, one)))
    total, upto = 0, -1
    for low, high in spans:
        start = max(low, upto + 1)
        if high >= start:
            total += high - start + 1
            upto = high
    return total


def _span(pool: IpPool, reserve: IpReserve) -> tuple[int, int] | None:
    """The first and last index of the pool's units that a reserved range touches."""
    first, last = ipaddress.ip_address(reserve.first), ipaddress.ip_address(reserve.last)
    is_ipv4 = pool.kind == AddressKind.IPV4
    if (first.version == 4) != is_ipv4:
        return None
    shift = 0 if is_ipv4 else 128 - pool.unit_bits
    start = int(ipaddress.ip_network(pool.first).network_address) >> shift
    low = max((int(first) >> shift) - start, 0)
    high = min((int(last) >> shift) - start, pool.size - 1)
    return (low, high) if low <= high else None
