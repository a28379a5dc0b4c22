"""Nodes of the network and their ports from CSV and GeoJSON; may be run again, nothing is doubled.

A node is known by its name. A row makes it, changes it or leaves it as it is; a row that can't be
taken is told with its reason and hinders no other. Parents may stand anywhere in the file.
A CSV with the columns `node` and `port` describes ports of nodes that are there.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from coverage.importers.files import ImportFileError, csv_rows, features, properties
from coverage.importers.report import Report
from coverage.models import Building, PlantNode, PlantPort, Zone
from coverage.plant import operations as plant
from coverage.plant.addresses import building_named
from coverage.plant.queries import fields_of
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError

COLUMNS = (
    "name", "kind", "status", "model", "network_type", "lon", "lat", "address", "parent",
    "uplink_port", "capacity", "ratio", "split_budget", "reach_m", "management_ip", "serial",
    "remote_id", "circuit_template", "note", "zones", "buildings",
)  # fmt: skip
PORT_COLUMNS = ("node", "port", "label", "circuit_id", "address", "flat", "note")
MAX_ROWS = 50_000
_NUMBERS = {
    "uplink_port": "uplink_number",
    "capacity": "capacity",
    "ratio": "ratio",
    "split_budget": "split_budget",
    "reach_m": "reach_m",
}
_TEXTS = (
    "status", "model", "network_type", "management_ip", "serial", "remote_id",
    "circuit_template", "note",
)  # fmt: skip
_UPPER = frozenset({"status", "network_type"})


class RowError(Exception):
    """A row that can't be taken: a code of the report and the detail."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(slots=True)
