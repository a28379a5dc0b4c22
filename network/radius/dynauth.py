"""CoA, Disconnect and Status-Server on the wire (RFC 5176, RFC 5997), many at once to one BRAS.

A `Channel` is one UDP socket to one BRAS: `send` puts a request on the wire, `poll` gives what came
back. Retransmissions carry the same id and authenticator, so a BRAS answers a repeated request from
its memory. Not thread-safe; one channel holds at most 256 requests, the number of ids.
"""

import itertools
import secrets
import selectors
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from types import TracebackType

from pyrad import packet
from pyrad.packet import CoAPacket, PacketError

from network.radius.dictionaries import dictionary, typed
from network.vendors.driver import ReplyAttribute

TIMEOUT_S = 1.0
SENDS_MAX = 3
IN_FLIGHT_MAX = 200
IDS = 256
STATUS_SERVER = 12
# By its number: its octets, for pyrad takes no text that is not UTF-8.
REPLY_MESSAGE = 18
WHY_MAX = 253
RECEIVE_BUFFER = 1 << 20


class Outcome(StrEnum):
    """What came back."""

    ACK = "ACK"
    NAK = "NAK"
    TIMED_OUT = "TIMED_OUT"


class Code(StrEnum):
    """What is asked."""

    COA = "COA"
    DISCONNECT = "DISCONNECT"


