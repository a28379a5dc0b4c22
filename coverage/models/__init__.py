"""Models of the Coverage Map."""

from coverage.models.address_file import ColumnChoice, UnplacedAddress
from coverage.models.answer import BuildingAnswer
from coverage.models.availability import AvailabilityCheck
from coverage.models.building import Building, BuildingAddress, Premise
from coverage.models.demand import SharedReport
from coverage.models.map_change import MapChange
from coverage.models.place import AdminUnit, AdminUnitAlias, Street, StreetAlias
from coverage.models.plant import PlantNode, PlantNodeBuilding, PlantNodeZone, PlantPort
from coverage.models.zone import (
    BuildingCoverage,
    CoverageOverride,
    InvariantPolicy,
    NetworkType,
    Zone,
    ZoneChange,
    ZoneChangeSet,
    ZoneChangeSetNote,
    ZoneStatus,
    ZoneVersion,
)

__all__ = [
    "AdminUnit",
    "AdminUnitAlias",
    "AvailabilityCheck",
    "Building",
    "BuildingAddress",
    "BuildingAnswer",
    "BuildingCoverage",
    "ColumnChoice",
    "CoverageOverride",
    "InvariantPolicy",
    "MapChange",
    "NetworkType",
    "PlantNode",
    "PlantNodeBuilding",
    "PlantNodeZone",
    "PlantPort",
    "Premise",
    "SharedReport",
    "Street",
    "StreetAlias",
    "UnplacedAddress",
    "Zone",
    "ZoneChange",
    "ZoneChangeSet",
    "ZoneChangeSetNote",
    "ZoneStatus",
    "ZoneVersion",
]
