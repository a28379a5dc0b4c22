"""A street with houses around the zone of `small_provider`, and lists of addresses to check."""

import csv
import io
from dataclasses import dataclass
from datetime import timedelta

from coverage.addresses import parse_house, parse_street
from coverage.addresses.text import place_key
from coverage.models import Building, Street, StreetAlias
from project.core import clock
from tests.support import zones
from tests.support.provider import Provider


@dataclass(frozen=True)
class Ground:
    """A house inside a zone in service, and one outside."""

    building: Building
    outside: Building


def ground(*, east: float) -> Ground:
    """A city of its own in a database that tests share, in service now; nothing is sold there."""
    city = zones.locality()
    city.path = f"/{city.id}/"
    city.save()
    inside, outside = zones.building(east + 5, 5, city), zones.building(east + 50, 50, city)
    planner = zones.actor(zones.planner())
    zones.published(planner, zones.square(east, 0), at=clock.now() - timedelta(days=1))
    return Ground(building=inside, outside=outside)


def street(provider: Provider | Ground, *, name: str, city: str, east: float = 0) -> Street:
    """A street of the provider's city with house 42Б inside the zone, 7 near its edge, 99 outside.

    The city is given a name of its own, so that lists of other tests mean other places.
    """
    locality = provider.building.locality
    locality.name, locality.search_key = city, place_key(city)
    locality.save()
    read = parse_street(f"вулиця {name}")
    made = Street.objects.create(
        locality=locality,
        type=read.type,
        name=read.name,
        name_norm=read.name_norm,
        search_key=read.search_key,
    )
    old = parse_street(f"вулиця Старо{name.lower()}")
    StreetAlias.objects.create(
        street=made, type=old.type, name=old.name, name_norm=old.name_norm,
        search_key=old.search_key,
    )  # fmt: skip
    near = zones.building(east + 10.1, 5, locality)
    for building, number in (
        (provider.building, "42Б"),
        (near, "7"),
        (provider.outside, "99"),
    ):
        addressed(building, made, number)
    return made


def addressed(building: Building, at: Street, number: str) -> None:
    """Give a building its address."""
    read = parse_house(number)
    building.street, building.number = at, read.canonical
    building.number_int, building.number_sort = read.number_int, read.number_sort
    building.save()


def as_csv(rows: list[list[str]], *, encoding: str = "utf-8", delimiter: str = ";") -> bytes:
    """The rows as a CSV file."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def read_csv(data: bytes) -> list[dict[str, str]]:
    """A result as rows by the names of their columns."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
