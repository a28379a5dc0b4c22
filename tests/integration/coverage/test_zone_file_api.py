"""The API of files of zones: who may, what is answered, and a 4xx for every hostile file."""

import gzip
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from shapely.geometry import LineString, Point

from coverage.models import Zone, ZoneChange
from coverage.zonefiles import container, contents
from project.core.roles import Role
from tests.support import zone_files as files
from tests.support.zones import actor, planner, published, square

pytestmark = pytest.mark.django_db
IMPORT = "/api/v1/coverage/zones/import/"
EXPORT = "/api/v1/coverage/zones/export/"
FORMATS = ("geojson", "kml", "kmz", "shp", "gpkg", "csv")


@pytest.fixture
def person():
    return planner()


@pytest.fixture
def signed_in(person):
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def send(client, data, name="zones.geojson", **fields):
    fields.setdefault("network_type", "GPON")
    return client.post(IMPORT, {"file": SimpleUploadedFile(name, data), **fields})


def good(**properties):
    return files.feature(square(0, 0), **({"name": "Зона"} | properties))


def refused(answer, status=400, code=None):
    """A 4xx with a sentence for people, and nothing stored."""
    assert answer.status_code == status, answer.content[:500]
    error = answer.json()["error"]
    assert len(error["message"]) > 10
    assert code is None or error["code"] == code
    assert not Zone.objects.exists()
    return error


def test_a_file_becomes_drafts_and_the_report_says_of_each(signed_in):
    data = files.collection(good(), files.feature(Point(36.3, 50), name="Точка"))
    answer = send(signed_in, data)
    assert answer.status_code == 201
    told = answer.json()
    assert told["counts"]["created"] == 1
    point = told["features"][1]
    assert (point["row"], point["name"], point["action"]) == (2, "Точка", "refused")
    assert (point["lon"], point["lat"]) == (36.3, 50)
    assert point["reason"]
    assert [c["name"] for c in told["columns"]] == ["name"]
    assert told["mapping"] == {"name": "name"}
    assert ZoneChange.objects.get().changeset_id == told["changeset_id"]


def test_a_dry_run_stores_nothing_and_shows_outlines(signed_in):
    told = send(signed_in, files.collection(good()), dry_run="1")
    assert told.status_code == 200
    assert told.json()["features"][0]["geometry"]["type"] == "MultiPolygon"
    assert not Zone.objects.exists()


def test_what_is_only_on_offer_is_a_422_with_the_whole_report(signed_in):
    turned = shapely.transform(square(0, 0), lambda p: p[:, ::-1])
    data = files.collection(files.feature(turned, name="Навпаки"))
    error = refused(send(signed_in, data), 422, "zone_import_nothing")
    report = error["context"]["report"]
    assert report["counts"]["swap_offered"] == 1
    assert "swap" in error["message"] or "переплутан" in error["message"]
    answer = send(signed_in, data, swap_axes="all", sha256=report["sha256"])
    assert answer.status_code == 201
    assert send(signed_in, data, sha256="0" * 64).status_code == 409


@pytest.mark.parametrize("role", [Role.CASHIER, Role.OPERATOR])
def test_only_planners_import_and_clients_do_neither(role):
    data = files.collection(good())
    client = Client(raise_request_exception=False)
    assert send(client, data).status_code == 403
    assert client.get(f"{EXPORT}?format=kml").status_code == 403
    client.force_login(planner(role=role))
    assert send(client, data).status_code == 403
    assert not Zone.objects.exists()


def test_without_the_csrf_token_nothing_is_imported(person):
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(person)
    assert send(client, files.collection(good())).status_code == 403


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_out_and_comes_back_unchanged(signed_in, person, name):
    published(actor(person), square(0, 0), name="Їжаки, №1", code="izhaky", comment="=1+1")
    answer = signed_in.get(f"{EXPORT}?format={name}&at=2027-01-01T00:00")
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    back = send(signed_in, answer.content, name="x.bin", network_type="")
    assert back.status_code == 200, back.content
    assert back.json()["counts"]["unchanged"] == 1


def test_exports_of_drafts_and_of_days_before_there_was_anything(signed_in, person):
    published(actor(person), square(0, 0), code="first")
    send(signed_in, files.collection(files.feature(square(30, 0), name="Нова", code="second")))
    drafts = json.loads(signed_in.get(f"{EXPORT}?format=geojson&drafts=1").content)
    assert [f["properties"]["code"] for f in drafts["features"]] == ["second"]
    assert signed_in.get(f"{EXPORT}?format=csv&at=2001-01-01T00:00").status_code == 404
    for bad in ("", "?format=docx", "?format=/vsimem/x", "?format=csv&at=never",
                "?format=csv&drafts=1&changeset_id=x"):  # fmt: skip
        assert signed_in.get(EXPORT + bad).status_code == 400, bad


