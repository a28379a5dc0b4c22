"""The API of places: permissions, every write and its refusals, hostile bodies."""

import json
import math

import pytest
from django.test import Client

from coverage.models import Building, Street
from project.core.roles import Role
from tests.support.places import city, house, street
from tests.support.zones import LAT, LON, planner

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/coverage/places"


def client_of(role=Role.PLANNER):
    client = Client()
    client.force_login(planner(role=role))
    return client


@pytest.fixture
def client():
    return client_of()


@pytest.fixture
def buchmy():
    return street(city())


def send(client, method, path, body=None):
    return getattr(client, method)(
        f"{ROOT}/{path}", data=json.dumps(body or {}), content_type="application/json"
    )


def test_a_house_is_made_changed_merged_and_undone_over_the_api(client, buchmy):
    guess = client.get(f"{ROOT}/guess/", {"lon": LON, "lat": LAT})
    assert guess.json() == {"streets": []}
    made = send(
        client,
        "post",
        "buildings/",
        {"lon": LON, "lat": LAT, "street_id": buchmy.id, "number": "5", "flats": 12},
    )
    assert made.status_code == 201, made.content
    first = made.json()["building"]
    assert (
        client.get(f"{ROOT}/guess/", {"lon": LON, "lat": LAT}).json()["streets"][0]["number"] == "7"
    )
    taken = send(
        client,
        "post",
        "buildings/",
        {"lon": LON, "lat": LAT, "street_id": buchmy.id, "number": "5"},
    )
    assert taken.status_code == 409
    assert taken.json()["error"]["context"]["building"]["building_id"] == first["building_id"]
    path = f"buildings/{first['building_id']}/"
    changed = send(client, "patch", path, {"base_revision": 1, "lon": LON + 0.0001, "lat": LAT})
    assert changed.json()["building"]["revision"] == 2
    stale = send(client, "patch", path, {"base_revision": 1, "flats": 1})
    assert stale.status_code == 412
    assert stale.json()["error"]["context"]["current"]["revision"] == 2
    far = send(client, "patch", path, {"base_revision": 2, "lon": LON + 0.1, "lat": LAT})
    assert far.status_code == 409
    assert far.json()["error"]["context"]["warnings"][0]["code"] == "far_move"
    undone = send(client, "post", f"{path}undo/", {"base_revision": 2})
    assert undone.json()["building"]["lon"] == pytest.approx(LON)
    second = house(buchmy, "5А", 0, 0)
    merge = {"loser_id": second.id, "loser_revision": 1, "winner_revision": 3}
    assert send(client, "post", f"{path}merge/", {**merge, "dry_run": True}).status_code == 200
    done = send(client, "post", f"{path}merge/", merge)
    assert done.json()["building"]["other_addresses"][0]["number"] == "5А"
    history = client.get(f"{ROOT}/{path}history/").json()
    assert [entry["action"] for entry in history["entries"]] == [
        "building.took_over",
        "building.merged",
        "building.undone",
        "building.moved",
        "building.created",
    ]
    assert history["undo"]["allowed"] is False
    retired = send(client, "post", f"{path}retire/", {"base_revision": 4, "reason": "знесено"})
    assert retired.json()["building"]["retired"]
    back = send(client, "post", f"{path}bring-back/", {"base_revision": 5})
    assert not back.json()["building"]["retired"]
    assert (
        client.get(f"{ROOT}/buildings/{second.id}/").json()["merged_into"] == first["building_id"]
    )


