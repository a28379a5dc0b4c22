"""R15, until when money lasts: foretold as the daily run does it, whatever is on the way."""

from datetime import date, timedelta
from typing import Any

import pytest

from billing.charging import promises
from billing.charging.queries import paid_until
from billing.subscriptions import operations as subscriptions
from billing.tariffs import discounts
from billing.tariffs import operations as tariffs
from billing.tariffs.discounts import Offer
from tests.support.billing import CASHIER, World, blocks, charged_until, moment

NOV = date(2026, 11, 1)


def day(number: int) -> date:
    return NOV + timedelta(days=number - 1)


def give(**values: Any) -> None:
    offer: dict[str, Any] = {
        "name_uk": "Знижка", "name_en": "Discount", "valid_from": NOV, "valid_until": day(31),
    }  # fmt: skip
    on = date(2026, 10, 20)
    discounts.give(at=moment(on), on_date=on, actor=CASHIER, offer=Offer(**(offer | values)))


def dearer(tariff: int, *, from_date: date, price: int) -> None:
    """Newer terms for those who have bought as well, at another price."""
    tariffs.publish_version(
        at=moment(NOV),
        actor=CASHIER,
        tariff_id=tariff,
        applies_from=from_date,
        applies_existing_from=from_date,
        terms=tariffs.Terms(charge_type="DAILY", revenue_account_code="revenue.internet"),
    )
    tariffs.set_price(
        at=moment(NOV),
        actor=CASHIER,
        tariff_id=tariff,
        price_kopecks=price,
        valid_from=from_date,
    )


def blocked_on(world: World, service: int, *, most: int = 45) -> date:
    for number in range(2, most):
        world.day(day(number))
        if blocks(service):
            return day(number)
    raise AssertionError("never blocked")


@pytest.mark.parametrize("until", [3, 6, 31])
def test_a_discount_is_foretold_until_it_ends(world: World, until: int) -> None:
    give(percent_bp=5_000, valid_until=day(until))
    account = world.account(kopecks=7_500)
    service = world.sell(account, world.tariff(price=30_000), NOV)
    foretold = paid_until(account_id=account, on_date=NOV)
    assert foretold == blocked_on(world, service)


def test_a_discount_that_only_begins_is_foretold(world: World) -> None:
    give(amount_kopecks=15_000, valid_from=day(4), valid_until=day(20))
    account = world.account(kopecks=6_000)
    service = world.sell(account, world.tariff(price=30_000), NOV)
    foretold = paid_until(account_id=account, on_date=NOV)
    assert foretold == blocked_on(world, service)


def test_newer_terms_are_foretold_and_a_discount_goes_on_with_them(world: World) -> None:
    tariff = world.tariff(price=30_000)
    give(percent_bp=2_000, valid_until=day(9))
    account = world.account(kopecks=12_000)
    service = world.sell(account, tariff, NOV)
    dearer(tariff, from_date=day(5), price=60_000)
    foretold = paid_until(account_id=account, on_date=NOV)
    assert foretold == blocked_on(world, service)
    assert foretold is not None
    assert foretold > day(5)


def test_a_month_that_is_paid_stays_paid_when_the_price_changes(world: World) -> None:
    give(percent_bp=5_000, valid_until=day(10))
    account = world.account(kopecks=15_000 + 20_000)
    service = world.sell(account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), NOV)
    paid = charged_until(service)
    foretold = paid_until(account_id=account, on_date=NOV)
    assert paid == date(2026, 12, 1) == foretold
    assert foretold == blocked_on(world, service)


def test_the_credit_of_the_tariff_counts(world: World) -> None:
    account = world.account(kopecks=3_000)
    service = world.sell(account, world.tariff(price=30_000, credit_kopecks=2_000), NOV)
    foretold = paid_until(account_id=account, on_date=NOV)
    assert foretold == blocked_on(world, service)


def test_what_hangs_on_a_service_on_hold_is_on_hold_too(world: World) -> None:
    account = world.account(kopecks=20_000)
    main = world.sell(account, world.tariff(price=30_000), day(1))
    addon = world.tariff(price=3_000, service_type="ADDITIONAL")
    world.sell(account, addon, day(1), parent_id=main)
    subscriptions.pause(
        at=moment(day(1), 15), on_date=day(1), actor=CASHIER, subscription_id=main,
        from_date=day(2), until_date=day(5),
    )  # fmt: skip
    world.days(day(2), day(3))
    assert charged_until(main) == day(2)
    assert paid_until(account_id=account, on_date=day(3)) is None


def test_an_add_on_for_some_days_is_foretold_for_these_days_alone(world: World) -> None:
    account = world.account(kopecks=12_000)
    main = world.sell(account, world.tariff(price=30_000), NOV)
    subscriptions.add_for_days(
        at=moment(NOV, 15), on_date=NOV, actor=CASHIER, parent_id=main, days=3,
        tariff_id=world.tariff(price=60_000, service_type="ADDITIONAL"),
    )  # fmt: skip
    foretold = paid_until(account_id=account, on_date=NOV)
    assert foretold == blocked_on(world, main) == day(7)


@pytest.mark.parametrize("charge_type", ["DAILY", "MONTHLY_PREPAID"])
def test_a_pause_that_is_planned_costs_nothing_in_its_days(world: World, charge_type: str) -> None:
    account = world.account(kopecks={"DAILY": 6_000, "MONTHLY_PREPAID": 45_000}[charge_type])
    main = world.sell(account, world.tariff(price=30_000, charge_type=charge_type), NOV)
    subscriptions.pause(
        at=moment(NOV, 15), on_date=NOV, actor=CASHIER, subscription_id=main,
        from_date=day(4), until_date=day(8 if charge_type == "DAILY" else 36),
    )  # fmt: skip
    foretold = paid_until(account_id=account, on_date=NOV)
    assert foretold == blocked_on(world, main) == day(11 if charge_type == "DAILY" else 36)


def test_a_promise_is_foretold_until_it_ends(world: World) -> None:
    account = world.account(kopecks=3_000)
    terms: dict[str, Any] = {"promise_max_kopecks": 50_000, "promise_days": 6}
    main = world.sell(account, world.tariff(price=30_000, **terms), NOV)
    promises.promise(
        at=moment(NOV, 15), on_date=NOV, actor=CASHIER, account_id=account, amount_kopecks=50_000
    )
    foretold = paid_until(account_id=account, on_date=NOV)
    assert foretold == blocked_on(world, main) == day(7)
