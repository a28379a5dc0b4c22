"""Steps of the whole path that concern the line: who is let in, and what a running session is told.

Real FreeRADIUS answers, a real worker sends, and the BRAS is a fake one on a real socket.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from playwright.sync_api import Page, expect

from network import dated, guest_rules, operations, sender, wishes
from network.demo import NAS_ADDRESS, NAS_NAME
from network.models import (
    AccessAction,
    AccessCredential,
    IpAssignment,
    IpRule,
    Nas,
    RadiusDecision,
    Session,
    SessionEvent,
)
from project.core import clock
from project.core.actor import SYSTEM
from tests.support.browser import screenshot
from tests.support.fake_bras import FakeBras
from tests.support.radius_system import RadiusSystem, Reply
from tests.support.stack import Stack

WAIT_S = 30.0
MAC, STRANGE_MAC = "d8:5e:d3:10:20:30", "00:15:5d:00:00:01"
CIRCUIT, STRANGE_CIRCUIT = "000400640107", "000400640108"
REMOTE = "0006001122334455"
LIVE = "path-live"
OPERATOR_PAGE = "/workspace/sessions/"


@dataclass(frozen=True)
class Line:
    """One subscriber's line with its BRAS: what the steps share."""

    system: Stack
    radius: RadiusSystem
    bras: FakeBras
    login: str
    password: str

    def ask(self, *, knows_password: bool = True, mac: str = MAC, circuit: str = CIRCUIT) -> Reply:
        """What FreeRADIUS answers to who comes with these factors."""
        told = [f'Calling-Station-Id = "{mac}"', f"ADSL-Agent-Circuit-Id = 0x{circuit}"]
        told.append(f"ADSL-Agent-Remote-Id = 0x{REMOTE}")
        if knows_password:
            told += [f'User-Name = "{self.login}"', f'User-Password = "{self.password}"']
        else:
            told.append(f'User-Name = "{mac}"')
        return self.radius.ask(", ".join(told))

    def is_walled_in(self) -> bool:
        """Whether a new log-in is let in only behind the wall of guests."""
        reply = self.ask()
        assert reply.kind == "Access-Accept", "a debtor is a guest by the rule"
        return reply.attributes.get("Mikrotik-Address-List") == "geobill-guest"

    def until(self, happened: Callable[[], bool], *, what: str) -> None:
        """Ask the system's database until it is so."""
        deadline = time.monotonic() + WAIT_S
        while True:
            with self.system.database():
                if happened():
                    return
            assert time.monotonic() < deadline, what
            time.sleep(0.1)


def only_ipv4_is_given() -> None:
    """A MikroTik's wall knows nothing of IPv6: who has a prefix is reconnected into it."""
    IpRule.objects.exclude(pool__kind="IPV4").delete()


def the_bras_listens(system: Stack, bras: FakeBras) -> None:
    """The demonstration's access server is where the fake one listens."""
    operations.save_nas(
        name=NAS_NAME,
        address=NAS_ADDRESS,
        vendor="mikrotik",
        secret=system.radius_secret,
        coa_port=bras.port,
        at=clock.now(),
        actor=SYSTEM,
    )


def the_address_is_of_the_city(line: Line, *, city: str) -> None:
    """The service's own address is from the pool that a rule gives to the city."""
    with line.system.database():
        given = IpAssignment.objects.get(
            subscription__credential__login=line.login, kind="IPV4", state="ASSIGNED"
        )
        rule = IpRule.objects.select_related("admin_unit").get(pool_id=given.pool_id)
        assert rule.admin_unit is not None
        assert rule.admin_unit.name == city


def an_operator_registers_the_device_and_the_port(page: Page, line: Line) -> None:
    """From the card to the access parameters: two of three factors must be right from now on."""
    page.goto("/workspace/customers/")
    page.get_by_role("link", name="Оксана Коваленко").first.click()
    page.get_by_role("link", name="Параметри доступу").click()
    page.locator("select[name=mode]").select_option("TWO_OF_THREE")
    page.locator("input[name=mac]").fill(MAC)
    page.locator("input[name=circuit]").fill(f"0x{CIRCUIT}")
    page.locator("input[name=remote]").fill(f"0x{REMOTE}")
    page.locator("form:has(select[name=mode]) footer button").click()
    expect(page.locator(".ws-told")).to_be_visible()
    with line.system.database():
        found = AccessCredential.objects.get(login=line.login)
        assert (found.mac, found.circuit_hex) == (MAC.replace(":", ""), CIRCUIT)


def two_of_three_are_enough_and_one_is_not(line: Line) -> None:
    """By FreeRADIUS: port and MAC without a login, login with the port, login with the MAC."""
    for answer in (
        line.ask(),
        line.ask(knows_password=False),
        line.ask(mac=STRANGE_MAC),
        line.ask(circuit=STRANGE_CIRCUIT),
    ):
        assert answer.kind == "Access-Accept"
    for answer in (
        line.ask(mac=STRANGE_MAC, circuit=STRANGE_CIRCUIT),
        line.ask(knows_password=False, mac=STRANGE_MAC),
        line.ask(knows_password=False, circuit=STRANGE_CIRCUIT),
    ):
        assert answer.kind == "Access-Reject"


