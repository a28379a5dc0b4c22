"""Long work that a person starts and may leave: queued, claimed, resumed, cancelled, kept.

    jobs.register(kind="billing.qualify", handler=…, title=_("…"), permission=…)   # wiring.py
    job = jobs.start(kind="billing.qualify", params={…}, files=[…], actor=…, at=…)

The handler is called as `handler(progress)`, see `progress.Progress`. It may be called again after
a worker died: it goes on from `progress.state`, which is what it last gave to `checkpoint`.
"""

from project.core.jobs.files import JobInput, file_path, forget_inputs, remove_folder
from project.core.jobs.kinds import Kind, kind_of, register
from project.core.jobs.operations import (
    JobOverError,
    cancel,
    change_draft,
    draft,
    mark_seen,
    purge,
    start,
    submit,
)
from project.core.jobs.progress import JobStopped, Progress
from project.core.jobs.queries import Bell, UnknownJobError, bell, job_of, listed
from project.core.jobs.running import given_up, on_wake, run_waiting

__all__ = [
    "Bell",
    "JobInput",
    "JobOverError",
    "JobStopped",
    "Kind",
    "Progress",
    "UnknownJobError",
    "bell",
    "cancel",
    "change_draft",
    "draft",
    "file_path",
    "forget_inputs",
    "given_up",
    "job_of",
    "kind_of",
    "listed",
    "mark_seen",
    "on_wake",
    "purge",
    "register",
    "remove_folder",
    "run_waiting",
    "start",
    "submit",
]
