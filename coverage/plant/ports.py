"""Ports: added, noted, reserved, given to a service, freed. Callers check permissions."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from coverage.models import Building, PlantNode, PlantPort, Premise
from coverage.models.plant import MAX_PORTS
from coverage.plant import serving
from coverage.plant.fields import PlantFieldError, identifier, line
from coverage.plant.nodes import (
    OBJECT,
    locked_node,
    make_ports,
    told_by_constraint,
)
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError

State = PlantPort.State
_RANGE = re.compile(r"(\d{1,5})(?:\s*[-–]\s*(\d{1,5}))?", re.ASCII)
# PON ports above a node, whose rows are locked before anything below them is taken.
PONS_ABOVE = """
WITH RECURSIVE up AS (
    SELECT parent_id, uplink_port_id FROM coverage_plantnode WHERE id = ANY(%(nodes)s)
    UNION
    SELECT above.parent_id, above.uplink_port_id
    FROM up JOIN coverage_plantnode above ON above.id = up.parent_id
)
SELECT port.id FROM coverage_plantport port JOIN coverage_plantnode node ON node.id = port.node_id
WHERE node.kind = 'OLT' AND port.id IN (SELECT uplink_port_id FROM up)
ORDER BY port.id FOR UPDATE OF port
"""


class PortTakenError(DomainError):
    """The port is not free any more; context: its present `state`."""

    code = "port_taken"
    http_status = 409
    message = _("This port has been taken meanwhile.")


class PortBusyError(DomainError):
    """A port with a client or another node on it can't be changed like that."""

    code = "port_busy"
    http_status = 409
    message = _("Something hangs on this port. Free it first.")


class SplitBudgetError(DomainError):
    """The PON port above serves as many clients as it may."""

    code = "split_budget_spent"
    http_status = 409
    message = _("The PON port above serves as many clients as it may.")


def numbers_of(text: str) -> list[int]:
    """Port numbers of "1-24, 30"; raises PlantFieldError."""
    found: set[int] = set()
    for part in text[:200].split(","):
        match = _RANGE.fullmatch(part.strip())
        first = int(match[1]) if match else 0
        last = int(match[2] or match[1]) if match else 0
        if not 1 <= first <= last <= MAX_PORTS:
            raise PlantFieldError(
                _("Write port numbers like 1-24 or 1, 3, 5-8; at most %(most)d.")
                % {"most": MAX_PORTS},
                field="numbers",
            )
        found |= set(range(first, last + 1))
    return sorted(found)


@transaction.atomic
def add_ports(*, node_id: int, numbers: Iterable[int], actor: Actor, at: datetime) -> int:
    """Free ports with these numbers; those that exist stay as they are. How many were added."""
    node = locked_node(node_id)
    wanted = sorted(set(numbers))
    if wanted and not 1 <= wanted[0] <= wanted[-1] <= node.capacity:
        raise PlantFieldError(
            _("The node has %(capacity)d ports.") % {"capacity": node.capacity}, field="numbers"
        )
    known = set(node.ports.values_list("number", flat=True))
    new = [number for number in wanted if number not in known]
    make_ports(node, new, at=at)
    if new:
        _tell("ports_added", node, summary=_spans(new), actor=actor, at=at)
    return len(new)


@transaction.atomic
def remove_ports(*, node_id: int, numbers: Iterable[int], actor: Actor, at: datetime) -> int:
    """Take ports out of the list; raises PortBusyError when one has a client or feeds a node."""
    node = locked_node(node_id)
    rows = node.ports.filter(number__in=list(numbers))
    busy = rows.filter(state__in=[State.IN_USE, State.RESERVED]) | rows.filter(feeds__isnull=False)
    first = busy.order_by("number").first()
    if first is not None:
        raise PortBusyError(number=first.number)
    gone = sorted(rows.values_list("number", flat=True))
    rows.delete()
    if gone:
        _tell("ports_removed", node, summary=_spans(gone), actor=actor, at=at)
    return len(gone)


@transaction.atomic
def note_port(
    *,
    port_id: int,
    label: str,
    circuit_id: str,
    building_id: int | None,
    unit: str,
    note: str,
    actor: Actor,
    at: datetime,
) -> None:
    """Write down what a port is called, sends, and where its cable leads."""
    node, port = locked_port(port_id)
    before = seen(port)
    port.label = line(label, "label", most=40)
    port.circuit_id = identifier(circuit_id, "circuit_id") or None
    port.note = line(note, "note", most=200)
    _lead(port, building_id=building_id, unit=unit)
    port.changed_at = at
    with told_by_constraint():
        port.save()
    tell_port("port_noted", node, port, before=before, actor=actor, at=at)


