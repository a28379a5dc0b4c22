"""The time line of a building and its flats: each app's part, one order, pages without gaps."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.subscriptions import operations as subscriptions
from coverage import operations as coverage
from coverage.happenings import Happening, Kind
from coverage.models import AvailabilityCheck, BuildingCoverage
from coverage.zoning.operations import Terms
from crm import operations as crm
from frontend.workspace.queries import timeline
from project.core import clock, outbox, roles
from project.core.roles import Permission, Role
from tests.support import zones
from tests.support.billing import CASHIER, World, moment, small_world

DAY = date(2026, 11, 10)
NOW = moment(date(2026, 11, 25), 12)
MAX_QUERIES = 22
JUNK = ["", "-1", "x", "\x00", "2026-13-01~check:1", "2026-11-10T00:00:00~check:1", "~", "9" * 400]
JUNK += ["0001-01-01T00:00:00+00:00~check:1", "2026-11-10T00:00:00+00:00~check:1' OR 1=1"]


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return small_world()


def client_of(role: Role) -> Client:
    client = Client()
    client.force_login(zones.planner(role.value.lower(), role))
    return client


def url(world: World) -> str:
    return reverse("workspace:building-timeline", args=[world.building.id])


def shown(
    world: World, *, unit: str = "", chosen: str = "", before: Any = None, people: bool = True
) -> timeline.TimelinePage:
    return timeline.page(
        building_id=world.building.id,
        unit=unit,
        chosen=chosen,
        before=before,
        at=NOW,
        with_people=people,
    )


def told(page: timeline.TimelinePage) -> list[tuple[str, str]]:
    """(kind, what), oldest first."""
    return [(line.happening.kind, line.happening.what) for line in reversed(page.lines)]


def a_life(world: World) -> int:
    """A flat's story: sold, blocked, paused, another tariff, a new map, the end; its service."""
    tariff, other = world.tariff(price=20_000), world.tariff(price=24_000)
    account = world.account(kopecks=100_000)
    service = world.sell(account, tariff, DAY, unit="12")
    common: dict[str, Any] = {"actor": CASHIER, "subscription_id": service}
    subscriptions.block(at=moment(DAY, 12), reason="ADMIN", comment="кабель", **common)
    subscriptions.unblock(at=moment(DAY, 13), reason="ADMIN", **common)
    pause = {"from_date": date(2026, 11, 12), "until_date": date(2026, 11, 14)}
    subscriptions.pause(at=moment(DAY, 14), on_date=DAY, **pause, **common)
    change = date(2026, 11, 15)
    subscriptions.change_plan(at=moment(change), on_date=change, tariff_id=other, **common)
    at = moment(date(2026, 11, 17), 10)
    draft = zones.drafted(CASHIER, zones.square(4, 4, 2, 2), at=at, code="inner", priority=5)
    world.price(other, 26_000, zone_id=draft.zone_id)
    terms = Terms("MOVE", date(2026, 11, 20))
    coverage.publish(changeset_id=draft.changeset_id, actor=CASHIER, at=at, existing=terms)
    outbox.dispatch(at=at)
    end = date(2026, 11, 22)
    subscriptions.terminate(at=moment(end, 15), on_date=end, **common)
    return service


def test_a_flat_s_story_is_told_in_order(world: World) -> None:
    a_life(world)
    page = shown(world)
    assert told(page) == [
        ("COVERAGE", "BEGAN"),
        ("COVERAGE", "BEGAN"),
        ("CHECK", "MADE"),
        ("SERVICE", "SOLD"),
        ("SERVICE", "BLOCKED"),
        ("SERVICE", "UNBLOCKED"),
        ("SERVICE", "PAUSED"),
        ("SERVICE", "RESUMED"),
        ("PLAN", "TARIFF"),
        ("COVERAGE", "BEGAN"),
        ("PLAN", "TERMS"),
        ("SERVICE", "ENDED"),
    ]
    by_what = {line.happening.what: line for line in page.lines}
    terms = by_what["TERMS"].happening.facts
    assert (terms["old_price_kopecks"], terms["price_kopecks"]) == (24_000, 26_000)
    assert by_what["TERMS"].day == date(2026, 11, 20)
    assert by_what["ENDED"].happening.facts["day"] == date(2026, 11, 22)
    assert by_what["BLOCKED"].happening.facts["reason"] == "ADMIN"
    assert len({line.happening.key for line in page.lines}) == len(page.lines)


