"""Where a session is: from what Option 82 said to a port, a node, a building and a place."""

import contextlib
import ipaddress
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q

from coverage.models import PlantNode, PlantPort
from coverage.plant import option82


class LocatedBy(StrEnum):
    """How sure the place is: the very port, or only the node that sent the remote id."""

    PORT = "PORT"
    NODE = "NODE"


@dataclass(frozen=True, slots=True)
class Located:
    """The place of a session. `lon`, `lat`: the building where the port leads, else the node's."""

    by: LocatedBy
    node_id: int
    node_name: str
    port_id: int | None
    port_number: int | None
    building_id: int | None
    premise_id: int | None
    subscription_ref: int | None
    lon: float
    lat: float


def locate(*, circuit_id: str, remote_id: str = "") -> Located | None:
    """The port (or at least the node) that these identifiers come from; None when unknown.

    Both are taken as any equipment or RADIUS server writes them (`option82.normalised`). The port
    is looked for below the node of the remote id; without a known one, in the whole network, where
    it counts only if one single port has that circuit id. A wrong guess is worse than none.
    """
    try:
        circuit, remote = option82.normalised(circuit_id), option82.normalised(remote_id)
    except option82.BadIdentifierError:
        return None
    node = None
    if remote:
        node = (
            PlantNode.objects.select_related("building")
            .filter(remote_id=remote)
            .exclude(status=PlantNode.Status.RETIRED)
            .first()
        )
    if circuit:
        rows = PlantPort.objects.filter(circuit_id=circuit).exclude(
            node__status=PlantNode.Status.RETIRED
        )
        if node is not None:
            rows = rows.filter(node=node)
        found = list(rows.select_related("node__building", "building")[:2])
        if len(found) == 1:
            return _at_port(found[0])
    return _at_node(node) if node is not None else None


def port_of(*, switch: str, port: int | None) -> Located | None:
    """The port (or at least the node) of a switch that is named by its remote id, MAC, name,
    management address or serial number; None when there is none, or more than one.
    """
    try:
        remote = option82.normalised(switch)
    except option82.BadIdentifierError:
        return None
    named = Q(remote_id=remote) | Q(name__iexact=switch) | Q(serial__iexact=switch)
    with contextlib.suppress(ValueError):
        named |= Q(management_ip=str(ipaddress.ip_address(switch)))
    nodes = list(
        PlantNode.objects.select_related("building")
        .filter(named)
        .exclude(status=PlantNode.Status.RETIRED)[:2]
    )
    if len(nodes) != 1:
        return None
    if port is not None:
        found = (
            PlantPort.objects.filter(node=nodes[0], number=port)
            .select_related("node__building", "building")
            .first()
        )
        if found is not None:
            return _at_port(found)
    return _at_node(nodes[0])


def _at_port(port: PlantPort) -> Located:
    building = port.building or port.node.building
    point = building.point if building else port.node.point
    return Located(
        by=LocatedBy.PORT,
        node_id=port.node_id,
        node_name=port.node.name,
        port_id=port.id,
        port_number=port.number,
        building_id=building.id if building else None,
        premise_id=port.premise_id,
        subscription_ref=port.subscription_ref,
        lon=point.x,
        lat=point.y,
    )


def _at_node(node: PlantNode) -> Located:
    point = node.building.point if node.building else node.point
    return Located(
        by=LocatedBy.NODE,
        node_id=node.id,
        node_name=node.name,
        port_id=None,
        port_number=None,
        building_id=node.building_id,
        premise_id=None,
        subscription_ref=None,
        lon=point.x,
        lat=point.y,
    )
