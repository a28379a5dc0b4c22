"""Strangers behind the wall are restarted once their service or their device is known."""

from collections.abc import Iterator

import pytest
from django.db import connection

from billing.models import Subscription
from network import (
    access_requests,
    confirmations,
    credentials,
    operations,
    provisioning,
    recognised,
)
from network.identity import Identity
from network.models import AccessAction, GuestVisit, Nas, Session
from project.core.actor import SYSTEM
from tests.support import services
from tests.support.fake_bras import FakeBras
from tests.support.live import SECRET, act
from tests.support.services import AT

pytestmark = pytest.mark.django_db

MAC, CIRCUIT, REMOTE = "02000000aa01", "00040064", "00060a0b"


@pytest.fixture
def bras() -> Iterator[FakeBras]:
    with FakeBras(secret=SECRET) as one:
        services.nas(secret=SECRET, coa_port=one.port)
        services.guest_rule("UNKNOWN", "NOT_ACTIVE", "DEBT", "NEW_MAC")
        yield one


def stranger(identity: Identity, *, tells_port: bool = True) -> Session:
    """Somebody of whom nothing is known is let in behind the wall, and his BRAS reports."""
    nas = Nas.objects.get()
    answer = access_requests.authorize(identity=identity, nas_address=nas.address, at=AT)
    assert (answer.accepted, answer.reason) == (True, "UNKNOWN")
    number = Session.objects.count() + 1
    return Session.objects.create(
        unique_id=f"u{number}",
        acct_session_id=f"81a{number}",
        nas=nas,
        nas_address=nas.address,
        login=identity.login.upper(),
        mac=identity.mac,
        circuit_hex=identity.circuit_hex if tells_port else "",
        remote_hex=identity.remote_hex if tells_port else "",
        is_guest=True,
        started_at=AT,
        last_seen_at=AT,
    )


def register(sold: Subscription, *, mac: str = "", circuit: str = "", remote: str = "") -> None:
    operations.set_equipment(
        subscription_id=sold.id,
        mac=mac,
        circuit_hex=circuit,
        remote_hex=remote,
        at=AT,
        actor=SYSTEM,
    )


def ended() -> set[str]:
    rows = AccessAction.objects.filter(kind="DISCONNECT", cause="ACCESS_OPENED", subscription=None)
    return set(rows.values_list("session_unique_id", flat=True))


def test_a_device_that_is_registered_comes_back_as_its_services(bras: FakeBras) -> None:
    waiting = stranger(Identity("02:00:00:00:aa:01", MAC, CIRCUIT, REMOTE))
    neighbour = stranger(Identity("02:00:00:00:aa:02", "02000000aa02", "00040065", REMOTE))
    sold = services.service()
    assert ended() == set(), "a service without a device is nobody's in particular"
    register(sold, mac=MAC)
    assert ended() == {waiting.unique_id}
    assert act() == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]
    assert bras.received[0]["Acct-Session-Id"] == [waiting.acct_session_id]
    assert Session.objects.filter(id=neighbour.id).exists()


@pytest.mark.parametrize("tells_port", [True, False])
def test_by_the_port_at_which_he_waits(bras: FakeBras, tells_port: bool) -> None:
    waiting = stranger(Identity("x", MAC, CIRCUIT, REMOTE), tells_port=tells_port)
    stranger(Identity("y", "02000000aa02", CIRCUIT, "00060a0c"), tells_port=tells_port)
    register(services.service(), circuit=CIRCUIT, remote=REMOTE)
    assert ended() == {waiting.unique_id}


def test_a_name_that_all_devices_send_ends_nobody_elses(bras: FakeBras) -> None:
    waiting = stranger(Identity("dhcp", "", CIRCUIT, REMOTE))
    stranger(Identity("dhcp", "", "00040065", REMOTE))
    register(services.service(), circuit=CIRCUIT, remote=REMOTE)
    assert ended() == {waiting.unique_id}


def test_who_was_at_the_port_before_and_is_elsewhere_now_goes_on(bras: FakeBras) -> None:
    moved = stranger(Identity("x", MAC, CIRCUIT, REMOTE))
    Session.objects.filter(id=moved.id).update(circuit_hex="00040065")
    left = stranger(Identity("y", "02000000aa02", CIRCUIT, REMOTE), tells_port=False)
    GuestVisit.objects.filter(mac=left.mac).update(until_at=AT)
    register(services.service(), circuit=CIRCUIT, remote=REMOTE)
    assert ended() == set()


def test_by_a_login_that_the_service_gets(bras: FakeBras) -> None:
    waiting = stranger(Identity("petro", has_password=True))
    stranger(Identity("petro2", has_password=True))
    sold = services.service()
    credentials.set_credentials(
        subscription_id=sold.id, password="Another-Pass1", at=AT, actor=SYSTEM
    )
    assert ended() == set()
    credentials.set_credentials(subscription_id=sold.id, login="Petro", at=AT, actor=SYSTEM)
    assert ended() == {waiting.unique_id}


def test_a_confirmed_device_that_waits_as_a_stranger_too(bras: FakeBras) -> None:
    waiting = stranger(Identity("x", MAC))
    sold = services.service()
    confirmations.ask_for_mac(
        subscription_id=sold.id, mac=MAC, by_port=True, nas_address=None, at=AT
    )
    asked = confirmations.waiting_macs()[0]
    confirmations.confirm_mac(request_id=asked.id, at=AT, actor=SYSTEM)
    assert ended() == {waiting.unique_id}


def test_not_before_the_service_has_full_access(bras: FakeBras) -> None:
    waiting = stranger(Identity("x", MAC))
    sold = services.service()
    debt = services.block(sold)
    register(sold, mac=MAC)
    assert ended() == set()
    services.unblock(debt)
    assert ended() == {waiting.unique_id}


def test_a_service_that_is_sold_with_its_device_known(bras: FakeBras) -> None:
    waiting = stranger(Identity("x", MAC))
    sold = services.service(state="DRAFT")
    register(sold, mac=MAC)
    assert ended() == set()
    Subscription.objects.filter(id=sold.id).update(state="ACTIVE", activated_date=AT.date())
    provisioning.refresh_decisions(subscription_ids=[sold.id], at=AT)
    assert ended() == {waiting.unique_id}
    AccessAction.objects.all().delete()
    provisioning.refresh_decisions(subscription_ids=[sold.id], at=AT)
    assert ended() == set(), "once"


def test_a_guest_of_another_service_and_full_sessions_are_left_alone(bras: FakeBras) -> None:
    neighbour = services.service()
    waiting = stranger(Identity("x", MAC))
    Session.objects.filter(id=waiting.id).update(subscription=neighbour)
    nobodys = stranger(Identity("y", MAC))
    Session.objects.filter(id=nobodys.id).update(is_guest=False)
    register(services.service(), mac=MAC)
    assert ended() == set()


def test_sessions_are_found_by_their_indexes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {recognised._WAITING}", {"ids": [1], "at": AT})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Seq Scan on" not in plan
    assert "network_guestvisit_port" in plan


def test_nothing_is_asked_of_a_bras_that_is_only_watched(bras: FakeBras) -> None:
    stranger(Identity("x", MAC))
    Nas.objects.update(only_watched=True)
    register(services.service(), mac=MAC)
    assert not AccessAction.objects.exists()
