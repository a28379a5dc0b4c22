"""Modes, guest rules, new devices, conflicts and rules of Option 82 as people keep them."""

import pytest

from billing.models import Subscription
from coverage import operations as coverage
from network import (
    confirmations,
    fastpath,
    guest_rules,
    modes,
    operations,
    places,
    provisioning,
    rejects,
)
from network.access_requests import Answer, authorize
from network.addressing import editing
from network.identity import Identity
from network.models import AccessAlert, MacRequest, Option82Rule, RadiusDecision, RejectLog
from network.option82 import parsing, rules
from network.radius import dictionaries
from project.core import outbox
from project.core.actor import SYSTEM
from project.core.models import AuditEntry, OutboxEvent
from tests.support import services, zones
from tests.support.services import AT

pytestmark = pytest.mark.django_db
MAC, NEW = "aabbcc000001", "aabbcc0000ff"


def sold(*, in_zone: bool = False) -> tuple[Subscription, int | None]:
    zone = services.zone() if in_zone else None
    made = services.service(of_zone=zone)
    operations.set_equipment(
        subscription_id=made.id, mac=MAC, circuit_hex="0102", remote_hex="03", at=AT, actor=SYSTEM
    )
    return made, zone.id if zone else None


def ask(mac: str = "", circuit: str = "", remote: str = "") -> Answer:
    identity = Identity(mac=mac, circuit_hex=circuit, remote_hex=remote)
    return authorize(identity=identity, nas_address="127.0.0.1", at=AT)


def set_mode(mode: str, **place: int | None) -> None:
    modes.set_mode(mode=mode, at=AT, actor=SYSTEM, **place)


def test_the_most_specific_mode_wins() -> None:
    nas = services.nas()
    made, zone_id = sold(in_zone=True)
    assert not ask(mac=MAC).accepted
    set_mode("MAC")
    assert ask(mac=MAC).accepted
    set_mode("OPTION82", nas_id=nas.id)
    assert (ask(mac=MAC).accepted, ask(circuit="0102", remote="03").accepted) == (False, True)
    set_mode("MAC", zone_id=zone_id)
    assert (ask(mac=MAC).accepted, ask(circuit="0102", remote="03").accepted) == (True, False)
    modes.set_parameters(
        subscription_id=made.id, mode="TWO_OF_THREE", sessions_max=2, at=AT, actor=SYSTEM
    )
    assert (ask(mac=MAC).accepted, ask(MAC, "0102", "03").accepted) == (False, True)
    row = RadiusDecision.objects.get(subscription=made)
    assert (row.mode, row.zone_id, row.sessions_max) == ("TWO_OF_THREE", zone_id, 2)
    modes.set_parameters(subscription_id=made.id, mode="", sessions_max=None, at=AT, actor=SYSTEM)
    set_mode("", zone_id=zone_id)
    set_mode("", nas_id=nas.id)
    assert ask(mac=MAC).accepted
    assert AuditEntry.objects.filter(action="network.mode.set").count() == 5


@pytest.mark.parametrize("mode", ["", "NONSENSE"])
def test_everywhere_needs_a_mode_that_exists(mode: str) -> None:
    with pytest.raises(modes.UnknownModeError):
        set_mode(mode)


def test_a_guest_rule_is_chosen_by_order_reason_and_place() -> None:
    nas = services.nas()
    _made, zone_id = sold(in_zone=True)
    other = services.zone()
    services.guest_rule("NEW_MAC", zone_id=other.id, position=1)
    here = services.guest_rule("NEW_MAC", zone_id=zone_id, nas_id=nas.id, position=2)
    everywhere = services.guest_rule("NEW_MAC", "UNKNOWN", position=3)
    assert ask(NEW, "0102", "03").guest_rule_id == here
    guest_rules.delete(rule_id=here, at=AT, actor=SYSTEM)
    assert ask(NEW, "0102", "03").guest_rule_id == everywhere
    assert ask(NEW, "09", "09").guest_rule_id == everywhere
    guest_rules.delete(rule_id=everywhere, at=AT, actor=SYSTEM)
    assert not ask(NEW, "0102", "03").accepted


def test_a_rule_of_one_zone_makes_guests_of_its_blocked_only() -> None:
    here, zone_id = sold(in_zone=True)
    elsewhere = services.service()
    for one in (here, elsewhere):
        services.block(one)
    services.guest_rule("DEBT", zone_id=zone_id)
    states = dict(RadiusDecision.objects.values_list("subscription_id", "state"))
    assert (states[here.id], states[elsewhere.id]) == ("GUEST", "REFUSED")


