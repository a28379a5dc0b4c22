"""What may be asked about the plant: never shown to the public."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coverage.models import PlantNode, PlantPort
from coverage.plant.fields import NodeFields
from coverage.plant.holding import is_reserved_for
from coverage.plant.locating import Located, LocatedBy, locate, port_of
from coverage.plant.nodes import OBJECT, UnknownNodeError, fields_of
from coverage.plant.serving import Capacity, Place, ServingNode, capacities, free_ports
from coverage.plant.tree import Load, loads, roots, walk

__all__ = [
    "OBJECT",
    "Capacity",
    "Load",
    "Located",
    "LocatedBy",
    "NodeFields",
    "NodeLine",
    "Place",
    "ServingNode",
    "Wanted",
    "capacities",
    "fields_of",
    "free_ports",
    "is_reserved_for",
    "loads",
    "locate",
    "node_lines",
    "node_of",
    "port_of",
    "ports_of",
    "ports_of_services",
    "roots",
    "walk",
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter of nodes; empty fields do not filter. `is_full`: no free port is left."""

    kind: str = ""
    network_type: str = ""
    status: str = ""
    zone_id: int | None = None
    text: str = ""
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class NodeLine:
    """A node of a list, `depth` below the top of what is shown of its branch."""

    node: PlantNode
    load: Load
    depth: int = 0


def node_lines(*, wanted: Wanted) -> list[NodeLine]:
    """Nodes as a tree, each parent before its children; retired ones only when asked for.

    A node whose parent the filter leaves out moves up to the nearest one shown.
    """
    rows = PlantNode.objects.select_related("building", "parent", "uplink_port")
    if wanted.status:
        rows = rows.filter(status=wanted.status)
    if wanted.kind:
        rows = rows.filter(kind=wanted.kind)
    if wanted.network_type:
        rows = rows.filter(network_type=wanted.network_type)
    if wanted.zone_id is not None:
        rows = rows.filter(zone_links__zone_id=wanted.zone_id)
    if wanted.text:
        rows = rows.filter(name__icontains=wanted.text)
    if wanted.status == PlantNode.Status.RETIRED:
        return [NodeLine(node, _empty(node)) for node in rows.order_by("name")[:500]]
    known = loads()
    nodes = {node.id: node for node in rows.exclude(status=PlantNode.Status.RETIRED)}
    if wanted.is_full:
        nodes = {key: node for key, node in nodes.items() if known[key].is_full}
    names = dict(PlantNode.objects.values_list("id", "name"))
    lines: list[NodeLine] = []

    def visit(load: Load, depth: int) -> None:
        node = nodes.get(load.node_id)
        if node is not None:
            lines.append(NodeLine(node, load, depth))
            depth += 1
        for child in sorted(load.children, key=lambda one: _natural(names[one.node_id])):
            visit(child, depth)

    for root in sorted(roots(known), key=lambda one: _natural(names[one.node_id])):
        visit(root, 0)
    return lines


def node_of(*, node_id: int) -> PlantNode:
    """One node, retired or not; raises UnknownNodeError."""
    found = (
        PlantNode.objects.select_related("building", "parent", "uplink_port")
        .filter(id=node_id)
        .first()
    )
    if found is None:
        raise UnknownNodeError
    return found


def ports_of(*, node_id: int) -> Sequence[PlantPort]:
    """The ports of a node in their order, with what hangs on them and where they lead."""
    return list(
        PlantPort.objects.filter(node_id=node_id)
        .select_related("building", "premise")
        .prefetch_related("feeds")
        .order_by("number")
    )


def ports_of_services(*, subscription_refs: Iterable[int]) -> dict[int, PlantPort]:
    """The port of each service that has one."""
    rows = PlantPort.objects.filter(subscription_ref__in=list(subscription_refs))
    return {row.subscription_ref or 0: row for row in rows.select_related("node")}


def _natural(name: str) -> list[tuple[int, str]]:
    """SW-2 before SW-10."""
    parts: list[tuple[int, str]] = []
    digits = ""
    for char in name.lower() + "\0":
        if char.isdecimal():
            digits += char
            continue
        if digits:
            parts.append((int(digits), ""))
            digits = ""
        parts.append((-1, char))
    return parts


def _empty(node: PlantNode) -> Load:
    return Load(node.id, node.parent_id, node.kind, False, 0, 0, 0, 0, 0, 0)
