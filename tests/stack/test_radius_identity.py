"""Who gets in, with FreeRADIUS in the loop, over REST and over the fast path alike."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psycopg
import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker

from billing.models import Subscription
from network import confirmations, intervals, modes, operations
from network.models import (
    AccessAlert,
    GuestRule,
    GuestVisit,
    MacRequest,
    RadiusDecision,
    RejectLog,
    Session,
)
from project.core.actor import SYSTEM
from tests.support import mschap, radius_wire, services
from tests.support.radius_system import RadiusSystem, Reply, radius_system
from tests.support.services import AT

pytestmark = pytest.mark.stack

SECRET = "bras-secret"
WAIT_S = 20.0
HOSTILE = [
    "%{User-Name}",
    "%{control:Cleartext-Password}",
    "%{sql:SELECT 1}",
    "100%",
    "it's",
    "a'; DROP TABLE radius_decision; --",
    'double\\"quote',
    "back\\\\slash",
    "a\\\\new\\\\\\\\one\\\\065\\\\x\\\\",
    "тарас",
    "x" * 253,
    "=27 OR 1=1",
]


@dataclass(frozen=True)
class Known:
    """A service with all three factors registered."""

    subscription: Subscription
    login: str
    password: str
    mac: str
    circuit: str
    remote: str


@pytest.fixture(scope="module", params=["rest", "fast"])
def radius(
    django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[RadiusSystem]:
    with radius_system(
        unblock=django_db_blocker.unblock, secret=SECRET, path=request.param
    ) as system:
        with system.database():
            services.pool()
            services.nas(secret=SECRET)
        yield system


@pytest.fixture
def no_guests(radius: RadiusSystem) -> None:
    with radius.database():
        GuestRule.objects.update(is_active=False)


_number = itertools.count(1)


def known(radius: RadiusSystem, mode: str = "TWO_OF_THREE") -> Known:
    number = next(_number)
    mac, circuit, remote = f"aabbcc{number:06x}", f"00040064{number:04x}", "0006001122334455"
    with radius.database():
        sold = services.service()
        operations.set_equipment(
            subscription_id=sold.id,
            mac=mac,
            circuit_hex=circuit,
            remote_hex=remote,
            at=AT,
            actor=SYSTEM,
        )
        modes.set_parameters(
            subscription_id=sold.id, mode=mode, sessions_max=None, at=AT, actor=SYSTEM
        )
        row = RadiusDecision.objects.get(subscription=sold)
    return Known(sold, row.login, row.password, mac, circuit, remote)


def colons(mac: str) -> str:
    return ":".join(mac[at : at + 2] for at in range(0, 12, 2))


def ask(
    radius: RadiusSystem,
    *,
    login: str = "",
    password: str | None = None,
    mac: str = "",
    circuit: str = "",
    remote: str = "0006001122334455",
) -> Reply:
    told = [f'User-Name = "{login or mac or "nobody"}"']
    if password is not None:
        told.append(f'User-Password = "{password}"')
    if mac:
        told.append(f'Calling-Station-Id = "{colons(mac)}"')
    if circuit:
        told += [
            f"ADSL-Agent-Circuit-Id = 0x{circuit}",
            f"ADSL-Agent-Remote-Id = 0x{remote}",
        ]
    return radius.ask(", ".join(told))


def until(radius: RadiusSystem, happened: Callable[[], bool]) -> None:
    """Ask the database until it is so; it may take as long as the buffer's next look."""
    deadline = time.monotonic() + WAIT_S
    while True:
        with radius.database():
            if happened():
                return
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def opened(reply: Reply) -> int | None:
    """The service that an Accept opens; 0 for a guest, None for a refusal."""
    if reply.kind == "Access-Reject":
        return None
    assert reply.kind == "Access-Accept"
    kind, *rest = bytes.fromhex(reply.attributes["Class"][2:]).decode().split(":")
    return int(rest[0]) if kind == "s" else 0


@pytest.mark.usefixtures("no_guests")
def test_every_way_to_prove_a_password(radius: RadiusSystem) -> None:
    one = known(radius, "LOGIN")
    name = f'User-Name = "{one.login}", '
    for good in (
        f'User-Password = "{one.password}"',
        f'CHAP-Password = "{one.password}"',
        f'MS-CHAP-Password = "{one.password}"',
        mschap.v2_attributes(one.login, one.password),
    ):
        reply = radius.ask(name + good)
        assert opened(reply) == one.subscription.id, good
        assert reply.attributes["Mikrotik-Rate-Limit"] == "100M/300M"
        interim_s = intervals.of_service_s(300, subscription_id=one.subscription.id)
        assert reply.attributes["Acct-Interim-Interval"] == str(interim_s)
        assert {name for name in reply.attributes if not name.startswith("MS-")} == {
            "Class",
            "Acct-Interim-Interval",
            "Session-Timeout",
            "Framed-IP-Address",
            "Mikrotik-Rate-Limit",
            "Message-Authenticator",
        }
    for bad in (
        'User-Password = "wrong"',
        'CHAP-Password = "wrong"',
        'MS-CHAP-Password = "wrong"',
        mschap.v2_attributes(one.login, "wrong"),
    ):
        assert opened(radius.ask(name + bad)) is None, bad
    with radius.database():
        reject = RejectLog.objects.get(subscription=one.subscription)
    assert (reject.reason, reject.missed, reject.times) == ("WRONG_PASSWORD", "PASSWORD", 4)