def test_two_tenants_of_one_flat_stand_in_one_line_and_another_flat_does_not(world: World) -> None:
    first = a_life(world)
    second = world.sell(
        world.account(), world.tariff(), date(2026, 11, 24), unit="12", charge=False
    )
    world.sell(world.account(), world.tariff(), date(2026, 11, 24), unit="14", charge=False)
    page = shown(world, unit="12", chosen="services")
    sold = [
        line.happening.facts["subscription_id"]
        for line in page.lines
        if line.happening.what == "SOLD"
    ]
    assert sold == [second, first]
    assert page.units == ["12", "14"]
    every = shown(world, chosen="services")
    assert len(every.lines) == len(page.lines) + 1


def test_zones_and_surveys_come_change_and_go(world: World) -> None:
    who = zones.actor(zones.planner())
    at = moment(DAY, 10)
    zone = zones.drafted(
        who, zones.square(4, 4, 2, 2), at=at, code="radio", network_type="WIRELESS"
    )
    zones.operations.publish(changeset_id=zone.changeset_id, actor=who, at=at)
    revision = zone.revision + 1
    for hour, status, shape in (
        (11, "SUSPENDED", zones.square(4, 4, 2, 2)),
        (12, "IN_SERVICE", zones.square(4, 4, 3, 3)),
        (13, "IN_SERVICE", zones.square(4, 4, 4, 4)),
        (14, "IN_SERVICE", zones.square(20, 20, 2, 2)),
    ):
        draft = zones.operations.save_draft(
            zone_id=zone.zone_id,
            base_revision=revision,
            actor=who,
            at=moment(DAY, hour),
            geometry=shape,
            status=status,
        )
        zones.operations.publish(changeset_id=draft.changeset_id, actor=who, at=moment(DAY, hour))
        revision = draft.revision + 1
    coverage.set_override(
        building_id=world.building.id,
        network_type="WIRELESS",
        available=True,
        reason="щогла на даху",
        actor=who,
        at=moment(DAY, 15),
    )
    page = shown(world, chosen="coverage")
    radio = [
        (line.happening.at.astimezone(clock.KYIV).hour, line.happening.what)
        for line in reversed(page.lines)
        if line.happening.facts.get("network_type") == "WIRELESS"
    ]
    # At 13 only the outline grew: for this house nothing changed.
    assert radio == [(10, "BEGAN"), (11, "CHANGED"), (12, "CHANGED"), (14, "ENDED"), (15, "BEGAN")]


def test_pages_never_repeat_and_never_skip_whatever_happened_at_one_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_life(world)
    check = AvailabilityCheck.objects.order_by("id")[0]
    for number in range(25):
        check.id, check.public_id = None, f"00000000-0000-4000-8000-{number:012d}"
        check._state.adding = True
        check.save()
    everything = [line.happening.key for line in shown(world).lines]
    assert len(everything) == 37
    monkeypatch.setattr(timeline, "PAGE_SIZE", 4)
    seen: list[str] = []
    before = None
    for _page in range(20):
        page = shown(world, before=before)
        seen += [line.happening.key for line in page.lines]
        if page.next_before is None:
            break
        before = timeline.place_of(page.next_before)
        assert before is not None
    assert seen == everything


