"""Existing clients when zones are published: they keep their terms, or move on the chosen day."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from billing.calendar import daily_amount_on
from billing.charging import queries as charging_queries
from billing.charging.rules import prepaid_amount
from billing.ledger import queries as ledger_queries
from billing.models import ChargeBasis, PlanSpan, Rezoning, TermsMove
from billing.subscriptions import operations as subscriptions
from billing.subscriptions import queries as subscription_queries
from billing.subscriptions import rezoning
from coverage import operations as coverage
from coverage.models import ZoneVersion
from coverage.zoning import scheduling
from coverage.zoning.operations import Terms
from project.core import outbox
from project.core.models import AuditEntry, OutboxEvent
from tests.support import zones
from tests.support.billing import CASHIER, World, balance, blocks, charged_until, moment, statement

SOLD = date(2026, 11, 2)
DAY = date(2026, 11, 10)
MOVE_ON = date(2026, 11, 12)
OLD, NEW = 20_000, 26_000


def published(
    world: World,
    tariffs: dict[int, int],
    *,
    terms: Terms | None = None,
    at: datetime | None = None,
    code: str = "inner",
    priority: int = 5,
    status: str = "IN_SERVICE",
    deliver: bool = True,
) -> int:
    """A zone over the house, above the old one, with prices of tariffs; the change set's id."""
    at = at or moment(DAY, 14)
    draft = zones.drafted(
        CASHIER,
        zones.square(4, 4, 2, 2),
        at=at,
        code=code,
        priority=priority,
        status=status,
    )
    for tariff_id, kopecks in tariffs.items():
        world.price(tariff_id, kopecks, zone_id=draft.zone_id)
    terms = terms or Terms("MOVE", MOVE_ON)
    coverage.publish(changeset_id=draft.changeset_id, actor=CASHIER, at=at, existing=terms)
    if deliver:
        dispatch(at)
    return draft.changeset_id


def dispatch(at: datetime) -> None:
    """Hand over all news that waits."""
    while outbox.dispatch(at=at):
        pass


def charges(account: int, first: date, last: date) -> list[int]:
    """What the days of the account cost, kopecks, in order."""
    lines = ledger_queries.statement(account_id=account, limit=200)
    return [
        -line.amount_kopecks
        for line in reversed(lines)
        if line.charge_code == "SERVICE" and first <= line.value_date <= last
    ]


def daily(price: int, first: date, last: date) -> list[int]:
    """What the days should cost by the pure rule."""
    days = (last - first).days + 1
    return [daily_amount_on(price, first + timedelta(days=n)) for n in range(days)]


def spans(subscription: int) -> list[tuple[str, int]]:
    """(first day, price) of each plan span."""
    rows = PlanSpan.objects.filter(subscription_id=subscription).order_by("during")
    return [(f"{row.during.lower:%d.%m}", row.sold_price_kopecks) for row in rows]


def test_who_keeps_the_terms_is_charged_as_before_for_ever(world: World) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    published(world, {tariff: NEW}, terms=Terms())
    world.days(DAY + timedelta(days=1), date(2026, 11, 20))
    assert charges(account, SOLD, date(2026, 11, 20)) == daily(OLD, SOLD, date(2026, 11, 20))
    assert spans(service) == [("02.11", OLD)]
    assert not Rezoning.objects.exists()
    assert not OutboxEvent.objects.filter(topic=rezoning.MOVED).exists()


def test_who_moves_pays_the_new_price_from_the_day_and_not_before(world: World) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    published(world, {tariff: NEW})
    assert spans(service) == [("02.11", OLD), ("12.11", NEW)]
    last = date(2026, 11, 20)
    world.days(DAY + timedelta(days=1), last)
    before = daily(OLD, SOLD, MOVE_ON - timedelta(days=1))
    assert charges(account, SOLD, last) == before + daily(NEW, MOVE_ON, last)
    inner = ZoneVersion.objects.get(zone__code="inner")
    on = {
        day: subscription_queries.zone_on(subscription_id=service, on_date=day)
        for day in (DAY, MOVE_ON)
    }
    assert on == {DAY: world.zone_id, MOVE_ON: inner.zone_id}
    line = ledger_queries.statement(account_id=account, limit=1)[0]
    basis = ChargeBasis.objects.get(id=line.charge_basis_id)
    assert (basis.zone_version_id, basis.price_rule.zone_id) == (inner.id, inner.zone_id)


