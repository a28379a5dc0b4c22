"""Discounts and standing credit in the daily run: a month sums to the discounted price exactly."""

import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing.charging import queries as charging_queries
from billing.ledger import queries as ledger_queries
from billing.models import ChargeBasis, ChargeState, Discount
from billing.subscriptions import operations as subscriptions
from billing.tariffs import discounts
from billing.tariffs.discounts import DiscountEndError, Offer
from billing.tariffs.sanity import BadTermsError
from billing.tariffs.worth import off_kopecks
from tests.support.billing import CASHIER, World, balance, blocks, moment, statement

NOV = date(2026, 11, 1)


def day(number: int) -> date:
    return NOV + timedelta(days=number - 1)


def give(*, on: date = date(2026, 10, 20), **values: Any) -> int:
    offer: dict[str, Any] = {
        "name_uk": "Знижка", "name_en": "Discount", "valid_from": NOV, "valid_until": day(31),
    }  # fmt: skip
    return discounts.give(at=moment(on), on_date=on, actor=CASHIER, offer=Offer(**(offer | values)))


def services(account: int) -> list[int]:
    return [amount for _day, what, amount in statement(account) if what == "SERVICE"]


def test_a_month_sums_to_the_discounted_price(world: World) -> None:
    give(percent_bp=1_700)
    account = world.account(kopecks=100_000)
    world.sell(account, world.tariff(price=25_001), NOV)
    world.days(day(2), day(30))
    assert len(services(account)) == 30
    assert -sum(services(account)) == 25_001 - 25_001 * 1_700 // 10_000


def test_it_ends_with_its_period_and_the_line_says_why(world: World) -> None:
    discount = give(amount_kopecks=15_000, valid_until=day(3))
    account = world.account(kopecks=100_000)
    world.sell(account, world.tariff(price=30_000), NOV)
    world.days(day(2), day(3))
    assert services(account) == [-500, -500, -1_000]
    newest, _second, first, *_rest = (
        line.charge_basis_id or 0 for line in ledger_queries.statement(account_id=account, limit=10)
    )
    found = charging_queries.explain_bases(charge_basis_ids=[newest, first])
    lowered = found[first]
    assert (lowered.discount_id, lowered.price_kopecks) == (discount, 15_000)
    assert lowered.full_price_kopecks == 30_000
    assert found[newest].discount_id is None


@pytest.mark.parametrize(
    ("target", "fits"),
    [
        ({}, True),
        ({"segment": "b2b"}, False),
        ({"zone": "own"}, True),
        ({"zone": "other"}, False),
        ({"tariff": "own"}, True),
        ({"tariff": "other"}, False),
    ],
)
def test_for_whom(world: World, target: dict[str, str], fits: bool) -> None:
    tariff, other = world.tariff(price=30_000), world.tariff()
    values: dict[str, Any] = {}
    if "segment" in target:
        values["segment"] = target["segment"]
    if "zone" in target:
        values["zone_id"] = world.zone_id if target["zone"] == "own" else world.other_zone_id
    if "tariff" in target:
        values["tariff_id"] = tariff if target["tariff"] == "own" else other
    give(percent_bp=5_000, **values)
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, NOV)
    assert services(account) == [-500 if fits else -1_000]


def test_the_one_that_is_worth_most_counts_alone(world: World) -> None:
    give(percent_bp=1_000)
    give(amount_kopecks=6_000)
    give(percent_bp=500)
    account = world.account(kopecks=100_000)
    world.sell(account, world.tariff(price=30_000), NOV)
    assert services(account) == [-800]


def test_a_free_month_is_given_back_as_nothing(world: World) -> None:
    give(percent_bp=10_000)
    account = world.account(kopecks=1_000)
    service = world.sell(account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), NOV)
    world.days(day(2), day(5))
    assert services(account) == []
    subscriptions.terminate(
        at=moment(day(5), 15), on_date=day(5), actor=CASHIER, subscription_id=service
    )
    assert balance(account) == 1_000


