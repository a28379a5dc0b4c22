"""Subscribers outside every zone: what the planner's standing list and a publication tell."""

from datetime import date

import pytest

from billing.place_counts import ActiveServices
from billing.standing_rules import SubscriberOutsideZones
from coverage import operations as coverage
from coverage.models import Zone
from tests.support.billing import CASHIER, World, moment

DAY = date(2026, 11, 10)


@pytest.fixture(autouse=True)
def _covered(world: World) -> None:
    """The world's houses came after its zones; an importer would do this."""
    coverage.rebuild_building_coverage()


def test_services_in_a_zone_break_no_rule_and_are_counted(world: World) -> None:
    account = world.account(kopecks=100_000)
    main = world.sell(account, world.tariff(), DAY)
    world.sell(account, world.tariff(service_type="RENT"), DAY, parent_id=main)
    assert SubscriberOutsideZones().find(at=moment(DAY, 15), limit=10) == (0, [])
    building = world.building.id
    count = ActiveServices().by_building
    at = moment(DAY, 15)
    assert count(building_ids=[building], network_type="GPON", at=at) == {building: 1}
    assert count(building_ids=[building], network_type="", at=at) == {building: 1}
    assert count(building_ids=[building], network_type="FTTB", at=at) == {}


def test_a_retired_zone_leaves_its_subscribers_outside(world: World) -> None:
    world.sell(world.account(kopecks=100_000), world.tariff(), DAY)
    revision = Zone.objects.get(id=world.zone_id).revision
    done = coverage.retire(
        zone_id=world.zone_id, base_revision=revision, actor=CASHIER, at=moment(DAY, 16)
    )
    assert [breach["name"] for breach in done.impact["invariants"]] == ["subscriber_outside_zones"]
    rule = SubscriberOutsideZones()
    total, (violation,) = rule.find(at=moment(DAY, 17), limit=10)
    assert (total, violation.building_id) == (1, world.building.id)
    assert rule.find(at=moment(DAY, 15), limit=10)[0] == 0, "the map of that day covered it"
    assert list(rule.among(at=moment(DAY, 17), building_ids=[world.outside.id])) == []


def test_a_survey_that_says_available_is_enough(world: World) -> None:
    world.sell(world.account(kopecks=100_000), world.tariff(), DAY)
    coverage.set_override(
        building_id=world.building.id,
        network_type="GPON",
        available=True,
        reason="муфта на даху",
        actor=CASHIER,
        at=moment(DAY, 12),
    )
    revision = Zone.objects.get(id=world.zone_id).revision
    coverage.retire(
        zone_id=world.zone_id, base_revision=revision, actor=CASHIER, at=moment(DAY, 16)
    )
    assert SubscriberOutsideZones().find(at=moment(DAY, 17), limit=10)[0] == 0
