"""A prepaid month that was corrected, and then ends or changes its plan before it is over.

What comes back is the right price of the days that were not used, whatever had been charged.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import calendar
from billing.bookkeeping import errors, operations
from billing.bookkeeping.models import MoneyOperation
from billing.bookkeeping.wishes import Wish
from billing.charging.facts import Facts
from billing.charging.models import ChargeCorrection, GivenBack
from billing.ledger import queries as ledger_queries
from billing.subscriptions import operations as subscriptions
from project.core.actor import Actor
from project.core.roles import Role
from tests.support import zones
from tests.support.billing import CASHIER, World, balance, moment, statement

NOVEMBER = date(2026, 11, 1)
START = 300_000
PRICE = 30_000
HALF = Facts(prices=((PRICE, 15_000),))


def day(number: int) -> date:
    return date(2026, 11, number)


@pytest.fixture
def iryna(world: World) -> Actor:
    return zones.actor(zones.planner("iryna", Role.ACCOUNTANT))


class Month:
    """A client whose November is prepaid with 300 ₴, and an accountant who corrects it."""

    def __init__(self, world: World, actor: Actor, *, price: int = PRICE) -> None:
        self.world, self.actor = world, actor
        self.account = world.account(kopecks=START)
        tariff = world.tariff(price=price, charge_type="MONTHLY_PREPAID", vat_rate_bp=2_000)
        self.service = world.sell(self.account, tariff, NOVEMBER)
        self.asked = 0

    def ask(self, on_date: date, **values: object) -> MoneyOperation:
        self.asked += 1
        wish = {"account_id": self.account, "reason": "домовленість"} | values
        return operations.ask(
            at=moment(on_date, 13),
            on_date=on_date,
            actor=self.actor,
            wish=Wish(**wish),  # type: ignore[arg-type]
            idempotency_key=f"{self.account}-{self.asked}",
        )

    def correct(self, facts: Facts, on_date: date) -> MoneyOperation:
        return self.ask(
            on_date,
            kind="CORRECTION",
            subscription_id=self.service,
            month=NOVEMBER,
            facts=facts,
        )

    def end(self, on_date: date) -> None:
        subscriptions.terminate(
            at=moment(on_date, 15), on_date=on_date, actor=CASHIER, subscription_id=self.service
        )

    def change(self, tariff: int, on_date: date, *, is_immediate: bool = False) -> None:
        subscriptions.change_plan(
            at=moment(on_date, 15),
            on_date=on_date,
            actor=CASHIER,
            subscription_id=self.service,
            tariff_id=tariff,
            is_immediate=is_immediate,
        )

    @property
    def cost(self) -> int:
        """What the client has paid for the service so far."""
        return START - balance(self.account)


def right(price: int, first: int, last: int, free: Sequence[int] = ()) -> int:
    """The price of days of November by the pure rules."""
    return sum(
        calendar.daily_amount_on(price, day(number))
        for number in range(first, last + 1)
        if number not in free
    )


def test_the_end_gives_back_the_right_price_of_the_days_that_are_left(
    world: World, iryna: Actor
) -> None:
    month = Month(world, iryna)
    assert month.correct(HALF, day(5)).amount_kopecks == 15_000
    month.end(day(10))
    assert statement(month.account)[1:] == [
        ("01.11", "SERVICE", -30_000),
        ("05.11", "CORRECTION", 15_000),
        ("10.11", "REFUND", 10_000),
    ]
    assert month.cost == right(15_000, 1, 10) == 5_000
    with pytest.raises(errors.NothingToCorrectError):
        month.correct(HALF, day(10))
    kept = {line.code: line.balance_kopecks for line in ledger_queries.trial_balance()}
    assert kept["tax.vat"] == 5_000 // 6  # the VAT that is left is that of what is left


def test_another_price_after_the_end_counts_the_days_that_were_used_only(
    world: World, iryna: Actor
) -> None:
    month = Month(world, iryna)
    month.correct(HALF, day(5))
    month.end(day(10))
    month.correct(Facts(prices=((PRICE, 24_000),)), day(11))
    assert month.cost == right(24_000, 1, 10)


def test_days_that_were_free_already_do_not_come_back_again(world: World, iryna: Actor) -> None:
    month = Month(world, iryna)
    month.correct(Facts(free=((day(8), day(13)),)), day(7))
    month.end(day(10))
    assert month.cost == right(PRICE, 1, 7)


def test_a_rest_that_was_all_free_gives_back_nothing_and_the_month_goes_on_by_the_new_plan(
    world: World, iryna: Actor
) -> None:
    month = Month(world, iryna)
    month.correct(Facts(free=((day(11), date(2026, 12, 1)),)), day(7))
    month.change(world.tariff(price=60_000, charge_type="MONTHLY_PREPAID"), day(10))
    world.days(day(11), day(12))
    # The agreement was about the plan of then: what the new one charges is corrected when asked.
    assert month.cost == right(PRICE, 1, 10) + right(60_000, 11, 30)
    assert GivenBack.objects.get().amount_kopecks == 0


def test_a_correction_is_of_the_charges_it_found_not_of_later_ones(
    world: World, iryna: Actor
) -> None:
    month = Month(world, iryna)
    month.correct(Facts(free=((day(20), day(25)),)), day(7))
    month.change(world.tariff(price=PRICE, charge_type="MONTHLY_PREPAID"), day(10))
    world.days(day(11), day(12))
    month.end(day(15))
    assert month.cost == right(PRICE, 1, 15)


@pytest.mark.parametrize("is_immediate", [False, True])
def test_a_change_of_plan_moves_the_right_price_of_the_rest(
    world: World, iryna: Actor, is_immediate: bool
) -> None:
    month = Month(world, iryna)
    month.correct(HALF, day(5))
    month.change(
        world.tariff(price=60_000, charge_type="MONTHLY_PREPAID"),
        day(10),
        is_immediate=is_immediate,
    )
    world.days(day(11), day(12))
    last_day = 9 if is_immediate else 10  # now: the tenth is paid up to the new plan's price
    assert month.cost == right(15_000, 1, last_day) + right(60_000, last_day + 1, 30)
    with pytest.raises(errors.NothingToCorrectError):
        month.correct(HALF, day(12))
    month.correct(Facts(free=((NOVEMBER, date(2026, 12, 1)),)), day(12))
    assert month.cost == 0


def test_a_waiting_plan_gives_back_the_right_price_on_its_day(world: World, iryna: Actor) -> None:
    month = Month(world, iryna)
    month.correct(HALF, day(5))
    subscriptions.change_plan(
        at=moment(day(6), 15),
        on_date=day(6),
        actor=CASHIER,
        subscription_id=month.service,
        tariff_id=world.tariff(price=60_000, charge_type="MONTHLY_PREPAID"),
        from_date=day(16),
    )
    world.days(day(7), day(16))
    assert month.cost == right(15_000, 1, 15) + right(60_000, 16, 30)


def test_a_correction_that_was_taken_back_counts_no_more(world: World, iryna: Actor) -> None:
    month = Month(world, iryna)
    done = month.correct(HALF, day(5))
    month.ask(day(6), kind="REVERSAL", operation_id=done.id)
    month.end(day(10))
    assert month.cost == right(PRICE, 1, 10)


def test_a_correction_that_days_came_back_by_is_not_taken_back_but_corrected(
    world: World, iryna: Actor
) -> None:
    month = Month(world, iryna)
    done = month.correct(HALF, day(5))
    month.end(day(10))
    with pytest.raises(errors.GivenBackSinceError):
        month.ask(day(11), kind="REVERSAL", operation_id=done.id)
    month.correct(Facts(prices=((PRICE, PRICE),)), day(11))
    assert month.cost == right(PRICE, 1, 10)


def test_what_is_remembered_never_changes(world: World, iryna: Actor) -> None:
    month = Month(world, iryna)
    month.correct(HALF, day(5))
    month.end(day(10))
    for change in (
        lambda: ChargeCorrection.objects.update(facts={}),
        lambda: ChargeCorrection.objects.all().delete(),
        lambda: GivenBack.objects.update(amount_kopecks=1),
        lambda: GivenBack.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_the_running_systems_role_corrects_and_gives_back(
    world: World, iryna: Actor, as_app_role: Callable[[], AbstractContextManager[None]]
) -> None:
    month = Month(world, iryna)
    with as_app_role():
        month.correct(HALF, day(5))
        month.end(day(10))
    assert month.cost == 5_000


PRICES = st.sampled_from([0, 1, 29, 12_345, 15_000, 30_001, 45_000])
SPANS = st.tuples(st.integers(1, 30), st.integers(1, 10)).map(
    lambda pair: (day(pair[0]), date.fromordinal(day(pair[0]).toordinal() + pair[1]))
)
FACTS = st.builds(
    lambda prices, free: Facts(prices=prices, free=free),
    st.one_of(st.just(()), PRICES.map(lambda price: ((PRICE, price),))),
    st.lists(SPANS, max_size=2).map(tuple),
)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    before=st.lists(FACTS, max_size=2), after=st.lists(FACTS, max_size=2), last=st.integers(7, 29)
)
def test_in_whatever_order_the_client_pays_the_right_price_of_the_used_days(
    world: World, iryna: Actor, before: list[Facts], after: list[Facts], last: int
) -> None:
    with transaction.atomic():
        month, facts = Month(world, iryna), Facts()
        for number, wanted in enumerate([*before, *after]):
            if number == len(before):
                month.end(day(last))
            if wanted == Facts():
                continue
            try:
                month.correct(wanted, day(6) if number < len(before) else day(30))
            except errors.NothingToCorrectError:
                continue
            facts = wanted.after(facts)
        if not after:
            month.end(day(last))
        free = [number for number in range(1, 31) if facts.is_free(day(number))]
        assert month.cost == right(facts.price_of(PRICE), 1, last, free)
        transaction.set_rollback(True)
