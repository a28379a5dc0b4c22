"""What came of a row of an import, and the rules by which it is judged; nothing is asked here."""

import ipaddress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from network.addressing import importaccess, ranges
from network.addressing import importlookups as lookups
from network.addressing.importaccess import Access, BadCellError
from network.addressing.importfile import Line
from network.identifiers import normalised_mac
from network.models import AddressKind


class Code(StrEnum):
    """What came of a row."""

    GIVEN = "GIVEN"
    CHANGED = "CHANGED"
    SAME = "SAME"
    MAC_ONLY = "MAC_ONLY"
    ACCESS = "ACCESS"
    NOTHING = "NOTHING"
    UNKNOWN = "UNKNOWN"
    AMBIGUOUS = "AMBIGUOUS"
    ENDED = "ENDED"
    BAD_ADDRESS = "BAD_ADDRESS"
    BAD_MAC = "BAD_MAC"
    BAD_LOGIN = "BAD_LOGIN"
    BAD_PASSWORD = "BAD_PASSWORD"  # noqa: S105
    BAD_PORT = "BAD_PORT"
    BAD_ROW = "BAD_ROW"
    LOGIN_TAKEN = "LOGIN_TAKEN"
    TAKEN = "TAKEN"
    RESERVED = "RESERVED"
    REPEATED = "REPEATED"


FINE = frozenset({Code.GIVEN, Code.CHANGED, Code.SAME, Code.MAC_ONLY, Code.ACCESS})
BAD = {
    "address": Code.BAD_ADDRESS,
    "mac": Code.BAD_MAC,
    "login": Code.BAD_LOGIN,
    "password": Code.BAD_PASSWORD,
    "port": Code.BAD_PORT,
}


class Note(StrEnum):
    """What should be known of a row that went in."""

    OUTSIDE = "OUTSIDE"
    MAC_TAKEN = "MAC_TAKEN"
    MAC_IS_LOGIN = "MAC_IS_LOGIN"
    MAC_CHANGED = "MAC_CHANGED"
    LOGIN_SET = "LOGIN_SET"
    PASSWORD_SET = "PASSWORD_SET"  # noqa: S105
    PORT_SET = "PORT_SET"
    PORT_SHARED = "PORT_SHARED"


