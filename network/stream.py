"""The stream of accounting in Redis: what FreeRADIUS writes there, and the worker that reads it.

FreeRADIUS adds one entry a packet (`raddb/policy/accounting.stream`). Workers of one consumer group
take them in batches to `sessions.ingest`, and only after its commit is an entry acknowledged and
deleted. While the database takes a full batch in, a thread reads the next one. A worker that dies
leaves its entries pending: it takes them again when it is back, another one takes them over after
`CLAIM_AFTER_S`; taking in twice changes nothing. Entries that were not taken in are never trimmed.
One that nobody can use goes to a second stream, for people.
"""

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import redis
from django.db import DataError, Error, close_old_connections
from django.db.models import F

from network import authorizations, sessions
from network.accounting import Boot, SessionFacts, UselessPacketError
from network.entry_facts import facts_of
from network.models import AccountingProgress
from network.radius import note_entry
from network.radius.configuration import STREAM_NAME
from network.radius.note_entry import Note
from network.radius.stream_entry import BadEntryError
from project.core import clock

logger = logging.getLogger(__name__)

STREAM = STREAM_NAME
GROUP = "ingest"
BATCH_MAX = 1000
BATCH_GOOD = 200  # a smaller one waits a moment for more
LINGER_S = 0.1
BLOCK_MS = 1000
CLAIM_AFTER_S = 60
PAUSE_S = 1.0
PROGRESS_EVERY_S = 5.0
DEAD_KEPT = 10_000
T = TypeVar("T")
Entry = tuple[bytes, dict[bytes, bytes]]


def dead(stream: str) -> str:
    """The stream of what could not be used."""
    return f"{stream}:dead"


@dataclass(slots=True)
class Batch:
    """Entries that were read together, sorted by what they are, each with what it says."""

    entries: list[Entry] = field(default_factory=list)
    records: list[tuple[Entry, SessionFacts | Boot]] = field(default_factory=list)
    notes: list[tuple[Entry, Note]] = field(default_factory=list)
    useless: list[tuple[Entry, str]] = field(default_factory=list)

    def add(self, entries: Iterable[Entry], *, received_at: datetime) -> None:
        """Read these too."""
        for entry in entries:
            self.entries.append(entry)
            packet = entry[1].get(b"p", b"")
            try:
                if packet.startswith(note_entry.FORM):
                    self.notes.append((entry, note_entry.parse(packet, received_at=received_at)))
                else:
                    self.records.append((entry, facts_of(packet, received_at=received_at)))
            except (BadEntryError, UselessPacketError) as error:
                self.useless.append((entry, str(error)))


