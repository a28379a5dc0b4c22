"""Vector tiles: what is drawn for whom, when it is new, and no 500 on whatever is asked."""

import math
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from psycopg.types.range import TimestamptzRange

from coverage.models import Building, CoverageOverride, MapChange
from coverage.tiles import queries as tiles
from coverage.zoning import operations as zoning
from project.core import clock
from project.core.throttling import ScopeThrottle
from tests.support.mvt import read_tile
from tests.support.zones import LAT, LON, actor, building, locality, planner, published, square

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/coverage/tiles"


@pytest.fixture(autouse=True)
def nothing_cached():
    cache.clear()


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


@pytest.fixture
def staff():
    client = Client(raise_request_exception=False)
    client.force_login(planner())
    return client


def ago(hours=1):
    """The API takes the time of the clock, so what is published before must lie in the past."""
    return clock.now() - timedelta(hours=hours)


def path(z, lon=LON + 0.005, lat=LAT + 0.005):
    side = 2**z
    x = int((lon + 180) / 360 * side)
    y = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side)
    return f"{ROOT}/{z}/{x}/{y}.mvt"


def drawn(client, z=14, query=""):
    response = client.get(path(z) + query)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/vnd.mapbox-vector-tile"
    return read_tile(response.content)


def answers(client, **options):
    return {
        feature.id: feature.properties["answer"]
        for feature in drawn(client, **options).get("buildings", [])
    }


def test_the_public_gets_zones_and_one_answer_for_a_building(visitor):
    inside, outside = building(5, 5), building(14, 5)
    made = published(actor(), square(0, 0), at=ago())
    found = drawn(visitor)
    (zone,) = found["zones"]
    assert (zone.id, zone.properties) == (
        made.zone_id,
        {"name": "Зона", "network_type": "GPON", "status": "IN_SERVICE"},
    )
    assert {feature.id: feature.properties for feature in found["buildings"]} == {
        inside.id: {"answer": "AVAILABLE"},
        outside.id: {"answer": "NO_COVERAGE"},
    }
    assert set(found) == {"zones", "buildings"}


def test_staff_see_numbers_wiring_and_the_answer_of_each_network(staff):
    house = building(5, 5)
    Building.objects.filter(id=house.id).update(number="42Б", wiring="NOT_WIRED")
    published(actor(), square(0, 0), at=ago(), network_type="FTTB")
    published(actor(), square(0, 0), at=ago(), status="PLANNED")
    (feature,) = drawn(staff)["buildings"]
    assert feature.properties == {
        "answer": "PLANNED",
        "number": "42Б",
        "wiring": "NOT_WIRED",
        "fttb": "NEEDS_SURVEY",
        "gpon": "PLANNED",
    }
    assert drawn(staff)["zones"][0].properties["priority"] == 0


def test_the_winner_is_that_of_the_higher_priority(visitor):
    house = building(5, 5)
    published(actor(), square(0, 0), at=ago())
    published(actor(), square(2, 2, 6, 6), at=ago(), priority=5, status="SUSPENDED")
    assert answers(visitor) == {house.id: "SUSPENDED"}


def test_an_override_beats_the_zone(visitor):
    inside, outside = building(5, 5), building(14, 5)
    published(actor(), square(0, 0), at=ago())
    for house, available in ((inside, False), (outside, True)):
        CoverageOverride.objects.create(
            building=house,
            network_type="GPON",
            available=available,
            reason="surveyed",
            valid=TimestamptzRange(ago(), None),
        )
    assert answers(visitor) == {inside.id: "NO_COVERAGE", outside.id: "AVAILABLE"}


def test_from_afar_buildings_are_counted_in_a_grid(visitor):
    city = locality()
    for step in range(6):
        building(step, 5, city)
    building(40, 5, city)
    published(actor(), square(-1, 0), at=ago())
    found = drawn(visitor, z=9)
    assert "buildings" not in found
    counted = [feature.properties for feature in found["clusters"]]
    assert sum(cluster["count"] for cluster in counted) == 7
    assert sum(cluster["served"] for cluster in counted) == 6


def test_a_building_is_counted_in_exactly_one_tile(visitor):
    city = locality()
    for step in range(12):
        building(step * 30, step * 30, city)
    total = 0
    for x in range(610, 630):
        for y in range(335, 350):
            found = read_tile(visitor.get(f"{ROOT}/10/{x}/{y}.mvt?layers=clusters").content)
            total += sum(feature.properties["count"] for feature in found.get("clusters", []))
    assert total == 12


