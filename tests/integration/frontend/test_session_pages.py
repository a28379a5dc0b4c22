"""The live table of sessions, the page of one session, the traffic of days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import Pause
from frontend.workspace.queries import sessions as pages
from network import session_queries, sessions
from network.accounting import Kind, SessionFacts, Told
from network.models import AccountingProgress, Session
from project.core import audit, clock
from project.core.actor import SYSTEM
from project.core.roles import Role
from tests.support import services
from tests.support.staff import who_signs_in

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)


def told(number: int = 1, *, minute: int = 0, octets: int = 0, **more: Any) -> SessionFacts:
    at = AT + timedelta(minutes=minute)
    return replace(
        SessionFacts(
            unique_id=f"{number:032x}",
            acct_session_id=f"81{number}",
            nas_address="10.9.0.1",
            login=f"gb{number}",
            mac=f"0200000000{number:02x}",
            circuit_hex="",
            framed_ip=f"10.77.0.{number}",
            subscription_id=None,
            is_guest=False,
            started_at=AT,
            last_seen_at=at,
            in_octets=octets,
            out_octets=10 * octets,
            session_time_s=60 * minute,
        ),
        **more,
    )


@pytest.fixture
def engineer(client: Client) -> Client:
    client.force_login(who_signs_in("engineer", Role.NETWORK_ENGINEER))
    return client


def listed(client: Client, **query: object) -> set[str]:
    answer = client.get(reverse("workspace:sessions"), query)
    assert answer.status_code == 200
    return {line.session.login for line in answer.context["page"]}


def test_the_table_is_narrowed_by_who_where_and_how(engineer: Client) -> None:
    nas = services.nas(address="10.9.0.1")
    sold = services.service()
    sessions.ingest([told(1, subscription_id=sold.id), told(2, is_guest=True)])
    sessions.ingest([told(3, nas_address="10.9.0.2")])
    Session.objects.filter(login="gb3").update(state="SUSPECT")
    assert listed(engineer) == {"gb1", "gb2", "gb3"}
    assert listed(engineer, kind="GUEST") == {"gb2"}
    assert listed(engineer, kind="SUSPECT") == {"gb3"}
    assert listed(engineer, nas=nas.id) == {"gb1", "gb2"}
    assert sold.building is not None
    assert listed(engineer, city=sold.building.locality_id) == {"gb1"}
    assert listed(engineer, q="02-00-00-00-00-02") == {"gb2"}
    assert listed(engineer, q="10.77.0.3") == {"gb3"}
    assert listed(engineer, q="GB1") == {"gb1"}
    assert listed(engineer, q="%' OR 1=1", nas="9" * 30, city="x", kind="ALL") == set()


def test_the_table_alone_comes_when_htmx_asks(engineer: Client) -> None:
    sessions.ingest([told(1, minute=0), told(1, minute=5, octets=300_000_000)])
    address = reverse("workspace:sessions")
    part = engineer.get(address, headers={"HX-Request": "true"}).content.decode()
    assert part.startswith('<div id="ws-live"')
    assert "<html" not in part
    whole = engineer.get(address, {"kind": "GUEST"}).content.decode()
    assert f'hx-get="{address}?kind=GUEST"' in whole


def test_the_speed_is_that_between_the_last_two_updates(engineer: Client) -> None:
    sessions.ingest([told(1)])
    sessions.ingest([told(1, minute=5, octets=300_000_000)])
    row = Session.objects.get()
    assert (row.in_bit_s, row.out_bit_s) == (8_000_000, 80_000_000)
    assert "80 Мбіт/с" in engineer.get(reverse("workspace:sessions")).content.decode()


def test_a_session_tells_its_life(engineer: Client) -> None:
    services.nas(address="10.9.0.1")
    sold = services.service()
    start = Told(Kind.START, AT, {"User-Name": ["<b>x</b>"], "User-Password": ["geheim"]})
    first = told(1, subscription_id=sold.id, packets=(start,))
    sessions.ingest([first])
    services.block(sold, at=AT + timedelta(minutes=2))
    end = AT + timedelta(minutes=5)
    stop = Told(Kind.STOP, end, {"Acct-Terminate-Cause": ["Admin-Reset"]})
    sessions.ingest(
        [told(1, minute=5, is_stopped=True, stopped_at=end, terminate_cause="Admin-Reset",
              packets=(stop,))]
    )  # fmt: skip
    answer = engineer.get(reverse("workspace:session", args=[first.unique_id]))
    kinds = [event.kind for event, _word in answer.context["events"]]
    assert [kind for kind in kinds if kind in {"START", "BLOCK", "STOP"}] == [
        "START",
        "BLOCK",
        "STOP",
    ]
    page = answer.content.decode()
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "geheim" not in page
    assert "Admin-Reset" in page


def test_pauses_stand_in_the_life_of_a_session(engineer: Client) -> None:
    """From midnight in Kyiv; a pause that was set or ended by hand, from that moment."""
    sold = services.service()
    first = told(1, subscription_id=sold.id)  # it began on the 25th at 22:00 in Kyiv
    sessions.ingest([first])
    for day in ((20, 22), (24, 26), (27, 28), (29, 30)):
        services.pause(sold, since=date(2026, 11, day[0]), until=date(2026, 11, day[1]))
    by_hand = AT + timedelta(days=2)
    Pause.objects.filter(during__startswith=date(2026, 11, 27)).update(created_at=by_hand)
    resumed = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
    audit.record(
        at=resumed,
        actor=SYSTEM,
        action="billing.subscription.resumed",
        obj=("subscription", sold.id),
        summary="",
        after={"date": "2026-11-28"},
    )

    def lines(at: datetime) -> list[tuple[str, datetime]]:
        page = pages.session_page(unique_id=first.unique_id, at=at)
        assert page is not None
        return [(e.kind, e.at) for e in page.events if e.kind in {"PAUSE", "RESUME"}]

    midnight = datetime(2026, 11, 25, 22, 0, tzinfo=UTC)
    before = [("RESUME", midnight), ("PAUSE", by_hand), ("RESUME", resumed)]
    assert lines(datetime(2026, 11, 28, 12, 0, tzinfo=UTC)) == before, "not what is to come"
    sessions.ingest([told(1, minute=5, is_stopped=True, stopped_at=midnight)])
    assert lines(datetime(2026, 12, 28, 12, 0, tzinfo=UTC)) == before[:1]
    page = engineer.get(reverse("workspace:session", args=[first.unique_id])).content.decode()
    assert "Паузу завершено" in page


@pytest.mark.parametrize("unique_id", ["none", "0" * 32, "a-" * 300])
def test_a_session_that_is_not_there_is_not_found(engineer: Client, unique_id: str) -> None:
    assert engineer.get(f"/workspace/sessions/{unique_id}/").status_code == 404


def test_traffic_of_days_includes_the_running_one() -> None:
    sold = services.service()
    sessions.ingest([told(1, subscription_id=sold.id, octets=100)])
    sessions.ingest([told(1, minute=180, octets=350)])
    rows = session_queries.traffic(
        subscription_ids=[sold.id], from_date=date(2026, 11, 20), until_date=date(2026, 11, 27)
    )
    assert [(row.day, row.in_octets, row.out_octets) for row in rows] == [
        (date(2026, 11, 25), 100, 1000),
        (date(2026, 11, 26), 250, 2500),
    ]


def test_the_table_says_when_accounting_waits(engineer: Client) -> None:
    address = reverse("workspace:sessions")
    now = clock.now()
    row = AccountingProgress.objects.create(name="a", caught_up_at=now, updated_at=now)
    assert "Облік не надходить" not in engineer.get(address).content.decode()
    row.caught_up_at = now - timedelta(hours=1)
    row.save()
    assert "Облік не надходить" in engineer.get(address).content.decode()
