"""Authorizations that were answered, for the time line and the log of refusals.

Nothing here is on the way of an answer. FreeRADIUS writes a note of each Accept and Reject into
its spool, as accounting, and the worker of the stream writes them down in batches. With
`GEOBILL_RADIUS_ACCOUNTING=rest` there is no stream: the REST group itself keeps Accepts in memory
for a moment (`Later`), and FreeRADIUS tells it of refusals, through its buffer after an outage.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import (
    DataError,
    Error,
    IntegrityError,
    InternalError,
    ProgrammingError,
    close_old_connections,
    connection,
    transaction,
)

from network import events, rejects
from network.access_requests import Answer
from network.accounting import identity_of_class
from network.identity import Factor, Identity
from network.queries import valid_address
from network.radius.messages import RadiusMessage
from network.radius.note_entry import Note, Outcome

logger = logging.getLogger(__name__)

# Of a request, what the time line shows; FreeRADIUS' notes have the same.
SHOWN = (
    "User-Name",
    "User-Password",
    "CHAP-Password",
    "MS-CHAP-Response",
    "MS-CHAP2-Response",
    "Calling-Station-Id",
    "NAS-Port-Id",
    "NAS-Port",
    "NAS-Port-Type",
    "NAS-IP-Address",
    "Service-Type",
    "Framed-Protocol",
)
# The database has looked at a note and will not have it: asking again would be for ever.
NOT_HAVING_IT = (DataError, IntegrityError, InternalError, ProgrammingError)
OUTAGE = "OUTAGE"
TOO_MANY_SESSIONS = "TOO_MANY_SESSIONS"
BATCH_MAX = 2_000
KEPT_MAX = 20_000
FLUSH_S = 1.0

_SERVICES = "SELECT login, subscription_id FROM radius_decision WHERE login = ANY(%s)"
_NAS = "SELECT host(address), id FROM network_nas WHERE address = ANY(%s::inet[])"

# Why the database said no by itself: as far as it would say so now.
_WHY = """
SELECT r.problem, r.missed, COALESCE(r.subscription_id, r.nearest_id), r.state, d.reason,
       r.sessions_max
FROM (SELECT COALESCE(
          (SELECT m.mode FROM network_accessmode m JOIN network_nas n ON n.id = m.nas_id
           WHERE n.address = %(nas)s::inet),
          (SELECT m.mode FROM network_accessmode m WHERE m.nas_id IS NULL AND m.zone_id IS NULL),
          'AUTO') AS mode) one
CROSS JOIN LATERAL radius_resolve(%(login)s, %(mac)s, %(circuit)s, %(remote)s, %(proof)s,
                                  one.mode) r
LEFT JOIN radius_decision d ON d.subscription_id = r.subscription_id
"""

# A device that hammers makes one line a minute; who is nobody's has no time line.
_TOLD_LATELY = """
SELECT EXISTS (SELECT FROM network_session_event
               WHERE subscription_id = %s AND at > %s - interval '1 minute' AND at <= %s
                 AND kind = 'REJECT' AND attributes ->> 'reason' = %s)
