"""Subscribers with their contracts, balances and what is on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from billing.ledger import queries as ledger_queries
from billing.subscriptions import queries as subscription_queries
from billing.subscriptions.queries import ServiceRow
from coverage import queries as coverage_queries
from crm import queries as crm_queries


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract: its balance in kopecks and its living main services, with their addresses."""

    account_id: int
    number: str
    is_closed: bool
    balance_kopecks: int
    services: Sequence[tuple[ServiceRow, str]]


@dataclass(frozen=True, slots=True)
class SubscriberRow:
    """One line of the list."""

    customer_id: int
    full_name: str
    phone: str
    contracts: Sequence[ContractRow]


def rows(*, text: str, before: int | None, limit: int, on_date: date) -> list[SubscriberRow]:
    """Subscribers, newest first; with a text, those it may mean. A handful of queries."""
    if text:
        found = crm_queries.search_customers(text=text, limit=limit)
        found = [row for row in found if before is None or row.customer_id < before]
    else:
        found = crm_queries.recent_customers(before_id=before, limit=limit)
    accounts = [c.account_id for row in found for c in row.contracts]
    balances = ledger_queries.balances(account_ids=accounts)
    services = [
        s
        for s in subscription_queries.card(account_ids=accounts, on_date=on_date)
        if s.parent_id is None and s.state != subscription_queries.ServiceState.TERMINATED
    ]
    labels = coverage_queries.address_labels(building_ids={s.building_id for s in services})
    return [
        SubscriberRow(
            customer_id=row.customer_id,
            full_name=row.full_name,
            phone=row.phone,
            contracts=[
                ContractRow(
                    account_id=contract.account_id,
                    number=contract.number,
                    is_closed=contract.closed_at is not None,
                    balance_kopecks=balances.get(contract.account_id, 0),
                    services=[
                        (s, labels.get(s.building_id, ""))
                        for s in services
                        if s.account_id == contract.account_id
                    ],
                )
                for contract in row.contracts
            ],
        )
        for row in found
    ]
