"""Reading jobs: mine, or everybody's for those who may."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from project.core.errors import NotFoundError
from project.core.jobs.kinds import kind_of
from project.core.models import Job, User
from project.core.roles import Permission


class UnknownJobError(NotFoundError):
    """There is no such job, or the person may not know of it."""

    code = "unknown_job"
    message = _("There is no such job.")


@dataclass(frozen=True, slots=True)
class Bell:
    """What the bell in the header says: jobs of mine at work, and ended since I last looked."""

    running: int
    ended: int
    failed: int


def job_of(*, job_id: int, viewer: User) -> Job:
    """The job with its files, if this person may see it; raises UnknownJobError.

    One's own, while one still has the permission of its kind; or any, for an administrator.
    """
    job = Job.objects.prefetch_related("files").filter(id=job_id).first()
    if job is None or not may_see(job, viewer):
        raise UnknownJobError
    return job


def may_see(job: Job, viewer: User) -> bool:
    """Whether the person may see the job and fetch its files."""
    if viewer.may(Permission.JOBS_VIEW_ALL):
        return True
    kind = kind_of(job.kind)
    allowed = kind is not None and (kind.permission is None or viewer.may(kind.permission))
    return viewer.is_active and job.created_by_id == viewer.id and allowed


def listed(
    *, viewer: User, kind: str = "", before_id: int | None = None, limit: int = 50
) -> Sequence[Job]:
    """Jobs that this person may see, newest first; drafts are nobody's business yet."""
    rows = _of_others_too(viewer).exclude(state=Job.State.DRAFT)
    if kind:
        rows = rows.filter(kind=kind)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    shown = rows.select_related("created_by").order_by("-id")[: min(limit, 500)]
    return [job for job in shown if may_see(job, viewer)]


def bell(*, viewer: User) -> Bell:
    """How many jobs of mine are at work, and how many ended unseen; one look at an index."""
    states = Job.State
    return Bell(
        **Job.objects.filter(created_by=viewer, seen_at__isnull=True)
        .exclude(state=states.DRAFT)
        .aggregate(
            running=Count("id", filter=Q(state__in=[states.QUEUED, states.RUNNING])),
            ended=Count("id", filter=Q(state__in=[states.DONE, states.CANCELLED])),
            failed=Count("id", filter=Q(state=states.FAILED)),
        )
    )


def _of_others_too(viewer: User) -> QuerySet[Job]:
    if viewer.may(Permission.JOBS_VIEW_ALL):
        return Job.objects.all()
    return Job.objects.filter(created_by=viewer)
