"""The availability answer held against the plant, and what is free where."""

import pytest

from coverage import operations as coverage
from coverage.answers import Answer, Reason
from coverage.models import Building, PlantPort
from coverage.plant import operations as plant
from coverage.plant import queries
from coverage.queries import answer_for_point
from tests.support import zones
from tests.support.plant import fill, node
from tests.support.zones import AT, actor, later

pytestmark = pytest.mark.django_db


def answer(house: Building, network: str = "FTTB") -> tuple[Answer, Reason, float | None]:
    lon, lat = house.point.coords
    found = answer_for_point(lon=lon, lat=lat, at=later(5), building_id=house.id)
    one = next(a for a in found if a.network_type == network)
    return one.answer, one.reason, one.distance_m


@pytest.fixture
def house() -> Building:
    return zones.building(5, 5)


@pytest.fixture
def zone_id() -> int:
    return zones.published(actor(), zones.square(0, 0), network_type="FTTB").zone_id


def test_without_plant_nothing_changes(house: Building, zone_id: int) -> None:
    assert answer(house) == (Answer.AVAILABLE, Reason.AVAILABLE, None)


def test_a_full_switch_is_no_free_port_until_one_is_freed(house: Building, zone_id: int) -> None:
    switch = node("SWITCH", 5, 5, building_id=house.id)
    assert answer(house)[1] is Reason.AVAILABLE
    fill(switch)
    assert answer(house) == (Answer.NEEDS_SURVEY, Reason.NO_FREE_PORT, None)
    PlantPort.objects.filter(node=switch, number=7).update(state="FREE")
    assert answer(house)[1] is Reason.AVAILABLE


def test_a_port_cabled_to_another_house_is_not_free_here(house: Building, zone_id: int) -> None:
    other = zones.building(6, 6)
    switch = node("SWITCH", 5, 5, building_ids=(house.id, other.id))
    switch.ports.update(building=other)
    assert answer(house)[1] is Reason.AVAILABLE, "no port of the switch is known for this house"
    fill(switch, but=1)
    switch.ports.filter(number=1).update(building=None)
    assert answer(house)[1] is Reason.NO_FREE_PORT
    assert answer(other)[1] is Reason.AVAILABLE


def test_below_what_is_out_of_service_nothing_is_free(house: Building, zone_id: int) -> None:
    above = node("SWITCH")
    node("SWITCH", 5, 5, building_id=house.id, parent_id=above.id)
    assert answer(house)[1] is Reason.AVAILABLE
    type(above).objects.filter(id=above.id).update(status="OUT_OF_SERVICE")
    assert answer(house)[1] is Reason.NO_FREE_PORT


def test_a_planned_switch_says_nothing_about_today(house: Building, zone_id: int) -> None:
    switch = node("SWITCH", 5, 5, building_id=house.id, status="PLANNED")
    fill(switch)
    assert answer(house)[1] is Reason.AVAILABLE


def test_beyond_reach_is_tech_limit_with_the_distance(house: Building, zone_id: int) -> None:
    switch = node("SWITCH", 5, 6, zone_ids=(zone_id,), reach_m=100)
    told, reason, away = answer(house)
    assert (told, reason) == (Answer.NEEDS_SURVEY, Reason.TECH_LIMIT)
    assert away == pytest.approx(111.2, abs=0.5)
    type(switch).objects.filter(id=switch.id).update(reach_m=120)
    assert answer(house)[1] is Reason.AVAILABLE


def test_a_named_house_is_served_whatever_the_distance(house: Building, zone_id: int) -> None:
    node("SWITCH", 9, 9, zone_ids=(zone_id,), reach_m=10, building_ids=(house.id,))
    assert answer(house)[1] is Reason.AVAILABLE


def test_a_pin_is_held_against_the_reach_too(zone_id: int) -> None:
    node("SWITCH", 1, 1, zone_ids=(zone_id,), reach_m=50)
    check = coverage.check_availability(
        at=later(5), channel="PUBLIC", actor=actor(),
        lon=zones.LON + 8 * zones.STEP, lat=zones.LAT + 8 * zones.STEP,
    )  # fmt: skip
    assert check.reason is Reason.TECH_LIMIT
    stored = coverage.check_availability(
        at=later(6), channel="PUBLIC", actor=actor(),
        lon=zones.LON + 1.1 * zones.STEP, lat=zones.LAT + 1.1 * zones.STEP,
    )  # fmt: skip
    assert stored.reason is Reason.AVAILABLE


def test_wiring_comes_before_reach_and_ports(house: Building, zone_id: int) -> None:
    Building.objects.filter(id=house.id).update(wiring="NOT_WIRED")
    fill(node("SWITCH", 5, 5, building_id=house.id))
    assert answer(house)[1] is Reason.BUILDING_NOT_WIRED


def test_a_surveyed_fact_comes_before_the_plant(house: Building, zone_id: int) -> None:
    fill(node("SWITCH", 5, 5, building_id=house.id))
    coverage.set_override(
        building_id=house.id, network_type="FTTB", available=True, reason="Є порт", actor=actor(),
        at=later(1),
    )  # fmt: skip
    assert answer(house) == (Answer.AVAILABLE, Reason.AVAILABLE, None)


def test_a_zone_that_is_only_planned_stays_planned(house: Building) -> None:
    zones.published(actor(), zones.square(0, 0), network_type="FTTB", status="PLANNED")
    fill(node("SWITCH", 5, 5, building_id=house.id))
    assert answer(house)[1] is Reason.PLANNED


def test_a_pon_port_serves_no_more_than_its_split_budget(house: Building) -> None:
    zones.published(actor(), zones.square(0, 0))
    olt = node("OLT", split_budget=8)
    first = node("SPLITTER", parent_id=olt.id, uplink_number=1, ratio=2)
    own = node("SPLITTER", parent_id=first.id, uplink_number=1, building_id=house.id)
    other = node("SPLITTER", parent_id=first.id, uplink_number=2)
    fill(other, but=2)
    found = queries.free_ports(building_ids=[house.id], at=later(5))[(house.id, "GPON")]
    assert (found.free, found.total) == (2, 8), "8 outlets are free, the PON port serves 2 more"
    loads = queries.loads()
    assert (loads[own.id].free, loads[other.id].free, loads[olt.id].free) == (2, 2, 2)
    fill(other)
    assert answer(house, "GPON")[1] is Reason.NO_FREE_PORT
    with pytest.raises(plant.SplitBudgetError):
        plant.set_state(
            port_id=own.ports.get(number=1).id, to_state="RESERVED", seen_state="FREE",
            actor=actor(), at=AT,
        )  # fmt: skip


def test_free_ports_of_many_buildings_is_one_statement(
    zone_id: int, django_assert_num_queries: object
) -> None:
    city = zones.locality()
    houses = [zones.building(1 + n, 1, city) for n in range(8)]
    zones.operations.rebuild_building_coverage()
    for number, house in enumerate(houses):
        fill(node("SWITCH", 1 + number, 1, building_id=house.id, capacity=4), but=number % 4)
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = queries.free_ports(building_ids=[h.id for h in houses], at=later(5))
    assert [found[(h.id, "FTTB")].free for h in houses] == [0, 1, 2, 3, 0, 1, 2, 3]


def test_the_answer_of_the_public_names_no_node(house: Building, zone_id: int) -> None:
    fill(node("SWITCH", 5, 5, building_id=house.id, name="SW-SECRET"))
    check = coverage.check_availability(
        at=later(5), channel="PUBLIC", actor=actor(), building_id=house.id
    )
    assert check.reason is Reason.NO_FREE_PORT
    assert "SECRET" not in repr(check)