@pytest.mark.django_db(transaction=True)
def test_the_etag_holds_until_the_map_changes(visitor):
    house = building(5, 5)
    made = published(actor(), square(0, 0), at=ago())
    first = visitor.get(path(14))
    again = visitor.get(path(14), headers={"if-none-match": f'"other", W/{first["ETag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    zoning.retire(zone_id=made.zone_id, base_revision=made.revision, actor=actor(), at=clock.now())
    changed = visitor.get(path(14), headers={"if-none-match": first["ETag"]})
    assert changed.status_code == 200
    assert "zones" not in read_tile(changed.content)
    Building.objects.filter(id=house.id).update(retired_at=ago())
    assert visitor.get(path(14), headers={"if-none-match": changed["ETag"]}).status_code == 200


def test_the_etag_follows_what_is_dated_ahead():
    version, _is_present = tiles.data_version(sources=("buildings",), at=ago())
    house = building(5, 5)
    CoverageOverride.objects.create(
        building=house,
        network_type="GPON",
        available=True,
        reason="until then",
        valid=TimestamptzRange(ago(), clock.now() + timedelta(hours=1)),
    )
    before, _is_present = tiles.data_version(sources=("buildings",), at=clock.now())
    after, _is_present = tiles.data_version(
        sources=("buildings",), at=clock.now() + timedelta(hours=2)
    )
    assert len({version, before, after}) == 3


def test_the_public_never_gets_the_tile_of_staff_from_the_cache(visitor, staff):
    building(5, 5)
    published(actor(), square(0, 0), at=ago())
    assert "wiring" in drawn(staff)["buildings"][0].properties
    assert set(drawn(visitor)["buildings"][0].properties) == {"answer"}
    assert visitor.get(path(14))["ETag"] != staff.get(path(14))["ETag"]


def test_a_kept_tile_is_not_drawn_again(visitor, django_assert_num_queries):
    building(5, 5)
    first = visitor.get(path(14)).content
    with django_assert_num_queries(1):
        assert visitor.get(path(14)).content == first


def test_changes_leave_one_row_a_transaction_and_old_ones_go():
    city = locality()
    MapChange.objects.all().delete()
    for step in range(5):
        building(step, 5, city)
    assert MapChange.objects.filter(source="buildings").count() == 1
    with connection.cursor() as cursor:
        for _turn in range(300):
            cursor.execute("SELECT set_config('geobill.map_buildings', '', true)")
            Building.objects.filter(locality=city).update(kind="house")
    assert MapChange.objects.count() <= 102


def test_layers_can_be_chosen(visitor):
    building(5, 5)
    published(actor(), square(0, 0), at=ago())
    assert set(drawn(visitor, query="?layers=zones")) == {"zones"}


def test_another_day_is_for_staff(visitor, staff):
    published(actor(), square(0, 0), at=ago(1))
    before = f"?at={ago(2).isoformat().replace('+', '%2B')}"
    assert "zones" not in drawn(staff, query=before)
    refused = visitor.get(path(14) + before)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "not_permitted")


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("21/0/0", 404, "no_such_tile"),
        ("3/8/0", 404, "no_such_tile"),
        ("3/0/8", 404, "no_such_tile"),
        ("-1/0/0", 404, "no_such_tile"),
        ("3/-1/0", 404, "no_such_tile"),
        ("3/99999999999999999999/0", 404, "no_such_tile"),
        ("a/0/0", 400, "bad_tile"),
        ("1/٣/0", 400, "bad_tile"),
        ("1/1e3/0", 400, "bad_tile"),
        ("NaN/0/0", 400, "bad_tile"),
        ("--1/0/0", 400, "bad_tile"),
    ],
)
def test_what_is_no_tile_is_refused_in_words(visitor, address, status, code):
    response = visitor.get(f"{ROOT}/{address}.mvt")
    assert response.status_code == status
    assert response.json()["error"]["code"] == code


@pytest.mark.parametrize("query", ["?layers=nodes", "?layers=requests", "?layers=%00", "?layers='"])
def test_a_layer_that_is_not_for_the_caller_is_unknown(visitor, query):
    response = visitor.get(f"{ROOT}/1/0/0.mvt{query}")
    assert (response.status_code, response.json()["error"]["code"]) == (400, "unknown_layer")


def test_the_whole_world_is_an_empty_tile_where_nothing_is(visitor):
    for address in ("0/0/0", "20/0/0", f"20/{2**20 - 1}/{2**20 - 1}"):
        assert visitor.get(f"{ROOT}/{address}.mvt").content == b""


def test_tilejson_names_the_layers_that_one_may_see(visitor, staff):
    public = visitor.get(f"{ROOT}.json").json()
    assert [layer["id"] for layer in public["vector_layers"]] == ["zones", "clusters", "buildings"]
    assert public["tiles"] == ["http://testserver/api/v1/coverage/tiles/{z}/{x}/{y}.mvt"]
    mine = staff.get(f"{ROOT}.json").json()["vector_layers"]
    assert "requests" in [layer["id"] for layer in mine]


def test_a_visitor_gets_so_many_tiles_a_minute(visitor, monkeypatch):
    monkeypatch.setattr(ScopeThrottle, "THROTTLE_RATES", {"tiles": "3/min"})
    assert [visitor.get(path(14)).status_code for _turn in range(4)] == [200, 200, 200, 429]


def test_a_person_whose_job_is_over_sees_what_the_public_sees(visitor):
    building(5, 5)
    person = planner()
    person.role_assignments.all().delete()
    client = Client()
    client.force_login(person)
    assert set(drawn(client)["buildings"][0].properties) == {"answer"}
    assert client.get(path(14))["ETag"] == visitor.get(path(14))["ETag"]


def test_a_stored_point_follows_the_building():
    house = building(5, 5)
    Building.objects.filter(id=house.id).update(point=building(9, 9, house.locality).point)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ST_Equals(tile_point, ST_Transform(point, 3857)) FROM coverage_building"
            " WHERE id = %s",
            [house.id],
        )
        assert cursor.fetchone() == (True,)


def test_tiles_are_in_the_openapi_schema(visitor):
    schema = visitor.get("/api/v1/schema", headers={"accept": "application/json"}).json()
    described = schema["paths"]["/api/v1/coverage/tiles/{z}/{x}/{y}.mvt"]["get"]
    assert "application/vnd.mapbox-vector-tile" in described["responses"]["200"]["content"]
