"""Storing buildings of a file: new ones made, known ones renewed, and every change told."""

from dataclasses import dataclass
from typing import Any, cast

from django.contrib.gis.geos import MultiPolygon as GeosMultiPolygon
from django.contrib.gis.geos import Point as GeosPoint

from coverage.addresses import street_label
from coverage.importers import outlines
from coverage.importers.found import FoundBuilding
from coverage.importers.report import Report
from coverage.models import Building, BuildingAddress, Street
from coverage.zoning.shapes import to_geos

TOLD_MOVE_M = 1.0
ADDRESS_FIELDS = [
    "locality_id", "street_id", "number", "number_int", "number_sort", "letter", "fraction",
    "korpus",
]  # fmt: skip
FIELDS = [*ADDRESS_FIELDS, "kind", "levels", "flats", "external_ref", "location_accuracy_m"]


@dataclass(frozen=True, slots=True)
class Settled:
    """A building of the file with its streets, and the stored building that it is, if any."""

    found: FoundBuilding
    street_id: int | None
    others: list[tuple[int, str]]
    stored: Building | None


def metres_between(one: GeosPoint, other: GeosPoint) -> float:
    """Metres between two near places, within 0.5 %."""
    return outlines.distance_m((one.x, one.y), (other.x, other.y))


def store(settled: list[Settled], report: Report, *, source: str) -> list[int]:
    """Insert and update; the ids of buildings that are new, moved or have another address."""
    writing = _Writing(report, source)
    writing.know_further(settled)
    for each in settled:
        writing.take(each)
    writing.write()
    _store_further_addresses(writing.owners, report)
    with_number = [each.found for each in settled if each.found.house is not None]
    report.count("with number", len(with_number))
    report.count("with street and number", sum(found.street is not None for found in with_number))
    report.count("created", len(writing.new))
    report.count("updated", len(writing.changed))
    return [building.id for building in (*writing.new, *writing.changed)]


class _Writing:
    """What is to be written, gathered building by building."""

    def __init__(self, report: Report, source: str) -> None:
        self.report = report
        self.source = source
        self.new: list[Building] = []
        self.changed: list[Building] = []
        self.owners: list[tuple[Building, Settled]] = []
        self.seen: set[Any] = set()
        self.streets: dict[int, str] = {}
        self.further: dict[int, set[tuple[int, str]]] = {}

    def know_further(self, settled: list[Settled]) -> None:
        """The further addresses of the stored buildings."""
        ids = [each.stored.id for each in settled if each.stored is not None]
        rows = BuildingAddress.objects.filter(building_id__in=ids)
        for building_id, street_id, number in rows.values_list("building", "street", "number"):
            self.further.setdefault(building_id, set()).add((street_id, number))

    def take(self, each: Settled) -> None:
        """One building of the file."""
        found, stored = each.found, each.stored
        identity = found.ref or (stored and stored.id) or (each.street_id, _number(found))
        if identity in self.seen and (found.ref or found.house is not None):
            self.report.note(found.row, "DUPLICATE_ROW", "SKIPPED", **found.place())
            return
        self.seen.add(identity)
        if stored is None:
            self._make(each)
        elif stored.retired_at is not None:
            self.report.note(found.row, "RETIRED", "SKIPPED", **found.place())
        elif stored.location_source != self.source or stored.edited_at is not None:
            self._fill(each, stored)
        else:
            self._renew(each, stored)

    def _make(self, each: Settled) -> None:
        found = each.found
        building = Building(
            point=cast(GeosPoint, to_geos(found.point)),
            footprint=_footprint(found),
            location_source=self.source,
            **_values(each),
        )
        self.new.append(building)
        self.owners.append((building, each))

    def _fill(self, each: Settled, stored: Building) -> None:
        """What comes from another source stays; only what is empty there is filled."""
        found = each.found
        filled = []
        for name, value in (("levels", found.levels), ("flats", found.flats)):
            if value is not None and getattr(stored, name) is None:
                setattr(stored, name, value)
                filled.append(name)
        if found.kind and not stored.kind:
            stored.kind = found.kind
            filled.append("kind")
        if found.outline is not None and stored.footprint is None:
            outline = to_geos(found.outline)
            if outline.covers(stored.point):
                stored.footprint = cast(GeosMultiPolygon, outline)
                filled.append("footprint")
        if found.ref and not stored.external_ref:
            stored.external_ref = found.ref
            filled.append("external_ref")
        away_m = metres_between(GeosPoint(found.point.x, found.point.y), stored.point)
        whose = stored.location_source if stored.edited_at is None else "PLANNER"
        detail = f"{whose}; {away_m:.0f} m"
        if filled:
            self.changed.append(stored)
            detail += f"; {', '.join(filled)}"
        elif not found.ref:
            self.report.count("unchanged")
            self.owners.append((stored, each))
            return
        action = "EMPTY_FILLED" if filled else "SKIPPED"
        self.report.note(found.row, "OTHER_SOURCE", action, **found.place(), detail=detail)
        self.owners.append((stored, each))

    def _renew(self, each: Settled, stored: Building) -> None:
        found = each.found
        values = _values(each)
        if found.levels is None:
            values["levels"] = stored.levels
        if stored.flats is not None:
            if found.flats is not None and found.flats != stored.flats:
                detail = f"{stored.flats} ≠ {found.flats}"
                self.report.note(
                    found.row, "FLATS_DIFFER", "STORED_KEPT", **found.place(), detail=detail
                )
            values["flats"] = stored.flats
        if not found.ref:
            values["external_ref"] = stored.external_ref
        values["kind"] = found.kind or stored.kind
        further = (values["street_id"], values["number"])
        if found.known_id and further in self.further.get(stored.id, set()):
            # The file names the house by its second address; the first stays.
            values |= {name: getattr(stored, name) for name in ADDRESS_FIELDS}
        point, footprint = cast(GeosPoint, to_geos(found.point)), _footprint(found)
        footprint = footprint or stored.footprint
        same_outline = (
            footprint is None
            if stored.footprint is None
            else footprint is not None and stored.footprint.equals_exact(footprint)
        )
        moved = not stored.point.equals_exact(point, 1e-7)
        differs = [name for name in FIELDS if getattr(stored, name) != values[name]]
        if moved and same_outline and footprint is not None and stored.footprint is not None:
            moved = False  # the point inside an unchanged outline is one of many that serve
            point = stored.point
        if not differs and same_outline and not moved:
            self.report.count("unchanged")
            self.owners.append((stored, each))
            return
        self._tell(each, stored, values, point)
        for name in differs:
            setattr(stored, name, values[name])
        stored.point, stored.footprint = point, footprint
        self.changed.append(stored)
        self.owners.append((stored, each))

    def _tell(
        self, each: Settled, stored: Building, values: dict[str, Any], point: GeosPoint
    ) -> None:
        """A move and a new address are told one by one."""
        found = each.found
        away_m = metres_between(stored.point, point)
        if away_m >= TOLD_MOVE_M:
            self.report.note(
                found.row, "MOVED", "UPDATED", **found.place(), detail=f"{away_m:.0f} m"
            )
        if any(getattr(stored, name) != values[name] for name in ADDRESS_FIELDS):
            old = self._address(stored.street_id, stored.number)
            new = self._address(values["street_id"], values["number"])
            self.report.note(
                found.row, "ADDRESS_CHANGED", "UPDATED", **found.place(),
                detail=f"{old or '—'} → {new or '—'}",
            )  # fmt: skip

    def _address(self, street_id: int | None, number: str | None) -> str:
        if street_id is not None and street_id not in self.streets:
            street = Street.objects.get(id=street_id)
            self.streets[street_id] = street_label(street_type=street.type, name=street.name)
        parts = (self.streets[street_id] if street_id is not None else "", number or "")
        return ", ".join(part for part in parts if part)

    def write(self) -> None:
        """All of it."""
        # Two houses may have swapped numbers, which no order of updates could do one by one.
        Building.objects.filter(id__in=[b.id for b in self.changed]).update(number=None)
        columns = [name.removesuffix("_id") for name in FIELDS]
        Building.objects.bulk_update(self.changed, [*columns, "footprint", "point"], batch_size=500)
        Building.objects.bulk_create(self.new, batch_size=1000)


