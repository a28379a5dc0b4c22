"""A BRAS that answers slowly has its time; the others come before its turn comes again."""

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from network import sender, tasks
from network.models import AccessAction, Nas
from tests.support import services
from tests.support.fake_bras import FakeBras, Manners
from tests.support.live import SECRET, session
from tests.support.services import AT

pytestmark = pytest.mark.django_db

ANSWERS_AFTER_S, BLOCKED, TIME_S = 0.1, 12, 0.4


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[deque[dict[str, Any]]]:
    """What waits in the queue of tasks."""
    waiting: deque[dict[str, Any]] = deque()
    monkeypatch.setattr(tasks.send_wishes, "delay", lambda **wanted: waiting.append(wanted))
    monkeypatch.setattr(tasks.clock, "now", lambda: AT)
    monkeypatch.setattr(sender, "RUN_S_MAX", TIME_S)
    cache.clear()
    yield waiting
    cache.clear()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBras]:
    """A BRAS that is asked one thing at a time and thinks; twelve services on it are blocked."""
    monkeypatch.setattr("network.radius.dynauth.TIMEOUT_S", 10.0)
    with FakeBras(secret=SECRET, manners=Manners(delay_s=ANSWERS_AFTER_S)) as bras:
        for _ in range(BLOCKED):
            sold = services.service()
            session(sold, port=bras.port)
            services.block(sold)
        Nas.objects.update(in_flight_max=1)
        yield bras


def states(nas_id: int) -> list[str]:
    return sorted(AccessAction.objects.filter(nas_id=nas_id).values_list("state", flat=True))


def test_it_is_left_when_its_time_is_over_and_nothing_stays_on_the_wire(
    slow: FakeBras, queue: deque[dict[str, Any]]
) -> None:
    nas_id = Nas.objects.get().id
    began = time.monotonic()
    worked = sender.work_off(nas_id=nas_id, now=lambda: AT)
    took_s = time.monotonic() - began
    assert worked.is_unfinished
    assert 0 < worked.done < BLOCKED
    assert took_s < BLOCKED * ANSWERS_AFTER_S, "it would take longer than that to ask all"
    assert states(nas_id).count("ACKNOWLEDGED") == worked.done == len(slow.received)
    assert states(nas_id).count("DESIRED") == BLOCKED - worked.done


def test_the_others_come_before_its_turn_and_then_the_rest_is_done(
    slow: FakeBras, queue: deque[dict[str, Any]]
) -> None:
    nas_id = Nas.objects.get().id
    with FakeBras(secret=SECRET, host="127.0.0.2") as quick:
        other = services.nas(vendor="accel_ppp", address="127.0.0.2", coa_port=quick.port)
        # Each wish of it has put a task into the queue; the other one's came last.
        queue.extend({"nas_id": nas_id} for _ in range(BLOCKED))
        sold = services.service()
        session(sold, port=quick.port, vendor="accel_ppp")
        services.block(sold)
        queue.append({"nas_id": other.id})
        order: list[int] = []
        while queue:
            wanted, before = queue.popleft(), len(slow.received)
            tasks.send_wishes(**wanted)
            if len(slow.received) > before:
                order.append(nas_id)
            if wanted["nas_id"] == other.id:
                order.append(other.id)
    assert order[:3] == [nas_id, other.id, nas_id]
    assert set(order[3:]) <= {nas_id}
    assert states(other.id) == ["ACKNOWLEDGED"]
    assert states(nas_id) == ["ACKNOWLEDGED"] * BLOCKED
    assert len(slow.received) == BLOCKED
    assert cache.get(tasks.WAITS_FOR_ITS_TURN.format(nas_id)) is None


def test_a_turn_that_was_lost_holds_up_nothing_for_long(
    slow: FakeBras, queue: deque[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "TURN_COMES_WITHIN_S", 0.2)
    nas_id = Nas.objects.get().id
    tasks.send_wishes(nas_id=nas_id)
    assert queue.pop()["is_its_turn"]
    tasks.send_due_wishes()
    time.sleep(0.25)
    before = len(slow.received)
    tasks.send_wishes(**queue.pop())
    assert len(slow.received) > before