def test_the_news_delivered_twice_moves_once_and_is_told_once(world: World) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    changeset = published(world, {tariff: NEW})
    payload = {"changeset_id": changeset, "existing": "MOVE", "move_on": MOVE_ON.isoformat()}
    for _again in range(2):
        rezoning.on_zone_published(payload=payload, at=moment(DAY, 15))
        rezoning.on_continued(
            payload={"changeset_id": changeset, "after_account_id": 0}, at=moment(DAY, 15)
        )
    assert spans(service) == [("02.11", OLD), ("12.11", NEW)]
    assert TermsMove.objects.count() == 1
    (event,) = OutboxEvent.objects.filter(topic=rezoning.MOVED)
    assert event.payload == {
        "changeset_id": changeset,
        "move_on": MOVE_ON.isoformat(),
        "moved": 1,
        "not_sold": 0,
    }
    assert AuditEntry.objects.filter(action="billing.subscriptions.terms_moved").count() == 1


def test_many_clients_are_moved_chunk_by_chunk(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rezoning, "CHUNK_ACCOUNTS", 2)
    tariff = world.tariff(price=OLD)
    services = [
        world.sell(world.account(kopecks=50_000), tariff, SOLD, unit=str(n)) for n in range(5)
    ]
    published(world, {tariff: NEW})
    assert [spans(service)[-1] for service in services] == [("12.11", NEW)] * 5
    assert OutboxEvent.objects.filter(topic=rezoning.CONTINUED).count() == 2
    row = Rezoning.objects.get()
    assert (row.moved_count, row.done_at) == (5, moment(DAY, 14))


def test_the_queries_of_a_chunk_do_not_grow_with_clients(
    world: World, django_assert_max_num_queries: Any
) -> None:
    tariff = world.tariff(price=OLD)
    for number in range(15):
        world.sell(world.account(kopecks=50_000), tariff, SOLD, unit=str(number))
    changeset = published(world, {tariff: NEW}, deliver=False)
    with django_assert_max_num_queries(60):
        rezoning.rezone_services(changeset_id=changeset, move_on=MOVE_ON, at=moment(DAY, 14))
    assert TermsMove.objects.filter(outcome="MOVED").count() == 15


def test_a_planned_publication_moves_on_its_own_day(world: World) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    draft = zones.drafted(
        CASHIER, zones.square(4, 4, 2, 2), at=moment(DAY, 9), code="inner", priority=5
    )
    world.price(tariff, NEW, zone_id=draft.zone_id)
    publish_at = moment(date(2026, 11, 14), 10)
    scheduling.schedule(
        changeset_id=draft.changeset_id,
        publish_at=publish_at,
        actor=CASHIER,
        at=moment(DAY, 10),
        existing=Terms("MOVE", date(2026, 11, 16)),
    )
    dispatch(moment(DAY, 10))
    assert spans(service) == [("02.11", OLD)]
    scheduling.publish_due(at=publish_at)
    dispatch(publish_at)
    assert spans(service) == [("02.11", OLD), ("16.11", NEW)]


def test_where_nothing_is_sold_any_more_the_terms_are_kept_and_reported(world: World) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    changeset = published(world, {}, status="SUSPENDED")
    world.days(DAY + timedelta(days=1), MOVE_ON)
    assert charges(account, SOLD, MOVE_ON) == daily(OLD, SOLD, MOVE_ON)
    move = TermsMove.objects.get(subscription_id=service)
    assert (move.outcome, move.price_kopecks) == ("NOT_SOLD", OLD)
    payload = OutboxEvent.objects.get(topic=rezoning.MOVED).payload
    assert (payload["changeset_id"], payload["moved"], payload["not_sold"]) == (changeset, 0, 1)


def test_a_prepaid_month_is_given_back_on_the_day_once_and_not_before(world: World) -> None:
    tariff = world.tariff(price=OLD, charge_type="MONTHLY_PREPAID")
    account = world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    published(world, {tariff: NEW})
    paid = [("01.01", "PAYMENT", 100_000), ("02.11", "SERVICE", -19_334)]
    assert statement(account) == paid
    world.day(date(2026, 11, 11))
    assert statement(account) == paid
    assert charged_until(service) == date(2026, 12, 1)
    for hour in (0, 1, 2):
        world.day(MOVE_ON, at=moment(MOVE_ON, hour, 5))
    world.pay(account, 100, MOVE_ON)
    back = prepaid_amount(price_kopecks=OLD, on_date=MOVE_ON, anchor_day=1)
    rest = prepaid_amount(price_kopecks=NEW, on_date=MOVE_ON, anchor_day=1)
    assert statement(account)[2:] == [
        ("12.11", "REFUND", back),
        ("12.11", "SERVICE", -rest),
        ("12.11", "PAYMENT", 100),
    ]
    world.day(date(2026, 12, 1), confirm=True)
    assert statement(account)[-1] == ("01.12", "SERVICE", -NEW)
    assert TermsMove.objects.get().settled_date == MOVE_ON


