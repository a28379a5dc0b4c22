"""Every page of the workspace in Chromium: it opens, fits a telephone, and its picture is kept."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, Page

from billing.charging import operations as charging
from billing.charging.models import ChargeRun
from billing.ledger import operations as ledger
from billing.payments import operations as payments
from billing.tariffs import operations as tariffs
from billing.tariffs.models import Tariff
from crm import operations as crm
from project.core import clock
from project.core.actor import SYSTEM
from project.core.roles import Role
from tests.support import zones
from tests.support.browser import TIMEOUT_MS, screenshot
from tests.support.plots import Plot
from tests.support.provider import Provider
from tests.support.stack import Stack

pytestmark = pytest.mark.browser
PASSWORD = "secret-secret"
GROUND = Plot.WORKSPACE_PAGES
PAGES = {
    "home": "/workspace/",
    "search": "/workspace/search/?q=Олійник",
    "map": "/workspace/map/",
    "building": "/workspace/map/buildings/{building}/",
    "service-place": "/workspace/services/new/",
    "service-new": "/workspace/services/new/?building={building}",
    "service-new-business": "/workspace/services/new/?building={building}&segment=бізнес",
    "requests": "/workspace/requests/",
    "request": "/workspace/requests/{request}/",
    "customers": "/workspace/customers/",
    "customer": "/workspace/customers/{customer}/",
    "statement": "/workspace/customers/{customer}/statement/",
    "recalculate": "/workspace/customers/{customer}/recalculate/",
    "customer-sessions": "/workspace/customers/{customer}/sessions/",
    "journal": "/workspace/customers/{customer}/journals/{journal}/",
    "block": "/workspace/services/{subscription}/block/",
    "change-tariff": "/workspace/services/{subscription}/change-tariff/",
    "pause": "/workspace/services/{subscription}/pause/",
    "terminate": "/workspace/services/{subscription}/terminate/",
    "cash-desk": "/workspace/cash-desk/",
    "cash-take": "/workspace/cash-desk/{account}/",
    "receipt": "/workspace/cash-desk/receipts/{payment}/",
    "payments": "/workspace/payments/",
    "charging": "/workspace/charging/",
    "charge-run": "/workspace/charging/{run}/",
    "sessions": "/workspace/sessions/",
    "tariffs": "/workspace/tariffs/",
    "tariff": "/workspace/tariffs/pages-300/",
    "staff": "/workspace/staff/",
    "staff-new": "/workspace/staff/new/",
    "staff-edit": "/workspace/staff/{user}/",
    "audit": "/workspace/audit/",
}


def tariff_of(*, zone_id: int) -> Tariff:
    """A daily tariff priced in the zone."""
    now = clock.now()
    since = clock.today() - timedelta(days=60)
    tariff = Tariff.objects.create(
        code="pages-300", service_type="INTERNET", name_uk="Дім 300", name_en="Home 300"
    )
    tariffs.publish_version(
        at=now,
        actor=SYSTEM,
        tariff_id=tariff.id,
        applies_from=since,
        terms=tariffs.Terms(
            charge_type="DAILY",
            revenue_account_code="revenue:internet",
            speed_down_bit_s=300_000_000,
            speed_up_bit_s=300_000_000,
        ),
    )
    for segment, price_kopecks in (("", 30_000), ("бізнес", 99_000)):
        tariffs.set_price(
            at=now,
            actor=SYSTEM,
            tariff_id=tariff.id,
            price_kopecks=price_kopecks,
            valid_from=since,
            zone_id=zone_id,
            segment=segment,
        )
    return tariff


@pytest.fixture(scope="module")
def things(stack: Stack) -> dict[str, str]:
    """An administrator, and one of each kind of thing that a page shows."""
    with stack.database():
        now, today = clock.now(), clock.today()
        person = zones.planner("admin-of-pages", Role.ADMINISTRATOR)
        # The tests' own hasher is fast and weak; the running system would not know it.
        person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
        person.save()
        ledger.ensure_partitions(
            from_date=today - timedelta(days=31), until_date=today + timedelta(days=62)
        )
        city = zones.locality()
        city.path = f"/{city.id}/"
        city.save()
        house = zones.building(GROUND + 5, GROUND + 5, city)
        zone = zones.published(
            zones.actor(person),
            zones.square(GROUND, GROUND),
            at=now - timedelta(days=20),
            name="Залютине",
        )
        tariff = tariff_of(zone_id=zone.zone_id)
        provider = Provider(zone_id=zone.zone_id, building=house, outside=house, tariff=tariff)
        check = provider.check(at=now)
        request = crm.file_request(
            at=now,
            on_date=today,
            actor=SYSTEM,
            check_public_id=check.public_id,
            tariff_code=tariff.code,
            network_type="GPON",
            contact_name="Ігор Бондар",
            contact_phone="067 765 43 21",
        )
        made = provider.connect(
            at=now,
            on_date=today,
            check_id=check.check_id,
            new_customer=crm.NewCustomer(full_name="Віра Олійник", phone="067 111 22 34"),
        )
        payment = payments.accept_cash(
            at=now,
            on_date=today,
            actor=zones.actor(person),
            account_id=made.account_id,
            amount_kopecks=50_000,
            idempotency_key="pages",
        )
        # Today is charged by the connection and the payment; the next night by its run.
        tomorrow = today + timedelta(days=1)
        for day, at in ((today, now), (tomorrow, now + timedelta(days=1))):
            charging.run(on_date=day, at=at, actor=SYSTEM, confirm=True)
        named = {
            "building": house.id,
            "request": request.number,
            "customer": made.customer_id,
            "subscription": made.subscription_id,
            "account": made.account_id,
            "payment": payment.id,
            "journal": payment.journal_id,
            "run": ChargeRun.objects.get(charge_date=tomorrow).id,
            "user": person.id,
            "username": person.username,
        }
    return {name: str(value) for name, value in named.items()}


@pytest.fixture(scope="module")
def at_work(chromium: Browser, stack: Stack, things: dict[str, str]) -> Iterator[Page]:
    """One administrator's window for all pages: signed in once."""
    context = chromium.new_context(
        base_url=stack.url,
        viewport={"width": 1440, "height": 900},
        timezone_id="Europe/Kyiv",
        reduced_motion="reduce",
    )
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto("/sign-in/")
    page.fill("input[name=username]", things["username"])
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/workspace/")
    yield page
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_fits_and_is_pictured(
    at_work: Page, things: dict[str, str], name: str
) -> None:
    troubles: list[str] = []
    wide: list[int] = []

    def hear_error(error: object) -> None:
        troubles.append(f"script error: {error}")

    def hear_answer(response: object) -> None:
        if getattr(response, "status", 0) >= 400:
            troubles.append(f"{getattr(response, 'status', 0)} {getattr(response, 'url', '')}")

    def measure(page: Page) -> None:
        page.wait_for_function("document.fonts.status === 'loaded'")
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if over > 0:
            wide.append(over)

    at_work.on("pageerror", hear_error)
    at_work.on("response", hear_answer)
    try:
        answer = at_work.goto(PAGES[name].format(**things))
        assert answer is not None
        assert answer.status == 200
        assert at_work.locator("h1").count() == 1
        screenshot(at_work, f"workspace-{name}", prepare=measure)
    finally:
        at_work.remove_listener("pageerror", hear_error)
        at_work.remove_listener("response", hear_answer)
    assert troubles == []
    assert wide == [], "the page is wider than the window"
