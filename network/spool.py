"""The spool: files to which FreeRADIUS writes a line a packet, and the forwarder that empties them.

FreeRADIUS answers a packet of accounting once its line is written (`policy/accounting.stream`), so
neither Redis nor anything of ours must be well. It writes to one of `SPOOL_FILES` files, under a
lock, and looks each time whether the file is still the one of that name. The forwarder follows them
and puts what is new into the stream, many lines an entry, in one transaction of Redis with how far
it has come in each file. Whatever is killed, a line is in the stream, or it is sent; and what Redis
has forgotten with a power failure is sent anew from the files that are still there.

A file that is large or old is given another name and a new one its place; once it has been sent
for `KEPT_S` it is deleted, under its lock, so that nobody can be writing to it. While little room
is left on the disk the files are barred: FreeRADIUS then answers nobody, and the BRASes keep their
packets. Nobody says then that all was read, so no session is taken to be silent.
"""

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import redis

from network import spool_names
from network.radius.configuration import SPOOL_FILES, STREAM_NAME

logger = logging.getLogger(__name__)

# Hashes: `spool_names.key_of` a file → bytes of it that are in the stream; spool → when all was.
OFFSETS, EMPTIED = f"{STREAM_NAME}:offsets", f"{STREAM_NAME}:emptied"
READ_BYTES = 64 * 1024
ENTRY_BYTES = 16 * 1024
IDLE_S, PAUSE_S = 0.02, 1.0
CHANGE_BYTES, CHANGE_S = 2 * 1024 * 1024, 3600.0
KEPT_S = 5.0  # longer than Redis keeps something from the disk (appendfsync everysec)
ROOM_BYTES = 64 * 1024 * 1024
HOUSE_S = 1.0
LATE_S, GONE_S = 15.0, 86_400.0
BARRED = "barred/nothing"  # no such folder, so FreeRADIUS cannot make the file


@dataclass(slots=True)
class Followed:
    """One file: how much of it is in the stream, and since when nothing has happened to it: it has
    the same size, and nothing of it was sent.

    `key` is empty while it has no whole line yet.
    """

    name: str
    descriptor: int
    key: str
    offset: int
    begun_at: float
    quiet_since: float
    size: int = -1
    is_stuck: bool = False


