"""Periodic tasks of coverage; when they run is in `schedule.py`."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from coverage import operations
from project.core import clock


@shared_task(name="coverage.anonymise_checks")
def anonymise_checks() -> int:
    """Forget who asked in old availability checks; how many they were."""
    kept_for = timedelta(days=settings.GEOBILL_CHECKS_KEPT_DAYS)
    return operations.anonymise_checks(at=clock.now(), kept_for=kept_for)


@shared_task(name="coverage.end_due_overrides")
def end_due_overrides() -> int:
    """Tell of the notes about buildings whose day has come; how many."""
    return operations.end_due_overrides(at=clock.now())


@shared_task(name="coverage.publish_due")
def publish_due() -> tuple[int, int]:
    """Publish the change sets whose planned moment has come; (published, refused)."""
    return operations.publish_due(at=clock.now())