def test_a_map_that_is_published_is_news_to_the_decisions_of_who_lives_there() -> None:
    city = zones.locality()
    inside, outside = zones.building(5, 5, city), zones.building(50, 50, city)
    blocked, elsewhere = services.service(house=inside), services.service(house=outside)
    for one in (blocked, elsewhere):
        services.block(one)
    who = zones.actor(zones.planner())
    draft = zones.drafted(who, zones.square(0, 0), at=AT, network_type="FTTB")
    services.guest_rule("DEBT", zone_id=draft.zone_id)
    set_mode("MAC", zone_id=draft.zone_id)

    def decided() -> dict[int, tuple[str, str | None, int | None]]:
        rows = RadiusDecision.objects.values_list("subscription_id", "state", "mode", "zone_id")
        return {row[0]: (row[1], row[2] or None, row[3]) for row in rows}

    nowhere = ("REFUSED", None, None)
    assert decided() == {blocked.id: nowhere, elsewhere.id: nowhere}
    coverage.publish(changeset_id=draft.changeset_id, actor=who, at=AT)
    while outbox.dispatch(at=AT):
        pass
    there = ("GUEST", "MAC", draft.zone_id)
    assert decided() == {blocked.id: there, elsewhere.id: nowhere}


@pytest.mark.parametrize(
    "wrong",
    [
        {"reasons": ["NONSENSE"]},
        {"reasons": []},
        {"session_timeout_s": 5},
        {"speed_down_bit_s": 0},
        {"per_port_max": 0},
        {"redirect_url": "javascript:alert(1)"},
        {"redirect_url": "http://"},
        {"name": " "},
    ],
)
def test_a_guest_rule_that_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    values = {"name": "x", "reasons": ["DEBT"], "speed_down_bit_s": 1, "speed_up_bit_s": 1}
    wanted = guest_rules.Wanted(**{**values, **wrong})  # type: ignore[arg-type]
    with pytest.raises(guest_rules.GuestRuleError):
        guest_rules.save(rule_id=None, wanted=wanted, at=AT, actor=SYSTEM)


def test_who_tries_names_by_the_thousand_fills_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejects, "STRANGERS_A_MINUTE", 3)
    login = services.login_of(services.service())
    for name in ("a", "b", "c", "d", "e", login):
        identity = Identity(login=name, has_password=True)
        rejects.record(identity=identity, nas_address=None, reason="UNKNOWN", at=AT)
    assert set(RejectLog.objects.values_list("login", flat=True)) == {"a", "b", "c", login}


def test_no_two_strangers_without_a_mac_are_given_the_same_address() -> None:
    services.nas()
    wish = editing.PoolWish(name="g", range_text="100.64.0.0/24", is_guest=True)
    editing.make_pool(wish=wish, at=AT, actor=SYSTEM)
    services.guest_rule("UNKNOWN")

    def address(mac: str, circuit: str) -> list[object]:
        told = ask(mac, circuit, "03").reply
        return [one.value for one in told if one.name == "Framed-IP-Address"]

    assert address(NEW, "0901") == ["100.64.0.1"]
    assert [address("", "0902"), address("", "0903")] == [[], []], "their BRAS gives them some"


def test_a_new_device_waits_is_confirmed_once_or_declined() -> None:
    services.nas()
    made, _zone = sold()
    for _ in range(3):
        ask(NEW, "0102", "03")
    waiting = MacRequest.objects.get()
    assert (waiting.times, waiting.by_port, waiting.mac) == (3, True, NEW)
    assert confirmations.waiting_count() == 1
    confirmations.decline_mac(request_id=waiting.id, at=AT, actor=SYSTEM)
    ask(NEW, "0102", "03")
    assert confirmations.waiting_count() == 0, "what was declined does not ask again"
    with pytest.raises(confirmations.MacDecidedError):
        confirmations.confirm_mac(request_id=waiting.id, at=AT, actor=SYSTEM)
    operations.set_equipment(
        subscription_id=made.id, mac=NEW, circuit_hex="0102", remote_hex="03", at=AT, actor=SYSTEM
    )
    assert ask(NEW, "0102", "03").accepted


def test_the_same_conflict_is_one_alert_and_a_new_one_after_it_was_closed() -> None:
    services.nas()
    sold()
    twin = services.service()
    operations.set_equipment(
        subscription_id=twin.id, mac=MAC, circuit_hex="0102", remote_hex="03", at=AT, actor=SYSTEM
    )
    for _ in range(2):
        assert ask(MAC, "0102", "03").reason == "CONFLICT"
    alert = AccessAlert.objects.get()
    assert (alert.times, alert.subscriptions.count()) == (2, 2)
    confirmations.close_alert(alert_id=alert.id, at=AT, actor=SYSTEM)
    ask(MAC, "0102", "03")
    assert confirmations.waiting_count() == 1


def test_the_shipped_rules_read_their_own_samples() -> None:
    shipped = rules.listed()
    assert len(shipped) >= 8
    for row in shipped:
        trial = parsing.attempt(
            rules.as_rule(row),
            circuit_hex=row.sample_circuit_hex,
            remote_hex=row.sample_remote_hex,
        )
        assert trial.reading is not None, row.name
        assert trial.reading.port is not None, row.name


