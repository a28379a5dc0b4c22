"""What a channel of payments is (pure: no Django).

A channel says what it may do and within what limits; the money itself is handled by `operations`,
the same for all. A provider family adds a `Gateway`: it reads what its provider sends (verified and
parsed, never trusted) and writes what its provider expects.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What a provider says of a payment."""

    PENDING = "PENDING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    REVERSED = "REVERSED"


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


@dataclass(frozen=True, slots=True)
class IncomingRequest:
    """A provider's request as it came: bytes and headers, before any check."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    remote_ip: str | None


@dataclass(frozen=True, slots=True)
class PaymentNotice:
    """A provider's word about one payment, verified and parsed.

    `external_id` is unique within the channel; `account_code` is the contract number the client
    gave; `fee_kopecks` stays with the provider.
    """

    channel: str
    external_id: str
    account_code: str
    amount_kopecks: int
    outcome: Outcome
    paid_at: datetime
    fee_kopecks: int = 0
    raw: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class OutgoingReply:
    """What is answered to the provider."""

    status: int
    content_type: str
    body: bytes


class Gateway(Protocol):
    """A provider's protocol: reading its requests, writing its replies."""

    channel: Channel

    def read(self, *, request: IncomingRequest, at: datetime) -> PaymentNotice:
        """The verified notice. Raises a `DomainError` when the signature or the form is wrong."""
        ...

    def reply(self, *, notice: PaymentNotice, accepted: bool, reason: str) -> OutgoingReply:
        """What the provider expects after its notice was taken or refused."""
        ...
