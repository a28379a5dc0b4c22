"""Many places answered at once are answered as each alone, edges, corners and surveys too."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from django.contrib.gis.geos import Point
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from coverage import availability, operations
from coverage.models import AdminUnit, Building, CoverageOverride
from project.core.actor import SYSTEM
from tests.property.coverage.test_answers import Drawn, points, store_zone, zones
from tests.support.zones import AT, LAT, LON, STEP, locality

_number = count(1)
WIRINGS = Building.Wiring.values
SOURCES = ["OSM", "PIN", "GEOCODER", "SURVEYED"]


@dataclass(frozen=True)
class House:
    """A building of the grid; `surveyed`: what a person found out for a network type."""

    x: float
    y: float
    wiring: str
    source: str
    accuracy_m: int
    surveyed: tuple[tuple[str, bool], ...]


houses = st.builds(
    lambda place, wiring, source, accuracy_m, surveyed: House(
        x=place[0],
        y=place[1],
        wiring=wiring,
        source=source,
        accuracy_m=accuracy_m,
        surveyed=tuple(surveyed.items()),
    ),
    points,
    st.sampled_from(WIRINGS),
    st.sampled_from(SOURCES),
    st.sampled_from([0, 5, 60, 300]),
    st.dictionaries(st.sampled_from(["GPON", "FTTB", "DOCSIS"]), st.booleans(), max_size=2),
)
pins = st.tuples(points, st.sampled_from([None, 0, 10, 80, 400]))


def _built(house: House, place: AdminUnit) -> Building:
    building = Building.objects.create(
        locality=place,
        point=Point(LON + house.x * STEP, LAT + house.y * STEP, srid=4326),
        wiring=house.wiring,
        location_source=house.source,
        location_accuracy_m=house.accuracy_m,
        external_ref=f"many-{next(_number)}",
    )
    for network_type, available in house.surveyed:
        CoverageOverride.objects.create(
            building=building,
            network_type=network_type,
            available=available,
            reason="surveyed",
            valid=DateTimeTZRange(AT - timedelta(days=1), None),
        )
    return building


class TestManyAnswers(TestCase):
    @settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(zones, max_size=7),
        st.lists(houses, min_size=1, max_size=8),
        st.lists(pins, max_size=8),
    )
    def test_all_at_once_is_as_one_by_one(
        self, drawn: list[Drawn], built: list[House], pinned: list[tuple[tuple[float, float], int]]
    ) -> None:
        for zone in drawn:
            store_zone(zone)
        place = locality()
        buildings = [_built(house, place) for house in built]
        asked = [availability.place_of_building(building) for building in buildings]
        alone = [
            operations.check_availability(
                at=AT, channel="API", actor=SYSTEM, building_id=building.id
            ).networks
            for building in buildings
        ]
        for (x, y), accuracy_m in pinned:
            lon, lat = LON + x * STEP, LAT + y * STEP
            asked.append(availability.Place(lon, lat, accuracy_m))
            alone.append(
                availability.answer_for_point(lon=lon, lat=lat, at=AT, accuracy_m=accuracy_m)
            )
        assert availability.answers_for_places(places=asked, at=AT) == alone

    def test_nothing_asked_is_nothing_answered(self) -> None:
        assert availability.answers_for_places(places=[], at=AT) == []