class _Row:
    number: int
    values: dict[str, str]

    def get(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def whole(self, name: str) -> int | None:
        text = self.get(name)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise RowError("PLANT_FIELD", f"{name}: {text[:40]}")
        return int(text)

    def real(self, name: str) -> float | None:
        text = self.get(name).replace(",", ".")
        try:
            number = float(text) if text else None
        except ValueError as error:
            raise RowError("PLANT_FIELD", f"{name}: {text[:40]}") from error
        if number is not None and not math.isfinite(number):
            raise RowError("OUTSIDE_WORLD", f"{name}: {text[:40]}")
        return number

    def several(self, name: str) -> list[str]:
        return [part.strip() for part in self.get(name).split(";") if part.strip()]


def import_plant(*, path: Path, actor: Actor, at: datetime) -> Report:
    """Nodes or ports of one file; raises ImportFileError when it is no such file."""
    report = Report(source=path.name)
    suffixes = [suffix.lower() for suffix in path.suffixes]
    rows = _of_geojson(path) if ".geojson" in suffixes or ".json" in suffixes else _of_csv(path)
    if len(rows) > MAX_ROWS:
        raise ImportFileError(_("The file has too many rows."))
    with transaction.atomic():
        if rows and "port" in rows[0].values and "node" in rows[0].values:
            _ports(rows, report, actor, at)
        else:
            _nodes(rows, report, actor, at)
        audit.record(
            at=at,
            actor=actor,
            action="coverage.plant.imported",
            obj=("plant", path.name[:60]),
            summary=path.name[:200],
            after=dict(report.counts),
        )
    return report


def _nodes(rows: list[_Row], report: Report, actor: Actor, at: datetime) -> None:
    """Parents before what they feed; what waits for a parent that never comes is told."""
    names = {row.get("name") for row in rows}
    seen: set[str] = set()
    waiting = []
    for row in rows:
        name = row.get("name")
        if name and name in seen:
            report.note(row.number, "DUPLICATE_ROW", "SKIPPED", name=name)
        else:
            waiting.append(row)
        seen.add(name)
    known = dict(PlantNode.objects.values_list("name", "id"))
    done: set[str] = set()
    while waiting:
        left = []
        for row in waiting:
            parent = row.get("parent")
            if parent in names and parent not in done and parent != row.get("name"):
                left.append(row)
                continue
            _one_node(row, known, report, actor, at)
            done.add(row.get("name"))
        if len(left) == len(waiting):
            for row in left:
                report.note(row.number, "PLANT_CYCLE", "SKIPPED", name=row.get("name"))
            return
        waiting = left


def _one_node(row: _Row, known: dict[str, int], report: Report, actor: Actor, at: datetime) -> None:
    name = row.get("name")
    try:
        with transaction.atomic():
            node = PlantNode.objects.filter(id=known.get(name, 0)).first()
            wanted = _fields(row, known, node)
            if node is None:
                known[name] = plant.create_node(fields=wanted, actor=actor, at=at)
                report.count("created")
            elif fields_of(node) == wanted.checked():
                report.count("unchanged")
            else:
                plant.edit_node(
                    node_id=node.id, base_revision=node.revision, fields=wanted, actor=actor, at=at
                )
                report.count("updated")
    except RowError as error:
        report.note(row.number, error.code, "SKIPPED", name=name[:80], detail=error.detail)
    except DomainError as error:
        field = f"{error.field}: " if error.field else ""
        report.note(
            row.number, "PLANT_FIELD", "SKIPPED", name=name[:80], detail=f"{field}{error.message}"
        )


def _fields(row: _Row, known: dict[str, int], node: PlantNode | None) -> plant.NodeFields:
    """What the row says; a column that the file has not leaves a known node as it is."""
    parent = row.get("parent")
    if parent and parent not in known:
        raise RowError("PLANT_PARENT", parent[:80])
    building_id = _building(row.get("address")) if row.get("address") else None
    lon, lat = row.real("lon"), row.real("lat")
    if (lon is None or lat is None) and building_id is not None:
        point = Building.objects.get(id=building_id).point
        lon, lat = point.x, point.y
    said: dict[str, Any] = {
        _NUMBERS[name]: row.whole(name) for name in _NUMBERS if name in row.values
    }
    if "capacity" in said:
        said["capacity"] = said["capacity"] or 0
    for name in _TEXTS:
        if name in row.values:
            said[name] = row.get(name).upper() if name in _UPPER else row.get(name)
    if "parent" in row.values:
        said["parent_id"] = known[parent] if parent else None
    if "address" in row.values:
        said["building_id"] = building_id
    if "zones" in row.values:
        said["zone_ids"] = _zones(row.several("zones"))
    if "buildings" in row.values:
        said["building_ids"] = tuple(_building(text) for text in row.several("buildings"))
    if not said.get("status", "given"):
        del said["status"]
    if node is None:
        if lon is None or lat is None:
            raise RowError("NO_GEOMETRY", "")
        kind = row.get("kind").upper()
        return plant.NodeFields(name=row.get("name"), kind=kind, lon=lon, lat=lat, **said)
    placed: dict[str, Any] = {} if lon is None or lat is None else {"lon": lon, "lat": lat}
    return replace(fields_of(node), **placed, **said)


def _ports(rows: list[_Row], report: Report, actor: Actor, at: datetime) -> None:
    nodes = dict(PlantNode.objects.values_list("name", "id"))
    for row in rows:
        name, number = row.get("node"), None
        try:
            with transaction.atomic():
                number = row.whole("port")
                if number is None:
                    raise RowError("PLANT_FIELD", "port")
                if name not in nodes:
                    raise RowError("PLANT_PARENT", name[:80])
                port = PlantPort.objects.filter(node_id=nodes[name], number=number).first()
                if port is None:
                    plant.add_ports(node_id=nodes[name], numbers=[number], actor=actor, at=at)
                    port = PlantPort.objects.filter(node_id=nodes[name], number=number).first()
                if port is None:
                    raise RowError("PLANT_FIELD", f"port: {row.get('port')[:40]}")
                plant.note_port(
                    port_id=port.id,
                    label=row.get("label"),
                    circuit_id=row.get("circuit_id"),
                    building_id=_building(row.get("address")) if row.get("address") else None,
                    unit=row.get("flat"),
                    note=row.get("note"),
                    actor=actor,
                    at=at,
                )
                report.count("ports")
        except RowError as error:
            report.note(row.number, error.code, "SKIPPED", name=name[:80], detail=error.detail)
        except DomainError as error:
            report.note(
                row.number, "PLANT_FIELD", "SKIPPED", name=f"{name[:80]}/{number}",
                detail=f"{error.field}: {error.message}",
            )  # fmt: skip


def _building(text: str) -> int:
    try:
        return building_named(text)
    except DomainError as error:
        raise RowError("PLANT_ADDRESS", text[:120]) from error


def _zones(codes: Sequence[str]) -> tuple[int, ...]:
    found = dict(Zone.objects.filter(code__in=codes).values_list("code", "id"))
    for code in codes:
        if code not in found:
            raise RowError("PLANT_ZONE", code[:40])
    return tuple(found[code] for code in codes)


def _of_csv(path: Path) -> list[_Row]:
    lines = csv_rows(path)
    header = [name.strip().lower() for name in next(lines, [])]
    required = {"name", "kind"} if "node" not in header else {"node", "port"}
    if not required <= set(header):
        raise ImportFileError(
            _("The file must have the columns name and kind, or node and port."), columns=header
        )
    allowed = set(COLUMNS) | set(PORT_COLUMNS)
    strange = sorted(set(header) - allowed)
    if strange:
        raise ImportFileError(_("The file has columns that mean nothing here."), columns=strange)
    rows = []
    for number, cells in enumerate(lines, 2):
        if any(cell.strip() for cell in cells):
            rows.append(_Row(number, dict(zip(header, cells, strict=False))))
    return rows


def _of_geojson(path: Path) -> list[_Row]:
    rows = []
    for number, feature in enumerate(features(path), 1):
        values = {name: text for name, text in properties(feature).items() if name in COLUMNS}
        shape = feature.get("geometry")
        place = shape.get("coordinates") if isinstance(shape, dict) else None
        if isinstance(shape, dict) and shape.get("type") == "Point" and isinstance(place, list):
            values |= {"lon": str(place[0]), "lat": str(place[1])} if len(place) > 1 else {}
        rows.append(_Row(number, values))
    return rows
