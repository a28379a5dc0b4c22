"""A stop and late packets of one session at once: it ends closed, counted once."""

import random
from datetime import timedelta

import pytest

from network import sessions
from network.accounting import SessionFacts
from network.models import Session, SessionHistory
from tests.concurrency.network.test_addresses import at_once
from tests.support.services import AT

pytestmark = pytest.mark.django_db(transaction=True)


def facts(key: str, minute: int, *, stopped: bool = False) -> SessionFacts:
    at = AT + timedelta(minutes=minute)
    return SessionFacts(
        unique_id=key,
        acct_session_id=key,
        nas_address=None,
        login="",
        mac="",
        circuit_hex="",
        framed_ip=None,
        subscription_id=None,
        is_guest=False,
        started_at=AT,
        last_seen_at=at,
        in_octets=minute,
        out_octets=minute,
        session_time_s=60 * minute,
        is_stopped=stopped,
        stopped_at=at if stopped else None,
        terminate_cause="User-Request" if stopped else "",
    )


def test_no_session_is_left_open_by_a_race() -> None:
    keys = [f"k{number}" for number in range(30)]
    packets = [facts(key, minute) for key in keys for minute in range(5)]
    packets += [facts(key, 5, stopped=True) for key in keys]
    random.Random(7).shuffle(packets)

    def worker(mine: list[SessionFacts]) -> None:
        for first in range(0, len(mine), 3):
            sessions.ingest(mine[first : first + 3])

    at_once(*(lambda mine=packets[n::4]: worker(mine) for n in range(4)))
    assert not Session.objects.exists()
    assert SessionHistory.objects.count() == 30
    assert set(SessionHistory.objects.values_list("in_octets", "terminate_cause")) == {
        (5, "User-Request")
    }
