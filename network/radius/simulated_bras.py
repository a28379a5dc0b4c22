"""A BRAS of the demonstration: routers behind it log in, send traffic, and do as they are told.

It speaks RADIUS over real sockets, as a MikroTik does: Access-Request with PAP, Accounting Start,
Interim-Update and Stop (RFC 2865, 2866), and it answers CoA and Disconnect (RFC 5176). Nothing of
Geobill but the answers of its RADIUS server reaches it.
"""

import logging
import random
import re
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pyrad.client import Client, Timeout
from pyrad.packet import (
    AccessAccept,
    AccessRequest,
    CoAACK,
    CoAPacket,
    DisconnectACK,
    DisconnectNAK,
    DisconnectRequest,
    PacketError,
)

from network.radius.dictionaries import dictionary

logger = logging.getLogger(__name__)

SESSION_CONTEXT_NOT_FOUND = 503
COA_NAK = 45
ETHERNET = 15  # NAS-Port-Type, RFC 2865
AGAIN_S = 5.0  # after a Disconnect the router dials in again
REFUSED_AGAIN_S = 120.0
INTERIM_S_MAX = 60.0  # more often than asked, so that something is seen
PACKET_BYTES = 4096
WORD32 = 1 << 32
RATE = re.compile(r"(\d+)([kMG]?)/(\d+)([kMG]?)")
TIMES = {"": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000}


@dataclass(frozen=True, slots=True)
class Router:
    """A subscriber's router: what it dials in with. `mac` as 12 hex digits."""

    login: str
    password: str
    mac: str


@dataclass(slots=True)
class Live:
    """A session as the BRAS has it; speeds in bit/s, counters in octets, times in seconds."""

    router: Router
    number: str
    address: str
    class_text: bytes
    began: float
    told: float
    interim_s: float
    down_bit_s: int
    up_bit_s: int
    down_octets: int = 0
    up_octets: int = 0


def client_of(*, auth_port: int, acct_port: int, secret: bytes) -> Client:
    """How the RADIUS server on this host is asked."""
    return Client(
        server="127.0.0.1",
        authport=auth_port,
        acctport=acct_port,
        secret=secret,
        dict=dictionary(),
        timeout=3,
        retries=2,
    )


def rates_of(text: str) -> tuple[int, int]:
    """(down, up) in bit/s of a Mikrotik-Rate-Limit, which names the upload first; (0, 0): none."""
    found = RATE.match(text)
    if found is None:
        return 0, 0
    up, up_unit, down, down_unit = found.groups()
    return int(down) * TIMES[down_unit], int(up) * TIMES[up_unit]


