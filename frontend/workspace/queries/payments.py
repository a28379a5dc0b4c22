"""The payments list as people read it: with subscribers, as a page and as a table to take away."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from django.utils.translation import gettext as _

from billing.payments import listing, suggesting
from billing.payments.listing import Wanted
from billing.payments.models import Payment
from billing.payments.suggesting import Suggestion
from crm import queries as crm_queries
from frontend.states import state_of
from frontend.tables import Cell, Kopecks, Table
from frontend.workspace.labels import CHANNEL_LABELS, word


@dataclass(frozen=True, slots=True)
class Row:
    """A payment with the subscriber who has its money (None: nobody knows)."""

    payment: Payment
    contract: str
    customer_id: int | None
    customer_name: str

    @property
    def id(self) -> int:
        """The payment's, for paging."""
        return self.payment.id

    @property
    def state(self) -> str:
        """As it is shown: a payment without a payer has a word of its own."""
        payment = self.payment
        if payment.is_unallocated:
            return listing.UNALLOCATED
        is_moved = payment.transferred_to_id is not None and payment.account_id is not None
        return "TRANSFERRED" if is_moved and payment.state == "CONFIRMED" else payment.state


def with_holders(payments: Iterable[Payment]) -> list[Row]:
    """The payments with their subscribers: one query for all."""
    payments = list(payments)
    ids = [payment.holder_id for payment in payments if payment.holder_id]
    holders = crm_queries.customers_of_accounts(account_ids=ids)
    rows = []
    for payment in payments:
        account = payment.transferred_to or payment.account
        customer = holders.get(account.id) if account else None
        rows.append(
            Row(
                payment=payment,
                contract=account.code if account else "",
                customer_id=customer[0] if customer else None,
                customer_name=customer[1] if customer else "",
            )
        )
    return rows


def page(wanted: Wanted, *, before: int | None, limit: int) -> list[Row]:
    """One page of the list."""
    return with_holders(listing.rows(wanted, before_id=before, limit=limit))


def row(payment: Payment) -> Row:
    """One payment with its subscriber."""
    return with_holders([payment])[0]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An unallocated payment and whose it could be."""

    payment: Payment
    suggestions: list[Suggestion]


def waiting(*, before: int | None, limit: int) -> list[Row]:
    """Payments that wait for their payer, newest first."""
    return page(Wanted(state=listing.UNALLOCATED), before=before, limit=limit)


def best_suggestions(rows: Iterable[Row]) -> dict[int, Suggestion]:
    """The likeliest payer of each, where there is any."""
    found = {}
    for one in rows:
        if guesses := suggesting.suggestions(one.payment):
            found[one.id] = guesses[0]
    return found


def table(wanted: Wanted) -> Table:
    """The list as a table: what the page shows, and every id that people look payments up by."""
    return Table(
        name=_("Payments"),
        columns=[
            (_("Number"), 10),
            (_("Paid"), 18),
            (_("Channel"), 16),
            (_("Legal entity"), 26),
            (_("State"), 18),
            (_("Contract"), 14),
            (_("Subscriber"), 32),
            (_("Number that was named"), 18),
            (_("Number at the payment system"), 26),
            (_("Order"), 14),
            (_("Amount"), 14),
            (_("Paid by the payer"), 14),
            (_("Fee"), 12),
            (_("Went back"), 14),
            (_("Comment"), 30),
        ],
        rows=list(_cells(wanted)),
    )


def _cells(wanted: Wanted) -> Iterator[list[Cell]]:
    payments = listing.all_rows(wanted)
    while some := list(islice(payments, 2000)):
        for one in with_holders(some):
            payment = one.payment
            entity = payment.merchant.legal_entity.name if payment.merchant else ""
            gross = payment.gross_kopecks
            yield [
                payment.id,
                payment.paid_at,
                str(word(CHANNEL_LABELS, payment.channel)),
                entity,
                str(state_of(kind="payment", value=one.state).word),
                one.contract,
                one.customer_name,
                payment.account_code,
                payment.external_id or "",
                payment.order_number or "",
                Kopecks(payment.amount_kopecks),
                Kopecks(payment.amount_kopecks if gross is None else gross),
                Kopecks(payment.fee_kopecks),
                Kopecks(payment.refunded_kopecks),
                payment.comment,
            ]
