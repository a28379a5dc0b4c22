"""Carrying out wishes: one sender a BRAS, many requests on the wire, one a session.

`work_off` holds the BRAS's advisory lock, so all that is on its way to one BRAS is counted in one
place: at most `Nas.in_flight_max` (200). It takes wishes as they come, sends, and writes verdicts
in batches; no transaction is open while it waits for a BRAS. A sender that dies leaves wishes in
state SENT, which the next one takes up. A BRAS that answers nothing is left alone for a while
(`SILENT_MAX`), and one that answers slowly has its time (`RUN_S_MAX`), or their thousands of wishes
would keep the workers from all the others.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from network import crypto, verdicts, wishes
from network.authorization import AccessReason
from network.models import Nas
from network.radius import dynauth
from network.radius.dynauth import Outcome
from network.steps import AS_IT_IS, Job, Session, planned
from network.vendors.driver import Driver, Memo
from network.vendors.registry import driver_for

logger = logging.getLogger(__name__)

# Why a service itself, not somebody unknown at its port, was let in as a guest.
OWN_REASONS = [one.value for one in AccessReason]
LOCK_CLASS = 7_302  # namespace of our advisory locks
CLAIM_MAX = 100
FLUSH_ROWS = 100
FLUSH_S = 0.05
POLL_S = 0.02
SILENT_MAX = 20  # requests one after the other that nobody answered
QUIET = timedelta(seconds=30)
# Then nothing more is sent, and what is on the wire is waited for (3 s of silence a packet): the
# workers are few, and a BRAS that answers half would keep one from all the others for long.
RUN_S_MAX = 20.0

_TAKE_UP = """
UPDATE network_access_action a
SET state = CASE WHEN EXISTS (SELECT 1 FROM network_access_action w
                              WHERE w.session_unique_id = a.session_unique_id
                                AND w.state IN ('DESIRED', 'TIMED_OUT'))
                 THEN 'OBSOLETE' ELSE 'DESIRED' END
