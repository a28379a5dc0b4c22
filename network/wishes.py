"""Wishes: what running sessions need so that they agree with the decision. Only the database.

A wish (AccessAction) is stored in the transaction of its cause and carried out after the commit by
`network.sender`. At most one waits a session: a newer one makes the older obsolete; one that is on
the wire is let finish first.
"""

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from kombu.exceptions import OperationalError

from network import accepts
from network.models import AccessAction
from network.profile import AccessProfile
from network.vendors.registry import Card, driver_for
from project.core import clock

logger = logging.getLogger(__name__)

State, Kind = AccessAction.State, AccessAction.Kind

ACCESS_CLOSED = "ACCESS_CLOSED"
ACCESS_OPENED = "ACCESS_OPENED"
PROFILE_CHANGED = "PROFILE_CHANGED"
REFUSED = "REFUSED"
SILENT = "SILENT"
NOT_APPLIED = "NOT_APPLIED"
DRIFT = "DRIFT"
EQUIPMENT = "EQUIPMENT"
CREDENTIALS = "CREDENTIALS"
MODE = "MODE"
SUPERSEDED = "SUPERSEDED"
ENDED_BY_STAFF = "STAFF"
# Sessions that must end whatever their service may have now: no newer wish is better than that.
ENDINGS = (EQUIPMENT, CREDENTIALS, MODE, SUPERSEDED, ENDED_BY_STAFF)
URGENT, USUAL = 0, 1
QUIET = timedelta(minutes=5)
ASTRAY_MAX = 1_000
# What is on the wire for longer was left by a sender that died.
ANSWERED_WITHIN = timedelta(seconds=60)
# The line of an authorization is written after the session's start: the next run has it.
LINE_WITHIN = timedelta(seconds=30)
# An Accept on its way while the decision changed becomes a session of the old profile.
ON_ITS_WAY = timedelta(seconds=60)

# Before a decision changes: what its running sessions have is what it says until now.
_REMEMBER = """
INSERT INTO network_session_profile
    (session_unique_id, subscription_id, applied, applied_mark, updated_at)
SELECT s.unique_id, s.subscription_id, known.profile,
       CASE WHEN known.profile IS NULL THEN '' ELSE d.profile_hash END, %(at)s
FROM network_session s
JOIN radius_decision d ON d.subscription_id = s.subscription_id
LEFT JOIN LATERAL (
    SELECT d.profile WHERE d.profile <> '{}'::jsonb AND s.is_guest = (d.state = 'GUEST')
       AND (d.felt_at IS NULL OR s.started_at >= d.felt_at)
) known ON true
WHERE s.subscription_id = ANY(%(ids)s)
ON CONFLICT (session_unique_id) DO NOTHING
"""

# Of a session that was told something, and of which it is not known whether it did it (only its
# answer may have been lost, or the sender died), nobody knows what it has.
_OBSOLETE = """
UPDATE network_access_action a SET state = 'OBSOLETE', answered_at = %(at)s
FROM network_session s
WHERE s.unique_id = ANY(%(sessions)s) AND a.session_unique_id = s.unique_id
  AND a.state IN ('DESIRED', 'TIMED_OUT', 'DEAD')
RETURNING CASE WHEN a.kind <> 'DISCONNECT' AND (
    a.packets @> '[{"verdict": "ACK"}]' OR a.packets @> '[{"verdict": "TIMED_OUT"}]'
    OR (a.attempts > 0 AND a.packets = '[]'::jsonb)) THEN s.unique_id END
"""

_ENDINGS = """
SELECT DISTINCT session_unique_id, cause FROM network_access_action
WHERE session_unique_id = ANY(%(sessions)s) AND kind = 'DISCONNECT' AND cause = ANY(%(endings)s)
  AND state IN ('DESIRED', 'SENT', 'TIMED_OUT', 'DEAD')
"""

