"""Search everywhere: subscribers, logins, addresses, requests."""

from collections.abc import Sequence
from dataclasses import dataclass

from coverage import queries as coverage_queries
from crm import queries as crm_queries
from crm.models import ConnectionRequest
from frontend.workspace.params import as_key
from network.models import AccessCredential


@dataclass(frozen=True, slots=True)
class AddressHit:
    """A building found by its address (or a street, to be narrowed: `building_id` None)."""

    label: str
    note: str
    building_id: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a text may mean."""

    customers: Sequence[crm_queries.CustomerRow]
    addresses: Sequence[AddressHit]
    requests: Sequence[ConnectionRequest]

    def __bool__(self) -> bool:
        return bool(self.customers or self.addresses or self.requests)


def find(*, text: str, limit: int = 8) -> Found:
    """Everything that the text may mean; each kind at most `limit`."""
    if len(text) < 2:
        return Found((), (), ())
    return Found(
        customers=_customers(text, limit),
        addresses=addresses(text=text, limit=limit),
        requests=_requests(text),
    )


def addresses(*, text: str, limit: int = 8) -> list[AddressHit]:
    """Buildings and streets whose address begins like the text."""
    if not any(ch.isalpha() for ch in text):
        return []
    return [
        AddressHit(label=hit.label, note=getattr(hit, "note", ""), building_id=hit.building_id)
        for hit in coverage_queries.suggest_addresses(text=text, limit=limit)
    ]


def _customers(text: str, limit: int) -> list[crm_queries.CustomerRow]:
    found = crm_queries.search_customers(text=text, limit=limit)
    known = {row.customer_id for row in found}
    accounts = list(
        AccessCredential.objects.filter(login__iexact=text).values_list(
            "subscription__account_id", flat=True
        )[:limit]
    )
    by_login = crm_queries.customers_of_accounts(account_ids=accounts)
    more = [customer_id for customer_id, _name in by_login.values() if customer_id not in known]
    return [*found, *crm_queries.rows(customer_ids=more)]


def _requests(text: str) -> list[ConnectionRequest]:
    number = as_key(text.lstrip("№# "))
    if number is None:
        return []
    return list(ConnectionRequest.objects.filter(number=number))