WHERE a.nas_id = %s AND a.state = 'SENT'
RETURNING CASE WHEN a.state = 'OBSOLETE' THEN a.session_unique_id END
"""

_POSTPONE = """
UPDATE network_access_action SET next_attempt_at = %(until)s
WHERE nas_id = %(nas)s AND state IN ('DESIRED', 'TIMED_OUT') AND next_attempt_at <= %(at)s
"""

WISH = (
    "a.id, a.session_unique_id, a.subscription_id, a.kind, a.cause, a.desired,"
    " a.desired_profile_hash, a.packets, a.attempts"
)
# MATERIALIZED: joined as it is, the choice may be made anew for each row, and more be taken.
_CLAIM = f"""
WITH chosen AS MATERIALIZED (
    SELECT id FROM network_access_action
    WHERE nas_id = %(nas)s AND state IN ('DESIRED', 'TIMED_OUT') AND next_attempt_at <= %(at)s
      AND NOT session_unique_id = ANY(%(running)s)
    ORDER BY priority, next_attempt_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE network_access_action a
SET state = 'SENT', sent_at = %(at)s, attempts = a.attempts + 1
FROM chosen
WHERE a.id = chosen.id
RETURNING {WISH}, a.priority
"""  # noqa: S608 (our own text)

_SESSIONS = """
SELECT s.unique_id, s.acct_session_id, s.login, host(s.framed_ip), host(s.nas_address), s.mac,
       s.is_guest, s.in_octets, s.out_octets, s.session_time_s, p.applied,
       NOT s.is_guest OR p.acknowledged_at IS NOT NULL OR EXISTS (
           SELECT FROM network_guestvisit v
           WHERE v.subscription_id = s.subscription_id AND v.mac = s.mac
             AND v.login = lower(btrim(s.login))
             AND v.reason = ANY(%(reasons)s)),
       COALESCE(s.echo ?| ARRAY['Framed-IPv6-Prefix', 'Delegated-IPv6-Prefix'], false) OR EXISTS (
           SELECT FROM network_ipassignment a
           WHERE a.subscription_id = s.subscription_id AND a.kind <> 'IPV4'
             AND a.session_unique_id = s.unique_id),
       (EXISTS (SELECT FROM network_ippool g WHERE g.is_guest
                AND s.framed_ip BETWEEN g.first AND g.last)
        AND NOT EXISTS (SELECT FROM network_ippool o WHERE NOT o.is_guest
                        AND s.framed_ip BETWEEN o.first AND o.last))
       OR (s.is_guest AND p.acknowledged_at IS NULL AND EXISTS (
           SELECT FROM network_guestvisit v JOIN network_guestrule r ON r.id = v.rule_id
           WHERE v.subscription_id = s.subscription_id AND v.mac = s.mac
             AND v.login = lower(btrim(s.login)) AND r.pool <> ''))
FROM network_session s
LEFT JOIN network_session_profile p ON p.session_unique_id = s.unique_id
WHERE s.unique_id = ANY(%(sessions)s)
"""


class Worked(NamedTuple):
    """How many wishes got a verdict; whether the time was over while something was still due."""

    done: int
    is_unfinished: bool = False


def work_off(*, nas_id: int, now: Callable[[], datetime]) -> Worked:
    """Carry out what waits for one BRAS and is due, for `RUN_S_MAX` at most; then it is for the
    caller to come again, after others.

    Nothing is done when another sender is at it. `now` is asked again for each step: a run takes a
    while.
    """
    nas = Nas.objects.filter(id=nas_id).first()
    if nas is None or nas.only_watched:
        return Worked(0)
    done = 0
    ends_at = time.monotonic() + RUN_S_MAX
    # Who fails to get the lock leaves its wishes to the holder, who looks once more after its end.
    while _something_due(nas_id=nas_id, at=now()):
        if time.monotonic() > ends_at:
            return Worked(done, is_unfinished=True)
        with _only_one(nas_id) as ours:
            if not ours:
                return Worked(done)
            done += _run(nas, now=now, ends_at=ends_at)
    return Worked(done)


def _run(nas: Nas, *, now: Callable[[], datetime], ends_at: float) -> int:
    _take_up(nas, at=now())
    peer = dynauth.Peer(
        address=nas.address,
        port=nas.coa_port,
        secret=crypto.decrypt(nas.secret_encrypted),
        message_authenticator=nas.requires_message_authenticator,
    )
    with dynauth.Channel(peer) as channel:
        run = _Run(nas=nas, driver=driver_for(nas), channel=channel, now=now, ends_at=ends_at)
        return run.until_done()


def _take_up(nas: Nas, *, at: datetime) -> None:
    """What a sender that died has left. How far it came with a wish that a newer one follows,
    nobody knows: the newer one says all."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_TAKE_UP, [nas.id])
        wishes.forget_applied(sessions=[row[0] for row in cursor.fetchall() if row[0]], at=at)


class _Run:
    """One pass over what waits for a BRAS."""

    def __init__(
        self,
        *,
        nas: Nas,
        driver: Driver,
        channel: dynauth.Channel,
        now: Callable[[], datetime],
        ends_at: float,
    ) -> None:
        self.nas, self.driver, self.channel, self.now = nas, driver, channel, now
        self.ends_at = ends_at
        self.running: dict[int, Job] = {}
        self.finished: list[Job] = []
        self.memo: Memo = {}
        self.count = self.silent = 0
        self.flushed_at = time.monotonic()

    def until_done(self) -> int:
        """Until nothing is due any more, or the time is over."""
        while True:
            claimed = self._claim()
            if not claimed and not self.running:
                self._flush()
                return self.count
            for key, verdict in self.channel.poll(longest_s=POLL_S):
                self._answered(self.running[key], verdict)
            late = time.monotonic() - self.flushed_at > FLUSH_S
            if self.finished and (late or len(self.finished) >= FLUSH_ROWS or not self.running):
                self._flush()

    def _claim(self) -> bool:
        """Take wishes while there is room; whether there were any."""
        room = min(self.nas.in_flight_max - len(self.running), CLAIM_MAX)
        if self.running and room < max(1, min(CLAIM_MAX, self.nas.in_flight_max) // 2):
            return True
        if self.silent >= SILENT_MAX:
            self._postpone()
            return False
        if time.monotonic() > self.ends_at:
            return False
        busy = [job.session_unique_id for job in (*self.running.values(), *self.finished)]
        at = self.now()
        with connection.cursor() as cursor:
            cursor.execute(
                _CLAIM, {"at": at, "nas": self.nas.id, "running": busy, "most": max(room, 1)}
            )
            rows = cursor.fetchall()
            if not rows:
                return False
        sessions = sessions_of(row[1] for row in rows)
        for row in sorted(rows, key=lambda one: (one[9], one[0])):
            self._begin(job_of(row, session=sessions.get(row[1])))
        return True

    def _postpone(self) -> None:
        at = self.now()
        with connection.cursor() as cursor:
            cursor.execute(_POSTPONE, {"nas": self.nas.id, "at": at, "until": at + QUIET})
            if cursor.rowcount:
                logger.warning("%s is silent: %d wishes wait", self.nas.name, cursor.rowcount)

    def _begin(self, job: Job) -> None:
        planned(job, driver=self.driver, memo=self.memo)
        if job.outcome:
            self._finish(job)
            return
        self.running[job.id] = job
        self._send(job)

    def _send(self, job: Job) -> None:
        packet = job.packets[job.position]
        self.channel.send(job.id, packet.code, [*job.identification, *packet.attributes])

    def _answered(self, job: Job, verdict: dynauth.Verdict) -> None:
        packet = job.packets[job.position]
        packet.verdict, packet.error_cause = verdict.outcome, verdict.error_cause
        packet.why = verdict.why
        packet.took_ms, packet.at = verdict.took_ms, self.now()
        job.answered_at = packet.at
        self.silent = self.silent + 1 if verdict.outcome is Outcome.TIMED_OUT else 0
        is_done = verdict.outcome is Outcome.ACK or packet.may_be_refused
        if is_done and job.position + 1 < len(job.packets):
            job.position += 1
            self._send(job)
            return
        del self.running[job.id]
        if not is_done:
            job.outcome, job.error_cause = verdict.outcome.value, verdict.error_cause
        else:
            job.outcome = Outcome.ACK.value if job.was_begun else AS_IT_IS
        self._finish(job)

    def _finish(self, job: Job) -> None:
        self.finished.append(job)
        self.count += 1

    def _flush(self) -> None:
        if self.finished:
            verdicts.store(self.finished, nas=self.nas, at=self.now())
        self.finished = []
        self.flushed_at = time.monotonic()


def sessions_of(unique_ids: Iterable[str]) -> dict[str, Session]:
    """What is known of these open sessions; those that have ended are left out."""
    with connection.cursor() as cursor:
        cursor.execute(_SESSIONS, {"sessions": list(unique_ids), "reasons": OWN_REASONS})
        known = [Session(*row) for row in cursor.fetchall()]
    return {one.unique_id: one._replace(applied=_json(one.applied)) for one in known}


def job_of(row: tuple[Any, ...], *, session: Session | None) -> Job:
    """A wish as it is read: its columns in the order of `WISH`."""
    return Job(
        id=row[0],
        session_unique_id=row[1],
        subscription_id=row[2],
        kind=row[3],
        cause=row[4],
        desired=_json(row[5]),
        desired_mark=row[6],
        said_before=_json(row[7]),
        attempts=row[8],
        session=session,
    )


def _json(told: Any) -> Any:
    return json.loads(told) if isinstance(told, str) else told


def _something_due(*, nas_id: int, at: datetime) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM network_access_action WHERE nas_id = %s"
            " AND state IN ('DESIRED', 'TIMED_OUT') AND next_attempt_at <= %s)"
            " OR EXISTS (SELECT 1 FROM network_access_action WHERE nas_id = %s AND state = 'SENT'"
            " AND sent_at < %s)",
            [nas_id, at, nas_id, at - wishes.ANSWERED_WITHIN],
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def _only_one(nas_id: int) -> Iterator[bool]:
    """Whether we are the only sender of this BRAS now; held until the end of the block."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK_CLASS, nas_id])
        ours = bool(cursor.fetchone()[0])
    try:
        yield ours
    finally:
        if ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, nas_id])
