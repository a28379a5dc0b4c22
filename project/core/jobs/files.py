"""Files of jobs: each job has a private folder under MEDIA_ROOT that no address leads to.

The web processes and the workers must see the same MEDIA_ROOT.
"""

import os
import shutil
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from project.core.errors import DomainError
from project.core.models import Job, JobFile

_COPY_BYTES = 1 << 20


class JobFileTooBigError(DomainError):
    """A file for a job is larger than a job may be given."""

    code = "job_file_too_big"
    http_status = 413
    message = _("The file is too big: at most %(mb)d MB are taken.")


@dataclass(frozen=True, slots=True)
class JobInput:
    """A file that a job is given: the name it had, and its content open for reading in bytes."""

    name: str
    content: IO[bytes]


def folder_of(job: Job) -> Path:
    """The job's folder; it exists when the job has or makes files."""
    return jobs_folder() / str(job.folder)


def jobs_folder() -> Path:
    """Where the folders of all jobs lie."""
    return Path(settings.MEDIA_ROOT) / "jobs"


def file_path(file: JobFile) -> Path:
    """Where a file of a job lies. The name is ours, never what a person typed."""
    return folder_of(file.job) / file.stored_name


def shown_name(name: str) -> str:
    """A name safe to show and to offer for saving: no folders, nothing that can't be printed."""
    last = name.replace("\\", "/").rpartition("/")[2]
    kept = "".join(ch for ch in last if ch.isprintable() and ch not in '"<>:|?*').strip(" .")
    return kept[-200:] or "file"


def store_inputs(job: Job, files: Iterable[JobInput]) -> None:
    """Copy what the job is given into its folder; raises JobFileTooBigError, leaving nothing."""
    for file in files:
        folder = folder_of(job)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stored_name = f"in-{uuid.uuid4().hex}"
        try:
            size_bytes = _copy(file.content, folder / stored_name)
        except DomainError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        JobFile.objects.create(
            job=job,
            role=JobFile.Role.INPUT,
            name=shown_name(file.name),
            stored_name=stored_name,
            size_bytes=size_bytes,
        )


def _copy(source: IO[bytes], target: Path) -> int:
    most = settings.GEOBILL_JOB_FILE_MAX_MB * 1024 * 1024
    copied = 0
    with target.open("xb") as out:
        while block := source.read(_COPY_BYTES):
            copied += len(block)
            if copied > most:
                text = JobFileTooBigError.message % {"mb": settings.GEOBILL_JOB_FILE_MAX_MB}
                raise JobFileTooBigError(text)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return copied


def forget_inputs(*, job_id: int) -> None:
    """Delete what the job was given, in the present transaction; from the disk after its commit."""
    for file in JobFile.objects.filter(job_id=job_id, role=JobFile.Role.INPUT):
        path = file_path(file)
        file.delete()
        transaction.on_commit(partial(path.unlink, missing_ok=True), robust=True)


def remove_folder(job: Job) -> None:
    """Delete the job's files from the disk."""
    shutil.rmtree(folder_of(job), ignore_errors=True)


def orphan_folders(*, older_than_s: float, now_s: float) -> list[Path]:
    """Folders without a job (its transaction was rolled back) that are older than that."""
    root = jobs_folder()
    if not root.is_dir():
        return []
    old = [path for path in root.iterdir() if now_s - path.stat().st_mtime > older_than_s]
    named = {path.name: path for path in old if _is_uuid(path.name)}
    known = Job.objects.filter(folder__in=list(named)).values_list("folder", flat=True)
    for folder in known:
        named.pop(str(folder), None)
    return list(named.values())


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
