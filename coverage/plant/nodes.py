"""Nodes: put on the map, edited, moved, retired. Callers check permissions.

Locks are taken in one order everywhere: nodes by id, then ports by id. A node's row is the lock of
its ports.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from django.contrib.gis.geos import Point
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from coverage.models import (
    Building,
    PlantNode,
    PlantNodeBuilding,
    PlantNodeZone,
    PlantPort,
    Zone,
)
from coverage.places import checked_point
from coverage.plant import option82
from coverage.plant.fields import ABOVE, NodeFields, PlantFieldError
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

Kind, Status, State = PlantNode.Kind, PlantNode.Status, PlantPort.State
OBJECT = "plant_node"
# Columns that are kept as they are said.
PLAIN = (
    "name",
    "status",
    "model",
    "network_type",
    "building_id",
    "parent_id",
    "capacity",
    "ratio",
    "split_budget",
    "reach_m",
    "serial",
    "circuit_template",
    "note",
)

# What the database refuses, in words: constraint → field, sentence.
REFUSED: dict[str, tuple[str, Any]] = {
    "coverage_plantnode_cycle": ("parent_id", _("It would feed itself.")),
    "coverage_plantnode_uplink_once": (
        "uplink_number",
        _("Another node hangs on this port already."),
    ),
    "coverage_plantnode_name": ("name", _("Another node has this name.")),
    "coverage_plantnode_remote": ("remote_id", _("Another node has this remote id.")),
    "coverage_plantnode_manage": ("management_ip", _("Another node has this address.")),
    "coverage_plantport_circuit": ("circuit_id", _("Another port has this circuit id.")),
    "coverage_plantport_number": ("numbers", _("The node has a port with this number.")),
}


class UnknownNodeError(NotFoundError):
    """There is no such node."""

    code = "unknown_node"
    message = _("There is no such node of the network.")


class StaleNodeError(DomainError):
    """Somebody changed the node meanwhile; context: `current` fields."""

    code = "stale_revision"
    http_status = 412
    message = _("This node has been changed meanwhile. Compare, then save again.")


class NodeInUseError(DomainError):
    """Clients or other nodes hang on it; context: how many."""

    code = "node_in_use"
    http_status = 409
    message = _("Clients or other nodes still hang on it. Move them first.")


@contextmanager
def told_by_constraint() -> Iterator[None]:
    """A refusal of the database becomes a PlantFieldError beside its field."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        cause: Any = error.__cause__
        name = (getattr(getattr(cause, "diag", None), "constraint_name", "") or "").lower()
        for known, (field, text) in REFUSED.items():
            if name.startswith(known):
                raise PlantFieldError(text, field=field) from error
        raise


@transaction.atomic
def create_node(*, fields: NodeFields, actor: Actor, at: datetime, with_ports: bool = True) -> int:
    """Put a node on the map; its id. `with_ports`: its ports 1 to `capacity`, all free.

    Raises PlantFieldError (and BadCoordinatesError), beside the field.
    """
    wanted = fields.checked()
    uplink = _uplink(wanted, node_id=None)
    with told_by_constraint():
        node = PlantNode.objects.create(
            **_columns(wanted), uplink_port=uplink, kind=wanted.kind, created_at=at, updated_at=at
        )
    _link(node, wanted)
    if with_ports:
        make_ports(node, range(1, node.capacity + 1), at=at)
    audit.record(
        at=at,
        actor=actor,
        action="coverage.plant.created",
        obj=(OBJECT, node.id),
        summary=node.name,
        after=_json(fields_of(node)),
    )
    return node.id


@transaction.atomic
def edit_node(
    *, node_id: int, base_revision: int, fields: NodeFields, actor: Actor, at: datetime
) -> int:
    """Make a node what `fields` say; its new revision.

    Raises StaleNodeError (412) when it was changed since `base_revision`, PlantFieldError,
    NodeInUseError when a building or an uplink with clients would be cut short.
    """
    lock_nodes([node_id, *([fields.parent_id] if fields.parent_id else [])])
    node = locked_node(node_id, base_revision=base_revision)
    before = fields_of(node)
    wanted = fields.checked()
    if wanted.kind != node.kind:
        raise PlantFieldError(
            _("What a node is stays as it is: retire it and put up a new one."), field="kind"
        )
    _check_room(node, wanted)
    uplink = _uplink(wanted, node_id=node.id)
    for name, value in _columns(wanted).items():
        setattr(node, name, value)
    node.uplink_port = uplink
    _saved(node, at)
    _link(node, wanted)
    if node.kind == Kind.SPLITTER:
        known = set(node.ports.values_list("number", flat=True))
        make_ports(node, (n for n in range(1, node.capacity + 1) if n not in known), at=at)
    _tell("edited", node, before=before, actor=actor, at=at)
    return node.revision