_CODES = {Code.COA: packet.CoARequest, Code.DISCONNECT: packet.DisconnectRequest}
_ACKS = {packet.CoAACK, packet.DisconnectACK}
_NAKS = {packet.CoANAK, packet.DisconnectNAK}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The BRAS's answer; `error_cause` (RFC 5176, 3.5) comes with a NAK, if at all, and `why`, its
    own words. `took_ms` is from the first sending."""

    outcome: Outcome
    error_cause: int | None = None
    took_ms: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Peer:
    """The BRAS to talk to."""

    address: str
    port: int
    secret: str
    message_authenticator: bool = False


@dataclass(slots=True)
class _Pending:
    """One request on the wire."""

    key: int
    request: CoAPacket
    raw: bytes
    began: float
    deadline: float
    sends: int = 1


@dataclass
class Channel:
    """A conversation with one BRAS; a context manager."""

    peer: Peer
    # In the order of their deadlines: all wait equally long; what is sent again goes to the end.
    _pending: dict[int, _Pending] = field(default_factory=dict)
    _refused: list[tuple[int, Verdict]] = field(default_factory=list)

    def __post_init__(self) -> None:
        family = socket.AF_INET6 if ":" in self.peer.address else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        # Not from 0 each time: a BRAS that looks at the id only would answer from its memory.
        first = secrets.randbelow(IDS)
        self._ids = itertools.cycle([*range(first, IDS), *range(first)])
        self._to = (self.peer.address, self.peer.port)

    def __enter__(self) -> "Channel":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._selector.close()
        self._socket.close()

    @property
    def in_flight(self) -> int:
        """Requests that wait for an answer."""
        return len(self._pending)

    def send(self, key: int, code: Code, attributes: Iterable[ReplyAttribute]) -> None:
        """Put one request on the wire; its verdict comes from `poll` under `key`."""
        assert len(self._pending) < IDS, "all packet ids are in use"
        number = next(one for one in self._ids if one not in self._pending)
        request = CoAPacket(
            code=_CODES[code], id=number, secret=self.peer.secret.encode(), dict=dictionary()
        )
        try:
            for one in attributes:
                request.AddAttribute(one.name, typed(one))
            if self.peer.message_authenticator:
                request.add_message_authenticator()
            raw = request.RequestPacket()
        except (KeyError, ValueError, TypeError, PacketError, OSError, struct.error):
            # A form that no driver should have been saved with: this wish is refused, not the rest.
            self._refused.append((key, Verdict(Outcome.NAK)))
            return
        now = time.monotonic()
        self._pending[number] = _Pending(key, request, raw, now, now + TIMEOUT_S)
        self._put(raw)

    def poll(self, *, longest_s: float) -> list[tuple[int, Verdict]]:
        """Wait at most so long; the verdicts that are there, as soon as there is one."""
        found, self._refused = self._refused, []
        until = time.monotonic() + longest_s
        while True:
            found += self._read()
            now = time.monotonic()
            found += self._expire(now)
            if found or now >= until or not self._pending:
                return found
            nearest = next(iter(self._pending.values())).deadline
            self._selector.select(max(0.0, min(until, nearest) - now))

    def _read(self) -> list[tuple[int, Verdict]]:
        found: list[tuple[int, Verdict]] = []
        while True:
            try:
                raw = self._socket.recv(4096)
            except BlockingIOError:
                return found
            except OSError:  # "port unreachable" of an earlier packet: silence will tell
                continue
            pending = self._pending.get(raw[1]) if len(raw) >= 20 else None
            verdict = pending and _verdict(pending, raw)
            if pending and verdict:
                del self._pending[raw[1]]
                found.append((pending.key, verdict))

    def _expire(self, now: float) -> list[tuple[int, Verdict]]:
        found: list[tuple[int, Verdict]] = []
        due = itertools.takewhile(lambda item: item[1].deadline <= now, self._pending.items())
        for number, one in list(due):
            del self._pending[number]
            if one.sends >= SENDS_MAX:
                found.append((one.key, Verdict(Outcome.TIMED_OUT, took_ms=_ms(one, now))))
                continue
            one.sends += 1
            one.deadline = now + TIMEOUT_S
            self._pending[number] = one
            self._put(one.raw)
        return found

    def _put(self, raw: bytes) -> None:
        try:
            self._socket.sendto(raw, self._to)
        except OSError:  # full buffer, no route: the retransmission or the timeout sees to it
            return


def ask(peer: Peer, *, code: Code, attributes: Iterable[ReplyAttribute]) -> Verdict:
    """One request and its answer."""
    with Channel(peer) as channel:
        channel.send(0, code, attributes)
        while True:
            for _key, verdict in channel.poll(longest_s=TIMEOUT_S):
                return verdict


def status(peer: Peer) -> Verdict:
    """Status-Server (RFC 5997): whether somebody with our secret is there. Many BRASes know it not
    and stay silent."""
    request = packet.AuthPacket(
        code=STATUS_SERVER,
        secret=peer.secret.encode(),
        dict=dictionary(),
        message_authenticator=True,
    )
    request.authenticator = packet.Packet.CreateAuthenticator()
    raw = request.RequestPacket()
    family = socket.AF_INET6 if ":" in peer.address else socket.AF_INET
    began = time.monotonic()
    with socket.socket(family, socket.SOCK_DGRAM) as plug:
        plug.settimeout(TIMEOUT_S)
        try:
            plug.connect((peer.address, peer.port))
            plug.send(raw)
            answer = plug.recv(4096)
            reply = request.CreateReply(packet=answer)
            genuine = request.VerifyReply(reply, answer)
        except (OSError, PacketError, ValueError):
            return Verdict(Outcome.TIMED_OUT)
    took_ms = round((time.monotonic() - began) * 1000)
    return Verdict(Outcome.ACK if genuine else Outcome.TIMED_OUT, took_ms=took_ms)


def _verdict(pending: _Pending, raw: bytes) -> Verdict | None:
    """What the answer says; None when it is not genuine or of another request."""
    try:
        reply = pending.request.CreateReply(packet=raw)
        if not pending.request.VerifyReply(reply, raw):
            return None
        took = _ms(pending, time.monotonic())
        if reply.code in _ACKS:
            return Verdict(Outcome.ACK, took_ms=took)
        if reply.code not in _NAKS:
            return None
        causes = reply.get("Error-Cause", [])
        why = words(reply.get(REPLY_MESSAGE, []))
        return Verdict(Outcome.NAK, int(causes[0]) if causes else None, took, why)
    except (PacketError, ValueError, KeyError, IndexError, TypeError, struct.error):
        return None


def words(told: Iterable[bytes]) -> str:
    """Texts of a packet as one that can be kept and shown: bytes that are no UTF-8 and signs that
    are not printed (they can turn a line around) become U+FFFD, blanks one space."""
    text = " ".join(b" ".join(told).decode("utf-8", "replace").split())
    return "".join(one if one.isprintable() else "\ufffd" for one in text)[:WHY_MAX]


def _ms(pending: _Pending, now: float) -> int:
    return round((now - pending.began) * 1000)
