"""What a survey found at a building beats the zones, with history and an end; the planner's API."""

import json
from datetime import datetime, time, timedelta

import pytest
from django.contrib.gis.geos import LineString, MultiLineString, MultiPolygon, Polygon
from django.test import Client

from coverage import overrides, street_map
from coverage.availability import answer_for_point
from coverage.models import Building, CoverageOverride, Street
from coverage.places import Box
from project.core import clock
from project.core.models import AuditEntry, OutboxEvent
from project.core.roles import Role
from tests.support.zones import (
    AT,
    LAT,
    LON,
    STEP,
    actor,
    building,
    drafted,
    later,
    locality,
    planner,
    published,
    square,
)

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/coverage"


@pytest.fixture
def person():
    return planner()


@pytest.fixture
def house():
    return building(5, 5)


def answer(house, at, network="GPON"):
    found = answer_for_point(lon=house.point.x, lat=house.point.y, at=at, building_id=house.id)
    return {each.network_type: each.answer.value for each in found}.get(network)


def note(house, person, at, **changes):
    wanted = {"network_type": "GPON", "available": False, "reason": "оптика до № 7", **changes}
    return overrides.set_override(building_id=house.id, actor=actor(person), at=at, **wanted)


def test_the_fibre_ends_here_and_later_it_does_not(person, house):
    published(actor(person), square(0, 0))
    first = note(house, person, later(1))
    assert answer(house, later(2)) == "NO_COVERAGE"
    assert answer(house, later(0)) == "AVAILABLE", "the past stays as it was"
    overrides.end_override(
        override_id=first, reason="добудували", actor=actor(person), at=later(10)
    )
    assert answer(house, later(11)) == "AVAILABLE"
    (row,) = overrides.building_state(building_id=house.id, at=later(12))["overrides"]
    assert (row["reason"], row["end_reason"]) == ("оптика до № 7", "добудували")
    assert row["valid_until"] == later(10).isoformat()
    with pytest.raises(overrides.NotFoundError):
        overrides.end_override(override_id=first, reason="ще", actor=actor(person), at=later(13))


def test_a_newer_finding_closes_the_older_and_other_networks_stay(person, house):
    note(house, person, later(1))
    note(house, person, later(1), network_type="FTTB")
    note(house, person, later(5), available=True, reason="перевірено на місці")
    assert answer(house, later(6)) == "AVAILABLE"
    assert answer(house, later(6), "FTTB") == "NO_COVERAGE"
    assert CoverageOverride.objects.count() == 3
    assert len(overrides.in_force(at=later(6))) == 2
    assert AuditEntry.objects.filter(action="coverage.override.set").count() == 3
    assert OutboxEvent.objects.filter(topic=overrides.TOPIC).count() == 3
    with pytest.raises(overrides.OverrideTooEarlyError):
        note(house, person, later(5))


def test_a_finding_needs_a_reason_and_a_standing_building(person, house):
    for reason in ("", "   ", "я" * 301):
        with pytest.raises(overrides.BadOverrideError):
            note(house, person, later(1), reason=reason)
    with pytest.raises(overrides.BadOverrideError):
        note(house, person, later(1), network_type="TELEPATHY")
    Building.objects.filter(id=house.id).update(retired_at=later(0))
    with pytest.raises(overrides.NotFoundError):
        note(house, person, later(1))


def test_the_note_of_a_building_that_was_taken_off_the_map_can_be_ended(person, house):
    made = note(house, person, later(1))
    house.retired_at = later(2)
    house.save()
    overrides.end_override(override_id=made, reason="знесено", actor=actor(person), at=later(3))
    assert CoverageOverride.objects.get(id=made).valid.upper == later(3)
    assert overrides.in_force(at=later(4)) == []


def test_the_building_under_the_mouse_is_the_one_whose_footprint_it_is(house):
    beside = building(5.2, 5)
    lon, lat = house.point.coords
    wide = MultiPolygon(Polygon.from_bbox((lon - 1e-4, lat - 1e-4, lon + 1.8e-4, lat + 1e-4)))
    wide.srid = 4326
    Building.objects.filter(id=house.id).update(footprint=wide)
    assert street_map.building_under(lon=lon + 1.7e-4, lat=lat) == house.id
    assert street_map.building_under(lon=lon + 1.9e-4, lat=lat) == beside.id
    assert street_map.building_under(lon=lon + 0.1, lat=lat) is None


def test_streets_of_a_window_are_those_that_have_a_line():
    city = locality()
    made = [
        Street.objects.create(
            locality=city,
            type="вулиця",
            name=name,
            name_norm=name,
            search_key=name,
            geom=geom,
        )
        for name, geom in (
            ("лісова", MultiLineString(LineString((LON, LAT), (LON + STEP, LAT)), srid=4326)),
            ("нагірна", None),
        )
    ]
    window = Box(LON - STEP, LAT - STEP, LON + STEP, LAT + STEP)
    (feature,) = street_map.streets_geojson(bbox=window)["features"]
    assert feature["properties"] == {"id": made[0].id, "label": "вулиця лісова"}
    away = Box(LON + 10 * STEP, LAT, LON + 11 * STEP, LAT + STEP)
    assert street_map.streets_geojson(bbox=away)["features"] == []


