"""What the handler of a job is given: its settings and files, and a way to say how far it is."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from project.core.actor import Actor, ActorKind
from project.core.jobs.files import folder_of, shown_name
from project.core.models import Job, JobFile

SHOWN_EVERY_S = 0.5


class JobStopped(Exception):
    """Not an error: the job was cancelled, or another worker has it. Handlers let it through."""


class Progress:
    """What a handler is given: the job's settings and files, and a way to say how far it is.

    `state` is what was last given to `checkpoint` (None at the first run): go on from there.
    """

    def __init__(self, job: Job, *, now: Callable[[], datetime]) -> None:
        self.job_id: int = job.id
        self.params: dict[str, Any] = job.params
        self.created_by_id: int | None = job.created_by_id
        self.actor = Actor(
            kind=ActorKind.STAFF if job.created_by_id else ActorKind.SYSTEM,
            label=job.created_by_label,
            user_id=job.created_by_id,
        )
        self.started_at: datetime = job.started_at or now()
        self.folder: Path = folder_of(job)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.now = now
        self._job, self._claim = job, job.claim
        self._total, self._done, self._counts = job.total, job.done, dict(job.counts)
        self._done_at_claim = job.done
        self._shown_s = 0.0
        self.state: Any = (job.checkpoint or {}).get("state")

    def inputs(self) -> list[tuple[str, Path]]:
        """The files the job was given: the name each had, and where it lies."""
        files = JobFile.objects.filter(job_id=self.job_id, role=JobFile.Role.INPUT).order_by("id")
        return [(file.name, self.folder / file.stored_name) for file in files]

    @property
    def done(self) -> int:
        """How much is done, as last told."""
        return self._done

    @property
    def counts(self) -> dict[str, int]:
        """How much of it with which outcome, as last told."""
        return dict(self._counts)

    def set_total(self, total: int) -> None:
        """How much there is to do."""
        self._total = total
        self._write(total=total)

    def advance(self, n: int = 1, **counts: int) -> None:
        """So much more is done, with these outcomes. Raises JobStopped when it is cancelled."""
        self._done += n
        for outcome, more in counts.items():
            self._counts[outcome] = self._counts.get(outcome, 0) + more
        if time.monotonic() - self._shown_s >= SHOWN_EVERY_S:
            self._write(done=self._done, counts=self._counts)

    def checkpoint(self, state: Any) -> None:
        """Keep `state` (JSON): after a death the next worker goes on from it, with these counts.

        What the handler writes to the database since the last checkpoint belongs in one
        transaction with this call; what it writes to a file, before it (and `state` names the
        length, so that the rest is cut off). Raises JobStopped when the job is cancelled.
        """
        self.state = state
        saved = {"state": state, "done": self._done, "counts": self._counts}
        moved = {"attempts": 0} if self._done > self._done_at_claim else {}
        self._write(done=self._done, counts=self._counts, checkpoint=saved, **moved)

    def start_over(self) -> None:
        """Forget what was done: the handler begins anew."""
        self.state, self._done, self._counts = None, 0, {}

    def add_result(self, *, stored_name: str, name: str) -> None:
        """Offer a file of `folder` for download under `name`; again, it replaces the one before."""
        size_bytes = (self.folder / stored_name).stat().st_size
        JobFile.objects.update_or_create(
            job_id=self.job_id,
            stored_name=stored_name,
            defaults={
                "role": JobFile.Role.RESULT,
                "name": shown_name(name),
                "size_bytes": size_bytes,
            },
        )

    def _write(self, **values: Any) -> None:
        mine = Job.objects.filter(id=self.job_id, claim=self._claim)
        if not mine.update(heartbeat_at=self.now(), **values):
            raise JobStopped("another worker has this job")
        self._shown_s = time.monotonic()
        if Job.objects.filter(id=self.job_id, cancel_asked_at__isnull=False).exists():
            raise JobStopped("cancelled")
