"""The plant from and to files; tiles and pages that the public can't have."""

import json
import math
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from coverage.importers.files import ImportFileError
from coverage.importers.plant import import_plant
from coverage.importers.report import Report
from coverage.models import PlantNode, PlantPort
from coverage.plant import exporting
from coverage.tiles import layers
from project.core.roles import ROLE_PERMISSIONS, Permission, Role
from tests.support import mvt, zones
from tests.support.plant import node
from tests.support.zones import AT, actor

pytestmark = pytest.mark.django_db
COLUMNS = (
    "name,kind,lon,lat,parent,uplink_port,ratio,capacity,split_budget,network_type,circuit_template"
)
CSV = f"""{COLUMNS}
SPL-1,splitter,36.31,50.01,OLT-1,1,8,,,GPON,
OLT-1,OLT,36.30,50.00,POP-1,,,8,64,GPON,
POP-1,POP,36.30,50.00,,,,,,,
SW-1,SWITCH,36.30,50.00,POP-1,,,4,,FTTB,eth {{port}}
"""


def taken(folder: Path, text: str | bytes, name: str = "plant.csv") -> Report:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return import_plant(path=path, actor=actor(), at=AT)


def test_a_file_makes_a_tree_whatever_its_order_and_again_changes_nothing(tmp_path: Path) -> None:
    assert taken(tmp_path, CSV).counts == {"created": 4}
    splitter = PlantNode.objects.get(name="SPL-1")
    assert splitter.parent is not None
    assert splitter.parent.parent is not None
    assert splitter.parent.parent.name == "POP-1"
    assert splitter.ports.count() == 8
    assert PlantPort.objects.filter(circuit_id="eth 3").exists()
    assert taken(tmp_path, CSV).counts == {"unchanged": 4}
    changed = taken(tmp_path, CSV.replace("SW-1,SWITCH,36.30", "SW-1,SWITCH,36.35"))
    assert changed.counts == {"unchanged": 3, "updated": 1}


@pytest.mark.parametrize("file_format", ["csv", "geojson"])
def test_import_of_an_export_is_the_same(tmp_path: Path, file_format: str) -> None:
    house = zones.building(3, 3)
    zone = zones.published(actor(), zones.square(0, 0), code="plant-zone").zone_id
    olt = node("OLT", name="OLT; «1»", note='with "quotes", commas', management_ip="fe80::1")
    node("SPLITTER", parent_id=olt.id, uplink_number=2, building_ids=(house.id,),
         zone_ids=(zone,), reach_m=70)  # fmt: skip
    node("SWITCH", status="PLANNED", remote_id="AA:BB:CC:DD:EE:FF", building_id=house.id)
    out = exporting.export_nodes(file_format=file_format)
    again = taken(tmp_path, out, f"plant.{file_format}")
    assert (again.counts, again.entries) == ({"unchanged": 3}, [])
    assert exporting.export_nodes(file_format=file_format) == out


def test_ports_of_a_file_are_described(tmp_path: Path) -> None:
    house = zones.building(3, 3)
    made = node("SWITCH", name="SW-1", capacity=4, with_ports=False)
    text = f"node,port,circuit_id,address,flat\nSW-1,2,0xAB00,#{house.id},7\nSW-9,1,,,\nSW-1,9,,,\n"
    report = taken(tmp_path, text)
    assert report.counts == {"ports": 1}
    assert [(e.row, e.code) for e in report.entries] == [(3, "PLANT_PARENT"), (4, "PLANT_FIELD")]
    port = made.ports.get()
    assert (port.number, port.circuit_id, port.building_id) == (2, "0xab00", house.id)
    back = exporting.export_nodes(file_format="ports")
    assert taken(tmp_path, back).counts == {"ports": 1}


