"""Sessions of nobody, and pages of a network that is too large to be read for each of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from frontend.workspace.queries import sessions as pages
from network import drift, guests, large, live_queries, queries, session_map, standing, strangers
from network.identity import Identity
from network.models import AccessAction, DriftFound, GuestRule, Nas, Session, Standing
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)
MAC, CIRCUIT = "02000000aa01", "00040064"


def online(number: int, *, nas: Nas, **more: Any) -> Session:
    values = {
        "unique_id": f"n{number}",
        "acct_session_id": f"81{number}",
        "nas": nas,
        "nas_address": nas.address,
        "login": f"who{number}",
        "started_at": AT,
        "last_seen_at": LATER,
    }
    return Session.objects.create(**{**values, **more})


def visit(rule_id: int, *, mac: str = MAC) -> None:
    assert guests.admit(
        rule=GuestRule.objects.get(id=rule_id),
        identity=Identity(login="", mac=mac, circuit_hex=CIRCUIT),
        subscription_id=None,
        reason="UNKNOWN",
        nas_address=None,
        at=AT,
    )


def kinds(**more: Any) -> dict[str, str]:
    return {row.unique_id: row.kind for row in drift.nobody(at=LATER, **more)}


def test_a_stranger_is_seen_and_ended_only_where_the_card_says_so() -> None:
    nas = services.nas(address="10.9.1.1")
    online(1, nas=nas)
    assert kinds() == {"n1": "UNKNOWN"}
    assert drift.counts() == {}, "there is no decision that he could differ from"
    assert strangers.end(at=LATER) == 0
    Nas.objects.update(ends_unknown=True)
    assert strangers.end(at=AT + timedelta(minutes=1)) == 0, "his service may be on its way"
    assert strangers.end(at=LATER) == 1
    action = AccessAction.objects.get()
    assert (action.kind, action.cause, action.session_unique_id) == ("DISCONNECT", "STRANGER", "n1")
    assert strangers.end(at=LATER) == 0, "it is asked already"
    assert drift.nobody(at=LATER)[0].asked_state == "DESIRED"


def test_of_a_watched_bras_strangers_are_seen_and_left_alone() -> None:
    nas = services.nas(address="10.9.1.1")
    Nas.objects.update(ends_unknown=True, only_watched=True)
    online(1, nas=nas)
    assert drift.nobody(at=LATER)[0].is_watched
    assert strangers.end(at=LATER) == 0


def test_a_guest_is_ended_when_his_time_is_over_or_his_rule_is_off() -> None:
    rule_id = services.guest_rule("UNKNOWN", session_timeout_s=7_200)
    nas = services.nas(address="10.9.1.1")
    visit(rule_id)
    online(1, nas=nas, is_guest=True, mac=MAC, circuit_hex=CIRCUIT)
    online(2, nas=nas, is_guest=True, mac="02000000aa02", circuit_hex=CIRCUIT)
    assert kinds() == {"n1": "GUEST", "n2": "GUEST"}
    assert strangers.end(at=LATER) == 0
    row = next(one for one in drift.nobody(at=LATER) if one.unique_id == "n1")
    assert (row.rule_id, row.until_at) == (rule_id, AT + timedelta(hours=2))
    later = AT + timedelta(hours=2, minutes=11)
    assert drift.nobody_counts(at=later) == {"OVERSTAYED": 1, "GUEST": 1}
    GuestRule.objects.update(is_active=False)
    assert kinds(kind="OVERSTAYED") == {"n1": "OVERSTAYED"}
    assert strangers.end(at=LATER) == 1
    assert AccessAction.objects.get().session_unique_id == "n1"


def test_a_debtor_behind_his_wall_is_no_stranger() -> None:
    services.guest_rule("DEBT", redirect_url="https://pay.example.net/")
    sold = services.service()
    services.block(sold)
    nas = services.nas(address="10.9.1.1")
    online(1, nas=nas, is_guest=True, subscription=sold, login=services.login_of(sold))
    assert kinds() == {}
    assert strangers.end(at=LATER) == 0


@pytest.fixture
def as_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is too large from the first session on."""
    monkeypatch.setattr("network.large.LIVE_UP_TO", 0)


