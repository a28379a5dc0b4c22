"""The plan of periodic work against the hour that the clock skips or repeats (R1)."""

from typing import Any

import pytest
from celery.schedules import crontab
from django.conf import settings

CLOCKED = {
    name: entry["schedule"]
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
    if isinstance(entry["schedule"], crontab)
}
# Looks at each minute what holds at that moment, so that no hour is missed or done twice.
EACH_MINUTE = {"network.switch_dated"}


@pytest.mark.parametrize("name", sorted(set(CLOCKED) - EACH_MINUTE))
def test_nothing_is_planned_in_the_hour_that_may_not_exist(name: str) -> None:
    plan: Any = CLOCKED[name]
    assert 3 not in plan.hour


def test_hours_are_those_of_kyiv() -> None:
    assert settings.CELERY_TIMEZONE == "Europe/Kyiv"
    assert CLOCKED.keys() > EACH_MINUTE
