"""The interval of reports of each BRAS: both ways of an authorization, a change, the reaper."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from network import (
    access_requests,
    bras,
    edited_drivers,
    fastpath,
    intervals,
    readiness,
    sessions,
    strangers,
    tasks,
)
from network.identity import Identity
from network.models import AccessAction, BrasDriver, Nas, RadiusDecision, Session
from network.vendors import declarations
from network.vendors.registry import CAPABILITIES, SHIPPED
from project.core import clock, jobs
from project.core.actor import SYSTEM
from project.core.models import AuditEntry, Job
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db

ADDRESS, OTHER = "10.9.1.1", "10.9.1.2"
Told = dict[str, list[str]]


def change(nas: Nas, **card: Any) -> Nas:
    """The card with other fields."""
    kept = bras.Card(
        name=nas.name, address=nas.address, vendor=nas.vendor, interim_s=nas.interim_s,
        capabilities=nas.capabilities,
    )  # fmt: skip
    return bras.save(nas_id=nas.id, card=replace(kept, **card), at=AT, actor=SYSTEM)


def by_rest(login: str, *, nas: str = ADDRESS) -> Told:
    """What the REST group answers, by attribute."""
    identity = Identity(login=login, mac="", circuit_hex="", has_password=True)
    answer = access_requests.authorize(identity=identity, nas_address=nas, at=AT)
    assert answer.accepted
    told: Told = {}
    for one in answer.reply:
        told.setdefault(one.name, []).append(str(one.value))
    return told


def by_fast(login: str, *, nas: str = ADDRESS) -> Told | None:
    """What FreeRADIUS gets from the database; None: it is to ask the REST group."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT radius.authorize(%s, %s || '||||', '1')", [nas, login.encode().hex()]
        )
        lines = [line.split("\t") for line in cursor.fetchone()[0].splitlines()]
    if ["Bill-Verdict", "ASK"] in lines:
        return None
    told: Told = {}
    for name, value in lines:
        if not name.startswith("Bill-"):
            told.setdefault(name, []).append(value)
    return told


def same(left: Told | None, right: Told) -> bool:
    """Whether both say the same, each Class aside."""
    assert left is not None
    return {**left, "Class": []} == {**right, "Class": []}


def interval_of(told: Told | None) -> int:
    assert told is not None
    return int(told["Acct-Interim-Interval"][0])


def test_two_bras_of_one_vendor_say_their_own_intervals_both_ways() -> None:
    services.pool()
    services.nas(address=ADDRESS)
    change(services.nas(address=OTHER), interim_s=1_200)
    for _one in range(3):
        sold = services.service()
        login = services.login_of(sold)
        usual, slow = by_fast(login), by_fast(login, nas=OTHER)
        assert same(usual, by_rest(login))
        assert same(slow, by_rest(login, nas=OTHER))
        assert interval_of(usual) == intervals.of_service_s(None, subscription_id=sold.id)
        assert interval_of(slow) == intervals.of_service_s(1_200, subscription_id=sold.id)
        assert 270 <= interval_of(usual) <= 330
        assert 1_080 <= interval_of(slow) <= 1_320
    assert set(RadiusDecision.objects.first().replies) == {"mikrotik", "mikrotik@1200"}  # type: ignore[union-attr]


@pytest.mark.parametrize("vendor", sorted(SHIPPED))
def test_both_ways_say_the_same_whatever_flag_the_card_overrules(vendor: str) -> None:
    """Further services are in the profile, so that `multi_service` has something to decide."""
    services.pool()
    nas = services.nas(address=ADDRESS, vendor=vendor)
    sold = services.service()
    login = services.login_of(sold)
    row = RadiusDecision.objects.get()
    row.profile = {**row.profile, "services": ["iptv", "turbo"], "session_timeout_s": 3_600}
    row.save()
    heard = []
    for flag in (None, *CAPABILITIES):
        for value in (True, False):
            Nas.objects.filter(id=nas.id).update(capabilities={flag: value} if flag else {})
            before = by_fast(login)
            assert before is None or same(before, by_rest(login)), "and before it is made ready"
            fastpath.rebuild(at=AT)
            assert same(by_fast(login), by_rest(login)), (flag, value)
            heard.append(json.dumps({**by_rest(login), "Class": []}))
    for value in (True, False):
        Nas.objects.filter(id=nas.id).update(
            capabilities={}, requires_message_authenticator=value, only_watched=value
        )
        fastpath.rebuild(at=AT)
        assert same(by_fast(login), by_rest(login))
        heard.append(json.dumps({**by_rest(login), "Class": []}))
    wanted = 2 if vendor in {"cisco_isg", "juniper_mx"} else 1
    assert len(set(heard)) == wanted, "these two know services beside the main one"


