"""Accounting becomes sessions, in whatever order it comes."""

import itertools
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from network import partitions, sessions, wishes
from network.accounting import Boot, Kind, SessionFacts, Told
from network.models import (
    AccessAction,
    AccountingProgress,
    Nas,
    RadiusDecision,
    Session,
    SessionClosed,
    SessionEvent,
    SessionHistory,
    TrafficDay,
)
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db

ADDRESS = "10.9.0.1"
DAY = timedelta(days=1)


def facts(minute: int = 0, *, octets: int = 0, key: str = "a", stop: str = "") -> SessionFacts:
    at = AT + timedelta(minutes=minute)
    return SessionFacts(
        unique_id=key,
        acct_session_id="81a",
        nas_address=ADDRESS,
        login="gb1",
        mac="aabbccddeeff",
        circuit_hex="",
        framed_ip="10.77.0.2",
        subscription_id=None,
        is_guest=False,
        started_at=AT,
        last_seen_at=at,
        in_octets=octets,
        out_octets=10 * octets,
        session_time_s=60 * minute,
        is_stopped=bool(stop),
        stopped_at=at if stop else None,
        terminate_cause=stop,
    )


def test_start_interim_stop_make_one_closed_session() -> None:
    for one in (facts(0), facts(5, octets=100), facts(7, octets=150, stop="User-Request")):
        sessions.ingest([one])
    assert not Session.objects.exists()
    closed = SessionHistory.objects.get()
    assert (closed.in_octets, closed.out_octets, closed.session_time_s) == (150, 1500, 420)
    assert (closed.started_at, closed.stopped_at) == (AT, AT + timedelta(minutes=7))
    assert closed.terminate_cause == "User-Request"


def test_every_order_and_every_cut_into_batches_ends_the_same() -> None:
    packets = [
        facts(0),
        facts(5, octets=100),
        facts(10, octets=2**40),
        facts(11, octets=2**40 + 5, stop="Lost-Carrier"),
    ]
    told = set()
    for order in itertools.permutations(packets):
        for cut in (1, 2, 4):
            SessionHistory.objects.all().delete()
            SessionClosed.objects.all().delete()
            for first in range(0, 4, cut):
                sessions.ingest(order[first : first + cut])
            assert not Session.objects.exists()
            row = SessionHistory.objects.values().get()
            told.add(tuple((name, str(value)) for name, value in row.items() if name != "id"))
    assert len(told) == 1


def test_a_packet_that_comes_again_changes_nothing() -> None:
    for _ in range(3):
        sessions.ingest([facts(5, octets=100)] * 2)
    row = Session.objects.get()
    assert (row.in_octets, row.state) == (100, "OPEN")


def test_a_late_packet_lowers_no_counter() -> None:
    sessions.ingest([facts(10, octets=500)])
    sessions.ingest([facts(5, octets=100)])
    row = Session.objects.get()
    assert (row.in_octets, row.last_seen_at) == (500, AT + timedelta(minutes=10))


def test_a_closed_session_never_opens_again() -> None:
    sessions.ingest([facts(5, octets=10, stop="User-Request")])
    sessions.ingest([facts(9, octets=70)])
    sessions.ingest([facts(0)])
    assert not Session.objects.exists()
    closed = SessionHistory.objects.get()
    assert (closed.in_octets, closed.stopped_at) == (70, AT + timedelta(minutes=5))


def test_a_stop_of_an_unknown_session_makes_a_closed_one() -> None:
    sessions.ingest([facts(5, octets=10, stop="User-Request")])
    assert SessionHistory.objects.get().terminate_cause == "User-Request"


def test_many_sessions_of_a_batch_go_their_own_ways() -> None:
    sessions.ingest([facts(0, key=f"k{n}") for n in range(200)])
    sessions.ingest([facts(5, key=f"k{n}", stop="User-Request") for n in range(0, 200, 2)])
    assert (Session.objects.count(), SessionHistory.objects.count()) == (100, 100)


def test_a_session_belongs_to_the_service_in_its_class_or_else_of_its_login() -> None:
    services.nas(address=ADDRESS)
    sold = services.service()
    login = services.login_of(sold)
    sessions.ingest([replace(facts(key="class"), subscription_id=sold.id)])
    sessions.ingest([replace(facts(key="login"), login=f" {login.upper()} ")])
    sessions.ingest([replace(facts(key="lost"), subscription_id=10**17, login="nobody")])
    owners = dict(Session.objects.values_list("unique_id", "subscription_id"))
    assert owners == {"class": sold.id, "login": sold.id, "lost": None}
    assert set(Session.objects.values_list("nas__address", flat=True)) == {ADDRESS}
    name = Session.objects.get(unique_id="login").login
    assert name == f" {login.upper()} ", "a CoA must name it as the BRAS does"


