"""Another tariff from a chosen day, for one and for many: planned, tried, cancelled."""

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import override

from billing import whatif
from billing.ledger.errors import LedgerBusyError
from billing.models import PlanBatch, PlanBatchItem, PlanSpan, TermsMove
from billing.subscriptions import operations as subscriptions
from billing.subscriptions import plan_batches
from billing.subscriptions.operations import NothingWaitsError, PlanChangeError
from billing.subscriptions.plan_batches import (
    BadBatchError,
    BatchStateError,
    Chosen,
    EmptyBatchError,
)
from project.core import jobs
from project.core.models import Job
from project.wiring import wire
from tests.support import zones
from tests.support.billing import CASHIER, World, balance, moment, small_world, statement

NOV = date(2026, 11, 1)


def day(number: int) -> date:
    return NOV + timedelta(days=number - 1)


def change(
    service: int, tariff: int, *, on: date, from_date: date | None = None, at_once: bool = False
) -> date:
    return subscriptions.change_plan(
        at=moment(on, 12),
        on_date=on,
        actor=CASHIER,
        subscription_id=service,
        tariff_id=tariff,
        from_date=from_date,
        is_immediate=at_once,
    )


def cancel(service: int, *, on: date) -> None:
    subscriptions.cancel_plan_change(
        at=moment(on, 13), on_date=on, actor=CASHIER, subscription_id=service
    )


def amounts(account: int) -> list[tuple[str, int]]:
    return [(what, amount) for _day, what, amount in statement(account)[1:]]


class TestOne:
    """One service."""

    def test_the_change_comes_on_its_day(self, world: World) -> None:
        account = world.account(kopecks=100_000)
        service = world.sell(account, world.tariff(price=30_000), day(1))
        assert change(service, world.tariff(price=60_000), on=day(1), from_date=day(4)) == day(4)
        world.days(day(2), day(5))
        assert [a for _w, a in amounts(account)] == [-1_000, -1_000, -1_000, -2_000, -2_000]

    def test_a_prepaid_month_comes_back_on_the_day_and_not_before(self, world: World) -> None:
        account = world.account(kopecks=100_000)
        service = world.sell(
            account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), day(1)
        )
        change(service, world.tariff(price=60_000), on=day(2), from_date=day(11))
        assert amounts(account) == [("SERVICE", -30_000)]
        world.days(day(2), day(11))
        assert amounts(account) == [
            ("SERVICE", -30_000), ("REFUND", 20_000), ("SERVICE", -2_000),
        ]  # fmt: skip

    def test_cancelled_nothing_has_happened(self, world: World) -> None:
        account = world.account(kopecks=100_000)
        service = world.sell(
            account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), day(1)
        )
        change(service, world.tariff(price=60_000), on=day(2), from_date=day(11))
        cancel(service, on=day(3))
        world.days(day(2), day(12))
        assert amounts(account) == [("SERVICE", -30_000)]
        assert PlanSpan.objects.get(subscription_id=service).during.upper is None
        assert TermsMove.objects.get().outcome == "SUPERSEDED"
        with pytest.raises(NothingWaitsError):
            cancel(service, on=day(4))

    def test_tomorrows_change_can_be_taken_back_with_its_money(self, world: World) -> None:
        account = world.account(kopecks=30_000)
        service = world.sell(
            account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), day(1)
        )
        change(service, world.tariff(price=60_000), on=day(2))
        cancel(service, on=day(2))
        world.days(day(2), day(3))
        assert balance(account) == 0

    def test_a_later_choice_replaces_the_one_that_waits(self, world: World) -> None:
        account = world.account(kopecks=100_000)
        service = world.sell(account, world.tariff(price=30_000), day(1))
        change(service, world.tariff(price=60_000), on=day(1), from_date=day(3))
        change(service, world.tariff(price=90_000), on=day(1), from_date=day(4))
        world.days(day(2), day(4))
        assert [a for _w, a in amounts(account)] == [-1_000, -1_000, -1_000, -3_000]

    @pytest.mark.parametrize("number", [-5, 0, 1, 400])
    def test_a_day_that_cannot_be_is_refused(self, world: World, number: int) -> None:
        service = world.sell(world.account(kopecks=100_000), world.tariff(), day(1))
        with pytest.raises(PlanChangeError):
            change(service, world.tariff(), on=day(1), from_date=day(number))

    def test_why_it_cannot_change_at_once_is_told_as_it_is(self, world: World) -> None:
        service = world.sell(world.account(kopecks=100_000), world.tariff(), day(1))

        def told(on: date) -> str:
            with pytest.raises(PlanChangeError) as refused:
                change(service, world.tariff(), on=on, at_once=True)
            return str(refused.value.message)

        with override("en"):
            assert told(day(1)).startswith("Today is the first day of the service")
            change(service, world.tariff(), on=day(3), at_once=True)
            assert "tariff has already been changed today" in told(day(3))
        # The service moves to the terms of another map: its tariff stays, a new span begins.
        span = PlanSpan.objects.get(subscription_id=service, during__contains=day(5))
        PlanSpan.objects.filter(id=span.id).update(during=DateRange(day(3), day(5)))
        span.id, span.during = None, DateRange(day(5), None)
        span.save(force_insert=True)
        with override("en"):
            assert "terms of the service have changed today" in told(day(5))

    def test_what_was_paid_once_gets_no_tariff_that_would_never_be_charged(
        self, world: World
    ) -> None:
        once = world.tariff(price=5_000, charge_type="ONE_OFF")
        service = world.sell(world.account(kopecks=100_000), once, day(1))
        daily = world.tariff(price=30_000)
        for first in (None, day(4)):
            with pytest.raises(PlanChangeError):
                change(service, daily, on=day(1), from_date=first)
        with pytest.raises(EmptyBatchError):
            plan_batches.prepare(
                at=moment(NOV, 12),
                actor=CASHIER,
                tariff_id=daily,
                from_date=day(4),
                chosen=Chosen(from_tariff_id=once),
            )