_WISH = """
INSERT INTO network_access_action
    (subscription_id, nas_id, session_unique_id, kind, cause, state, priority, desired,
     desired_profile_hash, packets, attempts, created_at, next_attempt_at, baseline)
SELECT s.subscription_id, s.nas_id, s.unique_id, %(kind)s, told.cause, 'DESIRED', told.priority,
       COALESCE(d.profile, '{}'::jsonb), COALESCE(d.profile_hash, ''), '[]'::jsonb, 0,
       %(at)s, %(at)s, '{}'::jsonb
FROM network_session s
LEFT JOIN radius_decision d ON d.subscription_id = s.subscription_id
JOIN network_nas n ON n.id = s.nas_id AND NOT n.only_watched
LEFT JOIN network_session_profile p ON p.session_unique_id = s.unique_id
CROSS JOIN LATERAL (
    SELECT CASE WHEN %(cause)s <> '' THEN %(cause)s
                WHEN d.state <> 'FULL' THEN 'ACCESS_CLOSED'
                WHEN s.is_guest OR p.applied ->> 'state' = 'GUEST' THEN 'ACCESS_OPENED'
                ELSE 'PROFILE_CHANGED' END AS cause
) named
CROSS JOIN LATERAL (
    SELECT named.cause,
           (named.cause IN ('PROFILE_CHANGED', 'DRIFT', 'MODE'))::int AS priority
) told
WHERE s.unique_id = ANY(%(sessions)s)
ORDER BY s.id
RETURNING id, nas_id
"""

# Sessions that go on against a decision of which no wish told them, or whose wish came to nothing.
# Found from the decisions, of which few are closed or new: of a million most are neither.
# MATERIALIZED: else all sessions may be read in their order, for the sake of the first ones.
_FOUND = """
WITH found AS MATERIALIZED ({found})
SELECT {columns}
FROM found
JOIN network_session s ON s.id = found.id AND s.state = 'OPEN'
JOIN network_nas n ON n.id = s.nas_id AND NOT n.only_watched
{further}
WHERE NOT EXISTS (
    SELECT 1 FROM network_access_action a WHERE a.session_unique_id = s.unique_id
      AND (a.created_at > %(at)s - %(quiet)s OR a.state IN ('DESIRED', 'SENT', 'TIMED_OUT')))
ORDER BY s.id LIMIT %(most)s
"""
_ASTRAY = _FOUND.format(
    found="""
    SELECT s.id FROM radius_decision d
    JOIN network_session s ON s.subscription_id = d.subscription_id
    LEFT JOIN network_session_profile p ON p.session_unique_id = s.unique_id
    WHERE d.state <> 'FULL' AND (d.state = 'REFUSED' OR (
        NOT s.is_guest AND COALESCE(p.applied ->> 'state', 'FULL') <> 'GUEST'))""",
    columns="s.unique_id",
    further="",
)
# Sessions that began just after their decision changed and were told nothing since, each with the
# line of its authorization: the Accept may have been on its way, of the decision before.
_JUST_BEGUN = _FOUND.format(
    found="""
    SELECT s.id FROM radius_decision d
    JOIN network_session s ON s.subscription_id = d.subscription_id
    WHERE d.felt_at > %(at)s - %(on_its_way)s * 3 AND s.id > %(after)s
      AND s.started_at BETWEEN d.felt_at AND d.felt_at + %(on_its_way)s
      AND NOT EXISTS (SELECT FROM network_session_profile p
                      WHERE p.session_unique_id = s.unique_id)""",
    columns="""s.id, s.unique_id, s.is_guest, s.started_at, d.state, d.profile, d.felt_at, n.vendor,
       n.capabilities, line.at, line.attributes""",
    further="""JOIN radius_decision d ON d.subscription_id = s.subscription_id
LEFT JOIN LATERAL (
    SELECT e.at, e.attributes FROM network_session_event e
    WHERE s.nonce <> '' AND e.nonce = s.nonce AND e.nonce <> '' AND e.kind = 'AUTHORIZE'
      AND e.subscription_id = s.subscription_id
      AND e.at BETWEEN %(at)s - interval '1 hour' AND %(at)s + interval '1 hour'
    ORDER BY e.at DESC LIMIT 1
) line ON true""",
)
# FreeRADIUS' last good answer, or that of the file beside it, whatever is decided meanwhile.
FROM_MEMORY = frozenset({"cache", "standby"})


# Two small indexes, of what waits and of what is on the wire, whatever there was before.
_DUE = """
SELECT a.nas_id FROM network_access_action a
WHERE a.state IN ('DESIRED', 'TIMED_OUT') AND a.next_attempt_at <= %(at)s
UNION
SELECT a.nas_id FROM network_access_action a
JOIN network_nas n ON n.id = a.nas_id AND NOT n.only_watched
WHERE a.state = 'SENT' AND a.sent_at < %(answered_by)s
ORDER BY 1
"""


