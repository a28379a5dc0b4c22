"""The subscriber's card in Chromium: causes open in place, an action shows its effect first."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from billing.ledger import operations as ledger
from billing.payments import operations as payments
from billing.tariffs import operations as tariffs
from billing.tariffs.models import Tariff
from crm import operations as crm
from project.core import clock
from project.core.actor import SYSTEM
from project.core.roles import Role
from tests.support import zones
from tests.support.browser import screenshot
from tests.support.plots import Plot
from tests.support.provider import Provider
from tests.support.stack import Stack
from tests.support.staff import PASSWORD, who_signs_in

pytestmark = pytest.mark.browser
FAR = Plot.CARD


@pytest.fixture(scope="module")
def subscriber(stack: Stack) -> tuple[str, str]:
    """A subscriber with money; the user name of an operator and the card's address."""
    with stack.database():
        now = clock.now()
        begun = now - timedelta(days=20)
        person = who_signs_in("operator", Role.OPERATOR)
        ledger.ensure_partitions(
            from_date=clock.today(begun), until_date=clock.today() + timedelta(days=60)
        )
        city = zones.locality()
        city.path = f"/{city.id}/"
        city.save()
        house = zones.building(FAR + 5, FAR + 5, city)
        zone = zones.published(
            zones.actor(zones.planner()), zones.square(FAR, FAR), at=begun, name="Баварія"
        )
        tariff = priced_tariff("card-300", 30_000, zone_id=zone.zone_id)
        priced_tariff("card-600", 60_000, zone_id=zone.zone_id)
        provider = Provider(zone_id=zone.zone_id, building=house, outside=house, tariff=tariff)
        sold = now - timedelta(days=2)
        made = provider.connect(
            at=sold,
            on_date=clock.today(sold),
            check_id=provider.check(at=sold).check_id,
            new_customer=crm.NewCustomer(full_name="Ганна Олійник", phone="0671112233"),
        )
        for at in (sold, now):
            payments.accept_cash(
                at=at,
                on_date=clock.today(at),
                actor=SYSTEM,
                account_id=made.account_id,
                amount_kopecks=25_000,
                comment="",
                idempotency_key=f"card-test-{at:%d}",
            )
        return person.username, f"/workspace/customers/{made.customer_id}/"


def priced_tariff(code: str, price_kopecks: int, *, zone_id: int) -> Tariff:
    """A tariff for one zone only, so that the other tests' addresses are not offered it."""
    begun = clock.now() - timedelta(days=20)
    tariff = Tariff.objects.create(
        code=code, service_type="INTERNET", name_uk=f"Тариф {code}", name_en=f"Tariff {code}"
    )
    tariffs.publish_version(
        at=begun,
        actor=SYSTEM,
        tariff_id=tariff.id,
        applies_from=date(2026, 1, 1),
        terms=tariffs.Terms(
            charge_type="DAILY",
            revenue_account_code="revenue:internet",
            speed_down_bit_s=300_000_000,
            speed_up_bit_s=300_000_000,
        ),
    )
    tariffs.set_price(
        at=begun,
        actor=SYSTEM,
        tariff_id=tariff.id,
        price_kopecks=price_kopecks,
        valid_from=date(2026, 1, 1),
        zone_id=zone_id,
    )
    return tariff


@pytest.fixture
def card(page: Page, subscriber: tuple[str, str]) -> Page:
    """The card's page, an operator signed in."""
    name, address = subscriber
    page.goto(f"/sign-in/?next={address}")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"**{address}")
    expect(page.get_by_role("heading", name="Ганна Олійник")).to_be_visible()
    return page


def test_a_line_of_the_statement_opens_its_cause_in_place(card: Page) -> None:
    charge = card.locator(".ws-lines > li", has_text="Абонплата").first
    charge.locator("summary").focus()
    card.keyboard.press("Enter")
    cause = charge.locator(".ws-cause")
    expect(cause).to_contain_text("Ціна зони")
    expect(cause).to_contain_text("Баварія")
    expect(cause.locator(".zone")).to_have_count(1)  # the zone as it was, drawn
    screenshot(
        card, "workspace-card", prepare=lambda page: page.locator(".ws-lines summary").first.click()
    )


def test_changing_the_tariff_shows_the_money_first_and_then_happens(card: Page) -> None:
    card.get_by_text("Усі дії").click()
    card.get_by_role("link", name="Змінити тариф").last.click()
    form = card.locator(".ws-act")
    form.get_by_label("одразу").check()
    form.get_by_text("Тариф card-600").click()
    effect = form.locator(".ws-effect")
    expect(effect).to_contain_text("Доплата за дорожчий тариф")
    after = (effect.locator("dd.total").inner_text()).split("→")[-1].strip()
    form.get_by_role("button", name="Змінити тариф").click()
    expect(card.locator(".ws-told")).to_contain_text("Тариф змінено")
    expect(card.locator(".ws-strip-money dd").first).to_have_text(after)


def test_the_password_is_shown_in_place(card: Page) -> None:
    card.get_by_role("button", name="показати").click()
    expect(card.locator(".ws-secret code")).to_be_visible()


@pytest.mark.parametrize("path", ["", "statement/"])
def test_the_account_is_recalculated_in_place(
    card: Page, subscriber: tuple[str, str], path: str
) -> None:
    card.goto(subscriber[1] + path)
    card.get_by_role("link", name="Перерахувати з нуля").click()
    expect(card.locator("#ws-recalculated")).to_contain_text("Рахунок правильний")


def test_the_end_of_a_service_can_be_put_away_unharmed(card: Page) -> None:
    card.get_by_text("Усі дії").click()
    card.get_by_role("link", name="Припинити послугу").click()
    form = card.locator(".ws-act")
    expect(form.get_by_label("Впишіть слово «припинити»")).to_be_visible()
    form.get_by_role("button", name="Скасувати").click()
    expect(form).to_have_count(0)


@pytest.mark.parametrize("path", ["", "statement/", "sessions/"])
def test_no_page_of_the_subscriber_is_wider_than_a_phone(
    card: Page, subscriber: tuple[str, str], path: str
) -> None:
    card.set_viewport_size({"width": 390, "height": 844})
    card.goto(subscriber[1] + path)
    card.wait_for_load_state("networkidle")
    assert card.evaluate("document.documentElement.scrollWidth") == 390
