"""The API of zones: who may, what is answered, and no 500 on whatever is sent."""

import json
from datetime import timedelta

import pytest
from django.test import Client
from shapely.geometry import mapping

from coverage.models import Zone, ZoneVersion
from coverage.zoning import operations
from project.core import clock
from project.core.roles import Role
from tests.support.zones import actor, building, planner, published, square

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/coverage"
BOWTIE = {
    "type": "Polygon",
    "coordinates": [[[36.3, 50], [36.31, 50.01], [36.31, 50], [36.3, 50.01], [36.3, 50]]],
}


@pytest.fixture
def person():
    return planner()


@pytest.fixture
def signed_in(person):
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def an_hour_ago():
    """The API takes the time of the clock, so what is published before must lie in the past."""
    return clock.now() - timedelta(hours=1)


def body(shape, **changes):
    return {
        "name": "Салтівка",
        "network_type": "GPON",
        "status": "IN_SERVICE",
        "geometry": shape if isinstance(shape, dict | str) else mapping(shape),
        **changes,
    }


def send(client, method, path, data=None):
    text = data if isinstance(data, str | bytes) else json.dumps(data or {})
    return getattr(client, method)(ROOT + path, text, content_type="application/json")


def test_the_whole_way_of_a_zone(signed_in):
    building(5, 5)
    made = send(signed_in, "post", "/zones/", body(square(0, 0)))
    assert made.status_code == 201
    zone_id, changeset_id = made.json()["zone_id"], made.json()["changeset_id"]
    saved = send(
        signed_in,
        "put",
        f"/zones/{zone_id}/draft/",
        body(square(0, 0).wkt, base_revision=1, comment="текст WKT"),
    )
    assert saved.json()["revision"] == 2
    impact = signed_in.get(f"{ROOT}/changesets/{changeset_id}/impact/").json()
    assert (impact["gained"], impact["can_publish"]) == (1, True)
    done = send(signed_in, "post", f"/changesets/{changeset_id}/publish/")
    assert done.status_code == 200
    versions = signed_in.get(f"{ROOT}/zones/{zone_id}/versions/").json()["versions"]
    assert versions[0]["comment"] == "текст WKT"
    tried = send(
        signed_in,
        "post",
        f"/zones/{zone_id}/rollback/draft/",
        {"version_id": versions[0]["version_id"], "base_revision": 3},
    )
    assert tried.status_code == 201
    looked = signed_in.get(f"{ROOT}/changesets/{tried.json()['changeset_id']}/impact/").json()
    assert looked["can_publish"]
    back = send(
        signed_in,
        "post",
        f"/zones/{zone_id}/rollback/",
        {"version_id": versions[0]["version_id"], "base_revision": 3},
    )
    assert back.status_code == 200
    gone = send(signed_in, "post", f"/zones/{zone_id}/retire/", {"base_revision": 4})
    assert gone.status_code == 200
    assert ZoneVersion.objects.filter(zone_id=zone_id).count() == 3


def test_the_public_sees_a_thin_map_without_drafts_or_comments(signed_in, person):
    published(actor(person), square(0, 0), at=an_hour_ago(), comment="для своїх")
    send(signed_in, "post", "/zones/", body(square(50, 50)))
    found = Client().get(f"{ROOT}/zones/?drafts=1").json()
    (feature,) = found["features"]
    assert set(feature["properties"]) == {
        "kind",
        "zone_id",
        "name",
        "network_type",
        "status",
        "planned_for_date",
    }
    assert len(signed_in.get(f"{ROOT}/zones/?drafts=1").json()["features"]) == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/zones/"),
        ("put", "/zones/1/draft/"),
        ("delete", "/zones/1/draft/"),
        ("post", "/zones/1/rollback/"),
        ("post", "/zones/1/rollback/draft/"),
        ("post", "/zones/1/retire/"),
        ("post", "/geometry/check/"),
        ("post", "/geometry/trim/"),
        ("post", "/changesets/1/publish/"),
    ],
)
def test_writing_needs_the_permission(method, path):
    cashier = Client()
    cashier.force_login(planner("cashier", Role.CASHIER))
    assert send(cashier, method, path, body(square(0, 0))).status_code == 403
    assert send(Client(), method, path, body(square(0, 0))).status_code == 403


