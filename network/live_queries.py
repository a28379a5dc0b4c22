"""Reading of live changes: the queue and its dead letters, access servers."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet

from network import large
from network.models import (
    AccessAction,
    Nas,
    Session,
    SessionTally,
    TemporarySpeed,
)
from network.profile import AccessProfile

State = AccessAction.State
IN_WORK = (State.DESIRED, State.SENT, State.TIMED_OUT)
TO_LOOK_AT = (State.DEAD, State.NOT_APPLIED)
ROWS_MAX = 500


def actions(
    *,
    states: Iterable[str] = (),
    nas_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[AccessAction]:
    """Wishes of these states, newest first, with their BRAS."""
    rows = AccessAction.objects.select_related("nas").order_by("-id")
    chosen = list(states)
    if chosen:
        rows = rows.filter(state__in=chosen)
    if nas_id is not None:
        rows = rows.filter(nas_id=nas_id)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return list(rows[: min(limit, ROWS_MAX)])


def action_counts(*, since: datetime) -> dict[str, int]:
    """How many wishes of each state there are: those in work and to look at, and settled ones of
    late."""
    recent: QuerySet[AccessAction] = AccessAction.objects.filter(created_at__gte=since)
    told = {
        row["state"]: row["n"] for row in recent.values("state").annotate(n=Count("id")).order_by()
    }
    open_ones = AccessAction.objects.filter(state__in=(*IN_WORK, *TO_LOOK_AT))
    told |= {
        row["state"]: row["n"]
        for row in open_ones.values("state").annotate(n=Count("id")).order_by()
    }
    return told


def dead_count() -> int:
    """Dead letters that wait for somebody."""
    return AccessAction.objects.filter(state__in=TO_LOOK_AT).count()


def temporary_of(*, subscription_ids: Iterable[int], at: datetime) -> dict[int, TemporarySpeed]:
    """The temporary speeds that are on, by service."""
    rows = TemporarySpeed.objects.filter(
        subscription_id__in=list(subscription_ids), during__contains=at
    )
    return {row.subscription_id: row for row in rows}


def servers() -> list[Nas]:
    """All access servers, those in use first."""
    return sorted(Nas.objects.all(), key=lambda one: (one.retired_at is not None, one.name))


def nas_list() -> list[Nas]:
    """The same with `sessions`, how many run on each: as of now, or as they were counted last in a
    large network."""
    if large.is_large():
        counted = dict(SessionTally.objects.values_list("nas_id", "sessions"))
    else:
        counted = dict(
            Session.objects.filter(nas__isnull=False)
            .values_list("nas_id")
            .annotate(n=Count("id"))
            .order_by()
        )
    rows = servers()
    for one in rows:
        one.sessions = counted.get(one.id, 0)  # type: ignore[attr-defined]
    return rows


def profile_of(told: Any) -> AccessProfile | None:
    """A profile as the database gives it; None for none."""
    if isinstance(told, str):
        told = json.loads(told)
    return AccessProfile.from_json(told) if told else None
