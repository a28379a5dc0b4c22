"""The path that the product exists for, from end to end on real parts and real data.

A planner draws a zone; a client checks an address and asks for a connection; an operator makes the
service of it; the cash desk takes money; the subscriber logs in by RADIUS and has the tariff's
speed and an address of the city's pool; login, MAC and switch port are told two of three; a change
of tariff reaches the running session; money runs out and the session is walled in; a payment at a
payment system lets it out, and its day is reconciled to zero; the statement's line leads to the
price rule and to the zone. It grows with every part of the product.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django import DjangoDbBlocker

from billing.calendar import daily_amount_on
from billing.charging import operations as charging
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.models import Block, ChargeBasis, Subscription
from billing.tariffs import demo as demo_tariffs
from billing.tariffs import operations as tariffs
from coverage import operations as coverage
from coverage.models import AdminUnit, Zone, ZoneVersion
from coverage.zoning.operations import Terms
from crm.models import ConnectionRequest
from network import demo as demo_network
from network.models import RadiusDecision, Session, SessionEvent, SessionHistory, TrafficDay
from project.core import clock, outbox
from project.core.actor import SYSTEM
from project.core.models import AuditEntry
from project.core.roles import Role
from project.demo import make_staff
from tests.scenarios import at_payment_system, live_access
from tests.scenarios.live_access import Line
from tests.support.browser import screenshot
from tests.support.fake_bras import FakeBras
from tests.support.radius_system import RadiusSystem
from tests.support.redis_server import private_redis
from tests.support.stack import Stack, build_pages, running_system

pytestmark = pytest.mark.browser

PASSWORD = "whole-path-password"
# What the running system knows; the tests' own settings have a faster one.
HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
FIXTURES = Path(settings.BASE_DIR) / "fixtures"
ADDRESS = "метробудівників 10"
# A zone around the houses of Metrobudivnykiv street with a hole where a school stands.
ZONE_WKT = (
    "POLYGON ((36.3490 50.0335, 36.3630 50.0335, 36.3630 50.0425, 36.3490 50.0425,"
    " 36.3490 50.0335), (36.3562 50.0366, 36.3562 50.0372, 36.3572 50.0372,"
    " 36.3572 50.0366, 36.3562 50.0366))"
)
SECOND_WKT = (
    "POLYGON ((36.3480 50.0330, 36.3640 50.0330, 36.3640 50.0430, 36.3480 50.0430,"
    " 36.3480 50.0330))"
)
NEW_PRICE = 31_000
ACCOUNTING_S = 30.0
PEOPLE = {
    "planner": Role.PLANNER,
    "operator": Role.OPERATOR,
    "cashier": Role.CASHIER,
    "accountant": Role.ACCOUNTANT,
}


@pytest.fixture(scope="module")
def system(django_db_blocker: DjangoDbBlocker) -> Iterator[Stack]:
    """A whole system with real places and staff, but nothing drawn and nobody connected."""
    build_pages()
    with (
        private_redis() as redis_port,
        running_system(
            unblock=django_db_blocker.unblock, redis_port=redis_port, label="whole_path"
        ) as stack,
    ):
        with stack.database(), override_settings(PASSWORD_HASHERS=HASHERS):
            at = clock.now()
            coverage.load_demo_places(fixtures_dir=FIXTURES / "geo", at=at)
            for name, role in PEOPLE.items():
                make_staff(name, name.title(), "", role, password=PASSWORD)
            today = clock.today(at)
            ledger.ensure_partitions(from_date=today, until_date=today + timedelta(days=120))
        yield stack


@pytest.fixture(scope="module")
def radius(system: Stack) -> RadiusSystem:
    """What a BRAS at 127.0.0.1 would do, with radclient."""
    return RadiusSystem(parts=system, secret=system.radius_secret, status_port=0)


@contextmanager
def browser_of(chromium: Browser, system: Stack, name: str = "") -> Iterator[Page]:
    """A browser of one person, signed in when a name is given; scripts must not throw."""
    context: BrowserContext = chromium.new_context(
        base_url=system.url, viewport={"width": 1440, "height": 900}, timezone_id="Europe/Kyiv"
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    if name:
        page.goto("/sign-in/")
        page.locator("input[name=username]").fill(name)
        page.locator("input[name=password]").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in/" not in url)
    try:
        yield page
    except BaseException:
        page.screenshot(path=system.logs / f"failed-{name or 'client'}.png", full_page=True)
        raise
    finally:
        context.close()
    assert not troubles, troubles


def test_the_whole_path(chromium: Browser, system: Stack, radius: RadiusSystem) -> None:
    with FakeBras(secret=system.radius_secret) as bras:
        a_planner_draws_and_publishes_a_zone(chromium, system)
        the_provider_prices_it(system, bras)
        a_client_checks_an_address_and_asks_for_a_connection(chromium, system)
        login, password = an_operator_makes_the_service(chromium, system)
        assert radius.pap(login, password).kind == "Access-Reject", "nothing is paid yet"
        the_cash_desk_takes_money(chromium, system, "200")
        the_subscriber_is_online_with_the_speed_of_the_tariff(system, radius, login, password)
        line = Line(system, radius, bras, login, password)
        an_operator_works_on_the_line(chromium, line)
        tomorrow = night_of(clock.today() + timedelta(days=1))
        live_access.the_new_tariff_reaches_the_session_without_a_disconnect(line, at=tomorrow)
        day = money_runs_out(system)
        live_access.the_running_session_is_walled_in(line, at=night_of(day))
        at_payment_system.an_invoice_brings_it_back(system, at=night_of(day, hours=9))
        live_access.the_running_session_is_let_out(line, at=night_of(day, hours=9))
    a_second_zone_moves_the_client_to_its_price(system, day)
    assert line.ask().kind == "Access-Accept"
    the_statement_leads_back_to_the_rule_and_the_zone(chromium, system)
    assert "right" in system.manage("ledger_verify")
    everything_is_in_the_audit_log(system)


def an_operator_works_on_the_line(chromium: Browser, line: Line) -> None:
    """Address by city, two of three by FreeRADIUS, a live session, its speed changed under it."""
    live_access.the_address_is_of_the_city(line, city="Харків")
    with browser_of(chromium, line.system, "operator") as page:
        live_access.an_operator_registers_the_device_and_the_port(page, line)
        live_access.two_of_three_are_enough_and_one_is_not(line)
        live_access.a_session_begins(line)
        live_access.another_speed_for_an_hour_reaches_the_session(page, line)
        live_access.the_session_is_seen_in_the_workspace(page, line)
        live_access.the_speed_of_the_tariff_is_given_back(page, line)
        live_access.a_change_of_tariff_is_ordered(page, line)
    with line.system.database():
        live_access.debtors_are_guests()


def night_of(day: date, *, hours: float = 5 / 60) -> datetime:
    """A moment of a day in Kyiv; five minutes past midnight is when the day is charged."""
    return datetime.combine(day, datetime.min.time(), tzinfo=clock.KYIV) + timedelta(hours=hours)


def a_planner_draws_and_publishes_a_zone(chromium: Browser, system: Stack) -> None:
    with browser_of(chromium, system, "planner") as page:
        page.goto("/planner/")
        page.locator("#pl-new").click()
        page.locator("#pl-as-text").click()
        page.locator("#pl-text").fill(ZONE_WKT)
        page.locator("#pl-text-use").click()
        page.locator("#pl-name").fill("Метробудівників")
        page.locator("#pl-network").select_option("FTTB")
        page.locator("#pl-status").select_option("IN_SERVICE")
        expect(page.locator("#pl-count")).to_have_text(re.compile(r"[1-9]\d*"))
        page.locator("#pl-save").click()
        expect(page.locator("#pl-discard")).to_be_visible()
        page.get_by_role("button", name="До списку").click()
        page.locator("#pl-review").click()
        expect(page.locator("#pl-impact")).to_contain_text("Метробудівників")
        page.locator("#pl-publish").click()
        expect(page.locator("#pl-zones")).to_contain_text("Метробудівників")
        expect(page.locator("#pl-publish")).to_be_hidden()
        screenshot(page, "path-planner")
    with system.database():
        version = ZoneVersion.objects.get(zone__name="Метробудівників")
        assert version.status == "IN_SERVICE"
        assert [len(p) for p in version.geometry] == [2], "one part with one hole"
        assert version.buildings.count() > 50


def the_provider_prices_it(system: Stack, bras: FakeBras) -> None:
    """Tariffs and the access server, as the demonstration makes them, priced for this zone."""
    with system.database(), override_settings(GEOBILL_RADIUS_SECRET=system.radius_secret):
        at = clock.now()
        zone = Zone.objects.get(name="Метробудівників")
        kharkiv = AdminUnit.objects.get(name="Харків", category="CITY")
        demo_tariffs.load(
            at=at,
            zones={"saltivka-fttb": zone.id},
            admin_units={"kharkiv": kharkiv.id},
        )
        demo_network.load(at=at, admin_units=[kharkiv])
        live_access.only_ipv4_is_given()
        live_access.the_bras_listens(system, bras)


def a_client_checks_an_address_and_asks_for_a_connection(chromium: Browser, system: Stack) -> None:
    with browser_of(chromium, system) as page:
        page.goto("/")
        screenshot(page, "path-public")
        page.locator("#address").fill(ADDRESS)
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Так, підключимо вас")
        expect(page.locator("#answer")).to_contain_text("Дім 300")
        screenshot(page, "path-answer")
        page.get_by_role("link", name="Замовити").first.click()
        page.get_by_label("Ваш телефон").fill("067 412 08 35")
        page.get_by_label("Ваше ім’я").fill("Оксана Коваленко")
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Заявку прийнято")
        screenshot(page, "path-request")
    with system.database():
        request = ConnectionRequest.objects.get()
        assert (request.state, request.contact_phone) == ("NEW", "+380674120835")
        assert request.offer["price_kopecks"] > 0


def an_operator_makes_the_service(chromium: Browser, system: Stack) -> tuple[str, str]:
    with browser_of(chromium, system, "operator") as page:
        page.goto("/workspace/requests/")
        screenshot(page, "path-requests")
        expect(page.locator("tbody")).to_contain_text("Оксана Коваленко")
        page.locator("tbody a[href*='/workspace/requests/']").first.click()
        page.locator("form:has(input[value=VERIFIED]) button").click()
        page.locator("a[href*='services/new']").last.click()
        expect(page.locator("input[name=contact_name]")).to_have_value("Оксана Коваленко")
        expect(page.locator("#ws-effect dl")).to_be_visible()
        page.locator("input[name=unit]").fill("57")
        screenshot(page, "path-service-new")
        page.locator("input[name=unit]").fill("57")
        page.locator("form#ws-service aside button").click()
        password = page.locator("#made-password").inner_text()
        login = page.locator("#made-login").inner_text()
        page.goto("/workspace/map/")
        expect(page.locator(".leaflet-container")).to_be_visible()
        screenshot(page, "path-map")
    with system.database():
        assert ConnectionRequest.objects.get().state == "INSTALLED"
        assert Block.objects.get(until_at__isnull=True).reason == "DEBT"
    return login, password


def the_cash_desk_takes_money(chromium: Browser, system: Stack, amount: str) -> None:
    with browser_of(chromium, system, "cashier") as page:
        page.goto("/workspace/cash-desk/")
        page.locator("#payer").fill("коваленко")
        page.keyboard.press("Enter")
        page.locator("a[href*='/cash-desk/']:has(b)").first.click()
        page.locator("input[name=amount]").fill(amount)
        page.locator("form.ws-panel button.btn-primary").click()
        expect(page.locator(".ws-effect")).to_be_visible()
        page.locator("form.ws-panel button.btn-primary").click()
        page.wait_for_url(re.compile(r"/receipts/\d+/"))
        expect(page.locator(".ws-receipt")).to_contain_text(f"{amount},00")
        screenshot(page, f"path-receipt-{amount}")
    with system.database():
        assert not Block.objects.filter(until_at__isnull=True).exists(), "paid, so it is on"


def the_subscriber_is_online_with_the_speed_of_the_tariff(
    system: Stack, radius: RadiusSystem, login: str, password: str
) -> None:
    reply = radius.pap(login, password)
    assert reply.kind == "Access-Accept"
    with system.database():
        decision = RadiusDecision.objects.get(login=login)
        down, up = decision.speed_down_bit_s or 0, decision.speed_up_bit_s or 0
        assert reply.attributes["Framed-IP-Address"] == decision.framed_ip
    limit = reply.attributes["Mikrotik-Rate-Limit"]
    assert limit == f"{up // 1_000_000}M/{down // 1_000_000}M"
    assert radius.pap(login, "не той пароль").kind == "Access-Reject"
    who = f', User-Name = "{login}", Class = {reply.attributes["Class"]}'
    for kind, octets, seconds in [("Start", 0, 0), ("Interim-Update", 5, 300), ("Stop", 9, 900)]:
        counters = (
            f", Acct-Session-Time = {seconds}, Acct-Input-Octets = {octets},"
            f" Acct-Output-Octets = {octets * 1000}"
        )
        assert radius.account(kind, "path-1", who + counters).kind == "Accounting-Response"
        accounting_is_taken_in(system, login, octets=octets, ended=kind == "Stop")
    with system.database():
        session = SessionHistory.objects.get(login=login)
        assert (session.in_octets, session.out_octets) == (9, 9000)
        assert session.subscription_id == decision.subscription_id
        assert not Session.objects.filter(login=login).exists()
        told = SessionEvent.objects.filter(session_unique_id=session.unique_id)
        assert {"START", "STOP"} <= set(told.values_list("kind", flat=True))
        days = TrafficDay.objects.filter(subscription_id=session.subscription_id)
        assert sum(day.out_octets for day in days) == 9000


def accounting_is_taken_in(system: Stack, login: str, *, octets: int, ended: bool) -> None:
    """FreeRADIUS has put it into the stream; the worker takes it from there."""
    table = SessionHistory if ended else Session
    deadline = time.monotonic() + ACCOUNTING_S
    while True:
        with system.database():
            if table.objects.filter(login=login, in_octets=octets).exists():
                return
        assert time.monotonic() < deadline, "accounting was not taken in"
        time.sleep(0.1)


def money_runs_out(system: Stack) -> date:
    """Nights pass: each day is charged by its own run, until there is not enough for one more."""
    with system.database():
        account_id = ChargeBasis.objects.values_list("subscription__account_id", flat=True)[0]
        first = clock.today()
        for number in range(1, 60):
            day = first + timedelta(days=number)
            charging.run(on_date=day, at=night_of(day), actor=SYSTEM, confirm=True)
            if Block.objects.filter(until_at__isnull=True).exists():
                break
        assert 0 <= ledger_queries.balance_kopecks(account_id=account_id) < 5_000
        again = charging.run(on_date=day, at=night_of(day, hours=1), actor=SYSTEM, confirm=True)
        assert again.charged_count == 0, "a run of a charged day charges nothing"
        decision = RadiusDecision.objects.get()
        assert (decision.state, decision.reason) == ("GUEST", "DEBT")
    return day


def a_second_zone_moves_the_client_to_its_price(system: Stack, day: date) -> None:
    """Another zone over the house, published with MOVE: charged by its price from the next day."""
    with system.database():
        at = night_of(day, hours=14)
        draft = coverage.create_zone(
            actor=SYSTEM,
            at=at,
            name="Метробудівників, нова",
            network_type="FTTB",
            status="IN_SERVICE",
            priority=5,
            geometry=SECOND_WKT,
        )
        service = Subscription.objects.get()
        tariff_id = service.spans.latest("id").tariff_id
        tariffs.set_price(
            at=at,
            actor=SYSTEM,
            tariff_id=tariff_id,
            price_kopecks=NEW_PRICE,
            zone_id=draft.zone_id,
            valid_from=day,
        )
        next_day = day + timedelta(days=1)
        seen = coverage.preview_impact(changeset_id=draft.changeset_id, at=at)["existing"]
        assert (seen["services"], seen["monthly_after_kopecks"]) == (1, NEW_PRICE)
        coverage.publish(
            changeset_id=draft.changeset_id,
            actor=SYSTEM,
            at=at,
            existing=Terms("MOVE", next_day),
        )
        while outbox.dispatch(at=at):
            pass
        before = ledger_queries.balance_kopecks(account_id=service.account_id)
        charging.run(on_date=next_day, at=night_of(next_day), actor=SYSTEM, confirm=True)
        paid = before - ledger_queries.balance_kopecks(account_id=service.account_id)
        assert paid == daily_amount_on(NEW_PRICE, next_day)
        zones = [span.sold_zone_version for span in service.spans.order_by("during", "id")]
        assert list(dict.fromkeys(version.zone.name for version in zones if version)) == [
            "Метробудівників",
            "Метробудівників, нова",
        ]


def the_statement_leads_back_to_the_rule_and_the_zone(chromium: Browser, system: Stack) -> None:
    with browser_of(chromium, system, "accountant") as page:
        page.goto("/workspace/customers/")
        screenshot(page, "path-customers")
        page.get_by_role("link", name="Оксана Коваленко").first.click()
        expect(page.locator("h1")).to_contain_text("Оксана Коваленко")
        expect(page.locator("main")).to_contain_text("Старт 100")
        expect(page.locator("main")).to_contain_text("Метробудівників")
        screenshot(page, "path-card")
        newest = page.locator(".ws-lines > li").first
        newest.locator("summary").click()
        expect(newest).to_contain_text("Метробудівників, нова")
        expect(newest).to_contain_text(f"{NEW_PRICE // 100},00")
        expect(newest.locator("[data-map='zone-version']")).to_be_visible()
        screenshot(page, "path-statement")
    with system.database():
        basis = ChargeBasis.objects.select_related("price_rule", "zone_version").earliest("id")
        assert basis.zone_version is not None
        assert basis.zone_version.zone.name == "Метробудівників"
        assert basis.price_rule.zone_id == basis.zone_version.zone_id


def everything_is_in_the_audit_log(system: Stack) -> None:
    with system.database():
        actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions >= {
        "coverage.zone.drafted",
        "crm.request.filed",
        "crm.request.moved",
        "crm.customer.created",
        "crm.contract.opened",
        "billing.payment.confirmed",
        "billing.subscriptions.terms_moved",
        "network.equipment.set",
    }
