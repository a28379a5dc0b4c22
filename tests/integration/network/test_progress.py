"""Accounting of two nodes: silence counts only up to where the streams of both were read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from network import progress, session_queries, sessions, spool, stream
from network.accounting import SessionFacts
from network.models import AccountingProgress, Session
from project.core.actor import SYSTEM
from project.core.errors import NotFoundError
from project.core.models import AuditEntry

AT = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def read(name: str, at: datetime, *, packets: int = 1) -> None:
    progress.note_read(stream=name, read_by=f"{name}-1, redis:1", packets=packets, at=at)


def seen(name: str, at: datetime) -> None:
    progress.note_seen(stream=name, read_by=f"{name}-1, redis:1", at=at)


def heard(key: str, at: datetime) -> None:
    """A session's report was taken in."""
    number = int(at.timestamp())
    sessions.ingest([
        SessionFacts(
            unique_id=key, acct_session_id=key, nas_address="10.9.0.1", login=key, mac="",
            circuit_hex="", framed_ip="", subscription_id=None, is_guest=False, started_at=AT,
            last_seen_at=at, in_octets=number, out_octets=number, session_time_s=0,
            is_stopped=False, stopped_at=None, terminate_cause="",
        )
    ])  # fmt: skip


def states() -> dict[str, str]:
    return dict(Session.objects.order_by("unique_id").values_list("unique_id", "state"))


@pytest.mark.django_db
def test_while_one_node_waits_only_what_was_silent_before_is_closed() -> None:
    heard("through-a", AT - 2 * HOUR)
    heard("through-b", AT)
    read("a", AT)
    read("b", AT)
    late = AT + 8 * HOUR
    read("a", late)
    assert session_queries.accounting_as_of() == AT
    assert sessions.reap(at=late) == (0, 1)
    assert states() == {"through-b": "OPEN"}
    heard("through-b", late)  # its node is back, and told what had waited
    read("b", late)
    assert session_queries.accounting_as_of() == late
    assert sessions.reap(at=late) == (0, 0)
    assert states() == {"through-b": "OPEN"}


@pytest.mark.django_db
def test_workers_of_one_stream_are_told_of_together() -> None:
    read("a", AT, packets=3)
    progress.note_read(stream="a", read_by="other-2, redis:1", packets=4, at=AT + MINUTE)
    row = AccountingProgress.objects.get()
    assert (row.packets, row.caught_up_at, row.read_by) == (7, AT + MINUTE, "other-2, redis:1")
    assert session_queries.accounting_as_of() == AT + MINUTE


@pytest.mark.django_db
def test_a_node_that_was_taken_away_is_waited_for_a_day() -> None:
    read("a", AT)
    read("b", AT)
    read("a", AT + DAY - MINUTE)
    assert session_queries.accounting_as_of() == AT
    read("a", AT + DAY)
    assert session_queries.accounting_as_of() == AT + DAY
    seen("b", AT + DAY + HOUR)  # it is back, with much to read: waited for again
    assert session_queries.accounting_as_of() == AT


@pytest.mark.django_db
def test_who_reads_a_backlog_for_days_is_waited_for() -> None:
    for name in ("a", "b"):
        read(name, AT)
    for hours in range(0, 72, 12):
        read("a", AT + hours * HOUR)
        seen("b", AT + hours * HOUR)
    assert session_queries.accounting_as_of() == AT


@pytest.mark.django_db
def test_nodes_that_fell_silent_on_one_day_are_waited_for_ever(settings: Settings) -> None:
    heard("one", AT)
    read("a", AT)
    read("b", AT + 2 * HOUR)
    assert session_queries.accounting_as_of() == AT
    assert sessions.reap(at=AT + 30 * DAY) == (0, 0)
    settings.GEOBILL_RADIUS_ACCOUNTING = "rest"
    assert session_queries.accounting_as_of() is None, "the streams were given up"


@pytest.mark.django_db
def test_of_a_stream_that_is_new_nothing_is_known_but_that_it_is_read() -> None:
    """What waits in it may be hours of reports: nobody is called silent since it was seen."""
    heard("one", AT - 2 * HOUR)
    read("a", AT)
    seen("new", AT + MINUTE)
    read("a", AT + 8 * HOUR)
    assert session_queries.accounting_as_of() == AT + MINUTE


@pytest.mark.django_db
def test_a_word_of_tomorrow_makes_no_other_stream_a_thing_of_yesterday() -> None:
    heard("through-b", AT)
    read("b", AT)
    read("a", AT + 2 * DAY)  # its clock is wrong
    assert progress.known_until(AT + HOUR) == AT
    assert sessions.reap(at=AT + HOUR) == (0, 0)


