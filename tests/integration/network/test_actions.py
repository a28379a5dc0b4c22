"""Running sessions are made to agree with the decision, over a real UDP socket."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from billing.models import Subscription
from network import actions, operations
from network.models import AccessAction, Nas, RadiusDecision, Session
from network.provisioning import ACCESS_CHANGED
from project.core import outbox
from project.core.actor import SYSTEM
from project.core.models import AuditEntry
from tests.support import services
from tests.support.fake_bras import FakeBras
from tests.support.services import AT, MBIT

pytestmark = pytest.mark.django_db

SECRET = "bras-secret"


@pytest.fixture
def bras() -> Iterator[FakeBras]:
    with FakeBras(secret=SECRET) as one:
        yield one


@pytest.fixture(autouse=True)
def wired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(outbox._handlers, ACCESS_CHANGED, actions.on_access_changed)
    monkeypatch.setattr("network.radius.dynauth.TIMEOUT_S", 0.2)


def session(sold: Subscription, *, port: int, vendor: str = "mikrotik") -> Session:
    nas = Nas.objects.filter(vendor=vendor).first() or services.nas(
        vendor=vendor, secret=SECRET, coa_port=port
    )
    return Session.objects.create(
        unique_id=f"u{sold.id}",
        acct_session_id=f"81a{sold.id}",
        subscription=sold,
        nas=nas,
        nas_address=nas.address,
        login=services.login_of(sold),
        framed_ip=RadiusDecision.objects.get(subscription=sold).framed_ip,
        started_at=AT,
        last_seen_at=AT,
    )


def act(at_s: int = 0) -> list[str | None]:
    """Let the outbox and the worker do what is due."""
    at = AT + timedelta(seconds=at_s)
    outbox.dispatch(at=at)
    return [actions.carry_out(action_id=one, at=at) for one in actions.due(at=at)]


def test_a_block_disconnects_the_running_session(bras: FakeBras) -> None:
    services.pool()
    sold = services.service()
    running = session(sold, port=bras.port)
    services.block(sold)
    assert act() == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]
    asked = bras.received[0]
    assert asked["Acct-Session-Id"] == [running.acct_session_id]
    assert asked["User-Name"] == [running.login]
    assert asked["Framed-IP-Address"] == ["10.77.0.2"]
    action = AccessAction.objects.get()
    assert (action.state, action.cause, action.attempts) == ("ACKNOWLEDGED", "ACCESS_CLOSED", 1)
    assert act(60) == []


def test_a_new_speed_goes_by_coa_where_the_bras_can(bras: FakeBras) -> None:
    sold = services.service()
    session(sold, port=bras.port)
    services.plan(sold, terms=services.tariff(down_bit_s=50 * MBIT, up_bit_s=20 * MBIT), since=None)
    operations.refresh_access(subscription_ids=[sold.id], at=AT)
    assert act() == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["coa"]
    assert bras.received[0]["Mikrotik-Rate-Limit"] == ["20M/50M"]


def test_a_new_speed_reconnects_where_the_bras_cannot(bras: FakeBras) -> None:
    sold = services.service()
    session(sold, port=bras.port, vendor="generic")
    services.plan(sold, terms=services.tariff(down_bit_s=50 * MBIT), since=None)
    operations.refresh_access(subscription_ids=[sold.id], at=AT)
    act()
    assert bras.kinds() == ["disconnect"]


def test_a_refused_speed_falls_back_to_reconnecting(bras: FakeBras) -> None:
    bras.answer, bras.error_cause = "nak", 404
    sold = services.service()
    session(sold, port=bras.port)
    services.plan(sold, terms=services.tariff(down_bit_s=50 * MBIT), since=None)
    operations.refresh_access(subscription_ids=[sold.id], at=AT)
    assert act() == ["NAK"]
    bras.answer = "ack"
    assert act(1) == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["coa", "disconnect"]
    told = list(AccessAction.objects.order_by("id").values_list("state", "error_cause"))
    assert told == [("NAK", 404), ("ACKNOWLEDGED", None)]


def test_a_session_unknown_to_the_bras_becomes_suspect(bras: FakeBras) -> None:
    bras.answer = "nak"
    sold = services.service()
    session(sold, port=bras.port)
    services.block(sold)
    assert act() == ["NAK"]
    assert Session.objects.get().state == "SUSPECT"


def test_silence_is_tried_again_with_growing_pauses_and_not_for_ever(bras: FakeBras) -> None:
    bras.answer = "silence"
    sold = services.service()
    session(sold, port=bras.port)
    services.block(sold)
    assert act() == ["TIMED_OUT"]
    assert act(5) == []
    assert act(11) == ["TIMED_OUT"]
    bras.answer = "ack"
    assert act(60) == ["ACKNOWLEDGED"]
    assert AccessAction.objects.get().attempts == 3


def test_after_the_last_attempt_nothing_more_is_sent(bras: FakeBras) -> None:
    bras.answer = "silence"
    sold = services.service()
    session(sold, port=bras.port)
    services.block(sold)
    act()
    AccessAction.objects.update(attempts=actions.ATTEMPTS_MAX - 1)
    assert act(60) == ["TIMED_OUT"]
    assert act(10**7) == []


def test_a_wrong_secret_is_silence(bras: FakeBras) -> None:
    sold = services.service()
    session(sold, port=bras.port)
    operations.save_nas(
        name="bras-x",
        address="127.0.0.1",
        vendor="mikrotik",
        secret="other-secret",
        coa_port=bras.port,
        at=AT,
        actor=SYSTEM,
    )
    services.block(sold)
    assert act() == ["TIMED_OUT"]
    assert bras.forged >= 1


def test_a_newer_wish_replaces_the_older_one(bras: FakeBras) -> None:
    sold = services.service()
    session(sold, port=bras.port)
    blocked = services.block(sold)
    outbox.dispatch(at=AT)
    services.unblock(blocked)
    assert act(1) == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["coa"]
    states = list(AccessAction.objects.order_by("id").values_list("state", flat=True))
    assert states == ["OBSOLETE", "ACKNOWLEDGED"]


def test_two_workers_do_not_send_one_wish_twice(bras: FakeBras) -> None:
    sold = services.service()
    session(sold, port=bras.port)
    services.block(sold)
    outbox.dispatch(at=AT)
    wish = AccessAction.objects.get()
    assert actions.carry_out(action_id=wish.id, at=AT) == "ACKNOWLEDGED"
    assert actions.carry_out(action_id=wish.id, at=AT) is None
    assert len(bras.received) == 1


def test_a_session_that_ended_meanwhile_needs_nothing(bras: FakeBras) -> None:
    sold = services.service()
    running = session(sold, port=bras.port)
    services.block(sold)
    outbox.dispatch(at=AT)
    running.delete()
    assert act() == ["OBSOLETE"]
    assert bras.received == []


def test_a_session_that_slipped_in_before_a_block_is_found_and_ended(bras: FakeBras) -> None:
    sold = services.service()
    services.block(sold)
    session(sold, port=bras.port)
    assert actions.enforce(at=AT) == 1
    assert actions.enforce(at=AT + timedelta(seconds=30)) == 0
    assert act(1) == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]


def test_staff_may_end_a_session_with_a_trace(bras: FakeBras) -> None:
    sold = services.service()
    running = session(sold, port=bras.port)
    operations.disconnect_session(unique_id=running.unique_id, at=AT, actor=SYSTEM)
    assert act() == ["ACKNOWLEDGED"]
    assert AuditEntry.objects.filter(action="network.session.disconnected").count() == 1
    running.delete()
    with pytest.raises(operations.SessionEndedError):
        operations.disconnect_session(unique_id=running.unique_id, at=AT, actor=SYSTEM)
