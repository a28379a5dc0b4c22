"""Whose session it is, for rows that carry a `subscription_id`: three queries for a page."""

from dataclasses import dataclass
from typing import Any

from billing.models import Subscription
from coverage import queries as coverage_queries
from crm import queries as crm_queries


@dataclass(frozen=True, slots=True)
class Holder:
    """The subscriber behind a row."""

    customer_id: int
    customer_name: str
    address: str


def with_holders(rows: list[Any]) -> list[tuple[Any, Holder | None]]:
    """Each row with its holder, or None for a stranger."""
    ids = {row.subscription_id for row in rows if row.subscription_id is not None}
    services = list(Subscription.objects.filter(id__in=ids))
    holders = crm_queries.customers_of_accounts(account_ids=[one.account_id for one in services])
    labels = coverage_queries.address_labels(building_ids=[one.building_id for one in services])
    known: dict[int, Holder] = {}
    for one in services:
        holder = holders.get(one.account_id)
        if holder:
            known[one.id] = Holder(holder[0], holder[1], labels.get(one.building_id, ""))
    return [(row, known.get(row.subscription_id)) for row in rows]
