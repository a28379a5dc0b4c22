"""Starting, cancelling and putting away jobs."""

import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotPermittedError
from project.core.jobs.files import JobInput, orphan_folders, remove_folder, store_inputs
from project.core.jobs.kinds import kind_of
from project.core.jobs.queries import UnknownJobError
from project.core.jobs.running import forget_in_vain, wake
from project.core.models import Job, User

DRAFTS_KEPT_FOR = timedelta(days=1)
_PURGED_AT_ONCE = 200


class JobOverError(DomainError):
    """The job has ended (or has begun) and takes no such change any more."""

    code = "job_over"
    http_status = 409
    message = _("This job can no longer be changed.")


def start(
    *,
    kind: str,
    actor: Actor,
    at: datetime,
    title: str = "",
    params: dict[str, Any] | None = None,
    files: Iterable[JobInput] = (),
    total: int | None = None,
) -> Job:
    """Queue long work; a worker takes it once the present transaction is committed.

    `title` tells it from others of its kind (the name of the file); `params` is JSON. Raises
    NotPermittedError, JobFileTooBigError.
    """
    with transaction.atomic():
        job = _made(
            state=Job.State.QUEUED, kind=kind, actor=actor, at=at, title=title,
            params=params, files=files, total=total,
        )  # fmt: skip
        _told_started(job, actor, at)
    return job


def draft(
    *,
    kind: str,
    actor: Actor,
    at: datetime,
    title: str = "",
    params: dict[str, Any] | None = None,
    files: Iterable[JobInput] = (),
) -> Job:
    """Keep a file while a person chooses what to do with it; `submit` queues the job.

    A draft that nobody submits is deleted after a day. Raises as `start`.
    """
    with transaction.atomic():
        return _made(
            state=Job.State.DRAFT, kind=kind, actor=actor, at=at, title=title,
            params=params, files=files,
        )  # fmt: skip


def change_draft(*, job_id: int, params: dict[str, Any]) -> Job:
    """Put new settings in place of those of a draft; raises UnknownJobError, JobOverError."""
    with transaction.atomic():
        job = _locked(job_id)
        if job.state != Job.State.DRAFT:
            raise JobOverError
        job.params = params
        job.save(update_fields=["params"])
    return job


def submit(
    *,
    job_id: int,
    actor: Actor,
    at: datetime,
    params: dict[str, Any] | None = None,
    total: int | None = None,
) -> Job:
    """Queue a draft; sent twice, it is queued once. Raises UnknownJobError, NotPermittedError."""
    with transaction.atomic():
        job = _locked(job_id)
        _check_permission(job.kind, actor)
        if job.state == Job.State.DRAFT:
            job.state, job.created_at, job.available_at = Job.State.QUEUED, at, at
            job.params = job.params if params is None else params
            job.total = total
            job.language = translation.get_language() or "uk"
            job.save()
            _told_started(job, actor, at)
    return job


def cancel(*, job_id: int, actor: Actor, at: datetime) -> Job:
    """End a job: at once when it waits, at its next step when it is at work.

    Cancelling what is being cancelled is harmless. Raises UnknownJobError, JobOverError.
    """
    with transaction.atomic():
        job = _locked(job_id)
        if job.is_over:
            raise JobOverError
        if job.cancel_asked_at is None:
            job.cancel_asked_at = at
            audit.record(
                at=at, actor=actor, action="core.job.cancelled", obj=("job", job.id),
                summary=f"{job.kind}: {job.title}",
            )  # fmt: skip
        if job.state != Job.State.RUNNING:
            job.state, job.finished_at, job.seen_at = Job.State.CANCELLED, at, at
            forget_in_vain(job, job.state)
        job.save()
    return job


def mark_seen(*, job_id: int, actor: Actor, at: datetime) -> None:
    """The person has looked at the end of his own job: the bell forgets it."""
    Job.objects.filter(
        id=job_id, created_by_id=actor.user_id, state__in=Job.ENDS, seen_at__isnull=True
    ).update(seen_at=at)


def purge(*, at: datetime, kept_for: timedelta) -> int:
    """Delete jobs that ended longer ago than that with their files, and forgotten drafts."""
    old = Job.objects.filter(finished_at__lt=at - kept_for) | Job.objects.filter(
        state=Job.State.DRAFT, created_at__lt=at - DRAFTS_KEPT_FOR
    )
    deleted = 0
    while found := list(old.order_by("id")[:_PURGED_AT_ONCE]):
        for job in found:
            remove_folder(job)
        Job.objects.filter(id__in=[job.id for job in found]).delete()
        deleted += len(found)
    day_s = DRAFTS_KEPT_FOR.total_seconds()
    for folder in orphan_folders(older_than_s=day_s, now_s=at.timestamp()):
        shutil.rmtree(folder, ignore_errors=True)
    return deleted


def _made(
    *,
    state: Job.State,
    kind: str,
    actor: Actor,
    at: datetime,
    title: str,
    params: dict[str, Any] | None,
    files: Iterable[JobInput],
    total: int | None = None,
) -> Job:
    _check_permission(kind, actor)
    job = Job.objects.create(
        kind=kind,
        title=title[:200],
        state=state,
        created_by_id=actor.user_id,
        created_by_label=actor.label[:150],
        language=translation.get_language() or "uk",
        created_at=at,
        available_at=at,
        params=params or {},
        total=total,
    )
    store_inputs(job, files)
    return job


def _told_started(job: Job, actor: Actor, at: datetime) -> None:
    audit.record(
        at=at, actor=actor, action="core.job.started", obj=("job", job.id),
        summary=f"{job.kind}: {job.title}", after=job.params,
    )  # fmt: skip
    wake()


def _check_permission(kind: str, actor: Actor) -> None:
    found = kind_of(kind)
    assert found is not None, f"no such kind of job: {kind}"
    if found.permission is None or actor.user_id is None:
        return
    if not User.objects.get(id=actor.user_id).may(found.permission):
        raise NotPermittedError


def _locked(job_id: int) -> Job:
    job = Job.objects.select_for_update(of=("self",)).filter(id=job_id).first()
    if job is None:
        raise UnknownJobError
    return job