@pytest.mark.parametrize(
    ("pattern", "modifiers"),
    [
        ("(?P<port>(a+)+)", {}),
        ("(?P<port>.*.*.*.*)", {}),
        ("(?P<port>", {}),
        ("(?P<colour>x)", {}),
        ("no groups", {}),
        ("(?P<port>[0-9]+)", {"port": ["rm -rf"]}),
        ("(?P<port>[0-9]+)", {"vlan": ["decimal"]}),
        ("(?P<port>[0-9]+)", {"port": ["+65"]}),
    ],
)
def test_a_rule_that_cannot_work_or_never_ends_is_refused(
    pattern: str, modifiers: dict[str, list[str]]
) -> None:
    wanted = rules.Wanted("x", parsing.Part("TEXT", pattern), parsing.Part(), modifiers)
    with pytest.raises(rules.PatternError):
        rules.save(rule_id=None, wanted=wanted, at=AT, actor=SYSTEM)


@pytest.mark.parametrize(
    ("circuit", "remote", "modifiers", "field", "words"),
    [
        ("((", "", {}, "circuit_pattern", "символ 2"),
        ("(?P<port>.)", "[", {}, "remote_pattern", "символ 1"),
        ("", "", {}, "circuit_pattern", "має бути група"),
        ("(?P<port>.)", "", {"port": ["foo"]}, "modifiers", "foo"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_in_ukrainian_at_its_field(
    circuit: str, remote: str, modifiers: dict[str, list[str]], field: str, words: str
) -> None:
    wanted = rules.Wanted(
        "x", parsing.Part("TEXT", circuit), parsing.Part("TEXT", remote), modifiers
    )
    with pytest.raises(rules.PatternError) as told:
        rules.save(rule_id=None, wanted=wanted, at=AT, actor=SYSTEM)
    assert told.value.field == field
    assert words in str(told.value.message)


def test_a_rule_must_read_its_sample() -> None:
    wanted = rules.Wanted(
        "ports from 0",
        parsing.Part("TEXT", "port(?P<port>[0-9]{1,2})"),
        parsing.Part(),
        {"port": ["+1"]},
        sample_circuit_hex=b"gpon0".hex(),
    )
    with pytest.raises(rules.SampleError):
        rules.save(rule_id=None, wanted=wanted, at=AT, actor=SYSTEM)


def test_hostile_values_are_read_as_nothing() -> None:
    for value in ("", "00", "ff" * 253, b"%{User-Name}".hex(), "zz", "0" * 2000):
        rules.read(circuit_hex=value, remote_hex=value)
        assert places.located_at(circuit_hex="ff" * 253, remote_hex="ff" * 253) is None


def test_replies_are_ready_for_the_kinds_of_bras_in_use_only() -> None:
    services.pool()
    made = services.service()
    assert RadiusDecision.objects.get().replies == {}
    services.nas(address="10.0.0.1", vendor="mikrotik")
    services.nas(address="10.0.0.2", vendor="accel_ppp")
    assert fastpath.rebuild(at=AT) == 1
    replies = RadiusDecision.objects.get().replies
    assert set(replies) == {"mikrotik", "accel_ppp"}
    assert replies["mikrotik"]["Mikrotik-Rate-Limit"] == "100M/300M"
    assert replies["accel_ppp"]["Framed-IP-Address"] == "10.77.0.2"
    services.block(made)
    assert RadiusDecision.objects.get().replies == {}
    provisioning.refresh_decisions(subscription_ids=[made.id], at=AT)
    for name in set(replies["mikrotik"]) | set(replies["accel_ppp"]):
        assert dictionaries.known(name.partition("#")[0]), name


def test_a_new_rule_for_addresses_of_sessions_is_the_fast_paths_too() -> None:
    """It must ask the REST group now: it cannot hold addresses."""
    services.nas()
    services.service()
    fastpath.rebuild(at=AT)
    assert RadiusDecision.objects.get().replies
    services.pool(mode="DYNAMIC")
    editing.on_rules_changed(payload={"after": 0}, at=AT)
    assert RadiusDecision.objects.get().replies == {}


def test_of_many_debtors_a_new_guest_rule_reaches_all_in_portions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guest_rules, "REFRESHED_AT_ONCE", 2)
    for _ in range(5):
        services.block(services.service())
    services.guest_rule("DEBT")
    rows = RadiusDecision.objects.order_by("subscription_id")
    assert list(rows.values_list("state", flat=True)) == ["GUEST"] * 2 + ["REFUSED"] * 3
    for event in iter(lambda: OutboxEvent.objects.filter(topic=guest_rules.CHANGED).first(), None):
        event.delete()
        guest_rules.on_changed(payload=event.payload, at=AT)
    assert list(rows.values_list("state", flat=True)) == ["GUEST"] * 5


def test_rules_are_kept_in_order_and_audited() -> None:
    first = Option82Rule.objects.order_by("position")[0]
    rules.delete(rule_id=first.id, at=AT, actor=SYSTEM)
    with pytest.raises(rules.UnknownRuleError):
        rules.delete(rule_id=first.id, at=AT, actor=SYSTEM)
    assert AuditEntry.objects.filter(action="network.option82.deleted").count() == 1
