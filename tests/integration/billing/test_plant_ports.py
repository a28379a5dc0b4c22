"""A sale takes a port of the plant, the end of the service gives it back."""

from datetime import date, timedelta

import pytest

from billing.subscriptions import operations as subscriptions
from coverage.models import PlantPort, Premise
from coverage.plant import operations as plant
from tests.support.billing import CASHIER, World, moment, small_world
from tests.support.plant import fill, node

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)


@pytest.fixture
def world() -> World:
    return small_world()


def port_of(subscription_id: int) -> PlantPort | None:
    return PlantPort.objects.filter(subscription_ref=subscription_id).first()


def test_a_sale_takes_the_first_free_port_and_its_end_gives_it_back(world: World) -> None:
    splitter = node("SPLITTER", 5, 5, building_id=world.building.id)
    fill(splitter, but=6)
    sold = world.sell(world.account(kopecks=100_000), world.tariff(), DAY)
    port = port_of(sold)
    assert port is not None
    assert (port.number, port.state, port.building_id) == (3, "IN_USE", world.building.id)
    assert port.premise is not None
    assert port.premise.unit == "12"
    subscriptions.terminate(at=moment(DAY, 15), on_date=DAY, actor=CASHIER, subscription_id=sold)
    port.refresh_from_db()
    assert (port.state, port.subscription_ref, port.premise.unit) == ("FREE", None, "12")


def test_the_next_tenant_of_a_flat_gets_the_port_that_is_cabled_to_it(world: World) -> None:
    splitter = node("SPLITTER", 5, 5, building_id=world.building.id)
    flat = Premise.objects.create(building=world.building, unit="12")
    splitter.ports.filter(number=5).update(building=world.building, premise=flat)
    sold = world.sell(world.account(kopecks=100_000), world.tariff(), DAY)
    found = port_of(sold)
    assert found is not None
    assert found.number == 5


def test_where_no_plant_is_known_nothing_is_taken(world: World) -> None:
    sold = world.sell(world.account(kopecks=100_000), world.tariff(), DAY)
    assert port_of(sold) is None


def test_no_free_port_no_sale_unless_it_is_reserved_for_the_flat(world: World) -> None:
    splitter = node("SPLITTER", 5, 5, building_id=world.building.id)
    fill(splitter, but=1)
    last = splitter.ports.get(number=8)
    plant.set_state(
        port_id=last.id, to_state="RESERVED", seen_state="FREE", actor=CASHIER,
        at=moment(DAY, 8), building_id=world.building.id, unit="44",
    )  # fmt: skip
    account, tariff = world.account(kopecks=100_000), world.tariff()
    with pytest.raises(subscriptions.NoCoverageError):
        world.sell(account, tariff, DAY, unit="12")
    sold = world.sell(account, tariff, DAY, unit="44")
    found = port_of(sold)
    assert found is not None
    assert (found.id, found.state) == (last.id, "IN_USE")


def test_a_sale_permitted_without_coverage_goes_without_a_port(world: World) -> None:
    fill(node("SPLITTER", 5, 5, building_id=world.building.id))
    sold = world.sell(
        world.account(kopecks=100_000), world.tariff(), DAY, may_uncovered=True,
        uncovered_reason="Порт додадуть завтра",
    )  # fmt: skip
    assert port_of(sold) is None


def test_a_port_of_a_service_that_is_not_active_yet_is_reserved(world: World) -> None:
    node("SPLITTER", 5, 5, building_id=world.building.id)
    sold = world.sell(
        world.account(kopecks=100_000), world.tariff(), DAY, activate=False, charge=False
    )
    found = port_of(sold)
    assert found is not None
    assert found.state == "RESERVED"
    subscriptions.activate(
        at=moment(DAY, 15), on_date=DAY + timedelta(days=1), actor=CASHIER, subscription_id=sold
    )
    found.refresh_from_db()
    assert found.state == "IN_USE"


def test_an_operator_puts_a_service_on_another_port(world: World) -> None:
    splitter = node("SPLITTER", 5, 5, building_id=world.building.id)
    first = world.sell(world.account(kopecks=100_000), world.tariff(), DAY)
    second = world.sell(world.account(kopecks=100_000), world.tariff(), DAY, unit="13")
    free = splitter.ports.get(number=7)
    at = moment(DAY, 16)
    subscriptions.assign_port(subscription_id=first, port_id=free.id, actor=CASHIER, at=at)
    moved = port_of(first)
    assert moved is not None
    assert moved.number == 7
    assert splitter.ports.get(number=1).state == "FREE"
    taken = port_of(second)
    assert taken is not None
    with pytest.raises(plant.PortTakenError):
        subscriptions.assign_port(subscription_id=first, port_id=taken.id, actor=CASHIER, at=at)
    other = node("SWITCH", 5, 5)
    with pytest.raises(plant.PlantFieldError):
        subscriptions.assign_port(
            subscription_id=first, port_id=other.ports.get(number=1).id, actor=CASHIER, at=at
        )
    assert subscriptions.release_port(subscription_id=first, actor=CASHIER, at=at)
    assert not subscriptions.release_port(subscription_id=first, actor=CASHIER, at=at)
    subscriptions.terminate(at=at, on_date=DAY, actor=CASHIER, subscription_id=first)
    with pytest.raises(subscriptions.NoPortForServiceError):
        subscriptions.assign_port(subscription_id=first, port_id=free.id, actor=CASHIER, at=at)
