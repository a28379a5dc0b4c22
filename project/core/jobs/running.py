"""Doing jobs: claim, heartbeat, checkpoints, resumption, retries.

A worker claims a job with FOR UPDATE SKIP LOCKED and marks it with a claim of its own; each later
write of the worker names the claim, so one that was taken for dead and has been replaced can write
nothing more. A thread beats every ten seconds, so that one long statement is not taken for death.
"""

import logging
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from project.core.errors import DomainError
from project.core.jobs.files import forget_inputs
from project.core.jobs.kinds import kind_of
from project.core.jobs.progress import JobStopped, Progress
from project.core.models import Job

logger = logging.getLogger(__name__)

BEAT_S = 10.0
DEAD_AFTER = timedelta(seconds=60)
MAX_ATTEMPTS = 3  # in a row without progress
RETRY_AFTER = timedelta(seconds=30)

_wake: list[Callable[[], None]] = []


def on_wake(function: Callable[[], None]) -> None:
    """Wire what wakes a worker after a commit (set once, in the composition root)."""
    _wake[:] = [function]


def wake() -> None:
    """Wake a worker once the present transaction is committed."""
    for function in _wake:
        transaction.on_commit(function, robust=True)


def run_waiting(*, now: Callable[[], datetime]) -> int:
    """Do the jobs that wait, and those whose worker died, one after another; how many."""
    count = 0
    while (job := _claimed(at=now())) is not None:
        _run(job, now=now)
        count += 1
    return count


def _claimed(*, at: datetime) -> Job | None:
    """Take the job that waits longest, or whose worker has shown no life for a minute."""
    waits = Q(state=Job.State.QUEUED, available_at__lte=at)
    is_dead = Q(state=Job.State.RUNNING, heartbeat_at__lt=at - DEAD_AFTER)
    with transaction.atomic():
        job = (
            Job.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(waits | is_dead)
            .order_by("available_at", "id")
            .first()
        )
        if job is None:
            return None
        saved = job.checkpoint or {}
        job.state, job.claim, job.heartbeat_at = Job.State.RUNNING, uuid.uuid4(), at
        job.started_at = job.started_at or at
        job.done, job.counts = saved.get("done", 0), saved.get("counts", {})
        job.attempts += 1
        job.save()
    return job


def _run(job: Job, *, now: Callable[[], datetime]) -> None:
    kind = kind_of(job.kind)
    with translation.override(job.language):
        if job.cancel_asked_at is not None:
            _end(job, now(), state=Job.State.CANCELLED)
        elif kind is None:
            _end(job, now(), state=Job.State.FAILED, error=_("Nobody here does such work."))
        elif job.attempts > MAX_ATTEMPTS:
            # Its worker was killed again and again at the same place (no memory, most likely).
            _end(job, now(), state=Job.State.FAILED, error=given_up())
        else:
            with _Heart(job, now=now):
                _do(job, kind.handler, now)


def _do(job: Job, handler: Callable[[Progress], None], now: Callable[[], datetime]) -> None:
    progress = Progress(job, now=now)
    try:
        handler(progress)
    except JobStopped as stopped:
        logger.info("job %s stopped: %s", job.id, stopped)
        asked = Job.objects.filter(id=job.id, cancel_asked_at__isnull=False)
        if asked.exists():
            _end(job, now(), state=Job.State.CANCELLED)
    except DomainError as error:
        _end(job, now(), state=Job.State.FAILED, error=str(error.message))
    except Exception as error:
        logger.exception("job %s (%s) failed", job.id, job.kind)
        _try_again(job, error, now())
    else:
        done, counts = progress.done, progress.counts
        _end(job, now(), state=Job.State.DONE, done=done, counts=counts)


def _try_again(job: Job, error: Exception, at: datetime) -> None:
    """Another attempt a little later; after three in a row without progress, give up."""
    fault = f"{type(error).__name__}: {error}"[:2000]
    mine = Job.objects.filter(id=job.id, claim=job.claim)
    attempts = mine.values_list("attempts", flat=True).first()
    if attempts is None:
        return
    if max(attempts, 1) >= MAX_ATTEMPTS:
        _end(job, at, state=Job.State.FAILED, error=given_up(), fault=fault)
        return
    mine.update(
        state=Job.State.QUEUED,
        claim=None,
        attempts=max(attempts, 1),
        available_at=at + RETRY_AFTER * max(attempts, 1),
        fault=fault,
    )


def given_up() -> str:
    """Why a job ended that was tried in vain, in the present language."""
    return _(
        "This did not work in several attempts; nothing more will be tried. "
        "The administrator finds the cause in the log."
    )


def _end(job: Job, at: datetime, **values: Any) -> None:
    mine = Job.objects.filter(id=job.id, claim=job.claim)
    if mine.update(finished_at=at, heartbeat_at=at, claim=None, **values):
        forget_in_vain(job, values["state"])


def forget_in_vain(job: Job, state: str) -> None:
    """Of private work that came to nothing no files are kept."""
    kind = kind_of(job.kind)
    if kind is not None and kind.is_private and state != Job.State.DONE:
        forget_inputs(job_id=job.id)


class _Heart:
    """Beats while the handler is at work, from a thread and a connection of its own."""

    def __init__(self, job: Job, *, now: Callable[[], datetime]) -> None:
        self._job, self._now = job, now
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name=f"job-{job.id}")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._stop.wait(BEAT_S):
                try:
                    Job.objects.filter(id=self._job.id, claim=self._job.claim).update(
                        heartbeat_at=self._now()
                    )
                except Exception:
                    # The next beat tries again; a job without beats is taken by another worker.
                    logger.exception("job %s: no heartbeat", self._job.id)
                    connection.close()
        finally:
            connection.close()