def test_what_needs_the_class_in_another_form_is_left_to_rest() -> None:
    services.nas(address=ADDRESS)
    told = declarations.as_texts(SHIPPED["mikrotik"])
    more = "FIXED ALWAYS Reply-Message := {class_text}"
    told["accept_templates"] += f"\n{more}"
    edited_drivers.save(code="mikrotik", told=told, at=AT, actor=SYSTEM)
    try:
        login = services.login_of(services.service())
        assert by_fast(login) is None
        answer = by_rest(login)
        assert answer["Reply-Message"] == answer["Class"]
    finally:
        edited_drivers.forget()


@pytest.fixture
def looked_just_now() -> Iterator[None]:
    """This process has looked for edited drivers, and would not look again for some seconds."""
    edited_drivers.current()
    yield
    edited_drivers.forget()


def edited_elsewhere(words: str) -> None:
    """Another process saves the driver: nobody tells this one."""
    told = declarations.as_texts(SHIPPED["mikrotik"])
    told["accept_templates"] += f"\nSESSION ALWAYS Reply-Message := {words}"
    known = BrasDriver.objects.filter(code="mikrotik").first()
    if known is None:
        BrasDriver.objects.create(code="mikrotik", declaration=told, updated_at=AT)
    else:
        known.declaration, known.revision = told, known.revision + 1
        known.save()


@pytest.mark.usefixtures("looked_just_now")
def test_what_is_made_ready_is_in_the_words_of_a_driver_edited_elsewhere_just_now() -> None:
    services.nas(address=ADDRESS)
    sold = services.service()
    login = services.login_of(sold)
    assert "Reply-Message" not in (by_fast(login) or {})
    edited_elsewhere("first")
    tasks.rebuild_replies()
    assert (by_fast(login) or {})["Reply-Message"] == ["first"]
    edited_elsewhere("second")
    debt = services.block(sold)
    services.unblock(debt)
    assert (by_fast(login) or {})["Reply-Message"] == ["second"]


def test_a_changed_interval_is_told_at_once_and_disturbs_nobody(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks.rebuild_replies, "delay", tasks.rebuild_replies)
    nas = services.nas(address=ADDRESS)
    sold = services.service()
    login = services.login_of(sold)
    mark = RadiusDecision.objects.get().profile_hash
    Session.objects.create(**running("a", nas), subscription=sold, login=login)
    with django_capture_on_commit_callbacks() as waiting:
        change(nas, interim_s=900)
    assert by_fast(login) is None, "nothing is ready yet"
    assert interval_of(by_rest(login)) == intervals.of_service_s(900, subscription_id=sold.id)
    for one in waiting:
        one()
    assert same(by_fast(login), by_rest(login))
    assert RadiusDecision.objects.get().profile_hash == mark
    assert not AccessAction.objects.exists()
    entry = AuditEntry.objects.filter(action="network.nas.changed").latest("id")
    assert (entry.before or {})["interim_s"] is None
    assert (entry.after or {})["interim_s"] == 900


