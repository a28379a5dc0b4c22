"""What crm does: customers, requests, and the sale of a service to a customer."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from billing.charging import operations as charging
from billing.ledger import operations as ledger
from billing.models import Subscription
from billing.subscriptions import operations as subscriptions
from crm.models import ConnectionRequest, ContactPerson, Customer, CustomerAccount, Sale
from crm.names import search_key_of
from crm.requests import (
    BadMoveError,
    BadRequestFieldError,
    Contact,
    NotOrderableError,
    clean_contact,
    file_request,
    mark_installed,
    move_request,
)
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError, NotPermittedError
from project.core.roles import Permission

__all__ = [
    "BadMoveError",
    "BadRequestFieldError",
    "Connected",
    "NewCustomer",
    "NotOrderableError",
    "connect",
    "file_request",
    "move_request",
    "open_contract",
]


class CustomerNeededError(DomainError):
    """Neither an existing customer nor the data of a new one was given, or both were."""

    code = "customer_needed"
    message = _("Choose an existing customer or fill in a new one.")


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """Data of a customer to be created, as typed by the operator."""

    full_name: str
    phone: str
    email: str = ""
    kind: str = Customer.Kind.PERSON
    language: str = "uk"


@dataclass(frozen=True, slots=True)
class Connected:
    """What `connect` made: ids, and the contract number that the client pays to."""

    customer_id: int
    account_id: int
    contract_number: str
    subscription_id: int
    addon_ids: tuple[int, ...]


def open_contract(
    *,
    at: datetime,
    actor: Actor,
    customer_id: int | None = None,
    new_customer: NewCustomer | None = None,
) -> tuple[int, int, str]:
    """Open a contract (a ledger account) for a customer; (customer id, account id, number)."""
    if (customer_id is None) == (new_customer is None):
        raise CustomerNeededError
    with transaction.atomic():
        if new_customer is not None:
            customer = _create_customer(at=at, actor=actor, new=new_customer)
        else:
            found = Customer.objects.filter(id=customer_id or 0).first()
            if found is None:
                raise NotFoundError
            customer = found
        number = _next_contract_number()
        account_id = ledger.open_account(
            at=at, code=number, kind="SUBSCRIBER", holder_name=customer.full_name
        )
        CustomerAccount.objects.create(customer=customer, account_id=account_id)
        audit.record(
            at=at,
            actor=actor,
            action="crm.contract.opened",
            obj=("customer", customer.id),
            summary=f"{number} {customer.full_name}",
            after={"contract": number},
        )
    return customer.id, account_id, number


def _create_customer(*, at: datetime, actor: Actor, new: NewCustomer) -> Customer:
    contact = clean_contact(Contact(new.full_name, new.phone, new.email))
    customer = Customer.objects.create(
        kind=new.kind,
        full_name=contact.name,
        search_key=search_key_of(contact.name),
        language=new.language,
        created_at=at,
    )
    ContactPerson.objects.create(
        customer=customer,
        name=contact.name,
        phone=contact.phone,
        email=contact.email,
        is_main=True,
    )
    audit.record(
        at=at,
        actor=actor,
        action="crm.customer.created",
        obj=("customer", customer.id),
        summary=contact.name,
        after={"full_name": contact.name, "phone": contact.phone},
    )
    return customer


def _next_contract_number() -> str:
    """The next contract number: six digits and more, from a sequence, never given twice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('crm_contract_number')")
        return str(cursor.fetchone()[0])


