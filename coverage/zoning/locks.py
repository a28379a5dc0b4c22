"""Advisory locks of zones, held until the end of the transaction."""

from enum import IntEnum

from django.db import connection

FAMILY = 0x7A6F6E65  # "zone": the first half of the pair, so that other parts can't collide


class Lock(IntEnum):
    """What is done by one transaction at a time."""

    PUBLISH = 1
    ZONE_CODES = 2


def hold(lock: Lock) -> None:
    """Wait for the lock; the end of the transaction gives it back."""
    _ask("SELECT pg_advisory_xact_lock(%s, %s)", lock)


def share(lock: Lock) -> None:
    """Wait until nobody holds the lock, and let nobody hold it before the transaction ends.

    Any number may share it. Who changes buildings shares PUBLISH before locking a row: else a
    publication and a new house that do not see each other would both leave out that the zone
    covers the house.
    """
    _ask("SELECT pg_advisory_xact_lock_shared(%s, %s)", lock)


def _ask(sql: str, lock: Lock) -> None:
    assert connection.in_atomic_block, "an advisory lock without a transaction ends at once"
    with connection.cursor() as cursor:
        cursor.execute(sql, [FAMILY, int(lock)])
