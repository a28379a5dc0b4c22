"""A grid of hexagons that stays where it is, whatever window or period is looked at.

Each place belongs to the UTM zone of its longitude, and the grid begins at that zone's own origin:
so a cell keeps its id for ever ("32637-250-1234-15678": projection, width, column, row), and a
metre is a metre to within one part in a thousand. EPSG:3857 would make cells 1.5 times too narrow
at the latitude of Kharkiv. Where two UTM zones meet, hexagons of both may overlap on the map, but a
place is in one cell only. Width is from flat side to flat side.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from project.core.errors import NotFoundError

CELL = re.compile(r"^(32[67]\d\d)-(\d{2,4})-(-?\d{1,6})-(-?\d{1,6})$")
BUILDING_CELL = re.compile(r"^b(\d{1,18})$")

# The projection of a place: northern and southern half of its UTM zone.
UTM = """(CASE WHEN ST_Y({point}) >= 0 THEN 32600 ELSE 32700 END
    + 1 + LEAST(59, floor((ST_X({point}) + 180) / 6)::int))"""

# A place on the line between cells goes to the first of them.
HEXAGON = """LATERAL (
    SELECT hexagon.i, hexagon.j FROM ST_HexagonGrid({edge}, {flat}) hexagon
    WHERE ST_Intersects(hexagon.geom, {flat}) ORDER BY hexagon.i, hexagon.j LIMIT 1)"""

OUTLINES = """
SELECT cell.name, ST_AsGeoJSON(ST_Transform(
    ST_SetSRID(ST_Hexagon(cell.edge, cell.i, cell.j), cell.srid), 4326), 6)
FROM unnest(%(names)s::text[], %(edges)s::float8[], %(columns)s::int[], %(rows)s::int[],
    %(srids)s::int[]) AS cell(name, edge, i, j, srid)
"""

CELLS = """
SELECT place.number, flat.srid || '-' || %(width)s || '-' || hexagon.i || '-' || hexagon.j
FROM (SELECT number, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point
      FROM unnest(%(lons)s::float8[], %(lats)s::float8[])
           WITH ORDINALITY AS given(lon, lat, number)) place
CROSS JOIN LATERAL (SELECT <utm> AS srid) zone
CROSS JOIN LATERAL (
    SELECT zone.srid, ST_Transform(place.point, zone.srid) AS point OFFSET 0) flat
CROSS JOIN <hexagon> hexagon
ORDER BY place.number
"""

BUILDING_OUTLINES = """
SELECT 'b' || id, ST_AsGeoJSON(COALESCE(footprint, point), 6)
FROM coverage_building WHERE id = ANY(%(ids)s)
"""


class UnknownCellError(NotFoundError):
    """No cell has this name."""

    code = "unknown_cell"
    message = _("There is no such cell of the demand map.")


@dataclass(frozen=True, slots=True)
class Cell:
    """A hexagon by its name."""

    srid: int
    width_m: int
    column: int
    row: int


def filled(sql: str, *, point: str, flat: str) -> str:
    """The statement with <utm> of a point and <hexagon> around a flat one written in."""
    hexagon = HEXAGON.format(edge="%(edge)s", flat=flat)
    return sql.replace("<utm>", UTM.format(point=point)).replace("<hexagon>", hexagon)


def edge_m(width_m: int) -> float:
    """The side of a hexagon of that width, which is what PostGIS asks for."""
    return width_m / math.sqrt(3)


def parsed(name: str) -> Cell:
    """The hexagon of that name; raises UnknownCellError."""
    found = CELL.match(name)
    if found is None:
        raise UnknownCellError
    return Cell(*(int(part) for part in found.groups()))


def cells_of(*, places: Sequence[tuple[float, float]], width_m: int) -> list[str]:
    """The name of the cell of each place (longitude, latitude), in the given order."""
    if not places:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            filled(CELLS, point="place.point", flat="flat.point"),
            {
                "width": str(width_m),
                "edge": edge_m(width_m),
                "lons": [lon for lon, _lat in places],
                "lats": [lat for _lon, lat in places],
            },
        )
        return [name for _number, name in cursor.fetchall()]


def outlines(*, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Name → GeoJSON geometry: of hexagons their outline, of buildings the footprint or point."""
    names = list(names)
    buildings = [int(found[1]) for found in map(BUILDING_CELL.match, names) if found]
    hexagons = [name for name in names if not BUILDING_CELL.match(name)]
    cells = [parsed(name) for name in hexagons]
    with connection.cursor() as cursor:
        cursor.execute(
            OUTLINES,
            {
                "names": hexagons,
                "edges": [edge_m(cell.width_m) for cell in cells],
                "columns": [cell.column for cell in cells],
                "rows": [cell.row for cell in cells],
                "srids": [cell.srid for cell in cells],
            },
        )
        found = cursor.fetchall()
        if buildings:
            cursor.execute(BUILDING_OUTLINES, {"ids": buildings})
            found += cursor.fetchall()
    return {name: json.loads(geometry) for name, geometry in found}
