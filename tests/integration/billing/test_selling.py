"""Selling a service: coverage first, what was sold is kept."""

from datetime import UTC, date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.charging import queries as charging_queries
from billing.ledger import queries as ledger_queries
from billing.subscriptions import operations as subscriptions
from billing.subscriptions import queries as subscription_queries
from billing.subscriptions.models import PlanSpan, Subscription
from billing.subscriptions.queries import zone_on
from billing.tariffs import operations as tariff_operations
from coverage import operations as coverage
from coverage.models import Premise, Zone, ZoneVersion
from project.core.models import AuditEntry, OutboxEvent
from tests.support import zones
from tests.support.billing import CASHIER, World, moment

DAY = date(2026, 11, 10)


def test_what_was_sold_is_kept(world: World) -> None:
    tariff = world.tariff(price=30_000)
    rule = world.price(tariff, 25_000, zone_id=world.zone_id, connection_fee_kopecks=10_000)
    service = world.sell(world.account(), tariff, DAY, unit="12 а")
    span = PlanSpan.objects.get(subscription_id=service)
    row = Subscription.objects.get(id=service)
    assert (span.sold_rule_id, span.sold_price_kopecks) == (rule, 25_000)
    assert span.sold_zone_version_id == ZoneVersion.objects.get(zone_id=world.zone_id).id
    assert zone_on(subscription_id=service, on_date=DAY) == world.zone_id
    assert row.connection_fee_kopecks == 10_000
    assert Premise.objects.get(id=row.premise_id).unit == "12А"
    assert AuditEntry.objects.filter(action="billing.subscription.created").count() == 1
    assert OutboxEvent.objects.filter(topic="subscription.created").count() == 1


def test_a_draft_that_is_given_up_is_never_charged(world: World) -> None:
    account = world.account(kopecks=50_000)
    tariff = world.tariff(price=30_000, fee=10_000)
    service = world.sell(account, tariff, DAY, activate=False, charge=False)
    at = moment(DAY, 12)
    subscriptions.terminate(at=at, on_date=DAY, actor=CASHIER, subscription_id=service)
    world.day(DAY, at=moment(DAY, 13))
    world.day(DAY + timedelta(days=1))
    assert ledger_queries.balance_kopecks(account_id=account) == 50_000


def test_the_same_flat_written_otherwise_is_the_same_premise(world: World) -> None:
    tariff = world.tariff()
    world.sell(world.account(), tariff, DAY, unit="7б")
    world.sell(world.account(), tariff, DAY, unit=" 7 Б ")
    assert Premise.objects.filter(building=world.building).count() == 1


@pytest.mark.parametrize("check", [None, "other building"])
def test_without_a_check_of_this_building_nothing_is_sold(world: World, check: str | None) -> None:
    check_id = world.check(world.outside.id, moment(DAY)) if check else None
    with pytest.raises(subscriptions.CheckNeededError):
        world.sell(world.account(), world.tariff(), DAY, check_id=check_id)
    assert not Subscription.objects.exists()


def test_a_check_lives_thirty_days(world: World) -> None:
    tariff, account = world.tariff(), world.account()
    sold_at = moment(DAY, 11).astimezone(UTC)
    old = world.check(world.building.id, sold_at - timedelta(days=30, seconds=1))
    with pytest.raises(subscriptions.CheckStaleError):
        world.sell(account, tariff, DAY, check_id=old)
    fresh = world.check(world.building.id, sold_at - timedelta(days=30))
    assert world.sell(account, tariff, DAY, check_id=fresh)


def test_outside_nothing_is_sold(world: World) -> None:
    with pytest.raises(subscriptions.NoCoverageError) as refusal:
        world.sell(world.account(), world.tariff(), DAY, building_id=world.outside.id)
    assert refusal.value.code == "no_coverage"


def test_a_planned_network_is_not_sold(world: World) -> None:
    with pytest.raises(subscriptions.NoCoverageError):
        world.sell(world.account(), world.tariff(), DAY, network_type="FTTB")


