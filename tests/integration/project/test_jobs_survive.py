"""A Celery worker that is killed in the middle of a job: nothing is lost, nothing is done twice."""

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from project.process.programs import Program, tool
from tests.support.counting_job import KIND, TOPIC
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

TOTAL, DIES_AT = 95, 40
OWN_WORKER = "worker-default,network,jobs"
WAIT_S = 60.0


def test_worker(name: str) -> Program:
    """A worker of the queue of jobs that knows the job of the tests."""
    command = (
        tool("celery"), "-A", "tests.support.counting_worker", "worker", "-Q", "jobs",
        "-n", f"{name}@%h", "--concurrency", "1", "--loglevel", "INFO",
    )  # fmt: skip
    return Program(name, command)


test_worker.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture
def only_our_workers(stack: Stack) -> Iterator[Stack]:
    """The system without its own worker, which does not know the job of the tests."""
    from project.process import programs

    stack.stop(OWN_WORKER)
    yield stack
    for name in [name for name in stack.processes if name.startswith("jobs-")]:
        stack.stop(name)
    stack.start(programs.worker(queue="default,network,jobs", concurrency=1))


def until(stack: Stack, name: str, answers: Callable[[], bool]) -> None:
    """Ask until it is so; fail with the worker's log when it has ended."""
    deadline = time.monotonic() + WAIT_S
    while not answers():
        assert stack.processes[name].poll() is None, stack.log_tail(name)
        assert time.monotonic() < deadline, stack.log_tail(name)
        time.sleep(0.05)


def test_a_killed_worker_loses_and_doubles_nothing(only_our_workers: Stack) -> None:
    stack = only_our_workers
    from project.core import clock, jobs
    from project.core.actor import SYSTEM
    from project.core.models import Job, OutboxEvent
    from tests.support import counting_job

    counting_job.register()
    stack.start(test_worker("jobs-first"))
    with stack.database():
        job = jobs.start(
            kind=KIND, params={"total": TOTAL, "wait_at": DIES_AT}, actor=SYSTEM, at=clock.now()
        )
        folder = stack.var / "media" / "jobs" / str(job.folder)
        until(stack, "jobs-first", (folder / "waiting").exists)
        process = stack.processes.pop("jobs-first")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        job.refresh_from_db()
        assert (job.state, job.done, job.counts) == ("RUNNING", DIES_AT, {"counted": DIES_AT})
        # More is in the file than was kept: the chunk that died with its worker.
        written = (folder / "numbers.txt").read_text().splitlines()
        assert len(written) > DIES_AT

        (folder / "go").touch()
        stack.start(test_worker("jobs-second"))
        # As if a minute had passed; beat wakes the worker.
        Job.objects.filter(id=job.id).update(heartbeat_at=clock.now() - jobs.running.DEAD_AFTER * 2)
        until(stack, "jobs-second", lambda: Job.objects.get(id=job.id).is_over)
        job.refresh_from_db()
        assert (job.state, job.done, job.counts) == ("DONE", TOTAL, {"counted": TOTAL})
        rows = OutboxEvent.objects.filter(topic=TOPIC).order_by("id")
        assert [row.payload["n"] for row in rows] == list(range(TOTAL))
        lines = (folder / "numbers.txt").read_text().splitlines()
        assert lines == [str(n) for n in range(TOTAL)]