def test_a_prepaid_month_comes_back_by_what_was_paid(world: World) -> None:
    give(percent_bp=5_000)
    account = world.account(kopecks=30_000)
    service = world.sell(account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), NOV)
    subscriptions.terminate(
        at=moment(day(15), 15), on_date=day(15), actor=CASHIER, subscription_id=service
    )
    assert [a for _d, _w, a in statement(account)[1:]] == [-15_000, 7_500]


def test_an_immediate_upgrade_is_counted_with_the_discount(world: World) -> None:
    give(percent_bp=5_000)
    account = world.account(kopecks=100_000)
    service = world.sell(account, world.tariff(price=30_000), NOV)
    world.day(day(2))
    subscriptions.change_plan(
        at=moment(day(2), 15),
        on_date=day(2),
        actor=CASHIER,
        subscription_id=service,
        tariff_id=world.tariff(price=90_000),
        is_immediate=True,
    )
    world.day(day(3))
    assert services(account) == [-500, -500, -1_000, -1_500]


def test_what_is_worth_never_changes_and_the_end_only_comes_nearer(world: World) -> None:
    discount = give(percent_bp=1_000)
    with pytest.raises(IntegrityError), transaction.atomic():
        Discount.objects.filter(id=discount).update(percent_bp=2_000)
    discounts.end(at=moment(NOV), on_date=NOV, actor=CASHIER, discount_id=discount, until=day(5))
    for wrong in (NOV, day(6)):
        with pytest.raises(DiscountEndError):
            discounts.end(
                at=moment(NOV), on_date=NOV, actor=CASHIER, discount_id=discount, until=wrong
            )


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"percent_bp": 1_000, "amount_kopecks": 5},
        {"percent_bp": 10_001},
        {"amount_kopecks": 0},
        {"percent_bp": 1_000, "valid_until": NOV},
        {"percent_bp": 1_000, "valid_from": date(2026, 10, 20)},
        {"percent_bp": 1_000, "zone_id": 404},
        {"percent_bp": 1_000, "tariff_id": 404},
        {"percent_bp": 1_000, "segment": "a b"},
    ],
)
def test_nonsense_is_refused(world: World, values: dict[str, Any]) -> None:
    with pytest.raises(BadTermsError):
        give(**values)


def test_sql_takes_off_what_python_says(db: None) -> None:
    chance = random.Random(7)
    with connection.cursor() as cursor:
        for _n in range(300):
            kind = chance.choice(["PERCENT", "FIXED"])
            percent = chance.randint(1, 10_000) if kind == "PERCENT" else None
            amount = chance.randint(1, 60_000) if kind == "FIXED" else None
            price = chance.choice([1, 99, 25_001, 30_000, 999_937])
            cursor.execute(
                "SELECT billing_discount_off(%s, %s::int, %s::bigint, %s)",
                [kind, percent, amount, price],
            )
            assert cursor.fetchone()[0] == off_kopecks(
                kind=kind, percent_bp=percent, amount_kopecks=amount, price_kopecks=price
            )


def test_standing_credit_lets_the_account_go_below_zero_that_far(world: World) -> None:
    account = world.account(kopecks=500)
    service = world.sell(account, world.tariff(price=30_000, credit_kopecks=1_600), NOV)
    world.day(day(2))
    assert (balance(account), blocks(service)) == (-1_500, set())
    world.day(day(3))
    assert (balance(account), blocks(service)) == (-1_500, {"DEBT"})


def test_what_was_charged_by_is_kept_with_the_service(world: World) -> None:
    give(percent_bp=5_000)
    service = world.sell(world.account(kopecks=9_000), world.tariff(price=30_000), NOV)
    basis_id = ChargeState.objects.get(subscription_id=service).charged_basis_id
    assert basis_id == ChargeBasis.objects.get(discount__isnull=False).id
