"""The time. Only views, tasks and commands ask; operations and queries are told."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

KYIV = ZoneInfo("Europe/Kyiv")


def now() -> datetime:
    """The present moment, aware."""
    return timezone.now()


def today(at: datetime | None = None) -> date:
    """The calendar date in Europe/Kyiv at that moment (now, if none is given)."""
    return (at or timezone.now()).astimezone(KYIV).date()
