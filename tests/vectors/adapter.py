"""What a provider's vectors need to know about it; one adapter for each, beside its tests.

Most of it is the same for all: this class. A provider overrides what is its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from billing.payments import outgoing
from billing.payments.gateway import (
    Checkout,
    IncomingReply,
    Merchant,
    Order,
    OutgoingRequest,
    PaymentView,
)
from billing.payments.merchants import Account
from tests.vectors.files import Keys, Vector


@dataclass
class StandInLink:
    """The line to a provider, led to a stand-in on this machine; the time and salts are given."""

    merchant: Account
    at: datetime
    stand_in: str
    salts: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    requests: list[OutgoingRequest] = field(default_factory=list)

    def send(self, request: OutgoingRequest, *, operation: str) -> IncomingReply:
        """To the stand-in, over real HTTP; the request as it was meant is noted."""
        self.requests.append(request)
        parts = urlsplit(request.url)
        target = self.stand_in + parts.path + (f"?{parts.query}" if parts.query else "")
        return outgoing.exchange(
            OutgoingRequest(request.method, target, request.headers, request.body)
        )

    def salt(self, length: int = 40) -> str:
        """The salt of the vector."""
        return self.salts.pop(0) if self.salts else "0" * length

    def recall(self, name: str) -> str | None:
        """What was given or kept."""
        return self.kept.get(name)

    def remember(self, name: str, value: str, *, seconds: int) -> None:
        """Keep it as long as the vector runs."""
        self.kept[name] = value


@dataclass(frozen=True)
class Sent:
    """What a vector sends to us, after the captured ids were put in."""

    method: str
    path_suffix: str
    headers: Mapping[str, str]
    body: bytes


class Adapter:
    """The same for all providers."""

    provider = ""

    def settings(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        """Settings of the merchant account, from the vector's `secrets`."""
        return {}

    def rules(self, vector: Vector) -> dict[str, Any]:
        """Rules of the merchant account."""
        return {}

    def before(self, vector: Vector, merchant_id: int, at: datetime) -> None:
        """Whatever has to be there before: an order of ours, for example."""

    def sent(self, vector: Vector, answers: Mapping[str, bytes], keys: Keys) -> Sent:
        """The request, with ids of ours that the vector only illustrates replaced, signed again."""
        return Sent(vector.method, vector.path_suffix, vector.headers, vector.body.encode())

    def wrong_signature(
        self, vector: Vector, headers: Mapping[str, str], body: bytes, keys: Keys
    ) -> str:
        """What is wrong with the signature of our answer; "" when it holds, or there is none."""
        return ""

    def link(self, vector: Vector, link: StandInLink) -> None:
        """Give the link what the vector presumes: salts, a session."""

    def call(self, vector: Vector, merchant: Merchant, link: StandInLink) -> Any:
        """Let our client produce the request of an outgoing vector; a Checkout, or what it says."""
        raise AssertionError(f"{self.provider}: nobody calls {vector.name}")

    def said(self, path: str, told: Any) -> Any:
        """What our client understood, for a field that is no path of the answer."""
        raise AssertionError(f"{self.provider}: nobody says {path}")

    def algorithm(self, vector: Vector, keys: Keys) -> dict[str, Any]:
        """The values of a known-answer vector."""
        raise AssertionError(f"{self.provider}: nobody computes {vector.name}")

    # --- Bits that several adapters use ---

    @staticmethod
    def form(vector: Vector) -> dict[str, str]:
        """The fields of a form."""
        return dict(parse_qsl(vector.body, keep_blank_values=True))

    @staticmethod
    def json(vector: Vector) -> Any:
        """The document of a JSON body."""
        return json.loads(vector.body)

    @staticmethod
    def order(**values: Any) -> Order:
        """An order as the vectors have it."""
        wanted: dict[str, Any] = {
            "number": "",
            "account": "100500",
            "amount_kopecks": 12_550,
            "description": "Internet 100500",
        }
        return Order(**(wanted | values))

    @staticmethod
    def payment(at: datetime, **values: Any) -> PaymentView:
        """A payment as a client module sees it."""
        wanted: dict[str, Any] = {
            "id": 1,
            "order": "",
            "key": "",
            "provider_ref": "",
            "account": "100500",
            "amount_kopecks": 12_550,
            "created_at": at,
        }
        return PaymentView(**(wanted | values))


def wrong_form(checkout: Checkout, vector: Vector) -> str:
    """How a form that the browser posts differs from the vector's."""
    url = f"{vector.data['http'].get('base_url', '')}{vector.path_suffix}"
    if checkout.url != url:
        return f"the form goes to {checkout.url}, not to {url}"
    wanted = dict(parse_qsl(vector.body, keep_blank_values=True))
    if dict(checkout.fields) != wanted:
        return f"fields {dict(checkout.fields)}, wanted {wanted}"
    return ""


def wrong_request(told: OutgoingRequest, vector: Vector) -> str:
    """How a request of ours differs from the vector's."""
    url = f"{vector.data['http'].get('base_url', '')}{vector.path_suffix}"
    if (told.method, told.url) != (vector.method, url):
        return f"{told.method} {told.url}, wanted {vector.method} {url}"
    headers = {name.lower(): value for name, value in told.headers}
    for name, value in vector.headers.items():
        if name.lower() == "content-type":
            if headers.get("content-type", "").split(";")[0] != value.split(";")[0]:
                return f"content type {headers.get('content-type')}"
        elif headers.get(name.lower()) != value:
            return f"header {name}: {headers.get(name.lower())!r}, wanted {value!r}"
    kind = vector.headers.get("Content-Type", "")
    body = told.body.decode()
    if "form-urlencoded" in kind:
        is_same = sorted(parse_qsl(body, keep_blank_values=True)) == sorted(
            parse_qsl(vector.body, keep_blank_values=True)
        )
    elif "json" in kind and vector.body and not vector.signature:
        is_same = bool(body) and json.loads(body) == json.loads(vector.body)
    else:
        is_same = body == vector.body
    return "" if is_same else f"body {body[:300]!r}, wanted {vector.body[:300]!r}"
