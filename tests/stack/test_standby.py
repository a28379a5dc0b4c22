"""Nobody can be asked: usual log-ins are answered from the file beside FreeRADIUS."""

import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from pytest_django import DjangoDbBlocker

from billing.models import Subscription
from network import fastpath, standby
from network.models import RadiusDecision
from network.radius.configuration import STANDBY as FOLDER
from network.radius.configuration import STANDBY_FILE
from project.core import clock
from project.process import programs
from tests.support import services
from tests.support.radius_system import SERVER, STANDBY, RadiusSystem, Reply, radius_system
from tests.support.stack import udp_bound

pytestmark = pytest.mark.stack

SECRET = 'a-bras\'%{User-Name}\\n"secret"100%'
WAIT_S = 20.0
SILENCE_S = 1
MAC, CIRCUIT, REMOTE = "02000000aa01", "sw-7/0/1", "rem-7"
ANOTHERS_MAC = "02000000aa02"


@dataclass(frozen=True)
class Known:
    """A service with a device and a port of its own."""

    subscription_id: int
    login: str
    password: str


@pytest.fixture(scope="module", params=["rest", "fast"])
def radius(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[RadiusSystem]:
    """FreeRADIUS cannot reach the database at all; the REST group and who keeps the file can."""
    with radius_system(
        unblock=django_db_blocker.unblock,
        secret=SECRET,
        path=str(request.param),
        reaches_database=False,
        keeps_standby=True,
    ) as system:
        with system.database():
            services.nas(secret=SECRET)
            services.pool()
        yield system


@pytest.fixture(scope="module")
def owner(radius: RadiusSystem) -> Known:
    with radius.database():
        sold = services.service()
        services.service()
        fastpath.rebuild(at=clock.now())
        changed = {"circuit_hex": CIRCUIT.encode().hex(), "remote_hex": REMOTE.encode().hex()}
        RadiusDecision.objects.filter(subscription=sold).update(mac=MAC, **changed)
        RadiusDecision.objects.exclude(subscription=sold).update(mac=ANOTHERS_MAC)
        row = RadiusDecision.objects.get(subscription=sold)
    # The server learns who the BRAS is, and nothing of the service.
    assert radius.pap("nobody", "x").kind == "Access-Reject"
    wait_until(lambda: in_file(radius, "SELECT count(*) FROM answer") == [(2,)])
    wait_until(lambda: MAC in str(in_file(radius, "SELECT mac FROM answer")))
    return Known(sold.id, row.login, row.password)


@pytest.fixture(scope="class")
def outage(radius: RadiusSystem, owner: Known) -> Iterator[None]:
    radius.stop_rest()
    yield
    is_back(radius, owner)


def is_back(radius: RadiusSystem, owner: Known) -> None:
    """The REST group, which the server leaves alone for some seconds after an outage."""
    radius.start_rest()
    wait_until(lambda: log_in(radius, owner).attributes.get("Session-Timeout") != "1800")


def in_file(radius: RadiusSystem, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(radius.parts.var / "freeradius" / FOLDER / STANDBY_FILE)) as file:
        try:
            return file.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []  # not made yet


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def told(mac: str = "", circuit: str = "", remote: str = "") -> str:
    """What a BRAS tells of the device and the port."""
    return "".join(
        f', {name} = "{value}"'
        for name, value in (
            ("Calling-Station-Id", mac),
            ("ADSL-Agent-Circuit-Id", circuit),
            ("ADSL-Agent-Remote-Id", remote),
        )
        if value
    )


def known(radius: RadiusSystem) -> Known:
    """Sold just now."""
    with radius.database():
        row = RadiusDecision.objects.get(subscription=services.service())
    return Known(row.subscription_id, row.login, row.password)


def is_there(radius: RadiusSystem, one: Known) -> bool:
    sql = f"SELECT count(*) FROM answer WHERE login_hex = '{one.login.encode().hex()}'"
    return in_file(radius, sql) == [(1,)]


def log_in(radius: RadiusSystem, one: Known, more: str = "", *, password: str = "") -> Reply:
    text = f'User-Name = "{one.login}", User-Password = "{password or one.password}"{more}'
    return radius.ask(text, timeout_s=SILENCE_S)


@pytest.mark.usefixtures("outage")
class TestWhoNeverCameBefore:
    def test_is_let_in_with_all_that_he_has(self, radius: RadiusSystem, owner: Known) -> None:
        plain = told("02-00-00-00-AA-01", CIRCUIT, REMOTE)
        for more in (plain, told("02:00:00:00:aa:01"), told(MAC.upper()), ""):
            reply = log_in(radius, owner, more)
            assert reply.kind == "Access-Accept", more
            assert reply.attributes["Mikrotik-Rate-Limit"] == "100M/300M"
            assert reply.attributes["Session-Timeout"] == "1800", "he comes back for a decision"
            assert "Framed-IP-Address" in reply.attributes
            named = bytes.fromhex(reply.attributes["Class"][2:]).decode()
            assert named.startswith(f"s:{owner.subscription_id}:")
            assert len(named.rsplit(":", 1)[1]) == 8

    def test_proves_his_password_in_any_way(self, radius: RadiusSystem, owner: Known) -> None:
        for name in ("CHAP-Password", "MS-CHAP-Password"):
            text = f'User-Name = "{owner.login}", {name} = '
            assert radius.ask(f'{text}"{owner.password}"').kind == "Access-Accept", name
            assert radius.ask(f'{text}"wrong"').kind == "Access-Reject", name
        assert log_in(radius, owner, password="wrong").kind == "Access-Reject"
        assert radius.ask(f'User-Name = "{owner.login}"', timeout_s=SILENCE_S).kind == ""

    @pytest.mark.parametrize(
        "more",
        [
            told(ANOTHERS_MAC),
            told(ANOTHERS_MAC, CIRCUIT, REMOTE),
            told(MAC, "sw-8/0/1", REMOTE),
            told(MAC, CIRCUIT),
            told("", CIRCUIT, REMOTE),
            told(f"{MAC}' OR '1'='1"),
            told("%{User-Name}"),
        ],
    )
    def test_gets_no_answer_with_what_is_not_his(
        self, radius: RadiusSystem, owner: Known, more: str
    ) -> None:
        """The BRAS asks its second server."""
        assert log_in(radius, owner, more).kind == ""

    @pytest.mark.parametrize(
        "login", ["' OR '1'='1", "%{sql_standby:SELECT 1}", "ім'я", "|", "||||", "x" * 253]
    )
    def test_hostile_names_get_none(self, radius: RadiusSystem, owner: Known, login: str) -> None:
        assert log_in(radius, Known(0, login, owner.password)).kind == ""
        assert log_in(radius, owner).kind == "Access-Accept", "the server lives"


def test_who_was_blocked_or_has_a_new_password(radius: RadiusSystem, owner: Known) -> None:
    one, two = known(radius), known(radius)
    # Both are remembered by the server, too, from the REST group.
    assert {log_in(radius, one).kind, log_in(radius, two).kind} == {"Access-Accept"}
    with radius.database():
        services.block(Subscription.objects.get(id=one.subscription_id))
        decision = RadiusDecision.objects.filter(subscription_id=two.subscription_id)
        decision.update(password="another-password")
    wait_until(lambda: "another-password" in str(in_file(radius, "SELECT told FROM answer")))
    # What the server was told since the file was told counts, and it counts in seconds.
    since = time.time() + 2
    wait_until(lambda: in_file(radius, f"SELECT 1 FROM kept WHERE told_at > {since}") == [(1,)])
    refused = log_in(radius, one)
    assert refused.kind == "Access-Reject"
    radius.stop_rest()
    try:
        assert log_in(radius, one).kind == ""
        assert log_in(radius, two).kind == "Access-Reject", "the old password"
        assert log_in(radius, two, password="another-password").kind == "Access-Accept"
    finally:
        is_back(radius, owner)


def test_who_was_refused_since_the_file_was_told_stays_out(
    radius: RadiusSystem, owner: Known
) -> None:
    one = known(radius)
    wait_until(lambda: is_there(radius, one))
    radius.send(STANDBY, signal.SIGSTOP)
    try:
        with radius.database():
            services.block(Subscription.objects.get(id=one.subscription_id))
        assert log_in(radius, one).kind == "Access-Reject"
        radius.stop_rest()
        assert is_there(radius, one), "the file does not know of it"
        assert log_in(radius, one).kind == ""
        assert log_in(radius, owner).kind == "Access-Accept"
    finally:
        radius.send(STANDBY, signal.SIGCONT)
        is_back(radius, owner)


def test_a_server_that_begins_in_an_outage_knows_the_bras(
    radius: RadiusSystem, owner: Known
) -> None:
    radius.stop_rest()
    try:
        radius.parts.stop(SERVER, number=9)
        radius.parts.start(programs.freeradius(raddb=radius.parts.var / "raddb"))
        radius.parts.wait_for(SERVER, udp_bound(radius.parts.radius_auth_port))
        assert log_in(radius, owner).kind == "Access-Accept"
        assert log_in(radius, owner, password="wrong").kind == "Access-Reject"
    finally:
        is_back(radius, owner)


def test_an_old_file_answers_nobody(radius: RadiusSystem, owner: Known) -> None:
    new = known(radius)
    wait_until(lambda: is_there(radius, new))
    radius.parts.stop(STANDBY)
    path = radius.parts.var / "freeradius" / FOLDER / STANDBY_FILE
    radius.stop_rest()
    try:
        assert log_in(radius, new).kind == "Access-Accept"
        with closing(sqlite3.connect(path)) as file, file:
            file.execute("UPDATE kept SET told_at = told_at - ?", [standby.FRESH_S + 2])
        assert log_in(radius, new).kind == ""
        radius.parts.start(programs.standby_keeper())
        wait_until(lambda: log_in(radius, new).kind == "Access-Accept")
    finally:
        is_back(radius, owner)