@pytest.mark.usefixtures("no_guests")
def test_by_mac_and_by_port_alone(radius: RadiusSystem) -> None:
    by_mac, by_port = known(radius, "MAC"), known(radius, "OPTION82")
    assert opened(ask(radius, mac=by_mac.mac)) == by_mac.subscription.id
    assert opened(ask(radius, circuit=by_mac.circuit)) is None
    assert opened(ask(radius, circuit=by_port.circuit)) == by_port.subscription.id
    assert opened(ask(radius, mac=by_port.mac)) is None
    other_switch = ask(radius, circuit=by_port.circuit, remote="0006001122334456")
    assert opened(other_switch) is None


@pytest.mark.usefixtures("no_guests")
def test_an_empty_password_is_none_but_of_a_login_that_was_typed(radius: RadiusSystem) -> None:
    """RouterOS sends one with a DHCP lease; radclient would leave it out."""
    by_both, by_mac, by_two = known(radius, "AUTO"), known(radius, "MAC"), known(radius)
    by_login = known(radius, "LOGIN")

    def code(login: str, mac: str, circuit: str, more: bytes = b"") -> int:
        ids = ((radius_wire.CIRCUIT_ID, circuit), (radius_wire.REMOTE_ID, by_both.remote))
        told = radius_wire.octets(radius_wire.CALLING_STATION, f"1:{colons(mac)}".encode())
        for kind, text in ids:
            told += radius_wire.vendor(radius_wire.ADSL_FORUM, kind, bytes.fromhex(text))
        return line.log_in(login=login, password="", more=told + more).code

    ppp = radius_wire.number(radius_wire.FRAMED_PROTOCOL, radius_wire.PPP)
    line = radius_wire.BrasSocket(
        port=radius.parts.radius_auth_port, secret=SECRET.encode(), timeout_s=4, tries=1
    )
    for one in (by_both, by_mac, by_two):
        assert code(colons(one.mac), one.mac, one.circuit) == radius_wire.ACCESS_ACCEPT
    for login in (colons(by_both.mac), by_login.login):
        assert code(login, by_both.mac, by_two.circuit) == radius_wire.ACCESS_REJECT
    assert code(by_login.login, by_login.mac, by_login.circuit) == radius_wire.ACCESS_REJECT
    assert code(by_two.login, by_two.mac, by_two.circuit, ppp) == radius_wire.ACCESS_REJECT
    line.close()


@pytest.mark.usefixtures("no_guests")
def test_all_combinations_of_two_of_three(radius: RadiusSystem) -> None:
    """Login, MAC and port of A, of B, of nobody, or none; the password is A's.

    Without a login the name is the MAC and there is no password, as IPoE BRASes send it.
    """
    a, b = known(radius), known(radius)
    nobody = Known(a.subscription, "nobody", "", "020000000001", "0004ffffffff", a.remote)
    people = {"A": a, "B": b, "?": nobody}
    for login, mac, port in itertools.product(("A", "B", "?", ""), repeat=3):
        told = (login, mac, port)
        reply = ask(
            radius,
            login=people[login].login if login else "",
            password=a.password if login else None,
            mac=people[mac].mac if mac else "",
            circuit=people[port].circuit if port else "",
        )
        score = {name: told.count(name) for name in "AB"}
        best = max(score, key=lambda name: score[name])
        expected = None
        if score[best] >= 2 and login in {best, "?", ""} and login != "B":
            expected = people[best].subscription.id
        assert opened(reply) == expected, told


def test_a_login_with_the_neighbours_mac_and_port_is_a_conflict(radius: RadiusSystem) -> None:
    a, b = known(radius), known(radius)
    with radius.database():
        rule = services.guest_rule("CONFLICT", position=1)
    reply = ask(radius, login=a.login, password=a.password, mac=b.mac, circuit=b.circuit)
    assert opened(reply) == 0
    assert reply.attributes["Mikrotik-Address-List"] == "geobill-guest"
    assert reply.attributes["Mikrotik-Rate-Limit"] == "1M/1M"
    with radius.database():
        alert = AccessAlert.objects.get(login=a.login)
        assert {one.id for one in alert.subscriptions.all()} == {
            a.subscription.id,
            b.subscription.id,
        }
        reject = RejectLog.objects.get(login=a.login, reason="CONFLICT")
    assert (alert.times, reject.missed, reject.guest_rule_id) == (1, "LOGIN", rule)


