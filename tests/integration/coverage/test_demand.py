"""Demand counted honestly: one household is one wish, and cells stay where they are."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import shapely
from django.contrib.gis.geos import Point
from pyproj import Geod

from coverage import operations, queries
from coverage.demand.grid import UnknownCellError
from coverage.demand.wanted import BY_BUILDING, WIDTHS_M, BadDemandFilterError, DemandFilter, Kind
from coverage.demand.wishes import Wish
from coverage.models import AvailabilityCheck, Building
from project.core.actor import Actor, ActorKind
from project.core.clock import KYIV
from tests.support import mesh, zones

pytestmark = pytest.mark.django_db
AT = zones.AT
HOME = "203.0.113.7"


def client(ip: str | None = HOME) -> Actor:
    return Actor(kind=ActorKind.CLIENT, label="client", ip=ip)


def ask(house: Building, at: datetime = AT, *, ip: str | None = HOME, **more: Any) -> None:
    channel = more.pop("channel", "PUBLIC")
    operations.check_availability(
        at=at, channel=channel, actor=client(ip), building_id=house.id, **more
    )


def pin(lon: float, lat: float, *, ip: str = HOME, at: datetime = AT) -> None:
    operations.check_availability(
        at=at, channel="PUBLIC", actor=client(ip), lon=lon, lat=lat, accuracy_m=10
    )


def wanted(**changes: Any) -> DemandFilter:
    values: dict[str, Any] = {
        "from_at": AT - timedelta(days=400),
        "until_at": AT + timedelta(days=400),
    }
    return DemandFilter(**values | changes)


def wishes(at: datetime = AT, **changes: Any) -> list[Wish]:
    return queries.demand_wishes(wanted=wanted(**changes), at=at)


def test_a_household_that_asks_twenty_times_is_one_wish_of_its_first_day() -> None:
    house = zones.building(50, 50)
    for day in range(20):
        ask(house, AT + timedelta(days=day * 9))
    (wish,) = wishes()
    assert (wish.first_at, wish.kind, wish.is_known) == (AT, Kind.FAILED, True)


def test_neighbours_in_one_house_are_two_and_one_caller_in_two_houses_too() -> None:
    house, other = zones.building(50, 50), zones.building(52, 50)
    ask(house)
    ask(house, ip="203.0.113.8")
    ask(other)
    assert len(wishes()) == 3


def test_where_the_caller_is_not_known_a_house_is_one_wish_a_week() -> None:
    house = zones.building(50, 50)
    monday = datetime(2026, 11, 23, 9, tzinfo=KYIV)
    for day in range(7):
        ask(house, monday + timedelta(days=day), channel="OPERATOR")
    ask(house, monday + timedelta(days=7), channel="OPERATOR")
    assert [wish.is_known for wish in wishes()] == [False, False]


def test_what_was_forgotten_about_callers_never_makes_more_of_them() -> None:
    house = zones.building(50, 50)
    for number in range(5):
        ask(house, ip=f"203.0.113.{number}")
    before = len(wishes())
    operations.anonymise_checks(at=AT + timedelta(days=500))
    assert (before, len(wishes())) == (5, 1)


def test_pins_of_one_person_a_step_apart_are_one_place() -> None:
    pin(36.370000, 50.070000)
    pin(36.370040, 50.070030)
    assert len(wishes()) == 1


def test_who_can_be_connected_is_no_demand_and_who_could_be_since_is_told_apart() -> None:
    inside, outside = zones.building(5, 5), zones.building(50, 50)
    later = AT + timedelta(days=30)
    ask(inside, AT - timedelta(days=1))
    ask(outside)
    zones.published(zones.actor(zones.planner()), zones.square(0, 0), at=AT)
    ask(inside, AT + timedelta(days=1), ip="203.0.113.9")
    found = {wish.place: wish.is_served for wish in wishes(at=later)}
    assert found == {f"b{inside.id}": True, f"b{outside.id}": False}


def test_a_surveyed_no_keeps_a_house_waiting_inside_of_a_zone() -> None:
    house = zones.building(5, 5)
    ask(house, AT - timedelta(days=1))
    who = zones.actor(zones.planner())
    zones.published(who, zones.square(0, 0), at=AT)
    operations.set_override(
        building_id=house.id, network_type="GPON", available=False, reason="the fibre ends here",
        actor=who, at=AT,
    )  # fmt: skip
    assert [wish.is_served for wish in wishes(at=AT + timedelta(days=1))] == [False]


def test_a_zone_that_is_planned_by_now_makes_a_refusal_a_wait_for_the_plan() -> None:
    house = zones.building(5, 5)
    ask(house, AT - timedelta(days=1))
    zones.published(zones.actor(zones.planner()), zones.square(0, 0), at=AT, status="PLANNED")
    assert [wish.kind for wish in wishes(at=AT + timedelta(days=1))] == [Kind.PLANNED]


def test_the_filter_of_network_looks_at_the_answer_of_that_network() -> None:
    zones.published(
        zones.actor(zones.planner()), zones.square(0, 0), at=AT - timedelta(days=1),
        status="PLANNED", network_type="FTTB",
    )  # fmt: skip
    ask(zones.building(5, 5))
    assert len(wishes(network_type="FTTB", answer="PLANNED")) == 1
    assert len(wishes(network_type="GPON", answer="PLANNED")) == 0
    assert len(wishes(network_type="GPON", answer="NO_COVERAGE", reason="OUTSIDE_ZONE")) == 1


def test_filters_of_channel_period_and_locality() -> None:
    city, other = zones.locality(), zones.locality()
    for unit in (city, other):
        unit.path = f"/{unit.id}/"
        unit.save()
    ask(zones.building(50, 50, city))
    ask(zones.building(60, 50, other), channel="API")
    assert len(wishes(channel="API")) == 1
    assert len(wishes(locality_id=city.id)) == 1
    assert len(wishes(from_at=AT + timedelta(seconds=1))) == 0
    assert len(wishes(until_at=AT)) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"width_m": 300}, {"network_type": "ADSL"}, {"answer": "AVAILABLE"}, {"reason": "x"},
        {"channel": "FAX"}, {"until_at": AT - timedelta(days=400)},
    ],
)  # fmt: skip
def test_a_filter_knows_its_words(values: dict[str, Any]) -> None:
    with pytest.raises(BadDemandFilterError):
        wanted(**values)


@pytest.mark.parametrize("width", WIDTHS_M)
def test_cells_stay_whatever_else_is_asked(width: int) -> None:
    places = [(36.3 + n * 0.0013, 50.0 + n * 0.0007) for n in range(60)]
    together = queries.demand_cells(places=places, width_m=width)
    assert [queries.demand_cells(places=[place], width_m=width)[0] for place in places] == together
    assert queries.demand_cells(places=places[30:], width_m=width) == together[30:]
    shapes = queries.demand_outlines(names=set(together))
    for (lon, lat), name in zip(places, together, strict=True):
        cell = shapely.geometry.shape(shapes[name])
        assert cell.buffer(1e-6).covers(shapely.Point(lon, lat))


def test_a_cell_is_as_wide_as_it_says_in_metres_on_the_ground() -> None:
    # Kharkiv, the edge of a UTM zone, the other half of the world.
    for place in ((36.36, 50.03), (35.9999, 50.0), (30.5, 59.9), (-58.4, -34.6)):
        (name,) = queries.demand_cells(places=[place], width_m=500)
        shape = shapely.geometry.shape(queries.demand_outlines(names=[name])[name])
        area_m2 = abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0])
        assert area_m2 == pytest.approx(500**2 * 3**0.5 / 2, rel=0.003)


@pytest.mark.parametrize("name", ["", "32637-250-1", "b", "3857-250-1-1", "32637-250-1-1;--"])
def test_a_name_that_is_no_cell(name: str) -> None:
    with pytest.raises(UnknownCellError):
        queries.demand_outlines(names=[name])


def test_by_building_a_house_is_its_own_cell_and_a_pin_has_a_small_hexagon() -> None:
    house = zones.building(50, 50)
    ask(house)
    pin(36.37, 50.07)
    cells = {wish.cell for wish in wishes(width_m=BY_BUILDING)}
    assert f"b{house.id}" in cells
    assert any(cell.startswith("32637-100-") for cell in cells)


def test_the_ground_of_a_cell() -> None:
    house = zones.building(50, 50)
    house.flats = 24
    house.save()
    zones.building(50.1, 50)
    zones.published(zones.actor(zones.planner()), zones.square(0, 0), at=AT)
    ask(house)
    (wish,) = wishes()
    shapes = queries.demand_outlines(names=[wish.cell])
    ground = queries.demand_ground(shapes=shapes, network_type="", at=AT)[wish.cell]
    assert (ground.buildings, ground.flats, ground.without_flats) == (2, 24, 1)
    assert ground.zone_m is not None
    assert 4_500 < ground.zone_m < 5_500
    none = queries.demand_ground(shapes=shapes, network_type="DOCSIS", at=AT)[wish.cell]
    assert none.zone_m is None


def test_real_requests_of_ten_years_are_counted_as_plain_python_counts_them() -> None:
    rows = mesh.requests()
    AvailabilityCheck.objects.bulk_create(
        AvailabilityCheck(
            public_id=uuid4(),
            at=moment,
            channel="API",
            query_kind="PIN",
            match_kind="PIN",
            point=Point(lon, lat, srid=4326),
            answer="NO_COVERAGE",
            reason="OUTSIDE_ZONE",
            networks=[],
        )
        for lon, lat, moment in rows
    )
    period = {
        "from_at": datetime(2015, 1, 1, tzinfo=UTC),
        "until_at": datetime(2025, 1, 1, tzinfo=UTC),
    }
    found = wishes(**period)
    # Requests of one place lie on one point there: to 4 digits, about 10 m.
    weeks: dict[tuple[float, float], set[tuple[int, int]]] = {}
    for lon, lat, moment in rows:
        weeks.setdefault((lon, lat), set()).add(moment.astimezone(KYIV).isocalendar()[:2])
    finest = sum(map(len, weeks.values()))
    assert 0.9 * finest < len(found) <= finest  # a square of 25 m joins some neighbours
    years = Counter(wish.first_at.year for wish in found)
    assert years[2019] > years[2016]
    wide = Counter(wish.cell for wish in wishes(**period, width_m=1000))
    assert sum(wide.values()) == len(found)
    half = wishes(**{**period, "until_at": datetime(2020, 1, 1, tzinfo=UTC)}, width_m=1000)
    assert {wish.cell for wish in half} <= set(wide)


def test_what_a_survey_denies_of_one_network_is_not_denied_of_another() -> None:
    who = zones.actor(zones.planner())
    house = zones.building(5, 5)
    ask(house, AT - timedelta(days=30))
    for network in ("FTTB", "GPON"):
        zones.published(who, zones.square(0, 0), network_type=network, name=network)
    for network, waits in (("GPON", False), ("FTTB", True)):
        operations.set_override(
            building_id=house.id, network_type=network, available=False, reason="немає волокна",
            actor=who, at=AT + timedelta(days=1),
        )  # fmt: skip
        (wish,) = wishes(AT + timedelta(days=2))
        assert wish.is_served is not waits
