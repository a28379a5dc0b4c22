"""A pay link in Chromium, paid at the simulator; then the accountant brings the day to zero."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from billing.calendar import daily_amount_on
from billing.ledger import queries as ledger_queries
from billing.payments import operations as payments
from billing.payments import outgoing
from billing.payments.gateway import OutgoingRequest
from billing.payments.models import MerchantAccount, Payment
from crm import operations as crm
from project.core import clock
from project.core.actor import SYSTEM
from project.core.roles import Role
from project.process.programs import ROOT, Program
from tests.browser.test_money import signed_in
from tests.support.browser import screenshot
from tests.support.plots import Plot
from tests.support.ports import free_tcp_port
from tests.support.provider import small_provider
from tests.support.stack import Stack, http_answers
from tests.support.staff import who_signs_in

pytestmark = pytest.mark.browser
EAST = Plot.PAY_LINK
SLUG = "pay-link"
SETTINGS = {
    "platon": {"key": "SIM", "password": "sim-password", "default_email": "pay@example.com"},
    "monobank": {"token": "u-simulated-token"},
    "ibox": {"topup_url": "{site}/ibox/?account={{account}}"},
}


@dataclass(frozen=True)
class World:
    """A contract with its pay link, and the payment systems' site."""

    number: str
    account_id: int
    card: str
    accountant: str
    site: str
    monobank: MerchantAccount


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """A client, three merchant accounts, and `manage.py simulate_provider` that plays them."""
    port = free_tcp_port()
    site = f"http://127.0.0.1:{port}"
    with stack.database():
        provider = small_provider(east=EAST, code="pay-link")
        made = provider.connect(
            new_customer=crm.NewCustomer(full_name="Уляна Приходько", phone="0671712244")
        )
        for name, settings in SETTINGS.items():
            payments.open_merchant(
                at=clock.now(),
                actor=SYSTEM,
                provider=name,
                slug=SLUG,
                base_url=f"{site}/{name}",
                settings={key: value.format(site=site) for key, value in settings.items()},
            )
        monobank = MerchantAccount.objects.get(provider="monobank", slug=SLUG)
        accountant = who_signs_in("reconciler", Role.ACCOUNTANT).username
    command = (
        sys.executable, "manage.py", "simulate_provider", *SETTINGS, "--slug", SLUG,
        "--port", str(port),
    )  # fmt: skip
    stack.start(Program("simulator", command, directory=ROOT))
    stack.wait_for("simulator", http_answers(f"{site}/"))
    card = f"/workspace/customers/{made.customer_id}/"
    yield World(made.contract_number, made.account_id, card, accountant, site, monobank)
    stack.stop("simulator")


@pytest.fixture
def link(page: Page, world: World) -> str:
    """The pay link, as an operator finds it on the client's card."""
    signed_in(page, world.accountant, world.card)
    page.get_by_title("QR-код посилання на оплату").click()
    expect(page.locator(".ws-qr svg").last).to_be_visible()
    screenshot(page, "pay-card", prepare=lambda page: page.locator(".ws-qr > summary").click())
    found = page.locator(".ws-paylink > a").get_attribute("href")
    assert found
    page.context.clear_cookies()
    return found


def begin(page: Page, link: str, way: str, amount: str) -> None:
    """From the pay link to the payment system's page."""
    page.goto(link)
    page.get_by_label("Сума, ₴").fill(amount)
    page.get_by_text(way, exact=True).click()
    page.get_by_role("button", name="Перейти до оплати").click()
    expect(page.locator("h1")).to_contain_text(f"До сплати {amount},00 грн")


def balance(page: Page, link: str) -> int:
    """Kopecks that the pay link's page shows."""
    page.goto(link)
    shown = page.locator("[data-balance]").inner_text().replace("−", "-")
    return int("".join(sign for sign in shown if sign.isdigit() or sign == "-"))


def outcome(page: Page, kind: str) -> None:
    """The page of return says so."""
    expect(page.locator("#paid")).to_have_attribute("data-kind", kind)


