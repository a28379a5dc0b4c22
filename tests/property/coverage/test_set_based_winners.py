"""The set-based winners are those of the answer for one place; a preview is what comes true."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coverage import impact
from coverage import queries as coverage
from coverage.answers import Answer, Reason
from coverage.impact import ImpactLine, ZoneMove
from coverage.models import Building, CoverageOverride
from coverage.zoning import operations
from tests.support import zones

pytestmark = pytest.mark.django_db
OUTSIDE = {Reason.OUTSIDE_ZONE, Reason.NEAR_EDGE}
PLACES = [(1, 1), (3, 3), (5, 5), (7, 3)]
rectangle = st.tuples(
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(2, 6),
    st.integers(2, 6),
    st.sampled_from(["IN_SERVICE", "PLANNED", "SUSPENDED"]),
    st.sampled_from(["GPON", "FTTB"]),
)


class Listener:
    """Keeps the moves that a preview asks about."""

    name = "listener"

    def __init__(self) -> None:
        self.moves: list[ZoneMove] = []

    def probe(self, *, changes: Any, at: Any) -> list[ImpactLine]:
        self.moves = list(changes)
        return []


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    drawn=st.lists(rectangle, min_size=2, max_size=5),
    told=st.dictionaries(st.sampled_from(range(len(PLACES))), st.booleans(), max_size=2),
)
def test_many_at_once_are_as_one_by_one_and_the_preview_comes_true(
    db: None, drawn: list[Any], told: dict[int, bool]
) -> None:
    listener = Listener()
    impact.register(listener)
    try:
        with transaction.atomic():
            compare(listener, drawn, told)
            transaction.set_rollback(True)  # the next example begins with an empty map
    finally:
        impact.unregister("listener")


def compare(listener: Listener, drawn: list[Any], told: dict[int, bool]) -> None:
    """Publish the zones one after another; each time the three ways must say the same."""
    who, city = zones.actor(zones.planner()), zones.locality()
    houses = [zones.building(x, y, city) for x, y in PLACES]
    ids = [house.id for house in houses]
    for place, available in told.items():
        CoverageOverride.objects.create(
            building=houses[place],
            network_type="GPON",
            available=available,
            reason="seen",
            valid=(zones.AT, None),
        )
    for number, (x, y, width, height, status, network_type) in enumerate(drawn):
        at = zones.AT + timedelta(minutes=number + 1)
        shape = zones.square(x, y, width, height)
        kinds = {"status": status, "network_type": network_type, "priority": number}
        draft = zones.drafted(who, shape, at=at, code=f"z{number}", **kinds)
        operations.preview_impact(changeset_id=draft.changeset_id, at=at)
        foreseen = coverage.winners(building_ids=ids, at=at, changes=listener.moves)
        operations.publish(changeset_id=draft.changeset_id, actor=who, at=at)
        found = coverage.winners(building_ids=ids, at=at)
        assert {key: (one.zone_id, one.is_served) for key, one in foreseen.items()} == {
            key: (one.zone_id, one.is_served) for key, one in found.items()
        }
        for house in houses:
            assert one_by_one(house, at) == {
                network: (one.zone_id, one.zone_version_id, one.is_served)
                for (building_id, network), one in found.items()
                if building_id == house.id
            }


def one_by_one(house: Building, at: Any) -> dict[str, tuple[int | None, int | None, bool]]:
    """What the answer for one place says of each network that has a zone or a surveyed fact."""
    answers = coverage.answer_for_point(
        lon=house.point.x, lat=house.point.y, at=at, building_id=house.id
    )
    return {
        str(one.network_type): (one.zone_id, one.zone_version_id, one.answer == Answer.AVAILABLE)
        for one in answers
        if one.reason not in OUTSIDE
    }
