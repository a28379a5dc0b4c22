"""Boundaries of oblasts, raions, hromadas and settlements, tied to the codifier.

By code where the file has one, else by the one unit of that name inside the containing unit: a
settlement's name is unique in its hromada in 96.6 % of the polygons we have, never in its oblast.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely
from django.db import connection, transaction
from shapely import MultiPolygon

from coverage.addresses.text import place_key
from coverage.importers import files, outlines
from coverage.importers.report import Report
from coverage.models import AdminUnit
from coverage.zoning.shapes import to_shapely

_Category = AdminUnit.Category
SETTLEMENTS = {_Category.CITY, _Category.TOWN, _Category.VILLAGE, _Category.SETTLEMENT}
LEVELS = ("4", "6", "7", "8", "9", "10")  # `admin_level` in Ukraine, from above
FOREIGN = {"NO_NAME", "NO_UNIT", "NO_CONTAINER"}
_SUFFIX = re.compile(
    r"\s+(?:область|район|(?:міська|селищна|сільська)(?:\s+територіальна)?\s+громада)$", re.I
)


@dataclass(frozen=True, slots=True)
class _Level:
    """What a polygon of one admin_level may be, and whose boundary must contain it."""

    categories: frozenset[str]
    container: str


def _level(admin_level: str, name: str) -> _Level | None:
    if admin_level == "4":
        return _Level(frozenset({_Category.OBLAST, _Category.SPECIAL_CITY}), "")
    if admin_level == "6":
        return _Level(frozenset({_Category.RAION}), _Category.OBLAST)
    if admin_level == "7":
        return _Level(frozenset({_Category.HROMADA}), _Category.RAION)
    if admin_level in {"8", "9", "10"}:
        if name.endswith(" район"):
            return _Level(frozenset({_Category.CITY_DISTRICT}), _Category.HROMADA)
        return _Level(frozenset(SETTLEMENTS), _Category.HROMADA)
    return None


class _Units:
    """All units by code and by (containing unit, name), and the boundaries known so far."""

    def __init__(self) -> None:
        self.by_code: dict[str, int] = {}
        self.names: dict[tuple[int, str], list[tuple[int, str]]] = {}
        self.ancestors: dict[int, tuple[int, ...]] = {}
        self.sources: dict[int, str] = {}
        rows = AdminUnit.objects.values_list(
            "id", "katottg", "search_key", "category", "path", "geom_source"
        )
        for unit_id, code, key, category, path, source in rows.iterator(chunk_size=5000):
            if code:
                self.by_code[code] = unit_id
            ancestors = tuple(int(part) for part in path.split("/") if part)[:-1]
            self.ancestors[unit_id] = ancestors
            self.sources[unit_id] = source
            for above in (0, *ancestors):
                self.names.setdefault((above, key), []).append((unit_id, category))
        self._trees: dict[str, tuple[shapely.STRtree, list[int]]] = {}

    def forget_outlines(self) -> None:
        """Boundaries were set: read them anew when asked."""
        self._trees.clear()

    def containing(self, category: str, geometry: MultiPolygon) -> int | None:
        """The unit of that category whose boundary contains a point inside the geometry."""
        if category not in self._trees:
            rows = AdminUnit.objects.filter(category=category, geom__isnull=False)
            known = [
                (unit.id, to_shapely(unit.geom))
                for unit in rows.only("id", "geom")
                if unit.geom is not None
            ]
            tree = shapely.STRtree([outline for _id, outline in known])
            self._trees[category] = (tree, [unit_id for unit_id, _outline in known])
        tree, ids = self._trees[category]
        hits = tree.query(geometry.point_on_surface(), predicate="intersects")
        return ids[hits[0]] if len(hits) == 1 else None


@transaction.atomic
def import_boundaries(*, path: Path, source: str = "OSM") -> Report:
    """Set AdminUnit.geom and centroid from a GeoJSON file with `admin_level`, `name`, `katottg`.

    Faulty outlines are repaired and reported with reason and place. A boundary that came from
    another source is left alone. Import the levels from above: oblasts, raions, hromadas, then
    settlements. Raises ImportFileError when the file can't be read.
    """
    report = Report(source=path.name)
    rows = (
        (row, files.properties(feature), feature.get("geometry"))
        for row, feature in enumerate(files.features(path), start=1)
    )
    units = _Units()
    chosen = _chosen(rows, units, report, may_set=lambda unit: units.sources[unit] in ("", source))
    _write(chosen, source, report)
    return report


@transaction.atomic
def fill_boundaries(
    *, rows: Iterable[tuple[int, dict[str, str], Any]], source: str, report: Report
) -> None:
    """Give units that have no boundary the one found in an extract; none that is known is moved.

    `rows` are (row, properties, GeoJSON geometry) in any order. An extract holds boundaries of
    much that is no unit of ours: that is counted only.
    """
    by_level: dict[str, list[tuple[int, dict[str, str], Any]]] = {}
    for row in rows:
        by_level.setdefault(row[1].get("admin_level", ""), []).append(row)
    units = _Units()
    for level in LEVELS:  # from above: what is set contains what follows
        told = Report(source=report.source)
        bare = set(AdminUnit.objects.filter(geom__isnull=True).values_list("id", flat=True))
        chosen = _chosen(by_level.get(level, ()), units, told, may_set=bare.__contains__)
        _write(chosen, source, told)
        units.forget_outlines()
        report.count("boundaries set", told.counts["boundaries set"])
        for entry in told.entries:
            if entry.code in FOREIGN:
                report.count("boundaries of no known unit")
            elif entry.code != "OTHER_SOURCE":
                report.entries.append(entry)


def _chosen(
    rows: Iterable[tuple[int, dict[str, str], Any]],
    units: _Units,
    report: Report,
    *,
    may_set: Callable[[int], bool],
) -> dict[int, MultiPolygon]:
    """The outline of each unit that is to be set."""
    chosen: dict[int, tuple[int, MultiPolygon]] = {}
    for row, properties, geometry in rows:
        name = properties.get("name", "")
        outline = outlines.read_outline(geometry)
        report.count("features")
        for fault in outline.faults:
            report.note(
                row,
                fault.code,
                fault.action,
                name=name,
                detail=fault.detail,
                lon=fault.lon,
                lat=fault.lat,
            )
        if outline.geometry is None:
            continue
        if outline.faults:
            report.count("repaired")
        unit_id = _link(row, properties, outline.geometry, units, report)
        if unit_id is None:
            continue
        if not may_set(unit_id):
            report.note(row, "OTHER_SOURCE", "SKIPPED", name=name, detail=units.sources[unit_id])
            continue
        earlier = chosen.get(unit_id)
        if earlier is not None:
            report.note(
                row, "DUPLICATE_OUTLINE", "LARGER_KEPT", name=name, detail=f"row {earlier[0]}"
            )
            if earlier[1].area >= outline.geometry.area:
                continue
        chosen[unit_id] = (row, outline.geometry)
    return {unit_id: outline for unit_id, (_row, outline) in chosen.items()}


def _link(
    row: int, properties: dict[str, str], geometry: MultiPolygon, units: _Units, report: Report
) -> int | None:
    """The unit that this outline belongs to, or None with a remark."""
    name = properties.get("name", "")
    centre = outlines.point_inside(geometry)
    place: dict[str, Any] = {"name": name, "lon": round(centre.x, 6), "lat": round(centre.y, 6)}
    level = _level(properties.get("admin_level", ""), name)
    if level is None or not name:
        report.note(
            row,
            "NO_NAME" if not name else "NO_UNIT",
            "SKIPPED",
            **place,
            detail=f"admin_level {properties.get('admin_level', '?')}",
        )
        return None
    container = units.containing(level.container, geometry) if level.container else 0
    code = properties.get("katottg", "")
    by_code = units.by_code.get(code)
    if by_code is not None:
        if container and container not in units.ancestors[by_code]:
            report.note(row, "OTHER_CONTAINER", "LINKED_BY_CODE", **place, detail=code)
        report.count("linked by code")
        return by_code
    if container is None:
        report.note(row, "NO_CONTAINER", "SKIPPED", **place, detail=level.container)
        return None
    key = place_key(_SUFFIX.sub("", name))
    found = [
        unit_id
        for unit_id, category in units.names.get((container, key), [])
        if category in level.categories
    ]
    if len(found) != 1:
        report.note(row, "SEVERAL_UNITS" if found else "NO_UNIT", "SKIPPED", **place, detail=code)
        return None
    report.count("linked by name")
    return found[0]


def _write(outlines_by_unit: dict[int, MultiPolygon], source: str, report: Report) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE boundary_row (id bigint, outline text, centre text)"
            " ON COMMIT DROP"
        )
        with cursor.copy("COPY boundary_row FROM STDIN") as copy:
            for unit_id, geometry in outlines_by_unit.items():
                centre = outlines.point_inside(geometry)
                copy.write_row(
                    (unit_id, shapely.to_wkb(geometry, hex=True), shapely.to_wkb(centre, hex=True))
                )
        cursor.execute(
            "UPDATE coverage_adminunit unit SET geom = row.geom, centroid = row.centre,"
            " geom_source = %s FROM (SELECT id, ST_SetSRID(outline::geometry, 4326) AS geom,"
            " ST_SetSRID(centre::geometry, 4326) AS centre FROM boundary_row) row"
            " WHERE row.id = unit.id AND (unit.geom IS NULL"
            " OR ST_AsBinary(unit.geom) <> ST_AsBinary(row.geom))",
            [source],
        )
        report.count("boundaries set", cursor.rowcount)
        report.count("boundaries unchanged", len(outlines_by_unit) - cursor.rowcount)
        cursor.execute("DROP TABLE boundary_row")
