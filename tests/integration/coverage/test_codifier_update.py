"""A newer codifier: the report of a doctored copy of the real file, and what applying it does."""

import csv
import gzip
import io
import json
from datetime import date
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from coverage.importers.codifier import import_codifier
from coverage.importers.codifier_update import (
    OtherFileError,
    TooManyGoneError,
    update_codifier,
)
from coverage.models import AdminUnit, AdminUnitAlias
from project.core.actor import SYSTEM
from project.core.models import AuditEntry, RoleAssignment
from project.core.roles import Role
from tests.support.places import house, street
from tests.support.zones import AT, planner

pytestmark = pytest.mark.django_db
FILE = Path("fixtures/geo/codifier.csv.gz")
DAY = date(2026, 11, 1)
URL = "/api/v1/coverage/places/codifier/"


class Doctor:
    """The real file as rows that a test may change, written as another file."""

    def __init__(self, folder: Path) -> None:
        text = gzip.decompress(FILE.read_bytes()).decode("utf-8-sig")
        self.header, *self.rows = list(csv.reader(io.StringIO(text)))
        self.path = folder / "newer.csv"

    def code(self, row):
        return [cell for cell in row[:5] if cell][-1]

    def row_of(self, code):
        return next(row for row in self.rows if self.code(row) == code)

    def below(self, code):
        return [row for row in self.rows if code in row[:5]]

    def write(self):
        out = io.StringIO()
        csv.writer(out).writerows([self.header, *self.rows])
        self.path.write_text(out.getvalue(), encoding="utf-8")
        return self.path


@pytest.fixture
def doctor(tmp_path):
    import_codifier(path=FILE, on_date=date(2025, 5, 16))
    return Doctor(tmp_path)


def update(doctor, **options):
    return update_codifier(path=doctor.write(), as_of=DAY, actor=SYSTEM, at=AT, **options)


def unit_with(category, *, children=True):
    """A unit of the category; with units below it, or with none."""
    rows = AdminUnit.objects.filter(category=category, children__isnull=not children)
    return rows.order_by("id").first()


def test_the_same_file_says_nothing_new(doctor):
    report = update(doctor)
    assert (report.counts, report.applied) == ({}, False)
    assert not AuditEntry.objects.filter(action="coverage.codifier.updated").exists()


def test_a_renamed_unit_keeps_its_id_and_its_old_name_with_the_day(doctor):
    unit = unit_with("VILLAGE", children=False)
    doctor.row_of(unit.katottg)[-1] = "Новоназване"
    told = update(doctor, dry_run=True)
    assert told.counts == {"RENAMED": 1}
    assert unit.name in told.changes[0].text
    assert AdminUnit.objects.get(id=unit.id).name == unit.name
    report = update(doctor)
    assert report.applied
    renamed = AdminUnit.objects.get(katottg=unit.katottg)
    assert (renamed.id, renamed.name) == (unit.id, "Новоназване")
    alias = AdminUnitAlias.objects.get(unit=unit)
    assert (alias.name, alias.until_date) == (unit.name, DAY)
    assert update(doctor).counts == {}
    assert AuditEntry.objects.filter(action="coverage.codifier.updated").count() == 1


def test_a_moved_hromada_takes_all_that_lies_in_it_along(doctor):
    hromada = unit_with("HROMADA")
    other = AdminUnit.objects.filter(category="RAION").exclude(id=hromada.parent_id).first()
    inside = list(AdminUnit.objects.filter(path__startswith=hromada.path).order_by("id"))
    village = next(u for u in inside if u.category in {"VILLAGE", "CITY", "TOWN", "SETTLEMENT"})
    house(street(village, "вулиця Лісова"), "1")
    target = doctor.row_of(other.katottg)
    for row in doctor.below(hromada.katottg):
        row[0], row[1] = target[0], target[1]
    told = update(doctor, dry_run=True)
    assert told.counts == {"MOVED": 1}
    assert told.changes[0].uses == {"coverage.Building": 1}
    update(doctor)
    for unit in AdminUnit.objects.filter(id__in=[u.id for u in inside]):
        assert unit.path.startswith(other.path)
        assert unit.depth == unit.path.strip("/").count("/")
    assert AdminUnit.objects.get(id=hromada.id).parent_id == other.id
    assert AdminUnit.objects.filter(path__startswith=other.path).count() >= len(inside)


def test_a_new_code_with_the_same_last_digits_is_the_same_unit(doctor):
    unit = unit_with("VILLAGE", children=False)
    RoleAssignment.objects.create(
        user=planner(), role=Role.PLANNER.value, locality_code=unit.katottg
    )
    row = doctor.row_of(unit.katottg)
    fresh = f"UA99{unit.katottg[4:]}"
    row[row.index(unit.katottg)] = fresh
    report = update(doctor)
    assert report.counts == {"RECODED": 1}
    assert AdminUnit.objects.get(id=unit.id).katottg == fresh
    assert RoleAssignment.objects.filter(locality_code=fresh).count() == 1


def test_two_units_that_change_codes_with_each_other_do_not_collide(doctor):
    one, other = AdminUnit.objects.filter(category="VILLAGE", children__isnull=True)[:2]
    rows = [doctor.row_of(unit.katottg) for unit in (one, other)]
    codes = [f"UA98{unit.katottg[4:]}" for unit in (one, other)]
    for row, unit, code in zip(rows, (one, other), codes, strict=True):
        row[row.index(unit.katottg)] = code
    assert update(doctor).counts == {"RECODED": 2}


