"""Two persons decide at once, over real connections: one posts, the other is told."""

from datetime import date
from typing import Any

import pytest

from billing.bookkeeping import errors, operations
from billing.bookkeeping.models import MoneyOperation
from billing.bookkeeping.wishes import Wish
from billing.ledger.errors import LedgerBusyError
from billing.ledger.verification import verify
from billing.payments import operations as payments
from project.core.actor import Actor
from project.core.roles import Role
from tests.concurrency.billing.test_runs_and_payments import in_threads
from tests.support import zones
from tests.support.billing import CASHIER, World, balance, moment, small_world, statement

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 11, 10)
AT = moment(DAY, 15)


@pytest.fixture
def world(transactional_db: None) -> World:
    return small_world()


def people(*names: str) -> list[Actor]:
    return [zones.actor(zones.planner(name, Role.ACCOUNTANT)) for name in names]


def adjust(who: Actor, account: int, kopecks: int, key: str) -> MoneyOperation:
    wish = Wish(kind="ADJUSTMENT", account_id=account, reason="спір", amount_kopecks=kopecks)
    return operations.ask(at=AT, on_date=DAY, actor=who, wish=wish, idempotency_key=key)


def approve(who: Actor, operation_id: int) -> MoneyOperation:
    return operations.approve(at=AT, on_date=DAY, actor=who, operation_id=operation_id)


def test_of_all_who_decide_at_once_one_decides_and_the_others_are_told(world: World) -> None:
    asker, second, third, fourth = people("a", "b", "c", "d")
    account = world.account()
    asked = adjust(asker, account, 200_000, "form")
    results = in_threads(
        lambda: approve(second, asked.id),
        lambda: approve(third, asked.id),
        lambda: operations.refuse(at=AT, actor=fourth, operation_id=asked.id, comment="ні"),
        lambda: operations.withdraw(at=AT, actor=asker, operation_id=asked.id),
    )
    done = [r for r in results if isinstance(r, MoneyOperation)]
    assert len(done) == 1
    assert all(isinstance(r, errors.AlreadyDecidedError) for r in results if r not in done)
    posted = done[0].state == "POSTED"
    assert balance(account) == (200_000 if posted else 0)
    assert len(statement(account)) == (1 if posted else 0)
    assert verify().is_right


def test_one_form_sent_many_times_at_once_posts_once(world: World) -> None:
    (asker,) = people("a")
    account = world.account()
    results = in_threads(*[lambda: adjust(asker, account, 5_000, "form") for _n in range(4)])
    assert {r.id for r in results if isinstance(r, MoneyOperation)} == {
        MoneyOperation.objects.get().id
    }
    assert balance(account) == 5_000


def test_small_parts_sent_at_once_do_not_pass_the_limit_together(world: World) -> None:
    (asker,) = people("a")
    account = world.account()
    results = in_threads(
        *[lambda n=n: adjust(asker, account, 60_000, f"part-{n}") for n in range(3)]
    )
    assert sorted(r.state for r in results) == ["PENDING", "PENDING", "POSTED"]
    assert balance(account) == 60_000


def test_a_payment_moved_and_reversed_at_once_ends_where_one_of_them_leaves_it(
    world: World,
) -> None:
    (asker,) = people("a")
    wrong, right = world.account(), world.account()
    payment = world.pay(wrong, 50_000, DAY)
    wish = Wish(
        kind="TRANSFER",
        account_id=wrong,
        reason="помилка",
        payment_id=payment.id,
        to_account_id=right,
    )
    results: list[Any] = in_threads(
        lambda: operations.ask(at=AT, on_date=DAY, actor=asker, wish=wish, idempotency_key="t"),
        lambda: payments.reverse_payment(
            at=AT, on_date=DAY, actor=CASHIER, payment_id=payment.id, reason="повернення"
        ),
    )
    refused = [r for r in results if isinstance(r, Exception)]
    allowed = (errors.NotThisAccountsError, LedgerBusyError)
    assert all(isinstance(r, allowed) or r.code == "payment_not_transferable" for r in refused), (
        refused
    )
    assert not isinstance(results[1], Exception)
    assert (balance(wrong), balance(right)) == (0, 0)
    assert verify().is_right
