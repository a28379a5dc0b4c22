"""What other apps may ask the coverage map. Nothing here writes."""

from coverage.availability import UnknownBuildingError, answer_for_point
from coverage.building_map import buildings_geojson
from coverage.checks import UnknownCheckError, check_result
from coverage.demand.area import demand_area
from coverage.demand.grid import cells_of as demand_cells
from coverage.demand.grid import outlines as demand_outlines
from coverage.demand.ground import demand_footprints, demand_ground
from coverage.demand.privacy import demand_generalised, demand_rounded
from coverage.demand.reports import demand_report, demand_reports
from coverage.demand.wishes import (
    demand_counts,
    demand_localities,
    demand_nowhere,
    demand_of_checks,
    demand_wishes,
)
from coverage.labels import address_labels, admin_chain, chain_of_path, unit_names
from coverage.lookup import match_address
from coverage.places import BadBoxError, BadCoordinatesError, BadTextError, Box, checked_box
from coverage.placing.premises import clean_unit
from coverage.suggestions import Suggestion, suggest_addresses
from coverage.zoning.queries import area_m2, zones_geojson
from coverage.zoning.queries import extent as map_extent
from coverage.zoning.winners import Publication, Winner, publication, winners

__all__ = [
    "BadBoxError",
    "BadCoordinatesError",
    "BadTextError",
    "Box",
    "Publication",
    "Suggestion",
    "UnknownBuildingError",
    "UnknownCheckError",
    "Winner",
    "address_labels",
    "admin_chain",
    "answer_for_point",
    "area_m2",
    "buildings_geojson",
    "chain_of_path",
    "check_result",
    "checked_box",
    "clean_unit",
    "demand_area",
    "demand_cells",
    "demand_counts",
    "demand_footprints",
    "demand_generalised",
    "demand_ground",
    "demand_localities",
    "demand_nowhere",
    "demand_of_checks",
    "demand_outlines",
    "demand_report",
    "demand_reports",
    "demand_rounded",
    "demand_wishes",
    "map_extent",
    "match_address",
    "publication",
    "suggest_addresses",
    "unit_names",
    "winners",
    "zones_geojson",
]
