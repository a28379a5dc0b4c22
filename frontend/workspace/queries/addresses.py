"""Pools of addresses, who holds what, rules and conflicts as the workspace shows them."""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from billing.models import Tariff
from crm import queries as crm_queries
from frontend.workspace.address_words import CONFLICTS
from network.addressing import conflicts, utilisation
from network.addressing.utilisation import PoolUse
from network.models import (
    IpAssignment,
    IpFree,
    IpPool,
    IpReserve,
    IpRule,
    RadiusDecision,
)
from project.core.errors import NotFoundError

BLOCK = 256
BLOCKS_SHOWN = 512
RULES_TOLD = 3

_FULL = """
SELECT CASE WHEN p.kind = 'IPV4' THEN (a.address - p.first) / %(block)s
            ELSE ((network_ip_high(a.address) - p.base) >> (64 - p.unit_bits)) / %(block)s END,
       count(*)
FROM network_ipassignment a JOIN network_ippool p ON p.id = a.pool_id
WHERE a.pool_id = %(pool)s AND a.address BETWEEN %(first)s::inet AND %(last)s::inet
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A service as lists name it."""

    subscription_id: int
    login: str
    customer_id: int | None
    name: str
    account_id: int


@dataclass(frozen=True, slots=True)
class PoolLine:
    """A pool of the list with its numbers and the rules that send to it."""

    use: PoolUse
    rules: list[IpRule]

    @property
    def more(self) -> int:
        """How many rules are not named."""
        return max(0, len(self.rules) - RULES_TOLD)

    @property
    def told(self) -> list[IpRule]:
        """The rules that are named."""
        return self.rules[:RULES_TOLD]


