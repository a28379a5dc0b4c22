"""How each kind of job is shown: words for its outcomes, where its result is, where to start one.

A kind that is not here still has its page: bar, counts by their own names, files.
"""

from dataclasses import dataclass, field
from typing import Any

from coverage.addressfiles import job as import_job
from frontend.planner import import_words


@dataclass(frozen=True, slots=True)
class JobWords:
    """`outcomes`: a name in `Job.counts` → (tone, word), in the order in which they are shown.

    `unit`: what is counted ("rows"). `page`: name of the address (it takes `job_id`) of a page
    that says more about the result than the job's own page does.
    """

    icon: str = "ti-stack-2"
    unit: Any = ""
    outcomes: dict[str, tuple[str, Any]] = field(default_factory=dict)
    page: str = ""


WORDS: dict[str, JobWords] = {
    import_job.KIND: JobWords(
        icon="ti-file-upload", unit="%", outcomes=import_words.JOB_OUTCOMES, page="planner:import"
    ),
}


def words_of(kind: str) -> JobWords:
    """The words of that kind of job."""
    return WORDS.get(kind, JobWords())
