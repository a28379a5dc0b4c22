"""Money for nobody: suggestions, allocation out of suspense, back into it, and the list of all."""

from datetime import date
from typing import Any

import pytest
from django.test import override_settings

from billing.bookkeeping import second_person
from billing.bookkeeping.errors import SamePersonError
from billing.invariants import payments as payments_hold
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.verification import Scope, verify
from billing.payments import crediting, listing, merchants, payers, suggesting
from billing.payments import operations as payments
from billing.payments.calls import Pay
from billing.payments.listing import Wanted
from billing.payments.models import Payment
from billing.subscriptions.models import Subscription
from coverage.models import Premise, Street
from project.core.errors import DomainError
from project.core.roles import Role
from tests.support import zones
from tests.support.billing import CASHIER, World, balance, moment

DAY = date(2026, 11, 10)
WHO: dict[str, Any] = {"at": moment(DAY, 14), "on_date": DAY, "actor": CASHIER}


@pytest.fixture
def merchant(world: World) -> merchants.Account:
    merchant_id = payments.open_merchant(
        at=moment(DAY), actor=CASHIER, provider="ibox", slug="test", settings={}
    )
    return merchants.get(merchant_id=merchant_id)


def paid(merchant: merchants.Account, account: str, key: str, **details: str) -> Payment:
    answer = crediting.pay(
        Pay(account, 30_000, key, is_taken=True, details=details),
        merchant=merchant,
        endpoint="terminal",
        space="ibox",
        at=moment(DAY, 12),
        actor=CASHIER,
    )
    return Payment.objects.get(id=answer.payment_id)


def suspense() -> int:
    found = ledger_queries.find_account(code=merchants.SUSPENSE_CODE)
    assert found is not None
    return ledger_queries.balance_kopecks(account_id=found.id)


def code_of(account_id: int) -> str:
    return ledger_queries.accounts(ids=[account_id])[account_id].code


def test_it_leaves_suspense_for_its_payer_and_comes_back(
    world: World, merchant: merchants.Account
) -> None:
    account = world.account()
    payment = paid(merchant, "7777777", "k1")
    assert (payment.is_unallocated, suspense()) == (True, 30_000)
    for _again in range(2):
        payments.allocate(**WHO, payment_id=payment.id, account_id=account)
    assert (balance(account), suspense()) == (30_000, 0)
    other = world.account()
    with pytest.raises(payments.NotAllocatableError):
        payments.allocate(**WHO, payment_id=payment.id, account_id=other)
    with pytest.raises(DomainError):
        payments.put_back(**WHO, payment_id=payment.id, reason=" ")
    payments.put_back(**WHO, payment_id=payment.id, reason="не той")
    assert (balance(account), suspense()) == (0, 30_000)
    payments.allocate(**WHO, payment_id=payment.id, account_id=other)
    assert (balance(other), suspense()) == (30_000, 0)
    assert list(payments_hold(Scope(account_id=None, after_journal_id=0))) == []
    kinds = [
        event.kind for event in listing.known(payment_id=payment.id, with_messages=True).events
    ]
    assert kinds == ["UNALLOCATED", "ALLOCATED", "PUT_BACK", "ALLOCATED"]


def test_a_large_payment_goes_from_client_to_client_by_two_persons(
    world: World, merchant: merchants.Account
) -> None:
    mine, other = world.account(), world.account()
    payment = paid(merchant, "7777777", "k1")
    first = {**WHO, "payment_id": payment.id}
    second = {**first, "actor": zones.actor(zones.planner("olha", Role.ACCOUNTANT))}
    second_person.allocate(**first, account_id=mine)
    payments.put_back(**first, reason="не той")
    with override_settings(GEOBILL_SECOND_PERSON_ABOVE_UAH=299):
        with pytest.raises(SamePersonError):
            second_person.allocate(**first, account_id=other)
        assert suspense() == 30_000
        second_person.allocate(**second, account_id=other)
    assert (balance(mine), balance(other)) == (0, 30_000)
    payments.put_back(**first, reason="і не цей")
    with override_settings(GEOBILL_SECOND_PERSON_ABOVE_UAH=300):
        second_person.allocate(**first, account_id=mine)
    assert balance(mine) == 30_000


def test_a_closed_or_control_account_takes_nothing(
    world: World, merchant: merchants.Account
) -> None:
    payment = paid(merchant, "7777777", "k1")
    closed = world.account()
    ledger.close_account(account_id=closed, at=moment(DAY))
    for account_id in (closed, merchant.clearing_account_id, 10**12):
        with pytest.raises(payments.NotAllocatableError):
            payments.allocate(**WHO, payment_id=payment.id, account_id=account_id)
    assert suspense() == 30_000