# --- the API ---------------------------------------------------------------------------------


def client_of(user):
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def send(client, method, path, body=None):
    return getattr(client, method)(
        ROOT + path, json.dumps(body or {}), content_type="application/json"
    )


def test_a_planner_notes_and_ends_over_the_api(person, house):
    client = client_of(person)
    under = client.get(f"{ROOT}/buildings/under/?lon={house.point.x}&lat={house.point.y}").json()
    assert under["building_id"] == house.id
    body = {"network_type": "GPON", "available": False, "reason": "немає муфти"}
    made = send(client, "post", f"/buildings/{house.id}/overrides/", body)
    assert made.status_code == 201
    override = made.json()["overrides"][0]["override_id"]
    assert client.get(f"{ROOT}/overrides/").json()["overrides"][0]["building_id"] == house.id
    ended = send(client, "post", f"/overrides/{override}/end/", {"reason": "є муфта"})
    assert ended.status_code == 204
    assert client.get(f"{ROOT}/overrides/").json()["overrides"] == []
    assert client.get(f"{ROOT}/buildings/{house.id}/").json()["may_override"] is True


def test_the_way_of_a_change_set_over_the_api(person, settings):
    settings.GEOBILL_ZONES_NEED_REVIEW = True
    draft = drafted(actor(person), square(0, 0), at=clock.now() - timedelta(hours=1))
    mine, second = client_of(person), client_of(planner("ivan"))
    root = f"/changesets/{draft.changeset_id}"
    titled = send(mine, "patch", f"{root}/", {"title": "Салтівка"})
    assert titled.json()["title"] == "Салтівка"
    assert send(mine, "post", f"{root}/submit/", {"text": "прошу"}).json()["state"] == "REVIEW"
    assert send(mine, "post", f"{root}/approve/").status_code == 403
    assert send(mine, "post", f"{root}/publish/").status_code == 409
    assert send(second, "post", f"{root}/comments/", {"text": "добре"}).status_code == 201
    assert send(second, "post", f"{root}/approve/").json()["approved_by"]
    when = (clock.now() + timedelta(days=1)).isoformat()
    planned = send(mine, "post", f"{root}/schedule/", {"publish_at": when})
    assert planned.json()["publish_at"]
    assert send(mine, "delete", f"{root}/schedule/").json()["publish_at"] is None
    assert send(mine, "post", f"{root}/publish/").status_code == 200
    listed = mine.get(f"{ROOT}/changesets/?state=published").json()
    assert [row["title"] for row in listed["changesets"]] == ["Салтівка"]
    moments = mine.get(f"{ROOT}/zones/moments/").json()["moments"]
    assert moments[0]["title"] == "Салтівка"
    span = f"{ROOT}/zones/difference/?from=2020-01-01T00:00:00"
    assert len(mine.get(span).json()["zones"]) == 1
    assert mine.get(f"{ROOT}/zones/retired/").json() == {"zones": []}


def test_rules_are_set_by_those_who_may_publish(person):
    path = "/invariants/building_outside_place/"
    engineer = client_of(planner("engineer", Role.NETWORK_ENGINEER))
    assert send(engineer, "put", path, {"level": "BLOCK"}).status_code == 403
    mine = client_of(person)
    assert send(mine, "put", path, {"level": "BLOCK"}).status_code == 204
    assert AuditEntry.objects.filter(action="coverage.invariant.level_set").count() == 1
    found = mine.get(f"{ROOT}/invariants/").json()
    levels = {rule["name"]: rule["level"] for rule in found["invariants"]}
    assert levels["building_outside_place"] == "BLOCK"
    assert found["may_set"] is True


def test_a_note_for_some_days_ends_by_itself_and_is_told_of_once(person, house):
    published(actor(person), square(0, 0))
    note(house, person, later(1), last_date=AT.date())
    midnight = datetime.combine(AT.date() + timedelta(days=1), time(), tzinfo=clock.KYIV)
    assert answer(house, midnight - timedelta(seconds=1)) == "NO_COVERAGE"
    assert answer(house, midnight) == "AVAILABLE"
    assert overrides.end_due(at=midnight - timedelta(seconds=1)) == 0
    assert [overrides.end_due(at=midnight) for _ in range(2)] == [1, 0]
    event = OutboxEvent.objects.filter(topic=overrides.TOPIC).latest("id")
    assert event.payload["available"] is None
    (row,) = overrides.building_state(building_id=house.id, at=midnight)["overrides"]
    assert (row["in_force"], row["ended_by"]) == (False, "")
    note(house, person, midnight, last_date=AT.date() + timedelta(days=3))
    note(house, person, midnight + timedelta(hours=1), available=True)
    assert answer(house, midnight + timedelta(days=30)) == "AVAILABLE"
    second = CoverageOverride.objects.order_by("id")[1]
    with pytest.raises(overrides.NotFoundError):
        overrides.end_override(
            override_id=second.id, reason="x", actor=actor(person), at=later(60 * 24)
        )


