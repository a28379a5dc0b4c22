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
    assert connection.in_atomic_block, "an advisory lock without a transaction ends at once"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [FAMILY, int(lock)])
