"""The time. Only views, tasks and commands ask; operations and queries are told.

The zone is that of the settings, which have it from `billing.calendar`.
"""

from datetime import date, datetime

from django.utils import timezone

KYIV = timezone.get_default_timezone()


def now() -> datetime:
    """The present moment, aware."""
    return timezone.now()


def today(at: datetime | None = None) -> date:
    """The calendar date in Europe/Kyiv at that moment (now, if none is given)."""
    return (at or timezone.now()).astimezone(KYIV).date()
