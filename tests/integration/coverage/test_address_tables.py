"""Tables of addresses: columns found out, rows read, known houses known again, none dropped."""

import datetime as dates
import gzip
import zipfile
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from coverage.addressfiles import importing, tableimport
from coverage.addressfiles.contents import AddressFileError, AddressFileTooLargeError
from coverage.addressfiles.importing import Asked
from coverage.addressfiles.tables import BadTableError, TableOptions
from coverage.importers.boundaries import import_boundaries
from coverage.importers.buildings import import_buildings
from coverage.importers.codifier import import_codifier
from coverage.importers.report import Report
from coverage.models import AdminUnit, Building, ColumnChoice, Street, UnplacedAddress
from tests.support.address_tables import GEO, csv_file, saltivka, xlsx_file

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
KHARKIV = "UA63120270010096107"
HEADER = ["Населений пункт", "Вулиця", "Будинок", "Широта", "Довгота", "Поверхів"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def kharkiv() -> AdminUnit:
    import_codifier(path=GEO / "codifier.csv.gz", on_date=date(2026, 11, 23))
    return AdminUnit.objects.get(katottg=KHARKIV)


@pytest.fixture
def streets(kharkiv: AdminUnit) -> AdminUnit:
    for street_type, name in (
        ("вулиця", "Бучми"),
        ("вулиця", "Героїв Праці"),
        ("провулок", "Бучми"),
    ):
        norm = " ".join(sorted(name.lower().split()))
        Street.objects.create(
            locality=kharkiv, type=street_type, name=name, name_norm=norm, search_key=name.lower()
        )
    return kharkiv


def run(path: Path, **options: Any) -> Report:
    return importing.import_addresses(path=path, name=path.name, asked=Asked(**options), at=AT)


def look(path: Path, **options: Any) -> dict[str, Any]:
    return importing.look_at(path=path, asked=Asked(**options))


def real_rows(count: int | None = None) -> list[list[str]]:
    return [
        ["м. Харків", row["street"], row["house"], row["lat"], row["lon"], row["levels"]]
        for row in saltivka(count)
    ]


def outcomes(path: Path, **options: Any) -> list[tuple[str, str]]:
    return [(row["outcome"], row["reason"]) for row in look(path, **options)["preview"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_real_addresses_in_any_usual_csv(
    kharkiv: AdminUnit, tmp_path: Path, encoding: str, delimiter: str
) -> None:
    rows = [HEADER, *real_rows(40)]
    path = csv_file(tmp_path / "a.csv", rows, delimiter=delimiter, encoding=encoding)
    found = look(path)
    assert found["encoding"] == encoding.removesuffix("-sig")
    assert found["delimiter"] == delimiter
    assert found["mapping"] == {
        "locality": "Населений пункт", "street": "Вулиця", "house": "Будинок", "lat": "Широта",
        "lon": "Довгота", "levels": "Поверхів",
    }  # fmt: skip
    assert len(found["preview"]) == 20
    assert {row["locality"] for row in found["preview"]} == {"Харків"}
    report = run(path)
    assert report.counts["created"] == Building.objects.count() == report.counts["new"]
    assert report.counts["new"] + report.as_json()["remarks"].get("DUPLICATE_ROW", 0) == 40
    house = Building.objects.exclude(levels=None).earliest("id")
    assert (house.location_source, house.locality) == ("REGISTER", kharkiv)


def test_an_excel_table_with_a_title_above_its_header(kharkiv: AdminUnit, tmp_path: Path) -> None:
    rows = [["Перелік будинків станом на 01.11.2026"], [], HEADER, *real_rows(30)]
    path = xlsx_file(tmp_path / "a.xlsx", rows)
    found = look(path)
    assert (found["kind"], found["header_row"], found["sheet"]) == ("XLSX", 3, "Адреси")
    assert run(path).counts["created"] == Building.objects.count() > 20
    again = run(path)
    assert (again.counts["created"], again.counts["updated"]) == (0, 0)


def test_a_table_meets_the_buildings_of_openstreetmap(kharkiv: AdminUnit, tmp_path: Path) -> None:
    for name in ("oblasts", "raions", "hromadas"):
        import_boundaries(path=GEO / f"{name}.geojson.gz")
    import_buildings(path=GEO / "saltivka_buildings.geojson.gz")
    before = Building.objects.count()
    rows = [[*row[:3], "", "", "", "48"] for row in real_rows()]
    path = csv_file(tmp_path / "a.csv", [[*HEADER, "Квартир"], *rows])
    report = run(path)
    assert report.counts["created"] == 0
    assert report.counts["known"] > 0.95 * len(rows)
    assert report.counts["known"] + report.counts["waiting for a pin"] == len(rows)
    assert Building.objects.count() == before
    assert Building.objects.filter(flats=48, location_source="OSM").count() > 400
    assert all(b.footprint.covers(b.point) for b in Building.objects.all() if b.footprint)


def test_columns_are_known_by_their_content(streets: AdminUnit, tmp_path: Path) -> None:
    rows = [["Харків", f"вул. Бучми, {n}", "50,0321", f"36,35{n}", "так"] for n in range(10, 40)]
    found = look(csv_file(tmp_path / "a.csv", rows))
    assert (found["header_row"], found["header"]) == (0, ["A", "B", "C", "D", "E"])
    assert found["mapping"] == {"address": "B", "locality": "A", "lat": "C", "lon": "D"}
    assert found["mapping_from"] == "guessed"
    assert [row["outcome"] for row in found["preview"]] == ["NEW"] * 20


@pytest.mark.parametrize(
    ("header", "row", "address"),
    [
        (["тип вулиці", "назва вулиці", "№ будинку", "корпус"], ["вул.", "Бучми", "42", "2"],
         "вулиця Бучми, 42 к2"),
        (["улица", "дом"], ["ул. Бучми", "42-б"], "вулиця Бучми, 42Б"),
        (["Street", "House number"], ["Бучми вулиця", "42.0"], "вулиця Бучми, 42"),
        (["Адреса"], ["61100, м. Харків, вул. Бучми, буд. 42-Б, кв. 7"], "вулиця Бучми, 42Б"),
        (["вулиця"], ["вул. Бучми, 42"], "вулиця Бучми, 42"),
    ],
)  # fmt: skip
def test_ways_to_write_an_address_in_columns(
    streets: AdminUnit, tmp_path: Path, header: list[str], row: list[str], address: str
) -> None:
    path = csv_file(tmp_path / "a.csv", [header, row])
    [shown] = look(path, locality=streets)["preview"]
    assert (shown["address"], shown["reason"]) == (address, "NEEDS_PIN")


def test_rows_that_cannot_be_placed_are_kept_once_and_settled_later(
    streets: AdminUnit, tmp_path: Path
) -> None:
    rows = [
        ["Вулиця", "Будинок", "Населений пункт"],
        ["вул. Бучми", "1", "Харків"],
        ["Бучми", "2", "Харків"],
        ["вул. Незнана", "3", "Харків"],
        ["вул. Бучми", "16-22", "Харків"],
        ["вул. Бучми", "18.янв", "Харків"],
        ["вул. Бучми", "", "Харків"],
        ["вул. Бучми", "7", "Немаєтакого"],
        ["улица Учителей", "8", "Харків"],
        ["", "9", "Харків"],
    ]
    path = csv_file(tmp_path / "a.csv", rows)
    report = run(path)
    told = [(entry.row, entry.code, entry.action) for entry in report.entries]
    assert told == [
        (2, "NEEDS_PIN", "WAITS_FOR_PIN"),
        (3, "SEVERAL_STREETS", "WAITS_FOR_PIN"),
        (4, "NO_SUCH_STREET", "WAITS_FOR_PIN"),
        (5, "BAD_NUMBER", "WAITS_FOR_PIN"),
        (6, "BAD_NUMBER", "WAITS_FOR_PIN"),
        (7, "NO_NUMBER", "WAITS_FOR_PIN"),
        (8, "NO_UNIT", "WAITS_FOR_PIN"),
        (9, "STREET_RUSSIAN", "WAITS_FOR_PIN"),
        (10, "NO_STREET", "WAITS_FOR_PIN"),
    ]
    assert [entry.detail for entry in report.entries[3:5]] == ["16-22", "18.янв"]
    assert (UnplacedAddress.objects.count(), Building.objects.count()) == (9, 0)
    assert UnplacedAddress.objects.get(row=2).text == "Харків, вул. Бучми, 1"
    again = run(path)
    assert (again.counts["waiting for a pin"], again.counts["of them new"]) == (9, 0)
    assert UnplacedAddress.objects.count() == 9
    placed = [["Вулиця", "Будинок", "lat", "lon"], ["вул. Бучми", "1", "50.03", "36.35"]]
    later = run(csv_file(tmp_path / "b.csv", placed), locality=streets)
    assert later.counts["pins no longer needed"] == 1
    settled = UnplacedAddress.objects.get(row=2)
    assert settled.building == Building.objects.get()
    assert settled.settled_at == AT


def test_a_house_number_that_excel_took_for_a_date(streets: AdminUnit, tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Вулиця", "Будинок"],
        ["вул. Бучми", dates.datetime(2026, 1, 18)],
        ["вул. Бучми", 12],
        ["вул. Бучми", 12.5],
        ["вул. Бучми", dates.time(12, 1)],
    ]
    path = xlsx_file(tmp_path / "a.xlsx", rows)
    shown = look(path, locality=streets)["preview"]
    reasons = ["BAD_NUMBER", "NEEDS_PIN", "BAD_NUMBER", "BAD_NUMBER"]
    assert [row["reason"] for row in shown] == reasons
    assert shown[0]["detail"] == "18.січ"
    assert shown[3]["detail"] == "12:01:00"


def test_swapped_axes_are_offered_and_swapped_when_asked(
    streets: AdminUnit, tmp_path: Path
) -> None:
    rows = [["Вулиця", "Будинок", "lat", "lon"], ["вул. Бучми", "1", "36.35", "50.03"]]
    path = csv_file(tmp_path / "a.csv", rows)
    report = run(path, locality=streets)
    assert [entry.code for entry in report.entries] == ["AXES_SWAPPED"]
    assert report.counts["axes seem swapped"] == 1
    assert Building.objects.count() == 0
    report = run(path, locality=streets, swap_axes=True)
    assert report.counts["created"] == 1
    building = Building.objects.get()
    assert (building.point.x, building.point.y) == (36.35, 50.03)
    assert UnplacedAddress.objects.get().building == building


@pytest.mark.parametrize(
    "pair", [("0", "0"), ("abc", "36"), ("nan", "36"), ("", "36.1"), ("95", "999")]
)
def test_coordinates_that_are_none_are_told(
    streets: AdminUnit, tmp_path: Path, pair: tuple[str, str]
) -> None:
    path = csv_file(
        tmp_path / "a.csv", [["Вулиця", "Будинок", "lat", "lon"], ["вул. Бучми", "1", *pair]]
    )
    report = run(path, locality=streets)
    assert [entry.code for entry in report.entries] == ["BAD_COORDINATES", "NEEDS_PIN"]


def test_one_column_with_both_coordinates(streets: AdminUnit, tmp_path: Path) -> None:
    rows = [["Вулиця", "Будинок", "Координати"], ["вул. Бучми", "1", "50.0312, 36.3521"]]
    run(csv_file(tmp_path / "a.csv", rows), locality=streets)
    building = Building.objects.get()
    assert (building.point.x, building.point.y) == (36.3521, 50.0312)


def test_an_id_of_ones_own_finds_the_house_again(streets: AdminUnit, tmp_path: Path) -> None:
    header = ["id", "Вулиця", "Будинок", "lat", "lon"]
    first = csv_file(tmp_path / "a.csv", [header, ["77", "вул. Бучми", "1", "50.03", "36.35"]])
    run(first, locality=streets)
    second = csv_file(tmp_path / "b.csv", [header, ["77", "вул. Бучми", "1а", "50.0301", "36.35"]])
    report = run(second, locality=streets)
    told = {entry.code: entry.detail for entry in report.entries}
    assert told == {
        "MOVED": "11 m", "ADDRESS_CHANGED": "вулиця Бучми, 1 → вулиця Бучми, 1А",
    }  # fmt: skip
    building = Building.objects.get()
    assert (building.external_ref, building.number) == ("ext:77", "1А")


def test_a_survey_stays_where_it_is_and_what_is_empty_is_filled(
    streets: AdminUnit, tmp_path: Path
) -> None:
    header = ["Вулиця", "Будинок", "lat", "lon", "Квартир"]
    path = csv_file(tmp_path / "a.csv", [header, ["вул. Бучми", "1", "50.03", "36.35", "36"]])
    run(path, locality=streets)
    Building.objects.update(location_source="SURVEYED", point="POINT(36.3501 50.03)", flats=None)
    report = run(path, locality=streets)
    [entry] = report.entries
    assert (entry.code, entry.action) == ("OTHER_SOURCE", "EMPTY_FILLED")
    building = Building.objects.get()
    assert (building.point.x, building.flats) == (36.3501, 36)
    assert run(path, locality=streets).counts["unchanged"] == 1


def test_the_same_address_elsewhere_is_asked_about(streets: AdminUnit, tmp_path: Path) -> None:
    header = ["Вулиця", "Будинок", "lat", "lon"]
    rows = [header, ["вул. Бучми", "1", "50.03", "36.35"]]
    run(csv_file(tmp_path / "a.csv", rows), locality=streets)
    rows[1][2] = "50.04"
    report = run(csv_file(tmp_path / "b.csv", rows), locality=streets)
    assert [(e.code, e.detail) for e in report.entries] == [("FAR_FROM_KNOWN", "1113 m")]
    assert UnplacedAddress.objects.get().settled_at is None


def test_a_settlement_of_a_common_name_is_told_by_its_hromada(
    kharkiv: AdminUnit, tmp_path: Path
) -> None:
    name, count = next(
        (
            unit.name,
            AdminUnit.objects.filter(search_key=unit.search_key, category="VILLAGE").count(),
        )
        for unit in AdminUnit.objects.filter(category="VILLAGE").order_by("id")
        if AdminUnit.objects.filter(search_key=unit.search_key, category="VILLAGE").count() > 2
    )
    unit = AdminUnit.objects.filter(name=name, category="VILLAGE").earliest("id")
    assert count > 2
    assert unit.parent is not None
    header = ["Громада", "Село", "Вулиця", "Будинок"]
    path = csv_file(
        tmp_path / "a.csv",
        [header, ["", f"с. {name}", "вул. Лісова", "1"],
         [f"{unit.parent.name} громада", f"с.{name}", "вул. Лісова", "2"]],
    )  # fmt: skip
    first, second = look(path)["preview"]
    assert first["reason"] == "SEVERAL_UNITS"
    assert (second["locality"], second["reason"]) == (name, "NO_SUCH_STREET")


def test_the_columns_chosen_are_kept_for_the_next_table(streets: AdminUnit, tmp_path: Path) -> None:
    rows = [["перша", "друга", "третя"], ["7", "Бучми вулиця", "так"]]
    path = csv_file(tmp_path / "a.csv", rows)
    chosen = {"street": "друга", "house": "перша"}
    found = look(path, mapping=chosen, locality=streets, table=TableOptions(header_row=1))
    assert found["preview"][0]["address"] == "вулиця Бучми, 7"
    tableimport.save_mapping(header=found["header"], mapping=chosen, at=AT, user_id=None)
    again = look(path, locality=streets, table=TableOptions(header_row=1))
    assert (again["mapping"], again["mapping_from"]) == (chosen, "saved")
    assert ColumnChoice.objects.count() == 1
    for bad in ({"street": "п'ята"}, {"zone": "друга"}):
        with pytest.raises(BadTableError):
            look(path, mapping=bad)
    with pytest.raises(tableimport.NoColumnsError):
        run(path, mapping={"house": "перша"}, table=TableOptions(header_row=1))


def test_the_real_list_of_helsinki_with_its_own_column_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes((GEO / "helsinki_addresses.csv.gz").read_bytes())
    unit = importing.settlement(name="Helsinki")
    found = look(path, locality=unit, untyped="вулиця")
    assert found["mapping"] == {
        "locality": "city", "street": "street", "house": "housenumber", "lat": "lat", "lon": "lon",
    }  # fmt: skip
    report = run(path, locality=unit, untyped="вулиця")
    counts, remarks = report.counts, report.as_json()["remarks"]
    assert counts["rows"] == 1517
    assert counts["created"] + remarks["DUPLICATE_ROW"] + counts["waiting for a pin"] == 1517
    before = Building.objects.count()
    again = run(path, locality=unit, untyped="вулиця")
    assert (again.counts["created"], again.counts["updated"]) == (0, 0)
    assert Building.objects.count() == before


def test_broken_quotes_swallow_no_rows(streets: AdminUnit, tmp_path: Path) -> None:
    lines = ["Вулиця;Будинок;Примітка;Ще", 'вул. Бучми;1;"не закрито;x']
    lines += [f"вул. Бучми;{n};ок;x" for n in range(2, 30)]
    path = tmp_path / "a.csv"
    path.write_text("\r\n".join(lines), encoding="utf-8", newline="")
    report = run(path, locality=streets)
    assert report.counts["rows"] == 29
    assert report.counts["waiting for a pin"] == 29
    assert [note["code"] for note in look(path)["notes"]] == ["BROKEN_QUOTES"]


def test_rows_shorter_and_longer_than_the_header(streets: AdminUnit, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Вулиця;Будинок\nвул. Бучми\nвул. Бучми;2;зайве;ще\n;;;\n", encoding="utf-8")
    found = look(path, locality=streets)
    assert [row["reason"] for row in found["preview"]] == ["NO_NUMBER", "NEEDS_PIN"]
    assert found["header"] == ["Вулиця", "Будинок", "C", "D"]


def test_formulas_are_text_and_never_run(streets: AdminUnit, tmp_path: Path) -> None:
    rows = [
        ["Вулиця", "Будинок"],
        ['=HYPERLINK("x")', "1"],
        ["вул. Бучми", "=1+1"],
        ["'=вул. Бучми", "3"],
    ]
    told = outcomes(csv_file(tmp_path / "a.csv", rows), locality=streets)
    assert {outcome for outcome, _reason in told} == {"WAITS"}
    excel = outcomes(xlsx_file(tmp_path / "a.xlsx", rows), locality=streets)
    assert excel[1] == ("WAITS", "NO_NUMBER")


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"\x00" * 60_000_000)
    return path


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AddressFileError, match="ZIP"):
        run(bomb(tmp_path / "a.xlsx"))


@pytest.mark.parametrize("size", [10, 300, 2_000])
def test_a_truncated_table_is_refused(tmp_path: Path, size: int) -> None:
    whole = xlsx_file(tmp_path / "a.xlsx", [HEADER, *[["x"] * 6] * 50]).read_bytes()
    path = tmp_path / "b.xlsx"
    path.write_bytes(whole[:size])
    with pytest.raises(AddressFileError):
        run(path)


def test_an_archive_that_is_no_table_and_an_old_table_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(AddressFileError, match="формат"):
        run(path)
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
    with pytest.raises(AddressFileError, match="xlsx"):
        run(path)


def test_entities_in_a_table_do_no_harm(tmp_path: Path) -> None:
    good = xlsx_file(tmp_path / "good.xlsx", [["Вулиця", "Будинок"], ["x", "1"]])
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    sheet = (
        f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>&l9;</t></is></c></row></sheetData></worksheet>'
    )
    path = tmp_path / "bad.xlsx"
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            target.writestr(entry, sheet if "sheet1" in entry.filename else data)
    with pytest.raises(AddressFileError):
        run(path)


def test_a_row_of_a_million_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a," * 1_000_000)
    with pytest.raises(AddressFileTooLargeError, match="стовпців"):
        run(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n\n",
        b"\x00" * 100,
        b";" * 100,
        b"\xff" * 300,
        gzip.compress(b"", mtime=0),
        b"\x1f\x8bxx",
    ],
)
def test_files_with_nothing_in_them_are_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(AddressFileError):
        run(path)


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("encoding", TableOptions(encoding="latin-9")),
        ("encoding", TableOptions(encoding="utf-16")),
        ("delimiter", TableOptions(delimiter="~")),
        ("header_row", TableOptions(header_row=99)),
    ],
)
def test_choices_that_do_not_fit_are_told(
    tmp_path: Path, field: str, options: TableOptions
) -> None:
    path = csv_file(tmp_path / "a.csv", [["Вулиця", "Будинок"], ["вул. Бучми", "1"], ["x", "2"]])
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(BadTableError) as caught:
        look(path, table=options)
    assert caught.value.field == field


def test_the_command_takes_columns_and_a_settlement(streets: AdminUnit, tmp_path: Path) -> None:
    rows = [["1", "2", "3", "4"], ["7", "вул. Бучми", "50.03", "36.35"]]
    path = csv_file(tmp_path / "a.csv", rows)
    out = StringIO()
    call_command(
        "import_buildings", str(path), "--columns", "house=1;street=2;lat=3;lon=4", "--header-row",
        "1", "--locality", KHARKIV, stdout=out,
    )  # fmt: skip
    assert "created 1" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("import_buildings", str(path), "--columns", "house", stdout=StringIO())