@pytest.mark.django_db
def test_a_row_of_the_program_before_holds_nobody_for_long() -> None:
    AccountingProgress.objects.create(name="host-1", caught_up_at=AT, updated_at=AT, packets=1)
    read("a", AT + timedelta(seconds=30))
    assert session_queries.accounting_as_of() == AT
    read("a", AT + 2 * MINUTE)
    assert session_queries.accounting_as_of() == AT + 2 * MINUTE


@pytest.mark.django_db
def test_people_say_that_a_node_is_no_more() -> None:
    read("a", AT + HOUR)
    read("b", AT)
    progress.forget(stream="b", at=AT + HOUR, actor=SYSTEM)
    assert session_queries.accounting_as_of() == AT + HOUR
    entry = AuditEntry.objects.get(action="network.accounting_stream.forgotten")
    assert (entry.object_id, entry.summary) == ("b", "b-1, redis:1")
    with pytest.raises(NotFoundError):
        progress.forget(stream="b", at=AT + HOUR, actor=SYSTEM)


@pytest.mark.django_db
def test_what_was_known_before_streams_had_names_counts_until_the_first_is_read() -> None:
    AccountingProgress.objects.create(name=progress.BEFORE, caught_up_at=AT, updated_at=AT)
    seen("a", AT + HOUR)
    assert session_queries.accounting_as_of() == AT
    read("a", AT + 2 * HOUR)
    assert session_queries.accounting_as_of() == AT + 2 * HOUR
    assert AccountingProgress.objects.count() == 1


@pytest.fixture
def client(redis_url: str, settings: Settings) -> Iterator[redis.Redis]:
    settings.GEOBILL_ACCOUNTING_REDIS_URL = redis_url
    with redis.Redis.from_url(redis_url) as made:
        yield made


def test_the_name_of_a_stream_is_kept_in_its_redis(client: redis.Redis) -> None:
    name = stream.name_of(client=client)
    assert stream.name_of(client=client) == name
    assert stream.name_of(client=client, stream="other") != name
    client.flushall()
    assert stream.name_of(client=client) != name, "another Redis, or one that lost its disk"
    assert len(name) <= 80


@pytest.mark.django_db
def test_a_worker_says_that_it_reads_also_while_much_waits(
    client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "ENTRIES_MAX", 2)
    monkeypatch.setattr(stream, "SEEN_EVERY_S", 0.0)
    name = stream.name_of(client=client)
    old = datetime(2026, 1, 1, tzinfo=UTC)
    AccountingProgress.objects.create(name=name, caught_up_at=old, updated_at=old)
    worker = stream.Worker(client=client, name="w")
    assert worker.step(block_ms=0) == 0
    assert AccountingProgress.objects.get().updated_at > old, "seen as soon as it is back"
    AccountingProgress.objects.update(updated_at=old)
    for _entry in range(4):
        client.xadd(stream.STREAM, {b"p": b"nonsense"})
    worker.step(block_ms=0)
    row = AccountingProgress.objects.get()
    assert row.updated_at > old
    assert row.caught_up_at == old
    worker.step(block_ms=0)
    worker.step(block_ms=0)
    row.refresh_from_db()
    assert row.caught_up_at is not None
    assert row.caught_up_at > old
    assert row.read_by.startswith("w, ")


@pytest.mark.django_db
def test_the_command_lists_streams_and_spools_and_gives_them_up(
    client: redis.Redis, tmp_path: Path
) -> None:
    read("a", AT)
    read("b", AT - 2 * DAY)
    spool.Forwarder(client=client, folder=tmp_path / "spool").step()
    [name] = spool.spools(client=client)

    def told(*arguments: str) -> list[str]:
        out = StringIO()
        call_command("accounting_streams", *arguments, stdout=out)
        return out.getvalue().splitlines()

    first, second, third = told()
    assert first == "stream a: read until 2026-11-26 09:00:00 UTC by a-1, redis:1"
    assert second.endswith("not told of for a day: not waited for")
    assert third.startswith(f"spool {name}: all was sent ")
    assert told("--forget", "b", "--forget-spool", name) == [first]
    for what in ("--forget", "--forget-spool"):
        with pytest.raises(CommandError):
            told(what, "b")


@pytest.mark.django_db
def test_the_newest_word_of_workers_becomes_that_of_the_one_stream() -> None:
    migration = import_module("network.migrations.0023_progress_of_streams")
    for name, at in (("a", AT - HOUR), ("b", AT), ("c", AT), ("d", None)):
        AccountingProgress.objects.create(name=name, caught_up_at=at, updated_at=AT)
    with connection.cursor() as cursor:
        cursor.execute(migration.ONE_STREAM)
        cursor.execute(migration.ONE_STREAM)
    row = AccountingProgress.objects.get()
    assert (row.name, row.caught_up_at) == (progress.BEFORE, AT)
