"""Our side of a provider's API: what its client is given and must do (pure).

A client makes requests and reads answers; `Link` sends them and keeps the journal. Money is whole
kopecks, times are aware moments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from billing.payments.calls import Seen
from billing.payments.gateway_merchant import Merchant


@dataclass(frozen=True, slots=True)
class OutgoingRequest:
    """A request of ours to a provider, whole: `url` is absolute, `body` the very bytes."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class IncomingReply:
    """What the provider answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ProviderUnreachableError(Exception):
    """No answer, or none that can be understood: what was asked may or may not have happened."""


class ProviderRefusedError(Exception):
    """The provider understood and said no; `code` is its own word."""

    def __init__(self, code: str, text: str = "") -> None:
        self.code, self.text = code, text
        super().__init__(f"{code} {text}".strip())


class Link(Protocol):
    """The line to a provider: sends requests, keeps the journal, tells the time and salts."""

    at: datetime

    def send(self, request: OutgoingRequest, *, operation: str) -> IncomingReply:
        """The answer. Raises ProviderUnreachableError."""
        ...

    def salt(self, length: int = 40) -> str:
        """Fresh hexadecimal digits (a test gives its own)."""
        ...

    def recall(self, name: str) -> str | None:
        """A short-lived text kept for this merchant: a session, a public key."""
        ...

    def remember(self, name: str, value: str, *, seconds: int) -> None:
        """Keep a text for that long at most."""
        ...


@dataclass(frozen=True, slots=True)
class Order:
    """What a client is asked to pay: our number is unique, `account` is the contract number.

    The addresses are whole: where the browser comes back to. `callback_url`: where the provider
    tells us; empty: at the merchant account's own address, under the client's suffix.
    """

    number: str
    account: str
    amount_kopecks: int
    description: str
    language: str = "uk"
    email: str = ""
    phone: str = ""
    payer_name: str = ""
    hold: bool = False
    lifetime_s: int = 3600
    success_url: str = ""
    failure_url: str = ""
    callback_url: str = ""


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the payer goes: a redirect (no `fields`), or a form that the browser posts.

    `provider_ref`: the provider's id of the invoice, when it told one.
    """

    url: str
    fields: tuple[tuple[str, str], ...] = ()
    provider_ref: str = ""


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment as a client module sees it, to ask about it, give it back or capture it."""

    id: int
    order: str
    key: str
    provider_ref: str
    account: str
    amount_kopecks: int
    created_at: datetime
    details: Mapping[str, str] = field(default_factory=dict)


class Client(Protocol):
    """Our side of a provider's API. Each method is offered when `offers` names it.

    Methods raise ProviderUnreachableError and ProviderRefusedError.
    """

    @property
    def offers(self) -> frozenset[str]:
        """The methods that it has."""

    def create_checkout(self, order: Order, merchant: Merchant, link: Link) -> Checkout:
        """An invoice or a form for the payer."""
        ...

    def query(self, payment: PaymentView, merchant: Merchant, link: Link) -> Seen:
        """What the provider says of the payment now."""
        ...

    def refund(
        self, payment: PaymentView, amount_kopecks: int, key: str, merchant: Merchant, link: Link
    ) -> Seen:
        """Give back so much; `key` is ours and makes a repeat harmless where the protocol can."""
        ...

    def capture(
        self, payment: PaymentView, amount_kopecks: int, merchant: Merchant, link: Link
    ) -> Seen:
        """Take the held money."""
        ...

    def fetch_registry(
        self, start: datetime, end: datetime, merchant: Merchant, link: Link
    ) -> Sequence[Seen]:
        """The provider's payments of a half-open span, for reconciliation."""
        ...

    @property
    def registry_space(self) -> str:
        """The idempotency space of the rows of `fetch_registry`; "" for that of orders."""
