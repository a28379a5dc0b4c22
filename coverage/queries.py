"""What other apps may ask the coverage map. Nothing here writes."""

from coverage.availability import UnknownBuildingError, answer_for_point
from coverage.building_map import buildings_geojson
from coverage.checks import UnknownCheckError, check_result
from coverage.labels import address_labels, admin_chain, chain_of_path
from coverage.lookup import match_address
from coverage.places import BadBoxError, BadCoordinatesError, BadTextError, Box, checked_box
from coverage.placing.premises import clean_unit
from coverage.suggestions import Suggestion, suggest_addresses
from coverage.zoning.queries import zones_geojson
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
    "buildings_geojson",
    "chain_of_path",
    "check_result",
    "checked_box",
    "clean_unit",
    "match_address",
    "publication",
    "suggest_addresses",
    "winners",
    "zones_geojson",
]
