"""Streets made, renamed, merged, retired by a planner; premises of a building."""

from datetime import date

import pytest

from billing.models import Subscription
from coverage.lookup import match_address
from coverage.models import Building, BuildingAddress, Premise, Street, StreetAlias
from coverage.placing import operations, queries
from coverage.placing.guards import BadPlaceError, PlaceGoneError, PlaceInUseError, StalePlaceError
from coverage.placing.premises import UnitTakenError, read_units
from coverage.placing.streets import AddressCollisionError, StreetExistsError
from tests.support.billing import START, small_world
from tests.support.places import city, house, street
from tests.support.zones import actor, later, planner

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 23)


@pytest.fixture
def who():
    return actor(planner())


@pytest.fixture
def town():
    return city()


def rename(of, name, who, **options):
    of.refresh_from_db()
    return operations.rename_street(
        street_id=of.id,
        base_revision=of.revision,
        street_type=options.pop("street_type", of.type),
        name=name,
        on_date=options.pop("on_date", DAY),
        actor=who,
        at=options.pop("at", later(5)),
        **options,
    )


def merge(loser, winner, who, **options):
    loser.refresh_from_db()
    winner.refresh_from_db()
    return operations.merge_streets(
        loser_id=loser.id,
        winner_id=winner.id,
        loser_revision=loser.revision,
        winner_revision=winner.revision,
        on_date=DAY,
        actor=who,
        at=later(6),
        **options,
    )


def test_a_new_street_is_one_of_its_settlement_only(town, who):
    state = operations.create_street(
        locality_id=town.id, street_type="вулиця", name="Нова", actor=who, at=later(1)
    )
    assert state["label"] == "вулиця Нова"
    with pytest.raises(StreetExistsError) as refused:
        operations.create_street(
            locality_id=town.id, street_type="вулиця", name=" нова ", actor=who, at=later(2)
        )
    assert refused.value.context["street"]["street_id"] == state["street_id"]
    operations.create_street(
        locality_id=town.id, street_type="провулок", name="Нова", actor=who, at=later(3)
    )


@pytest.mark.parametrize("name", ["", "12", "Novaya", "Новая ёлка", "х" * 161])
def test_what_is_no_ukrainian_name_is_refused(town, who, name):
    with pytest.raises(BadPlaceError) as refused:
        operations.create_street(
            locality_id=town.id, street_type="вулиця", name=name, actor=who, at=later(1)
        )
    assert refused.value.field == "name"


def test_the_old_name_leads_to_the_street_with_the_day_of_its_end(town, who):
    of = street(town, "вулиця Пушкінська")
    house(of, "5")
    state = rename(of, "Григорія Сковороди", who)
    assert state["aliases"] == [
        {"label": "вулиця Пушкінська", "kind": "OLD", "until_date": "2026-11-23"}
    ]
    match = match_address(text="Харків, вулиця Пушкінська, 5")
    assert (match.kind.value, match.old_name) == ("ALIAS", "вулиця Пушкінська")
    back = operations.undo_street(
        street_id=of.id, base_revision=state["revision"], actor=who, at=later(7)
    )
    assert back["name"] == "Пушкінська"
    assert back["aliases"] == []


def test_a_slip_corrected_leaves_no_old_name_and_a_type_may_change(town, who):
    of = street(town, "вулиця Григроія Сковороди")
    assert rename(of, "Григорія Сковороди", who, is_correction=True)["aliases"] == []
    state = rename(of, "Григорія Сковороди", who, street_type="проспект")
    assert state["label"] == "проспект Григорія Сковороди"
    assert [alias["label"] for alias in state["aliases"]] == ["вулиця Григорія Сковороди"]


def test_a_name_in_use_and_a_stale_rename_are_refused(town, who):
    of, other = street(town, "вулиця Лісова"), street(town, "вулиця Гірська")
    with pytest.raises(StreetExistsError) as refused:
        rename(of, "Гірська", who)
    assert refused.value.context["street"]["street_id"] == other.id
    rename(of, "Лугова", who)
    with pytest.raises(StalePlaceError):
        operations.rename_street(
            street_id=of.id,
            base_revision=1,
            street_type="вулиця",
            name="Польова",
            on_date=DAY,
            actor=who,
            at=later(9),
        )


def test_two_streets_become_one_with_all_houses_and_names(town, who):
    winner, loser = street(town, "вулиця Шкільна"), street(town, "вулиця Шкільнай")
    StreetAlias.objects.create(
        street=loser, type="вулиця", name="Леніна", name_norm="леніна", search_key="леніна"
    )
    house(winner, "1")
    moved = house(loser, "3")
    corner = house(winner, "5")
    BuildingAddress.objects.create(building=corner, street=loser, number="5")
    told = merge(loser, winner, who, dry_run=True)
    assert (told["buildings"], told["collisions"]) == (2, [])
    assert Building.objects.get(id=moved.id).street_id == loser.id
    merge(loser, winner, who)
    assert Building.objects.get(id=moved.id).street_id == winner.id
    assert not BuildingAddress.objects.exists()  # the corner house has one address there now
    for text in ("вулиця Шкільнай, 3", "вулиця Леніна, 3", "вулиця Шкільна, 3"):
        assert match_address(text=f"Харків, {text}").building_id == moved.id
    assert merge(loser, winner, who)["already"]
    rename(winner, "Шкільнай", who)  # the name of a merged street is free again
    with pytest.raises(PlaceGoneError):
        operations.bring_back_street(street_id=loser.id, base_revision=2, actor=who, at=later(9))