def test_a_payment_before_the_run_settles_the_day_the_same(world: World) -> None:
    tariff = world.tariff(price=OLD, charge_type="MONTHLY_PREPAID")
    account = world.account(kopecks=19_334)
    world.sell(account, tariff, SOLD)
    world.days(SOLD, date(2026, 11, 11))
    published(world, {tariff: NEW}, at=moment(date(2026, 11, 11), 14))
    world.pay(account, 50_000, MOVE_ON, hour=0)
    kinds = [line[1] for line in statement(account)[2:]]
    assert kinds == ["PAYMENT", "REFUND", "SERVICE"]
    assert world.day(MOVE_ON).charged_count == 0


def test_a_month_that_is_not_enough_any_more_blocks_by_the_funds_policy(world: World) -> None:
    tariff = world.tariff(price=OLD, charge_type="MONTHLY_PREPAID")
    account = world.account(kopecks=19_334)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    published(world, {tariff: NEW})
    assert world.day(date(2026, 11, 11)).days[0].blocked_count == 0
    world.day(MOVE_ON)
    assert blocks(service) == {"DEBT"}
    assert balance(account) == prepaid_amount(price_kopecks=OLD, on_date=MOVE_ON, anchor_day=1)
    world.pay(account, 10_000, MOVE_ON)
    assert blocks(service) == set()


def test_a_dry_run_of_the_day_tells_it_and_writes_nothing(world: World) -> None:
    tariff = world.tariff(price=OLD, charge_type="MONTHLY_PREPAID")
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, SOLD)
    world.days(SOLD, date(2026, 11, 11))
    published(world, {tariff: NEW}, at=moment(date(2026, 11, 11), 14))
    before = statement(account)
    assert world.day(MOVE_ON, dry_run=True).charged_count == 1
    assert statement(account) == before


def test_addons_move_with_their_service_those_sold_meanwhile_too(world: World) -> None:
    tariff, addon = world.tariff(price=OLD), world.tariff(price=3_000, service_type="RENT")
    account = world.account(kopecks=100_000)
    main = world.sell(account, tariff, SOLD)
    first = world.sell(account, addon, SOLD, parent_id=main)
    published(world, {tariff: NEW, addon: 5_000})
    between = date(2026, 11, 11)
    second = world.sell(account, addon, between, parent_id=main, unit="12")
    assert spans(first) == [("02.11", 3_000), ("12.11", 5_000)]
    assert spans(second) == [("11.11", 3_000), ("12.11", 5_000)]
    assert TermsMove.objects.filter(outcome="MOVED").count() == 3
    world.days(between, MOVE_ON)
    assert sum(charges(account, MOVE_ON, MOVE_ON)) == sum(
        daily_amount_on(price, MOVE_ON) for price in (NEW, 5_000, 5_000)
    )


def test_a_paused_prepaid_month_comes_back_from_the_day_it_is_on_again(world: World) -> None:
    tariff = world.tariff(price=OLD, charge_type="MONTHLY_PREPAID")
    account = world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    published(world, {tariff: NEW})
    resumed = date(2026, 11, 18)
    subscriptions.pause(
        at=moment(DAY, 15),
        on_date=DAY,
        actor=CASHIER,
        subscription_id=service,
        from_date=DAY + timedelta(days=1),
    )
    world.days(date(2026, 11, 11), date(2026, 11, 17))
    assert len(statement(account)) == 2, "a pause gives nothing back"
    world.day(resumed)
    subscriptions.resume(
        at=moment(resumed, 9), on_date=resumed, actor=CASHIER, subscription_id=service
    )
    assert statement(account)[2:] == [
        ("18.11", "REFUND", prepaid_amount(price_kopecks=OLD, on_date=resumed, anchor_day=1)),
        ("18.11", "SERVICE", -prepaid_amount(price_kopecks=NEW, on_date=resumed, anchor_day=1)),
    ]


def test_a_paused_daily_service_is_free_and_then_dearer(world: World) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    subscriptions.pause(
        at=moment(DAY, 15),
        on_date=DAY,
        actor=CASHIER,
        subscription_id=service,
        from_date=date(2026, 11, 11),
        until_date=date(2026, 11, 14),
    )
    published(world, {tariff: NEW}, at=moment(DAY, 16))
    world.days(date(2026, 11, 11), date(2026, 11, 15))
    first = date(2026, 11, 14)
    assert charges(account, MOVE_ON, date(2026, 11, 15)) == daily(NEW, first, date(2026, 11, 15))


