"""Before publishing: what moving existing clients to the new terms would mean in money."""

from datetime import date, timedelta
from typing import Any

import pytest

from coverage import impact
from coverage import operations as coverage
from coverage.models import CoverageOverride
from tests.support import zones
from tests.support.billing import CASHIER, World, moment

SOLD = date(2026, 11, 2)
DAY = date(2026, 11, 10)
NEXT = DAY + timedelta(days=1)


def inner_zone(at_day: date = DAY, **changes: Any) -> zones.operations.SavedDraft:
    """A draft over the house at (5, 5), above the zone that is there."""
    wanted: dict[str, Any] = {"code": "inner", "priority": 5, **changes}
    return zones.drafted(CASHIER, zones.square(4, 4, 2, 2), at=moment(at_day, 9), **wanted)


def existing(changeset_id: int, move_on: date | None = None) -> dict[str, Any]:
    report = coverage.preview_impact(changeset_id=changeset_id, at=moment(DAY, 12), move_on=move_on)
    found: dict[str, Any] = report["existing"]
    return found


def test_the_planner_sees_who_would_pay_more_and_how_much(world: World) -> None:
    tariff = world.tariff(price=20_000, code="home")
    cheap = world.tariff(price=30_000, code="cheap")
    addon = world.tariff(price=5_000, service_type="RENT")
    account = world.account(kopecks=100_000)
    main = world.sell(account, tariff, SOLD)
    world.sell(account, addon, SOLD, parent_id=main)
    world.sell(world.account(), cheap, SOLD, unit="14")
    draft = inner_zone()
    world.price(tariff, 26_000, zone_id=draft.zone_id)
    world.price(cheap, 29_000, zone_id=draft.zone_id)
    found = existing(draft.changeset_id)
    code = found["examples"][0].pop("contract")
    assert code.isdigit()
    assert found["examples"][0] == {
        "address": "будинок без адреси",
        "tariff": "Тариф home",
        "old_kopecks": 20_000,
        "new_kopecks": 26_000,
    }
    del found["examples"]
    assert found == {
        "move_on": NEXT.isoformat(),
        "services": 3,
        "monthly_before_kopecks": 55_000,
        "monthly_after_kopecks": 60_000,
        "dearer": 1,
        "cheaper": 1,
        "not_sold": 0,
        "not_sold_monthly_kopecks": 0,
    }


def test_prices_are_those_of_the_chosen_day(world: World) -> None:
    tariff = world.tariff(price=20_000)
    world.sell(world.account(), tariff, SOLD)
    draft = inner_zone()
    world.price(tariff, 26_000, zone_id=draft.zone_id, valid_from=date(2026, 12, 1))
    assert existing(draft.changeset_id)["monthly_after_kopecks"] == 20_000
    later = existing(draft.changeset_id, date(2026, 12, 1))
    assert (later["monthly_after_kopecks"], later["dearer"]) == (26_000, 1)


def test_where_nothing_is_sold_any_more_the_money_at_stake_is_told(world: World) -> None:
    tariff = world.tariff(price=20_000)
    world.sell(world.account(), tariff, SOLD)
    draft = inner_zone(status="SUSPENDED")
    found = existing(draft.changeset_id)
    assert (found["services"], found["not_sold"]) == (0, 1)
    assert found["not_sold_monthly_kopecks"] == 20_000


def test_a_zone_below_or_of_another_network_concerns_nobody(world: World) -> None:
    world.sell(world.account(), world.tariff(price=20_000), SOLD)
    below = inner_zone(priority=-5)
    other = inner_zone(code="other", network_type="DOCSIS")
    for draft in (below, other):
        found = existing(draft.changeset_id)
        assert (found["services"], found["not_sold"]) == (0, 0)


def test_a_surveyed_no_wins_over_the_new_zone(world: World) -> None:
    world.sell(world.account(), world.tariff(price=20_000), SOLD)
    CoverageOverride.objects.create(
        building=world.building,
        network_type="GPON",
        available=False,
        reason="fibre cut",
        valid=(moment(SOLD, 12), None),
    )
    assert existing(inner_zone().changeset_id)["not_sold"] == 1


def test_the_number_of_queries_does_not_grow_with_services(
    world: World, django_assert_max_num_queries: Any
) -> None:
    tariffs = [world.tariff(price=20_000) for _n in range(4)]
    for number in range(12):
        world.sell(world.account(), tariffs[number % 4], SOLD, unit=str(number), charge=False)
    draft = inner_zone()
    moves = []

    class Listener:
        name = "listener"

        def probe(self, *, changes: Any, at: Any) -> list[impact.ImpactLine]:
            moves.append(changes)
            return []

    impact.register(Listener())
    try:
        existing(draft.changeset_id)
    finally:
        impact.unregister("listener")
    with django_assert_max_num_queries(8):
        found = impact.existing(changes=moves[0], at=moment(DAY, 12), move_on=NEXT)
    assert found is not None
    assert found["services"] == 12


@pytest.mark.django_db
def test_without_billing_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(impact, "_probes", {})
    assert impact.existing(changes=[], at=moment(DAY), move_on=NEXT) is None
