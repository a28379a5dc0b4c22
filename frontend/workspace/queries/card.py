"""The subscriber's card: one contract of a subscriber with its services, money and access."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from billing.ledger import queries as ledger_queries
from billing.models import LedgerAccount
from billing.subscriptions import queries as subscription_queries
from billing.subscriptions.queries import ServiceRow
from crm.models import Customer
from frontend.workspace.queries import holders


@dataclass(frozen=True, slots=True)
class Card:
    """All that the card shows."""

    customer: Customer
    accounts: Sequence[LedgerAccount]
    account: LedgerAccount | None
    balance_kopecks: int
    services: Sequence[ServiceRow]


def card(*, customer_id: int, account_id: int | None, at: datetime, on_date: date) -> Card:
    """The card of one contract (the first, if none is named); raises NotFoundError."""
    customer = holders.customer_of(customer_id=customer_id)
    accounts = holders.accounts_of(customer_id=customer_id)
    account = holders.chosen_account(accounts, account_id)
    if account is None:
        return Card(customer, accounts, None, 0, ())
    return Card(
        customer=customer,
        accounts=accounts,
        account=account,
        balance_kopecks=ledger_queries.balance_kopecks(account_id=account.id),
        services=subscription_queries.card(account_ids=[account.id], on_date=on_date),
    )
