"""The map of sessions as lists: places that want a look, who is at one of them, the BRASes."""

from dataclasses import dataclass
from datetime import datetime

from coverage import queries as coverage_queries
from coverage.models import PlantNode
from frontend.workspace.queries.addresses import Holder, holders
from network import session_map
from network.models import Nas, Session
from network.session_map import Here, Place

SHOWN = 30


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A place with its address or the name of its node."""

    place: Place
    label: str


@dataclass(frozen=True, slots=True)
class HereLine:
    """A session at a place, or a service that is off there."""

    here: Here
    holder: Holder | None
    session: Session | None


@dataclass(frozen=True, slots=True)
class HerePage:
    """A place with all that is there."""

    label: str
    building_id: int | None
    node_id: int | None
    lines: list[HereLine]


def busiest(*, at: datetime) -> list[PlaceLine]:
    """Places with guests first, then those where most are off."""
    shown = session_map.busiest(at=at, limit=SHOWN)
    labels = coverage_queries.address_labels(
        building_ids=[one.building_id for one in shown if one.building_id]
    )
    nodes = dict(
        PlantNode.objects.filter(id__in=[one.node_id for one in shown if one.node_id]).values_list(
            "id", "name"
        )
    )
    return [
        PlaceLine(one, labels.get(one.building_id or 0) or nodes.get(one.node_id or 0, ""))
        for one in shown
    ]


def servers() -> list[Nas]:
    """Access servers in use, those on the map first, by name."""
    rows = Nas.objects.filter(retired_at=None).order_by("name")
    return sorted(rows, key=lambda one: one.point is None)


def here(*, building_id: int | None, node_id: int | None, at: datetime) -> HerePage:
    """Who is at a building or node; neither: who is nowhere."""
    found = session_map.here(building_id=building_id, node_id=node_id, at=at)
    names = holders(subscription_ids=[one.subscription_id for one in found])
    sessions = {
        one.unique_id: one
        for one in Session.objects.filter(
            unique_id__in=[one.unique_id for one in found if one.unique_id]
        ).select_related("nas")
    }
    label = ""
    if building_id:
        label = coverage_queries.address_labels(building_ids=[building_id]).get(building_id, "")
    elif node_id:
        node = PlantNode.objects.filter(id=node_id).first()
        label = node.name if node else ""
    return HerePage(
        label=label,
        building_id=building_id,
        node_id=node_id,
        lines=[
            HereLine(one, names.get(one.subscription_id or 0), sessions.get(one.unique_id))
            for one in found
        ],
    )
