"""IP addresses and the map of sessions in Chromium: pictures at both widths, and a walk by hand."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.gis.geos import Point
from playwright.sync_api import Browser, Page, expect

from coverage.models import PlantNode, PlantPort
from network import session_map
from network.addressing import editing, utilisation
from network.models import IpPoolDay, Nas, RadiusDecision, Session
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
GROUND = Plot.ADDRESSES
PAGES = {
    "ip-pools": "/workspace/addresses/",
    "ip-places": "/workspace/addresses/?view=place",
    "ip-pool": "/workspace/addresses/{pool}/",
    "ip-rules": "/workspace/addresses/rules/?q={login}",
    "ip-reserves": "/workspace/addresses/reserved/",
    "ip-conflicts": "/workspace/addresses/conflicts/",
    "ip-import": "/workspace/addresses/import/",
    "ip-new": "/workspace/addresses/new/",
    "ip-own": "/workspace/services/{service}/address/?address=10.78.0.200",
    "session-map": "/workspace/sessions/map/",
}


def pool(name: str, text: str, **more: object) -> int:
    """A pool that everybody (or, for guests, nobody) draws from."""
    wish = editing.PoolWish(name=name, range_text=text, **more)  # type: ignore[arg-type]
    made = editing.make_pool(wish=wish, at=clock.now(), actor=SYSTEM)
    if not wish.is_guest:
        rule = editing.RuleWish(pool_id=made.id)
        editing.add_rule(wish=rule, at=clock.now(), actor=SYSTEM)
    return int(made.id)


@pytest.fixture(scope="module")
def things(stack: Stack) -> dict[str, str]:
    """Subscribers online, a guest on a known port, one nowhere, and conflicts."""
    with stack.database():
        now = clock.now()
        person = zones.planner("admin-of-addresses", Role.ADMINISTRATOR)
        person.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1000)
        person.save()
        main = pool("Салтівка, білі адреси", "10.78.0.2-10.78.3.254")
        pool("За роутером", "2001:db8:40::/44", kind="DELEGATED", unit_bits=56)
        pool("Гості", "100.64.0.0/24", is_guest=True)
        editing.reserve(range_text="10.78.0.2-10.78.0.9", note="шлюзи", at=now, actor=SYSTEM)
        provider = small_provider(east=GROUND, code="addresses-300")
        sold = [provider.connect().subscription_id for _ in range(3)]
        sold += [services.service(house=provider.building, at=now).id for _ in range(30)]
        rows = RadiusDecision.objects.filter(subscription_id__in=sold).order_by("subscription_id")
        nas = services.nas(address="10.250.0.1")
        place = provider.building.point
        for name, check, dx in (("BRAS Схід", "SESSION", 0.002), ("BRAS Захід", "SILENT", -0.002)):
            made = services.nas(address=f"10.250.1.{len(check)}")
            Nas.objects.filter(id=made.id).update(
                name=name, check_result=check, checked_at=now,
                point=Point(place.x + dx, place.y + 0.001, srid=4326),
            )  # fmt: skip
        node = PlantNode.objects.create(
            name="SW-12", kind="SWITCH", status="IN_SERVICE", network_type="FTTB",
            building=provider.building, point=provider.building.point, created_at=now,
            updated_at=now,
        )  # fmt: skip
        PlantPort.objects.create(
            node=node, number=7, circuit_id="eth 0/7", state="FREE", changed_at=now
        )
        for number, row in enumerate(rows[:24]):
            Session.objects.create(
                unique_id=f"a{number}", acct_session_id=str(number), nas=nas,
                subscription_id=row.subscription_id, login=row.login,
                mac=f"aabbcc0000{number:02x}", started_at=now, last_seen_at=now,
                framed_ip=row.framed_ip if number else "10.78.2.9",
                state="SUSPECT" if number == 5 else "OPEN",
            )  # fmt: skip
        for number, circuit in enumerate((b"eth 0/7".hex(), "ff00")):
            Session.objects.create(
                unique_id=f"g{number}", acct_session_id=f"g{number}", nas=nas, is_guest=True,
                circuit_hex=circuit, mac=f"0200000000{number:02x}", framed_ip=f"100.64.0.{number}",
                started_at=now, last_seen_at=now,
            )  # fmt: skip
        session_map.place_lines(at=now)
        for age in range(30, 0, -1):
            day = clock.today(now) - timedelta(days=age)
            IpPoolDay.objects.create(pool_id=main, day=day, taken=31 - age)
        utilisation.sample(at=now)
        point = provider.building.point
        return {
            "pool": str(main),
            "login": rows[0].login,
            "service": str(rows[0].subscription_id),
            "username": person.username,
            "place": f"{point.y:.6f},{point.x:.6f}",
        }


@pytest.fixture(scope="module")
def desk(chromium: Browser, stack: Stack, things: dict[str, str]) -> Iterator[Page]:
    """A signed-in administrator."""
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
    page.wait_for_url("**/workspace/**")
    yield page
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_and_fits_a_telephone(desk: Page, things: dict[str, str], name: str) -> None:
    answer = desk.goto(PAGES[name].format_map(things))
    assert answer is not None
    assert answer.status == 200
    expect(desk.locator("#main h1").first).to_be_visible()
    if name == "session-map":
        expect(desk.locator(".ws-map")).to_have_attribute("aria-busy", "false")
    screenshot(desk, name)
    desk.set_viewport_size({"width": 390, "height": 844})
    wide = desk.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    desk.set_viewport_size({"width": 1440, "height": 900})
    assert wide <= 0


def test_a_place_of_the_map_tells_who_is_there(desk: Page) -> None:
    desk.goto("/workspace/sessions/map/")
    desk.locator(".sm-list a[data-lat]").first.click()
    expect(desk.locator("#sm-here li").first).to_be_visible()
    desk.get_by_label("не в мережі").check()
    expect(desk.locator(".sm-pin").first).to_be_visible()


def test_a_bras_on_the_map_leads_to_its_card_by_mouse_and_keyboard(desk: Page) -> None:
    for by_mouse in (True, False):
        desk.goto("/workspace/sessions/map/")
        mark = desk.locator(".sm-bras", has_text="BRAS Захід")
        expect(mark.locator(".tone-debt")).to_be_visible()
        expect(mark).to_have_attribute("title", "BRAS Захід: мовчить")
        if by_mouse:
            mark.locator("b").dispatch_event("click")  # another label may lie over it
        else:
            mark.focus()
            desk.keyboard.press("Enter")
        desk.wait_for_url("**/workspace/access-servers/*/")
        expect(desk.locator("h1")).to_contain_text("BRAS Захід")
    desk.goto("/workspace/sessions/map/")
    desk.locator("#sm-servers").get_by_role("link", name="BRAS Схід").press("Enter")
    expect(desk.locator("h1")).to_contain_text("BRAS Схід")


def test_an_address_is_chosen_among_the_free_ones(desk: Page, things: dict[str, str]) -> None:
    desk.goto(f"/workspace/services/{things['service']}/address/")
    desk.locator("[data-fill]").first.click()
    expect(desk.locator("#ip-effect .ws-effect")).to_be_visible()


def test_the_result_of_an_import_tells_how_each_column_was_read(
    desk: Page, things: dict[str, str]
) -> None:
    text = f"service;login;pppoe_pass;user_status\n{things['service']};ivan;Hidden;1\n"
    text += f"{things['service']};petro;Hidden;1\n"
    desk.goto("/workspace/addresses/import/")
    file = {"name": "radcheck.csv", "mimeType": "text/csv", "buffer": text.encode()}
    desk.locator("#main input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    desk.locator("#main form button").first.click()
    expect(desk.locator("#ip-import dl")).to_contain_text("не використано")
    expect(desk.locator("#ip-import table")).not_to_contain_text("Hidden")
    screenshot(desk, "ip-import-result")
