"""Operations of people with money: each with a reason, within its rule, and by two when large."""

from datetime import date
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import override_settings

from billing.bookkeeping import errors, operations, queries
from billing.bookkeeping.models import MoneyOperation
from billing.bookkeeping.wishes import Wish
from billing.charging.facts import Facts
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger import verification
from billing.ledger.errors import LedgerError
from billing.payments import operations as payments
from billing.payments.models import Payment
from billing.payments.transfers import NotTransferableError
from billing.subscriptions import operations as subscriptions
from billing.tariffs import discounts
from billing.tariffs.discounts import Offer
from project.core.actor import SYSTEM, Actor
from project.core.errors import NotFoundError
from project.core.models import AuditEntry, OutboxEvent
from project.core.roles import Role
from tests.support import zones
from tests.support.billing import CASHIER, World, balance, blocks, moment, statement

DAY = date(2026, 11, 10)
AT = moment(DAY, 15)
OCTOBER = date(2026, 10, 1)
NOVEMBER = date(2026, 11, 1)


@pytest.fixture
def iryna(world: World) -> Actor:
    return zones.actor(zones.planner("iryna", Role.ACCOUNTANT))


@pytest.fixture
def petro(world: World) -> Actor:
    return zones.actor(zones.planner("petro", Role.ACCOUNTANT))


def ask(actor: Actor, kind: str, account: int, key: str = "form-1", **values: Any) -> Any:
    wish = Wish(kind=kind, account_id=account, **({"reason": "домовленість"} | values))
    return operations.ask(at=AT, on_date=DAY, actor=actor, wish=wish, idempotency_key=key)


def approve(actor: Actor, operation: MoneyOperation, **values: Any) -> MoneyOperation:
    return operations.approve(
        at=moment(DAY, 16), on_date=DAY, actor=actor, operation_id=operation.id, **values
    )


def end(service: int, on_date: date) -> None:
    subscriptions.terminate(
        at=moment(on_date, 12), on_date=on_date, actor=CASHIER, subscription_id=service, reason=""
    )


def sums() -> dict[str | None, int]:
    return {line.code: line.balance_kopecks for line in ledger_queries.trial_balance()}


