"""The planner's page in Chromium: drawing, faults with their place, impact, publishing, text."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page, expect

from coverage.models import ZoneVersion
from project.core import clock
from tests.support.browser import screenshot
from tests.support.stack import Stack
from tests.support.zones import actor, building, locality, planner, published, square

pytestmark = pytest.mark.browser
BOWTIE = "POLYGON((36.32 50, 36.33 50.01, 36.33 50, 36.32 50.01, 36.32 50))"
BESIDE = "POLYGON((36.308 50.001, 36.318 50.001, 36.318 50.009, 36.308 50.009, 36.308 50.001))"


@pytest.fixture(scope="module")
def ground(stack: Stack) -> str:
    """A published zone with nine buildings and one beside it; the name of a planner."""
    with stack.database():
        person = planner("olena")
        # The tests' own hasher is fast and weak; the running system would not know it.
        person.password = PBKDF2PasswordHasher().encode("secret-secret", "salt", iterations=1000)
        person.save()
        city = locality()
        for x in (2, 5, 8):
            for y in (2, 5, 8):
                building(x, y, city)
        building(15, 5, city)
        before = clock.now() - timedelta(hours=1)
        published(actor(person), square(0, 0), at=before, name="Салтівка")
        name = person.username
    return name


@pytest.fixture
def at_work(page: Page, ground: str) -> Page:
    """The planner's page, signed in."""
    page.goto("/sign-in/?next=/planner/")
    page.fill("input[name=username]", ground)
    page.fill("input[name=password]", "secret-secret")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/planner/")
    expect(page.locator("#pl-zones button").first).to_be_visible()
    return page


def give_text(page: Page, wkt: str) -> None:
    page.click("#pl-as-text")
    page.fill("#pl-text", wkt)
    page.click("#pl-text-use")


def back(page: Page) -> None:
    page.click("section[data-view=edit] [data-back]")


def test_strangers_are_asked_to_sign_in(page: Page, ground: str) -> None:
    page.goto("/planner/")
    assert "/sign-in/" in page.url


def test_the_list_tells_what_the_map_shows_and_works_by_keyboard(at_work: Page) -> None:
    first = at_work.locator("#pl-zones button", has_text="Салтівка").first
    expect(first).to_contain_text("працює")
    expect(first).to_contain_text("9 будинків")
    first.focus()
    at_work.keyboard.press("Enter")
    expect(at_work.locator("#pl-edit-title")).to_have_text("Салтівка")
    expect(at_work.locator("#pl-count")).to_have_text("9")
    screenshot(at_work, "planner-zone")


def test_drawing_by_mouse_counts_the_buildings_inside(at_work: Page) -> None:
    at_work.click("#pl-new")
    box = at_work.locator("#pl-map").bounding_box()
    assert box is not None
    left, top = box["x"] + 700, box["y"] + 180
    for x, y in ((0, 0), (300, 0), (300, 250), (0, 250), (0, 0)):
        at_work.mouse.move(left + x, top + y)
        at_work.mouse.click(left + x, top + y)
        at_work.wait_for_timeout(80)
    expect(at_work.locator("#pl-figures")).to_contain_text("4 вершини")
    at_work.click("#pl-undo")
    expect(at_work.locator("#pl-count")).to_have_text("—")


def test_a_crossing_is_shown_at_its_place_and_repaired_when_accepted(at_work: Page) -> None:
    at_work.click("#pl-new")
    give_text(at_work, BOWTIE)
    problems = at_work.locator("#pl-text-problems")
    expect(problems).to_contain_text("перетинає сам себе")
    problems.get_by_role("button", name="Показати місце").click()
    expect(at_work.locator(".pl-fault")).to_be_visible()
    problems.locator("#pl-accept-repair").click()
    expect(at_work.locator("#pl-figures")).to_contain_text("Контур правильний")
    expect(at_work.locator(".pl-part")).to_have_count(2)


def test_what_is_missing_is_said_beside_the_field_and_nothing_typed_is_lost(at_work: Page) -> None:
    at_work.click("#pl-new")
    give_text(at_work, BESIDE)
    at_work.fill("#pl-comment", "друга черга")
    at_work.click("#pl-save")
    expect(at_work.locator("[data-error=name]")).not_to_be_empty()
    expect(at_work.locator("#pl-name")).to_be_focused()
    expect(at_work.locator("#pl-comment")).to_have_value("друга черга")


def test_overlap_is_shown_trimmed_and_published(at_work: Page, stack: Stack) -> None:
    at_work.click("#pl-new")
    give_text(at_work, BESIDE)
    at_work.fill("#pl-name", "Салтівка, друга черга")
    at_work.select_option("#pl-status", "IN_SERVICE")
    at_work.click("#pl-save")
    expect(at_work.locator("#pl-toast")).to_contain_text("Чернетку збережено")
    back(at_work)
    at_work.click("#pl-review")
    overlap = at_work.locator(".pl-overlap")
    expect(overlap).to_contain_text("накладаються")
    expect(at_work.locator("path.pl-red")).to_be_visible()
    expect(at_work.locator("#pl-publish")).to_be_disabled()
    overlap.get_by_role("button", name="Відрізати від зони «Салтівка, друга черга»").click()
    expect(at_work.locator("#pl-toast")).to_contain_text("Вирізано")
    at_work.click("#pl-save")
    expect(at_work.locator("#pl-toast")).to_contain_text("Чернетку збережено")
    back(at_work)
    at_work.click("#pl-review")
    expect(at_work.locator(".pl-figure.is-gained b")).to_have_text("+1")
    at_work.click("#pl-publish")
    expect(at_work.locator("#pl-toast")).to_contain_text("Опубліковано")
    expect(at_work.locator("#pl-zones")).to_contain_text("Салтівка, друга черга")
    with stack.database():
        assert ZoneVersion.objects.filter(zone__name="Салтівка, друга черга").count() == 1