"""


def write_down(notes: Sequence[Note]) -> None:
    """Write these down in one transaction: lines of time lines, and the refusals of which nobody
    has told yet."""
    if not notes:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SERVICES, [sorted({one.identity.login for one in notes} - {""})])
        services: dict[str, int] = dict(cursor.fetchall())
        addresses = {a for one in notes if (a := valid_address(one.nas_address))}
        cursor.execute(_NAS, [sorted(addresses)])
        nases: dict[str, int] = dict(cursor.fetchall())
        lines: dict[Any, events.Event] = {}
        for place, note in enumerate(notes):
            if note.outcome is Outcome.ACCEPT:
                lines[place] = _accepted(note, services=services, nases=nases)
            elif line := _refused(cursor, note, services=services, nases=nases):
                # Of a batch too: the same refusal is one line a minute.
                minute = line.at.replace(second=0, microsecond=0)
                lines.setdefault((line.subscription_id, line.attributes["reason"], minute), line)
        events.record_many(lines.values())


def _accepted(note: Note, *, services: Mapping[str, int], nases: Mapping[str, int]) -> events.Event:
    service, _is_guest, nonce = identity_of_class(note.told_class)
    return events.Event(
        at=note.at,
        kind=events.Kind.AUTHORIZE,
        subscription_id=service or note.subscription_id or services.get(note.identity.login),
        nonce=nonce,
        nas_id=nases.get(note.nas_address),
        attributes=_attributes(note, reason=note.reason, missed=note.missed),
    )


def _refused(
    cursor: Any, note: Note, *, services: Mapping[str, int], nases: Mapping[str, int]
) -> events.Event | None:
    reason, missed = note.reason, note.missed
    service = note.subscription_id or services.get(note.identity.login)
    if note.outcome is Outcome.WRONG_PASSWORD:
        reason, missed = rejects.WRONG_PASSWORD, Factor.PASSWORD.value
    elif note.outcome is Outcome.REFUSED:
        reason, missed, service = _why(cursor, note, service=service)
    if note.outcome is not Outcome.REPORTED:
        rejects.record(
            identity=note.identity,
            nas_address=valid_address(note.nas_address),
            reason=reason,
            missed=missed,
            subscription_id=service,
            at=note.at,
        )
    if service is None:
        return None
    reason = reason or rejects.UNKNOWN
    cursor.execute(_TOLD_LATELY, [service, note.at, note.at, reason])
    if cursor.fetchone()[0]:
        return None
    return events.Event(
        at=note.at,
        kind=events.Kind.REJECT,
        subscription_id=service,
        nas_id=nases.get(note.nas_address),
        attributes=_attributes(note, reason=reason, missed=missed),
    )


def _why(cursor: Any, note: Note, *, service: int | None) -> tuple[str, str, int | None]:
    cursor.execute(
        _WHY,
        {
            "nas": valid_address(note.nas_address),
            "login": note.identity.login,
            "mac": note.identity.mac,
            "circuit": note.identity.circuit_hex,
            "remote": note.identity.remote_hex,
            "proof": note.identity.has_password,
        },
    )
    problem, missed, nearest, state, decided, sessions_max = cursor.fetchone()
    if problem:
        return problem, missed or "", nearest or service
    if state != "FULL":
        return decided or OUTAGE, "", nearest
    return TOO_MANY_SESSIONS if sessions_max is not None else OUTAGE, "", nearest


def _attributes(note: Note, *, reason: str, missed: str) -> dict[str, Any]:
    told = {"decided_by": note.source, "reason": "" if reason == "OK" else reason, "missed": missed}
    return {**note.attributes, **{name: value for name, value in told.items() if value}}


def note_of(
    message: RadiusMessage, answer: Answer, *, identity: Identity, at: datetime
) -> Note | None:
    """The note of an answer of the REST group; None where a password is wrong already (FreeRADIUS
    will say so)."""
    is_pap = message.has("User-Password")
    given = message.text("User-Password")
    if answer.accepted and answer.password is not None and is_pap and given != answer.password:
        return None
    attributes: dict[str, Any] = {name: message.texts(name) for name in SHOWN if message.has(name)}
    if not identity.has_password:  # an empty one proves nothing
        attributes.pop("User-Password", None)
    for name, value in (
        ("Agent-Circuit-Id", identity.circuit_hex),
        ("Agent-Remote-Id", identity.remote_hex),
    ):
        if value:
            attributes[name] = f"0x{value}"
    told_class = ""
    for one in answer.reply:
        attributes.setdefault(f"reply:{one.name}", []).append(one.value)
        told_class = str(one.value) if one.name == "Class" else told_class
    return Note(
        outcome=Outcome.ACCEPT if answer.accepted else Outcome.REPORTED,
        source="rest",
        at=at,
        nas_address=message.text("Bill-Nas-Src", "NAS-IP-Address"),
        identity=identity,
        told_class=told_class,
        attributes=attributes,
        reason=answer.reason,
        missed=answer.missed,
        subscription_id=answer.subscription_id,
    )


class Later:
    """Notes of this process that are written down a moment later, in batches, by a thread of its
    own. What a process that is killed has not written is lost: lines for people, no more."""

    def __init__(self, *, write: Callable[[Sequence[Note]], None] = write_down) -> None:
        self._notes: deque[Note] = deque(maxlen=KEPT_MAX)
        self._write = write
        self._wakes = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, note: Note) -> None:
        """Keep it for the next batch."""
        self._notes.append(note)
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, daemon=True, name="notes")
                    self._thread.start()
        self._wakes.set()

    def flush(self) -> int:
        """Write down what is kept; gives how many. A fault of the database costs the batch."""
        batch: list[Note] = []
        while self._notes and len(batch) < BATCH_MAX:
            batch.append(self._notes.popleft())
        try:
            self._write(batch)
        except (Error, ValueError) as error:  # nothing may end the thread
            logger.warning("%d notes of authorizations are lost: %s", len(batch), error)
        return len(batch)

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._wakes.wait()
            pause.wait(FLUSH_S)
            self._wakes.clear()
            while self.flush() == BATCH_MAX:
                pass
            close_old_connections()


LATER = Later()
