"""The provider's side, played over real HTTP: a terminal, a page that takes a form.

`manage.py simulate_provider` serves it. A player is given what a browser (or our own client) asked
for, speaks with our server as the payment system would, and answers with a page. It is for demo,
tests and connecting: no money moves anywhere but in the books that it calls.
"""

import base64
import html
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree.ElementTree import Element

from billing.calendar import KYIV
from billing.payments import recipes
from billing.payments.gateway import (
    IncomingReply,
    Merchant,
    OutgoingRequest,
    ProviderUnreachableError,
)
from billing.payments.outgoing import exchange
from billing.payments.wire import documents

MAX_FORM = 100_000
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser asked the payment system's site for."""

    method: str
    path: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """What the payment system's site answers: a page, or the way to another address."""

    body: str = ""
    status: int = 200
    location: str = ""


class Player(Protocol):
    """A payment system that is played."""

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

    def post(self, suffix: str, **fields: str) -> IncomingReply:
        """Post a form. Raises ProviderUnreachableError."""
        headers = (("Content-Type", FORM), *self._basic())
        body = urlencode(fields).encode()
        return self._send(OutgoingRequest("POST", f"{self.url}{suffix}", headers, body))

    def _send(self, request: OutgoingRequest) -> IncomingReply:
        self.sent.append(request)
        return exchange(request)

    def _basic(self) -> tuple[tuple[str, str], ...]:
        user = str(self.merchant.settings.get("basic_user") or "")
        if not user:
            return ()
        pair = f"{user}:{self.merchant['basic_password']}".encode()
        return (("Authorization", f"Basic {base64.b64encode(pair).decode()}"),)


def page(title: str, *parts: str) -> Page:
    """A plain page of the payment system; `parts` are HTML already."""
    return Page(
        "<!doctype html><html lang='uk'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>{html.escape(title)}</title><body><main><h1>{html.escape(title)}</h1>"
        f"{''.join(parts)}</main></body></html>"
    )


def form(action: str, button: str, /, *inside: str, **hidden: str) -> str:
    """A form with hidden fields."""
    kept = "".join(
        f"<input type='hidden' name='{html.escape(name)}' value='{html.escape(value)}'>"
        for name, value in hidden.items()
    )
    return (
        f"<form method='post' action='{html.escape(action)}'>{kept}{''.join(inside)}"
        f"<button>{html.escape(button)}</button></form>"
    )


def box(name: str, label: str, value: str = "") -> str:
    """A field that is typed into."""
    return (
        f"<p><label>{html.escape(label)} <input name='{name}' required "
        f"value='{html.escape(value)}'></label></p>"
    )


@dataclass
class Terminal:
    """A payment terminal (F1): asks who the account is, takes the money, tells us; repeats."""

    ours: Ours
    dialect: str

    def answer(self, asked: Asked) -> Page:
        """The terminal's screens."""
        if asked.path == "/check" and asked.method == "POST":
            return self._check(asked)
        if asked.path == "/pay" and asked.method == "POST":
            return self._pay(asked)
        typed = box("account", "Договір", asked.fields.get("account", "")) + box("sum", "Сума, грн")
        return page("Термінал", form("/check", "Далі", typed))

    def _ask(self, what: str, key: str, account: str, amount: str) -> tuple[str, str]:
        """The code and the text of our answer."""
        at = self.ours.now().astimezone(KYIV).strftime("%Y%m%d%H%M%S")
        if self.dialect == "citypay":
            answer = self.ours.get(
                QueryType=what, TransactionId=key, TransactionDate=at, Account=account,
                Amount=amount,
            )  # fmt: skip
            return documents.text(answer, "ResultCode"), documents.text(answer, "Comment")
        answer = self.ours.get(command=what, txn_id=key, txn_date=at, account=account, sum=amount)
        fields = documents.children(answer, "fields")
        said = " · ".join(one.text or "" for one in (fields[0] if fields else ()))
        return documents.text(answer, "result"), said or documents.text(answer, "comment")

    def _check(self, asked: Asked) -> Page:
        account, amount = asked.fields.get("account", ""), asked.fields.get("sum", "")
        key = str(10**9 + secrets.randbelow(9 * 10**9))
        code, said = self._ask("check", key, account, amount)
        if code != "0":
            return page("Не можна сплатити", f"<p>{html.escape(code)}: {html.escape(said)}</p>")
        return page(
            "Перевірте",
            f"<p>{html.escape(said)}</p>",
            form("/pay", "Сплатити", account=account, sum=amount, key=key),
        )

    def _pay(self, asked: Asked) -> Page:
        told = [asked.fields.get(name, "") for name in ("key", "account", "sum")]
        # A terminal that is not sure asks once more: the same payment must not be credited twice.
        answers = [self._ask("pay", *told) for _again in range(2)]
        done = all(code == "0" for code, _said in answers)
        title = "Сплачено" if done else "Не сплачено"
        return page(title, f"<p>{html.escape(answers[-1][1])}</p>")


