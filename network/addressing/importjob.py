"""The import as a job: a dry run over a file, and then in earnest over the same file."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO

from django.db import transaction

from network import credentials
from network.addressing import importfile, importreport
from network.addressing.importing import Import, portions
from network.addressing.importoutcome import FINE
from project.core import audit, jobs
from project.core.actor import Actor
from project.core.jobs.files import shown_name
from project.core.models import Job, JobFile

KIND = "network.ip_import"
REPORT = "report.csv"
ADDED_CELLS = len(importreport.ADDED)
TOLD = {*FINE, importfile.COLUMNS_ROW}


def hand_in(*, name: str, content: IO[bytes], at: datetime, actor: Actor) -> Job:
    """Begin the dry run of a file. Raises JobFileTooBigError and what `importfile.read` does;
    NotPermittedError where it has logins or passwords and the person may not set them by hand."""
    with transaction.atomic():
        job = jobs.draft(
            kind=KIND,
            actor=actor,
            at=at,
            title=shown_name(name),
            files=[jobs.JobInput(name=name, content=content)],
        )
        try:
            file = importfile.read(jobs.file_path(_input(job)))
            if file.gives_credentials:
                credentials.require(actor)
        except Exception:
            jobs.remove_folder(job)
            raise
        params = {"writes": False, "gives_credentials": file.gives_credentials}
        return jobs.submit(job_id=job.id, actor=actor, at=at, params=params)


def in_earnest(*, job: Job, at: datetime, actor: Actor) -> Job:
    """Begin the import of the file whose dry run is done; the file, which may have passwords, goes
    over to it. Audited. Raises NotPermittedError, JobOverError."""
    if job.params.get("gives_credentials", True):
        credentials.require(actor)
    with transaction.atomic():
        Job.objects.select_for_update(of=("self",)).get(id=job.id)
        if not has_input(job):
            raise jobs.JobOverError
        file = _input(job)
        with jobs.file_path(file).open("rb") as content:
            begun = jobs.start(
                kind=KIND,
                params={"writes": True},
                files=[jobs.JobInput(name=file.name, content=content)],
                title=job.title,
                actor=actor,
                at=at,
            )
        jobs.forget_inputs(job_id=job.id)
        audit.record(
            at=at,
            actor=actor,
            action="network.ip_import.started",
            obj=("job", begun.id),
            summary=job.title,
        )
    return begun


def run(progress: jobs.Progress) -> None:
    """The job: a report with every row; portions that were written are not written again."""
    if not progress.inputs():
        return  # all was done, but for telling so
    (name, path) = progress.inputs()[0]
    file = importfile.read(path)
    lines = file.lines
    progress.set_total(len(lines))
    state = progress.state or {"row": 0, "length": 0}
    report_path = progress.folder / REPORT
    if state["length"] and (
        not report_path.exists() or report_path.stat().st_size < state["length"]
    ):
        progress.start_over()
        state = {"row": 0, "length": 0}
    work = Import(
        writes=bool(progress.params.get("writes")),
        source=name,
        at=progress.started_at,
        actor=progress.actor,
    )
    report = importreport.Report(
        report_path, file.columns, length=state["length"], is_dry=not work.writes
    )
    try:
        # What was seen before the checkpoint is seen again, without writing.
        for before in portions(lines[: state["row"]]):
            work.remember(before)
        done = state["row"]
        for portion in portions(lines, since=done):
            outcomes = work.take(portion)
            done += len(portion)
            length = report.write(outcomes)
            progress.advance(len(portion), **importreport.counts_of(outcomes))
            progress.checkpoint({"row": done, "length": length})
    finally:
        report.close()
    progress.add_result(
        stored_name=REPORT, name=f"{name.rpartition('.')[0] or 'import'}-report.csv"
    )
    if work.writes:
        jobs.forget_inputs(job_id=progress.job_id)


def has_input(job: Job) -> bool:
    """Whether the job still has its file."""
    return JobFile.objects.filter(job=job, role=JobFile.Role.INPUT).exists()


def _input(job: Job) -> JobFile:
    return JobFile.objects.get(job=job, role=JobFile.Role.INPUT)


def columns(job: Job) -> list[tuple[str, str]]:
    """How each column of the file was read, in words: its name, as what."""
    with _report(job) as rows:
        names, told = next(rows, []), next(rows, [])
        if importfile.COLUMNS_ROW not in told[-ADDED_CELLS:]:
            return []
        pairs = zip(names[:-ADDED_CELLS], told, strict=False)
        return [(name, read_as.removeprefix("→ ")) for name, read_as in pairs]


def problems(job: Job, *, limit: int = 100) -> list[list[str]]:
    """The first rows of the report that are not in: their cells, with the word about each."""
    found: list[list[str]] = []
    with _report(job) as rows:
        next(rows, None)
        for row in rows:
            if len(row) >= ADDED_CELLS and row[-ADDED_CELLS] not in TOLD:
                found.append(row)
                if len(found) == limit:
                    break
    return found


@contextmanager
def _report(job: Job) -> Iterator[Iterator[list[str]]]:
    """The rows of the job's report, from its header on; none when there is none."""
    file = JobFile.objects.filter(job=job, role=JobFile.Role.RESULT).first()
    if file is None or not jobs.file_path(file).is_file():
        yield iter(())
        return
    with jobs.file_path(file).open(encoding="utf-8-sig", newline="") as stream:
        yield csv.reader(stream, delimiter=";")
