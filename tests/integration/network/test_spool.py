"""The spool between FreeRADIUS and the stream: whatever is killed or forgotten, no line is lost."""

import fcntl
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from network import spool, stream

WELL = 10**12


class KilledError(Exception):
    """The forwarder is killed here."""


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.at = 1_000_000.0

    def __call__(self) -> float:
        """The time; each look is a second later, so that every step keeps house."""
        self.at += 1.0
        return self.at


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def forwarder(client: redis.Redis, folder: Path, *, room: int = WELL) -> spool.Forwarder:
    return spool.Forwarder(client=client, folder=folder, room=lambda _folder: room, now=Clock())


def write(folder: Path, number: int, *lines: str) -> None:
    """As FreeRADIUS does: to the end of the file of that name, with a new line first."""
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / str(number)).open("ab") as file:
        for line in lines:
            file.write(f"\n{line}\n".encode())


def sent(client: redis.Redis) -> list[str]:
    """Lines in the stream."""
    found: Any = client.xrange(spool.STREAM_NAME)
    return [line for _name, told in found for line in told[b"p"].decode().split("\n") if line]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_lines_of_all_files_are_sent_once(client: redis.Redis, folder: Path) -> None:
    one = forwarder(client, folder)
    write(folder, 0, "a", "b")
    write(folder, 7, "c")
    one.step()
    write(folder, 0, "d")
    one.step()
    one.step()
    assert sorted(sent(client)) == ["a", "b", "c", "d"]


def test_the_next_one_goes_on_where_the_last_one_was(client: redis.Redis, folder: Path) -> None:
    write(folder, 3, "a")
    forwarder(client, folder).step()
    write(folder, 3, "b")
    forwarder(client, folder).step()
    assert sent(client) == ["a", "b"]


def test_a_line_that_is_not_whole_waits_for_its_end(client: redis.Redis, folder: Path) -> None:
    one = forwarder(client, folder)
    write(folder, 0, "a")
    with (folder / "0").open("ab") as file:
        file.write(b"\nhalf of")
    one.step()
    assert sent(client) == ["a"]
    write(folder, 0, "b")  # the next FreeRADIUS begins a new line
    one.step()
    assert sent(client) == ["a", "half of", "b"]


def test_what_redis_has_forgotten_is_sent_again(client: redis.Redis, folder: Path) -> None:
    """A power failure takes its last second: the stream's end and the places go together."""
    one = forwarder(client, folder)
    write(folder, 0, "a", "b")
    one.step()
    client.flushdb()
    write(folder, 0, "c")
    for _ in range(3):
        one.step()
    assert set(sent(client)) == {"a", "b", "c"}
    client.flushdb()
    for _ in range(3):
        one.step()
    assert set(sent(client)) == {"a", "b", "c"}


def test_a_new_file_with_the_number_of_an_old_one_is_sent_whole(
    client: redis.Redis, folder: Path
) -> None:
    """Somebody has taken the old one away while no forwarder worked, or Redis knows older ones."""
    write(folder, 0, "a", "b")
    forwarder(client, folder).step()
    number = (folder / "0").stat().st_ino
    (folder / "0").write_bytes(b"\nc\n\nd\n\ne\n")
    assert (folder / "0").stat().st_ino == number
    forwarder(client, folder).step()
    assert sent(client) == ["a", "b", "c", "d", "e"]


def test_a_file_that_has_less_than_was_sent_of_it_is_sent_anew(
    client: redis.Redis, folder: Path
) -> None:
    write(folder, 0, "a", "b")
    forwarder(client, folder).step()
    ((key, place),) = client.hgetall(spool.OFFSETS).items()
    os.truncate(folder / "0", 3)
    one = forwarder(client, folder)
    one._look()
    assert client.hget(spool.OFFSETS, key) == b"0", "before it grows over that place"
    write(folder, 0, "b", "c")
    one.step()
    assert int(place) == 6
    assert sent(client) == ["a", "b", "a", "b", "c"]


