"""What became of wishes: the verdicts of a BRAS are stored, and what follows from a refusal.

A NAK 503 means that the BRAS does not know the session: it is suspect. Any other NAK of a CoA, and
a CoA that was never answered, is followed by a Disconnect (or by a dead letter, as the BRAS's card
says). A Disconnect that is refused or never answered becomes a dead letter.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from network import events, wishes
from network.models import AccessAction, Nas
from network.radius.dynauth import Code, Outcome
from network.steps import AS_IT_IS, DISCONNECT, ENDED, SESSION_NOT_FOUND, Job

logger = logging.getLogger(__name__)

State = AccessAction.State
COA_ATTEMPTS_MAX = 3
DISCONNECT_ATTEMPTS_MAX = 5
RETRY_S = 10

# A wish that was silent and has a newer one behind it is not tried again.
_STORE = """
UPDATE network_access_action a
SET state = CASE WHEN n.state = 'TIMED_OUT' AND EXISTS (
                    SELECT 1 FROM network_access_action w
                    WHERE w.session_unique_id = a.session_unique_id AND w.id <> a.id
                      AND w.state IN ('DESIRED', 'TIMED_OUT'))
                 THEN 'OBSOLETE' ELSE n.state END,
    kind = n.kind, packets = n.packets, error_cause = n.error_cause, answered_at = n.answered_at,
    next_attempt_at = n.next_attempt_at, baseline = n.baseline
FROM jsonb_to_recordset(%(verdicts)s::jsonb)
     AS n(id bigint, state text, kind text, packets jsonb, error_cause int, answered_at timestamptz,
          next_attempt_at timestamptz, baseline jsonb)
WHERE a.id = n.id AND a.state = 'SENT'
RETURNING a.id, a.state
"""

_APPLIED = """
INSERT INTO network_session_profile AS p (session_unique_id, subscription_id, applied, applied_mark,
                                          acknowledged_at, updated_at)
SELECT a.session_unique_id, a.subscription_id, a.desired, a.desired_profile_hash, a.answered_at,
       a.answered_at
FROM network_access_action a WHERE a.id = ANY(%(ids)s)
ON CONFLICT (session_unique_id) DO UPDATE
SET applied = EXCLUDED.applied, applied_mark = EXCLUDED.applied_mark,
    acknowledged_at = EXCLUDED.acknowledged_at, verified_at = NULL, updated_at = EXCLUDED.updated_at
"""

_FLAGS = """
UPDATE network_session s SET is_guest = (a.desired ->> 'state' = 'GUEST')
FROM network_access_action a
WHERE a.id = ANY(%(ids)s) AND s.unique_id = a.session_unique_id
  AND s.is_guest <> (a.desired ->> 'state' = 'GUEST')
"""

_STALE = """
UPDATE network_session SET state = 'SUSPECT', suspect_at = %(at)s
WHERE unique_id = ANY(%(sessions)s) AND state = 'OPEN'
"""


def store(jobs: Sequence[Job], *, nas: Nas, at: datetime) -> None:
    """Write these verdicts and wish for what follows from them, in one transaction."""
    assert jobs
    told = [_written(job, nas=nas, at=at) for job in jobs]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_STORE, {"verdicts": json.dumps(told)})
        _note_profiles(cursor, jobs, states=dict(cursor.fetchall()), at=at)
        stale = [job.session_unique_id for job in jobs if job.error_cause == SESSION_NOT_FOUND]
        if stale:
            cursor.execute(_STALE, {"sessions": stale, "at": at})
        _fall_back(cursor, jobs, nas=nas, at=at)
        events.record_many(line for job in jobs for line in _lines(job, nas=nas))


def _lines(job: Job, *, nas: Nas) -> list[events.Event]:
    """The packets of one wish for the session's time line."""
    lines = []
    for one in job.packets:
        if one.at is None or one.verdict is None:
            continue
        told: dict[str, Any] = {}
        for name, _op, value in [*job.identification, *one.attributes]:
            told[name] = [*told[name], value] if name in told else [value]
        lines.append(
            events.Event(
                at=one.at,
                kind=events.Kind.COA if one.code is Code.COA else events.Kind.DISCONNECT,
                subscription_id=job.subscription_id,
                session_unique_id=job.session_unique_id,
                nas_id=nas.id,
                attributes={
                    **told,
                    "cause": job.cause,
                    "verdict": one.verdict.value,
                    "error_cause": one.error_cause,
                    **({"why": one.why} if one.why else {}),
                    "took_ms": one.took_ms,
                },
            )
        )
    return lines


