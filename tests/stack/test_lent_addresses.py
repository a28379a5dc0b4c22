"""What FreeRADIUS remembers of addresses lent for one session: nobody is given another's."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from billing.models import Subscription
from network import edited_drivers, pools
from network.addressing import static
from network.models import IpAssignment, IpFree, RadiusDecision
from network.vendors import declarations
from network.vendors.registry import SHIPPED
from project.core import clock
from project.core.actor import SYSTEM
from tests.support import services
from tests.support.radius_system import RadiusSystem, Reply, radius_system
from tests.support.services import AT

pytestmark = pytest.mark.stack

SECRET = "bras-secret"
WAIT_S = 15.0
ALONE = "alone"  # without the database: only the memory is left


@dataclass(frozen=True)
class Known:
    """A service and its device."""

    subscription: Subscription
    login: str
    password: str
    mac: str


@pytest.fixture(scope="module", params=[ALONE, "rest", "fast"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def radius(django_db_blocker: DjangoDbBlocker, way: str) -> Iterator[RadiusSystem]:
    with radius_system(
        unblock=django_db_blocker.unblock,
        secret=SECRET,
        path="fast" if way == "fast" else "rest",
        reaches_database=way != ALONE,
    ) as system:
        with system.database():
            services.nas(secret=SECRET)
            services.pool(mode="DYNAMIC")
            services.pool(mode="DYNAMIC", links="2001:db8:7::/48")
        yield system


def known(radius: RadiusSystem) -> Known:
    with radius.database():
        sold = services.service()
        row = RadiusDecision.objects.get(subscription=sold)
    return Known(sold, row.login, row.password, f"0200000000{sold.id % 256:02x}")


def log_in(radius: RadiusSystem, one: Known) -> Reply:
    mac = ":".join(one.mac[at : at + 2] for at in range(0, 12, 2))
    return radius.pap(one.login, one.password, f', Calling-Station-Id = "{mac}"')


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def addresses(reply: Reply) -> tuple[str | None, str | None]:
    assert reply.kind == "Access-Accept"
    assert reply.attributes["Mikrotik-Rate-Limit"] == "100M/300M"
    told = reply.attributes
    return told.get("Framed-IP-Address"), told.get("Framed-IPv6-Prefix")


def first_answer(radius: RadiusSystem, one: Known) -> tuple[str | None, str | None]:
    """From the REST group, which the server leaves alone for some seconds after an outage."""
    wait_until(lambda: log_in(radius, one).attributes.get("Session-Timeout") != "1800")
    return addresses(log_in(radius, one))


def gone_to_another(radius: RadiusSystem, one: Known) -> Known:
    """His session ended long ago, and what he had is another's."""
    other = known(radius)
    with radius.database():
        leases = IpAssignment.objects.filter(subscription=one.subscription)
        had = {str(lease.address) for lease in leases}
        pools.release(subscription_ids=[one.subscription.id], at=AT)
        # Who had it last is given it first.
        free = IpFree.objects.filter(address__in=had)
        assert free.update(last_subscription_id=other.subscription.id) == 2
    assert set(filter(None, addresses(log_in(radius, other)))) == had
    return other


def test_in_an_outage_nobody_is_given_what_is_anothers_by_then(
    radius: RadiusSystem, way: str
) -> None:
    one, owner = known(radius), known(radius)
    with radius.database():
        static.assign(
            subscription_id=owner.subscription.id,
            kind="IPV4",
            address="10.9.0.7",
            may_be_outside=True,
            at=AT,
            actor=SYSTEM,
        )
    had = first_answer(radius, one)
    assert None not in had
    assert addresses(log_in(radius, owner))[0] == "10.9.0.7"
    other = gone_to_another(radius, one)
    radius.stop_rest()
    try:
        again, kept = log_in(radius, one), addresses(log_in(radius, owner))
        assert again.attributes["Session-Timeout"] == "1800", "it is the cache's answer"
        assert kept[0] == "10.9.0.7", "his own stays his"
        if way == ALONE:
            assert addresses(again) == (None, None), "the BRAS gives one of its own"
            assert kept[1] is None
            return
        assert None not in addresses(again)
        assert not set(addresses(again)) & set(had)
        assert addresses(log_in(radius, one)) == addresses(again)
        assert addresses(log_in(radius, other)) == had
        with radius.database():
            held = IpAssignment.objects.filter(subscription=one.subscription)
            assert {(row.state, row.device) for row in held} == {("HELD", one.mac)}
            assert {str(row.address) for row in held} == set(addresses(again))
    finally:
        radius.start_rest()


def test_who_was_blocked_is_kept_out_by_the_databases_word(radius: RadiusSystem, way: str) -> None:
    one = known(radius)
    assert None not in first_answer(radius, one)
    radius.stop_rest()
    try:
        with radius.database():
            services.block(one.subscription)
        expected = "Access-Accept" if way == ALONE else "Access-Reject"
        assert log_in(radius, one).kind == expected
    finally:
        radius.start_rest()


def test_an_answer_that_the_database_cannot_finish_goes_without_the_address(
    radius: RadiusSystem,
) -> None:
    one = known(radius)
    assert None not in first_answer(radius, one)
    with radius.database(), connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION radius.lend RENAME TO lend_away")
    radius.stop_rest()
    try:
        assert addresses(log_in(radius, one)) == (None, None)
    finally:
        with radius.database(), connection.cursor() as cursor:
            cursor.execute("ALTER FUNCTION radius.lend_away RENAME TO lend")
        radius.start_rest()


def test_an_address_in_a_form_of_ones_own_is_not_remembered(radius: RadiusSystem) -> None:
    told = declarations.as_texts(SHIPPED["mikrotik"])
    told["accept_templates"] += "\nADDRESS ALWAYS Reply-Message := at {framed_ip}"
    one = known(radius)
    assert None not in first_answer(radius, one)
    with radius.database():
        edited_drivers.save(code="mikrotik", told=told, at=clock.now(), actor=SYSTEM)
    try:
        wait_until(lambda: "Reply-Message" in log_in(radius, one).attributes)
        radius.stop_rest()
        try:
            assert log_in(radius, one).kind == ""
        finally:
            radius.start_rest()
    finally:
        with radius.database():
            edited_drivers.reset(code="mikrotik", at=clock.now(), actor=SYSTEM)
