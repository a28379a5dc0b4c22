"""Import and export in the planner: each format, what is on offer, nothing stored by a look."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import shapely
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page, expect

from coverage.models import Zone, ZoneChange
from project.core import clock
from tests.support import zone_files as files
from tests.support.browser import screenshot
from tests.support.stack import Stack
from tests.support.zones import actor, planner, published, square

pytestmark = pytest.mark.browser
FILE_NAMES = {
    "GEOJSON": "zones.geojson",
    "KML": "zones.kml",
    "KMZ": "zones.kmz",
    "SHAPEFILE": "zones.zip",
    "GPKG": "zones.gpkg",
    "CSV": "zones.csv",
}


@pytest.fixture(scope="module")
def importer(stack: Stack) -> str:
    """A planner of his own, and one zone on the map so that there is a home."""
    with stack.database():
        person = planner("taras")
        person.password = PBKDF2PasswordHasher().encode("secret-secret", "salt", iterations=1000)
        person.save()
        before = clock.now() - timedelta(hours=1)
        published(actor(person), square(0, 40), at=before, name="Хата", code="files-home")
        name = person.username
    return name


@pytest.fixture
def at_import(page: Page, importer: str) -> Page:
    """The import view, signed in."""
    page.goto("/sign-in/?next=/planner/")
    page.fill("input[name=username]", importer)
    page.fill("input[name=password]", "secret-secret")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/planner/")
    expect(page.locator("#pl-zones button").first).to_be_visible()
    page.click("#pl-import")
    return page


def choose(page: Page, name: str, data: bytes) -> None:
    page.set_input_files(
        "#pl-file", {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    )


def test_a_file_of_each_format_becomes_a_draft(
    at_import: Page, stack: Stack, tmp_path: Path
) -> None:
    page = at_import
    for number, (kind, file_name) in enumerate(FILE_NAMES.items()):
        code = f"files-{kind.lower()}"
        said = {"code": code, "name": f"Черга {kind}", "network_type": "GPON"}
        shape = square(30 + 12 * number, 40)
        choose(page, file_name, files.as_every_format(tmp_path / kind, shape, said)[kind])
        expect(page.locator("#pl-import-lists")).to_contain_text(f"Черга {kind}")
        expect(page.locator("#pl-import-count")).to_have_text("1 зона стане чернеткою")
        with stack.database():
            assert not Zone.objects.filter(code=code).exists()  # a look stores nothing
        page.click("#pl-import-go")
        expect(page.locator("#pl-toast")).to_contain_text("Створено 1 чернетку")
        expect(page.locator("#pl-zones")).to_contain_text(f"Черга {kind}")
        with stack.database():
            assert ZoneChange.objects.get(zone__code=code).changeset.state == "DRAFT"
        page.click("#pl-import")


def test_what_is_on_offer_is_accepted_one_by_one_and_the_rest_is_told(
    at_import: Page, stack: Stack
) -> None:
    page = at_import
    bowtie = shapely.Polygon([(36.33, 50), (36.34, 50.01), (36.34, 50), (36.33, 50.01)])
    turned = shapely.transform(square(60, 0), lambda pairs: pairs[:, ::-1])
    data = files.collection(
        files.feature(square(50, 0), NAZVA="Чудова"),
        files.feature(bowtie, NAZVA="Шовкова"),
        files.feature(turned, NAZVA="Шкереберть"),
        files.feature(shapely.Point(36.35, 50), NAZVA="Точка"),
    )
    choose(page, "mixed.geojson", data)
    expect(page.locator("[data-row='1']")).to_contain_text("виберіть")
    page.select_option("#pl-import-network", "GPON")
    expect(page.locator("#pl-import-count")).to_have_text("1 зона стане чернеткою")
    page.locator("[data-row='2']").get_by_role("button", name="Показати місце").click()
    page.locator("[data-row='2']").get_by_role("button", name="Прийняти виправлення").click()
    expect(page.locator("[data-row='2']")).to_contain_text("виправлено")
    page.locator("[data-row='3']").get_by_role("button", name="Поміняти осі").click()
    expect(page.locator("[data-row='3']")).to_contain_text("осі поміняно")
    page.locator("[data-row='3']").get_by_role("button", name="Скасувати").click()
    page.locator("[data-row='3']").get_by_role("button", name="Поміняти осі").click()
    expect(page.locator("#pl-import-count")).to_have_text("3 зони стануть чернетками")
    expect(page.locator("[data-row='4']")).to_contain_text("точки й лінії")
    with page.expect_download() as report:
        page.click("#pl-import-save")
    assert len(json.loads(Path(report.value.path()).read_text())["features"]) == 4
    page.click("#pl-import-go")
    expect(page.locator("#pl-toast")).to_contain_text("Створено 3 чернетки")
    expect(page.locator("#pl-bar-text")).to_have_text("3 ваші чернетки")
    with stack.database():
        names = set(ZoneChange.objects.values_list("name", flat=True))
        assert {"Чудова", "Шовкова", "Шкереберть"} <= names
        assert "Точка" not in names


def test_a_hostile_file_ends_in_a_word_and_the_next_one_is_read(at_import: Page) -> None:
    entity = '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    choose(at_import, "evil.kml", files.kml("<name>&x;</name>", entity))
    error = at_import.locator("#pl-import-error")
    expect(error).to_contain_text("відхиляються")
    expect(at_import.locator("#pl-import-bar")).to_be_hidden()
    choose(at_import, "good.geojson", files.collection(files.feature(square(0, 60), name="Хутір")))
    expect(error).to_be_hidden()
    expect(at_import.locator("#pl-import-lists")).to_contain_text("Хутір")

    def again(page: Page) -> None:
        page.click("#pl-import")
        choose(page, "a.geojson", files.collection(files.feature(square(0, 60), name="Хутір")))
        page.locator("#pl-import-lists li").first.wait_for()

    screenshot(at_import, "planner-import", prepare=again)


def test_a_file_is_dropped_on_the_map(at_import: Page) -> None:
    at_import.click("section[data-view=import] [data-back]")
    text = files.collection(files.feature(square(0, 60), name="Ходова")).decode()
    at_import.evaluate(
        """text => {
            const data = new DataTransfer();
            data.items.add(new File([text], "dropped.geojson"));
            for (const name of ["dragover", "drop"]) {
                const options = {dataTransfer: data, bubbles: true, cancelable: true};
                document.getElementById("pl-map").dispatchEvent(new DragEvent(name, options));
            }
        }""",
        text,
    )
    expect(at_import.locator("#pl-import-name")).to_have_text("dropped.geojson")
    expect(at_import.locator("#pl-import-lists")).to_contain_text("Ходова")


def test_export_by_keyboard_gives_a_file_that_is_on_the_map_exactly_so(at_import: Page) -> None:
    page = at_import
    page.click("section[data-view=import] [data-back]")
    page.focus("#pl-export")
    page.keyboard.press("Enter")
    page.check("input[name=format][value=gpkg]")
    page.focus("#pl-export-go")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".gpkg")
    data = Path(download.value.path()).read_bytes()
    page.click("section[data-view=export] [data-back]")
    page.click("#pl-import")
    choose(page, "back.gpkg", data)
    expect(page.locator("#pl-import-lists")).to_contain_text("На карті вже саме так")
    expect(page.locator("#pl-import-go")).to_be_disabled()
