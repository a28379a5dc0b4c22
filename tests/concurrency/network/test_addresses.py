"""Two transactions at once never give one address to two services, nor lose a block."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from billing.models import Block
from network import pools, provisioning
from network.models import IpAssignment, IpFree, RadiusDecision
from tests.support import services
from tests.support.services import AT

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], None]) -> None:
    """Run all in threads that start together; the first error is raised here."""
    barrier = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def run(work: Callable[[], None]) -> None:
        try:
            barrier.wait(timeout=10)
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if errors:
        raise errors[0]


def assigner(ids: list[int]) -> Callable[[], None]:
    def work() -> None:
        for one in ids:
            with transaction.atomic():
                pools.settle(active=[one], ended=[], at=AT)

    return work


@pytest.mark.parametrize("overlapping", [False, True])
def test_no_address_is_given_twice(overlapping: bool) -> None:
    services.pool(first="10.77.0.1", last="10.77.0.40")
    zone = services.zone()
    if overlapping:
        services.pool(first="10.77.0.1", last="10.77.0.40", of_zone=zone)
    house, terms = services.building(), services.tariff()
    ids = [
        services.service(
            house=house, terms=terms, of_zone=zone if number % 2 else None, refresh=False
        ).id
        for number in range(40)
    ]
    at_once(*(assigner(ids[first::4]) for first in range(4)))
    given = list(IpAssignment.objects.values_list("address", flat=True))
    assert len(given) == len(set(given))
    if not overlapping:
        assert len(given) == 40


def test_of_a_block_and_an_unblock_at_once_the_decision_tells_what_is_committed() -> None:
    sold = services.service()
    old = services.block(sold, reason="ADMIN")

    def new_block() -> None:
        services.block(sold, reason="DEBT", at=AT + timedelta(minutes=1))

    def end_old() -> None:
        with transaction.atomic():
            services.unblock(old, at=AT + timedelta(minutes=1))

    def atomically() -> None:
        with transaction.atomic():
            new_block()

    at_once(atomically, end_old)
    row = RadiusDecision.objects.get(subscription=sold)
    assert Block.objects.filter(until_at=None).count() == 1
    assert (row.state, row.reason) == ("REFUSED", "DEBT")


def test_a_service_provisioned_twice_at_once_gets_one_login() -> None:
    services.pool()
    ids = [services.service(refresh=False).id for _ in range(5)]

    def work() -> None:
        provisioning.refresh_decisions(subscription_ids=ids, at=AT)

    at_once(work, work, work)
    assert RadiusDecision.objects.filter(state="FULL").count() == 5
    assert IpAssignment.objects.count() == 5


def holder(found: list[str | None], wanted: list[tuple[int, str]]) -> Callable[[], None]:
    def work() -> None:
        for subscription_id, device in wanted:
            held = pools.hold(subscription_id=subscription_id, device=device, at=AT)
            found.append(held.ipv4)

    return work


@pytest.mark.parametrize("size", [40, 25])
def test_sessions_that_log_in_at_once_never_get_one_address(size: int) -> None:
    services.pool(first="10.80.0.1", last=f"10.80.0.{size}", mode="DYNAMIC")
    zone = services.zone()
    services.pool(first="10.80.0.1", last=f"10.80.0.{size}", mode="DYNAMIC", of_zone=zone)
    house, terms = services.building(), services.tariff()
    sold = [
        services.service(house=house, terms=terms, of_zone=zone if number % 2 else None).id
        for number in range(8)
    ]
    wanted = [(one, f"device-{number}") for one in sold for number in range(5)]
    found: list[str | None] = []
    at_once(*(holder(found, wanted[first::4]) for first in range(4)))
    given = [one for one in found if one]
    assert len(given) == len(set(given)) == size
    assert IpAssignment.objects.count() == size


def test_one_device_that_asks_twice_at_once_gets_one_address() -> None:
    services.pool(mode="DYNAMIC")
    sold = services.service().id
    found: list[str | None] = []
    at_once(*(holder(found, [(sold, "device")] * 5) for _ in range(4)))
    assert len(set(found)) == 1
    assert IpAssignment.objects.count() == 1


def test_end_and_beginning_of_leases_at_once_lose_no_address() -> None:
    """After everything was given back, each of the pool's addresses is free exactly once."""
    services.pool(first="10.80.0.1", last="10.80.0.20", mode="DYNAMIC")
    ids = [services.service().id for _ in range(8)]

    def come_and_go(mine: list[int]) -> Callable[[], None]:
        def work() -> None:
            for turn in range(6):
                for one in mine:
                    pools.hold(subscription_id=one, device=f"d{turn % 2}", at=AT)
                    if turn % 2:
                        pools.release(subscription_ids=[one], at=AT)

        return work

    at_once(*(come_and_go(ids[first::4]) for first in range(4)))
    pools.release(subscription_ids=ids, at=AT)
    assert IpAssignment.objects.count() == 0
    assert IpFree.objects.count() == 20