def test_a_service_blocked_for_debt_comes_back_at_the_new_price(world: World) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=700)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    assert blocks(service) == {"DEBT"}
    published(world, {tariff: NEW})
    world.days(date(2026, 11, 11), MOVE_ON)
    world.pay(account, 50_000, MOVE_ON)
    assert charges(account, DAY, MOVE_ON) == daily(NEW, MOVE_ON, MOVE_ON)
    assert blocks(service) == set()


def test_a_plan_that_waits_is_kept_and_priced_in_the_new_zone(world: World) -> None:
    tariff, other = world.tariff(price=OLD), world.tariff(price=30_000)
    account = world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    subscriptions.change_plan(
        at=moment(DAY, 13),
        on_date=DAY,
        actor=CASHIER,
        subscription_id=service,
        tariff_id=other,
    )
    published(world, {tariff: NEW, other: 33_000})
    assert spans(service) == [("02.11", OLD), ("11.11", 30_000), ("12.11", 33_000)]
    world.days(date(2026, 11, 11), MOVE_ON)
    eleventh = date(2026, 11, 11)
    assert charges(account, eleventh, MOVE_ON) == [
        daily_amount_on(30_000, eleventh),
        daily_amount_on(33_000, MOVE_ON),
    ]


def test_a_plan_that_begins_on_the_very_day_has_the_new_zone_s_price(world: World) -> None:
    tariff, other = world.tariff(price=OLD), world.tariff(price=30_000)
    service = world.sell(world.account(kopecks=100_000), tariff, SOLD)
    eve = MOVE_ON - timedelta(days=1)
    subscriptions.change_plan(
        at=moment(eve, 13), on_date=eve, actor=CASHIER, subscription_id=service, tariff_id=other
    )
    published(world, {tariff: NEW, other: 33_000}, at=moment(eve, 14))
    assert spans(service) == [("02.11", OLD), ("12.11", 33_000)]


def test_a_plan_chosen_after_the_announcement_moves_too(world: World) -> None:
    tariff, other = world.tariff(price=OLD), world.tariff(price=30_000)
    account = world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    published(world, {tariff: NEW, other: 33_000}, terms=Terms("MOVE", date(2026, 11, 20)))
    change: dict[str, Any] = {"on_date": DAY, "actor": CASHIER, "subscription_id": service}
    subscriptions.change_plan(at=moment(DAY, 15), tariff_id=other, **change)
    assert spans(service) == [("02.11", OLD), ("11.11", 30_000), ("20.11", 33_000)]
    subscriptions.change_plan(at=moment(DAY, 16), tariff_id=tariff, **change)
    assert spans(service) == [("02.11", OLD), ("20.11", NEW)]
    eve = date(2026, 11, 19)
    world.days(date(2026, 11, 11), eve)
    subscriptions.change_plan(
        at=moment(eve, 16), on_date=eve, actor=CASHIER, subscription_id=service, tariff_id=other
    )
    assert spans(service) == [("02.11", OLD), ("20.11", 33_000)]


def test_terms_that_moved_on_are_priced_in_the_zone_of_the_day(world: World) -> None:
    tariff = world.tariff(price=OLD, code="home")
    account = world.account(kopecks=100_000)
    world.sell(account, tariff, SOLD)
    published(world, {tariff: NEW}, at=moment(SOLD, 14), terms=Terms("MOVE", MOVE_ON))
    from billing.tariffs import operations as tariffs

    tariffs.publish_version(
        at=moment(SOLD, 15),
        actor=CASHIER,
        tariff_id=tariff,
        applies_from=date(2026, 11, 5),
        applies_existing_from=date(2026, 11, 5),
        terms=tariffs.Terms(charge_type="DAILY", revenue_account_code="revenue.home"),
    )
    world.days(SOLD, MOVE_ON)
    assert charges(account, date(2026, 11, 11), MOVE_ON) == [
        daily_amount_on(OLD, date(2026, 11, 11)),
        daily_amount_on(NEW, MOVE_ON),
    ]


def test_news_that_come_late_move_the_next_day_never_the_past(world: World) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    published(world, {tariff: NEW}, deliver=False)
    world.days(date(2026, 11, 11), MOVE_ON)
    dispatch(moment(MOVE_ON, 9))
    assert spans(service) == [("02.11", OLD), ("13.11", NEW)]
    world.day(date(2026, 11, 13))
    assert charges(account, MOVE_ON, date(2026, 11, 13)) == [
        daily_amount_on(OLD, MOVE_ON),
        daily_amount_on(NEW, date(2026, 11, 13)),
    ]


