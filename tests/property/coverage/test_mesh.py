"""SQL says what shapely says: 4,165 real requests × 62 real sectors, and the sectors' own edges.

Points on corners and in the middle of edges are where implementations differ. The corner itself is
exactly on the outline. The middle of an edge in degrees is not, because the mean of two decimals
falls beside it by the last bit; so the sectors are also laid on a grid of powers of two (10 cm),
where the middle is exact, and there the edge must belong to the zone.
"""

from collections.abc import Iterator

import numpy as np
import pytest
import shapely
from django.contrib.gis.geos import Point as GeosPoint
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from coverage import queries
from coverage.answers import Answer
from coverage.models import Building, BuildingCoverage, Zone, ZoneVersion
from coverage.winners import AskedPoint, zones_of_places
from coverage.zoning import operations
from coverage.zoning.shapes import to_geos
from tests.support import mesh
from tests.support.zones import AT, actor, locality, planner

pytestmark = pytest.mark.django_db
GRID = 2.0**20  # steps in a degree: about 10 cm
Corner = tuple[float, float]


def on_binary_grid(shape: Polygon) -> Polygon:
    """The outline with corners at whole multiples of two steps, so that middles are exact too."""
    return shapely.transform(shape, lambda xy: np.round(xy * GRID / 2) * 2 / GRID)


def corners(shapes: list[Polygon]) -> Iterator[Corner]:
    for shape in shapes:
        for lon, lat in shapely.get_coordinates(shape):
            yield float(lon), float(lat)


def middles(shapes: list[Polygon]) -> Iterator[Corner]:
    for shape in shapes:
        xy = shapely.get_coordinates(shape)
        for lon, lat in (xy[:-1] + xy[1:]) / 2:
            yield float(lon), float(lat)


def published(shapes: list[Polygon]) -> dict[int, BaseGeometry]:
    """The sectors as zones, each with a priority of its own, since sectors overlap; id → outline.

    The outline is what is stored, read back: seven digits.
    """
    who = actor(planner())
    changeset = None
    for number, shape in enumerate(shapes):
        draft = operations.create_zone(
            actor=who,
            at=AT,
            code=f"sector-{number}",
            name=f"Sector {number}",
            network_type="WIRELESS",
            status="IN_SERVICE",
            priority=number - 31,
            geometry=MultiPolygon([shape]),
        )
        changeset = draft.changeset_id
    assert changeset is not None
    operations.publish(changeset_id=changeset, actor=who, at=AT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT zone_id, ST_AsBinary(geometry) FROM coverage_zoneversion")
        return {zone_id: shapely.from_wkb(bytes(wkb)) for zone_id, wkb in cursor.fetchall()}


def stored_exactly(shapes: list[Polygon]) -> dict[int, BaseGeometry]:
    """Sectors of the binary grid, which has more than seven digits, put in past the rounding."""
    zones: dict[int, BaseGeometry] = {}
    for number, shape in enumerate(shapes):
        zone = Zone.objects.create(
            code=f"exact-{number}", name="z", network_type="WIRELESS", created_at=AT
        )
        ZoneVersion.objects.create(
            zone=zone,
            geometry=to_geos(MultiPolygon([shape])),
            status="IN_SERVICE",
            priority=number,
            valid=DateTimeTZRange(AT, None),
            revision=1,
            area_m2=1000,
        )
        zones[zone.id] = MultiPolygon([shape])
    return zones


def covering(points: list[Corner]) -> list[list[int]]:
    """Ids of the zones that cover each point, the winner first: by what is kept of each building.

    A building is put at each point; the winner is also asked for by the statement of the answer.
    """
    city = locality()
    made = Building.objects.bulk_create(
        Building(locality=city, point=GeosPoint(lon, lat, srid=4326), location_source="OSM")
        for lon, lat in points
    )
    operations.rebuild_building_coverage(building_ids=[building.id for building in made])
    found: dict[int, list[int]] = {building.id: [] for building in made}
    rows = BuildingCoverage.objects.filter(building_id__in=found)
    by_priority = rows.order_by("-zone_version__priority")
    for building_id, zone_id in by_priority.values_list("building_id", "zone_version__zone_id"):
        found[building_id].append(zone_id)
    answers = [found[building.id] for building in made]
    asked = [AskedPoint(lon, lat, with_edge=False) for lon, lat in points]
    for zones, expected in zip(zones_of_places(points=asked, at=AT), answers, strict=True):
        assert [zone.zone_id for zone in zones if zone.is_inside] == expected[:1]
    return answers


def by_shapely(points: list[Corner], zones: dict[int, BaseGeometry]) -> list[list[int]]:
    """The same without a database; the greatest id has the greatest priority."""
    ids = sorted(zones, reverse=True)
    places = shapely.points(points)
    inside = {zone_id: shapely.intersects(zones[zone_id], places) for zone_id in ids}
    return [[zone_id for zone_id in ids if inside[zone_id][at]] for at in range(len(points))]


def test_real_requests_get_the_sectors_that_shapely_gives_them() -> None:
    zones = published(mesh.sectors())
    points = [(lon, lat) for lon, lat, _moment in mesh.requests()]
    assert (len(points), len(zones)) == (4165, 62)
    expected = by_shapely(points, zones)
    assert covering(points) == expected
    assert sum(map(bool, expected)) > 500  # neither all inside nor all outside
    assert sum(not each for each in expected) > 500


def test_the_answer_for_a_request_is_that_of_the_winning_sector() -> None:
    zones = published(mesh.sectors())
    points = sorted({(lon, lat) for lon, lat, _moment in mesh.requests()})[::4]
    for point, expected in zip(points, by_shapely(points, zones), strict=True):
        (answer,) = queries.answer_for_point(lon=point[0], lat=point[1], at=AT)
        if expected:
            assert (answer.answer, answer.zone_id) == (Answer.AVAILABLE, expected[0])
        else:
            assert answer.answer in {Answer.NO_COVERAGE, Answer.NEEDS_SURVEY}
            assert answer.distance_m is not None


def test_corners_and_middles_of_edges_belong_to_their_sector() -> None:
    shapes = [on_binary_grid(shape) for shape in mesh.sectors()]
    assert all(map(shapely.is_valid, shapes))
    zones = stored_exactly(shapes)
    owners = [
        zone_id
        for zone_id, shape in zones.items()
        for _corner in range(len(shapely.get_coordinates(shape)))
    ]
    points = list(corners(shapes))
    answers = covering(points)
    assert answers == by_shapely(points, zones)
    assert all(owner in found for owner, found in zip(owners, answers, strict=True))
    between = list(middles(shapes))
    answers = covering(between)
    assert answers == by_shapely(between, zones)
    owners = [
        zone_id
        for zone_id, shape in zones.items()
        for _edge in range(len(shapely.get_coordinates(shape)) - 1)
    ]
    assert all(owner in found for owner, found in zip(owners, answers, strict=True))


def test_corners_of_the_outlines_as_they_are_belong_to_their_sector() -> None:
    shapes = mesh.sectors()
    zones = published(shapes)
    assert Zone.objects.count() == len(shapes)
    points = list(corners(shapes))
    answers = covering(points)
    assert answers == by_shapely(points, zones)
    assert all(answers)