@dataclass
class PlatonPage:
    """Platon's checkout page (F4): takes our form, asks the payer, tells us by a callback."""

    ours: Ours
    orders: dict[str, dict[str, str]] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Page:
        """The page that takes the form, and the payer's decision."""
        if asked.path == "/payment/auth" and asked.method == "POST":
            return self._take(dict(asked.fields))
        if asked.path == "/decide" and asked.method == "POST":
            return self._decide(asked)
        return page("Platon")

    def _take(self, told: dict[str, str]) -> Page:
        names = ("key", "payment", "data", "url")
        parts = [told.get(name, "") for name in names] + [str(self.ours.merchant["password"])]
        right = recipes.md5_rev_upper([(value, True) for value in parts])
        if not recipes.same_hex(told.get("sign", ""), right):
            return Page("Bad sign", 400)
        order = told.get("order", "")
        self.orders[order] = told
        amount = json.loads(base64.b64decode(told["data"]))["amount"]
        told["amount"] = amount
        return page(
            f"Сплатити {amount} грн",
            form("/decide", "Сплатити", order=order, do="pay"),
            form("/decide", "Відмовитися", order=order, do="decline"),
        )

    def _decide(self, asked: Asked) -> Page:
        told = self.orders.get(asked.fields.get("order", ""))
        if told is None:
            return Page("No such order", 404)
        if asked.fields.get("do") != "pay":
            return Page(status=303, location=told.get("error_url") or told["url"])
        told.setdefault("id", f"{10**9 + secrets.randbelow(9 * 10**9)}-sim")
        card, email = "411111******1111", told.get("email", "")
        signed = [
            (email, True),
            (str(self.ours.merchant["password"]), False),
            (told["order"], False),
            (card[:6] + card[-4:], True),
        ]
        self.ours.post(
            "/callback", id=told["id"], order=told["order"], status="SALE", card=card, email=email,
            amount=told["amount"], currency="UAH", ext1=told.get("ext1", ""),
            date=self.ours.now().astimezone(KYIV).strftime("%Y-%m-%d %H:%M:%S"),
            sign=recipes.md5_rev_upper(signed),
        )  # fmt: skip
        return Page(status=303, location=told["url"])


PLAYERS: dict[str, Callable[[Ours], Player]] = {
    "ibox": lambda ours: Terminal(ours, "ibox"),
    "citypay": lambda ours: Terminal(ours, "citypay"),
    "platon": PlatonPage,
}


def server(player: Player, *, port: int = 0) -> ThreadingHTTPServer:
    """The payment system's site on this machine; the caller serves it and shuts it down."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", "")

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "0")
            size = min(int(length), MAX_FORM) if length.isdigit() else 0
            self._answer("POST", self.rfile.read(size).decode("utf-8", "replace"))

        def _answer(self, method: str, body: str) -> None:
            parts = urlsplit(self.path)
            fields = dict(parse_qsl(body or parts.query, keep_blank_values=True))
            try:
                found = player.answer(Asked(method, parts.path, fields))
            except (ProviderUnreachableError, ValueError, KeyError) as error:
                found = Page(f"{type(error).__name__}: {html.escape(str(error))}", 502)
            content = found.body.encode()
            self.send_response(found.status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            if found.location:
                self.send_header("Location", found.location)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            """Nothing: the journal of messages is on our side."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
