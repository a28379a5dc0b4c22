"""The stream of accounting in Redis: what FreeRADIUS has to tell, and the worker that reads it.

The forwarder of the spool (`network.spool`) adds entries of many packets, a line each, as
FreeRADIUS wrote them. Workers of one consumer group take them in batches to `sessions.ingest`, and
only after its commit is an entry acknowledged and deleted. While the database takes a full batch
in, a thread reads the next one. A worker that dies leaves its entries pending: it takes them again
when it is back, another one takes them over after `CLAIM_AFTER_S`; taking in twice changes nothing.
Entries that were not taken in are never trimmed.
A packet that nobody can use goes to a second stream, for people.

Each FreeRADIUS node may have a Redis, and so a stream, of its own: the name of it is kept in that
Redis, and how far it is read is told under it (`network.progress`).
"""

import logging
import socket
import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import redis
from django.db import DataError, Error, close_old_connections

from network import authorizations, progress, sessions, spool
from network.accounting import Boot, SessionFacts
from network.entry_facts import facts_of
from network.radius import note_entry
from network.radius.configuration import STREAM_NAME
from network.radius.note_entry import Note
from project.core import clock

logger = logging.getLogger(__name__)

STREAM = STREAM_NAME
GROUP = "ingest"
BATCH_MAX = 1000  # packets that the database takes in at once
ENTRIES_MAX = 100  # read at once: of one packet when little happens, of seventy in a backlog
BATCH_GOOD = 20  # entries; a smaller batch waits a moment for more
LINGER_S = 0.1
BLOCK_MS = 1000
CLAIM_AFTER_S = 60
PAUSE_S = 1.0
PROGRESS_EVERY_S = 5.0
SEEN_EVERY_S = 60.0  # while it is not at its end
DEAD_KEPT = 10_000
T = TypeVar("T")
Entry = tuple[bytes, dict[bytes, bytes]]
MANY = b"\n"  # between packets of an entry


def dead(stream: str) -> str:
    """The stream of what could not be used."""
    return f"{stream}:dead"


def name_of(*, client: redis.Redis, stream: str = STREAM) -> str:
    """What the stream of this Redis is known by; made by who asks first."""
    key = f"{stream}:name"
    told: Any = client.get(key)
    if told is None:
        client.set(key, f"{socket.gethostname()[:40]}-{uuid.uuid4().hex[:12]}", nx=True)
        told = client.get(key)
    return bytes(told).decode(errors="replace")


@dataclass(slots=True)
class Batch:
    """Entries that were read together, and their packets sorted by what they are."""

    entries: list[bytes] = field(default_factory=list)
    records: list[tuple[bytes, SessionFacts | Boot]] = field(default_factory=list)
    notes: list[tuple[bytes, Note]] = field(default_factory=list)
    useless: list[tuple[bytes, str]] = field(default_factory=list)

    @property
    def packets(self) -> int:
        """How many there are in the entries."""
        return len(self.records) + len(self.notes) + len(self.useless)

    def add(self, entries: Iterable[Entry], *, received_at: datetime) -> None:
        """Read these too."""
        for name, told in entries:
            self.entries.append(name)
            for packet in told.get(b"p", b"").split(MANY):
                if packet:
                    self._add(packet, received_at=received_at)

    def _add(self, packet: bytes, *, received_at: datetime) -> None:
        try:
            if packet.startswith(note_entry.FORMS):
                self.notes.append((packet, note_entry.parse(packet, received_at=received_at)))
            else:
                self.records.append((packet, facts_of(packet, received_at=received_at)))
        except (ValueError, OverflowError) as error:
            # Also what no reader has thought of: it would be read again and again.
            self.useless.append((packet, str(error)))


