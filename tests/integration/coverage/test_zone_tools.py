"""The planner's drawing tools: what each makes, that nothing is stored, and no 500 on anything."""

import json
from datetime import timedelta

import pytest
import shapely
from django.contrib.gis.geos import LineString, MultiLineString, MultiPolygon, Polygon
from django.db import connection
from django.test import Client
from shapely.geometry import mapping, shape

from coverage import counters
from coverage.models import Building, Street, Zone
from coverage.zoning import tools
from project.core import clock
from project.core.roles import Role
from tests.support.zones import (
    LAT,
    LON,
    STEP,
    actor,
    building,
    drafted,
    locality,
    planner,
    published,
    square,
)

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/coverage/geometry/"
TOOLS = (
    "split",
    "merge",
    "subtract",
    "trim",
    "buffer",
    "simplify",
    "repair",
    "from-buildings",
    "figures",
)


@pytest.fixture
def person():
    return planner()


@pytest.fixture
def ask(person):
    client = Client(raise_request_exception=False)
    client.force_login(person)

    def call(tool, body, status=200):
        text = body if isinstance(body, bytes) else json.dumps(body)
        answer = client.post(f"{ROOT}{tool}/", text, content_type="application/json")
        assert answer.status_code == status, answer.content[:500]
        return answer.json()

    return call


def line(*points):
    return {
        "type": "LineString",
        "coordinates": [[LON + x * STEP, LAT + y * STEP] for x, y in points],
    }


def street(city, *points, name="Лісова"):
    coordinates = [[LON + x * STEP, LAT + y * STEP] for x, y in points]
    return Street.objects.create(
        locality=city,
        type="вулиця",
        name=name,
        name_norm=name.lower(),
        search_key=name.lower(),
        geom=MultiLineString(LineString(coordinates), srid=4326),
    )


def footprint(house, metres=10):
    """A square of that half width around a building's point."""
    lon, lat = house.point.coords
    d, e = metres / 111_200, metres / 71_700
    box = Polygon.from_bbox((lon - e, lat - d, lon + e, lat + d))
    Building.objects.filter(id=house.id).update(footprint=MultiPolygon(box, srid=4326))


def test_a_line_from_side_to_side_divides_a_zone_and_counts_each_piece(ask):
    building(2, 5)
    building(3, 5)
    building(8, 5)
    pieces = ask("split", {"geometry": square(0, 0).wkt, "line": line((6, -1), (6, 11))})["pieces"]
    assert [piece["buildings"] for piece in pieces] == [2, 1]
    whole = shapely.union_all([shape(piece["geometry"]) for piece in pieces])
    assert whole.symmetric_difference(square(0, 0)).area < 1e-12
    assert not Zone.objects.exists()


def test_a_line_through_a_hole_divides_a_ring(ask):
    ring = square(0, 0).difference(square(4, 4, 2, 2))
    pieces = ask("split", {"geometry": mapping(ring), "line": line((5, -1), (5, 11))})["pieces"]
    assert len(pieces) == 2
    whole = shapely.union_all([shape(piece["geometry"]) for piece in pieces])
    assert whole.symmetric_difference(ring).area < 1e-12


def test_a_part_that_the_line_does_not_cross_stays_whole(ask):
    two = shapely.MultiPolygon([square(0, 0), square(20, 0)])
    pieces = ask("split", {"geometry": mapping(two), "line": line((5, -1), (5, 11))})["pieces"]
    assert len(pieces) == 3


@pytest.mark.parametrize(
    "points", [((5, -1), (5, 5)), ((20, 0), (20, 9)), ((0, 0), (0, 10)), ((2, 2), (8, 8))]
)
def test_a_line_that_does_not_cross_is_refused_with_a_word(ask, points):
    answer = ask("split", {"geometry": square(0, 0).wkt, "line": line(*points)}, 400)
    assert answer["error"]["code"] == "line_does_not_cut"