@transaction.atomic
def move_node(
    *, node_id: int, base_revision: int, lon: float, lat: float, actor: Actor, at: datetime
) -> int:
    """Put the pin of a node elsewhere; its new revision. Raises StaleNodeError."""
    lon, lat = checked_point(lon=lon, lat=lat)
    node = locked_node(node_id, base_revision=base_revision)
    before = fields_of(node)
    node.point = Point(lon, lat, srid=4326)
    _saved(node, at)
    _tell("moved", node, before=before, actor=actor, at=at)
    return node.revision


@transaction.atomic
def retire_node(
    *, node_id: int, base_revision: int, actor: Actor, at: datetime, reason: str = ""
) -> int:
    """Take a node out for ever; it stays in history. Raises StaleNodeError, NodeInUseError."""
    node = locked_node(node_id, base_revision=base_revision)
    before = fields_of(node)
    taken = node.ports.filter(state__in=[State.IN_USE, State.RESERVED]).count()
    children = node.children.exclude(status=Status.RETIRED).count()
    if taken or children:
        raise NodeInUseError(ports=taken, nodes=children)
    node.status, node.retired_at = Status.RETIRED, at
    node.uplink_port = None
    _saved(node, at)
    _tell("retired", node, before=before, actor=actor, at=at, reason=reason[:200])
    return node.revision


def lock_nodes(ids: Iterable[int]) -> None:
    """Hold these nodes until the end of the transaction, in the one order."""
    list(
        PlantNode.objects.select_for_update(of=("self",))
        .filter(id__in=set(ids))
        .order_by("id")
        .values_list("id", flat=True)
    )


def locked_node(node_id: int, *, base_revision: int | None = None) -> PlantNode:
    """The node, locked, not retired; raises UnknownNodeError, StaleNodeError."""
    node = (
        PlantNode.objects.select_for_update(of=("self",))
        .filter(id=node_id)
        .exclude(status=Status.RETIRED)
        .first()
    )
    if node is None:
        raise UnknownNodeError
    if base_revision is not None and node.revision != base_revision:
        raise StaleNodeError(
            current={**_json(fields_of(node)), "revision": node.revision},
            revision=node.revision,
        )
    return node


def fields_of(node: PlantNode) -> NodeFields:
    """A node in the words of the form."""
    return NodeFields(
        name=node.name,
        kind=node.kind,
        lon=node.point.x,
        lat=node.point.y,
        status=node.status,
        model=node.model,
        network_type=node.network_type,
        building_id=node.building_id,
        parent_id=node.parent_id,
        uplink_number=node.uplink_port.number if node.uplink_port else None,
        capacity=node.capacity,
        ratio=node.ratio,
        split_budget=node.split_budget,
        reach_m=node.reach_m,
        management_ip=node.management_ip or "",
        serial=node.serial,
        remote_id=node.remote_id or "",
        circuit_template=node.circuit_template,
        note=node.note,
        zone_ids=tuple(node.zone_links.order_by("zone_id").values_list("zone_id", flat=True)),
        building_ids=tuple(
            node.building_links.order_by("building_id").values_list("building_id", flat=True)
        ),
    )


def make_ports(node: PlantNode, numbers: Iterable[int], *, at: datetime) -> list[PlantPort]:
    """Rows of new free ports with the circuit ids of the node's template."""
    rows = [
        PlantPort(
            node=node,
            number=number,
            state=State.FREE,
            changed_at=at,
            circuit_id=option82.filled(
                node.circuit_template, port=number, name=node.name, remote_id=node.remote_id or ""
            )
            or None,
        )
        for number in numbers
    ]
    with told_by_constraint():
        return PlantPort.objects.bulk_create(rows)


