"""Accounting packets as facts of a session (pure: no Django).

Packets come late, twice and in any order: buffered ones are replayed after newer live ones. So a
packet is not an event to apply but a statement "at that time the session had at least so much", and
statements are joined: counters by the greater, the start by the earlier, a stop for ever. Joining
is commutative, associative and idempotent.
"""

import hashlib
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any

from billing.calendar import KYIV
from network import wraps
from network.radius.messages import ATTRIBUTE_BYTES_MAX, RadiusMessage, mac_of, option_82_of
from network.radius.sources import NO_MORE, Sources

OCTETS_MAX = 2**63 - 1
SECONDS_MAX = 2**32 - 1
SUBSCRIPTION_DIGITS_MAX = 18
NONCE_MAX = 40


class Kind(StrEnum):
    """Acct-Status-Type, as far as we use it."""

    START = "START"
    INTERIM = "INTERIM"
    STOP = "STOP"
    BOOT = "BOOT"


STATUS_TYPES = {
    "Start": Kind.START,
    "1": Kind.START,
    "Stop": Kind.STOP,
    "2": Kind.STOP,
    "Interim-Update": Kind.INTERIM,
    "Alive": Kind.INTERIM,
    "3": Kind.INTERIM,
    "Accounting-On": Kind.BOOT,
    "7": Kind.BOOT,
    "Accounting-Off": Kind.BOOT,
    "8": Kind.BOOT,
}


class UselessPacketError(ValueError):
    """The packet says nothing that could be stored."""