@dataclass(frozen=True, slots=True)
class Block:
    """256 units of a pool: the number of the block, its first unit, how much of it is taken."""

    number: int
    first: str
    taken: int
    size: int
    is_listed: bool

    @property
    def percent(self) -> int:
        """How full it is."""
        return self.taken * 100 // self.size if self.size else 0

    @property
    def tone(self) -> int:
        """0 to 4, for its colour."""
        return 0 if not self.taken else 1 + min(3, self.percent * 4 // 101)


@dataclass(frozen=True, slots=True)
class Unit:
    """One address or prefix of a block: how it is held, by whom."""

    address: str
    label: str
    state: str
    held: IpAssignment | None = None
    holder: Holder | None = None
    ready_at: datetime | None = None


def pool_lines(*, at: datetime) -> list[PoolLine]:
    """All pools, the scarce ones first."""
    pools = list(IpPool.objects.order_by("is_guest", "kind", "name"))
    rules: dict[int, list[IpRule]] = {}
    for rule in ordered_rules():
        rules.setdefault(rule.pool_id, []).append(rule)
    return [
        PoolLine(use=use, rules=rules.get(use.pool.id, []))
        for use in utilisation.of_pools(pools=pools, at=at)
    ]


def ordered_rules(*, pool_id: int | None = None) -> list[IpRule]:
    """Rules, the most specific first within a kind; the order in which they are weighed."""
    rows = IpRule.objects.select_related("pool", "account", "tariff", "zone", "admin_unit")
    if pool_id is not None:
        rows = rows.filter(pool_id=pool_id)

    def weight(rule: IpRule) -> tuple[Any, ...]:
        return (
            rule.pool.kind,
            rule.account_id is None,
            rule.tariff_id is None,
            rule.zone_id is None,
            -(rule.admin_unit.depth if rule.admin_unit else -1),
            not rule.network_type,
            -rule.priority,
            rule.id,
        )

    return sorted(rows, key=weight)


@dataclass(frozen=True, slots=True)
class Blocks:
    """A sheet of a pool's blocks, at most 512 of 256 units; before and after it may lie others."""

    shown: list[Block]
    sheet: int
    sheets: int

    @property
    def before(self) -> int | None:
        """The first block of the sheet before."""
        return (self.sheet - 1) * BLOCKS_SHOWN if self.sheet else None

    @property
    def after(self) -> int | None:
        """The first block of the next sheet."""
        return (self.sheet + 1) * BLOCKS_SHOWN if self.sheet + 1 < self.sheets else None


def blocks(*, pool: IpPool, block: int = 0) -> Blocks:
    """The sheet with this block: blocks that were ever used, and the next ones."""
    sheet = block // BLOCKS_SHOWN
    low = sheet * BLOCKS_SHOWN
    count = -(-pool.size // BLOCK)
    high = min(count, low + BLOCKS_SHOWN)
    with connection.cursor() as cursor:
        cursor.execute(
            _FULL,
            {
                "pool": pool.id,
                "block": BLOCK,
                "first": unit_of(pool, low * BLOCK),
                "last": unit_of(pool, min(high * BLOCK, pool.size) - 1),
            },
        )
        taken = {int(number): count for number, count in cursor.fetchall()}
    used = max([*taken, -(-pool.next_index // BLOCK) - 1, block])
    sheets = -(-min(count, used + 17) // BLOCKS_SHOWN)
    shown = [
        Block(
            number=number,
            first=unit_of(pool, number * BLOCK),
            taken=taken.get(number, 0),
            size=min(BLOCK, pool.size - number * BLOCK),
            is_listed=number * BLOCK < pool.next_index,
        )
        for number in range(low, min(high, used + 17))
    ]
    return Blocks(shown=shown, sheet=sheet, sheets=max(sheets, sheet + 1))


def units(*, pool: IpPool, block: int, at: datetime) -> list[Unit]:
    """The units of one block with their holders; raises NotFoundError."""
    start = block * BLOCK
    if not 0 <= start < pool.size:
        raise NotFoundError
    addresses = [unit_of(pool, index) for index in range(start, min(start + BLOCK, pool.size))]
    held = {row.address: row for row in IpAssignment.objects.filter(address__in=addresses)}
    resting = dict(
        IpFree.objects.filter(pool=pool, ready_at__gt=at, address__in=addresses).values_list(
            "address", "ready_at"
        )
    )
    names = holders(subscription_ids=[row.subscription_id for row in held.values()])
    reserved = [
        (ipaddress.ip_address(one.first), ipaddress.ip_address(one.last))
        for one in IpReserve.objects.all()
    ]
    found = []
    for address in addresses:
        row = held.get(address)
        state = "FREE"
        if row is not None:
            state = row.state
        elif _is_reserved(address, reserved):
            state = "RESERVED"
        elif address in resting:
            state = "RESTING"
        found.append(
            Unit(
                address=address,
                label=address.rpartition(".")[2] if "." in address else address,
                state=state,
                held=row,
                holder=names.get(row.subscription_id or 0) if row else None,
                ready_at=resting.get(address),
            )
        )
    return found


def unit_of(pool: IpPool, index: int) -> str:
    """The unit of a pool with that number."""
    first = ipaddress.ip_network(pool.first)
    address = int(first.network_address) + (index << (first.max_prefixlen - first.prefixlen))
    if first.version == 4:
        return str(ipaddress.IPv4Address(address))
    return f"{ipaddress.IPv6Address(address)}/{pool.unit_bits}"


def index_of(pool: IpPool, text: str) -> int | None:
    """The number of the unit that an address lies in; None when it is not of this pool."""
    try:
        wanted = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    first = ipaddress.ip_network(pool.first)
    if wanted.version != first.version:
        return None
    index = (int(wanted.network_address) - int(first.network_address)) >> (
        first.max_prefixlen - first.prefixlen
    )
    return index if 0 <= index < pool.size else None


def holders(*, subscription_ids: Iterable[int | None]) -> dict[int, Holder]:
    """Services by id with their logins and the names of their subscribers; two queries."""
    ids = {one for one in subscription_ids if one}
    rows = list(
        RadiusDecision.objects.filter(subscription_id__in=ids).values_list(
            "subscription_id", "login", "subscription__account_id"
        )
    )
    names = crm_queries.customers_of_accounts(account_ids=[row[2] for row in rows])
    return {
        subscription_id: Holder(
            subscription_id=subscription_id,
            login=login,
            customer_id=names.get(account_id, (None, ""))[0],
            name=names.get(account_id, (None, ""))[1],
            account_id=account_id,
        )
        for subscription_id, login, account_id in rows
    }


@dataclass(frozen=True, slots=True)
class ConflictLine:
    """A conflict with the services named."""

    conflict: conflicts.Conflict
    holder: Holder | None
    other: Holder | None


@dataclass(frozen=True, slots=True)
class ConflictGroup:
    """All conflicts of one kind, with what it means."""

    kind: str
    title: Any
    meaning: Any
    lines: list[ConflictLine]


def conflict_groups() -> list[ConflictGroup]:
    """What is wrong now, by kind."""
    found = conflicts.listed()
    names = holders(
        subscription_ids=[one for row in found for one in (row.subscription_id, row.other_id)]
    )
    grouped: dict[str, list[ConflictLine]] = {}
    for row in found:
        line = ConflictLine(row, names.get(row.subscription_id or 0), names.get(row.other_id or 0))
        grouped.setdefault(row.kind.value, []).append(line)
    return [ConflictGroup(kind, *CONFLICTS[kind], lines=lines) for kind, lines in grouped.items()]


def tariffs() -> Sequence[Tariff]:
    """Tariffs of the internet, for a rule's condition."""
    return list(Tariff.objects.filter(service_type="INTERNET").order_by("code"))


def _is_reserved(address: str, reserved: Iterable[tuple[Any, Any]]) -> bool:
    network = ipaddress.ip_network(address)
    low, high = network.network_address, network.broadcast_address
    return any(
        first.version == network.version and first <= high and last >= low
        for first, last in reserved
    )
