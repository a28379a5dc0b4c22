"""Celery tasks of the composition root."""

from celery import shared_task

from project.core import clock, outbox


@shared_task(name="project.dispatch_outbox")
def dispatch_outbox() -> int:
    """Hand out waiting outbox events. Woken by commits, and by beat in case a wake-up was lost."""
    return outbox.dispatch(at=clock.now())
