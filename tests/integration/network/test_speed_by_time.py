"""Speeds that change with the hour, and a faster line for as long as its add-on lasts."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from billing.models import Block, PlanSpan, Subscription, TariffVersion
from network import dated, provisioning
from network.models import RadiusDecision
from project.core.clock import KYIV
from tests.support import services

pytestmark = pytest.mark.django_db
MBIT = services.MBIT


def at(hour: int, minute: int = 5) -> datetime:
    return services.AT.astimezone(KYIV).replace(hour=hour, minute=minute)


def night_terms(until: time = time(7, 0)) -> TariffVersion:
    terms = services.tariff()
    copy = TariffVersion.objects.create(
        tariff=terms.tariff,
        version=2,
        applies_from=terms.applies_from + timedelta(days=1),
        charge_type="DAILY",
        speed_down_bit_s=100 * MBIT,
        speed_up_bit_s=50 * MBIT,
        night_from=time(23, 0),
        night_until=until,
        night_down_bit_s=500 * MBIT,
        night_up_bit_s=400 * MBIT,
        revenue_account_code="revenue",
        published_at=services.AT,
    )
    return copy


def speeds(subscription: Subscription) -> tuple[int | None, int | None]:
    row = RadiusDecision.objects.get(subscription=subscription)
    return row.speed_down_bit_s, row.speed_up_bit_s


@pytest.mark.parametrize(
    ("hour", "down"), [(22, 100), (23, 500), (3, 500), (6, 500), (7, 100), (12, 100)]
)
def test_a_night_passes_midnight(hour: int, down: int) -> None:
    line = services.service(terms=night_terms())
    provisioning.refresh_decisions(subscription_ids=[line.id], at=at(hour))
    assert speeds(line)[0] == down * MBIT


def moment(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    """So many days on, where nothing else is dated near."""
    later = (services.AT + timedelta(days=day)).astimezone(KYIV)
    return later.replace(hour=hour, minute=minute, second=second, microsecond=0)


def test_a_night_begins_and_ends_in_its_minute_and_only_once() -> None:
    line = services.service(terms=night_terms())
    services.service()
    dated.switch(at=moment(10, 22))
    assert speeds(line)[0] == 100 * MBIT
    assert dated.switch(at=moment(10, 22, 59, 59)) == 0
    assert dated.switch(at=moment(10, 23, 0, 0)) == 1
    assert speeds(line)[0] == 500 * MBIT
    assert dated.switch(at=moment(10, 23, 1)) == 0
    assert dated.switch(at=moment(11, 6, 59, 59)) == 0
    assert dated.switch(at=moment(11, 7, 0, 1)) == 1
    assert speeds(line)[0] == 100 * MBIT


def test_what_a_worker_that_was_down_has_missed_is_made_up() -> None:
    line = services.service(terms=night_terms())
    dated.switch(at=moment(10, 22))
    assert dated.switch(at=moment(11, 3)) == 1
    assert speeds(line)[0] == 500 * MBIT
    assert dated.switch(at=moment(20, 12)) == 1, "a day of it is as good as nine"
    assert speeds(line)[0] == 100 * MBIT


def test_a_plan_and_an_addon_change_at_midnight_in_kyiv() -> None:
    line = services.service()
    boost = services.tariff(down_bit_s=900 * MBIT, up_bit_s=None, service_type="ADDITIONAL")
    addon = services.service(terms=boost, house=line.building, refresh=False)
    last_day = moment(5, 12).date()
    Subscription.objects.filter(id=addon.id).update(parent=line, ends_date=last_day)
    dated.switch(at=moment(5, 23, 59))
    provisioning.refresh_decisions(subscription_ids=[line.id], at=moment(5, 23, 59))
    assert speeds(line)[0] == 900 * MBIT
    assert dated.switch(at=moment(6, 0, 0, 0)) == 1
    assert speeds(line)[0] == 300 * MBIT
    services.plan(line, terms=services.tariff(down_bit_s=10 * MBIT), since=moment(7, 12).date())
    assert dated.switch(at=moment(6, 23, 59, 59)) == 0
    assert dated.switch(at=moment(7, 0, 0, 0)) == 1
    assert speeds(line)[0] == 10 * MBIT


def test_an_hour_that_comes_twice_in_autumn_and_one_that_never_comes_are_borders() -> None:
    line = services.service(terms=night_terms(until=time(3, 30)))
    autumn = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 03:00 in summer time; 04:00 is 03:00 again
    first, second = autumn + timedelta(minutes=30), autumn + timedelta(minutes=90)
    assert dated.due(since=first - timedelta(seconds=1), at=first) == [line.id]
    assert dated.due(since=second - timedelta(seconds=1), at=second) == [line.id]
    assert dated.due(since=first, at=second - timedelta(seconds=1)) == []
    spring = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 is 04:00 at once
    PlanSpan.objects.filter(subscription=line).update(during=(date(2026, 1, 1), None))
    assert dated.due(since=spring - timedelta(minutes=31), at=spring + timedelta(minutes=31)) == [
        line.id
    ]


def test_an_addon_makes_the_line_faster_while_it_is_on() -> None:
    line = services.service(terms=services.tariff(down_bit_s=100 * MBIT, up_bit_s=50 * MBIT))
    boost = services.tariff(down_bit_s=300 * MBIT, up_bit_s=None, service_type="ADDITIONAL")
    addon = services.service(terms=boost, house=line.building, refresh=False)
    Subscription.objects.filter(id=addon.id).update(parent=line, ends_date=services.AT.date())
    assert PlanSpan.objects.filter(subscription=addon).exists()
    provisioning.refresh_decisions(subscription_ids=[addon.id], at=services.AT)
    assert speeds(line) == (300 * MBIT, 50 * MBIT)
    off = Block.objects.create(subscription=addon, reason="DEBT", from_at=services.AT)
    provisioning.refresh_decisions(subscription_ids=[addon.id], at=services.AT)
    assert speeds(line) == (100 * MBIT, 50 * MBIT)
    Block.objects.filter(id=off.id).update(until_at=services.AT)
    provisioning.refresh_decisions(
        subscription_ids=[line.id], at=services.AT + timedelta(days=1)
    )  # its last day is over
    assert speeds(line) == (100 * MBIT, 50 * MBIT)
