"""Running sessions are made to agree with the decision, over a real UDP socket."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from network import bras as nas_bras
from network import (
    confirmations,
    drift,
    operations,
    pools,
    sender,
    session_operations,
    sessions,
    tasks,
    verification,
    wishes,
)
from network.accounting import SessionFacts
from network.addressing import static
from network.entry_facts import facts_of
from network.models import AccessAction, Nas, RadiusDecision, Session, SessionEvent, SessionProfile
from network.radius import dynauth
from network.vendors.driver import ChangeKind, ReplyAttribute
from network.vendors.registry import SHIPPED
from project.core.actor import SYSTEM
from project.core.models import AuditEntry
from tests.support import services
from tests.support.fake_bras import FakeBras, Manners
from tests.support.live import SECRET, act, sell_faster, session, sold_at_300_50
from tests.support.services import AT, MBIT
from tests.unit.network.test_vendors import ACCEPT, FASTER_PACKETS

pytestmark = pytest.mark.django_db
# To a session of which nothing is known it is said, too, that there is no wall.
OPEN = "Mikrotik-Address-List=geobill-open"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("network.radius.dynauth.TIMEOUT_S", 0.15)


def report(running: Session, *, at: datetime, echo: str, octets: int = 0) -> None:
    """An interim update of the session, as the stream brings it."""
    fields = [
        "2", "3", str(int(at.timestamp())), str(running.nas_address),
        running.acct_session_id.encode().hex(), "", "", "", "", "", "", "", "", "100", "0", "0",
        str(octets), "0", "", echo, "",
    ]  # fmt: skip
    facts = facts_of("|".join(fields).encode(), received_at=at)
    assert isinstance(facts, SessionFacts)
    sessions.ingest([replace(facts, unique_id=running.unique_id)])


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
    assert (action.kind, action.cause, action.attempts) == ("DISCONNECT", "ACCESS_CLOSED", 1)
    assert act(60) == ["ACKNOWLEDGED"]
    assert len(bras.received) == 1
    line = SessionEvent.objects.get()
    assert (line.kind, line.session_unique_id) == ("DISCONNECT", running.unique_id)
    assert line.attributes["verdict"] == "ACK"


@pytest.mark.parametrize("code", SHIPPED)
def test_a_faster_tariff_reaches_the_wire_in_each_dialect(code: str) -> None:
    with FakeBras(secret=SECRET) as bras:
        sold = sold_at_300_50()
        running = session(sold, port=bras.port, vendor=code)
        bras.sessions = {running.acct_session_id: {}}
        sell_faster(sold)
        assert act() == ["ACKNOWLEDGED"]
        expected = FASTER_PACKETS[code]
        if expected is None:
            assert bras.kinds() == ["disconnect"]
            assert bras.sessions == {}
            return
        assert bras.kinds() == ["coa"] * len(expected)
        for request, golden in zip(bras.received, expected, strict=True):
            for line in golden:
                name, value = line.split(" := " if " := " in line else " += ")
                assert value in [str(one) for one in request[name.partition(":")[0]]]
        action = AccessAction.objects.get()
        assert [one["verdict"] for one in action.packets] == ["ACK"] * len(expected)
        swapped = code in {"cisco_isg", "juniper_mx"}
        assert action.kind == (ChangeKind.SERVICE_SWAP if swapped else ChangeKind.COA)
        kept = SessionProfile.objects.get()
        assert kept.applied["speed_down_bit_s"] == 500 * MBIT
        assert kept.applied_mark == RadiusDecision.objects.get().profile_hash


@pytest.mark.parametrize("code", [one for one in SHIPPED if one != "generic"])
def test_a_blocked_subscriber_is_walled_in_and_let_out_without_a_disconnect(
    code: str,
) -> None:
    services.guest_rule("DEBT", redirect_url="https://pay.example.net/")
    with FakeBras(secret=SECRET) as bras:
        sold = sold_at_300_50()
        running = session(sold, port=bras.port, vendor=code)
        bras.sessions = {running.acct_session_id: {}}
        blocked = services.block(sold)
        assert act() == ["ACKNOWLEDGED"]
        assert Session.objects.get().is_guest
        walled = dict(bras.sessions[running.acct_session_id])
        services.unblock(blocked, at=AT + timedelta(seconds=5))
        assert act(5) == ["ACKNOWLEDGED", "ACKNOWLEDGED"]
        assert set(bras.kinds()) == {"coa"}
        assert not Session.objects.get().is_guest
        freed = bras.sessions[running.acct_session_id]
        assert freed != walled
        causes = list(AccessAction.objects.order_by("id").values_list("cause", flat=True))
        assert causes == ["ACCESS_CLOSED", "ACCESS_OPENED"]
        names = {line.split(" ")[0].partition(":")[0] for line in ACCEPT[code]}
        assert any(name in freed or freed.get("services") for name in names)


@pytest.mark.parametrize("code", ["juniper_mx", "mikrotik"])
def test_a_debtor_keeps_his_ipv6_behind_a_wall_that_stops_it(code: str) -> None:
    services.guest_rule("DEBT", redirect_url="https://pay.example.net/")
    services.pool()
    services.pool(links="2001:db8:7::/48")
    with FakeBras(secret=SECRET) as bras:
        sold = services.service()
        running = session(sold, port=bras.port, vendor=code)
        bras.sessions = {running.acct_session_id: {}}
        blocked = services.block(sold)
        act()
        if code == "mikrotik":  # its address lists are of IPv4
            assert bras.kinds() == ["disconnect"]
            return
        walled = RadiusDecision.objects.get().profile
        assert walled["framed_ipv6_prefix"].endswith("/64")
        services.unblock(blocked, at=AT + timedelta(seconds=5))
        assert act(5) == ["ACKNOWLEDGED", "ACKNOWLEDGED"]
        assert set(bras.kinds()) == {"coa"}


@pytest.mark.parametrize("told_by", ["lease", "accounting"])
def test_nobody_gets_around_the_wall_by_an_ipv6_of_a_pool(bras: FakeBras, told_by: str) -> None:
    """The decision does not know it: it is the session's."""
    services.guest_rule("DEBT")
    services.pool()
    services.pool(links="2001:db8:7::/48", mode="DYNAMIC")
    sold = services.service()
    running = session(sold, port=bras.port)
    if told_by == "lease":
        pools.hold(subscription_id=sold.id, device=running.mac, at=AT)
        assert pools.follow(unique_ids=[running.unique_id], at=AT) == 1
    else:
        report(running, at=AT, echo="Framed-IPv6-Prefix=t2001:db8:7:1::/64")
    services.block(sold)
    act(1)
    assert bras.kinds() == ["disconnect"]