def test_a_client_pays_at_three_families_and_the_page_of_return_tells_the_truth(
    page: Page, world: World, link: str
) -> None:
    before = balance(page, link)
    expect(page.locator(".pay-qr svg").first).to_be_visible()
    screenshot(page, "pay-link")
    # A form with a digest, a callback.
    begin(page, link, "Platon", "300")
    page.get_by_role("button", name="Сплатити", exact=True).click()
    outcome(page, "PAID")
    expect(page.locator("[data-balance]")).to_be_visible()
    screenshot(page, "pay-paid")
    # The service that stood still for want of money is back, and today is charged.
    before += 30_000 - daily_amount_on(30_000, clock.today())
    assert balance(page, link) == before
    # An invoice, a signed webhook: left without an answer, taken up again, declined.
    begin(page, link, "monobank", "120")
    page.get_by_role("button", name="Закрити, нічого не відповівши").click()
    page.get_by_role("link", name="Повернутися").click()
    outcome(page, "WAITING")
    screenshot(page, "pay-waiting")
    page.get_by_role("link", name="Назад до платіжної системи").click()
    page.get_by_role("button", name="Карту відхилено").click()
    outcome(page, "FAILED")
    assert balance(page, link) == before
    # Paid, but the notice is lost: the page waits, we ask the bank, the page changes by itself.
    begin(page, link, "monobank", "150")
    page.get_by_role("button", name="сповіщення загубиться").click()
    page.get_by_role("link", name="Повернутися").click()
    outcome(page, "PAID")
    # A notice that comes twice is one payment.
    begin(page, link, "monobank", "110")
    page.get_by_role("button", name="прийде двічі").click()
    outcome(page, "PAID")
    assert balance(page, link) == before + 26_000
    # A terminal.
    page.get_by_role("link", name="iBox").click()
    expect(page.get_by_label("Договір")).to_have_value(world.number)
    page.get_by_label("Сума").fill("70,50")
    page.get_by_role("button", name="Далі").click()
    expect(page.locator("h1")).to_have_text("Перевірте")
    page.get_by_role("button", name="Сплатити").click()
    expect(page.locator("h1")).to_have_text("Сплачено")
    assert balance(page, link) == before + 33_050


def at_simulator(world: World, path: str, **fields: str) -> None:
    """Press something at monobank's simulator."""
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    url = f"{world.site}/monobank{path}"
    assert outgoing.exchange(OutgoingRequest("POST", url, headers, body)).status < 400


def paid_at_monobank(world: World, kopecks: int, do: str) -> str:
    """A payment of the contract at monobank; its number there."""
    started = payments.create_checkout(
        at=clock.now(), actor=SYSTEM, merchant_id=world.monobank.id, account_code=world.number,
        amount_kopecks=kopecks, success_url="", failure_url="",
    )  # fmt: skip
    invoice = Payment.objects.get(id=started.payment_id).attempts.get().provider_ref
    at_simulator(world, "/decide", number=invoice, do=do)
    return invoice


def test_an_accountant_brings_a_day_with_a_missing_and_a_wrong_amount_to_zero(
    page: Page, stack: Stack, world: World
) -> None:
    with stack.database():
        missing = paid_at_monobank(world, 21_000, "unheard")
        wrong = paid_at_monobank(world, 34_000, "pay")
        at_simulator(world, "/cabinet", number=wrong, do="list", sum="330")
        today = clock.today()
    signed_in(page, world.accountant, "/workspace/reconciliation/")
    page.goto(f"/workspace/reconciliation/?day={today}")
    page.get_by_role("row", name="monobank").get_by_role("link").click()
    page.get_by_role("button", name="Запитати платіжну систему").click()
    expect(page.locator("[data-wrong]")).to_have_text("2")
    screenshot(page, "reconciliation-wrong")
    line = page.get_by_role("row", name=re.compile(missing))
    expect(line).to_contain_text(world.number)
    line.get_by_role("button", name="Провести").click()
    expect(page.locator("[data-wrong]")).to_have_text("1")
    line = page.get_by_role("row", name=re.compile(wrong))
    line.get_by_role("button", name="Взяти їхню суму").click()
    expect(page.locator("[data-wrong]")).to_have_text("0")
    owed = int(page.locator("[data-owed]").get_attribute("data-owed") or 0)
    fee = 777
    page.get_by_label("Надійшло в банк").fill(f"{(owed - fee) // 100},{(owed - fee) % 100:02d}")
    page.get_by_label("Утримано комісії").fill("7,77")
    page.get_by_label("Банківський номер переказу").fill("ПЛ-1")
    page.get_by_role("button", name="Провести переказ").click()
    expect(page.locator("[data-owed]")).to_have_attribute("data-owed", "0")
    screenshot(page, "reconciliation-zero")
    with stack.database():
        posted = Payment.objects.get(external_id=missing)
        assert (posted.state, posted.holder_id) == ("CONFIRMED", world.account_id)
        clearing = world.monobank.clearing_account_id
        assert ledger_queries.balance_kopecks(account_id=clearing) == 0
    page.goto(f"/workspace/reconciliation/?day={today}")
    screenshot(page, "reconciliation")


def test_a_part_of_a_payment_is_given_back_by_a_button(
    page: Page, stack: Stack, world: World
) -> None:
    with stack.database():
        invoice = paid_at_monobank(world, 12_300, "pay")
        payment = Payment.objects.get(external_id=invoice)
    signed_in(page, world.accountant, "/workspace/payments/")
    page.goto("/workspace/payments/?channel=MONOBANK")
    screenshot(page, "payments")
    page.goto(f"/workspace/payments/{payment.id}/")
    page.get_by_role("link", name="Повернути", exact=True).click()
    screenshot(page, "refund")
    page.get_by_label("Платник отримає, ₴").fill("30")
    page.get_by_label("Причина").fill("звернувся клієнт")
    page.get_by_role("button", name="Повернути платникові").click()
    row = page.get_by_role("row", name=re.compile("звернувся клієнт"))
    expect(row).to_contain_text("30,00")
    screenshot(page, "refund-asked")
