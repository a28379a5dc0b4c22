"""Limits of pauses (R8), promised payments (R9), add-ons for some days: stories of one account."""

from datetime import date, timedelta
from typing import Any

import pytest

from billing.charging import promises
from billing.charging.effects import NotEnoughMoneyError
from billing.charging.promises import PromiseError
from billing.models import CreditGrant, Subscription
from billing.payments import transfers
from billing.subscriptions import operations as subscriptions
from billing.subscriptions.operations import AddonError, PauseError
from tests.support.billing import CASHIER, World, balance, blocks, moment, statement

NOV = date(2026, 11, 1)


def day(number: int) -> date:
    return NOV + timedelta(days=number - 1)


def pause(service: int, first: date, until: date | None, *, on: date | None = None) -> int:
    on = on or first
    return subscriptions.pause(
        at=moment(on, 12),
        on_date=on,
        actor=CASHIER,
        subscription_id=service,
        from_date=first,
        until_date=until,
    )


def promise(account: int, kopecks: int, on: date) -> promises.Promise:
    return promises.promise(
        at=moment(on, 12), on_date=on, actor=CASHIER, account_id=account, amount_kopecks=kopecks
    )


class TestPauses:
    """R8."""

    def sold(self, world: World, **terms: Any) -> tuple[int, int]:
        account = world.account(kopecks=100_000)
        return account, world.sell(account, world.tariff(price=30_000, **terms), NOV)

    @pytest.mark.parametrize(("days", "allowed"), [(4, False), (5, True), (20, True), (21, False)])
    def test_shortest_and_longest(self, world: World, days: int, allowed: bool) -> None:
        _account, service = self.sold(world, pause_min_days=5, pause_max_days=20)
        if allowed:
            pause(service, day(2), day(2 + days))
        else:
            with pytest.raises(PauseError) as refused:
                pause(service, day(2), day(2 + days))
            assert refused.value.field == "until_date"

    def test_without_an_end_it_lasts_as_long_as_it_may(self, world: World) -> None:
        _account, service = self.sold(world, pause_max_days=20)
        pause(service, day(2), None)
        assert Subscription.objects.get().pauses.get().during.upper == day(22)

    def test_days_a_year_count_what_it_lasted(self, world: World) -> None:
        account, service = self.sold(world, pause_days_a_year=10)
        pause(service, day(2), day(9))
        world.days(day(2), day(5))
        subscriptions.resume(
            at=moment(day(5), 12), on_date=day(5), actor=CASHIER, subscription_id=service
        )  # three days were used
        with pytest.raises(PauseError, match="7"):
            pause(service, day(10), day(18))
        pause(service, day(10), day(17))
        world.days(day(6), day(18))
        paid = [d for d, what, _a in statement(account) if what == "SERVICE"]
        free = {f"{n:02d}.11" for n in (2, 3, 4, 10, 11, 12, 13, 14, 15, 16)}
        assert len(paid) == 18 - len(free)
        assert not free & set(paid)

    def test_each_year_has_its_own_days(self, world: World) -> None:
        _account, service = self.sold(world, pause_days_a_year=10)
        pause(service, date(2026, 12, 25), date(2027, 1, 9), on=day(2))
        with pytest.raises(PauseError):
            pause(service, date(2026, 12, 1), date(2026, 12, 6), on=day(2))

    def test_days_between(self, world: World) -> None:
        _account, service = self.sold(world, pause_gap_days=7)
        pause(service, day(2), day(4))
        with pytest.raises(PauseError, match=r"11\.11\.2026"):
            pause(service, day(10), day(12))
        pause(service, day(11), day(12))

    def test_it_may_not_end_before_it_is_long_enough(self, world: World) -> None:
        _account, service = self.sold(world, pause_min_days=5)
        pause(service, day(2), day(12))
        world.days(day(2), day(4))
        with pytest.raises(PauseError):
            subscriptions.resume(
                at=moment(day(4), 12), on_date=day(4), actor=CASHIER, subscription_id=service
            )

    def test_the_fee_is_a_line_of_its_own(self, world: World) -> None:
        account, service = self.sold(world, pause_fee_kopecks=2_500, vat_rate_bp=2_000)
        pause(service, day(3), day(5), on=day(2))
        pause(service, day(8), day(9), on=day(2))
        assert statement(account)[2:] == [("02.11", "PAUSE", -2_500), ("02.11", "PAUSE", -2_500)]

    def test_without_the_money_for_the_fee_there_is_no_pause(self, world: World) -> None:
        account = world.account(kopecks=1_500)
        service = world.sell(account, world.tariff(price=30_000, pause_fee_kopecks=2_500), NOV)
        with pytest.raises(NotEnoughMoneyError):
            pause(service, day(2), day(5))
        assert not Subscription.objects.get().pauses.exists()
        assert balance(account) == 500

    def test_what_is_planned_is_taken_back_with_its_fee_until_it_begins(self, world: World) -> None:
        account = world.account(kopecks=100_000)
        service = world.sell(account, world.tariff(price=30_000, pause_fee_kopecks=2_000), NOV)

        def cancel(on: date) -> None:
            subscriptions.cancel_pause(
                at=moment(on, 15), on_date=on, actor=CASHIER, subscription_id=service
            )

        for _again in range(2):
            pause(service, day(4), day(9), on=day(1))
            assert balance(account) == 97_000
            cancel(day(1))
            assert balance(account) == 99_000
        world.days(day(2), day(4))
        assert balance(account) == 96_000
        pause(service, day(6), day(9), on=day(4))
        world.days(day(5), day(6))
        with pytest.raises(PauseError):
            cancel(day(6))

    def test_terms_that_have_moved_on_count(self, world: World) -> None:
        tariff = world.tariff(price=30_000, code="moving", pause_max_days=20)
        service = world.sell(world.account(kopecks=100_000), tariff, NOV)
        from billing.tariffs import operations as tariffs

        tariffs.publish_version(
            at=moment(NOV, 12),
            actor=CASHIER,
            tariff_id=tariff,
            applies_from=day(2),
            applies_existing_from=day(3),
            terms=tariffs.Terms("DAILY", "revenue.moving", pause_max_days=3),
        )
        pause(service, day(2), day(3))
        with pytest.raises(PauseError):
            pause(service, day(4), day(10))