def _store_further_addresses(owners: list[tuple[Building, Settled]], report: Report) -> None:
    """Addresses of corner houses that nobody else has; what is there already stays."""
    wanted = {key: (building, each) for building, each in owners for key in each.others}
    if not wanted:
        return
    street_ids = {street_id for street_id, _number in wanted}
    taken: dict[tuple[int, str], tuple[int, str | None]] = {}
    main = Building.objects.filter(
        street_id__in=street_ids, number__isnull=False, retired_at__isnull=True
    ).values_list("street_id", "number", "id", "external_ref")
    further = BuildingAddress.objects.filter(street_id__in=street_ids).values_list(
        "street_id", "number", "building_id", "building__external_ref"
    )
    for street_id, number, building_id, ref in (*main, *further):
        taken[(street_id, str(number))] = building_id, ref
    new = []
    for (street_id, number), (building, each) in wanted.items():
        holder = taken.get((street_id, number))
        if holder is None:
            new.append(BuildingAddress(building=building, street_id=street_id, number=number))
        elif holder[0] != building.id:
            report.note(
                each.found.row, "DUPLICATE_ADDRESS", "LEFT_OUT", **each.found.place(),
                detail=f"{number} ~ {holder[1] or holder[0]}",
            )  # fmt: skip
    BuildingAddress.objects.bulk_create(new, batch_size=1000)
    report.count("further addresses", len(new))


def _footprint(found: FoundBuilding) -> GeosMultiPolygon | None:
    return None if found.outline is None else cast(GeosMultiPolygon, to_geos(found.outline))


def _number(found: FoundBuilding) -> str | None:
    return found.house.canonical if found.house else None


def _values(each: Settled) -> dict[str, Any]:
    found, house = each.found, each.found.house
    return {
        "locality_id": found.locality_id,
        "street_id": each.street_id,
        "number": house.canonical if house else None,
        "number_int": house.number_int if house else None,
        "number_sort": house.number_sort if house else "",
        "letter": house.letter if house else "",
        "fraction": house.fraction if house else "",
        "korpus": house.korpus if house else "",
        "kind": found.kind,
        "levels": found.levels,
        "flats": found.flats,
        "external_ref": found.ref or None,
        "location_accuracy_m": found.accuracy_m,
    }
