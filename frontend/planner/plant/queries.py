"""What the pages of the plant show; the client on a port only to those who may see clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from billing.models import Subscription
from coverage.labels import address_labels
from coverage.models import PlantNode, PlantPort, Zone
from coverage.plant import queries as plant
from crm import queries as crm_queries
from frontend.states import state_of
from project.core import audit
from project.core.models import AuditEntry

Kind = PlantNode.Kind
CANDIDATES = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A node of the list."""

    node: PlantNode
    load: plant.Load
    depth: int
    address: str

    @property
    def state(self) -> str:
        """Its status, or FULL where no port is left."""
        return "FULL" if self.load.is_full else self.node.status

    @property
    def has_clients(self) -> bool:
        """Whether the bar counts clients' ports (else ports in general)."""
        return self.load.clients > 0


@dataclass(frozen=True, slots=True)
class PortRow:
    """A port with what hangs on it."""

    port: PlantPort
    feeds: PlantNode | None
    address: str
    service: Subscription | None
    customer_id: int | None
    customer_name: str

    @property
    def state(self) -> str:
        """FEEDS where a node hangs on it, else the port's own."""
        return "FEEDS" if self.feeds else self.port.state


@dataclass(frozen=True, slots=True)
class NodePage:
    """One node with everything about it."""

    node: PlantNode
    load: plant.Load | None
    address: str
    rows: Sequence[Row]
    ports: Sequence[PortRow]
    zones: Sequence[Zone]
    buildings: Sequence[tuple[int, str]]
    history: Sequence[AuditEntry]
    state: str

    @property
    def revision(self) -> int:
        """What a form must name when it is sent."""
        return self.node.revision


@dataclass(frozen=True, slots=True)
class ServiceToPlace:
    """A service that stands on no port and may stand on this one."""

    service: Subscription
    unit: str
    address: str
    customer_name: str


def listing(*, wanted: plant.Wanted) -> list[Row]:
    """The tree of nodes as rows."""
    lines = plant.node_lines(wanted=wanted)
    addresses = address_labels(
        building_ids={line.node.building_id for line in lines if line.node.building_id}
    )
    return [
        Row(line.node, line.load, line.depth, addresses.get(line.node.building_id or 0, ""))
        for line in lines
    ]


def features(*, rows: Sequence[Row]) -> dict[str, Any]:
    """The same nodes for the map: a FeatureCollection, with the place of what feeds each."""
    places = {row.node.id: [row.node.point.x, row.node.point.y] for row in rows}
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": row.node.id,
                "geometry": {"type": "Point", "coordinates": places[row.node.id]},
                "properties": {
                    "name": row.node.name,
                    "kind": row.node.kind,
                    "icon": state_of(kind="node_kind", value=row.node.kind).icon,
                    "tone": state_of(kind="node_kind", value=row.node.kind).tone,
                    "word": str(state_of(kind="node_kind", value=row.node.kind).word),
                    "state": row.state,
                    "state_word": str(state_of(kind="node", value=row.state).word),
                    "free": row.load.free if row.has_clients else None,
                    "url": reverse("planner:plant-node", args=[row.node.id]),
                    "feeder": places.get(row.node.parent_id or 0),
                },
            }
            for row in rows
        ],
    }


def node_page(*, node_id: int, with_customers: bool) -> NodePage:
    """One node; raises UnknownNodeError."""
    node = plant.node_of(node_id=node_id)
    known = plant.loads()
    load = known.get(node.id)
    below = list(plant.walk(load)) if load else []
    nodes = PlantNode.objects.in_bulk([one.node_id for _depth, one in below])
    served = sorted(node.serves.values_list("id", flat=True))
    ports = plant.ports_of(node_id=node.id)
    labels = address_labels(
        building_ids={
            *served,
            *(key for key in (node.building_id,) if key),
            *(one.building_id for one in nodes.values() if one.building_id),
            *(port.building_id for port in ports if port.building_id),
        }
    )
    full = load is not None and load.is_full
    return NodePage(
        node=node,
        load=load,
        address=labels.get(node.building_id or 0, ""),
        rows=[
            Row(nodes[one.node_id], one, depth, labels.get(nodes[one.node_id].building_id or 0, ""))
            for depth, one in below[1:]
        ],
        ports=_port_rows(ports, labels, with_customers),
        zones=list(node.zones.order_by("name")),
        buildings=[(key, labels[key]) for key in served if key in labels],
        history=audit.entries(
            wanted=audit.AuditFilter(object_type=plant.OBJECT, object_id=str(node.id)), limit=30
        ),
        state="FULL" if full else node.status,
    )


def port_row(*, port: PlantPort, with_customers: bool) -> PortRow:
    """One port as in the table of its node."""
    labels = address_labels(building_ids=[port.building_id] if port.building_id else [])
    return _port_rows([port], labels, with_customers)[0]


def services_to_place(*, port: PlantPort) -> list[ServiceToPlace]:
    """Services without a port in the buildings that this port may lead to."""
    if port.building_id:
        buildings = {port.building_id}
    else:
        node = port.node
        buildings = set(node.serves.values_list("id", flat=True))
        buildings |= {node.building_id} if node.building_id else set()
    placed = PlantPort.objects.filter(
        subscription_ref__isnull=False, building_id__in=buildings
    ).values_list("subscription_ref", flat=True)
    rows = list(
        Subscription.objects.filter(
            building_id__in=buildings,
            network_type=port.node.network_type,
            parent__isnull=True,
        )
        .exclude(state=Subscription.State.TERMINATED)
        .exclude(id__in=list(placed))
        .select_related("premise")
        .order_by("building_id", "premise__unit", "id")[:CANDIDATES]
    )
    holders = crm_queries.customers_of_accounts(account_ids=[row.account_id for row in rows])
    labels = address_labels(building_ids={row.building_id for row in rows})
    return [
        ServiceToPlace(
            service=row,
            unit=row.premise.unit if row.premise else "",
            address=labels.get(row.building_id, ""),
            customer_name=holders[row.account_id][1] if row.account_id in holders else "",
        )
        for row in rows
    ]


def feeders(*, kind: str) -> list[tuple[int, str]]:
    """Nodes that may feed one of that kind, for a choice: id, name with its free uplinks."""
    from coverage.plant.fields import ABOVE

    rows = (
        PlantNode.objects.filter(kind__in=ABOVE[kind])
        .exclude(status=PlantNode.Status.RETIRED)
        .order_by("name")
        .values_list("id", "name", "kind")
    )
    return [
        (key, f"{name} ({state_of(kind='node_kind', value=what).word})") for key, name, what in rows
    ]


def _port_rows(
    ports: Sequence[PlantPort], labels: dict[int, str], with_customers: bool
) -> list[PortRow]:
    refs = [port.subscription_ref for port in ports if port.subscription_ref]
    services = Subscription.objects.in_bulk(refs) if with_customers else {}
    holders = crm_queries.customers_of_accounts(
        account_ids=[service.account_id for service in services.values()]
    )
    rows = []
    for port in ports:
        service = services.get(port.subscription_ref or 0)
        holder = holders.get(service.account_id) if service else None
        feeds = list(port.feeds.all())
        rows.append(
            PortRow(
                port=port,
                feeds=feeds[0] if feeds else None,
                address=labels.get(port.building_id or 0, ""),
                service=service,
                customer_id=holder[0] if holder else None,
                customer_name=holder[1] if holder else "",
            )
        )
    return rows