# Sessions of equipment that was replaced or moved; guests whose device is the service's own now.
_ON_OLD_EQUIPMENT = """
SELECT unique_id, is_guest FROM network_session
WHERE subscription_id = %(service)s AND CASE
    WHEN is_guest THEN mac = %(mac)s AND mac <> ''
    ELSE (mac <> '' AND mac = %(old_mac)s AND mac <> %(mac)s)
      OR (circuit_hex <> '' AND (circuit_hex, remote_hex) = (%(old_circuit)s, %(old_remote)s)
          AND (circuit_hex, remote_hex) <> (%(circuit)s, %(remote)s)) END
ORDER BY id
"""


def remember(*, subscription_ids: Iterable[int], at: datetime) -> None:
    """Note what the open sessions of these services have, before their decisions change."""
    ids = list(subscription_ids)
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_REMEMBER, {"ids": ids, "at": at})


def on_decisions_changed(*, subscription_ids: Iterable[int], at: datetime) -> None:
    """Wish for what each open session of these services needs, in the present transaction."""
    ids = list(subscription_ids)
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unique_id FROM network_session WHERE subscription_id = ANY(%s)", [ids]
        )
        sessions = [row[0] for row in cursor.fetchall()]
    wish(sessions=sessions, at=at)


def on_equipment_changed(
    *, subscription_id: int, before: Mapping[str, str], after: Mapping[str, str], at: datetime
) -> None:
    """The service has another MAC or port (`mac`, `circuit_hex`, `remote_hex`): what runs on the
    old one is reconnected, so that it is decided anew; a guest that is its own now is let out."""
    values: dict[str, Any] = {
        "service": subscription_id,
        "mac": after["mac"],
        "circuit": after["circuit_hex"],
        "remote": after["remote_hex"],
        "old_mac": before["mac"],
        "old_circuit": before["circuit_hex"],
        "old_remote": before["remote_hex"],
    }
    with connection.cursor() as cursor:
        cursor.execute(_ON_OLD_EQUIPMENT, values)
        rows = cursor.fetchall()
    wish(sessions=[one for one, is_guest in rows if is_guest], at=at)
    old = [one for one, is_guest in rows if not is_guest]
    wish(sessions=old, at=at, cause=EQUIPMENT, kind=Kind.DISCONNECT)


def wish(
    *, sessions: Iterable[str], at: datetime, cause: str = "", kind: str = Kind.PENDING
) -> list[int]:
    """One wish for each of these open sessions, but for those whose BRAS is only watched; the ids.

    The cheapest way is found when it is sent; `kind` DISCONNECT asks for an end at any rate. An
    empty cause is found from the decision. A session whose end was asked for and is not done yet
    (`ENDINGS`) stays asked to end."""
    ids = list(sessions)
    if not ids:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        ending: dict[str, str] = {}
        if kind != Kind.DISCONNECT:
            cursor.execute(_ENDINGS, {"sessions": ids, "endings": list(ENDINGS)})
            ending = dict(cursor.fetchall())
        cursor.execute(_OBSOLETE, {"sessions": ids, "at": at})
        forget_applied(sessions=[row[0] for row in cursor.fetchall() if row[0]], at=at)
        asked = {(cause, kind): [one for one in ids if one not in ending]}
        for one, why in sorted(ending.items()):
            asked.setdefault((why, Kind.DISCONNECT), []).append(one)
        made = []
        for (why, way), chosen in asked.items():
            cursor.execute(_WISH, {"sessions": chosen, "at": at, "cause": why, "kind": way})
            made += cursor.fetchall()
        wake({row[1] for row in made})
    return [row[0] for row in made]


def take_back(*, nas_id: int, at: datetime) -> int:
    """What waits for this BRAS will not be asked of it; gives how many wishes."""
    waiting = AccessAction.objects.filter(
        nas_id=nas_id, state__in=(State.DESIRED, State.TIMED_OUT, State.DEAD)
    )
    return waiting.update(state=State.OBSOLETE, answered_at=at)


def enforce(*, at: datetime) -> int:
    """Find open sessions that go on against the decision, and wish again.

    The safety net: an Accept that was on its way while the service was blocked becomes a session of
    which no event tells, and a block that was refused must not be forgotten. Gives their number.
    """
    values: dict[str, Any] = {"at": at, "quiet": QUIET, "most": ASTRAY_MAX}
    with connection.cursor() as cursor:
        cursor.execute(_ASTRAY, values)
        found = [row[0] for row in cursor.fetchall()]
    astray = list(dict.fromkeys([*found, *_slipped_in(values)]))
    forget_applied(sessions=astray, at=at)
    return len(wish(sessions=astray, at=at))