def test_a_session_alone_is_not_enough_csrf_is_asked(person):
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert send(client, "post", "/zones/", body(square(0, 0))).status_code == 403
    assert not Zone.objects.exists()


def test_a_crossing_outline_is_refused_with_the_place_and_a_repair(signed_in):
    answer = send(signed_in, "post", "/zones/", body(BOWTIE))
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "geometry_invalid"
    (problem,) = error["context"]["problems"]
    assert (problem["code"], problem["lon"], problem["lat"]) == (
        "SELF_INTERSECTION",
        pytest.approx(36.305),
        pytest.approx(50.005),
    )
    again = send(signed_in, "post", "/zones/", body(error["context"]["repaired"]))
    assert again.status_code == 201


def test_the_live_check_counts_buildings_and_stores_nothing(signed_in):
    house = building(5, 5)
    found = send(signed_in, "post", "/geometry/check/", {"geometry": square(0, 0).wkt}).json()
    assert (found["valid"], found["buildings"], found["building_ids"]) == (True, 1, [house.id])
    bad = send(signed_in, "post", "/geometry/check/", {"geometry": BOWTIE})
    assert bad.status_code == 200
    assert not bad.json()["valid"]
    assert bad.json()["repaired"]["type"] == "MultiPolygon"
    assert not Zone.objects.exists()


def test_an_overlap_is_409_with_its_shape_and_trimming_helps(signed_in, person):
    other = published(actor(person), square(0, 0), at=an_hour_ago())
    made = send(signed_in, "post", "/zones/", body(square(8, 0))).json()
    path = f"/changesets/{made['changeset_id']}"
    refused = send(signed_in, "post", f"{path}/publish/")
    assert refused.status_code == 409
    (overlap,) = refused.json()["error"]["context"]["overlaps"]
    assert overlap["geometry"]["type"] in {"Polygon", "MultiPolygon"}
    trimmed = send(
        signed_in,
        "post",
        "/geometry/trim/",
        {
            "zone_id": made["zone_id"],
            "other_zone_id": other.zone_id,
            "changeset_id": made["changeset_id"],
        },
    ).json()
    send(
        signed_in,
        "put",
        f"/zones/{made['zone_id']}/draft/",
        body(trimmed["geometry"], base_revision=made["revision"]),
    )
    assert send(signed_in, "post", f"{path}/publish/").status_code == 200


def test_a_stale_save_is_412_with_both_sides(signed_in):
    made = send(signed_in, "post", "/zones/", body(square(0, 0))).json()
    path = f"/zones/{made['zone_id']}/draft/"
    assert send(signed_in, "put", path, body(square(0, 0), base_revision=1)).status_code == 200
    stale = send(signed_in, "put", path, body(square(1, 0), base_revision=1))
    assert stale.status_code == 412
    context = stale.json()["error"]["context"]
    assert context["current"]["revision"] == 2
    assert context["difference"]["only_mine_m2"] > 0


