"""Streets from line files, and the book of a locality's streets that every importer shares."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import shapely
from django.contrib.gis.geos import GEOSGeometry, MultiLineString
from django.db import transaction

from coverage.addresses import StreetName, parse_street
from coverage.importers import files, outlines
from coverage.importers.localities import LocalityFinder
from coverage.importers.report import Report
from coverage.models import AdminUnit, Street, StreetAlias


class StreetBook:
    """The streets of one locality by identity: (type, normalised name)."""

    def __init__(self, locality_id: int) -> None:
        self.locality_id = locality_id
        # The name of a merged street is an old name of the one that took its houses.
        streets = Street.objects.filter(locality_id=locality_id, merged_into__isnull=True)
        self.known = {(street.type, street.name_norm): street for street in streets}
        self._by_norm: dict[str, list[Street]] | None = None
        self.old_names: dict[tuple[str, str], set[int]] = {}
        aliases = StreetAlias.objects.filter(
            street__locality_id=locality_id, street__retired_at__isnull=True
        )
        for street_type, norm, street_id in aliases.values_list("type", "name_norm", "street_id"):
            self.old_names.setdefault((street_type, norm), set()).add(street_id)
        self.created = 0

    def renamed(self, name: StreetName) -> list[Street]:
        """Streets of which this is another name, where none bears it now."""
        key = (name.type, name.name_norm)
        present = self.known.get(key)
        if present is not None and present.retired_at is None:
            return []
        ids = self.old_names.get(key, set())
        return [street for street in self.known.values() if street.id in ids]

    def find(self, name: StreetName) -> list[Street]:
        """Streets that the name may mean: of its type, of any type where none is written."""
        if name.type:
            present = self.known.get((name.type, name.name_norm))
            if present is not None and present.retired_at is None:
                return [present]
            return self.renamed(name)
        if self._by_norm is None:
            self._by_norm = {}
            for street in self.known.values():
                if street.retired_at is None:
                    self._by_norm.setdefault(street.name_norm, []).append(street)
        return self._by_norm.get(name.name_norm, [])

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
            self._by_norm = None
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

    The place of each line says which settlement it belongs to; `locality` stands in where no
    known boundary contains it. A street that is
    there already gets its lines; no street is removed. Raises ImportFileError.
    """
    report = Report(source=path.name)
    features = enumerate(files.features(path), start=1)
    draw_streets(features, report, locality=locality, source=source)
    return report


def draw_streets(
    features: Iterable[tuple[int, dict[str, object]]],
    report: Report,
    *,
    locality: AdminUnit | None,
    source: str,
    untyped: str = "",
) -> None:
    """Give streets their lines; `untyped` is the type of a street that is written without one."""
    finder = LocalityFinder()
    streets: dict[tuple[int, str, str], _Lines] = {}
    for row, feature in features:
        report.count("features")
        found = _read(row, feature, locality, finder, report, untyped=untyped)
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
        renamed = book.renamed(found.name)
        # A street that was renamed since keeps its new name, and gets its line all the same.
        street = renamed[0] if len(renamed) == 1 else book.get_or_create(found.name, source=source)
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


def _read(
    row: int,
    feature: dict[str, object],
    locality: AdminUnit | None,
    finder: LocalityFinder,
    report: Report,
    *,
    untyped: str,
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
    if name.name and not name.type and untyped:
        name = replace(name, type=untyped)
    if not name.name or not name.type or len(name.name) > 160:
        code = "NO_TYPE" if name.name else "NO_NAME"
        report.note(row, code, "SKIPPED", name=written[:160], **place)
        return None
    found = finder.find(middle)
    if locality is not None and (found is None or found.by_hromada):
        return _Lines(name, locality.id, list(line.geoms))
    if found is None:
        report.note(row, "NO_LOCALITY", "SKIPPED", name=written, **place)
        return None
    if found.by_hromada:
        report.count("placed by the hromada")
    return _Lines(name, found.unit_id, list(line.geoms))
