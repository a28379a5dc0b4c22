"""What a new house at a pin is probably called: the street, and the next free number in it.

A guess only fills in a form; nothing is stored on it. The nearest line of a street is the best
sign; where the streets have no lines, the neighbours say it.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from coverage.addresses import street_label
from coverage.places import checked_point

REACH_M = 200
REACH_DEGREES = 0.0032  # 200 m of longitude at 56°, more than that elsewhere in Ukraine
MAX_STREETS = 6
NEIGHBOURS = 24

STREETS = """
WITH place AS (SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) AS point),
by_line AS (
    SELECT street.id, ST_Distance(street.geom::geography, place.point::geography) AS metres
    FROM place, coverage_street street
    WHERE street.retired_at IS NULL AND street.geom && ST_Expand(place.point, %(reach)s)
),
by_house AS (
    SELECT building.street_id AS id,
        min(ST_Distance(building.point::geography, place.point::geography)) AS metres
    FROM place, coverage_building building
    WHERE building.retired_at IS NULL AND building.street_id IS NOT NULL
      AND building.point && ST_Expand(place.point, %(reach)s)
    GROUP BY building.street_id
)
SELECT street.id, street.type, street.name, street.locality_id, unit.name,
    by_line.metres, by_house.metres
FROM by_line FULL JOIN by_house USING (id)
JOIN coverage_street street ON street.id = COALESCE(by_line.id, by_house.id)
JOIN coverage_adminunit unit ON unit.id = street.locality_id
WHERE street.retired_at IS NULL
  AND LEAST(by_line.metres, by_house.metres) <= %(reach_m)s
ORDER BY LEAST(by_line.metres, by_house.metres + 15), street.id
LIMIT %(limit)s
"""

# Even and odd numbers face each other: what lies behind the street's line is the other side.
NEAREST_HOUSES = """
WITH place AS (SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) AS point)
SELECT near.number_int FROM (
    SELECT building.id, building.number_int, building.point, place.point AS pin,
        ST_Distance(building.point::geography, place.point::geography) AS metres
    FROM place, coverage_building building
    WHERE building.street_id = %(street)s AND building.number_int IS NOT NULL
      AND building.retired_at IS NULL
    ORDER BY building.point <-> place.point LIMIT %(limit)s
) near JOIN coverage_street street ON street.id = %(street)s
ORDER BY COALESCE(ST_Intersects(street.geom, ST_MakeLine(near.point, near.pin)), false),
    near.metres, near.id
"""

TAKEN = """
SELECT number FROM coverage_building
WHERE street_id = %(street)s AND number IS NOT NULL AND retired_at IS NULL
UNION SELECT address.number FROM coverage_buildingaddress address
JOIN coverage_building building ON building.id = address.building_id
WHERE address.street_id = %(street)s AND building.retired_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class StreetGuess:
    """A street near the pin, the likeliest first, with the number a house there would get."""

    street_id: int
    label: str
    locality_id: int
    locality: str
    metres: int
    number: str

    def as_json(self) -> dict[str, Any]:
        """For the API."""
        return {name: getattr(self, name) for name in self.__slots__}


def guess_address(*, lon: float, lat: float) -> list[StreetGuess]:
    """Streets within 200 m of the pin; raises BadCoordinatesError."""
    lon, lat = checked_point(lon=lon, lat=lat)
    with connection.cursor() as cursor:
        cursor.execute(
            STREETS,
            {
                "lon": lon,
                "lat": lat,
                "reach": REACH_DEGREES,
                "reach_m": REACH_M,
                "limit": MAX_STREETS,
            },
        )
        rows = cursor.fetchall()
    return [
        StreetGuess(
            street_id=street_id,
            label=street_label(street_type=kind, name=name),
            locality_id=locality_id,
            locality=locality,
            metres=round(min(metres for metres in (by_line, by_house) if metres is not None)),
            number=next_number(street_id=street_id, lon=lon, lat=lat),
        )
        for street_id, kind, name, locality_id, locality, by_line, by_house in rows
    ]


def next_number(*, street_id: int, lon: float, lat: float) -> str:
    """The free number that fits best at this place of the street ("" when nothing is known)."""
    with connection.cursor() as cursor:
        cursor.execute(
            NEAREST_HOUSES, {"street": street_id, "lon": lon, "lat": lat, "limit": NEIGHBOURS}
        )
        near = [row[0] for row in cursor.fetchall()]
        cursor.execute(TAKEN, {"street": street_id})
        taken = {row[0] for row in cursor.fetchall()}
    return fitting_number(near=near, taken=taken)


def fitting_number(*, near: list[int], taken: set[str]) -> str:
    """Of the parity of the nearest house: in the gap to the next one, else one step further on.

    `near`: numbers of houses, the nearest first. Where nothing is free nearby, the nearest number
    with a letter: a house built between 12 and 14 is 12А.
    """
    if not near:
        return "1" if "1" not in taken else ""
    first = near[0]
    side = [number for number in near if number % 2 == first % 2 and number != first]
    second = side[0] if side else first - 2
    step = 2 if second > first else -2
    between = [str(number) for number in range(first + step, second, step)]
    # Away from the second neighbour, then on along the street.
    outwards = [str(first - step), str(first - 2 * step)]
    lettered = [f"{first}{letter}" for letter in "АБВГ"]
    for number in [*between, *outwards, *lettered]:
        if number not in taken and not number.startswith("-") and number != "0":
            return number
    return ""
