"""POST /api/v1/availability: availability with tariffs, for anybody."""

import json
from datetime import date
from typing import Any

import pytest
from django.test import Client

from coverage.models import AvailabilityCheck, Street
from project.core import clock
from tests.support.billing import World, moment

NOW = moment(date(2026, 11, 23), 12)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def ask(body: Any, language: str = "en") -> tuple[int, dict[str, Any]]:
    text = body if isinstance(body, str) else json.dumps(body)
    client = Client()
    client.cookies["geobill_language"] = language
    response = client.post("/api/v1/availability", text, content_type="application/json")
    return response.status_code, response.json()


def test_a_building_is_answered_with_tariffs_and_the_check_is_stored(world: World) -> None:
    tariff = world.tariff(price=30_000, code="home")
    world.price(tariff, 24_000, zone_id=world.zone_id, connection_fee_kopecks=10_000)
    world.tariff(price=4_000, code="router", service_type="RENT")
    status, answer = ask({"building_id": world.building.id})
    assert status == 200
    assert (answer["answer"], answer["reason"]) == ("available", "available")
    gpon = next(n for n in answer["networks"] if n["network_type"] == "gpon")
    assert gpon["zone"] == "Зона"
    assert [(t["code"], t["price_kopecks"]) for t in gpon["tariffs"]] == [("home", 24_000)]
    assert gpon["tariffs"][0]["name"] == "Tariff home"
    assert gpon["tariffs"][0]["connection_fee_kopecks"] == 10_000
    assert [t["code"] for t in gpon["addons"]] == ["router"]
    fttb = next(n for n in answer["networks"] if n["network_type"] == "fttb")
    assert (fttb["answer"], fttb["planned_for_date"]) == ("planned", "2027-03-01")
    assert [(t["price_kopecks"], t["is_planned"]) for t in fttb["tariffs"]] == [(30_000, True)]
    stored = AvailabilityCheck.objects.get(public_id=answer["check"])
    assert (stored.channel, stored.answer) == ("API", "AVAILABLE")


def test_texts_come_in_the_readers_language(world: World) -> None:
    world.tariff(price=30_000, code="home")
    _status, answer = ask({"building_id": world.building.id}, language="uk")
    tariff = answer["networks"][0]["tariffs"][0]
    assert tariff["name"] == "Тариф home"
    assert "₴ на місяць" in tariff["price_text"]
    assert tariff["day_text"].startswith("від ")


def test_an_address_and_a_pin_are_answered(world: World) -> None:
    street = Street.objects.create(
        locality=world.city, type="вулиця", name="Бучми", name_norm="бучми", search_key="бучми"
    )
    world.building.street, world.building.number = street, "42Б"
    world.building.save()
    status, answer = ask({"address": "вул. Бучми 42-б"})
    assert (status, answer["match"]["building_id"]) == (200, world.building.id)
    point = world.building.point
    status, answer = ask({"lon": point.x, "lat": point.y, "accuracy_m": 5})
    assert (status, answer["answer"]) == (200, "available")


def test_no_tariffs_where_there_is_no_coverage(world: World) -> None:
    world.tariff(price=30_000)
    status, answer = ask({"building_id": world.outside.id})
    assert (status, answer["answer"]) == (200, "no_coverage")
    assert all(n["tariffs"] == [] for n in answer["networks"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"address": ""},
        {"address": "   "},
        {"address": "х" * 301},
        {"address": "Бучми\x00 1"},
        {"address": "Бучми 1", "building_id": 1},
        {"lon": 36.3},
        {"lon": "NaN", "lat": 50},
        {"lon": 1e400, "lat": 50},
        {"lon": 36.3, "lat": 95},
        {"lon": 36.3, "lat": 50, "accuracy_m": -1},
        {"building_id": "1; DROP TABLE"},
        {"building_id": 10**30},
        {"building_id": -1},
        {"adress": "Бучми 1"},
        {"address": {"street": "Бучми"}},
        {"accuracy_m": 5, "address": "Бучми 1"},
        [],
        "null",
        "42",
        "{not json",
        "[" * 100_000,
        '{"lon": NaN, "lat": 50}',
    ],
)
def test_bad_questions_are_answered_400_with_a_sentence(world: World, body: Any) -> None:
    status, answer = ask(body)
    assert status == 400
    assert AvailabilityCheck.objects.count() == 0
    assert answer["error"]["code"]
    assert answer["error"]["message"]


def test_an_unknown_building_is_not_found(world: World) -> None:
    status, answer = ask({"building_id": 10**15})
    assert status in {400, 404}
    assert answer["error"]["message"]


def test_errors_are_in_ukrainian_for_ukrainians(world: World) -> None:
    _status, answer = ask({}, language="uk")
    assert answer["error"]["message"] == "Вкажіть одне з: address, building_id або lon і lat."


def test_each_reader_is_told_in_their_own_language(world: World) -> None:
    told = [
        ask({"address": "х" * 301}, language=language)[1]["error"]["message"]
        for language in ("uk", "en", "uk")
    ]
    assert told[0] == told[2] != told[1]
    assert "300" in told[0]
    assert "no more than 300" in told[1]


def test_the_address_is_documented(db: None) -> None:
    schema = Client().get("/api/v1/schema", headers={"accept": "application/json"})
    assert schema.status_code == 200
    assert b"check_availability" in schema.content
