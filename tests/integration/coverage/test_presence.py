"""Planners see what others have open; Redis keeps it for 40 seconds, and nothing depends on it."""

import json

import pytest
import redis
from django.test import Client, override_settings

from coverage import presence
from project.core.actor import Actor, ActorKind
from tests.support.ports import free_tcp_port
from tests.support.zones import later, planner

OLENA = Actor(kind=ActorKind.STAFF, label="Олена", user_id=1)
IVAN = Actor(kind=ActorKind.STAFF, label="Іван", user_id=2)


@pytest.fixture(autouse=True)
def own_redis(redis_server):
    address = f"redis://127.0.0.1:{redis_server}/1"
    client = redis.Redis.from_url(address)
    client.delete(presence.KEY)
    with override_settings(GEOBILL_PRESENCE_REDIS_URL=address):
        yield client
    client.delete(presence.KEY)


def tell(who, subject, minute=0.0, *, tab="a", edits=False):
    found = presence.tell(subject=subject, tab=tab, edits=edits, actor=who, at=later(minute))
    return [(each.name, each.subject, each.edits) for each in found]


def test_others_are_seen_oneself_is_not():
    assert tell(OLENA, "zone:7", edits=True) == []
    assert tell(IVAN, "zone:7") == [("Олена", "zone:7", True)]
    assert tell(OLENA, "zone:7", tab="b") == [("Іван", "zone:7", False)]
    assert tell(IVAN, "changeset:3") == [("Олена", "zone:7", True)], "once, though in two tabs"
    assert tell(OLENA, "zone:7") == [("Іван", "changeset:3", False)]


def test_who_leaves_is_gone_at_once_and_who_is_silent_after_forty_seconds(own_redis):
    tell(OLENA, "zone:7")
    tell(OLENA, "")
    assert tell(IVAN, "zone:7") == []
    tell(OLENA, "zone:7", 1)
    assert tell(IVAN, "zone:7", 1 + 39 / 60) == [("Олена", "zone:7", False)]
    assert tell(IVAN, "zone:7", 1 + 41 / 60) == []
    assert own_redis.hlen(presence.KEY) == 1
    assert 0 < own_redis.ttl(presence.KEY) <= presence.KEPT_S


def test_one_person_cannot_fill_the_memory(own_redis):
    for number in range(presence.TABS_OF_ONE * 3):
        tell(OLENA, "zone:7", number / 600, tab=f"t{number}")
    assert own_redis.hlen(presence.KEY) <= presence.TABS_OF_ONE


def test_without_redis_nobody_is_seen_and_nothing_fails():
    with override_settings(GEOBILL_PRESENCE_REDIS_URL=f"redis://127.0.0.1:{free_tcp_port()}/1"):
        assert tell(OLENA, "zone:7") == []


@pytest.mark.django_db
def test_the_api_knows_who_asks():
    tell(OLENA, "zone:7", tab="a", edits=True)
    person = planner("petro")
    client = Client()
    client.force_login(person)
    sent = client.post(
        "/api/v1/coverage/presence/",
        json.dumps({"subject": "zone:7", "tab": "x1", "edits": True}),
        content_type="application/json",
    )
    assert sent.status_code == 200
    assert sent.json() == {"present": []}, "what was told long ago is over"
    assert Client().post("/api/v1/coverage/presence/").status_code == 403
