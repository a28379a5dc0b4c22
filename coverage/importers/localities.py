"""Which settlement a place lies in: by its own boundary, else by its hromada's with one city."""

from dataclasses import dataclass

import shapely
from django.contrib.gis.geos import GEOSGeometry
from shapely.geometry.base import BaseGeometry

from coverage.models import AdminUnit

_Category = AdminUnit.Category
SETTLEMENTS = (
    _Category.CITY,
    _Category.TOWN,
    _Category.VILLAGE,
    _Category.SETTLEMENT,
    _Category.SPECIAL_CITY,
)


@dataclass(frozen=True, slots=True)
class Locality:
    """The settlement found; `by_hromada` when only the hromada's boundary said so."""

    unit_id: int
    by_hromada: bool = False


@dataclass(frozen=True, slots=True)
class _Area:
    """A hromada (or a settlement outside all hromadas) and what lies in it."""

    outline: BaseGeometry
    inner: tuple[tuple[BaseGeometry, int], ...]
    otherwise: Locality | None


class LocalityFinder:
    """Looks settlements up by place; boundaries are read once, neighbours share them."""

    def __init__(self) -> None:
        self._areas: list[_Area] = []

    def find(self, point: shapely.Point) -> Locality | None:
        """The settlement that the point lies in, or None."""
        for area in self._areas:
            if area.outline.covers(point):
                return _within(area, point)
        geos = GEOSGeometry(memoryview(shapely.to_wkb(point)), srid=4326)
        units = AdminUnit.objects.filter(geom__covers=geos, valid_until__isnull=True)
        units = units.only("id", "category", "geom", "path")
        hromada = units.filter(category=_Category.HROMADA).first()
        if hromada is not None:
            area = _hromada_area(hromada)
        else:
            unit = units.filter(category__in=SETTLEMENTS).first()
            if unit is None:
                return None
            area = _Area(_prepared(unit), (), Locality(unit.id))
        self._areas.append(area)
        return _within(area, point)


def _within(area: _Area, point: shapely.Point) -> Locality | None:
    for outline, unit_id in area.inner:
        if outline.covers(point):
            return Locality(unit_id)
    return area.otherwise


def _hromada_area(hromada: AdminUnit) -> _Area:
    """Its settlements with boundaries; its one city without a boundary has all the rest."""
    below = AdminUnit.objects.filter(
        path__startswith=hromada.path, category__in=SETTLEMENTS, valid_until__isnull=True
    )
    inner = tuple(
        (_prepared(unit), unit.id) for unit in below.filter(geom__isnull=False).only("id", "geom")
    )
    cities = list(
        below.filter(category=_Category.CITY, geom__isnull=True).values_list("id", flat=True)[:2]
    )
    city = Locality(cities[0], by_hromada=True) if len(cities) == 1 else None
    return _Area(_prepared(hromada), inner, city)


def _prepared(unit: AdminUnit) -> BaseGeometry:
    assert unit.geom is not None
    outline = shapely.from_wkb(bytes(unit.geom.wkb))
    shapely.prepare(outline)
    return outline