def test_coverage_that_changed_since_the_check_is_shown(world: World) -> None:
    tariff, account = world.tariff(), world.account()
    check_id = world.check(world.building.id, moment(DAY, 8))
    retire(world, DAY)
    with pytest.raises(subscriptions.CoverageChangedError) as refusal:
        world.sell(account, tariff, DAY, check_id=check_id)
    assert refusal.value.context["then"]["answer"] == "available"
    assert refusal.value.context["now"]["answer"] == "no_coverage"
    assert "10.11.2026" in str(refusal.value)


def retire(world: World, on_date: date) -> None:
    """The zone shrinks away from the building."""
    zone = Zone.objects.get(id=world.zone_id)
    who = zones.actor(zones.planner())
    draft = coverage.save_draft(
        actor=who,
        at=moment(on_date, 9),
        zone_id=zone.id,
        base_revision=zone.revision,
        geometry=zones.square(0, 0, 2, 2),
        status="IN_SERVICE",
    )
    coverage.publish(changeset_id=draft.changeset_id, actor=who, at=moment(on_date, 9))


def test_uncovered_needs_permission_and_a_reason(world: World) -> None:
    tariff, account = world.tariff(), world.account()
    wanted: dict[str, Any] = {"building_id": world.outside.id}
    with pytest.raises(subscriptions.NoCoverageError):
        world.sell(account, tariff, DAY, uncovered_reason="кабель є", **wanted)
    with pytest.raises(subscriptions.UncoveredReasonNeededError):
        world.sell(account, tariff, DAY, may_uncovered=True, uncovered_reason="  ", **wanted)
    service = world.sell(
        account, tariff, DAY, may_uncovered=True, uncovered_reason="кабель є", **wanted
    )
    row = Subscription.objects.get(id=service)
    assert (row.uncovered_reason, row.uncovered_by) == ("кабель є", CASHIER.label)
    assert zone_on(subscription_id=service, on_date=DAY) is None


def test_a_covered_sale_keeps_no_reason(world: World) -> None:
    service = world.sell(
        world.account(), world.tariff(), DAY, may_uncovered=True, uncovered_reason="про всяк"
    )
    assert Subscription.objects.get(id=service).uncovered_reason == ""


def test_a_tariff_without_a_price_here_is_not_sold(world: World) -> None:
    tariff = world.tariff(price=None)
    world.price(tariff, 20_000, zone_id=world.other_zone_id)
    with pytest.raises(subscriptions.NotSoldHereError) as refusal:
        world.sell(world.account(), tariff, DAY)
    assert [rung["why"] for rung in refusal.value.context["tried"]] == ["OTHER_ZONE"]


def test_a_tariff_whose_terms_begin_later_is_not_sold(world: World) -> None:
    tariff = world.tariff(from_date=date(2026, 12, 1))
    with pytest.raises(subscriptions.TariffClosedError):
        world.sell(world.account(), tariff, DAY)


def test_an_addon_needs_its_main_service(world: World) -> None:
    addon, main = world.tariff(service_type="RENT"), world.tariff()
    account = world.account(kopecks=100_000)
    with pytest.raises(subscriptions.AddonError):
        world.sell(account, addon, DAY)
    service = world.sell(account, main, DAY)
    with pytest.raises(subscriptions.AddonError):
        world.sell(world.account(), addon, DAY, parent_id=service)
    assert world.sell(account, addon, DAY, parent_id=service, check_id=None)


def test_hostile_ids_are_refused_with_words(world: World) -> None:
    tariff = world.tariff()
    for values in (
        {"building_id": 0, "check_id": None},
        {"tariff_id": 10**12},
        {"network_type": "ADSL"},
        {"account_id": 10**12},
    ):
        wanted: dict[str, Any] = {"account_id": world.account(), "tariff_id": tariff, **values}
        with pytest.raises((subscriptions.NoAccountError, Exception)) as refusal:
            world.sell(wanted.pop("account_id"), wanted.pop("tariff_id"), DAY, **wanted)
        assert hasattr(refusal.value, "code"), refusal.value


def test_sold_prices_are_immutable_in_the_database(world: World) -> None:
    tariff = world.tariff()
    service = world.sell(world.account(), tariff, DAY)
    span = PlanSpan.objects.select_related("sold_rule", "sold_version").get(subscription=service)
    span.sold_price_kopecks = 1
    span.sold_rule.price_kopecks = 1
    span.sold_version.vat_rate_bp = 700
    for row in (span, span.sold_rule, span.sold_version):
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()