HOSTILE = [
    b"",
    b"[]",
    b"{",
    b"\xff\xfe",
    b'{"geometry": ' + b"[" * 50_000,
    b'{"geometry": NaN}',
    b'{"geometry": null}',
    b'{"geometry": 5}',
    b'{"geometry": ""}',
    b'{"geometry": "POLYGON"}',
    b'{"geometry": "POLYGON((0 0,1 1,inf 1,0 0))"}',
    b'{"geometry": "POINT(30 50)"}',
    b'{"geometry": "SRID=3857;POLYGON((0 0,1 0,1 1,0 0))"}',
    b'{"geometry": "CURVEPOLYGON(CIRCULARSTRING(0 0,4 0,4 4,0 4,0 0))"}',
    b'{"geometry": "GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 1)))"}',
    b'{"geometry": {}}',
    b'{"geometry": {"type": "Polygon"}}',
    b'{"geometry": {"type": "Polygon", "coordinates": null}}',
    b'{"geometry": {"type": "Polygon", "coordinates": [[]]}}',
    b'{"geometry": {"type": "Polygon", "coordinates": [[[]]]}}',
    b'{"geometry": {"type": "Polygon", "coordinates": [[[NaN, 1], [2, 2], [3, 1]]]}}',
    b'{"geometry": {"type": "Polygon", "coordinates": [[[1e400, 1], [2, 2], [3, 1]]]}}',
    b'{"geometry": {"type": "Polygon", "coordinates": [[[true, 1], [2, 2], [3, 1]]]}}',
    b'{"geometry": {"type": "Polygon", "coordinates": [[[36, 250], [37, 250], [37, 251]]]}}',
    b'{"geometry": {"type": "Polygon", "coordinates": [[[1' + b"0" * 400 + b", 1], [2, 2]]]}}",
    b'{"geometry": {"type": "MultiPolygon", "coordinates": [[[[1, 1], [2, 2]]]]}}',
    b'{"geometry": {"type": "LineString", "coordinates": "x"}}',
    b'{"geometry": {"type": "Point", "coordinates": [[[[[1]]]]]}}',
    b'{"geometry": {"type": "FeatureCollection", "features": [1]}}',
    b'{"geometry": {"type": "Feature", "geometry": null}}',
    b'{"geometry": {"type": []}}',
    b'{"geometry": ' + b'{"type": "Feature", "geometry": ' * 900 + b"{}" + b"}" * 901,
    b'{"geometry": {"type": "GeometryCollection", "geometries": [[]]}}',
    b'{"geometry": {"type": "Polygon", "crs": {"properties": {"name": 5}}, "coordinates": []}}',
    b'{"geometry": {"type": "Polygon", "coordinates": [[[1, 1], [1, 1], [1, 1], [1, 1]]]}}',
]


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_bad_geometry_is_explained_never_500(signed_in, raw):
    live = send(signed_in, "post", "/geometry/check/", raw)
    assert live.status_code in {200, 400}
    if live.status_code == 200:
        assert not live.json()["valid"]
        assert live.json()["problems"]
    rest = b', "name": "x", "network_type": "GPON", "status": "PLANNED"}'
    whole = raw.rstrip(b"}") + b"}" * (raw.count(b"{") - 1) + rest if b"}" in raw else raw
    assert send(signed_in, "post", "/zones/", whole).status_code == 400
    assert not Zone.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "\ud800"},
        {"name": "\x00"},
        {"network_type": "TELEPATHY"},
        {"status": "LIVE"},
        {"priority": 10**30},
        {"planned_for_date": "31.12.2026"},
        {"comment": "я" * 301},
        {"code": "Не латиниця"},
    ],
    ids=lambda changes: str(ascii(changes))[:30],
)
def test_bad_attributes_are_400(signed_in, changes):
    assert send(signed_in, "post", "/zones/", body(square(0, 0), **changes)).status_code == 400


def test_a_body_that_is_too_large_is_413(signed_in):
    assert send(signed_in, "post", "/geometry/check/", b" " * 6_000_001).status_code == 413


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/zones/?at=yesterday", 400),
        ("/zones/?at=0001-01-01T00:00:00", 400),
        ("/zones/?at=2026-02-31T00:00:00", 400),
        ("/zones/999999/", 404),
        ("/zones/9999999999999999999999/", 404),
        ("/zones/999999/versions/", 404),
        ("/changesets/999999/impact/", 404),
    ],
)
def test_bad_addresses(signed_in, path, status):
    assert signed_in.get(ROOT + path).status_code == status