def test_a_restart_of_the_bras_ends_its_sessions_and_only_those() -> None:
    services.nas(address=ADDRESS)
    other = replace(facts(5, key="other"), nas_address="10.9.0.2")
    sessions.ingest([facts(5, octets=9), other])
    boot = Boot(nas_address=ADDRESS, at=AT + timedelta(minutes=8))
    for _ in range(3):
        sessions.ingest([boot])
    closed = SessionHistory.objects.get()
    assert (closed.terminate_cause, closed.stopped_at) == (
        "NAS-Reboot",
        AT + timedelta(minutes=5),
    )
    assert Session.objects.get().unique_id == "other"
    assert Nas.objects.get().boot_epoch == 1


def test_what_is_replayed_from_before_a_restart_opens_nothing() -> None:
    services.nas(address=ADDRESS)
    sessions.ingest([Boot(nas_address=ADDRESS, at=AT + timedelta(minutes=8))])
    sessions.ingest([facts(5, octets=9)])
    sessions.ingest([facts(0)])
    assert not Session.objects.exists()
    assert SessionHistory.objects.get().in_octets == 9
    sessions.ingest([facts(9, key="new")])
    assert Session.objects.get().unique_id == "new"


def test_silence_makes_suspect_then_ends_and_a_word_in_time_heals() -> None:
    sessions.ingest([facts(0, key="heals"), facts(0, key="lost")])
    assert sessions.reap(at=AT + timedelta(minutes=14)) == (0, 0)
    assert sessions.reap(at=AT + timedelta(minutes=16)) == (2, 0)
    sessions.ingest([facts(17, octets=5, key="heals")])
    assert Session.objects.get(unique_id="heals").state == "OPEN"
    assert sessions.reap(at=AT + timedelta(minutes=76)) == (1, 1)
    lost = SessionHistory.objects.get()
    assert (lost.terminate_cause, lost.stopped_at) == ("Lost-Service", AT)
    sessions.ingest([facts(80, octets=99, key="lost", stop="User-Request")])
    lost.refresh_from_db()
    assert (lost.terminate_cause, lost.in_octets) == ("User-Request", 99)


def test_a_whole_network_that_falls_silent_is_taken_in_portions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sessions, "BATCH_MAX", 2)
    sessions.ingest([facts(0, key=f"k{n}") for n in range(7)])
    assert sessions.reap(at=AT + timedelta(minutes=16)) == (7, 0)
    assert sessions.reap(at=AT + timedelta(minutes=76)) == (0, 7)
    monkeypatch.setattr(sessions, "PORTIONS_MAX", 2)
    sessions.ingest([facts(0, key=f"n{n}") for n in range(7)])
    assert sessions.reap(at=AT + timedelta(minutes=16)) == (4, 0), "the rest at the next minute"


def test_a_guest_that_was_let_out_is_none_in_the_history() -> None:
    """Its Class says for ever how it began."""
    guest = replace(facts(0), is_guest=True)
    sessions.ingest([guest])
    Session.objects.update(is_guest=False)
    sessions.ingest([replace(facts(5, stop="User-Request"), is_guest=True)])
    assert not SessionHistory.objects.get().is_guest


def test_a_session_that_was_only_thought_to_be_over_goes_on_when_it_is_heard_of_again() -> None:
    """The way from the BRAS to us was broken for hours, or it told of a restart that was none."""
    services.nas(address=ADDRESS)
    sold = services.service()
    mine = {"subscription_id": sold.id}
    boot = Boot(nas_address=ADDRESS, at=AT + timedelta(minutes=8))
    sessions.ingest([replace(facts(5, octets=50), **mine)])
    for again, close in (
        (9, lambda: sessions.ingest([boot])),
        (90, lambda: sessions.reap(at=AT + DAY / 2)),
    ):
        close()
        assert SessionHistory.objects.get().is_presumed
        assert TrafficDay.objects.get().in_octets == 50
        sessions.ingest([replace(facts(4, octets=40), **mine)])
        assert not Session.objects.exists(), "a word from before its end is no life"
        sessions.ingest([replace(facts(again, octets=50), **mine)])
        row = Session.objects.get()
        assert (row.state, row.subscription_id, row.in_octets) == ("OPEN", sold.id, 50)
        assert not SessionHistory.objects.exists()
        assert not SessionClosed.objects.exists()
    for _ in range(2):
        sessions.ingest([replace(facts(95, octets=100, stop="User-Request"), **mine)])
    sessions.ingest([replace(facts(97, octets=101), **mine)])
    closed = SessionHistory.objects.get()
    assert (closed.in_octets, closed.is_presumed) == (101, False)
    assert TrafficDay.objects.get().in_octets == 101
    kinds = list(SessionEvent.objects.order_by("id").values_list("kind", flat=True))
    assert kinds == ["BOOT", "REVIVED", "LOST", "REVIVED"]


