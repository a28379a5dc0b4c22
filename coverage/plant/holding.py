"""Ports and the services on them: given, taken by a sale, released. Callers check permissions.

Coverage keeps the number of a service and knows nothing else of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from coverage.models import PlantNode, PlantPort
from coverage.plant import serving
from coverage.plant.fields import PlantFieldError
from coverage.plant.nodes import lock_nodes
from coverage.plant.ports import (
    PortBusyError,
    PortTakenError,
    lock_pons,
    locked_port,
    require_budget,
    seen,
    tell_port,
)
from project.core.actor import Actor
from project.core.errors import NotFoundError

State = PlantPort.State


@dataclass(frozen=True, slots=True)
class Taken:
    """What `take_port` found. `is_known`: the plant knows of ports there, so one is needed."""

    port_id: int | None
    is_known: bool


@transaction.atomic
def assign_port(
    *,
    port_id: int,
    subscription_ref: int,
    building_id: int,
    premise_id: int | None,
    network_type: str,
    actor: Actor,
    at: datetime,
    state: str = State.IN_USE,
) -> None:
    """Give a port to a service, which leaves the port it had. `state`: IN_USE, or RESERVED yet.

    Raises PortTakenError when the port is not free (or reserved for nobody or for that flat),
    SplitBudgetError.
    """
    old = list(PlantPort.objects.filter(subscription_ref=subscription_ref))
    wanted = PlantPort.objects.filter(id=port_id).values_list("node_id", flat=True).first()
    if wanted is None:
        raise NotFoundError(_("There is no such port."))
    lock_nodes([wanted, *(port.node_id for port in old)])
    node, port = locked_port(port_id)
    if port.subscription_ref == subscription_ref:
        return
    is_kept = port.state == State.RESERVED and port.premise_id in {None, premise_id}
    if port.subscription_ref is not None or not (port.state == State.FREE or is_kept):
        raise PortTakenError(state=port.state)
    if port.feeds.exists():
        raise PortBusyError(number=port.number)
    if node.network_type != network_type:
        raise PlantFieldError(_("This port is of another network."), field="port")
    if port.building_id not in {None, building_id}:
        raise PlantFieldError(_("The cable of this port leads to another building."), field="port")
    _release([subscription_ref], actor=actor, at=at)
    if port.state == State.FREE:
        require_budget([node.id])
    _give(
        node,
        port,
        subscription_ref=subscription_ref,
        leads_to=(building_id, premise_id),
        state=state,
        actor=actor,
        at=at,
    )


@transaction.atomic
def take_port(
    *,
    place: serving.Place,
    premise_id: int | None,
    subscription_ref: int,
    state: str,
    actor: Actor,
    at: datetime,
) -> Taken:
    """Give a service the best port that serves its place: reserved for the flat, cabled to it,
    in a node named for the building, the nearest; the lowest number of these.

    Of several who want the last one exactly one gets it; the others are told that there is none.
    """
    seen = serving.capacities([place])[0]
    if not seen.total:
        return Taken(None, is_known=False)
    node_ids = [node.node_id for node in seen.nodes]
    lock_nodes(node_ids)
    lock_pons(node_ids)
    kept = None
    if premise_id is not None:
        kept = PlantPort.objects.filter(
            node_id__in=node_ids,
            premise_id=premise_id,
            state=State.RESERVED,
            subscription_ref__isnull=True,
        ).first()
    now = serving.capacities([place])[0]
    port = kept or (_best(now, place, premise_id) if now.free else None)
    if port is None:
        return Taken(None, is_known=True)
    assert place.building_id is not None
    _give(
        port.node,
        port,
        subscription_ref=subscription_ref,
        leads_to=(place.building_id, premise_id),
        state=state,
        actor=actor,
        at=at,
    )
    return Taken(port.id, is_known=True)


@transaction.atomic
def release_ports(*, subscription_refs: Iterable[int], actor: Actor, at: datetime) -> int:
    """Free the ports of these services; the cable still leads where it led. How many."""
    refs = sorted(set(subscription_refs))
    nodes = PlantPort.objects.filter(subscription_ref__in=refs).values_list("node_id", flat=True)
    lock_nodes(list(nodes))
    return _release(refs, actor=actor, at=at)


def begin_use(*, subscription_ref: int, at: datetime) -> None:
    """A reserved port of a service that has become active is in use from now on."""
    PlantPort.objects.filter(subscription_ref=subscription_ref, state=State.RESERVED).update(
        state=State.IN_USE, changed_at=at
    )


def is_reserved_for(*, building_id: int, unit: str, network_type: str) -> bool:
    """Whether a port waits for that flat and for nobody else."""
    return PlantPort.objects.filter(
        state=State.RESERVED,
        subscription_ref__isnull=True,
        premise__building_id=building_id,
        premise__unit=unit,
        node__network_type=network_type,
        node__status=PlantNode.Status.IN_SERVICE,
    ).exists()


def _best(now: serving.Capacity, place: serving.Place, premise_id: int | None) -> PlantPort | None:
    order = {node.node_id: n for n, node in enumerate(now.nodes) if node.free}
    rows = PlantPort.objects.filter(
        node_id__in=order, state=State.FREE, feeds__isnull=True
    ).select_related("node")
    possible = [row for row in rows if row.building_id in {None, place.building_id}]

    def rank(port: PlantPort) -> tuple[Any, ...]:
        cabled = port.premise_id is not None and port.premise_id == premise_id
        elsewhere = port.premise_id is not None and not cabled
        return (not cabled, elsewhere, order[port.node_id], port.number)

    return min(possible, key=rank, default=None)


def _give(
    node: PlantNode,
    port: PlantPort,
    *,
    subscription_ref: int,
    leads_to: tuple[int, int | None],
    state: str,
    actor: Actor,
    at: datetime,
) -> None:
    before = seen(port)
    port.state = state
    port.subscription_ref = subscription_ref
    port.building_id, port.premise_id = leads_to
    port.changed_at = at
    port.save()
    tell_port("port_assigned", node, port, before=before, actor=actor, at=at)


def _release(refs: list[int], *, actor: Actor, at: datetime) -> int:
    rows = list(
        PlantPort.objects.select_for_update(of=("self",))
        .select_related("node")
        .filter(subscription_ref__in=refs)
        .order_by("id")
    )
    for port in rows:
        before = seen(port)
        port.state, port.subscription_ref, port.changed_at = State.FREE, None, at
        port.save(update_fields=["state", "subscription_ref", "changed_at"])
        tell_port("port_released", port.node, port, before=before, actor=actor, at=at)
    return len(rows)
