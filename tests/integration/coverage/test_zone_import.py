"""Zones from files: every format, every feature told of, what is offered, what is kept."""

import json
from io import StringIO

import pytest
import shapely
from django.core.management import CommandError, call_command
from shapely.geometry import LineString, Point

from coverage.models import Zone, ZoneChange, ZoneChangeSet, ZoneVersion
from coverage.zonefiles.contents import ZoneFileError
from coverage.zonefiles.importing import (
    ALL,
    Asked,
    FileChangedError,
    NothingImportedError,
    import_zones,
    refuse_empty,
)
from coverage.zonefiles.mapping import Options
from coverage.zonefiles.reading import BadOptionError
from coverage.zoning import drafts
from coverage.zoning.shapes import to_shapely
from tests.support import zone_files as files
from tests.support.zones import AT, actor, drafted, later, planner, published, square

pytestmark = pytest.mark.django_db
GPON = Options(network_type="GPON")
UKRAINIAN = {"code": "saltivka-1", "name": "Салтівка, Їжакова вулиця", "network_type": "GPON"}


def run(data, who=None, name="зони.geojson", **asked):
    asked.setdefault("options", GPON)
    return import_zones(
        data=data, file_name=name, actor=who or actor(planner()), at=AT, asked=Asked(**asked)
    )


def actions(report):
    return [line.action for line in report.lines_]


@pytest.mark.parametrize("name", ["GEOJSON", "KML", "KMZ", "SHAPEFILE", "GPKG", "CSV"])
def test_each_format_becomes_a_draft_and_nothing_is_published(tmp_path, name):
    shape = square(0, 0)
    data = files.as_every_format(tmp_path, shape, UKRAINIAN)[name]
    report = run(data, options=Options())
    assert (report.format, actions(report)) == (name, ["created"])
    change = ZoneChange.objects.get()
    assert (change.zone.code, change.name, change.network_type) == tuple(UKRAINIAN.values())
    assert change.changeset_id == report.changeset_id
    assert change.changeset.state == ZoneChangeSet.State.DRAFT
    assert "зони.geojson" in change.changeset.title
    assert to_shapely(change.geometry).hausdorff_distance(shape) < 1e-7
    assert not ZoneVersion.objects.exists()


def test_a_shapefile_of_windows_1251_without_prj_and_cpg_is_read_and_told(tmp_path):
    data = files.shapefile_zip(
        tmp_path,
        [square(0, 0)],
        {"NAZVA": ["Вулиця Їжакова, ґанок"], "KOD": ["Зона 7"], "МЕРЕЖА": ["оптика"]},
        encoding="CP1251",
        without=("prj", "cpg", "shx"),
    )
    report = run(data, options=Options())
    line = report.lines_[0]
    assert (line.action, line.name, line.code) == ("created", "Вулиця Їжакова, ґанок", "zona-7")
    assert {remark.code for remark in report.remarks} == {"ENCODING_GUESSED", "NO_CRS"}
    assert [note.code for note in line.notes] == ["CODE_CHANGED"]
    assert Zone.objects.get().network_type == "GPON"


def test_other_projections_come_home(tmp_path):
    import pyproj

    shape = square(0, 0)
    forth = pyproj.Transformer.from_crs(4326, 32637, always_xy=True).transform
    metres = shapely.transform(shape, lambda p: shapely.get_coordinates(
        shapely.linestrings(*[list(axis) for axis in forth(p[:, 0], p[:, 1])])))  # fmt: skip
    with_prj = files.shapefile_zip(tmp_path / "a", [metres], {"name": ["А"]}, crs="EPSG:32637")
    without = files.shapefile_zip(tmp_path / "b", [metres], {"name": ["Б"]}, without=("prj",))
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32637"}}
    geojson = files.collection(files.feature(metres, name="В"), crs=crs)
    for data, asked in ((with_prj, ""), (without, "EPSG:32637"), (geojson, "")):
        report = run(data, crs=asked)
        assert actions(report) == ["created"]
        found = to_shapely(ZoneChange.objects.get(zone_id=report.lines_[0].zone_id).geometry)
        assert found.hausdorff_distance(shape) < 2e-7
        assert "MOVED" in {remark.code for remark in report.remarks}
    refused = run(without)
    assert [p.code for p in refused.lines_[0].problems] == ["NOT_DEGREES"]


