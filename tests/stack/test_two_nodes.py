"""Two FreeRADIUS nodes before one database: one is killed, the other gives the same answer."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytest_django import DjangoDbBlocker

from network.models import RadiusDecision
from project.process import programs
from tests.support import services
from tests.support.ports import free_udp_port
from tests.support.radius_system import SERVER, RadiusSystem, radius_system
from tests.support.stack import udp_bound

pytestmark = pytest.mark.stack

SECRET = "bras-secret"


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