def test_a_new_router_is_a_guest_until_somebody_says_it_is_his(radius: RadiusSystem) -> None:
    one = known(radius)
    new = "020000abcdef"
    with radius.database():
        services.guest_rule("NEW_MAC", position=1)
    assert opened(ask(radius, mac=new, circuit=one.circuit)) == 0
    with radius.database():
        waiting = MacRequest.objects.get(subscription=one.subscription)
        assert (waiting.mac, waiting.by_port) == (new, True)
        confirmations.confirm_mac(request_id=waiting.id, at=AT, actor=SYSTEM)
    assert opened(ask(radius, mac=new, circuit=one.circuit)) == one.subscription.id
    assert opened(ask(radius, mac=one.mac, circuit=one.circuit)) == 0


def test_strangers_and_the_blocked_are_guests_within_limits(radius: RadiusSystem) -> None:
    one = known(radius, "LOGIN")
    with radius.database():
        services.guest_rule(
            "UNKNOWN",
            "DEBT",
            position=2,
            per_port_max=2,
            per_mac_day_max=2,
            session_timeout_s=600,
        )
        debt = services.block(one.subscription)
    guest = ask(radius, login=one.login, password=one.password)
    assert opened(guest) == 0
    assert guest.attributes["Session-Timeout"] == "600"
    # A guest of a known login proves its password all the same.
    assert opened(ask(radius, login=one.login, password="wrong")) is None
    port = "0004deadbeef"
    assert opened(ask(radius, mac="0200000000a1", circuit=port)) == 0
    assert opened(ask(radius, mac="0200000000a2", circuit=port)) == 0
    assert opened(ask(radius, mac="0200000000a3", circuit=port)) is None, "two at a port"
    assert opened(ask(radius, mac="0200000000a1", circuit=port)) == 0
    assert opened(ask(radius, mac="0200000000a1", circuit=port)) is None, "twice a day"
    with radius.database():
        assert GuestVisit.objects.filter(circuit_hex=port).count() == 2
        services.unblock(debt)
    reply = ask(radius, login=one.login, password=one.password)
    assert opened(reply) == one.subscription.id


@pytest.mark.usefixtures("no_guests")
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_are_answered_and_open_nothing(radius: RadiusSystem, text: str) -> None:
    one = known(radius, "LOGIN")
    reply = radius.ask(f'User-Name = "{text}", User-Password = "{text[:120]}"')
    assert reply.kind == "Access-Reject"
    assert set(reply.attributes) <= {"Reply-Message", "Message-Authenticator"}
    assert opened(ask(radius, login=one.login, password=one.password)) == one.subscription.id


@pytest.mark.usefixtures("no_guests")
@pytest.mark.parametrize("text", [one for one in HOSTILE if len(one) <= 64])
def test_the_same_strings_are_good_logins_and_passwords(radius: RadiusSystem, text: str) -> None:
    one = known(radius, "LOGIN")
    literal = text.encode().decode("unicode_escape").encode("latin-1").decode()
    with radius.database():
        RadiusDecision.objects.filter(login=literal.lower()).update(login=f"was-{one.login}")
        RadiusDecision.objects.filter(subscription=one.subscription).update(
            login=literal.lower(), password=literal
        )
    name = f'User-Name = "{text}", '
    assert opened(radius.ask(name + f'User-Password = "{text}"')) == one.subscription.id
    if "\\" not in text:  # radclient takes a backslash of an octets attribute as it stands
        assert opened(radius.ask(name + f'CHAP-Password = "{text}"')) == one.subscription.id
    assert opened(radius.ask(name + f'User-Password = "{text}x"')) is None


@pytest.mark.usefixtures("no_guests")
def test_ids_of_253_bytes_are_compared_to_the_last(radius: RadiusSystem) -> None:
    one = known(radius, "OPTION82")
    long = "ab" * 247  # a vendor attribute holds no more
    with radius.database():
        operations.set_equipment(
            subscription_id=one.subscription.id,
            mac=one.mac,
            circuit_hex=long,
            remote_hex=long,
            at=AT,
            actor=SYSTEM,
        )
    assert opened(ask(radius, circuit=long, remote=long)) == one.subscription.id
    assert opened(ask(radius, circuit=long, remote=long[:-2] + "ac")) is None


