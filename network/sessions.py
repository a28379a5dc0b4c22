"""Taking accounting in: open sessions in one table, closed ones moved to history.

`ingest` joins the given statements with what is stored, in one statement of SQL for any number of
sessions. Rules, whatever the order: counters only grow, a stop wins, a closed session never
reopens (later packets still raise its counters), a stop of an unknown session makes a closed one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from network.accounting import Boot, SessionFacts, join_all

SUSPECT_AFTER = timedelta(minutes=15)  # three interim updates of 300 s
LOST_AFTER = timedelta(minutes=75)
LOST_CAUSE = "Lost-Service"
BOOT_CAUSE = "NAS-Reboot"
BATCH_MAX = 10_000
LOCK_CLASS = 7_301  # namespace of our advisory locks
LOCK_MASK = 255  # 256 buckets

# Packets of one session that come at once must see each other's effect, or a late interim could
# open again what a stop has just closed. A few hundred locks serve any size of batch.
_LOCK = """
SELECT pg_advisory_xact_lock(%(class)s, bucket) FROM (
    SELECT DISTINCT hashtext(u) & %(mask)s AS bucket FROM unnest(%(ids)s::text[]) AS u
    ORDER BY bucket
) b
"""

_STATEMENTS = Path(__file__).with_name("statements")
_INGEST = (_STATEMENTS / "ingest.sql").read_text(encoding="utf-8")
_CLOSE = (_STATEMENTS / "close.sql").read_text(encoding="utf-8")

_BOOT = """
UPDATE network_nas SET last_boot_at = %(at)s, boot_epoch = boot_epoch + 1
WHERE address = %(address)s AND (last_boot_at IS NULL OR last_boot_at < %(at)s)
"""


def ingest(records: Iterable[SessionFacts | Boot]) -> int:
    """Take statements in, in one transaction; gives the number of sessions they spoke of."""
    given = list(records)
    sessions = join_all(one for one in given if isinstance(one, SessionFacts))
    boots = sorted(
        {one for one in given if isinstance(one, Boot)}, key=lambda one: (one.nas_address, one.at)
    )
    if not sessions and not boots:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        for boot in boots:
            _close_for_boot(cursor, boot)
        if sessions:
            _lock(cursor, ids=[one.unique_id for one in sessions])
            cursor.execute(_INGEST, _columns(sessions))
    return len(sessions)


def reap(*, at: datetime) -> tuple[int, int]:
    """Mark sessions that are not heard of as suspect, close those long lost.

    A suspect session comes back with its next interim update; a lost one ends at the time it was
    last heard of. Gives (suspected, closed).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT unique_id FROM network_session WHERE last_seen_at < %s LIMIT %s",
            [at - LOST_AFTER, BATCH_MAX],
        )
        closed = _close(cursor, heard_before=at - LOST_AFTER, cause=LOST_CAUSE)
        cursor.execute(
            "UPDATE network_session SET state = 'SUSPECT', suspect_at = %s"
            " WHERE state = 'OPEN' AND last_seen_at < %s",
            [at, at - SUSPECT_AFTER],
        )
        return cursor.rowcount, closed


def _close_for_boot(cursor: Any, boot: Boot) -> None:
    """The BRAS's sessions last heard of before it restarted are over; a repeat does nothing."""
    cursor.execute(_BOOT, {"at": boot.at, "address": boot.nas_address})
    cursor.execute(
        "SELECT unique_id FROM network_session WHERE nas_address = %s AND last_seen_at < %s",
        [boot.nas_address, boot.at],
    )
    _close(cursor, heard_before=boot.at, cause=BOOT_CAUSE)


def _close(cursor: Any, *, heard_before: datetime, cause: str) -> int:
    """Close the sessions whose ids the cursor has just read, if they are still that old."""
    ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return 0
    _lock(cursor, ids=ids)
    cursor.execute(_CLOSE, {"ids": ids, "heard_before": heard_before, "cause": cause})
    return int(cursor.rowcount)


def _lock(cursor: Any, *, ids: list[str]) -> None:
    cursor.execute(_LOCK, {"class": LOCK_CLASS, "mask": LOCK_MASK, "ids": ids})


def _columns(sessions: Sequence[SessionFacts]) -> dict[str, list[Any]]:
    return {
        name: [getattr(one, name) for one in sessions] for name in SessionFacts.__dataclass_fields__
    }