def test_a_file_whose_end_was_lost_and_that_has_grown_since_is_sent_anew(
    client: redis.Redis, folder: Path
) -> None:
    """A power failure of the node: it begins with the same line and is longer than was sent."""
    write(folder, 0, "a", "b")
    forwarder(client, folder).step()
    os.truncate(folder / "0", 3)
    write(folder, 0, "a longer one")
    forwarder(client, folder).step()
    assert sent(client) == ["a", "b", "a", "a longer one"]


def test_a_file_that_is_emptied_while_it_is_followed_goes_on(
    client: redis.Redis, folder: Path
) -> None:
    one = forwarder(client, folder)
    write(folder, 0, "a", "b")
    one.step()
    os.truncate(folder / "0", 0)
    one.step()
    write(folder, 0, "c")
    one.step()
    assert sent(client) == ["a", "b", "c"]
    assert client.hlen(spool.OFFSETS) == 1


def test_a_copied_disk_is_another_spool(
    client: redis.Redis, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, 0, "a")
    first = forwarder(client, folder)
    first.step()
    monkeypatch.setattr(socket, "gethostname", lambda: "other.example")
    second = forwarder(client, folder)
    second.step()
    assert second.name != first.name
    assert second.name.startswith("other.example-")
    assert sent(client) == ["a", "a"]
    assert list(client.hkeys(spool.EMPTIED)) == [second.name.encode()]
    assert forwarder(client, folder).name == second.name == (folder / ".name").read_text()


def test_a_name_that_was_never_written_is_made(client: redis.Redis, folder: Path) -> None:
    folder.mkdir()
    (folder / ".name").touch()
    assert len(forwarder(client, folder).name) > 32
    assert (folder / ".name").read_text() == forwarder(client, folder).name


def test_a_large_file_loses_its_place_and_then_itself(
    client: redis.Redis, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "CHANGE_BYTES", 10)
    one = forwarder(client, folder)
    write(folder, 0, "a" * 20)
    with (folder / "0").open("ab") as slow:  # a thread that had looked just before the change
        one.step()
        assert len(files(folder)) == 2
        fcntl.lockf(slow, fcntl.LOCK_EX | fcntl.LOCK_NB)
        write(folder, 0, "b")
        slow.write(b"\nlate\n")
        slow.flush()
        for _ in range(20):
            one.step()
    assert sorted(sent(client)) == ["a" * 20, "b", "late"]


def test_a_file_is_deleted_once_it_has_been_sent_for_a_while(
    client: redis.Redis, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "CHANGE_BYTES", 10)
    one = forwarder(client, folder)
    write(folder, 0, "a" * 20)
    with (folder / "0").open("ab") as file:
        file.write(b"\ntorn")
    one.step()
    assert len(files(folder)) == 2
    for _ in range(20):
        one.step()
    assert files(folder) == ["0"]
    assert sent(client) == ["a" * 20, "torn"]
    assert client.hlen(spool.OFFSETS) == 0
    write(folder, 0, "b")
    one.step()
    assert sent(client)[2:] == ["b"]


