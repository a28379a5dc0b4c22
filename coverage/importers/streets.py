"""Streets from line files, and the book of a locality's streets that every importer shares."""

from dataclasses import dataclass, field
from pathlib import Path

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiLineString
from django.db import transaction

from coverage.addresses import StreetName, parse_street
from coverage.importers import files, outlines
from coverage.importers.localities import LocalityFinder
from coverage.importers.report import Report
from coverage.models import AdminUnit, Street


class StreetBook:
    """The streets of one locality by identity: (type, normalised name)."""

    def __init__(self, locality_id: int) -> None:
        self.locality_id = locality_id
        streets = Street.objects.filter(locality_id=locality_id)
        self.known = {(street.type, street.name_norm): street for street in streets}
        self.created = 0

    def get_or_create(self, name: StreetName, *, source: str) -> Street:
        """The street of that type and name; made when it is not there yet."""
        assert name.type, name
        assert name.name, name
        street = self.known.get((name.type, name.name_norm))
        if street is None:
            street = Street.objects.create(
                locality_id=self.locality_id,
                type=name.type,
                name=name.name,
                name_norm=name.name_norm,
                search_key=name.search_key,
                source=source,
            )
            self.known[(name.type, name.name_norm)] = street
            self.created += 1
        return street


@dataclass(slots=True)
class _Lines:
    name: StreetName
    locality_id: int
    lines: list[shapely.LineString] = field(default_factory=list)


@transaction.atomic
def import_streets(*, path: Path, locality: AdminUnit | None = None, source: str = "OSM") -> Report:
    """Streets with their lines from GeoJSON (`name:uk` or `name`); lines of one street are joined.

    Without `locality` each line's place says which settlement it belongs to. A street that is
    there already gets its lines; no street is removed. Raises ImportFileError.
    """
    report = Report(source=path.name)
    finder = LocalityFinder()
    streets: dict[tuple[int, str, str], _Lines] = {}
    for row, feature in enumerate(files.features(path), start=1):
        report.count("features")
        found = _read(row, feature, locality, finder, report)
        if found is None:
            continue
        key = (found.locality_id, found.name.type, found.name.name_norm)
        if key in streets:
            report.count("lines joined")
            streets[key].lines += found.lines
        else:
            streets[key] = found
    books: dict[int, StreetBook] = {}
    for found in streets.values():
        book = books.setdefault(found.locality_id, StreetBook(found.locality_id))
        street = book.get_or_create(found.name, source=source)
        geometry = GEOSGeometry(
            memoryview(shapely.to_wkb(shapely.MultiLineString(found.lines))), srid=4326
        )
        assert isinstance(geometry, MultiLineString)
        if street.geom is None or not street.geom.equals_exact(geometry):
            street.geom = geometry
            street.save(update_fields=["geom"])
            report.count("lines set")
    report.count("streets", len(streets))
    report.count("created", sum(book.created for book in books.values()))
    return report


def _read(
    row: int,
    feature: dict[str, object],
    locality: AdminUnit | None,
    finder: LocalityFinder,
    report: Report,
) -> _Lines | None:
    properties = files.properties(feature)
    written = properties.get("name:uk") or properties.get("name", "")
    line = outlines.read_line(feature.get("geometry"))
    if line is None:
        report.note(row, "WRONG_GEOMETRY", "SKIPPED", name=written)
        return None
    middle = line.interpolate(0.5, normalized=True)
    place = {"lon": round(middle.x, 6), "lat": round(middle.y, 6)}
    name = parse_street(written)
    if not name.name or not name.type or len(name.name) > 160:
        code = "NO_TYPE" if name.name else "NO_NAME"
        report.note(row, code, "SKIPPED", name=written[:160], **place)
        return None
    if locality is not None:
        return _Lines(name, locality.id, list(line.geoms))
    found = finder.find(middle)
    if found is None:
        report.note(row, "NO_LOCALITY", "SKIPPED", name=written, **place)
        return None
    if found.by_hromada:
        report.count("placed by the hromada")
    return _Lines(name, found.unit_id, list(line.geoms))
