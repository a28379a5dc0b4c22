"""A registered port that comes with another VLAN, with FreeRADIUS in the loop on both paths."""

import itertools
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from network import modes, operations
from network.models import AccessAlert, GuestRule, Option82Rule, RadiusDecision, RejectLog
from project.core.actor import SYSTEM
from tests.support import services
from tests.support.radius_system import RadiusSystem, radius_system
from tests.support.services import AT

pytestmark = pytest.mark.stack

SECRET = "bras-secret"
REMOTE = "0006001122334455"
_port = itertools.count(1)


@pytest.fixture(scope="module", params=["rest", "fast"])
def radius(
    django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[RadiusSystem]:
    with radius_system(
        unblock=django_db_blocker.unblock, secret=SECRET, path=request.param, label="portkeys"
    ) as system:
        with system.database():
            services.pool()
            services.nas(secret=SECRET)
            GuestRule.objects.update(is_active=False)
            Option82Rule.objects.update(ignores_vlan=True)
        yield system


def circuit(port: int, *, vlan: int = 100) -> str:
    return f"0004{vlan:04x}00{port:02x}"


def known(
    radius: RadiusSystem, port: int, *, mode: str, vlan: int = 100, mac: str = ""
) -> RadiusDecision:
    with radius.database():
        sold = services.service()
        operations.set_equipment(
            subscription_id=sold.id,
            mac=mac,
            circuit_hex=circuit(port, vlan=vlan),
            remote_hex=REMOTE,
            at=AT,
            actor=SYSTEM,
        )
        modes.set_parameters(
            subscription_id=sold.id, mode=mode, sessions_max=None, at=AT, actor=SYSTEM
        )
        return RadiusDecision.objects.get(subscription=sold)


def ask(
    radius: RadiusSystem, circuit_hex: str, *, login: str = "", password: str = "", mac: str = ""
) -> int | None:
    """The service that is opened; None for a refusal."""
    told = [f'User-Name = "{login or mac or "nobody"}"']
    if password:
        told.append(f'User-Password = "{password}"')
    if mac:
        told.append(f'Calling-Station-Id = "{mac}"')
    told += [
        f"ADSL-Agent-Circuit-Id = 0x{circuit_hex}",
        f"ADSL-Agent-Remote-Id = 0x{REMOTE}",
    ]
    reply = radius.ask(", ".join(told))
    if reply.kind == "Access-Reject":
        return None
    assert reply.kind == "Access-Accept", reply
    text = bytes.fromhex(reply.attributes["Class"].removeprefix("0x")).decode()
    kind, service, _nonce = text.split(":")
    assert kind == "s"
    return int(service)


def test_another_vlan_on_its_port_and_the_neighbours_port(radius: RadiusSystem) -> None:
    port, beside = next(_port), next(_port)
    one = known(radius, port, mode="OPTION82")
    for vlan in (100, 101, 102):
        assert ask(radius, circuit(port, vlan=vlan)) == one.subscription_id
    assert ask(radius, circuit(beside, vlan=101)) is None
    assert ask(radius, circuit(beside)) is None


def test_two_of_three_with_another_vlan(radius: RadiusSystem) -> None:
    port, mac = next(_port), "aabbcc000001"
    one = known(radius, port, mode="TWO_OF_THREE", mac=mac)
    assert ask(radius, circuit(port, vlan=7), mac=mac) == one.subscription_id
    assert ask(radius, circuit(port, vlan=7), mac="aabbcc0000ff") is None
    assert ask(radius, circuit(next(_port), vlan=7), mac=mac) is None


def test_two_services_at_one_port_are_a_conflict(radius: RadiusSystem) -> None:
    port = next(_port)
    one = known(radius, port, mode="OPTION82", vlan=100)
    two = known(radius, port, mode="OPTION82", vlan=200)
    asked = circuit(port, vlan=300)
    assert ask(radius, asked) is None
    assert ask(radius, circuit(port)) == one.subscription_id
    assert ask(radius, circuit(port, vlan=200)) == two.subscription_id
    with radius.database():
        assert AccessAlert.objects.get(circuit_hex=asked).kind == "CONFLICT"
        assert RejectLog.objects.get(circuit_hex=asked).reason == "CONFLICT"


def test_a_login_at_the_line_of_another_is_let_through_by_neither_path(
    radius: RadiusSystem,
) -> None:
    port = next(_port)
    known(radius, port, mode="OPTION82")
    two = known(radius, next(_port), mode="LOGIN")
    proof = {"login": two.login, "password": two.password}
    assert ask(radius, circuit(port, vlan=300), **proof) is None
    assert ask(radius, circuit(next(_port), vlan=300), **proof) == two.subscription_id
    assert ask(radius, circuit(next(_port), vlan=300), **proof | {"password": "wrong"}) is None


def test_without_geobill_nobody_is_taken_for_a_stranger_by_an_unread_port(
    radius: RadiusSystem,
) -> None:
    """The last good answer is kept: the database cannot say that this is nobody. A neighbour gets
    no answer, so that the BRAS asks its second server."""
    port = next(_port)
    one = known(radius, port, mode="OPTION82")
    mac = "aabbcc0000a1"
    asked = circuit(port, vlan=300)
    assert ask(radius, asked, mac=mac) == one.subscription_id
    radius.stop_rest()
    try:
        assert ask(radius, asked, mac=mac) == one.subscription_id
        assert ask(radius, circuit(port), mac="aabbcc0000a2") == one.subscription_id
        told = f"ADSL-Agent-Circuit-Id = 0x{circuit(next(_port), vlan=300)}"
        stranger = radius.ask(
            f'User-Name = "nobody", {told}, ADSL-Agent-Remote-Id = 0x{REMOTE}', timeout_s=2
        )
        assert stranger.kind != "Access-Accept"
    finally:
        radius.start_rest()
