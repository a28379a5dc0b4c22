"""A list is handed in, its columns confirmed, the job followed, and the result fetched."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page, expect

from billing.qualification.work import KIND
from project.core import clock
from project.core.models import Job, User
from project.core.roles import Role
from tests.support import zones
from tests.support.address_lists import as_csv, ground, read_csv, street
from tests.support.browser import screenshot
from tests.support.plots import Plot
from tests.support.stack import Stack

pytestmark = pytest.mark.browser
PASSWORD = "secret-secret"
CITY, NAME, EAST = "Переліків", "Поіменна", Plot.QUALIFY


@pytest.fixture(scope="module")
def operator(stack: Stack) -> Iterator[User]:
    """An operator, and a city with one street."""
    with stack.database():
        person = zones.planner("list-checker", Role.OPERATOR)
        # The tests' own hasher is fast and weak; the running system would not know it.
        person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
        person.first_name, person.last_name = "Олена", "Ткаченко"
        person.save()
        street(ground(east=EAST), name=NAME, city=CITY, east=EAST)
        yield person


def rows() -> list[list[str]]:
    """A list as operators have them: numbered rows, addresses of all sorts."""
    written = [
        "м. Переліків, вул. Поіменна, 42-Б",
        "Переліків Поіменна 42б",
        "вулиця Старопоіменна, буд. 42Б",
        "м. Переліків, вул. Поіменна, 99",
        "м. Переліків, вул. Поіменна, 12",
        "м. Переліків, вул. Поімена, 42Б",
        "м. Переліків, вул. Невідома, 3",
    ]
    people = ["Олена", "Ігор", "=1+1", "Ганна", "Віра", "Тарас", "Марія"]
    numbered = [[str(n + 1), written[n % 7], people[n % 7]] for n in range(210)]
    return [["№", "Адреса", "Контакт"], *numbered]


def sign_in(page: Page, user: User) -> None:
    page.goto("/sign-in/?next=/workspace/qualify/")
    page.fill("input[name=username]", user.username)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/workspace/qualify/")


def test_a_list_from_the_file_to_the_result(page: Page, operator: User) -> None:
    sign_in(page, operator)
    expect(page.get_by_role("link", name="Перевірка списку")).to_be_visible()
    screenshot(page, "qualify")
    data = as_csv(rows(), encoding="cp1251")
    file = {"name": "підʼїзди весна.csv", "mimeType": "text/csv", "buffer": data}
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Далі: стовпці").click()
    chosen = page.get_by_label("Адреса", exact=True)
    expect(chosen).to_have_value("address")
    expect(page.get_by_label("№", exact=True)).to_have_value("")
    expect(page.locator(".ws-asked li").first).to_have_text(rows()[1][1])
    screenshot(page, "qualify-columns")

    chosen.select_option("")
    page.get_by_role("button", name="Перевірити список").click()
    expect(page.get_by_role("alert")).to_contain_text("Укажіть стовпець з адресою")
    page.get_by_label("Адреса", exact=True).select_option("address")
    page.get_by_role("button", name="Перевірити список").click()

    expect(page.locator("#ws-job .state")).to_contain_text("виконано", timeout=60_000)
    expect(page.locator("#ws-bell")).to_be_visible()
    screenshot(page, "job")
    page.get_by_role("link", name="Переглянути результат").click()
    expect(page.locator(".ws-outcomes").first).to_contain_text("90")
    first = page.locator("#unmatched tbody tr").first
    expect(first).to_contain_text("м. Переліків, вул. Поіменна, 12")
    expect(first.get_by_role("link").first).to_have_text("вулиця Поіменна, 7")
    screenshot(page, "qualify-result")

    with page.expect_download() as download:
        page.get_by_role("link", name=".csv").click()
    found = read_csv(download.value.path().read_bytes())
    assert len(found) == 210
    assert [found[n]["match_kind"] for n in range(7)] == [
        "EXACT", "EXACT", "ALIAS", "EXACT", "STREET_ONLY", "FUZZY", "NONE",
    ]  # fmt: skip
    assert found[2]["Контакт"] == "'=1+1"
    page.get_by_role("link", name="Далі", exact=False).last.click()
    expect(page.locator("#unmatched tbody tr")).to_have_count(40)
    page.goto("/workspace/jobs/")
    expect(page.locator("tbody tr")).to_have_count(1)
    screenshot(page, "jobs")


def test_what_is_no_list_is_told_beside_the_field(page: Page, operator: User) -> None:
    sign_in(page, operator)
    picture = {"name": "фото.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n\x00\x01"}
    page.locator("input[type=file]").set_input_files(picture)
    page.get_by_role("button", name="Далі: стовпці").click()
    expect(page.locator(".ws-error")).to_contain_text("формат")
    page.get_by_role("button", name="Далі: стовпці").click()
    expect(page.locator(".ws-error")).to_contain_text("беріть файл")


def test_a_page_that_is_watched_moves_by_itself_and_the_bell_tells(
    page: Page, operator: User, stack: Stack
) -> None:
    """The row is what the pages show; here the test moves it, as a worker would."""
    with stack.database():
        now = clock.now()
        job = Job.objects.create(
            kind=KIND, title="абоненти конкурента.xlsx", state="RUNNING", claim=uuid.uuid4(),
            created_by=operator, created_by_label="Олена Ткаченко", created_at=now,
            available_at=now, started_at=now - timedelta(seconds=40),
            heartbeat_at=now + timedelta(minutes=30), total=100_000, done=42_000,
            counts={"answer_available": 18_000, "answer_no_coverage": 20_500, "unmatched": 3_500},
        )  # fmt: skip
    sign_in(page, operator)
    page.goto(f"/workspace/jobs/{job.id}/")
    expect(page.locator("#ws-job .state")).to_contain_text("виконується")
    expect(page.locator("progress")).to_have_attribute("value", "42")
    expect(page.locator("#ws-bell")).to_contain_text("1")
    screenshot(page, "job-running")
    with stack.database():
        Job.objects.filter(id=job.id).update(done=84_000)
    expect(page.locator("progress")).to_have_attribute("value", "84")
    page.get_by_role("button", name="Скасувати завдання").click()
    expect(page.locator("#ws-job .state")).to_contain_text("зупиняється")
    with stack.database():
        Job.objects.filter(id=job.id).update(state="CANCELLED", claim=None, finished_at=now)
    expect(page.locator("#ws-job .state")).to_contain_text("скасовано")
    expect(page.locator("#ws-bell .ws-bell-work")).to_have_count(0)
