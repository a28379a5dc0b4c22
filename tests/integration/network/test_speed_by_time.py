"""Speeds that change with the hour, and a faster line for as long as its add-on lasts."""

from datetime import datetime, time, timedelta

import pytest

from billing.models import Block, PlanSpan, Subscription, TariffVersion
from network import provisioning
from network.models import RadiusDecision
from project.core.clock import KYIV
from tests.support import services

pytestmark = pytest.mark.django_db
MBIT = services.MBIT


def at(hour: int, minute: int = 5) -> datetime:
    return services.AT.astimezone(KYIV).replace(hour=hour, minute=minute)


def night_terms() -> TariffVersion:
    terms = services.tariff()
    copy = TariffVersion.objects.create(
        tariff=terms.tariff,
        version=2,
        applies_from=terms.applies_from + timedelta(days=1),
        charge_type="DAILY",
        speed_down_bit_s=100 * MBIT,
        speed_up_bit_s=50 * MBIT,
        night_from=time(23, 0),
        night_until=time(7, 0),
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


def test_the_task_finds_lines_whose_night_has_just_begun_or_ended() -> None:
    line = services.service(terms=night_terms())
    other = services.service()
    provisioning.refresh_decisions(subscription_ids=[line.id, other.id], at=at(22))
    later = services.AT + timedelta(days=10)  # nothing else is dated near
    for hour, down in ((23, 500), (7, 100)):
        moment = later.astimezone(KYIV).replace(hour=hour, minute=5)
        assert provisioning.refresh_dated(at=moment) == 1
        assert speeds(line)[0] == down * MBIT


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