def test_termination_ends_the_addons_too(world: World) -> None:
    account = world.account(kopecks=100_000)
    main = world.sell(account, world.tariff(), DAY)
    rent = world.sell(account, world.tariff(service_type="RENT"), DAY, parent_id=main)
    subscriptions.terminate(
        at=moment(DAY, 15), on_date=DAY, actor=CASHIER, subscription_id=main, reason="переїзд"
    )
    assert set(Subscription.objects.values_list("state", "terminated_date")) == {
        ("TERMINATED", DAY)
    }
    with pytest.raises(subscriptions.BadStateError):
        subscriptions.block(at=moment(DAY, 16), actor=CASHIER, subscription_id=rent, reason="ADMIN")


def test_the_card_says_state_plan_and_what_waits(world: World) -> None:
    account = world.account(kopecks=3_000)
    main = world.sell(account, world.tariff(price=30_000, code="old"), DAY)
    world.sell(account, world.tariff(service_type="RENT", price=600), DAY, parent_id=main)
    new = world.tariff(price=60_000, code="new")
    subscriptions.change_plan(
        at=moment(DAY, 13), on_date=DAY, actor=CASHIER, subscription_id=main, tariff_id=new
    )
    subscriptions.pause(
        at=moment(DAY, 14),
        on_date=DAY,
        actor=CASHIER,
        subscription_id=main,
        from_date=DAY + timedelta(days=2),
        until_date=DAY + timedelta(days=9),
    )
    rows = subscription_queries.card(account_ids=[account], on_date=DAY)
    assert [r.parent_id for r in rows] == [None, main]
    assert (rows[0].state, rows[0].tariff_code) == ("ON", "old")
    assert (rows[0].next_tariff_code, rows[0].next_from) == ("new", DAY + timedelta(days=1))
    later = subscription_queries.card(account_ids=[account], on_date=DAY + timedelta(days=3))
    assert [r.state for r in later] == ["PAUSED", "PAUSED"]
    assert later[0].tariff_code == "new"


def test_a_charge_leads_to_its_rule_and_to_the_zone_as_it_was(world: World) -> None:
    tariff = world.tariff(price=30_000)
    rule = world.price(tariff, 24_000, zone_id=world.zone_id)
    account = world.account(kopecks=3_000)
    world.sell(account, tariff, DAY)
    old_version = ZoneVersion.objects.get(zone_id=world.zone_id).id
    retire(world, DAY)
    line = ledger_queries.statement(account_id=account, limit=1)[0]
    assert line.charge_basis_id is not None
    basis = charging_queries.explain_basis(line.charge_basis_id)
    assert (basis.price_rule_id, basis.rule_level, basis.price_kopecks) == (rule, "ZONE", 24_000)
    assert basis.zone_version_id == old_version
    assert basis.zone_valid_until == moment(DAY, 9)
    assert basis.place_text == "Зона"


def test_two_prices_of_one_place_do_not_overlap(world: World) -> None:
    tariff = world.tariff()
    first = world.price(tariff, 20_000, zone_id=world.zone_id)
    world.price(tariff, 21_000, zone_id=world.zone_id, valid_from=DAY)
    with pytest.raises(tariff_operations.PriceRuleOverlapError):
        world.price(tariff, 22_000, zone_id=world.zone_id, valid_from=date(2026, 5, 1))
    from billing.tariffs.models import PriceRule

    assert PriceRule.objects.get(id=first).valid.upper == DAY


def test_a_draft_is_put_in_service_later(world: World) -> None:
    account = world.account(kopecks=9_000)
    service = world.sell(account, world.tariff(), DAY, activate=False, charge=False)
    assert world.day(DAY).charged_count == 0
    later = DAY + timedelta(days=2)
    subscriptions.activate(
        at=moment(later, 9), on_date=later, actor=CASHIER, subscription_id=service
    )
    assert world.day(later).charged_count == 1
    assert PlanSpan.objects.get(subscription_id=service).during.lower == later