def test_gone_units_end_and_are_never_deleted_and_come_back(doctor):
    unit = unit_with("VILLAGE", children=False)
    row = doctor.row_of(unit.katottg)
    doctor.rows.remove(row)
    count = AdminUnit.objects.count()
    assert update(doctor).counts == {"GONE": 1}
    assert AdminUnit.objects.count() == count
    assert AdminUnit.objects.get(id=unit.id).valid_until == DAY
    assert update(doctor).counts == {}  # it is gone, and told once
    doctor.rows.append(row)
    assert update(doctor).counts == {"RETURNED": 1}
    assert AdminUnit.objects.get(id=unit.id).valid_until is None


def test_a_gone_unit_in_use_stays_open_with_all_above_it_and_is_flagged(doctor):
    hromada = unit_with("HROMADA")
    village = AdminUnit.objects.filter(parent=hromada).first()
    house(street(village, "вулиця Лісова"), "1")
    gone = [doctor.code(row) for row in doctor.below(hromada.katottg)]
    doctor.rows = [row for row in doctor.rows if doctor.code(row) not in gone]
    report = update(doctor)
    blocked = {change.unit_id: change for change in report.changes if change.blocked}
    assert set(blocked) == {hromada.id, village.id}
    assert blocked[village.id].uses == {"coverage.Building": 1, "coverage.Street": 1}
    for unit in (hromada, village):
        unit.refresh_from_db()
        assert unit.valid_until is None
    ended = AdminUnit.objects.filter(valid_until=DAY).count()
    assert ended == len(gone) - 2


def test_new_units_and_another_category_are_told_and_made(doctor):
    town = unit_with("TOWN", children=False) or unit_with("SETTLEMENT", children=False)
    row = doctor.row_of(town.katottg)
    row[5] = "C"
    fresh = list(row)
    place = fresh.index(town.katottg)
    fresh[place], fresh[5], fresh[6] = "UA01020030040099999", "C", "Нове Село"
    doctor.rows.append(fresh)
    report = update(doctor)
    assert report.counts == {"CREATED": 1, "CATEGORY": 1}
    made = AdminUnit.objects.get(katottg="UA01020030040099999")
    assert (made.parent_id, made.path) == (town.parent_id, f"{town.parent.path}{made.id}/")
    assert (made.valid_from, made.search_key) == (DAY, "нове село")
    assert AdminUnit.objects.get(id=town.id).category == "VILLAGE"


def test_a_cut_file_is_refused_and_changes_nothing(doctor):
    doctor.rows = doctor.rows[: len(doctor.rows) // 2]
    with pytest.raises(TooManyGoneError):
        update(doctor)
    assert not AdminUnit.objects.filter(valid_until__isnull=False).exists()
    assert update(doctor, dry_run=True, may_lack_many=True).counts["GONE"] > 100


def test_another_file_than_the_one_looked_at_is_not_applied(doctor):
    seen = update(doctor, dry_run=True).sha256
    doctor.rows[-1][-1] = "Інша Назва"
    with pytest.raises(OtherFileError):
        update(doctor, sha256=seen)


def test_the_command_reports_and_applies(doctor, tmp_path, capsys):
    unit = unit_with("VILLAGE", children=False)
    doctor.row_of(unit.katottg)[-1] = "Новоназване"
    path, report = doctor.write(), tmp_path / "report.json"
    call_command("update_codifier", str(path), "--dry-run", "--report", str(report))
    assert json.loads(report.read_text())["counts"] == {"RENAMED": 1}
    assert "nothing was changed" in capsys.readouterr().out
    call_command("update_codifier", str(path), "--as-of", "2026-10-01")
    out = capsys.readouterr().out
    assert "RENAMED" in out
    assert "applied" in out
    assert AdminUnitAlias.objects.get(unit=unit).until_date == date(2026, 10, 1)
    with pytest.raises(CommandError):
        call_command("update_codifier", str(tmp_path / "none.csv"))


def upload(client, data, name="newer.csv", **form):
    return client.post(URL, {"file": SimpleUploadedFile(name, data), **form})


def test_a_planner_looks_first_and_applies_the_same_file(doctor):
    client = Client()
    client.force_login(planner())
    unit = unit_with("VILLAGE", children=False)
    doctor.row_of(unit.katottg)[-1] = "Новоназване"
    data = gzip.compress(doctor.write().read_bytes())
    told = upload(client, data, "newer.csv.gz", dry_run="1")
    assert told.status_code == 200, told.content
    seen = told.json()
    assert (seen["counts"], seen["applied"]) == ({"RENAMED": 1}, False)
    assert upload(client, data, dry_run="0").json()["applied"] is False  # nobody has looked at it
    done = upload(client, data, dry_run="0", sha256=seen["sha256"], as_of="2026-10-01")
    assert done.json()["applied"] is True
    assert AdminUnit.objects.get(id=unit.id).name == "Новоназване"
    other = upload(client, data + b"\n", dry_run="0", sha256="0" * 64)
    assert other.status_code in {400, 409}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1f\x8b broken",
        gzip.compress(b"x")[:-4],
        b"\xff\xfe\x00",
        b"a,b,c\n1,2,3\n",
        gzip.compress(b"0" * 61_000_000),
    ],
    ids=["nothing", "broken gzip", "gzip cut short", "no UTF-8", "another table", "gzip bomb"],
)
def test_files_that_are_no_codifier_are_4xx(doctor, data):
    client = Client()
    client.force_login(planner())
    answer = upload(client, data)
    assert 400 <= answer.status_code < 500, answer.content
    assert answer.json()["error"]["message"]


def test_only_planners_may_look(doctor):
    client = Client()
    client.force_login(planner(role=Role.OPERATOR))
    assert upload(client, b"x").status_code == 403
