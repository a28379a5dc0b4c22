"""Importers on the real data of fixtures/geo: complete, reported feature by feature, repeatable."""

import csv
import gzip
import json
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from coverage.importers.boundaries import import_boundaries
from coverage.importers.buildings import import_buildings
from coverage.importers.codifier import import_codifier
from coverage.importers.demo import load_demo
from coverage.importers.files import ImportFileError
from coverage.importers.renames import import_renames
from coverage.models import AdminUnit, AdminUnitAlias, Building, Street, StreetAlias

GEO = Path(__file__).resolve().parents[3] / "fixtures" / "geo"
AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
KHARKIV = "UA63120270010096107"

pytestmark = pytest.mark.django_db


@pytest.fixture
def codifier() -> None:
    import_codifier(path=GEO / "codifier.csv.gz", on_date=DAY)


@pytest.fixture
def boundaries(codifier: None) -> None:
    for name in ("oblasts", "raions", "hromadas"):
        import_boundaries(path=GEO / f"{name}.geojson.gz")


def code_file(path: Path, rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["a"] * 7, *rows])
    return path


def test_the_codifier_becomes_a_tree_with_paths(codifier: None) -> None:
    kharkiv = AdminUnit.objects.get(katottg=KHARKIV)
    assert kharkiv.category == AdminUnit.Category.CITY
    chain = [int(part) for part in kharkiv.path.split("/") if part]
    names = [AdminUnit.objects.get(id=unit_id).name for unit_id in chain]
    assert names == ["Харківська", "Харківський", "Харківська", "Харків"]
    assert kharkiv.depth == 3
    assert AdminUnit.objects.filter(parent__isnull=True).count() == 27
    assert not AdminUnit.objects.exclude(path__endswith="/").exists()
    assert (
        not AdminUnit.objects.exclude(path__contains=F("parent__path"))
        .filter(parent__isnull=False)
        .exists()
    )


def test_a_second_import_changes_nothing(codifier: None) -> None:
    before = list(AdminUnit.objects.order_by("id").values_list("id", "katottg", "path"))
    report = import_codifier(path=GEO / "codifier.csv.gz", on_date=DAY)
    assert (report.counts["created"], report.counts["updated"]) == (0, 0)
    assert before == list(AdminUnit.objects.order_by("id").values_list("id", "katottg", "path"))


def test_a_renamed_unit_keeps_its_id_and_its_old_name(tmp_path: Path) -> None:
    code = "UA12100000000039307"
    oblast = "UA12000000000090473"
    old = [
        [oblast, "", "", "", "", "O", "Дніпропетровська"],
        [oblast, code, "", "", "", "P", "Новомосковський"],
    ]
    import_codifier(path=code_file(tmp_path / "a.csv", old), on_date=DAY)
    unit = AdminUnit.objects.get(katottg=code)
    new = [old[0], [oblast, code, "", "", "", "P", "Самарівський"]]
    report = import_codifier(path=code_file(tmp_path / "b.csv", new), on_date=DAY)
    assert [entry.code for entry in report.entries] == ["RENAMED"]
    assert AdminUnit.objects.get(katottg=code).id == unit.id
    alias = AdminUnitAlias.objects.get(unit=unit)
    assert (alias.name, alias.until_date) == ("Новомосковський", DAY)


def test_bad_rows_are_reported_and_the_rest_is_kept(tmp_path: Path) -> None:
    oblast = "UA12000000000090473"
    rows = [
        [oblast, "", "", "", "", "O", "Добра"],
        [oblast, "", "", "", "", "O", "Двічі"],
        ["UA1", "", "", "", "", "O", "Короткий код"],
        [oblast, "UA12100000000039307", "", "", "", "Z", "Категорія"],
        ["UA99000000000090473", "UA99100000000039307", "", "", "", "P", "Без батьків"],
        [oblast, "UA12100000000039308", "", "", "", "P", ""],
        ["x", "y"],
    ]
    report = import_codifier(path=code_file(tmp_path / "a.csv", rows), on_date=DAY)
    told = sorted((entry.row, entry.code) for entry in report.entries)
    assert told == [
        (2, "DUPLICATE_CODE"),
        (3, "BAD_CODE"),
        (4, "BAD_CATEGORY"),
        (5, "NO_PARENT"),
        (6, "NO_NAME"),
        (7, "BAD_ROW"),
    ]
    assert list(AdminUnit.objects.values_list("name", flat=True)) == ["Добра"]


def test_boundaries_are_tied_by_code_or_by_the_name_inside_the_hromada(boundaries: None) -> None:
    report = import_boundaries(path=GEO / "settlements.geojson.gz")
    assert report.counts["linked by code"] == 23
    assert report.counts["linked by name"] == 222
    skipped = [entry for entry in report.entries if entry.action == "SKIPPED"]
    assert report.counts["features"] == 245 + len(skipped)
    zhovkva = AdminUnit.objects.get(name="Жовква")
    assert zhovkva.geom is not None
    assert zhovkva.centroid is not None
    assert zhovkva.geom.covers(zhovkva.centroid)
    again = import_boundaries(path=GEO / "settlements.geojson.gz")
    assert again.counts["boundaries set"] == 0


def test_broken_polygons_are_told_with_reason_and_place_and_linked(boundaries: None) -> None:
    report = import_boundaries(path=GEO / "broken_polygons.geojson.gz")
    faulty = {
        entry.row
        for entry in report.entries
        if entry.code in ("RING_NOT_CLOSED", "INVALID_GEOMETRY")
    }
    assert faulty == set(range(1, 21))
    assert all(entry.lon is not None for entry in report.entries if entry.code != "NO_UNIT")
    district = AdminUnit.objects.get(name="Холодногірський", category="CITY_DISTRICT")
    assert district.geom is not None
    assert district.geom.valid


