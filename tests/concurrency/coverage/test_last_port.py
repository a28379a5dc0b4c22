"""Two who take the last free port at one moment: exactly one gets it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from coverage.models import PlantNode, PlantPort
from coverage.plant import operations as plant
from coverage.plant import queries
from coverage.plant.fields import PlantFieldError
from tests.support import zones
from tests.support.plant import fill, node
from tests.support.zones import AT, actor

pytestmark = pytest.mark.django_db(transaction=True)


def together(*work: Callable[[], Any]) -> list[Any]:
    """Results or errors of these calls, all begun at one moment on connections of their own."""
    gate = Barrier(len(work))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait()
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_two_sales_and_one_port() -> None:
    house = zones.building(1, 1)
    fill(node("SWITCH", 1, 1, building_id=house.id), but=1)
    place = queries.Place(
        lon=house.point.x, lat=house.point.y, network_type="FTTB", building_id=house.id
    )

    def take(ref: int) -> Any:
        return plant.take_port(
            place=place, premise_id=None, subscription_ref=ref, state="IN_USE",
            actor=actor(), at=AT,
        )  # fmt: skip

    results = together(*(lambda ref=ref: take(ref) for ref in range(1, 5)))
    assert all(isinstance(one, plant.Taken) for one in results), results
    assert sum(one.port_id is not None for one in results) == 1
    assert PlantPort.objects.filter(subscription_ref__isnull=False).count() == 1


def test_two_operators_and_one_port() -> None:
    house = zones.building(1, 1)
    port = node("SWITCH", 1, 1, building_id=house.id).ports.get(number=1)

    def assign(ref: int) -> Any:
        return plant.assign_port(
            port_id=port.id, subscription_ref=ref, building_id=house.id, premise_id=None,
            network_type="FTTB", actor=actor(), at=AT,
        )  # fmt: skip

    results = together(lambda: assign(1), lambda: assign(2))
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "PortTakenError"]


def test_two_splitters_and_the_last_client_of_a_pon_port() -> None:
    olt = node("OLT", split_budget=8)
    head = node("SPLITTER", parent_id=olt.id, uplink_number=1, ratio=2)
    left = node("SPLITTER", parent_id=head.id, uplink_number=1)
    right = node("SPLITTER", parent_id=head.id, uplink_number=2)
    fill(left, but=1)

    def reserve(of: PlantNode) -> Any:
        port_id = of.ports.get(number=8).id
        return plant.set_state(
            port_id=port_id, to_state="RESERVED", seen_state="FREE", actor=actor(), at=AT
        )

    results = together(lambda: reserve(left), lambda: reserve(right))
    assert sorted(type(one).__name__ for one in results) == ["NoneType", "SplitBudgetError"]


def test_two_who_turn_links_round_make_no_ring() -> None:
    first, second = node("SWITCH"), node("SWITCH")

    def hang(what: PlantNode, on: PlantNode) -> Any:
        fields = queries.fields_of(PlantNode.objects.get(id=what.id))
        return plant.edit_node(
            node_id=what.id, base_revision=1, actor=actor(), at=AT,
            fields=plant.NodeFields(**{
                name: getattr(fields, name) for name in fields.__slots__
            } | {"parent_id": on.id}),
        )  # fmt: skip

    results = together(lambda: hang(first, second), lambda: hang(second, first))
    assert sum(isinstance(one, PlantFieldError) for one in results) == 1, results
