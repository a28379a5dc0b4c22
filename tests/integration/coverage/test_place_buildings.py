"""Buildings made, moved, edited, retired and brought back by a planner, with history and undo."""

import pytest
from django.contrib.gis.geos import LineString, MultiLineString, MultiPolygon, Polygon

from coverage.availability import answer_for_point
from coverage.lookup import match_address
from coverage.models import Building, BuildingCoverage, MapChange
from coverage.placing import operations, queries
from coverage.placing.addressing import AddressTakenError
from coverage.placing.guards import (
    BadPlaceError,
    ConfirmNeededError,
    PlaceGoneError,
    PlaceInUseError,
    StalePlaceError,
    UnknownPlaceError,
)
from coverage.placing.history import CannotUndoError
from coverage.zoning import covering
from project.core.errors import DomainError
from project.core.models import AuditEntry, OutboxEvent
from tests.support.billing import START, moment, small_world
from tests.support.places import city, house, street
from tests.support.zones import LAT, LON, STEP, actor, later, planner, published, square

pytestmark = pytest.mark.django_db


@pytest.fixture
def who():
    return actor(planner())


@pytest.fixture
def buchmy():
    return street(city())


def place(x, y):
    return {"lon": LON + x * STEP, "lat": LAT + y * STEP}


def create(who, x=5.0, y=5.0, at=None, **values):
    return operations.create_building(
        **place(x, y), values=values, actor=who, at=at or later(5), confirmed=True
    )


def change(who, building, at=None, confirmed=False, **changes):
    building = Building.objects.get(id=building if isinstance(building, int) else building.id)
    return operations.change_building(
        building_id=building.id,
        base_revision=building.revision,
        changes=changes,
        actor=who,
        at=at or later(10),
        confirmed=confirmed,
    )


def covered(building_id):
    return BuildingCoverage.objects.filter(building_id=building_id).count()


def test_a_new_house_is_found_by_its_address_and_covered_at_once(who, buchmy):
    published(who, square(0, 0))
    done = create(who, street_id=buchmy.id, number="42-б", flats=36, wiring="WIRED")
    assert done.state["number"] == "42Б"
    assert done.state["label"] == "вулиця Бучми, 42Б"
    assert done.state["revision"] == 1
    assert match_address(text="Харків, вул. Бучми 42б").building_id == done.building_id
    assert covered(done.building_id) == 1
    answers = answer_for_point(**place(5, 5), at=later(6), building_id=done.building_id)
    assert [answer.answer.value for answer in answers] == ["AVAILABLE"]
    entry = AuditEntry.objects.get(action="coverage.building.created")
    assert entry.object_id == str(done.building_id)
    assert entry.after["number"] == "42Б"
    assert OutboxEvent.objects.filter(topic="coverage.place_changed").count() == 1


def test_a_taken_address_is_refused_with_the_other_house_shown(who, buchmy):
    other = house(buchmy, "12А", 5, 5)
    with pytest.raises(AddressTakenError) as refused:
        create(who, 6, 5, street_id=buchmy.id, number="12-а")
    shown = refused.value.context["building"]
    assert shown["building_id"] == other.id
    assert shown["label"] == "вулиця Бучми, 12А"
    corner = create(
        who,
        7,
        5,
        street_id=buchmy.id,
        number="14",
        other_addresses=[
            {"street_id": street(buchmy.locality, "вулиця Валентинівська").id, "number": "1"}
        ],
    )
    side = corner.state["other_addresses"][0]["street_id"]
    with pytest.raises(AddressTakenError):  # a further address is an address too
        create(who, 8, 5, street_id=side, number="1")


@pytest.mark.parametrize(
    "values",
    [
        {"number": "16-22"},
        {"number": "18.янв"},
        {"number": "хата"},
        {"flats": -1},
        {"levels": 10**30},
        {"wiring": "MAYBE"},
        {"access_note": "x" * 301},
        {"kind": "a\x00b"},
    ],
)
def test_wrong_values_are_told_by_their_field_and_nothing_is_made(who, buchmy, values):
    with pytest.raises(DomainError):
        create(who, street_id=buchmy.id, **values)
    assert not Building.objects.exists()


def test_a_moved_pin_moves_its_coverage_and_the_version_of_the_map(who, buchmy):
    published(who, square(0, 0))
    building = house(buchmy, "5", 12, 5)
    before = set(MapChange.objects.values_list("id", flat=True))
    done = change(who, building, **place(9, 5))
    assert covered(building.id) == 1
    assert [note.code for note in done.notes] == ["zone_entered"]
    assert done.state["location_source"] == "PIN"
    assert set(MapChange.objects.values_list("id", flat=True)) - before or before
    history = queries.building_history(building_id=building.id)
    assert history["entries"][0]["action"] == "building.moved"
    assert history["entries"][0]["before"]["lon"] == pytest.approx(LON + 12 * STEP)