def test_streets_and_units_over_the_api(client, buchmy):
    places = client.get(f"{ROOT}/localities/", {"q": "хар"}).json()["localities"]
    assert places[0]["locality_id"] == buchmy.locality_id
    made = send(
        client,
        "post",
        "streets/",
        {"locality_id": buchmy.locality_id, "type": "вулиця", "name": "Нова"},
    )
    assert made.status_code == 201
    other = made.json()
    renamed = send(
        client,
        "post",
        f"streets/{other['street_id']}/rename/",
        {"base_revision": 1, "type": "вулиця", "name": "Новіша", "on_date": "2026-10-01"},
    )
    assert renamed.json()["aliases"][0]["until_date"] == "2026-10-01"
    path = f"streets/{other['street_id']}/"
    assert send(client, "post", f"{path}undo/", {"base_revision": 2}).json()["name"] == "Нова"
    assert client.get(f"{ROOT}/{path}history/").json()["entries"][0]["action"] == "street.undone"
    building = house(buchmy, "5")
    houses = client.get(f"{ROOT}/streets/{buchmy.id}/houses/").json()
    assert [row["number"] for row in houses["houses"]] == ["5"]
    merge = {"loser_id": other["street_id"], "loser_revision": 3, "winner_revision": 1}
    merged = send(client, "post", f"streets/{buchmy.id}/merge/", merge)
    assert merged.json()["street"]["street_id"] == buchmy.id
    added = send(
        client, "post", f"buildings/{building.id}/premises/", {"units": "1-3", "entrance": "2"}
    )
    assert added.json() == {"added": 3, "known": 0}
    rows = client.get(f"{ROOT}/buildings/{building.id}/premises/").json()["premises"]
    one = rows[0]
    seen = {"unit": "1", "entrance": "2", "floor": None}
    changed = send(client, "patch", f"premises/{one['premise_id']}/", {"seen": seen, "floor": 3})
    assert changed.json()["floor"] == 3
    assert send(client, "post", f"premises/{one['premise_id']}/retire/").json()["retired"]
    assert not send(client, "post", f"premises/{one['premise_id']}/bring-back/").json()["retired"]
    number = client.get(f"{ROOT}/streets/{buchmy.id}/number/", {"lon": LON, "lat": LAT})
    assert number.json() == {"number": "7"}


def test_only_those_who_may_edit_zones_may_change_places(buchmy):
    body = {"lon": LON, "lat": LAT, "street_id": buchmy.id, "number": "5"}
    operator = client_of(Role.OPERATOR)
    assert send(operator, "post", "buildings/", body).status_code == 403
    assert operator.get(f"{ROOT}/streets/").status_code == 200
    assert send(Client(), "post", "buildings/", body).status_code in {401, 403}
    assert Client().get(f"{ROOT}/streets/").status_code in {401, 403}
    assert not Building.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "buildings/", {"lon": math.nan, "lat": LAT}),
        ("post", "buildings/", {"lon": 1000, "lat": LAT}),
        ("post", "buildings/", {"lon": "36", "lat": None}),
        ("post", "buildings/", {"lon": LON, "lat": LAT, "street_id": 10**30}),
        ("post", "buildings/", {"lon": LON, "lat": LAT, "number": "\x00"}),
        ("post", "buildings/", {"lon": LON, "lat": LAT, "number": "1" * 39}),
        ("post", "buildings/", {"lon": LON, "lat": LAT, "other_addresses": [1]}),
        ("post", "buildings/", {"lon": LON, "lat": LAT, "other_addresses": {"a": 1}}),
        ("post", "buildings/", {"lon": LON, "lat": LAT, "flats": 10**40}),
        ("patch", "buildings/1/", {"base_revision": "x"}),
        ("patch", "buildings/999999999/", {"base_revision": 1}),
        (
            "post",
            "buildings/999999999/merge/",
            {"loser_id": 1, "loser_revision": 1, "winner_revision": 1},
        ),
        ("post", "streets/", {"locality_id": 1, "type": "вулиця", "name": "\ud800"}),
        ("post", "streets/", {"locality_id": 10**12, "type": "вулиця", "name": "Нова"}),
        ("post", "streets/1/rename/", {"base_revision": 1, "type": "x", "name": "Нова"}),
        ("post", "buildings/1/premises/", {"units": "1-999999999"}),
        ("patch", "premises/1/", {"seen": [], "floor": "x"}),
    ],
)
def test_hostile_bodies_are_4xx_with_a_word(client, method, path, body):
    answer = send(client, method, path, body)
    assert 400 <= answer.status_code < 500, answer.content
    assert answer.json()


@pytest.mark.parametrize(
    "query",
    ["after=x", "after=1:%00", "locality_id=x", "q=" + "а" * 400, "locality_id=" + "9" * 40],
)
def test_hostile_queries_of_lists_are_4xx(client, query):
    assert client.get(f"{ROOT}/streets/?{query}").status_code == 400


def test_ids_that_no_table_can_hold_are_404(client):
    assert client.get(f"{ROOT}/buildings/{'9' * 30}/").status_code == 404
    assert client.get(f"{ROOT}/streets/{10**17}/").status_code == 404
    assert not Street.objects.exists()
