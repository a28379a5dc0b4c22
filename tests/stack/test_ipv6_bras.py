"""A BRAS that is reached over IPv6: it logs subscribers in, and reports."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytest_django import DjangoDbBlocker

from network.models import Nas, RadiusDecision, Session
from project.process import programs
from tests.support import services
from tests.support.ports import free_udp_port
from tests.support.radius_system import RadiusSystem, radius_system
from tests.support.stack import udp_bound

pytestmark = pytest.mark.stack

SECRET = "bras-secret"
ADDRESS = "::1"


@pytest.fixture(scope="module", params=["rest", "fast"])
def ports(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[RadiusSystem, int, int]]:
    """A FreeRADIUS that listens on an IPv6 address, and its ports."""
    with radius_system(unblock=django_db_blocker.unblock, secret=SECRET) as system:
        with system.database():
            services.nas(secret=SECRET, address=ADDRESS)
            services.pool()
        parts, auth, acct = system.parts, free_udp_port(), free_udp_port()
        raddb, run = parts.var / "raddb-6", parts.var / "run-6"
        parts.env["GEOBILL_RADIUS_NAS_NETWORKS"] = f"{ADDRESS}/128"
        parts.manage(
            "render_raddb", "--out", str(raddb), "--run-dir", str(run), "--check",
            "--host", ADDRESS,
            "--auth-port", str(auth), "--acct-port", str(acct), "--accounting", "rest",
            "--path", str(request.param),
        )  # fmt: skip
        parts.start(replace(programs.freeradius(raddb=raddb), name="freeradius-6"))
        parts.wait_for("freeradius-6", udp_bound(auth))
        yield system, auth, acct


def ask(port: int, kind: str, text: str, *, secret: str = SECRET) -> str:
    done = subprocess.run(
        ["radclient", "-x", "-r", "1", "-t", "3", f"[{ADDRESS}]:{port}", kind, secret],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_it_is_a_client(ports: tuple[RadiusSystem, int, int]) -> None:
    system, auth, acct = ports
    with system.database():
        row = RadiusDecision.objects.get(subscription=services.service())
        nas_id = Nas.objects.get(address=ADDRESS).id
    login = f'User-Name = "{row.login}", User-Password = '
    assert "Received Access-Accept" in ask(auth, "auth", f'{login}"{row.password}"')
    assert "Received Access-Reject" in ask(auth, "auth", f'{login}"wrong"')
    assert "Received" not in ask(auth, "auth", f'{login}"{row.password}"', secret="another")
    told = f"s:{row.subscription_id}:01234567".encode().hex()
    start = (
        f'Acct-Status-Type = Start, Acct-Session-Id = "81000001", User-Name = "{row.login}",'
        f" Class = 0x{told}, Framed-IP-Address = 10.77.0.9"
    )
    assert "Received Accounting-Response" in ask(acct, "acct", start)
    with system.database():
        session = Session.objects.get(subscription_id=row.subscription_id)
    assert (session.nas_id, session.nas_address) == (nas_id, ADDRESS)
