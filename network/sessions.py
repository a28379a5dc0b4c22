"""Taking accounting in: open sessions in one table, closed ones moved to history.

`ingest` joins the given statements with what is stored, in one statement of SQL for any number of
sessions. Rules, whatever the order: counters only grow, a stop wins, a stopped session never
reopens (later packets still raise its counters), a stop of an unknown session makes a closed one.
An end that we only concluded (silence, a restart) is taken back when the session is heard of again:
otherwise it would run on with nobody able to block it, and its address be given to others.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from network import events, intervals, pools, progress, wishes, wraps
from network.accounting import Boot, SessionFacts, join_all
from network.models import AccessAction
from project.core import prepared

LOST_CAUSE = "Lost-Service"
BOOT_CAUSE = "NAS-Reboot"
BATCH_MAX = 10_000
PORTIONS_MAX = 20  # of BATCH_MAX in one run of the reaper
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
_LATE = (_STATEMENTS / "late.sql").read_text(encoding="utf-8")
_CLOSE = (_STATEMENTS / "close.sql").read_text(encoding="utf-8")
_REVIVE = (_STATEMENTS / "revive.sql").read_text(encoding="utf-8")

_SUPERSEDED = (_STATEMENTS / "superseded.sql").read_text(encoding="utf-8")

_BOOT = """
UPDATE network_nas SET last_boot_at = %(at)s, boot_epoch = boot_epoch + 1
WHERE address = %(address)s AND (last_boot_at IS NULL OR last_boot_at < %(at)s)
"""

# MATERIALIZED: joined as it is, the choice may be made anew for each row, and more be taken.
_SUSPECT = f"""
WITH silent AS MATERIALIZED (
    SELECT s.id FROM network_session s LEFT JOIN network_nas n ON n.id = s.nas_id
    WHERE s.state = 'OPEN' AND s.last_seen_at < %(at)s - %(suspect)s
      AND s.last_seen_at < %(at)s - {intervals.PATIENCE}
    LIMIT %(most)s FOR UPDATE OF s SKIP LOCKED
)
UPDATE network_session s SET state = 'SUSPECT', suspect_at = %(at)s
FROM silent WHERE s.id = silent.id
RETURNING s.unique_id, s.subscription_id, s.nas_id
"""  # noqa: S608 (our own text)
_LOST = f"""
SELECT s.unique_id FROM network_session s LEFT JOIN network_nas n ON n.id = s.nas_id
WHERE s.last_seen_at < %(at)s - %(lost)s
  AND s.last_seen_at < %(at)s - %(more)s - {intervals.PATIENCE}