def test_what_is_announced_stands_on_top_as_still_to_come(world: World) -> None:
    tariff = world.tariff(price=20_000)
    world.sell(world.account(kopecks=50_000), tariff, DAY)
    draft = zones.drafted(CASHIER, zones.square(4, 4, 2, 2), at=NOW, code="inner", priority=5)
    world.price(tariff, 26_000, zone_id=draft.zone_id)
    coverage.publish(
        changeset_id=draft.changeset_id,
        actor=CASHIER,
        at=NOW,
        existing=Terms("MOVE", date(2026, 12, 1)),
    )
    outbox.dispatch(at=NOW)
    newest = shown(world).lines[0]
    assert (newest.happening.what, newest.is_ahead) == ("TERMS", True)


def test_requests_are_told_and_people_only_to_those_who_may_see_them(world: World) -> None:
    check = AvailabilityCheck.objects.get(id=world.check(world.building.id, moment(DAY, 8)))
    crm.file_request(
        at=moment(DAY, 9),
        on_date=DAY,
        actor=CASHIER,
        check_public_id=str(check.public_id),
        contact_name="Оксана Коваленко",
        contact_phone="+380671234567",
        unit="12",
    )
    (line,) = shown(world, chosen="requests").lines
    assert (line.happening.what, line.customer_name) == ("FILED", "Оксана Коваленко")
    (hidden,) = shown(world, chosen="requests", people=False).lines
    assert hidden.customer_name == ""


def test_who_may_not_see_customers_sees_no_names_on_the_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_life(world)
    account_code = shown(world).lines[0].contract
    assert account_code
    client = client_of(Role.PLANNER)
    assert account_code in client.get(url(world)).content.decode()
    without = roles.ROLE_PERMISSIONS[Role.PLANNER] - {Permission.CUSTOMERS_VIEW}
    monkeypatch.setitem(roles.ROLE_PERMISSIONS, Role.PLANNER, without)
    answer = client_of(Role.PLANNER).get(url(world))
    assert answer.status_code == 200
    assert account_code not in answer.content.decode()


def test_the_page_asks_a_bounded_number_of_questions(world: World) -> None:
    a_life(world)
    for number in range(10):
        world.sell(world.account(), world.tariff(), DAY, unit=str(number), charge=False)
    client = client_of(Role.OPERATOR)
    client.get(url(world))
    with CaptureQueriesContext(connection) as made:
        answer = client.get(url(world))
    assert answer.status_code == 200
    assert len(made) <= MAX_QUERIES, [query["sql"][:90] for query in made]


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_the_address_shows_the_first_page(world: World, junk: str) -> None:
    client = client_of(Role.OPERATOR)
    for name in ("before", "kind", "unit"):
        assert client.get(url(world), {name: junk}).status_code == 200


def test_buildings_and_versions_that_are_none_are_not_found(world: World) -> None:
    client = client_of(Role.OPERATOR)
    assert client.get(reverse("workspace:building-timeline", args=[10**9])).status_code == 404
    for version_id in (10**9, 10**30):
        address = reverse("workspace:zone-then", args=[world.building.id, version_id])
        assert client.get(address).status_code == 404
    version = BuildingCoverage.objects.filter(building=world.building)[0].zone_version_id
    address = reverse("workspace:zone-then", args=[world.building.id, version])
    answer = client.get(address, headers={"HX-Request": "true"})
    assert f'data-version="{version}"' in answer.content.decode()


def test_both_cards_lead_to_it(world: World) -> None:
    client = client_of(Role.OPERATOR)
    card = client.get(reverse("workspace:building", args=[world.building.id])).content.decode()
    assert url(world) in card


def test_a_cursor_is_read_back_as_it_was_written(world: World) -> None:
    at = datetime(2026, 10, 25, 0, 30, tzinfo=clock.KYIV) + timedelta(microseconds=123456)
    one = Happening(at=at, key="check:0000000000000000001", kind=Kind.CHECK, what="MADE")
    assert timeline.place_of(timeline.cursor_of(one)) == one.place
