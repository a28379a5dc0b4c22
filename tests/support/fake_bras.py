"""A BRAS over a real UDP socket: it answers CoA and Disconnect, and acts as a RADIUS client.

with FakeBras(secret="…") as bras:
    bras.answer = "nak"             # "ack", "nak", "silence"
    …
    bras.received[0]["Acct-Session-Id"]
"""

import socket
import threading
from types import TracebackType
from typing import Any

from pyrad import packet
from pyrad.client import Client
from pyrad.packet import CoAPacket, Packet

from network.radius.dynauth import dictionary

POLL_S = 0.1


class FakeBras:
    """Listens on 127.0.0.1; every request is checked against the secret before it is answered."""

    def __init__(self, *, secret: str, error_cause: int = 503) -> None:
        self.secret = secret.encode()
        self.error_cause = error_cause
        self.answer = "ack"
        self.received: list[Packet] = []
        self.forged = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(POLL_S)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

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
        names = {packet.CoARequest: "coa", packet.DisconnectRequest: "disconnect"}
        return [names[one.code] for one in self.received]

    def _serve(self) -> None:
        while not self._ends.is_set():
            try:
                raw, sender = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            request = CoAPacket(packet=raw, secret=self.secret, dict=dictionary())
            if not request.VerifyCoARequest():
                self.forged += 1
                continue
            self.received.append(request)
            if self.answer == "silence":
                continue
            reply = request.CreateReply()
            disconnect = request.code == packet.DisconnectRequest
            if self.answer == "ack":
                reply.code = packet.DisconnectACK if disconnect else packet.CoAACK
            else:
                reply.code = packet.DisconnectNAK if disconnect else packet.CoANAK
                reply.AddAttribute("Error-Cause", self.error_cause)
            self._socket.sendto(reply.ReplyPacket(), sender)


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