def test_who_was_blocked_while_his_session_was_thought_over_is_ended_when_it_comes_back() -> None:
    services.nas(address=ADDRESS)
    owner, other = services.service(), services.service()
    told = [
        replace(facts(key="debtor"), subscription_id=owner.id),
        replace(facts(key="payer"), subscription_id=other.id, mac="020000000002"),
    ]
    sessions.ingest(told)
    assert sessions.reap(at=AT + timedelta(minutes=80)) == (0, 2)
    services.block(owner, at=AT + timedelta(minutes=85))
    assert not AccessAction.objects.exists()
    again = timedelta(minutes=90)
    sessions.ingest([replace(one, last_seen_at=AT + again) for one in told])
    assert Session.objects.count() == 2
    wish = AccessAction.objects.get()
    assert (wish.session_unique_id, wish.cause, wish.desired) == ("debtor", "ACCESS_CLOSED", {})


def test_while_accounting_waits_nobody_is_called_lost(settings: Settings) -> None:
    sessions.ingest([facts(0)])
    AccountingProgress.objects.create(
        name="a", caught_up_at=AT + timedelta(minutes=1), updated_at=AT
    )
    assert sessions.reap(at=AT + timedelta(hours=9)) == (0, 0)
    settings.GEOBILL_RADIUS_ACCOUNTING = "rest"
    assert sessions.reap(at=AT + timedelta(minutes=20)) == (1, 0), "the stream was given up"
    settings.GEOBILL_RADIUS_ACCOUNTING = "stream"
    AccountingProgress.objects.update(caught_up_at=AT + timedelta(hours=9))
    assert sessions.reap(at=AT + timedelta(hours=9)) == (0, 1)


def test_traffic_goes_to_the_days_on_which_it_was_told() -> None:
    """It begins on one day in Kyiv and ends on the next; a packet comes late over midnight."""
    sold = services.service()
    midnight = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)

    def at(minutes: int, octets: int, stop: str = "") -> SessionFacts:
        one = replace(facts(octets=octets, stop=stop), subscription_id=sold.id)
        when = midnight + timedelta(minutes=minutes)
        return replace(one, last_seen_at=when, stopped_at=when if stop else None)

    sessions.ingest([at(-20, 100)])
    sessions.ingest([at(5, 150)])
    sessions.ingest([at(-5, 120)])
    sessions.ingest([at(5, 150)])
    assert list(TrafficDay.objects.values_list("day", "in_octets", "out_octets")) == [
        (date(2026, 11, 23), 120, 1200)
    ]
    sessions.ingest([at(90, 1000, stop="User-Request")])
    sessions.ingest([at(60, 700), at(95, 1100)])
    told = TrafficDay.objects.order_by("day").values_list("day", "in_octets", "out_octets")
    assert list(told) == [(date(2026, 11, 23), 120, 1200), (date(2026, 11, 24), 980, 9800)]


def test_a_session_lies_in_the_day_of_its_end_and_is_found_again() -> None:
    sessions.ingest([facts(5, octets=10, stop="User-Request")])
    assert SessionClosed.objects.get().closed_day == SessionHistory.objects.get().closed_day
    assert partitions.drop_old(on_date=date(2026, 11, 24)) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM network_session_history")
        assert cursor.fetchone()[0] in {
            "network_session_history_20261123",
            "network_session_history_default",
        }


def test_days_are_made_ahead_and_dropped_as_the_running_system(
    as_app_role: Callable[[], AbstractContextManager[None]],
) -> None:
    far = date(2031, 3, 31)
    sessions.ingest(
        [replace(facts(stop="User-Request"), stopped_at=datetime(2031, 3, 31, 9, tzinfo=UTC))]
    )
    with as_app_role():
        made = partitions.ensure(on_date=far)
        assert len(made) == 2 * (partitions.DAYS_BACK + partitions.DAYS_AHEAD + 1)
        assert partitions.ensure(on_date=far) == []
        with connection.cursor() as cursor:
            cursor.execute("SELECT tableoid::regclass::text FROM network_session_history")
            assert cursor.fetchall() == [("network_session_history_20310331",)]
        dropped = partitions.drop_old(on_date=date(2035, 1, 1))
        assert set(made) <= set(dropped)
    assert not SessionHistory.objects.exists()
    assert not SessionClosed.objects.exists()


