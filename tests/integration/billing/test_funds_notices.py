"""Notices before the money ends, and what a run adds up to."""

from datetime import date, timedelta
from typing import Any

import pytest

from billing.charging import operations as charging
from billing.charging import report
from billing.charging.models import ChargeRun, FundsNotice
from billing.subscriptions import operations as subscriptions
from billing.tariffs import operations as tariffs
from project.core.models import OutboxEvent
from tests.support.billing import CASHIER, World, moment

NOV = date(2026, 11, 1)


def day(number: int) -> date:
    return NOV + timedelta(days=number - 1)


def tell(on_date: date) -> int:
    return charging.tell_of_ending_funds(on_date=on_date, at=moment(on_date, 10))


def told() -> list[dict[str, Any]]:
    events = OutboxEvent.objects.filter(topic="account.money_ends").order_by("id")
    return [event.payload for event in events]


def test_a_client_is_told_at_each_stage_once(world: World) -> None:
    account = world.account(kopecks=8_500, on_date=day(1))
    world.sell(account, world.tariff(price=30_000), day(1))
    written = {}
    for number in range(1, 10):
        world.day(day(number))
        written[number] = (tell(day(number)), tell(day(number)))
    assert {number: count for number, count in written.items() if any(count)} == {
        4: (1, 0),
        6: (1, 0),
        8: (1, 0),
    }
    assert told() == [
        {
            "account_id": account,
            "days_left": left,
            "paid_until": "2026-11-09",
            "balance_kopecks": kopecks,
        }
        for left, kopecks in ((5, 4_500), (3, 2_500), (1, 500))
    ]


def test_money_that_comes_in_begins_the_count_anew(world: World) -> None:
    account = world.account(kopecks=5_500, on_date=day(1))
    world.sell(account, world.tariff(price=30_000), day(1))
    assert tell(day(1)) == 1
    world.pay(account, 5_000, day(2))
    assert [tell(day(number)) for number in (2, 3)] == [0, 0]
    world.days(day(2), day(6))
    assert tell(day(6)) == 1
    assert [one["days_left"] for one in told()] == [5, 5]


def test_a_day_on_which_nobody_was_told_is_made_good(world: World) -> None:
    account = world.account(kopecks=8_500, on_date=day(1))
    world.sell(account, world.tariff(price=30_000), day(1))
    world.days(day(2), day(5))
    assert tell(day(5)) == 1
    assert told()[0]["days_left"] == 4


def test_a_prepaid_month_is_told_of_before_it_ends(world: World) -> None:
    account = world.account(kopecks=40_000, on_date=day(1))
    world.sell(account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), day(1))
    assert tell(day(20)) == 0
    assert tell(day(26)) == 1
    assert (told()[0]["days_left"], told()[0]["balance_kopecks"]) == (5, 10_000)


def test_nobody_is_told_of_what_is_off_or_paid_for_long(world: World) -> None:
    tariff = world.tariff(price=30_000)
    world.sell(world.account(kopecks=300_000, on_date=day(1)), tariff, day(1))
    world.sell(world.account(), tariff, day(1))  # blocked for debt from the first day
    paused = world.account(kopecks=3_000, on_date=day(1))
    service = world.sell(paused, tariff, day(1))
    subscriptions.pause(
        at=moment(day(1), 15),
        on_date=day(1),
        actor=CASHIER,
        subscription_id=service,
        from_date=day(2),
        until_date=day(30),
    )
    world.day(day(2))
    assert tell(day(2)) == 0


@pytest.mark.parametrize("said", [[], ["0", "-3"]])
def test_a_provider_may_wish_no_notices(world: World, settings: Any, said: list[str]) -> None:
    settings.GEOBILL_NOTICE_DAYS = said
    world.sell(world.account(kopecks=3_000, on_date=day(1)), world.tariff(price=30_000), day(1))
    assert tell(day(1)) == 0


def test_a_run_adds_up_by_tariff_and_zone_to_its_sum(world: World) -> None:
    dear, cheap = world.tariff(price=60_000, fee=10_000, code="dear"), world.tariff(code="cheap")
    for tariff, count in ((dear, 2), (cheap, 3)):
        for _n in range(count):
            account = world.account(kopecks=50_000, on_date=day(1))
            world.sell(account, tariff, day(1), charge=False)
    world.day(day(1))
    run = ChargeRun.objects.get()
    lines = report.by_tariff_and_zone(run=run)
    assert [(line.tariff_name_en, line.zone_id, line.services, line.kopecks) for line in lines] == [
        ("Tariff dear", world.zone_id, 2, 24_000),
        ("Tariff cheap", world.zone_id, 3, 3_000),
    ]
    assert sum(line.kopecks for line in lines) == run.charged_kopecks
    assert sum(line.services for line in lines) == run.charged_count
    assert {type(line.kopecks) for line in lines} == {int}, "kopecks are whole numbers"


def test_who_is_charged_by_newer_terms_is_told_by_them(world: World) -> None:
    tariff = world.tariff(price=3_000)
    accounts = [world.account(kopecks=kopecks, on_date=day(1)) for kopecks in (2_100, 2_600)]
    for account in accounts:
        world.sell(account, tariff, day(1))
    world.price(tariff, 15_000, valid_from=day(2))
    tariffs.publish_version(
        at=moment(day(1)), actor=CASHIER, tariff_id=tariff, applies_from=day(2),
        applies_existing_from=day(2),
        terms=tariffs.Terms(charge_type="DAILY", revenue_account_code="revenue.new"),
    )  # fmt: skip
    assert tell(day(1)) == 1  # by what begins tomorrow: 1 hryvnia, then 5 a day
    world.days(day(2), day(3))
    assert tell(day(3)) == 2
    assert [(one["days_left"], one["paid_until"]) for one in told()] == [
        (5, "2026-11-06"), (3, "2026-11-06"), (4, "2026-11-07"),
    ]  # fmt: skip


def test_an_end_that_comes_back_to_a_day_told_before_is_told_and_stops_nobody(
    world: World,
) -> None:
    account = world.account(kopecks=4_500, on_date=day(1))
    world.sell(account, world.tariff(price=30_000), day(1))
    assert tell(day(1)) == 1
    before = FundsNotice.objects.get()
    FundsNotice.objects.create(
        account_id=account, stage_days=before.stage_days, created_at=moment(day(1), 11),
        paid_until=before.paid_until - timedelta(days=1),
    )  # fmt: skip
    assert tell(day(1)) == 1
    assert FundsNotice.objects.count() == 2
    assert len(told()) == 2
