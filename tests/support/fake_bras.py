"""A BRAS over a real UDP socket: it answers CoA and Disconnect, and acts as a RADIUS client.

with FakeBras(secret="…") as bras:
    bras.answer = "nak"             # "ack", "nak", "silence"
    …
    bras.received[0]["Acct-Session-Id"]

`Manners` makes it as ill-behaved as the real ones: it loses packets, is slow, answers twice, says
yes and does nothing. With `sessions` it keeps what each session has, in its vendor's dialect.
"""

import heapq
import socket
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from pyrad import packet
from pyrad.client import Client
from pyrad.packet import CoAPacket, Packet

from network.radius.dictionaries import dictionary
from network.radius.dynauth import REPLY_MESSAGE

POLL_S = 0.1
SESSION_NOT_FOUND = 503
NAMES = {packet.CoARequest: "coa", packet.DisconnectRequest: "disconnect"}
# What names a session or the BRAS and changes nothing.
NAMING = {
    "Acct-Session-Id",
    "User-Name",
    "Framed-IP-Address",
    "NAS-IP-Address",
    "Message-Authenticator",
}


@dataclass
class Manners:
    """How it behaves. `lose_first`: so many sendings of each request never arrive. `delay_s`:
    before each answer. `duplicate`: every answer comes twice. `does_nothing`: it acknowledges a CoA
    and changes nothing. `refuse`: Error-Cause by attribute name, for a request that has it;
    `refuse_coa`: that of every CoA (0: none named). `says`: Reply-Messages of each refusal.
    `ignore`: a request with one of these attributes is never answered."""

    lose_first: int = 0
    delay_s: float = 0.0
    duplicate: bool = False
    does_nothing: bool = False
    refuse: dict[str, int] = field(default_factory=dict)
    refuse_coa: int | None = None
    says: tuple[bytes, ...] = ()
    ignore: tuple[str, ...] = ()


