"""Accounting through FreeRADIUS, Redis and the worker: real processes, killed and hung."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from billing.models import Subscription
from network import closed, operations, stream
from network.models import (
    RadiusDecision,
    RejectLog,
    Session,
    SessionEvent,
    SessionHistory,
)
from network.radius.configuration import SPOOL_FILES
from network.spool import BARRED
from project.core.actor import SYSTEM
from tests.support import services
from tests.support.radius_system import FORWARDER, INGEST, RadiusSystem, radius_system
from tests.support.redis_server import RedisServer, redis_to_break
from tests.support.services import AT

pytestmark = pytest.mark.stack

SECRET = "bras-secret"
WAIT_S = 30.0


@dataclass(frozen=True)
class Parts:
    """The running system and its Redis."""

    radius: RadiusSystem
    redis: RedisServer

    def all_is_taken_in(self) -> bool:
        """Whether nothing waits, neither in the spool nor in the stream."""
        client = self.redis.client
        return self.radius.all_is_sent(client) and stream.waiting(client=client) == 0

    def row(self, session: str) -> Session | SessionHistory | None:
        """The session that the BRAS calls so."""
        with self.radius.database():
            return (
                Session.objects.filter(acct_session_id=session).first()
                or SessionHistory.objects.filter(acct_session_id=session).first()
            )

    def octets(self, session: str) -> int:
        """What it has carried to the user."""
        row = self.row(session)
        return row.out_octets if row else -1

    def octets_become(self, session: str, octets: int) -> None:
        """Wait until it has carried so much."""
        wait_until(lambda: self.octets(session) == octets)


@pytest.fixture(scope="module")
def parts(django_db_blocker: DjangoDbBlocker) -> Iterator[Parts]:
    with (
        redis_to_break() as redis,
        radius_system(
            unblock=django_db_blocker.unblock, secret=SECRET, redis_port=redis.port, label="stream"
        ) as system,
    ):
        with system.database():
            services.pool()
            services.nas(secret=SECRET)
        yield Parts(system, redis)


@pytest.fixture
def sold(parts: Parts) -> Subscription:
    with parts.radius.database():
        return services.service()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def said(octets: int, *, seconds: int = 300, high: int = 0) -> str:
    return (
        f", Acct-Session-Time = {seconds}, Acct-Output-Octets = {octets},"
        f" Acct-Output-Gigawords = {high}, Acct-Input-Octets = 7, Acct-Input-Gigawords = 0"
    )


def test_a_session_goes_from_the_wire_to_history(parts: Parts, sold: Subscription) -> None:
    given = f"0x{f's:{sold.id}:abc'.encode().hex()}"
    same = (
        f", User-Name = Petro, Class = {given}, Framed-IP-Address = 10.77.0.9,"
        ' Calling-Station-Id = "AA-BB-CC-00-00-07", ADSL-Agent-Circuit-Id = 0x0004006400ff8a,'
        ' ADSL-Agent-Remote-Id = 0x0006001122334455, NAS-Port-Id = "ge-0/0/1:100"'
    )
    assert parts.radius.account("Start", "whole", same).kind == "Accounting-Response"
    more = same + said(5, high=2)
    assert parts.radius.account("Interim-Update", "whole", more).kind == "Accounting-Response"
    parts.octets_become("whole", 2 * 2**32 + 5)
    row = parts.row("whole")
    assert isinstance(row, Session)
    assert (row.subscription_id, row.login, row.mac) == (sold.id, "Petro", "aabbcc000007")
    assert (row.circuit_hex, row.remote_hex) == ("0004006400ff8a", "0006001122334455")
    assert (row.framed_ip, row.nas_port_id, row.nonce) == ("10.77.0.9", "ge-0/0/1:100", "abc")
    end = same + said(9, seconds=310, high=2) + ", Acct-Terminate-Cause = Lost-Carrier"
    parts.radius.account("Stop", "whole", end)
    wait_until(lambda: isinstance(parts.row("whole"), SessionHistory))
    closed = parts.row("whole")
    assert isinstance(closed, SessionHistory)
    assert (closed.out_octets, closed.terminate_cause) == (2 * 2**32 + 9, "Lost-Carrier")
    with parts.radius.database():
        lines = SessionEvent.objects.filter(session_unique_id=closed.unique_id).order_by("at", "id")
        assert {one.kind for one in lines} == {"START", "STOP"}
        assert {one.subscription_id for one in lines} == {sold.id}


HOSTILE = {
    "spaces": "a MAXLEN 0 * x y",
    "xlat": "%{redis:FLUSHALL}%{control:Cleartext-Password}",
    "quotes": 'it\'s \\"quoted\\" `id` $(id) {} |',
    "bars": "1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19",
    "ukrainian": "Їжак-Ґанок",
    "percent": "100%",
    "control": "a\\r\\n*1\\r\\n$8\\r\\nFLUSHALL\\r\\n",
    "long": "х" * 126,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_value_of_a_subscriber_is_a_word_for_redis(parts: Parts, name: str) -> None:
    value = HOSTILE[name]
    parts.redis.client.set("witness", name)
    key = f"hostile-{name}"
    plain = value.replace('\\"', '"').replace("\\r", "\r").replace("\\n", "\n")
    circuit = plain.encode()[:240].hex()
    text = (
        f', User-Name = "{value}", NAS-Port-Id = "{value}", Calling-Station-Id = "{value}",'
        f" ADSL-Agent-Circuit-Id = 0x{circuit}, Class = 0x{b's:1:|a b'.hex()}" + said(77)
    )
    assert parts.radius.account("Interim-Update", key, text).kind == "Accounting-Response"
    parts.octets_become(key, 77)
    assert parts.redis.client.get("witness") == name.encode()
    row = parts.row(key)
    assert row is not None
    assert row.login == plain
    assert row.nas_port_id == plain
    assert row.circuit_hex == circuit


def lines_of(parts: Parts, sold: Subscription, kind: str, many: int = 1) -> list[SessionEvent]:
    """Lines of that kind, once there are so many."""
    found: list[SessionEvent] = []

    def are_there() -> bool:
        with parts.radius.database():
            found[:] = SessionEvent.objects.filter(subscription=sold, kind=kind).order_by("id")
        return len(found) >= many

    wait_until(are_there)
    return found


@pytest.mark.parametrize("proof", ["PAP", "CHAP", "MS-CHAP"])
def test_an_authorization_stands_in_the_time_line_with_its_packets(
    parts: Parts, sold: Subscription, proof: str
) -> None:
    with parts.radius.database():
        row = RadiusDecision.objects.get(subscription=sold)
    attribute = {"PAP": "User-Password", "CHAP": "CHAP-Password", "MS-CHAP": "MS-CHAP-Password"}
    asked = (
        f'User-Name = "{row.login}", {attribute[proof]} = "{row.password}",'
        ' Calling-Station-Id = "AA:BB:CC:00:00:09", NAS-Port-Id = "%{User-Name} \\"ge-0\\""'
    )
    answer = parts.radius.ask(asked)
    assert answer.kind == "Access-Accept"
    given = bytes.fromhex(answer.attributes["Class"][2:]).decode()
    [line] = lines_of(parts, sold, "AUTHORIZE")
    told = line.attributes
    assert (line.nonce, told["decided_by"]) == (given.rsplit(":", 1)[1], "rest")
    assert told["User-Name"] == [row.login]
    assert told["NAS-Port-Id"] == ['%{User-Name} "ge-0"']
    assert told["reply:Class"] == [given]
    assert told["reply:Mikrotik-Rate-Limit"] == [answer.attributes["Mikrotik-Rate-Limit"]]
    assert "***" in told.values()
    everything = json.dumps(told)
    assert row.password not in everything
    assert "MPPE" not in everything
    assert "MS-CHAP2-Success" not in everything


def test_refusals_of_all_kinds_are_told_with_their_reason(parts: Parts, sold: Subscription) -> None:
    with parts.radius.database():
        row = RadiusDecision.objects.get(subscription=sold)
    for _ in range(3):
        assert parts.radius.pap(row.login, "wrong").kind == "Access-Reject"
    with parts.radius.database():
        services.block(sold)
    assert parts.radius.pap(row.login, row.password).kind == "Access-Reject"
    lines = lines_of(parts, sold, "REJECT", 2)
    assert [one.attributes["reason"] for one in lines] == ["WRONG_PASSWORD", "DEBT"]
    with parts.radius.database():
        rejects = dict(RejectLog.objects.filter(login=row.login).values_list("reason", "times"))
    assert rejects == {"WRONG_PASSWORD": 3, "DEBT": 1}


def test_what_was_refused_while_geobill_was_away_reaches_the_list(
    parts: Parts, sold: Subscription
) -> None:
    """The database refuses by itself; and with Redis away too the spool keeps it."""
    with parts.radius.database():
        row = RadiusDecision.objects.get(subscription=sold)
        services.block(sold)
    parts.radius.freeze_rest()
    try:
        assert parts.radius.pap(row.login, row.password).kind == "Access-Reject"
        [line] = lines_of(parts, sold, "REJECT")
        assert line.attributes["reason"] == "DEBT"
        parts.redis.kill()
        assert parts.radius.pap(row.login, row.password).kind == "Access-Reject"
    finally:
        parts.redis.start()
        parts.radius.thaw_rest()

    def are_counted() -> bool:
        with parts.radius.database():
            told = RejectLog.objects.filter(login=row.login, reason="DEBT")
            return sum(one.times for one in told) == 2

    wait_until(are_counted)


def test_who_was_blocked_since_does_not_come_back_from_the_cache_in_an_outage(
    parts: Parts, sold: Subscription
) -> None:
    """He has not logged in since, or at the other node: this one still has his last good answer."""
    with parts.radius.database():
        other = services.service()
        debtor = RadiusDecision.objects.get(subscription=sold)
        payer = RadiusDecision.objects.get(subscription=other)
        for one in (debtor, payer):
            assert parts.radius.pap(one.login, one.password).kind == "Access-Accept"
        services.block(sold)
        function = "FUNCTION radius.{}(text, text, text) RENAME TO {}"
        with connection.cursor() as cursor:
            cursor.execute("ALTER " + function.format("authorize", "away"))
    wait_until(lambda: bool(parts.redis.client.sismember(closed.KEY, str(sold.id))))
    parts.radius.stop_rest()
    try:
        assert parts.radius.pap(payer.login, payer.password).kind == "Access-Accept"
        assert parts.radius.pap(debtor.login, debtor.password).kind == "Access-Reject"
        [line] = lines_of(parts, sold, "REJECT")
        assert line.attributes["reason"] == "DEBT"
    finally:
        with parts.radius.database(), connection.cursor() as cursor:
            cursor.execute("ALTER " + function.format("away", "authorize"))
        parts.radius.start_rest()


def test_a_whole_option_82_is_divided_for_authorization_and_accounting(
    parts: Parts, sold: Subscription
) -> None:
    with parts.radius.database():
        operations.set_equipment(
            subscription_id=sold.id,
            mac="aa:bb:cc:00:82:01",
            circuit_hex="00040064ff8a",
            remote_hex="000600112233",
            at=AT,
            actor=SYSTEM,
        )
    where = ', Huawei-User-Mac = "aa-bb-cc-00-82-01", ERX-Dhcp-Option-82 = 0x010600040064ff8a0206'
    asked = f'User-Name = "nobody", Calling-Station-Id = "port 7"{where}'
    # Whoever gets no answer asks again: Geobill may have been away in the test before.
    wait_until(lambda: parts.radius.ask(asked + "000600112233").kind == "Access-Accept")
    answer = parts.radius.ask(asked + "000600112233")
    assert answer.kind == "Access-Accept"
    assert parts.radius.ask(asked + "000600112234").kind == "Access-Reject"
    told = f", Class = {answer.attributes['Class']}{where}000600112233" + said(5)
    names = (f"whole-82-{number}" for number in range(60))

    def identified() -> tuple[str, str, str]:
        """What a new session is taken to have."""
        name = next(names)
        parts.radius.account("Interim-Update", name, told)
        parts.octets_become(name, 5)
        row = parts.row(name)
        assert row is not None
        return row.mac, row.circuit_hex, row.remote_hex

    assert identified() == ("", "", ""), "the driver of this BRAS names none of that"
    with parts.radius.database():
        services.nas(secret=SECRET, vendor="generic")
    # The server asks whose packets these are again within some seconds.
    wait_until(lambda: identified() == ("aabbcc008201", "00040064ff8a", "000600112233"))
    with parts.radius.database():
        services.nas(secret=SECRET)


def test_what_the_bras_says_it_applies_is_kept_of_the_newest_packet(parts: Parts) -> None:
    told = (
        ', Filter-Id = "300000/50000", Huawei-Input-Average-Rate = 50000000,'
        " Framed-IP-Address = 10.77.0.9, Framed-IPv6-Prefix = 2001:db8:7::/64,"
        ' Alc-Subscriber-QoS-Override = "e:q:1:pir=1,cir=1",'
        ' Alc-Subscriber-QoS-Override += "i:q:1:pir=2,cir=2", Class = 0x733a313a61'
    )
    parts.radius.account("Start", "echo", told + said(1, seconds=0))
    parts.octets_become("echo", 1)
    row = parts.row("echo")
    assert isinstance(row, Session)
    assert row.echo == {
        "Filter-Id": "300000/50000",
        "Huawei-Input-Average-Rate": "50000000",
        "Framed-IP-Address": "10.77.0.9",
        "Framed-IPv6-Prefix": "2001:db8:7::/64",
        "Alc-Subscriber-QoS-Override": "e:q:1:pir=1,cir=1\ni:q:1:pir=2,cir=2",
        "Class": "s:1:a",
    }


def test_a_packet_as_long_as_they_come_loses_its_echo_and_not_itself(parts: Parts) -> None:
    long = "%{x} |;+=" * 26
    names = ("User-Name", "NAS-Port-Id", "Calling-Station-Id", "Filter-Id", "Framed-Pool")
    text = "".join(f', {name} = "{long}"' for name in names)
    text += f", Class = 0x{'ab' * 253}, ADSL-Agent-Circuit-Id = 0x{'cd' * 240}"
    text += f", ADSL-Agent-Remote-Id = 0x{'ef' * 240}" + said(8)
    answer = parts.radius.account("Interim-Update", "l" * 200, text)
    assert answer.kind == "Accounting-Response"
    parts.octets_become("l" * 200, 8)
    parts.radius.account("Interim-Update", "short", f', Filter-Id = "{long}"' + said(9))
    parts.octets_become("short", 9)
    row = parts.row("short")
    assert isinstance(row, Session)
    assert row.echo == {"Filter-Id": long}


def test_the_hostile_value_may_be_the_name_of_the_session(parts: Parts) -> None:
    key = "s 1|%{User-Name}| * z"
    assert parts.radius.account("Interim-Update", key, said(5)).kind == "Accounting-Response"
    parts.octets_become(key, 5)


def test_a_repeat_adds_nothing(parts: Parts) -> None:
    for _ in range(3):
        parts.radius.account("Interim-Update", "again", said(1000))
    parts.octets_become("again", 1000)
    wait_until(parts.all_is_taken_in)
    assert parts.octets("again") == 1000


@pytest.mark.parametrize("fault", ["dead", "hung"])
def test_without_redis_accounting_waits_in_the_spool(parts: Parts, fault: str) -> None:
    key, station = f"redis-{fault}", ', Calling-Station-Id = "1:aA.bb-CC:00_00:07"'
    parts.radius.account("Start", key, station)
    wait_until(lambda: parts.row(key) is not None)
    # Nobody may take it in over REST meanwhile either, so that the disk alone has it.
    parts.radius.freeze_rest()
    if fault == "dead":
        parts.redis.kill()
    else:
        parts.redis.freeze()
    try:
        for number in range(1, 11):
            told = station + said(number * 100, seconds=number * 10)
            answer = parts.radius.account("Interim-Update", key, told)
            assert answer.kind == "Accounting-Response"
        assert parts.octets(key) == 0
    finally:
        if fault == "dead":
            parts.redis.start()
        else:
            parts.redis.thaw()
        parts.radius.thaw_rest()
    parts.octets_become(key, 1000)


def test_a_forwarder_that_hangs_is_waited_for_by_nobody(parts: Parts) -> None:
    parts.radius.send(FORWARDER, signal.SIGSTOP)
    try:
        assert parts.radius.account("Start", "hang").kind == "Accounting-Response"
        assert parts.radius.account("Stop", "hang", said(4)).kind == "Accounting-Response"
        assert not parts.radius.all_is_sent(parts.redis.client)
    finally:
        parts.radius.send(FORWARDER, signal.SIGCONT)
    parts.octets_become("hang", 4)


def test_what_cannot_be_written_is_not_answered(parts: Parts) -> None:
    """As with a full disk: the forwarder bars the files, and opens them when there is room."""
    parts.radius.send(FORWARDER, signal.SIGSTOP)
    try:
        for number in range(SPOOL_FILES):
            path = parts.radius.spool / str(number)
            path.unlink(missing_ok=True)
            path.symlink_to(BARRED)
        assert parts.radius.account("Start", "full").kind == ""
    finally:
        parts.radius.send(FORWARDER, signal.SIGCONT)
    wait_until(lambda: parts.radius.account("Start", "full").kind == "Accounting-Response")
    parts.octets_become("full", 0)


def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing(parts: Parts) -> None:
    with parts.radius.parts.connect() as other, other.transaction():
        # The worker reads the packets and then waits for this row's lock, in the middle of it.
        parts.radius.account("Interim-Update", "killed", said(1))
        wait_until(lambda: parts.octets("killed") == 1)
        other.execute("SELECT 1 FROM network_session WHERE acct_session_id = 'killed' FOR UPDATE")
        for number in range(2, 8):
            told = said(number, seconds=300 + number)
            parts.radius.account("Interim-Update", "killed", told)
        pending = parts.redis.client.xpending
        wait_until(lambda: pending(stream.STREAM, stream.GROUP)["pending"] > 0)
        parts.radius.parts.stop(INGEST, number=9)
    assert parts.octets("killed") == 1
    from project.process import programs

    parts.radius.parts.start(programs.accounting_ingest())
    parts.octets_become("killed", 7)
    wait_until(parts.all_is_taken_in)


def test_what_is_no_accounting_is_put_aside(parts: Parts) -> None:
    client = parts.redis.client
    client.delete(stream.dead(stream.STREAM))
    for entry in (b"nonsense", b"1|" + b"|" * 17, b"\xff" * 9):
        client.xadd(stream.STREAM, {b"p": entry})
    parts.radius.account("Interim-Update", "behind", said(3))
    parts.octets_become("behind", 3)
    wait_until(parts.all_is_taken_in)
    assert client.xlen(stream.dead(stream.STREAM)) == 3
