"""The demand map, the what-if and shared reports as people and machines ask for them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import translation

from coverage import operations as coverage
from coverage.demand.reports import token_of
from coverage.models import SharedReport
from crm import operations as crm
from frontend.planner.demand.queries import askings, bucket_starts, demand_map, trend_of
from frontend.planner.demand.report import STYLE, colour_classes, colour_of, rendered
from frontend.planner.demand.what_if import Question, what_if
from project.core import clock
from project.core.actor import SYSTEM, Actor, ActorKind
from project.core.roles import Role
from tests.integration.coverage.test_demand import wanted
from tests.support import zones
from tests.support.provider import AT, ON_DATE, PHONE, Provider, small_provider

pytestmark = pytest.mark.django_db
DEMAND, WHAT_IF = "/planner/demand/", "/planner/what-if/"
AROUND = zones.square(45, 45)
HOSTILE: list[Any] = [
    None,
    7,
    [],
    {},
    {"type": "Polygon"},
    {"type": "Point", "coordinates": [36, 50]},
    {"type": "Polygon", "coordinates": [[[1000, 0], [1001, 0], [1001, 1], [1000, 0]]]},
    {"type": "Polygon", "coordinates": [[[-1000, -1000], [1000, -1000], [0, 1000]]]},
    {"type": "Polygon", "coordinates": [[[float("nan"), 0], [1, 0], [1, 1]]]},
    {"type": "Polygon", "coordinates": [[[float("inf"), 0], [1, 0], [1, 1]]]},
    {"type": "Polygon", "coordinates": [[[36, 50], [37, 51], [37, 50], [36, 51], [36, 50]]]},
    {"type": "Polygon", "coordinates": [[["36", "50"]] * 4]},
    "POLYGON((0 0,",
    "POLYGON((36 50, 36 50, 36 50, 36 50))",
]


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def provider() -> Provider:
    return small_provider()


def signed_in(role: Role = Role.PLANNER) -> Client:
    client = Client()
    client.force_login(zones.planner(role=role))
    return client


def asks(provider: Provider, *, ip: str = "203.0.113.7", days: float = 0, **place: Any) -> Any:
    place = place or {"building_id": provider.outside.id}
    who = Actor(kind=ActorKind.CLIENT, label="client", ip=ip)
    return coverage.check_availability(
        at=AT + timedelta(days=days), channel="PUBLIC", actor=who, **place
    )


def files(provider: Provider, check: Any, *, phone: str = PHONE) -> crm.ConnectionRequest:
    return crm.file_request(
        at=AT + timedelta(days=1),
        on_date=ON_DATE,
        actor=SYSTEM,
        check_public_id=check.public_id,
        contact_name="Оксана Коваленко",
        contact_phone=phone,
    )


def counted(at_days: float = 9) -> tuple[int, int]:
    """Requests and questions that count."""
    found = askings(wanted=wanted(), at=AT + timedelta(days=at_days))
    return sum(each.is_request for each in found), sum(not each.is_request for each in found)


def geojson(shape: Any = AROUND) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(xy) for xy in shape.exterior.coords]]}


def test_a_request_stands_for_all_questions_of_its_household(provider: Provider) -> None:
    for day in range(5):
        check = asks(provider, days=day)
    files(provider, check)
    assert counted() == (1, 0)
    asks(provider, ip="203.0.113.8")
    assert counted() == (1, 1)


def test_two_requests_of_one_telephone_in_one_house_are_one(provider: Provider) -> None:
    files(provider, asks(provider))
    files(provider, asks(provider, days=2))
    files(provider, asks(provider, ip="203.0.113.9"), phone="050 111 22 33")
    assert counted() == (2, 0)


def test_a_withdrawn_request_waits_for_nothing_but_its_question_stays(provider: Provider) -> None:
    request = files(provider, asks(provider))
    crm.move_request(number=request.number, to_state="CANCELLED", at=AT, actor=SYSTEM)
    assert counted() == (0, 1)


def test_a_request_where_we_serve_is_a_sale_and_no_demand(provider: Provider) -> None:
    files(provider, asks(provider, building_id=provider.building.id))
    assert counted() == (0, 0)


def test_the_map_ranks_requests_before_questions_and_tells_the_price(provider: Provider) -> None:
    far = zones.building(80, 80, provider.outside.locality)
    for number in range(4):
        asks(provider, ip=f"203.0.113.{number}", building_id=far.id)
    files(provider, asks(provider))
    found = demand_map(wanted=wanted(), step="month", at=AT + timedelta(days=9), on_date=ON_DATE)
    first, second = found.rows
    assert (first.tally.requests, first.tally.points) == (1, 10)
    assert (second.tally.failed, second.tally.points) == (4, 8)
    assert (second.price_kopecks, second.income_kopecks) == (30_000, 120_000)
    assert sum(tally.wishes for tally in found.series) == found.total.wishes == 5
    assert all(sum(row.buckets) == row.tally.wishes for row in found.rows)


def test_trends_need_more_than_one_household() -> None:
    assert [trend_of(b) for b in ((0, 1), (0, 2), (4, 5), (4, 6), (6, 4), (), (3,), (1, 9, 1))] == [
        "STEADY", "RISING", "STEADY", "RISING", "FALLING", "STEADY", "STEADY", "STEADY",
    ]  # fmt: skip


def test_buckets_are_weeks_from_monday_and_whole_months() -> None:
    day = ON_DATE  # Tuesday, 10.11.2026
    weeks = bucket_starts(from_date=day, until_date=day + timedelta(days=7), step="week")
    assert [start.isoformat() for start in weeks] == ["2026-11-09", "2026-11-16"]
    months = bucket_starts(from_date=day, until_date=day + timedelta(days=60), step="month")
    assert [start.isoformat() for start in months] == ["2026-11-01", "2026-12-01", "2027-01-01"]


def test_what_if_counts_what_stands_there_and_whom_it_would_serve(provider: Provider) -> None:
    city = provider.outside.locality
    block = zones.building(51, 50, city)
    block.number, block.flats = "5", 40
    block.save()
    inside = zones.building(52, 50, city)
    who = zones.actor(zones.planner())
    zones.published(who, zones.square(51.5, 49, 2, 2), at=AT, network_type="FTTB")
    for number in range(3):
        asks(provider, ip=f"203.0.113.{number}", building_id=block.id)
    files(provider, asks(provider, ip="203.0.113.1", building_id=block.id))
    asks(provider, days=-1, building_id=inside.id)
    at = AT + timedelta(days=9)
    found = what_if(question=Question(AROUND, "GPON"), at=at, on_date=ON_DATE)
    totals = found.totals
    assert (totals.buildings, totals.numbered, totals.served) == (3, 1, 1)
    assert (totals.flats, totals.with_flats, totals.homes) == (40, 1, 41)
    assert (found.waiting.requests, found.waiting.failed, found.served) == (1, 2, 1)
    assert [(zone.network_type, zone.buildings) for zone in found.met] == [("FTTB", 1)]
    (place,) = found.prices
    assert [offer.price_kopecks for offer in place.offers] == [30_000]
    assert [step.verdict for step in place.offers[0].ladder] == ["WON"]
    assert [(row.percent, row.subscribers, row.least_kopecks) for row in found.income] == [
        (10, 4, 120_000), (20, 8, 240_000), (30, 12, 360_000),
    ]  # fmt: skip


def test_what_if_as_a_machine_asks(provider: Provider) -> None:
    body = {"geometry": geojson(), "network_type": "GPON", "take_up_percent": [50, 5]}
    answer = signed_in().post(WHAT_IF, body, content_type="application/json")
    assert answer.status_code == 200
    data = answer.json()
    assert data["buildings"] == {"inside": 1, "numbered": 0, "served": 0}
    assert [row["percent"] for row in data["income"]] == [5, 50]
    assert data["prices"][0]["offers"][0]["price_kopecks"] == 30_000
    nowhere = {"geometry": geojson(zones.square(300, 300)), "network_type": "GPON"}
    empty = signed_in().post(WHAT_IF, nowhere, content_type="application/json").json()
    assert (empty["buildings"]["inside"], empty["prices"], empty["homes"]) == (0, [], 0)
    assert empty["income"][0]["least_kopecks"] is None


@pytest.mark.parametrize("geometry", HOSTILE)
def test_a_hostile_polygon_is_refused_with_a_word(geometry: Any) -> None:
    body = {"geometry": geometry, "network_type": "GPON"}
    answer = signed_in().post(WHAT_IF, body, content_type="application/json")
    assert answer.status_code == 400
    assert re.search("[А-Яа-яіїє]{4}", answer.content.decode())


def test_a_million_corners_are_too_many() -> None:
    ring = [[36 + n % 1000 / 1e4, 50 + n / 1e7] for n in range(200_000)]
    body = {"geometry": {"type": "Polygon", "coordinates": [ring]}, "network_type": "GPON"}
    client = signed_in()
    assert client.post(WHAT_IF, body, content_type="application/json").status_code in {400, 413}
    text = '{"network_type": "GPON", "geometry": "POLYGON((' + "36.1 50.1," * 1_000_000 + '"}'
    assert client.post(WHAT_IF, text, content_type="application/json").status_code == 413


@pytest.mark.parametrize(
    "changes", [{"network_type": ""}, {"network_type": "ADSL"}, {"take_up_percent": [0]},
                {"take_up_percent": []}, {"take_up_percent": [1] * 6}, {"zone_id": -1},
                {"zone_id": 10**30}]
)  # fmt: skip
def test_a_wrong_field_is_named(changes: dict[str, Any]) -> None:
    body = {"geometry": geojson(), "network_type": "GPON"} | changes
    answer = signed_in().post(WHAT_IF, body, content_type="application/json")
    assert answer.status_code == 400
    assert set(changes) <= set(answer.json())


@pytest.mark.parametrize("role", list(Role))
def test_who_may_look_and_who_may_share(role: Role, provider: Provider) -> None:
    client = signed_in(role)
    shares = role in {Role.PLANNER, Role.ADMINISTRATOR}
    page = client.get(DEMAND)
    assert page.status_code == 200
    assert ('name="title"' in page.content.decode()) is shares
    body = {"geometry": geojson(), "network_type": "GPON", "title": "Звіт"}
    assert client.post(WHAT_IF, body, content_type="application/json").status_code == 200
    made = client.post(WHAT_IF + "share/", body, content_type="application/json")
    assert made.status_code == (201 if shares else 403)
    shared = client.post(DEMAND + "share/", {"title": "Звіт", "days": "7", "filter": ""})
    assert shared.status_code == (302 if shares else 403)
    number = SharedReport.objects.count() and SharedReport.objects.latest("id").id
    revoked = client.post(f"{DEMAND}reports/{number}/revoke/")
    assert revoked.status_code == (302 if shares else 403)


def test_strangers_see_none_of_it(provider: Provider) -> None:
    stranger = Client()
    assert stranger.get(DEMAND).status_code == 302
    assert stranger.post(DEMAND + "share/").status_code == 302
    assert stranger.post(WHAT_IF, {}, content_type="application/json").status_code == 403
    for token in ("x", "0" * 32 + ".abc", "%00", "..%2f"):
        assert stranger.get(f"{DEMAND}reports/{token}/").status_code == 404


@pytest.mark.parametrize(
    "query", ["from=x", "from=2026-13-01", "from=9999-01-01", "cells=7", "network=x", "answer=x",
              "reason=x", "channel=x", "locality=x", "locality=99999999999999999999", "step=year",
              "from=2026-02-01&until=2026-01-01", "from=2001-01-01", "cells=%00"]
)  # fmt: skip
def test_a_wrong_filter_comes_back_with_a_word(query: str) -> None:
    answer = signed_in().get(f"{DEMAND}?{query}")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()


def test_every_filter_of_the_page_works(provider: Provider) -> None:
    asks(provider)
    text = "network=GPON&cells=0&answer=NO_COVERAGE&reason=OUTSIDE_ZONE&channel=PUBLIC&step=week"
    query = f"{text}&locality={provider.outside.locality_id}&from=2026-10-01&until=2026-11-20"
    page = signed_in().get(f"{DEMAND}?{query}").content.decode()
    assert f'data-cell="b{provider.outside.id}"' in page
    assert "203.0.113" not in page


def report_of(provider: Provider, **changes: Any) -> SharedReport:
    """A shared demand map with a crowd in one block and two lonely houses."""
    provider.outside.flats = 60
    provider.outside.save()
    for number in range(6):
        asks(provider, ip=f"203.0.113.{number}")
    lonely = zones.building(90, 90, provider.outside.locality)
    asks(provider, building_id=lonely.id)
    at = clock.now()
    values = {"title": "Попит", "days": "7", "filter": f"from={ON_DATE}&until={at.date()}"}
    answer = signed_in().post(DEMAND + "share/", values | changes)
    assert answer.status_code == 302, answer.content.decode()[-2000:]
    return SharedReport.objects.latest("id")


def test_a_report_tells_counts_and_nobody(provider: Provider) -> None:
    report = report_of(provider)
    assert [cell["wishes"] for cell in report.content["cells"]] == [6]
    assert (report.content["wishes"], report.content["rest"]) == (6, None)
    html = Client().get(f"{DEMAND}reports/{token_of(report)}/").content.decode()
    for secret in ("203.0.113", "NO_COVERAGE", f'"b{provider.outside.id}"', "OUTSIDE"):
        assert secret not in html
    assert "менше трьох" in html


def test_a_report_loads_nothing_and_runs_only_its_own_scripts(provider: Provider) -> None:
    report = report_of(provider, title='</title><script>alert(1)</script>"')
    answer = Client().get(f"{DEMAND}reports/{token_of(report)}/")
    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<script>alert" not in html
    bare = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", bare)
    assert not re.findall(r"<script[^>]+src|<link|@import|url\(", bare)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    assert "unsafe" not in policy
    assert policy.count("'sha256-") == len(STYLE.findall(html)) + len(re.findall("<script>", html))
    assert answer["Cache-Control"] == "private, no-store"
    assert " style=" not in bare
    file = Client().get(f"{DEMAND}reports/{token_of(report)}/?download")
    assert file["Content-Disposition"].startswith("attachment")


def test_a_report_taken_back_is_gone(provider: Provider) -> None:
    report = report_of(provider)
    path = f"{DEMAND}reports/{token_of(report)}/"
    signed_in().post(f"{DEMAND}reports/{report.id}/revoke/")
    gone = Client().get(path)
    assert gone.status_code == 410
    assert "більше не діє" in gone.content.decode()


def test_a_report_without_title_comes_back_and_is_not_made(provider: Provider) -> None:
    answer = signed_in().post(DEMAND + "share/", {"title": " ", "days": "7", "filter": ""})
    assert answer.status_code == 400
    assert not SharedReport.objects.exists()


def test_a_what_if_report_keeps_its_language_and_few_are_few(provider: Provider) -> None:
    asks(provider, days=(clock.now() - AT).days - 1)
    body = {"geometry": geojson(), "network_type": "GPON", "title": "Новий <b>район"}
    made = signed_in().post(WHAT_IF + "share/", body, content_type="application/json")
    assert made.status_code == 201
    report = SharedReport.objects.get()
    assert report.content["wishes"] is None
    with translation.override("en"):
        html = rendered(report=report).html
    assert "менше трьох" in html
    assert "<b>район" not in html


def test_colours_grow_with_counts() -> None:
    bounds = colour_classes([1, 1, 2, 3, 5, 8, 40])
    assert bounds[0] == 1
    assert len({colour_of(count, bounds) for count in (1, 3, 40)}) == 3
    assert colour_classes([]) == []
    assert colour_of(4, colour_classes([4]))
