"""The worker of the accounting stream reads ahead: what it has in hand is lost by no fault."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import redis
from django.db import OperationalError, connection

from network import stream
from network.models import Session

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
SESSIONS, BATCH = 25, 10


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BATCH_MAX", 7)  # of an entry with many packets
    monkeypatch.setattr(stream, "ENTRIES_MAX", BATCH)
    monkeypatch.setattr(stream, "PAUSE_S", 0.0)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as made:
        for place in range(SESSIONS):
            made.xadd(stream.STREAM, {b"p": interim(place)})
        yield made


def interim(place: int) -> bytes:
    """An interim update in the form that FreeRADIUS writes."""
    session, station = f"81{place:04x}".encode().hex(), f"02:00:00:00:00:{place:02x}".encode().hex()
    at = int(AT.timestamp())
    return (
        f"2|3|{at}|127.0.0.1|{session}||||{station}||||10.9.0.{place}|60|{place}|0|7|0|||".encode()
    )


def started(client: redis.Redis) -> stream.Worker:
    """A worker that has looked for what was in work, and found nothing."""
    made = stream.Worker(client=client, name="one")
    assert made.step(block_ms=0) == 0
    return made


def pending(client: redis.Redis) -> int:
    """What a worker has read and not acknowledged, once nobody reads."""
    return int(client.xpending(stream.STREAM, stream.GROUP)["pending"])


def all_are_stored_once(client: redis.Redis) -> bool:
    macs = Session.objects.order_by("mac").values_list("mac", flat=True)
    wanted = [f"0200000000{place:02x}" for place in range(SESSIONS)]
    return list(macs) == wanted and client.xlen(stream.STREAM) == 0


@pytest.mark.django_db
def test_batches_follow_each_other_until_the_stream_is_read(client: redis.Redis) -> None:
    worker = started(client)
    assert [worker.step(block_ms=0) for _ in range(4)] == [BATCH, BATCH, 5, 0]
    assert all_are_stored_once(client)


@pytest.mark.django_db
def test_an_entry_has_many_packets_and_only_the_useless_is_put_aside(client: redis.Redis) -> None:
    """What nobody can read, and what was torn in the middle, stands among others."""
    client.delete(stream.STREAM)
    lines = [interim(place) for place in range(SESSIONS)]
    torn = interim(99)[:40]
    client.xadd(stream.STREAM, {b"p": b"\n".join([*lines[:9], torn, b"", *lines[9:]])})
    worker = started(client)
    assert worker.step(block_ms=0) == SESSIONS + 1
    assert all_are_stored_once(client)
    ((_name, told),) = client.xrange(stream.dead(stream.STREAM))
    assert told[b"p"] == torn


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [OverflowError("too large"), ValueError("no number")])
def test_what_no_reader_has_thought_of_ends_no_worker(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    real = stream.facts_of

    def fails(packet: bytes, *, received_at: datetime) -> object:
        if packet == b"hostile":
            raise fault
        return real(packet, received_at=received_at)

    monkeypatch.setattr(stream, "facts_of", fails)
    client.delete(stream.STREAM)
    lines = [interim(place) for place in range(SESSIONS)]
    client.xadd(stream.STREAM, {b"p": b"\n".join([b"hostile", *lines])})
    assert started(client).step(block_ms=0) == SESSIONS + 1
    assert all_are_stored_once(client)
    ((_name, told),) = client.xrange(stream.dead(stream.STREAM))
    assert told == {b"p": b"hostile", b"why": str(fault).encode()}


@pytest.mark.django_db
def test_what_is_put_aside_is_called_by_its_name(
    client: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    client.delete(stream.STREAM)
    client.xadd(stream.STREAM, {b"p": b"2|torn\nn1|torn"})
    started(client).step(block_ms=0)
    assert [record.getMessage() for record in caplog.records] == [
        "an accounting packet was put aside: not of this form",
        "a note was put aside: not of this form",
    ]


@pytest.mark.django_db
def test_what_a_killed_worker_had_read_ahead_is_taken_in_by_the_next(client: redis.Redis) -> None:
    worker = started(client)
    assert worker.step(block_ms=0) == BATCH
    worker._reader.shutdown()  # it reads to the end, and is no more
    assert pending(client) == BATCH
    assert Session.objects.count() == BATCH
    next_one = stream.Worker(client=client, name="one")
    assert [next_one.step(block_ms=0) for _ in range(2)] == [BATCH, 5]
    assert all_are_stored_once(client)


@pytest.mark.django_db
def test_a_worker_that_is_told_to_end_takes_in_what_it_has_read(client: redis.Redis) -> None:
    worker = started(client)
    answers = iter([False, True])
    worker.run(until=lambda: next(answers))
    assert pending(client) == 0
    assert Session.objects.count() == 2 * BATCH
    assert client.xlen(stream.STREAM) == SESSIONS - 2 * BATCH


@pytest.mark.django_db(transaction=True)
def test_a_database_that_goes_away_costs_neither_batch(client: redis.Redis) -> None:
    worker = started(client)
    assert worker.step(block_ms=0) == BATCH
    with connection.cursor() as cursor, pytest.raises(OperationalError):
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    answers = iter([False] * 5 + [True])
    worker.run(until=lambda: next(answers))
    assert all_are_stored_once(client)
