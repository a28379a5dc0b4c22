"""Where to build next in Chromium: map and list, time, a zone from a cell, what-if, reports."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, Locator, Page, expect

from coverage import operations as coverage
from coverage.models import Building
from crm import operations as crm
from project.core import clock
from project.core.actor import SYSTEM, Actor, ActorKind
from tests.support.browser import WIDTHS, screenshot
from tests.support.plots import Plot
from tests.support.provider import Provider, small_provider
from tests.support.stack import Stack
from tests.support.zones import building, planner

pytestmark = pytest.mark.browser
EAST = Plot.DEMAND
CROWD = 12
GONE = "410"  # what Chromium notes when a report has been taken back, as one is below


@pytest.fixture(scope="module")
def ground(stack: Stack) -> str:
    """A provider, a block where a crowd waits and a house where one does; a planner's name."""
    with stack.database():
        person = planner("iryna")
        person.password = PBKDF2PasswordHasher().encode("secret-secret", "salt", iterations=1000)
        person.save()
        provider: Provider = small_provider(east=EAST, code="demand-300")
        block = provider.outside
        Building.objects.filter(id=block.id).update(flats=80, levels=9)
        house = building(EAST + 58, 52, block.locality)
        now = clock.now()
        for number in range(CROWD):
            who = Actor(kind=ActorKind.CLIENT, label="client", ip=f"203.0.113.{number}")
            check = coverage.check_availability(
                at=now - timedelta(days=number * number + 1),
                channel="PUBLIC",
                actor=who,
                building_id=(house if number == 3 else block).id,
            )
        crm.file_request(
            at=now - timedelta(days=2),
            on_date=clock.today(),
            actor=SYSTEM,
            check_public_id=check.public_id,
            contact_name="Ніна Кучер",
            contact_phone="050 123 45 67",
        )
        return person.username


@pytest.fixture
def at_work(page: Page, ground: str) -> Page:
    """The demand map, signed in."""
    page.goto("/sign-in/?next=/planner/demand/")
    page.fill("input[name=username]", ground)
    page.fill("input[name=password]", "secret-secret")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/planner/demand/")
    expect(page.locator(".dm-row").first).to_be_visible()
    return page


@pytest.fixture
def elsewhere(chromium: Browser) -> Iterator[tuple[Page, list[str]]]:
    """The browser of a stranger, with every address it asks for."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    troubles: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda message: troubles.append(message.text) if GONE not in message.text else None,
    )
    yield page, asked
    context.close()
    assert not troubles, troubles


def block_row(page: Page) -> Locator:
    return page.locator("#dm-rows > li", has=page.locator(".dm-score b", has_text="11")).first


def test_the_list_and_the_map_show_the_same_and_time_moves_both(at_work: Page) -> None:
    row = block_row(at_work)
    expect(row).to_contain_text("1 заявка")
    expect(row).to_contain_text("на місяць")
    labels = at_work.locator(".dm-count")
    row.locator(".dm-row").focus()
    at_work.keyboard.press("Enter")
    expect(row).to_have_class(re.compile("is-chosen"))
    # Only now: what other tests left in the list decides how near the map stood before.
    expect(labels.filter(has_text=re.compile("^11$"))).to_have_count(1)
    slider = at_work.locator("#dm-slider")
    slider.focus()
    at_work.keyboard.press("End")
    expect(at_work.locator("#dm-when")).to_have_text(re.compile(r"^\d\d\.\d{4}$"))
    expect(labels.filter(has_text=re.compile("^11$"))).to_have_count(0)
    expect(at_work.locator("#dm-chart svg")).to_be_visible()
    at_work.keyboard.press("Home")
    expect(at_work.locator("#dm-when")).to_have_text("весь період")
    at_work.click("#dm-play")
    expect(at_work.locator("#dm-play")).to_have_attribute("aria-pressed", "true")
    screenshot(at_work, "demand-map")


def test_nothing_is_wider_than_a_telephone(at_work: Page) -> None:
    at_work.set_viewport_size({"width": 390, "height": WIDTHS[390]})
    at_work.reload()
    assert at_work.evaluate("document.documentElement.scrollWidth") <= 390


def test_arrows_walk_the_list_and_a_filter_stays_in_the_address(at_work: Page) -> None:
    rows = at_work.locator(".dm-row")
    rows.first.focus()
    at_work.keyboard.press("End")
    expect(rows.last).to_be_focused()
    at_work.keyboard.press("Home")
    expect(rows.first).to_be_focused()
    at_work.select_option("select[name=cells]", "0")
    at_work.click(".dm-filter button")
    at_work.wait_for_url(re.compile("cells=0"))
    expect(at_work.locator("#dm-rows > li[data-cell^=b]").first).to_be_visible()


def test_a_zone_is_drawn_from_a_cell_and_tells_what_it_would_give(
    at_work: Page, elsewhere: tuple[Page, list[str]]
) -> None:
    block_row(at_work).locator("[data-draw]").click()
    at_work.wait_for_url(re.compile(r"/planner/(\?|$)"))
    expect(at_work.locator("#pl-count")).not_to_have_text("—")
    at_work.select_option("#pl-network", "GPON")
    at_work.click("#pl-whatif-ask")
    result = at_work.locator("#pl-whatif-result")
    expect(result).to_contain_text("80 квартир")
    expect(result).to_contain_text("11 домогосподарств зверталися й чекають")
    expect(result).to_contain_text("300")
    expect(result).to_contain_text("30 % осель: 24 клієнти, 7")
    at_work.locator("#pl-whatif-share button").click()
    link = at_work.locator("#pl-whatif-link a")
    expect(link).to_be_visible()
    address = link.get_attribute("href")
    assert address
    page, asked = elsewhere
    page.goto(address)
    expect(page.locator(".folium-map svg path").first).to_be_visible()
    expect(page.locator("dl.facts")).to_contain_text("80")
    assert asked == [address]
    screenshot(page, "what-if-report")


def test_a_report_opens_anywhere_without_a_network_until_it_is_taken_back(
    at_work: Page, elsewhere: tuple[Page, list[str]]
) -> None:
    at_work.fill("#dm-reports input[name=title]", "Попит у Салтівці")
    at_work.locator("#dm-reports form").first.locator("button").click()
    row = at_work.locator("#dm-reports li", has_text="Попит у Салтівці").first
    address = row.locator("a").first.get_attribute("href")
    assert address
    page, asked = elsewhere
    page.goto(address)
    expect(page.locator("h1")).to_have_text("Попит у Салтівці")
    expect(page.locator(".folium-map path.leaflet-interactive").first).to_be_visible()
    page.locator(".folium-map path.leaflet-interactive").first.hover()
    expect(page.locator(".leaflet-tooltip")).to_contain_text("11")
    expect(page.locator("table.rows").last).to_contain_text("11")
    assert asked == [address]
    screenshot(page, "demand-report")
    row.locator("form button").click()
    expect(at_work.locator("#dm-reports li.is-over").first).to_be_visible()
    page.goto(address)
    expect(page.locator("h1")).to_contain_text("більше не діє")
