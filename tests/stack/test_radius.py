"""FreeRADIUS in the loop: real processes, real packets, and what happens when Geobill is away."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest
from pyrad.packet import CoAACK, CoAPacket, CoARequest, DisconnectACK, DisconnectRequest
from pytest_django import DjangoDbBlocker

from billing.models import Subscription
from network import intervals, operations
from network.models import RadiusDecision, RejectLog, Session, SessionHistory
from network.radius.dictionaries import dictionary
from network.radius.simulated_bras import Router, SimulatedBras, client_of
from project.core.actor import SYSTEM
from project.process import programs
from tests.support import services
from tests.support.fake_bras import RadiusClient
from tests.support.mschap import v2_attributes
from tests.support.ports import free_udp_port
from tests.support.radius_system import CLIENT_LIFETIME_S, RadiusSystem, Reply, radius_system
from tests.support.services import AT, MBIT
from tests.support.stack import udp_bound

pytestmark = pytest.mark.stack

SECRET = "bras-secret"
WAIT_S = 15.0


@dataclass(frozen=True)
class Known:
    """A service and how it logs in."""

    subscription: Subscription
    login: str
    password: str
    address: str


@pytest.fixture(scope="module")
def radius(django_db_blocker: DjangoDbBlocker) -> Iterator[RadiusSystem]:
    # The caches of FreeRADIUS are looked at here; with the database behind them: identity.
    with radius_system(
        unblock=django_db_blocker.unblock, secret=SECRET, reaches_database=False
    ) as system:
        with system.database():
            services.pool()
            services.nas(secret=SECRET)
        yield system


@pytest.fixture
def known(radius: RadiusSystem) -> Known:
    with radius.database():
        sold = services.service()
        row = RadiusDecision.objects.get(subscription=sold)
        return Known(sold, row.login, row.password, str(row.framed_ip))


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def test_pap_gets_the_speed_of_the_tariff_and_the_address(
    radius: RadiusSystem, known: Known
) -> None:
    reply = radius.pap(known.login, known.password)
    assert reply.kind == "Access-Accept"
    assert reply.attributes["Mikrotik-Rate-Limit"] == "100M/300M"
    assert reply.attributes["Framed-IP-Address"] == known.address
    interim_s = intervals.of_service_s(300, subscription_id=known.subscription.id)
    assert reply.attributes["Acct-Interim-Interval"] == str(interim_s)
    assert bytes.fromhex(reply.attributes["Class"][2:]).startswith(
        f"s:{known.subscription.id}:".encode()
    )
    assert "Message-Authenticator" in reply.attributes


def test_chap_and_mschap_work_too(radius: RadiusSystem, known: Known) -> None:
    chap = radius.ask(f'User-Name = "{known.login}", CHAP-Password = "{known.password}"')
    assert (chap.kind, chap.attributes["Framed-IP-Address"]) == ("Access-Accept", known.address)
    mschap = radius.ask(f'User-Name = "{known.login}", MS-CHAP-Password = "{known.password}"')
    assert mschap.kind == "Access-Accept"


def test_a_wrong_password_is_refused_leaks_nothing_and_is_written_down(
    radius: RadiusSystem, known: Known
) -> None:
    for text in ('User-Password = "wrong"', 'CHAP-Password = "wrong"'):
        reply = radius.ask(f'User-Name = "{known.login}", {text}')
        assert reply.kind == "Access-Reject"
        assert set(reply.attributes) <= {"Reply-Message", "Message-Authenticator"}
    with radius.database():
        reject = RejectLog.objects.get(subscription=known.subscription)
    assert (reject.reason, reject.times) == ("WRONG_PASSWORD", 2)


def test_a_blocked_service_is_refused_and_comes_back_when_unblocked(
    radius: RadiusSystem, known: Known
) -> None:
    with radius.database():
        debt = services.block(known.subscription)
    reply = radius.pap(known.login, known.password)
    assert reply.kind == "Access-Reject"
    assert set(reply.attributes) == {"Reply-Message", "Message-Authenticator"}
    with radius.database():
        services.unblock(debt)
    assert radius.pap(known.login, known.password).kind == "Access-Accept"


@pytest.mark.parametrize("password", ["100%", "%{User-Name}", "it's 50%off", "%{control:x}"])
def test_passwords_in_the_servers_own_language_are_only_text(
    radius: RadiusSystem, known: Known, password: str
) -> None:
    with radius.database():
        RadiusDecision.objects.filter(subscription=known.subscription).update(password=password)
    assert radius.pap(known.login, password).kind == "Access-Accept"
    assert radius.pap(known.login, password + "x").kind == "Access-Reject"


def test_port_and_mac_from_raw_option_82_need_no_password(
    radius: RadiusSystem, known: Known
) -> None:
    with radius.database():
        operations.set_equipment(
            subscription_id=known.subscription.id,
            mac="aa:bb:cc:00:00:01",
            circuit_hex="0004006400ff8a",
            remote_hex="0006001122334455",
            at=AT,
            actor=SYSTEM,
        )
    factors = (
        'User-Name = "AA:BB:CC:00:00:01", Calling-Station-Id = "1:aa:bb:cc:00:00:01",'
        " ADSL-Agent-Circuit-Id = 0x0004006400ff8a, ADSL-Agent-Remote-Id = "
    )
    assert radius.ask(factors + "0x0006001122334455").kind == "Access-Accept"
    assert radius.ask(factors + "0x0006001122334456").kind == "Access-Reject"


def test_a_session_from_start_to_stop(radius: RadiusSystem, known: Known) -> None:
    given = radius.pap(known.login, known.password).attributes["Class"]
    same = (
        f', User-Name = "{known.login}", Class = {given}, Framed-IP-Address = {known.address},'
        ' Calling-Station-Id = "AA:BB:CC:DD:EE:FF"'
    )
    key = f"s{known.subscription.id}"
    assert radius.account("Start", key, same).kind == "Accounting-Response"
    radius.account(
        "Interim-Update",
        key,
        same + ", Acct-Session-Time = 300, Acct-Output-Octets = 5, Acct-Output-Gigawords = 2",
    )
    with radius.database():
        row = Session.objects.get(subscription=known.subscription)
    assert (row.out_octets, row.framed_ip, row.mac) == (
        2 * 2**32 + 5,
        known.address,
        "aabbccddeeff",
    )
    radius.account(
        "Stop",
        key,
        same + ", Acct-Session-Time = 310, Acct-Input-Octets = 77, Acct-Output-Octets = 9,"
        " Acct-Output-Gigawords = 2, Acct-Terminate-Cause = User-Request",
    )
    with radius.database():
        assert not Session.objects.filter(subscription=known.subscription).exists()
        closed = SessionHistory.objects.get(subscription=known.subscription)
    assert (closed.in_octets, closed.out_octets) == (77, 2 * 2**32 + 9)
    assert (closed.terminate_cause, closed.session_time_s) == ("User-Request", 310)


def test_a_bras_written_in_python_is_answered_too(radius: RadiusSystem, known: Known) -> None:
    client = RadiusClient(
        secret=SECRET,
        auth_port=radius.parts.radius_auth_port,
        acct_port=radius.parts.radius_acct_port,
    )
    accept = client.chap(login=known.login, password=known.password)
    assert accept.code == 2
    assert accept["Mikrotik-Rate-Limit"] == ["100M/300M"]
    assert client.pap(login=known.login, password="wrong").code == 3
    assert client.account(kind="Start", session="py", User_Name=known.login).code == 5


@pytest.mark.parametrize("fault", ["dead", "hung"])
def test_without_geobill_known_subscribers_get_in_and_accounting_waits(
    radius: RadiusSystem, known: Known, fault: str
) -> None:
    with radius.database():
        blocked = services.service()
        row = RadiusDecision.objects.get(subscription=blocked)
        stranger = services.service()
        stranger_login = services.login_of(stranger)
    given = radius.pap(known.login, known.password).attributes["Class"]
    assert radius.pap(row.login, row.password).kind == "Access-Accept"
    with radius.database():
        services.block(blocked)
    assert radius.pap(row.login, row.password).kind == "Access-Reject"
    same = f', User-Name = "{known.login}", Class = {given}'
    radius.account("Start", fault, same)
    if fault == "dead":
        radius.stop_rest()
    else:
        radius.freeze_rest()
    try:
        started = time.monotonic()
        for _ in range(20):
            reply = radius.pap(known.login, known.password)
            assert reply.kind == "Access-Accept"
            assert reply.attributes["Framed-IP-Address"] == known.address
            assert reply.attributes["Session-Timeout"] == "1800"
        assert time.monotonic() - started < 15, "the breaker must keep a hung service away"
        assert radius.pap(known.login, "wrong").kind == "Access-Reject"
        assert radius.pap(row.login, row.password).kind == ""
        assert radius.pap(stranger_login, "any").kind == ""
        octets = ", Acct-Output-Octets = 1000"
        assert radius.account("Interim-Update", fault, same + octets).kind == "Accounting-Response"
        # Longer than a BRAS is remembered as a client: it must stay known all the same.
        time.sleep(CLIENT_LIFETIME_S + 1)
        assert radius.ask(
            f'User-Name = "{known.login}", User-Password = "{known.password}"', tries=2
        ).kind == ("Access-Accept")
    finally:
        if fault == "dead":
            radius.start_rest()
        else:
            radius.thaw_rest()

    def is_replayed() -> bool:
        with radius.database():
            return Session.objects.get(acct_session_id=fault).out_octets == 1000

    wait_until(is_replayed)
    wait_until(lambda: radius.pap(row.login, row.password).kind == "Access-Reject")


def test_a_packet_that_is_too_long_for_the_module_holds_nothing_up(
    radius: RadiusSystem, known: Known
) -> None:
    """rlm_rest cannot send more than 4096 bytes: such a packet goes over the disk in one word."""
    long = "".join(f', Cisco-AVPair += "{number}{"y" * 230}"' for number in range(10))
    same = f', User-Name = "{known.login}"'
    told = same + long + ", Acct-Output-Octets = 8"
    assert radius.account("Interim-Update", "long", told).kind == "Accounting-Response"
    assert radius.pap("x" * 253, "wrong", long).kind in {"Access-Reject", ""}
    radius.account("Interim-Update", "behind", same + long + ", Acct-Output-Octets = 9")

    def are_stored() -> bool:
        with radius.database():
            rows = Session.objects.filter(acct_session_id__in=["long", "behind"])
            return {row.out_octets for row in rows} == {8, 9}

    wait_until(are_stored)


def test_one_packet_that_is_too_long_keeps_geobill_from_nobody(
    radius: RadiusSystem, known: Known
) -> None:
    """Whoever could open the breaker by a log-in of his own would shut everybody out who is new."""
    wait_until(lambda: radius.pap(known.login, known.password).kind == "Access-Accept")
    with radius.database():
        row = RadiusDecision.objects.get(subscription=services.service())
    long = "".join(f', Cisco-AVPair += "{number}{"y" * 230}"' for number in range(15))
    login = "\\001" * 250  # six signs each in JSON
    radius.ask(f'User-Name = "{login}", User-Password = "wrong"{long}', timeout_s=1)
    assert radius.pap(row.login, row.password).kind == "Access-Accept"


def test_each_log_in_from_the_cache_has_its_own_proof_and_keys(
    radius: RadiusSystem, known: Known
) -> None:
    def log_in() -> Reply:
        factors = v2_attributes(known.login, known.password)
        return radius.ask(f'User-Name = "{known.login}", {factors}')

    wait_until(lambda: log_in().kind == "Access-Accept")
    first = log_in()
    radius.stop_rest()
    try:
        second = log_in()
    finally:
        radius.start_rest()
    assert second.attributes["Session-Timeout"] == "1800", "it is the cache's answer"
    assert second.attributes["MS-CHAP2-Success"] != first.attributes["MS-CHAP2-Success"]
    for name in ("MS-CHAP2-Success", "MS-MPPE-Send-Key", "MS-MPPE-Recv-Key"):
        assert (first.names.count(name), second.names.count(name)) == (1, 1)


def test_who_is_refused_in_one_spelling_does_not_come_back_by_another(
    radius: RadiusSystem, known: Known
) -> None:
    wait_until(lambda: radius.pap(known.login, known.password).kind == "Access-Accept")
    for login in (known.login.upper(), f" {known.login} "):
        assert radius.pap(login, known.password).kind == "Access-Accept"
    radius.stop_rest()
    try:
        assert radius.pap(known.login.upper(), known.password).kind == "Access-Accept"
    finally:
        radius.start_rest()
    with radius.database():
        services.block(known.subscription)
    wait_until(lambda: radius.pap(known.login, known.password).kind == "Access-Reject")
    radius.stop_rest()
    try:
        for login in (known.login, known.login.upper(), f" {known.login} "):
            assert radius.pap(login, known.password).kind == ""
    finally:
        radius.start_rest()


def test_a_cache_that_is_full_keeps_nobody_out(radius: RadiusSystem) -> None:
    raddb, port = radius.parts.var / "raddb-full", free_udp_port()
    run = radius.parts.var / "run-full"
    radius.parts.manage(
        "render_raddb", "--out", str(raddb), "--run-dir", str(run),
        "--auth-port", str(port), "--acct-port", str(free_udp_port()),
    )  # fmt: skip
    caches = raddb / "mods" / "caches"
    text = caches.read_text()
    assert text.count("max_entries = 500000") == 1
    caches.write_text(text.replace("max_entries = 500000", "max_entries = 1"))
    radius.parts.start(replace(programs.freeradius(raddb=raddb), name="freeradius-full"))
    radius.parts.wait_for("freeradius-full", udp_bound(port))
    usual = radius.parts.radius_auth_port
    with radius.database():
        rows = [RadiusDecision.objects.get(subscription=services.service()) for _ in range(4)]
    wait_until(lambda: radius.pap(rows[0].login, rows[0].password).kind == "Access-Accept")
    try:
        radius.parts.radius_auth_port = port
        answers = [radius.pap(row.login, row.password).kind for row in rows]
    finally:
        radius.parts.radius_auth_port = usual
        radius.parts.stop("freeradius-full")
    assert answers == ["Access-Accept"] * 4


def test_who_is_refused_by_geobill_is_not_remembered(radius: RadiusSystem, known: Known) -> None:
    assert radius.pap(known.login, known.password).kind == "Access-Accept"
    with radius.database():
        services.block(known.subscription)
    assert radius.pap(known.login, known.password).kind == "Access-Reject"
    radius.stop_rest()
    try:
        assert radius.pap(known.login, known.password).kind == ""
    finally:
        radius.start_rest()


def test_who_was_walled_in_without_a_log_in_is_forgotten_with_his_next_report(
    radius: RadiusSystem, known: Known
) -> None:
    given = radius.pap(known.login, known.password).attributes["Class"]
    same = f', User-Name = "{known.login}", Class = {given}'
    radius.account("Start", "walled", same)
    with radius.database():
        other = services.service()
        row = RadiusDecision.objects.get(subscription=other)
    untouched = radius.pap(row.login, row.password).attributes["Class"]
    with radius.database():
        services.block(known.subscription)
    assert radius.account("Interim-Update", "walled", same).kind == "Accounting-Response"
    radius.account("Interim-Update", "fine", f', User-Name = "{row.login}", Class = {untouched}')
    radius.stop_rest()
    try:
        assert radius.pap(known.login, known.password).kind == ""
        assert radius.pap(row.login, row.password).kind == "Access-Accept"
    finally:
        radius.start_rest()


def test_a_monitor_is_answered(radius: RadiusSystem) -> None:
    assert radius.ask("Message-Authenticator = 0x00", kind="status").kind == "Access-Accept"


def test_secrets_lie_in_files_that_others_cannot_read(radius: RadiusSystem) -> None:
    folder = radius.parts.var / "raddb"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 8
    assert {path.stat().st_mode & 0o077 for path in files} == {0}
    buffered = list((radius.parts.var / "freeradius" / "accounting").glob("*"))
    assert {path.stat().st_mode & 0o077 for path in buffered} <= {0}


def test_the_played_bras_logs_in_sends_traffic_and_does_as_it_is_told(
    radius: RadiusSystem, known: Known
) -> None:
    """The demonstration's access server, against the real RADIUS server: FreeRADIUS answers it."""
    now = [1_000.0]
    bras = SimulatedBras(
        client=client_of(
            auth_port=radius.parts.radius_auth_port,
            acct_port=radius.parts.radius_acct_port,
            secret=SECRET.encode(),
        ),
        routers=[
            Router(known.login, known.password, "a4cf12000001"),
            Router("stranger", "guess", "a4cf12000002"),
        ],
        name="played",
        chance=random.Random(1),
        clock=lambda: now[0],
    )

    def is_in() -> bool:
        # The service was stopped before this: for some seconds the server does not ask it again,
        # and a BRAS without an answer tries later.
        bras.turn()
        return bool(bras.sessions)

    wait_until(is_in)
    (live,) = bras.sessions.values()
    assert (live.address, live.down_bit_s, live.up_bit_s) == (known.address, 300 * MBIT, 100 * MBIT)
    now[0] += 60
    bras.turn()
    with radius.database():
        session = Session.objects.get(acct_session_id=live.number)
        assert (session.subscription_id, session.mac) == (known.subscription.id, "a4cf12000001")
        assert 0 < session.out_octets == live.down_octets <= 300 * MBIT // 8 * 60

    told: list[str] = []
    for kind, code in (("coa", CoARequest), ("disconnect", DisconnectRequest)):
        request = CoAPacket(code=code, secret=SECRET.encode(), dict=dictionary())
        request["Acct-Session-Id"] = live.number
        if kind == "coa":
            request["Mikrotik-Rate-Limit"] = "2M/5M"
        assert bras.answer(request.RequestPacket(), secret=b"another") is None
        reply = bras.answer(request.RequestPacket(), secret=SECRET.encode())
        assert reply is not None
        told.append(f"{kind} {request.CreateReply(packet=reply).code}")
    assert told == [f"coa {CoAACK}", f"disconnect {DisconnectACK}"]
    assert (live.down_bit_s, live.up_bit_s) == (5 * MBIT, 2 * MBIT)
    bras.turn()
    with radius.database():
        assert not Session.objects.filter(acct_session_id=live.number, state="OPEN").exists()
    now[0] += 10
    bras.turn()
    assert [one.router.login for one in bras.sessions.values()] == [known.login]
    assert bras.answer(b"no packet", secret=SECRET.encode()) is None
