"""What a provider may ask of us, and what it is answered, in one shape for all (pure).

`billing.payments.dispatch` does them. Amounts are kopecks as they stand on the wire: what of it is
credited is the merchant's commission rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from billing.payments.results import Result


@dataclass(frozen=True, slots=True)
class Lookup:
    """May this account be paid, and what is shown to the payer?"""

    account: str
    amount_kopecks: int | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """Who could this be? By name, phone or address; several payers may answer."""

    by: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Prepare:
    """A payment that is announced and not paid yet; our reference is answered.

    `key` is the provider's id; without one each call announces a new payment.
    """

    account: str
    amount_kopecks: int
    key: str = ""
    service: str = ""


@dataclass(frozen=True, slots=True)
class Commit:
    """The announced payment is paid: credit it."""

    reference: str


@dataclass(frozen=True, slots=True)
class Drop:
    """The announced payment is off; one that is credited is reversed, if `reverse_credited`."""

    reference: str
    reverse_credited: bool = False


@dataclass(frozen=True, slots=True)
class Pay:
    """Credit the account, once for the key.

    `amount_kopecks` is the field that the provider's description names as the one to credit;
    `gross_kopecks` what the payer paid and `net_kopecks` what we get, where the message tells them
    too: the merchant's commission rule may choose one of these instead. `reference`: our own of an
    earlier Prepare. `is_taken`: the payer's money is gone already, so an unknown account makes an
    unallocated payment rather than a refusal.
    """

    account: str
    amount_kopecks: int
    key: str
    paid_at: datetime | None = None
    gross_kopecks: int | None = None
    net_kopecks: int | None = None
    fee_kopecks: int = 0
    service: str = ""
    reference: str = ""
    order: str = ""
    is_taken: bool = False
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reverse:
    """Take a credited payment back, named by the provider's key or by our reference.

    `amount_kopecks` None is all that is left of it; `account` and `expect_kopecks` are compared
    with the payment when given; `reversal_key` tells several partial reversals of one payment
    apart.
    """

    key: str = ""
    reference: str = ""
    amount_kopecks: int | None = None
    expect_kopecks: int | None = None
    account: str = ""
    reversal_key: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A word about a credited payment that may mean that it failed and does not say so plainly:
    nothing is taken back, people find out.
    """

    key: str
    expect_kopecks: int
    says: str


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a payment, named by the provider's key or by our reference.

    `keys`: of all payments that the provider put under one number.
    """

    key: str = ""
    reference: str = ""
    keys: tuple[str, ...] = ()


class SeenState(StrEnum):
    """What a provider says about a payment of ours."""

    WAITING = "WAITING"
    HELD = "HELD"
    PAID = "PAID"
    FAILED = "FAILED"
    REVERSED = "REVERSED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Seen:
    """The provider's word on one payment (a callback, a query, a row of its registry).

    `amount_kopecks` is what is to be credited by the provider's own field; `gross_kopecks` what the
    payer paid and `net_kopecks` what we get, where they are told too. `refunds` are (provider's
    key, kopecks) given back so far. `others`: further payments of the same order, each under an id
    of its own.
    """

    state: SeenState
    order: str = ""
    key: str = ""
    amount_kopecks: int | None = None
    gross_kopecks: int | None = None
    net_kopecks: int | None = None
    fee_kopecks: int = 0
    paid_at: datetime | None = None
    account: str = ""
    provider_ref: str = ""
    refunds: tuple[tuple[str, int], ...] = ()
    reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    others: tuple["Seen", ...] = ()


class Trust(StrEnum):
    """What a provider's word is worth by itself.

    PROOF: its signature covers order and amount. ORDER: it is signed or comes from a known address,
    but says no more than an order of ours that we compare it with. HINT: nothing; the provider is
    asked before anything is credited.
    """

    PROOF = "PROOF"
    ORDER = "ORDER"
    HINT = "HINT"


@dataclass(frozen=True, slots=True)
class Told:
    """A provider tells of an order of ours or a payment of its own: credit, close, reverse, wait.

    `client`: which client of the provider is asked about a HINT. `version_at`: messages about one
    order that are older than the last one are ignored. `opens`: a HINT of money for no order of
    ours is kept as an announced payment until the provider has confirmed it.
    """

    seen: Seen
    trust: Trust
    version_at: datetime | None = None
    client: str = ""
    opens: bool = False


@dataclass(frozen=True, slots=True)
class RegistryRow:
    """One payment of a provider's list; `copy` tells rows with one number apart, from zero."""

    key: str
    amount_kopecks: int
    account: str = ""
    paid_at: datetime | None = None
    reference: str = ""
    is_reversal: bool = False
    details: Mapping[str, str] = field(default_factory=dict)
    copy: int = 0


@dataclass(frozen=True, slots=True)
class RegistryIn:
    """The provider's list of payments (of a day, of a bank transfer) to be matched with ours."""

    name: str
    rows: tuple[RegistryRow, ...]
    start: datetime | None = None
    end: datetime | None = None
    total_kopecks: int | None = None
    is_complete: bool = True


@dataclass(frozen=True, slots=True)
class RegistryOut:
    """Our list of credited payments by the provider's own time; both bounds included."""

    start: datetime
    end: datetime


Call = (
    Lookup
    | Search
    | Prepare
    | Commit
    | Drop
    | Pay
    | Reverse
    | Doubt
    | Status
    | Told
    | RegistryIn
    | RegistryOut
)


@dataclass(frozen=True, slots=True)
class Payer:
    """A subscriber as a payer is shown: `balance_kopecks` below zero is a debt.

    `recommended_kopecks` is what the payer is advised to pay: at least the debt.
    """

    account: str
    name: str
    address: str = ""
    phone: str = ""
    balance_kopecks: int = 0
    recommended_kopecks: int = 0

    @property
    def debt_kopecks(self) -> int:
        """What is owed, zero when nothing is."""
        return max(0, -self.balance_kopecks)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment as it is told to its provider."""

    reference: str
    key: str
    account: str
    amount_kopecks: int
    state: str
    paid_at: datetime
    recorded_at: datetime
    finished_at: datetime | None = None
    service: str = ""
    is_refunded: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call. A refusal says why in `result`; `text` is a short English sentence."""

    result: Result
    payer: Payer | None = None
    payers: tuple[Payer, ...] = ()
    payment: PaymentRow | None = None
    payments: tuple[PaymentRow, ...] = ()
    reference: str = ""
    text: str = ""
    payment_id: int | None = None