@pytest.mark.parametrize("days", [-1, 3661])
def test_the_last_day_of_a_note_lies_ahead_but_not_too_far(person, house, days):
    with pytest.raises(overrides.BadLastDateError):
        note(house, person, AT, last_date=clock.today(AT) + timedelta(days=days))


def test_the_map_of_buildings_can_be_had_as_it_was_by_staff(person, house):
    before = clock.now() - timedelta(hours=2)
    published(actor(person), square(0, 0), at=before)
    box = f"{LON},{LAT},{LON + 10 * STEP},{LAT + 10 * STEP}"

    def answer_at(moment):
        sent = client_of(person).get(f"/api/v1/buildings/?bbox={box}&at={moment.isoformat()}")
        return sent.json()["features"][0]["properties"]["answer"]

    assert answer_at(before - timedelta(minutes=1)) is None
    assert answer_at(before + timedelta(minutes=1)) == "AVAILABLE"
    assert client_of(person).get(f"/api/v1/buildings/?bbox={box}&at=noon").status_code == 400
    assert Client().get(f"/api/v1/buildings/?bbox={box}&at=2026-01-01").status_code == 403


GETS = [
    "/changesets/",
    "/changesets/1/",
    "/zones/moments/",
    "/zones/difference/",
    "/zones/retired/",
    "/streets/?bbox=1,1,2,2",
    "/buildings/under/?lon=1&lat=1",
    "/buildings/1/",
    "/overrides/",
    "/invariants/",
]


@pytest.mark.parametrize("path", GETS)
def test_nothing_of_this_is_public(path):
    assert Client().get(ROOT + path).status_code == 403


HOSTILE = [
    ("get", "/changesets/?state=all", None),
    ("get", "/changesets/99999999/", None),
    ("get", "/changesets/99999999999999999999/", None),
    ("get", "/zones/difference/?from=yesterday", None),
    ("get", "/zones/difference/?from=2026-01-02T00:00&until=2026-01-01T00:00", None),
    ("get", "/zones/difference/?from=99999-01-01", None),
    ("get", "/streets/?bbox=nan,1,2,3", None),
    ("get", "/streets/", None),
    ("get", "/buildings/under/", None),
    ("get", "/buildings/under/?lon=nan&lat=1", None),
    ("get", "/buildings/under/?lon=181&lat=1", None),
    ("get", "/buildings/99999999/", None),
    ("post", "/buildings/99999999/overrides/", {"network_type": "GPON"}),
    ("post", "/buildings/99999999/overrides/", {"network_type": "GPON", "available": 1}),
    ("post", "/overrides/99999999/end/", {"reason": "x"}),
    ("post", "/overrides/99999999/end/", {"reason": "\x00"}),
    ("post", "/changesets/99999999/submit/", {}),
    ("post", "/changesets/99999999/comments/", {"text": "x"}),
    ("post", "/changesets/99999999/approve/", {"text": 10**400}),
    ("post", "/changesets/99999999/send-back/", {"text": "x"}),
    ("post", "/changesets/99999999/schedule/", {"publish_at": "0001-01-01T00:00:00"}),
    ("post", "/changesets/99999999/schedule/", {"publish_at": "9999-12-31T23:59:59-14:00"}),
    ("post", "/changesets/99999999/schedule/", {"publish_at": [1]}),
    ("delete", "/changesets/99999999/schedule/", {}),
    ("patch", "/changesets/99999999/", {"title": "\ud800"}),
    ("post", "/buildings/1/overrides/", {"last_date": "9999-12-31"}),
    ("post", "/presence/", {}),
    ("post", "/presence/", {"subject": "zone:x", "tab": "a"}),
    ("post", "/presence/", {"subject": "zone:1", "tab": "Щ"}),
    ("post", "/presence/", {"subject": "zone:1", "tab": "a" * 17}),
    ("put", "/invariants/none/", {"level": "OFF"}),
    ("put", "/invariants/overlapping_zones/", {"level": "OFF"}),
]


@pytest.mark.parametrize(("method", "path", "body"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_input_is_4xx(method, path, body):
    admin = client_of(planner("admin", Role.ADMINISTRATOR))
    sent = admin.get(ROOT + path) if body is None else send(admin, method, path, body)
    assert 400 <= sent.status_code < 500, sent.content[:300]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "٣"])
def test_a_strange_page_is_the_first(person, before):
    answer = client_of(person).get(f"{ROOT}/changesets/", {"before": before})
    assert answer.status_code == 200