def test_a_slip_of_a_digit_an_earlier_payer_and_the_text_are_suggested(
    world: World, merchant: merchants.Account
) -> None:
    account = world.account()
    code = code_of(account)
    slipped = paid(merchant, f"{code}99", "k1")
    typo = paid(merchant, f"{code}0", "k2", card="414949******0000")
    written = paid(merchant, "", "k3", purpose=f"За інтернет, договір {code}, Коваленко")

    def guesses(payment: Payment) -> dict[str, str]:
        return {one.code: one.why for one in suggesting.suggestions(payment)}

    assert code not in guesses(slipped)
    assert guesses(typo) == {code: "TYPO"}
    assert guesses(written) == {code: "IN_TEXT"}
    payments.allocate(**WHO, payment_id=typo.id, account_id=account)
    same_card = paid(merchant, "000", "k4", card="414949******0000")
    assert guesses(same_card) == {code: "EARLIER"}


class Phones:
    """The directory of clients, as crm is: telephones to accounts."""

    def __init__(self, **known: int) -> None:
        self.known = known

    def phone_of(self, *, account_id: int) -> str:
        return next((phone for phone, one in self.known.items() if one == account_id), "")

    def accounts_of_phone(self, *, phone: str) -> list[int]:
        return [one for known, one in self.known.items() if phone.endswith(known[-10:])]


@pytest.mark.parametrize(
    ("code", "details"),
    [
        ("0501234567", {}),
        ("38 (050) 123-45-67", {}),
        ("7777777", {"phone": "+380501234567"}),
        ("7777777", {"purpose": "за інтернет тел. 050-123-45-67 Іванов"}),
    ],
)
def test_a_telephone_in_the_payment_suggests_its_client(
    world: World,
    merchant: merchants.Account,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    details: dict[str, str],
) -> None:
    account = world.account()
    monkeypatch.setattr(payers, "_directories", [Phones(**{"0501234567": account})])
    found = suggesting.suggestions(paid(merchant, code, "k1", **details))
    assert [(one.account_id, str(one.why)) for one in found] == [(account, "PHONE")]


def test_an_address_in_the_purpose_suggests_who_is_served_there(
    world: World, merchant: merchants.Account
) -> None:
    here, there = world.account(), world.account()
    for account in (here, there):
        world.sell(account, world.tariff(), DAY)
    street = Street.objects.create(
        locality=world.building.locality,
        name="Бучми",
        type="вулиця",
        name_norm="бучми",
        search_key="бучми",
    )
    world.building.street = street
    world.building.number, world.building.number_norm = "42", "42"
    world.building.save()
    service = Subscription.objects.get(account_id=here)
    service.premise = Premise.objects.create(building=world.building, unit="7")
    service.save()
    told = f"Оплата за інтернет, {world.building.locality.name}, вулиця Бучми, 42, кв. 7"
    found = suggesting.suggestions(paid(merchant, "7777777", "k1", address=told))
    assert [(one.account_id, str(one.why)) for one in found] == [(here, "ADDRESS")]
    assert "Бучми, 42/7" in found[0].address
    whole = told.removesuffix(", кв. 7")
    both = suggesting.suggestions(paid(merchant, "7777777", "k2", address=whole))
    assert {one.account_id for one in both} == {here, there}


@pytest.mark.parametrize("code", ["", "1", "ї" * 40, "12", "0" * 12, "1234567890123456789"])
def test_any_number_has_its_typos(code: str) -> None:
    assert code not in suggesting.typos(code)


def test_the_list_is_one_for_all_channels(world: World, merchant: merchants.Account) -> None:
    account = world.account()
    world.pay(account, 10_000, DAY)
    named = paid(merchant, code_of(account), "k1")
    lost = paid(merchant, "7777777", "k2")

    def ids(**wanted: Any) -> list[int]:
        return [row.id for row in listing.rows(Wanted(**wanted))]

    assert ids(first=DAY, last=DAY, account=code_of(account))[0] == named.id
    assert ids(channel="IBOX") == [lost.id, named.id]
    assert ids(state="UNALLOCATED") == [lost.id]
    assert ids(key="k1") == ids(key=str(named.id)) == [named.id]
    assert ids(low_kopecks=10_001, high_kopecks=30_000, channel="IBOX", account="7777777") == [
        lost.id
    ]
    assert ids(first=date(2027, 1, 1)) == []
    sums = listing.totals(Wanted())
    assert (sums.count, sums.credited_kopecks, sums.unallocated_kopecks) == (3, 70_000, 30_000)
    assert [row.id for row in listing.all_rows(Wanted(channel="IBOX"))] == [lost.id, named.id]
    assert verify().problems == []
