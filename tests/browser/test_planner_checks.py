"""The map in time, standing rules and notes about buildings, in Chromium."""

from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from playwright.sync_api import Page, expect

from coverage.models import AdminUnit, Building, CoverageOverride, Street, ZoneVersion
from coverage.zoning import operations
from project.core import clock
from tests.support.browser import screenshot
from tests.support.planners import new_zone, planner_named, sign_in, to_list
from tests.support.plots import Plot
from tests.support.stack import Stack
from tests.support.zones import LAT, LON, STEP, actor, building, locality, published, square

pytestmark = pytest.mark.browser
X = Plot.PLANNER_CHECKS
NEW_YEAR = datetime(2026, 1, 10, 9, 0, tzinfo=clock.KYIV)


@pytest.fixture(scope="module")
def ground(stack: Stack) -> str:
    """A zone that moved east in March and one that ended then; a street with a house."""
    with stack.database():
        person = planner_named("Оксана", "oksana")
        city = locality()
        for x in (X + 2, X + 5, X + 13):
            building(x, 2, city)
        first = published(actor(person), square(X, 0), at=NEW_YEAR, name="Обрій", code="obrij")
        march = NEW_YEAR + timedelta(days=60)
        moved = operations.save_draft(
            zone_id=first.zone_id,
            base_revision=first.revision,
            actor=actor(person),
            at=march,
            geometry=square(X + 4, 0),
            status="IN_SERVICE",
        )
        operations.publish(changeset_id=moved.changeset_id, actor=actor(person), at=march)
        outside = AdminUnit.objects.get(id=locality().id)
        corners = (LON + X * STEP, LAT + 40 * STEP, LON + (X + 2) * STEP, LAT + 42 * STEP)
        outside.geom = MultiPolygon(Polygon.from_bbox(corners), srid=4326)
        outside.save()
        building(X + 5, 45, outside)
        street = Street.objects.create(
            locality=city,
            type="вулиця",
            name="Академіка Павлова",
            name_norm="академіка павлова",
            search_key="академіка павлова",
        )
        house = building(X + 8, 5, city)
        Building.objects.filter(id=house.id).update(
            street=street, number="7", number_int=7, number_sort="0007"
        )
        return person.username


@pytest.fixture
def oksana(page: Page, ground: str) -> Page:
    return sign_in(page, ground)


def in_time(page: Page) -> None:
    page.goto("/planner/")
    expect(page.locator("#pl-zones button").first).to_be_visible()
    page.click("#pl-past")
    expect(page.locator("#pl-time")).to_be_visible()


def compare(page: Page) -> None:
    in_time(page)
    page.fill("#pl-time-at", "2026-02-01T12:00")
    page.check("#pl-time-compare")
    page.fill("#pl-time-until", "2026-04-01T12:00")
    page.locator("#pl-time-until").dispatch_event("change")
    expect(page.locator("#pl-time-list li", has_text="Обрій")).to_contain_text("+1 ")


def test_the_map_of_another_day_by_keyboard_and_what_changed_between_two(oksana: Page) -> None:
    in_time(oksana)
    row = oksana.locator("#pl-time-list li", has_text="Обрій")
    slider = oksana.locator("#pl-time-slider")
    expect(row).to_have_count(1)
    oksana.fill("#pl-time-at", f"{NEW_YEAR - timedelta(minutes=1):%Y-%m-%dT%H:%M}")
    expect(oksana.locator("#pl-time-label")).to_contain_text("10.01.2026 08:59")
    expect(row).to_have_count(0)
    slider.focus()
    oksana.keyboard.press("ArrowRight")
    expect(oksana.locator("#pl-time-label")).to_contain_text("10.01.2026 09:00")
    expect(oksana.locator("#pl-time-change")).to_contain_text("Обрій")
    expect(row).to_contain_text("2 будинки")
    assert "Обрій" in (slider.get_attribute("aria-valuetext") or "")
    expect(oksana.locator("#pl-time")).to_contain_text("лише перегляд")
    oksana.keyboard.press("End")
    expect(oksana.locator("#pl-time-label")).not_to_contain_text("10.01.2026")
    compare(oksana)
    expect(oksana.locator("path.pl-added").first).to_be_attached()
    expect(oksana.locator("path.pl-removed").first).to_be_attached()
    expect(row).to_contain_text("+1 будинок")
    expect(row).to_contain_text("−1 будинок")
    screenshot(oksana, "planner-difference", prepare=compare)
    screenshot(oksana, "planner-past", prepare=in_time)
    in_time(oksana)
    oksana.click("#pl-time-close")
    expect(oksana.locator("#pl-time")).to_be_hidden()
    expect(oksana.locator("#pl-zones")).to_contain_text("Обрій")


