"""The outbox: news for the world outside, written in the transaction that makes it true.

A handler must bear being called twice with the same event: the process may die between the
handler's effect and our note of it. Events are claimed by exact id with FOR UPDATE SKIP LOCKED.
"""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from project.core import prepared
from project.core.models import OutboxEvent

logger = logging.getLogger(__name__)

Handler = Callable[..., None]

_EMIT = """
INSERT INTO core_outboxevent (topic, payload, created_at, available_at, attempts, last_error)
VALUES (%s, %s::jsonb, %s, %s, 0, '') RETURNING id
"""

MAX_ATTEMPTS = 10
FIRST_DELAY_S = 2
LONGEST_DELAY_S = 900

_handlers: dict[str, Handler] = {}
_wake: list[Callable[[], None]] = []


def register(topic: str, handler: Handler) -> None:
    """Wire the one handler of a topic; it is called as handler(payload=..., at=...)."""
    _handlers[topic] = handler


def on_wake(function: Callable[[], None]) -> None:
    """Wire what wakes the worker after a commit (set once, in the composition root)."""
    _wake[:] = [function]


def emit(
    *, topic: str, payload: dict[str, Any], at: datetime, not_before: datetime | None = None
) -> int:
    """Write one event in the present transaction and wake the worker once it is committed.

    `not_before`: when it is due, if that is later than `at`.

    News that nobody is waiting for wake nobody: a payment would be told to Redis each time. They
    are in the outbox all the same, and the next dispatch closes them.
    """
    ((event_id,),) = prepared.rows(_EMIT, [topic, json.dumps(payload), at, not_before or at])
    if topic in _handlers:
        for wake in _wake:
            transaction.on_commit(wake, robust=True)
    return int(event_id)


def dispatch(*, at: datetime, limit: int = 100) -> int:
    """Hand the waiting events that are due at `at` to their handlers; how many were handled.

    Each event is one transaction. A failing handler is tried again with a growing delay, at most
    ten times; then the event is dead and stays for people to see.
    """
    ids = list(
        OutboxEvent.objects.filter(done_at__isnull=True, dead_at__isnull=True, available_at__lte=at)
        .order_by("available_at", "id")
        .values_list("id", flat=True)[:limit]
    )
    handled = 0
    for event_id in ids:
        handled += _dispatch_one(event_id=event_id, at=at)
    return handled


def _dispatch_one(*, event_id: int, at: datetime) -> int:
    with transaction.atomic():
        event = (
            OutboxEvent.objects.select_for_update(skip_locked=True)
            .filter(id=event_id, done_at__isnull=True, dead_at__isnull=True, available_at__lte=at)
            .first()
        )
        if event is None:
            return 0
        event.attempts += 1
        handler = _handlers.get(event.topic)
        try:
            if handler is not None:
                with transaction.atomic():
                    handler(payload=event.payload, at=at)
        except Exception as error:
            logger.exception("outbox event %s (%s) failed", event.id, event.topic)
            event.last_error = f"{type(error).__name__}: {error}"[:2000]
            if event.attempts >= MAX_ATTEMPTS:
                event.dead_at = at
            delay_s = min(FIRST_DELAY_S * 2 ** (event.attempts - 1), LONGEST_DELAY_S)
            event.available_at = at + timedelta(seconds=delay_s)
            event.save()
            return 0
        event.done_at = at
        event.save()
        return 1