class _Begun(NamedTuple):
    """A session that began just after its decision changed; `line_at` is None where the line of its
    authorization is not known."""

    id: int
    unique_id: str
    is_guest: bool
    started_at: datetime
    state: str
    profile: Any
    felt_at: datetime
    vendor: str
    capabilities: Any
    line_at: datetime | None
    attributes: Any


def _slipped_in(values: Mapping[str, Any]) -> list[str]:
    """Those of them that were let in by the decision before; `ASTRAY_MAX` and a portion at most."""
    found: list[str] = []
    after = 0
    while True:
        with connection.cursor() as cursor:
            told = {**values, "on_its_way": ON_ITS_WAY, "after": after}
            cursor.execute(_JUST_BEGUN, told)
            rows = [_Begun(*row) for row in cursor.fetchall()]
        late = values["at"] - LINE_WITHIN
        found += [
            row.unique_id
            for row in rows
            if (row.line_at or row.started_at <= late) and not _is_by_the_new(row)
        ]
        if len(rows) < ASTRAY_MAX or len(found) >= ASTRAY_MAX:
            return found
        after = rows[-1].id


def _is_by_the_new(row: _Begun) -> bool:
    """Whether it was let in by the decision as it is: nothing is to be corrected then. Where a BRAS
    cannot be told anew without a Disconnect, who has just paid and redialled would be cut again.

    What the Accept gave decides, for a line may be younger than `felt_at` and the change not yet
    committed then (a run over many services has one `at`). Where the line does not tell all of it,
    its time decides."""
    if row.line_at is None or row.is_guest is not (row.state == "GUEST"):
        return False
    attributes, profile = _json(row.attributes), _json(row.profile)
    if profile:
        driver = driver_for(Card(row.vendor, _json(row.capabilities)))
        same = accepts.gave(attributes, profile=AccessProfile.from_json(profile), driver=driver)
        if same is not None:
            return same
    return row.line_at > row.felt_at and attributes.get("decided_by") not in FROM_MEMORY


def _json(told: Any) -> Any:
    return json.loads(told) if isinstance(told, str) else told


def forget_applied(*, sessions: Iterable[str], at: datetime) -> None:
    """It is not known any more what these sessions have: everything will be said to them again."""
    ids = list(sessions)
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO network_session_profile AS p (session_unique_id, subscription_id, applied,"
            " applied_mark, updated_at) SELECT unique_id, subscription_id, NULL, '', %(at)s"
            " FROM network_session WHERE unique_id = ANY(%(ids)s) ON CONFLICT (session_unique_id)"
            " DO UPDATE SET applied = NULL, applied_mark = '', updated_at = EXCLUDED.updated_at",
            {"ids": ids, "at": at},
        )


def due_nas(*, at: datetime) -> list[int]:
    """BRASes for which something waits whose time has come, or was left by a sender that died."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"at": at, "answered_by": at - ANSWERED_WITHIN})
        return [row[0] for row in cursor.fetchall()]


def wake(nas_ids: Iterable[int]) -> None:
    """Have the senders of these BRASes woken once the present transaction is committed."""
    for nas_id in sorted(set(nas_ids)):
        transaction.on_commit(_handing_over(nas_id), robust=True)


def _handing_over(nas_id: int) -> Callable[[], None]:
    """A function, not a partial: Django names what failed in its log, and a partial has no name, so
    that a Redis that is away would fail the request whose work is committed already."""

    def hand_over() -> None:
        from network.tasks import send_wishes

        try:
            send_wishes.delay(nas_id=nas_id)
        except OperationalError as error:
            logger.warning("BRAS %s is asked from here: the queue is away (%s)", nas_id, error)
            threading.Thread(target=_send_here, args=(nas_id,), name=f"bras-{nas_id}").start()

    return hand_over


def _send_here(nas_id: int) -> None:
    """Without the queue nobody would carry a block out until it is back: sessions go on for a day.
    One sender at a time, as ever; what is silent now waits in the table for the queue."""
    from network import sender

    try:
        while sender.work_off(nas_id=nas_id, now=clock.now).is_unfinished:
            pass  # nobody waits behind this thread
    except Exception:
        logger.exception("BRAS %s could not be asked from here", nas_id)
    finally:
        connection.close()