def test_a_link_leads_to_the_map_of_its_moment(oksana: Page, stack: Stack) -> None:
    with stack.database():
        first = ZoneVersion.objects.filter(zone__code="obrij").earliest("id")
    moment = quote(first.valid.lower.isoformat())
    oksana.goto(f"/planner/?zone={first.zone_id}&at={moment}")
    expect(oksana.locator("#pl-time-label")).to_contain_text("10.01.2026 09:00")
    expect(oksana.locator("#pl-time-change")).to_contain_text("Обрій")
    expect(oksana.locator("#pl-time-list li", has_text="Обрій")).to_contain_text("2 будинки")
    expect(oksana.locator("section[data-view=edit]")).to_be_hidden()
    oksana.goto("/planner/?at=колись")  # no moment at all: the last change is shown
    expect(oksana.locator("#pl-time")).to_be_visible()
    expect(oksana.locator("#pl-time-list li").first).to_be_visible()


def rule(page: Page) -> None:
    page.goto("/planner/")
    expect(page.locator("#pl-zones button").first).to_be_visible()
    page.click("#pl-checks")
    expect(page.locator("[data-rule=building_outside_place]")).to_be_visible()


def set_level(page: Page, level: str) -> None:
    rule(page)
    page.click(f"[data-rule=building_outside_place] [data-level={level}]")
    chosen = page.locator(f"[data-rule=building_outside_place] [data-level={level}]")
    expect(chosen).to_have_attribute("aria-pressed", "true")


def test_a_rule_that_blocks_refuses_the_publication(oksana: Page, stack: Stack) -> None:
    rule(oksana)
    box = oksana.locator("[data-rule=building_outside_place]")
    expect(box.locator(".pl-rule-count")).not_to_have_text("0")
    box.get_by_role("button", name="Показати місце").first.click()
    expect(oksana.locator(".pl-fault")).to_be_visible()
    set_level(oksana, "BLOCK")
    screenshot(oksana, "planner-rules", prepare=rule)
    new_zone(oksana, name="За межею", wkt=square(X, 40).wkt, into="За межею")
    oksana.click("#pl-review")
    breach = oksana.locator(".pl-breach.is-block")
    expect(breach).to_contain_text("забороняє публікацію")
    expect(oksana.locator("#pl-publish")).to_be_disabled()
    screenshot(oksana, "planner-breach", prepare=impact)
    set_level(oksana, "WARN")
    impact(oksana)
    expect(oksana.locator(".pl-breach")).to_contain_text("попередження")
    oksana.click("#pl-publish")
    expect(oksana.locator("#pl-toast")).to_contain_text("Опубліковано")
    with stack.database():
        assert ZoneVersion.objects.filter(zone__name="За межею").count() == 1


def impact(page: Page) -> None:
    page.goto("/planner/")
    expect(page.locator("#pl-zones button").first).to_be_visible()
    page.click("#pl-review")
    expect(page.locator(".pl-breach")).to_be_visible()


def find_house(page: Page) -> None:
    page.goto("/planner/")
    expect(page.locator("#pl-zones button").first).to_be_visible()
    page.click("#pl-houses")
    page.fill("#pl-house-find", "Академіка Павлова 7")
    expect(page.locator("#pl-house-list [role=option]").first).to_be_visible()
    page.press("#pl-house-find", "ArrowDown")
    page.press("#pl-house-find", "Enter")
    expect(page.locator("#pl-house-title")).to_contain_text("Павлова")


def test_a_note_about_a_building_is_made_by_keyboard_and_ended(oksana: Page, stack: Stack) -> None:
    find_house(oksana)
    answers = oksana.locator("#pl-house-answers")
    expect(answers).to_contain_text("зона працює")
    oksana.click("#pl-note-box summary")
    oksana.click("#pl-note-form button[type=submit]")
    expect(oksana.locator("[data-fault=available]")).not_to_be_empty()
    oksana.check("#pl-note-form [name=available][value='0']")
    oksana.fill("#pl-note-reason", "оптика закінчується на № 5")
    oksana.fill("#pl-note-last", f"{clock.now() + timedelta(days=40):%Y-%m-%d}")
    oksana.press("#pl-note-last", "Enter")
    expect(oksana.locator("#pl-house-now")).to_contain_text("оптика закінчується на № 5")
    expect(answers).to_contain_text("вирішує запис")
    screenshot(oksana, "planner-building", prepare=find_house)
    find_house(oksana)
    expect(oksana.locator("#pl-map")).to_have_attribute(
        "aria-busy", "false"
    )  # its houses are there
    place = oksana.locator(".pl-here").bounding_box()
    assert place is not None
    to_list(oksana)
    oksana.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(oksana.locator("#pl-house-title")).to_contain_text("Павлова")
    oksana.locator("#pl-house-now").get_by_role("button", name="Скасувати запис").click()
    oksana.fill(".pl-end input", "добудували")
    oksana.press(".pl-end input", "Enter")
    expect(answers).to_contain_text("зона працює")
    oksana.click("#pl-house-history summary")
    expect(oksana.locator("#pl-house-past")).to_contain_text("добудували")
    with stack.database():
        assert CoverageOverride.objects.get(end_reason="добудували").valid.upper is not None