class TestEachKind:
    def test_an_adjustment_moves_the_balance_and_says_why(self, world: World, iryna: Actor) -> None:
        account = world.account()
        done = ask(iryna, "ADJUSTMENT", account, amount_kopecks=5_000, reason=" обрив 3 дні ")
        assert (done.state, done.reason, done.needs_second_person) == ("POSTED", "обрив 3 дні", 0)
        line = ledger_queries.statement(account_id=account, limit=1)[0]
        assert (line.kind, line.narrative, line.actor) == ("ADJUSTMENT", "обрив 3 дні", iryna.label)
        assert sums()["adjustments.manual"] == -5_000
        assert queries.by_journals(journal_ids=[line.journal_id])[line.journal_id].id == done.id
        entry = AuditEntry.objects.get(action="billing.money_operation.posted")
        assert (entry.object_id, entry.user_id) == (str(done.id), iryna.user_id)
        assert OutboxEvent.objects.filter(topic="money_operation.posted").count() == 1
        ask(iryna, "ADJUSTMENT", account, key="form-2", amount_kopecks=-7_000)
        assert balance(account) == -2_000

    def test_money_that_comes_in_charges_what_is_due_and_puts_the_service_on(
        self, world: World, iryna: Actor
    ) -> None:
        account = world.account()
        service = world.sell(account, world.tariff(price=30_000), DAY)
        assert blocks(service) == {"DEBT"}
        ask(iryna, "ADJUSTMENT", account, amount_kopecks=5_000)
        assert blocks(service) == set()
        assert balance(account) == 4_000

    def test_a_refund_returns_no_more_than_the_client_has(self, world: World, iryna: Actor) -> None:
        account = world.account(kopecks=20_000)
        with pytest.raises(errors.NoRefundMethodError):
            ask(iryna, "REFUND", account, amount_kopecks=5_000)
        with pytest.raises(errors.MoreThanBalanceError):
            ask(iryna, "REFUND", account, amount_kopecks=20_001, method="BANK")
        done = ask(iryna, "REFUND", account, amount_kopecks=20_000, method="BANK")
        assert (done.amount_kopecks, balance(account)) == (-20_000, 0)
        assert sums()["clearing.refunds.bank"] == 20_000

    def test_a_write_off_ends_a_debt_and_nothing_more(self, world: World, iryna: Actor) -> None:
        account = world.account()
        ask(iryna, "ADJUSTMENT", account, amount_kopecks=-3_000)
        with pytest.raises(errors.MoreThanDebtError):
            ask(iryna, "WRITE_OFF", account, key="form-2", amount_kopecks=3_001)
        ask(iryna, "WRITE_OFF", account, key="form-3", amount_kopecks=3_000)
        assert balance(account) == 0
        assert sums()["bad_debt"] == -3_000

    def test_a_payment_on_the_wrong_account_is_moved_with_what_it_pays_for(
        self, world: World, iryna: Actor
    ) -> None:
        wrong, right = world.account(), world.account()
        service = world.sell(right, world.tariff(price=30_000), DAY)
        payment = world.pay(wrong, 25_000, DAY)
        done = ask(iryna, "TRANSFER", wrong, payment_id=payment.id, to_account_id=right)
        assert (balance(wrong), balance(right), blocks(service)) == (0, 24_000, set())
        assert done.amount_kopecks == -25_000
        payment.refresh_from_db()
        assert (payment.account_id, payment.holder_id) == (wrong, right)
        assert [kind for _day, kind, _sum in statement(right)] == ["TRANSFER", "SERVICE"]

    def test_a_moved_payment_that_is_charged_back_leaves_both_accounts_as_without_it(
        self, world: World, iryna: Actor
    ) -> None:
        wrong, right = world.account(), world.account()
        payment = world.pay(wrong, 25_000, DAY)
        ask(iryna, "TRANSFER", wrong, payment_id=payment.id, to_account_id=right)
        ask(iryna, "REVERSAL", right, key="form-2", payment_id=payment.id, reason="чарджбек")
        assert (balance(wrong), balance(right)) == (0, 0)
        assert sums()["clearing.cash"] == 0
        assert Payment.objects.get(id=payment.id).state == "REVERSED"

    def test_a_payment_moved_twice_stands_where_it_was_moved_last(
        self, world: World, iryna: Actor
    ) -> None:
        first, second, third = (world.account() for _n in range(3))
        payment = world.pay(first, 25_000, DAY)
        ask(iryna, "TRANSFER", first, payment_id=payment.id, to_account_id=second)
        ask(iryna, "TRANSFER", second, key="b", payment_id=payment.id, to_account_id=third)
        assert [balance(a) for a in (first, second, third)] == [0, 0, 25_000]
        ask(iryna, "TRANSFER", third, key="c", payment_id=payment.id, to_account_id=first)
        assert [balance(a) for a in (first, second, third)] == [25_000, 0, 0]
        assert Payment.objects.get(id=payment.id).transfer_journal_id is None

    def test_the_second_move_taken_back_leaves_the_payment_where_the_first_one_put_it(
        self, world: World, iryna: Actor
    ) -> None:
        first, second, third = (world.account() for _n in range(3))
        payment = world.pay(first, 25_000, DAY)
        put = ask(iryna, "TRANSFER", first, payment_id=payment.id, to_account_id=second)
        moved = ask(iryna, "TRANSFER", second, key="b", payment_id=payment.id, to_account_id=third)
        back = ask(iryna, "REVERSAL", second, key="c", operation_id=moved.id)
        assert [balance(a) for a in (first, second, third)] == [0, 25_000, 0]
        assert (back.account_id, back.amount_kopecks) == (second, 25_000)
        assert Payment.objects.get(id=payment.id).holder_id == second
        assert verification.verify().is_right
        ask(iryna, "REVERSAL", first, key="d", operation_id=put.id)
        assert [balance(a) for a in (first, second, third)] == [25_000, 0, 0]
        for again in (put, moved):
            with pytest.raises(errors.NotTakenBackError):
                ask(iryna, "REVERSAL", second, key=f"e{again.id}", operation_id=again.id)

    @pytest.mark.parametrize("kind", ["ADJUSTMENT", "WRITE_OFF", "REFUND", "TRANSFER"])
    def test_an_operation_is_taken_back_once(self, world: World, iryna: Actor, kind: str) -> None:
        account, other = world.account(kopecks=9_000), world.account()
        values: dict[str, Any] = {"amount_kopecks": 1_000}
        if kind == "WRITE_OFF":
            ask(iryna, "ADJUSTMENT", account, key="debt", amount_kopecks=-10_000)
        if kind == "REFUND":
            values["method"] = "CASH"
        if kind == "TRANSFER":
            values = {"payment_id": world.pay(account, 2_000, DAY).id, "to_account_id": other}
        before = balance(account), balance(other)
        done = ask(iryna, kind, account, **values)
        assert (balance(account), balance(other)) != before
        back = ask(iryna, "REVERSAL", account, key="back", operation_id=done.id)
        assert (balance(account), balance(other)) == before
        assert queries.reversal_of(operation_id=done.id) == back
        for again in (done.id, back.id):
            with pytest.raises(errors.NotTakenBackError):
                ask(iryna, "REVERSAL", account, key=f"again-{again}", operation_id=again)