def test_a_pin_dragged_far_must_be_confirmed(who, buchmy):
    building = house(buchmy, "5", 0, 0)
    with pytest.raises(ConfirmNeededError) as asked:
        change(who, building, **place(50, 0))
    assert [w["code"] for w in asked.value.context["warnings"]] == ["far_move"]
    building.refresh_from_db()
    assert building.revision == 1
    change(who, building, confirmed=True, **place(50, 0))
    building.refresh_from_db()
    assert building.point.x == pytest.approx(LON + 50 * STEP)


def test_a_pin_outside_its_settlement_must_be_confirmed(who, buchmy):
    unit = buchmy.locality
    unit.geom = MultiPolygon(Polygon.from_bbox((LON, LAT, LON + 10 * STEP, LAT + 10 * STEP)))
    unit.save()
    building = house(buchmy, "5", 9, 5)
    with pytest.raises(ConfirmNeededError) as asked:
        change(who, building, **place(12, 5))
    assert [w["code"] for w in asked.value.context["warnings"]] == ["building_outside_place"]


def test_leaving_a_zone_with_services_says_whom_it_hits_before_it_happens(who):
    world = small_world()
    world.sell(world.account(kopecks=50_000), world.tariff(), START)
    covering.rebuild()
    at = moment(START, 15)
    with pytest.raises(ConfirmNeededError) as asked:
        change(who, world.building, at=at, **place(10.5, 5))
    texts = [w["text"] for w in asked.value.context["warnings"]]
    assert any("1" in text and "Зона" in text for text in texts), texts
    assert covered(world.building.id) == 2
    change(who, world.building, at=at, confirmed=True, **place(10.5, 5))
    assert covered(world.building.id) == 0


def test_an_outline_that_is_not_under_the_pin_goes_and_comes_back_with_undo(who, buchmy):
    outline = MultiPolygon(
        Polygon.from_bbox((LON + 4.9 * STEP, LAT + 4.9 * STEP, LON + 5.1 * STEP, LAT + 5.1 * STEP))
    )
    building = house(buchmy, "5", 5, 5, footprint=outline)
    assert change(who, building, **place(5.05, 5.05)).state["has_outline"]
    done = change(who, building, **place(6, 5))
    assert not done.state["has_outline"]
    operations.undo_building(
        building_id=building.id, base_revision=done.state["revision"], actor=who, at=later(20)
    )
    building.refresh_from_db()
    assert building.footprint is not None
    assert building.footprint.equals_exact(outline, 1e-9)
    assert building.point.x == pytest.approx(LON + 5.05 * STEP)


def test_a_stale_write_is_told_the_present_state_and_changes_nothing(who, buchmy):
    building = house(buchmy, "5")
    change(who, building, flats=20)
    with pytest.raises(StalePlaceError) as stale:
        operations.change_building(
            building_id=building.id, base_revision=1, changes={"flats": 30}, actor=who, at=later(9)
        )
    assert stale.value.http_status == 412
    assert stale.value.context["current"]["flats"] == 20
    assert stale.value.context["current"]["revision"] == 2
    building.refresh_from_db()
    assert building.flats == 20


def test_a_change_that_changes_nothing_leaves_no_trace(who, buchmy):
    building = house(buchmy, "5", flats=20)
    done = change(who, building, flats=20, number="5", **place(5, 5))
    assert done.state["revision"] == 1
    assert not AuditEntry.objects.filter(action__startswith="coverage.building").exists()


def test_a_retired_house_frees_its_address_and_comes_back_when_it_is_free(who, buchmy):
    building = house(buchmy, "5")
    operations.retire_building(
        building_id=building.id, base_revision=1, actor=who, at=later(1), reason="знесено"
    )
    assert match_address(text="Харків, вулиця Бучми, 5").building_id is None
    other = create(who, 6, 6, street_id=buchmy.id, number="5")
    with pytest.raises(AddressTakenError):
        operations.bring_back_building(
            building_id=building.id, base_revision=2, actor=who, at=later(8)
        )
    operations.retire_building(
        building_id=other.building_id, base_revision=1, actor=who, at=later(9)
    )
    operations.bring_back_building(
        building_id=building.id, base_revision=2, actor=who, at=later(10)
    )
    assert match_address(text="Харків, вулиця Бучми, 5").building_id == building.id
    with pytest.raises(PlaceGoneError):
        operations.bring_back_building(
            building_id=building.id, base_revision=3, actor=who, at=later(11)
        )


