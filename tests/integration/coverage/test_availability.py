"""The availability answer on real addresses of Saltivka and Kyiv, and every check stored."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from pytest_django.plugin import DjangoDbBlocker

from coverage import operations, queries
from coverage.answers import Answer, CheckResult, MatchKind, NetworkAnswer, Reason
from coverage.importers.buildings import import_buildings
from coverage.importers.renames import import_renames
from coverage.models import AdminUnit, AvailabilityCheck, Building, CoverageOverride, StreetAlias
from project.core.actor import SYSTEM, Actor, ActorKind
from project.core.errors import DomainError
from tests.support import databases
from tests.support.zones import (
    AT,
    LAT,
    LON,
    STEP,
    actor,
    building,
    later,
    locality,
    published,
    square,
)

GEO = Path(__file__).resolve().parents[3] / "fixtures" / "geo"
LONG_AGO = AT - timedelta(days=365)  # the API answers for now
METRE = 1 / 111_220  # of latitude here, in degrees


def ask(**asked: Any) -> CheckResult:
    return operations.check_availability(
        **{"at": later(1), "channel": "PUBLIC", "actor": SYSTEM, **asked}
    )


def at_point(x: float, y: float, **more: Any) -> tuple[NetworkAnswer, ...]:
    return queries.answer_for_point(
        **{"lon": LON + x * STEP, "lat": LAT + y * STEP, "at": later(1), **more}
    )


@pytest.fixture(scope="class")
def places(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Saltivka's buildings and Kyiv's renames, without the codifier: it is not needed here.

    Committed once for the class, whose tests only read them.
    """
    with django_db_blocker.unblock():
        import_buildings(path=GEO / "saltivka_buildings.geojson.gz", locality=locality())
        kyiv = AdminUnit.objects.create(
            category="SPECIAL_CITY", name="Київ", search_key="київ", path="/kyiv/", depth=0
        )
        import_renames(path=GEO / "kyiv_renames.csv.gz", locality=kyiv, source="council")
        yield
        databases.renew(settings.DATABASES["default"]["NAME"])


