"""Change sets in Chromium: choosing one, publishing now and later, rollback, a second person, two
planners who change one zone."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.plugin import DjangoDbBlocker

from coverage.models import Zone, ZoneChange, ZoneChangeSet, ZoneVersion
from coverage.zoning import operations, scheduling
from project.core import clock
from tests.support.billing import small_world
from tests.support.browser import held_back, screenshot, told
from tests.support.planners import (
    another_browser,
    give_text,
    new_zone,
    open_set,
    open_zone,
    planner_named,
    save_draft,
    sign_in,
    to_list,
)
from tests.support.stack import Stack, running_system
from tests.support.zones import actor, building, drafted, locality, published, square

pytestmark = pytest.mark.browser
PRESENCE_MS = 25_000  # told every 15 s


def wkt(x: float, y: float, width: float = 10, height: float = 10) -> str:
    return str(square(x, y, width, height).wkt)


@pytest.fixture(scope="module")
def people(stack: Stack) -> dict[str, Any]:
    """Two planners, a published zone and houses."""
    with stack.database():
        olena, ivan = planner_named("Олена", "olena"), planner_named("Іван", "ivan")
        city = locality()
        for x in (202, 205, 212):
            building(x, 5, city)
        before = clock.now() - timedelta(hours=3)
        published(actor(olena), square(200, 0), at=before, name="Лісопарк", code="lisopark")
        published(actor(olena), square(200, 20), at=before, name="Павлове Поле", code="pavlove")
    return {"olena": olena.username, "ivan": ivan.username}


@pytest.fixture
def olena(page: Page, people: dict[str, Any]) -> Page:
    return sign_in(page, people["olena"])


def test_a_draft_goes_into_the_chosen_set_is_published_and_rolled_back(
    olena: Page, stack: Stack
) -> None:
    new_zone(olena, name="Сокольники", wkt=wkt(220, 0), into="Перша черга")
    open_zone(olena, "Лісопарк")
    olena.select_option("#pl-into", label="Перша черга")
    olena.select_option("#pl-status", "SUSPENDED")
    save_draft(olena)
    open_set(olena, "Перша черга")
    expect(olena.locator("#pl-set-zones li")).to_have_count(2)
    expect(olena.locator("#pl-set-zones")).to_contain_text("працює → призупинено")
    olena.click("#pl-set-rename")
    olena.fill("#pl-set-title-field", "Перша черга 2026")
    olena.press("#pl-set-title-field", "Enter")
    expect(olena.locator("#pl-set-title")).to_have_text("Перша черга 2026")
    olena.fill("#pl-say", "межу звірено з мапою оптики")
    olena.click("#pl-say-form button[type=submit]")
    expect(olena.locator("#pl-story")).to_contain_text("межу звірено з мапою оптики")
    olena.click("#pl-set-impact")
    expect(olena.locator("#pl-impact .pl-effect")).to_have_count(2)
    olena.click("#pl-publish")
    expect(olena.locator("#pl-toast")).to_contain_text("Опубліковано")
    open_set(olena, "Перша черга 2026", shelf="published")
    expect(olena.locator("#pl-set-result")).to_contain_text("Будинки")
    expect(olena.locator("#pl-story")).to_contain_text("Опубліковано")
    olena.click("section[data-view=changeset] [data-to-sets]")
    expect(olena.locator("#pl-sets-list")).to_be_visible()
    to_list(olena)
    open_zone(olena, "Лісопарк")
    olena.click("#pl-history")
    first = olena.locator("#pl-versions li").last
    first.get_by_role("button", name="Опублікувати цю версію знову").click()
    expect(olena.locator("#pl-impact")).to_contain_text("стан: призупинено → працює")
    expect(olena.locator("#pl-publish")).to_be_enabled()
    with stack.database():
        zone = Zone.objects.get(code="lisopark")
        assert ZoneVersion.objects.filter(zone=zone).count() == 2  # it is only shown
    with told(olena, "Опубліковано"):
        olena.click("#pl-publish")
    with stack.database():
        zone = Zone.objects.get(code="lisopark")
        statuses = list(
            ZoneVersion.objects.filter(zone=zone).order_by("id").values_list("status", flat=True)
        )
        assert statuses == ["IN_SERVICE", "SUSPENDED", "IN_SERVICE"]


def test_what_is_done_while_an_answer_is_on_its_way_stays(olena: Page, stack: Stack) -> None:
    olena.click("#pl-new")
    give_text(olena, wkt(280, 0))
    olena.fill("#pl-name", "Гостра")
    with told(olena, "Чернетку збережено"), held_back(olena, "**/zones/", "POST"):
        olena.click("#pl-save")
        olena.click("#pl-save")  # a second press is no second zone
    expect(olena.locator("#pl-edit-title")).to_have_text("Гостра")
    olena.click("section[data-view=edit] [data-back]")
    open_zone(olena, "Гостра")
    olena.fill("#pl-comment", "перше")
    with told(olena, "Чернетку збережено"), held_back(olena, "**/draft/", "PUT"):
        olena.click("#pl-save")
        olena.fill("#pl-comment", "друге, дописане під час збереження")
    # Saved on top of the first saving, not as something that came too late.
    olena.select_option("#pl-status", "SUSPENDED")
    save_draft(olena)
    with stack.database():
        draft = ZoneChange.objects.get(name="Гостра")
        assert draft.comment == "друге, дописане під час збереження"
        assert draft.status == "SUSPENDED"
    # Asked for first, answered last: the zone that was opened since stays.
    with held_back(olena, "**/impact/", "GET"):
        olena.click("#pl-review")
        open_zone(olena, "Павлове Поле")
        olena.fill("#pl-comment", "ще не збережено")
    olena.wait_for_load_state("networkidle")
    expect(olena.locator("#pl-comment")).to_have_value("ще не збережено")
    expect(olena.locator("#pl-edit-title")).to_have_text("Павлове Поле")
    with stack.database():
        operations.discard_draft(
            zone_id=draft.zone_id,
            changeset_id=draft.changeset_id,
            actor=actor(),
            at=clock.now(),
        )
    olena.on("dialog", lambda dialog: dialog.accept())


def test_a_zone_that_ended_is_in_the_archive_and_comes_back(olena: Page, stack: Stack) -> None:
    with stack.database():
        person = actor(planner_named("Петро", "petro"))
        zone = published(
            person, square(240, 0), at=clock.now() - timedelta(hours=1), name="Журавлівка"
        )
    olena.reload()
    open_zone(olena, "Журавлівка")
    olena.select_option("#pl-status", "RETIRED")
    save_draft(olena)
    olena.click("#pl-review")
    olena.click("#pl-publish")
    expect(olena.locator("#pl-toast")).to_contain_text("Опубліковано")
    expect(olena.locator("#pl-zones")).not_to_contain_text("Журавлівка")
    olena.click("#pl-archive")
    olena.locator("#pl-archive-list button", has_text="Журавлівка").click()
    expect(olena.locator("#pl-versions li")).to_have_count(2)
    first = olena.locator("#pl-versions li").last
    first.get_by_role("button", name="Опублікувати цю версію знову").click()
    expect(olena.locator("#pl-impact")).to_contain_text("Журавлівка")
    with told(olena, "Опубліковано"):
        olena.click("#pl-publish")
    expect(olena.locator("#pl-zones")).to_contain_text("Журавлівка")
    with stack.database():
        assert Zone.objects.get(id=zone.zone_id).archived_at is None


def test_publishing_is_planned_moved_and_happens_or_tells_why_not(
    olena: Page, stack: Stack
) -> None:
    new_zone(olena, name="Рогань", wkt=wkt(260, 0), into="Рогань уночі")
    open_set(olena, "Рогань уночі")
    olena.click("#pl-set-impact")
    olena.check("#pl-later")
    expect(olena.locator("#pl-publish")).to_have_text("Запланувати публікацію")
    olena.fill("#pl-when", "2001-01-01T06:00")
    olena.click("#pl-publish")
    expect(olena.locator("#pl-when-error")).to_contain_text("момент у майбутньому")
    olena.fill("#pl-when", f"{clock.now() + timedelta(days=3):%Y-%m-%dT06:00}")
    olena.click("#pl-publish")
    expect(olena.locator("#pl-set-marks")).to_contain_text("публікацію заплановано")
    expect(olena.locator("#pl-set-why")).to_contain_text("опублікується сам")
    screenshot(olena, "planner-changeset", prepare=lambda page: open_any(page, "Рогань уночі"))
    open_any(olena, "Рогань уночі")
    olena.click("#pl-set-unschedule")
    expect(olena.locator("#pl-story")).to_contain_text("План скасовано")
    olena.click("#pl-set-impact")
    olena.check("#pl-later")
    olena.click("#pl-publish")
    expect(olena.locator("#pl-set-marks")).to_contain_text("заплановано")
    with stack.database():
        number = ZoneChangeSet.objects.get(title="Рогань уночі").id
        other = actor(planner_named("Марко", "marko"))
        published(other, square(265, 0), at=clock.now() - timedelta(minutes=5), name="Рогань-2")
        ZoneChangeSet.objects.filter(id=number).update(publish_at=clock.now())
        scheduling.publish_due(at=clock.now())
    open_any(olena, "Рогань уночі")
    expect(olena.locator("#pl-set-why")).to_contain_text("не відбулася")
    expect(olena.locator("#pl-story")).to_contain_text("Запланована публікація не вдалася")
    with stack.database():
        assert not ZoneVersion.objects.filter(changeset_id=number).exists()


def open_any(page: Page, title: str) -> None:
    page.goto("/planner/")
    expect(page.locator("#pl-zones button").first).to_be_visible()
    open_set(page, title)


def test_two_planners_see_each_other_and_a_conflict_loses_nothing(
    olena: Page, chromium: Browser, stack: Stack, people: dict[str, Any]
) -> None:
    open_zone(olena, "Павлове Поле")
    with another_browser(chromium, stack, people["ivan"]) as ivan:
        open_zone(ivan, "Павлове Поле")
        expect(ivan.locator("#pl-present-zone")).to_contain_text("Олена", timeout=PRESENCE_MS)
        expect(olena.locator("#pl-present-zone")).to_contain_text("Іван", timeout=PRESENCE_MS)
        ivan.fill("#pl-comment", "після обходу")
        expect(olena.locator("#pl-present-zone")).to_contain_text(
            "Іван редагує цю зону", timeout=PRESENCE_MS
        )
        olena.fill("#pl-name", "Павлове Поле (північ)")
        olena.click("#pl-save")
        expect(olena.locator("#pl-toast")).to_contain_text("Чернетку збережено")
        ivan.select_option("#pl-status", "SUSPENDED")
        ivan.click("#pl-save")
        expect(ivan.locator("#pl-stale-who")).to_contain_text("Олена")
        fields = ivan.locator("#pl-stale-fields")
        expect(fields).to_contain_text("Павлове Поле (північ)")
        expect(fields).to_contain_text("після обходу")
        ivan.screenshot(path=str(stack.var.parent / "screenshots" / "planner-stale-1440.png"))
        ivan.click("#pl-stale-mine")
        expect(ivan.locator("#pl-toast")).to_contain_text("Чернетку збережено")
        expect(ivan.locator("#pl-comment")).to_have_value("після обходу")
    with stack.database():
        drafts = ZoneChange.objects.filter(zone__code="pavlove", changeset__state="DRAFT").order_by(
            "id"
        )
        assert [(draft.name, draft.status) for draft in drafts] == [
            ("Павлове Поле (північ)", "IN_SERVICE"),
            ("Павлове Поле", "SUSPENDED"),
        ]
        for draft in list(drafts):  # other tests export the map and expect it free of drafts
            operations.discard_draft(
                zone_id=draft.zone_id,
                changeset_id=draft.changeset_id,
                actor=actor(),
                at=clock.now(),
            )


@pytest.fixture(scope="module")
def strict(
    stack: Stack, django_db_blocker: DjangoDbBlocker, redis_server: int
) -> Iterator[tuple[Stack, str, str]]:
    """A system of a provider where nobody publishes what he drew, with an author and a reviewer."""
    with running_system(
        unblock=django_db_blocker.unblock,
        redis_port=redis_server,
        label="strict",
        switches={"GEOBILL_ZONES_NEED_REVIEW": "1"},
    ) as system:
        with system.database():
            author, reviewer = planner_named("Олена", "olena"), planner_named("Іван", "ivan")
            world, sold = small_world(), clock.today() - timedelta(days=5)
            tariff = world.tariff(price=20_000)
            world.sell(world.account(kopecks=500_000), tariff, sold)
            draft = drafted(
                actor(author),
                square(4, 4, 2, 2),
                at=clock.now() - timedelta(hours=1),
                name="Нова оптика",
                priority=5,
                changeset_title="Нова оптика",
            )
            world.price(tariff, 26_000, zone_id=draft.zone_id)
        yield system, author.username, reviewer.username


def test_a_second_person_looks_sends_back_and_approves(
    strict: tuple[Stack, str, str], chromium: Browser
) -> None:
    system, author, reviewer = strict
    with (
        another_browser(chromium, system, author) as olena,
        another_browser(chromium, system, reviewer) as ivan,
    ):
        new_zone(olena, name="Ринок", wkt=wkt(20, 0), into="Ринок і довкола")
        open_set(olena, "Ринок і довкола")
        expect(olena.locator("#pl-set-why")).to_contain_text("має погодити інша людина")
        olena.click("#pl-set-impact")
        expect(olena.locator("#pl-offers")).to_be_hidden()
        expect(olena.locator("#pl-publish")).to_have_text("Передати на погодження")
        olena.click("#pl-publish")
        expect(olena.locator("#pl-set-marks")).to_contain_text("чекає на погодження")
        expect(olena.locator("#pl-set-why")).to_contain_text("інший планувальник")
        expect(olena.locator("#pl-set-approve")).to_be_hidden()

        open_set(ivan, "Ринок і довкола")
        expect(ivan.locator("#pl-set-why")).to_contain_text("можете погодити")
        ivan.click("#pl-set-back")
        expect(ivan.locator("#pl-say-error")).to_have_text("Напишіть кілька слів.")
        ivan.fill("#pl-say", "будинок 7 не наш")
        ivan.click("#pl-set-back")
        expect(ivan.locator("#pl-set-marks")).to_contain_text("чернетка")

        open_any(olena, "Ринок і довкола")
        expect(olena.locator("#pl-story")).to_contain_text("будинок 7 не наш")
        olena.click("#pl-set-submit")
        expect(olena.locator("#pl-toast")).to_contain_text("Передано")
        open_any(ivan, "Ринок і довкола")
        ivan.click("#pl-set-approve")
        expect(ivan.locator("#pl-set-marks")).to_contain_text("погоджено")
        open_any(olena, "Ринок і довкола")
        olena.click("#pl-set-impact")
        olena.click("#pl-publish")
        expect(olena.locator("#pl-toast")).to_contain_text("Опубліковано")
    with system.database():
        changeset = ZoneChangeSet.objects.get(title="Ринок і довкола")
        assert changeset.state == "PUBLISHED"
        assert changeset.approved_by is not None
        assert changeset.approved_by.username == reviewer


def at_the_offers(page: Page) -> None:
    open_any(page, "Нова оптика")
    page.click("#pl-set-impact")
    page.check("#pl-existing [value=MOVE]")
    page.locator("#pl-existing-examples summary").click()
    page.locator("#pl-existing").scroll_into_view_if_needed()


def test_existing_clients_are_moved_from_the_day_that_was_chosen(
    strict: tuple[Stack, str, str], chromium: Browser
) -> None:
    system, author, reviewer = strict
    day = clock.today() + timedelta(days=6)
    with another_browser(chromium, system, author) as olena:
        open_set(olena, "Нова оптика")
        olena.click("#pl-set-submit")
        expect(olena.locator("#pl-set-marks")).to_contain_text("чекає на погодження")
    with another_browser(chromium, system, reviewer) as ivan:
        at_the_offers(ivan)
        facts = ivan.locator("#pl-existing-facts")
        expect(facts).to_contain_text("Зміни торкаються 1 послуги")
        expect(facts).to_contain_text("1 послуга подорожчає")
        expect(ivan.locator("#pl-existing-rows")).to_contain_text("260")
        screenshot(ivan, "planner-offers", prepare=at_the_offers)
        at_the_offers(ivan)
        ivan.fill("#pl-move-on", f"{clock.today():%Y-%m-%d}")
        ivan.click("#pl-publish")
        expect(ivan.locator("#pl-move-error")).to_contain_text("не раніше")
        expect(ivan.locator("#pl-existing [value=MOVE]")).to_be_checked()
        ivan.fill("#pl-move-on", f"{day:%Y-%m-%d}")
        ivan.click("#pl-publish")
        expect(ivan.locator("#pl-toast")).to_contain_text("Опубліковано")
    with system.database():
        changeset = ZoneChangeSet.objects.get(title="Нова оптика")
        assert (changeset.state, changeset.move_on) == ("PUBLISHED", day)
        assert changeset.approved_by is not None
        assert changeset.approved_by.username == reviewer
