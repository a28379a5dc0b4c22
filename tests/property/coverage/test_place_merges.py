"""Merging in any order: everything resolves to one building, in one step, and nothing is lost."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coverage.models import AvailabilityCheck, Building, BuildingAddress, Premise
from coverage.operations import check_availability
from coverage.placing import operations, queries
from project.core.actor import SYSTEM
from project.core.errors import DomainError
from tests.support.places import city, house, street
from tests.support.zones import later

pytestmark = pytest.mark.django_db
HOUSES = 5
PAIRS = st.lists(
    st.tuples(st.integers(0, HOUSES - 1), st.integers(0, HOUSES - 1)), min_size=1, max_size=12
)
SLOW = settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def merge(loser: int, winner: int, minute: int) -> bool:
    """Merge as a planner whose page is up to date; whether it was done."""
    try:
        operations.merge_buildings(
            loser_id=loser,
            winner_id=winner,
            loser_revision=None,
            winner_revision=None,
            actor=SYSTEM,
            at=later(minute),
            confirmed=True,
        )
    except DomainError:
        return False
    return True


def world() -> list[int]:
    """Houses of one street, each with a check, a premise that all have and one of its own."""
    of = street(city())
    ids = []
    for number in range(HOUSES):
        building = house(of, str(number + 1), number / 10, 0)
        Premise.objects.create(building=building, unit="1")
        Premise.objects.create(building=building, unit=f"{number + 10}")
        check_availability(at=later(0), channel="API", actor=SYSTEM, building_id=building.id)
        ids.append(building.id)
    return ids


@SLOW
@given(pairs=PAIRS)
def test_whatever_is_merged_resolves_in_one_step_and_nothing_is_lost(pairs):
    with transaction.atomic():
        ids = world()
        root = {building: building for building in ids}
        for minute, (loser, winner) in enumerate(pairs, start=1):
            one, other = ids[loser], ids[winner]
            standing = root[one] == one and root[other] == other and one != other
            already = one != other and root[one] == other
            assert merge(one, other, minute) == (standing or already)
            if standing:
                root = {b: other if r == one else r for b, r in root.items()}
        assert {b: queries.resolve(building_id=b) for b in ids} == root
        assert not Building.objects.filter(merged_into__merged_into__isnull=False).exists()
        alive = set(root.values())
        assert set(Building.objects.filter(retired_at=None).values_list("id", flat=True)) == alive
        for building in alive:
            group = [b for b in ids if root[b] == building]
            checks = AvailabilityCheck.objects.filter(building_id=building).count()
            units = Premise.objects.filter(building_id=building, retired_at=None)
            addresses = BuildingAddress.objects.filter(building_id=building).count()
            assert checks == len(group)
            assert units.count() == len(group) + 1
            assert addresses == len(group) - 1
        transaction.set_rollback(True)


@SLOW
@given(order=st.permutations(list(range(HOUSES - 1))), again=st.booleans())
def test_the_order_of_merges_and_their_repetition_change_nothing(order, again):
    """All into the last one, in any order, each perhaps sent twice: the same state."""
    with transaction.atomic():
        ids = world()
        for minute, loser in enumerate(order, start=1):
            for _time in range(2 if again else 1):
                assert merge(ids[loser], ids[-1], minute)
        assert {queries.resolve(building_id=b) for b in ids} == {ids[-1]}
        units = Premise.objects.filter(building_id=ids[-1], retired_at=None)
        expected = {"1", *(str(number + 10) for number in range(HOUSES))}
        assert set(units.values_list("unit", flat=True)) == expected
        assert AvailabilityCheck.objects.filter(building_id=ids[-1]).count() == HOUSES
        transaction.set_rollback(True)