NO_MAC = frozenset({Note.MAC_TAKEN, Note.MAC_IS_LOGIN})


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row, its service, and what came of it. `about`: the holder, the old address, a row.

    `mac` and `access`: what is another than the service has; `has`: its login and port now;
    `says_access`: the row has some of that, be it the same.
    """

    line: Line
    code: Code
    subscription_id: int | None = None
    addresses: dict[str, str] = field(default_factory=dict)
    mac: str = ""
    access: Access = importaccess.NOTHING
    has: Access = importaccess.NOTHING
    says_access: bool = False
    about: str = ""
    notes: tuple[Note, ...] = ()

    @property
    def unaddressed(self) -> Code:
        """What comes of it when its addresses are as they were."""
        if self.access:
            return Code.ACCESS
        if self.mac:
            return Code.MAC_ONLY
        has_mac = self.line.mac and not NO_MAC.intersection(self.notes)
        return Code.SAME if self.addresses or self.says_access or has_mac else Code.NOTHING

    @property
    def port(self) -> tuple[str, str]:
        """The port that the service shall have."""
        one, has = self.access, self.has
        return one.circuit_hex or has.circuit_hex, one.remote_hex or has.remote_hex

    @property
    def is_fine(self) -> bool:
        """Whether the row is in, or would be."""
        return self.code in FINE


def judged(
    one: Outcome,
    *,
    own: dict[int, dict[str, Any]],
    known: dict[str, lookups.Known],
    macs: dict[str, set[int]],
    mac_logins: dict[str, dict[int, str]],
    leaving: set[tuple[int | None, str]],
) -> Outcome:
    """The row seen who has its MAC and its addresses; one that is not fine any more stays so."""
    if not one.is_fine:
        return one
    mine = one.subscription_id or 0
    notes = list(one.notes)
    is_login = any(
        holder != mine and (holder, place_of(login)) not in leaving
        for holder, login in mac_logins.get(one.mac, {}).items()
    )
    if one.mac and (is_login or macs.get(one.mac, set()) - {mine}):
        why = Note.MAC_IS_LOGIN if is_login else Note.MAC_TAKEN
        notes = [why, *(note for note in notes if note is not Note.MAC_CHANGED)]
        one = replace(one, mac="", notes=tuple(notes))
        one = replace(one, code=one.unaddressed)
    code, about = one.code, one.about
    for kind, address in one.addresses.items():
        fact = known[address]
        others = [h for h in fact.holders if h != mine and (h, address) not in leaving]
        if others:
            return replace(one, code=Code.TAKEN, about=str(others[0] or ""), notes=())
        if fact.is_reserved:
            return replace(one, code=Code.RESERVED, about=address, notes=())
        if fact.pool_id is None:
            notes.append(Note.OUTSIDE)
        before = own.get(mine, {}).get(kind)
        if before == address:
            continue
        code, about = (Code.CHANGED, before) if before else (Code.GIVEN, about)
    return replace(one, code=code, about=about, notes=tuple(dict.fromkeys(notes)))


def access_judged(
    one: Outcome,
    *,
    names: importaccess.Holders,
    ports: dict[tuple[str, str], set[int]],
    leaving: set[tuple[int | None, str]],
) -> Outcome:
    """The row seen who has its login, which is one's, and its port, which may be several ones'."""
    mine, access = one.subscription_id or 0, one.access
    for holder, login in sorted(names.get(access.login, ())):
        if holder != mine and (holder, place_of(login)) not in leaving:
            return replace(one, code=Code.LOGIN_TAKEN, about=str(holder), notes=())
    sets_port = bool(access.circuit_hex or access.remote_hex)
    told = {
        Note.LOGIN_SET: bool(access.login),
        Note.PASSWORD_SET: bool(access.password),
        Note.PORT_SET: sets_port,
        Note.PORT_SHARED: sets_port and bool(ports.get(one.port, set()) - {mine}),
    }
    notes = (*one.notes, *(note for note, is_so in told.items() if is_so))
    return replace(one, notes=tuple(dict.fromkeys(notes)))


def place_of(login: str) -> str:
    """A login among the addresses that are given up."""
    return f"login {login}"


def mac_of(line: Line) -> str:
    """The MAC of a row, "" for none. Raises BadCellError."""
    mac = normalised_mac(line.mac)
    if line.mac and not mac:
        raise BadCellError("mac", line.mac[:40])
    return mac


def addresses_of(line: Line) -> dict[str, str]:
    """Addresses of a row by kind. Raises BadCellError."""
    found: dict[str, str] = {}
    for column, text in (
        ("address", line.address),
        ("prefix", line.prefix),
        ("delegated", line.delegated),
    ):
        if not text:
            continue
        try:
            network = ipaddress.ip_network(text)
        except ValueError as error:
            raise BadCellError("address", text[:60]) from error
        if network.version == 4 and network.prefixlen == 32 and column == "address":
            found[AddressKind.IPV4.value] = str(network.network_address)
        elif network.version == 6 and network.prefixlen <= 64:
            is_delegated = column == "delegated"
            kind = AddressKind.DELEGATED if is_delegated else AddressKind.IPV6_PREFIX
            found[kind.value] = str(network)
        else:
            raise BadCellError("address", text[:60])
        try:
            ranges.refuse_no_hosts(
                str(network.network_address), str(network.broadcast_address), field=column
            )
        except ranges.NoHostsError as error:
            raise BadCellError("address", f"{text[:49]} (RFC 6890)") from error
    return found
