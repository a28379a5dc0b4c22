"""Makers of streets and houses for tests of places."""

from itertools import count
from typing import Any

from django.contrib.gis.geos import Point

from coverage.addresses import parse_house, parse_street
from coverage.models import AdminUnit, Building, Street
from tests.support.zones import LAT, LON, STEP

_number = count(1)


def city(name: str = "Харків") -> AdminUnit:
    """A city with a path of ids, as the importer makes it."""
    unit = AdminUnit.objects.create(
        category=AdminUnit.Category.CITY,
        name=name,
        search_key=name.lower(),
        path=f"/new{next(_number)}/",
        depth=0,
    )
    unit.path = f"/{unit.id}/"
    unit.save(update_fields=["path"])
    return unit


def street(locality: AdminUnit, text: str = "вулиця Бучми") -> Street:
    """A street by its name with the type."""
    read = parse_street(text)
    return Street.objects.create(
        locality=locality,
        type=read.type,
        name=read.name,
        name_norm=read.name_norm,
        search_key=read.search_key,
    )


def house(of: Street, number: str, x: float = 5, y: float = 5, **more: Any) -> Building:
    """A house of a street at a point of the test grid."""
    read = parse_house(number)
    values: dict[str, Any] = {
        "locality": of.locality,
        "street": of,
        "number": read.canonical,
        "number_int": read.number_int,
        "number_sort": read.number_sort,
        "letter": read.letter,
        "fraction": read.fraction,
        "korpus": read.korpus,
        "point": Point(LON + x * STEP, LAT + y * STEP, srid=4326),
        "location_source": Building.LocationSource.OSM,
    }
    return Building.objects.create(**(values | more))
