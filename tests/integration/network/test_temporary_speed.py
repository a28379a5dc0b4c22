"""Another speed for an hour: it comes at once, stands above the tariff, and ends by itself."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from network import operations, session_operations
from network.models import AccessAction, RadiusDecision, TemporarySpeed
from project.core.actor import SYSTEM
from project.core.models import AuditEntry
from tests.integration.network.test_provisioning import open_session
from tests.support import services
from tests.support.services import AT, MBIT

pytestmark = pytest.mark.django_db


def give(sold_id: int, *, down: int = 500, minutes: int = 60, at_min: int = 0) -> TemporarySpeed:
    return session_operations.give_speed(
        subscription_id=sold_id,
        speed_down_bit_s=down * MBIT,
        speed_up_bit_s=200 * MBIT,
        minutes=minutes,
        reason="Пошук несправності",
        at=AT + timedelta(minutes=at_min),
        actor=SYSTEM,
    )


def speed(sold_id: int) -> int | None:
    return RadiusDecision.objects.get(subscription_id=sold_id).speed_down_bit_s


def test_it_comes_with_a_wish_and_goes_by_itself_even_if_nobody_looked_for_long() -> None:
    sold = services.service()
    open_session(sold)
    give(sold.id)
    assert speed(sold.id) == 500 * MBIT
    assert AccessAction.objects.get().cause == "PROFILE_CHANGED"
    operations.refresh_access(subscription_ids=[sold.id], at=AT + timedelta(minutes=59))
    assert speed(sold.id) == 500 * MBIT
    assert session_operations.end_due_speeds(at=AT + timedelta(minutes=59)) == 0
    assert session_operations.end_due_speeds(at=AT + timedelta(days=2)) == 1
    assert speed(sold.id) == 300 * MBIT
    assert session_operations.end_due_speeds(at=AT + timedelta(days=2)) == 0
    assert AccessAction.objects.filter(state="DESIRED").count() == 1


def test_a_second_one_takes_the_place_of_the_first_and_may_be_ended_early() -> None:
    sold = services.service()
    give(sold.id)
    give(sold.id, down=700, at_min=10)
    assert speed(sold.id) == 700 * MBIT
    ended = AT + timedelta(minutes=20)
    assert session_operations.end_speed(subscription_id=sold.id, at=ended, actor=SYSTEM)
    assert speed(sold.id) == 300 * MBIT
    assert not session_operations.end_speed(subscription_id=sold.id, at=ended, actor=SYSTEM)
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions == {"network.speed.given", "network.speed.ended"}


def test_a_block_wins_and_a_blocked_service_is_not_sped_up() -> None:
    sold = services.service()
    give(sold.id)
    services.block(sold, at=AT + timedelta(minutes=1))
    assert RadiusDecision.objects.get().state == "REFUSED"
    with pytest.raises(session_operations.NoAccessError):
        give(sold.id, at_min=2)


@pytest.mark.parametrize(
    ("down", "minutes"), [(0, 60), (-5, 60), (10**6, 60), (500, 0), (500, 10**6)]
)
def test_nonsense_is_refused_in_words(down: int, minutes: int) -> None:
    sold = services.service()
    with pytest.raises(
        (session_operations.BadSpeedError, session_operations.BadDurationError)
    ) as refused:
        give(sold.id, down=down, minutes=minutes)
    assert str(refused.value)
    assert TemporarySpeed.objects.count() == 0


def test_the_database_holds_one_at_a_time() -> None:
    sold = services.service()
    give(sold.id)
    with pytest.raises(IntegrityError), transaction.atomic():
        TemporarySpeed.objects.create(
            subscription=sold,
            speed_down_bit_s=1,
            speed_up_bit_s=1,
            during=(AT + timedelta(minutes=5), None),
            created_at=AT,
        )
