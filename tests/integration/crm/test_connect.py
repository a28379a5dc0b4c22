"""Selling a service: all of it in one transaction, or nothing."""

import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from billing.ledger import queries as ledger
from billing.models import Block, ChargeBasis, Subscription
from billing.payments import operations as payments
from billing.subscriptions.coverage_gate import NoCoverageError, UncoveredReasonNeededError
from crm import operations as crm
from crm import queries
from crm.models import ConnectionRequest, Customer, CustomerAccount
from network.models import RadiusDecision
from project.core.actor import SYSTEM
from project.core.errors import NotFoundError, NotPermittedError
from project.core.models import AuditEntry
from project.core.roles import Permission
from tests.support.provider import AT, ON_DATE, PHONE, small_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    return small_provider()


def pay(made, kopecks, key="k"):
    return payments.accept_cash(
        at=AT,
        on_date=ON_DATE,
        actor=SYSTEM,
        account_id=made.account_id,
        amount_kopecks=kopecks,
        idempotency_key=key,
    )


def test_a_sale_makes_customer_contract_service_and_access(provider):
    made = provider.connect()
    card = queries.customer_card(customer_id=made.customer_id)
    assert [c.number for c in card.contracts] == [made.contract_number]
    assert card.contacts[0].phone == "+380671234567"
    sold = Subscription.objects.get(id=made.subscription_id)
    span = sold.spans.get()
    assert (span.sold_price_kopecks, span.sold_zone_version.zone_id) == (30_000, provider.zone_id)
    decision = RadiusDecision.objects.get(subscription_id=made.subscription_id)
    assert (decision.state, decision.reason) == ("REFUSED", "DEBT")


def test_without_money_it_begins_blocked_and_the_first_payment_puts_it_on(provider):
    made = provider.connect()
    assert Block.objects.get(subscription_id=made.subscription_id, until_at=None).reason == "DEBT"
    pay(made, 5_000)
    assert not Block.objects.filter(subscription_id=made.subscription_id, until_at=None).exists()
    assert ledger.balance_kopecks(account_id=made.account_id) == 5_000 - 1_000
    basis = ChargeBasis.objects.get(subscription_id=made.subscription_id)
    assert basis.price_kopecks == 30_000
    decision = RadiusDecision.objects.get(subscription_id=made.subscription_id)
    assert (decision.state, decision.speed_down_bit_s) == ("FULL", 300_000_000)


def test_outside_the_zones_nothing_is_sold_and_nothing_is_left_behind(provider):
    with pytest.raises(NoCoverageError):
        provider.connect(building=provider.outside)
    assert not Customer.objects.exists()
    assert not Subscription.objects.exists()


def test_an_uncovered_sale_needs_both_the_permission_and_a_reason(provider):
    with pytest.raises(NoCoverageError):
        provider.connect(building=provider.outside, uncovered_reason="кабель через дорогу")
    provider.permissions.add(Permission.SERVICES_CREATE_UNCOVERED)
    with pytest.raises(UncoveredReasonNeededError):
        provider.connect(building=provider.outside)
    made = provider.connect(building=provider.outside, uncovered_reason="кабель через дорогу")
    sold = Subscription.objects.get(id=made.subscription_id)
    assert (sold.uncovered_reason, sold.uncovered_by) == ("кабель через дорогу", "system")


def test_without_the_permission_to_sell_nothing_happens(provider):
    provider.permissions.clear()
    with pytest.raises(NotPermittedError):
        provider.connect()


def test_a_bad_phone_is_refused_beside_its_field(provider):
    with pytest.raises(crm.BadRequestFieldError) as refused:
        provider.connect(new_customer=crm.NewCustomer(full_name="Оксана", phone="нема"))
    assert refused.value.field == "contact_phone"
    assert not CustomerAccount.objects.exists()


def test_a_second_service_goes_on_the_same_contract(provider):
    first = provider.connect()
    second = provider.connect(
        new_customer=None, customer_id=first.customer_id, account_id=first.account_id, unit="13"
    )
    assert second.account_id == first.account_id
    with pytest.raises(NotFoundError):
        provider.connect(new_customer=None, customer_id=999_999, account_id=first.account_id)


