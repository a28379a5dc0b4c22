"""RADIUS packets made by hand, fast enough to load a server from Python.

`Line` sends packets that were made beforehand and keeps a number of them on their way; `BrasSocket`
behaves as a BRAS does with one packet: it sends, waits, sends the same again.
"""

import hashlib
import os
import socket
import struct
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ACCESS_REQUEST, ACCESS_ACCEPT, ACCESS_REJECT = 1, 2, 3
ACCOUNTING_REQUEST, ACCOUNTING_RESPONSE = 4, 5
START, STOP, INTERIM = 1, 2, 3
USER_NAME, USER_PASSWORD, FRAMED_PROTOCOL, CLASS, CALLING_STATION = 1, 2, 7, 25, 31
ADSL_FORUM, CIRCUIT_ID, REMOTE_ID, PPP = 3561, 1, 2, 1
STATUS_TYPE, IN_OCTETS, OUT_OCTETS, SESSION_ID, SESSION_TIME, CAUSE = 40, 42, 43, 44, 46, 49
IN_GIGAWORDS, OUT_GIGAWORDS = 52, 53
RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024


def number(kind: int, value: int) -> bytes:
    """An integer attribute."""
    return struct.pack("!BBI", kind, 6, value)


def octets(kind: int, value: bytes) -> bytes:
    """A string or octets attribute."""
    assert len(value) <= 253
    return bytes((kind, len(value) + 2)) + value


def vendor(number: int, kind: int, value: bytes) -> bytes:
    """An attribute of a vendor's own (RFC 2865, 5.26)."""
    return octets(26, struct.pack("!I", number) + octets(kind, value))


def accounting(
    *,
    status: int,
    session: str,
    login: str = "",
    told_class: bytes = b"",
    seconds: int = 0,
    sent_octets: int = 0,
    more: bytes = b"",
) -> bytes:
    """The attributes of an Accounting-Request; `sent_octets` to the user, 64-bit."""
    parts = [number(STATUS_TYPE, status), octets(SESSION_ID, session.encode())]
    if login:
        parts.append(octets(USER_NAME, login.encode()))
    if told_class:
        parts.append(octets(CLASS, told_class))
    if status != START:
        parts += [
            number(SESSION_TIME, seconds),
            number(IN_OCTETS, 0),
            number(IN_GIGAWORDS, 0),
            number(OUT_OCTETS, sent_octets & 0xFFFFFFFF),
            number(OUT_GIGAWORDS, sent_octets >> 32),
        ]
    if status == STOP:
        parts.append(number(CAUSE, 1))
    return b"".join([*parts, more])


def accounting_packet(attributes: bytes, *, ident: int, secret: bytes) -> bytes:
    """The packet with its authenticator (RFC 2866, 3)."""
    head = struct.pack("!BBH", ACCOUNTING_REQUEST, ident, 20 + len(attributes))
    digest = hashlib.md5(head + bytes(16) + attributes + secret, usedforsecurity=False).digest()
    return head + digest + attributes


def pap_packet(*, login: str, password: str, ident: int, secret: bytes, more: bytes = b"") -> bytes:
    """An Access-Request with PAP (RFC 2865, 5.2)."""
    authenticator = os.urandom(16)
    plain = password.encode()
    plain += bytes(-len(plain) % 16 if plain else 16)  # an empty one is 16 hidden zeros
    hidden, last = b"", authenticator
    for first in range(0, len(plain), 16):
        key = hashlib.md5(secret + last, usedforsecurity=False).digest()
        last = bytes(a ^ b for a, b in zip(plain[first : first + 16], key, strict=True))
        hidden += last
    attributes = octets(USER_NAME, login.encode()) + octets(USER_PASSWORD, hidden) + more
    head = struct.pack("!BBH", ACCESS_REQUEST, ident, 20 + len(attributes))
    return head + authenticator + attributes


