"""Money that goes back: in parts under a commission, too early, long unknown, after all."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from billing.ledger import queries as ledger_queries
from billing.payments import conflicts, mending, merchants, reconciling, refunds, taking_lists
from billing.payments import operations as payments
from billing.payments.calls import (
    Pay,
    Prepare,
    RegistryRow,
    Reverse,
    Seen,
    SeenState,
    Told,
    Trust,
)
from billing.payments.models import MerchantAccount, Payment, PaymentAttempt, Refund
from billing.payments.providers.portmone import checkout as portmone
from billing.payments.refunds import NotRefundableError, NotSettledError, RefundRefusedError
from billing.payments.results import Result
from project.core.errors import DomainError
from project.core.models import OutboxEvent
from tests.support.acquiring import Bank, code_of, do, order, paid, right
from tests.support.billing import CASHIER, World, balance, moment

DAY = date(2026, 11, 10)
AT = moment(DAY, 12)
LATER = AT + timedelta(hours=1)


def opened(provider: str = "monobank", **rules: Any) -> int:
    settings = {
        "monobank": {"token": "uToken"},
        "platon": {"key": "K", "password": "secret-word"},
        "portmone": {"payee_id": "1", "login": "l", "password": "p", "key": "k"},
    }
    return payments.open_merchant(
        at=AT, actor=CASHIER, provider=provider, settings=settings[provider], **rules
    )


def clearing(merchant_id: int) -> int:
    row = MerchantAccount.objects.get(id=merchant_id)
    return ledger_queries.balance_kopecks(account_id=row.clearing_account_id)


def credited(merchant_id: int, account: int, kopecks: int, **more: Any) -> Payment:
    do(merchant_id, Pay(code_of(account), kopecks, "k1", **more), at=AT)
    return Payment.objects.get(external_id="k1")


def back(merchant_id: int, key: str, kopecks: int | None, *, payment: str = "k1") -> Result:
    call = Reverse(key=payment, reversal_key=key, amount_kopecks=kopecks, reason="client")
    return do(merchant_id, call, at=LATER).result


@pytest.mark.parametrize(
    ("rules", "more", "whole"),
    [
        ({"commission": "PERCENT", "commission_bp": 275}, {}, 9_725),
        ({"commission": "NET_FIELD"}, {"net_kopecks": 9_001}, 9_001),
        ({"commission": "GROSS"}, {"gross_kopecks": 10_199}, 10_199),
        ({}, {}, 10_000),
    ],
)
def test_parts_take_in_proportion_and_are_the_whole_together(
    world: World, rules: dict[str, Any], more: dict[str, Any], whole: int
) -> None:
    merchant, account = opened(**rules), world.account()
    credited(merchant, account, 10_000, **more)
    assert (balance(account), clearing(merchant)) == (whole, -whole)
    assert back(merchant, "r1", 5_000) is Result.OK
    half = (whole + 1) // 2
    assert (balance(account), clearing(merchant)) == (whole - half, half - whole)
    assert back(merchant, "r1", 5_000) is Result.DUPLICATE
    for number in range(2, 5):
        assert back(merchant, f"r{number}", 1_111) is Result.OK
    assert back(merchant, "much", 1_668) is Result.NOT_REVERSIBLE
    assert back(merchant, "last", 1_667) is Result.OK
    assert (balance(account), clearing(merchant)) == (0, 0)
    payment = Payment.objects.get()
    assert (payment.state, payment.told_back_kopecks) == ("REVERSED", 10_000)
    assert sum(row.amount_kopecks for row in Refund.objects.all()) == whole
    right()


@given(
    told=st.integers(1, 100_000),
    amount=st.integers(1, 120_000),
    cuts=st.lists(st.integers(1, 30_000), max_size=30),
)
def test_whatever_the_parts_they_sum_to_what_was_credited(
    told: int, amount: int, cuts: list[int]
) -> None:
    payment = Payment(told_kopecks=told, amount_kopecks=amount)
    while payment.told_left_kopecks:
        part = min(cuts.pop() if cuts else told, payment.told_left_kopecks)
        takes = payment.taken_by(part)
        payment.told_back_kopecks += part
        payment.refunded_kopecks += takes
        assert takes >= 0
        assert (payment.refunded_kopecks == amount) == (payment.told_back_kopecks == told)
        assert abs(payment.refunded_kopecks - amount * payment.told_back_kopecks / told) <= 1


def test_a_part_too_small_for_a_kopeck_of_the_credited_money_posts_nothing(world: World) -> None:
    merchant, account = opened(commission="PERCENT", commission_bp=1_000), world.account()
    credited(merchant, account, 100)
    assert back(merchant, "r0", 5) is Result.OK
    assert balance(account) == 85
    assert back(merchant, "r1", 1) is Result.OK
    assert (balance(account), Refund.objects.get(key="r1").journal_id) == (85, None)
    assert back(merchant, "r1", 1) is Result.DUPLICATE
    assert back(merchant, "r2", None) is Result.OK
    assert (balance(account), Payment.objects.get().state) == (0, "REVERSED")
    right()


def test_a_refund_of_ours_asks_for_what_the_payer_gets(world: World) -> None:
    merchant, account = opened(commission="PERCENT", commission_bp=200), world.account()
    payment = credited(merchant, account, 10_000)
    bank = Bank(LATER, {"status": "success"})
    ask = {"at": LATER, "actor": CASHIER, "payment_id": payment.id, "reason": "звернувся"}
    payments.refund(**ask, amount_kopecks=2_500, idempotency_key="f1", link=bank)
    assert bank.requests[-1]["amount"] == 2_500
    assert balance(account) == 9_800 - 2_450
    with pytest.raises(NotRefundableError):
        payments.refund(**ask, amount_kopecks=7_501, idempotency_key="f2", link=bank)
    payments.refund(**ask, amount_kopecks=7_500, idempotency_key="f3", link=bank)
    assert bank.requests[-1]["amount"] == 7_500
    assert (balance(account), clearing(merchant)) == (0, 0)
    assert Payment.objects.get().state == "REVERSED"
    right()


@pytest.mark.parametrize(("theirs", "ours"), [(9_000, 8_820), (11_000, 10_780)])
def test_an_amount_is_brought_to_their_list_under_a_commission(
    world: World, theirs: int, ours: int
) -> None:
    merchant, account = opened(commission="PERCENT", commission_bp=200), world.account()
    credited(merchant, account, 10_000, paid_at=AT)
    assert balance(account) == 9_800
    taking_lists.keep(
        (RegistryRow("k1", theirs, code_of(account), AT),),
        at=LATER,
        merchant=merchants.get(merchant_id=merchant),
        start=moment(DAY, 0, 0),
        end=moment(DAY + timedelta(days=1), 0, 0),
        source="FILE",
        space=Payment.objects.get().space,
    )
    row = MerchantAccount.objects.get(id=merchant)
    (line,) = reconciling.day(merchant=row, on_date=DAY).lines
    assert (line.kind, line.ours_kopecks) == ("AMOUNT_DIFFERS", 10_000)
    assert line.row is not None
    mending.mend_amount(at=LATER, actor=CASHIER, row_id=line.row.id)
    assert (balance(account), clearing(merchant)) == (ours, -ours)
    day = reconciling.day(merchant=row, on_date=DAY)
    assert [(one.kind, one.ours_kopecks) for one in day.lines] == [("MATCHED", theirs)]
    right()


def gone(started: Any, key: str, kopecks: int, *, part: str) -> Told:
    seen = Seen(
        SeenState.REVERSED,
        order=started.order,
        key=key,
        amount_kopecks=kopecks,
        refunds=((part, kopecks),),
    )
    return Told(seen, Trust.PROOF)


def test_a_part_that_is_told_before_its_payment_goes_back_when_that_comes(world: World) -> None:
    merchant, account = opened("platon"), world.account()
    started = order(merchant, account, at=AT)
    early = gone(started, "t1", 2_000, part="r1")
    assert do(merchant, early, at=LATER).result is Result.OK
    assert do(merchant, early, at=LATER).result is Result.DUPLICATE
    payment = Payment.objects.get()
    assert (payment.state, Refund.objects.get().state) == ("CREATED", "HEARD")
    assert do(merchant, paid(started, "t1"), at=LATER).result is Result.OK
    assert (balance(account), Refund.objects.get().state) == (3_000, "SUCCEEDED")
    assert do(merchant, early, at=LATER).result is Result.DUPLICATE
    assert do(merchant, paid(started, "t1"), at=LATER).result is Result.DUPLICATE
    assert balance(account) == 3_000
    right()


def test_parts_told_early_may_be_the_whole(world: World) -> None:
    merchant, account = opened("platon"), world.account()
    started = order(merchant, account, at=AT)
    do(merchant, gone(started, "t1", 2_000, part="r1"), at=LATER)
    do(merchant, gone(started, "t1", 3_000, part="r2"), at=LATER)
    do(merchant, paid(started, "t1"), at=LATER)
    assert (balance(account), clearing(merchant)) == (0, 0)
    assert Payment.objects.get().state == "REVERSED"
    right()


def test_a_part_of_an_order_that_has_expired_waits_for_its_late_payment(world: World) -> None:
    merchant, account = opened("platon"), world.account()
    started = order(merchant, account, at=AT)
    assert payments.expire(at=AT + timedelta(days=2), actor=CASHIER) == 1
    late = AT + timedelta(days=3)
    assert do(merchant, gone(started, "t1", 2_000, part="r1"), at=late).result is Result.OK
    do(merchant, paid(started, "t1", Trust.PROOF), at=late)
    assert balance(account) == 3_000
    refund = Refund.objects.get()
    assert (refund.state, refund.payment.external_id) == ("SUCCEEDED", "t1")
    right()


def test_a_part_of_an_announced_payment_goes_back_at_its_commit(world: World) -> None:
    merchant, account = opened("platon"), world.account()
    told = do(merchant, Prepare(code_of(account), 5_000, "k1"), at=AT)
    assert back(merchant, "r1", 1_000) is Result.OK
    call = Pay(code_of(account), 5_000, "k1", reference=told.reference)
    assert do(merchant, call, at=LATER).result is Result.OK
    assert balance(account) == 4_000
    assert back(merchant, "r1", 1_000) is Result.DUPLICATE
    right()


def test_a_whole_told_before_its_payment_and_a_part_of_it_credit_nothing(world: World) -> None:
    merchant, account = opened("platon"), world.account()
    started = order(merchant, account, at=AT)
    do(merchant, gone(started, "t1", 2_000, part="r1"), at=LATER)
    whole = Told(Seen(SeenState.REVERSED, order=started.order, key="t1"), Trust.PROOF)
    assert do(merchant, whole, at=LATER).result is Result.OK
    assert do(merchant, whole, at=LATER).result is Result.DUPLICATE
    do(merchant, paid(started, "t1"), at=LATER)
    assert (balance(account), Refund.objects.get().state) == (0, "FAILED")
    right()


def wish(merchant: int, account: int, says: Any = None, kopecks: int = 4_000) -> Refund:
    """A refund of ours of a payment of 100 hryvnias, of which the bank says so much."""
    payment = Payment.objects.filter(external_id="k1").first() or credited(
        merchant, account, 10_000
    )
    return payments.refund(
        at=AT,
        actor=CASHIER,
        payment_id=payment.id,
        amount_kopecks=kopecks,
        reason="звернувся",
        idempotency_key=f"f{Refund.objects.count()}",
        link=Bank(AT, says),
    )


def test_a_refund_that_nobody_tells_of_is_settled_by_a_person(world: World) -> None:
    merchant, account = opened(), world.account()
    lost = wish(merchant, account)
    assert lost.state == "UNKNOWN"
    late = AT + timedelta(days=40)
    payments.ask_about_refunds(at=late, link_of=lambda _merchant: Bank(late))
    assert [row.id for row in refunds.to_settle(at=late)] == [lost.id]
    ask = {"at": late, "actor": CASHIER, "refund_id": lost.id}
    with pytest.raises(DomainError):
        payments.settle_refund(**ask, went=False, comment=" ")
    payments.settle_refund(**ask, went=False, comment="у кабінеті банку немає")
    assert not refunds.to_settle(at=late)
    assert wish(merchant, account, {"status": "success"}, 10_000).state == "SUCCEEDED"
    assert balance(account) == 0
    with pytest.raises(NotSettledError):
        payments.settle_refund(**ask, went=True, comment="усе-таки повернули")
    right()


def test_a_refund_that_a_person_says_is_done_is_not_done_twice(world: World) -> None:
    merchant, account = opened(), world.account()
    lost = wish(merchant, account)
    ask = {"at": LATER, "actor": CASHIER, "refund_id": lost.id}
    done = payments.settle_refund(**ask, went=True, comment="у виписці банку")
    assert (done.state, done.settled_by, balance(account)) == ("SUCCEEDED", CASHIER.label, 6_000)
    payment = Payment.objects.get()
    seen = Seen(SeenState.PAID, key="k1", amount_kopecks=10_000, refunds=(("of-the-bank", 4_000),))
    for _ in range(2):
        do(merchant, Told(seen, Trust.PROOF), at=LATER)
    assert (balance(account), Refund.objects.count()) == (6_000, 1)
    payment.refresh_from_db()
    assert payment.told_back_kopecks == 4_000
    right()


def test_a_refund_that_had_failed_and_is_told_as_done_is_posted_and_shown(world: World) -> None:
    merchant, account = opened(), world.account()
    with pytest.raises(RefundRefusedError):
        wish(merchant, account, {"status": "failure"})
    failed = Refund.objects.get()
    assert (failed.state, balance(account)) == ("FAILED", 10_000)
    seen = Seen(SeenState.PAID, key="k1", amount_kopecks=10_000, refunds=((failed.key, 4_000),))
    assert do(merchant, Told(seen, Trust.PROOF), at=LATER).result is Result.OK
    failed.refresh_from_db()
    assert (failed.state, balance(account)) == ("SUCCEEDED", 6_000)
    assert conflicts.ids() == [failed.payment_id]
    right()


def test_a_failed_refund_that_was_done_again_meanwhile_is_a_contradiction(world: World) -> None:
    merchant, account = opened(), world.account()
    with pytest.raises(RefundRefusedError):
        wish(merchant, account, {"status": "failure"}, 6_000)
    failed = Refund.objects.get()
    wish(merchant, account, {"status": "success"}, 6_000)
    seen = Seen(SeenState.PAID, key="k1", amount_kopecks=10_000, refunds=((failed.key, 6_000),))
    assert do(merchant, Told(seen, Trust.PROOF), at=LATER).result is Result.NOT_REVERSIBLE
    failed.refresh_from_db()
    assert (failed.state, balance(account)) == ("FAILED", 4_000)
    assert conflicts.ids() == [failed.payment_id]
    right()


def test_what_is_done_with_refunds_is_held_by_the_database(world: World) -> None:
    merchant, account = opened(), world.account()
    done = wish(merchant, account, {"status": "success"})
    for change in ({"state": "FAILED", "journal_id": None}, {"told_kopecks": 1}, {"reason": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Refund.objects.filter(id=done.id).update(**change)


def test_a_payment_is_not_taken_back_while_a_refund_of_it_is_on_its_way(world: World) -> None:
    merchant, account = opened(), world.account()
    lost = wish(merchant, account)
    take_back = {"at": LATER, "on_date": DAY, "actor": CASHIER, "reason": "помилка"}
    with pytest.raises(payments.NotReversiblePaymentError):
        payments.reverse_payment(**take_back, payment_id=lost.payment_id)
    assert balance(account) == 10_000
    payments.settle_refund(
        at=LATER, actor=CASHIER, refund_id=lost.id, went=False, comment="банк відмовив"
    )
    payments.reverse_payment(**take_back, payment_id=lost.payment_id)
    assert (balance(account), clearing(merchant)) == (0, 0)
    right()


def row(key: str, kopecks: int, order_number: str, status: str = "PAYED") -> dict[str, Any]:
    return {
        "shopBillId": key,
        "shopOrderNumber": order_number,
        "billAmount": f"{kopecks / 100:.2f}",
        "status": status,
        "pay_date": "10.11.2026 12:30:45",
        "errorCode": "0",
    }


def test_an_order_paid_twice_at_portmone_is_money_twice(world: World) -> None:
    merchant, account = opened("portmone"), world.account()
    link = Bank(AT, {"linkPayment": "https://pay.example/1", "errorCode": "0"})
    started = order(merchant, account, at=AT, link=link, client="checkout")
    attempt = PaymentAttempt.objects.get()
    bank = Bank(LATER, [row("11", 5_000, started.order)])
    payments.ask(at=LATER, attempt_id=attempt.id, link=bank)
    assert balance(account) == 5_000
    bank.says = [row("12", 5_000, started.order), row("11", 5_000, started.order)]
    for _ in range(2):
        payments.ask(at=LATER, attempt_id=attempt.id, link=bank)
    assert balance(account) == 10_000
    bank.says += [
        row("13", -4_000, started.order, "RETURN"),
        row("14", -3_000, started.order, "RETURN"),
    ]
    for _ in range(2):
        payments.ask(at=LATER, attempt_id=attempt.id, link=bank)
    assert balance(account) == 3_000
    known = Payment.objects.order_by("id").values_list("external_id", "told_back_kopecks")
    assert list(known) == [("11", 4_000), ("12", 3_000)]
    right()


def test_both_payments_of_an_order_that_is_first_asked_about_late_are_credited(
    world: World,
) -> None:
    merchant, account = opened("portmone"), world.account()
    link = Bank(AT, {"linkPayment": "https://pay.example/1", "errorCode": "0"})
    started = order(merchant, account, at=AT, link=link, client="checkout")
    rows = [portmone.row_seen(row(key, 5_000, started.order)) for key in ("11", "12")]
    bank = Bank(LATER, [row("11", 5_000, started.order), row("12", 5_000, started.order)])
    payments.ask(at=LATER, attempt_id=PaymentAttempt.objects.get().id, link=bank)
    assert balance(account) == sum(one.amount_kopecks or 0 for one in rows)
    right()


def test_hints_that_anybody_can_send_are_asked_about_every_fifteen_seconds(world: World) -> None:
    merchant, account = opened("portmone"), world.account()
    link = Bank(AT, {"linkPayment": "https://pay.example/1", "errorCode": "0"})
    started = order(merchant, account, at=AT, link=link, client="checkout")
    hint = Told(Seen(SeenState.UNKNOWN, order=started.order), Trust.HINT, client="checkout")

    def asked() -> list[float]:
        rows = OutboxEvent.objects.filter(topic="payment.ask").order_by("id")
        return [(one.available_at - LATER).total_seconds() for one in rows]

    bank = Bank(LATER, [])
    attempt = PaymentAttempt.objects.get()
    for second in range(50):
        at = LATER + timedelta(seconds=second)
        assert do(merchant, hint, at=at).result is Result.PENDING
        if second in asked():
            payments.ask(at=at, attempt_id=attempt.id, link=bank)
    assert asked() == [0, 15, 30, 45, 60]
    assert len(bank.requests) == 4
    # The last question was lost with its worker: it is asked once more after a while.
    do(merchant, hint, at=LATER + timedelta(minutes=30))
    assert asked() == [0, 15, 30, 45, 60, 1_800]