@pytest.mark.django_db
class TestAnswerForPoint:
    def test_with_no_zone_anywhere_there_is_no_answer_for_any_network(self) -> None:
        assert at_point(1, 1) == ()

    @pytest.mark.parametrize(
        "status, answer, reason",
        [
            ("IN_SERVICE", "AVAILABLE", "AVAILABLE"),
            ("PLANNED", "PLANNED", "PLANNED"),
            ("BUILDING", "PLANNED", "BUILDING"),
        ],
    )
    def test_the_status_of_the_zone_is_the_answer(
        self, status: str, answer: str, reason: str
    ) -> None:
        day = date(2027, 3, 1) if status != "IN_SERVICE" else None
        zone = published(actor(), square(0, 0), status=status, planned_for_date=day)
        (found,) = at_point(5, 5)
        assert (found.answer, found.reason, found.zone_id) == (answer, reason, zone.zone_id)
        assert found.zone_version_id is not None
        assert found.planned_for_date == day

    @pytest.mark.parametrize("x, y", [(0, 0), (10, 10), (0, 5), (5, 10), (10, 0)])
    def test_the_edge_and_the_corner_belong_to_the_zone(self, x: int, y: int) -> None:
        published(actor(), square(0, 0))
        assert at_point(x, y)[0].answer is Answer.AVAILABLE

    def test_before_and_after_the_zone_was_valid_it_says_nothing(self) -> None:
        published(actor(), square(0, 0))
        assert at_point(5, 5, at=AT - timedelta(seconds=1)) == ()
        assert at_point(5, 5, at=AT)[0].answer is Answer.AVAILABLE

    def test_one_winner_for_each_network_type_best_answer_first(self) -> None:
        published(actor(), square(0, 0), network_type="GPON", status="PLANNED")
        published(actor(), square(0, 0), network_type="WIRELESS")
        published(actor(), square(50, 50), network_type="FTTB")
        assert [(a.network_type, a.answer) for a in at_point(5, 5)] == [
            ("WIRELESS", "AVAILABLE"),
            ("GPON", "PLANNED"),
            ("FTTB", "NO_COVERAGE"),
        ]

    def test_the_higher_priority_wins_whatever_the_area(self) -> None:
        published(actor(), square(4, 4, 2, 2), status="PLANNED", priority=1)
        large = published(actor(), square(0, 0, 20, 20), priority=5)
        assert at_point(5, 5)[0].zone_id == large.zone_id

    def test_a_past_day_is_answered_by_the_priority_of_that_day(self) -> None:
        planned = published(actor(), square(4, 4, 2, 2), status="PLANNED", priority=1)
        large = published(actor(), square(0, 0, 20, 20), priority=5)
        raised = operations.save_draft(
            zone_id=planned.zone_id,
            base_revision=planned.revision,
            actor=actor(),
            at=later(2),
            geometry=square(4, 4, 2, 2),
            status="PLANNED",
            priority=9,
        )
        operations.publish(changeset_id=raised.changeset_id, actor=actor(), at=later(3))
        assert at_point(5, 5, at=later(1))[0].zone_id == large.zone_id
        assert at_point(5, 5, at=later(4))[0].zone_id == planned.zone_id
        building(5, 5)
        window = queries.checked_box("36.29,49.99,36.35,50.05")
        for minutes, answer in ((1, "AVAILABLE"), (4, "PLANNED")):
            (house,) = queries.buildings_geojson(bbox=window, at=later(minutes))["features"]
            assert house["properties"]["answer"] == answer

    def test_just_outside_is_asked_to_be_surveyed_and_far_outside_is_no(self) -> None:
        zone = published(actor(), square(0, 0))
        near = at_point(5, 10 + 20 * METRE / STEP)[0]
        assert (near.answer, near.reason, near.zone_id) == (
            Answer.NEEDS_SURVEY,
            Reason.NEAR_EDGE,
            zone.zone_id,
        )
        assert near.distance_m == pytest.approx(20, abs=0.5)
        far = at_point(5, 10 + 30 * METRE / STEP)[0]
        assert (far.answer, far.reason) == (Answer.NO_COVERAGE, Reason.OUTSIDE_ZONE)
        assert far.distance_m == pytest.approx(30, abs=0.5)

    def test_the_nearest_is_nearest_in_metres_not_in_degrees(self) -> None:
        # 90 m east is more degrees than 100 m north, yet it is the nearer one.
        published(actor(), square(0, 0, 5, 5), name="on the east")
        published(actor(), square(-20, 5 + 100 * METRE / STEP, 22, 5), name="in the north")
        east = 90 * METRE / STEP / 0.6428
        (found,) = at_point(-east, 5)
        assert found.zone_name == "on the east"
        assert found.distance_m == pytest.approx(90, rel=0.01)

    def test_a_coarse_pin_near_the_edge_is_asked_to_be_surveyed(self) -> None:
        published(actor(), square(0, 0))
        y = 10 - 30 * METRE / STEP
        assert at_point(5, y, accuracy_m=20)[0].answer is Answer.AVAILABLE
        coarse = at_point(5, y, accuracy_m=50)[0]
        assert (coarse.answer, coarse.reason) == (Answer.NEEDS_SURVEY, Reason.NEAR_EDGE)
        assert coarse.distance_m == pytest.approx(30, abs=0.5)
        outside = at_point(5, 10 + 60 * METRE / STEP, accuracy_m=100)[0]
        assert outside.reason is Reason.NEAR_EDGE

    @pytest.mark.parametrize(
        "network_type, answer", [("FTTB", "NEEDS_SURVEY"), ("WIRELESS", "AVAILABLE")]
    )
    def test_an_unwired_house_needs_a_survey_for_fttb_only(
        self, network_type: str, answer: str
    ) -> None:
        published(actor(), square(0, 0), network_type=network_type)
        house = building(5, 5)
        Building.objects.filter(id=house.id).update(wiring="NOT_WIRED")
        assert at_point(5, 5, building_id=house.id)[0].answer == answer

    @pytest.mark.parametrize(
        "x, available, answer, reason",
        [(5, False, "NO_COVERAGE", "OVERRIDDEN"), (90, True, "AVAILABLE", "AVAILABLE")],
    )
    def test_a_surveyed_fact_beats_geometry(
        self, x: int, available: bool, answer: str, reason: str
    ) -> None:
        published(actor(), square(0, 0))
        house = building(x, 5)
        CoverageOverride.objects.create(
            building=house,
            network_type="GPON",
            available=available,
            reason="no. 7 is the end",
            valid=DateTimeTZRange(AT, later(60)),
        )
        (found,) = at_point(x, 5, building_id=house.id)
        assert (found.answer, found.reason) == (answer, reason)
        assert (found.zone_id is None) == (x == 90)
        (later_on,) = at_point(x, 5, building_id=house.id, at=later(60))
        assert later_on.answer != answer

    @pytest.mark.parametrize(
        "lon, lat",
        [
            (float("nan"), 50),
            (36, float("inf")),
            (1000, 50),
            (36, -1000),
            (10**400, 1),
            ("x", "y"),
            (None, 1),
        ],
    )
    def test_numbers_that_are_no_place_are_refused(self, lon: Any, lat: Any) -> None:
        with pytest.raises(DomainError) as error:
            queries.answer_for_point(lon=lon, lat=lat, at=AT)
        assert error.value.http_status == 400

    @pytest.mark.parametrize("lon, lat", [(0, 90), (180, -90), (-180, 0)])
    def test_the_ends_of_the_world_are_places(self, lon: float, lat: float) -> None:
        published(actor(), square(0, 0))
        assert queries.answer_for_point(lon=lon, lat=lat, at=later(1))[0].answer == "NO_COVERAGE"

    def test_a_demolished_building_is_unknown(self) -> None:
        house = building(5, 5)
        Building.objects.filter(id=house.id).update(retired_at=AT)
        with pytest.raises(queries.UnknownBuildingError):
            at_point(5, 5, building_id=house.id)