@pytest.mark.parametrize("moment", ["link", "rename", "unlink", "lockf", "pread"])
@pytest.mark.parametrize("when", [1, 2, 3])
def test_killed_at_any_moment_it_loses_nothing(
    client: redis.Redis, folder: Path, monkeypatch: pytest.MonkeyPatch, moment: str, when: int
) -> None:
    monkeypatch.setattr(spool, "CHANGE_BYTES", 10)
    calls = 0
    module: Any = fcntl if moment == "lockf" else os
    real = getattr(module, moment)

    def dies(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == when:
            raise KilledError
        return real(*args, **more)

    monkeypatch.setattr(module, moment, dies)
    told = []
    for turn in range(8):
        with suppress(KilledError):
            one = forwarder(client, folder)
            for part in range(8):
                told.append(f"{turn}-{part}-{'x' * 10}")
                write(folder, part % 2, told[-1])
                one.step()
    last = forwarder(client, folder)
    for _ in range(30):
        last.step()
    assert set(sent(client)) == set(told)
    assert files(folder) == ["0", "1"]


def test_killed_between_the_stream_and_itself_it_sends_once(
    client: redis.Redis, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(folder, 0, "a")
    one = forwarder(client, folder)
    real = one._is_as_known

    def dies(had: Any) -> bool:
        real(had)
        raise KilledError

    monkeypatch.setattr(one, "_is_as_known", dies)
    with pytest.raises(KilledError):
        one.step()
    forwarder(client, folder).step()
    assert sent(client) == ["a"]


def test_a_full_disk_bars_the_files_and_room_opens_them(client: redis.Redis, folder: Path) -> None:
    write(folder, 0, "a")
    full = forwarder(client, folder, room=0)
    full.step()
    with pytest.raises(FileNotFoundError):
        write(folder, 0, "b")
    with pytest.raises(FileNotFoundError):
        write(folder, 5, "b")
    full.step()
    assert sent(client) == ["a"]
    well = forwarder(client, folder)
    well.step()
    write(folder, 0, "b")
    write(folder, 5, "c")
    well.step()
    assert sorted(sent(client)) == ["a", "b", "c"]


def test_a_long_text_is_divided_between_lines() -> None:
    lines = [b"%d" % number * 500 for number in range(200)]
    entries = list(spool.entries_of(b"".join(b"\n" + line + b"\n" for line in lines)))
    assert len(entries) > 5
    assert max(map(len, entries)) <= spool.ENTRY_BYTES
    told = [line for entry in entries for line in entry.split(stream.MANY) if line]
    assert told == lines


def test_a_forwarder_that_is_silent_keeps_sessions_open(client: redis.Redis, folder: Path) -> None:
    assert spool.all_are_emptied(client=client)
    forwarder(client, folder).step()
    assert spool.all_are_emptied(client=client)
    name = (folder / ".name").read_text()
    begun = int(client.hget(spool.EMPTIED, name) or 0)
    client.hset(spool.EMPTIED, name, begun - 60)
    assert not spool.all_are_emptied(client=client)
    client.hset(spool.EMPTIED, name, begun - 2 * 86_400)
    assert spool.all_are_emptied(client=client)
    client.hset(spool.EMPTIED, name, begun + 60)
    assert not spool.all_are_emptied(client=client), "a clock that was wrong proves nothing"


def test_a_second_forwarder_of_a_folder_waits(client: redis.Redis, folder: Path) -> None:
    first, second = forwarder(client, folder), forwarder(client, folder)
    assert first._is_alone()
    assert not second._is_alone()


def test_a_file_stays_for_a_while_after_its_last_line_was_sent(
    client: redis.Redis, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a backlog it was written long ago: what Redis has not on its disk yet must be here."""
    monkeypatch.setattr(spool, "CHANGE_BYTES", 10)
    monkeypatch.setattr(spool, "READ_BYTES", 16)
    seconds = 0
    one = spool.Forwarder(
        client=client, folder=folder, room=lambda _folder: WELL, now=lambda: float(seconds)
    )
    told = [f"{number:08d}" for number in range(20)]
    write(folder, 0, *told)
    while sent(client) != told:
        one.step()
        seconds += 1
    sent_at = seconds
    assert len(files(folder)) == 2
    while len(files(folder)) == 2:
        one.step()
        seconds += 1
    assert seconds - sent_at >= spool.KEPT_S


def test_a_file_with_a_line_that_is_not_sent_is_not_deleted(
    client: redis.Redis, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "CHANGE_BYTES", 10)
    monkeypatch.setattr(spool, "READ_BYTES", 16)
    one = forwarder(client, folder)
    write(folder, 0, "a" * 10, "b" * 400, "c")
    for _ in range(100):
        one.step()
    assert sent(client)[-1] == "c"
    assert files(folder) == ["0"]


def test_while_the_disk_is_full_nothing_is_told_to_be_read(
    client: redis.Redis, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The BRASes have what nobody takes from them: their sessions are not silent."""
    caplog.set_level(logging.INFO, logger="network.spool")
    rooms = iter([WELL, 0, 0, 0, WELL, WELL])
    one = spool.Forwarder(
        client=client, folder=folder, room=lambda _folder: next(rooms), now=Clock()
    )
    write(folder, 0, "a")
    told = []
    for _ in range(6):
        client.delete(spool.EMPTIED)
        one.step()
        told.append(spool.all_are_emptied(client=client))
    assert told == [True, False, False, False, True, True]
    assert client.hlen(spool.EMPTIED) == 1
    levels = [record.levelname for record in caplog.records]
    assert levels == ["ERROR", "INFO"]


def test_after_a_send_that_failed_nothing_is_told_to_be_read(
    client: redis.Redis, folder: Path
) -> None:
    one = forwarder(client, folder)
    write(folder, 0, "a")
    one.step()
    client.flushdb()
    write(folder, 0, "b")
    one.step()
    assert not client.exists(spool.EMPTIED)
    one.step()
    assert client.hlen(spool.EMPTIED) == 1
    assert set(sent(client)) == {"a", "b"}


def test_a_disk_that_fails_while_redis_is_away_does_not_end_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "PAUSE_S", 0.0)

    def fails(_folder: Path) -> int:
        raise OSError

    away = redis.Redis(port=1, socket_connect_timeout=1)
    one = spool.Forwarder(client=away, folder=folder, room=fails)
    write(folder, 0, "a")
    answers = iter([False] * 3 + [True])
    one.run(until=lambda: next(answers))
    assert next(answers, None) is None


def test_a_clock_that_is_set_stops_nothing(
    client: redis.Redis, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "HOUSE_S", 0.0)
    one = spool.Forwarder(client=client, folder=folder)
    one.step()
    real = time.time
    for shift_s in (-3600, 3600):
        monkeypatch.setattr(time, "time", lambda shift_s=shift_s: real() + shift_s)
        assert spool.all_are_emptied(client=client), "both sides go by Redis' clock"
        client.delete(spool.EMPTIED)
        one.step()
        assert client.hlen(spool.EMPTIED) == 1, "it keeps house"


def test_redis_forgets_between_two_files_that_end(
    client: redis.Redis, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "CHANGE_BYTES", 10)
    one = forwarder(client, folder)
    for number in (0, 1):
        write(folder, number, f"{number}" * 20)
        with (folder / str(number)).open("ab") as file:
            file.write(b"\ntorn")
    real, forgets = one._send, iter([True])

    def send(data: bytes, read: dict[int, int]) -> bool:
        if data == b"torn" and next(forgets, False):
            client.flushdb()
        return real(data, read)

    monkeypatch.setattr(one, "_send", send)
    for _ in range(40):
        one.step()
    assert next(forgets, None) is None
    assert set(sent(client)) == {"0" * 20, "1" * 20, "torn"}
    assert files(folder) == ["0", "1"]


def test_a_file_that_cannot_be_deleted_keeps_its_place(
    client: redis.Redis,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(spool, "CHANGE_BYTES", 10)
    one = forwarder(client, folder)
    write(folder, 0, "a" * 20)
    real = os.unlink

    def refuses(path: Path, **more: Any) -> None:
        if "." in path.name:
            raise PermissionError("not yours")
        real(path, **more)

    with monkeypatch.context() as patched:
        patched.setattr(os, "unlink", refuses)
        for _ in range(40):
            one.step()
        assert client.hvals(spool.OFFSETS) == [b"22"]
    assert sent(client) == ["a" * 20]
    (told,) = caplog.records
    assert "not yours" in told.getMessage()
    for _ in range(20):
        one.step()
    assert files(folder) == ["0"]
