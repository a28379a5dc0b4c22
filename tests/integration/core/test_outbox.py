"""News for outside: written with its cause, handed out once, tried again after a failure."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from project.core import outbox
from project.core.models import OutboxEvent

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def heard(monkeypatch):
    """What the handler of "test.news" was given."""
    calls = []
    monkeypatch.setattr(outbox, "_handlers", {})
    monkeypatch.setattr(outbox, "_wake", [])
    outbox.register("test.news", lambda *, payload, at: calls.append(payload["n"]))
    return calls


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_news(heard):
    with transaction.atomic():
        outbox.emit(topic="test.news", payload={"n": 1}, at=AT)
        transaction.set_rollback(True)
    assert outbox.dispatch(at=AT) == 0
    assert heard == []


@pytest.mark.django_db
def test_each_event_is_handed_out_once(heard):
    for n in range(3):
        outbox.emit(topic="test.news", payload={"n": n}, at=AT)
    assert outbox.dispatch(at=AT) == 3
    assert outbox.dispatch(at=AT) == 0
    assert heard == [0, 1, 2]


@pytest.mark.django_db
def test_a_failure_is_tried_again_later_and_then_given_up(heard):
    def fail(*, payload, at):
        raise ConnectionError("the access server does not answer")

    outbox.register("test.news", fail)
    outbox.emit(topic="test.news", payload={"n": 1}, at=AT)
    assert outbox.dispatch(at=AT) == 0
    assert OutboxEvent.objects.get().available_at == AT + timedelta(seconds=2)
    moment = AT
    for _ in range(outbox.MAX_ATTEMPTS):
        moment += timedelta(hours=1)
        outbox.dispatch(at=moment)
    event = OutboxEvent.objects.get()
    assert event.dead_at is not None
    assert "does not answer" in event.last_error


@pytest.mark.django_db
def test_what_failed_in_another_worker_a_moment_ago_waits_for_its_time(heard):
    event_id = outbox.emit(topic="test.news", payload={"n": 1}, at=AT)
    OutboxEvent.objects.filter(id=event_id).update(available_at=AT + timedelta(seconds=2))
    assert outbox._dispatch_one(event_id=event_id, at=AT) == 0
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_share_the_work(heard):
    for n in range(40):
        outbox.emit(topic="test.news", payload={"n": n}, at=AT)
    start = threading.Barrier(2)

    def work():
        start.wait()
        outbox.dispatch(at=AT)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(heard) == list(range(40))


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_woken_only_after_the_commit(heard):
    woken = []
    outbox.on_wake(lambda: woken.append(1))
    with transaction.atomic():
        outbox.emit(topic="test.news", payload={"n": 1}, at=AT)
        assert woken == []
    assert woken == [1]
