"""Planners who change the same places at once; a sale while its building is being merged."""

from functools import partial

import pytest

from billing.models import Subscription
from coverage.models import AvailabilityCheck, Building, Premise
from coverage.operations import check_availability
from coverage.placing import operations
from project.core.actor import SYSTEM
from project.core.errors import DomainError
from tests.concurrency.coverage.test_zone_publishers import at_once, errors
from tests.support.billing import START, moment, small_world
from tests.support.places import city, house, street
from tests.support.zones import LAT, LON, actor, later, planner

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_planners_who_move_one_pin_one_is_told():
    building = house(street(city()), "5")
    people = [actor(planner()) for _ in range(3)]
    jobs = [
        partial(
            operations.change_building,
            building_id=building.id,
            base_revision=1,
            changes={"lon": LON + number / 10_000, "lat": LAT},
            actor=who,
            at=later(number),
            confirmed=True,
        )
        for number, who in enumerate(people)
    ]
    assert errors(at_once(*jobs)) == ["stale_revision"] * 2
    assert Building.objects.get(id=building.id).revision == 2


def test_of_two_planners_who_give_one_address_one_gets_it():
    of = street(city())
    people = [actor(planner()) for _ in range(3)]
    jobs = [
        partial(
            operations.create_building,
            lon=LON + number / 10_000,
            lat=LAT,
            values={"street_id": of.id, "number": "5"},
            actor=who,
            at=later(number),
            confirmed=True,
        )
        for number, who in enumerate(people)
    ]
    assert errors(at_once(*jobs)) == ["address_taken"] * 2
    assert Building.objects.filter(street=of, number="5").count() == 1


def test_two_who_merge_a_pair_in_both_directions_end_with_one_building():
    for attempt in range(4):
        of = street(city())
        one, other = house(of, "5"), house(of, "5А", 5.02)
        people = [actor(planner()) for _ in range(2)]
        jobs = [
            partial(
                operations.merge_buildings,
                loser_id=loser.id,
                winner_id=winner.id,
                loser_revision=1,
                winner_revision=1,
                actor=who,
                at=later(attempt),
                confirmed=True,
            )
            for who, (loser, winner) in zip(people, [(one, other), (other, one)], strict=True)
        ]
        results = at_once(*jobs)
        assert len(errors(results)) == 1
        left = Building.objects.filter(id__in=[one.id, other.id], retired_at=None)
        assert left.count() == 1
        gone = Building.objects.get(id__in=[one.id, other.id], retired_at__isnull=False)
        assert gone.merged_into_id == left.get().id


def test_a_move_and_a_merge_of_one_house_never_mix():
    of = street(city())
    one, other = house(of, "5"), house(of, "5А", 5.02)
    who = actor(planner())
    results = at_once(
        partial(
            operations.change_building,
            building_id=one.id,
            base_revision=1,
            changes={"flats": 12},
            actor=who,
            at=later(1),
        ),
        partial(
            operations.merge_buildings,
            loser_id=one.id,
            winner_id=other.id,
            loser_revision=1,
            winner_revision=1,
            actor=who,
            at=later(1),
            confirmed=True,
        ),
    )
    assert len(errors(results)) == 1
    merged = Building.objects.get(id=one.id)
    assert (merged.flats == 12) == (merged.merged_into_id is None)


def test_sales_and_checks_during_a_merge_land_at_the_building_that_stays():
    world = small_world()
    for attempt in range(3):
        of = street(world.city, f"вулиця Лісова {attempt + 1}-а")
        loser, winner = house(of, "5", 5, 5), house(of, "5А", 5.02, 5)
        tariff = world.tariff()
        accounts = [world.account(kopecks=50_000) for _ in range(2)]
        checks = [world.check(loser.id, moment(START, 10)) for _ in accounts]
        results = at_once(
            partial(
                operations.merge_buildings,
                loser_id=loser.id,
                winner_id=winner.id,
                loser_revision=1,
                winner_revision=1,
                actor=SYSTEM,
                at=moment(START, 12),
                confirmed=True,
            ),
            *(
                partial(
                    world.sell,
                    account,
                    tariff,
                    START,
                    unit=str(number),
                    building_id=loser.id,
                    check_id=check,
                )
                for number, (account, check) in enumerate(zip(accounts, checks, strict=True))
            ),
            *(
                partial(
                    check_availability,
                    at=moment(START, 13),
                    channel="PUBLIC",
                    actor=SYSTEM,
                    building_id=loser.id,
                )
                for _ in range(3)
            ),
        )
        assert [result for result in results if isinstance(result, DomainError)] == []
        assert Building.objects.get(id=loser.id).merged_into_id == winner.id
        assert not Subscription.objects.filter(building_id=loser.id).exists()
        assert not Subscription.objects.filter(premise__building_id=loser.id).exists()
        assert not AvailabilityCheck.objects.filter(building_id=loser.id).exists()
        assert Subscription.objects.filter(building_id=winner.id).count() == 2
        assert Premise.objects.filter(building_id=winner.id, retired_at=None).count() == 2
