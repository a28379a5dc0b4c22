"""Runs and payments at the same time, over real connections."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction

from billing.charging import chunks
from billing.charging import operations as charging
from billing.charging.operations import RunBusyError
from billing.ledger.verification import verify
from billing.payments import operations as payments
from billing.payments.models import Payment
from tests.support.billing import (
    CASHIER,
    World,
    balance,
    blocks,
    moment,
    small_world,
    statement,
)

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 11, 10)
NEXT = date(2026, 11, 11)


@pytest.fixture
def world(transactional_db: None) -> World:
    return small_world()


def in_threads(*works: Callable[[], Any]) -> list[Any]:
    """Start all together; what each returned or raised."""
    barrier = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(number: int, work: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=10)
            results[number] = work()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def run_next() -> Any:
    return charging.run(on_date=NEXT, at=moment(NEXT), actor=CASHIER)


def pay(account: int, kopecks: int, key: str) -> Payment:
    return payments.accept_cash(
        at=moment(NEXT, 0, 6),
        on_date=NEXT,
        actor=CASHIER,
        account_id=account,
        amount_kopecks=kopecks,
        idempotency_key=key,
    )


def test_two_runs_at_once_charge_once(world: World) -> None:
    tariff = world.tariff(price=30_000)
    accounts = [world.account(kopecks=10_000) for _n in range(20)]
    for account in accounts:
        world.sell(account, tariff, DAY)
    world.day(DAY)
    results = in_threads(run_next, run_next, run_next)
    done = [r for r in results if not isinstance(r, Exception)]
    assert all(isinstance(r, RunBusyError) for r in results if isinstance(r, Exception))
    assert sum(r.charged_count for r in done) == 20
    assert [balance(a) for a in accounts] == [8_000] * 20
    assert verify().is_right


def test_a_payment_during_a_run_is_neither_lost_nor_charged_twice(world: World) -> None:
    tariff = world.tariff(price=30_000)
    accounts = [world.account(kopecks=1_000) for _n in range(12)]
    services = [world.sell(account, tariff, DAY) for account in accounts]
    world.day(DAY)
    results = in_threads(run_next, *(lambda a=a: pay(a, 5_000, f"key-{a}") for a in accounts[:8]))
    assert not [r for r in results if isinstance(r, Exception)]
    for account, service in zip(accounts[:8], services[:8], strict=True):
        assert balance(account) == 4_000
        assert blocks(service) == set()
        assert [w for _d, w, _a in statement(account)].count("SERVICE") == 2
    for account, service in zip(accounts[8:], services[8:], strict=True):
        assert (balance(account), blocks(service)) == (0, {"DEBT"})
    assert verify().is_right


def test_a_payment_waits_for_the_chunk_that_holds_its_account(world: World) -> None:
    account = world.account(kopecks=1_000)
    service = world.sell(account, world.tariff(price=30_000), DAY)
    world.day(DAY)
    charged, paid = threading.Event(), threading.Event()

    def slow_chunk() -> None:
        with transaction.atomic():
            chunks.charge(
                on_date=NEXT,
                at=moment(NEXT),
                actor=CASHIER,
                part=chunks.AccountRange(account, account),
                key="slow",
            )
            charged.set()
            assert not paid.wait(timeout=0.5), "the payment must wait for the commit"

    def payment() -> None:
        assert charged.wait(timeout=10)
        pay(account, 5_000, "late")
        paid.set()

    results = in_threads(slow_chunk, payment)
    assert results == [None, None]
    assert (balance(account), blocks(service)) == (4_000, set())


def test_one_form_sent_from_many_tabs_is_one_payment(world: World) -> None:
    account = world.account()
    results = in_threads(*([lambda: pay(account, 5_000, "same")] * 6))
    assert len({r.id for r in results}) == 1
    assert balance(account) == 5_000
    assert Payment.objects.count() == 1
