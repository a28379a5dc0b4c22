"""Payments at their edges: late, repeated, out of order, for contracts that are no more."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

from billing.calendar import midnight
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger import verification
from billing.ledger.models import LedgerPosting
from billing.payments import (
    checkouts,
    conflicts,
    dispatch,
    links,
    mending,
    merchants,
    reconciling,
    registers,
    statements,
    taking_lists,
)
from billing.payments import operations as payments
from billing.payments.calls import (
    Answer,
    Call,
    Commit,
    Pay,
    Prepare,
    RegistryIn,
    RegistryRow,
    Seen,
    SeenState,
    Told,
    Trust,
)
from billing.payments.checkouts import Started
from billing.payments.gateway import Message, PaymentView
from billing.payments.models import MerchantAccount, Payment, ProviderRegisterRow
from billing.payments.providers.privat24 import liqpay
from billing.payments.results import Result
from project.core.actor import SYSTEM
from tests.support.billing import CASHIER, World, balance, moment

DAY = date(2026, 11, 10)
AT = moment(DAY, 12)
LATER = AT + timedelta(hours=1)


@pytest.fixture
def merchant(world: World) -> int:
    """An account at a provider whose callbacks are compared with orders of ours."""
    return payments.open_merchant(
        at=AT,
        actor=CASHIER,
        provider="platon",
        slug="one",
        title="ISP",
        settings={"key": "K", "password": "secret-word"},
    )


def code_of(account_id: int) -> str:
    return ledger_queries.accounts(ids=[account_id])[account_id].code


def do(merchant_id: int, call: Call, *, at: Any = LATER) -> Answer:
    account = merchants.get(merchant_id=merchant_id)
    endpoint = account.provider.endpoints[0]
    with transaction.atomic():
        (answer,) = dispatch.perform(
            Message("test", (call,)), merchant=account, endpoint=endpoint, at=at, actor=SYSTEM
        )
    return answer


def order(merchant_id: int, account_id: int) -> Started:
    return checkouts.create_checkout(
        at=AT,
        actor=SYSTEM,
        merchant_id=merchant_id,
        account_code=code_of(account_id),
        amount_kopecks=5_000,
        success_url="https://isp.example/",
        failure_url="https://isp.example/",
    )


def paid(started: Started, key: str, trust: Trust = Trust.ORDER) -> Told:
    return Told(Seen(SeenState.PAID, order=started.order, key=key, amount_kopecks=5_000), trust)


def right() -> None:
    problems = verification.verify().problems
    assert not problems, problems


@pytest.mark.parametrize("first", [SeenState.PAID, SeenState.FAILED])
def test_a_word_about_an_order_credits_it_once_under_whatever_id(
    world: World, merchant: int, first: SeenState
) -> None:
    account = world.account()
    started = order(merchant, account)
    do(merchant, Told(replace(paid(started, "t1").seen, state=first), Trust.ORDER))
    assert do(merchant, paid(started, "t1")).result.is_done
    assert balance(account) == 5_000
    # The digest covers neither the id nor the amount: with another id it proves no other payment.
    assert do(merchant, paid(started, "t2")).result is Result.CONFLICT
    assert do(merchant, paid(started, "t3")).result is Result.CONFLICT
    assert do(merchant, paid(started, "t1")).result is Result.DUPLICATE
    assert balance(account) == 5_000
    right()


def test_an_order_that_failed_and_was_paid_after_all_is_shown_as_paid(
    world: World, merchant: int
) -> None:
    account = world.account()
    started = order(merchant, account)
    do(merchant, Told(Seen(SeenState.FAILED, order=started.order), Trust.PROOF))
    path = links.return_path(order=started.order)
    sign = path.split("/")[3]
    assert links.outcome(order=started.order, signature=sign).kind == "FAILED"
    do(merchant, paid(started, "t1", Trust.PROOF))
    found = links.outcome(order=started.order, signature=sign)
    assert (found.kind, found.balance_kopecks) == ("PAID", 5_000)


def test_money_for_an_order_of_a_contract_closed_since_waits_for_people(
    world: World, merchant: int
) -> None:
    account = world.account()
    started = order(merchant, account)
    ledger.close_account(account_id=account, at=AT)
    assert do(merchant, paid(started, "t1")).result.is_done
    payment = Payment.objects.get()
    assert (payment.is_unallocated, payment.account_code) == (True, code_of(account))
    assert do(merchant, paid(started, "t1")).result is not Result.TEMPORARY
    right()


def control_sum(account_id: int) -> int:
    found = LedgerPosting.objects.filter(account_id=account_id).aggregate(all=Sum("amount_kopecks"))
    return int(found["all"] or 0)


def test_a_chargeback_of_a_contract_closed_since_is_posted_and_shown_to_people(
    world: World, merchant: int
) -> None:
    account = world.account()
    started = order(merchant, account)
    do(merchant, paid(started, "t1"))
    ledger.close_account(account_id=account, at=AT)
    back = Seen(SeenState.REVERSED, order=started.order, key="t1", amount_kopecks=5_000)
    assert do(merchant, Told(back, Trust.PROOF)).result is Result.OK
    payment = Payment.objects.get()
    assert (payment.state, payment.refunded_kopecks) == ("REVERSED", 5_000)
    suspense = ledger_queries.find_account(code=merchants.SUSPENSE_CODE)
    assert suspense is not None
    row = MerchantAccount.objects.get(id=merchant)
    sums = {suspense.id: -5_000, row.clearing_account_id: 0}
    assert {key: control_sum(key) for key in sums} == sums
    assert conflicts.ids() == [payment.id]
    assert do(merchant, Told(back, Trust.PROOF)).result is not Result.TEMPORARY
    assert {key: control_sum(key) for key in sums} == sums
    right()


def test_an_announced_payment_of_a_contract_closed_since_is_taken_when_it_is_confirmed(
    world: World, merchant: int
) -> None:
    account = world.account()
    told = do(merchant, Prepare(code_of(account), 5_000, "k1"))
    ledger.close_account(account_id=account, at=AT)
    assert do(merchant, Commit(told.reference)).result is Result.OK
    assert Payment.objects.get().is_unallocated
    assert do(merchant, Commit(told.reference)).result is Result.DUPLICATE
    right()


def test_what_went_back_before_its_payment_was_heard_of_is_not_credited_afterwards(
    world: World, merchant: int
) -> None:
    account = world.account()
    started = order(merchant, account)
    back = Seen(SeenState.REVERSED, order=started.order, key="t1", amount_kopecks=5_000)
    assert do(merchant, Told(back, Trust.PROOF)).result is Result.OK
    do(merchant, paid(started, "t1", Trust.PROOF))
    assert balance(account) == 0
    right()


def test_all_of_a_payment_goes_back_though_the_commission_was_never_credited(
    world: World, merchant: int
) -> None:
    payments.change_merchant(
        at=AT, actor=CASHIER, merchant_id=merchant, commission="PERCENT", commission_bp=200
    )
    account = world.account()
    started = order(merchant, account)
    do(merchant, paid(started, "t1"))
    assert balance(account) == 4_900
    part = replace(paid(started, "t1").seen, state=SeenState.REVERSED, refunds=(("r1", 5_000),))
    assert do(merchant, Told(part, Trust.ORDER)).result is Result.OK
    assert (balance(account), Payment.objects.get().state) == (0, "REVERSED")
    assert do(merchant, Told(part, Trust.ORDER)).result is Result.DUPLICATE
    right()


def test_a_test_payment_is_not_credited_by_asking_either(world: World) -> None:
    document = {
        "status": "sandbox",
        "order_id": "1",
        "payment_id": 7,
        "amount": 50,
        "currency": "UAH",
    }
    client = liqpay.LiqpayClient()
    view = PaymentView(1, "1", "", "", "100", 5_000, AT)

    def state(is_on: bool) -> SeenState:
        made = payments.open_merchant(
            at=AT,
            actor=CASHIER,
            provider="privat24",
            settings={"liqpay_private_key": "private", "liqpay_sandbox": is_on},
        )
        client._request = lambda *_a, **_k: document  # type: ignore[method-assign,assignment]
        return client.query(view, merchants.get(merchant_id=made).view, None).state  # type: ignore[arg-type]

    assert state(True) is SeenState.PAID
    assert state(False) is not SeenState.PAID


def test_a_payment_of_midnight_is_missing_on_neither_day(world: World, merchant: int) -> None:
    account = world.account()
    ours, theirs = midnight(DAY) + timedelta(seconds=5), midnight(DAY) - timedelta(seconds=5)
    do(merchant, Pay(code_of(account), 5_000, "k1", paid_at=ours))
    mine = merchants.get(merchant_id=merchant)
    for day, rows in (
        (DAY - timedelta(days=1), (RegistryRow("k1", 5_000, code_of(account), theirs),)),
        (DAY, (RegistryRow("k2", 7_000, code_of(account), ours),)),
    ):
        taking_lists.keep(
            rows,
            at=AT,
            merchant=mine,
            start=midnight(day),
            end=midnight(day + timedelta(days=1)),
            source="FILE",
        )
    row = MerchantAccount.objects.get(id=merchant)
    before = reconciling.day(merchant=row, on_date=DAY - timedelta(days=1))
    assert [line.kind for line in before.lines] == ["MATCHED"]
    after = reconciling.day(merchant=row, on_date=DAY)
    assert [line.kind for line in after.lines] == ["MISSING_HERE"]


def test_a_number_that_stands_twice_in_a_list_loses_no_row(world: World, merchant: int) -> None:
    account, other = world.account(), world.account()
    do(merchant, Pay(code_of(account), 5_000, "k1", paid_at=AT))
    row = RegistryRow("k1", 5_000, code_of(account), AT)
    mine = merchants.get(merchant_id=merchant)
    space = mine.provider.endpoints[0].space
    call = RegistryIn(
        "list", (row, replace(row, amount_kopecks=6_000, account=code_of(other)), row)
    )
    for _again in range(2):
        assert registers.take_in(call, merchant=mine, space=space, at=AT).result is Result.OK
    one = MerchantAccount.objects.get(id=merchant)

    def lines() -> list[tuple[str, str, int]]:
        found = reconciling.day(merchant=one, on_date=DAY).lines
        return [(line.kind, line.key, line.theirs_kopecks) for line in found]

    twice, again = ("REPEATED", "k1:2", 6_000), ("REPEATED", "k1:3", 5_000)
    assert lines() == [twice, again, ("MATCHED", "k1", 5_000)]
    second = ProviderRegisterRow.objects.get(copy=1)
    mending.post_missing(at=LATER, actor=CASHIER, row_id=second.id)
    assert (balance(account), balance(other)) == (5_000, 6_000)
    assert lines() == [again, ("MATCHED", "k1", 5_000), ("MATCHED", "k1:2", 6_000)]
    right()


def test_a_number_that_stands_twice_in_a_file_is_shown_on_both_days(
    world: World, merchant: int
) -> None:
    code = code_of(world.account())
    table = (
        "id;дата;сума;договір\n"
        f"k1;10.11.2026;50,00;{code}\n"
        f"k1;10.11.2026;70,00;{code}\n"
        f"k1;11.11.2026;50,00;{code}\n"
    )
    taking_lists.take_file(at=AT, merchant_id=merchant, content=table.encode(), name="list.csv")
    one = MerchantAccount.objects.get(id=merchant)
    for day, kinds in (
        (DAY, ["MISSING_HERE", "REPEATED"]),
        (DAY + timedelta(days=1), ["REPEATED"]),
    ):
        assert [line.kind for line in reconciling.day(merchant=one, on_date=day).lines] == kinds


def test_numbers_of_payers_documents_are_no_numbers_of_payments() -> None:
    table = (
        "Дата операції;Номер документа;Сума;Призначення платежу\n"
        "10.11.2026;15;100,00;за інтернет 1001\n"
        "10.11.2026;15;200,00;за інтернет 1002\n"
        "11.11.2026;15;100,00;за інтернет 1001\n"
    )
    rows = statements.read(table.encode()).rows
    assert len({row.key for row in rows}) == 3
    again = statements.read(table.encode()).rows
    assert [row.key for row in again] == [row.key for row in rows]