def test_each_row_that_cannot_be_taken_is_told_and_hinders_no_other(tmp_path: Path) -> None:
    text = (
        "name,kind,lon,lat,parent,capacity,address,zones\n"
        "A,POP,36,50,,,,\n"
        "A,POP,36,50,,,,\n"
        "B,TOWER,36,50,,,,\n"
        "C,POP,nan,50,,,,\n"
        "D,POP,1000,50,,,,\n"
        "E,POP,,,,,,\n"
        "F,POP,36,50,Z,,,\n"
        "G,POP,36,50,H,,,\n"
        "H,POP,36,50,G,,,\n"
        "I,POP,36,50,,x,,\n"
        "J,POP,36,50,,,вул. Невідома 1,\n"
        "K,POP,36,50,,,,no-such-zone\n"
        "L,POP,36,50,,99999999999999999999,,\n"
    )
    report = taken(tmp_path, text)
    assert report.counts == {"created": 1}
    assert {(entry.row, entry.code) for entry in report.entries} == {
        (3, "DUPLICATE_ROW"), (4, "PLANT_FIELD"), (5, "OUTSIDE_WORLD"), (6, "PLANT_FIELD"),
        (7, "NO_GEOMETRY"), (8, "PLANT_PARENT"), (9, "PLANT_CYCLE"), (10, "PLANT_CYCLE"),
        (11, "PLANT_FIELD"), (12, "PLANT_ADDRESS"), (13, "PLANT_ZONE"), (14, "PLANT_FIELD"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.csv", b""),
        ("x.csv", b"name,kind\x00\n"),
        ("x.csv", b"\xff\xfe\x00"),
        ("x.csv", b"foo,bar\n1,2\n"),
        ("x.csv", b"name,kind,evil\n"),
        ("x.geojson", b"{"),
        ("x.geojson", b"[" * 100_000),
        ("x.geojson", b'{"features": 7}'),
    ],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(ImportFileError):
        taken(tmp_path, data, name)


def test_a_strange_geojson_is_told_row_by_row(tmp_path: Path) -> None:
    features = [
        None,
        {"properties": None, "geometry": {"type": "Point", "coordinates": [1]}},
        {"properties": {"name": "A", "kind": "POP"}, "geometry": {"type": "Polygon"}},
        {"properties": {"name": {"a": 1}, "kind": []},
         "geometry": {"type": "Point", "coordinates": [[1], "x"]}},
    ]  # fmt: skip
    report = taken(tmp_path, json.dumps({"features": features}), "x.geojson")
    assert not PlantNode.objects.exists()
    assert len(report.entries) == 4


@pytest.mark.parametrize("character", ["\\u0000", "\\u0001", "\\ud800"])
@pytest.mark.parametrize("field", ["name", "kind", "zones", "address", "parent", "note"])
def test_characters_that_cannot_be_kept_are_left_out_or_told(
    client: Client, field: str, character: str
) -> None:
    client.force_login(zones.planner(role=Role.NETWORK_ENGINEER))
    said = {"name": "SW-1", "kind": "SWITCH", field: "SW-9"}
    values = ",".join(
        f'"{key}":"{value}{character if key == field else ""}"' for key, value in said.items()
    )
    place = '{"type":"Point","coordinates":[36.3,50]}'
    feature = f'{{"type":"Feature","geometry":{place},"properties":{{{values}}}}}'
    data = f'{{"type":"FeatureCollection","features":[{feature}]}}'.encode()
    answer = client.post(
        reverse("planner:plant-import"),
        {"file": SimpleUploadedFile("plant.geojson", data), "do": "import"},
    )
    assert answer.status_code == 200
    assert set(PlantNode.objects.values_list("name", flat=True)) <= {"SW-1", "SW-9"}


def test_the_command_with_a_dry_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plant.csv"
    path.write_text(CSV)
    call_command("import_plant", str(path), "--dry-run")
    assert not PlantNode.objects.exists()
    call_command("import_plant", str(path))
    assert "created 4" in capsys.readouterr().out
    call_command("export_plant", str(tmp_path / "out.geojson"), "--format", "geojson")
    assert len(json.loads((tmp_path / "out.geojson").read_text())["features"]) == 4


def tile(client: Client, layer: str = "") -> tuple[int, dict[str, list[mvt.Feature]]]:
    x, y = mvt_place()
    answer = client.get(
        f"/api/v1/coverage/tiles/15/{x}/{y}.mvt" + (f"?layers={layer}" if layer else "")
    )
    return answer.status_code, mvt.read_tile(answer.content) if answer.status_code == 200 else {}


def mvt_place() -> tuple[int, int]:
    n = 2**15
    lat = math.radians(zones.LAT)
    return int((zones.LON + 180) / 360 * n), int((1 - math.asinh(math.tan(lat)) / math.pi) / 2 * n)


def test_tiles_show_the_plant_to_those_who_may_see_it_and_to_nobody_else() -> None:
    node("SWITCH", name="SW-SECRET", building_id=zones.building(0, 0).id)
    status, found = tile(Client(), "plant")
    assert (status, found) == (400, {})
    _status, everything = tile(Client())
    assert "plant" not in everything
    assert b"SECRET" not in Client().get("/api/v1/coverage/tiles.json").content
    assert "plant" not in Client().get("/api/v1/coverage/tiles.json").json()["vector_layers"]
    for role in Role:
        client = Client()
        client.force_login(zones.planner(role=role))
        status, found = tile(client, "plant")
        assert status == (200 if Permission.PLANT_VIEW in ROLE_PERMISSIONS[role] else 400), role
        if status == 200:
            shown = found["plant"][0].properties
            assert (shown["name"], shown["ports"], shown["free"]) == ("SW-SECRET", 24, 24)
            assert not {"management_ip", "remote_id", "circuit_id"} & set(shown)
    assert layers.chosen(permissions=[], names=[]) == tuple(
        one for one in layers.chosen(permissions=[], names=[]) if one.permission is None
    )


def test_no_public_page_or_api_names_a_node(client: Client) -> None:
    house = zones.building(5, 5)
    zones.published(actor(), zones.square(0, 0), network_type="FTTB")
    made = node("SWITCH", 5, 5, name="SW-SECRET", building_id=house.id, remote_id="rem-secret")
    pages = [
        "/", "/coverage/", "/api/v1/coverage/zones/", "/api/v1/schema",
        f"/api/v1/buildings/?bbox={zones.LON},{zones.LAT},{zones.LON + 0.01},{zones.LAT + 0.01}",
    ]  # fmt: skip
    for address in pages:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert b"SECRET" not in answer.content.upper(), address
    for name, arguments in [
        ("plant", []), ("plant-features", []), ("plant-new", []), ("plant-export", []),
        ("plant-import", []), ("plant-node", [made.id]), ("plant-edit", [made.id]),
        ("plant-port", [made.ports.get(number=1).id]),
    ]:  # fmt: skip
        answer = client.get(reverse(f"planner:{name}", args=arguments))
        assert answer.status_code == 302, name
        assert "sign-in" in answer["Location"] or "login" in answer["Location"], answer["Location"]
