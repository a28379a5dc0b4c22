"""Laws of splitting money and days, for every amount and every month."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing import calendar
from billing.money import allocate, format_uah, parse_uah, split_vat

KOPECKS = st.integers(min_value=-(10**13), max_value=10**13)
PRICES = st.integers(min_value=0, max_value=10**9)
DATES = st.dates(min_value=date(2015, 1, 1), max_value=date(2060, 12, 31))
ANCHORS = st.integers(min_value=1, max_value=31)


@given(KOPECKS)
def test_what_is_shown_reads_back(kopecks: int) -> None:
    assert parse_uah(format_uah(kopecks, sign=True), allow_negative=True) == kopecks


@given(KOPECKS, st.lists(st.integers(0, 10**6), min_size=1, max_size=40).filter(any))
def test_parts_sum_to_the_whole_and_are_off_by_less_than_a_kopeck(
    total: int, weights: list[int]
) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)
        assert weight or not part


@given(KOPECKS, st.integers(0, 10_000))
def test_net_and_vat_are_the_price_and_a_refund_is_its_opposite(amount: int, rate: int) -> None:
    net, vat = split_vat(amount, rate)
    assert net + vat == amount
    assert (-net, -vat) == split_vat(-amount, rate)
    # VAT is the nearest kopeck to amount * rate / (1 + rate).
    assert 2 * abs(vat * (10_000 + rate) - amount * rate) <= 10_000 + rate


@given(PRICES, DATES, ANCHORS)
def test_the_days_of_every_period_sum_to_the_price(price: int, day: date, anchor: int) -> None:
    start, end = calendar.period_of(day, anchor)
    days = [start + timedelta(days=i) for i in range((end - start).days)]
    amounts = [calendar.daily_amount_on(price, each, anchor) for each in days]
    assert sum(amounts) == price
    assert max(amounts) - min(amounts) <= 1


@given(PRICES, DATES)
def test_the_rest_of_a_month_is_the_sum_of_its_days(price: int, day: date) -> None:
    number, days = calendar.day_of_period(day)
    rest = sum(calendar.daily_amount(price, each, days) for each in range(number, days + 1))
    assert calendar.monthly_from_day(price, number, days) == rest


@given(DATES, ANCHORS)
def test_periods_follow_each_other_without_gap(day: date, anchor: int) -> None:
    start, end = calendar.period_of(day, anchor)
    assert start <= day < end
    assert 28 <= (end - start).days <= 31
    assert calendar.period_of(end, anchor)[0] == end
    assert calendar.period_of(start - timedelta(days=1), anchor)[1] == start


@given(DATES)
def test_midnight_begins_its_day(day: date) -> None:
    assert calendar.kyiv_date(calendar.midnight(day)) == day
    before = calendar.midnight(day).timestamp() - 0.001
    assert calendar.kyiv_date(datetime.fromtimestamp(before, tz=UTC)) == day - timedelta(days=1)
