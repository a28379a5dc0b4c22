"""A Redis of the test worker's own, so that a test may empty it."""

import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from project.process import programs
from tests.support.ports import free_tcp_port

START_S = 10.0


@contextmanager
def private_redis() -> Iterator[int]:
    """The port of a fresh redis-server while the block lasts; nothing of it reaches the disk."""
    binary = shutil.which("redis-server")
    assert binary, "redis-server is not installed; ./run test installs it"
    port = free_tcp_port()
    with tempfile.TemporaryDirectory(prefix="geobill-redis-") as folder:
        command = [
            binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder,
            "--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction",
        ]  # fmt: skip
        log = (Path(folder) / "log").open("wb")
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for_redis(port)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=START_S)
            log.close()


class RedisServer:
    """A Redis as the product runs it (append-only, nothing evicted) that a test may kill and hang.

    With `fsync` "always" each write reaches the disk before it is answered.
    """

    def __init__(self, folder: Path, *, fsync: str = "always") -> None:
        self.folder, self.fsync, self.port = folder, fsync, free_tcp_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def client(self) -> redis.Redis:
        """A client of the database in which accounting waits."""
        return redis.Redis(port=self.port, db=2, socket_timeout=10)

    def start(self) -> None:
        """Start it, after a kill too."""
        binary = shutil.which("redis-server")
        assert binary, "redis-server is not installed; ./run test installs it"
        command = programs.unhurried((
            binary, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder),
            "--save", "", "--appendonly", "yes", "--appendfsync", self.fsync,
            "--maxmemory-policy", "noeviction",
        ))  # fmt: skip
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True
            )
        wait_for_redis(self.port)

    def kill(self) -> None:
        """SIGKILL."""
        self._send(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(timeout=START_S)

    def freeze(self) -> None:
        """Its socket is open and nobody answers."""
        self._send(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self._send(signal.SIGCONT)

    def _send(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@contextmanager
def redis_to_break() -> Iterator[RedisServer]:
    """A running Redis of one's own; gone after the block."""
    with tempfile.TemporaryDirectory(prefix="geobill-redis-") as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[int]:
    """The port of a redis-server, kept for the session."""
    with private_redis() as port:
        yield port


def wait_for_redis(port: int) -> None:
    """Ask until it answers."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            redis.Redis(port=port).ping()
        except (redis.ConnectionError, redis.BusyLoadingError):
            assert time.monotonic() < deadline, "redis-server did not start"
            time.sleep(0.02)
        else:
            return


@pytest.fixture
def redis_url(redis_server: int) -> str:
    """Address of database 0 of that Redis, emptied."""
    redis.Redis(port=redis_server).flushall()
    return f"redis://127.0.0.1:{redis_server}/0"