def test_one_bad_feature_does_not_take_the_others_with_it():
    bowtie = {"type": "Polygon", "coordinates": [[[36.3, 50], [36.31, 50.01], [36.31, 50],
              [36.3, 50.01], [36.3, 50]]]}  # fmt: skip
    nan = {"type": "Polygon", "coordinates": [[[36.3, 50], [float("nan"), 50], [36.3, 51]]]}
    data = files.collection(
        files.feature(square(0, 0), name="Добра"),
        files.feature(bowtie, name="Метелик"),
        files.feature(nan, name="Не число"),
        files.feature(LineString([(36.3, 50), (36.4, 50)]), name="Лінія"),
        files.feature(Point(36.3, 50), name="Точка"),
        files.feature(shapely.transform(square(0, 0), lambda p: p[:, ::-1]), name="Навпаки"),
        files.feature({"type": "Polygon", "coordinates": [[[36, 500], [36, 501], [37, 500]]]}),
        {"type": "Feature", "properties": {"name": "Без контуру"}, "geometry": None},
        "це не обʼєкт",
    )
    report = run(data)
    assert actions(report) == [
        "created", "repair_offered", "refused", "refused", "refused", "swap_offered",
        "refused", "refused", "refused",
    ]  # fmt: skip
    codes = [line.problems[0].code if line.problems else "" for line in report.lines_]
    assert codes == [
        "", "SELF_INTERSECTION", "NOT_A_NUMBER", "NOT_AN_AREA", "NOT_AN_AREA", "AXES_SWAPPED",
        "OUTSIDE_WORLD", "NO_GEOMETRY", "BAD_FEATURE",
    ]  # fmt: skip
    assert (report.lines_[1].lon, report.lines_[1].lat) == (36.305, 50.005)
    assert report.lines_[3].lon == 36.3
    assert ZoneChange.objects.get().name == "Добра"
    text = json.dumps(report.as_json(), ensure_ascii=False)
    assert text.count('"row"') == 9


def test_what_is_offered_is_drafted_once_accepted_and_into_the_same_change_set():
    person = actor(planner())
    turned = shapely.transform(square(30, 0), lambda p: p[:, ::-1])
    broken = shapely.Polygon([(36.3, 50), (36.31, 50.01), (36.31, 50), (36.3, 50.01)])
    data = files.collection(
        files.feature(square(0, 0), name="А"),
        files.feature(broken, name="Б"),
        files.feature(turned, name="В"),
    )
    first = run(data, person)
    assert actions(first) == ["created", "repair_offered", "swap_offered"]
    again = run(
        data,
        person,
        rows={2, 3},
        accept_repaired={2},
        swap_axes={3},
        changeset_id=first.changeset_id,
        sha256=first.sha256,
    )
    assert [(line.action, line.changed) for line in again.lines_] == [
        ("created", "repaired"),
        ("created", "swapped"),
    ]
    assert again.changeset_id == first.changeset_id
    shapes = {c.name: to_shapely(c.geometry) for c in ZoneChange.objects.all()}
    assert set(shapes) == {"А", "Б", "В"}
    assert shapes["Б"].is_valid
    assert shapes["В"].hausdorff_distance(square(30, 0)) < 1e-7


def test_the_twenty_broken_polygons_are_repaired_when_that_is_accepted():
    data = files.BROKEN.read_bytes()
    offered = run(data, name="broken.geojson.gz")
    assert actions(offered) == ["repair_offered"] * 20
    assert all(line.lon is not None and line.geometry for line in offered.lines_)
    with pytest.raises(NothingImportedError) as caught:
        refuse_empty(offered)
    assert caught.value.http_status == 422
    done = run(data, accept_repaired=ALL)
    assert actions(done) == ["created"] * 20
    assert all(to_shapely(c.geometry).is_valid for c in ZoneChange.objects.all())