def test_a_refused_speed_falls_back_to_reconnecting(bras: FakeBras) -> None:
    bras.manners = Manners(refuse={"Mikrotik-Rate-Limit": 404})
    sold = services.service()
    session(sold, port=bras.port)
    sell_faster(sold)
    assert act() == ["NAK", "ACKNOWLEDGED"]
    assert bras.kinds() == ["coa", "disconnect"]
    told = list(AccessAction.objects.order_by("id").values_list("cause", "error_cause"))
    assert told == [("PROFILE_CHANGED", 404), ("REFUSED", None)]


@pytest.mark.parametrize("cause", [401, 402, 403, 404, 405, 406, 407, 501, 504, 506, 508, 0])
def test_every_other_error_cause_is_kept_and_leads_to_a_reconnection(
    bras: FakeBras, cause: int
) -> None:
    bras.manners = Manners(refuse={"Mikrotik-Rate-Limit": cause})
    sold = services.service()
    session(sold, port=bras.port)
    sell_faster(sold)
    assert act() == ["NAK", "ACKNOWLEDGED"]
    assert AccessAction.objects.earliest("id").error_cause == (cause or None)


def test_where_the_card_says_so_a_refusal_is_a_dead_letter_and_can_be_tried_again(
    bras: FakeBras,
) -> None:
    bras.manners = Manners(refuse={"Mikrotik-Rate-Limit": 506})
    sold = services.service()
    session(sold, port=bras.port)
    Nas.objects.update(on_refusal="KEEP")
    sell_faster(sold)
    assert act() == ["DEAD"]
    bras.manners = Manners()
    dead = AccessAction.objects.get()
    session_operations.retry_action(action_id=dead.id, at=AT, actor=SYSTEM)
    assert act(1) == ["OBSOLETE", "ACKNOWLEDGED"]
    with pytest.raises(session_operations.WishNotDeadError):
        session_operations.give_up_action(action_id=dead.id, at=AT, actor=SYSTEM)
    assert AuditEntry.objects.filter(action="network.action.retried").count() == 1


