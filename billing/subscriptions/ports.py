"""The port of the plant that a service stands on: taken at the sale, changed, given back.

Coverage keeps the ports and knows a service by its number only. Where it knows of ports for a
building, a sale takes one in its own transaction; where it knows of none, nothing is asked.
"""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from billing.subscriptions.coverage_gate import NoCoverageError
from billing.subscriptions.models import Subscription
from coverage.models import PlantPort
from coverage.plant import operations as plant
from coverage.plant.queries import Place
from project.core.actor import Actor


class NoFreePortError(NoCoverageError):
    """The last port was taken between the check and the sale."""

    code = "no_free_port"
    message = _("There is no free port for this building any more.")


def take(
    *, subscription: Subscription, must: bool, zone_id: int | None, actor: Actor, at: datetime
) -> int | None:
    """A port for a new main service, RESERVED until it is active; its id, or None without plant.

    `must`: raise NoFreePortError when the plant knows of ports there and none is left; else the
    service was permitted without coverage and goes without.
    """
    building = subscription.building
    taken = plant.take_port(
        place=Place(
            lon=building.point.x,
            lat=building.point.y,
            network_type=subscription.network_type,
            building_id=building.id,
            zone_id=zone_id,
        ),
        premise_id=subscription.premise_id,
        subscription_ref=subscription.id,
        state=state_for(subscription),
        actor=actor,
        at=at,
    )
    if taken.is_known and taken.port_id is None and must:
        raise NoFreePortError()
    return taken.port_id


def held(*, subscription_id: int) -> int | None:
    """The port that a service stands on."""
    found = PlantPort.objects.filter(subscription_ref=subscription_id)
    return found.values_list("id", flat=True).first()


def release(*, subscription_ids: Iterable[int], actor: Actor, at: datetime) -> int:
    """Give back the ports of services that have ended (or were put on the wrong one)."""
    return plant.release_ports(subscription_refs=subscription_ids, actor=actor, at=at)


def begin(*, subscription_id: int, at: datetime) -> None:
    """The service is active: its reserved port is in use."""
    plant.begin_use(subscription_ref=subscription_id, at=at)


def state_for(subscription: Subscription) -> str:
    """What a port of this service is: in use, or reserved until the service is active."""
    is_active = subscription.state == Subscription.State.ACTIVE
    return (PlantPort.State.IN_USE if is_active else PlantPort.State.RESERVED).value
