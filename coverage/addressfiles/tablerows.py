"""One row of a table as an address: pure reading, before anything stored is compared."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from coverage.addresses import House, HouseNumberError, parse_address, parse_house, parse_street
from coverage.addresses.latin import house_variants
from coverage.addresses.parse import ParsedAddress
from coverage.addresses.street import StreetName
from coverage.addresses.text import clean, is_latin
from coverage.addressfiles.columns import pair_of
from coverage.importers.found import MAX_MOST, MAX_NAME_CHARS

_LOCALITY_MARK = re.compile(
    r"^(?:(?:м|с|смт|сел|с-ще|г|п|пгт)\.\s*|(?:місто|село|селище(?:\s+міського\s+типу)?|смт|город"
    r"|посёлок|поселок|пгт|м|с|г)\s+)",
    re.I,
)
_UNIT_MARK = re.compile(r"\s+(?:область|обл\.?|район|р-н|громада|тг|отг)$", re.I)
_WHOLE = re.compile(r"(\d{1,9})(?:[.,]0+)?")
_SPREADSHEET_NUMBER = re.compile(r"(\d+)\.0")


@dataclass(slots=True)
class TableRow:
    """What a row says. `text` is the address as written; `problems` are codes of what is odd.

    `house_problem` is "" or why there is no house: EMPTY, RANGE, DATE, UNREADABLE. `localities` are
    names that may be the settlement's, the surest first; `above` names units above it.
    """

    row: int
    text: str
    localities: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    katottg: str = ""
    street: StreetName | None = None
    house: House | None = None
    house_problem: str = ""
    lon: float | None = None
    lat: float | None = None
    flats: int | None = None
    levels: int | None = None
    external_id: str = ""
    problems: list[tuple[str, str]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The address as understood: «вулиця Бучми, 42Б»."""
        house = self.house.canonical if self.house else ""
        street = self.street.label if self.street else ""
        return ", ".join(part for part in (street, house) if part)


def read_row(row: int, cells: Mapping[str, str]) -> TableRow:
    """A row by fields of `columns.FIELDS`; never fails, what can't be read is a problem."""
    parsed = parse_address(cells["address"]) if cells.get("address") else None
    found = TableRow(row=row, text=_as_written(cells))
    _read_place_names(found, cells, parsed)
    _read_street_and_house(found, cells, parsed)
    _read_point(found, cells)
    found.flats = _count(found, cells.get("flats", ""), "BAD_FLATS")
    found.levels = _count(found, cells.get("levels", ""), "BAD_LEVELS")
    found.external_id = _plain(cells.get("external_id", ""))[:50]
    return found


def _as_written(cells: Mapping[str, str]) -> str:
    names = ("oblast", "raion", "hromada", "locality", "address")
    parts = [cells[name] for name in names if cells.get(name)]
    street = " ".join(cells[name] for name in ("street_type", "street") if cells.get(name))
    house = _plain(cells.get("house", ""))
    korpus = f" корпус {cells['korpus']}" if cells.get("korpus") else ""
    parts += [part for part in (street, f"{house}{korpus}".strip()) if part]
    return ", ".join(parts)[:300]


def _read_place_names(
    found: TableRow, cells: Mapping[str, str], parsed: ParsedAddress | None
) -> None:
    named = [_LOCALITY_MARK.sub("", clean(cells["locality"]))] if cells.get("locality") else []
    inside = list(parsed.localities) if parsed else []
    found.localities = tuple(name for name in (*named, *inside) if name)
    found.above = tuple(
        _UNIT_MARK.sub("", clean(cells[name]))
        for name in ("hromada", "raion", "oblast")
        if cells.get(name)
    )
    found.katottg = cells.get("katottg", "").strip()


def _read_street_and_house(
    found: TableRow, cells: Mapping[str, str], parsed: ParsedAddress | None
) -> None:
    house_text = _plain(cells.get("house", ""))
    street = None
    if cells.get("street"):
        street_text = cells["street"]
        if not house_text and not cells.get("address"):
            both = parse_address(street_text)  # «вул. Бучми, 42» in one column
            house_text = both.house_text
            street = both.street if both.house_text else None
        street = street or parse_street(street_text)
        if cells.get("street_type") and not street.type:
            street = replace(parse_street(f"{cells['street_type']} {street_text}"))
    elif parsed is not None:
        street = parsed.street
    if not house_text and parsed is not None:
        house_text = parsed.house_text
    if cells.get("korpus") and house_text:
        house_text = f"{house_text} корпус {_plain(cells['korpus'])}"
    if street is not None and any(char.isalpha() for char in street.name):
        found.street = street if len(street.name) <= MAX_NAME_CHARS else None
    _read_house(found, house_text)


def _read_house(found: TableRow, text: str) -> None:
    cleaned = clean(text)
    try:
        found.house = parse_house(house_variants(cleaned)[0] if is_latin(cleaned) else cleaned)
    except HouseNumberError as error:
        found.house_problem = error.problem
        if error.problem != "EMPTY":
            found.problems.append(("BAD_NUMBER", text[:40]))


def _read_point(found: TableRow, cells: Mapping[str, str]) -> None:
    lat_text, lon_text = cells.get("lat", ""), cells.get("lon", "")
    if cells.get("point") and not (lat_text or lon_text):
        pair = pair_of(cells["point"])
        if pair is None:
            found.problems.append(("BAD_COORDINATES", cells["point"][:40]))
            return
        lat_text, lon_text = pair
    if not lat_text and not lon_text:
        return
    lat, lon = _degrees(lat_text), _degrees(lon_text)
    if lat is None or lon is None or (lat == 0 and lon == 0):
        found.problems.append(("BAD_COORDINATES", f"{lat_text[:20]} {lon_text[:20]}"))
    else:
        found.lat, found.lon = lat, lon


def _degrees(text: str) -> float | None:
    try:
        number = float(text.strip().rstrip("°").replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= 180 else None


def _count(found: TableRow, text: str, code: str) -> int | None:
    if not text.strip():
        return None
    whole = _WHOLE.fullmatch(text.strip())
    if whole and int(whole[1]) <= MAX_MOST[code]:
        return int(whole[1])
    found.problems.append((code, text[:40]))
    return None


def _plain(text: str) -> str:
    """«12.0» is what a spreadsheet makes of 12."""
    whole = _SPREADSHEET_NUMBER.fullmatch(text.strip())
    return whole[1] if whole else text.strip()


def as_json(found: TableRow) -> dict[str, Any]:
    """What was read, for a preview."""
    return {
        "row": found.row,
        "text": found.text,
        "address": found.address,
        "lon": found.lon,
        "lat": found.lat,
        "flats": found.flats,
        "levels": found.levels,
        "external_id": found.external_id,
    }
