"""Buildings from GeoJSON with OpenStreetMap's tags: a point inside, a number, a street if clean.

What is dirty is reported, never guessed: a building whose street cannot be read is kept without
one, and of two buildings with one address the larger keeps it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from shapely import MultiPolygon

from coverage.importers import files, found, outlines, settle
from coverage.importers.found import FoundBuilding
from coverage.importers.report import Report
from coverage.models import AdminUnit, Building


@dataclass(frozen=True, slots=True)
class Reading:
    """How what the file leaves open is read: `untyped` is the type of streets without one.

    `addresses_follow`: outlines may get their addresses from elsewhere in the file.
    """

    untyped: str = ""
    addresses_follow: bool = False


@transaction.atomic
def import_buildings(
    *, path: Path, locality: AdminUnit | None = None, reading: Reading | None = None
) -> Report:
    """Make or renew buildings from GeoJSON with `addr:street`, `addr:housenumber`, `building`.

    Known buildings (same OSM id) are renewed while their place comes from OSM; a surveyed one is
    left alone. Wiring and flats are never touched. Zone coverage of what changed is derived anew.
    `locality` is for places in no known settlement. Raises ImportFileError when the file can't be
    read.
    """
    report = Report(source=path.name)
    buildings = read_buildings(files.features(path), report, reading or Reading())
    settle.settle(buildings, report, locality=locality, source=Building.LocationSource.OSM)
    return report


def read_buildings(
    features: Iterable[dict[str, Any]], report: Report, reading: Reading
) -> list[FoundBuilding]:
    """What can be read of the features; all else is a remark."""
    buildings = []
    for row, feature in enumerate(features, start=1):
        report.count("features")
        building = read_building(row, feature, report, reading)
        if building is not None:
            buildings.append(building)
    return buildings


def read_building(
    row: int, feature: dict[str, Any], report: Report, reading: Reading
) -> FoundBuilding | None:
    """One feature with an outline, or None with a remark."""
    tags = files.properties(feature)
    street_text = street_of(tags)
    label = f"{street_text} {tags.get('addr:housenumber', '')}".strip()
    outline = outlines.read_outline(feature.get("geometry"))
    for fault in outline.faults:
        report.note(
            row,
            fault.code,
            fault.action,
            name=label,
            detail=fault.detail,
            lon=fault.lon,
            lat=fault.lat,
        )
    if outline.geometry is None:
        return None
    # Inside the outline even where it is U-shaped; the centroid would lie in the yard.
    point = outline.geometry.point_on_surface()
    place = {"name": label, "lon": round(point.x, 6), "lat": round(point.y, 6)}
    number = tags.get("addr:housenumber", "")
    street = None
    if street_text or not reading.addresses_follow:
        street = found.read_street(row, street_text, place, report, untyped=reading.untyped)
    return FoundBuilding(
        row=row,
        ref=reference_of(tags, outline.geometry),
        outline=outline.geometry,
        point=point,
        street_text=street_text,
        street=street,
        house=found.read_house(row, number, place, report),
        kind=tags.get("building", "")[:40],
        levels=found.read_count(
            row, tags.get("building:levels", ""), place, report, code="BAD_LEVELS"
        ),
        flats=found.read_count(
            row, tags.get("building:flats", ""), place, report, code="BAD_FLATS"
        ),
        city_text=tags.get("addr:city", "")[:120],
    )


def street_of(tags: dict[str, str]) -> str:
    """The street as tagged; `addr:place` stands where houses are numbered by the quarter."""
    return tags.get("addr:street:uk") or tags.get("addr:street") or tags.get("addr:place", "")


def reference_of(tags: dict[str, str], outline: MultiPolygon) -> str:
    """The id at the source; else one made of the outline, so that a second import finds it."""
    if "@id" in tags and "/" in tags["@id"]:  # as Overpass writes it
        return f"osm:{tags['@id']}"[:60]
    if "osm_id" in tags:
        return f"osm:{tags.get('osm_type', 'way')}/{tags['osm_id']}"[:60]
    return f"geo:{hashlib.sha256(outline.wkb).hexdigest()[:24]}"
