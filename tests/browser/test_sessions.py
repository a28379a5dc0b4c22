"""Sessions in Chromium: the table renews itself, the time line opens, the days have their bars."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from crm import operations as crm
from network import sessions
from network.accounting import Kind, SessionFacts, Told
from project.core import clock
from project.core.roles import Role
from tests.support import services, zones
from tests.support.browser import TIMEOUT_MS, screenshot
from tests.support.plots import Plot
from tests.support.provider import small_provider
from tests.support.stack import Stack
from tests.support.staff import PASSWORD, who_signs_in

pytestmark = pytest.mark.browser
GROUND = Plot.SESSIONS
OPEN = "c" * 32


def facts(number: int, **more: Any) -> SessionFacts:
    """A session that began two hours ago."""
    now = clock.now()
    return replace(
        SessionFacts(
            unique_id=f"{number:032x}", acct_session_id=f"81f0000{number}",
            nas_address="10.9.9.1", login=f"gb10{number}", mac=f"dc2c6e0000{number:02x}",
            circuit_hex="", framed_ip=f"10.77.4.{number}", subscription_id=None, is_guest=False,
            started_at=now - timedelta(hours=2), last_seen_at=now - timedelta(minutes=6),
            in_octets=number * 1_100_000_000, out_octets=number * 9_000_000_000,
            session_time_s=6840, nas_port_id="ge-0/0/1.100:1021",
        ),
        **more,
    )  # fmt: skip


@pytest.fixture(scope="module")
def place(stack: Stack) -> dict[str, str]:
    """A client with a month of traffic and an open session; guests and a silent one beside him."""
    with stack.database():
        now = clock.now()
        person = who_signs_in("sessions", Role.NETWORK_ENGINEER)
        provider = small_provider(east=GROUND, code="sessions-300")
        past = now - timedelta(hours=3)
        asked = provider.check(at=past)
        made = provider.connect(
            at=past,
            on_date=clock.today(past),
            actor=zones.actor(person),
            check_id=asked.check_id,
            new_customer=crm.NewCustomer(full_name="Віра Олійник", phone="067 111 22 35"),
        )
        services.nas(address="10.9.9.1")
        own = made.subscription_id
        for day in range(18, 0, -1):
            at = now - timedelta(days=day)
            sessions.ingest(
                [facts(100 + day, subscription_id=own, started_at=at, last_seen_at=at,
                       is_stopped=True, stopped_at=at, terminate_cause="User-Request",
                       in_octets=day % 7 * 400_000_000, out_octets=day % 5 * 7_000_000_000)]
            )  # fmt: skip
        start = Told(
            Kind.START,
            now - timedelta(hours=2),
            {"User-Name": ["gb101"], "Framed-IP-Address": ["10.77.4.1"], "Class": ["s:1:ab"]},
        )
        sessions.ingest(
            [
                facts(1, unique_id=OPEN, subscription_id=own, packets=(start,)),
                facts(2, is_guest=True, circuit_hex="0004006400ff8a", login=""),
                facts(3, last_seen_at=now - timedelta(minutes=40)),
            ]
        )
        sessions.ingest(
            [facts(1, unique_id=OPEN, subscription_id=own, last_seen_at=now,
                   in_octets=1_300_000_000, out_octets=11_000_000_000)]
        )  # fmt: skip
        sessions.reap(at=now)
        return {"customer": str(made.customer_id), "username": person.username}


@pytest.fixture
def window(chromium: Browser, stack: Stack, place: dict[str, str]) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=stack.url, viewport={"width": 1440, "height": 900}, timezone_id="Europe/Kyiv",
        reduced_motion="reduce",
    )  # fmt: skip
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto("/sign-in/")
    page.fill("input[name=username]", place["username"])
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/workspace/")
    yield page
    context.close()


def test_the_table_renews_itself_and_keeps_the_focus(window: Page, stack: Stack) -> None:
    window.goto("/workspace/sessions/?q=gb10")
    expect(window.get_by_role("link", name="Віра Олійник")).to_be_visible()
    screenshot(window, "sessions-live")
    window.goto("/workspace/sessions/?q=gb10")
    mine = window.locator(f'a[href="/workspace/sessions/{OPEN}/"]')
    mine.focus()
    with stack.database():
        moved = {"framed_ip": "10.77.4.200", "last_seen_at": clock.now()}
        sessions.ingest([facts(1, unique_id=OPEN, **moved)])
    expect(window.locator("#ws-live")).to_contain_text("10.77.4.200", timeout=3 * TIMEOUT_MS)
    expect(mine).to_be_focused()


def test_a_sessions_time_line_opens_by_the_keyboard(window: Page) -> None:
    window.goto(f"/workspace/sessions/{OPEN}/")
    packet = window.locator(".ws-happened details summary").first
    packet.focus()
    window.keyboard.press("Enter")
    expect(window.locator(".ws-happened")).to_contain_text("Framed-IP-Address")
    screenshot(
        window,
        "session",
        prepare=lambda page: page.locator(".ws-happened details summary").first.click(),
    )


def test_the_days_of_a_client_have_bars(window: Page, place: dict[str, str]) -> None:
    window.goto(f"/workspace/customers/{place['customer']}/sessions/")
    bars = window.locator(".ws-bars li")
    expect(bars).to_have_count(31)
    expect(bars.last).to_contain_text(f"{clock.today():%d.%m.%Y}")
    screenshot(window, "session-days")
