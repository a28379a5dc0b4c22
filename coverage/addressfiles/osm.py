"""An OpenStreetMap extract: outlines meet the addresses that are tagged on points in and at them.

In Ukraine an address is mostly a tag of the outline itself; elsewhere it is a point inside, an
entrance on the edge, or a shop. A point gives its address to the building that it lies in; several
different addresses make a corner house. What lies in no building is a building without an outline.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import shapely
from django.db import transaction

from coverage.addressfiles import sandbox
from coverage.importers import found as founds
from coverage.importers import settle
from coverage.importers.boundaries import fill_boundaries
from coverage.importers.buildings import Reading, read_building, street_of
from coverage.importers.found import Address, FoundBuilding
from coverage.importers.outlines import read_outline
from coverage.importers.report import Report
from coverage.importers.settle import Progress, no_progress
from coverage.importers.streets import draw_streets
from coverage.models import AdminUnit, Building

SOURCE = Building.LocationSource.OSM
NEAR_DEGREES = 5 / 111_320  # five metres: a point drawn just outside the wall
POINT_ACCURACY_M = 15
COUNTED = {
    "building": "outlines",
    "street": "street lines",
    "point": "points",
    "area": "plots",
    "incomplete": "outlines not whole",
    "boundary": "boundaries",
}
_FLATS = re.compile(r"(\d{1,4})\s*-\s*(\d{1,4})")


@dataclass(slots=True)
class _Spot:
    """An address on a point: a node with a house number, or a plot."""

    row: int
    ref: str
    point: shapely.Point
    tags: dict[str, str]
    plot: Any = None


@dataclass(slots=True)
class _Extract:
    """What an extract holds, by kind."""

    buildings: list[FoundBuilding] = field(default_factory=list)
    spots: list[_Spot] = field(default_factory=list)
    entrances: list[_Spot] = field(default_factory=list)
    streets: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    boundaries: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)


@transaction.atomic
def import_extract(
    *,
    path: Path,
    name: str,
    locality: AdminUnit | None = None,
    reading: Reading | None = None,
    progress: Progress = no_progress,
) -> Report:
    """Buildings, addresses, streets and missing boundaries of an .osm.pbf; raises AddressFileError.

    `locality` is for places in no known settlement; `reading` says what a street without a type is.
    """
    report = Report(source=name)
    # Where an outline has no address, a point inside may have it: that is told afterwards.
    reading = replace(reading or Reading(), addresses_follow=True)
    progress("reading", 0, 1)
    with sandbox.osm_rows(path) as (head, rows):
        for what, number in sorted(head.get("counts", {}).items()):
            report.count(f"{what} read", number)
        extract = _sorted_out(rows, report, reading)
    _give_addresses(extract, report, reading)
    for building in extract.buildings:
        if building.street is None and not building.street_text:
            report.note(building.row, "NO_STREET", "KEPT_WITHOUT_STREET", **building.place())
    _count_entrances(extract, report)
    if extract.boundaries:
        # Before the buildings, which are looked up in them.
        fill_boundaries(rows=extract.boundaries, source=SOURCE, report=report)
    drawn = Report(source="highway")
    draw_streets(extract.streets, drawn, locality=locality, source=SOURCE, untyped=reading.untyped)
    report.parts.append(drawn)
    settle.settle(extract.buildings, report, locality=locality, source=SOURCE, progress=progress)
    return report


def _sorted_out(rows: Iterable[dict[str, Any]], report: Report, reading: Reading) -> _Extract:
    extract = _Extract()
    for row, feature in enumerate(rows, start=1):
        what, tags = feature["what"], feature["properties"]
        ref = f"osm:{tags['osm_type']}/{tags['osm_id']}"
        report.count(COUNTED[what])
        if what == "building":
            building = read_building(row, feature, report, reading)
            if building is not None:
                extract.buildings.append(building)
        elif what == "boundary":
            named = {
                "name": tags.get("name:uk") or tags.get("name", ""),
                "admin_level": tags.get("admin_level", ""),
                "katottg": tags.get("katotth", ""),
            }
            extract.boundaries.append((row, named, feature["geometry"]))
        elif what == "street":
            extract.streets.append((row, feature))
        elif what == "point":
            lon, lat = feature["geometry"]["coordinates"]
            spot = _Spot(row, ref, shapely.Point(lon, lat), tags)
            (extract.spots if "addr:housenumber" in tags else extract.entrances).append(spot)
            if "addr:housenumber" in tags and tags.get("entrance"):
                extract.entrances.append(spot)
        elif what == "area":
            plot = read_outline(feature["geometry"]).geometry
            if plot is not None:
                spot = _Spot(row, ref, plot.point_on_surface(), tags, plot)
                extract.spots.append(spot)
        elif what == "incomplete":
            label = f"{street_of(tags)} {tags.get('addr:housenumber', '')}".strip()
            report.note(row, "NOT_WHOLE", "SKIPPED", name=label, detail=ref)
    return extract


def _give_addresses(extract: _Extract, report: Report, reading: Reading) -> None:
    """Each point's address to the building it lies in; else a building of its own."""
    # At this stage every building has an outline.
    tree = shapely.STRtree([b.outline for b in extract.buildings if b.outline is not None])
    given: dict[int, list[tuple[_Spot, Address]]] = {}
    loose: list[tuple[_Spot, Address | None]] = []
    plots: list[tuple[_Spot, Address]] = []
    for spot in extract.spots:
        address = _address(spot, report, reading)
        at = _home(spot.point, address, extract.buildings, tree)
        if address is not None and spot.plot is not None:
            plots.append((spot, address))
        elif at is None:
            loose.append((spot, address))
        elif address is not None:
            given.setdefault(at, []).append((spot, address))
    for at, addresses in given.items():
        _take_addresses(extract.buildings[at], addresses, report)
    for spot, address in plots:
        if not _give_to_plot(spot, address, extract.buildings, tree, report):
            loose.append((spot, address))
    extract.buildings += _loose_buildings(loose, extract.buildings, report)