class TestPromises:
    """R9."""

    TERMS: dict[str, Any] = {
        "promise_max_kopecks": 5_000, "promise_days": 3, "promises_a_month": 2,
        "promise_wait_days": 30,
    }  # fmt: skip

    def blocked(self, world: World, **terms: Any) -> tuple[int, int]:
        account = world.account(kopecks=1_000)
        service = world.sell(account, world.tariff(price=30_000, **(self.TERMS | terms)), NOV)
        world.day(day(2))
        assert blocks(service) == {"DEBT"}
        return account, service

    def test_it_lifts_the_block_and_moves_no_money(self, world: World) -> None:
        account, service = self.blocked(world)
        given = promise(account, 5_000, day(2))
        assert (blocks(service), balance(account)) == (set(), -1_000)
        assert (given.from_date, given.until_date) == (day(2), day(5))
        assert [what for _d, what, _a in statement(account)] == ["PAYMENT", "SERVICE", "SERVICE"]

    def test_it_ends_and_an_unpaid_debt_blocks_again(self, world: World) -> None:
        account, service = self.blocked(world)
        promise(account, 5_000, day(2))
        world.days(day(3), day(5))
        assert (blocks(service), balance(account)) == ({"DEBT"}, -3_000)

    def test_after_a_broken_one_none_for_a_while(self, world: World) -> None:
        account, _service = self.blocked(world)
        promise(account, 5_000, day(2))
        world.days(day(3), day(6))
        with pytest.raises(PromiseError, match=r"05\.12\.2026"):
            promise(account, 1_000, day(6))

    def test_a_kept_one_allows_the_next_up_to_the_month_s_number(self, world: World) -> None:
        account, _service = self.blocked(world)
        for first in (2, 6):
            promise(account, 3_000, day(first))
            world.pay(account, 3_000, day(first), hour=20)
        with pytest.raises(PromiseError, match="2"):
            promise(account, 3_000, day(12))
        promise(account, 3_000, date(2026, 12, 1))

    def test_a_payment_that_was_taken_back_keeps_no_promise(self, world: World) -> None:
        account, _service = self.blocked(world)
        promise(account, 3_000, day(2))
        payment = world.pay(account, 3_000, day(3))
        from billing.payments import operations as payments

        payments.reverse_payment(
            at=moment(day(4), 12), on_date=day(4), actor=CASHIER, payment_id=payment.id,
            reason="помилка",
        )  # fmt: skip
        with pytest.raises(PromiseError):
            promise(account, 1_000, day(6))

    def test_a_payment_that_came_to_the_wrong_account_keeps_the_promise_of_its_payer(
        self, world: World
    ) -> None:
        """And of nobody else: where it stood for an hour, nothing was paid."""
        payer, _service = self.blocked(world)
        other, _service = self.blocked(world)
        for account in (payer, other):
            promise(account, 3_000, day(2))
        payment = world.pay(other, 3_000, day(3))
        transfers.transfer_payment(
            at=moment(day(3), 15), on_date=day(3), actor=CASHIER, payment_id=payment.id,
            to_account_id=payer, reason="помилка в номері", idempotency_key="move",
        )  # fmt: skip
        promise(payer, 1_000, day(6))
        with pytest.raises(PromiseError):
            promise(other, 1_000, day(6))

    @pytest.mark.parametrize("kopecks", [-1, 0, 5_001])
    def test_too_much_or_nothing(self, world: World, kopecks: int) -> None:
        account, _service = self.blocked(world)
        with pytest.raises(PromiseError):
            promise(account, kopecks, day(2))
        assert not CreditGrant.objects.exists()

    def test_two_at_once_and_a_tariff_without(self, world: World) -> None:
        account, _service = self.blocked(world)
        promise(account, 1_500, day(2))
        with pytest.raises(PromiseError):
            promise(account, 1_500, day(3))
        other, _service = self.blocked(world, promise_max_kopecks=0)
        with pytest.raises(PromiseError):
            promise(other, 1_500, day(2))


