"""Clients are moved to new terms while a charge run and a cash desk are at work."""

from datetime import date, timedelta
from typing import Any

import pytest

from billing.calendar import daily_amount_on
from billing.ledger import queries as ledger_queries
from billing.ledger.verification import verify
from billing.models import PlanSpan, TermsMove
from billing.subscriptions import rezoning
from coverage import operations as coverage
from coverage.zoning.operations import Terms
from tests.concurrency.billing.test_runs_and_payments import in_threads
from tests.support import zones
from tests.support.billing import CASHIER, World, moment, small_world

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 11, 10)
MOVE_ON = date(2026, 11, 11)
OLD, NEW = 20_000, 26_000
CLIENTS = 30


@pytest.fixture
def world(transactional_db: None) -> World:
    return small_world()


def test_a_move_and_the_run_of_its_first_day_charge_each_client_once(world: World) -> None:
    """The news is late: the run of the day begins at the same moment. Both prices are possible,
    but each client pays for the day once, by the price of the plan that the day is left with."""
    tariff = world.tariff(price=OLD)
    accounts = [world.account(kopecks=10_000) for _n in range(CLIENTS)]
    for number, account in enumerate(accounts):
        world.sell(account, tariff, DAY, unit=str(number))
    world.day(DAY)
    draft = zones.drafted(
        CASHIER, zones.square(4, 4, 2, 2), at=moment(DAY, 14), code="inner", priority=5
    )
    world.price(tariff, NEW, zone_id=draft.zone_id)
    terms = Terms("MOVE", MOVE_ON)
    coverage.publish(
        changeset_id=draft.changeset_id, actor=CASHIER, at=moment(DAY, 14), existing=terms
    )

    def move() -> Any:
        rezoning.rezone_services(
            changeset_id=draft.changeset_id, move_on=MOVE_ON, at=moment(MOVE_ON, 0, 6)
        )

    def run() -> Any:
        return world.day(MOVE_ON, at=moment(MOVE_ON, 0, 6), chunk_accounts=7)

    def pay() -> Any:
        for account in reversed(accounts):
            world.pay(account, 100, MOVE_ON, hour=0)

    results = in_threads(move, run, pay)
    assert not [result for result in results if isinstance(result, Exception)], results
    assert TermsMove.objects.filter(outcome="MOVED").count() == CLIENTS
    next_day = MOVE_ON + timedelta(days=1)
    world.day(next_day)
    for account in accounts:
        lines = ledger_queries.statement(account_id=account, limit=50)
        paid = [
            -line.amount_kopecks
            for line in reversed(lines)
            if line.charge_code == "SERVICE" and line.value_date >= MOVE_ON
        ]
        span = PlanSpan.objects.get(subscription__account_id=account, during__contains=MOVE_ON)
        assert paid == [
            daily_amount_on(span.sold_price_kopecks, MOVE_ON),
            daily_amount_on(NEW, next_day),
        ]
    assert [str(problem) for problem in verify().problems] == []


def test_the_news_handled_by_two_workers_moves_once(world: World) -> None:
    tariff = world.tariff(price=OLD)
    for number in range(5):
        world.sell(world.account(kopecks=10_000), tariff, DAY, unit=str(number))
    draft = zones.drafted(
        CASHIER, zones.square(4, 4, 2, 2), at=moment(DAY, 14), code="inner", priority=5
    )
    world.price(tariff, NEW, zone_id=draft.zone_id)
    coverage.publish(
        changeset_id=draft.changeset_id,
        actor=CASHIER,
        at=moment(DAY, 14),
        existing=Terms("MOVE", MOVE_ON),
    )

    def move() -> Any:
        rezoning.rezone_services(
            changeset_id=draft.changeset_id, move_on=MOVE_ON, at=moment(DAY, 15)
        )

    results = in_threads(move, move, move)
    assert not [result for result in results if isinstance(result, Exception)], results
    assert TermsMove.objects.count() == 5
    assert PlanSpan.objects.count() == 10