class Worker:
    """One reader of the stream. `name` must be the same after a restart: by it the entries that it
    had in work are found again.
    """

    def __init__(self, *, client: redis.Redis, name: str, stream: str = STREAM) -> None:
        self.client, self.name, self.stream = client, name, stream
        self._claimed_at = self._progress_at = 0.0
        self._is_ready = False
        self._packets = 0
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="stream")
        self._ahead: Future[Batch] | None = None

    def run(self, *, until: Callable[[], bool]) -> None:
        """Work until told to end. Neither a Redis nor a database that is away ends it."""
        while not until():
            self._guarded(lambda: self.step(block_ms=BLOCK_MS))
        if self._ahead is not None:
            self._guarded(lambda: self._take_in(self._read_ahead()))
        self._reader.shutdown()

    def step(self, *, block_ms: int) -> int:
        """One batch; gives the number of entries that were taken in and deleted."""
        if not self._is_ready:
            self._prepare()
            taken = self._pending()
            self._is_ready = True
            return taken
        batch = self._claim() or self._read_ahead() or self._read(block_ms=block_ms)
        if batch.entries and len(batch.entries) < min(BATCH_GOOD, BATCH_MAX) and block_ms:
            time.sleep(LINGER_S)
            more = self._read_from(">", count=BATCH_MAX - len(batch.entries))
            batch.add(more, received_at=clock.now())
        if len(batch.entries) >= BATCH_MAX and self._ahead is None:
            self._ahead = self._reader.submit(self._read)
        self._take_in(batch)
        if len(batch.entries) < BATCH_MAX:
            self._note_progress()
        return len(batch.entries)

    def _guarded(self, work: Callable[[], object]) -> None:
        try:
            work()
        except redis.RedisError as error:
            self._is_ready = False
            logger.warning("Redis: %s", error)
            time.sleep(PAUSE_S)
        except Error as error:
            logger.warning("the database: %s; what was read is taken in again", error)
            # What was read, ahead too, is pending under our name: begin with it.
            self._is_ready = False
            close_old_connections()
            time.sleep(PAUSE_S)

    def _prepare(self) -> None:
        if self._ahead is not None:
            self._ahead.exception()  # once it has ended, what it read is found among the pending
            self._ahead = None
        try:
            self.client.xgroup_create(self.stream, GROUP, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _pending(self) -> int:
        """What this worker had in work when it ended."""
        taken = 0
        while True:
            found = self._read(place="0")
            if not found.entries:
                return taken
            self._take_in(found)
            taken += len(found.entries)

    def _claim(self) -> Batch | None:
        """What other workers left lying."""
        if time.monotonic() - self._claimed_at < CLAIM_AFTER_S / 4:
            return None
        self._claimed_at = time.monotonic()
        answer: Any = self.client.xautoclaim(
            self.stream, GROUP, self.name, min_idle_time=CLAIM_AFTER_S * 1000, count=BATCH_MAX
        )
        found = [one for one in answer[1] if one[1]]
        return self._batch(found) if found else None

    def _read_ahead(self) -> Batch | None:
        """What the thread has read while the last batch was taken in."""
        if self._ahead is None:
            return None
        ahead, self._ahead = self._ahead, None
        batch = ahead.result()
        return batch if batch.entries else None

    def _read(self, *, place: str = ">", block_ms: int = 0) -> Batch:
        return self._batch(self._read_from(place, block_ms=block_ms))

    def _batch(self, entries: Iterable[Entry]) -> Batch:
        batch = Batch()
        batch.add(entries, received_at=clock.now())
        return batch

    def _read_from(self, place: str, *, block_ms: int = 0, count: int | None = None) -> list[Entry]:
        most = BATCH_MAX if count is None else count
        answer: Any = self.client.xreadgroup(
            GROUP, self.name, {self.stream: place}, count=most, block=block_ms or None
        )
        return answer[0][1] if answer else []

    def _take_in(self, batch: Batch | None) -> None:
        """Into the database, and out of the stream after the commit."""
        if batch is None or not batch.entries:
            return
        because = authorizations.NOT_HAVING_IT
        useless = [
            *batch.useless,
            *what_is_refused(batch.records, take=sessions.ingest, because=(DataError,)),
            *what_is_refused(batch.notes, take=authorizations.write_down, because=because),
        ]
        with self.client.pipeline(transaction=True) as pipe:
            for entry, why in useless:
                logger.warning("an accounting packet was put aside: %s", why)
                fields: Any = {**entry[1], b"why": why.encode()}
                pipe.xadd(dead(self.stream), fields, maxlen=DEAD_KEPT, approximate=True)
            ids = [entry[0] for entry in batch.entries]
            pipe.xack(self.stream, GROUP, *ids)
            pipe.xdel(self.stream, *ids)
            pipe.execute()
        self._packets += len(batch.entries)

    def _note_progress(self) -> None:
        """Say that all was read. The reaper of sessions relies on it."""
        if time.monotonic() - self._progress_at < PROGRESS_EVERY_S:
            return
        if self.client.xpending(self.stream, GROUP)["pending"]:
            return
        self._progress_at = time.monotonic()
        note_progress(name=self.name, packets=self._packets, at=clock.now())
        self._packets = 0


def what_is_refused(
    records: list[tuple[Entry, T]],
    *,
    take: Callable[[list[T]], object],
    because: tuple[type[Error], ...],
) -> list[tuple[Entry, str]]:
    """Take all in at once; when the database refuses a value, halves of it. Gives the refused."""
    if not records:
        return []
    try:
        take([record for _entry, record in records])
    except because as error:
        if len(records) == 1:
            return [(records[0][0], str(error))]
        middle = len(records) // 2
        first, rest = records[:middle], records[middle:]
        return [
            *what_is_refused(first, take=take, because=because),
            *what_is_refused(rest, take=take, because=because),
        ]
    return []


def note_progress(*, name: str, packets: int, at: datetime) -> None:
    """Store that a worker had read everything at this time, and how much it took in since."""
    row, created = AccountingProgress.objects.get_or_create(
        name=name, defaults={"caught_up_at": at, "packets": packets, "updated_at": at}
    )
    if not created:
        AccountingProgress.objects.filter(name=row.name).update(
            caught_up_at=at, packets=F("packets") + packets, updated_at=at
        )


def waiting(*, client: redis.Redis, stream: str = STREAM) -> int:
    """How many entries are not taken in yet: those in work and those not read."""
    return int(client.xlen(stream))
