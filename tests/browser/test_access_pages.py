"""Pages of identity in Chromium, at both widths, with things on them."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from playwright.sync_api import Browser, Page, expect

from network import operations
from network.access_requests import authorize
from network.identity import Identity
from network.models import AccessAction, GuestRule, RadiusDecision, Session
from project.core import clock
from project.core.actor import SYSTEM
from project.core.roles import Role
from tests.support import services, zones
from tests.support.browser import TIMEOUT_MS, screenshot
from tests.support.plots import Plot
from tests.support.provider import small_provider
from tests.support.stack import Stack

pytestmark = pytest.mark.browser
PASSWORD = "secret-secret"
PAGES = {
    "refusals": "/workspace/network/refusals/",
    "guest-rules": "/workspace/network/guests/",
    "guest-rule": "/workspace/network/guests/new/",
    "modes": "/workspace/network/modes/",
    "option82": "/workspace/network/option82/?circuit=0x000400640005&remote=0x0006001122334455",
    "option82-rule": "/workspace/network/option82/new/",
}


@pytest.fixture(scope="module")
def engineer(chromium: Browser, stack: Stack) -> Iterator[Page]:
    with stack.database():
        person = zones.planner("access-engineer", Role.ADMINISTRATOR)
        person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
        person.save()
        username = person.username
        nas = services.nas(address="127.0.0.9")
        made = services.service()
        operations.set_equipment(
            subscription_id=made.id,
            mac="d4ca6d000001",
            circuit_hex="000400640005",
            remote_hex="0006001122334455",
            at=clock.now(),
            actor=SYSTEM,
        )
        services.guest_rule("UNKNOWN", "NEW_MAC", "CONFLICT", per_port_max=2, per_mac_day_max=48)
        services.guest_rule("DEBT", "PAUSED", redirect_url="https://pay.example.net/")
        login = services.login_of(made)
        for identity in (
            Identity("", "d4ca6d0000aa", "000400640005", "0006001122334455"),
            Identity("who", "", "", "", has_password=True),
            Identity(login, "d4ca6d000001", "0004ffff0001", "", has_password=False),
        ):
            authorize(identity=identity, nas_address=nas.address, at=clock.now())
    context = chromium.new_context(
        base_url=stack.url, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto("/sign-in/")
    page.locator("input[name=username]").fill(username)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in/" not in url)
    yield page
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_and_fits_a_telephone(engineer: Page, name: str) -> None:
    for width, height in ((1440, 900), (390, 844)):
        engineer.set_viewport_size({"width": width, "height": height})
        answer = engineer.goto(PAGES[name])
        assert answer is not None
        assert answer.status == 200
        wide = engineer.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} px wide"
    screenshot(engineer, f"access-{name}")


def test_no_guest_rule_in_use_is_warned_of(engineer: Page, stack: Stack) -> None:
    with stack.database():
        active = list(GuestRule.objects.filter(is_active=True).values_list("id", flat=True))
        GuestRule.objects.update(is_active=False)
    try:
        for name in ("refusals", "guest-rules"):
            engineer.goto(PAGES[name])
            expect(engineer.locator("#no-guest-rule")).to_be_visible()
            screenshot(engineer, f"access-{name}-none")
        engineer.locator("#no-guest-rule a").click()
        engineer.wait_for_url("**/guests/new/")
    finally:
        with stack.database():
            GuestRule.objects.filter(id__in=active).update(is_active=True)


def test_a_login_of_the_clients_own_is_given_and_a_taken_one_is_refused(
    engineer: Page, stack: Stack
) -> None:
    with stack.database():
        provider = small_provider(east=Plot.ACCESS, code="access-300")
        sold, other = provider.connect(), services.service()
        nas = services.nas(address="127.0.0.9")
        Session.objects.create(
            unique_id="own-login",
            acct_session_id="own-login",
            subscription_id=sold.subscription_id,
            nas=nas,
            nas_address=nas.address,
            login=f"gb{sold.subscription_id}",
            mac="d4ca6d0000bb",
            started_at=clock.now(),
            last_seen_at=clock.now(),
        )
        taken = services.login_of(other)
    engineer.set_viewport_size({"width": 1440, "height": 900})
    there = f"/workspace/network/services/{sold.subscription_id}/"
    engineer.goto(there)
    screenshot(engineer, "access-parameters")

    def give(login: str, password: str) -> None:
        engineer.locator("input[name=login]").fill(login)
        engineer.locator("input[name=password]").fill(password)
        engineer.locator("button[name=credentials]").click()

    def typed(_page: Page) -> None:
        engineer.goto(there)  # what was posted is not to be loaded anew
        give(taken.upper(), "two words")
        expect(engineer.locator(".ws-error")).to_be_visible()

    screenshot(engineer, "access-login-taken", prepare=typed)
    engineer.goto(there)
    give(taken.upper(), "")
    expect(engineer.locator(".ws-error")).to_be_visible()
    assert engineer.locator("input[name=login]").input_value() == taken.upper()
    give("Ivan.P@dom", "s3cret")
    expect(engineer.locator(".ws-told")).to_be_visible()
    assert engineer.locator("input[name=login]").input_value() == "ivan.p@dom"
    assert engineer.locator("input[name=password]").input_value() == ""
    with stack.database():
        decided = RadiusDecision.objects.get(subscription_id=sold.subscription_id)
        assert (decided.login, decided.password) == ("ivan.p@dom", "s3cret")
        # On a slow machine the end of a blocked service's session has been asked for as well.
        asked = AccessAction.objects.filter(subscription_id=sold.subscription_id)
        assert "CREDENTIALS" in asked.values_list("cause", flat=True)


def test_a_value_in_the_test_box_is_read(engineer: Page) -> None:
    engineer.set_viewport_size({"width": 1440, "height": 900})
    engineer.goto("/workspace/network/option82/")
    engineer.locator("#acc-circuit").fill("ma5608-kh3 eth 0/1/12:100")
    engineer.keyboard.press("Enter")
    told = engineer.locator(".ws-effect")
    expect(told).to_contain_text("ma5608-kh3")
    expect(told).to_contain_text("12")


def test_a_new_device_is_confirmed_with_a_click(engineer: Page) -> None:
    engineer.goto("/workspace/network/refusals/")
    engineer.locator("button[value=confirm]").first.click()
    expect(engineer.locator(".ws-told")).to_be_visible()