def connect(
    *,
    at: datetime,
    on_date: date,
    actor: Actor,
    permissions: Collection[Permission],
    building_id: int,
    unit: str,
    tariff_id: int,
    network_type: str,
    check_id: int | None,
    segment: str = "",
    customer_id: int | None = None,
    account_id: int | None = None,
    new_customer: NewCustomer | None = None,
    addon_tariff_ids: Sequence[int] = (),
    request_number: int | None = None,
    uncovered_reason: str = "",
    sale_key: uuid.UUID | None = None,
) -> Connected:
    """Sell a service at a building: customer, contract and subscription in one transaction.

    With `account_id` the service is added to that contract of the customer; otherwise a new
    contract is opened. `segment` is the kind of client whose prices hold ("" for an ordinary one).
    Without coverage it is refused unless a reason is given by somebody who has
    SERVICES_CREATE_UNCOVERED. The first charge is one funds decision for all that is sold; an
    account without money begins blocked for debt. A request, if named, becomes INSTALLED. The same
    `sale_key` sent again gives what the first sale made, and sells nothing.
    """
    if Permission.SERVICES_CREATE not in permissions:
        raise NotPermittedError
    with transaction.atomic():
        made = _made_before(sale_key)
        if made is not None:
            return made
        request = _locked_request(request_number, building_id=building_id)
        if account_id is not None:
            customer, account, number = _existing_contract(account_id, customer_id)
        else:
            customer, account, number = open_contract(
                at=at, actor=actor, customer_id=customer_id, new_customer=new_customer
            )
        sell = partial(
            subscriptions.create,
            at=at,
            on_date=on_date,
            actor=actor,
            account_id=account,
            building_id=building_id,
            unit=unit,
            network_type=network_type,
            check_id=check_id,
            segment=segment,
            uncovered_reason=uncovered_reason,
            may_uncovered=Permission.SERVICES_CREATE_UNCOVERED in permissions,
        )
        subscription_id = sell(tariff_id=tariff_id)
        addon_ids = tuple(
            sell(tariff_id=addon, parent_id=subscription_id) for addon in addon_tariff_ids
        )
        charging.charge_first(
            subscription_ids=[subscription_id, *addon_ids], on_date=on_date, at=at, actor=actor
        )
        made = Connected(customer, account, number, subscription_id, addon_ids)
        _finish(made, request=request, sale_key=sale_key, at=at, actor=actor)
    return made


def _finish(
    made: Connected,
    *,
    request: ConnectionRequest | None,
    sale_key: uuid.UUID | None,
    at: datetime,
    actor: Actor,
) -> None:
    """The request is fulfilled; with the key the same form sent again sells nothing."""
    if request is not None:
        mark_installed(
            request=request,
            customer_id=made.customer_id,
            subscription_id=made.subscription_id,
            at=at,
            actor=actor,
        )
    if sale_key is not None:
        Sale.objects.create(
            key=sale_key,
            subscription_id=made.subscription_id,
            account_id=made.account_id,
            customer_id=made.customer_id,
            sold_at=at,
        )


def _made_before(sale_key: uuid.UUID | None) -> Connected | None:
    """What a sale with this key made; a second sending waits here until the first is through."""
    if sale_key is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"crm.sale:{sale_key}"]
        )
    sale = Sale.objects.select_related("account").filter(key=sale_key).first()
    if sale is None:
        return None
    addons = Subscription.objects.filter(parent_id=sale.subscription_id).order_by("id")
    return Connected(
        customer_id=sale.customer_id,
        account_id=sale.account_id,
        contract_number=sale.account.code,
        subscription_id=sale.subscription_id,
        addon_ids=tuple(addons.values_list("id", flat=True)),
    )


def _locked_request(number: int | None, *, building_id: int) -> ConnectionRequest | None:
    if number is None:
        return None
    request = ConnectionRequest.objects.select_for_update().filter(number=number).first()
    if request is None or request.building_id not in {None, building_id}:
        raise NotFoundError
    return request


def _existing_contract(account_id: int, customer_id: int | None) -> tuple[int, int, str]:
    link = CustomerAccount.objects.select_related("account").filter(account_id=account_id).first()
    if link is None or customer_id not in {None, link.customer_id}:
        raise NotFoundError
    return link.customer_id, account_id, link.account.code
