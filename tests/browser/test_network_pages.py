"""Access servers, drivers, the queue and the drift board in Chromium: they fit a telephone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, Page, expect

from network import guests, operations, provisioning, wishes
from network.identity import Identity
from network.models import AccessAction, GuestRule, Session
from project.core import clock
from project.core.actor import SYSTEM
from project.core.roles import Role
from tests.support import services, zones
from tests.support.browser import TIMEOUT_MS, screenshot
from tests.support.stack import Stack

pytestmark = pytest.mark.browser
PASSWORD = "secret-secret"
PAGES = {
    "nas-list": "/workspace/access-servers/",
    "nas-new": "/workspace/access-servers/new/",
    "nas": "/workspace/access-servers/{nas}/",
    "drivers": "/workspace/drivers/",
    "driver": "/workspace/drivers/juniper_mx/",
    "dry-run": "/workspace/drivers/dry-run/?q={login}&nas={nas}",
    "actions": "/workspace/actions/",
    "drift": "/workspace/drift/",
    "drift-agreed": "/workspace/drift/?of=agreed&nas={nas}",
    "dry-run-guest": "/workspace/drivers/dry-run/?q=nobody-knows-me&nas={nas}",
    "session-agreed": "/workspace/sessions/{agreed}/",
    "session-guest": "/workspace/sessions/{guest}/",
    "session": "/workspace/sessions/{session}/",
}


@pytest.fixture(scope="module")
def things(stack: Stack) -> dict[str, str]:
    """An engineer, a BRAS, and sessions that do not have what they should."""
    with stack.database():
        now = clock.now()
        person = zones.planner("engineer-of-pages", Role.ADMINISTRATOR)
        person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
        person.save()
        nas = operations.save_nas(
            name="BRAS Північ",
            address="203.0.113.9",
            vendor="juniper_mx",
            secret="bras-secret",
            at=now,
            actor=SYSTEM,
        )
        login, running = "", None
        for number in range(4):
            sold = services.service(at=now - timedelta(hours=2))
            login = services.login_of(sold)
            running = Session.objects.create(
                unique_id=f"pages{sold.id}",
                acct_session_id=f"81a{sold.id:05d}",
                subscription=sold,
                nas=nas,
                nas_address=nas.address,
                login=login,
                framed_ip=f"10.60.0.{number + 10}",
                mac=f"d85ed30000{number:02x}",
                started_at=now - timedelta(hours=1),
                last_seen_at=now,
                counted_day=clock.today(now),
            )
            services.plan(sold, terms=services.tariff(down_bit_s=500_000_000), since=None)
            provisioning.refresh_decisions(subscription_ids=[sold.id], at=now)
        states = ("DEAD", "NAK", "NOT_APPLIED", "TIMED_OUT")
        # Other modules' sessions and their wishes are in the database too.
        ours = AccessAction.objects.filter(nas=nas).order_by("id")
        for action, state in zip(ours, states, strict=True):
            AccessAction.objects.filter(id=action.id).update(
                state=state,
                kind="SERVICE_SWAP",
                attempts=3,
                error_cause={"DEAD": 506, "NAK": 404}.get(state),
                next_attempt_at=now + timedelta(days=1),
                packets=[
                    {
                        "code": "COA",
                        "concern": "SERVICES",
                        "attributes": [["ERX-Service-Deactivate", "+=", "svc-inet(300m,100m)"]],
                        "verdict": "NAK" if state == "NAK" else "TIMED_OUT",
                        "error_cause": 404 if state == "NAK" else None,
                        "took_ms": 3000,
                        "at": now.isoformat(),
                    }
                ],
            )
        services.guest_rule("UNKNOWN", nas_id=nas.id, redirect_url="https://my.example.net/")
        rule = GuestRule.objects.latest("id")
        guests.admit(
            rule=rule,
            identity=Identity(mac="d85ed30000ff"),
            subscription_id=None,
            reason="UNKNOWN",
            nas_address=nas.address,
            at=now,
        )
        shown = {}
        for name, of_service in (
            ("agreed", services.service(at=now - timedelta(hours=2))),
            ("guest", None),
        ):
            made = Session.objects.create(
                unique_id=f"pages-{name}",
                acct_session_id=f"81b-{name}",
                subscription=of_service,
                nas=nas,
                nas_address=nas.address,
                login=services.login_of(of_service) if of_service else "",
                framed_ip="10.60.0.90" if of_service else "100.64.0.7",
                mac="d85ed30000fe" if of_service else "d85ed30000ff",
                is_guest=of_service is None,
                started_at=now - timedelta(minutes=50),
                last_seen_at=now,
                counted_day=clock.today(now),
            )
            shown[name] = made.unique_id
        assert running is not None
        assert nas.id not in wishes.due_nas(at=now)
        return {
            "nas": str(nas.id),
            "login": login,
            "session": running.unique_id,
            "username": person.username,
            **shown,
        }


@pytest.fixture(scope="module")
def at_work(chromium: Browser, stack: Stack, things: dict[str, str]) -> Iterator[Page]:
    """The engineer's window, signed in once."""
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
def test_a_page_of_the_network_opens_fits_and_is_pictured(
    at_work: Page, things: dict[str, str], name: str
) -> None:
    wide: list[int] = []

    def measure(page: Page) -> None:
        page.wait_for_function("document.fonts.status === 'loaded'")
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if over > 0:
            wide.append(over)

    answer = at_work.goto(PAGES[name].format(**things))
    assert answer is not None
    assert answer.status == 200
    assert at_work.locator("h1").count() == 1
    screenshot(at_work, f"network-{name}", prepare=measure)
    assert wide == [], "the page is wider than the window"


def asked_by_the_row(page: Page) -> None:
    """The form of another speed, opened from the table."""
    page.locator("a[id^='live-v']").first.click()
    expect(page.locator("#ws-act form")).to_be_visible()


def test_another_speed_is_asked_in_the_table_of_sessions(
    at_work: Page, things: dict[str, str]
) -> None:
    at_work.goto(f"/workspace/sessions/?q={things['login']}")
    asked_by_the_row(at_work)
    screenshot(at_work, "session-speed", prepare=asked_by_the_row)
    at_work.goto(f"/workspace/sessions/?q={things['login']}")
    at_work.locator("a[id^='live-v']").first.focus()
    at_work.keyboard.press("Enter")
    form = at_work.locator("#ws-act form")
    form.get_by_label("До абонента").fill("700")
    form.get_by_label("Від абонента").fill("0")
    form.get_by_role("button", name="Встановити").click()
    wrong = at_work.locator(".ws-act .has-error")
    expect(wrong).to_have_count(1)
    expect(wrong.get_by_label("Від абонента")).to_have_value("0")
    expect(at_work.get_by_label("До абонента")).to_have_value("700")
    screenshot(at_work, "session-speed-wrong")
    wrong.get_by_label("Від абонента").fill("300")
    at_work.get_by_role("button", name="Встановити").click()
    expect(at_work.locator(".ws-told")).to_be_visible()
    assert "/workspace/sessions/" in at_work.url
    at_work.goto(f"/workspace/sessions/{things['session']}/")
    at_work.get_by_role("link", name="Інша швидкість на час").click()
    expect(at_work.locator("#ws-act")).to_contain_text("700 Мбіт/с")
    at_work.locator("#ws-act button[name=do][value=end]").click()
    expect(at_work.locator(".ws-told")).to_contain_text("знову тарифна")
