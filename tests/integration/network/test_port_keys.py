"""Who is let in by a port that is registered with another VLAN, and who is not."""

import pytest
from django.db import transaction

from billing.models import Subscription
from network import fastpath, modes, operations, port_keys, provisioning
from network.access_requests import Answer, authorize
from network.addressing import importaccess
from network.identity import Identity
from network.models import (
    AccessAction,
    AccessAlert,
    MacRequest,
    Nas,
    Option82Rule,
    RadiusDecision,
    Session,
)
from network.option82 import rules
from network.option82.parsing import Part
from project.core import outbox
from project.core.actor import SYSTEM
from project.core.models import OutboxEvent
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db
REMOTE = "0006001122334455"
MAC, NEW = "aabbcc000001", "aabbcc0000ff"


def circuit(port: int, *, vlan: int = 100, module: int = 0) -> str:
    return f"0004{vlan:04x}{module:02x}{port:02x}"


def sold(circuit_hex: str, *, mode: str = "OPTION82", mac: str = "") -> Subscription:
    made = services.service()
    operations.set_equipment(
        subscription_id=made.id,
        mac=mac,
        circuit_hex=circuit_hex,
        remote_hex=REMOTE,
        at=AT,
        actor=SYSTEM,
    )
    modes.set_parameters(subscription_id=made.id, mode=mode, sessions_max=None, at=AT, actor=SYSTEM)
    return made


def ask(circuit_hex: str, *, mac: str = "", remote: str = REMOTE, login: str = "") -> Answer:
    identity = Identity(login, mac, circuit_hex, remote, has_password=bool(login))
    return authorize(identity=identity, nas_address="127.0.0.1", at=AT)


def key_of(one: Subscription) -> str:
    return RadiusDecision.objects.values_list("port_key", flat=True).get(subscription=one)


def work_off() -> None:
    while outbox.dispatch(at=AT):
        pass


@pytest.fixture(autouse=True)
def bras() -> None:
    services.nas()
    Option82Rule.objects.update(ignores_vlan=True)


def opened(answer: Answer) -> int | None:
    return answer.subscription_id if answer.reason == "OK" else None


def test_another_vlan_on_the_same_port_opens_its_service() -> None:
    one = sold(circuit(5))
    for vlan in (100, 101, 4094):
        assert opened(ask(circuit(5, vlan=vlan))) == one.id


@pytest.mark.parametrize(
    ("asked", "remote"),
    [
        (circuit(6, vlan=101), REMOTE),
        (circuit(5, vlan=101, module=1), REMOTE),
        (circuit(5, vlan=101), "0006001122334456"),
        (circuit(5, vlan=101), ""),
        (circuit(5)[2:], REMOTE),
    ],
)
def test_the_neighbour_is_not_let_in_by_it(asked: str, remote: str) -> None:
    sold(circuit(5))
    answer = ask(asked, remote=remote)
    assert (opened(answer), answer.reason) == (None, "UNKNOWN")


def test_it_is_one_factor_of_two_as_the_port_as_it_stands_is() -> None:
    one = sold(circuit(5), mode="TWO_OF_THREE", mac=MAC)
    assert opened(ask(circuit(5, vlan=7), mac=MAC)) == one.id
    answer = ask(circuit(5, vlan=7), mac=NEW)
    assert (opened(answer), answer.reason) == (None, "NEW_MAC")
    request = MacRequest.objects.get()
    assert (request.subscription_id, request.mac, request.by_port) == (one.id, NEW, True)
    assert ask(circuit(6, vlan=7), mac=MAC).reason == "WRONG_PORT"


def test_two_services_at_one_port_as_it_is_read_are_a_conflict() -> None:
    one, two = sold(circuit(5)), sold(circuit(5, vlan=200))
    assert ask(circuit(5, vlan=300)).reason == "CONFLICT"
    alert = AccessAlert.objects.get()
    assert set(alert.subscriptions.values_list("id", flat=True)) == {one.id, two.id}
    assert port_keys.sharing(subscription_id=one.id) == 1
    # The port as it stands wins.
    assert opened(ask(circuit(5))) == one.id
    assert opened(ask(circuit(5, vlan=200))) == two.id


def test_the_login_of_one_at_the_port_of_another_is_a_conflict() -> None:
    one, two = sold(circuit(5)), sold(circuit(9), mode="LOGIN")
    login = RadiusDecision.objects.get(subscription=two).login
    assert ask(circuit(5, vlan=300), login=login).reason == "CONFLICT"
    assert opened(ask(circuit(9, vlan=300), login=login)) == two.id
    assert opened(ask(circuit(77, vlan=300), login=login)) == two.id
    assert key_of(one)


