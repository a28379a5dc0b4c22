"""Which column of a table is what: by its name in Ukrainian, Russian or English, and by content."""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

from coverage.addresses import HouseNumberError, parse_address, parse_house, parse_street
from coverage.addresses.text import clean

# In the order in which they are shown; the words are whole names or their beginnings (…*).
FIELDS: dict[str, tuple[str, ...]] = {
    "address": ("адреса", "адрес", "address", "повна адреса", "полный адрес", "full address",
                "адреса будинку", "адреса об'єкта", "місцезнаходження", "location"),
    "oblast": ("область", "обл", "oblast", "регіон", "region", "state"),
    "raion": ("район", "raion", "р-н", "district"),
    "hromada": ("громада", "отг", "тг", "hromada", "територіальна громада", "community"),
    "locality": ("населений пункт", "нас пункт", "нп", "місто", "село", "смт", "город", "city",
                 "town", "village", "settlement", "locality", "населенный пункт", "addr:city",
                 "місто село", "назва населеного пункту", "place"),
    "katottg": ("катоттг", "katottg", "код катоттг", "koatuu", "код"),
    "street_type": ("тип вулиці", "тип", "вид вулиці", "тип улицы", "street type", "тип вул",
                    "street_type", "streettype", "type"),
    "street": ("вулиця", "улица", "street", "вул", "ул", "назва вулиці", "название улицы",
               "street name", "street_name", "addr:street", "streetname"),
    "house": ("будинок", "буд", "дом", "house", "номер будинку", "номер дома", "house number",
              "house_number", "housenumber", "addr:housenumber", "номер", "№ будинку", "№ буд",
              "№", "number", "building", "№ дома"),
    "korpus": ("корпус", "корп", "блок", "секція", "korpus", "block", "літера", "литера"),
    "lat": ("широта", "lat", "latitude", "y", "шир", "gps lat", "lat y"),
    "lon": ("довгота", "долгота", "lon", "lng", "long", "longitude", "x", "дов", "gps lon"),
    "point": ("координати", "координаты", "coordinates", "gps", "latlon", "lat lon", "point",
              "геокоординати", "coords", "широта довгота"),
    "flats": ("квартир", "квартири", "кількість квартир", "кол-во квартир", "flats", "apartments",
              "к-сть квартир", "количество квартир", "кв", "units"),
    "levels": ("поверхів", "поверхи", "поверховість", "кількість поверхів", "этажей", "этажность",
               "levels", "floors", "building:levels", "поверх", "к-сть поверхів"),
    "external_id": ("id", "ід", "ідентифікатор", "external id", "external_id", "код будинку",
                    "osm_id", "ref", "uid", "код об'єкта", "идентификатор", "building_id"),
}  # fmt: skip
SAMPLE_ROWS = 300
COUNTER_LEAST = 4
_NUMBER = re.compile(r"-?\d{1,3}[.,]\d{2,}")
_PAIR = re.compile(r"\s*(-?\d{1,3}[.,]\d{3,})\s*[,; ]\s*(-?\d{1,3}[.,]\d{3,})\s*")
UKRAINE_LAT, UKRAINE_LON = (44.0, 52.6), (22.0, 40.4)


def name_key(name: str) -> str:
    """A column's name as it is compared: lower case, signs as spaces."""
    text = clean(name).lower().replace("_", " ").replace("’", "'")
    return " ".join(re.sub(r"[^\w№:'\-]+", " ", text).split())


_NAMES = {name_key(word): field for field, words in FIELDS.items() for word in words}


def named(name: str) -> str:
    """The field that a column's name says, or ""."""
    return _NAMES.get(name_key(name), "")


def names_known(cells: Iterable[str]) -> int:
    """How many cells of a row are names of columns that we know."""
    return len({named(cell) for cell in cells if cell} - {""})


