"""A Redis of the test worker's own, so that a test may empty it."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

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
        except redis.ConnectionError:
            assert time.monotonic() < deadline, "redis-server did not start"
            time.sleep(0.02)
        else:
            return


@pytest.fixture
def redis_url(redis_server: int) -> str:
    """Address of database 0 of that Redis, emptied."""
    redis.Redis(port=redis_server).flushall()
    return f"redis://127.0.0.1:{redis_server}/0"