def _socket(port: int, *, timeout_s: float) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    made.connect(("127.0.0.1", port))
    made.settimeout(timeout_s)
    return made


@dataclass(frozen=True)
class Answer:
    """What became of one packet: the code of the reply (0: none), how many times it was sent."""

    code: int
    times: int
    took_s: float


class BrasSocket:
    """One packet at a time, sent again as a BRAS does."""

    def __init__(self, *, port: int, secret: bytes, timeout_s: float, tries: int) -> None:
        self.secret, self.tries, self.timeout_s = secret, tries, timeout_s
        self._port = port
        self._socket = _socket(port, timeout_s=timeout_s)
        self._ident = 0

    def log_in(self, *, login: str, password: str, more: bytes = b"") -> Answer:
        """An Access-Request with PAP."""
        self._ident = (self._ident + 1) % 256
        packet = pap_packet(
            login=login, password=password, ident=self._ident, secret=self.secret, more=more
        )
        return self._exchange(packet)

    def account(self, attributes: bytes, *, copies: int = 1) -> Answer:
        """An Accounting-Request; `copies` at once, as a network that doubles packets."""
        self._ident = (self._ident + 1) % 256
        packet = accounting_packet(attributes, ident=self._ident, secret=self.secret)
        return self._exchange(packet, copies=copies)

    def close(self) -> None:
        """Free the port."""
        self._socket.close()

    def _exchange(self, packet: bytes, *, copies: int = 1) -> Answer:
        begin = time.monotonic()
        for times in range(1, self.tries + 1):
            code = self._once(packet, copies=copies)
            if code:
                return Answer(code, times, time.monotonic() - begin)
        # A late answer to this packet must not be taken for one to the next.
        self._socket.close()
        self._socket = _socket(self._port, timeout_s=self.timeout_s)
        return Answer(0, self.tries, time.monotonic() - begin)

    def _once(self, packet: bytes, *, copies: int) -> int:
        deadline = time.monotonic() + self.timeout_s
        try:
            for _copy in range(copies):
                self._socket.send(packet)
            while time.monotonic() < deadline:
                reply = self._socket.recv(4096)
                if reply[1] == packet[1]:
                    return reply[0]
        except TimeoutError:
            return 0
        except ConnectionRefusedError:  # no server yet; a BRAS waits its time all the same
            time.sleep(max(0.0, deadline - time.monotonic()))
        return 0


def flood(
    packets: Sequence[bytes], *, port: int, window: int, timeout_s: float = 3.0
) -> tuple[float, dict[int, int]]:
    """Send ready packets, `window` on their way at a time; (answers a second, count by code).

    The identifiers of packets that follow each other must differ (`numbered`). What got no answer
    within the time limit counts as code 0.
    """
    line = _socket(port, timeout_s=timeout_s)
    waiting: set[int] = set()
    codes: dict[int, int] = {}
    begin = time.perf_counter()
    for packet in packets:
        while len(waiting) >= window or packet[1] in waiting:
            _take(line, waiting, codes)
        line.send(packet)
        waiting.add(packet[1])
    while waiting:
        _take(line, waiting, codes)
    took_s = time.perf_counter() - begin
    line.close()
    answered = sum(count for code, count in codes.items() if code)
    return answered / took_s, codes


def _take(line: socket.socket, waiting: set[int], codes: dict[int, int]) -> None:
    try:
        reply = line.recv(4096)
    except TimeoutError:
        codes[0] = codes.get(0, 0) + len(waiting)
        waiting.clear()
        return
    if reply[1] in waiting:
        waiting.discard(reply[1])
        codes[reply[0]] = codes.get(reply[0], 0) + 1


def numbered(many: Iterable[bytes], *, secret: bytes) -> list[bytes]:
    """Accounting packets of these attributes with identifiers that follow each other."""
    return [
        accounting_packet(attributes, ident=place % 256, secret=secret)
        for place, attributes in enumerate(many)
    ]