def guess(
    header: list[str], rows: list[list[str]], *, places: Callable[[set[str]], set[str]]
) -> dict[str, str]:
    """Column by field: names first, then what the cells look like.

    `places(texts)` says which of the texts are names of settlements.
    """
    chosen: dict[str, str] = {}
    counters: list[str] = []
    for at, name in enumerate(header):
        field = named(name)
        if field == "house" and _is_counter(_cells_of(at, rows)):
            counters.append(name)  # «№» often numbers the rows of the list and not the houses
        elif field and field not in chosen:
            chosen[field] = name
    if "street" in chosen and "house" not in chosen and counters:
        chosen["house"] = counters[0]
    free = [name for name in header if name not in chosen.values()]
    columns = {name: _cells_of(at, rows) for at, name in enumerate(header) if name in free}
    for field, looks in _content_tests(places).items():
        if field in chosen or _is_made_up_for(field, chosen):
            continue
        shares = {name: looks(cells) for name, cells in columns.items() if cells}
        best = max(shares, key=lambda name: shares[name], default="")
        if best and shares[best] >= 0.6:
            chosen[field] = best
            del columns[best]
    return {field: chosen[field] for field in FIELDS if field in chosen}


def _cells_of(at: int, rows: list[list[str]]) -> list[str]:
    return [row[at] for row in rows[:SAMPLE_ROWS] if at < len(row) and row[at]]


def _is_counter(cells: list[str]) -> bool:
    """Whether the cells count 1, 2, 3 … as numbers of rows do."""
    if len(cells) < COUNTER_LEAST or not all(cell.isascii() and cell.isdigit() for cell in cells):
        return False
    numbers = [int(cell[:18]) for cell in cells]
    return all(after == before + 1 for before, after in pairwise(numbers))


def _is_made_up_for(field: str, chosen: Mapping[str, str]) -> bool:
    """Whether what the field would say is known from other columns."""
    instead = {
        "address": {"street"},
        "street": {"address"},
        "house": {"address"},
        "point": {"lat", "lon"},
        "lat": {"point"},
        "lon": {"point"},
        "locality": {"katottg"},
    }
    return bool(instead.get(field, set()) & set(chosen))


def _content_tests(
    places: Callable[[set[str]], set[str]],
) -> dict[str, Callable[[list[str]], float]]:
    def share(cells: list[str], test: Callable[[str], bool]) -> float:
        return sum(test(cell) for cell in cells) / len(cells)

    def are_places(cells: list[str]) -> float:
        distinct = set(cells)
        if any(char.isdigit() for cell in cells for char in cell):
            return 0.0
        return len(places(distinct)) / len(distinct)

    return {
        "point": lambda cells: share(cells, lambda cell: bool(_PAIR.fullmatch(cell))),
        "lat": lambda cells: share(cells, lambda cell: _is_between(cell, UKRAINE_LAT)),
        "lon": lambda cells: share(cells, lambda cell: _is_between(cell, UKRAINE_LON)),
        "address": lambda cells: share(cells, _is_address),
        "street": lambda cells: share(cells, lambda cell: bool(parse_street(cell).type)),
        "locality": are_places,
        "house": lambda cells: share(cells, _is_house),
    }


def _is_between(cell: str, span: tuple[float, float]) -> bool:
    if not _NUMBER.fullmatch(cell):
        return False
    return span[0] <= float(cell.replace(",", ".")) <= span[1]


def _is_address(cell: str) -> bool:
    parsed = parse_address(cell)
    return bool(parsed.street.type and parsed.house_text)


def _is_house(cell: str) -> bool:
    if len(cell) > 12:
        return False
    try:
        parse_house(clean(cell))
    except HouseNumberError as error:
        return error.problem in {"RANGE", "DATE"}
    return True


def pair_of(cell: str) -> tuple[str, str] | None:
    """The two numbers of "50.0312, 36.3521"; None when it is not a pair."""
    found = _PAIR.fullmatch(cell)
    return (found[1], found[2]) if found else None


def checked(mapping: Mapping[str, Any], header: list[str]) -> dict[str, str]:
    """A person's choice: known fields and columns only; raises KeyError with what is unknown."""
    chosen: dict[str, str] = {}
    for field, name in mapping.items():
        if field not in FIELDS:
            raise KeyError(str(field))
        if name in (None, ""):
            continue
        if name not in header:
            raise KeyError(str(name))
        chosen[field] = str(name)
    return chosen
