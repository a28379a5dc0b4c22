"""CoA and Disconnect on the wire (RFC 5176): one request, one answer.

Blocking, one socket a call: a Celery worker does one at a time. Retransmissions carry the same id
and authenticator, so a BRAS answers a repeated request from its memory.
"""

import contextlib
import functools
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pyrad import packet
from pyrad.client import Client, Timeout
from pyrad.dictionary import Dictionary
from pyrad.packet import PacketError

from network.vendors.driver import ReplyAttribute

TIMEOUT_S = 1
SENDS_MAX = 3


class Outcome(StrEnum):
    """What came back."""

    ACK = "ACK"
    NAK = "NAK"
    TIMED_OUT = "TIMED_OUT"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The BRAS's answer; `error_cause` (RFC 5176, 3.5) comes with a NAK, if at all."""

    outcome: Outcome
    error_cause: int | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """The BRAS to talk to."""

    address: str
    port: int
    secret: str
    message_authenticator: bool = False


@functools.cache
def dictionary() -> Dictionary:
    """Our dictionary, read once a process."""
    return Dictionary(str(Path(__file__).with_name("dictionary")))


def disconnect(*, peer: Peer, attributes: Iterable[ReplyAttribute]) -> Verdict:
    """Disconnect-Request: end the session that these attributes name."""
    return _exchange(peer, code=packet.DisconnectRequest, attributes=attributes)


def change(*, peer: Peer, attributes: Iterable[ReplyAttribute]) -> Verdict:
    """CoA-Request: change the session that these attributes name."""
    return _exchange(peer, code=packet.CoARequest, attributes=attributes)


def _exchange(peer: Peer, *, code: int, attributes: Iterable[ReplyAttribute]) -> Verdict:
    client = Client(
        server=peer.address,
        coaport=peer.port,
        secret=peer.secret.encode(),
        dict=dictionary(),
        timeout=TIMEOUT_S,
        retries=SENDS_MAX,
    )
    request = client.CreateCoAPacket(code=code)
    for one in attributes:
        request.AddAttribute(one.name, _typed(one))
    if peer.message_authenticator:
        request.add_message_authenticator()
    try:
        answer = client.SendPacket(request)
    except (Timeout, OSError, PacketError):
        return Verdict(Outcome.TIMED_OUT)
    finally:
        _close(client)
    if answer.code in {packet.CoAACK, packet.DisconnectACK}:
        return Verdict(Outcome.ACK)
    causes = answer.get("Error-Cause", [])
    return Verdict(Outcome.NAK, error_cause=int(causes[0]) if causes else None)


def _typed(one: ReplyAttribute) -> str | int | bytes:
    """The value as its dictionary type wants it."""
    kind = dictionary().attributes[one.name].type
    if kind == "integer":
        return int(one.value)
    if kind == "octets":
        return str(one.value).encode()
    return str(one.value)


def _close(client: Client) -> None:
    opened: socket.socket | None = getattr(client, "_socket", None)
    if opened is not None:
        with contextlib.suppress(OSError):
            opened.close()