def test_a_request_becomes_installed_and_keeps_what_was_promised(provider):
    check = provider.check()
    request = crm.file_request(
        at=AT,
        on_date=ON_DATE,
        actor=SYSTEM,
        check_public_id=check.public_id,
        tariff_code="home-300",
        network_type="GPON",
        contact_name="  Оксана   Коваленко ",
        contact_phone=PHONE,
    )
    assert (request.contact_name, request.offer["price_kopecks"]) == ("Оксана Коваленко", 30_000)
    made = provider.connect(request_number=request.number)
    request = ConnectionRequest.objects.get(number=request.number)
    assert (request.state, request.subscription_id) == ("INSTALLED", made.subscription_id)
    with pytest.raises(crm.BadMoveError):
        provider.connect(request_number=request.number)


def test_the_same_sale_sent_twice_is_sold_once(provider):
    key = uuid.uuid4()
    first = provider.connect(sale_key=key)
    assert provider.connect(sale_key=key) == first
    assert Customer.objects.count() == Subscription.objects.count() == 1
    other = provider.connect(sale_key=uuid.uuid4())
    assert other.subscription_id != first.subscription_id


def test_a_request_of_another_building_cannot_be_closed_by_a_sale(provider):
    request = crm.file_request(
        at=AT,
        on_date=ON_DATE,
        actor=SYSTEM,
        check_public_id=provider.check(provider.outside).public_id,
        contact_name="Оксана",
        contact_phone=PHONE,
    )
    with pytest.raises(NotFoundError):
        provider.connect(request_number=request.number)


def test_the_same_request_sent_twice_is_one(provider):
    check = provider.check()
    values: dict[str, Any] = {
        "at": AT,
        "on_date": ON_DATE,
        "actor": SYSTEM,
        "check_public_id": check.public_id,
        "contact_name": "Оксана",
        "contact_phone": PHONE,
    }
    assert crm.file_request(**values).number == crm.file_request(**values).number


def test_a_tariff_that_is_not_sold_there_is_not_promised(provider):
    with pytest.raises(crm.NotOrderableError):
        crm.file_request(
            at=AT,
            on_date=ON_DATE,
            actor=SYSTEM,
            check_public_id=provider.check(provider.outside).public_id,
            tariff_code="home-300",
            contact_name="Оксана",
            contact_phone=PHONE,
        )


def test_requests_move_only_forward_and_a_rejection_says_why(provider):
    request = crm.file_request(
        at=AT,
        on_date=ON_DATE,
        actor=SYSTEM,
        check_public_id=provider.check(provider.outside).public_id,
        contact_name="Оксана",
        contact_phone=PHONE,
    )
    move: dict[str, Any] = {"number": request.number, "at": AT, "actor": SYSTEM}
    with pytest.raises(crm.BadMoveError):
        crm.move_request(to_state="INSTALLED", **move)
    with pytest.raises(crm.BadRequestFieldError):
        crm.move_request(to_state="REJECTED", **move)
    crm.move_request(to_state="VERIFIED", **move)
    with pytest.raises(crm.BadRequestFieldError):
        crm.move_request(to_state="SCHEDULED", **move)
    crm.move_request(to_state="SCHEDULED", scheduled_for_date=ON_DATE + timedelta(days=2), **move)
    crm.move_request(to_state="REJECTED", reason="немає технічної можливості", **move)
    moves = AuditEntry.objects.filter(object_type="request", object_id=str(request.number))
    assert [(e.after or {})["state"] for e in moves.order_by("id")] == [
        "NEW",
        "VERIFIED",
        "SCHEDULED",
        "REJECTED",
    ]


def test_customers_are_found_by_contract_phone_and_a_part_of_the_name(provider):
    made = provider.connect()
    for text in [made.contract_number, "067 123-45-67", "4567", "коваленко окс", "КОВАЛЕНКО"]:
        found = queries.search_customers(text=text)
        assert [row.customer_id for row in found] == [made.customer_id], text


@pytest.mark.parametrize("text", ["", "\x00", "%", "'; DROP TABLE", "а" * 5000])
def test_hostile_searches_find_nothing(provider, text):
    provider.connect()
    assert queries.search_customers(text=text) == []


@pytest.mark.django_db(transaction=True)
def test_contracts_opened_at_the_same_moment_have_different_numbers():
    numbers = []

    def open_some():
        for _ in range(5):
            numbers.append(
                crm.open_contract(
                    at=AT,
                    actor=SYSTEM,
                    new_customer=crm.NewCustomer(full_name="Юрій", phone=PHONE),
                )[2]
            )
        connection.close()

    threads = [threading.Thread(target=open_some) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(numbers)) == 20
