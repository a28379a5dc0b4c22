"""What crm knows: customers, their contacts and contracts, requests."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q

from crm.demand import demand_requests, demand_settled_checks
from crm.models import ConnectionRequest, ContactPerson, Customer, CustomerAccount
from crm.names import search_key_of
from crm.phones import to_e164
from crm.requests import OPEN_STATES, open_requests
from project.core.errors import NotFoundError

__all__ = [
    "OPEN_STATES",
    "Contract",
    "CustomerCard",
    "CustomerRow",
    "customer_card",
    "customer_of_account",
    "demand_requests",
    "demand_settled_checks",
    "open_requests",
    "request_by_number",
    "request_by_public_id",
    "search_customers",
]


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract of a customer: the ledger account, its number, when it was closed if it is."""

    account_id: int
    number: str
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One line of a search."""

    customer_id: int
    full_name: str
    phone: str
    contracts: tuple[Contract, ...]


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """What crm contributes to the subscriber's card."""

    customer: Customer
    contacts: tuple[ContactPerson, ...]
    contracts: tuple[Contract, ...]
    requests: tuple[ConnectionRequest, ...]


def search_customers(*, text: str, limit: int = 20) -> list[CustomerRow]:
    """Customers by contract number, phone (also a part of four or more digits), e-mail or name.

    A name matches when it contains every word, in any order.
    """
    text = " ".join(text.split())[:120]
    if not text or "\x00" in text:
        return []
    wanted = Q()
    for word in search_key_of(text).split():
        wanted &= Q(search_key__contains=word)
    digits = re.sub(r"\D", "", text)
    if digits and digits == re.sub(r"[\s+()\-]", "", text):
        wanted |= Q(accounts__account__code=digits)
        phone = to_e164(text)
        if phone:
            wanted |= Q(contacts__phone=phone)
        elif len(digits) >= 4:
            wanted |= Q(contacts__phone__contains=digits)
    if "@" in text:
        wanted |= Q(contacts__email__iexact=text)
    ids = list(
        Customer.objects.filter(wanted)
        .order_by("-id")
        .values_list("id", flat=True)
        .distinct()[: min(limit, 100)]
    )
    return rows(customer_ids=ids)


def rows(*, customer_ids: Sequence[int]) -> list[CustomerRow]:
    """The search lines of these customers, in the given order; three queries."""
    customers = Customer.objects.prefetch_related("contacts", "accounts__account").in_bulk(
        list(customer_ids)
    )
    found = []
    for customer_id in customer_ids:
        customer = customers.get(customer_id)
        if customer is None:
            continue
        contacts = sorted(customer.contacts.all(), key=lambda c: (not c.is_main, c.id))
        found.append(
            CustomerRow(
                customer_id=customer.id,
                full_name=customer.full_name,
                phone=contacts[0].phone if contacts else "",
                contracts=_contracts(list(customer.accounts.all())),
            )
        )
    return found


def _contracts(links: Sequence[CustomerAccount]) -> tuple[Contract, ...]:
    return tuple(
        Contract(
            account_id=link.account_id, number=link.account.code, closed_at=link.account.closed_at
        )
        for link in sorted(links, key=lambda link: link.id)
    )


def recent_customers(*, before_id: int | None = None, limit: int = 50) -> list[CustomerRow]:
    """Customers, newest first; page by the last id."""
    found = Customer.objects.order_by("-id")
    if before_id is not None:
        found = found.filter(id__lt=before_id)
    return rows(customer_ids=list(found.values_list("id", flat=True)[: min(limit, 200)]))


def customer_card(*, customer_id: int) -> CustomerCard:
    """Everything crm knows of one customer; raises NotFoundError."""
    links = Prefetch("accounts", CustomerAccount.objects.select_related("account"))
    customer = Customer.objects.prefetch_related("contacts", links).filter(id=customer_id).first()
    if customer is None:
        raise NotFoundError
    requests = ConnectionRequest.objects.select_related("tariff").filter(
        Q(customer_id=customer_id)
        | Q(contact_phone__in=[c.phone for c in customer.contacts.all() if c.phone])
    )
    return CustomerCard(
        customer=customer,
        contacts=tuple(sorted(customer.contacts.all(), key=lambda c: (not c.is_main, c.id))),
        contracts=_contracts(list(customer.accounts.all())),
        requests=tuple(requests.order_by("-number")[:20]),
    )


def customer_of_account(*, account_id: int) -> int | None:
    """The customer whose contract this account is."""
    link = CustomerAccount.objects.filter(account_id=account_id).first()
    return link.customer_id if link else None


def customers_of_accounts(*, account_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """account id → (customer id, name), for lists."""
    links = CustomerAccount.objects.select_related("customer").filter(account_id__in=account_ids)
    return {link.account_id: (link.customer_id, link.customer.full_name) for link in links}


def request_by_number(*, number: int) -> ConnectionRequest:
    """One request; raises NotFoundError."""
    found = (
        ConnectionRequest.objects.select_related(
            "tariff", "building__street", "check_made", "customer", "assigned_to"
        )
        .filter(number=number)
        .first()
    )
    if found is None:
        raise NotFoundError
    return found


def request_by_public_id(*, public_id: str) -> ConnectionRequest:
    """One request by the id in the client's address; raises NotFoundError."""
    found = ConnectionRequest.objects.select_related("tariff").filter(public_id=public_id).first()
    if found is None:
        raise NotFoundError
    return found
