"""Two transactions at once never give one address to two services, nor lose a block."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from billing.models import Block
from network import pools, provisioning
from network.models import IpAssignment, RadiusDecision
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
                pools.assign(subscription_ids=[one], at=AT)

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