@pytest.mark.django_db
class TestAddresses:
    @pytest.mark.parametrize(
        "typed, kind",
        [
            ("вул. Бучми, 42А", MatchKind.EXACT),
            ("Бучми 42-а", MatchKind.EXACT),
            ("харків бучми 42а", MatchKind.EXACT),
            ("м. Харків, Бучми вулиця, буд. 42 А, кв. 7", MatchKind.EXACT),
            ("vul. Buchmy 42a", MatchKind.ALIAS),
            ("Kharkiv, Buchmy 42A", MatchKind.FUZZY),
            ("улица Бучмы 42а", MatchKind.ALIAS),
        ],
    )
    def test_one_house_typed_in_many_ways(self, places: None, typed: str, kind: MatchKind) -> None:
        match = queries.match_address(text=typed)
        assert match.kind is kind
        if kind is MatchKind.FUZZY:
            assert match.building_id is None
            assert match.candidates[0].label == "вулиця Бучми, 42А"
        else:
            assert match.label == "вулиця Бучми, 42А"
            assert match.building_id is not None

    def test_a_likeness_is_offered_and_never_accepted(self, places: None) -> None:
        result = ask(text="вулиця Бучмі 42А")
        assert (result.match_kind, result.answer) == (MatchKind.FUZZY, Answer.NEEDS_SURVEY)
        assert result.reason is Reason.ADDRESS_AMBIGUOUS
        assert result.building_id is None
        assert result.candidates[0].building_id is not None

    def test_a_name_of_two_streets_is_asked_about(self, places: None) -> None:
        match = queries.match_address(text="Кричевського 5")
        assert match.kind is MatchKind.AMBIGUOUS
        assert queries.match_address(text="провулок Кричевського 5").kind is MatchKind.EXACT

    def test_a_house_that_is_not_in_the_list_brings_the_nearest_numbers(self, places: None) -> None:
        result = ask(text="вулиця Бучми, 43")
        assert (result.match_kind, result.reason) == (MatchKind.STREET_ONLY, Reason.ADDRESS_UNKNOWN)
        assert result.address_label == "вулиця Бучми"
        assert {c.label for c in result.candidates[:3]} >= {"вулиця Бучми, 42А", "вулиця Бучми, 44"}

    def test_a_range_is_never_one_of_its_ends(self, places: None) -> None:
        assert ask(text="вулиця Бучми, 16-22").building_id is None

    def test_an_old_name_is_answered_with_the_new_one(self, places: None) -> None:
        result = ask(text="Київ, вулиця Маршала Гречка, 5")
        assert result.address_label == "вулиця Івана Виговського"
        assert result.old_name == "вулиця Маршала Гречка"

    def test_an_old_name_with_a_house_we_know_is_an_alias_match(self, places: None) -> None:
        house = Building.objects.exclude(street=None).exclude(number=None).order_by("id")[0]
        StreetAlias.objects.create(
            street=house.street,
            type="вулиця",
            name="Стара Назва",
            name_norm="назва стара",
            search_key="стара назва",
        )
        result = ask(text=f"вул. Стара Назва {house.number}")
        assert (result.match_kind, result.building_id) == (MatchKind.ALIAS, house.id)
        assert result.old_name == "вулиця Стара Назва"

    def test_every_old_name_of_kyiv_leads_to_its_new_street(self, places: None) -> None:
        for alias in StreetAlias.objects.select_related("street"):
            match = queries.match_address(text=f"Київ, {alias.type} {alias.name}")
            streets = {match.street_id, *(c.street_id for c in match.candidates)}
            assert alias.street_id in streets, alias
            assert match.kind in (MatchKind.STREET_ONLY, MatchKind.AMBIGUOUS)

    def test_every_building_with_an_address_is_found_by_its_label(self, places: None) -> None:
        houses = Building.objects.filter(street__isnull=False, number__isnull=False)
        labels = queries.address_labels(building_ids=[h.id for h in houses], with_locality=True)
        wrong = [
            label
            for building_id, label in labels.items()
            if queries.match_address(text=label).building_id != building_id
        ]
        assert wrong == []

    @pytest.mark.parametrize(
        "typed", ["асдфг 1", "?", "12", "....", "вулиця", "Полтава, Бучми 42А"]
    )
    def test_what_is_nowhere_is_unknown(self, places: None, typed: str) -> None:
        result = ask(text=typed)
        assert result.answer is Answer.NEEDS_SURVEY
        assert result.building_id is None


