"""The provider's own money: refunds paid out by the bank, cash taken to the bank."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from billing.bookkeeping import operations, own_money
from billing.bookkeeping.errors import PaidOutError, ReasonNeededError
from billing.bookkeeping.models import MoneyOperation, OwnMove
from billing.bookkeeping.own_money import Paper
from billing.bookkeeping.wishes import Wish
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger import verification
from billing.ledger.operations import Leg
from billing.reporting import accounting, entries
from project.core.actor import SYSTEM, Actor
from project.core.errors import NotFoundError
from project.core.models import AuditEntry
from project.core.roles import Role
from tests.support import zones
from tests.support.billing import World, moment

DAY = date(2026, 11, 10)
NEXT = DAY + timedelta(days=1)
PAPER = Paper("ПД-17", DAY)


@pytest.fixture
def iryna(world: World) -> Actor:
    return zones.actor(zones.planner("iryna", Role.ACCOUNTANT))


def refund(world: World, actor: Actor, kopecks: int, key: str, method: str = "BANK") -> Any:
    account = world.account(kopecks=kopecks, on_date=DAY)
    wish = Wish(
        kind="REFUND", account_id=account, amount_kopecks=kopecks, method=method, reason="переїзд"
    )
    return operations.ask(
        at=moment(DAY, 10), on_date=DAY, actor=actor, wish=wish, idempotency_key=key
    )


def take_back_refund(actor: Actor, one: MoneyOperation, key: str) -> MoneyOperation:
    wish = Wish(kind="REVERSAL", account_id=one.account_id, operation_id=one.id, reason="передумав")
    return operations.ask(
        at=moment(DAY, 11), on_date=DAY, actor=actor, wish=wish, idempotency_key=key
    )


def pay_out(actor: Actor, *refunds: MoneyOperation, paper: Paper = PAPER) -> list[OwnMove]:
    ids = [one.id for one in refunds]
    return own_money.pay_out(
        at=moment(NEXT, 12), on_date=NEXT, actor=actor, refund_ids=ids, paper=paper
    )


def bank(actor: Actor, kopecks: int, refunds: int = 0, paper: Paper = PAPER) -> OwnMove:
    return own_money.bank_cash(
        at=moment(NEXT, 12),
        on_date=NEXT,
        actor=actor,
        bank_kopecks=kopecks,
        till_refunds_kopecks=refunds,
        paper=paper,
    )


def take_back(actor: Actor, move: OwnMove, reason: str = "інша сума") -> OwnMove:
    return own_money.take_back(
        at=moment(NEXT, 13), on_date=NEXT, actor=actor, move_id=move.id, reason=reason
    )


def stands(code: str) -> int:
    return {line.code: line.balance_kopecks for line in ledger_queries.trial_balance()}.get(code, 0)


def is_right() -> None:
    report = verification.verify()
    assert report.is_right, report.problems


class TestRefunds:
    def test_what_the_bank_has_paid_out_is_owed_no_more(self, world: World, iryna: Actor) -> None:
        first = refund(world, iryna, 20_000, "one")
        second = refund(world, iryna, 5_000, "two")
        refund(world, iryna, 7_000, "three", method="CASH")
        assert list(own_money.to_pay_out()) == [first, second]
        ((row,)) = [
            row for row in accounting.clearing(on_date=NEXT) if row.code == "clearing.refunds.bank"
        ]
        assert (row.due_kopecks, row.oldest_days) == (-25_000, 1)
        (move,) = pay_out(iryna, first)
        assert (move.bank_kopecks, move.reference, move.refund_id) == (-20_000, "ПД-17", first.id)
        assert (stands("clearing.refunds.bank"), stands("bank.current")) == (5_000, 20_000)
        assert list(own_money.to_pay_out()) == [second]
        assert own_money.payout_of(operation_id=first.id) == move
        is_right()
        entry = AuditEntry.objects.get(action="billing.own_move.posted")
        assert (entry.object_id, entry.user_id) == (str(move.id), iryna.user_id)
        exported = entries.entries(first=NEXT, last=NEXT, scope="ALL")
        assert [(one.debit, one.credit, one.amount_kopecks) for one in exported] == [
            ("333", "311", 20_000)
        ]

    def test_all_or_none_and_nothing_twice(self, world: World, iryna: Actor) -> None:
        first, second = refund(world, iryna, 20_000, "one"), refund(world, iryna, 5_000, "two")
        pay_out(iryna, first)
        with pytest.raises(own_money.NotToBePaidOutError), transaction.atomic():
            pay_out(iryna, first, second)
        assert list(own_money.to_pay_out()) == [second]
        cash = refund(world, iryna, 100, "three", method="CASH")
        with pytest.raises(own_money.NotToBePaidOutError), transaction.atomic():
            pay_out(iryna, cash)
        with pytest.raises(own_money.NothingChosenError):
            pay_out(iryna)
        with pytest.raises(own_money.NoReferenceError):
            pay_out(iryna, second, paper=Paper("  ", DAY))
        with pytest.raises(own_money.DateAheadError):
            pay_out(iryna, second, paper=Paper("1", NEXT + timedelta(days=1)))
        assert OwnMove.objects.count() == 1
        is_right()

    def test_a_refund_that_was_paid_out_is_not_taken_back(self, world: World, iryna: Actor) -> None:
        one = refund(world, iryna, 20_000, "one")
        (move,) = pay_out(iryna, one)
        with pytest.raises(PaidOutError), transaction.atomic():
            take_back_refund(iryna, one, "back")
        with pytest.raises(ReasonNeededError):
            take_back(iryna, move, reason=" ")
        take_back(iryna, move)
        assert (stands("clearing.refunds.bank"), stands("bank.current")) == (20_000, 0)
        assert list(own_money.to_pay_out()) == [one]
        (again,) = pay_out(iryna, one)
        take_back(iryna, again)
        is_right()
        take_back_refund(iryna, one, "back")
        assert (list(own_money.to_pay_out()), stands("clearing.refunds.bank")) == ([], 0)
        with pytest.raises(own_money.NotToBePaidOutError), transaction.atomic():
            pay_out(iryna, one)
        is_right()

    def test_what_is_posted_stays(self, world: World, iryna: Actor) -> None:
        (move,) = pay_out(iryna, refund(world, iryna, 20_000, "one"))
        for change in ({"bank_kopecks": -1}, {"reference": "інший"}):
            with pytest.raises(DatabaseError), transaction.atomic():
                OwnMove.objects.filter(id=move.id).update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            OwnMove.objects.filter(id=move.id).delete()
        take_back(iryna, move)
        with pytest.raises(own_money.TakenBackAlreadyError):
            take_back(iryna, move)
        with pytest.raises(NotFoundError):
            own_money.take_back(
                at=moment(NEXT, 13), on_date=NEXT, actor=iryna, move_id=move.id + 9, reason="x"
            )


class TestTheTill:
    def test_cash_goes_to_the_bank_less_what_went_back_to_clients(
        self, world: World, iryna: Actor
    ) -> None:
        world.pay(world.account(), 50_000, DAY)
        refund(world, iryna, 8_000, "one", method="CASH")
        there = own_money.till()
        assert (there.cash_kopecks, there.refunds_kopecks) == (58_000, 8_000)
        assert there.inside_kopecks == 50_000
        bank(iryna, 40_000, 8_000)
        assert (stands("clearing.cash"), stands("clearing.refunds.cash")) == (-10_000, 0)
        assert stands("bank.current") == -40_000
        exported = entries.entries(first=NEXT, last=NEXT, scope="ALL")
        assert [(one.debit, one.credit, one.amount_kopecks) for one in exported] == [
            ("311", "301", 40_000)
        ]
        there = own_money.till()
        assert (there.cash_kopecks, there.refunds_kopecks) == (10_000, 0)
        is_right()
        move = bank(iryna, 10_000, paper=Paper("ПД-18", DAY))
        take_back(iryna, move)
        assert own_money.till().inside_kopecks == 10_000
        bank(iryna, 9_000, paper=Paper("ПД-18", DAY))
        is_right()

    def test_no_more_than_there_is_and_no_paper_twice(self, world: World, iryna: Actor) -> None:
        with pytest.raises(own_money.MoreThanInTillError):
            bank(iryna, 1)
        world.pay(world.account(), 50_000, DAY)
        refund(world, iryna, 8_000, "one", method="CASH")
        for kopecks, refunds, field in (
            (0, 0, "bank"),
            (58_001, 0, "bank"),
            (50_001, 8_000, "bank"),
            (10_000, 8_001, "till_refunds"),
        ):
            with pytest.raises(own_money.MoreThanInTillError) as refused:
                bank(iryna, kopecks, refunds)
            assert refused.value.field == field
        bank(iryna, 20_000)
        with pytest.raises(own_money.BankedAlreadyError):
            bank(iryna, 1_000)
        assert OwnMove.objects.count() == 1
        is_right()


def test_a_journal_that_nobody_noted_is_found(world: World, iryna: Actor) -> None:
    world.pay(world.account(), 50_000, DAY)
    cash = ledger_queries.find_account(code="clearing.cash")
    assert cash is not None
    with transaction.atomic():
        current = ledger.ensure_control_account(
            at=moment(DAY), code="bank.current", kind="ADJUSTMENT"
        )
        ledger.post(
            kind="TRANSFER",
            value_date=DAY,
            posted_at=moment(DAY),
            idempotency_key="odd",
            legs=[Leg(cash.id, 700), Leg(current, -700)],
            actor=SYSTEM,
            source="own money",
        )
        told = [str(problem) for problem in verification.verify().problems]
        transaction.set_rollback(True)
    assert [one.split()[0] for one in told] == ["I11"]
    assert "nobody noted" in told[0]
