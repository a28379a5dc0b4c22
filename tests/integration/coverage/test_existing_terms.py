"""Publishing says what it means for existing clients: they keep their terms, or move on a day."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from coverage.models import ZoneChangeSet
from coverage.zoning import operations, scheduling, shelf
from coverage.zoning.publishing import TOPIC
from coverage.zoning.terms import BadTermsError, Terms
from project.core import clock
from project.core.actor import Actor
from project.core.models import OutboxEvent
from project.core.roles import Role
from tests.support.zones import AT, actor, building, drafted, later, planner, square

pytestmark = pytest.mark.django_db
TODAY = clock.today(AT)
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def olena() -> Actor:
    return actor(planner("olena"))


def told() -> dict[str, Any]:
    """What the last publication told the outbox about existing clients."""
    payload = OutboxEvent.objects.filter(topic=TOPIC).order_by("-id")[0].payload
    return {name: payload[name] for name in ("existing", "move_on")}


def test_without_a_word_everybody_keeps_the_terms(olena: Actor) -> None:
    draft = drafted(olena, square(0, 0))
    operations.publish(changeset_id=draft.changeset_id, actor=olena, at=later(1))
    assert told() == {"existing": "KEEP", "move_on": None}


def test_moving_is_stored_told_and_shown(olena: Actor) -> None:
    draft = drafted(olena, square(0, 0))
    terms = Terms("MOVE", TOMORROW)
    operations.publish(changeset_id=draft.changeset_id, actor=olena, at=later(1), existing=terms)
    assert told() == {"existing": "MOVE", "move_on": TOMORROW.isoformat()}
    shown = shelf.opened(changeset_id=draft.changeset_id, user_id=olena.user_id)
    assert (shown["existing"], shown["move_on"]) == ("MOVE", TOMORROW.isoformat())
    brief = shelf.listed(shelf="published")["changesets"][0]
    assert (brief["existing"], brief["move_on"]) == ("MOVE", TOMORROW.isoformat())


@pytest.mark.parametrize(
    "terms",
    [
        Terms("MOVE"),
        Terms("MOVE", TODAY),
        Terms("MOVE", TODAY - timedelta(days=30)),
        Terms("MOVE", TODAY + timedelta(days=400)),
        Terms("KEEP", TOMORROW),
        Terms("PERHAPS"),
    ],
)
def test_an_impossible_decision_publishes_nothing(olena: Actor, terms: Terms) -> None:
    draft = drafted(olena, square(0, 0))
    with pytest.raises(BadTermsError):
        operations.publish(
            changeset_id=draft.changeset_id, actor=olena, at=later(1), existing=terms
        )
    assert ZoneChangeSet.objects.get(id=draft.changeset_id).state == "DRAFT"


def test_the_database_refuses_a_day_that_has_begun(olena: Actor) -> None:
    draft = drafted(olena, square(0, 0))
    operations.publish(changeset_id=draft.changeset_id, actor=olena, at=later(1))
    row = ZoneChangeSet.objects.filter(id=draft.changeset_id)
    for values in (
        {"existing_terms": "MOVE", "move_on": TODAY},
        {"existing_terms": "MOVE", "move_on": None},
        {"existing_terms": "KEEP", "move_on": TOMORROW},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.update(**values)
    assert row.update(existing_terms="MOVE", move_on=TOMORROW) == 1


def test_a_plan_carries_the_decision_and_forgets_it_when_it_is_taken_back(olena: Actor) -> None:
    draft = drafted(olena, square(0, 0))
    number, publish_at = draft.changeset_id, AT + timedelta(days=3)
    plan = {"changeset_id": number, "publish_at": publish_at, "actor": olena, "at": later(1)}
    with pytest.raises(BadTermsError):
        scheduling.schedule(**plan, existing=Terms("MOVE", clock.today(publish_at)))
    first = clock.today(publish_at) + timedelta(days=1)
    scheduling.schedule(**plan, existing=Terms("MOVE", first))
    scheduling.unschedule(changeset_id=number, actor=olena, at=later(2))
    row = ZoneChangeSet.objects.get(id=number)
    assert (row.existing_terms, row.move_on) == ("KEEP", None)
    scheduling.schedule(**plan, existing=Terms("MOVE", first))
    assert scheduling.publish_due(at=publish_at) == (1, 0)
    assert told() == {"existing": "MOVE", "move_on": first.isoformat()}


def test_a_plan_that_is_late_moves_nobody_in_the_past(olena: Actor) -> None:
    draft = drafted(olena, square(0, 0))
    publish_at = AT.replace(hour=21, minute=59)  # a minute before midnight in Kyiv
    scheduling.schedule(
        changeset_id=draft.changeset_id,
        publish_at=publish_at,
        actor=olena,
        at=later(1),
        existing=Terms("MOVE", TOMORROW),
    )
    assert scheduling.publish_due(at=publish_at + timedelta(minutes=5)) == (1, 0)
    assert told()["move_on"] == (TOMORROW + timedelta(days=1)).isoformat()


def client_of(role: Role) -> Client:
    client = Client()
    client.force_login(planner("ivan", role))
    return client


def post(client: Client, name: str, number: int, body: dict[str, Any]) -> Any:
    return client.post(
        reverse(name, args=[number]), json.dumps(body), content_type="application/json"
    )


def test_the_api_takes_the_decision(olena: Actor) -> None:
    building(5, 5)
    draft = drafted(olena, square(0, 0))
    client = client_of(Role.ADMINISTRATOR)
    day = clock.today() + timedelta(days=10)
    impact = client.get(
        reverse("coverage-changeset-impact", args=[draft.changeset_id]),
        {"move_on": day.isoformat()},
    ).json()
    assert impact["existing"]["services"] == 0
    assert impact["existing"]["move_on"] == day.isoformat()
    answer = post(
        client,
        "coverage-changeset-publish",
        draft.changeset_id,
        {"existing": "MOVE", "move_on": day.isoformat()},
    )
    assert answer.status_code == 200, answer.content
    assert told() == {"existing": "MOVE", "move_on": day.isoformat()}


@pytest.mark.parametrize(
    "body",
    [
        {"existing": "MOVE"},
        {"existing": "MOVE", "move_on": "2020-01-01"},
        {"existing": "MOVE", "move_on": "2026-02-30"},
        {"existing": "MOVE", "move_on": "NaN"},
        {"existing": "MOVE", "move_on": 1e308},
        {"existing": "LATER"},
        {"existing": ["MOVE"]},
    ],
)
def test_the_api_refuses_nonsense_with_a_word(olena: Actor, body: dict[str, Any]) -> None:
    draft = drafted(olena, square(0, 0))
    client = client_of(Role.ADMINISTRATOR)
    soon = (clock.now() + timedelta(hours=1)).isoformat()
    for name, more in (
        ("coverage-changeset-publish", {}),
        ("coverage-changeset-schedule", {"publish_at": soon}),
    ):
        answer = post(client, name, draft.changeset_id, {**more, **body})
        assert answer.status_code == 400, (name, answer.content)
        assert answer.json().keys() & {"error", "existing", "move_on"}
    bad = client.get(
        reverse("coverage-changeset-impact", args=[draft.changeset_id]), {"move_on": "soon"}
    )
    assert bad.status_code == 400


def test_a_day_is_a_date_in_kyiv(olena: Actor) -> None:
    draft = drafted(olena, square(0, 0))
    at = AT.replace(hour=22, minute=30)  # half past midnight in Kyiv: the day has begun
    with pytest.raises(BadTermsError):
        operations.publish(
            changeset_id=draft.changeset_id, actor=olena, at=at, existing=Terms("MOVE", TOMORROW)
        )
    after: date = TOMORROW + timedelta(days=1)
    operations.publish(
        changeset_id=draft.changeset_id, actor=olena, at=at, existing=Terms("MOVE", after)
    )
