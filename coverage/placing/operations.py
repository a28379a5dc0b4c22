"""What planners may do to places. Callers check permissions (`zones.edit`)."""

from coverage.placing.buildings import (
    bring_back_building,
    change_building,
    create_building,
    retire_building,
)
from coverage.placing.history import undo_building, undo_street
from coverage.placing.merging import merge_buildings
from coverage.placing.premises import (
    add_premises,
    change_premise,
    premise_of,
    retire_premise,
)
from coverage.placing.streets import (
    bring_back_street,
    create_street,
    merge_streets,
    rename_street,
    retire_street,
)

__all__ = [
    "add_premises",
    "bring_back_building",
    "bring_back_street",
    "change_building",
    "change_premise",
    "create_building",
    "create_street",
    "merge_buildings",
    "merge_streets",
    "premise_of",
    "rename_street",
    "retire_building",
    "retire_premise",
    "retire_street",
    "undo_building",
    "undo_street",
]