def test_of_many_services_the_change_is_a_job_that_tells_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(readiness, "MANY", 3)
    monkeypatch.setattr(fastpath, "REBUILT_AT_ONCE", 2)
    nas = services.nas(address=ADDRESS)
    logins = [services.login_of(services.service()) for _one in range(5)]
    change(nas, interim_s=600)
    job = readiness.going_on()
    assert job is not None
    assert (job.total, job.done) == (5, 0)
    assert by_fast(logins[4]) is None
    jobs.run_waiting(now=clock.now)
    done = Job.objects.get()
    assert (done.state, done.done, done.total) == ("DONE", 5, 5)
    assert readiness.going_on() is None
    assert all(same(by_fast(one), by_rest(one)) for one in logins)
    change(nas, interim_s=600)
    another = services.nas(address=OTHER)
    change(another, interim_s=600)
    assert Job.objects.count() == 1, "what another BRAS of its kind has is ready for it too"


def test_a_job_goes_on_where_a_dead_worker_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastpath, "REBUILT_AT_ONCE", 2)
    for _one in range(5):
        services.service()
    found = list(fastpath.portions(at=AT))
    assert [seen for _last, seen in found] == [2, 2, 1]
    assert list(fastpath.portions(at=AT, after=found[0][0])) == found[1:]


@pytest.mark.parametrize("interim_s", [0, 59, 3_601])
def test_an_interval_out_of_range_is_refused_by_the_card_and_by_the_database(
    interim_s: int,
) -> None:
    nas = services.nas(address=ADDRESS)
    with pytest.raises(bras.BadNasError) as refused:
        change(nas, interim_s=interim_s)
    assert refused.value.field == "interim_s"
    with pytest.raises(IntegrityError):
        Nas.objects.filter(id=nas.id).update(interim_s=interim_s)


def running(name: str, nas: Nas, **more: Any) -> dict[str, Any]:
    return {
        "unique_id": name, "acct_session_id": name, "nas": nas, "nas_address": nas.address,
        "state": "OPEN", "started_at": AT, "last_seen_at": AT, "counted_day": clock.today(AT),
        **more,
    }  # fmt: skip


def states() -> dict[str, str]:
    return dict(Session.objects.values_list("unique_id", "state").order_by("unique_id"))


def test_the_reaper_waits_for_three_reports_of_the_bras(settings: Settings) -> None:
    settings.GEOBILL_RADIUS_ACCOUNTING = "rest"
    usual, slow = services.nas(address=ADDRESS), services.nas(address=OTHER)
    Nas.objects.filter(id=slow.id).update(interim_s=1_800)
    Session.objects.create(**running("usual", usual))
    Session.objects.create(**running("slow", slow))
    assert sessions.reap(at=AT + timedelta(minutes=16)) == (1, 0)
    assert states() == {"usual": "SUSPECT", "slow": "OPEN"}
    assert sessions.reap(at=AT + timedelta(minutes=89)) == (0, 1)
    assert states() == {"slow": "OPEN"}
    assert sessions.reap(at=AT + timedelta(minutes=91)) == (1, 0)
    assert sessions.reap(at=AT + timedelta(minutes=149)) == (0, 0)
    assert sessions.reap(at=AT + timedelta(minutes=151)) == (0, 1)


def test_a_session_from_before_the_change_keeps_what_it_was_told(settings: Settings) -> None:
    settings.GEOBILL_RADIUS_ACCOUNTING = "rest"
    nas = services.nas(address=ADDRESS)
    change(nas, interim_s=1_200)
    change(Nas.objects.get(), interim_s=600)
    change(Nas.objects.get(), interim_s=None)
    nas.refresh_from_db()
    assert (nas.interim_s, nas.interim_was_s, nas.interim_since) == (None, 1_200, AT)
    old = AT - timedelta(hours=1)
    Session.objects.create(**running("old", nas, started_at=old))
    Session.objects.create(**running("new", nas))
    assert sessions.reap(at=AT + timedelta(minutes=16)) == (1, 0)
    assert states() == {"new": "SUSPECT", "old": "OPEN"}
    assert sessions.reap(at=AT + timedelta(minutes=61))[0] == 1


def test_a_stranger_is_not_ended_before_his_second_report() -> None:
    nas = services.nas(address=ADDRESS)
    Nas.objects.update(ends_unknown=True, interim_s=1_200)
    Session.objects.create(**running("x", nas))
    assert strangers.end(at=AT + timedelta(minutes=22)) == 0
    assert strangers.end(at=AT + timedelta(minutes=26)) == 1
