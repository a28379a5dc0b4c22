"""By what running sessions were let in, and which of them a change of that reconnects.

A session row has the login, MAC and port that its BRAS tells; whether a password was proven, the
line of its authorization says (found by the nonce of its Class); so it does of a port or a MAC
that the BRAS does not tell again in accounting. Without such a line (it is older than what is kept,
or the session came from another system) a login that is not the device's own MAC is taken for one
that somebody typed, with a password, and what accounting does not tell may have been as registered.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from network import wishes
from network.identifiers import normalised_mac
from network.identity import Factors, Identity, Mode, resolve
from network.logins import mac_in
from network.models import AccessAction

DISCONNECT = AccessAction.Kind.DISCONNECT

# Of a BRAS that is only watched nothing is asked.
_SESSIONS = """
SELECT s.unique_id, lower(btrim(s.login)), s.mac, s.circuit_hex, s.remote_hex, proof.told,
       proof.calling, proof.circuit, proof.remote,
       d.subscription_id, d.login, d.mac, d.circuit_hex, d.remote_hex, d.mode,
       COALESCE(own.mode, every.mode, 'AUTO')
FROM radius_decision d
JOIN network_session s ON s.subscription_id = d.subscription_id
JOIN network_nas n ON n.id = s.nas_id AND NOT n.only_watched
LEFT JOIN network_accessmode own ON own.nas_id = s.nas_id
LEFT JOIN network_accessmode every ON every.nas_id IS NULL AND every.zone_id IS NULL
LEFT JOIN LATERAL (
    SELECT e.attributes ?| %(proofs)s::text[] AS told,
           COALESCE(e.attributes -> 'Calling-Station-Id' ->> 0,
                    e.attributes ->> 'Calling-Station-Id', '') AS calling,
           COALESCE(e.attributes ->> 'Agent-Circuit-Id', '') AS circuit,
           COALESCE(e.attributes ->> 'Agent-Remote-Id', '') AS remote
    FROM network_session_event e
    WHERE s.nonce <> '' AND e.nonce = s.nonce AND e.kind = 'AUTHORIZE'
      AND e.subscription_id = s.subscription_id
      AND e.at BETWEEN s.started_at - interval '1 day' AND s.started_at + interval '1 day'
    ORDER BY e.at DESC LIMIT 1
) proof ON true
WHERE {of}
ORDER BY s.id LIMIT %(most)s
"""
_OF_SERVICES = "d.subscription_id = ANY(%(ids)s)"
# Whose mode a place's is: of a zone all its services, of a BRAS those without a mode of their own.
_OF_ZONE = "d.zone_id = %(zone)s AND NOT s.is_guest"
_OF_NAS = "s.nas_id = %(nas)s AND d.mode = '' AND NOT s.is_guest"
_OF_ALL = "own.mode IS NULL AND d.mode = '' AND NOT s.is_guest"
LOOKED_AT_MAX = 20_000
PROOFS = ("User-Password", "CHAP-Password", "MS-CHAP-Response", "MS-CHAP2-Response")


@dataclass(frozen=True, slots=True)
class Running:
    """An open session: who it said it was, and its service; `mode` is the service's or its zone's
    ("" for none), `nas_mode` what holds on its BRAS. A MAC and a port of which nothing is known are
    those that are registered: nobody is told to have come without."""

    unique_id: str
    identity: Identity
    factors: Factors
    mode: str
    nas_mode: str

    def is_told(self, mode: str) -> bool:
        """Whether its service would be found by what it came with; "": the BRAS's mode holds."""
        factors = replace(self.factors, mode=Mode(mode or self.nas_mode))
        return resolve(self.identity, [factors]).subscription_id is not None


def running(*, subscription_ids: Iterable[int]) -> list[Running]:
    """The open sessions of these services that a BRAS may be asked to end, in order."""
    return _read(_OF_SERVICES, {"ids": list(subscription_ids)})


@dataclass(frozen=True, slots=True)
class Strays:
    """Sessions that came in another way, of all there or (not `is_whole`) of the first ones."""

    sessions: list[str]
    is_whole: bool


def in_another_way(*, zone_id: int | None, nas_id: int | None) -> Strays:
    """Open sessions of a zone, of a BRAS or (neither) of everywhere else that their mode as it is
    now would not let in as they came; of the first `LOOKED_AT_MAX` there."""
    of = _OF_ZONE if zone_id is not None else _OF_NAS if nas_id is not None else _OF_ALL
    rows = _read(of, {"zone": zone_id, "nas": nas_id}, most=LOOKED_AT_MAX + 1)
    looked_at = rows[:LOOKED_AT_MAX]
    strays = [one.unique_id for one in looked_at if not one.is_told(one.mode)]
    return Strays(strays, is_whole=len(rows) == len(looked_at))


def by_login(*, subscription_id: int, login: str, needs_password: bool = True) -> list[str]:
    """The open sessions that came in by this login of the service, and by its password."""
    return [
        one.unique_id
        for one in running(subscription_ids=[subscription_id])
        if one.identity.login == login and (one.identity.has_password or not needs_password)
    ]


def on_credentials_changed(
    *, subscription_id: int, login: str, at: datetime, is_login_new: bool = False
) -> None:
    """The service had `login` until now, or its password is another: who came in by it is
    reconnected. Whoever was told by MAC or port has no part in a password and goes on."""
    sessions = by_login(
        subscription_id=subscription_id, login=login, needs_password=not is_login_new
    )
    wishes.wish(sessions=sessions, at=at, cause=wishes.CREDENTIALS, kind=DISCONNECT)


def on_mode_changed(*, subscription_id: int, before: str, after: str, at: datetime) -> None:
    """The service is told apart in another way: a session that would be told otherwise now is
    reconnected, so that it is decided anew."""
    sessions = [
        one.unique_id
        for one in running(subscription_ids=[subscription_id])
        if one.is_told(before) is not one.is_told(after)
    ]
    wishes.wish(sessions=sessions, at=at, cause=wishes.MODE, kind=DISCONNECT)


def _read(of: str, values: dict[str, Any], *, most: int = LOOKED_AT_MAX) -> list[Running]:
    told = {**values, "proofs": list(PROOFS), "most": most}
    with connection.cursor() as cursor:
        cursor.execute(_SESSIONS.format(of=of), told)
        return [_running(row) for row in cursor.fetchall()]


def _running(row: tuple[Any, ...]) -> Running:
    unique_id, login, mac, circuit, remote, told, calling, asked_circuit, asked_remote = row[:9]
    factors = Factors(*row[9:14])
    typed = bool(login) and not (mac and mac_in(login) == mac)
    if told is None:
        mac = mac or factors.mac
        port = (circuit, remote) if circuit or remote else (factors.circuit_hex, factors.remote_hex)
    else:
        mac = mac or normalised_mac(calling) or mac_in(login)
        asked = (asked_circuit.removeprefix("0x"), asked_remote.removeprefix("0x"))
        port = (circuit, remote) if circuit or remote else asked
    has_password = typed if told is None else told
    identity = Identity(login, mac, port[0], port[1], has_password)
    return Running(unique_id, identity, factors, *row[14:])
