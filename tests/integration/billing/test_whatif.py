"""A what-if says what then happens: the first day is charged as it was foretold."""

import random
from datetime import date, timedelta

import pytest

from billing import whatif
from billing.models import Block, ChargeState, CreditGrant, LedgerPosting, Subscription
from billing.subscriptions import operations as subscriptions
from billing.tariffs import constructor
from billing.tariffs.constructor import WantedPrice
from billing.tariffs.targets import PriceTarget
from billing.tariffs.terms import Terms
from billing.whatif.reports import Report
from tests.support.billing import CASHIER, World, balance, blocks, moment, statement

TODAY = date(2026, 11, 12)
NEXT = date(2026, 11, 13)


def draft_of(tariff_id: int, *, existing: date = NEXT, **changes: object) -> None:
    values: dict[str, object] = {
        "charge_type": "DAILY",
        "revenue_account_code": "revenue.new",
    }
    constructor.save_draft(
        at=moment(TODAY, 13),
        actor=CASHIER,
        tariff_id=tariff_id,
        applies_from=min(existing, NEXT),
        applies_existing_from=existing,
        terms=Terms(**(values | changes)),
    )


def price(tariff_id: int, kopecks: int, **target: object) -> None:
    constructor.prepare_prices(
        at=moment(TODAY, 13),
        actor=CASHIER,
        tariff_id=tariff_id,
        prices=[WantedPrice(PriceTarget.of(**target), kopecks, NEXT)],
    )


def publish(tariff_id: int) -> None:
    constructor.publish_draft(
        at=moment(TODAY, 18),
        on_date=TODAY,
        actor=CASHIER,
        tariff_id=tariff_id,
        seen=constructor.fingerprint(tariff_id=tariff_id),
    )


def tried(tariff_id: int, *, size: int = 20_000) -> Report:
    hypothesis = whatif.of_draft(tariff_id=tariff_id, today=TODAY)
    return whatif.answer(hypothesis=hypothesis, at=moment(TODAY, 17), size=size)


def test_a_dearer_zone_is_told_by_zone_and_client(world: World) -> None:
    tariff = world.tariff(price=30_000)
    rich, poor = world.account(kopecks=100_000), world.account(kopecks=2_500)
    for account in (rich, poor):
        world.sell(account, tariff, TODAY)
    price(tariff, 60_000, zone_id=world.zone_id)
    draft_of(tariff)
    report = tried(tariff)
    total = report.total()
    assert (total.services, total.dearer, total.cheaper, total.unsold) == (2, 2, 0, 0)
    assert (total.before_kopecks, total.after_kopecks) == (60_000, 120_000)
    assert report.zones[str(world.zone_id)].difference_kopecks == 60_000
    assert (report.first_before_kopecks, report.first_after_kopecks) == (2_000, 4_000)
    (short,) = report.short
    assert (short.account_id, short.left_before_kopecks, short.left_after_kopecks) == (
        poor, 500, -500,
    )  # fmt: skip
    assert report.short_first == 1
    assert {line.account_id for line in report.worst} == {rich, poor}
    assert report.best == []


def test_a_price_that_is_announced_already_is_what_is_paid_before(world: World) -> None:
    tariff = world.tariff(price=30_000)
    account = world.account(kopecks=200_000)
    world.sell(account, tariff, TODAY)
    price(tariff, 60_000)
    constructor.publish_draft(
        at=moment(TODAY, 14),
        on_date=TODAY,
        actor=CASHIER,
        tariff_id=tariff,
        seen=constructor.fingerprint(tariff_id=tariff),
        existing_from=date(2026, 11, 20),
    )
    constructor.prepare_prices(
        at=moment(TODAY, 15),
        actor=CASHIER,
        tariff_id=tariff,
        prices=[WantedPrice(PriceTarget.of(), 90_000, date(2026, 11, 25))],
    )
    first = date(2026, 12, 1)
    hypothesis = whatif.of_draft(tariff_id=tariff, today=TODAY, existing_from=first)
    report = whatif.answer(hypothesis=hypothesis, at=moment(TODAY, 17))
    total = report.total()
    assert (total.before_kopecks, total.after_kopecks) == (60_000, 90_000)
    constructor.publish_draft(
        at=moment(TODAY, 18),
        on_date=TODAY,
        actor=CASHIER,
        tariff_id=tariff,
        seen=constructor.fingerprint(tariff_id=tariff),
        existing_from=first,
    )
    world.days(NEXT, date(2026, 11, 30))
    last, was = balance(account), statement(account)[-1][2]
    world.day(first)
    assert was == -2_000
    assert (report.first_before_kopecks, report.first_after_kopecks) == (
        60_000 // 31, last - balance(account),
    )  # fmt: skip


def test_nothing_is_written(world: World) -> None:
    tariff = world.tariff(price=30_000)
    world.sell(world.account(kopecks=100_000), tariff, TODAY)
    price(tariff, 60_000, zone_id=world.zone_id)
    before = LedgerPosting.objects.count()
    tried(tariff)
    assert LedgerPosting.objects.count() == before