@pytest.mark.django_db
class TestChecks:
    def test_a_check_is_stored_as_it_was_typed_and_read_again(self, places: None) -> None:
        typed = "  вул.  Бучми , 42-а \n"
        result = ask(text=typed)
        stored = AvailabilityCheck.objects.get(id=result.check_id)
        assert (stored.raw_text, stored.query_kind, stored.match_kind) == (typed, "TEXT", "EXACT")
        assert stored.point is not None
        assert queries.check_result(public_id=result.public_id) == result

    def test_after_its_time_a_check_forgets_who_asked_and_keeps_what_was_answered(
        self, places: None
    ) -> None:
        client = Actor(kind=ActorKind.CLIENT, label="client", ip="203.0.113.7")
        old = ask(text="Бучми 42А, кв. 7", actor=client, at=AT)
        new = ask(text="Бучми 42А, кв. 8", actor=client, at=AT + timedelta(days=1))
        a_year_on = AT + timedelta(days=365, hours=1)
        assert operations.anonymise_checks(at=a_year_on) == 1
        assert operations.anonymise_checks(at=a_year_on) == 0
        stored = AvailabilityCheck.objects.get(id=old.check_id)
        assert (stored.raw_text, stored.caller_ip, stored.anonymised_at) == ("", None, a_year_on)
        assert queries.check_result(public_id=old.public_id) == old
        kept = AvailabilityCheck.objects.get(id=new.check_id)
        assert (kept.raw_text, kept.caller_ip) == ("Бучми 42А, кв. 8", "203.0.113.7")

    def test_a_pin_and_a_building_are_stored_with_the_text_that_was_typed(self) -> None:
        published(actor(), square(0, 0), status="PLANNED", planned_for_date=date(2027, 3, 1))
        pin = ask(text="десь тут", lon=LON + 5 * STEP, lat=LAT + 5 * STEP, accuracy_m=12.2)
        assert (pin.match_kind, pin.answer) == (MatchKind.PIN, Answer.PLANNED)
        stored = AvailabilityCheck.objects.get(id=pin.check_id)
        assert (stored.accuracy_m, stored.raw_text) == (13, "десь тут")
        assert queries.check_result(public_id=pin.public_id) == pin
        house = building(5, 5)
        assert ask(building_id=house.id).match_kind is MatchKind.BUILDING_ID

    @pytest.mark.parametrize(
        "asked",
        [
            {},
            {"text": "  "},
            {"text": "x" * 301},
            {"text": "a\x00b"},
            {"text": "\ud800"},
            {"lon": 1},
            {"lat": 50},
            {"lon": float("nan"), "lat": 1},
            {"building_id": -1},
            {"building_id": 0},
            {"lon": 36, "lat": 50, "accuracy_m": -1},
            {"lon": 36, "lat": 50, "accuracy_m": float("nan")},
        ],
    )
    def test_a_question_that_cannot_be_asked_is_refused_and_not_stored(
        self, asked: dict[str, Any]
    ) -> None:
        with pytest.raises(DomainError) as error:
            ask(**asked)
        assert 400 <= error.value.http_status < 500
        assert str(error.value)
        assert not AvailabilityCheck.objects.exists()

    @pytest.mark.parametrize("public_id", ["", "x", "0" * 32, "\x00"])
    def test_an_unknown_check_is_not_found(self, public_id: str) -> None:
        with pytest.raises(queries.UnknownCheckError):
            queries.check_result(public_id=public_id)