def test_houses_with_one_number_stop_the_merge_and_are_told(town, who):
    winner, loser = street(town, "вулиця Шкільна"), street(town, "вулиця Шкільнай")
    mine, theirs = house(winner, "12А"), house(loser, "12А")
    house(loser, "14")
    with pytest.raises(AddressCollisionError) as refused:
        merge(loser, winner, who)
    pair = refused.value.context["collisions"]
    assert [(p["number"], p["loser"]["building_id"], p["winner"]["building_id"]) for p in pair] == [
        ("12А", theirs.id, mine.id)
    ]
    operations.merge_buildings(
        loser_id=theirs.id,
        winner_id=mine.id,
        loser_revision=1,
        winner_revision=1,
        actor=who,
        at=later(7),
        confirmed=True,
    )
    merge(loser, winner, who)
    assert queries.houses(street_id=winner.id)["houses"][0]["number"] == "12А"
    assert Street.objects.get(id=loser.id).merged_into_id == winner.id


def test_a_street_with_houses_can_not_be_taken_away(town, who):
    of = street(town)
    building = house(of, "5")
    with pytest.raises(PlaceInUseError):
        operations.retire_street(street_id=of.id, base_revision=1, actor=who, at=later(1))
    operations.retire_building(building_id=building.id, base_revision=1, actor=who, at=later(2))
    operations.retire_street(street_id=of.id, base_revision=1, actor=who, at=later(3))
    assert queries.list_streets()["streets"] == []
    assert queries.list_streets(text="Бучми")["streets"][0]["retired"]
    operations.undo_street(street_id=of.id, base_revision=2, actor=who, at=later(4))
    assert queries.list_streets()["streets"][0]["buildings"] == 0


def test_streets_are_found_by_old_names_and_paged(town, who):
    for number in range(1, 6):
        street(town, f"вулиця {number}-а Лінійна")
    rename(street(town, "вулиця Пушкінська"), "Сковороди", who)
    assert [s["name"] for s in queries.list_streets(text="пушкін")["streets"]] == ["Сковороди"]
    seen, after = [], ""
    while True:
        page = queries.list_streets(locality_id=town.id, after=after, limit=2)
        seen += [s["street_id"] for s in page["streets"]]
        if not page["next"]:
            break
        after = page["next"]
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("1-3", ["1", "2", "3"]),
        ("1 – 2, 5а; 7", ["1", "2", "5А", "7"]),
        ("12А", ["12А"]),
        ("3-3", ["3"]),
    ],
)
def test_ranges_of_units_are_read(text, units):
    assert read_units(text) == units


@pytest.mark.parametrize("text", ["", "5-1", "1-99999", "1-а", "x" * 17])
def test_ranges_that_are_not_clear_are_refused(text):
    with pytest.raises(BadPlaceError):
        read_units(text)


def test_units_are_added_renamed_and_retired_and_no_service_is_lost(who):
    world = small_world()
    sold = world.sell(world.account(kopecks=50_000), world.tariff(), START, unit="12")
    building = world.building
    done = operations.add_premises(
        building_id=building.id, units="1-36", entrance="1", actor=who, at=later(1)
    )
    assert done == {"added": 35, "known": 1}
    rows = queries.list_premises(building_id=building.id)
    assert [row["unit"] for row in rows] == [str(n) for n in range(1, 37)]
    flat = next(row for row in rows if row["unit"] == "12")
    assert (flat["living"], flat["entrance"]) == (1, "1")
    with pytest.raises(PlaceInUseError):
        operations.retire_premise(premise_id=flat["premise_id"], actor=who, at=later(2))
    seen = {name: flat[name] for name in ("unit", "entrance", "floor")}
    with pytest.raises(UnitTakenError):
        operations.change_premise(
            premise_id=flat["premise_id"], seen=seen, changes={"unit": "13"}, actor=who, at=later(3)
        )
    operations.change_premise(
        premise_id=flat["premise_id"],
        seen=seen,
        changes={"unit": "12а", "floor": 4},
        actor=who,
        at=later(4),
    )
    assert Subscription.objects.get(id=sold).premise.unit == "12А"
    with pytest.raises(StalePlaceError):
        operations.change_premise(
            premise_id=flat["premise_id"], seen=seen, changes={"floor": 5}, actor=who, at=later(5)
        )
    history = queries.building_history(building_id=building.id)
    assert [e["action"] for e in history["entries"][:2]] == [
        "premise.edited",
        "building.premises_added",
    ]


def test_a_sale_in_a_retired_unit_puts_it_back_in_use(who):
    world = small_world()
    premise = Premise.objects.create(building=world.building, unit="12")
    operations.retire_premise(premise_id=premise.id, actor=who, at=later(1))
    sold = world.sell(world.account(kopecks=50_000), world.tariff(), START, unit="12")
    premise.refresh_from_db()
    assert premise.retired_at is None
    assert Subscription.objects.get(id=sold).premise_id == premise.id