def test_without_a_draft_there_is_nothing_to_try(world: World) -> None:
    with pytest.raises(whatif.NothingToTryError):
        whatif.of_draft(tariff_id=world.tariff(), today=TODAY)


def test_those_sold_nowhere_keep_their_price(world: World) -> None:
    tariff = world.tariff(price=None)
    rule = world.price(tariff, 30_000, zone_id=world.zone_id)
    world.sell(world.account(kopecks=100_000), tariff, TODAY)
    constructor.end_price(
        at=moment(TODAY, 13), on_date=TODAY, actor=CASHIER, rule_id=rule, until=NEXT
    )
    draft_of(tariff)
    total = tried(tariff).total()
    assert (total.unsold, total.before_kopecks, total.after_kopecks) == (1, 30_000, 30_000)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_first_day_comes_as_it_was_told(world: World, seed: int) -> None:
    chance = random.Random(seed)
    tariffs = [
        world.tariff(
            price=chance.choice([15_000, 30_001]),
            charge_type=kind,
            funds_policy=chance.choice(["BLOCK", "ALLOW"]),
        )
        for kind in ("DAILY", "MONTHLY_PREPAID")
    ]
    addon = world.tariff(price=5_000, service_type="ADDITIONAL")
    accounts = [
        world.account(kopecks=chance.choice([1_200, 2_000, 17_000, 90_000])) for _n in range(24)
    ]
    for account in accounts:
        tariff = chance.choice(tariffs)
        since = chance.choice([TODAY, TODAY - timedelta(days=1)])
        main = world.sell(account, tariff, since, segment=chance.choice(["", "", "b2b"]))
        if chance.random() < 0.4:
            world.sell(account, addon, since, parent_id=main)
        if chance.random() < 0.15:
            ChargeState.objects.filter(subscription_id=main).update(anchor_day=NEXT.day)
        if chance.random() < 0.2:
            CreditGrant.objects.create(
                account_id=account,
                amount_kopecks=700,
                during=(TODAY, NEXT + timedelta(days=2)),
                created_at=moment(TODAY),
            )
        if chance.random() < 0.15:
            Block.objects.create(subscription_id=main, reason="ADMIN", from_at=moment(TODAY, 12))
    world.day(TODAY)
    tariff = chance.choice(tariffs)
    draft_of(tariff, charge_type=chance.choice(["DAILY", "MONTHLY_PREPAID"]), credit_kopecks=300)
    price(tariff, 41_000, zone_id=world.zone_id)
    price(tariff, 12_000, zone_id=world.zone_id, segment="b2b")
    report = tried(tariff, size=chance.choice([1, 5, 20_000]))
    told = {line.account_id: line for line in (*report.worst, *report.best, *report.short)}
    publish(tariff)
    touched = {
        row.account_id
        for row in Subscription.objects.filter(spans__tariff_id=tariff, state="ACTIVE")
    }
    before = {account: balance(account) for account in touched}
    debts = {account: _in_debt(account) for account in touched}
    world.day(NEXT)
    assert report.accounts == len(touched)
    paid = {account: before[account] - balance(account) for account in touched}
    for account, line in told.items():
        if line.left_after_kopecks >= 0 and not debts[account]:
            assert paid[account] == line.first_after_kopecks, (account, line)
        elif line.left_after_kopecks < 0:
            assert balance(account) < 0 or _in_debt(account), (account, line)


def _in_debt(account_id: int) -> bool:
    ids = Subscription.objects.filter(account_id=account_id).values_list("id", flat=True)
    return any("DEBT" in blocks(id_) for id_ in ids)


def test_a_later_day_counts_what_is_charged_until_then(world: World) -> None:
    tariff = world.tariff(price=30_000)
    account = world.account(kopecks=12_000)
    world.sell(account, tariff, TODAY)
    price(tariff, 60_000, zone_id=world.zone_id)
    draft_of(tariff, existing=TODAY + timedelta(days=10))
    (line,) = tried(tariff).worst
    # 12,000 less the day of the sale and nine more days: 2,000 are left, and the day costs 2,000.
    assert (line.left_before_kopecks, line.left_after_kopecks) == (1_000, 0)


def test_paused_services_are_not_due_on_the_first_day(world: World) -> None:
    tariff = world.tariff(price=30_000)
    service = world.sell(world.account(kopecks=12_000), tariff, TODAY)
    subscriptions.pause(
        at=moment(TODAY, 13),
        on_date=TODAY,
        actor=CASHIER,
        subscription_id=service,
        from_date=NEXT,
        until_date=NEXT + timedelta(days=5),
    )
    price(tariff, 60_000, zone_id=world.zone_id)
    draft_of(tariff)
    report = tried(tariff)
    assert (report.first_before_kopecks, report.first_after_kopecks) == (0, 0)
    assert report.total().difference_kopecks == 30_000