def _columns(wanted: NodeFields) -> dict[str, Any]:
    if (
        wanted.building_id is not None
        and not Building.objects.filter(id=wanted.building_id, retired_at__isnull=True).exists()
    ):
        raise PlantFieldError(_("There is no such building."), field="building_id")
    return {
        **{name: getattr(wanted, name) for name in PLAIN},
        "point": Point(wanted.lon, wanted.lat, srid=4326),
        "management_ip": wanted.management_ip or None,
        "remote_id": wanted.remote_id or None,
    }


def _uplink(wanted: NodeFields, *, node_id: int | None) -> PlantPort | None:
    """The parent's port that the node hangs on; the parent is locked, so the port stays free."""
    if wanted.parent_id is None:
        if wanted.uplink_number is not None:
            raise PlantFieldError(_("Say which node feeds it."), field="parent_id")
        return None
    if wanted.parent_id == node_id:
        raise PlantFieldError(REFUSED["coverage_plantnode_cycle"][1], field="parent_id")
    parent = PlantNode.objects.select_for_update(of=("self",)).filter(id=wanted.parent_id).first()
    if parent is None or parent.status == Status.RETIRED:
        raise PlantFieldError(UnknownNodeError.message, field="parent_id")
    if parent.kind not in ABOVE[wanted.kind]:
        raise PlantFieldError(_("Such a node can't be fed by that one."), field="parent_id")
    if wanted.kind == Kind.SPLITTER and parent.network_type != wanted.network_type:
        raise PlantFieldError(_("What feeds it is of another network."), field="network_type")
    if wanted.uplink_number is None:
        if wanted.kind == Kind.SPLITTER:
            raise PlantFieldError(_("Say on which port it hangs."), field="uplink_number")
        return None
    port = parent.ports.filter(number=wanted.uplink_number).first()
    if port is None:
        raise PlantFieldError(_("The node above has no such port."), field="uplink_number")
    if port.state in (State.IN_USE, State.RESERVED):
        raise PlantFieldError(_("This port is a client's."), field="uplink_number")
    return port


def _check_room(node: PlantNode, wanted: NodeFields) -> None:
    highest = node.ports.order_by("-number").values_list("number", flat=True).first() or 0
    if wanted.capacity < highest:
        raise PlantFieldError(
            _("It has a port number %(number)d. Remove the port first.") % {"number": highest},
            field="ratio" if node.kind == Kind.SPLITTER else "capacity",
        )


def _link(node: PlantNode, wanted: NodeFields) -> None:
    zones = Zone.objects.filter(id__in=wanted.zone_ids, archived_at__isnull=True)
    if node.network_type:
        zones = zones.filter(network_type=node.network_type)
    if zones.count() != len(wanted.zone_ids):
        raise PlantFieldError(
            _("A zone of the list is unknown or of another network."), field="zone_ids"
        )
    standing = Building.objects.filter(id__in=wanted.building_ids, retired_at__isnull=True)
    if standing.count() != len(wanted.building_ids):
        raise PlantFieldError(_("There is no such building."), field="building_ids")
    node.zone_links.exclude(zone_id__in=wanted.zone_ids).delete()
    PlantNodeZone.objects.bulk_create(
        [PlantNodeZone(node=node, zone_id=zone_id) for zone_id in wanted.zone_ids],
        ignore_conflicts=True,
    )
    node.building_links.exclude(building_id__in=wanted.building_ids).delete()
    PlantNodeBuilding.objects.bulk_create(
        [PlantNodeBuilding(node=node, building_id=building) for building in wanted.building_ids],
        ignore_conflicts=True,
    )


def _saved(node: PlantNode, at: datetime) -> None:
    node.revision += 1
    node.updated_at = at
    with told_by_constraint():
        node.save()


def _tell(
    verb: str,
    node: PlantNode,
    *,
    before: NodeFields,
    actor: Actor,
    at: datetime,
    reason: str = "",
) -> None:
    old, new = _json(before), _json(fields_of(node))
    changed = [name for name in new if old[name] != new[name]]
    audit.record(
        at=at,
        actor=actor,
        action=f"coverage.plant.{verb}",
        obj=(OBJECT, node.id),
        summary=f"{node.name}: {reason}" if reason else node.name,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )


def _json(fields: NodeFields) -> dict[str, Any]:
    rounded = replace(fields, lon=round(fields.lon, 7), lat=round(fields.lat, 7))
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(rounded).items()
    }
