"""One building or address as a file has it, read but not yet compared with what is stored."""

from dataclasses import dataclass, field, replace
from typing import Any

import shapely
from shapely import MultiPolygon

from coverage.addresses import House, HouseNumberError, parse_address, parse_house, parse_street
from coverage.addresses.latin import house_variants
from coverage.addresses.street import StreetName
from coverage.addresses.text import clean, is_latin
from coverage.importers.report import Report

MAX_NAME_CHARS = 160
MAX_MOST = {"BAD_LEVELS": 200, "BAD_FLATS": 5_000}


@dataclass(frozen=True, slots=True)
class Address:
    """A street and a house on it."""

    street: StreetName
    house: House

    @property
    def label(self) -> str:
        """«вулиця Бучми, 42Б»."""
        return f"{self.street.label}, {self.house.canonical}"


@dataclass(slots=True)
class FoundBuilding:
    """A building of a file. `ref` is its id at the source ("osm:way/123"), "" where it has none.

    `others` are its further addresses; `accuracy_m` says how far off the point may be; `known_id`
    is the stored building that it is, where that is decided already.
    """

    row: int
    ref: str
    point: shapely.Point
    outline: MultiPolygon | None = None
    street: StreetName | None = None
    house: House | None = None
    street_text: str = ""
    city_text: str = ""
    kind: str = ""
    levels: int | None = None
    flats: int | None = None
    accuracy_m: int = 5
    others: list[Address] = field(default_factory=list)
    locality_id: int = 0
    known_id: int | None = None

    @property
    def label(self) -> str:
        """The address as far as it was read, else what the file calls the street."""
        street = self.street.label if self.street else self.street_text
        return ", ".join(part for part in (street, self.house and self.house.canonical) if part)

    @property
    def size(self) -> float:
        """For choosing the larger of two; a point has none."""
        return self.outline.area if self.outline is not None else 0.0

    def place(self) -> dict[str, Any]:
        """Name and place, for a remark."""
        lon, lat = round(self.point.x, 6), round(self.point.y, 6)
        return {"name": self.label[:200], "lon": lon, "lat": lat}


def read_house(row: int, text: str, place: dict[str, Any], report: Report) -> House | None:
    """The house, or None with a remark when the text is not one number."""
    if not text:
        return None
    cleaned = clean(text)
    try:
        return parse_house(house_variants(cleaned)[0] if is_latin(cleaned) else cleaned)
    except HouseNumberError:
        report.note(row, "BAD_NUMBER", "KEPT_WITHOUT_NUMBER", **place, detail=text[:40])
        return None


def read_street(
    row: int, text: str, place: dict[str, Any], report: Report, *, untyped: str = ""
) -> StreetName | None:
    """The street, or None with a remark when the value is not clean.

    A name without a type is taken for a street of the type `untyped`, where one is given.
    """
    if not text:
        report.note(row, "NO_STREET", "KEPT_WITHOUT_STREET", **place)
        return None
    name = parse_street(text)
    code = ""
    if not any(char.isalpha() for char in name.name):
        code = "STREET_IS_NUMBER"
    elif name.is_russian:
        code = "STREET_RUSSIAN"
    elif not name.type and parse_address(text).house:
        code = "STREET_HAS_NUMBER"
    elif not name.type and untyped:
        name = replace(name, type=untyped)
        report.count("streets without a type")
    elif not name.type:
        code = "NO_TYPE"
    if code or len(name.name) > MAX_NAME_CHARS:
        report.note(row, code or "NO_NAME", "KEPT_WITHOUT_STREET", **place, detail=text[:80])
        return None
    return name


def read_count(
    row: int, text: str, place: dict[str, Any], report: Report, *, code: str
) -> int | None:
    """A whole number as large as floors (BAD_LEVELS) or flats (BAD_FLATS) may be, or None with a
    remark of that code."""
    most = MAX_MOST[code]
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= most:
        return int(text)
    report.note(row, code, "LEFT_OUT", detail=text[:40], **place)
    return None