def test_a_large_network_is_told_from_what_is_kept(as_large: None) -> None:
    nas = services.nas(address="10.9.1.1")
    sold, off = services.service(), services.service()
    online(1, nas=nas, subscription=sold, login=services.login_of(sold))
    online(2, nas=nas, is_guest=True)
    now = session_map.counts(at=LATER)
    places = session_map.busiest(at=LATER, limit=5)
    differing = drift.counts()
    assert not large.is_large(), "nothing was counted yet"
    assert standing.refresh(at=LATER)
    assert large.is_large()
    assert session_map.counts(at=LATER) == now
    assert (now["ONLINE"], now["GUEST"], now["OFFLINE"], now["UNPLACED"]) == (1, 1, 1, 1)
    assert session_map.busiest(at=LATER, limit=5) == places
    assert drift.counts() == differing
    assert pages.counts(wanted=pages.Wanted()) == {"all": 2, "guest": 1, "suspect": 0, "nobody": 1}
    assert pages.counts(wanted=pages.Wanted(nas_id=nas.id))["all"] == 2
    assert queries.count_open_sessions() == 2
    assert [one.sessions for one in live_queries.nas_list()] == [2]  # type: ignore[attr-defined]
    here = session_map.here(building_id=off.building_id, node_id=None, at=LATER)
    assert {(one.state, one.subscription_id) for one in here} >= {("OFFLINE", off.id)}
    Session.objects.all().delete()
    assert standing.refresh(at=LATER + timedelta(minutes=5))
    assert session_map.counts(at=LATER)["ONLINE"] == 0


def test_counting_takes_no_more_than_its_share_of_the_time() -> None:
    assert standing.refresh(at=AT)
    Standing.objects.update(took_ms=4_000)
    assert not standing.refresh(at=AT + timedelta(seconds=79))
    assert standing.refresh(at=AT + timedelta(seconds=81))


def test_the_board_of_a_large_network_finds_what_differs_and_what_was_asked(
    as_large: None,
) -> None:
    sold = services.service()
    nas = services.nas(address="10.9.1.1")
    running = online(1, nas=nas, subscription=sold, login=services.login_of(sold))
    services.block(sold)
    standing.refresh(at=LATER)
    assert drift.counts() == {"WAITING": 1}
    AccessAction.objects.update(state="CANCELLED")
    assert drift.counts() == {"ACCESS": 1}
    assert list(DriftFound.objects.values_list("session_id", flat=True)) == [running.id]
    DriftFound.objects.all().delete()
    AccessAction.objects.update(state="DEAD")
    assert drift.counts() == {"DEAD": 1}, "what was asked lately is found by itself"


def plan_of(sql: str, values: dict[str, Any]) -> str:
    """The plan where reading a whole table counts as dear as in a table of millions."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}", values)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_no_page_of_a_large_network_reads_all_sessions(as_large: None) -> None:
    standing.refresh(at=AT)
    Standing.objects.update(sessions=1)
    asked = {"reason": "", "nas": None, "before": None, "most": 51}
    board = plan_of(drift._DRIFT.format(sessions=drift._sessions()), asked)
    nobody = plan_of(drift._NOBODY, {**asked, "kind": "", "over": AT})
    here = plan_of(
        session_map._HERE,
        {**session_map.values_of(at=AT), "building": 1, "node": None, "most": 200},
    )
    for plan in (board, nobody, here):
        assert "Seq Scan on network_session " not in plan
    assert "network_session_nobody" in nobody
    assert "network_session_guest" in nobody
    for wanted, index in (
        (pages.Wanted(text="gb77"), "network_session_login"),
        (pages.Wanted(text="02:00:00:00:00:01"), "network_session_mac"),
        (pages.Wanted(text="10.77.3."), "network_session_ip"),
        (pages.Wanted(kind="GUEST"), "network_session_guest"),
        (pages.Wanted(kind="SUSPECT"), "network_session_suspect"),
        (pages.Wanted(kind="NOBODY"), "network_session_nobody"),
    ):
        rows = pages.narrowed(wanted).order_by()[: pages.COUNTED_MAX]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        assert index in rows.explain(), wanted


def test_what_is_looked_for_by_text_is_paged_newest_first() -> None:
    nas = services.nas(address="10.9.1.1")
    made = [online(number, nas=nas, framed_ip=f"10.77.3.{number}").id for number in range(1, 8)]
    online(9, nas=nas, login="other", framed_ip="10.77.31.1")
    wanted = pages.Wanted(text="10.77.3.")
    first = pages.open_sessions(wanted=wanted, limit=4)
    assert [line.id for line in first] == made[:2:-1]
    rest = pages.open_sessions(wanted=wanted, before=first[-1].id, limit=4)
    assert [line.id for line in rest] == made[2::-1]
    assert pages.open_sessions(wanted=pages.Wanted(text="10.77.999")) == []
