"""Ukrainian addresses (pure: no Django): reading what people type, canonical forms, comparing."""

from coverage.addresses.house import House, HouseNumberError, parse_house
from coverage.addresses.parse import ParsedAddress, houses_meant, parse_address
from coverage.addresses.street import StreetName, parse_street, street_label

__all__ = [
    "House",
    "HouseNumberError",
    "ParsedAddress",
    "StreetName",
    "houses_meant",
    "parse_address",
    "parse_house",
    "parse_street",
    "street_label",
]
