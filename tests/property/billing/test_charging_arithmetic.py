"""Laws of the pure rules of charging."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing import calendar
from billing.charging.rules import Item, Order, Terms, decide, due_on, paid_until, prepaid_amount

days = st.dates(min_value=date(2024, 1, 1), max_value=date(2032, 12, 31))
prices = st.integers(1, 10**9)
anchors = st.integers(1, 31)


@given(days, prices, anchors)
def test_days_before_and_from_a_day_on_sum_to_the_price(
    on_date: date, price: int, anchor: int
) -> None:
    start, end = calendar.period_of(on_date, anchor)
    used = sum(
        calendar.daily_amount_on(price, start + timedelta(days=n), anchor)
        for n in range((on_date - start).days)
    )
    rest = prepaid_amount(price_kopecks=price, on_date=on_date, anchor_day=anchor)
    assert used + rest == price
    assert start <= on_date < end


@given(days, prices, anchors)
def test_a_prepaid_service_is_charged_to_the_end_of_its_period(
    on_date: date, price: int, anchor: int
) -> None:
    terms = Terms(charge_type="MONTHLY_PREPAID", price_kopecks=price)
    first = due_on(terms=terms, on_date=on_date, anchor_day=anchor, was_in_debt=False)
    second = due_on(terms=terms, on_date=first.charged_until, anchor_day=anchor, was_in_debt=False)
    assert second.amount_kopecks == price
    assert 0 < first.amount_kopecks <= price


items = st.lists(
    st.builds(
        Item,
        subscription_id=st.integers(1, 10**6),
        parent_id=st.none(),
        order=st.sampled_from(Order),
        amount_kopecks=st.integers(0, 50_000),
        funds_policy=st.sampled_from(["BLOCK", "ALLOW"]),
    ),
    max_size=6,
    unique_by=lambda item: item.subscription_id,
)


@given(items, st.integers(-100_000, 300_000))
def test_one_decision_for_all_services_of_an_account(all_items: list[Item], money: int) -> None:
    made = decide(available_kopecks=money, items=all_items)
    policy = {item.subscription_id: item.funds_policy for item in all_items}
    assert {*made.charged, *made.blocked} == set(policy)
    assert not set(made.charged) & set(made.blocked)
    charged_by_block = [i for i in made.charged if policy[i] == "BLOCK"]
    assert not (charged_by_block and made.blocked), "BLOCK services stand or fall together"
    if charged_by_block:
        assert sum(item.amount_kopecks for item in all_items) <= money


@given(days, st.integers(100, 100_000), st.integers(0, 500_000))
def test_paid_until_is_the_first_day_that_the_money_does_not_cover(
    on_date: date, price: int, money: int
) -> None:
    until = paid_until(
        available_kopecks=money, services=[("DAILY", price, 1, on_date)], horizon_days=400
    )
    cost = sum(
        calendar.daily_amount_on(price, on_date + timedelta(days=n))
        for n in range((until - on_date).days)
    )
    assert cost <= money
    if (until - on_date).days < 400:
        assert cost + calendar.daily_amount_on(price, until) > money