class SimulatedBras:
    """Some routers on one BRAS. `turn` does what is due now; `answer` what a request asks for."""

    def __init__(
        self,
        *,
        client: Client,
        routers: Iterable[Router],
        name: str,
        chance: random.Random,
        clock: Callable[[], float],
    ) -> None:
        self.client, self.name, self.chance, self.clock = client, name, chance, clock
        self.sessions: dict[str, Live] = {}
        self._lock = threading.Lock()
        self._stopped: list[Live] = []
        self._due = {router: clock() for router in routers}
        self._count = 0
        self._is_up = False

    def turn(self) -> None:
        """Stops first, then who dials in, then interim updates. No answer: a later turn tries."""
        try:
            if not self._is_up:  # what ran before this start is over
                self._tell_of_start()
                self._is_up = True
            self._tell_stops()
            for router, due in list(self._due.items()):
                if due <= self.clock():
                    self._dial(router)
            with self._lock:
                lives = list(self.sessions.values())
            for live in lives:
                if self.clock() - live.told >= live.interim_s:
                    self._interim(live)
        except (Timeout, OSError, PacketError):
            logger.info("%s: the RADIUS server does not answer", self.name)

    def _tell_of_start(self) -> None:
        request = self.client.CreateAcctPacket(
            Acct_Status_Type="Accounting-On", Acct_Session_Id="0", NAS_Identifier=self.name
        )
        self.client.SendPacket(request)

    def _dial(self, router: Router) -> None:
        request = self.client.CreateAuthPacket(code=AccessRequest, User_Name=router.login)
        request["User-Password"] = request.PwCrypt(router.password)
        self._describe(request, router)
        reply = self.client.SendPacket(request)
        if reply.code != AccessAccept:
            self._due[router] = self.clock() + REFUSED_AGAIN_S * self.chance.uniform(0.8, 1.2)
            return
        del self._due[router]
        self._count += 1
        now = self.clock()
        down, up = rates_of(_first(reply, "Mikrotik-Rate-Limit", ""))
        asked = float(_first(reply, "Acct-Interim-Interval", INTERIM_S_MAX))
        live = Live(
            router=router,
            number=f"{self.chance.getrandbits(24):06x}{self._count:04x}",
            address=str(_first(reply, "Framed-IP-Address", "")),
            class_text=bytes(_first(reply, "Class", b"")),
            began=now,
            told=now,
            interim_s=min(asked, INTERIM_S_MAX) * self.chance.uniform(0.8, 1.0),
            down_bit_s=down,
            up_bit_s=up,
        )
        with self._lock:
            self.sessions[live.number] = live
        self._account(live, "Start")

    def _interim(self, live: Live) -> None:
        now = self.clock()
        share = self.chance.triangular(0.001, 0.3, 0.02)
        passed = now - live.told
        live.down_octets += int(live.down_bit_s / 8 * passed * share)
        live.up_octets += int(live.up_bit_s / 8 * passed * share / 10)
        live.told = now
        self._account(live, "Interim-Update")

    def _tell_stops(self) -> None:
        while self._stopped:
            live = self._stopped[0]
            self._account(live, "Stop", Acct_Terminate_Cause="Admin-Reset")
            self._stopped.pop(0)
            self._due[live.router] = self.clock() + AGAIN_S

    def _account(self, live: Live, status: str, **more: Any) -> None:
        request = self.client.CreateAcctPacket(
            User_Name=live.router.login,
            Acct_Session_Id=live.number,
            Acct_Status_Type=status,
            Acct_Session_Time=int(self.clock() - live.began),
            Acct_Output_Octets=live.down_octets % WORD32,
            Acct_Output_Gigawords=live.down_octets // WORD32,
            Acct_Input_Octets=live.up_octets % WORD32,
            Acct_Input_Gigawords=live.up_octets // WORD32,
            **more,
        )
        if live.address:
            request["Framed-IP-Address"] = live.address
        if live.class_text:
            request["Class"] = live.class_text
        self._describe(request, live.router)
        self.client.SendPacket(request)

    def _describe(self, request: Any, router: Router) -> None:
        request["NAS-Identifier"] = self.name
        request["NAS-Port-Type"] = ETHERNET
        request["NAS-Port-Id"] = "ether2"
        pairs = (router.mac[place : place + 2] for place in range(0, 12, 2))
        request["Calling-Station-Id"] = ":".join(pairs).upper()

    def answer(self, raw: bytes, *, secret: bytes) -> bytes | None:
        """The reply to a CoA or Disconnect; None for what is forged or no such request."""
        try:
            request = CoAPacket(packet=raw, secret=secret, dict=self.client.dict)
            if not request.VerifyCoARequest():
                return None
        except PacketError:
            return None
        ends = request.code == DisconnectRequest
        reply = request.CreateReply()
        with self._lock:
            live = self.sessions.get(str(_first(request, "Acct-Session-Id", "")))
            if live is None:
                reply.code = DisconnectNAK if ends else COA_NAK
                reply.AddAttribute("Error-Cause", SESSION_CONTEXT_NOT_FOUND)
            elif ends:
                del self.sessions[live.number]
                self._stopped.append(live)
                reply.code = DisconnectACK
            else:
                rate = _first(request, "Mikrotik-Rate-Limit", None)
                if rate is not None:
                    live.down_bit_s, live.up_bit_s = rates_of(rate)
                live.interim_s = min(live.interim_s, AGAIN_S)  # soon, so that the change is proven
                reply.code = CoAACK
        return bytes(reply.ReplyPacket())

    def serve(self, listening: socket.socket, *, secret: bytes, ends: threading.Event) -> None:
        """Answer requests on a bound UDP socket (with a time-out set) until the end."""
        while not ends.is_set():
            try:
                raw, sender = listening.recvfrom(PACKET_BYTES)
            except TimeoutError:
                continue
            reply = self.answer(raw, secret=secret)
            if reply is not None:
                listening.sendto(reply, sender)


def _first(packet: Any, name: str, otherwise: Any) -> Any:
    values = packet[name] if name in packet else None  # noqa: SIM401 (no dictionary)
    return values[0] if values else otherwise
