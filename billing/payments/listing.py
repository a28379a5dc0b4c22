"""All payments in one list, whatever the channel, and everything that is known of one of them."""

from collections.abc import Iterator
from dataclasses import astuple, dataclass, field
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet, Sum

from billing.calendar import ONE_DAY, midnight
from billing.ledger import queries as ledger_queries
from billing.ledger.queries import JournalLeg
from billing.payments import conflicts
from billing.payments.models import (
    LegalEntity,
    Payment,
    PaymentAttempt,
    PaymentEvent,
    PaymentMessage,
    ProviderRegisterRow,
    Refund,
)
from project.core.errors import NotFoundError

MAX_ROWS = 200
MAX_FILE_ROWS = 100_000
UNALLOCATED = "UNALLOCATED"
STATES = (*Payment.State.values, UNALLOCATED, conflicts.CONFLICT)
IS_UNALLOCATED = Q(state=Payment.State.CONFIRMED, account__isnull=True, transferred_to__isnull=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; empty fields do not filter. Days are those of payment, both included.

    `account` is a contract number: the one that was named, or the one that has the money.
    `key`: the provider's id, our order number, or our own number of the payment.
    """

    first: date | None = None
    last: date | None = None
    channel: str = ""
    merchant_id: int | None = None
    legal_entity_id: int | None = None
    state: str = ""
    account: str = ""
    key: str = ""
    low_kopecks: int | None = None
    high_kopecks: int | None = None

    @property
    def count(self) -> int:
        """How many fields filter."""
        return sum(one not in (None, "") for one in astuple(self))

    @property
    def is_empty(self) -> bool:
        """Whether everything is wanted."""
        return self == Wanted()


@dataclass(frozen=True, slots=True)
class Totals:
    """Of what a filter finds: how many, what was credited, what went back, what providers keep."""

    count: int
    credited_count: int
    credited_kopecks: int
    refunded_kopecks: int
    fee_kopecks: int
    unallocated_count: int
    unallocated_kopecks: int


def found(wanted: Wanted) -> QuerySet[Payment]:
    """The payments that a filter finds, newest first."""
    rows = Payment.objects.select_related(
        "account", "transferred_to", "merchant__legal_entity"
    ).order_by("-id")
    if wanted.first is not None:
        rows = rows.filter(paid_at__gte=midnight(wanted.first))
    if wanted.last is not None:
        rows = rows.filter(paid_at__lt=midnight(wanted.last + ONE_DAY))
    if wanted.state == UNALLOCATED:
        rows = rows.filter(IS_UNALLOCATED)
    elif wanted.state == conflicts.CONFLICT:
        rows = rows.filter(id__in=conflicts.ids())
    elif wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.account:
        account = wanted.account
        rows = rows.filter(
            Q(account__code=account) | Q(transferred_to__code=account) | Q(account_code=account)
        )
    if wanted.key:
        by_key = Q(external_id=wanted.key) | Q(order_number=wanted.key)
        if wanted.key.isascii() and wanted.key.isdigit() and len(wanted.key) < 19:
            by_key |= Q(id=int(wanted.key))
        rows = rows.filter(by_key)
    same: dict[str, object] = {
        "channel": wanted.channel or None,
        "merchant_id": wanted.merchant_id,
        "merchant__legal_entity_id": wanted.legal_entity_id,
        "amount_kopecks__gte": wanted.low_kopecks,
        "amount_kopecks__lte": wanted.high_kopecks,
    }
    return rows.filter(**{name: value for name, value in same.items() if value is not None})


def rows(wanted: Wanted, *, before_id: int | None = None, limit: int = 50) -> list[Payment]:
    """One page of the list."""
    page = found(wanted)
    if before_id is not None:
        page = page.filter(id__lt=before_id)
    return list(page[: min(limit, MAX_ROWS)])


def all_rows(wanted: Wanted) -> Iterator[Payment]:
    """The whole list for a file, at most 100,000 payments."""
    return found(wanted)[:MAX_FILE_ROWS].iterator(chunk_size=2000)


def totals(wanted: Wanted) -> Totals:
    """Sums over everything that the filter finds."""
    credited = Q(state__in=[Payment.State.CONFIRMED, Payment.State.REVERSED])
    sums = (
        found(wanted)
        .order_by()
        .aggregate(
            count=Count("id"),
            credited_count=Count("id", filter=credited),
            credited=Sum("amount_kopecks", filter=credited),
            refunded=Sum("refunded_kopecks"),
            fee=Sum("fee_kopecks", filter=credited),
            lost_count=Count("id", filter=IS_UNALLOCATED),
            lost=Sum("amount_kopecks", filter=IS_UNALLOCATED),
        )
    )
    return Totals(
        count=sums["count"],
        credited_count=sums["credited_count"],
        credited_kopecks=sums["credited"] or 0,
        refunded_kopecks=sums["refunded"] or 0,
        fee_kopecks=sums["fee"] or 0,
        unallocated_count=sums["lost_count"],
        unallocated_kopecks=sums["lost"] or 0,
    )


def channels() -> list[str]:
    """Channels through which money has come."""
    return sorted(Payment.objects.order_by().values_list("channel", flat=True).distinct()[:50])


def legal_entities() -> list[LegalEntity]:
    """Who receives money, the default one first."""
    return list(LegalEntity.objects.order_by("-is_default", "name")[:200])


def unallocated_count() -> int:
    """How many payments wait for somebody to say whose they are."""
    return Payment.objects.filter(IS_UNALLOCATED).count()


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that is known of one payment."""

    payment: Payment
    attempts: list[PaymentAttempt]
    refunds: list[Refund]
    events: list[PaymentEvent]
    messages: list[PaymentMessage]
    registered: list[ProviderRegisterRow]
    has_conflict: bool
    legs: list[JournalLeg] = field(default_factory=list)


def known(*, payment_id: int, with_messages: bool) -> Known:
    """A payment with its attempts, refunds, messages and journals. Raises NotFoundError."""
    payment = (
        Payment.objects.select_related("account", "transferred_to", "merchant__legal_entity")
        .filter(id=payment_id)
        .first()
    )
    if payment is None:
        raise NotFoundError
    refunds = list(payment.refunds.order_by("id")[:100])
    journals = {
        payment.journal_id,
        payment.reversal_journal_id,
        payment.transfer_journal_id,
        *(row.journal_id for row in refunds),
    } - {None}
    return Known(
        payment=payment,
        attempts=list(payment.attempts.order_by("id")[:100]),
        refunds=refunds,
        events=list(payment.events.order_by("id")[:200]),
        messages=list(payment.messages.order_by("id")[:100]) if with_messages else [],
        registered=list(payment.register_rows.select_related("register").order_by("id")[:20]),
        has_conflict=Payment.objects.filter(conflicts.is_open(), id=payment.id).exists(),
        legs=ledger_queries.legs(journal_ids=[i for i in journals if i is not None]),
    )


def last_message_at(*, merchant_id: int) -> datetime | None:
    """When a merchant account's provider was heard of last, or None."""
    return (
        PaymentMessage.objects.filter(merchant_id=merchant_id)
        .order_by("-id")
        .values_list("at", flat=True)
        .first()
    )