def test_keys_follow_the_rules_and_the_port() -> None:
    one = sold(circuit(5))
    first = key_of(one)
    assert first
    row = Option82Rule.objects.order_by("position", "id").first()
    assert row is not None
    wanted = rules.Wanted(
        name=row.name,
        circuit=Part("HEX", r"0004(?P<vlan>[0-9a-f]{4})00(?P<port>[0-9a-f]{2})"),
        remote=Part(row.remote_form, row.remote_pattern),
        modifiers=row.modifiers,
        position=row.position,
        ignores_vlan=True,
    )
    rules.save(rule_id=row.id, wanted=wanted, at=AT, actor=SYSTEM)
    work_off()
    second = key_of(one)
    assert second not in {"", first}
    assert opened(ask(circuit(5, vlan=9))) == one.id
    operations.set_equipment(
        subscription_id=one.id,
        mac="",
        circuit_hex=circuit(6),
        remote_hex=REMOTE,
        at=AT,
        actor=SYSTEM,
    )
    assert key_of(one) not in {"", second}
    rules.delete(rule_id=row.id, at=AT, actor=SYSTEM)
    work_off()
    assert key_of(one) == ""
    assert ask(circuit(6, vlan=9)).reason == "UNKNOWN"
    assert opened(ask(circuit(6))) == one.id
    operations.set_equipment(
        subscription_id=one.id, mac="", circuit_hex="", remote_hex="", at=AT, actor=SYSTEM
    )
    assert key_of(one) == ""


def test_rules_that_disagree_let_nobody_in() -> None:
    text = b"s1/2/3:1".hex()
    for position, pattern in enumerate(
        (
            r"(?P<switch>s\d)/(?P<port>\d)/\d:(?P<vlan>\d)",
            r"(?P<switch>s\d)/\d/(?P<port>\d):(?P<vlan>\d)",
        )
    ):
        wanted = rules.Wanted(
            name=f"mine {position}",
            circuit=Part("TEXT", pattern),
            remote=Part("TEXT", ""),
            modifiers={},
            position=position,
            ignores_vlan=True,
        )
        rules.save(rule_id=None, wanted=wanted, at=AT, actor=SYSTEM)
    one = sold(text)
    with_vlan = b"s1/2/3:7".hex()
    assert key_of(one) == "", "what is read in two ways is no line"
    assert ask(with_vlan).reason == "UNKNOWN"
    assert opened(ask(text)) == one.id
    two = sold(circuit(9), mode="LOGIN")
    login = RadiusDecision.objects.get(subscription=two).login
    assert opened(ask(with_vlan, login=login)) == two.id


def test_many_are_read_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [sold(circuit(port)) for port in range(1, 6)]
    RadiusDecision.objects.update(port_key="")
    monkeypatch.setattr(port_keys, "PORTION", 2)
    port_keys.on_rules_changed(payload={"after": 0}, at=AT)
    assert OutboxEvent.objects.filter(topic=rules.CHANGED, done_at=None).count() == 1
    work_off()
    assert len({key_of(one) for one in made} - {""}) == 5
    RadiusDecision.objects.update(port_key="")
    fastpath.rebuild(at=AT)  # as each night: what was registered before the update
    assert len({key_of(one) for one in made} - {""}) == 5


def test_a_port_from_a_file_and_one_from_before_the_first_sale_are_read() -> None:
    one = services.service()
    port = importaccess.Access(circuit_hex=circuit(5), remote_hex=REMOTE)
    with transaction.atomic():
        importaccess.lock([one.id])
        importaccess.write({one.id: port}, at=AT)
    first = key_of(one)
    assert first
    modes.set_parameters(
        subscription_id=one.id, mode="OPTION82", sessions_max=None, at=AT, actor=SYSTEM
    )
    assert opened(ask(circuit(5, vlan=9))) == one.id
    RadiusDecision.objects.filter(subscription=one).delete()
    provisioning.refresh_decisions(subscription_ids=[one.id], at=AT)
    assert key_of(one) == first


def test_another_vlan_is_another_line_until_somebody_says_otherwise() -> None:
    Option82Rule.objects.update(ignores_vlan=False)
    one = sold(circuit(5))
    assert key_of(one) == ""
    assert opened(ask(circuit(5))) == one.id
    assert opened(ask(circuit(5, vlan=101))) is None


def test_a_key_of_yesterdays_rule_opens_nothing_today() -> None:
    """Before the keys are made anew, too: what is registered is read by the rules of today."""
    one = sold(circuit(5))
    row = Option82Rule.objects.order_by("position", "id")[0]
    Option82Rule.objects.filter(id=row.id).update(
        modifiers={**row.modifiers, "port": ["decimal", "+1"]}
    )
    read = rules.read(circuit_hex=circuit(4, vlan=9), remote_hex=REMOTE)
    assert read is not None
    assert opened(ask(circuit(4, vlan=9))) is None
    assert key_of(one)


def test_who_came_by_a_port_with_another_vlan_is_reconnected_when_it_moves() -> None:
    one = sold(circuit(5))
    running = Session.objects.create(
        unique_id="u1",
        acct_session_id="81a1",
        subscription=one,
        nas=Nas.objects.get(),
        nas_address="127.0.0.1",
        login="nobody",
        circuit_hex=circuit(5, vlan=101),
        remote_hex=REMOTE,
        started_at=AT,
        last_seen_at=AT,
    )
    operations.set_equipment(
        subscription_id=one.id,
        mac="",
        circuit_hex=circuit(6),
        remote_hex=REMOTE,
        at=AT,
        actor=SYSTEM,
    )
    asked = AccessAction.objects.get(session_unique_id=running.unique_id)
    assert (asked.kind, asked.cause) == ("DISCONNECT", "EQUIPMENT")