@pytest.mark.django_db
class TestSuggestions:
    def test_streets_first_then_houses_with_the_typed_number_first(self, places: None) -> None:
        streets = queries.suggest_addresses(text="дру")
        assert streets[0].label == "вулиця Дружби Народів"
        assert streets[0].building_id is None
        houses = queries.suggest_addresses(text="бучми 42а")
        assert [house.label for house in houses[:2]] == ["вулиця Бучми, 42А", "вулиця Бучми, 42Б"]
        assert houses[0].building_id is not None
        chosen = queries.match_address(text=houses[0].text)
        assert chosen.building_id == houses[0].building_id

    def test_streets_with_buildings_go_before_others(self, places: None) -> None:
        assert queries.suggest_addresses(text="бу")[0].locality == "Харків"

    def test_an_old_name_is_found_and_said(self, places: None) -> None:
        (found, *_rest) = queries.suggest_addresses(text="маршала гречка")
        assert (found.label, found.note) == ("вулиця Івана Виговського", "вулиця Маршала Гречка")

    def test_houses_are_listed_in_their_order(self, places: None) -> None:
        labels = [s.label for s in queries.suggest_addresses(text="вулиця Бучми", limit=6)]
        assert labels == [
            "вулиця Бучми",
            *(f"вулиця Бучми, {n}" for n in ("1", "1А", "1Б", "1Б/1", "2")),
        ]

    def test_a_suggestion_takes_few_queries(
        self, places: None, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(5):
            queries.suggest_addresses(text="бучми 42")


@pytest.mark.django_db
class TestApi:
    @pytest.mark.parametrize("q", ["", "бу", "x" * 300, "'; DROP TABLE", "%", "_", "\\", "((", "1"])
    def test_suggestions_answer_anything(self, client: Any, q: str) -> None:
        assert client.get("/api/v1/addresses/suggest", {"q": q}).status_code == 200

    @pytest.mark.parametrize("q", ["x" * 10_000, "a\x00b", "\x1b[0m"])
    def test_hostile_text_is_400_with_a_reason(self, client: Any, q: str) -> None:
        answer = client.get("/api/v1/addresses/suggest", {"q": q})
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "bad_text"

    @pytest.mark.parametrize(
        "bbox",
        [
            "",
            "1,2,3",
            "a,b,c,d",
            "nan,0,1,1",
            "1,1,0,0",
            "1,1,1,1",
            "inf,0,1,1",
            "200,0,300,1",
            "1," * 5000,
        ],
    )
    def test_a_box_that_is_none_is_400(self, client: Any, bbox: str) -> None:
        answer = client.get("/api/v1/buildings/", {"bbox": bbox})
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "bad_bbox"

    def test_the_public_map_says_the_answer_and_nothing_private(self, client: Any) -> None:
        published(actor(), square(0, 0), at=LONG_AGO)
        inside, outside = building(5, 5), building(15, 5)
        found = client.get("/api/v1/buildings/", {"bbox": "36.29,49.99,36.35,50.05"}).json()
        by_id = {feature["id"]: feature["properties"] for feature in found["features"]}
        assert by_id[inside.id]["answer"] == "AVAILABLE"
        assert by_id[outside.id]["answer"] is None
        assert set(by_id[inside.id]) == {"id", "label", "number", "answer", "networks"}
        assert set(by_id[inside.id]["networks"][0]) == {"network_type", "answer"}
        assert found["attribution"] == "© OpenStreetMap contributors"

    def test_staff_see_wiring_and_zones(self, admin_client: Any) -> None:
        zone = published(actor(), square(0, 0), at=LONG_AGO)
        house = building(5, 5)
        CoverageOverride.objects.create(
            building=house,
            network_type="FTTB",
            available=False,
            reason="x",
            valid=DateTimeTZRange(LONG_AGO, None),
        )
        found = admin_client.get("/api/v1/buildings/", {"bbox": "36.29,49.99,36.35,50.05"}).json()
        (properties,) = [feature["properties"] for feature in found["features"]]
        assert properties["wiring"] == "UNKNOWN"
        assert properties["networks"] == [
            {"network_type": "FTTB", "answer": "NO_COVERAGE", "zone_id": None},
            {"network_type": "GPON", "answer": "AVAILABLE", "zone_id": zone.zone_id},
        ]

    def test_a_huge_box_is_cut_and_a_limit_is_told(self, client: Any) -> None:
        building(5, 5)
        building(6, 6)
        wide = client.get("/api/v1/buildings/", {"bbox": "-180,-90,180,90"})
        assert wide.json()["features"] == []
        one = client.get("/api/v1/buildings/", {"bbox": "36.29,49.99,36.35,50.05", "limit": 1})
        assert (len(one.json()["features"]), one.json()["truncated"]) == (1, True)


def test_the_running_system_may_ask_and_store(as_app_role: Any) -> None:
    published(actor(), square(0, 0))
    house = building(5, 5)
    with as_app_role():
        assert ask(building_id=house.id).answer is Answer.AVAILABLE
        assert queries.suggest_addresses(text="бучми") == []