def a_session_begins(line: Line) -> None:
    """By Option 82 and MAC, as IPoE comes; the BRAS tells of it by accounting."""
    reply = line.ask(knows_password=False)
    address = reply.attributes["Framed-IP-Address"]
    line.bras.sessions = {LIVE: {}}
    started = line.radius.account(
        "Start",
        LIVE,
        f', User-Name = "{MAC}", Class = {reply.attributes["Class"]},'
        f' Calling-Station-Id = "{MAC}", Framed-IP-Address = {address},'
        f" ADSL-Agent-Circuit-Id = 0x{CIRCUIT}, ADSL-Agent-Remote-Id = 0x{REMOTE}",
    )
    assert started.kind == "Accounting-Response"
    line.until(
        lambda: Session.objects.filter(
            acct_session_id=LIVE, subscription__credential__login=line.login
        ).exists(),
        what="the session was not taken in",
    )


def another_speed_for_an_hour_reaches_the_session(page: Page, line: Line) -> None:
    """An operator asks for it on the card; the running worker tells the BRAS, which says yes."""
    page.goto("/workspace/customers/")
    page.get_by_role("link", name="Оксана Коваленко").first.click()
    page.get_by_role("link", name="Інша швидкість на час").last.click()
    box = page.locator("#ws-act")
    box.locator("input[name=down]").fill("500")
    box.locator("input[name=up]").fill("200")
    box.locator("button.btn-primary").click()
    expect(page.locator(".ws-told")).to_be_visible()
    line.until(
        lambda: AccessAction.objects.filter(state__in=("ACKNOWLEDGED", "VERIFIED")).exists(),
        what="the change did not reach the BRAS",
    )
    assert line.bras.said() == ["Mikrotik-Rate-Limit=200M/500M"]


def the_speed_of_the_tariff_is_given_back(page: Page, line: Line) -> None:
    """Before its hour is over; else, late in the evening, it would stand above the new tariff."""
    page.goto("/workspace/customers/")
    page.get_by_role("link", name="Оксана Коваленко").first.click()
    page.get_by_role("link", name="Інша швидкість до").last.click()
    page.locator("#ws-act button[name=do][value=end]").click()
    expect(page.locator(".ws-told")).to_be_visible()
    line.until(lambda: len(line.bras.kinds()) == 2, what="the BRAS was not told")
    assert line.bras.said()[-1] != "Mikrotik-Rate-Limit=200M/500M"


def a_change_of_tariff_is_ordered(page: Page, line: Line) -> None:
    """From tomorrow; the page shows what it will do before it is done."""
    with line.system.database():
        service_id = RadiusDecision.objects.get(login=line.login).subscription_id
    page.goto(f"/workspace/services/{service_id}/change-tariff/")
    page.locator("label.ws-plan", has_text="Старт 100").locator("input").check()
    expect(page.locator("#ws-effect dl")).to_be_visible()
    page.locator("form.ws-act footer button.btn-primary").click()
    page.wait_for_url("**/workspace/customers/**")


def the_new_tariff_reaches_the_session_without_a_disconnect(line: Line, *, at: datetime) -> None:
    """At midnight its first day begins, and the session goes on with the new speed."""
    with line.system.database():
        dated.switch(at=at)
    _sent(line, at=at)
    assert line.bras.kinds() == ["coa"] * 3
    assert line.bras.said()[-1] == "Mikrotik-Rate-Limit=100M/100M"


def the_session_is_seen_in_the_workspace(page: Page, line: Line) -> None:
    """The live table has it, and its time line tells what happened, with the packets."""
    page.goto(OPERATOR_PAGE)
    row = page.locator("tbody tr", has_text="Оксана Коваленко")
    expect(row).to_contain_text(MAC)
    row.locator("a[href*='/workspace/sessions/']").first.click()
    told = page.locator(".ws-happened")
    for word in ("Почалася", "Зміна на ходу"):
        expect(told).to_contain_text(word)
    told.locator("li", has_text="Зміна на ходу").locator("summary").click()
    expect(told).to_contain_text("200M/500M")
    screenshot(page, "path-session")


def debtors_are_guests() -> None:
    """A guest rule for who owes: behind a wall with a way to pay, instead of a refusal."""
    guest_rules.save(
        rule_id=None,
        wanted=guest_rules.Wanted(
            name="Боржники",
            reasons=["DEBT"],
            speed_down_bit_s=1_000_000,
            speed_up_bit_s=1_000_000,
            redirect_url="https://pay.example.net/",
        ),
        at=clock.now(),
        actor=SYSTEM,
    )


def the_running_session_is_walled_in(line: Line, *, at: datetime) -> None:
    """The night's block reaches it as a CoA; the session itself goes on."""
    _sent(line, at=at)
    assert set(line.bras.kinds()) == {"coa"}, line.bras.said()
    assert line.bras.sessions is not None
    assert line.bras.sessions[LIVE]["Mikrotik-Address-List"] == ["geobill-guest"]
    assert line.is_walled_in()


def the_running_session_is_let_out(line: Line, *, at: datetime) -> None:
    """The payment lifts it at once, with the tariff's speed, and without a reconnection."""
    _sent(line, at=at)
    assert set(line.bras.kinds()) == {"coa"}
    assert line.bras.sessions is not None
    session = line.bras.sessions[LIVE]
    assert session["Mikrotik-Address-List"] == ["geobill-open"]
    assert session["Mikrotik-Rate-Limit"] == ["100M/100M"]
    assert not line.is_walled_in()
    with line.system.database():
        told = SessionEvent.objects.filter(kind="COA").values_list("attributes__verdict", flat=True)
        assert len(told) >= 3
        assert set(told) == {"ACK"}


def _sent(line: Line, *, at: datetime) -> None:
    """The nights of this path are ahead of the clock, so the worker is asked here by their time."""
    with line.system.database():
        nas_id = Nas.objects.get(address=NAS_ADDRESS).id
        assert wishes.due_nas(at=at) == [nas_id]
        sender.work_off(nas_id=nas_id, now=lambda: at)
        assert wishes.due_nas(at=at) == []