def test_zones_and_outlines_become_one_and_narrow_gaps_close(ask, person):
    west = published(actor(person), square(0, 0), at=clock.now() - timedelta(hours=1))
    body = {
        "geometries": [mapping(square(10.1, 0, 5, 10))],
        "zone_ids": [west.zone_id],
        "zone_id": west.zone_id,
        "network_type": "GPON",
    }
    apart = ask("merge", body)
    assert (apart["parts"], apart["parts_before"]) == (2, 2)
    joined = ask("merge", {**body, "gap_m": 10})
    assert joined["parts"] == 1
    assert joined["area_m2"] > apart["area_m2"]
    assert shape(joined["geometry"]).buffer(1e-9).covers(shape(apart["geometry"]))


def test_other_zones_are_taken_away_by_name_or_as_rivals(ask, person):
    before = clock.now() - timedelta(hours=1)
    rival = published(actor(person), square(8, 0), at=before)
    published(actor(person), square(0, 8), at=before, network_type="FTTB")
    published(actor(person), square(-8, 0), at=before, priority=5)
    draft = drafted(actor(person), square(0, -8), at=before)
    mine = {
        "geometry": mapping(square(0, 0)),
        "network_type": "GPON",
        "changeset_id": draft.changeset_id,
    }
    by_name = shape(ask("subtract", {**mine, "zone_ids": [rival.zone_id]})["geometry"])
    assert by_name.symmetric_difference(square(0, 0, 8, 10)).area < 1e-12
    rivals = shape(ask("subtract", {**mine, "rivals": True})["geometry"])
    assert rivals.symmetric_difference(square(0, 2, 8, 8)).area < 1e-12
    alone = {**mine, "geometry": mapping(square(40, 40)), "rivals": True}
    kept = shape(ask("subtract", alone)["geometry"])
    assert kept.symmetric_difference(square(40, 40)).area < 1e-12


def test_nothing_left_and_nothing_chosen_are_said(ask):
    body = {"geometry": mapping(square(2, 2, 2, 2)), "geometries": [mapping(square(0, 0))]}
    assert ask("subtract", body, 400)["error"]["code"] == "nothing_left"
    assert ask("subtract", {**body, "geometries": []}, 400)["error"]["code"] == "nothing_chosen"
    assert ask("merge", {}, 400)["error"]["code"] == "nothing_chosen"


def test_a_street_is_widened_in_metres_on_the_ground(ask):
    city = locality()
    road = street(city, (0, 0), (10, 0))
    near, far = building(5, 0.25, city), building(5, 0.4, city)
    answer = ask("buffer", {"street_ids": [road.id], "metres": 35})
    assert answer["building_ids"] == [near.id]
    assert far.id not in answer["building_ids"]
    made = shape(answer["geometry"])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_Distance(geom::geography, ST_Boundary(ST_GeomFromText(%s, 4326))::geography)"
            " FROM coverage_street WHERE id = %s",
            [made.wkt, road.id],
        )
        assert cursor.fetchone()[0] == pytest.approx(35, rel=0.01)
    drawn = ask("buffer", {"line": line((0, 0), (10, 0)), "metres": 35})
    assert drawn["area_m2"] == pytest.approx(answer["area_m2"])


def test_what_is_widened_is_added_to_the_outline(ask):
    body = {"line": line((5, 5), (15, 5)), "metres": 20, "geometry": mapping(square(0, 0))}
    made = ask("buffer", body)
    assert made["parts"] == 1
    assert shape(made["geometry"]).buffer(1e-9).covers(square(0, 0))


def test_a_street_without_a_line_is_told(ask):
    road = street(locality(), (0, 0), (1, 0))
    Street.objects.filter(id=road.id).update(geom=None)
    body = {"street_ids": [road.id], "metres": 20}
    assert ask("buffer", body, 400)["error"]["code"] == "street_without_line"
    body = {"street_ids": [road.id + 1], "metres": 20}
    assert ask("buffer", body, 404)["error"]["code"] == "unknown_places"


