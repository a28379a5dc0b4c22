"""Two FreeRADIUS nodes before one database: one is killed, the other gives the same answer; each
has a Redis of its own, and what waits in one counts for the sessions of both."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from network import closed, session_queries, sessions, stream
from network.models import AccountingProgress, RadiusDecision, Session
from project.core import clock
from project.process import programs
from tests.support import services
from tests.support.ports import free_udp_port
from tests.support.radius_system import INGEST, SERVER, RadiusSystem, radius_system
from tests.support.redis_server import RedisServer, redis_to_break
from tests.support.stack import udp_bound

pytestmark = pytest.mark.stack

SECRET = "bras-secret"
WAIT_S = 40.0


@pytest.fixture
def nodes(django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[RadiusSystem, int]]:
    """The first node whole, and the authentication port of the second."""
    with radius_system(unblock=django_db_blocker.unblock, secret=SECRET) as first:
        with first.database():
            services.nas(secret=SECRET)
            services.pool(mode="DYNAMIC")
        raddb, run = first.parts.var / "raddb-b", first.parts.var / "run-b"
        ports = (free_udp_port(), free_udp_port())
        first.parts.manage(
            "render_raddb", "--out", str(raddb), "--run-dir", str(run), "--check",
            "--auth-port", str(ports[0]), "--acct-port", str(ports[1]), "--accounting", "rest",
        )  # fmt: skip
        first.parts.start(replace(programs.freeradius(raddb=raddb), name="freeradius-b"))
        first.parts.wait_for("freeradius-b", udp_bound(ports[0]))
        yield first, ports[0]


def kill(process_id: int) -> None:
    os.killpg(process_id, signal.SIGKILL)


def test_the_second_node_answers_with_the_same_address_when_the_first_is_killed(
    nodes: tuple[RadiusSystem, int],
) -> None:
    first, port = nodes
    with first.database():
        row = RadiusDecision.objects.get(subscription=services.service())
    factors = ', Calling-Station-Id = "AA:BB:CC:00:00:01"'
    before = first.pap(row.login, row.password, factors)
    assert before.kind == "Access-Accept"
    kill(first.parts.processes[SERVER].pid)
    assert first.pap(row.login, row.password, factors).kind == ""
    first.parts.radius_auth_port = port
    after = first.pap(row.login, row.password, factors)
    assert after.kind == "Access-Accept"
    name = "Framed-IP-Address"
    assert after.attributes[name] == before.attributes[name] == "10.77.0.2"
    assert first.pap(row.login, "wrong", factors).kind == "Access-Reject"


# ---- a Redis each -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Node:
    """A node whole: FreeRADIUS, REST group, Redis, forwarder and ingest."""

    radius: RadiusSystem
    redis: RedisServer

    def tells(self, session: str, octets: int) -> None:
        """The BRAS reports to this node, and is answered."""
        told = (
            f", Acct-Session-Time = {octets}, Acct-Output-Octets = {octets},"
            f" Acct-Input-Octets = 0, Framed-IP-Address = 10.77.0.99, User-Name = {session}"
        )
        answer = self.radius.account("Interim-Update", session, told)
        assert answer.kind == "Accounting-Response"

    def is_all_taken_in(self) -> bool:
        client = self.redis.client
        return self.radius.all_is_sent(client) and stream.waiting(client=client) == 0

    def progress(self) -> AccountingProgress | None:
        name = stream.name_of(client=self.redis.client)
        return AccountingProgress.objects.filter(name=name).first()

    def was_read_since(self, at: datetime) -> Callable[[], bool]:
        def ask() -> bool:
            row = self.progress()
            return bool(row and row.caught_up_at and row.caught_up_at > at)

        return ask


@pytest.fixture(scope="module")
def both(django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Node, Node]]:
    """Redis of the first is the common one too; both ingest workers have one name."""
    with ExitStack() as undo:
        common, own = (undo.enter_context(redis_to_break()) for _node in range(2))
        first = undo.enter_context(
            radius_system(
                unblock=django_db_blocker.unblock,
                secret=SECRET,
                redis_port=common.port,
                label="nodes",
            )
        )
        with first.database():
            services.nas(secret=SECRET)
            services.pool(mode="DYNAMIC")
        second = undo.enter_context(
            radius_system(
                unblock=django_db_blocker.unblock,
                secret=SECRET,
                redis_port=common.port,
                own_redis_port=own.port,
                database=first.parts.database_name,
            )
        )
        yield Node(first, common), Node(second, own)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def octets() -> dict[str, int]:
    return dict(Session.objects.values_list("acct_session_id", "out_octets"))


def was_heard(session: str, at: datetime) -> None:
    Session.objects.filter(acct_session_id=session).update(last_seen_at=at)


def test_accounting_through_both_nodes_ends_in_one_database(both: tuple[Node, Node]) -> None:
    a, b = both
    begun = clock.now()
    a.tells("through-a", 1)
    b.tells("through-b", 2)
    a.tells("through-both", 3)
    b.tells("through-both", 4)
    with a.radius.database():
        wanted = {"through-a": 1, "through-b": 2, "through-both": 4}
        wait_until(lambda: wanted.items() <= octets().items())
        for node in both:
            wait_until(node.is_all_taken_in)
            wait_until(node.was_read_since(begun))
        assert AccountingProgress.objects.count() == 2
    assert stream.name_of(client=a.redis.client) != stream.name_of(client=b.redis.client)


def test_a_block_is_known_to_the_redis_of_both(both: tuple[Node, Node]) -> None:
    with both[0].radius.database():
        sold = services.service()
        member = str(sold.id)
        services.block(sold)
    for node in both:
        wait_until(lambda client=node.redis.client: bool(client.sismember(closed.KEY, member)))


def test_who_was_blocked_stays_out_of_a_node_that_has_only_its_own_redis(
    both: tuple[Node, Node],
) -> None:
    """The other's Redis hangs, Geobill and the database do not answer; the second node still has
    the last good answer for both subscribers."""
    a, b = both
    away = "ALTER FUNCTION radius.{}(text, text, text) RENAME TO {}"
    with a.radius.database():
        sold, other = services.service(), services.service()
        debtor = RadiusDecision.objects.get(subscription=sold)
        payer = RadiusDecision.objects.get(subscription=other)
        for one in (debtor, payer):
            assert b.radius.pap(one.login, one.password).kind == "Access-Accept"
        services.block(sold)
        wait_until(lambda: bool(b.redis.client.sismember(closed.KEY, str(sold.id))))
        with connection.cursor() as cursor:
            cursor.execute(away.format("authorize", "away"))
        b.radius.stop_rest()
        a.redis.freeze()
        try:
            assert b.radius.pap(payer.login, payer.password).kind == "Access-Accept"
            assert b.radius.pap(debtor.login, debtor.password).kind == "Access-Reject"
        finally:
            a.redis.thaw()
            with connection.cursor() as cursor:
                cursor.execute(away.format("away", "authorize"))
            b.radius.start_rest()


@pytest.mark.parametrize("fault", ["ingest", "redis"])
def test_what_waits_at_one_node_lets_nobody_be_called_lost(
    both: tuple[Node, Node], fault: str
) -> None:
    """Two hours ago the second stopped; since then its sessions have reported to it only."""
    a, b = both
    silent, waiting = f"{fault}-silent", f"{fault}-waiting"
    begun = clock.now()
    with a.radius.database():
        a.tells(silent, 1)
        b.tells(waiting, 1)
        wait_until(lambda: {silent, waiting} <= octets().keys())
        for node in both:
            wait_until(node.was_read_since(begun))
        of_b = stream.name_of(client=b.redis.client)
        if fault == "ingest":
            b.radius.parts.stop(INGEST)
        else:
            b.redis.kill()
        stopped = clock.now()
        b.tells(waiting, 7)
        then = stopped - timedelta(hours=2)
        AccountingProgress.objects.filter(name=of_b).update(caught_up_at=then, updated_at=then)
        was_heard(waiting, then)
        was_heard(silent, then - timedelta(hours=2))
        wait_until(a.was_read_since(stopped))
        assert session_queries.accounting_as_of() == then
        sessions.reap(at=clock.now())
        states = dict(Session.objects.values_list("acct_session_id", "state"))
        assert silent not in states, "all that was told of it is known"
        assert (states[waiting], octets()[waiting]) == ("OPEN", 1)
        back = clock.now()
        if fault == "ingest":
            b.radius.parts.start(programs.accounting_ingest())
        else:
            b.redis.start()
        wait_until(lambda: octets().get(waiting) == 7)
        wait_until(b.is_all_taken_in)
        wait_until(b.was_read_since(back))
        sessions.reap(at=clock.now())
        assert Session.objects.get(acct_session_id=waiting).state == "OPEN"