LIMIT %(most)s
"""  # noqa: S608 (our own text)

_POINTS = """
SELECT unique_id, wrap_points FROM network_session WHERE unique_id = ANY(%(ids)s)
UNION ALL
SELECT h.unique_id, h.wrap_points FROM network_session_closed c
JOIN network_session_history h ON h.unique_id = c.unique_id AND h.closed_day = c.closed_day
WHERE c.unique_id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A session of the batch that is not just an interim update of an open one."""

    unique_id: str
    closed_day: date | None
    is_over: bool
    is_new: bool
    subscription_id: int | None
    nas_id: int | None


def ingest(records: Iterable[SessionFacts | Boot]) -> int:
    """Take statements in; gives the number of sessions they spoke of.

    All sessions are one transaction, and each restart of a BRAS is one before it. Taking the same
    in again changes nothing.
    """
    given = list(records)
    boots = {one for one in given if isinstance(one, Boot)}
    for boot in sorted(boots, key=lambda one: (one.nas_address, one.at)):
        _close_for_boot(boot)
    by_day: dict[date, list[SessionFacts]] = defaultdict(list)
    for one in given:
        if isinstance(one, SessionFacts):
            by_day[one.day].append(one)
    if not by_day:
        return 0
    ids = sorted({one.unique_id for facts in by_day.values() for one in facts})
    with transaction.atomic(), connection.cursor() as cursor:
        # A plan for any size of batch, made once: planning anew costs as much as the work.
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        _lock(cursor, ids=ids)
        for day in sorted(by_day):
            _take_in(cursor, day=day, facts=join_all(by_day[day]))
    return len(ids)


def reap(*, at: datetime) -> tuple[int, int]:
    """Mark sessions that are not heard of as suspect (three reports were missed, a quarter of an
    hour at least), close those long lost, in portions: a whole network may fall silent at once.

    A suspect session comes back with its next interim update; a lost one ends at the time it was
    last heard of. Gives (suspected, closed). While accounting waits to be taken in, the silence is
    ours: time stands still at the moment up to which the streams of all nodes were read.
    """
    at = progress.known_until(at)
    suspected, closed = 0, 0
    for _portion in range(PORTIONS_MAX):
        silent, lost = _reap_some(at=at)
        suspected, closed = suspected + silent, closed + lost
        if max(silent, lost) < BATCH_MAX:
            break
    return suspected, closed


def _reap_some(*, at: datetime) -> tuple[int, int]:
    with transaction.atomic(), connection.cursor() as cursor:
        known = {**intervals.values(), "at": at, "most": BATCH_MAX}
        cursor.execute(_LOST, known)
        closed = _close(
            cursor, heard_before=at - known["lost"], cause=LOST_CAUSE, kind=events.Kind.LOST, at=at
        )
        cursor.execute(_SUSPECT, known)
        silent = cursor.fetchall()
        _record(silent, kind=events.Kind.SUSPECT, at=at)
        return len(silent), closed


def _take_in(cursor: Any, *, day: date, facts: Sequence[SessionFacts]) -> None:
    """The statements of one day, one for each session."""
    points = _merged_points(cursor, facts)
    answer = prepared.rows(_INGEST, {**_columns(facts, points), "day": day})
    outcomes = {row[0]: _Outcome(*row) for row in answer}
    late = [one for one in facts if (o := outcomes.get(one.unique_id)) and o.closed_day]
    if late:
        late = _revived(cursor, late, outcomes=outcomes, day=day)
    if late:
        more = {**_days(late, outcomes), "day": day}
        more["is_over"] = _array([outcomes[one.unique_id].is_over for one in late])
        cursor.execute(_LATE, {**_columns(late, points), **more})
    # Addresses of sessions that begin are confirmed, of those that end begin to rest.
    changed = [one.unique_id for one in outcomes.values() if one.is_new or one.is_over]
    at = max(one.last_seen_at for one in facts)
    pools.follow(unique_ids=changed, at=at)
    _end_superseded(cursor, ids=[one.unique_id for one in outcomes.values() if one.is_new], at=at)
    events.record_many(
        events.Event(
            at=packet.at,
            kind=events.Kind(packet.kind),
            subscription_id=outcomes[one.unique_id].subscription_id,
            session_unique_id=one.unique_id,
            nonce=one.nonce,
            nas_id=outcomes[one.unique_id].nas_id,
            attributes=packet.attributes,
        )
        for one in facts
        for packet in one.packets
    )


def _revived(
    cursor: Any, late: list[SessionFacts], *, outcomes: dict[str, _Outcome], day: date
) -> list[SessionFacts]:
    """Sessions that were only thought to be over, and are told of again, go on with what is told;
    gives the statements of the others. What changed meanwhile is wished for."""
    again = [one for one in late if not outcomes[one.unique_id].is_over]
    if not again:
        return late
    values = {"unique_id": _texts([one.unique_id for one in again]), **_days(again, outcomes)}
    values["last_seen_at"] = _array([one.last_seen_at for one in again])
    cursor.execute(_REVIVE, values)
    rows = cursor.fetchall()
    back = {row[0] for row in rows}
    if not back:
        return late
    going_on = [one for one in again if one.unique_id in back]
    at = max(one.last_seen_at for one in going_on)
    _take_in(cursor, day=day, facts=going_on)
    pools.follow(unique_ids=back, at=at)
    _record([row[:3] for row in rows], kind=events.Kind.REVIVED, at=at)
    wishes.wish(sessions=[row[0] for row in rows if row[3]], at=at)
    # A session that began meanwhile may have taken its place.
    services = sorted({row[1] for row in rows if row[1] is not None})
    cursor.execute(
        "SELECT unique_id FROM network_session WHERE subscription_id = ANY(%s)", [services]
    )
    _end_superseded(cursor, ids=[row[0] for row in cursor.fetchall()], at=at)
    return [one for one in late if one.unique_id not in back]


def _days(facts: Sequence[SessionFacts], outcomes: dict[str, _Outcome]) -> dict[str, Any]:
    """In which days of the history these closed sessions lie."""
    days = [outcomes[one.unique_id].closed_day for one in facts]
    return {"closed_day": _array(days), "days": sorted({one for one in days if one})}


def _end_superseded(cursor: Any, *, ids: list[str], at: datetime) -> None:
    """New sessions take the place of older ones of their services: ask the BRAS to end those."""
    if not ids:
        return
    cursor.execute(_SUPERSEDED, {"ids": ids})
    older = [row[0] for row in cursor.fetchall()]
    wishes.wish(sessions=older, at=at, cause=wishes.SUPERSEDED, kind=AccessAction.Kind.DISCONNECT)


def _merged_points(cursor: Any, facts: Sequence[SessionFacts]) -> dict[str, list[int]]:
    """Counters without gigawords: what is known of these sessions with the new statements."""
    told = {one.unique_id: one.points for one in facts if one.points}
    if not told:
        return {}
    cursor.execute(_POINTS, {"ids": list(told)})
    stored = dict(cursor.fetchall())
    return {
        unique_id: wraps.merge(stored.get(unique_id) or [], points)
        for unique_id, points in told.items()
    }


def _close_for_boot(boot: Boot) -> None:
    """The BRAS's sessions last heard of before it restarted are over; a repeat does nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BOOT, {"at": boot.at, "address": boot.nas_address})
        cursor.execute(
            "SELECT unique_id FROM network_session WHERE nas_address = %s AND last_seen_at < %s",
            [boot.nas_address, boot.at],
        )
        _close(cursor, heard_before=boot.at, cause=BOOT_CAUSE, kind=events.Kind.BOOT, at=boot.at)


