"""What changes by itself when a moment comes: nights of tariffs, pauses, plans, terms, add-ons.

`switch` runs at the beginning of each minute and acts on all borders since it last did
(`ScheduleMark`), so a night speed comes in its minute, and what a worker that was down has missed
is made up. Borders are moments of Kyiv's clock: midnights, and the hours of night speeds.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection

from network import places, provisioning
from network.models import ScheduleMark
from project.core import clock

ZONES_CHANGED = "network.zones_changed"
FAR_BACK = timedelta(days=2)  # an hour of a night is looked for no further back
REFRESHED_AT_ONCE = 500
LOCK_CLASS = 7_303  # namespace of our advisory locks

_HOURS = """
SELECT DISTINCT hour FROM billing_tariff_version v
CROSS JOIN LATERAL (VALUES (v.night_from), (v.night_until)) AS h(hour)
WHERE v.published_at IS NOT NULL AND hour IS NOT NULL
"""

# `since` and `day` are dates: of the last look and of now.
_DATED = """
SELECT p.subscription_id FROM billing_pause p
WHERE (lower(p.during) > %(since)s AND lower(p.during) <= %(day)s)
   OR (upper(p.during) > %(since)s AND upper(p.during) <= %(day)s)
UNION
SELECT COALESCE(s.parent_id, s.id) FROM billing_plan_span p
JOIN billing_subscription s ON s.id = p.subscription_id
WHERE (lower(p.during) > %(since)s AND lower(p.during) <= %(day)s)
   OR (upper(p.during) > %(since)s AND upper(p.during) <= %(day)s)
UNION
SELECT COALESCE(s.parent_id, s.id) FROM billing_plan_span p
JOIN billing_tariff_version v ON v.tariff_id = p.tariff_id
JOIN billing_subscription s ON s.id = p.subscription_id
WHERE p.during @> %(day)s::date AND v.published_at IS NOT NULL
  AND v.applies_existing_from > %(since)s AND v.applies_existing_from <= %(day)s
UNION
SELECT s.parent_id FROM billing_subscription s
WHERE s.parent_id IS NOT NULL AND s.ends_date >= %(since)s AND s.ends_date < %(day)s
"""

_NIGHTS = """
SELECT DISTINCT p.subscription_id FROM billing_plan_span p
JOIN billing_tariff_version v ON v.tariff_id = p.tariff_id
WHERE p.during @> %(day)s::date AND v.published_at IS NOT NULL
  AND (v.night_from = ANY(%(hours)s) OR v.night_until = ANY(%(hours)s))
"""


def switch(*, at: datetime) -> int:
    """Rewrite the decisions whose border lies between the last look and `at`; gives how many
    services were looked at. Nothing while another process is at it."""
    with _alone() as ours:
        if not ours:
            return 0
        mark, _ = ScheduleMark.objects.get_or_create(id=1, defaults={"looked_at": at - FAR_BACK})
        ids = due(since=mark.looked_at, at=at)
        _refresh(ids, at=at)
        # Only when all is done: what broke off is found again.
        ScheduleMark.objects.filter(id=1, looked_at__lt=at).update(looked_at=at)
    return len(ids)


def on_zones_changed(*, payload: dict[str, Any], at: datetime) -> None:
    """News of a published map: the decisions of services whose zone it changed (their mode and
    guest rules may be others there)."""
    _refresh(places.moved(at=at), at=at)


def due(*, since: datetime, at: datetime) -> list[int]:
    """Services with a border after `since` and not after `at`, in order."""
    if since >= at:
        return []
    today = clock.today(at)
    found: set[int] = set()
    with connection.cursor() as cursor:
        if clock.today(since) < today:
            cursor.execute(_DATED, {"since": clock.today(since), "day": today})
            found |= {row[0] for row in cursor.fetchall()}
        cursor.execute(_HOURS)
        hours = [row[0] for row in cursor.fetchall() if _came(row[0], since=since, at=at)]
        if hours:
            cursor.execute(_NIGHTS, {"day": today, "hours": hours})
            found |= {row[0] for row in cursor.fetchall()}
    return sorted(found)


def _refresh(ids: Sequence[int], *, at: datetime) -> None:
    for first in range(0, len(ids), REFRESHED_AT_ONCE):
        chunk = ids[first : first + REFRESHED_AT_ONCE]
        provisioning.refresh_decisions(subscription_ids=chunk, at=at)


def _came(hour: time, *, since: datetime, at: datetime) -> bool:
    """Whether Kyiv's clocks showed this hour after `since` and not after `at`; an hour that comes
    twice in autumn counts both times."""
    days = _days(max(since, at - FAR_BACK), at)
    moments = (
        datetime.combine(day, hour, tzinfo=clock.KYIV).replace(fold=fold)
        for day in days
        for fold in (0, 1)
    )
    return any(since.timestamp() < one.timestamp() <= at.timestamp() for one in moments)


def _days(since: datetime, at: datetime) -> list[date]:
    first, last = clock.today(since), clock.today(at)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


@contextmanager
def _alone() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [LOCK_CLASS])
        ours = bool(cursor.fetchone()[0])
    try:
        yield ours
    finally:
        if ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [LOCK_CLASS])