def test_existing_zones_are_known_by_their_code():
    person = actor(planner())
    on_map = published(person, square(0, 0), code="center", name="Центр", comment="своє")
    same = files.collection(files.feature(square(0, 0), code="CENTER"))
    assert actions(run(same, person)) == ["unchanged"]
    wider = files.collection(
        files.feature(square(0, 0, 20, 10), code="center"),
        files.feature(square(40, 0), code="center"),
        files.feature(square(60, 0), code="new-one"),
    )
    report = run(wider, person)
    assert actions(report) == ["updated", "refused", "created"]
    assert [p.code for p in report.lines_[1].problems] == ["DUPLICATE_CODE"]
    change = ZoneChange.objects.get(zone_id=on_map.zone_id, changeset_id=report.changeset_id)
    kept = (change.name, change.status, change.comment, change.network_type)
    assert kept == ("Центр", "IN_SERVICE", "своє", "GPON")
    assert Zone.objects.count() == 2


def test_a_published_zone_keeps_its_network_and_the_reason_is_told():
    person = actor(planner())
    published(person, square(0, 0), code="center")
    report = run(files.collection(files.feature(square(0, 0), code="center", network="docsis")))
    assert actions(report) == ["refused"]
    assert [p.code for p in report.lines_[0].problems] == ["NETWORK_TYPE"]
    assert report.changeset_id is None
    assert not ZoneChangeSet.objects.filter(title__contains="зони").exists()


def test_an_open_draft_of_a_zone_is_outdated_but_not_lost_and_that_is_told():
    person = actor(planner())
    draft = drafted(person, square(0, 0), code="north")
    report = run(files.collection(files.feature(square(0, 0, 5, 5), code="north")), person)
    assert "OTHER_DRAFT" in {note.code for note in report.lines_[0].notes}
    assert ZoneChange.objects.filter(zone_id=draft.zone_id).count() == 2


def test_columns_are_chosen_words_understood_and_unknown_ones_told():
    row = {
        "Підпис": "Мікрорайон", "тип мережі": "xPON", "Стан": "діє", "Пріоритет": "7",
        "Дата": "01.09.2027", "Опис": "х" * 400,
    }  # fmt: skip
    odd = {"name": "Дивна", "network": "голуби", "status": "хтозна", "priority": "900"}
    data = files.collection(files.feature(square(0, 0), **row), files.feature(square(30, 0)))
    report = run(data, options=Options(columns={"name": "Підпис"}, network_type="FTTB"))
    first = ZoneChange.objects.get(zone_id=report.lines_[0].zone_id)
    assert (first.name, first.network_type, first.status, first.priority) == (
        "Мікрорайон",
        "GPON",
        "IN_SERVICE",
        7,
    )
    assert str(first.planned_for_date) == "2027-09-01"
    assert [note.code for note in report.lines_[0].notes] == ["COMMENT_CUT"]
    second = Zone.objects.get(id=report.lines_[1].zone_id)
    assert (second.name, second.network_type) == ("зони 2", "FTTB")
    report = run(files.collection(files.feature(square(60, 0), **odd)))
    codes = [note.code for note in report.lines_[0].notes]
    assert codes == ["UNKNOWN_NETWORK", "UNKNOWN_STATUS", "BAD_PRIORITY"]
    with pytest.raises(BadOptionError):
        run(data, options=Options(columns={"name": "немає такої"}))


def test_without_a_network_type_nothing_is_guessed():
    report = run(files.collection(files.feature(square(0, 0), name="А")), options=Options())
    assert [p.code for p in report.lines_[0].problems] == ["NETWORK_TYPE"]
    assert actions(report) == ["refused"]


