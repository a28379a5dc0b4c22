"""Import of addresses in the browser: upload, wizard, check, import, report, pins."""

from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page, expect

from coverage.models import AdminUnit, Building, Street, UnplacedAddress
from tests.support.address_tables import GEO, csv_file
from tests.support.browser import held_back, screenshot
from tests.support.stack import Stack
from tests.support.zones import planner

pytestmark = pytest.mark.browser
LONG_MS = 60_000


@pytest.fixture(scope="module")
def importer(stack: Stack) -> str:
    """A planner of his own and a settlement with two streets of nearly one name."""
    with stack.database():
        person = planner("orest")
        person.password = PBKDF2PasswordHasher().encode("secret-secret", "salt", iterations=1000)
        person.save()
        unit = AdminUnit.objects.create(
            category="CITY", name="Імпортівка", search_key="імпортівка", path="x", depth=0
        )
        AdminUnit.objects.filter(id=unit.id).update(path=f"/{unit.id}/")
        for kind, name in (("вулиця", "Лісова"), ("провулок", "Лісова"), ("вулиця", "Садова")):
            Street.objects.create(
                locality=unit, type=kind, name=name, name_norm=name.lower(), search_key=name.lower()
            )
        name = person.username
    return name


@pytest.fixture
def at_import(page: Page, importer: str) -> Page:
    """The page of imports, signed in."""
    page.goto("/sign-in/?next=/planner/import/")
    page.fill("input[name=username]", importer)
    page.fill("input[name=password]", "secret-secret")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/planner/import/")
    return page


def table(path: Path) -> Path:
    rows = [["к1", "к2", "к3", "к4", "к5"]]
    rows += [["Лісова", str(n), "50.05", f"36.2{n}", "9"] for n in range(10, 22)]
    rows += [["вул. Садова", str(n), "50.051", f"36.2{n}", "5"] for n in range(10, 20)]
    rows += [["вул. Садова", "16-22", "", "", ""], ["вул. Садова", "77", "", "", ""]]
    return csv_file(path, rows, encoding="cp1251")


def choose(page: Page, path: Path) -> None:
    page.set_input_files("#im-file", path)
    page.wait_for_url("**/planner/import/*/")


def finished(page: Page) -> None:
    """The job's page says that it is done; the report is one click away."""
    link = page.get_by_role("link", name="Переглянути результат")
    tiles = page.locator(".im-tiles")
    expect(link.or_(tiles).first).to_be_visible(timeout=LONG_MS)
    if link.is_visible():
        link.click()
    expect(tiles).to_be_visible()


def test_a_table_is_read_by_its_columns_checked_imported_and_pinned(
    at_import: Page, stack: Stack, tmp_path: Path
) -> None:
    page = at_import
    choose(page, table(tmp_path / "будинки.csv"))
    expect(page.locator(".im-kind")).to_contain_text("Таблиця CSV")
    expect(page.locator(".im-note")).to_contain_text("за літерами")
    page.fill("#im-header", "1")
    page.press("#im-header", "Tab")
    expect(page.locator(".im-name").first).to_have_text("к1")
    for at, field in enumerate(["street", "house", "lat", "lon", "levels"]):
        page.select_option(f"#im-column-{at}", field)
        expect(page.locator(f"#im-column-{at}")).to_have_attribute("data-chosen", "")
    page.fill("#im-locality", "Імпортівка")
    page.press("#im-locality", "Tab")
    expect(page.locator(".im-table .sub").first).to_contain_text("Імпортівка")
    expect(page.locator(".im-why").first).to_contain_text("кілька вулиць")
    screenshot(page, "address-import-wizard")
    page.get_by_role("button", name="Перевірити весь файл").click()
    finished(page)
    expect(page.locator(".im-tiles")).to_contain_text("10 створено будинків")
    with stack.database():
        assert not Building.objects.filter(street__locality__name="Імпортівка").exists()
    page.locator(".im-reasons a", has_text="кілька вулиць").click()
    page.get_by_role("button", name="Показати").first.click()
    expect(page.locator("#im-map path.leaflet-interactive").last).to_be_visible()
    screenshot(page, "address-import-report")
    page.get_by_role("button", name="Імпортувати адреси").click()
    finished(page)
    with stack.database():
        assert Building.objects.filter(street__locality__name="Імпортівка").count() == 10
        assert UnplacedAddress.objects.filter(source="будинки.csv").count() == 14
    with page.expect_download() as download:
        page.get_by_role("link", name="Звіт CSV").click()
    text = download.value.path().read_text(encoding="utf-8-sig")
    assert text.splitlines()[0].startswith("Рядок;")
    assert len(text.splitlines()) == 1 + 14
    page.get_by_role("link", name="Поставити позначки").click()
    pick = page.locator(".im-pick", has_text="Садова, 77")
    pick.click()
    page.locator("#im-map").click(position={"x": 200, "y": 200})
    expect(page.locator("input[name=lat]:visible")).not_to_have_value("")
    screenshot(
        page, "address-import-pins", prepare=lambda shown: shown.locator(".im-pick").first.click()
    )
    page.locator(".im-pick", has_text="Садова, 77").click()
    page.locator("#im-map").click(position={"x": 200, "y": 200})
    page.get_by_role("button", name="Створити будинок").locator("visible=true").click()
    expect(page.locator(".ws-told")).to_contain_text("Будинок на карті")
    with stack.database():
        assert Building.objects.get(street__name="Садова", number="77").location_source == "PIN"


def test_what_is_chosen_while_an_answer_is_on_its_way_is_not_undone_by_it(
    at_import: Page, tmp_path: Path
) -> None:
    page = at_import
    choose(page, table(tmp_path / "повільно.csv"))
    page.fill("#im-header", "1")
    page.press("#im-header", "Tab")
    expect(page.locator(".im-name").first).to_have_text("к1")
    with page.expect_event("requestfinished"), held_back(page, "**/planner/import/*/", "POST"):
        with page.expect_request("**/planner/import/*/"):
            page.select_option("#im-column-0", "street")
        page.locator("#im-locality").press_sequentially("Імпортівка")
    expect(page.locator("#im-form.htmx-request")).to_have_count(0)
    expect(page.locator("#im-locality")).to_have_value("Імпортівка")
    page.press("#im-locality", "Tab")
    expect(page.locator("#im-column-0[data-chosen]")).to_have_value("street")
    expect(page.locator("#im-locality")).to_have_value("Імпортівка")


def test_an_extract_is_checked_and_the_columns_are_not_asked_for(at_import: Page) -> None:
    page = at_import
    screenshot(page, "address-import")
    choose(page, GEO / "helsinki.osm.pbf")
    expect(page.locator(".im-kind")).to_contain_text("OpenStreetMap")
    expect(page.locator(".im-table")).to_have_count(0)
    page.get_by_role("button", name="Перевірити весь файл").click()
    finished(page)
    expect(page.locator(".im-reasons")).to_contain_text("жодному відомому населеному пункті")


def test_a_file_that_is_none_is_refused_with_a_word(at_import: Page, tmp_path: Path) -> None:
    page = at_import
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\x03\x04 but no archive")
    choose(page, path)
    expect(page.locator(".alert-danger")).to_contain_text("пошкоджен")
    expect(page.get_by_role("button", name="Перевірити весь файл")).to_be_disabled()
