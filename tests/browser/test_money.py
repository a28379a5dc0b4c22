"""Money in Chromium: statement → cause → journal → map; a large operation approved by another."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from billing.bookkeeping import operations as bookkeeping
from billing.bookkeeping.wishes import Wish
from billing.ledger import operations as ledger
from billing.payments import operations as payments
from crm import operations as crm
from crm.models import CustomerAccount
from project.core import clock
from project.core.actor import SYSTEM
from project.core.models import User
from project.core.roles import Role
from tests.browser.test_card import priced_tariff
from tests.support import zones
from tests.support.browser import screenshot
from tests.support.plots import Plot
from tests.support.provider import Provider
from tests.support.stack import Stack
from tests.support.staff import PASSWORD, who_signs_in

pytestmark = pytest.mark.browser
FAR = Plot.MONEY


@pytest.fixture(scope="module")
def subscriber(stack: Stack) -> tuple[str, str, str]:
    """A subscriber with money; user names of two accountants and the card's address."""
    with stack.database():
        now = clock.now()
        begun = now - timedelta(days=20)
        ledger.ensure_partitions(
            from_date=clock.today(begun), until_date=clock.today() + timedelta(days=60)
        )
        city = zones.locality()
        city.path = f"/{city.id}/"
        city.save()
        house = zones.building(FAR + 5, FAR + 5, city)
        zone = zones.published(
            zones.actor(zones.planner()), zones.square(FAR, FAR), at=begun, name="Лелюківка"
        )
        tariff = priced_tariff("money-300", 30_000, zone_id=zone.zone_id)
        provider = Provider(zone_id=zone.zone_id, building=house, outside=house, tariff=tariff)
        sold = now - timedelta(days=2)
        made = provider.connect(
            at=sold,
            on_date=clock.today(sold),
            check_id=provider.check(at=sold).check_id,
            new_customer=crm.NewCustomer(full_name="Тарас Левченко", phone="0671112244"),
        )
        for at, kopecks in ((sold, 25_000), (now, 31_250)):
            payments.accept_cash(
                at=at,
                on_date=clock.today(at),
                actor=SYSTEM,
                account_id=made.account_id,
                amount_kopecks=kopecks,
                comment="",
                idempotency_key=f"money-test-{at:%d}",
            )
        address = f"/workspace/customers/{made.customer_id}/"
        people = [who_signs_in(name, Role.ACCOUNTANT).username for name in ("iryna", "petro")]
        return people[0], people[1], address


def signed_in(page: Page, name: str, address: str) -> Page:
    page.goto(f"/sign-in/?next={address}")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"**{address}")
    return page


@pytest.fixture
def card(page: Page, subscriber: tuple[str, str, str]) -> Page:
    return signed_in(page, subscriber[0], subscriber[2])


def test_from_the_statement_to_the_cause_the_journal_and_the_map(
    card: Page, subscriber: tuple[str, str, str]
) -> None:
    card.goto(f"{subscriber[2]}statement/")
    card.get_by_label("Сума").fill("312,50")
    card.get_by_role("button", name="Показати").click()
    expect(card.locator(".ws-lines > li")).to_have_count(1)
    screenshot(card, "money-statement-found")
    card.get_by_role("link", name="Скинути").click()
    charge = card.locator(".ws-lines > li", has_text="Абонплата").first
    charge.locator("summary").focus()
    card.keyboard.press("Enter")
    cause = charge.locator(".ws-cause")
    expect(cause).to_contain_text("Лелюківка")
    expect(cause.locator(".zone").first).to_be_visible()
    expect(cause.locator(".ws-legs")).to_contain_text("Проводка")
    with card.expect_download() as found:
        card.get_by_role("link", name="PDF").click()
    assert found.value.suggested_filename.endswith(".pdf")
    assert found.value.path().read_bytes().startswith(b"%PDF-")
    card.get_by_role("link", name="Перерахувати з нуля").click()
    expect(card.locator("#ws-recalculated")).to_contain_text("Рахунок правильний")
    card.get_by_text("Крок за кроком").click()
    expect(card.locator(".ws-steps tbody tr").first).to_contain_text("✓")
    screenshot(card, "money-statement", prepare=open_first_charge)


def open_first_charge(page: Page) -> None:
    charge = page.locator(".ws-lines > li", has_text=re.compile("Абонплата|Subscription fee")).first
    charge.locator("summary").click()
    expect(charge.locator(".ws-legs")).to_be_visible()


