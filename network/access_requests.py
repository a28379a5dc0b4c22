"""Answering Access-Requests: one query finds everything, the pure rules decide.

The hot path: no ORM object is made here.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from network.authorization import AccessState, Factors, Identity, Problem, resolve
from network.profile import AccessProfile, ProfileState
from network.vendors.driver import Driver, ReplyAttribute
from network.vendors.registry import driver_of

INTERIM_S = 300
GUEST_TIMEOUT_S = 300
GUEST_BIT_S = 1_000_000
CANDIDATES_MAX = 20
REJECT_WINDOW = timedelta(minutes=1)
UNKNOWN_NAS = "UNKNOWN_NAS"
WRONG_PASSWORD = "WRONG_PASSWORD"  # noqa: S105

_FIND = """
SELECT n.vendor, n.retired_at IS NOT NULL, f.*
FROM (SELECT %(nas)s::inet AS address) one
LEFT JOIN network_nas n ON n.address = one.address
LEFT JOIN LATERAL (
    SELECT d.subscription_id, d.login, d.mac, d.circuit_hex, d.remote_hex, d.password, d.state,
           d.reason, d.speed_down_bit_s, d.speed_up_bit_s, host(d.framed_ip)
    FROM radius_decision d
    WHERE d.subscription_id IN (
        SELECT x.subscription_id FROM radius_decision x WHERE x.login = %(login)s
        UNION
        SELECT x.subscription_id FROM radius_decision x
        WHERE x.mac = %(mac)s AND %(mac)s <> ''
        UNION
        SELECT x.subscription_id FROM radius_decision x
        WHERE x.circuit_hex = %(circuit)s AND x.remote_hex = %(remote)s AND %(circuit)s <> ''
    )
    ORDER BY d.login = %(login)s DESC, d.mac = %(mac)s DESC LIMIT %(most)s
) f ON true
"""

_COUNT_REJECT = """
UPDATE network_rejectlog SET times = times + 1, last_at = %(at)s
WHERE id = (
    SELECT id FROM network_rejectlog
    WHERE login = %(login)s AND at > %(since)s AND mac = %(mac)s AND reason = %(reason)s
    ORDER BY at DESC LIMIT 1
)
"""

_ADD_REJECT = """
INSERT INTO network_rejectlog
    (at, subscription_id, login, mac, circuit_hex, nas_address, reason, details, times, last_at)
VALUES (%(at)s,
        COALESCE(%(subscription)s::bigint,
                 (SELECT subscription_id FROM radius_decision WHERE login = %(login)s)),
        %(login)s, %(mac)s, %(circuit)s, %(nas)s::inet, %(reason)s, %(details)s::jsonb, 1, %(at)s)
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """One row of `radius_decision` as an Access-Request meets it."""

    factors: Factors
    password: str
    state: AccessState
    reason: str
    speed_down_bit_s: int | None
    speed_up_bit_s: int | None
    framed_ip: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told to the RADIUS server.

    `reply` is empty for a refusal, whose `reason` is then a code for machines. `password` is what
    the subscriber must prove to know; None: the equipment was proof enough.
    """

    accepted: bool
    reason: str
    reply: tuple[ReplyAttribute, ...] = ()
    password: str | None = None


def authorize(*, identity: Identity, nas_address: str | None, at: datetime) -> Answer:
    """Decide one Access-Request. A refusal, and a guest, is written down with its reason."""
    with connection.cursor() as cursor:
        cursor.execute(
            _FIND,
            {
                "nas": nas_address,
                "login": identity.login,
                "mac": identity.mac,
                "circuit": identity.circuit_hex,
                "remote": identity.remote_hex,
                "most": CANDIDATES_MAX,
            },
        )
        rows = cursor.fetchall()
    vendor, is_retired = rows[0][:2]
    decisions = {row[2]: _decision(row) for row in rows if row[2] is not None}
    if vendor is None or is_retired:
        answer, subscription_id = Answer(accepted=False, reason=UNKNOWN_NAS), None
    else:
        answer, subscription_id = _answer(identity, decisions, driver=driver_of(vendor))
    if not answer.accepted or answer.reason != "OK":
        log_reject(
            identity=identity,
            nas_address=nas_address,
            reason=answer.reason,
            subscription_id=subscription_id,
            at=at,
            details={"guest": True} if answer.accepted else {},
        )
    return answer


def _answer(
    identity: Identity, decisions: dict[int, Decision], *, driver: Driver
) -> tuple[Answer, int | None]:
    found = resolve(identity, [one.factors for one in decisions.values()])
    if found.subscription_id is None:
        return Answer(accepted=False, reason=(found.problem or Problem.UNKNOWN).value), None
    decision = decisions[found.subscription_id]
    is_guest = decision.state is AccessState.GUEST and driver.walls_guests
    if decision.state is not AccessState.FULL and not is_guest:
        return Answer(accepted=False, reason=decision.reason), found.subscription_id
    reply = accept_attributes(decision, driver=driver, is_guest=is_guest)
    password = decision.password if found.check_password else None
    return Answer(True, decision.reason, tuple(reply), password), found.subscription_id


def accept_attributes(
    decision: Decision, *, driver: Driver, is_guest: bool
) -> list[ReplyAttribute]:
    """The Accept in the vendor's dialect; a fresh Class names the service in all accounting."""
    kind = "g" if is_guest else "s"
    profile = AccessProfile(
        state=ProfileState.GUEST if is_guest else ProfileState.FULL,
        speed_down_bit_s=GUEST_BIT_S if is_guest else decision.speed_down_bit_s,
        speed_up_bit_s=GUEST_BIT_S if is_guest else decision.speed_up_bit_s,
        framed_ip=decision.framed_ip,
        session_timeout_s=(
            GUEST_TIMEOUT_S if is_guest else settings.GEOBILL_RADIUS_SESSION_TIMEOUT_S or None
        ),
        interim_s=INTERIM_S,
        class_text=f"{kind}:{decision.factors.subscription_id}:{secrets.token_hex(4)}",
    )
    return driver.accept(profile)


def log_reject(
    *,
    identity: Identity,
    nas_address: str | None,
    reason: str,
    at: datetime,
    subscription_id: int | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Write a refusal down; the same one within a minute only counts up."""
    values = {
        "at": at,
        "since": at - REJECT_WINDOW,
        "subscription": subscription_id,
        "login": identity.login,
        "mac": identity.mac,
        "circuit": identity.circuit_hex,
        "nas": nas_address,
        "reason": reason[:32],
        "details": json.dumps(details or {}),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_COUNT_REJECT, values)
        if cursor.rowcount == 0:
            cursor.execute(_ADD_REJECT, values)


def _decision(row: tuple[Any, ...]) -> Decision:
    return Decision(
        factors=Factors(*row[2:7]),
        password=row[7],
        state=AccessState(row[8]),
        reason=row[9],
        speed_down_bit_s=row[10],
        speed_up_bit_s=row[11],
        framed_ip=row[12],
    )
