"""Buildings from OpenStreetMap outlines: a point inside, a canonical number, a street if clean.

What is dirty is reported, never guessed: a building whose street cannot be read is kept without
one, and of two buildings with one address the larger keeps it.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.contrib.gis.geos import MultiPolygon as GeosMultiPolygon
from django.contrib.gis.geos import Point as GeosPoint
from django.db import transaction
from shapely import MultiPolygon

from coverage.addresses import House, HouseNumberError, parse_address, parse_house, parse_street
from coverage.addresses.compare import text_similarity
from coverage.addresses.street import StreetName
from coverage.addresses.text import clean
from coverage.importers import files, outlines
from coverage.importers.localities import LocalityFinder
from coverage.importers.report import Report
from coverage.importers.streets import StreetBook
from coverage.models import AdminUnit, Building
from coverage.zoning import covering
from coverage.zoning.shapes import to_geos

SOURCE = Building.LocationSource.OSM
LOOKS_LIKE = 0.85
RARE = 2
_FIELDS = [
    "locality_id",
    "street_id",
    "number",
    "number_int",
    "number_sort",
    "letter",
    "fraction",
    "korpus",
    "kind",
    "levels",
]


@dataclass(slots=True)
class _Found:
    """One building of the file, read."""

    row: int
    ref: str
    outline: MultiPolygon
    point: shapely.Point
    street_text: str
    street: StreetName | None
    house: House | None
    kind: str
    levels: int | None
    locality_id: int = 0


@transaction.atomic
def import_buildings(*, path: Path, locality: AdminUnit | None = None) -> Report:
    """Make or renew buildings from GeoJSON with `addr:street`, `addr:housenumber`, `building`.

    Known buildings (same OSM id) are renewed while their place comes from OSM; a surveyed one is
    left alone. Wiring and flats are never touched. Zone coverage of what changed is derived anew.
    Raises ImportFileError when the file can't be read.
    """
    report = Report(source=path.name)
    finder = LocalityFinder()
    found: list[_Found] = []
    for row, feature in enumerate(files.features(path), start=1):
        report.count("features")
        building = _read(row, feature, report)
        if building is not None and _place(building, locality, finder, report):
            found.append(building)
    _report_rare_streets(found, report)
    street_ids = _streets(found, report)
    _drop_second_addresses(found, street_ids, report)
    changed = _write(found, street_ids, report)
    report.count("coverage rows", covering.rebuild(building_ids=changed) if changed else 0)
    return report


def _read(row: int, feature: dict[str, Any], report: Report) -> _Found | None:
    tags = files.properties(feature)
    label = f"{tags.get('addr:street', '')} {tags.get('addr:housenumber', '')}".strip()
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
    if "osm_id" in tags:
        ref = f"osm:{tags.get('osm_type', 'way')}/{tags['osm_id']}"[:60]
    else:
        ref = f"geo:{hashlib.sha256(outline.geometry.wkb).hexdigest()[:24]}"
    levels = tags.get("building:levels", "")
    if levels and not (levels.isascii() and levels.isdigit() and len(levels) <= 3):
        report.note(row, "BAD_LEVELS", "LEFT_OUT", detail=levels[:40], **place)
        levels = ""
    return _Found(
        row=row,
        ref=ref,
        outline=outline.geometry,
        point=point,
        street_text=tags.get("addr:street", ""),
        street=_street_name(row, tags.get("addr:street", ""), place, report),
        house=_house(row, tags.get("addr:housenumber", ""), place, report),
        kind=tags.get("building", "")[:40],
        levels=int(levels) if levels else None,
    )


def _house(row: int, text: str, place: dict[str, Any], report: Report) -> House | None:
    if not text:
        return None
    try:
        return parse_house(clean(text))
    except HouseNumberError as error:
        report.note(
            row, "BAD_NUMBER", "KEPT_WITHOUT_NUMBER", **place, detail=f"{error.problem} {text[:40]}"
        )
        return None


def _street_name(row: int, text: str, place: dict[str, Any], report: Report) -> StreetName | None:
    """The street, or None with a remark when the value is not clean."""
    if not text:
        report.note(row, "NO_STREET", "KEPT_WITHOUT_STREET", **place)
        return None
    name = parse_street(text)
    code = ""
    if not any(char.isalpha() for char in name.name):
        code = "STREET_IS_NUMBER"
    elif name.is_russian:
        code = "STREET_RUSSIAN"
    elif not name.type:
        code = "STREET_HAS_NUMBER" if parse_address(text).house else "NO_TYPE"
    if code or len(name.name) > 160:
        report.note(row, code or "NO_NAME", "KEPT_WITHOUT_STREET", **place, detail=text[:80])
        return None
    return name


def _place(
    building: _Found, locality: AdminUnit | None, finder: LocalityFinder, report: Report
) -> bool:
    if locality is not None:
        building.locality_id = locality.id
        return True
    found = finder.find(building.point)
    if found is None:
        report.note(
            building.row,
            "NO_LOCALITY",
            "SKIPPED",
            name=building.street_text,
            lon=round(building.point.x, 6),
            lat=round(building.point.y, 6),
        )
        return False
    building.locality_id = found.unit_id
    if found.by_hromada:
        report.count("placed by the hromada")
    return True


def _report_rare_streets(found: list[_Found], report: Report) -> None:
    """A name met once or twice that is very like a frequent one is perhaps a slip of the pen."""
    uses = Counter((b.locality_id, b.street.type, b.street.name) for b in found if b.street)
    for building in found:
        if building.street is None:
            continue
        name = building.street
        mine = uses[(building.locality_id, name.type, name.name)]
        for (locality_id, street_type, other), number in uses.items():
            if (
                mine <= RARE
                and number >= 5 * mine
                and (locality_id, street_type) == (building.locality_id, name.type)
                and text_similarity(name.name.lower(), other.lower()) >= LOOKS_LIKE
            ):
                report.note(
                    building.row,
                    "STREET_LOOKS_LIKE",
                    "KEPT_AS_WRITTEN",
                    name=name.label,
                    detail=other,
                    lon=round(building.point.x, 6),
                    lat=round(building.point.y, 6),
                )


def _streets(found: list[_Found], report: Report) -> dict[tuple[int, str, str], int]:
    books: dict[int, StreetBook] = {}
    ids: dict[tuple[int, str, str], int] = {}
    for building in found:
        if building.street is not None:
            if building.locality_id not in books:
                books[building.locality_id] = StreetBook(building.locality_id)
            book = books[building.locality_id]
            street = book.get_or_create(building.street, source=SOURCE)
            ids[_street_key(building)] = street.id
    report.count("streets created", sum(book.created for book in books.values()))
    return ids


def _street_key(building: _Found) -> tuple[int, str, str]:
    assert building.street is not None
    return building.locality_id, building.street.type, building.street.name_norm


def _drop_second_addresses(
    found: list[_Found], street_ids: dict[tuple[int, str, str], int], report: Report
) -> None:
    """Of two buildings with one address the larger keeps it; the other loses its number only."""
    refs = {building.ref for building in found}
    taken: dict[tuple[int, str], str] = {}
    rows = Building.objects.filter(
        street_id__in=set(street_ids.values()), number__isnull=False, retired_at__isnull=True
    ).values_list("street_id", "number", "external_ref")
    for street_id, number, ref in rows:
        if ref not in refs:
            taken[(street_id, str(number))] = ref or "?"
    for building in sorted(found, key=lambda b: (-b.outline.area, b.ref)):
        if building.street is None or building.house is None:
            continue
        key = (street_ids[_street_key(building)], building.house.canonical)
        if key in taken:
            report.note(
                building.row,
                "DUPLICATE_ADDRESS",
                "KEPT_WITHOUT_NUMBER",
                name=f"{building.street.label} {building.house.canonical}",
                detail=f"{building.ref} ~ {taken[key]}",
                lon=round(building.point.x, 6),
                lat=round(building.point.y, 6),
            )
            building.house = None
        else:
            taken[key] = building.ref


def _values(building: _Found, street_ids: dict[tuple[int, str, str], int]) -> dict[str, Any]:
    house = building.house
    return {
        "locality_id": building.locality_id,
        "street_id": street_ids[_street_key(building)] if building.street else None,
        "number": house.canonical if house else None,
        "number_int": house.number_int if house else None,
        "number_sort": house.number_sort if house else "",
        "letter": house.letter if house else "",
        "fraction": house.fraction if house else "",
        "korpus": house.korpus if house else "",
        "kind": building.kind,
        "levels": building.levels,
    }


def _write(
    found: list[_Found], street_ids: dict[tuple[int, str, str], int], report: Report
) -> list[int]:
    """Insert and update; the ids of buildings that are new or changed."""
    known = {
        b.external_ref: b
        for b in Building.objects.filter(external_ref__in=[building.ref for building in found])
    }
    new: dict[str, Building] = {}
    changed: list[Building] = []
    for building in found:
        values = _values(building, street_ids)
        footprint = cast(GeosMultiPolygon, to_geos(building.outline))
        point = cast(GeosPoint, to_geos(building.point))
        stored = known.get(building.ref)
        if building.ref in new:
            report.note(building.row, "DUPLICATE_ROW", "SKIPPED", name=building.ref)
        elif stored is None:
            new[building.ref] = Building(
                external_ref=building.ref,
                footprint=footprint,
                point=point,
                location_source=SOURCE,
                **values,
            )
        elif stored.location_source != SOURCE:
            report.note(
                building.row,
                "OTHER_SOURCE",
                "SKIPPED",
                name=building.ref,
                detail=stored.location_source,
            )
        elif _differs(stored, values, footprint):
            for name, value in {**values, "footprint": footprint, "point": point}.items():
                setattr(stored, name, value)
            changed.append(stored)
    # Two houses may have swapped numbers, which no order of updates could do one by one.
    Building.objects.filter(id__in=[b.id for b in changed]).update(number=None)
    Building.objects.bulk_update(
        changed,
        [*(name.removesuffix("_id") for name in _FIELDS), "footprint", "point"],
        batch_size=500,
    )
    Building.objects.bulk_create(new.values(), batch_size=1000)
    report.count("created", len(new))
    report.count("updated", len(changed))
    report.count("with number", sum(b.house is not None for b in found))
    report.count(
        "with street and number", sum(b.house is not None and b.street is not None for b in found)
    )
    return [b.id for b in (*new.values(), *changed)]


def _differs(stored: Building, values: dict[str, Any], footprint: GEOSGeometry) -> bool:
    if any(getattr(stored, name) != values[name] for name in _FIELDS):
        return True
    return stored.footprint is None or not stored.footprint.equals_exact(footprint)