def test_a_boundary_of_another_source_is_left_alone(boundaries: None) -> None:
    AdminUnit.objects.filter(name="Жовківська").update(geom_source="SURVEY")
    report = import_boundaries(path=GEO / "hromadas.geojson.gz")
    assert [entry.code for entry in report.entries] == ["OTHER_SOURCE"]


def test_saltivka_is_imported_whole_and_nothing_dirty_is_guessed(boundaries: None) -> None:
    report = import_buildings(path=GEO / "saltivka_buildings.geojson.gz")
    remarks = report.as_json()["remarks"]
    assert Building.objects.count() == 1295
    assert remarks == {
        "NO_STREET": 708,
        "STREET_HAS_NUMBER": 9,
        "STREET_IS_NUMBER": 1,
        "STREET_RUSSIAN": 1,
        "STREET_LOOKS_LIKE": 1,
        "DUPLICATE_ADDRESS": 9,
    }
    assert Building.objects.filter(number__isnull=False).count() == 671 - 9
    assert Building.objects.filter(street__isnull=True).count() == 708 + 11
    assert set(Building.objects.values_list("locality__katottg", flat=True)) == {KHARKIV}
    assert Street.objects.filter(type="вулиця", name="Бучми").count() == 1
    assert not Street.objects.filter(name__contains="7/1").exists()
    assert all(b.footprint.covers(b.point) for b in Building.objects.all() if b.footprint)
    korpus = Building.objects.filter(korpus__in=["1", "2"]).values_list("number", flat=True)
    assert sorted(number or "" for number in korpus) == ["158 к1", "158 к2"]


def test_buildings_renew_but_a_survey_and_the_wiring_stay(boundaries: None) -> None:
    import_buildings(path=GEO / "saltivka_buildings.geojson.gz")
    surveyed, wired = Building.objects.filter(number__isnull=False).order_by("id")[:2]
    Building.objects.filter(id=surveyed.id).update(location_source="SURVEYED", number="999")
    Building.objects.filter(id=wired.id).update(wiring="WIRED", levels=99)
    report = import_buildings(path=GEO / "saltivka_buildings.geojson.gz")
    assert (report.counts["created"], report.counts["updated"]) == (0, 1)
    surveyed.refresh_from_db()
    wired.refresh_from_db()
    assert surveyed.number == "999"
    assert (wired.wiring, wired.levels != 99) == ("WIRED", True)


def test_each_old_name_of_kyiv_leads_to_the_new_one(codifier: None) -> None:
    kyiv = AdminUnit.objects.get(name="Київ")
    path = GEO / "kyiv_renames.csv.gz"
    report = import_renames(path=path, locality=kyiv, source="council")
    assert report.counts["rows"] == 264
    assert report.counts["old names"] + report.as_json()["remarks"]["DUPLICATE_ROW"] == 264
    alias = StreetAlias.objects.get(name="Маршала Гречка")
    assert (alias.street.type, alias.street.name) == ("вулиця", "Івана Виговського")
    assert alias.until_date == date(2023, 1, 1)
    assert StreetAlias.objects.filter(type="вулиця", name="Фрунзе").count() == 3
    again = import_renames(path=path, locality=kyiv, source="council")
    assert (again.counts["old names"], again.counts["streets created"]) == (0, 0)


def test_the_demonstration_loads_and_loads_again(db: None) -> None:
    load_demo(fixtures_dir=GEO, at=AT)
    counts = (AdminUnit.objects.count(), Street.objects.count(), Building.objects.count())
    load_demo(fixtures_dir=GEO, at=AT)
    assert counts == (AdminUnit.objects.count(), Street.objects.count(), Building.objects.count())
    assert Street.objects.filter(locality__name="Жовква", geom__isnull=False).count() == 80


def test_a_dry_run_reports_and_leaves_nothing(tmp_path: Path) -> None:
    out, target = StringIO(), tmp_path / "report.json"
    call_command(
        "import_places",
        str(GEO / "codifier.csv.gz"),
        "--dry-run",
        "--report",
        str(target),
        stdout=out,
    )
    assert "created 3874" in out.getvalue()
    assert AdminUnit.objects.count() == 0
    assert json.loads(target.read_text(encoding="utf-8"))[0]["counts"]["created"] == 3874


@pytest.mark.parametrize(
    "name, content",
    [
        ("a.geojson", b"{"),
        ("a.geojson", b"[]"),
        ("a.geojson", b'{"features": 1}'),
        ("a.csv", b"\xff\xfe\xff"),
        ("a.csv.gz", b"not gzip"),
        ("a.geojson.gz", b""),
    ],
)
def test_an_unreadable_file_is_told_and_leaves_nothing(
    tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(CommandError):
        call_command("import_places", str(path), stdout=StringIO())
    assert AdminUnit.objects.count() == 0


def test_features_that_are_no_features_are_reported(codifier: None, tmp_path: Path) -> None:
    path = tmp_path / "a.geojson.gz"
    features = [None, 1, {}, {"properties": 3, "geometry": []}, {"geometry": {"type": "Point"}}]
    path.write_bytes(gzip.compress(json.dumps({"features": features}).encode()))
    assert len(import_boundaries(path=path).entries) == len(features)
    assert len([e for e in import_buildings(path=path).entries if e.action == "SKIPPED"]) == 5


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError):
        import_codifier(path=tmp_path / "nothing.csv", on_date=DAY)
