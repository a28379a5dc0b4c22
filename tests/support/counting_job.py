"""A job for tests.

It writes the numbers 0…total-1, each as a row and as a line of its result file, a chunk at a time.
A worker that finds `wait_at` among its settings stops there until the file `<folder>/go` is there:
the test then kills it in the middle, which no timing could do for sure.
"""

import threading
from typing import Any

from django.db import transaction

from project.core import clock, jobs, outbox
from project.core.jobs import Progress
from project.core.roles import Permission

KIND = "test.count_up"
TOPIC = "test.counted"
CHUNK = 10


def count_up(progress: Progress) -> None:
    """The handler."""
    total = progress.params["total"]
    progress.set_total(total)
    state = progress.state or {"next": 0, "bytes": 0}
    path = progress.folder / "numbers.txt"
    path.touch()
    with path.open("r+b") as out:
        out.truncate(state["bytes"])
        out.seek(0, 2)
        while state["next"] < total:
            state = _one_chunk(progress, state, out)
    progress.add_result(stored_name="numbers.txt", name="numbers.txt")


def _one_chunk(progress: Progress, state: dict[str, int], out: Any) -> dict[str, int]:
    first = state["next"]
    last = min(first + CHUNK, progress.params["total"])
    with transaction.atomic():
        for number in range(first, last):
            outbox.emit(topic=TOPIC, payload={"n": number}, at=clock.now())
            out.write(b"%d\n" % number)
        out.flush()
        _wait_for_the_test(progress, first)
        progress.advance(last - first, counted=last - first)
        state = {"next": last, "bytes": out.tell()}
        progress.checkpoint(state)
    return state


def _wait_for_the_test(progress: Progress, first: int) -> None:
    """Between the effects of a chunk and its checkpoint, the worst moment to die."""
    if progress.params.get("wait_at") == first and not (progress.folder / "go").exists():
        (progress.folder / "waiting").touch()
        threading.Event().wait()


def register() -> None:
    """Make the kind known to this process."""
    jobs.register(kind=KIND, handler=count_up, title="Counting", permission=Permission.ZONES_VIEW)
