"""How far accounting is taken in, by streams: a FreeRADIUS node may have a Redis of its own.

The silence of a session, and that none began on an address, say something only for the time up to
which every stream was read: what was reported may wait in the stream of the other node. A stream of
which nobody has told for a day, while somebody told of another, is of a node that was taken away;
people may say so earlier.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from network.models import AccountingProgress
from project.core import audit
from project.core.actor import Actor
from project.core.errors import NotFoundError

GONE_AFTER = timedelta(days=1)
BEFORE = ""  # the only stream there was, of which the name is not known yet
# A row that no reader of streams has told of is of the program before, and is not told of again.
OLD_AFTER = timedelta(minutes=1)


def note_read(*, stream: str, read_by: str, packets: int, at: datetime) -> None:
    """Store that a stream was read to its end at this time, and how much of it was taken in."""
    told = {"caught_up_at": at, "updated_at": at, "read_by": read_by}
    _row, is_new = AccountingProgress.objects.get_or_create(
        name=stream, defaults={**told, "packets": packets}
    )
    if not is_new:
        AccountingProgress.objects.filter(name=stream).update(
            **told, packets=F("packets") + packets
        )
    old = AccountingProgress.objects.filter(read_by="", updated_at__lt=at - OLD_AFTER)
    old.exclude(name=stream).delete()


def note_seen(*, stream: str, read_by: str, at: datetime) -> None:
    """Store that somebody reads a stream, which is not at its end: it is not taken away. Of a new
    one no more is known than that: what was silent before it is silent."""
    told = {"updated_at": at, "read_by": read_by}
    _row, is_new = AccountingProgress.objects.get_or_create(
        name=stream, defaults={**told, "caught_up_at": at, "packets": 0}
    )
    if not is_new:
        AccountingProgress.objects.filter(name=stream).update(**told)


def behind(at: datetime | None = None) -> AccountingProgress | None:
    """The stream that is furthest behind; None when none is known, or accounting goes no such way
    (what is known of a stream that was given up would stop the reaper's clock for good)."""
    if settings.GEOBILL_RADIUS_ACCOUNTING != "stream":
        return None
    counted = [one for one, counts in streams(at) if counts and one.caught_up_at]
    return min(counted, key=lambda one: one.caught_up_at or one.updated_at, default=None)


def known_until(at: datetime) -> datetime:
    """`at`, or the earlier time up to which all that was reported is taken in."""
    last = behind(at)
    return min(at, last.caught_up_at) if last and last.caught_up_at else at


def streams(at: datetime | None = None) -> list[tuple[AccountingProgress, bool]]:
    """All that are known, each with whether it counts: it was told of within a day of the last
    word of any (a word of tomorrow, by a wrong clock, is one of `at`). So one stream counts for
    ever, and all do that fell silent on the same day."""
    rows = list(AccountingProgress.objects.order_by("name"))
    if not rows:
        return []
    newest = max(one.updated_at for one in rows)
    newest = min(newest, at) if at else newest
    return [(one, newest - one.updated_at < GONE_AFTER) for one in rows]


def forget(*, stream: str, at: datetime, actor: Actor) -> None:
    """A node was taken away for good: what its stream had not told is waited for no more."""
    with transaction.atomic():
        row = AccountingProgress.objects.select_for_update().filter(name=stream).first()
        if row is None:
            raise NotFoundError
        row.delete()
        audit.record(
            at=at,
            actor=actor,
            action="network.accounting_stream.forgotten",
            obj=("accounting_stream", stream),
            summary=row.read_by or stream,
            before={"caught_up_at": row.caught_up_at and row.caught_up_at.isoformat()},
        )
