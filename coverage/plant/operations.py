"""What may be done to the plant. Callers check permissions."""

from coverage.plant.fields import NodeFields, PlantFieldError
from coverage.plant.holding import Taken, assign_port, begin_use, release_ports, take_port
from coverage.plant.nodes import (
    NodeInUseError,
    StaleNodeError,
    UnknownNodeError,
    create_node,
    edit_node,
    move_node,
    retire_node,
)
from coverage.plant.ports import (
    PortBusyError,
    PortTakenError,
    SplitBudgetError,
    add_ports,
    note_port,
    numbers_of,
    remove_ports,
    set_state,
)

__all__ = [
    "NodeFields",
    "NodeInUseError",
    "PlantFieldError",
    "PortBusyError",
    "PortTakenError",
    "SplitBudgetError",
    "StaleNodeError",
    "Taken",
    "UnknownNodeError",
    "add_ports",
    "assign_port",
    "begin_use",
    "create_node",
    "edit_node",
    "move_node",
    "note_port",
    "numbers_of",
    "release_ports",
    "remove_ports",
    "retire_node",
    "set_state",
    "take_port",
]
