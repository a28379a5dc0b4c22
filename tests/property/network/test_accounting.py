"""The law of accounting: what packets say together does not depend on order, repeats or batches."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from network import sessions
from network.accounting import SessionFacts, join_all
from network.models import Session, SessionClosed, SessionHistory
from network.radius import echo
from tests.support.services import AT

# The mean speed between two packets is told for people; it knows which came last.
MOMENTARY = {"id", "in_bit_s", "out_bit_s"}
COUNTERS = st.integers(0, 2**63 - 1)
# As `echo.stored` writes them: by the text of two packets of one second is told which one stays.
ECHOES = ["", echo.stored({"Class": ["s:1:a"]}), echo.stored({"Class": ["s:1:b"], "A": ["1"]})]


@st.composite
def packet(draw: st.DrawFn) -> SessionFacts:
    at = AT + timedelta(seconds=draw(st.integers(0, 100)))
    stopped = draw(st.booleans())
    return SessionFacts(
        unique_id=draw(st.sampled_from(["a", "b"])),
        acct_session_id="81a",
        nas_address="10.9.0.1",
        login=draw(st.sampled_from(["", "gb1"])),
        mac=draw(st.sampled_from(["", "aabbccddeeff"])),
        circuit_hex="",
        framed_ip="10.77.0.2",
        subscription_id=None,
        is_guest=False,
        started_at=AT - timedelta(seconds=draw(st.integers(0, 100))),
        last_seen_at=at,
        in_octets=draw(COUNTERS),
        out_octets=draw(COUNTERS),
        session_time_s=draw(st.integers(0, 2**32 - 1)),
        is_stopped=stopped,
        stopped_at=at if stopped else None,
        echo=draw(st.sampled_from(ECHOES)),
        terminate_cause=draw(st.sampled_from(["User-Request", "Lost-Carrier"])) if stopped else "",
    )


PACKETS = st.lists(packet(), min_size=1, max_size=8)


@given(PACKETS, st.randoms(use_true_random=False))
def test_joining_knows_no_order_and_no_repeats(packets: list[SessionFacts], chance: object) -> None:
    shuffled = packets + packets[: len(packets) // 2]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert join_all(shuffled) == join_all(packets)
    half = len(packets) // 2
    assert join_all([*join_all(packets[half:]), *join_all(packets[:half])]) == join_all(packets)


def stored() -> list[tuple[tuple[str, object], ...]]:
    rows = [*Session.objects.values(), *SessionHistory.objects.values()]
    return sorted(
        tuple(sorted((name, str(value)) for name, value in row.items() if name not in MOMENTARY))
        for row in rows
    )


@pytest.mark.django_db
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(PACKETS, st.randoms(use_true_random=False), st.integers(1, 4))
def test_the_database_ends_the_same_whatever_the_order(
    packets: list[SessionFacts], chance: object, size: int
) -> None:
    def take(order: list[SessionFacts], step: int) -> object:
        Session.objects.all().delete()
        SessionHistory.objects.all().delete()
        SessionClosed.objects.all().delete()
        for first in range(0, len(order), step):
            sessions.ingest(order[first : first + step])
        return stored()

    at_once = take(packets, len(packets))
    shuffled = packets + packets[:3]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert take(shuffled, size) == at_once
    closed = {one.unique_id for one in packets if one.is_stopped}
    assert not Session.objects.filter(unique_id__in=closed).exists()
    for one in packets:
        row = (
            Session.objects.filter(unique_id=one.unique_id).first()
            or SessionHistory.objects.filter(unique_id=one.unique_id).first()
        )
        assert row is not None
        assert row.in_octets >= one.in_octets
