"""Jobs as the workspace shows them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from frontend.workspace.job_words import JobSays, JobWords, words_of
from project.core.jobs import Kind, kind_of
from project.core.models import Job, JobFile

# Before that nobody can say how long the rest will take.
ESTIMATE_FROM_PERCENT = 2


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job with what people are told about it."""

    job: Job
    kind: Kind | None
    words: JobWords

    @property
    def state(self) -> str:
        """The state, or STOPPING between the wish to cancel and the end."""
        asked = self.job.cancel_asked_at is not None and not self.job.is_over
        return "STOPPING" if asked else self.job.state

    @property
    def kind_title(self) -> Any:
        """What such work is called."""
        return self.kind.title if self.kind else self.job.kind

    @property
    def heading(self) -> str:
        """What it is called on its page: a name alone, but a date with what is done for it."""
        title = self.job.title
        return title if title and not title[0].isdigit() else f"{self.kind_title} {title}".strip()

    @property
    def unit(self) -> str:
        """What is counted, as the number that is shown last asks for it."""
        return self.words.unit(self.job.total or self.job.done)

    @property
    def outcomes(self) -> list[tuple[str, Any, int]]:
        """(tone, word, how many) of what was counted, in the order of the kind."""
        counts = self.job.counts
        shown = [
            (tone, word, counts[name])
            for name, (tone, word) in self.words.outcomes.items()
            if counts.get(name)
        ]
        if self.words.outcomes:
            return shown
        return [("off", name, n) for name, n in counts.items() if n]

    @property
    def says(self) -> JobSays:
        """What its kind tells of it beyond that."""
        return self.words.says(self.job)

    @property
    def page(self) -> str:
        """Address of the page about its result, "" where there is none (yet)."""
        if not self.words.page or self.job.state != Job.State.DONE:
            return ""
        return reverse(self.words.page, kwargs={"job_id": self.job.id})

    @property
    def results(self) -> list[JobFile]:
        """What it made."""
        return [file for file in self._files if file.role == JobFile.Role.RESULT]

    @property
    def inputs(self) -> list[JobFile]:
        """What it was given."""
        return [file for file in self._files if file.role == JobFile.Role.INPUT]

    @property
    def _files(self) -> list[JobFile]:
        return sorted(self.job.files.all(), key=lambda file: file.id)

    def left(self, at: datetime) -> timedelta | None:
        """How long the rest will take if it goes on as till now; None while nobody can say."""
        job = self.job
        percent = job.percent
        if job.state != Job.State.RUNNING or job.started_at is None or not job.total:
            return None
        if percent is None or percent < ESTIMATE_FROM_PERCENT:
            return None
        return (at - job.started_at) * (job.total - job.done) / job.done


def shown(job: Job) -> ShownJob:
    """The job with its words."""
    return ShownJob(job=job, kind=kind_of(job.kind), words=words_of(job.kind))