def _address(spot: _Spot, report: Report, reading: Reading) -> Address | None:
    street_text, number = street_of(spot.tags), spot.tags["addr:housenumber"]
    place = {
        "name": f"{street_text} {number}".strip()[:200],
        "lon": round(spot.point.x, 6),
        "lat": round(spot.point.y, 6),
    }
    street = founds.read_street(spot.row, street_text, place, report, untyped=reading.untyped)
    house = founds.read_house(spot.row, number, place, report)
    return Address(street, house) if street is not None and house is not None else None


def _home(
    point: shapely.Point,
    address: Address | None,
    buildings: list[FoundBuilding],
    tree: shapely.STRtree,
) -> int | None:
    """The building that a point lies in, or on or just outside the wall of.

    On a wall that two share, the one with that address; else the one without any; else the first.
    """
    near = sorted(int(at) for at in tree.query(point, predicate="dwithin", distance=NEAR_DEGREES))
    if not near:
        return None
    inside = [at for at in near if buildings[at].outline.covers(point)]  # type: ignore[union-attr]
    if address is not None:
        same = [at for at in near if _own(buildings[at]) == _key(address)]
        if same:
            return same[0]
    choice = inside or near
    free = [at for at in choice if buildings[at].house is None]
    return (free or choice)[0]


def _key(address: Address) -> tuple[str, str, str]:
    return address.street.type, address.street.name_norm, address.house.canonical


def _own(building: FoundBuilding) -> tuple[str, str, str] | None:
    if building.street is None or building.house is None:
        return None
    return building.street.type, building.street.name_norm, building.house.canonical


def _take_addresses(
    building: FoundBuilding, addresses: list[tuple[_Spot, Address]], report: Report
) -> None:
    """The commonest address is the building's where it has none; the others are further ones."""
    by_key = {_key(address): address for _spot, address in addresses}
    uses = Counter(_key(address) for _spot, address in addresses)
    order = sorted(uses, key=lambda key: (-uses[key], by_key[key].house.number_sort, key))
    if building.house is None or building.street is None:
        main = by_key[order[0]]
        building.street, building.house = main.street, main.house
        report.count("addresses taken from points")
    building.others = [by_key[key] for key in order if key != _own(building)]
    if not building.city_text:
        building.city_text = addresses[0][0].tags.get("addr:city", "")[:120]


def _give_to_plot(
    spot: _Spot,
    address: Address,
    buildings: list[FoundBuilding],
    tree: shapely.STRtree,
    report: Report,
) -> bool:
    """A school's address on its fence is that of the one building inside that has none."""
    inside = [buildings[int(at)] for at in tree.query(spot.plot, predicate="covers")]
    if any(_own(building) == _key(address) for building in inside):
        return True
    free = [building for building in inside if building.house is None]
    if len(free) != 1:
        return False
    free[0].street, free[0].house = address.street, address.house
    report.note(spot.row, "FROM_AREA", "TAKEN", **free[0].place(), detail=spot.ref)
    return True


def _loose_buildings(
    loose: list[tuple[_Spot, Address | None]], buildings: list[FoundBuilding], report: Report
) -> list[FoundBuilding]:
    """One building without an outline for each address that no outline has."""
    held = {_own(building) for building in buildings}
    held |= {_key(address) for building in buildings for address in building.others}
    made: dict[tuple[str, str, str], FoundBuilding] = {}
    for spot, address in sorted(loose, key=lambda each: (each[0].row, each[0].ref)):
        if address is None:
            report.count("points without a readable address")
        elif _key(address) in held or _key(address) in made:
            report.count("points with an address known already")
        else:
            made[_key(address)] = FoundBuilding(
                row=spot.row,
                ref=spot.ref,
                point=spot.point,
                street=address.street,
                house=address.house,
                street_text=street_of(spot.tags),
                city_text=spot.tags.get("addr:city", "")[:120],
                accuracy_m=POINT_ACCURACY_M,
            )
    report.count("buildings without an outline", len(made))
    return list(made.values())


def _count_entrances(extract: _Extract, report: Report) -> None:
    """Flats where only the entrances say them: «1-36» and «37-72» are 72."""
    tree = shapely.STRtree([b.outline for b in extract.buildings if b.outline is not None])
    with_outline = [b for b in extract.buildings if b.outline is not None]
    flats: dict[int, int] = {}
    entrances: Counter[int] = Counter()
    for spot in extract.entrances:
        for at in tree.query(spot.point, predicate="intersects")[:1]:
            entrances[int(at)] += 1
            flats[int(at)] = flats.get(int(at), 0) + flats_of(spot.tags.get("addr:flats", ""))
    report.count("entrances", sum(entrances.values()))
    for at, number in flats.items():
        building = with_outline[at]
        if number and building.flats is None and number <= founds.MAX_MOST["BAD_FLATS"]:
            building.flats = number
            report.count("flats counted by entrances")


def flats_of(text: str) -> int:
    """How many flats "1-36;38" are; 0 where it is not a list of flats."""
    total = 0
    for part in text.replace(",", ";").split(";"):
        span = _FLATS.fullmatch(part.strip())
        if span and int(span[2]) >= int(span[1]):
            total += int(span[2]) - int(span[1]) + 1
        elif part.strip().isdecimal():
            total += 1
        elif part.strip():
            return 0
    return total