def test_a_large_operation_is_shown_asked_for_and_approved_by_another(
    card: Page, chromium: Browser, browser_context: BrowserContext, subscriber: tuple[str, str, str]
) -> None:
    before = card.locator(".ws-strip-money dd").first.inner_text()
    card.get_by_text("Операції з грошима").click()
    card.get_by_role("link", name="Коригувати баланс").click()
    card.get_by_label("Сума, ₴").fill("1500")
    card.get_by_label("Причина").fill("Компенсація за простій у жовтні")
    card.get_by_role("button", name="Що зміниться").click()
    expect(card.locator(".ws-effect")).to_contain_text("1 500,00")
    expect(card.get_by_text("доки не погодить інша людина")).to_be_visible()
    card.get_by_role("button", name="Подати на погодження").click()
    expect(card.get_by_text("погодити не можете")).to_be_visible()
    screenshot(card, "money-operation-waits")
    card.goto(subscriber[2])
    assert card.locator(".ws-strip-money dd").first.inner_text() == before
    expect(card.get_by_text("на погодженні")).to_be_visible()
    screenshot(card, "money-card")
    other = chromium.new_context(base_url=card.url.split("/workspace")[0])
    try:
        approver = signed_in(other.new_page(), subscriber[1], "/workspace/operations/")
        expect(approver.locator(".ws-modules .ws-count")).to_have_text("1")
        screenshot(approver, "money-approvals")
        approver.locator("tbody a").first.click()
        expect(approver.locator(".ws-effect")).to_contain_text("1 500,00")
        screenshot(approver, "money-operation-decide")
        approver.get_by_role("button", name="Погодити й провести").click()
        expect(approver.locator(".ws-told")).to_contain_text("Погоджено й проведено")
        expect(approver.locator(".ws-modules .ws-count")).to_have_count(0)
        approver.get_by_role("link", name="№", exact=False).last.click()
        expect(approver.locator(".ws-cause")).to_contain_text("погоджено")
    finally:
        other.close()
    card.reload()
    assert card.locator(".ws-strip-money dd").first.inner_text() != before


def test_a_month_is_corrected_with_the_days_shown_first(
    card: Page, subscriber: tuple[str, str, str]
) -> None:
    day = clock.today(clock.now() - timedelta(days=2))
    card.get_by_text("Операції з грошима").click()
    card.get_by_role("link", name="Виправити місяць").click()
    card.get_by_label("Місяць", exact=True).fill(f"{day:%Y-%m}")
    card.get_by_label("Перший день").fill(day.isoformat())
    card.get_by_label("Останній день").fill(day.isoformat())
    card.get_by_label("Причина").fill("Обрив на лінії")
    screenshot(card, "money-correct")
    card.get_by_label("Місяць", exact=True).fill(f"{day:%Y-%m}")
    card.get_by_label("Перший день").fill(day.isoformat())
    card.get_by_label("Останній день").fill(day.isoformat())
    card.get_by_label("Причина").fill("Обрив на лінії")
    card.get_by_role("button", name="Що зміниться").click()
    card.get_by_text("змінюється 1 нарахування").click()
    expect(card.locator(".ws-table")).to_contain_text("10,00")
    card.get_by_role("button", name="Провести").click()
    expect(card.locator(".ws-told")).to_contain_text("Проведено")


def test_a_refund_that_the_bank_has_paid_out_is_ticked_and_noted(
    card: Page, stack: Stack, subscriber: tuple[str, str, str]
) -> None:
    customer_id = int(subscriber[2].split("/")[3])
    with stack.database():
        account_id = CustomerAccount.objects.get(customer_id=customer_id).account_id
        for kopecks, method in ((1_500, "BANK"), (700, "BANK"), (300, "CASH")):
            bookkeeping.ask(
                at=clock.now(),
                on_date=clock.today(),
                actor=zones.actor(User.objects.get(username=subscriber[0])),
                wish=Wish("REFUND", account_id, "переїзд", amount_kopecks=kopecks, method=method),
                idempotency_key=f"own-money-{kopecks}",
            )
    card.goto("/workspace/accounting/own-money/")
    waiting = card.locator(".ws-panel", has_text="має виплатити банк")
    row = waiting.locator("tbody tr", has_text="15,00")
    row.locator("input").focus()
    card.keyboard.press("Space")
    waiting.get_by_label("Номер документа банку").fill("ПД-9")
    card.keyboard.press("Enter")
    expect(card.locator(".ws-told")).to_contain_text("виплатив")
    expect(row).to_have_count(0)
    expect(waiting.locator("tbody tr", has_text="7,00")).to_have_count(1)
    expect(card.locator(".ws-panel", has_text="Записано").last).to_contain_text("ПД-9")


PAGES = ("trial-balance", "turnover", "clearing", "own-money", "months")


