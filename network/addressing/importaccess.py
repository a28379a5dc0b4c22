"""What a row of an import says of access itself: its service's own login and password, its port.

The login of a row that names a contract or a service is the one to be set; alone it says whose row
it is. Passwords are nowhere told: neither in what came of a row nor in its cells.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from network import credentials, crypto, logins, port_keys, secretwrites
from network.addressing.importfile import Line
from network.identifiers import hex_of_typed

Holders = dict[str, set[tuple[int, str]]]
OCTETS_MAX = 253  # of one attribute of Option 82

_LOCK = """
SELECT subscription_id FROM radius_decision WHERE subscription_id = ANY(%(ids)s)
ORDER BY subscription_id FOR UPDATE
"""
# Logins that change places would meet each other: all leave first. No login has a blank.
_APART = (
    "UPDATE network_accesscredential SET login = ' ' || subscription_id"
    " WHERE subscription_id = ANY(%(ids)s)",
    "UPDATE radius_decision SET login = ' ' || subscription_id"
    " WHERE subscription_id = ANY(%(ids)s)",
)
_WRITE = """
WITH told AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(logins)s::text[], %(passwords)s::text[],
        %(tokens)s::bytea[], %(circuits)s::text[], %(remotes)s::text[])
        AS w(id, login, password, token, circuit, remote)
), kept AS (
    UPDATE network_accesscredential c
    SET login = COALESCE(told.login, c.login),
        password_encrypted = COALESCE(told.token, c.password_encrypted),
        circuit_hex = COALESCE(told.circuit, c.circuit_hex),
        remote_hex = COALESCE(told.remote, c.remote_hex), updated_at = %(at)s
    FROM told WHERE c.subscription_id = told.id
)
UPDATE radius_decision d
SET login = COALESCE(told.login, d.login), password = COALESCE(told.password, d.password),
    circuit_hex = COALESCE(told.circuit, d.circuit_hex),
    remote_hex = COALESCE(told.remote, d.remote_hex), updated_at = %(at)s
FROM told WHERE d.subscription_id = told.id
"""
_LOGIN_HOLDERS = """
SELECT login, subscription_id FROM network_accesscredential WHERE login = ANY(%(logins)s)
"""
_MAC_HOLDERS = """
SELECT mac, subscription_id FROM radius_decision WHERE mac = ANY(%(macs)s) AND mac <> ''
"""
_AT_PORTS = """
SELECT c.circuit_hex, c.remote_hex, c.subscription_id
FROM unnest(%(circuits)s::text[], %(remotes)s::text[]) AS w(circuit, remote)
JOIN radius_decision c ON c.circuit_hex = w.circuit AND c.remote_hex = w.remote
WHERE c.circuit_hex <> ''
"""


class BadCellError(Exception):
    """A cell that can be no login, password or port: its column, and what to say of it."""

    def __init__(self, column: str, about: str = "") -> None:
        self.column, self.about = column, about
        super().__init__(column)


@dataclass(frozen=True, slots=True)
class Access:
    """What a row wants of its service's access; "" for what it does not say."""

    login: str = ""
    password: str = field(default="", repr=False)
    circuit_hex: str = ""
    remote_hex: str = ""

    def __bool__(self) -> bool:
        return bool(self.login or self.password or self.circuit_hex or self.remote_hex)

    def less(self, has: "Access") -> "Access":
        """What of it is another than what the service has."""
        return Access(
            "" if self.login == has.login else self.login,
            "" if self.password == has.password else self.password,
            "" if self.circuit_hex == has.circuit_hex else self.circuit_hex,
            "" if self.remote_hex == has.remote_hex else self.remote_hex,
        )


NOTHING = Access()


def wanted(line: Line, *, has: Access) -> Access:
    """What the row says, as it is kept. Raises BadCellError."""
    login = ""
    if line.login and (line.contract or line.service):
        login = logins.normalised_login(line.login)
        if not login:
            raise BadCellError("login", line.login[:40])
    if line.password and not logins.is_password(line.password):
        raise BadCellError("password")
    circuit, remote = _octets(line.circuit), _octets(line.remote)
    if remote and not (circuit or has.circuit_hex):
        raise BadCellError("port", line.remote[:40])
    return Access(login, line.password, circuit, remote)


def login_holders(names: Iterable[str]) -> Holders:
    """Whose these logins are; of one that is a MAC also whose device, and whose login in another
    spelling. With each holder the login that he would have to give up, "" where it is a device."""
    wanted_names = sorted(set(names))
    found: Holders = {}
    if not wanted_names:
        return found
    macs = {one: logins.macs_in(one) for one in wanted_names}
    every = sorted({mac for those in macs.values() for mac in those})
    spelt = credentials.mac_logins(every)
    with connection.cursor() as cursor:
        cursor.execute(_MAC_HOLDERS, {"macs": every})
        devices = cursor.fetchall()
        cursor.execute(_LOGIN_HOLDERS, {"logins": wanted_names})
        for login, holder in cursor.fetchall():
            found.setdefault(login, set()).add((holder, login))
    for one, those in macs.items():
        held = {(holder, "") for mac, holder in devices if mac in those}
        for mac in those:
            held |= set(spelt.get(mac, {}).items())
        found.setdefault(one, set()).update(held)
    return found


def at_ports(ports: Iterable[tuple[str, str]]) -> dict[tuple[str, str], set[int]]:
    """Which services are registered at these ports (circuit id, remote id)."""
    pairs = sorted(set(ports))
    found: dict[tuple[str, str], set[int]] = {}
    if pairs:
        values = {"circuits": [one[0] for one in pairs], "remotes": [one[1] for one in pairs]}
        with connection.cursor() as cursor:
            cursor.execute(_AT_PORTS, values)
            for circuit, remote, holder in cursor.fetchall():
                found.setdefault((circuit, remote), set()).add(holder)
    return found


def lock(ids: Sequence[int]) -> None:
    """Lock the decisions of these services, in the order in which everybody does."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, {"ids": list(ids)})


def write(changes: Mapping[int, Access], *, at: datetime) -> None:
    """Write what changes of these services, whose decisions are locked; running sessions are left
    alone. Raises IntegrityError where somebody took one of the logins meanwhile."""
    if not changes:
        return
    moving = [one for one, change in changes.items() if change.login]
    values: dict[str, Any] = {
        "ids": list(changes),
        "logins": [one.login or None for one in changes.values()],
        "passwords": [one.password or None for one in changes.values()],
        "tokens": [
            crypto.encrypt(one.password) if one.password else None for one in changes.values()
        ],
        "circuits": [one.circuit_hex or None for one in changes.values()],
        "remotes": [one.remote_hex or None for one in changes.values()],
        "at": at,
    }
    with connection.cursor() as cursor:
        for statement in _APART if moving else ():
            cursor.execute(statement, {"ids": moving})
    secretwrites.execute(_WRITE, values)
    port_keys.refresh(
        ids=[one for one, access in changes.items() if access.circuit_hex or access.remote_hex]
    )


def _octets(typed: str) -> str:
    digits = hex_of_typed(typed)
    is_torn = typed.lower().startswith("0x") and digits == typed.encode().hex()
    if is_torn or len(digits) > 2 * OCTETS_MAX:
        raise BadCellError("port", typed[:40])
    return digits