class Forwarder:
    """Empties the spool of one FreeRADIUS. A second one of the same folder waits for the first."""

    def __init__(
        self,
        *,
        client: redis.Redis,
        folder: Path,
        room: Callable[[Path], int] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client, self.folder = client, folder
        self._now, self._room = now, room or room_of
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        self._former_name = ""
        self._files: dict[int, Followed] = {}  # by the number of the inode
        self._kept_house_at = -HOUSE_S
        self._is_barred = False

    @cached_property
    def name(self) -> str:
        """The name of this spool, first asked for when no other forwarder works here."""
        name, self._former_name = spool_names.name_of(self.folder)
        return name

    def run(self, *, until: Callable[[], bool]) -> None:
        """Work until told to end. Neither a Redis that is away nor a full disk ends it."""
        while not until() and not self._is_alone():
            time.sleep(PAUSE_S)
        while not until():
            try:
                has_more = self.step()
            except redis.RedisError as error:
                logger.warning("Redis: %s", error)
                self._wait_for_redis()
            except OSError as error:
                logger.warning("the spool: %s", error)
                time.sleep(PAUSE_S)
            else:
                if not has_more:
                    time.sleep(IDLE_S)

    def step(self) -> bool:
        """Send what is new in all files, and see to the files now and then; whether one had more
        than is taken at once. A look costs as much however little there is, so else it can wait.
        """
        self._look()
        parts, read, is_all = [], {}, True
        for inode, one in self._files.items():
            data = os.pread(one.descriptor, READ_BYTES, one.offset)
            if not data and os.fstat(one.descriptor).st_size < one.offset:
                self._begin_anew(one)
            one.key = one.key or (spool_names.key_of(self.name, one.descriptor) if data else "")
            end = data.rfind(b"\n") + 1
            if len(data) == READ_BYTES:
                is_all = False
                end = end or len(data)  # no line is so long: whatever it is, people shall see it
            if end and one.key:
                parts.append(data[:end])
                read[inode] = end
        if parts and not self._send(b"".join(parts), read):
            return False
        if self._now() - self._kept_house_at >= HOUSE_S:
            self._kept_house_at = self._now()
            self._keep_house(is_all=is_all)
        return not is_all

    def _wait_for_redis(self) -> None:
        self.forget()
        try:
            self.see_to_room()
        except OSError as error:
            logger.warning("the spool: %s", error)
        time.sleep(PAUSE_S)

    def forget(self) -> None:
        """Ask Redis anew how far it has come: one that was restarted may have less."""
        for one in self._files.values():
            os.close(one.descriptor)
        self._files.clear()

    def see_to_room(self) -> None:
        """Bar the files while there is little room, and let them be made again after it."""
        is_full = self._room(self.folder) < ROOM_BYTES
        was_barred, self._is_barred = self._is_barred, is_full
        if is_full and not was_barred:
            logger.error("the spool: the disk is full: nothing is answered until it has room")
        for number in range(SPOOL_FILES):
            path = self.folder / str(number)
            if path.is_symlink():
                was_barred = True
                if not is_full:
                    path.unlink()
            elif is_full:
                self._replace(path, by=lambda new: new.symlink_to(BARRED))
        if was_barred and not is_full:
            logger.info("the spool: the disk has room again: accounting is answered")

    # ---- following ------------------------------------------------------------------------------

    def _look(self) -> None:
        """Which files there are. One that has another name now goes on where it was."""
        present: dict[int, str] = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if not _is_ours(entry.name) or not entry.is_file(follow_symlinks=False):
                    continue
                other = present.get(entry.inode())
                present[entry.inode()] = entry.name
                if other is not None:
                    # Killed in the middle of a change: the file still has its place.
                    extra, present[entry.inode()] = sorted((entry.name, other), reverse=True)
                    (self.folder / extra).unlink()
        for inode in self._files.keys() - present.keys():
            gone = self._files.pop(inode)
            os.close(gone.descriptor)
            if gone.key:
                self.client.hdel(OFFSETS, gone.key)
        for inode in present.keys() - self._files.keys():
            self._files[inode] = self._followed(self.folder / present[inode])
        for inode, name in present.items():
            self._files[inode].name = name

    def _followed(self, path: Path) -> Followed:
        """A file from the place where the last forwarder was in it, if it can be the same."""
        descriptor = os.open(path, os.O_RDWR)
        key = spool_names.key_of(self.name, descriptor)
        try:
            told: Any = self.client.hget(OFFSETS, key) if key else None
            place = int(told or 0)
            if place and not spool_names.can_end(descriptor, place):
                logger.warning("the spool: %s is not what was sent of it: sent anew", path.name)
                place = 0
                self.client.hset(OFFSETS, key, place)
        except BaseException:
            os.close(descriptor)
            raise
        return Followed("", descriptor, key, place, self._now(), self._now())

    def _begin_anew(self, one: Followed) -> None:
        """Somebody has emptied this file: what it is given now is another one's."""
        logger.warning("the spool: %s was cut short: sent anew", one.name)
        self.client.hdel(OFFSETS, one.key)
        one.key, one.offset = "", 0

    def _send(self, data: bytes, read: dict[int, int]) -> bool:
        """Lines into the stream and the new places of their files, both or neither."""
        places: dict[Any, Any] = {
            one.key: one.offset + size
            for inode, size in read.items()
            if (one := self._files[inode]).key
        }
        with self.client.pipeline(transaction=True) as pipe:
            self._ask_places(pipe)
            for entry in entries_of(data):
                pipe.xadd(STREAM_NAME, {b"p": entry})
            if places:
                pipe.hset(OFFSETS, mapping=places)
            had = pipe.execute()[0]
        if not self._is_as_known(had):
            return False
        for inode, size in read.items():
            self._files[inode].offset += size
            self._files[inode].quiet_since = self._now()
        return True

    def _ask_places(self, client: Any) -> Any:
        return client.hmget(OFFSETS, ["", *(one.key for one in self._files.values() if one.key)])

    def _is_as_known(self, had: list[bytes | None]) -> bool:
        """No: Redis has forgotten what was sent, with a power failure. Then it is sent anew."""
        known = [one for one in self._files.values() if one.key]
        less: dict[Any, Any] = {
            one.key: int(place or 0)
            for one, place in zip(known, had[1:], strict=True)
            if int(place or 0) < one.offset
        }
        if less:
            logger.warning("Redis has forgotten places of %d files: they are sent anew", len(less))
            self.client.hset(OFFSETS, mapping=less)
            self.forget()
        return not less

    # ---- keeping house --------------------------------------------------------------------------

    def _keep_house(self, *, is_all: bool) -> None:
        self.see_to_room()
        if self._files and not self._is_as_known(self._ask_places(self.client)):
            return
        for inode, one in list(self._files.items()):
            if "." in one.name:
                if not self._end(inode, one):
                    return
            elif one.offset >= CHANGE_BYTES or (
                one.offset and self._now() - one.begun_at > CHANGE_S
            ):
                self._replace(self.folder / one.name, by=lambda new: new.touch(mode=0o600))
        if is_all or self._is_barred:
            self._tell()

    def _replace(self, path: Path, *, by: Callable[[Path], object]) -> None:
        """Give the file another name, its place to what `by` makes; never is there none of it."""
        new = path.with_name(f"new-{path.name}")
        new.unlink(missing_ok=True)
        by(new)
        if path.exists():
            os.link(path, path.with_name(f"{path.name}.{time.time_ns()}"))
        new.rename(path)

    def _end(self, inode: int, one: Followed) -> bool:
        """A file that has lost its place: delete it when nothing has happened to it for long.
        No: what it had could not be sent."""
        size = os.fstat(one.descriptor).st_size
        if size != one.size:
            one.size, one.quiet_since = size, self._now()
        rest = os.pread(one.descriptor, READ_BYTES, one.offset)
        is_line = b"\n" in rest or len(rest) == READ_BYTES
        if is_line or self._now() - one.quiet_since < KEPT_S:
            return True
        # Whoever still writes to it holds this lock; whoever comes later finds the file deleted.
        try:
            fcntl.lockf(one.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        is_same = os.fstat(one.descriptor).st_size == size
        if is_same and not rest:
            self._delete(inode, one)
            return True
        # What is left is a line that was torn: nobody was answered, and people shall see it.
        is_sent = not is_same or self._send(rest, {inode: len(rest)})
        if is_sent:
            fcntl.lockf(one.descriptor, fcntl.LOCK_UN)
        return is_sent

    def _delete(self, inode: int, one: Followed) -> None:
        """The place first: at worst the file is sent again."""
        if one.key:
            self.client.hdel(OFFSETS, one.key)
        try:
            (self.folder / one.name).unlink(missing_ok=True)
        except OSError as error:
            if one.key:
                self.client.hset(OFFSETS, one.key, one.offset)
            if not one.is_stuck:
                logger.error("the spool: %s was sent and cannot be deleted: %s", one.name, error)
            one.is_stuck, one.quiet_since = True, self._now()
            fcntl.lockf(one.descriptor, fcntl.LOCK_UN)
            return
        del self._files[inode]
        os.close(one.descriptor)

    def _tell(self) -> None:
        """That all is in the stream: a session that is silent for long is silent itself then.

        Not so while the BRASes have what nobody takes from them: it says to be late, and is there.
        """
        late_s = 2 * int(LATE_S) if self._is_barred else 0
        self.client.hset(EMPTIED, self.name, _seconds_of(self.client) - late_s)
        if self._former_name:
            # Else it would be late for a day. Where it is another machine's, that one tells anew.
            self.client.hdel(EMPTIED, self._former_name)
            self._former_name = ""

    def _is_alone(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True


def entries_of(data: bytes) -> Iterable[bytes]:
    """The lines in portions of at most ENTRY_BYTES, none of them divided."""
    begin = 0
    while begin < len(data):
        end = len(data)
        if end - begin > ENTRY_BYTES:
            cut = data.rfind(b"\n", begin, begin + ENTRY_BYTES) + 1
            end = cut or (data.find(b"\n", begin) + 1) or len(data)
        entry = data[begin:end].strip(b"\n")
        if entry:
            yield entry
        begin = end


def room_of(folder: Path) -> int:
    """Bytes that the disk still has for us."""
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize


def all_are_emptied(*, client: redis.Redis) -> bool:
    """Whether each forwarder said so lately; one that was silent for a day is no more."""
    ages = spools(client=client).values()
    return all(-LATE_S <= age <= LATE_S or age >= GONE_S for age in ages)


def spools(*, client: redis.Redis) -> dict[str, int]:
    """The spools that were ever sent to this Redis: how many seconds ago all of each was."""
    told: Any = client.hgetall(EMPTIED)
    now = _seconds_of(client)
    return {name.decode(errors="replace"): now - int(at) for name, at in told.items()}


def forget_spool(name: str, *, client: redis.Redis) -> bool:
    """It is sent here no more: wait for it no longer. False where no such one is known."""
    return bool(client.hdel(EMPTIED, name))


def _seconds_of(client: redis.Redis) -> int:
    """Redis' clock: the only one that the forwarder and the worker have in common."""
    told: Any = client.time()
    return int(told[0])


def _is_ours(name: str) -> bool:
    number, _dot, serial = name.partition(".")
    return number.isdigit() and (not _dot or serial.isdigit())
