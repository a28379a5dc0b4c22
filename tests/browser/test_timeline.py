"""The time line of a premise in Chromium: read, filtered, the zone as it was, at both widths."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, Page, expect

from billing.ledger import operations as ledger
from billing.subscriptions import operations as subscriptions
from billing.subscriptions import rezoning
from billing.tariffs import operations as tariffs
from billing.tariffs.models import Tariff
from coverage import operations as coverage
from coverage.zoning.operations import Terms
from crm import operations as crm
from project.core import clock
from project.core.actor import Actor
from project.core.models import User
from project.core.roles import Role
from tests.support import zones
from tests.support.browser import TIMEOUT_MS, screenshot
from tests.support.plots import Plot
from tests.support.provider import Provider
from tests.support.stack import Stack

pytestmark = pytest.mark.browser
PASSWORD = "secret-secret"
GROUND = Plot.TIMELINE


def tariff_of(code: str, name: str, kopecks: int) -> Tariff:
    """A daily tariff that is sold everywhere."""
    since = clock.today() - timedelta(days=60)
    common = {"at": clock.now(), "actor": zones.actor()}
    tariff = Tariff.objects.create(
        code=code, service_type="INTERNET", name_uk=name, name_en=code.title()
    )
    terms = tariffs.Terms(charge_type="DAILY", revenue_account_code="revenue:internet")
    tariffs.publish_version(tariff_id=tariff.id, applies_from=since, terms=terms, **common)
    tariffs.set_price(tariff_id=tariff.id, price_kopecks=kopecks, valid_from=since, **common)
    return tariff


def reader() -> User:
    """Who may look at it."""
    person = zones.planner("reader", Role.OPERATOR)
    person.first_name, person.last_name = "Ірина", "Савчук"
    person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
    person.save()
    return person


def connected(provider: Provider, *, past: datetime, who: Actor) -> crm.Connected:
    """Asked, wished and connected, all on one day."""
    asked = provider.check(at=past - timedelta(hours=3))
    crm.file_request(
        at=past - timedelta(hours=2),
        on_date=past.date(),
        actor=who,
        check_public_id=asked.public_id,
        tariff_code=provider.tariff.code,
        network_type="GPON",
        contact_name="Віра Олійник",
        contact_phone="067 111 22 34",
        unit="12",
    )
    return provider.connect(
        at=past,
        on_date=clock.today(past),
        actor=who,
        check_id=asked.check_id,
        new_customer=crm.NewCustomer(full_name="Віра Олійник", phone="067 111 22 34"),
    )


def moved(*, who: Actor, now: datetime, tariff_id: int) -> None:
    """Another zone comes over the house, with a price of its own, and takes its services."""
    draft = zones.drafted(
        who,
        zones.square(GROUND + 3, GROUND + 3, 4, 4),
        at=now - timedelta(hours=1),
        name="Залютине, нова",
        priority=5,
    )
    tariffs.set_price(
        at=now,
        actor=who,
        tariff_id=tariff_id,
        price_kopecks=42_000,
        valid_from=clock.today(now),
        zone_id=draft.zone_id,
    )
    move_on = clock.today(now) + timedelta(days=7)
    coverage.publish(
        changeset_id=draft.changeset_id, actor=who, at=now, existing=Terms("MOVE", move_on)
    )
    # The running worker may be quicker; the second of the two finds nothing to do.
    rezoning.rezone_services(changeset_id=draft.changeset_id, move_on=move_on, at=now)


@pytest.fixture(scope="module")
def place(stack: Stack) -> dict[str, str]:
    """A flat with a tenant whose life was eventful, and who may look at it."""
    with stack.database():
        now, today = clock.now(), clock.today()
        person = reader()
        who = zones.actor(person)
        ledger.ensure_partitions(
            from_date=today - timedelta(days=62), until_date=today + timedelta(days=62)
        )
        city = zones.locality()
        city.path = f"/{city.id}/"
        city.save()
        house = zones.building(GROUND + 5, GROUND + 5, city)
        past = now - timedelta(days=20)
        zone = zones.published(
            who, zones.square(GROUND, GROUND), at=past - timedelta(days=10), name="Залютине"
        )
        home = tariff_of("line-300", "Дім 300", 25_000)
        more = tariff_of("line-1000", "Гіга", 40_000)
        provider = Provider(zone_id=zone.zone_id, building=house, outside=house, tariff=home)
        made = connected(provider, past=past, who=who)
        common = {"actor": who, "subscription_id": made.subscription_id}
        day = clock.today(now - timedelta(days=9))
        subscriptions.block(at=past + timedelta(days=3), reason="ADMIN", **common)
        subscriptions.unblock(at=past + timedelta(days=3, hours=2), reason="ADMIN", **common)
        subscriptions.change_plan(
            at=now - timedelta(days=9), on_date=day, tariff_id=more.id, **common
        )
        coverage.set_override(
            building_id=house.id,
            network_type="FTTB",
            available=False,
            reason="кабель обірвано біля під’їзду 2",
            actor=who,
            at=now - timedelta(days=5),
        )
        moved(who=who, now=now, tariff_id=more.id)
        return {
            "building": str(house.id),
            "customer": str(made.customer_id),
            "username": person.username,
        }


@pytest.fixture(scope="module")
def window(chromium: Browser, stack: Stack, place: dict[str, str]) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=stack.url,
        viewport={"width": 1440, "height": 900},
        timezone_id="Europe/Kyiv",
        reduced_motion="reduce",
    )
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto("/sign-in/")
    page.fill("input[name=username]", place["username"])
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/workspace/")
    yield page
    context.close()
    assert troubles == []


def test_the_card_leads_to_the_story_of_the_flat(window: Page, place: dict[str, str]) -> None:
    window.goto(f"/workspace/customers/{place['customer']}/")
    window.get_by_role("link", name="Історія приміщення").click()
    expect(window.locator("h1")).to_contain_text("кв. 12")
    story = window.locator(".ws-timeline")
    for words in (
        "ще попереду",
        "Умови за новою картою",
        "Послугу оформлено",
        "Послугу заблоковано",
        "Інший тариф",
        "Обстежено на місці",
        "Подано заявку на підключення",
        "Перевірено можливість підключення",
        "Зона охопила будинок",
        "Віра Олійник",
    ):
        expect(story).to_contain_text(words)

    def measure(page: Page) -> None:
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert over <= 0, "the page is wider than the window"

    screenshot(window, "workspace-timeline", prepare=measure)


def test_by_keyboard_it_is_filtered_and_the_zone_is_seen_as_it_was(
    window: Page, place: dict[str, str]
) -> None:
    window.goto(f"/workspace/map/buildings/{place['building']}/timeline/")
    coverage_only = window.get_by_role("link", name="Покриття", exact=True)
    coverage_only.focus()
    window.keyboard.press("Enter")
    expect(window.get_by_role("link", name="Покриття", exact=True)).to_have_attribute(
        "aria-current", "true"
    )
    expect(window.locator(".ws-timeline")).not_to_contain_text("Послугу оформлено")
    summary = window.locator(".ws-then summary").first
    summary.focus()
    window.keyboard.press("Enter")
    expect(window.locator(".ws-then .leaflet-container").first).to_be_visible()
    expect(window.locator(".ws-then").first).to_contain_text("Залютине, нова")


def test_a_flat_is_chosen_from_the_list(window: Page, place: dict[str, str]) -> None:
    window.goto(f"/workspace/map/buildings/{place['building']}/timeline/")
    window.locator("#tl-unit").select_option("12")
    window.locator(".ws-unit button").click()
    window.wait_for_url("**/timeline/?unit=12*")
    expect(window.locator("h1")).to_contain_text("12")
