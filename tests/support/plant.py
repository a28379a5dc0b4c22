"""Makers of nodes and ports for tests, on the grid of `tests.support.zones`."""

from itertools import count
from typing import Any

from coverage.models import PlantNode, PlantPort
from coverage.plant import operations as plant
from tests.support import zones

_number = count(1)


def node(what: str, x: float = 0, y: float = 0, **fields: Any) -> PlantNode:
    """A node in service at a place of the grid; a switch of 24 ports and a splitter 1:8 by
    default, an OLT of 8 PON ports for 64 clients each."""
    wanted: dict[str, Any] = {
        "name": f"{what}-{next(_number)}",
        "kind": what,
        "lon": zones.LON + x * zones.STEP,
        "lat": zones.LAT + y * zones.STEP,
    }
    if what == "SWITCH":
        wanted |= {"network_type": "FTTB", "capacity": 24}
    elif what == "OLT":
        wanted |= {"network_type": "GPON", "capacity": 8, "split_budget": 64}
    elif what == "SPLITTER":
        wanted |= {"network_type": "GPON", "ratio": 8}
    wanted |= fields
    at = wanted.pop("at", zones.AT)
    with_ports = wanted.pop("with_ports", True)
    node_id = plant.create_node(
        fields=plant.NodeFields(**wanted), actor=zones.actor(), at=at, with_ports=with_ports
    )
    return PlantNode.objects.get(id=node_id)


def fill(of: PlantNode, *, but: int = 0, state: str = "IN_USE") -> None:
    """Take all ports of a node but the last few."""
    rows = of.ports.order_by("number")
    PlantPort.objects.filter(id__in=[row.id for row in rows[: rows.count() - but]]).update(
        state=state
    )
