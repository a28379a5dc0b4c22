"""What a payment provider is, in words that all twelve share (pure: no Django).

A provider is declared by a `Provider`: its settings and its endpoints. An endpoint reads a message
of the provider into `Call`s, one for each thing that it asks; `billing.payments.dispatch` does
them, the same for all, and gives an `Answer` to each; the endpoint writes the answers in the
provider's form. So a plug-in is a pair of pure functions between bytes and calls: it sees no
database, posts nothing and cannot credit anything by itself.

Money is whole kopecks, times are aware moments. What a merchant account is to a plug-in, and what
our side of a provider's API must do, are in `gateway_merchant` and `gateway_client`; this is the
one door to all of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from billing.payments.calls import Answer, Call, RegistryRow
from billing.payments.gateway_client import (
    Checkout,
    Client,
    IncomingReply,
    Link,
    Order,
    OutgoingRequest,
    PaymentView,
    ProviderRefusedError,
    ProviderUnreachableError,
)
from billing.payments.gateway_merchant import Entity, Merchant, Setting
from billing.payments.results import Result


@dataclass(frozen=True, slots=True)
class Channel:
    """One way in which money comes in; limits in kopecks, both included.

    `clearing_code`: the control account that holds what the channel owes us.
    """

    code: str
    clearing_code: str
    min_kopecks: int
    max_kopecks: int
    is_reversible: bool = True


class Family(StrEnum):
    """The protocol family of an endpoint; each has an engine."""

    TERMINAL_GET = "F1"
    XML_ENVELOPE = "F2"
    JSON_BILL = "F3"
    FORM_CALLBACK = "F4"
    INVOICE_API = "F5"
    REGISTRY = "F6"


class Confidence(StrEnum):
    """How sure the description of the protocol is; LOW means: a setting, with the safe default."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """A provider's request as it came: bytes and headers (names in lower case), before any check.

    `suffix` is what follows the merchant's address ("" or "/notify"), `query` the raw query string.
    """

    method: str
    suffix: str
    headers: Mapping[str, str]
    query: str
    body: bytes
    remote_ip: str | None


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """What is answered to the provider."""

    status: int
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Nonce:
    """A salt that may be used once: again only by a message that says the same (`says`)."""

    value: str
    says: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a provider, read and verified.

    `operation` is the provider's own word for it (the journal shows it), `calls` what it asks of
    us, in order; all are done in one transaction. `wire` is whatever the endpoint needs to write
    its answer (echoes). `verified` names the checks that it passed. `is_whole`: when one call is
    refused, none is done.
    """

    operation: str
    calls: tuple[Call, ...]
    wire: Any = None
    verified: tuple[str, ...] = ()
    nonce: Nonce | None = None
    is_whole: bool = False


class Refusal(Exception):
    """A message that is not done: bad signature, bad form, unknown operation.

    `reason` is for the journal (never shown to the provider); `message` is what could be read of
    it, so that the answer can echo ids. `conflicts_with`: the payment whose id came with another
    account or amount.
    """

    def __init__(
        self,
        result: Result,
        reason: str,
        *,
        message: Message | None = None,
        conflicts_with: int | None = None,
    ) -> None:
        self.result = result
        self.reason = reason
        self.message = message
        self.conflicts_with = conflicts_with
        super().__init__(f"{result}: {reason}")


class Endpoint(Protocol):
    """One protocol of a provider at an address of ours: reading and writing, nothing else.

    `suffixes`: what may follow the merchant's address; one that ends in "/" matches all below it.
    `space`: endpoints with one space share the provider's payment ids (each id is credited once).
    """

    @property
    def code(self) -> str:
        """Its name among the provider's endpoints."""

    @property
    def family(self) -> Family:
        """Its protocol family."""

    @property
    def space(self) -> str:
        """Its idempotency space."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Where it answers."""

    def read(self, request: IncomingRequest, merchant: Merchant, at: datetime) -> Message:
        """The verified message. Raises Refusal."""
        ...

    def write(
        self, message: Message, answers: Sequence[Answer], merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The answers in the provider's form (signed, where the protocol signs)."""
        ...

    def refuse(
        self, refusal: Refusal, request: IncomingRequest, merchant: Merchant, at: datetime
    ) -> OutgoingReply:
        """The refusal in the provider's form; must bear anything that `read` bears."""
        ...


class Renewable(Protocol):
    """What an endpoint also has when the provider changes its keys by itself.

    When a signature does not hold, `renew` is called (once a minute at most), what it gives is kept
    among the merchant account's settings, and the message is read once more.
    """

    def renew(self, merchant: Merchant, link: Link) -> Mapping[str, Any]:
        """Settings learned from the provider. Raises ProviderUnreachableError."""
        ...


@dataclass(frozen=True, slots=True)
class Provider:
    """A payment system: who it is, its settings, its endpoints, its client.

    `open_questions` are what nobody could confirm, each answered by a setting with the safe
    default. `order_space`: the idempotency space of what its clients find, where it is not that of
    the first endpoint. `registry_file` reads the rows of a file that the provider leaves somewhere;
    it raises BadValueError; the ids in it are of `file_space`, where that is not that of orders.
    """

    code: str
    title: str
    protocol: str
    endpoints: tuple[Endpoint, ...]
    settings: tuple[Setting, ...] = ()
    clients: Mapping[str, Client] = field(default_factory=dict)
    capabilities: frozenset[str] = frozenset()
    min_kopecks: int = 100
    max_kopecks: int = 15_000_000
    open_questions: tuple[str, ...] = ()
    order_space: str = ""
    registry_file: Callable[[bytes], Sequence[RegistryRow]] | None = None
    file_space: str = ""

    @property
    def channel(self) -> str:
        """How payments of this provider are marked in lists."""
        return self.code.upper()

    def endpoint_for(self, suffix: str) -> Endpoint | None:
        """The endpoint that answers at that suffix of a merchant's address."""
        plain = suffix.rstrip("/")
        for endpoint in self.endpoints:
            for known in endpoint.suffixes:
                if plain == known.rstrip("/") or (
                    known.endswith("/") and len(known) > 1 and suffix.startswith(known)
                ):
                    return endpoint
        return None

    def client(self, name: str = "") -> Client | None:
        """The client of that name (the first one, when none is named)."""
        if name:
            return self.clients.get(name)
        return next(iter(self.clients.values()), None)


__all__ = [
    "Channel",
    "Checkout",
    "Client",
    "Confidence",
    "Endpoint",
    "Entity",
    "Family",
    "IncomingReply",
    "IncomingRequest",
    "Link",
    "Merchant",
    "Message",
    "Nonce",
    "Order",
    "OutgoingReply",
    "OutgoingRequest",
    "PaymentView",
    "Provider",
    "ProviderRefusedError",
    "ProviderUnreachableError",
    "Refusal",
    "Renewable",
    "Setting",
]