class FakeBras:
    """Listens on `host`; every request is checked against the secret before it is answered."""

    def __init__(
        self,
        *,
        secret: str,
        error_cause: int = SESSION_NOT_FOUND,
        manners: Manners | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.secret = secret.encode()
        self.error_cause = error_cause
        self.answer = "ack"
        self.manners = manners or Manners()
        self.received: list[Packet] = []
        self.arrived_at: list[float] = []
        self.sessions: dict[str, dict[str, list[str]]] | None = None
        self.forged = 0
        self.in_flight_most = 0
        self._copies: dict[bytes, int] = {}
        self._answers: dict[bytes, bytes] = {}
        self._due: list[tuple[float, int, bytes, Any]] = []
        self._count = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind((host, port))
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self.serve, daemon=True)

    @property
    def port(self) -> int:
        """Where it listens for CoA and Disconnect."""
        return int(self._socket.getsockname()[1])

    def __enter__(self) -> "FakeBras":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.set()
        self._thread.join(timeout=5)
        self._socket.close()

    def kinds(self) -> list[str]:
        """What was asked, in order."""
        return [NAMES[one.code] for one in self.received]

    def said(self) -> list[str]:
        """What each request said beside naming the session, in order."""
        return [" ".join(f"{name}={value}" for name, value in _told(one)) for one in self.received]

    def serve(self) -> None:
        """Answer until the end."""
        while not self._ends.is_set():
            self._send_due()
            wait = min(POLL_S, max(self._due[0][0] - time.monotonic(), 0)) if self._due else POLL_S
            self._socket.settimeout(max(wait, 0.0001))
            try:
                raw, sender = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            self._take(raw, sender)

    def _take(self, raw: bytes, sender: Any) -> None:
        request = CoAPacket(packet=raw, secret=self.secret, dict=dictionary())
        if not request.VerifyCoARequest():
            self.forged += 1
            return
        key = raw + repr(sender).encode()
        copy = self._copies.get(key, 0)
        self._copies[key] = copy + 1
        if copy < self.manners.lose_first:
            return
        answer = self._answers.get(key)
        if answer is None:
            self.received.append(request)
            self.arrived_at.append(time.time())
            if self.answer == "silence" or self._ignores(request):
                return
            answer = self._answers[key] = self._answered(request)
        for _ in range(2 if self.manners.duplicate else 1):
            self._count += 1
            due = time.monotonic() + self.manners.delay_s
            heapq.heappush(self._due, (due, self._count, answer, sender))
        waiting = {answer for _due, _count, answer, _sender in self._due}
        self.in_flight_most = max(self.in_flight_most, len(waiting))
        self._send_due()

    def _send_due(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            _at, _count, answer, sender = heapq.heappop(self._due)
            self._socket.sendto(answer, sender)

    def _answered(self, request: CoAPacket) -> bytes:
        cause = self._refusal(request)
        reply = request.CreateReply()
        disconnect = request.code == packet.DisconnectRequest
        if cause is None:
            reply.code = packet.DisconnectACK if disconnect else packet.CoAACK
        else:
            reply.code = packet.DisconnectNAK if disconnect else packet.CoANAK
            if cause:
                reply.AddAttribute("Error-Cause", cause)
            if self.manners.says:
                reply[REPLY_MESSAGE] = list(self.manners.says)
        return bytes(reply.ReplyPacket())

    def _ignores(self, request: CoAPacket) -> bool:
        return any(name in request.keys() for name in self.manners.ignore)  # noqa: SIM118

    def _refusal(self, request: CoAPacket) -> int | None:
        """The Error-Cause (0: a NAK without one), or None when it is done."""
        if self.answer == "nak":
            return self.error_cause
        if self.manners.refuse_coa is not None and request.code == packet.CoARequest:
            return self.manners.refuse_coa
        for name, cause in self.manners.refuse.items():
            if name in request.keys():  # noqa: SIM118 (pyrad packets are no dictionaries)
                return cause
        if self.sessions is None:
            return None
        session = self.sessions.get(str(request["Acct-Session-Id"][0]))
        if session is None:
            return SESSION_NOT_FOUND
        if request.code == packet.DisconnectRequest:
            del self.sessions[str(request["Acct-Session-Id"][0])]
        elif not self.manners.does_nothing:
            _apply(session, _told(request))
        return None


def _told(request: Packet) -> list[tuple[str, str]]:
    return [
        (name, value.decode() if isinstance(value, bytes) else str(value))
        for name in request.keys()  # noqa: SIM118
        if name not in NAMING and not str(name).startswith("Cisco-Account-Info")
        for value in request[name]
    ]


def _apply(session: dict[str, list[str]], told: list[tuple[str, str]]) -> None:
    """The session as it is after a CoA, in the vendor's way: services are switched, the rest is
    replaced."""
    words = [value for name, value in told if name == "Cisco-AVPair"]
    named = [word.partition("service-name=")[2] for word in words if "service-name=" in word]
    if "subscriber:command=activate-service" in words:
        session.setdefault("services", []).extend(named)
        return
    if "subscriber:command=deactivate-service" in words:
        session["services"] = [one for one in session.get("services", []) if one not in named]
        return
    replaced: dict[str, list[str]] = {}
    for name, value in told:
        if name == "ERX-Service-Activate":
            session.setdefault("services", []).append(value)
        elif name == "ERX-Service-Deactivate":
            session["services"] = [one for one in session.get("services", []) if one != value]
        else:
            replaced.setdefault(name, []).append(value)
    session.update(replaced)


class RadiusClient:
    """What a BRAS asks of the RADIUS server: log-ins and accounting."""

    def __init__(self, *, secret: str, auth_port: int, acct_port: int, timeout_s: int = 5) -> None:
        self._client = Client(
            server="127.0.0.1",
            authport=auth_port,
            acctport=acct_port,
            secret=secret.encode(),
            dict=dictionary(),
            timeout=timeout_s,
            retries=1,
        )

    def pap(self, *, login: str, password: str, **more: Any) -> Packet:
        """Access-Request with PAP; the reply's code is 2 (Accept) or 3 (Reject)."""
        request = self._client.CreateAuthPacket(code=packet.AccessRequest, User_Name=login)
        request["User-Password"] = request.PwCrypt(password)
        return self._send(request, more)

    def chap(self, *, login: str, password: str, **more: Any) -> Packet:
        """Access-Request with CHAP."""
        import hashlib
        import os

        ident, challenge = os.urandom(1), os.urandom(16)
        digest = hashlib.md5(ident + password.encode() + challenge).digest()
        request = self._client.CreateAuthPacket(code=packet.AccessRequest, User_Name=login)
        request["CHAP-Challenge"] = challenge
        request["CHAP-Password"] = ident + digest
        return self._send(request, more)

    def account(self, *, kind: str, session: str, **more: Any) -> Packet:
        """Accounting-Request; its reply has code 5."""
        request = self._client.CreateAcctPacket(Acct_Session_Id=session, Acct_Status_Type=kind)
        return self._send(request, more)

    def _send(self, request: Any, more: dict[str, Any]) -> Packet:
        for name, value in more.items():
            request[name.replace("_", "-")] = value
        return self._client.SendPacket(request)