def test_the_schema_describes_the_api(signed_in):
    answer = signed_in.get("/api/v1/schema", HTTP_ACCEPT="application/json")
    assert answer.status_code == 200
    assert b"/api/v1/coverage/zones/{zone_id}/draft/" in answer.content


@pytest.mark.parametrize("field", ["name", "comment", "changeset_title"])
@pytest.mark.parametrize("character", ["\x01", "\x7f", "\u0085"])
def test_characters_that_no_table_can_show_are_refused(signed_in, field, character):
    answer = send(signed_in, "post", "/zones/", body(square(0, 0), **{field: f"а{character}б"}))
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] in (field, "title")
    assert not Zone.objects.exists()


def test_a_name_is_one_line(signed_in):
    send(signed_in, "post", "/zones/", body(square(0, 0), name=" Нова\tчерга \n друга "))
    assert Zone.objects.get().name == "Нова черга друга"


WORLD = "POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))"
HALF = "POLYGON((-180 0, 0 0, 180 0.1, -180 0))"


@pytest.mark.parametrize("outline", [WORLD, HALF])
@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/zones/", {}),
        ("/geometry/simplify/", {"metres": 5}),
        ("/geometry/repair/", {}),
        ("/geometry/figures/", {}),
        ("/geometry/merge/", {"geometries": [WORLD]}),
        ("/geometry/buffer/", {"line": "LINESTRING(0 0, 0.01 0)", "metres": 5}),
    ],
)
def test_an_outline_around_the_world_is_refused_in_words(signed_in, outline, path, more):
    answer = send(signed_in, "post", path, body(outline, **more))
    assert answer.status_code == 400
    assert answer.json()["error"]["context"]["problems"][0]["code"] == "TOO_LARGE"
    looked = send(signed_in, "post", "/geometry/check/", body(outline)).json()
    assert (looked["valid"], looked["repaired"], looked["area_m2"]) == (False, None, None)


def test_the_map_of_another_day_is_for_staff(client, person, signed_in):
    published(actor(person), square(0, 0), at=an_hour_ago())
    past = f"{ROOT}/zones/?at={(clock.now() - timedelta(minutes=5)).isoformat()}".replace(
        "+", "%2B"
    )
    assert client.get(past).status_code == 403
    assert len(signed_in.get(past).json()["features"]) == 1
    assert len(client.get(f"{ROOT}/zones/").json()["features"]) == 1


def test_who_draws_while_his_change_set_is_published_sees_both_and_not_only_that_it_is_closed(
    signed_in, person
):
    draft = send(signed_in, "post", "/zones/", body(square(0, 0))).json()
    number = draft["changeset_id"]
    operations.publish(changeset_id=number, actor=actor(planner()), at=an_hour_ago())
    answer = send(
        signed_in,
        "put",
        f"/zones/{draft['zone_id']}/draft/",
        body(square(0, 0, 12, 10), base_revision=1, changeset_id=number),
    )
    assert answer.status_code == 412
    context = answer.json()["error"]["context"]
    assert context["current"]["revision"] == 2
    assert context["difference"]["only_mine_m2"] > 0


def test_the_moment_of_handing_over_is_taken_as_it_is_given(signed_in, person):
    number = send(signed_in, "post", "/zones/", body(square(0, 0))).json()["changeset_id"]
    first = send(signed_in, "post", f"/changesets/{number}/submit/").json()["submitted_at"]
    send(signed_in, "post", f"/changesets/{number}/send-back/", {"text": "ще раз"})
    second = send(signed_in, "post", f"/changesets/{number}/submit/").json()["submitted_at"]
    for path in ("approve", "publish"):
        late = send(signed_in, "post", f"/changesets/{number}/{path}/", {"seen": first})
        assert (late.status_code, late.json()["error"]["code"]) == (409, "changeset_changed")
    for path in ("approve", "publish"):
        assert (
            send(signed_in, "post", f"/changesets/{number}/{path}/", {"seen": second}).status_code
            == 200
        )
