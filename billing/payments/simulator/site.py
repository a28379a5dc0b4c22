"""The site of the payment systems that are played: requests in, pages and documents out."""

import base64
import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree.ElementTree import Element

from billing.payments.gateway import (
    IncomingReply,
    Merchant,
    OutgoingRequest,
    ProviderUnreachableError,
)
from billing.payments.outgoing import exchange
from billing.payments.simulator.pages import index
from billing.payments.wire import documents

MAX_BODY = 100_000
FORM = "application/x-www-form-urlencoded"
HTML = "text/html; charset=utf-8"
JSON = "application/json"
HOST = re.compile(r"[A-Za-z0-9.-]{1,100}(:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the payment system's site was asked for.

    `path` is below the payment system's own address, which is `home`; `fields` are of the query,
    and of the body where it is a form; header names are in lower case.
    """

    method: str
    path: str
    fields: Mapping[str, str]
    home: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Page:
    """What the payment system's site answers: a page, a document, or the way elsewhere."""

    body: str = ""
    status: int = 200
    location: str = ""
    content_type: str = HTML


def document(value: object, *, status: int = 200) -> Page:
    """An answer in JSON."""
    return Page(documents.json_bytes(value).decode(), status, content_type=JSON)


class Player(Protocol):
    """A payment system that is played."""

    @property
    def title(self) -> str:
        """Its name as payers know it."""

    def answer(self, asked: Asked) -> Page:
        """The page for what was asked; calls our server on the way where the protocol says so."""
        ...


@dataclass
class Ours:
    """Our server as the payment system reaches it: `url` is the merchant account's address."""

    url: str
    merchant: Merchant
    now: Callable[[], datetime]
    sent: list[OutgoingRequest] = field(default_factory=list)

    def get(self, **fields: str) -> Element:
        """Ask with a query, read XML. Raises ProviderUnreachableError, BadDocumentError."""
        reply = self._send(OutgoingRequest("GET", f"{self.url}?{urlencode(fields)}", self._basic()))
        return documents.xml(reply.body)

    def post(self, address: str, **fields: str) -> IncomingReply:
        """Post a form. Raises ProviderUnreachableError."""
        return self.post_bytes(address, urlencode(fields).encode(), {"Content-Type": FORM})

    def post_bytes(self, address: str, body: bytes, headers: Mapping[str, str]) -> IncomingReply:
        """Post these very bytes. Raises ProviderUnreachableError.

        `address` is what follows the merchant account's own, or a whole one that our client gave.
        """
        sent = (*headers.items(), *self._basic())
        return self._send(OutgoingRequest("POST", self._reached(address), sent, body))

    def _reached(self, address: str) -> str:
        """A public address of ours as the payment system reaches it."""
        _before, is_ours, suffix = address.partition(f"/{self.merchant.provider}/")
        if not address.startswith("http"):
            return f"{self.url}{address}"
        slug, slash, rest = suffix.partition("/")
        return f"{self.url}{slash}{rest}" if is_ours and slug == self.merchant.slug else address

    def _send(self, request: OutgoingRequest) -> IncomingReply:
        self.sent.append(request)
        return exchange(request)

    def _basic(self) -> tuple[tuple[str, str], ...]:
        user = str(self.merchant.settings.get("basic_user") or "")
        if not user:
            return ()
        pair = f"{user}:{self.merchant['basic_password']}".encode()
        return (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)


class _Handler(BaseHTTPRequestHandler):
    """Finds the player by the first part of the path: `/monobank/…`."""

    server: "_Site"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "0")
        self._answer(self.rfile.read(min(int(length), MAX_BODY) if length.isdigit() else 0))

    def _answer(self, body: bytes) -> None:
        parts = urlsplit(self.path)
        _root, name, *rest = f"{parts.path}/".split("/")
        player = self.server.players.get(name)
        told = self.headers.get("Host", "")
        host = told if HOST.fullmatch(told) else f"127.0.0.1:{self.server.server_port}"
        if name == "":
            titles = {code: one.title for code, one in self.server.players.items()}
            return self._send(Page(index(titles)))
        if player is None:
            return self._send(Page("Not found", 404))
        form = body.decode("utf-8", "replace") if self._is_form() else ""
        fields = dict(parse_qsl(parts.query, keep_blank_values=True))
        fields |= dict(parse_qsl(form, keep_blank_values=True))
        path = "/" + "/".join(rest).rstrip("/")
        asked = Asked(
            str(self.command), path, fields, f"http://{host}/{name}",
            {key.lower(): value for key, value in self.headers.items()}, body,
        )  # fmt: skip
        try:
            found = player.answer(asked)
        except (ProviderUnreachableError, ValueError, KeyError) as error:
            found = Page(f"{type(error).__name__}: {html.escape(str(error))}", 502)
        return self._send(found)

    def _is_form(self) -> bool:
        return FORM in self.headers.get("Content-Type", "")

    def _send(self, found: Page) -> None:
        content = found.body.encode()
        self.send_response(found.status)
        self.send_header("Content-Type", found.content_type)
        self.send_header("Content-Length", str(len(content)))
        if found.location:
            self.send_header("Location", found.location)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        """Nothing: the journal of messages is on our side."""


class _Site(ThreadingHTTPServer):
    players: Mapping[str, Player] = {}


def server(
    players: Mapping[str, Player], *, host: str = "127.0.0.1", port: int = 0
) -> ThreadingHTTPServer:
    """The sites of these payment systems, each under its name; the caller serves and ends it."""
    site = _Site((host, port), _Handler)
    site.players = dict(players)
    return site
