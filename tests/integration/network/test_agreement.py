"""What a session should have beside what it has, and the sessions that have what they should."""

from datetime import timedelta

import pytest

from network import agreement, drift, guests, operations
from network.identity import Identity
from network.models import AccessAction, GuestRule, Session, SessionProfile
from network.profile import ProfileState
from tests.integration.network.test_strangers import MAC, online, plan_of
from tests.support import services
from tests.support.fake_bras import FakeBras
from tests.support.live import act, sell_faster, session, sold_at_300_50
from tests.support.services import AT, MBIT

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(minutes=1)


def of(running: Session) -> agreement.Agreement:
    running.refresh_from_db()
    return agreement.of_session(session=running, at=LATER)


def test_what_was_let_in_as_decided_agrees_though_nothing_was_asked() -> None:
    sold = services.service(at=AT - timedelta(hours=1))
    running = session(sold, port=3799)
    found = of(running)
    assert found.row is not None
    assert (found.row.reason, found.action, found.row.is_told) == ("", None, False)
    assert found.applied == found.desired
    assert found.desired is not None
    assert found.desired.speed_down_bit_s == 300 * MBIT
    rows, further = drift.agreed()
    assert [one.unique_id for one in rows] == [running.unique_id]
    assert further is None


def test_a_change_is_seen_asked_acknowledged_and_then_in_agreement(bras: FakeBras) -> None:
    sold = sold_at_300_50()
    running = session(sold, port=bras.port)
    bras.sessions = {running.acct_session_id: {}}
    sell_faster(sold, at=AT + timedelta(seconds=1))
    asked = of(running)
    assert asked.row is not None
    assert asked.row.reason == "WAITING"
    assert asked.applied is not None, "what it had is kept before it is asked to change"
    assert asked.desired is not None
    told = (asked.applied.speed_down_bit_s, asked.desired.speed_down_bit_s)
    assert told == (300 * MBIT, 500 * MBIT)
    assert drift.agreed() == ([], None)
    act(2)
    yes = of(running)
    assert yes.row is not None
    assert yes.applied == yes.desired
    assert yes.row.acknowledged_at is not None
    assert yes.row.reason == "UNPROVEN"
    AccessAction.objects.update(state="VERIFIED", verified_at=LATER)
    SessionProfile.objects.update(verified_at=LATER)
    (row,) = drift.agreed()[0]
    assert (row.verified_at, row.is_told) == (LATER, True)


def test_a_debtor_is_shown_the_rule_of_his_own_bras() -> None:
    sold = services.service(at=AT - timedelta(hours=1))
    running = session(sold, port=3799)
    rule_id = services.guest_rule(
        "DEBT", nas_id=running.nas_id, redirect_url="https://pay.example/"
    )
    services.block(sold, at=AT - timedelta(minutes=30))
    AccessAction.objects.all().delete()
    SessionProfile.objects.all().delete()
    Session.objects.update(is_guest=True)
    found = of(running)
    assert found.rule is not None
    assert found.rule.id == rule_id
    assert found.desired == found.applied
    assert found.desired is not None
    assert found.desired.state is ProfileState.GUEST
    assert [one.unique_id for one in drift.agreed()[0]] == [running.unique_id]


def test_a_refused_service_that_is_online_should_have_no_session() -> None:
    sold = services.service(at=AT - timedelta(hours=1))
    running = session(sold, port=3799)
    services.block(sold)
    AccessAction.objects.all().delete()
    found = of(running)
    assert found.row is not None
    assert (found.desired, found.row.reason) == (None, "ACCESS")


def test_a_stranger_behind_the_wall_is_told_by_his_rule() -> None:
    rule_id = services.guest_rule("UNKNOWN", session_timeout_s=600)
    nas = services.nas(address="10.9.1.1")
    guest = online(1, nas=nas, is_guest=True, mac=MAC)
    nobody = online(2, nas=nas)
    assert guests.admit(
        rule=GuestRule.objects.get(), identity=Identity(mac=MAC), subscription_id=None,
        reason="UNKNOWN", nas_address=None, at=AT,
    )  # fmt: skip
    found = of(guest)
    assert found.is_stranger
    assert found.rule is not None
    assert (found.rule.id, found.until_at) == (rule_id, AT + timedelta(minutes=10))
    assert found.desired is not None
    GuestRule.objects.update(is_active=False)
    assert of(guest).desired is None, "a rule that is off lets nobody stay"
    other = of(nobody)
    assert (other.is_stranger, other.rule, other.desired, other.applied) == (True, None, None, None)
    assert drift.agreed() == ([], None), "no decision speaks of them"


def test_a_strangers_device_at_a_subscribers_port_is_not_his_agreement() -> None:
    services.guest_rule("NEW_MAC")
    sold = services.service(at=AT - timedelta(hours=1))
    running = session(sold, port=3799)
    Session.objects.update(is_guest=True)
    assert of(running).is_stranger
    assert drift.agreed() == ([], None)


def test_the_page_of_those_that_agree_goes_on_where_many_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(drift, "LOOKED_AT_MAX", 2)
    nas = services.nas(address="10.9.1.1")
    sold = [services.service(at=AT - timedelta(hours=1)) for _one in range(5)]
    for number, one in enumerate(sold):
        online(number, nas=nas, subscription=one, login=services.login_of(one))
    for one in sold[1:4]:
        services.block(one)
    operations.refresh_access(subscription_ids=[one.id for one in sold], at=AT)
    found, before, pages = [], None, 0
    while True:
        rows, before = drift.agreed(before=before, limit=2)
        found += [one.unique_id for one in rows]
        pages += 1
        if before is None:
            break
    assert found == ["n4", "n0"]
    assert pages == 3
    assert drift.agreed(limit=1)[1] is not None


def test_it_reads_no_more_sessions_than_its_bound() -> None:
    asked = {"nas": None, "before": None, "looked": drift.LOOKED_AT_MAX, "most": 51}
    for values in (asked, {**asked, "before": 10**9}):
        assert "Seq Scan on network_session " not in plan_of(drift._AGREED, values)
        assert "Seq Scan on network_session " not in plan_of(drift._LAST_LOOKED_AT, values)
    assert "network_session_nas" in plan_of(drift._AGREED, {**asked, "nas": 7})
