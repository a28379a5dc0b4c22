""" "Why no internet?" """

from datetime import date, timedelta

import pytest
from django.utils import translation

from billing.models import Subscription
from network import queries, rejects, sessions
from network.accounting import SessionFacts
from network.identity import Identity
from network.provisioning import refresh_decisions
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db


def explain(sold: Subscription, minutes: int = 0) -> tuple[str, str, bool]:
    told = queries.explain_access(subscription_id=sold.id, at=AT + timedelta(minutes=minutes))
    with translation.override("en"):
        return told.code, str(told.text), told.is_fine


def was_online(sold: Subscription, *, minute: int, stop: str = "") -> None:
    at = AT + timedelta(minutes=minute)
    facts = SessionFacts(
        unique_id=f"u{sold.id}",
        acct_session_id="81a",
        nas_address=None,
        login=services.login_of(sold),
        mac="",
        circuit_hex="",
        framed_ip="10.77.0.2",
        subscription_id=sold.id,
        is_guest=False,
        started_at=AT,
        last_seen_at=at,
        in_octets=0,
        out_octets=0,
        session_time_s=0,
        is_stopped=bool(stop),
        stopped_at=at if stop else None,
        terminate_cause=stop,
    )
    sessions.ingest([facts])


def test_the_story_of_a_service() -> None:
    sold = services.service()
    assert explain(sold)[0] == "NEVER_SEEN"
    rejects.record(
        identity=Identity(login=services.login_of(sold)),
        nas_address=None,
        reason=rejects.WRONG_PASSWORD,
        at=AT,
    )
    code, text, _fine = explain(sold, 1)
    assert code == "WRONG_PASSWORD"
    assert "23.11.2026 11:00" in text
    was_online(sold, minute=5)
    assert explain(sold, 6) == ("ONLINE", "Online since 23.11.2026 11:00, address 10.77.0.2.", True)
    sessions.reap(at=AT + timedelta(minutes=30))
    assert explain(sold, 30)[0] == "SUSPECT"
    was_online(sold, minute=31, stop="User-Request")
    code, text, _fine = explain(sold, 32)
    assert code == "OFFLINE"
    assert "User-Request" in text
    services.block(sold)
    assert explain(sold, 33)[0] == "DEBT"
    services.block(sold, reason="ADMIN")
    assert explain(sold, 34)[0] == "ADMIN"


def test_a_pause_is_named_and_a_service_without_internet_too() -> None:
    sold = services.service()
    services.pause(sold, since=date(2026, 11, 1), until=date(2026, 12, 1))
    refresh_decisions(subscription_ids=[sold.id], at=AT)
    assert explain(sold)[0] == "PAUSED"
    tv = services.service(terms=services.tariff(service_type="TV"))
    assert explain(tv)[0] == "NO_SERVICE"


def test_the_sentence_is_ukrainian_by_default() -> None:
    sold = services.service()
    services.block(sold)
    told = queries.explain_access(subscription_id=sold.id, at=AT)
    with translation.override("uk"):
        assert "борг" in str(told.text)
