"""The plant as a file that the importer takes back unchanged: CSV or GeoJSON, nodes or ports."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from coverage.importers.plant import COLUMNS, PORT_COLUMNS
from coverage.models import PlantNode, PlantPort, Zone
from coverage.plant.addresses import address_texts
from coverage.plant.nodes import fields_of

FORMATS = ("csv", "geojson", "ports")


def export_nodes(*, file_format: str) -> bytes:
    """All nodes that are not retired ("csv", "geojson"), or all their ports ("ports")."""
    assert file_format in FORMATS, file_format
    if file_format == "ports":
        return _csv(PORT_COLUMNS, _port_rows())
    rows = list(_node_rows())
    if file_format == "csv":
        return _csv(COLUMNS, iter(rows))
    collection = {"type": "FeatureCollection", "features": [_feature(row) for row in rows]}
    return json.dumps(collection, ensure_ascii=False, indent=1).encode()


def _node_rows() -> Iterator[dict[str, Any]]:
    nodes = list(
        PlantNode.objects.exclude(status=PlantNode.Status.RETIRED)
        .select_related("parent", "uplink_port")
        .order_by("id")
    )
    fields = {node.id: fields_of(node) for node in nodes}
    buildings = {node.building_id for node in nodes if node.building_id}
    for one in fields.values():
        buildings |= set(one.building_ids)
    addresses = address_texts(buildings)
    codes = dict(Zone.objects.values_list("id", "code"))
    for node in nodes:
        said = fields[node.id]
        row: dict[str, Any] = {name: getattr(said, name) for name in COLUMNS if hasattr(said, name)}
        row |= {
            "lon": f"{said.lon:.7f}",
            "lat": f"{said.lat:.7f}",
            "address": addresses.get(said.building_id or 0, ""),
            "parent": node.parent.name if node.parent else "",
            "uplink_port": said.uplink_number,
            "zones": ";".join(codes[zone_id] for zone_id in said.zone_ids),
            "buildings": ";".join(addresses[key] for key in said.building_ids),
        }
        yield {name: "" if value is None else value for name, value in row.items()}


def _port_rows() -> Iterator[dict[str, Any]]:
    ports = (
        PlantPort.objects.exclude(node__status=PlantNode.Status.RETIRED)
        .select_related("node", "premise")
        .order_by("node_id", "number")
    )
    addresses = address_texts(set(ports.values_list("building_id", flat=True)) - {None})
    for port in ports.iterator(chunk_size=2_000):
        yield {
            "node": port.node.name,
            "port": port.number,
            "label": port.label,
            "circuit_id": port.circuit_id or "",
            "address": addresses.get(port.building_id or 0, ""),
            "flat": port.premise.unit if port.premise else "",
            "note": port.note,
        }


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    properties = {
        name: value for name, value in row.items() if name not in ("lon", "lat") and value != ""
    }
    place = [float(row["lon"]), float(row["lat"])]
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": place},
        "properties": properties,
    }


def _csv(columns: tuple[str, ...], rows: Iterator[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")