def test_simplifying_keeps_within_the_tolerance_and_valid(ask):
    points = [(x / 10, 0.05 * (x % 2)) for x in range(101)] + [(10, 10), (0, 10)]
    rough = shapely.Polygon([(LON + x * STEP, LAT + y * STEP) for x, y in points])
    answer = ask("simplify", {"geometry": mapping(rough), "metres": 8})
    made = shape(answer["geometry"])
    assert made.is_valid
    assert answer["points_after"] < 10 < answer["points_before"]
    plane = tools.Plane.around(rough)
    assert shapely.hausdorff_distance(plane.flat(rough), plane.flat(made), 0.01) < 8.1


def test_a_repair_tells_what_was_wrong(ask):
    bowtie = "POLYGON((36.3 50, 36.31 50.01, 36.31 50, 36.3 50.01, 36.3 50))"
    answer = ask("repair", {"geometry": bowtie})
    assert answer["problems"][0]["code"] == "SELF_INTERSECTION"
    assert shape(answer["geometry"]).is_valid
    assert ask("repair", {"geometry": "POINT(36 50)"}, 400)["error"]["code"] == "geometry_invalid"


def test_a_zone_is_drawn_around_chosen_buildings_with_a_margin(ask):
    city = locality()
    houses = [building(x, y, city) for x, y in ((0, 0), (4, 0), (8, 0), (0, 4), (0, 8))]
    for house in houses:
        footprint(house)
    between = building(3.6, 3.6, city)
    ids = [house.id for house in houses]
    loose = ask("from-buildings", {"building_ids": ids, "tightness": 0})
    assert set(loose["building_ids"]) == {*ids, between.id}
    assert loose["others"] == 1
    tight = ask("from-buildings", {"building_ids": ids, "tightness": 1, "margin_m": 12})
    assert set(tight["building_ids"]) == set(ids)
    assert tight["area_m2"] < loose["area_m2"]
    whole = shape(tight["geometry"])
    for house in Building.objects.filter(id__in=ids):
        assert house.footprint is not None
        assert whole.covers(shapely.from_wkb(bytes(house.footprint.wkb)))


def test_one_building_and_two_are_enough_and_strangers_are_refused(ask):
    one, two = building(0, 0), building(5, 0)
    assert ask("from-buildings", {"building_ids": [one.id]})["buildings"] == 1
    assert ask("from-buildings", {"building_ids": [one.id, two.id]})["buildings"] == 2
    missing = ask("from-buildings", {"building_ids": [one.id, 10**12]}, 404)
    assert missing["error"]["context"]["ids"] == [10**12]
    far = building(2000, 0)
    apart = ask("from-buildings", {"building_ids": [one.id, far.id]}, 400)
    assert apart["error"]["code"] == "too_far_apart"


class TwoInEach:
    name = "test"
    title = "Послуги"

    def by_building(self, *, building_ids, network_type, at):
        assert network_type == "GPON"
        return dict.fromkeys(building_ids, 2)


def test_live_figures_are_held_against_what_is_published(ask, person):
    for x in (2, 5, 15):
        building(x, 5)
    zone = published(actor(person), square(0, 0), at=clock.now() - timedelta(hours=1))
    counters.register(TwoInEach())
    try:
        body = {
            "geometry": mapping(square(4, 0, 15, 10)),
            "zone_id": zone.zone_id,
            "network_type": "GPON",
        }
        found = ask("figures", body)
        checked = ask("check", body)
    finally:
        counters.unregister("test")
    assert (found["buildings"], found["gained"], found["lost"]) == (2, 1, 1)
    (said,) = [count for count in found["counts"] if count["name"] == "test"]
    assert (said["inside"], said["gained"], said["lost"]) == (4, 2, 2)
    assert checked["counts"] == found["counts"]
    assert Zone.objects.get(id=zone.zone_id).revision == zone.revision


def test_tools_are_for_people_who_may_draw():
    cashier = Client()
    cashier.force_login(planner("cashier", Role.CASHIER))
    for tool in TOOLS:
        for client in (cashier, Client()):
            answer = client.post(f"{ROOT}{tool}/", "{}", content_type="application/json")
            assert answer.status_code == 403, tool