@transaction.atomic
def set_state(
    *,
    port_id: int,
    to_state: str,
    seen_state: str,
    actor: Actor,
    at: datetime,
    note: str = "",
    building_id: int | None = None,
    unit: str = "",
) -> None:
    """Reserve a port, mark it broken or in use by somebody unlisted, or free it.

    `seen_state` is what the person saw; raises PortTakenError when it is another by now,
    PortBusyError for a port of a service or one that feeds a node.
    """
    if to_state not in State.values:
        raise PlantFieldError(_("There is no such state of a port."), field="to_state")
    node, port = locked_port(port_id)
    if port.state != seen_state:
        raise PortTakenError(state=port.state)
    if port.subscription_ref is not None or port.feeds.exists():
        raise PortBusyError(number=port.number)
    before = seen(port)
    if to_state in (State.RESERVED, State.IN_USE) and port.state not in (
        State.RESERVED,
        State.IN_USE,
    ):
        require_budget([node.id])
    if building_id is not None:
        _lead(port, building_id=building_id, unit=unit)
    port.state, port.changed_at = to_state, at
    if note:
        port.note = line(note, "note", most=200)
    port.save()
    tell_port(f"port_{to_state.lower()}", node, port, before=before, actor=actor, at=at)


def _lead(port: PlantPort, *, building_id: int | None, unit: str) -> None:
    """Where the cable leads; a flat that was never heard of becomes a premise."""
    if port.subscription_ref is not None:
        return  # it leads where the service is
    if building_id is None:
        port.building, port.premise = None, None
        return
    building = Building.objects.filter(id=building_id, retired_at__isnull=True).first()
    if building is None:
        raise PlantFieldError(_("There is no such building."), field="building_id")
    port.building = building
    flat = "".join(line(unit, "unit", most=16).split()).upper()
    port.premise = Premise.objects.get_or_create(building=building, unit=flat)[0] if flat else None


def locked_port(port_id: int) -> tuple[PlantNode, PlantPort]:
    """The port with its node, both locked; raises NotFoundError."""
    found = PlantPort.objects.filter(id=port_id).values_list("node_id", flat=True).first()
    if found is None:
        raise NotFoundError(_("There is no such port."))
    node = locked_node(found)
    return node, PlantPort.objects.select_for_update(of=("self",)).get(id=port_id)


def lock_pons(node_ids: list[int]) -> None:
    """Hold the PON ports above these nodes: nobody else spends their split budget meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(PONS_ABOVE, {"nodes": node_ids})


def require_budget(node_ids: list[int]) -> None:
    """The PON port above has room for one more; it stays locked until the end."""
    lock_pons(node_ids)
    for _live, left in serving.remaining(node_ids=node_ids).values():
        if left is not None and left < 1:
            raise SplitBudgetError


def seen(port: PlantPort) -> dict[str, Any]:
    """A port in the words of the audit log."""
    return {
        "state": port.state,
        "service": port.subscription_ref,
        "label": port.label,
        "circuit_id": port.circuit_id,
        "building": port.building_id,
        "premise": port.premise_id,
        "note": port.note,
    }


def tell_port(
    verb: str,
    node: PlantNode,
    port: PlantPort,
    *,
    before: dict[str, Any],
    actor: Actor,
    at: datetime,
) -> None:
    """Write down what was done to a port, with what changed."""
    after = seen(port)
    changed = [name for name in after if after[name] != before[name]]
    audit.record(
        at=at,
        actor=actor,
        action=f"coverage.plant.{verb}",
        obj=(OBJECT, node.id),
        summary=f"{node.name}, {port.number}",
        before={"port": port.number, **{name: before[name] for name in changed}},
        after={"port": port.number, **{name: after[name] for name in changed}},
    )


def _tell(verb: str, node: PlantNode, *, summary: str, actor: Actor, at: datetime) -> None:
    audit.record(
        at=at,
        actor=actor,
        action=f"coverage.plant.{verb}",
        obj=(OBJECT, node.id),
        summary=f"{node.name}: {summary}",
        after={"ports": summary},
    )


def _spans(numbers: list[int]) -> str:
    """ "1-24, 30" of sorted numbers."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(f"{a}-{b}" if a != b else str(a) for a, b in spans)