def _written(job: Job, *, nas: Nas, at: datetime) -> dict[str, Any]:
    state = _state(job, nas=nas)
    retry = timedelta(seconds=RETRY_S * 2 ** (job.attempts - 1))
    session = job.session
    answered_at = None if state == State.TIMED_OUT else (job.answered_at or at)
    return {
        "id": job.id,
        "state": state,
        "kind": job.kind,
        "packets": [one.as_json() for one in job.packets] or job.said_before,
        "error_cause": job.error_cause,
        "answered_at": answered_at and answered_at.isoformat(),
        "next_attempt_at": (at + retry).isoformat(),
        "baseline": {
            "in": session.in_octets,
            "out": session.out_octets,
            "time_s": session.session_time_s,
        }
        if session
        else {},
    }


def _state(job: Job, *, nas: Nas) -> str:
    if job.outcome in {ENDED, AS_IT_IS}:
        return State.OBSOLETE
    if job.outcome == Outcome.ACK.value:
        return State.ACKNOWLEDGED
    disconnects = job.kind == DISCONNECT
    if job.outcome == Outcome.TIMED_OUT.value:
        most = DISCONNECT_ATTEMPTS_MAX if disconnects else COA_ATTEMPTS_MAX
        if job.attempts < most:
            return State.TIMED_OUT
    elif job.error_cause == SESSION_NOT_FOUND:
        return State.NAK
    falls_back = not disconnects and nas.on_refusal == Nas.OnRefusal.DISCONNECT
    return State.NAK if falls_back else State.DEAD


def _note_profiles(
    cursor: Any, jobs: Sequence[Job], *, states: Mapping[int, str], at: datetime
) -> None:
    """After an acknowledged CoA the session has the desired profile; after one that broke off, and
    is not gone on with, nobody knows what it has."""
    done, broken = [], []
    for job in jobs:
        if job.kind == DISCONNECT or not job.packets:
            continue
        if job.outcome == Outcome.ACK.value:
            done.append(job)
        elif _may_have_changed(job) and states.get(job.id) != State.TIMED_OUT:
            broken.append(job.session_unique_id)
    if done:
        values = {"ids": [job.id for job in done]}
        cursor.execute(_APPLIED, values)
        cursor.execute(_FLAGS, values)
    wishes.forget_applied(sessions=broken, at=at)


def _may_have_changed(job: Job) -> bool:
    """Whether the BRAS did some of it, or may have: only its answer may have been lost."""
    return job.was_begun or job.outcome == Outcome.TIMED_OUT.value


def _fall_back(cursor: Any, jobs: Sequence[Job], *, nas: Nas, at: datetime) -> None:
    """CoA refused or never answered: end the session, unless a newer wish waits already."""
    if nas.on_refusal != Nas.OnRefusal.DISCONNECT:
        return
    by_cause: dict[str, list[str]] = {}
    for job in jobs:
        failed = job.outcome == Outcome.NAK.value and job.error_cause != SESSION_NOT_FOUND
        silent = job.outcome == Outcome.TIMED_OUT.value and job.attempts >= COA_ATTEMPTS_MAX
        if job.kind == DISCONNECT or not (failed or silent):
            continue
        logger.warning(
            "%s did not do %s for session %s (%s %s): it will be reconnected",
            nas.name, job.kind, job.session_unique_id, job.outcome, job.error_cause or "",
        )  # fmt: skip
        by_cause.setdefault(wishes.REFUSED if failed else wishes.SILENT, []).append(
            job.session_unique_id
        )
    for cause, sessions in by_cause.items():
        cursor.execute(
            "SELECT session_unique_id FROM network_access_action"
            " WHERE session_unique_id = ANY(%s) AND state IN ('DESIRED', 'TIMED_OUT')",
            [sessions],
        )
        newer = {row[0] for row in cursor.fetchall()}
        wishes.wish(
            sessions=[one for one in sessions if one not in newer],
            at=at,
            cause=cause,
            kind=AccessAction.Kind.DISCONNECT,
        )