@dataclass(frozen=True, slots=True)
class Told:
    """A start or a stop as the BRAS sent it, for the session's time line."""

    kind: Kind
    at: datetime
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What packets of one session say together. Octets are 64-bit; "in" is from the user.

    `login` is the user name as the BRAS wrote it: it compares letter by letter when it is asked to
    change the session. `points` are counters that were told without gigawords (`network.wraps`);
    `in_octets` and `out_octets` hold what was told with them. `echo`: what the newest packet says
    the BRAS applies (`network.radius.echo`).
    """

    unique_id: str
    acct_session_id: str
    nas_address: str | None
    login: str
    mac: str
    circuit_hex: str
    framed_ip: str | None
    subscription_id: int | None
    is_guest: bool
    started_at: datetime
    last_seen_at: datetime
    in_octets: int
    out_octets: int
    session_time_s: int
    is_stopped: bool = False
    stopped_at: datetime | None = None
    terminate_cause: str = ""
    remote_hex: str = ""
    nas_port_id: str = ""
    nonce: str = ""
    points: tuple[wraps.Point, ...] = ()
    echo: str = ""
    packets: tuple[Told, ...] = field(default=(), compare=False)

    @property
    def day(self) -> date:
        """The day in Kyiv to which the newest counters belong."""
        return kyiv_day(self.last_seen_at)

    def join(self, other: "SessionFacts") -> "SessionFacts":
        """What both say together."""
        assert self.unique_id == other.unique_id
        newer, older = sorted(
            (self, other), key=lambda one: (one.last_seen_at, one.framed_ip or ""), reverse=True
        )
        stops = [(one.stopped_at, one.terminate_cause) for one in (self, other) if one.stopped_at]
        stopped_at, cause = max(stops) if stops else (None, "")
        return replace(
            newer,
            login=max(self.login, other.login),
            mac=max(self.mac, other.mac),
            circuit_hex=max(self.circuit_hex, other.circuit_hex),
            remote_hex=max(self.remote_hex, other.remote_hex),
            nas_port_id=max(self.nas_port_id, other.nas_port_id),
            points=tuple(sorted({*self.points, *other.points})),
            echo=newer.echo
            if newer.last_seen_at > older.last_seen_at
            else max(newer.echo, older.echo),
            packets=self.packets + other.packets,
            framed_ip=newer.framed_ip or older.framed_ip,
            started_at=min(self.started_at, other.started_at),
            in_octets=max(self.in_octets, other.in_octets),
            out_octets=max(self.out_octets, other.out_octets),
            session_time_s=max(self.session_time_s, other.session_time_s),
            is_stopped=self.is_stopped or other.is_stopped,
            stopped_at=stopped_at,
            terminate_cause=cause,
        )


@dataclass(frozen=True, slots=True)
class Boot:
    """A BRAS said that it starts or ends (Accounting-On, Accounting-Off): its sessions are over."""

    nas_address: str
    at: datetime


def join_all(facts: Iterable[SessionFacts]) -> list[SessionFacts]:
    """One statement a session, in the order of their ids."""
    joined: dict[str, SessionFacts] = {}
    for one in facts:
        known = joined.get(one.unique_id)
        joined[one.unique_id] = known.join(one) if known else one
    return [joined[unique_id] for unique_id in sorted(joined)]


def read(
    message: RadiusMessage, *, received_at: datetime, echo: str = "", sources: Sources = NO_MORE
) -> SessionFacts | Boot:
    """The statement of one Accounting-Request.

    Its time is when our RADIUS server took it (`Bill-Packet-Time`, kept through the buffer), else
    `received_at`; clocks of BRASes are not believed. `echo`: `network.radius.echo`.
    UselessPacketError when it says nothing.
    """
    kind = STATUS_TYPES.get(message.text("Acct-Status-Type"))
    if kind is None:
        raise UselessPacketError("no Acct-Status-Type that we know")
    nas_address = _ip(message.text("Bill-Nas-Src")) or _ip(message.text("NAS-IP-Address"))
    at = _packet_time(message, received_at=received_at)
    if kind is Kind.BOOT:
        if nas_address is None:
            raise UselessPacketError("a start of a BRAS without its address")
        return Boot(nas_address=nas_address, at=at)
    acct_session_id = message.text("Acct-Session-Id")
    if not acct_session_id:
        raise UselessPacketError("no Acct-Session-Id")
    mac = mac_of(message, sources)
    option_82 = option_82_of(message, sources)
    told_class = class_text(message)
    # The time line has the packet; what is applied stands beside it.
    said = {name: told for name, told in message.attributes.items() if name != "Bill-Echo"}
    session_time_s = min(max(message.number("Acct-Session-Time") or 0, 0), SECONDS_MAX)
    stopped = kind is Kind.STOP
    subscription_id, is_guest, nonce = identity_of_class(told_class)
    in_octets, out_octets, points = _counters(message, session_time_s=session_time_s, at=at)
    return SessionFacts(
        unique_id=unique_id(
            nas_address=nas_address, acct_session_id=acct_session_id, told_class=told_class, mac=mac
        ),
        acct_session_id=acct_session_id[:253],
        nas_address=nas_address,
        login=message.text("User-Name")[:ATTRIBUTE_BYTES_MAX],
        mac=mac,
        circuit_hex=option_82.circuit_hex,
        remote_hex=option_82.remote_hex,
        nas_port_id=message.text("NAS-Port-Id")[:253],
        nonce=nonce,
        framed_ip=_ip(message.text("Framed-IP-Address")),
        subscription_id=subscription_id,
        is_guest=is_guest,
        started_at=at - timedelta(seconds=session_time_s),
        last_seen_at=at,
        in_octets=in_octets,
        out_octets=out_octets,
        points=points,
        echo=echo,
        session_time_s=session_time_s,
        is_stopped=stopped,
        stopped_at=at if stopped else None,
        terminate_cause=(message.text("Acct-Terminate-Cause") or "Unknown")[:40] if stopped else "",
        packets=() if kind is Kind.INTERIM else (Told(kind, at, said),),
    )


def unique_id(*, nas_address: str | None, acct_session_id: str, told_class: str, mac: str) -> str:
    """The key of a session: packet source, session id, Class, MAC.

    Not the user name nor the port, as FreeRADIUS' own formula has it: some BRASes change or omit
    those in the middle of a session and would split it.
    """
    text = "|".join((nas_address or "", acct_session_id, told_class, mac))
    return hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest()


def class_text(message: RadiusMessage) -> str:
    """The Class that we gave in the Accept and the BRAS gives back."""
    raw = bytes.fromhex(message.hex("Bill-Class", "Class"))
    return raw.decode("utf-8", "replace").replace("\x00", "\ufffd")


def identity_of_class(told_class: str) -> tuple[int | None, bool, str]:
    """`s:<service>:<nonce>` → (service, False, nonce); `g:<rule>:<service or 0>:<nonce>` →
    (service or None, True, nonce); else (None, False, "")."""
    parts = told_class.split(":")
    if (parts[0], len(parts)) not in {("s", 3), ("g", 4)}:
        return None, False, ""
    number, nonce = parts[-2:]
    is_number = number.isascii() and number.isdigit() and len(number) <= SUBSCRIPTION_DIGITS_MAX
    service = int(number) or None if is_number else None
    return service, parts[0] == "g", nonce[:NONCE_MAX]


def kyiv_day(at: datetime) -> date:
    """The calendar day in Kyiv, where offsets are whole hours."""
    return _day_of_hour(int(at.timestamp()) // 3600)


@lru_cache(maxsize=4096)
def _day_of_hour(hour: int) -> date:
    return datetime.fromtimestamp(hour * 3600, tz=UTC).astimezone(KYIV).date()


def _counters(
    message: RadiusMessage, *, session_time_s: int, at: datetime
) -> tuple[int, int, tuple[wraps.Point, ...]]:
    """64-bit counters of two 32-bit halves (RFC 2869), or a statement of the lower halves alone."""
    in_low, out_low = message.number("Acct-Input-Octets"), message.number("Acct-Output-Octets")
    if not message.has("Acct-Input-Gigawords", "Acct-Output-Gigawords"):
        low_in, low_out = _half(in_low), _half(out_low)
        if not low_in and not low_out:
            return 0, 0, ()
        order = wraps.order_of(session_time_s=session_time_s, at_s=int(at.timestamp()))
        return 0, 0, ((order, low_in, low_out),)
    in_high = message.number("Acct-Input-Gigawords")
    out_high = message.number("Acct-Output-Gigawords")
    return _octets(in_low, in_high), _octets(out_low, out_high), ()


def _half(value: int | None) -> int:
    return min(max(value or 0, 0), wraps.HALF - 1)


def _octets(low: int | None, high: int | None) -> int:
    return min((max(high or 0, 0) << 32) + max(low or 0, 0), OCTETS_MAX)


def _packet_time(message: RadiusMessage, *, received_at: datetime) -> datetime:
    told = message.number("Bill-Packet-Time")
    if told is None or not 0 < told <= SECONDS_MAX:
        return received_at
    # A replayed packet keeps its own time; one from the future would never be outdone.
    return min(datetime.fromtimestamp(told, tz=UTC), received_at)


def _ip(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)