@pytest.mark.parametrize("is_in_order", [True, False])
def test_of_two_publications_the_later_decides_in_whatever_order_they_are_told(
    world: World, is_in_order: bool
) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    first = published(world, {tariff: NEW}, terms=Terms("MOVE", MOVE_ON), deliver=False)
    second = published(
        world,
        {tariff: 24_000},
        terms=Terms("MOVE", date(2026, 11, 15)),
        at=moment(DAY, 15),
        code="second",
        priority=9,
        deliver=False,
    )
    days = {first: MOVE_ON, second: date(2026, 11, 15)}
    for changeset in (first, second) if is_in_order else (second, first):
        rezoning.rezone_services(
            changeset_id=changeset, move_on=days[changeset], at=moment(DAY, 16)
        )
    assert spans(service) == [("02.11", OLD), ("12.11", NEW), ("15.11", 24_000)]


@pytest.mark.parametrize("is_in_order", [True, False])
def test_an_earlier_day_of_a_later_publication_overtakes(world: World, is_in_order: bool) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=100_000)
    service = world.sell(account, tariff, SOLD)
    first = published(world, {tariff: NEW}, terms=Terms("MOVE", date(2026, 11, 15)), deliver=False)
    second = published(
        world, {tariff: 24_000}, at=moment(DAY, 15), code="second", priority=9, deliver=False
    )
    days = {first: date(2026, 11, 15), second: MOVE_ON}
    for changeset in (first, second) if is_in_order else (second, first):
        rezoning.rezone_services(
            changeset_id=changeset, move_on=days[changeset], at=moment(DAY, 16)
        )
    prices = {
        day: PlanSpan.objects.get(subscription_id=service, during__contains=day).sold_price_kopecks
        for day in (DAY, MOVE_ON, date(2026, 11, 15), date(2026, 12, 24))
    }
    assert list(prices.values()) == [OLD, 24_000, 24_000, 24_000]
    outcomes = dict(TermsMove.objects.values_list("rezoning__changeset_id", "outcome"))
    assert outcomes == {first: "SUPERSEDED", second: "MOVED"}


def test_the_card_tells_what_comes(world: World) -> None:
    tariff, account = world.tariff(price=OLD), world.account(kopecks=100_000)
    world.sell(account, tariff, SOLD)
    published(world, {tariff: NEW})
    (row,) = subscription_queries.card(account_ids=[account], on_date=DAY)
    assert (row.price_kopecks, row.next_from, row.next_price_kopecks) == (OLD, MOVE_ON, NEW)
    assert row.zone_id == world.zone_id


@pytest.mark.parametrize("charge_type", ["DAILY", "MONTHLY_PREPAID"])
def test_paid_until_knows_of_the_announced_price(world: World, charge_type: str) -> None:
    """R15: the day that is foretold is the day on which the run blocks."""
    tariff = world.tariff(price=OLD, charge_type=charge_type)
    account = world.account(kopecks=39_500)
    service = world.sell(account, tariff, SOLD)
    world.days(SOLD, DAY)
    published(world, {tariff: NEW})
    foretold = charging_queries.paid_until(account_id=account, on_date=DAY)
    assert foretold is not None
    world.days(DAY + timedelta(days=1), foretold - timedelta(days=1))
    assert blocks(service) == set()
    world.day(foretold)
    assert blocks(service) == {"DEBT"}


@given(
    before=st.integers(1, 2_000_00),
    after=st.integers(1, 2_000_00),
    move=st.integers(2, 31),
    sold=st.integers(1, 30),
)
def test_a_month_cut_by_a_move_costs_both_parts_and_not_a_kopeck_more(
    before: int, after: int, move: int, sold: int
) -> None:
    """The pure rules: days of a month before and after the move sum, daily and prepaid alike."""
    assume(sold < move)
    start, day = date(2026, 12, sold), date(2026, 12, move)
    end = date(2027, 1, 1)
    days = (end - start).days
    by_day = [
        daily_amount_on(before if start + timedelta(days=n) < day else after, start + timedelta(n))
        for n in range(days)
    ]
    prepaid = (
        prepaid_amount(price_kopecks=before, on_date=start, anchor_day=1)
        - prepaid_amount(price_kopecks=before, on_date=day, anchor_day=1)
        + prepaid_amount(price_kopecks=after, on_date=day, anchor_day=1)
    )
    assert sum(by_day) == prepaid
