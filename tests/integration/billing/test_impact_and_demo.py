"""What publishing a zone means in services and money; demonstration tariffs; tasks."""

from datetime import date
from io import StringIO

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import CommandError, call_command

from billing import tasks
from billing.charging.models import ChargeRun
from billing.impact import BillingProbe
from billing.tariffs import demo
from billing.tariffs import queries as tariff_queries
from billing.tariffs.models import PriceRule, Tariff
from coverage.answers import Answer, NetworkAnswer, Reason
from coverage.impact import ZoneMove
from coverage.models import Zone
from project.core import clock
from tests.support.billing import World, moment

DAY = date(2026, 11, 10)


def move(world: World, *, lost: tuple[int, ...] = (), new_status: str = "IN_SERVICE") -> ZoneMove:
    building = world.building.id
    return ZoneMove(
        zone_id=world.zone_id,
        zone_name="Зона",
        network_type="GPON",
        old_version_id=1,
        old_status="IN_SERVICE",
        new_status=new_status,
        old_priority=0,
        new_priority=0,
        gained=(),
        lost=lost,
        kept=() if lost else (building,),
    )


def test_a_planner_hears_of_services_and_income_that_fall_out(world: World) -> None:
    account = world.account(kopecks=100_000)
    tariff = world.tariff(price=30_000)
    world.price(tariff, 25_000, zone_id=world.zone_id)
    main = world.sell(account, tariff, DAY)
    world.sell(account, world.tariff(price=5_000, service_type="RENT"), DAY, parent_id=main)
    lines = BillingProbe().probe(
        changes=[move(world, lost=(world.building.id,))], at=moment(DAY, 15)
    )
    assert [(line.count, line.level.value) for line in lines] == [
        (1, "WARNING"),
        (1, "WARNING"),
        (1, "INFO"),
    ]
    assert "300,00" in str(lines[1].text)
    assert lines[0].building_ids == (world.building.id,)


def test_a_suspended_zone_loses_all_its_services(world: World) -> None:
    world.sell(world.account(), world.tariff(), DAY)
    probe = BillingProbe()
    assert probe.probe(changes=[move(world, new_status="SUSPENDED")], at=moment(DAY, 15))
    assert probe.probe(changes=[move(world)], at=moment(DAY, 15)) == []


def answer(world: World, network_type: str, zone_id: int) -> NetworkAnswer:
    return NetworkAnswer(network_type, Answer.AVAILABLE, Reason.AVAILABLE, zone_id, 1, "Зона")


def test_demo_tariffs_are_priced_by_zone_locality_and_default(world: World) -> None:
    zones = {"saltivka-gpon": world.zone_id, "saltivka-plan": world.other_zone_id}
    units = {"kharkiv": world.city.id}
    made = demo.load(at=moment(DAY), zones=zones, admin_units=units)
    count = PriceRule.objects.count()
    assert demo.load(at=moment(DAY, 15), zones=zones, admin_units=units) == made
    assert (Tariff.objects.count(), PriceRule.objects.count()) == (6, count)
    networks = [answer(world, "GPON", world.zone_id), answer(world, "FTTB", 10**6)]
    offers = tariff_queries.offers(networks=networks, locality_id=world.city.id, on_date=DAY)
    prices = {(o.network_type, o.tariff_code): o.price_kopecks for o in offers}
    assert prices["GPON", "dim-300"] == 24_000
    assert prices["FTTB", "dim-300"] == 25_000
    assert prices["FTTB", "giga-1000"] == 38_000
    assert ("FTTB", "pryvatnyi-gpon-200") not in prices
    addons = tariff_queries.addon_offers(networks=networks, locality_id=None, on_date=DAY)
    assert {o.tariff_code for o in addons} == {"static-ip", "router-rent"}


def test_offers_take_a_constant_number_of_queries(
    world: World, django_assert_num_queries: object
) -> None:
    for _n in range(8):
        world.price(world.tariff(), 20_000, zone_id=world.zone_id)
    networks = [answer(world, "GPON", world.zone_id), answer(world, "FTTB", 10**6)]
    with django_assert_num_queries(2):  # type: ignore[operator]
        found = tariff_queries.offers(networks=networks, locality_id=world.city.id, on_date=DAY)
    assert len(found) == 16


def test_the_nearest_zone_of_a_place_outside_sets_no_price(world: World) -> None:
    outside = NetworkAnswer(
        "GPON", Answer.NEEDS_SURVEY, Reason.NEAR_EDGE, world.zone_id, 1, "Зона", 12.0
    )
    assert tariff_queries.winning_zones(networks=[outside]) == {}


def test_a_past_price_can_be_asked_for(world: World) -> None:
    tariff = world.tariff(price=20_000)
    world.price(tariff, 30_000, valid_from=DAY)
    place = tariff_queries.PricePlace(network_type="GPON")
    before = tariff_queries.resolve_price(tariff_id=tariff, place=place, on_date=date(2026, 11, 9))
    after = tariff_queries.resolve_price(tariff_id=tariff, place=place, on_date=DAY)
    early = tariff_queries.resolve_price(tariff_id=tariff, place=place, on_date=date(2025, 12, 31))
    assert (before.price_kopecks, after.price_kopecks) == (20_000, 30_000)
    assert early.is_sold is False
    assert [step.verdict.value for step in after.ladder] == ["WON", "NOT_IN_FORCE"]
    assert all(step.text for step in after.ladder)


def test_the_scheduled_task_charges_today(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment(DAY, 0, 5))
    monkeypatch.setattr(clock, "today", lambda at=None: DAY)
    world.sell(world.account(kopecks=9_000), world.tariff(), DAY, charge=False)
    assert tasks.run_daily_charges() == 1
    assert tasks.run_daily_charges() == 0


def test_scheduled_tasks_exist(db: None) -> None:
    current_app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        if entry["task"].startswith("billing."):
            assert entry["task"] in current_app.tasks


def test_commands_speak(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment(DAY, 12))
    tariff = world.tariff(price=30_000, code="home")
    world.price(tariff, 25_000, zone_id=world.zone_id)
    world.sell(world.account(kopecks=9_000), tariff, DAY, charge=False)
    out = StringIO()
    call_command("run_charges", "--date", "2026-11-10", "--dry-run", stdout=out)
    assert "would charge 1" in out.getvalue()
    assert not ChargeRun.objects.exists()
    call_command("explain_price", "home", str(world.building.id), "--network", "GPON", stdout=out)
    assert "WON" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("run_charges", "--date", "2026-11-11", stdout=out)


def test_a_run_by_hand_tells_sums_by_tariff_and_zone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment(DAY, 12))
    home, office = (
        world.tariff(price=30_000, code="home"),
        world.tariff(price=90_000, code="office"),
    )
    world.price(home, 60_000, zone_id=world.zone_id)
    for tariff in (home, office, home):
        world.sell(world.account(kopecks=9_000), tariff, DAY, charge=False)
    zone = Zone.objects.get(id=world.zone_id).name

    def sums(*options: str) -> list[str]:
        out = StringIO()
        call_command("run_charges", "--date", "2026-11-10", *options, stdout=out)
        return [" ".join(line.split()) for line in out.getvalue().splitlines()[1:]]

    expected = [
        f"Тариф home, {zone}: 2 services, 40,00 ₴",
        f"Тариф office, {zone}: 1 services, 30,00 ₴",
    ]
    assert sums("--dry-run") == expected
    assert sums() == expected
    world.sell(world.account(kopecks=9_000), office, DAY, charge=False)
    assert sums() == expected[1:], "what this run has charged, not the day's earlier ones"
    assert sums() == []