def _close(
    cursor: Any, *, heard_before: datetime, cause: str, kind: events.Kind, at: datetime
) -> int:
    """Close the sessions whose ids the cursor has just read, if they are still that old."""
    ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return 0
    _lock(cursor, ids=ids)
    cursor.execute(_CLOSE, {"ids": ids, "heard_before": heard_before, "cause": cause})
    gone = cursor.fetchall()
    pools.follow(unique_ids=[row[0] for row in gone], at=at)
    _record(gone, kind=kind, at=at, cause=cause)
    return len(gone)


def _record(
    sessions: Iterable[tuple[str, int | None, int | None]],
    *,
    kind: events.Kind,
    at: datetime,
    cause: str = "",
) -> None:
    """The same line for many sessions: (unique id, service, BRAS)."""
    events.record_many(
        events.Event(
            at=at,
            kind=kind,
            subscription_id=subscription_id,
            session_unique_id=unique_id,
            nas_id=nas_id,
            attributes={"cause": cause} if cause else {},
        )
        for unique_id, subscription_id, nas_id in sessions
    )


def _lock(cursor: Any, *, ids: list[str]) -> None:
    cursor.execute(_LOCK, {"class": LOCK_CLASS, "mask": LOCK_MASK, "ids": ids})


_PLAIN = (
    "nas_address", "framed_ip", "subscription_id", "is_guest", "started_at", "last_seen_at",
    "session_time_s", "is_stopped", "stopped_at",
)  # fmt: skip
_TEXTS = (
    "unique_id", "acct_session_id", "login", "mac", "circuit_hex", "remote_hex", "nas_port_id",
    "nonce", "terminate_cause", "echo",
)  # fmt: skip
_PLAIN_OF, _TEXTS_OF = attrgetter(*_PLAIN), attrgetter(*_TEXTS)


def _columns(facts: Sequence[SessionFacts], points: dict[str, list[int]]) -> dict[str, str]:
    """The statements as columns; counters without gigawords as what they amount to."""
    in_octets = [one.in_octets for one in facts]
    out_octets = [one.out_octets for one in facts]
    told = [""] * len(facts)
    if points:
        for number, one in enumerate(facts):
            known = points.get(one.unique_id)
            if known is None:
                continue
            in_total, out_total = wraps.totals(known)
            in_octets[number] = max(one.in_octets, in_total)
            out_octets[number] = max(one.out_octets, out_total)
            told[number] = "{" + ",".join(map(str, known)) + "}"
    plain, texts = (
        zip(*map(_PLAIN_OF, facts), strict=True),
        zip(*map(_TEXTS_OF, facts), strict=True),
    )
    columns = {name: _array(values) for name, values in zip(_PLAIN, plain, strict=True)}
    columns |= {name: _texts(values) for name, values in zip(_TEXTS, texts, strict=True)}
    columns["has_packet"] = _array([bool(one.packets) for one in facts])
    columns["in_octets"], columns["out_octets"] = _array(in_octets), _array(out_octets)
    columns["wrap_points"] = _texts(told)
    return columns


def _array(values: Sequence[Any]) -> str:
    """PostgreSQL's text form of an array of numbers, times, addresses, truth values.

    Written here because psycopg's own way, sign by sign in Python, took half of the time of an
    ingest. A time has a space in this form, but neither a comma nor a brace.
    """
    if values and values.count(values[0]) == len(values):  # none of them stopped, or all of a BRAS
        first = "NULL" if values[0] is None else str(values[0])
        return "{" + ",".join([first] * len(values)) + "}"
    return "{" + ",".join(["NULL" if one is None else str(one) for one in values]) + "}"


def _texts(values: Sequence[str]) -> str:
    """The same for text, of which any sign may be part."""
    whole = "\x00".join(values)
    if "\\" in whole or '"' in whole:
        values = [one.replace("\\", "\\\\").replace('"', '\\"') for one in values]
    return '{"' + '","'.join(values) + '"}' if values else "{}"
