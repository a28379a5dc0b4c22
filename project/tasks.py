"""Celery tasks of the composition root."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from project.core import clock, jobs, outbox

JOBS_TIME_LIMIT_S = 24 * 3600


@shared_task(name="project.dispatch_outbox")
def dispatch_outbox() -> int:
    """Hand out waiting outbox events. Woken by commits, and by beat in case a wake-up was lost."""
    return outbox.dispatch(at=clock.now())


# The rows of the jobs are the truth, so the wake-up is acknowledged before the work: it need not
# come again when the worker dies, and must not while a long job is at work.
@shared_task(name="project.run_jobs", acks_late=False, time_limit=JOBS_TIME_LIMIT_S)
def run_jobs() -> int:
    """Do the jobs that wait, and those whose worker died. Woken by commits and by beat."""
    return jobs.run_waiting(now=clock.now)


@shared_task(name="project.purge_jobs")
def purge_jobs() -> int:
    """Delete old jobs with their files; how many."""
    kept_for = timedelta(days=settings.GEOBILL_JOBS_KEPT_DAYS)
    return jobs.purge(at=clock.now(), kept_for=kept_for)
