"""Days and months in Kyiv, the days on which clocks change among them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing import calendar


def test_a_day_is_a_date_in_kyiv() -> None:
    assert calendar.kyiv_date(datetime(2026, 7, 1, 20, 59, tzinfo=UTC)) == date(2026, 7, 1)
    assert calendar.kyiv_date(datetime(2026, 7, 1, 21, 0, tzinfo=UTC)) == date(2026, 7, 2)
    assert calendar.kyiv_date(datetime(2026, 12, 31, 21, 59, tzinfo=UTC)) == date(2026, 12, 31)
    assert calendar.kyiv_date(datetime(2026, 12, 31, 22, 0, tzinfo=UTC)) == date(2027, 1, 1)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        calendar.kyiv_date(datetime(2026, 7, 1, 12, 0))


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 23), 24)],
)
def test_a_day_may_have_23_or_25_hours(day: date, hours: int) -> None:
    start, end = calendar.day_bounds(day)
    assert (end.astimezone(UTC) - start.astimezone(UTC)) == timedelta(hours=hours)
    assert calendar.kyiv_date(start) == day
    assert calendar.kyiv_date(end - timedelta(microseconds=1)) == day


def test_an_anchor_on_the_31st_clips_and_comes_back() -> None:
    assert calendar.period_of(date(2027, 1, 31), 31) == (date(2027, 1, 31), date(2027, 2, 28))
    assert calendar.period_of(date(2027, 2, 27), 31) == (date(2027, 1, 31), date(2027, 2, 28))
    assert calendar.period_of(date(2027, 2, 28), 31) == (date(2027, 2, 28), date(2027, 3, 31))
    assert calendar.period_of(date(2028, 2, 29), 30) == (date(2028, 2, 29), date(2028, 3, 30))


def test_the_day_of_a_period_counts_from_its_anchor() -> None:
    assert calendar.day_of_period(date(2026, 11, 23)) == (23, 30)
    assert calendar.day_of_period(date(2026, 11, 14), 15) == (31, 31)
    assert calendar.day_of_period(date(2026, 11, 15), 15) == (1, 30)


def test_a_price_of_200_in_november_is_not_rounded_away() -> None:
    days = [calendar.daily_amount(20_000, day, 30) for day in range(1, 31)]
    assert days[:3] == [666, 667, 667]
    assert sum(days) == 20_000


def test_a_start_in_the_middle_pays_the_rest_of_the_month() -> None:
    assert calendar.monthly_from_day(20_000, 1, 30) == 20_000
    assert calendar.monthly_from_day(20_000, 16, 30) == 10_000
    assert calendar.monthly_from_day(20_000, 30, 30) == 667


@pytest.mark.parametrize(("day", "days"), [(0, 30), (31, 30)])
def test_a_day_outside_the_period_is_refused(day: int, days: int) -> None:
    with pytest.raises(ValueError, match="not in a period"):
        calendar.daily_amount(100, day, days)
