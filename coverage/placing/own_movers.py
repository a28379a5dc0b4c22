"""What coverage itself holds at buildings: checks, and the points and ports of the plant.

A check keeps what was typed and what was answered; the building beside it is what was found, and
after a merge that is the building which stayed.
"""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coverage.models import (
    AvailabilityCheck,
    PlantNode,
    PlantNodeBuilding,
    PlantPort,
    UnplacedAddress,
)
from coverage.placing import movers
from coverage.placing.movers import Pointers

_State = PlantPort.State

MOVERS = (
    Pointers(name="checks", title=_("Availability checks"), model=AvailabilityCheck),
    Pointers(
        name="plant_nodes",
        title=_("Network points inside"),
        model=PlantNode,
        living=Q(retired_at__isnull=True),
    ),
    Pointers(
        name="plant_ports",
        title=_("Ports with a cable to here"),
        model=PlantPort,
        premise="premise",
        living=Q(state__in=[_State.RESERVED, _State.IN_USE]),
    ),
    Pointers(
        name="plant_links",
        title=_("Network points that serve it"),
        model=PlantNodeBuilding,
        once_for="node",
    ),
    Pointers(name="table_rows", title=_("Rows of imported tables"), model=UnplacedAddress),
)


def register() -> None:
    """Add them (called when the app is ready)."""
    for mover in MOVERS:
        movers.register(mover)
