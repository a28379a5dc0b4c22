"""Handing in a list and having it qualified."""

from datetime import datetime
from pathlib import Path
from typing import IO

from django.db import transaction

from billing.qualification.lists import (
    Choice,
    ListTooLongError,
    Look,
    checked,
    choice_of,
    look_at,
)
from billing.qualification.work import KIND
from project.core import jobs
from project.core.actor import Actor
from project.core.jobs.files import shown_name
from project.core.models import Job, JobFile


def hand_in(*, name: str, content: IO[bytes], actor: Actor, at: datetime) -> Job:
    """Keep a list until its columns are confirmed; raises AddressFileError, JobFileTooBigError.

    What is no list at all, or has too many rows (ListTooLongError), is refused here and not kept;
    of a book with several sheets another one may be meant.
    """
    with transaction.atomic():
        job = jobs.draft(
            kind=KIND,
            actor=actor,
            at=at,
            title=shown_name(name),
            files=[jobs.JobInput(name=name, content=content)],
        )
        try:
            look = look_at(path=list_path(job), choice=choice_of({}))
            if look.is_too_long and len(look.table.sheets) < 2:
                raise ListTooLongError.told()
        except Exception:
            jobs.remove_folder(job)
            raise
        return jobs.change_draft(job_id=job.id, params=look.choice.as_json())


def list_path(job: Job) -> Path:
    """Where the list of a job lies."""
    return jobs.file_path(JobFile.objects.get(job=job, role=JobFile.Role.INPUT))


def look(*, job: Job, choice: Choice) -> Look:
    """How the list would be read with that choice, which is remembered when it can be read at all.

    Raises AddressFileError; JobOverError when the list was begun.
    """
    seen = look_at(path=list_path(job), choice=choice)
    jobs.change_draft(job_id=job.id, params=seen.choice.as_json())
    return seen


def begin(*, job: Job, choice: Choice, actor: Actor, at: datetime) -> Job:
    """Queue the list; raises AddressFileError, ListTooLongError, NoAddressColumnError,
    UnknownColumnError."""
    seen = look_at(path=list_path(job), choice=choice)
    if seen.is_too_long:
        raise ListTooLongError.told()
    checked(choice, seen.table.header)
    return jobs.submit(job_id=job.id, actor=actor, at=at, params=choice.as_json())