# --- hostile files -------------------------------------------------------------------------------


def ring(count):
    angles = [2 * 3.141592653589793 * i / count for i in range(count)]
    import math

    points = [[round(36.3 + 0.01 * math.cos(a), 9), round(50 + 0.01 * math.sin(a), 9)]
              for a in angles]  # fmt: skip
    return [*points, points[0]]


def million(kind):
    points = ring(1_000_000)
    if kind == "geojson":
        return files.collection(files.feature({"type": "Polygon", "coordinates": [points]}))
    text = (" " if kind == "kml" else ",").join(
        f"{x},{y}" if kind == "kml" else f"{x} {y}" for x, y in points
    )
    if kind == "csv":
        return f'name;wkt\nA;"POLYGON(({text}))"\n'.encode()
    return files.kml(
        "<Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        f"{text}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    )


@pytest.mark.parametrize("kind", ["geojson", "kml", "csv", "shp", "gpkg"])
def test_a_million_corners_are_refused(signed_in, tmp_path, kind):
    if kind in {"shp", "gpkg"}:
        shape = shapely.Polygon(ring(1_000_000))
        driver = {"shp": "ESRI Shapefile", "gpkg": "GPKG"}[kind]
        made = files.by_gdal(tmp_path, [shape], {"name": ["A"]}, driver=driver)
        data = made["layer.gpkg"] if kind == "gpkg" else files.zipped(made)
    else:
        data = million(kind)
    answer = send(signed_in, data)
    assert answer.status_code in {413, 422}
    error = refused(answer, answer.status_code)
    assert "000" in error["message"] or answer.status_code == 413


def with_lon(lon):
    """A polygon one of whose corners has that longitude."""
    return files.collection(
        files.feature({"type": "Polygon", "coordinates": [[[lon, 50], [36, 51], [37, 50]]]})
    )


