"""Settling what was read: which settlement, which street, which stored building; then storing it.

A building is known again by its id at the source, else by its address. What a person surveyed or
pinned is never moved or renamed by a file: a file may only fill what is empty there.
"""

from collections import Counter
from collections.abc import Callable

import shapely
from django.db import transaction

from coverage.addresses import StreetName
from coverage.addresses.compare import text_similarity
from coverage.addresses.text import place_key
from coverage.importers import outlines, storing
from coverage.importers.found import FoundBuilding
from coverage.importers.localities import LocalityFinder
from coverage.importers.report import Report
from coverage.importers.streets import StreetBook
from coverage.models import AdminUnit, Building
from coverage.zoning import covering, locks
from coverage.zoning.shapes import to_shapely

LOOKS_LIKE = 0.85
RARE = 2
# A building without an id at the source is the one with the same address if it stands so near.
SAME_PLACE_M = 150
Progress = Callable[[str, int, int], None]


def no_progress(stage: str, done: int, total: int) -> None:
    """Nobody is watching."""


@transaction.atomic
def settle(
    buildings: list[FoundBuilding],
    report: Report,
    *,
    locality: AdminUnit | None,
    source: str,
    progress: Progress = no_progress,
) -> None:
    """Make or renew buildings; `locality` stands in where no known boundary contains the place.

    `source` is a Building.LocationSource. Coverage of what is new or has changed is derived anew.
    """
    finder = LocalityFinder()
    placed = []
    for number, building in enumerate(buildings, start=1):
        if _place(building, locality, finder, report):
            placed.append(building)
        if number % 500 == 0:
            progress("places", number, len(buildings))
    _report_other_cities(placed, report)
    _report_rare_streets(placed, report)
    streets = _Streets(report, origin=source)
    for building in placed:
        streets.settle(building)
    report.count("streets created", streets.created())
    known = _Known(placed, streets)
    _drop_second_addresses(placed, streets, known, report)
    progress("storing", 0, len(placed))
    locks.share(locks.Lock.PUBLISH)  # before rows are locked, and to the end of the import
    changed = storing.store(
        [storing.Settled(each, *streets.of(each), known.building(each)) for each in placed],
        report,
        source=source,
    )
    report.count("coverage rows", covering.rebuild(building_ids=changed) if changed else 0)
    progress("storing", len(placed), len(placed))


def _place(
    building: FoundBuilding, locality: AdminUnit | None, finder: LocalityFinder, report: Report
) -> bool:
    if building.locality_id:
        return True
    found = finder.find(building.point)
    if locality is not None and (found is None or found.by_hromada):
        building.locality_id = locality.id
        report.count("placed by the settlement given")
        return True
    if found is None:
        report.note(building.row, "NO_LOCALITY", "SKIPPED", **building.place())
        return False
    building.locality_id = found.unit_id
    if found.by_hromada:
        report.count("placed by the hromada")
    return True


def _report_other_cities(buildings: list[FoundBuilding], report: Report) -> None:
    """The file names another settlement than the one whose boundary contains the place."""
    ids = {building.locality_id for building in buildings}
    keys = dict(AdminUnit.objects.filter(id__in=ids).values_list("id", "search_key"))
    for building in buildings:
        if building.city_text and place_key(building.city_text) != keys[building.locality_id]:
            report.note(
                building.row, "OTHER_CITY", "PLACE_KEPT", **building.place(),
                detail=building.city_text[:80],
            )  # fmt: skip


def _report_rare_streets(buildings: list[FoundBuilding], report: Report) -> None:
    """A name met once or twice that is very like a frequent one is perhaps a slip of the pen."""
    uses = Counter((b.locality_id, b.street.type, b.street.name) for b in buildings if b.street)
    frequent: dict[tuple[int, str], list[tuple[str, int]]] = {}
    for (locality_id, street_type, name), number in uses.items():
        if number >= 5:
            frequent.setdefault((locality_id, street_type), []).append((name, number))
    likely: dict[tuple[int, str, str], list[str]] = {}
    for key, mine in uses.items():
        if mine <= RARE:
            likely[key] = [
                other
                for other, number in frequent.get(key[:2], [])
                if number >= 5 * mine
                and text_similarity(key[2].lower(), other.lower()) >= LOOKS_LIKE
            ]
    for building in buildings:
        if building.street is None:
            continue
        written = building.street
        for other in likely.get((building.locality_id, written.type, written.name), []):
            report.note(
                building.row, "STREET_LOOKS_LIKE", "KEPT_AS_WRITTEN",
                **{**building.place(), "name": written.label}, detail=other,
            )  # fmt: skip


