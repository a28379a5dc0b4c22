"""The answer of the database equals that of shapely on the same zones, edges and corners too."""

import math
from dataclasses import dataclass
from itertools import count

from django.contrib.gis.geos import GEOSGeometry
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from shapely import Point, affinity, box
from shapely.geometry.base import BaseGeometry

from coverage import queries
from coverage.answers import Answer, Reason
from coverage.models import Zone, ZoneVersion
from coverage.zoning.shapes import to_geos
from tests.support.zones import AT, LAT, LON, STEP

_number = count(1)
EAST_M = 111_320 * math.cos(math.radians(LAT)) * STEP
NORTH_M = 111_220 * STEP
SAYS = {
    "IN_SERVICE": Answer.AVAILABLE,
    "PLANNED": Answer.PLANNED,
    "BUILDING": Answer.PLANNED,
    "SUSPENDED": Answer.SUSPENDED,
}


@dataclass(frozen=True)
class Drawn:
    """A zone on a grid of whole steps, so that points often fall on edges and corners."""

    network_type: str
    status: str
    priority: int
    shape: BaseGeometry


def _polygon(x: int, y: int, width: int, height: int, has_hole: bool) -> BaseGeometry:
    outer = box(x, y, x + width, y + height)
    if has_hole and min(width, height) > 2:
        return outer.difference(box(x + 1, y + 1, x + width - 1, y + height - 1))
    return outer


shapes = st.builds(
    _polygon,
    st.integers(0, 8),
    st.integers(0, 8),
    st.integers(1, 8),
    st.integers(1, 8),
    st.booleans(),
)
zones = st.builds(
    Drawn,
    network_type=st.sampled_from(["GPON", "FTTB"]),
    status=st.sampled_from([*SAYS, "RETIRED"]),
    priority=st.integers(0, 2),
    shape=shapes,
)
points = st.tuples(
    st.integers(-2, 34).map(lambda n: n / 2), st.integers(-2, 34).map(lambda n: n / 2)
)


def store_zone(drawn: Drawn) -> ZoneVersion:
    """A published zone of that shape, as the database keeps it."""
    zone = Zone.objects.create(
        code=f"p{next(_number)}",
        name="z",
        network_type=drawn.network_type,
        priority=drawn.priority,
        created_at=AT,
    )
    there = affinity.affine_transform(drawn.shape, [STEP, 0, 0, STEP, LON, LAT])
    geometry = to_geos(there)
    assert isinstance(geometry, GEOSGeometry)
    return ZoneVersion.objects.create(
        zone=zone,
        geometry=GEOSGeometry(f"SRID=4326;MULTIPOLYGON({geometry.wkt[len('POLYGON ') :]})"),
        status=drawn.status,
        priority=drawn.priority,
        valid=DateTimeTZRange(AT, None),
        revision=1,
        area_m2=drawn.shape.area,
    )


def _distance_m(shape: BaseGeometry, x: float, y: float) -> float:
    metres = affinity.scale(shape, EAST_M, NORTH_M, origin=(0, 0))
    return metres.distance(Point(x * EAST_M, y * NORTH_M))


class TestAnswers(TestCase):
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(zones, min_size=1, max_size=6), points)
    def test_the_database_says_what_shapely_says(
        self, drawn: list[Drawn], place: tuple[float, float]
    ) -> None:
        x, y = place
        stored = [(store_zone(zone), zone) for zone in drawn]
        found = queries.answer_for_point(lon=LON + x * STEP, lat=LAT + y * STEP, at=AT)
        by_type = {answer.network_type: answer for answer in found}
        for network_type in ("GPON", "FTTB"):
            alive = [
                (version, zone)
                for version, zone in stored
                if zone.network_type == network_type and zone.status != "RETIRED"
            ]
            if not alive:
                assert network_type not in by_type
                continue
            answer = by_type[network_type]
            covering = [
                (-zone.priority, version.area_m2, version.zone_id, version, zone)
                for version, zone in alive
                if zone.shape.intersects(Point(x, y))
            ]
            if covering:
                _p, _a, _z, version, zone = min(covering, key=lambda c: c[:3])
                assert (answer.zone_version_id, answer.answer) == (version.id, SAYS[zone.status])
                continue
            nearest_m = min(_distance_m(zone.shape, x, y) for _version, zone in alive)
            assume(abs(nearest_m - 25) > 1)
            assert answer.distance_m is not None
            assert math.isclose(answer.distance_m, nearest_m, rel_tol=0.01)
            near = nearest_m < 25
            assert answer.reason is (Reason.NEAR_EDGE if near else Reason.OUTSIDE_ZONE)
            assert answer.answer is (Answer.NEEDS_SURVEY if near else Answer.NO_COVERAGE)