class TestCorrections:
    @pytest.fixture
    def charged(self, world: World) -> tuple[int, int]:
        """An account charged by day in the whole of October, 300 ₴ a month; the month is closed."""
        account = world.account(kopecks=100_000, on_date=date(2026, 9, 1))
        service = world.sell(
            account, world.tariff(price=31_000, vat_rate_bp=2_000), date(2026, 9, 30)
        )
        world.days(OCTOBER, DAY)
        ledger.close_period(month=OCTOBER, at=AT, actor=CASHIER)
        return account, service

    def correct(self, actor: Actor, account: int, service: int, **values: Any) -> Any:
        return ask(
            actor,
            "CORRECTION",
            account,
            **({"subscription_id": service, "month": OCTOBER} | values),
        )

    def test_only_the_difference_is_posted_in_the_open_month_naming_the_closed_one(
        self, charged: tuple[int, int], iryna: Actor
    ) -> None:
        account, service = charged
        before = balance(account)
        facts = Facts(free=((date(2026, 10, 3), date(2026, 10, 6)),))
        done = self.correct(iryna, account, service, facts=facts)
        assert balance(account) - before == done.amount_kopecks == 3_000
        lines = [
            line
            for line in ledger_queries.statement(account_id=account, limit=10)
            if line.journal_id == done.journal_id
        ]
        assert {line.value_date for line in lines} == {DAY}
        assert all(line.narrative.startswith("10.2026: ") for line in lines)
        corrected = ledger_queries.charges_of(
            subject_ids=[service], from_date=date(2026, 10, 3), until_date=date(2026, 10, 6)
        )
        assert {line.corrects_id for line in lines} == {charge.posting_id for charge in corrected}

    def test_a_second_correction_adds_to_the_first_and_the_same_one_gives_nothing(
        self, charged: tuple[int, int], iryna: Actor
    ) -> None:
        account, service = charged
        first = Facts(free=((date(2026, 10, 3), date(2026, 10, 6)),))
        self.correct(iryna, account, service, facts=first)
        with pytest.raises(errors.NothingToCorrectError):
            self.correct(iryna, account, service, facts=first, key="again")
        longer = Facts(free=((date(2026, 10, 5), date(2026, 10, 9)),))
        assert self.correct(iryna, account, service, facts=longer, key="b").amount_kopecks == 3_000
        cheaper = Facts(prices=((31_000, 15_500),))
        # Six days are free already: the other twenty-five cost half.
        assert (
            self.correct(iryna, account, service, facts=cheaper, key="c").amount_kopecks == 12_500
        )

    def test_a_price_that_was_too_low_is_charged_in_addition(
        self, charged: tuple[int, int], iryna: Actor
    ) -> None:
        account, service = charged
        dearer = Facts(prices=((31_000, 34_100),))
        assert self.correct(iryna, account, service, facts=dearer).amount_kopecks == -3_100

    def test_vat_left_after_a_correction_is_that_of_the_right_amount(
        self, world: World, iryna: Actor
    ) -> None:
        account = world.account(kopecks=100_000)
        tariff = world.tariff(price=30_001, vat_rate_bp=2_000)
        service = world.sell(account, tariff, OCTOBER)
        world.days(OCTOBER, date(2026, 10, 31))
        end(service, date(2026, 10, 31))
        self.correct(iryna, account, service, facts=Facts(prices=((30_001, 0),)))
        assert sums()["tax.vat"] == 0
        assert balance(account) == 100_000

    def test_a_prepaid_month_gives_back_the_days_without_service(
        self, world: World, iryna: Actor
    ) -> None:
        account = world.account(kopecks=100_000)
        service = world.sell(
            account, world.tariff(price=31_000, charge_type="MONTHLY_PREPAID"), OCTOBER
        )
        assert balance(account) == 69_000
        facts = Facts(free=((date(2026, 10, 1), date(2026, 10, 4)),))
        assert self.correct(iryna, account, service, facts=facts).amount_kopecks == 3_000

    def test_days_that_were_given_back_at_the_end_are_not_given_back_again(
        self, world: World, iryna: Actor
    ) -> None:
        account = world.account(kopecks=100_000)
        service = world.sell(
            account, world.tariff(price=31_000, charge_type="MONTHLY_PREPAID"), OCTOBER
        )
        end(service, date(2026, 10, 10))
        assert balance(account) == 90_000
        all_free = Facts(free=((OCTOBER, date(2026, 11, 1)),))
        assert self.correct(iryna, account, service, facts=all_free).amount_kopecks == 10_000
        assert balance(account) == 100_000

    @pytest.mark.parametrize("is_immediate", [True, False])
    @pytest.mark.parametrize("charge_type", ["DAILY", "MONTHLY_PREPAID"])
    def test_a_month_with_a_change_of_plan_that_is_all_free_costs_nothing(
        self, world: World, iryna: Actor, charge_type: str, is_immediate: bool
    ) -> None:
        account = world.account(kopecks=200_000)
        first = world.tariff(price=31_000, charge_type=charge_type)
        dearer = world.tariff(price=62_000, charge_type=charge_type)
        service = world.sell(account, first, OCTOBER)
        world.days(date(2026, 10, 2), date(2026, 10, 10))
        subscriptions.change_plan(
            at=moment(date(2026, 10, 10), 12),
            on_date=date(2026, 10, 10),
            actor=CASHIER,
            subscription_id=service,
            tariff_id=dearer,
            is_immediate=is_immediate,
        )
        world.days(date(2026, 10, 11), date(2026, 10, 31))
        end(service, date(2026, 10, 31))
        assert balance(account) < 200_000
        all_free = Facts(free=((OCTOBER, date(2026, 11, 1)),))
        self.correct(iryna, account, service, facts=all_free)
        assert balance(account) == 200_000

    def test_a_month_is_corrected_by_the_days_it_had_before_it_began_anew(
        self, world: World, iryna: Actor
    ) -> None:
        account = world.account(kopecks=31_000)
        tariff = world.tariff(price=31_000, charge_type="MONTHLY_PREPAID", resume_rule="NEW_ANCHOR")
        service = world.sell(account, tariff, OCTOBER)
        world.days(date(2026, 10, 2), date(2026, 11, 5))
        assert blocks(service) == {"DEBT"}
        world.pay(account, 31_000, date(2026, 11, 5))  # a month from the fifth to the fifth
        assert (blocks(service), balance(account)) == (set(), 0)
        half = Facts(prices=((31_000, 15_500),))
        assert self.correct(iryna, account, service, facts=half).amount_kopecks == 15_500
        late = Facts(free=((date(2026, 12, 1), date(2026, 12, 5)),))
        done = self.correct(iryna, account, service, key="b", facts=late, month=NOVEMBER)
        december = [31_000 * n // 30 - 31_000 * (n - 1) // 30 for n in range(27, 31)]
        assert done.amount_kopecks == sum(december)

    def test_a_month_that_began_anew_on_a_free_day_is_corrected_by_its_days(
        self, world: World, iryna: Actor
    ) -> None:
        prepaid = {"charge_type": "MONTHLY_PREPAID", "resume_rule": "NEW_ANCHOR"}
        account = world.account(kopecks=31_000)
        service = world.sell(account, world.tariff(price=31_000, **prepaid), OCTOBER)
        world.days(date(2026, 10, 2), date(2026, 11, 4))
        fourth, fifth, sixth = (date(2026, 11, number) for number in (4, 5, 6))
        offer = Offer("День", "A day", fifth, sixth, percent_bp=10_000)
        discounts.give(at=moment(fourth, 20), on_date=fourth, actor=CASHIER, offer=offer)
        world.pay(account, 31_000, fifth)  # a month from the fifth to the fifth, for nothing
        assert (blocks(service), balance(account)) == (set(), 31_000)
        subscriptions.change_plan(
            at=moment(date(2026, 11, 20), 12), on_date=date(2026, 11, 20), actor=CASHIER,
            subscription_id=service, tariff_id=world.tariff(price=30_000, **prepaid),
        )  # fmt: skip
        world.day(date(2026, 11, 21), confirm=True)
        assert balance(account) == 31_000 - 30_000 * 14 // 30
        half = Facts(prices=((30_000, 15_000),))
        done = self.correct(iryna, account, service, facts=half, month=NOVEMBER)
        assert done.amount_kopecks == 30_000 * 14 // 30 // 2

    def test_taking_a_correction_back_brings_the_charges_back(
        self, charged: tuple[int, int], iryna: Actor
    ) -> None:
        account, service = charged
        before = balance(account)
        facts = Facts(free=((date(2026, 10, 3), date(2026, 10, 6)),))
        done = self.correct(iryna, account, service, facts=facts)
        ask(iryna, "REVERSAL", account, key="back", operation_id=done.id)
        assert balance(account) == before
        assert self.correct(iryna, account, service, facts=facts, key="b").amount_kopecks == 3_000

    @pytest.mark.parametrize(
        ("values", "refused"),
        [
            ({"facts": Facts()}, errors.BadCorrectionError),
            ({"month": None}, errors.BadCorrectionError),
            (
                {"facts": Facts(free=((date(2026, 10, 6), date(2026, 10, 6)),))},
                errors.BadCorrectionError,
            ),
            ({"facts": Facts(prices=((31_000, -1),))}, errors.BadOperationAmountError),
            ({"month": date(2026, 12, 1)}, errors.NothingToCorrectError),
            ({"subscription_id": 10**12}, errors.NotThisAccountsError),
        ],
    )
    def test_facts_that_make_no_sense_are_refused(
        self,
        charged: tuple[int, int],
        iryna: Actor,
        values: dict[str, Any],
        refused: type[Exception],
    ) -> None:
        account, service = charged
        facts = {"facts": Facts(prices=((31_000, 30_000),))}
        with pytest.raises(refused):
            self.correct(iryna, account, service, **(facts | values))


class TestTwoPersons:
    def test_a_large_one_waits_and_moves_nothing_until_another_person_approves(
        self, world: World, iryna: Actor, petro: Actor
    ) -> None:
        account = world.account()
        asked = ask(iryna, "ADJUSTMENT", account, amount_kopecks=100_001)
        assert (asked.state, asked.journal_id, balance(account)) == ("PENDING", None, 0)
        assert queries.waiting_count() == 1
        with pytest.raises(errors.SamePersonError):
            approve(iryna, asked)
        with pytest.raises(errors.SamePersonError):
            operations.refuse(at=AT, actor=iryna, operation_id=asked.id, comment="ні")
        done = approve(petro, asked, comment="згоден")
        assert (done.state, done.decided_by_label) == ("POSTED", petro.label)
        assert (balance(account), queries.waiting_count()) == (100_001, 0)
        for decide in (
            lambda: approve(petro, asked),
            lambda: operations.refuse(at=AT, actor=petro, operation_id=asked.id, comment="ні"),
            lambda: operations.withdraw(at=AT, actor=iryna, operation_id=asked.id),
        ):
            with pytest.raises(errors.AlreadyDecidedError):
                decide()
        actions = set(AuditEntry.objects.values_list("action", flat=True))
        assert {"billing.money_operation.asked", "billing.money_operation.approved"} <= actions

    def test_a_refused_and_a_withdrawn_one_post_nothing(
        self, world: World, iryna: Actor, petro: Actor
    ) -> None:
        account = world.account()
        first = ask(iryna, "ADJUSTMENT", account, amount_kopecks=200_000)
        with pytest.raises(errors.ReasonNeededError):
            operations.refuse(at=AT, actor=petro, operation_id=first.id, comment=" ")
        operations.refuse(at=AT, actor=petro, operation_id=first.id, comment="без підстави")
        second = ask(iryna, "ADJUSTMENT", account, key="b", amount_kopecks=200_000)
        with pytest.raises(errors.NotYoursError):
            operations.withdraw(at=AT, actor=petro, operation_id=second.id)
        operations.withdraw(at=AT, actor=iryna, operation_id=second.id)
        assert [o.state for o in queries.operations(wanted=queries.Wanted())] == [
            "WITHDRAWN",
            "REFUSED",
        ]
        assert balance(account) == 0

    def test_a_large_amount_does_not_pass_in_small_parts(
        self, world: World, iryna: Actor, petro: Actor
    ) -> None:
        account, other = world.account(), world.account()
        states = [
            ask(iryna, "ADJUSTMENT", account, key=f"part-{n}", amount_kopecks=60_000).state
            for n in range(2)
        ]
        assert states == ["POSTED", "PENDING"]
        assert ask(iryna, "ADJUSTMENT", other, amount_kopecks=60_000).state == "POSTED"
        assert ask(petro, "ADJUSTMENT", account, key="p", amount_kopecks=60_000).state == "POSTED"

    @pytest.mark.parametrize(("limit", "state"), [(0, "PENDING"), (-1, "POSTED"), (50, "POSTED")])
    def test_the_limit_is_set_by_the_provider(
        self, world: World, iryna: Actor, limit: int, state: str
    ) -> None:
        with override_settings(GEOBILL_SECOND_PERSON_ABOVE_UAH=limit):
            asked = ask(iryna, "ADJUSTMENT", world.account(), amount_kopecks=5_000)
        assert asked.state == state

    def test_what_is_no_longer_possible_at_approval_is_refused_and_goes_on_waiting(
        self, world: World, iryna: Actor, petro: Actor
    ) -> None:
        account = world.account(kopecks=150_000)
        asked = ask(iryna, "REFUND", account, amount_kopecks=150_000, method="CASH")
        ask(petro, "ADJUSTMENT", account, key="b", amount_kopecks=-1)
        with pytest.raises(errors.MoreThanBalanceError), transaction.atomic():
            approve(petro, asked)
        asked.refresh_from_db()
        assert (asked.state, balance(account)) == ("PENDING", 149_999)

    def test_one_payment_waits_once(self, world: World, iryna: Actor, petro: Actor) -> None:
        account = world.account()
        payment = world.pay(account, 200_000, DAY)
        values = {"payment_id": payment.id, "to_account_id": world.account()}
        ask(iryna, "TRANSFER", account, **values)
        with pytest.raises(errors.AlreadyWaitsError):
            ask(petro, "REVERSAL", account, key="b", payment_id=payment.id)

    def test_the_database_itself_keeps_one_person_from_both_parts(
        self, world: World, iryna: Actor, petro: Actor
    ) -> None:
        asked = ask(iryna, "ADJUSTMENT", world.account(), amount_kopecks=200_000)
        rows = MoneyOperation.objects.filter(id=asked.id)
        for change in (
            {"state": "REFUSED", "decided_by": iryna.user_id},
            {"state": "POSTED"},
            {"amount_kopecks": 1},
            {"needs_second_person": False},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                rows.update(**change)
        operations.refuse(at=AT, actor=petro, operation_id=asked.id, comment="ні")
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(state="PENDING")
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.delete()


class TestWhatIsRefused:
    @pytest.mark.parametrize("amount", [None, 0, 100_000_001, -100_000_001])
    def test_amounts_that_are_none(self, world: World, iryna: Actor, amount: int | None) -> None:
        with pytest.raises(errors.BadOperationAmountError):
            ask(iryna, "ADJUSTMENT", world.account(), amount_kopecks=amount)

    def test_without_a_reason_or_a_person_nothing_is_done(self, world: World, iryna: Actor) -> None:
        account = world.account()
        with pytest.raises(errors.ReasonNeededError):
            ask(iryna, "ADJUSTMENT", account, amount_kopecks=100, reason="  ")
        for nobody in (SYSTEM, CASHIER):
            with pytest.raises(errors.NotAPersonError):
                ask(nobody, "ADJUSTMENT", account, amount_kopecks=100)

    def test_a_form_sent_twice_does_it_once_and_one_used_for_another_is_refused(
        self, world: World, iryna: Actor, petro: Actor
    ) -> None:
        account = world.account()
        first = ask(iryna, "ADJUSTMENT", account, amount_kopecks=100)
        assert ask(iryna, "ADJUSTMENT", account, amount_kopecks=100) == first
        assert balance(account) == 100
        for who, amount in ((iryna, 101), (petro, 100)):
            with pytest.raises(errors.OperationKeyUsedError):
                ask(who, "ADJUSTMENT", account, amount_kopecks=amount)

    def test_control_accounts_and_strangers_things(self, world: World, iryna: Actor) -> None:
        account, other = world.account(), world.account()
        payment = world.pay(other, 1_000, DAY)
        done = ask(iryna, "ADJUSTMENT", other, amount_kopecks=100)
        cash = ledger_queries.find_account(code="clearing.cash")
        assert cash is not None
        with pytest.raises(NotFoundError):
            ask(iryna, "ADJUSTMENT", cash.id, key="a", amount_kopecks=100)
        with pytest.raises(errors.NotThisAccountsError):
            ask(iryna, "REVERSAL", account, key="b", payment_id=payment.id)
        with pytest.raises(errors.NotThisAccountsError):
            ask(iryna, "REVERSAL", account, key="c", operation_id=done.id)
        for to_account in (other, cash.id, 10**12, None):
            with pytest.raises(errors.WrongAccountError):
                ask(
                    iryna,
                    "TRANSFER",
                    other,
                    key=f"d-{to_account}",
                    payment_id=payment.id,
                    to_account_id=to_account,
                )

    def test_a_parked_account_takes_no_operation(self, world: World, iryna: Actor) -> None:
        account, other = world.account(kopecks=1_000), world.account()
        payment = world.pay(other, 1_000, DAY)
        ledger.park_account(account_id=account, at=AT, reason="перевірка")
        with pytest.raises(errors.AccountParkedError):
            ask(iryna, "ADJUSTMENT", account, amount_kopecks=100)
        with pytest.raises(errors.AccountParkedError):
            ask(iryna, "TRANSFER", other, payment_id=payment.id, to_account_id=account)
        assert MoneyOperation.objects.count() == 0
        ledger.unpark_account(account_id=account)

    def test_a_closed_month_takes_none_either(self, world: World, iryna: Actor) -> None:
        account = world.account()
        ledger.close_period(month=DAY, at=AT, actor=CASHIER)
        with pytest.raises(LedgerError), transaction.atomic():
            ask(iryna, "ADJUSTMENT", account, amount_kopecks=100)
        assert MoneyOperation.objects.count() == 0

    def test_a_reversed_payment_is_neither_moved_nor_reversed(
        self, world: World, iryna: Actor
    ) -> None:
        account, other = world.account(), world.account()
        payment = world.pay(account, 1_000, DAY)
        payments.reverse_payment(
            at=AT, on_date=DAY, actor=CASHIER, payment_id=payment.id, reason="помилка"
        )
        for kind in ("TRANSFER", "REVERSAL"):
            with pytest.raises(errors.NotThisAccountsError):
                ask(
                    iryna,
                    kind,
                    account,
                    key=kind,
                    payment_id=payment.id,
                    to_account_id=other if kind == "TRANSFER" else None,
                )
        from billing.payments.transfers import transfer_payment

        with pytest.raises(NotTransferableError):
            transfer_payment(
                at=AT,
                on_date=DAY,
                actor=CASHIER,
                payment_id=payment.id,
                to_account_id=other,
                reason="x",
                idempotency_key="t",
            )


def test_the_running_systems_role_may_ask_and_decide_and_never_change_what_was_decided(
    world: World, iryna: Actor, petro: Actor, as_app_role: Any
) -> None:
    account = world.account(kopecks=10_000)
    with as_app_role():
        ask(iryna, "REFUND", account, amount_kopecks=1_000, method="CASH")
        asked = ask(iryna, "ADJUSTMENT", account, key="b", amount_kopecks=200_000)
        approve(petro, asked)
    assert balance(account) == 209_000
    for forbidden in (
        "UPDATE billing_money_operation SET amount_kopecks = 1",
        "DELETE FROM billing_money_operation",
        "TRUNCATE billing_money_operation",
        "INSERT INTO ledger_posting (value_date, journal_id, account_id, amount_kopecks)"
        " SELECT value_date, journal_id, account_id, 1 FROM ledger_posting LIMIT 1",
    ):
        with pytest.raises(DatabaseError), as_app_role(), connection.cursor() as cursor:
            cursor.execute(forbidden)
    assert balance(account) == 209_000


def test_the_effect_is_shown_and_nothing_stays(world: World, iryna: Actor) -> None:
    wrong, right = world.account(), world.account()
    payment = world.pay(wrong, 250_000, DAY)
    wish = Wish(
        kind="TRANSFER",
        account_id=wrong,
        reason="помилка",
        payment_id=payment.id,
        to_account_id=right,
    )
    effect = operations.try_out(at=AT, on_date=DAY, actor=iryna, wish=wish)
    assert (effect.before[wrong], effect.after[wrong]) == (250_000, 0)
    assert (effect.before[right], effect.after[right]) == (0, 250_000)
    assert effect.needs_second_person
    assert (balance(wrong), MoneyOperation.objects.count()) == (250_000, 0)
    asked = ask(iryna, "TRANSFER", wrong, payment_id=payment.id, to_account_id=right)
    assert (asked.state, asked.asked_at) == ("PENDING", AT)
