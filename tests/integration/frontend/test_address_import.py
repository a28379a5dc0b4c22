"""The pages of the import of addresses: who may, what each step keeps, what is refused."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from coverage.addressfiles import job as import_job
from coverage.models import AdminUnit, Building, ColumnChoice, Street, UnplacedAddress
from project.core import clock, jobs
from project.core.jobs import running
from project.core.models import AuditEntry, Job, User
from project.core.roles import Role
from project.core.spreadsheets import guarded
from tests.support import zones
from tests.support.address_tables import GEO

pytestmark = pytest.mark.django_db
ROWS = "Вулиця;Будинок;lat;lon\nвул. Лісова;1;50.01;36.31\nвул. Лісова;2;;\nвул. Лісова;3-5;;\n"


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(running, "_wake", [])


@pytest.fixture
def city() -> AdminUnit:
    unit = zones.locality()
    Street.objects.create(
        locality=unit, type="вулиця", name="Лісова", name_norm="лісова", search_key="лісова"
    )
    return unit


def signed_in(role: Role = Role.PLANNER) -> tuple[Client, User]:
    person = zones.planner(role=role)
    client = Client()
    client.force_login(person)
    return client, person


def uploaded(client: Client, data: bytes | str = ROWS, name: str = "a.csv") -> Job:
    content = data.encode() if isinstance(data, str) else data
    file = SimpleUploadedFile(name, content)
    answer = client.post(reverse("planner:import-start"), {"file": file})
    assert answer.status_code == 302, answer.content.decode()
    return Job.objects.latest("id")


def page(client: Client, job: Job, query: str = "") -> str:
    answer = client.get(reverse("planner:import", args=[job.id]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def look(client: Client, job: Job, **form: Any) -> tuple[int, str]:
    answer = client.post(reverse("planner:import", args=[job.id]), form)
    return answer.status_code, answer.content.decode()


def done(client: Client, job: Job, do: str, city: AdminUnit, **form: Any) -> Job:
    """Submit the wizard and do the work."""
    mapping = {"column-0": "street", "column-1": "house", "column-2": "lat", "column-3": "lon"}
    form = {"do": do, "locality": city.name, "locality_id": city.id, **mapping, **form}
    answer = client.post(reverse("planner:import-submit", args=[job.id]), form)
    assert answer.status_code == 302, answer.content.decode()
    work()
    job.refresh_from_db()
    return job


def work() -> None:
    jobs.run_waiting(now=clock.now)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.CASHIER, Role.ACCOUNTANT])
def test_only_those_who_edit_the_map_may_import(role: Role) -> None:
    client, _person = signed_in(role)
    for name, args in (("import-start", []), ("import-pins", []), ("import", [1])):
        assert client.get(reverse(f"planner:{name}", args=args)).status_code == 403
    assert client.post(reverse("planner:import-pin", args=[1])).status_code == 403
    assert Client().get(reverse("planner:import-start")).status_code == 302


def test_an_import_of_somebody_else_is_not_found(city: AdminUnit) -> None:
    mine, _person = signed_in()
    job = uploaded(mine)
    other, _other = signed_in()
    assert other.get(reverse("planner:import", args=[job.id])).status_code == 404
    answer = other.post(reverse("planner:import-submit", args=[job.id]), {"do": "import"})
    assert answer.status_code == 404
    assert mine.get(reverse("planner:import", args=[10**12])).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_check_stores_nothing_and_the_import_does_what_it_said(city: AdminUnit) -> None:
    client, person = signed_in()
    job = uploaded(client)
    assert "будинок" in page(client, job)
    checked = done(client, job, "check", city)
    assert (checked.state, checked.error) == ("DONE", "")
    assert (Building.objects.count(), UnplacedAddress.objects.count()) == (0, 0)
    assert ColumnChoice.objects.get().used_by == person
    report = page(client, checked)
    assert "Це була перевірка" in report
    answer = client.post(reverse("planner:import-again", args=[job.id]), {"do": "import"})
    work()
    new = Job.objects.latest("id")
    assert answer.headers["Location"] == reverse("planner:import", args=[new.id])
    assert (new.state, new.counts) == (
        "DONE",
        {"created": 1, "updated": 0, "unchanged": 0, "waiting_for_a_pin": 2},
    )
    assert (Building.objects.count(), UnplacedAddress.objects.count()) == (1, 2)
    shown = page(client, new, "?code=NEEDS_PIN")
    assert "поставте позначку" in shown
    by_name = {file.stored_name: file for file in new.files.filter(role="RESULT")}
    whole = json.loads(jobs.file_path(by_name[import_job.WHOLE]).read_text(encoding="utf-8"))
    assert whole["counts"]["waiting for a pin"] == 2
    text = jobs.file_path(by_name[import_job.TABLE]).read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert [row[1] for row in rows[1:]] == ["NEEDS_PIN", "BAD_NUMBER"]


@pytest.mark.django_db(transaction=True)
def test_packed_geojson_of_real_buildings_is_imported(city: AdminUnit) -> None:
    client, _person = signed_in()
    job = uploaded(client, (GEO / "saltivka_buildings.geojson.gz").read_bytes(), "a.geojson.gz")
    assert "GeoJSON" in page(client, job)
    finished = done(client, job, "import", city)
    assert finished.counts["created"] == Building.objects.count() == 1295
    assert "не вказано вулиці" in page(client, finished)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_fails_says_why_and_leaves_nothing(city: AdminUnit) -> None:
    client, _person = signed_in()
    job = uploaded(client)
    jobs.file_path(job.files.get()).write_bytes(b"PK\x03\x04 damaged")
    answer = client.post(
        reverse("planner:import-submit", args=[job.id]), {"do": "import", "locality": ""}
    )
    assert answer.status_code == 400
    jobs.submit(
        job_id=job.id, actor=zones.actor(User.objects.get(id=job.created_by_id)), at=clock.now(),
        params={"dry_run": False},
    )  # fmt: skip
    work()
    job.refresh_from_db()
    assert job.state == "FAILED"
    assert "пошкоджен" in page(client, job)
    assert Building.objects.count() == 0


def test_the_wizard_keeps_each_choice_in_the_draft(city: AdminUnit) -> None:
    client, _person = signed_in()
    job = uploaded(client, "а;б\nЛісова;7\n", "b.csv")
    page(client, job)
    status, text = look(client, job, **{"header_row": "1"})
    assert status == 200
    assert ">а</span>" in text
    form = {"header_row": "1", "column-0": "street", "column-1": "house", "street_type": "вулиця"}
    form |= {"locality": city.name.lower(), "locality_id": str(city.id)}
    _status, text = look(client, job, **form)
    assert "вулиця Лісова, 7" in text
    assert "чекає на позначку" in text
    job.refresh_from_db()
    assert job.params["mapping"] == {"street": "а", "house": "б"}
    assert "вулиця Лісова, 7" in page(client, job)


def test_a_settlement_that_is_not_sure_is_asked_about(city: AdminUnit) -> None:
    client, _person = signed_in()
    AdminUnit.objects.create(
        category="VILLAGE", name=city.name, search_key=city.search_key, path="/9999/", depth=0
    )
    job = uploaded(client)
    _status, text = look(client, job, locality=city.name)
    assert text.count('name="locality_id"') == 2
    answer = client.post(
        reverse("planner:import-submit", args=[job.id]), {"do": "import", "locality": city.name}
    )
    assert answer.status_code == 200
    assert "який саме населений пункт" in answer.content.decode()
    job.refresh_from_db()
    assert job.state == "DRAFT"


@pytest.mark.parametrize(
    "form",
    [
        {"encoding": "latin-99"},
        {"delimiter": "~"},
        {"header_row": "abc"},
        {"header_row": "99"},
        {"sheet": "x" * 500},
        {"locality": "Немаєтакого"},
        {"locality": "x\x00y"},
        {"locality_id": "99999999999999999999"},
        {"street_type": "автобан"},
        {"column-0": "zone", "column-1": "\x00"},
        {"column-99999": "street"},
    ],
)
def test_hostile_choices_are_answered_with_a_word(form: dict[str, str], city: AdminUnit) -> None:
    client, _person = signed_in()
    job = uploaded(client)
    page(client, job)
    status, text = look(client, job, **form)
    assert status == 200
    assert 'id="im-choices"' in text
    answer = client.post(reverse("planner:import-submit", args=[job.id]), {"do": "import", **form})
    assert answer.status_code in {200, 302, 400, 422}


@pytest.mark.parametrize("data", [b"", b"\x00" * 50, b"PK\x03\x04zzz", b"<kml/>", b"\x1f\x8bzz"])
def test_a_file_that_is_none_is_told_on_the_page(data: bytes) -> None:
    client, _person = signed_in()
    content = io.BytesIO(data)
    content.name = "a.bin"
    answer = client.post(reverse("planner:import-start"), {"file": content}, follow=True)
    assert answer.status_code in {200, 400}
    assert "alert" in answer.content.decode()


def test_no_file_at_all_is_told() -> None:
    client, _person = signed_in()
    answer = client.post(reverse("planner:import-start"), {})
    assert answer.status_code == 400
    assert "Оберіть файл" in answer.content.decode()


def waiting_row(city: AdminUnit, **values: Any) -> UnplacedAddress:
    street = Street.objects.get(name="Лісова")
    number = UnplacedAddress.objects.count()
    return UnplacedAddress.objects.create(
        **{
            "key": f"k{number}", "text": "вул. Лісова, 7", "reason": "NEEDS_PIN", "locality": city,
            "street": street, "number": "7", "flats": 36, "source": "a.csv", "row": 2,
            "created_at": clock.now(), **values,
        }
    )  # fmt: skip


def test_a_pin_makes_the_building_and_settles_all_rows_of_the_address(city: AdminUnit) -> None:
    client, _person = signed_in()
    row, twin = waiting_row(city), waiting_row(city, text="Лісова 7")
    listed = client.get(reverse("planner:import-pins")).content.decode()
    assert "вул. Лісова, 7" in listed
    form = {"do": "pin", "address": "вулиця Лісова, 7", "lon": "36.31", "lat": "50.01"}
    answer = client.post(reverse("planner:import-pin", args=[row.id]), form)
    assert answer.status_code == 302
    building = Building.objects.get()
    assert (building.number, building.flats, building.location_source) == ("7", 36, "PIN")
    for each in (row, twin):
        each.refresh_from_db()
        assert each.building == building
    assert client.post(reverse("planner:import-pin", args=[row.id]), form).status_code == 404


def test_a_row_put_aside_is_kept_and_told_in_the_audit(city: AdminUnit) -> None:
    client, _person = signed_in()
    row = waiting_row(city)
    client.post(reverse("planner:import-pin", args=[row.id]), {"do": "aside"})
    row.refresh_from_db()
    assert row.settled_at is not None
    assert row.building is None
    assert AuditEntry.objects.get(action="coverage.unplaced_address.put_aside")


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"lon": "36.31"}, 400),
        ({"lon": "nan", "lat": "50"}, 400),
        ({"lon": "1e400", "lat": "50"}, 400),
        ({"lon": "999", "lat": "50"}, 400),
        ({"lon": "36.31", "lat": "50.01", "address": ""}, 400),
        ({"lon": "36.31", "lat": "50.01", "address": "вул. Лісова"}, 400),
        ({"lon": "36.31", "lat": "50.01", "address": "вул. Лісова, 1-9"}, 400),
        ({"lon": "36.31", "lat": "50.01", "address": "Небачена, 3"}, 400),
        ({"lon": "36.31", "lat": "50.01", "address": "\x00" * 400}, 400),
    ],
)
def test_pins_that_cannot_be_are_refused_with_a_word(
    city: AdminUnit, form: dict[str, str], status: int
) -> None:
    client, _person = signed_in()
    row = waiting_row(city)
    answer = client.post(reverse("planner:import-pin", args=[row.id]), {"do": "pin", **form})
    assert answer.status_code == status
    assert Building.objects.count() == 0
    row.refresh_from_db()
    assert row.settled_at is None


@pytest.mark.parametrize(
    "query", ["?after=x", "?after=99999999999999999999999", "?reason=%00", "?reason=NEEDS_PIN"]
)
def test_any_address_of_the_list_is_answered(city: AdminUnit, query: str) -> None:
    client, _person = signed_in()
    waiting_row(city)
    assert client.get(reverse("planner:import-pins") + query).status_code == 200


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2", "@x", "\tx"])
def test_no_cell_of_the_report_is_a_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"