@pytest.mark.parametrize("name", PAGES)
def test_the_accountants_pages_fit_a_phone(card: Page, name: str) -> None:
    card.goto(f"/workspace/accounting/{name}/")
    screenshot(card, f"money-{name}")
    card.set_viewport_size({"width": 390, "height": 844})
    card.reload()
    card.wait_for_load_state("networkidle")
    assert card.evaluate("document.documentElement.scrollWidth") == 390


@pytest.fixture
def leaver(stack: Stack) -> str:
    """The card of a client who has gone and left money on the contract."""
    with stack.database():
        now = clock.now()
        customer, account, _number = crm.open_contract(
            at=now,
            actor=SYSTEM,
            new_customer=crm.NewCustomer(full_name="Роман Дячук", phone="0671112255"),
        )
        payments.accept_cash(
            at=now,
            on_date=clock.today(now),
            actor=SYSTEM,
            account_id=account,
            amount_kopecks=12_050,
            comment="",
            idempotency_key=f"leaver-{account}",
        )
        return f"/workspace/customers/{customer}/"


def test_a_contract_is_closed_when_nothing_is_left_on_it_and_opened_again(
    page: Page, subscriber: tuple[str, str, str], leaver: str
) -> None:
    signed_in(page, subscriber[0], leaver)
    page.get_by_text("Операції з грошима").click()
    page.get_by_role("link", name="Закрити договір").click()
    expect(page.locator(".ws-matters")).to_contain_text("На договорі є гроші")
    expect(page.get_by_label("Причина")).to_have_count(0)
    screenshot(page, "contract-close-not-yet")
    page.get_by_role("link", name="Повернути гроші").click()
    expect(page.get_by_label("Сума, ₴")).to_have_value("120,50")
    page.get_by_label("Причина").fill("Виїхав, залишок віддано")
    page.get_by_role("button", name="Що зміниться").click()
    page.get_by_role("button", name="Провести").click()
    expect(page.locator(".ws-told")).to_contain_text("Проведено")
    page.goto(f"{leaver}statement/")
    page.get_by_role("link", name="Закрити договір").click()
    expect(page.locator(".ws-verdict")).to_contain_text("Нічого")
    screenshot(page, "contract-close")
    page.get_by_role("button", name="Закрити договір").click()
    expect(page.locator(".ws-error")).to_contain_text("Напишіть причину")
    page.get_by_label("Причина").fill("Виїхав за кордон")
    page.keyboard.press("Enter")
    expect(page.locator(".ws-told")).to_contain_text("Договір закрито")
    expect(page.locator(".ws-strip-who")).to_contain_text("закрито")
    expect(page.get_by_role("link", name="Прийняти готівку")).to_have_count(0)
    expect(page.get_by_text("Операції з грошима")).to_have_count(0)
    screenshot(page, "contract-closed-card")
    page.get_by_role("link", name="Відкрити знову").click()
    expect(page.locator(".ws-list")).to_contain_text("Виїхав за кордон")
    screenshot(page, "contract-reopen")
    page.get_by_label("Причина").fill("Повернувся")
    page.keyboard.press("Enter")
    expect(page.locator(".ws-told")).to_contain_text("Договір знову відкрито")
    expect(page.get_by_role("link", name="Прийняти готівку")).to_be_visible()


def test_a_charge_run_is_tried_begun_and_followed_to_its_page(
    page: Page, subscriber: tuple[str, str, str]
) -> None:
    signed_in(page, subscriber[0], "/workspace/charging/")
    page.get_by_role("button", name="Спробувати без проведення").click()
    expect(page.locator("#ws-job .state")).to_contain_text("виконано", timeout=60_000)
    expect(page.get_by_text("Пробне нарахування: нічого не проведено")).to_be_visible()
    screenshot(page, "charge-trial")
    page.get_by_label("Підсумки переглянуто, навіть якщо вони незвичні").check()
    page.get_by_role("button", name="Нарахувати").click()
    expect(page.get_by_role("heading", name="Нараховано, відколи воно почалося")).to_be_visible(
        timeout=60_000
    )
    expect(page.locator("#ws-job .state").first).to_contain_text("виконано")
    screenshot(page, "charge-run-job")
    today = f"{clock.today():%d.%m.%Y}"
    page.locator("#ws-job").get_by_role("link", name=today).click()
    expect(page.get_by_role("heading", name=f"Нарахування {today}")).to_be_visible()
    page.goto("/workspace/charging/")
    expect(page.get_by_role("heading", name="Розпочаті вручну")).to_be_visible()
    screenshot(page, "charging-by-hand")