NOT_ZONES = {
    "NaN": with_lon(float("nan")),
    "Infinity": with_lon(float("inf")),
    "1e999": b'{"type":"Polygon","coordinates":[[[1e999,50],[36,51],[37,50]]]}',
    "±1000": files.collection(files.feature(shapely.box(-1000, -1000, 1000, 1000))),
    "NaN in WKT": b"name,wkt\nA,\"POLYGON((nan 50, 36 51, 37 50, nan 50))\"\n",
    "inf in WKT": b"name,wkt\nA,\"POLYGON((inf 50, 36 51, 37 50, inf 50))\"\n",
    "NaN in KML": files.kml(
        "<Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>nan,50 36,51 37,50"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    ),
    "letters in KML": files.kml(
        "<Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>a,b 36,51 37,50"
        "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    ),
    "a hole without an outline": files.kml(
        "<Placemark><Polygon><innerBoundaryIs><LinearRing><coordinates>36,50 36,51 37,50"
        "</coordinates></LinearRing></innerBoundaryIs></Polygon></Placemark>"
    ),
    "a polygon in a polygon": files.kml(
        "<Placemark><Polygon><Polygon></Polygon></Polygon></Placemark>"
    ),
    "two outlines in one polygon": files.kml(
        "<Placemark><Polygon>" + 2 * (
            "<outerBoundaryIs><LinearRing><coordinates>36,50 36,51 37,50"
            "</coordinates></LinearRing></outerBoundaryIs>"
        ) + "</Polygon></Placemark>"
    ),
    # Were blanks tried in pairs, these two would take days.
    "a megabyte of blanks in KML": files.kml(
        "<Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>36"
        + " " * 1_000_000 + "50</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    ),
    "a megabyte of blanks in CSV": (
        b'name,outline\nA,"' + b" " * 1_000_000 + b'"\nB,POLYGON EMPTY\n'
    ),
    "the world": files.collection(files.feature(shapely.box(-180, -90, 180, 90))),
    "a point": files.collection(files.feature(Point(36.3, 50))),
    "a line": files.collection(files.feature(LineString([(36.3, 50), (36.4, 50)]))),
    "a point in KML": files.kml(
        "<Placemark><Point><coordinates>36.3,50</coordinates></Point></Placemark>"
    ),
    "a line in CSV": b"name,wkt\nA,POLYGON EMPTY\nB,\"LINESTRING(36 50, 37 50)\"\n",
    "a curve": b"name,wkt\nA,POLYGON EMPTY\nB,\"CURVEPOLYGON((36 50,37 50,37 51,36 50))\"\n",
    "no geometry": files.collection({"type": "Feature", "properties": None, "geometry": None}),
    "numbers for features": b'{"type":"FeatureCollection","features":[1,2,null]}',
    "coordinates that are texts": files.collection(
        files.feature({"type": "Polygon", "coordinates": [["a", "b", "c"]]})
    ),
    "broken WKB": b"name,geom\nA,0103000000010000000500000000\n",
    "too small": files.collection(files.feature(shapely.box(36.3, 50, 36.30001, 50.00001))),
}  # fmt: skip


@pytest.mark.parametrize("what", NOT_ZONES)
def test_what_is_no_zone_is_a_422_with_the_reason(signed_in, what):
    error = refused(send(signed_in, NOT_ZONES[what]), 422, "zone_import_nothing")
    assert all(each["reason"] for each in error["context"]["report"]["features"])


def bomb(size=300_000_000):
    return gzip.compress(b"\0" * size, compresslevel=1)


ARCHIVES = {
    "zip bomb": lambda: files.zipped({"zones.shp": b"\0" * 90_000_000}),
    "zip bomb that lies of its size": lambda: files.lying_zip("doc.kml", 60_000_000),
    "gzip bomb": bomb,
    "a zip in a zip": lambda: files.zipped({"a.zip": files.zipped({"z.kml": files.kml("")})}),
    "a gzip in a gzip": lambda: gzip.compress(gzip.compress(b"{}")),
    "a path out of the archive": lambda: files.zipped({"../../etc/cron.d/x.kml": b"<kml/>"}),
    "an absolute path": lambda: files.zipped({"/vsimem/zones.shp": b"x"}),
    "a path of Windows": lambda: files.zipped({"C:\\x\\zones.kml": b"<kml/>"}),
    "many entries": lambda: files.zipped({f"{n}.txt": b"" for n in range(2000)}),
    "many shapefiles": lambda: files.zipped({f"{n}.shp": b"" for n in range(40)}),
    "an unusual packing": lambda: files.zipped({"doc.kml": b"<kml/>"}, zipfile.ZIP_LZMA),
}


@pytest.mark.parametrize("what", ARCHIVES)
def test_hostile_archives_are_refused(signed_in, what):
    error = refused(send(signed_in, ARCHIVES[what](), name="zones.zip"))
    assert error["code"] == (
        "zone_file_unreadable" if what.endswith("lies of its size") else "zone_file_archive"
    )


XML = {
    "external entity": files.kml(
        "<Placemark><name>&x;</name></Placemark>",
        '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ),
    "external entity over the network": files.kml(
        "<Placemark><name>&x;</name></Placemark>",
        '<!DOCTYPE kml [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]>',
    ),
    "external DTD": files.kml("", '<!DOCTYPE kml SYSTEM "http://127.0.0.1:9/x.dtd">'),
    "parameter entity": files.kml(
        "", '<!DOCTYPE kml [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]>'
    ),
    "billion laughs": files.kml(
        "<name>&c;</name>",
        '<!DOCTYPE kml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
    ),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("what", XML)
def test_kml_with_entities_is_refused_plain_or_packed(signed_in, what, packed):
    data = files.zipped({"doc.kml": XML[what]}) if packed else XML[what]
    refused(send(signed_in, data, name="zones.kml"), code="zone_file_xml")


def gpkg_with_a_reference(folder: Path) -> bytes:
    """A database whose geometry table is a view on another file."""
    made = files.by_gdal(folder, [square(0, 0)], {"name": ["A"]}, driver="GPKG")
    path = folder / "layer.gpkg"
    assert made
    with sqlite3.connect(path) as base:
        base.execute("ALTER TABLE layer RENAME TO hidden")
        base.execute(
            "CREATE VIEW layer AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n)"
            " SELECT x AS fid, NULL AS geom, load_extension('/tmp/evil.so') AS name FROM n"
        )
    base.close()
    return path.read_bytes()


VRT = (
    b"<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource>/vsicurl/http://127.0.0.1:9/a.zip"
    b"</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
)
REFERENCES = {
    "a virtual data source": lambda _f: VRT,
    "a virtual data source inside KMZ": lambda _f: files.zipped({"doc.kml": VRT}),
    "a virtual data source as a shape": lambda _f: files.zipped({"layer.shp": VRT}),
    "a WFS address": lambda _f: (
        b"<OGRWFSDataSource><URL>http://127.0.0.1:9/</URL></OGRWFSDataSource>"
    ),
    "a path as a file": lambda _f: b"/vsicurl/http://127.0.0.1:9/zones.gpkg",
    "a database that is no GeoPackage": lambda _f: b"SQLite format 3\0" + b"\1" * 4000,
    "a GeoPackage with a hostile view": gpkg_with_a_reference,
    "a cut shape": lambda f: files.zipped(
        {"layer.shp": files.by_gdal(f, [square(0, 0)], {"name": ["A"]})["layer.shp"][:60]}
    ),
}


@pytest.mark.parametrize("what", REFERENCES)
def test_references_to_elsewhere_and_damaged_files_are_refused(signed_in, tmp_path, what):
    answer = send(signed_in, REFERENCES[what](tmp_path), name="/vsicurl/http://127.0.0.1:9/z.gpkg")
    assert 400 <= answer.status_code < 500
    refused(answer, answer.status_code)


def test_a_network_link_is_not_followed_and_that_is_told(signed_in):
    body = (
        "<NetworkLink><Link><href>http://127.0.0.1:9/other.kml</href></Link></NetworkLink>"
        f"<Placemark><name>A</name>{files.kml_polygon(square(0, 0))}</Placemark>"
    )
    told = send(signed_in, files.kml(body)).json()
    assert "LINK_IGNORED" in {remark["code"] for remark in told["remarks"]}
    assert told["counts"]["created"] == 1


def test_a_file_name_is_shown_without_folders_and_never_opened(signed_in):
    told = send(signed_in, files.collection(good()), name="../../etc/<b>passwd</b>\x07").json()
    assert "/" not in told["source"].replace("</b>", "")
    assert "\x07" not in told["source"]


def test_too_many_bytes_or_features_are_refused(signed_in, monkeypatch):
    many = files.collection(*[good()] * 6)
    monkeypatch.setattr(contents, "MAX_FEATURES", 5)
    refused(send(signed_in, many), 413, "zone_file_too_large")
    monkeypatch.setattr(container, "MAX_FILE_BYTES", 100)
    refused(send(signed_in, many), 413, "zone_file_too_large")
    answer = signed_in.post(IMPORT, b"x", content_type="multipart/form-data; boundary=x",
                            CONTENT_LENGTH="99999999999")  # fmt: skip
    assert answer.status_code == 413


@pytest.mark.parametrize("fields", [
    {"mapping": "{"}, {"mapping": "[1]"}, {"mapping": '{"name": "no such"}'},
    {"mapping": '{"wings": "name"}'}, {"network_type": "PIGEON"}, {"status": "DRAFT"},
    {"priority": "1000"}, {"priority": "x"}, {"rows": "1;2"}, {"rows": "99"},
    {"rows": "9" * 30}, {"encoding": "utf-7"}, {"crs": "/vsicurl/x"}, {"crs": "EPSG:999999"},
    {"crs": "+init=/etc/passwd"}, {"changeset_id": "-1"}, {"changeset_id": "9" * 18},
    {"changeset_id": "9" * 40}, {"accept_repaired": "1,x"}, {"dry_run": "perhaps"},
])  # fmt: skip
def test_options_that_can_not_be_are_named(signed_in, fields):
    answer = send(signed_in, files.collection(good()), **fields)
    assert 400 <= answer.status_code < 500, answer.content
    assert not Zone.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"--x--", b'--x\r\nContent-Disposition: form-data; name="a"']
)
def test_a_form_without_a_file_is_refused(signed_in, body):
    answer = signed_in.post(IMPORT, body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 400
    assert signed_in.post(IMPORT, b"{}", content_type="application/json").status_code == 415


def test_deep_json_and_deep_xml_end_in_a_word(signed_in):
    refused(send(signed_in, b'{"a":' * 100_000))
    refused(send(signed_in, b"[" * 100_000))
    refused(send(signed_in, files.kml("<Folder>" * 10_000)))
    refused(send(signed_in, b"<kml><broken"))
    refused(send(signed_in, b"<html><body>sign in</body></html>"))
    refused(send(signed_in, b'{"type":"Topology","objects":{}}'))
    refused(send(signed_in, b'{"type":"FeatureCollection","features":[],"a":"\\ud800"}'))