class TestMany:
    """A batch."""

    def prepared(self, tariff: int, *, on: date = NOV, from_date: date, **chosen: object) -> int:
        return plan_batches.prepare(
            at=moment(on, 10),
            actor=CASHIER,
            tariff_id=tariff,
            from_date=from_date,
            chosen=Chosen(**chosen),
        )

    def worked(self, *, on: date) -> None:
        wire()
        jobs.run_waiting(now=lambda: moment(on, 18))

    def test_a_zone_gets_another_tariff_and_the_effect_is_what_was_told(self, world: World) -> None:
        old, new = world.tariff(price=30_000), world.tariff(price=60_000)
        accounts = [world.account(kopecks=kopecks) for kopecks in (100_000, 3_500)]
        for account in accounts:
            world.sell(account, old, day(1))
        batch = self.prepared(new, from_date=day(2), zone_ids=(world.zone_id,))
        hypothesis = whatif.of_batch(batch_id=batch)
        told = whatif.answer(hypothesis=hypothesis, at=moment(day(1), 11))
        plan_batches.schedule(at=moment(day(1), 11), actor=CASHIER, batch_id=batch)
        self.worked(on=day(1))
        before = sum(balance(account) for account in accounts)
        world.day(day(2))
        assert told.total().services == 2
        assert told.first_after_kopecks == before - sum(balance(a) for a in accounts) == 4_000
        assert PlanBatchItem.objects.filter(outcome="SCHEDULED").count() == 2
        assert Job.objects.get().state == "DONE"

    @pytest.mark.parametrize(("busy", "outcome"), [(2, "SCHEDULED"), (3, "REFUSED")])
    def test_an_account_that_is_held_for_a_moment_is_not_left_out(
        self, world: World, monkeypatch: pytest.MonkeyPatch, busy: int, outcome: str
    ) -> None:
        account = world.account(kopecks=100_000)
        world.sell(account, world.tariff(price=30_000), day(1))
        new = world.tariff(price=60_000)
        batch = self.prepared(new, from_date=day(2), zone_ids=(world.zone_id,))
        held = iter([True] * busy)
        real = plan_batches.change_plan

        def change_plan(**values: Any) -> date:
            if next(held, False):
                raise LedgerBusyError
            return real(**values)

        monkeypatch.setattr(plan_batches, "change_plan", change_plan)
        plan_batches.schedule(at=moment(day(1), 11), actor=CASHIER, batch_id=batch)
        self.worked(on=day(1))
        assert PlanBatchItem.objects.get().outcome == outcome
        assert PlanSpan.objects.filter(tariff_id=new).exists() is (outcome == "SCHEDULED")

    def test_where_it_is_not_sold_all_stays_and_the_reason_is_kept(self, world: World) -> None:
        old, new = world.tariff(price=30_000), world.tariff(price=None)
        world.price(new, 50_000, zone_id=world.other_zone_id)
        account = world.account(kopecks=100_000)
        world.sell(account, old, day(1))
        batch = self.prepared(new, from_date=day(2), from_tariff_id=old)
        told = whatif.answer(hypothesis=whatif.of_batch(batch_id=batch), at=moment(day(1), 11))
        assert (told.total().unsold, told.total().difference_kopecks) == (1, 0)
        plan_batches.schedule(at=moment(day(1), 11), actor=CASHIER, batch_id=batch)
        self.worked(on=day(1))
        item = PlanBatchItem.objects.get()
        assert (item.outcome, item.reason) == ("REFUSED", "not_sold_here")
        world.day(day(2))
        assert [a for _w, a in amounts(account)] == [-1_000, -1_000]

    def test_chosen_contracts_and_segments(self, world: World) -> None:
        old, new = world.tariff(), world.tariff()
        accounts = [world.account(kopecks=100_000) for _n in range(3)]
        services = [
            world.sell(account, old, day(1), segment=segment)
            for account, segment in zip(accounts, ("", "b2b", "b2b"), strict=True)
        ]
        codes = dict(PlanSpan.objects.values_list("subscription_id", "subscription__account__code"))
        self.prepared(
            new,
            from_date=day(3),
            segment="b2b",
            contracts=(codes[services[0]], codes[services[1]], "404"),
        )
        assert PlanBatchItem.objects.get().subscription_id == services[1]

    def test_a_kind_of_client_alone_is_a_choice(self, world: World) -> None:
        old, new = world.tariff(), world.tariff()
        services = [
            world.sell(world.account(kopecks=100_000), old, day(1), segment=segment)
            for segment in ("", "b2b")
        ]
        self.prepared(new, from_date=day(3), segment="b2b")
        assert PlanBatchItem.objects.get().subscription_id == services[1]

    def test_nobody_and_nonsense_are_refused(self, world: World) -> None:
        tariff = world.tariff()
        with pytest.raises(EmptyBatchError):
            self.prepared(tariff, from_date=day(3), zone_ids=(world.zone_id,))
        with pytest.raises(BadBatchError):
            self.prepared(tariff, from_date=day(3))
        with pytest.raises(BadBatchError):
            self.prepared(tariff, from_date=day(1), zone_ids=(world.zone_id,))
        assert not PlanBatch.objects.exists()

    def test_cancelled_those_who_changed_again_keep_that(self, world: World) -> None:
        old, new = world.tariff(price=30_000), world.tariff(price=60_000)
        accounts = [world.account(kopecks=100_000) for _n in range(3)]
        services = [world.sell(account, old, day(1)) for account in accounts]
        batch = self.prepared(new, from_date=day(5), from_tariff_id=old)
        plan_batches.schedule(at=moment(day(1), 11), actor=CASHIER, batch_id=batch)
        self.worked(on=day(1))
        change(services[0], world.tariff(price=90_000), on=day(2), from_date=day(5))
        plan_batches.cancel(at=moment(day(2), 15), actor=CASHIER, batch_id=batch)
        self.worked(on=day(2))
        world.days(day(2), day(5))
        assert [amounts(account)[-1][1] for account in accounts] == [-3_000, -1_000, -1_000]
        outcomes = PlanBatchItem.objects.order_by("subscription_id")
        assert list(outcomes.values_list("outcome", "reason")) == [
            ("REFUSED", "no_plan_waits"), ("CANCELLED", ""), ("CANCELLED", ""),
        ]  # fmt: skip
        for act in (plan_batches.cancel, plan_batches.schedule):
            with pytest.raises(BatchStateError):
                act(at=moment(day(2), 16), actor=CASHIER, batch_id=batch)

    def test_the_day_has_come(self, world: World) -> None:
        old, new = world.tariff(), world.tariff()
        world.sell(world.account(kopecks=100_000), old, day(1))
        batch = self.prepared(new, from_date=day(2), from_tariff_id=old)
        with pytest.raises(BatchStateError):
            plan_batches.schedule(at=moment(day(2), 1), actor=CASHIER, batch_id=batch)