def test_a_dead_end_of_a_session_is_tried_again_as_an_end(bras: FakeBras) -> None:
    bras.answer = "silence"
    sold = services.service()
    running = session(sold, port=bras.port)
    wishes.wish(sessions=[running.unique_id], at=AT, cause="EQUIPMENT", kind="DISCONNECT")
    AccessAction.objects.update(state="DEAD")
    bras.answer = "ack"
    dead = AccessAction.objects.get()
    session_operations.retry_action(action_id=dead.id, at=AT, actor=SYSTEM)
    assert act(1) == ["OBSOLETE", "ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]


def test_what_no_packet_can_hold_is_refused_and_holds_up_nobody(bras: FakeBras) -> None:
    with dynauth.Channel(dynauth.Peer("127.0.0.1", bras.port, SECRET)) as channel:
        too_fast = ReplyAttribute("Huawei-Output-Peak-Rate", ":=", 5_000_000_000)
        too_long = ReplyAttribute("Cisco-AVPair", ":=", "x" * 250)
        for key, one in enumerate([too_fast, too_long]):
            channel.send(key, dynauth.Code.COA, [one])
        verdicts = channel.poll(longest_s=0)
    assert [(key, one.outcome.value) for key, one in verdicts] == [(0, "NAK"), (1, "NAK")]


def test_a_session_unknown_to_the_bras_becomes_suspect_and_is_not_cut(bras: FakeBras) -> None:
    bras.sessions = {}
    sold = services.service()
    session(sold, port=bras.port)
    sell_faster(sold)
    assert act() == ["NAK"]
    assert AccessAction.objects.get().error_cause == 503
    assert Session.objects.get().state == "SUSPECT"
    assert bras.kinds() == ["coa"]


def test_silence_is_tried_again_with_growing_pauses_and_then_the_session_is_reconnected(
    bras: FakeBras,
) -> None:
    bras.answer = "silence"
    sold = services.service()
    session(sold, port=bras.port)
    sell_faster(sold)
    assert act() == ["TIMED_OUT"]
    assert act(5) == ["TIMED_OUT"]
    assert AccessAction.objects.get().attempts == 1
    act(11)
    assert AccessAction.objects.get().attempts == 2
    act(40)
    first, second = AccessAction.objects.order_by("id")
    assert (first.state, first.attempts) == ("NAK", 3)
    assert (second.kind, second.cause, second.state) == ("DISCONNECT", "SILENT", "TIMED_OUT")


def test_a_disconnect_that_nobody_answers_becomes_a_dead_letter(bras: FakeBras) -> None:
    bras.answer = "silence"
    sold = services.service()
    session(sold, port=bras.port)
    services.block(sold)
    for at_s in (0, 11, 40, 90, 190):
        act(at_s)
    action = AccessAction.objects.get()
    assert (action.state, action.attempts) == ("DEAD", 5)
    assert act(10**6) == ["DEAD"]
    session_operations.give_up_action(action_id=action.id, at=AT, actor=SYSTEM)
    assert AccessAction.objects.get().state == "CANCELLED"


def test_lost_packets_slow_and_double_answers_change_nothing(bras: FakeBras) -> None:
    bras.manners = Manners(lose_first=1, delay_s=0.02, duplicate=True)
    sold = services.service()
    session(sold, port=bras.port)
    sell_faster(sold)
    assert act() == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["coa"]


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
    assert bras.received == []
    assert bras.forged > 0


def test_a_newer_wish_replaces_the_older_and_nothing_is_said_for_nothing(bras: FakeBras) -> None:
    sold = services.service()
    session(sold, port=bras.port)
    blocked = services.block(sold)
    services.unblock(blocked, at=AT + timedelta(seconds=1))
    assert act(1) == ["OBSOLETE", "OBSOLETE"]
    assert bras.received == []


@pytest.mark.parametrize("state", ["DESIRED", "TIMED_OUT", "SENT", "DEAD"])
def test_an_end_that_was_asked_for_is_not_forgotten_for_a_newer_wish(
    bras: FakeBras, state: str
) -> None:
    """Somebody else's equipment on the line must go, whatever the service's speed is now."""
    sold = services.service()
    running = session(sold, port=bras.port)
    session_operations.disconnect_session(unique_id=running.unique_id, at=AT, actor=SYSTEM)
    AccessAction.objects.update(state=state, sent_at=AT)
    sell_faster(sold)
    newer = AccessAction.objects.latest("id")
    assert (newer.kind, newer.cause, newer.state) == ("DISCONNECT", "STAFF", "DESIRED")
    act(1)
    assert bras.kinds()[:1] == ["disconnect"]


def test_a_wish_whose_worker_died_is_taken_up_and_a_replaced_one_is_not(bras: FakeBras) -> None:
    sold = services.service()
    session(sold, port=bras.port)
    sell_faster(sold)
    AccessAction.objects.update(state="SENT", sent_at=AT)
    assert act(1) == ["SENT"]
    services.block(sold, at=AT + timedelta(seconds=2))
    assert act(2) == ["OBSOLETE", "ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]


def test_what_a_dead_sender_left_on_the_wire_is_brought_on_by_the_clock_alone(
    bras: FakeBras, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other wish of this BRAS wakes anybody."""
    sold = services.service()
    session(sold, port=bras.port)
    services.block(sold)

    def dies(_run: object, _job: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("network.sender._Run._send", dies)
        with pytest.raises(SystemExit):
            act()
    assert AccessAction.objects.get().state == "SENT"
    monkeypatch.setattr(tasks.send_wishes, "delay", tasks.send_wishes)
    for later_s, state in ((59, "SENT"), (61, "ACKNOWLEDGED")):
        monkeypatch.setattr(tasks.clock, "now", lambda at_s=later_s: AT + timedelta(seconds=at_s))
        tasks.send_due_wishes()
        assert AccessAction.objects.get().state == state
    assert bras.kinds() == ["disconnect"]
    assert wishes.due_nas(at=AT + timedelta(hours=1)) == []


def test_a_session_that_ended_meanwhile_needs_nothing(bras: FakeBras) -> None:
    sold = services.service()
    running = session(sold, port=bras.port)
    services.block(sold)
    running.delete()
    assert act() == ["OBSOLETE"]
    assert bras.received == []


def test_a_session_that_slipped_in_before_a_block_is_found_and_ended(bras: FakeBras) -> None:
    sold = services.service()
    services.block(sold)
    session(sold, port=bras.port)
    assert wishes.enforce(at=AT) == 1
    assert wishes.enforce(at=AT + timedelta(seconds=30)) == 0
    assert act(1) == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]


def test_a_session_that_slipped_in_before_a_new_speed_is_told_it(bras: FakeBras) -> None:
    sold = services.service()
    sell_faster(sold, at=AT - timedelta(seconds=5))
    session(sold, port=bras.port)
    assert wishes.enforce(at=AT + timedelta(seconds=30)) == 1
    assert act(31) == ["ACKNOWLEDGED"]
    assert bras.said() == ["Mikrotik-Rate-Limit=100M/500M", OPEN]


def test_a_new_address_reconnects(bras: FakeBras) -> None:
    services.pool()
    sold = services.service()
    running = session(sold, port=bras.port)
    Session.objects.filter(id=running.id).update(framed_ip="10.77.0.99")
    sell_faster(sold)
    assert act() == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]


def test_where_the_card_says_so_a_new_address_comes_without_a_reconnection(bras: FakeBras) -> None:
    """accel-ppp's IPoE takes another address by CoA; no driver is shipped so, for most cannot."""
    services.pool()
    sold = services.service()
    running = session(sold, port=bras.port, vendor="accel_ppp")
    Nas.objects.update(capabilities={"coa_address": True})
    bras.sessions = {running.acct_session_id: {}}
    static.assign(subscription_id=sold.id, kind="IPV4", address="10.77.0.77", at=AT, actor=SYSTEM)
    assert act() == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["coa"]
    assert [str(one) for one in bras.received[0]["Framed-IP-Address"]] == ["10.77.0.77"]


def test_a_change_that_breaks_off_half_way_goes_on_where_it_was(bras: FakeBras) -> None:
    sold = sold_at_300_50()
    session(sold, port=bras.port, vendor="juniper_mx")
    sell_faster(sold)
    AccessAction.objects.update(
        packets=[
            {
                "attributes": [["ERX-Service-Deactivate", "+=", "svc-inet(300m,50m)"]],
                "verdict": "ACK",
                "took_ms": 1,
                "at": AT.isoformat(),
            },
            {
                "attributes": [["ERX-Service-Activate:1", "+=", "svc-inet(500m,100m)"]],
                "verdict": "TIMED_OUT",
                "took_ms": 3000,
                "at": AT.isoformat(),
            },
        ]
    )
    assert act() == ["ACKNOWLEDGED"]
    assert bras.said() == ["ERX-Service-Activate=svc-inet(500m,100m)"]


@pytest.mark.parametrize("most", [1, 4])
def test_not_more_than_the_card_allows_is_on_the_wire_at_once(
    bras: FakeBras, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    # A repeat of a request would be counted as another one.
    monkeypatch.setattr("network.radius.dynauth.TIMEOUT_S", 10.0)
    bras.manners = Manners(delay_s=0.05)
    for _ in range(12):
        sold = services.service()
        session(sold, port=bras.port)
        services.block(sold)
    Nas.objects.update(in_flight_max=most)
    assert act() == ["ACKNOWLEDGED"] * 12
    assert min(2, most) <= bras.in_flight_most <= most


def test_a_silent_bras_is_left_alone_for_a_while_and_nothing_is_forgotten(
    bras: FakeBras, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its many wishes would keep the workers from all other access servers."""
    monkeypatch.setattr(sender, "SILENT_MAX", 3)
    bras.answer = "silence"
    for _ in range(16):
        sold = services.service()
        session(sold, port=bras.port)
        services.block(sold)
    Nas.objects.update(in_flight_max=4)
    states = act()
    assert 4 <= states.count("TIMED_OUT") <= 8
    assert states.count("DESIRED") == 16 - states.count("TIMED_OUT")
    assert wishes.due_nas(at=AT + timedelta(seconds=9)) == []
    bras.answer = "ack"
    assert act(31) == ["ACKNOWLEDGED"] * 16


def test_what_was_acknowledged_is_verified_by_the_next_accounting(bras: FakeBras) -> None:
    sold = services.service()
    session(sold, port=bras.port)
    sell_faster(sold)
    act()
    assert verification.verify(at=AT) == (0, 0)
    Session.objects.update(last_seen_at=AT + timedelta(seconds=200))
    assert verification.verify(at=AT + timedelta(seconds=210)) == (1, 0)
    assert AccessAction.objects.get().state == "VERIFIED"
    assert SessionProfile.objects.get().verified_at == AT + timedelta(seconds=210)


def test_an_acknowledged_end_is_verified_when_the_session_is_gone(bras: FakeBras) -> None:
    sold = services.service()
    running = session(sold, port=bras.port)
    services.block(sold)
    act()
    assert verification.verify(at=AT) == (0, 0)
    running.delete()
    assert verification.verify(at=AT) == (1, 0)


@pytest.mark.parametrize(
    ("echo", "expected"), [("500000/100000", "VERIFIED"), ("300000/50000", "NOT_APPLIED")]
)
def test_where_a_yes_is_no_proof_the_echo_is(bras: FakeBras, echo: str, expected: str) -> None:
    bras.manners = Manners(does_nothing=expected == "NOT_APPLIED")
    sold = sold_at_300_50()
    running = session(sold, port=bras.port, vendor="accel_ppp")
    bras.sessions = {running.acct_session_id: {"Filter-Id": ["300000/50000"]}}
    sell_faster(sold)
    act()
    assert bras.sessions[running.acct_session_id]["Filter-Id"] == [echo]
    later = AT + timedelta(seconds=100)
    report(running, at=later, echo=f"Filter-Id=h{echo.encode().hex()}+h")
    assert Session.objects.get().echo == {"Filter-Id": echo}
    verification.verify(at=later)
    first = AccessAction.objects.earliest("id")
    assert first.state == expected
    if expected == "NOT_APPLIED":
        assert act(101)[1:] == ["ACKNOWLEDGED"]
        assert bras.kinds() == ["coa", "disconnect"]


def test_an_echo_from_before_the_change_and_half_an_echo_prove_nothing(bras: FakeBras) -> None:
    sold = sold_at_300_50()
    running = session(sold, port=bras.port, vendor="nokia_sr")
    old = [
        one.encode().hex() for one in ("i:q:1:pir=50000,cir=50000", "e:q:1:pir=300000,cir=300000")
    ]
    new = [
        one.encode().hex() for one in ("i:q:1:pir=100000,cir=100000", "e:q:1:pir=500000,cir=500000")
    ]
    name = "Alc-Subscriber-QoS-Override=h"
    report(running, at=AT, echo=name + "+h".join(old))
    sell_faster(sold)
    act()
    # Nothing of the limits is said any more: what was said before the change does not count.
    report(running, at=AT + timedelta(seconds=60), echo="Class=h733a313a61")
    assert verification.verify(at=AT + timedelta(seconds=60)) == (0, 0)
    assert Session.objects.get().echo == {"Class": "s:1:a"}
    report(running, at=AT + timedelta(seconds=90), echo=f"{name}{new[0]}+h{old[1]}")
    assert verification.verify(at=AT + timedelta(seconds=90)) == (0, 0)
    report(running, at=AT + timedelta(seconds=120), echo=name + "+h".join(reversed(new)))
    assert verification.verify(at=AT + timedelta(seconds=120)) == (1, 0)


def test_without_an_echo_only_the_measured_speed_proves_anything(bras: FakeBras) -> None:
    sold = services.service()
    session(sold, port=bras.port, vendor="accel_ppp")
    services.plan(sold, terms=services.tariff(down_bit_s=50 * MBIT, up_bit_s=50 * MBIT), since=None)
    operations.refresh_access(subscription_ids=[sold.id], at=AT)
    act()
    for minute, megabits, expected in ((1, 0, (0, 0)), (2, 60 * 1, (0, 0)), (3, 60 * 120, (0, 1))):
        later = AT + timedelta(minutes=minute)
        octets = Session.objects.get().out_octets + megabits * MBIT // 8
        Session.objects.update(last_seen_at=later, out_octets=octets)
        assert verification.verify(at=later) == expected, minute
    assert AccessAction.objects.earliest("id").state == "NOT_APPLIED"


def test_what_proves_nothing_keeps_nothing_older_from_being_seen(
    bras: FakeBras, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing tells of the ten newer ones what they have; the oldest has an echo."""
    monkeypatch.setattr(verification, "ROWS_MAX", 2)
    monkeypatch.setattr(verification, "PORTIONS_MAX", 3)
    made = []
    for _ in range(12):
        sold = sold_at_300_50()
        made.append(session(sold, port=bras.port, vendor="accel_ppp").unique_id)
        sell_faster(sold)
    act()  # all were acknowledged in one moment
    wishes_of = dict(AccessAction.objects.values_list("session_unique_id", "id"))
    Session.objects.update(last_seen_at=AT + timedelta(seconds=60))
    proven = {"Filter-Id": "500000/100000"}
    Session.objects.filter(unique_id=min(made, key=lambda one: wishes_of[one])).update(echo=proven)
    runs = [verification.verify(at=AT + timedelta(seconds=60)) for _ in range(3)]
    # Six rows a run, two of them the newest: 6, then 4 more, then the last two.
    assert runs == [(0, 0), (0, 0), (1, 0)]
    # The newest are seen in each run, and after the end it begins anew.
    assert verification.verify(at=AT + timedelta(seconds=75)) == (0, 0)
    newest = max(made, key=lambda one: wishes_of[one])
    Session.objects.filter(unique_id=newest).update(echo=proven)
    assert verification.verify(at=AT + timedelta(seconds=90)) == (1, 0)
    Session.objects.update(echo=proven)
    runs = [verification.verify(at=AT + timedelta(seconds=105)) for _ in range(3)]
    assert sum(verified for verified, _ in runs) == 10
    assert not AccessAction.objects.exclude(state="VERIFIED").exists()


def test_staff_may_end_and_reauthorize_a_session_with_a_trace(bras: FakeBras) -> None:
    sold = services.service()
    running = session(sold, port=bras.port)
    session_operations.reauthorize_session(unique_id=running.unique_id, at=AT, actor=SYSTEM)
    assert act() == ["ACKNOWLEDGED"]
    assert bras.said() == ["Mikrotik-Rate-Limit=100M/300M", OPEN]
    session_operations.disconnect_session(unique_id=running.unique_id, at=AT, actor=SYSTEM)
    assert act(1) == ["ACKNOWLEDGED", "ACKNOWLEDGED"]
    assert bras.kinds() == ["coa", "coa", "disconnect"]
    for action in ("network.session.disconnected", "network.session.reauthorized"):
        assert AuditEntry.objects.filter(action=action).count() == 1
    running.delete()
    with pytest.raises(session_operations.SessionEndedError):
        session_operations.disconnect_session(unique_id=running.unique_id, at=AT, actor=SYSTEM)


def test_a_strangers_guest_session_at_the_subscribers_port_is_not_let_out(bras: FakeBras) -> None:
    sold = services.service()
    running = session(sold, port=bras.port)
    Session.objects.filter(id=running.id).update(is_guest=True, mac="02000000aa01")
    sell_faster(sold)
    assert act() == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]


def test_a_session_on_equipment_that_was_replaced_or_moved_is_reconnected(bras: FakeBras) -> None:
    sold = services.service()

    def registered(mac: str, circuit: str) -> list[str]:
        operations.set_equipment(
            subscription_id=sold.id,
            mac=mac,
            circuit_hex=circuit,
            remote_hex="0006",
            at=AT,
            actor=SYSTEM,
        )
        return act()

    running = session(sold, port=bras.port)
    Session.objects.filter(id=running.id).update(mac="02000000aa01", remote_hex="0006")
    assert registered("02:00:00:00:aa:01", "0001") == []
    assert registered("02:00:00:00:aa:01", "0001") == [], "nothing is another"
    assert registered("02:00:00:00:aa:02", "0001") == ["ACKNOWLEDGED"]
    assert AccessAction.objects.get().cause == "EQUIPMENT"
    assert bras.kinds() == ["disconnect"]
    AccessAction.objects.all().delete()
    Session.objects.filter(id=running.id).update(mac="02000000aa02", circuit_hex="0001")
    assert registered("02:00:00:00:aa:02", "0002") == ["ACKNOWLEDGED"]


def test_a_session_by_the_old_password_is_reconnected(bras: FakeBras) -> None:
    sold = services.service()
    running = session(sold, port=bras.port)
    operations.reset_password(subscription_id=sold.id, at=AT, actor=SYSTEM)
    assert act() == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["disconnect"]
    assert bras.received[0]["User-Name"] == [running.login]
    assert AccessAction.objects.get().cause == "CREDENTIALS"


def test_a_confirmed_device_takes_the_place_of_the_old_one(bras: FakeBras) -> None:
    """The guest on the new one is let in; what runs on the old one ends."""
    sold = services.service()
    operations.set_equipment(subscription_id=sold.id, mac="02:00:00:00:aa:01", at=AT, actor=SYSTEM)
    old = session(sold, port=bras.port)
    Session.objects.filter(id=old.id).update(mac="02000000aa01")
    guest = Session.objects.get(id=old.id)
    guest.id, guest.unique_id, guest.acct_session_id = None, "new", "new"
    guest.mac, guest.is_guest = "02000000aa02", True
    guest.save()
    confirmations.ask_for_mac(
        subscription_id=sold.id, mac=guest.mac, by_port=True, nas_address=None, at=AT
    )
    asked = confirmations.waiting_macs()[0]
    confirmations.confirm_mac(request_id=asked.id, at=AT, actor=SYSTEM)
    causes = dict(AccessAction.objects.values_list("session_unique_id", "cause"))
    assert causes == {old.unique_id: "EQUIPMENT", "new": "ACCESS_OPENED"}
    assert act() == ["ACKNOWLEDGED", "ACKNOWLEDGED"]


def test_a_guest_on_a_device_that_becomes_the_services_own_is_taken_out_of_the_wall(
    bras: FakeBras,
) -> None:
    """He came with a new router: his session was never the service's, so it is begun anew."""
    sold = services.service()
    running = session(sold, port=bras.port)
    Session.objects.filter(id=running.id).update(is_guest=True, mac="02000000aa07")

    def registered(mac: str) -> list[str]:
        operations.set_equipment(subscription_id=sold.id, mac=mac, at=AT, actor=SYSTEM)
        return act()

    assert registered("02:00:00:00:aa:08") == [], "another device's guest stays one"
    assert registered("02:00:00:00:aa:07") == ["ACKNOWLEDGED"]
    assert (bras.kinds(), AccessAction.objects.get().cause) == (["disconnect"], "ACCESS_OPENED")


def test_an_address_of_a_pool_is_no_reason_to_reconnect(bras: FakeBras) -> None:
    sold = services.service()
    running = session(sold, port=bras.port)
    assert RadiusDecision.objects.get().framed_ip is None
    Session.objects.filter(id=running.id).update(framed_ip="10.77.0.99")
    sell_faster(sold)
    assert act() == ["ACKNOWLEDGED"]
    assert bras.kinds() == ["coa"]


def test_nothing_is_asked_of_a_bras_that_is_only_watched(bras: FakeBras) -> None:
    services.pool()
    sold = services.service()
    running = session(sold, port=bras.port)
    waiting = wishes.wish(sessions=[running.unique_id], at=AT)
    card = nas_bras.Card(
        name="old", address="127.0.0.1", vendor="mikrotik", coa_port=bras.port, only_watched=True
    )
    number = Nas.objects.get().id
    nas_bras.save(nas_id=number, card=card, at=AT, actor=SYSTEM)
    assert AccessAction.objects.get(id=waiting[0]).state == "OBSOLETE"
    services.block(sold)
    for ask in (session_operations.disconnect_session, session_operations.reauthorize_session):
        with pytest.raises(session_operations.OnlyWatchedError):
            ask(unique_id=running.unique_id, at=AT, actor=SYSTEM)
    assert wishes.enforce(at=AT + timedelta(hours=1)) == 0
    assert act(7200) == ["OBSOLETE"]
    assert bras.received == []
    assert drift.counts() != {}, "what it would be told is seen"
    nas_bras.save(nas_id=number, card=replace(card, only_watched=False), at=AT, actor=SYSTEM)
    assert wishes.enforce(at=AT + timedelta(hours=1)) == 1
    act(7200)
    assert bras.kinds() == ["disconnect"]