GOOD = mapping(square(0, 0))
HOSTILE = [
    ("split", {}),
    ("split", {"geometry": GOOD}),
    ("split", {"geometry": GOOD, "line": 5}),
    ("split", {"geometry": GOOD, "line": "LINESTRING EMPTY"}),
    ("split", {"geometry": GOOD, "line": "LINESTRING(36.3 50, 36.3 50)"}),
    ("split", {"geometry": GOOD, "line": "LINESTRING(36.3 50, nan 50)"}),
    ("split", {"geometry": GOOD, "line": "LINESTRING(36.3 50, 36.3 500)"}),
    ("split", {"geometry": GOOD, "line": "LINESTRING(-180 50, 180 50)"}),
    ("split", {"geometry": GOOD, "line": "POLYGON((0 0,1 1,1 0,0 0))"}),
    ("split", {"geometry": GOOD, "line": {"type": "LineString", "coordinates": [[1], [2]]}}),
    ("split", {"geometry": GOOD, "line": {"type": "LineString", "coordinates": [["a", "b"]] * 2}}),
    ("split", {"geometry": GOOD, "line": {"type": "Polygon", "coordinates": [[[1, 1]]]}}),
    ("split", {"geometry": "POINT(1 1)", "line": line((0, 0), (1, 1))}),
    ("merge", {"geometries": [5]}),
    ("merge", {"geometries": [GOOD] * 101}),
    ("merge", {"geometries": [GOOD], "gap_m": "nan"}),
    ("merge", {"geometries": [GOOD], "gap_m": 1e300}),
    ("merge", {"zone_ids": [10**30]}),
    ("merge", {"zone_ids": ["x"]}),
    ("merge", {"zone_ids": [-1]}),
    ("subtract", {"geometry": GOOD, "zone_ids": [987654321]}),
    ("subtract", {"geometry": GOOD, "rivals": True}),
    ("subtract", {"geometry": GOOD, "rivals": "maybe"}),
    ("subtract", {"geometry": GOOD, "rivals": True, "network_type": "\x00"}),
    ("buffer", {"metres": 10}),
    ("buffer", {"metres": "inf", "line": line((0, 0), (1, 1))}),
    ("buffer", {"metres": -5, "line": line((0, 0), (1, 1))}),
    ("buffer", {"metres": 10, "line": "LINESTRING(0 89.9, 180 89.99)"}),
    ("buffer", {"metres": 10, "line": "LINESTRING(0 0, 180 0)"}),
    ("buffer", {"metres": 1000, "line": "LINESTRING(179.99 0, 180 0)"}),
    ("buffer", {"metres": 1000, "line": "LINESTRING(0 89.999, 0 90)"}),
    ("buffer", {"metres": 10, "street_ids": list(range(51))}),
    ("simplify", {"geometry": GOOD}),
    ("simplify", {"geometry": GOOD, "metres": "NaN"}),
    ("simplify", {"geometry": GOOD, "metres": 0}),
    ("simplify", {"geometry": GOOD, "metres": [1]}),
    ("repair", {"geometry": "POLYGON((0 0, nan nan, 1 1, 0 0))"}),
    ("repair", {"geometry": {"type": "Polygon", "coordinates": [[[1e400, 1], [2, 2], [3, 1]]]}}),
    ("from-buildings", {}),
    ("from-buildings", {"building_ids": {"a": 1}}),
    ("from-buildings", {"building_ids": [True, None]}),
    ("from-buildings", {"building_ids": list(range(5001))}),
    ("from-buildings", {"building_ids": [1], "margin_m": float("nan")}),
    ("from-buildings", {"building_ids": [1], "tightness": 2}),
    ("figures", {"geometry": GOOD, "zone_id": 10**40}),
    ("figures", {"geometry": GOOD, "network_type": "TELEPATHY"}),
    ("figures", b"{" * 90_000),
]


@pytest.mark.parametrize(("tool", "body"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_input_is_4xx_never_500(person, tool, body):
    client = Client(raise_request_exception=False)
    client.force_login(person)
    text = body if isinstance(body, bytes) else json.dumps(body)
    answer = client.post(f"{ROOT}{tool}/", text, content_type="application/json")
    hard_but_possible = tool == "buffer" and answer.status_code == 200
    assert hard_but_possible or 400 <= answer.status_code < 500, answer.content[:300]