@pytest.mark.django_db(transaction=True)
def test_planning_and_cancelling_at_once_end_in_one_of_the_two() -> None:
    world = small_world()
    old, new = world.tariff(price=30_000), world.tariff(price=60_000)
    services = [
        world.sell(world.account(kopecks=100_000), old, day(1), unit=str(n)) for n in range(6)
    ]
    batch = plan_batches.prepare(
        at=moment(day(1), 10),
        actor=zones.actor(zones.planner()),
        tariff_id=new,
        from_date=day(5),
        chosen=Chosen(from_tariff_id=old),
    )
    plan_batches.schedule(at=moment(day(1), 11), actor=CASHIER, batch_id=batch)
    errors: list[BaseException] = []

    def worked() -> None:
        try:
            jobs.run_waiting(now=lambda: moment(day(1), 12))
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    def cancelled() -> None:
        try:
            plan_batches.cancel(at=moment(day(1), 12), actor=CASHIER, batch_id=batch)
            jobs.run_waiting(now=lambda: moment(day(1), 12))
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    wire()
    threads = [threading.Thread(target=one) for one in (worked, cancelled)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    jobs.run_waiting(now=lambda: moment(day(1), 12))
    connection.close()
    assert errors == []
    assert set(PlanBatchItem.objects.values_list("outcome", flat=True)) == {"CANCELLED"}
    spans = PlanSpan.objects.filter(subscription_id__in=services)
    assert [span.during.upper for span in spans] == [None] * 6
