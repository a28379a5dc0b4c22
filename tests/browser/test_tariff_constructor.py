"""The Tariff Constructor in Chromium: a price in a zone, its map, a draft tried and published, and
the line of the statement that leads back to the rule and the zone."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Page, expect

from billing.calendar import KYIV
from billing.charging import operations as charging
from billing.ledger import operations as ledger
from billing.payments import operations as payments
from billing.tariffs import operations as tariffs
from crm import operations as crm
from project.core import clock
from project.core.actor import SYSTEM
from project.core.roles import Role
from tests.support import zones
from tests.support.browser import screenshot
from tests.support.plots import Plot
from tests.support.provider import Provider
from tests.support.stack import Stack

pytestmark = pytest.mark.browser
PASSWORD = "secret-secret"
FAR = Plot.TARIFF_CONSTRUCTOR
CODE = "constructor-300"


@dataclass(frozen=True)
class Made:
    """What the tests need to know."""

    user: str
    customer_id: int
    zone_id: int


@pytest.fixture(scope="module")
def made(stack: Stack) -> Made:
    """An accountant; two zones; a tariff with a price everywhere and two clients who have it."""
    with stack.database():
        now = clock.now()
        begun = now - timedelta(days=3)
        person = zones.planner("accountant", Role.ACCOUNTANT)
        # The tests' own hasher is fast and weak; the running system would not know it.
        person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
        person.save()
        ledger.ensure_partitions(
            from_date=clock.today(begun), until_date=clock.today() + timedelta(days=60)
        )
        city = zones.locality()
        city.path = f"/{city.id}/"
        city.save()
        who = zones.actor(zones.planner())
        house = zones.building(FAR + 5, FAR + 5, city)
        zone = zones.published(who, zones.square(FAR, FAR), at=begun, name="Велика Данилівка")
        zones.published(who, zones.square(FAR + 12, FAR), at=begun, name="Липова Роща")
        tariff_id = tariffs.define_tariff(
            at=begun, actor=SYSTEM, code=CODE, service_type="INTERNET",
            name_uk="Конструктор 300", name_en="Constructor 300",
        )  # fmt: skip
        tariffs.publish_version(
            at=begun,
            actor=SYSTEM,
            tariff_id=tariff_id,
            applies_from=date(2026, 1, 1),
            terms=tariffs.Terms(
                charge_type="DAILY",
                revenue_account_code="revenue:constructor",
                speed_down_bit_s=300_000_000,
                speed_up_bit_s=300_000_000,
            ),
        )
        tariffs.set_price(
            at=begun, actor=SYSTEM, tariff_id=tariff_id, price_kopecks=25_000,
            valid_from=date(2026, 1, 1), zone_id=zone.zone_id,
        )  # fmt: skip
        provider = Provider(
            zone_id=zone.zone_id,
            building=house,
            outside=house,
            tariff=tariffs.Tariff.objects.get(id=tariff_id),
        )
        customer_id = 0
        for number, (name, kopecks) in enumerate((("Ірина Мельник", 90_000), ("Петро Сич", 1_700))):
            sold = provider.connect(
                at=now,
                on_date=clock.today(now),
                unit=str(number + 1),
                check_id=provider.check(at=now).check_id,
                new_customer=crm.NewCustomer(full_name=name, phone=f"067222334{number}"),
            )
            payments.accept_cash(
                at=now,
                on_date=clock.today(now),
                actor=SYSTEM,
                account_id=sold.account_id,
                amount_kopecks=kopecks,
                comment="",
                idempotency_key=f"constructor-test-{number}",
            )
            customer_id = customer_id or sold.customer_id
        return Made(user=person.username, customer_id=customer_id, zone_id=zone.zone_id)


def opened(page: Page, made: Made, address: str) -> Page:
    page.goto(f"/sign-in/?next={address}")
    page.fill("input[name=username]", made.user)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"**{address}")
    return page


def _asked_for_the_ladder(page: Page) -> None:
    page.locator(".tc-zones button", has_text="Велика Данилівка").click()
    page.locator(".tc-ladders").wait_for()
    page.locator(".ws-map[aria-busy=false]").wait_for()


def _drafts_a_price(page: Page) -> None:
    """A price rule for one zone, into the draft, from tomorrow."""
    page.get_by_role("link", name="Встановити ціну").click()
    page.get_by_label("Зона", exact=True).select_option(label="Велика Данилівка")
    page.get_by_label("Ціна за місяць, ₴").fill("750")
    screenshot(
        page,
        "tariff-price",
        prepare=lambda p: p.locator("[name=price_kopecks]").fill("750"),
    )
    page.get_by_label("Зона", exact=True).select_option(label="Велика Данилівка")
    page.get_by_label("Ціна за місяць, ₴").fill("750")
    page.get_by_role("button", name="До чернетки").click()
    expect(page.locator(".ws-told")).to_contain_text("Ціну додано до чернетки")


def _drafts_terms(page: Page, *, tomorrow: date) -> None:
    """New terms, for existing clients too from tomorrow."""
    page.get_by_role("link", name="Нові умови").click()
    page.get_by_label("Наявні клієнти з").fill(tomorrow.isoformat())
    page.get_by_label("Завантаження, Мбіт/с", exact=True).fill("500")
    page.get_by_role("button", name="Зберегти чернетку").click()
    draft = page.locator("#draft")
    expect(draft).to_contain_text("500 Мбіт/с")
    expect(draft).to_contain_text("750,00")
    screenshot(page, "tariff-page")


def _sees_the_price_map(page: Page, *, tomorrow: date) -> None:
    """The map shows it beside the hole of the other zone, and the ladder says why."""
    page.get_by_role("link", name="На карті цін").click()
    rows = page.locator(".tc-zones > li")
    expect(rows.filter(has_text="Велика Данилівка")).to_contain_text("250,00")  # today's
    page.locator("[name=on]").fill(tomorrow.isoformat())
    page.get_by_role("button", name="Показати").click()
    expect(rows.filter(has_text="Велика Данилівка")).to_contain_text("750,00")
    expect(rows.filter(has_text="Липова Роща")).to_contain_text("не продається")
    expect(page.locator(".ws-map[aria-busy=false]")).to_be_visible()
    page.get_by_role("button", name="Велика Данилівка").click()
    ladder = page.locator("#tc-ladder")
    expect(ladder).to_contain_text("750,00")
    expect(ladder).to_contain_text("Ціну визначає це правило")
    screenshot(page, "tariff-price-map", prepare=_asked_for_the_ladder)


def _asks_what_if(page: Page) -> None:
    """What if: two services, one of them without the money for it."""
    page.goto(f"/workspace/tariffs/{CODE}/what-if/")
    figures = page.locator(".tc-figures")
    expect(figures).to_contain_text(re.compile(r"2\s*послуг"))
    expect(figures).to_contain_text("+1 000,00")
    expect(page.locator(".tc-whatif")).to_contain_text("Петро Сич")
    expect(page.locator("#tc-whatif-zones")).to_contain_text("Велика Данилівка")
    screenshot(
        page,
        "tariff-what-if",
        prepare=lambda p: p.locator(".tc-smallmap[aria-busy=false]").wait_for(),
    )


def test_from_a_price_in_a_zone_to_the_line_of_the_statement(
    page: Page, made: Made, stack: Stack
) -> None:
    opened(page, made, f"/workspace/tariffs/{CODE}/")
    tomorrow = clock.today() + timedelta(days=1)

    _drafts_a_price(page)
    _drafts_terms(page, tomorrow=tomorrow)
    _sees_the_price_map(page, tomorrow=tomorrow)
    _asks_what_if(page)

    # Published; the next run charges by it.
    page.get_by_role("link", name="Опублікувати…").click()
    screenshot(page, "tariff-publish")
    page.get_by_role("button", name="Опублікувати").click()
    expect(page.locator(".ws-told")).to_contain_text("Опубліковано")
    with stack.database():
        night = datetime.combine(tomorrow, time(0, 5), tzinfo=KYIV)
        charging.run(on_date=tomorrow, at=night, actor=SYSTEM, confirm=True)

    # The line of the statement leads to the rule, the rule to the zone on the map.
    page.goto(f"/workspace/customers/{made.customer_id}/")
    charge = page.locator(".ws-lines > li", has_text="Абонплата").first
    charge.locator("summary").click()
    cause = charge.locator(".ws-cause")
    expect(cause).to_contain_text("750,00")
    expect(cause).to_contain_text("Велика Данилівка")
    expect(cause.locator(".zone")).to_have_count(1)
    cause.get_by_role("link", name=re.compile("правило")).click()
    expect(page.locator("h1")).to_contain_text("Велика Данилівка")
    # Other zones of the provider lie far outside of what is shown.
    outline = ".tc-smallmap[aria-busy=false] path.leaflet-interactive:not([d='M0 0'])"
    expect(page.locator(outline).first).to_be_visible()
    screenshot(
        page,
        "tariff-rule",
        prepare=lambda p: p.locator(".tc-smallmap[aria-busy=false]").wait_for(),
    )


def test_a_conflict_shows_the_other_price_and_a_copy_its_effect(page: Page, made: Made) -> None:
    opened(page, made, f"/workspace/tariffs/{CODE}/prices/new/?zone={made.zone_id}")
    tomorrow = clock.today() + timedelta(days=1)
    for _time in range(2):
        page.goto(f"/workspace/tariffs/{CODE}/prices/new/")
        page.get_by_label("всюди").check()
        page.get_by_label("Ціна за місяць, ₴").fill("333")
        page.get_by_label("З", exact=True).fill(tomorrow.isoformat())
        page.get_by_role("button", name="Встановити зараз").click()
    expect(page.locator(".tone-debt").last).to_contain_text("Інша ціна")
    page.locator(".tone-debt a").click()
    expect(page.locator("h1")).to_contain_text("333,00")

    page.goto(f"/workspace/tariffs/{CODE}/prices/copy/")
    page.locator(".tc-pick label", has_text="Усюди").locator("input").check()
    page.locator(".tc-checks label", has_text="Липова Роща").locator("input").check()
    page.get_by_label("Дорожче на, %").fill("10")
    page.get_by_role("button", name="Показати, що вийде").click()
    expect(page.locator("#tc-copies")).to_contain_text("366,00")
    page.get_by_role("button", name="Додати 1 ціну до чернетки").click()
    expect(page.locator("#draft")).to_contain_text("Липова Роща")


def test_a_new_tariff_is_named_and_given_terms(page: Page, made: Made) -> None:
    opened(page, made, "/workspace/tariffs/new/")
    page.get_by_label("Код").fill("school-100")
    page.get_by_label("Назва українською").fill("Школа 100")
    page.get_by_label("Назва англійською").fill("School 100")
    page.get_by_role("button", name="Далі до умов").click()
    page.wait_for_url("**/terms/")
    screenshot(page, "tariff-terms")
    page.get_by_role("button", name="Зберегти чернетку").click()
    expect(page.locator("#draft")).to_be_visible()


def test_a_zone_gets_another_tariff_and_it_is_taken_back(
    page: Page, made: Made, stack: Stack
) -> None:
    with stack.database():
        begun = clock.now() - timedelta(days=3)
        tariff_id = tariffs.define_tariff(
            at=begun, actor=SYSTEM, code="constructor-600", service_type="INTERNET",
            name_uk="Конструктор 600", name_en="Constructor 600",
        )  # fmt: skip
        tariffs.publish_version(
            at=begun,
            actor=SYSTEM,
            tariff_id=tariff_id,
            applies_from=date(2026, 1, 1),
            terms=tariffs.Terms(charge_type="DAILY", revenue_account_code="revenue:constructor"),
        )
        tariffs.set_price(
            at=begun, actor=SYSTEM, tariff_id=tariff_id, price_kopecks=60_000,
            valid_from=date(2026, 1, 1), zone_id=made.zone_id,
        )  # fmt: skip
    opened(page, made, "/workspace/tariff-changes/new/")
    screenshot(page, "tariff-change-new")
    page.get_by_label("Новий тариф").select_option(label="Конструктор 600")
    page.locator(".tc-checks label", has_text="Велика Данилівка").locator("input").check()
    page.get_by_label("З", exact=True).fill((clock.today() + timedelta(days=9)).isoformat())
    page.get_by_role("button", name="Показати наслідки").click()
    expect(page.locator(".tc-figures")).to_contain_text(re.compile(r"2\s*послуг"))
    screenshot(
        page,
        "tariff-change",
        prepare=lambda p: p.locator(".tc-smallmap[aria-busy=false]").wait_for(),
    )
    page.get_by_role("button", name="Запланувати зміну").click()
    expect(page.locator("#tc-batch .tone-plan b")).to_have_text("2")
    page.reload()
    page.get_by_role("button", name="Скасувати зміну").click()
    expect(page.locator("#tc-batch .tone-off b")).to_have_text("2")


def test_a_discount_is_offered(page: Page, made: Made) -> None:
    opened(page, made, "/workspace/discounts/")
    page.get_by_label("Назва українською").fill("Осіння знижка")
    page.get_by_label("Назва англійською").fill("Autumn discount")
    page.get_by_label("Відсоток").fill("20")
    page.locator("#id_zone_id").select_option(label="Липова Роща · GPON")
    page.locator("#id_last_date").fill((clock.today() + timedelta(days=90)).isoformat())
    page.get_by_role("button", name="Надати знижку").click()
    expect(page.locator("tbody")).to_contain_text("Осіння знижка")
    screenshot(page, "discounts")
