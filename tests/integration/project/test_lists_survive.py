"""The worker is killed while it qualifies a list; the next one goes on, and the table is whole."""

import io
import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from project.process import programs
from tests.support.address_lists import as_csv, ground, read_csv, street
from tests.support.stack import Stack

pytestmark = pytest.mark.stack

ROWS, EAST = 9_000, 2300
WORKER = "worker-default,network,jobs"
WAIT_S = 120.0
WRITTEN = (
    "м. Вцілів, вул. Стійка, 42-Б",
    "Вцілів Стійка 99",
    "м. Вцілів, вул. Стійкаа, 42Б",
    "м. Вцілів, вул. Старостійка, 12",
    "десь там",
)


@pytest.fixture
def system(stack: Stack) -> Iterator[Stack]:
    """The running system; its worker is there again afterwards."""
    yield stack
    if WORKER not in stack.processes:
        start_worker(stack)


def start_worker(stack: Stack) -> None:
    stack.start(programs.worker(queue="default,network,jobs", concurrency=1))


def until(stack: Stack, answers: Callable[[], bool]) -> None:
    """Ask until it is so."""
    deadline = time.monotonic() + WAIT_S
    while not answers():
        assert time.monotonic() < deadline, stack.log_tail(WORKER)
        time.sleep(0.02)


def test_a_list_survives_the_death_of_its_worker(system: Stack, settings) -> None:
    from billing.qualification import operations
    from billing.qualification.lists import choice_of
    from project.core import clock, jobs
    from project.core.actor import SYSTEM
    from project.core.jobs.running import DEAD_AFTER
    from project.core.models import Job

    stack = system
    settings.MEDIA_ROOT = stack.var / "media"
    table = as_csv([["№", "Адреса"], *([str(n), WRITTEN[n % 5]] for n in range(1, ROWS + 1))])

    def begin() -> Job:
        content = io.BytesIO(table)
        job = operations.hand_in(name="l.csv", content=content, actor=SYSTEM, at=clock.now())
        choice = choice_of(job.params)
        return operations.begin(job=job, choice=choice, actor=SYSTEM, at=clock.now())

    with stack.database():
        street(ground(east=EAST), name="Стійка", city="Вцілів", east=EAST)
        job = begin()
        until(stack, lambda: Job.objects.get(id=job.id).done >= 1_000)
        process = stack.processes.pop(WORKER)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        job.refresh_from_db()
        assert job.state == "RUNNING"
        assert 1_000 <= job.done < ROWS
        # As if a minute had passed; beat wakes the worker.
        Job.objects.filter(id=job.id).update(heartbeat_at=clock.now() - DEAD_AFTER * 2)
        start_worker(stack)
        until(stack, lambda: Job.objects.get(id=job.id).is_over)
        job.refresh_from_db()
        assert (job.state, job.done, job.total) == ("DONE", ROWS, ROWS), job.fault
        whole = begin()
        until(stack, lambda: Job.objects.get(id=whole.id).is_over)
        whole.refresh_from_db()
        assert job.counts == whole.counts
        first, second = (
            jobs.file_path(each.files.get(stored_name="result.csv")).read_bytes()
            for each in (job, whole)
        )
    assert first == second
    assert [row["№"] for row in read_csv(first)] == [str(n) for n in range(1, ROWS + 1)]