def test_a_house_with_a_service_can_not_be_taken_away(who):
    world = small_world()
    world.sell(world.account(kopecks=50_000), world.tariff(), START)
    with pytest.raises(PlaceInUseError) as refused:
        operations.retire_building(
            building_id=world.building.id, base_revision=1, actor=who, at=later(5)
        )
    assert refused.value.context["held"][0]["living"] == 1


def test_undo_takes_back_the_last_change_only_while_nothing_else_came(who, buchmy):
    building = house(buchmy, "5", flats=10)
    change(who, building, number="7", flats=12)
    assert queries.building_history(building_id=building.id)["undo"]["allowed"]
    done = operations.undo_building(
        building_id=building.id, base_revision=2, actor=who, at=later(12)
    )
    assert (done.state["number"], done.state["flats"]) == ("5", 10)
    with pytest.raises(CannotUndoError):  # the undo itself is the last change now
        operations.undo_building(building_id=building.id, base_revision=3, actor=who, at=later(13))
    change(who, building, flats=14)
    Building.objects.filter(id=building.id).update(flats=99)  # an import came
    assert not queries.building_history(building_id=building.id)["undo"]["allowed"]
    with pytest.raises(CannotUndoError):
        operations.undo_building(building_id=building.id, base_revision=4, actor=who, at=later(15))


def test_undo_of_a_new_house_retires_it_and_of_a_retired_one_brings_all_back(who, buchmy):
    side = street(buchmy.locality, "вулиця Валентинівська")
    done = create(
        who,
        street_id=buchmy.id,
        number="14",
        other_addresses=[{"street_id": side.id, "number": "1"}],
    )
    undone = operations.undo_building(
        building_id=done.building_id, base_revision=1, actor=who, at=later(6)
    )
    assert undone.state["retired"]
    back = operations.undo_building(
        building_id=done.building_id, base_revision=2, actor=who, at=later(7)
    )
    assert not back.state["retired"]
    assert back.state["other_addresses"][0]["number"] == "1"


def test_undo_is_refused_when_the_old_address_is_taken_meanwhile(who, buchmy):
    building = house(buchmy, "5")
    change(who, building, number="7")
    create(who, 6, 6, street_id=buchmy.id, number="5")
    with pytest.raises(AddressTakenError):
        operations.undo_building(building_id=building.id, base_revision=2, actor=who, at=later(12))


def test_a_house_without_a_street_needs_a_known_settlement(who):
    with pytest.raises(BadPlaceError):
        create(who, 5, 5)
    with pytest.raises(UnknownPlaceError):
        create(who, 5, 5, street_id=10**9, number="1")


def test_the_guess_names_the_street_and_fills_the_gap_between_neighbours(who, buchmy):
    for number, x in (("10", 0), ("12", 1), ("16", 2), ("11", 0.5)):
        house(buchmy, number, x, 5)
    guess = queries.guess_address(**place(1.6, 5))
    assert [found.street_id for found in guess] == [buchmy.id]
    assert guess[0].number == "14"
    assert queries.next_number(street_id=buchmy.id, **place(3, 5)) == "14"
    assert queries.guess_address(**place(60, 60)) == []


def test_the_guess_keeps_to_its_side_of_the_street(who, buchmy):
    buchmy.geom = MultiLineString(
        LineString((LON, LAT + 5 * STEP), (LON + 10 * STEP, LAT + 5 * STEP))
    )
    buchmy.save()
    for number, x, y in (("4", 3.5, 4.7), ("6", 5.5, 4.7), ("3", 2.5, 5.3), ("7", 6.5, 5.3)):
        house(buchmy, number, x, y)
    assert queries.guess_address(**place(4.5, 5.3))[0].number == "5"
    assert queries.guess_address(**place(7, 4.7))[0].number == "8"


def test_houses_are_listed_as_people_count_and_page_by_page(who, buchmy):
    for place_no, number in enumerate(["10", "2", "2/1", "2А", "1"]):
        house(buchmy, number, place_no, 0)
    Building.objects.create(
        locality=buchmy.locality,
        street=buchmy,
        point=house(buchmy, "99").point,
        location_source="OSM",
    )
    seen, after = [], ""
    while True:
        page = queries.houses(street_id=buchmy.id, after=after, limit=2)
        seen += [row["number"] for row in page["houses"]]
        if not page["next"]:
            break
        after = page["next"]
    assert seen == ["1", "2", "2А", "2/1", "10", "99", ""]