def test_starts_and_stops_become_lines_once_and_without_secrets() -> None:
    services.nas(address=ADDRESS)
    sold = services.service()
    told = {"User-Name": ["x\x00y"], "User-Password": ["p"], "Acct-Session-Time": [0]}
    start = replace(
        facts(0), subscription_id=sold.id, packets=(Told(Kind.START, AT, told),), nonce="n1"
    )
    for _ in range(2):
        sessions.ingest([start])
    line = SessionEvent.objects.get()
    assert (line.kind, line.subscription_id, line.nonce) == ("START", sold.id, "n1")
    assert line.nas_id == Nas.objects.get().id
    assert line.attributes == {
        "User-Name": ["x\ufffdy"],
        "User-Password": "***",
        "Acct-Session-Time": [0],
    }


def test_a_new_session_ends_the_one_whose_place_it_takes() -> None:
    services.nas(address=ADDRESS)
    sold = services.service()

    def begun(key: str, *, mac: str, minute: int) -> SessionFacts:
        began = AT + timedelta(minutes=minute)
        one = replace(facts(minute, key=key), subscription_id=sold.id, mac=mac)
        return replace(one, started_at=began, acct_session_id=key, framed_ip=f"10.77.1.{mac[-1]}")

    def asked() -> set[str]:
        rows = AccessAction.objects.filter(cause=wishes.SUPERSEDED)
        return set(rows.values_list("session_unique_id", flat=True))

    sessions.ingest([begun("moved", mac="020000000001", minute=0)])
    sessions.ingest([begun("other", mac="020000000002", minute=1)])
    assert asked() == set(), "two devices, and no limit is set"
    sessions.ingest([begun("again", mac="020000000001", minute=2)])
    assert asked() == {"moved"}
    RadiusDecision.objects.update(sessions_max=1)
    sessions.ingest([begun("late", mac="020000000003", minute=-5)])
    assert asked() == {"moved"}, "an old one that is told of late takes nobody's place"
    sessions.ingest([begun("third", mac="020000000004", minute=3)])
    assert asked() == {"moved", "other", "again", "late"}
    assert Session.objects.count() == 5, "they end when the BRAS says so"


def test_of_two_sessions_of_a_service_on_one_address_the_newer_stays() -> None:
    services.nas(address=ADDRESS)
    sold = services.service()
    for minute, mac in ((0, "020000000001"), (1, "020000000002")):
        one = replace(facts(minute, key=mac), subscription_id=sold.id, mac=mac)
        sessions.ingest([replace(one, started_at=one.last_seen_at, acct_session_id=mac)])
    wish = AccessAction.objects.get()
    assert (wish.session_unique_id, wish.kind) == ("020000000001", "DISCONNECT")


def test_the_same_session_in_other_words_takes_nobodys_place() -> None:
    """A BRAS left its Class out: to end the older line would be to end the session itself."""
    services.nas(address=ADDRESS)
    sold = services.service()
    one = replace(facts(key="one"), subscription_id=sold.id)
    later = AT + timedelta(seconds=1)
    sessions.ingest([one])
    sessions.ingest([replace(one, unique_id="two", started_at=later)])
    assert Session.objects.count() == 2
    assert not AccessAction.objects.exists()


def test_sessions_of_a_watched_bras_are_known_by_device_and_port() -> None:
    """Another system let them in: no Class of ours, and the name is the MAC."""
    by_mac, by_port = services.service(), services.service()
    RadiusDecision.objects.filter(subscription=by_mac).update(mac="aabbccddeeff")
    RadiusDecision.objects.filter(subscription=by_port).update(
        circuit_hex="0004", remote_hex="0006"
    )
    nas = services.nas(address=ADDRESS)
    told = {
        "m": replace(facts(key="m"), login="aa:bb:cc:dd:ee:ff"),
        "p": replace(facts(key="p"), login="x", mac="", circuit_hex="0004", remote_hex="0006"),
        "g": replace(facts(key="g"), login="y", is_guest=True),
    }
    sessions.ingest(told.values())
    assert not Session.objects.filter(subscription__isnull=False).exists(), "only when watched"
    Nas.objects.filter(id=nas.id).update(only_watched=True)
    sessions.ingest(told.values())
    found = dict(Session.objects.values_list("unique_id", "subscription_id"))
    assert (found["m"], found["p"]) == (by_mac.id, by_port.id)