class _Streets:
    """The stored streets of the buildings' addresses."""

    def __init__(self, report: Report, *, origin: str) -> None:
        self.report = report
        self.origin = origin
        self.books: dict[int, StreetBook] = {}
        self.found: dict[int, tuple[int | None, list[tuple[int, str]]]] = {}

    def settle(self, building: FoundBuilding) -> None:
        """Find or make the streets of one building."""
        main: int | None = None
        if building.street is not None:
            main = self._street(building, building.street)
            if main is None:
                building.street = None
        others: list[tuple[int, str]] = []
        for address in building.others:
            street_id = self._street(building, address.street)
            if street_id is not None:
                others.append((street_id, address.house.canonical))
        self.found[id(building)] = main, others

    def _street(self, building: FoundBuilding, name: StreetName) -> int | None:
        if building.locality_id not in self.books:
            self.books[building.locality_id] = StreetBook(building.locality_id)
        book = self.books[building.locality_id]
        renamed = book.renamed(name)
        if len(renamed) > 1:
            self.report.note(
                building.row, "OLD_NAME_OF_SEVERAL", "KEPT_WITHOUT_STREET", **building.place()
            )
            return None
        if renamed:
            detail = f"{name.label} → {renamed[0].type} {renamed[0].name}"
            self.report.note(
                building.row, "OLD_STREET_NAME", "PRESENT_NAME_TAKEN", **building.place(),
                detail=detail,
            )  # fmt: skip
            return renamed[0].id
        return book.get_or_create(name, source=self.origin).id

    def of(self, building: FoundBuilding) -> tuple[int | None, list[tuple[int, str]]]:
        """(main street, [(street, number) of each further address])."""
        return self.found[id(building)]

    def created(self) -> int:
        """How many streets were not there before."""
        return sum(book.created for book in self.books.values())


class _Known:
    """Stored buildings that the file's may be: by id at the source, by address."""

    def __init__(self, buildings: list[FoundBuilding], streets: _Streets) -> None:
        self.streets = streets
        self.refs = {building.ref for building in buildings if building.ref}
        ids = [building.known_id for building in buildings if building.known_id is not None]
        self.by_id = Building.objects.in_bulk(ids)
        rows = Building.objects.filter(external_ref__in=self.refs)
        self.by_ref = {stored.external_ref: stored for stored in rows}
        found_streets = (streets.of(building)[0] for building in buildings)
        street_ids = {street_id for street_id in found_streets if street_id is not None}
        rows = Building.objects.filter(
            street_id__in=street_ids, number__isnull=False, retired_at__isnull=True
        )
        self.by_address = {(b.street_id, b.number): b for b in rows}

    def holder(self, building: FoundBuilding) -> Building | None:
        """The stored building that has this address now."""
        street_id = self.streets.of(building)[0]
        if street_id is None or building.house is None:
            return None
        return self.by_address.get((street_id, building.house.canonical))

    def building(self, building: FoundBuilding) -> Building | None:
        """The stored building that the file's is."""
        if building.known_id is not None:
            return self.by_id[building.known_id]
        if building.ref and building.ref in self.by_ref:
            return self.by_ref[building.ref]
        holder = self.holder(building)
        if holder is None or holder.external_ref in self.refs:
            return None
        return holder if is_the_same(building, holder) else None


def is_the_same(building: FoundBuilding, stored: Building) -> bool:
    """Whether a stored building with the address of the file's may be taken for it.

    With an id at the source on both sides only when one stands on the other: it was drawn anew.
    """
    if building.ref and stored.external_ref:
        place = shapely.Point(stored.point.x, stored.point.y)
        outline = None if stored.footprint is None else to_shapely(stored.footprint)
        return bool(
            (building.outline is not None and building.outline.covers(place))
            or (outline is not None and outline.covers(building.point))
        )
    return metres_to(building, stored) <= SAME_PLACE_M


def metres_to(building: FoundBuilding, stored: Building) -> float:
    """Metres between the places that the file and the database have."""
    here = (building.point.x, building.point.y)
    return outlines.distance_m(here, (stored.point.x, stored.point.y))


def _drop_second_addresses(
    buildings: list[FoundBuilding], streets: _Streets, known: _Known, report: Report
) -> None:
    """Of two buildings with one address the larger keeps it; the other loses its number only."""
    taken: dict[tuple[int | None, str | None], Building | FoundBuilding] = {
        key: stored
        for key, stored in known.by_address.items()
        if stored.external_ref is None or stored.external_ref not in known.refs
    }
    for building in sorted(buildings, key=lambda b: (-b.size, b.ref, b.row)):
        street_id = streets.of(building)[0]
        if street_id is None or building.house is None:
            continue
        key = (street_id, building.house.canonical)
        holder = taken.get(key)
        if holder is not None and holder != known.building(building):
            detail = f"{building.ref or building.row} ~ {_said(holder)}"
            report.note(
                building.row, "DUPLICATE_ADDRESS", "KEPT_WITHOUT_NUMBER", **building.place(),
                detail=detail,
            )  # fmt: skip
            building.house = None
        else:
            taken[key] = building


def _said(holder: Building | FoundBuilding) -> str:
    if isinstance(holder, Building):
        return holder.external_ref or f"#{holder.id}"
    return holder.ref or str(holder.row)
