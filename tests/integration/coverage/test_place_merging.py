"""Two records of one building become one, and nothing that hung on the duplicate is lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps

from billing.models import Subscription
from coverage import operations as coverage
from coverage.availability import answer_for_point
from coverage.lookup import match_address
from coverage.models import (
    AvailabilityCheck,
    Building,
    BuildingCoverage,
    CoverageOverride,
    Premise,
)
from coverage.overrides import building_state, in_force, set_override
from coverage.placing import movers, operations, queries
from coverage.placing.guards import ConfirmNeededError, PlaceGoneError, StalePlaceError
from coverage.placing.history import CannotUndoError
from coverage.placing.merging import LeftBehindError
from crm import requests as crm
from crm.models import ConnectionRequest
from project.core import clock
from project.core.actor import SYSTEM
from project.core.models import AuditEntry
from tests.support.billing import START, moment, small_world
from tests.support.places import city, house, street
from tests.support.zones import actor, later, planner

pytestmark = pytest.mark.django_db


@pytest.fixture
def who():
    return actor(planner())


def merge(loser, winner, who, *, at=None, **options):
    loser, winner = (Building.objects.get(id=b.id) for b in (loser, winner))
    return operations.merge_buildings(
        loser_id=loser.id,
        winner_id=winner.id,
        loser_revision=options.pop("loser_revision", loser.revision),
        winner_revision=winner.revision,
        actor=who,
        at=at or later(60),
        **options,
    )


@pytest.fixture
def twins():
    """A house with everything on it, and a bare duplicate five metres away."""
    world = small_world()
    buchmy = street(world.city)
    winner = house(buchmy, "42Б", 5.05, 5)
    loser = house(street(world.city, "вулиця Валентинівська"), "1", 5, 5, flats=36)
    world.building = loser
    return world, winner, loser


def furnish(world: Any, loser: Building) -> dict[str, Any]:
    tariff = world.tariff()
    account = world.account(kopecks=50_000)
    sold = world.sell(account, tariff, START, unit="12")
    check = coverage.check_availability(
        at=moment(START, 10), channel="PUBLIC", actor=SYSTEM, building_id=loser.id
    )
    request = crm.file_request(
        at=moment(START, 10),
        on_date=START,
        actor=SYSTEM,
        check_public_id=check.public_id,
        contact_name="Оксана",
        contact_phone="0671234567",
    )
    note = set_override(
        building_id=loser.id,
        network_type="FTTB",
        available=True,
        reason="кабель є",
        actor=SYSTEM,
        at=moment(START, 10),
    )
    return {"sold": sold, "check": check.check_id, "request": request.number, "note": note}


def test_services_requests_checks_notes_premises_and_addresses_all_move(twins, who):
    world, winner, loser = twins
    hung = furnish(world, loser)
    Premise.objects.create(building=winner, unit="12", entrance="1")
    at = moment(START, 15)
    done = merge(loser, winner, who, at=at)
    sold = Subscription.objects.get(id=hung["sold"])
    assert sold.building_id == winner.id
    assert (sold.premise.building_id, sold.premise.entrance) == (winner.id, "1")
    assert AvailabilityCheck.objects.get(id=hung["check"]).building_id == winner.id
    assert ConnectionRequest.objects.get(number=hung["request"]).building_id == winner.id
    assert CoverageOverride.objects.get(id=hung["note"]).building_id == winner.id
    assert done.premises_joined == ["12"]
    assert {line["name"]: line["count"] for line in done.moved} == {
        "services": 1,
        "requests": 1,
        "checks": 2,
        "overrides": 1,
    }
    winner.refresh_from_db()
    assert winner.flats == 36  # the winner did not know
    assert match_address(text="Харків, вулиця Валентинівська, 1").building_id == winner.id
    assert match_address(text="Харків, вулиця Бучми, 42Б").building_id == winner.id
    assert BuildingCoverage.objects.filter(building=loser).count() == 0
    assert BuildingCoverage.objects.filter(building=winner).count() == 2
    assert not movers.held_at(building_id=loser.id)


def test_the_old_id_is_answered_with_the_building_that_stayed(twins, who):
    world, winner, loser = twins
    furnish(world, loser)
    at = moment(START, 15)
    merge(loser, winner, who, at=at)
    later_at = moment(START, 16)
    assert queries.resolve(building_id=loser.id) == winner.id
    found = coverage.check_availability(
        at=later_at, channel="OPERATOR", actor=SYSTEM, building_id=loser.id
    )
    assert found.building_id == winner.id
    lon, lat = winner.point.coords
    answers = answer_for_point(lon=lon, lat=lat, at=later_at, building_id=loser.id)
    assert {a.network_type: a.answer.value for a in answers}["FTTB"] == "AVAILABLE"  # the note
    assert building_state(building_id=loser.id, at=later_at)["building_id"] == winner.id
    # A page that still holds the old id sells at the building that stayed.
    second = world.sell(
        world.account(kopecks=50_000),
        world.tariff(),
        START,
        hour=17,
        unit="13",
        check_id=found.check_id,
    )
    assert Subscription.objects.get(id=second).building_id == winner.id


def test_a_row_written_for_the_duplicate_after_the_merge_lands_at_the_winner(twins, who):
    _world, winner, loser = twins
    check = coverage.check_availability(
        at=moment(START, 10), channel="PUBLIC", actor=SYSTEM, building_id=loser.id
    )
    merge(loser, winner, who, at=moment(START, 15))
    row = AvailabilityCheck.objects.get(id=check.check_id)
    row.pk, row.public_id, row.building_id = None, "0" * 32, loser.id
    row.save(force_insert=True)
    row.refresh_from_db()
    assert row.building_id == winner.id


def test_a_dry_run_tells_what_will_move_and_moves_nothing(twins, who):
    world, winner, loser = twins
    hung = furnish(world, loser)
    at = moment(START, 15)
    told = merge(loser, winner, who, at=at, dry_run=True)
    assert {line["name"] for line in told.moved} == {
        "services",
        "requests",
        "checks",
        "premises",
        "overrides",
    }
    assert Subscription.objects.get(id=hung["sold"]).building_id == loser.id
    assert not Building.objects.filter(merged_into__isnull=False).exists()
    assert not AuditEntry.objects.filter(action="coverage.building.merged").exists()
    done = merge(loser, winner, who, at=at)
    assert done.moved == told.moved


@pytest.mark.parametrize("last_date", [None, clock.today(later(1)) + timedelta(days=30)])
def test_of_two_notes_on_one_network_the_winner_s_holds_and_the_other_is_kept(who, last_date):
    buchmy = street(city())
    winner, loser = house(buchmy, "5", 5, 5), house(buchmy, "5А", 5.05, 5)
    for building, available in ((winner, True), (loser, False)):
        set_override(
            building_id=building.id,
            network_type="GPON",
            available=available,
            reason="обстежено",
            actor=who,
            at=later(1),
            last_date=None if available else last_date,
        )
    done = merge(loser, winner, who, at=later(9))
    assert done.overrides_ended == 1
    assert [row["building_id"] for row in in_force(at=later(10))] == [winner.id]
    state = building_state(building_id=winner.id, at=later(10))
    assert [(row["available"], row["valid_until"] is None) for row in state["overrides"]] in (
        [(True, True), (False, False)],
        [(False, False), (True, True)],
    )
    assert {a["network_type"]: a["answer"] for a in state["answers"]} == {"GPON": "AVAILABLE"}


def test_merging_again_changes_nothing_and_a_chain_resolves_in_one_step(who):
    buchmy = street(city())
    a, b, c = (house(buchmy, number, 5 + n / 50, 5) for n, number in enumerate(["5", "5А", "5Б"]))
    merge(a, b, who)
    entries = AuditEntry.objects.count()
    assert merge(a, b, who).already
    assert AuditEntry.objects.count() == entries
    merge(b, c, who)
    assert queries.resolve(building_id=a.id) == queries.resolve(building_id=b.id) == c.id
    a.refresh_from_db()
    assert a.merged_into_id == c.id
    c.refresh_from_db()
    found = queries.building_card(building_id=c.id)["other_addresses"]
    assert {address["number"] for address in found} == {"5", "5А"}


def test_houses_far_apart_or_of_other_numbers_must_be_confirmed(who):
    buchmy = street(city())
    a, b = house(buchmy, "5", 5, 5), house(buchmy, "7", 9, 5)
    with pytest.raises(ConfirmNeededError) as asked:
        merge(a, b, who)
    codes = [w["code"] for w in asked.value.context["warnings"]]
    assert codes == ["far_apart", "other_number"]
    merge(a, b, who, confirmed=True, keep_address=False)
    assert match_address(text="Харків, вулиця Бучми, 5").building_id is None


def test_a_stale_merge_is_refused_and_a_merged_house_can_not_be_touched(who):
    buchmy = street(city())
    a, b = house(buchmy, "5", 5, 5), house(buchmy, "5А", 5.05, 5)
    with pytest.raises(StalePlaceError):
        merge(a, b, who, loser_revision=7)
    merge(a, b, who)
    with pytest.raises(PlaceGoneError):
        operations.change_building(
            building_id=a.id, base_revision=2, changes={"flats": 1}, actor=who, at=later(70)
        )
    with pytest.raises(CannotUndoError):
        operations.undo_building(building_id=b.id, base_revision=2, actor=who, at=later(70))
    history = queries.building_history(building_id=b.id)
    assert [entry["action"] for entry in history["entries"]] == [
        "building.took_over",
        "building.merged",
    ]
    assert history["entries"][0]["before"]["loser"]["number"] == "5"


def test_every_foreign_key_to_a_building_or_a_premise_has_its_mover():
    """A new one needs a line in project/wiring.py: `movers.register(Pointers(…))`."""
    assert [f"{model._meta.label}.{field}" for model, field in movers.unclaimed()] == []
    labels = {model._meta.label for model, _field in movers.pointing_here()}
    assert {"billing.Subscription", "crm.ConnectionRequest"} <= labels
    assert apps.is_installed("billing")


def test_a_relation_that_nobody_moves_stops_the_merge(twins, who):
    world, winner, loser = twins
    world.sell(world.account(kopecks=50_000), world.tariff(), START)
    mover = next(m for m in movers.registered() if m.name == "services")
    movers.unregister("services")
    try:
        with pytest.raises(LeftBehindError) as refused:
            merge(loser, winner, who, at=moment(START, 15))
    finally:
        movers.register(mover)
    assert "billing.Subscription.building" in refused.value.context["relations"]
    assert Building.objects.get(id=loser.id).merged_into_id is None
