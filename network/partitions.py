"""The days of closed sessions and of events: made ahead, dropped when they are old."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

DAYS_AHEAD = 14
DAYS_BACK = 2  # what is closed late belongs to a day that has just ended


def ensure(*, on_date: date) -> list[str]:
    """Make the missing partitions around a day; gives the names of the new ones.

    Until then rows lie in the default partition, from which they are moved.
    """
    return _rows(
        "SELECT * FROM network_ensure_days(%s, %s)",
        [on_date - timedelta(days=DAYS_BACK), on_date + timedelta(days=DAYS_AHEAD + 1)],
    )


def drop_old(*, on_date: date) -> list[str]:
    """Drop the days that need not be kept any longer, by the settings; gives their names."""
    return [
        name
        for table, days in (
            ("network_session_history", settings.GEOBILL_SESSIONS_KEPT_DAYS),
            ("network_session_event", settings.GEOBILL_SESSION_EVENTS_KEPT_DAYS),
        )
        for name in _rows(
            "SELECT * FROM network_drop_days(%s, %s)", [table, on_date - timedelta(days=days)]
        )
    ]


def _rows(sql: str, parameters: list[Any]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [row[0] for row in cursor.fetchall()]