def test_heights_and_measures_are_dropped_and_told(tmp_path):
    high = shapely.force_3d(square(0, 0), 120.0)
    for data in (
        files.collection(files.feature(high, name="А")),
        files.shapefile_zip(tmp_path / "z", [high], {"name": ["А"]}, kind="Polygon Z"),
        files.kml(f"<Placemark>{files.kml_polygon(square(0, 0), ',120')}</Placemark>"),
        f'name,wkt\nА,"{high.wkt}"\n'.encode(),
    ):
        report = run(data, dry_run=True)
        assert actions(report) == ["created"]
        assert "HEIGHT_DROPPED" in [note.code for note in report.lines_[0].notes]


def test_a_dry_run_tells_everything_and_stores_nothing():
    data = files.collection(files.feature(square(0, 0), name="А"))
    report = run(data, dry_run=True)
    assert actions(report) == ["created"]
    assert report.changeset_id is None
    assert not Zone.objects.exists()
    assert not ZoneChangeSet.objects.exists()


def test_a_changed_file_or_a_closed_change_set_is_refused():
    data = files.collection(files.feature(square(0, 0), name="А"))
    with pytest.raises(FileChangedError):
        run(data, sha256="0" * 64)
    done = published(actor(planner()), square(40, 0))
    with pytest.raises(drafts.ChangeSetClosedError):
        run(data, changeset_id=done.changeset_id)
    with pytest.raises(BadOptionError):
        run(data, rows={99})


def test_a_zone_far_from_home_is_not_taken_for_a_swap():
    published(actor(planner()), square(0, 0))
    far = shapely.transform(square(0, 0), lambda p: p - [12.3, 0.2])  # Lviv, not Kharkiv
    assert actions(run(files.collection(files.feature(far, name="Львів")))) == ["created"]


def test_a_geopackage_layer_with_lines_and_one_with_zones(tmp_path):
    lines = files.by_gdal(
        tmp_path, [LineString([(36, 50), (37, 50)])], {"name": ["дріт"]}, driver="GPKG",
        kind="LineString",
    )  # fmt: skip
    report = run(lines["layer.gpkg"])
    assert [p.code for p in report.lines_[0].problems] == ["NOT_AN_AREA"]


def test_the_command_gives_the_same_report_and_needs_no_publishing(tmp_path):
    person = planner()
    file, report = tmp_path / "zones.geojson", tmp_path / "report.json"
    file.write_bytes(
        files.collection(
            files.feature(square(0, 0), title="Перша"), files.feature(Point(36, 50), title="Точка")
        )
    )
    out = StringIO()
    given = {"report": report, "author": person.username, "network_type": "GPON"}
    call_command("import_zones", str(file), stdout=out, dry_run=True, **given)
    assert not Zone.objects.exists()
    call_command("import_zones", str(file), stdout=out, column=["name=title"], **given)
    told = json.loads(report.read_text())[0]
    assert told["counts"]["created"] == 1
    assert told["counts"]["refused"] == 1
    assert [each["action"] for each in told["features"]] == ["created", "refused"]
    assert ZoneChangeSet.objects.get().author == person
    assert "nothing is published" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("import_zones", "/vsicurl/http://127.0.0.1:9/zones.geojson", stdout=out)


def test_an_imported_change_set_is_published_like_any_other():
    person = actor(planner())
    report = run(files.DEMO.read_bytes(), person, name="zones.geojson")
    assert actions(report) == ["created"] * 4
    drafts.lock_changeset(changeset_id=report.changeset_id)
    from coverage.zoning import operations

    operations.publish(changeset_id=report.changeset_id, actor=person, at=later(1))
    assert ZoneVersion.objects.count() == 4
    again = run(files.DEMO.read_bytes(), person)
    assert actions(again) == ["unchanged"] * 4


def test_an_empty_or_foreign_file_says_so():
    for data in (
        b"",
        b"   ",
        b'{"type":"FeatureCollection","features":[]}',
        b"%PDF-1.4 hello",
        b"name,code\nA,b\n",
        b"\x00\x00\x27\x0a" + b"\0" * 96,
        b"Rar!\x1a\x07",
    ):
        with pytest.raises(ZoneFileError):
            run(data)
