"""The pages of a list: whose it is, what a person may choose, and nothing hostile breaks them."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from project.core.jobs import running
from project.core.models import Job
from project.core.roles import Role
from tests.support import zones
from tests.support.address_lists import as_csv

pytestmark = pytest.mark.django_db
ROWS = [["Адреса", "Вулиця", "Дім"], ["м. Харків, вул. Бучми, 1", "Бучми", "2"]]


@pytest.fixture(autouse=True)
def own_media(settings, tmp_path, monkeypatch):
    """Files of jobs in a folder of the test's; no worker is woken."""
    settings.MEDIA_ROOT = tmp_path / "media"
    monkeypatch.setattr(running, "_wake", [])


def client_of(name: str) -> Client:
    client = Client()
    client.force_login(zones.planner(name, Role.OPERATOR))
    return client


def handed_in(client: Client) -> str:
    file = SimpleUploadedFile("a.csv", as_csv(ROWS))
    answer = client.post(reverse("workspace:qualify"), {"file": file})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def form(**changes: str) -> dict[str, str]:
    """What the page of columns sends for ROWS, with changes."""
    names = {f"name-{at}": name for at, name in enumerate(ROWS[0])}
    return {**names, "encoding": "", "delimiter": "", "locality": "", **changes}


def test_columns_of_a_persons_choice_are_what_the_job_gets() -> None:
    client = client_of("mine")
    path = handed_in(client)
    chosen = {"field-1": "street", "field-2": "house", "start": "1", "locality": "Харків"}
    assert client.post(path, form(**chosen)).status_code == 302
    job = Job.objects.get()
    assert job.state == "QUEUED"
    assert job.params["mapping"] == {"street": "Вулиця", "house": "Дім"}
    assert job.params["locality"] == "Харків"
    # Begun, it has a page of its own; begun twice, it is one job.
    assert client.post(path, form(**chosen))["Location"] == f"/workspace/jobs/{job.id}/"
    assert client.get(path)["Location"] == f"/workspace/jobs/{job.id}/"
    assert Job.objects.count() == 1


def test_another_encoding_is_looked_at_and_kept_with_the_columns_chosen_then() -> None:
    client = client_of("mine")
    path = handed_in(client)
    seen = client.post(path, form(look="1", delimiter=";", **{"field-0": "street"}))
    assert seen.status_code == 200
    assert (
        client.post(path, form(delimiter=";", start="1", **{"field-0": "address"})).status_code
        == 302
    )
    job = Job.objects.get()
    assert (job.params["delimiter"], job.params["mapping"]) == (";", {"address": "Адреса"})


def test_a_list_is_nobody_elses() -> None:
    path = handed_in(client_of("mine"))
    other = client_of("other")
    assert other.get(path).status_code == 404
    assert other.post(path, form(start="1")).status_code == 404
    assert other.get(f"{path}result/").status_code == 404
    assert Job.objects.get().state == "DRAFT"


HOSTILE = ["\x00", "<script>", "ї" * 5000, "-1", "99999999999999999999", "../../etc/passwd", "=1+1"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "name", ["field-0", "name-0", "encoding", "delimiter", "sheet", "header_row", "locality"]
)
@pytest.mark.parametrize("button", ["look", "start"])
def test_hostile_choices_are_told_and_never_a_fault(name: str, text: str, button: str) -> None:
    client = client_of("mine")
    path = handed_in(client)
    answer = client.post(path, form(**{"field-0": "address", name: text, button: "1"}))
    assert answer.status_code < 500
    # Whatever was sent, the page can be opened again.
    assert client.get(path, follow=True).status_code == 200


def test_a_file_that_is_no_list_comes_back_beside_its_field() -> None:
    client = client_of("mine")
    for data in (b"", b"\x00" * 99, b"\x89PNG\r\n\x1a\n\x00\x00", b"PK\x03\x04"):
        file = SimpleUploadedFile("a.csv", data)
        answer = client.post(reverse("workspace:qualify"), {"file": file})
        assert 400 <= answer.status_code < 500
        assert "ws-error" in answer.content.decode()
    assert Job.objects.count() == 0