@pytest.mark.usefixtures("no_guests")
def test_as_many_devices_as_allowed(radius: RadiusSystem) -> None:
    one = known(radius, "LOGIN")
    with radius.database():
        modes.set_parameters(
            subscription_id=one.subscription.id,
            mode="LOGIN",
            sessions_max=1,
            at=AT,
            actor=SYSTEM,
        )
    first = ask(radius, login=one.login, password=one.password, mac="020000000101")
    assert opened(first) == one.subscription.id
    started = (
        f', User-Name = "{one.login}", Class = {first.attributes["Class"]},'
        ' Calling-Station-Id = "02:00:00:00:01:01"'
    )
    radius.account("Start", f"many-{one.login}", started)
    # After an outage accounting comes from the buffer, a little later.
    until(radius, lambda: Session.objects.filter(subscription=one.subscription).exists())
    second = {"login": one.login, "password": one.password, "mac": "020000000102"}

    def is_refused_and_written_down() -> bool:
        # While the REST group is slow the database refuses by itself, and writes nothing.
        assert opened(ask(radius, **second)) is None
        return RejectLog.objects.filter(subscription=one.subscription).exists()

    until(radius, is_refused_and_written_down)
    again = ask(radius, login=one.login, password=one.password, mac="020000000101")
    assert opened(again) == one.subscription.id, "the same device may come back"
    with radius.database():
        reject = RejectLog.objects.get(subscription=one.subscription)
    assert reject.reason == "TOO_MANY_SESSIONS"
    radius.account("Stop", f"many-{one.login}", started)
    until(radius, lambda: not Session.objects.filter(subscription=one.subscription).exists())
    assert opened(ask(radius, **second)) == one.subscription.id


def test_the_role_of_the_server_may_do_two_things(radius: RadiusSystem) -> None:
    one = known(radius, "LOGIN")
    with psycopg.connect(
        **{
            **radius.parts.db,
            "user": settings.GEOBILL_DB_USERS["radius"],
            "password": settings.GEOBILL_DB_PASSWORDS["radius"],
        },
        autocommit=True,
    ) as connection:
        call = "SELECT radius.authorize('127.0.0.1', %s || '||||', '1')"
        told = connection.execute(call, [one.login.encode().hex()]).fetchone()
        assert told is not None
        assert told[0].startswith("Bill-Fast-Password\t")
        with radius.database():
            own = RadiusDecision.objects.get(subscription=one.subscription).framed_ip
        for service, has in ((one.subscription.id, f"yes|4={own}"), (0, "no")):
            told = connection.execute("SELECT radius.lend(%s, '')", [service]).fetchone()
            assert told == (has,)
        for statement in (
            "SELECT password FROM public.radius_decision",
            "SELECT radius.weigh('127.0.0.1', '', '', '', '', '1')",
            "SELECT vendor FROM radius.nas",
            "SELECT told FROM radius.usual",
            "SELECT told FROM radius.usual_now",
            "SELECT public.radius_resolve('a', '', '', '', true, 'AUTO')",
            "SELECT public.network_ip_reap(now(), 1)",
            "SELECT public.network_ip_hold(1, '', now())",
            "SELECT public.ST_Point(1, 2)",
            "CREATE TABLE radius.x ()",
            "CREATE TABLE public.x ()",
            "SET ROLE geobill_app",
            "SELECT pg_read_file('postgresql.conf')",
        ):
            with pytest.raises(psycopg.Error):
                connection.execute(statement)


@pytest.mark.usefixtures("no_guests")
@pytest.mark.parametrize("fault", ["dead", "hung"])
def test_without_geobill_the_database_itself_answers(radius: RadiusSystem, fault: str) -> None:
    """Also for who was never seen before; and who was blocked stays so, whether he tried or not."""
    seen, unseen, blocked, tried = (known(radius, "LOGIN") for _ in range(4))
    by_port = known(radius, "OPTION82")
    for one in (seen, blocked, tried):
        assert opened(ask(radius, login=one.login, password=one.password)) == one.subscription.id
    with radius.database():
        services.block(blocked.subscription)
        services.block(tried.subscription)
    assert opened(ask(radius, login=tried.login, password=tried.password)) is None
    if fault == "dead":
        radius.stop_rest()
    else:
        radius.freeze_rest()
    try:
        for one in (seen, unseen):
            reply = ask(radius, login=one.login, password=one.password)
            assert opened(reply) == one.subscription.id
            assert opened(ask(radius, login=one.login, password="wrong")) is None
        assert opened(ask(radius, circuit=by_port.circuit)) == by_port.subscription.id
        for one in (blocked, tried):
            assert opened(ask(radius, login=one.login, password=one.password)) is None
        with radius.database():
            services.block(unseen.subscription)
        assert opened(ask(radius, login=unseen.login, password=unseen.password)) is None
    finally:
        if fault == "dead":
            radius.start_rest()
        else:
            radius.thaw_rest()