class Worker:
    """One reader of the stream. `name` must be the same after a restart: by it the entries that it
    had in work are found again.
    """

    def __init__(self, *, client: redis.Redis, name: str, stream: str = STREAM) -> None:
        self.client, self.name, self.stream = client, name, stream
        self._claimed_at = self._progress_at = self._seen_at = 0.0
        place = client.get_connection_kwargs()
        self._read_by = f"{name}, {place.get('host')}:{place.get('port')}"[:120]
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
        """One batch; gives the number of packets that were taken in."""
        if not self._is_ready:
            self._prepare()
            taken = self._pending()
            self._is_ready = True
            return taken
        # What others left, or what was read before, tells nothing of the end of the stream.
        earlier = self._claim() or self._read_ahead()
        read_at = clock.now()
        batch = earlier or self._read(block_ms=block_ms)
        if batch.entries and len(batch.entries) < min(BATCH_GOOD, ENTRIES_MAX) and block_ms:
            time.sleep(LINGER_S)
            more = self._read_from(">", count=ENTRIES_MAX - len(batch.entries))
            batch.add(more, received_at=clock.now())
        if len(batch.entries) >= ENTRIES_MAX and self._ahead is None:
            self._ahead = self._reader.submit(self._read)
        self._take_in(batch)
        is_at_end = earlier is None and len(batch.entries) < ENTRIES_MAX
        self._note_progress(read_at=read_at if is_at_end else None)
        return batch.packets

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
        self._note_seen()

    def _pending(self) -> int:
        """What this worker had in work when it ended."""
        taken = 0
        while True:
            found = self._read(place="0")
            if not found.entries:
                return taken
            self._take_in(found)
            taken += found.packets

    def _claim(self) -> Batch | None:
        """What other workers left lying."""
        if time.monotonic() - self._claimed_at < CLAIM_AFTER_S / 4:
            return None
        self._claimed_at = time.monotonic()
        answer: Any = self.client.xautoclaim(
            self.stream, GROUP, self.name, min_idle_time=CLAIM_AFTER_S * 1000, count=ENTRIES_MAX
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
        most = ENTRIES_MAX if count is None else count
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
            *in_portions(batch.records, take=sessions.ingest, because=(DataError,)),
            *in_portions(batch.notes, take=authorizations.write_down, because=because),
        ]
        with self.client.pipeline(transaction=True) as pipe:
            for packet, why in useless:
                what = "a note" if packet.startswith(note_entry.FORMS) else "an accounting packet"
                logger.warning("%s was put aside: %s", what, why)
                fields: Any = {b"p": packet, b"why": why.encode()}
                pipe.xadd(dead(self.stream), fields, maxlen=DEAD_KEPT, approximate=True)
            pipe.xack(self.stream, GROUP, *batch.entries)
            pipe.xdel(self.stream, *batch.entries)
            pipe.execute()
        self._packets += batch.packets

    def _note_progress(self, *, read_at: datetime | None) -> None:
        """Say that all was read that came until then, or at least that somebody reads. The reaper
        of sessions relies on it."""
        now = time.monotonic()
        if now - self._progress_at < PROGRESS_EVERY_S:
            return
        if read_at is not None and self._is_all_read():
            self._progress_at = self._seen_at = now
            progress.note_read(
                stream=name_of(client=self.client, stream=self.stream),
                read_by=self._read_by,
                packets=self._packets,
                at=read_at,
            )
            self._packets = 0
        elif now - self._seen_at >= SEEN_EVERY_S:
            self._note_seen()

    def _is_all_read(self) -> bool:
        if self.client.xpending(self.stream, GROUP)["pending"]:
            return False
        return spool.all_are_emptied(client=self.client)

    def _note_seen(self) -> None:
        name = name_of(client=self.client, stream=self.stream)
        progress.note_seen(stream=name, read_by=self._read_by, at=clock.now())
        self._seen_at = time.monotonic()


def in_portions(
    records: list[tuple[bytes, T]],
    *,
    take: Callable[[list[T]], object],
    because: tuple[type[Error], ...],
) -> list[tuple[bytes, str]]:
    """Take all in, BATCH_MAX at once; gives what the database refused."""
    return [
        one
        for first in range(0, len(records), BATCH_MAX)
        for one in what_is_refused(records[first : first + BATCH_MAX], take=take, because=because)
    ]


def what_is_refused(
    records: list[tuple[bytes, T]],
    *,
    take: Callable[[list[T]], object],
    because: tuple[type[Error], ...],
) -> list[tuple[bytes, str]]:
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


def waiting(*, client: redis.Redis, stream: str = STREAM) -> int:
    """How many entries are not taken in yet: those in work and those not read."""
    return int(client.xlen(stream))
