"""Tables of addresses: columns chosen, rows read, buildings made or known again, the rest kept."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import shapely
from django.utils.translation import gettext_lazy as _

from coverage.addressfiles import columns, tablerows, unplaced
from coverage.addressfiles.contents import AddressFileError
from coverage.addressfiles.resolving import (
    KNOWN,
    NEW,
    WAITS,
    Resolved,
    Resolver,
    places_named,
    reference,
)
from coverage.addressfiles.tables import (
    HEADER_IN_FIRST,
    BadTableError,
    Table,
    TableOptions,
    read_table,
)
from coverage.importers import settle
from coverage.importers.found import FoundBuilding
from coverage.importers.outlines import distance_m
from coverage.importers.report import REASONS, Report
from coverage.importers.settle import Progress, no_progress
from coverage.models import AdminUnit, Building, ColumnChoice

SOURCE = Building.LocationSource.REGISTER
ACCURACY_M = 25
PREVIEW_ROWS = 20
BATCHES = 3
LOOKED_AT_ROWS = 1_000


class NoColumnsError(AddressFileError):
    """Nobody knows which column is what."""

    code = "address_columns_unknown"
    http_status = 400
    message = _("Say which column is the address, or the street and the house.")


@dataclass(frozen=True, slots=True)
class TableAsked:
    """How a table is to be read. `mapping` is {field: column}; None is "as before, or guess"."""

    options: TableOptions = field(default_factory=TableOptions)
    mapping: Mapping[str, Any] | None = None
    locality: AdminUnit | None = None
    untyped: str = ""
    swap_axes: bool = False


def import_table(
    *,
    path: Path,
    kind: str,
    name: str,
    asked: TableAsked,
    at: datetime,
    progress: Progress = no_progress,
) -> Report:
    """Buildings of a CSV or XLSX; inside a transaction. Raises AddressFileError.

    A row with a place becomes a building, one whose address is known fills what is empty there,
    and one that can't be placed waits for a pin: none is dropped.
    """
    report = Report(source=name)
    progress("reading", 0, 1)
    table = read_table(path=path, kind=kind, options=asked.options, is_header=columns.names_known)
    mapping = mapping_of(table, asked.mapping)
    rows = _rows(table, mapping)
    report.count("rows", len(rows))
    taking = _Taking(report)
    for number, batch in enumerate(_batches(rows), start=1):
        resolver = _resolver(batch, asked)
        resolved = [resolver.resolve(row) for row in batch]
        progress("rows", number, BATCHES)
        buildings = taking.take(resolved)
        settle.settle(buildings, report, locality=None, source=SOURCE, progress=progress)
    taking.tell()
    waiting = [each for each in taking.resolved if each.outcome == WAITS]
    report.count("waiting for a pin", len(waiting))
    report.count("of them new", unplaced.keep(waiting, source=name, at=at))
    report.count("axes seem swapped", sum(each.swapped for each in taking.resolved))
    report.entries.sort(key=lambda entry: entry.row)
    return report


def _batches(rows: list[tablerows.TableRow]) -> list[list[tablerows.TableRow]]:
    """Rows that may make streets first, then those that may make houses, then all others.

    So what a row means does not depend on where in the table it stands, and a second import, when
    all streets and houses are there, finds the same.
    """
    batches: list[list[tablerows.TableRow]] = [[] for _batch in range(BATCHES)]
    for row in rows:
        if row.lon is None:
            batches[2].append(row)
        elif row.street is not None and row.street.type:
            batches[0].append(row)
        else:
            batches[1].append(row)
    return batches


def look_at_table(*, path: Path, kind: str, asked: TableAsked) -> dict[str, Any]:
    """How a table would be read: its shape, its columns, and the first rows; stores nothing."""
    options = replace(asked.options, first_rows=LOOKED_AT_ROWS)
    table = read_table(path=path, kind=kind, options=options, is_header=columns.names_known)
    saved = saved_mapping(table.header)
    guessed = columns.guess(
        table.header, [cells for _number, cells in table.rows], places=places_named
    )
    mapping = _checked(asked.mapping, table) if asked.mapping is not None else saved or guessed
    rows = _rows(table, mapping)
    resolver = _resolver(rows[:PREVIEW_ROWS], asked)
    shown = [_shown(resolver.resolve(row)) for row in rows[:PREVIEW_ROWS]]
    for each, (_number, cells) in zip(shown, table.rows, strict=False):
        each["cells"] = [*cells, *[""] * (len(table.header) - len(cells))]
    return {
        "kind": table.kind,
        "encoding": table.encoding,
        "delimiter": table.delimiter,
        "sheet": table.sheet,
        "sheets": table.sheets,
        "header": table.header,
        "header_row": table.header_row,
        "rows": len(table.rows),
        "is_all": len(table.rows) < LOOKED_AT_ROWS - HEADER_IN_FIRST,
        "mapping": mapping,
        "mapping_from": "chosen" if asked.mapping is not None else "saved" if saved else "guessed",
        "notes": [{"code": code, "message": str(REASONS[code])} for code in table.notes],
        "enough": is_enough(mapping),
        "preview": shown,
    }


def is_enough(mapping: Mapping[str, str]) -> bool:
    """Whether addresses can be read with these columns."""
    return "address" in mapping or "street" in mapping


def mapping_of(table: Table, chosen: Mapping[str, Any] | None) -> dict[str, str]:
    """The columns as chosen, else as last time, else as guessed; raises NoColumnsError."""
    if chosen is not None:
        mapping = _checked(chosen, table)
    else:
        cells = [cells for _number, cells in table.rows]
        mapping = saved_mapping(table.header) or columns.guess(
            table.header, cells, places=places_named
        )
    if not is_enough(mapping):
        raise NoColumnsError(field="mapping")
    return mapping


def save_mapping(
    *, header: list[str], mapping: Mapping[str, Any], at: datetime, user_id: int | None
) -> None:
    """Keep the columns for the next table with this header."""
    ColumnChoice.objects.update_or_create(
        signature=_signature(header),
        defaults={"mapping": dict(mapping), "used_at": at, "used_by_id": user_id},
    )


def saved_mapping(header: list[str]) -> dict[str, str]:
    """The columns as last confirmed for this header; {} when it is new."""
    row = ColumnChoice.objects.filter(signature=_signature(header)).first()
    return columns.checked(row.mapping, header) if row is not None else {}


def _signature(header: list[str]) -> str:
    return hashlib.sha256("\x00".join(header).encode("utf-8", "replace")).hexdigest()


def _checked(mapping: Mapping[str, Any], table: Table) -> dict[str, str]:
    try:
        return columns.checked(mapping, table.header)
    except KeyError as error:
        text = _("There is no such column: %(name)s.") % {"name": str(error.args[0])[:80]}
        raise BadTableError(text, field="mapping") from error


def _rows(table: Table, mapping: Mapping[str, str]) -> list[tablerows.TableRow]:
    places = {name: table.header.index(column) for name, column in mapping.items()}
    return [
        tablerows.read_row(
            number,
            {name: cells[at] for name, at in places.items() if at < len(cells) and cells[at]},
        )
        for number, cells in table.rows
    ]


def _resolver(rows: list[tablerows.TableRow], asked: TableAsked) -> Resolver:
    return Resolver(rows, locality=asked.locality, untyped=asked.untyped, swap_axes=asked.swap_axes)


def _shown(each: Resolved) -> dict[str, Any]:
    row = each.row
    locality = AdminUnit.objects.filter(id=each.locality_id).first() if each.locality_id else None
    address = row.address
    if each.street_name is not None:
        house = row.house.canonical if row.house else ""
        address = ", ".join(part for part in (each.street_name.label, house) if part)
    return {
        **tablerows.as_json(row),
        "address": address,
        "locality": locality.name if locality else "",
        "outcome": each.outcome,
        "reason": each.reason,
        "message": str(REASONS[each.reason]) if each.reason else "",
        "detail": each.detail,
        "problems": [
            {"code": code, "message": str(REASONS[code]), "detail": detail}
            for code, detail in row.problems
            if code != each.reason
        ],
    }


class _Taking:
    """What becomes of the rows; of two with one address the first counts."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.resolved: list[Resolved] = []
        self.by_address: dict[Any, FoundBuilding] = {}
        self.by_ref: dict[str, FoundBuilding] = {}

    def take(self, resolved: list[Resolved]) -> list[FoundBuilding]:
        """The buildings of a batch."""
        found: list[FoundBuilding] = []
        for each in resolved:
            building = self._building(each) if each.outcome != WAITS else None
            if building is not None:
                found.append(building)
        self.resolved += resolved
        self.report.count("known", sum(each.outcome == KNOWN for each in resolved))
        self.report.count("new", sum(each.outcome == NEW for each in resolved))
        return found

    def _building(self, each: Resolved) -> FoundBuilding | None:
        """None where the file has it already, or where two rows can't both be right: one waits."""
        building = _building(each)
        assert building.street is not None
        assert building.house is not None
        address = (
            building.locality_id,
            building.street.type,
            building.street.name_norm,
            building.house.canonical,
        )
        same = self.by_address.get(address)
        if same is not None:
            here, there = (building.point.x, building.point.y), (same.point.x, same.point.y)
            away_m = distance_m(here, there)
            if each.point is not None and away_m > settle.SAME_PLACE_M:
                each.outcome, each.reason, each.detail = WAITS, "FAR_FROM_KNOWN", f"{away_m:.0f} m"
            else:
                self.report.note(
                    building.row,
                    "DUPLICATE_ROW",
                    "MERGED",
                    **building.place(),
                    detail=f"{same.row}",
                )
            return None
        twin = self.by_ref.get(building.ref) if building.ref else None
        if twin is not None:
            each.outcome, each.reason, each.detail = WAITS, "ID_TWICE", f"{twin.row}"
            return None
        self.by_address[address] = building
        if building.ref:
            self.by_ref[building.ref] = building
        return building

    def tell(self) -> None:
        """A remark on each row that is odd or waits."""
        for each in self.resolved:
            row = each.row
            place: dict[str, Any] = {"name": row.text[:200], "lon": None, "lat": None}
            if row.lon is not None and row.lat is not None:
                place |= {"lon": round(row.lon, 6), "lat": round(row.lat, 6)}
            for code, detail in row.problems:
                if code != each.reason:
                    self.report.note(row.row, code, "TOLD", detail=detail, **place)
            if each.outcome == WAITS:
                self.report.note(row.row, each.reason, "WAITS_FOR_PIN", detail=each.detail, **place)


def _building(each: Resolved) -> FoundBuilding:
    row, stored = each.row, each.building
    assert each.locality_id is not None
    point, accuracy_m = each.point, ACCURACY_M
    if point is None:
        assert stored is not None
        point = shapely.Point(stored.point.x, stored.point.y)
        accuracy_m = stored.location_accuracy_m
    return FoundBuilding(
        row=row.row,
        ref=reference(row) if row.external_id else "",
        point=point,
        street=each.street_name,
        house=row.house,
        levels=row.levels,
        flats=row.flats,
        accuracy_m=accuracy_m,
        locality_id=each.locality_id,
        known_id=stored.id if stored is not None else None,
    )