class TestAddonsForDays:
    """A faster line for some days."""

    def sold(self, world: World) -> tuple[int, int, int]:
        account = world.account(kopecks=100_000)
        main = world.sell(account, world.tariff(price=30_000), NOV)
        boost = world.tariff(price=60_000, service_type="ADDITIONAL")
        addon = subscriptions.add_for_days(
            at=moment(NOV, 15), on_date=NOV, actor=CASHIER, parent_id=main, tariff_id=boost, days=3
        )
        return account, main, addon

    def test_it_is_charged_so_many_days_and_ends(self, world: World) -> None:
        account, _main, addon = self.sold(world)
        world.days(day(2), day(6))
        assert [a for _d, _w, a in statement(account)[1:]].count(-2_000) == 3
        row = Subscription.objects.get(id=addon)
        assert (row.state, row.terminated_date) == ("TERMINATED", day(3))

    def test_days_that_were_missed_are_charged_and_no_more(self, world: World) -> None:
        world.day(NOV)
        account, _main, _addon = self.sold(world)
        world.day(day(7), confirm=True)
        assert [a for _d, _w, a in statement(account)[1:]].count(-2_000) == 3

    @pytest.mark.parametrize("days", [0, -1, 93])
    def test_how_many_days(self, world: World, days: int) -> None:
        main = world.sell(world.account(kopecks=100_000), world.tariff(), NOV)
        boost = world.tariff(service_type="ADDITIONAL")
        with pytest.raises(AddonError):
            subscriptions.add_for_days(
                at=moment(NOV, 15), on_date=NOV, actor=CASHIER, parent_id=main, tariff_id=boost,
                days=days,
            )  # fmt: skip

    def test_a_month_s_addon_is_not_sold_by_the_day(self, world: World) -> None:
        main = world.sell(world.account(kopecks=100_000), world.tariff(), NOV)
        monthly = world.tariff(service_type="ADDITIONAL", charge_type="MONTHLY_PREPAID")
        with pytest.raises(AddonError):
            subscriptions.add_for_days(
                at=moment(NOV, 15), on_date=NOV, actor=CASHIER, parent_id=main, tariff_id=monthly,
                days=3,
            )  # fmt: skip
        assert Subscription.objects.count() == 1
