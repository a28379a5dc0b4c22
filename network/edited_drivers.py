"""Drivers that were edited here: rows of the database over the shipped ones, cached for a moment.

Each process looks at most every few seconds whether something was changed (one small query), so an
edited driver speaks everywhere within `FRESH_S` and an authorization costs nothing more. Who writes
down what a driver says (`fastpath.refresh`) takes `current`: what is kept is not mended by time.
"""

import json
import time
from datetime import datetime
from threading import Lock
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from network.models import BrasDriver, Nas
from network.vendors import declarations, registry
from network.vendors.driver import Driver
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError

FRESH_S = 5.0
EDITED_MAX = 100

_MARK = "SELECT count(*), COALESCE(sum(revision + id * 100000), 0) FROM network_bras_driver"

_cached: dict[str, Driver] = {}
_mark: tuple[int, int] | None = None
_looked_at = 0.0
_looking = Lock()  # a thread that reads for longer must not put older drivers over newer ones


class BadDriverError(DomainError):
    """The driver cannot be stored; `problems` says which lines and why."""

    code = "bad_driver"
    message = _("The driver was not saved: some of its lines cannot be used.")

    def __init__(self, problems: tuple[declarations.Problem, ...]) -> None:
        super().__init__(problems=[f"{one.section}:{one.line} {one.code}" for one in problems])
        self.problems = problems


class DriverInUseError(DomainError):
    """A driver of one's own that access servers still use."""

    code = "driver_in_use"
    message = _("Access servers still use this driver.")


def edited() -> dict[str, Driver]:
    """The edited drivers by code, as they were at most `FRESH_S` ago."""
    return _cached if _is_fresh() else _look(only_if_stale=True)


def current() -> dict[str, Driver]:
    """The edited drivers by code as they are now; `edited` gives the same for the next seconds."""
    return _look(only_if_stale=False)


def _is_fresh() -> bool:
    return _mark is not None and time.monotonic() - _looked_at < FRESH_S


def _look(*, only_if_stale: bool) -> dict[str, Driver]:
    global _cached, _mark, _looked_at  # noqa: PLW0603 (a cache of the process)
    # The connection first: who waits for one of a pool must not hold up those that have them all.
    with connection.cursor() as cursor, _looking:
        if only_if_stale and _is_fresh():
            return _cached
        now = time.monotonic()
        cursor.execute(_MARK)
        mark = tuple(cursor.fetchone())
        if mark != _mark:
            _cached = _read_all()
            _mark = mark
        _looked_at = now
        return _cached


def forget() -> None:
    """The next question looks into the database."""
    global _mark  # noqa: PLW0603
    _mark = None


def save(*, code: str, told: dict[str, Any], at: datetime, actor: Actor) -> Driver:
    """Store a driver: an edited shipped one, or a new one. Audited. BadDriverError with the lines
    that cannot be used."""
    found = declarations.read(code, told)
    if found.driver is None:
        raise BadDriverError(found.problems)
    with transaction.atomic():
        row = BrasDriver.objects.select_for_update().filter(code=code).first()
        if row is None:
            if BrasDriver.objects.count() >= EDITED_MAX:
                raise BadDriverError((declarations.Problem("code", 0, "TOO_MANY"),))
            BrasDriver.objects.create(
                code=code, declaration=told, updated_at=at, updated_by=actor.label[:150]
            )
        else:
            BrasDriver.objects.filter(id=row.id).update(
                declaration=told,
                revision=_next_revision(),
                updated_at=at,
                updated_by=actor.label[:150],
            )
        audit.record(
            at=at,
            actor=actor,
            action="network.driver.saved",
            obj=("bras_driver", code),
            summary=found.driver.title,
            before=row.declaration if row else None,
            after=told,
        )
        _after_change()
    return found.driver


def reset(*, code: str, at: datetime, actor: Actor) -> None:
    """Go back to the shipped driver, or delete one's own that nobody uses. Audited."""
    with transaction.atomic():
        row = BrasDriver.objects.select_for_update().filter(code=code).first()
        if row is None:
            return
        used = Nas.objects.filter(vendor=code, retired_at=None).exists()
        if code not in registry.SHIPPED and used:
            raise DriverInUseError
        row.delete()
        audit.record(
            at=at,
            actor=actor,
            action="network.driver.reset",
            obj=("bras_driver", code),
            summary=code,
            before=row.declaration,
        )
        _after_change()


def _after_change() -> None:
    forget()
    transaction.on_commit(_changed, robust=True)


def _changed() -> None:
    """Others hear of it: ready-made replies of the fast path are made anew."""
    forget()
    from network.tasks import rebuild_replies

    rebuild_replies.delay()


def _next_revision() -> int:
    """Greater than all there are, so that the sum changes with each save."""
    newest = BrasDriver.objects.order_by("-revision").values_list("revision", flat=True).first()
    return (newest or 0) + 1


def _read_all() -> dict[str, Driver]:
    """All that can be read; one that a newer dictionary refuses is left to the shipped one."""
    found = {}
    for code, told in BrasDriver.objects.values_list("code", "declaration"):
        driver = declarations.read(code, json.loads(told) if isinstance(told, str) else told).driver
        if driver is not None:
            found[code] = driver
    return found
