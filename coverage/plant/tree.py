"""The tree of nodes with what is used and free in each, and what is below it (nothing is written).

The figures agree with `serving`: a client's port is one on which no node hangs; what a PON port
may serve bounds what is free below it; below anything out of service nothing is free.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import connection

from coverage.models import PlantNode

MAX_DEPTH = 14

LOADS = """
SELECT node.id, node.parent_id, node.uplink_port_id, node.kind, node.status = 'IN_SERVICE',
    uplink.state, node.split_budget, count(port.id),
    count(port.id) FILTER (WHERE fed.id IS NOT NULL),
    count(port.id) FILTER (WHERE fed.id IS NULL AND port.state = 'FREE'),
    count(port.id) FILTER (WHERE fed.id IS NULL AND port.state = 'RESERVED'),
    count(port.id) FILTER (WHERE fed.id IS NULL AND port.state = 'IN_USE'),
    count(port.id) FILTER (WHERE fed.id IS NULL AND port.state = 'BROKEN')
FROM coverage_plantnode node
LEFT JOIN coverage_plantport uplink ON uplink.id = node.uplink_port_id
LEFT JOIN coverage_plantport port ON port.node_id = node.id
LEFT JOIN coverage_plantnode fed ON fed.uplink_port_id = port.id
WHERE node.status <> 'RETIRED'
GROUP BY node.id, uplink.state
ORDER BY node.id
"""


@dataclass(slots=True)
class Load:
    """One node: its own ports, and the client ports of all below it together with its own.

    `feeding`: ports on which other nodes hang. `clients`: client ports in the whole branch;
    `used` (with the reserved) and `free` of them; `broken` counts neither way.
    """

    node_id: int
    parent_id: int | None
    kind: str
    is_live: bool
    ports: int
    feeding: int
    own_free: int
    own_reserved: int
    own_used: int
    own_broken: int
    clients: int = 0
    used: int = 0
    free: int = 0
    broken: int = 0
    children: list["Load"] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """It has ports for clients, and none is left."""
        return self.is_live and self.clients > 0 and self.free == 0

    @property
    def percent(self) -> int:
        """How much of the branch is used, 0 to 100; a port of an OLT counts where it has none."""
        total, used = (self.clients, self.used) if self.clients else (self.ports, self.feeding)
        return round(100 * used / total) if total else 0


@dataclass(frozen=True, slots=True)
class _Row:
    node_id: int
    parent_id: int | None
    uplink_id: int | None
    kind: str
    in_service: bool
    uplink_state: str | None
    budget: int | None
    ports: int
    feeding: int
    free: int
    reserved: int
    used: int
    broken: int


def loads() -> dict[int, Load]:
    """Every node that is not retired, by id, with `children` in place."""
    with connection.cursor() as cursor:
        cursor.execute(LOADS)
        rows = [_Row(*row) for row in cursor.fetchall()]
    known = {row.node_id: row for row in rows}
    below: dict[int | None, list[_Row]] = defaultdict(list)
    for row in rows:
        below[row.parent_id if row.parent_id in known else None].append(row)
    found: dict[int, Load] = {}

    def visit(row: _Row, is_live: bool) -> Load:
        is_live = is_live and row.in_service and row.uplink_state != "BROKEN"
        # An OLT has no ports for clients: a PON port without a splitter serves nobody.
        has_clients = row.kind != PlantNode.Kind.OLT
        load = Load(
            node_id=row.node_id,
            parent_id=row.parent_id,
            kind=row.kind,
            is_live=is_live,
            ports=row.ports,
            feeding=row.feeding,
            own_free=row.free,
            own_reserved=row.reserved,
            own_used=row.used,
            own_broken=row.broken,
        )
        if has_clients:
            load.clients = row.free + row.reserved + row.used + row.broken
            load.used = row.used + row.reserved
            load.free = row.free if is_live else 0
            load.broken = row.broken
        found[row.node_id] = load
        for child in below[row.node_id]:
            branch = visit(child, is_live)
            if row.kind == PlantNode.Kind.OLT and row.budget and child.uplink_id:
                _bound(branch, max(row.budget - branch.used, 0))
            load.children.append(branch)
            load.clients += branch.clients
            load.used += branch.used
            load.free += branch.free
            load.broken += branch.broken
        return load

    for root in below[None]:
        visit(root, True)
    return found


def walk(load: Load, depth: int = 0) -> Iterator[tuple[int, Load]]:
    """The branch, node before its children, with the depth of each."""
    yield depth, load
    if depth < MAX_DEPTH:
        for child in load.children:
            yield from walk(child, depth + 1)


def roots(found: dict[int, Load]) -> Iterable[Load]:
    """Nodes that nothing known feeds."""
    return [load for load in found.values() if load.parent_id not in found]


def _bound(branch: Load, most: int) -> None:
    """No node of a PON port's branch can give more than the port has left."""
    branch.free = min(branch.free, most)
    for child in branch.children:
        _bound(child, most)
