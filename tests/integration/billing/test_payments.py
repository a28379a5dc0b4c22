"""The cash desk: money is on the balance at once, once."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from billing.ledger import queries as ledger_queries
from billing.payments import operations as payments
from billing.payments import queries as payment_queries
from billing.payments.models import Payment, PaymentEvent
from project.core.errors import DomainError
from project.core.models import AuditEntry, OutboxEvent
from tests.support.billing import CASHIER, World, balance, blocks, moment, statement

DAY = date(2026, 11, 10)


def take(account_id: int, kopecks: int, key: str = "form-1") -> Payment:
    return payments.accept_cash(
        at=moment(DAY, 12),
        on_date=DAY,
        actor=CASHIER,
        account_id=account_id,
        amount_kopecks=kopecks,
        comment=" оплата ",
        idempotency_key=key,
    )


def test_cash_is_confirmed_posted_and_noted(world: World) -> None:
    account = world.account()
    payment = take(account, 25_000)
    assert (payment.state, payment.comment) == ("CONFIRMED", "оплата")
    assert len(payment.receipt_number) == 8
    assert balance(account) == 25_000
    sums = {line.code: line.balance_kopecks for line in ledger_queries.trial_balance()}
    assert sums["clearing.cash"] == -25_000
    assert PaymentEvent.objects.get(payment=payment).kind == "CONFIRMED"
    assert AuditEntry.objects.filter(action="billing.payment.confirmed").exists()
    assert OutboxEvent.objects.filter(topic="payment.confirmed").exists()
    assert payment_queries.recent(account_id=account, limit=5) == [payment]


def test_a_form_sent_twice_takes_money_once(world: World) -> None:
    account = world.account()
    assert take(account, 25_000).id == take(account, 25_000).id
    assert balance(account) == 25_000


def test_a_form_used_for_something_else_is_refused(world: World) -> None:
    account, other = world.account(), world.account()
    take(account, 25_000)
    with pytest.raises(payments.PaymentKeyUsedError):
        take(account, 25_001)
    with pytest.raises(payments.PaymentKeyUsedError):
        take(other, 25_000)
    assert (balance(account), balance(other)) == (25_000, 0)


@pytest.mark.parametrize("kopecks", [-100, 0, 99, 5_000_001, 10**15])
def test_amounts_out_of_limits_are_refused(world: World, kopecks: int) -> None:
    with pytest.raises(payments.AmountOutOfLimitsError):
        take(world.account(), kopecks)


def test_control_and_unknown_accounts_take_no_cash(world: World) -> None:
    take(world.account(), 1_000)
    clearing = ledger_queries.find_account(code="clearing.cash")
    assert clearing is not None
    for account_id in (clearing.id, 10**12):
        with pytest.raises(payments.NoSubscriberAccountError):
            take(account_id, 1_000, key=f"form-{account_id}")


def test_a_reversed_payment_leaves_both_entries_on_the_statement(world: World) -> None:
    account = world.account()
    service = world.sell(account, world.tariff(price=30_000), DAY)
    payment = take(account, 5_000)
    assert blocks(service) == set()
    payments.reverse_payment(
        at=moment(DAY, 13), on_date=DAY, actor=CASHIER, payment_id=payment.id, reason="помилка"
    )
    assert statement(account) == [
        ("10.11", "PAYMENT", 5_000),
        ("10.11", "SERVICE", -1_000),
        ("10.11", "REVERSAL", -5_000),
    ]
    assert Payment.objects.get(id=payment.id).state == "REVERSED"
    world.day(date(2026, 11, 11))
    assert blocks(service) == {"DEBT"}


def test_a_payment_is_reversed_once_and_with_a_reason(world: World) -> None:
    payment = take(world.account(), 5_000)
    values = {"at": moment(DAY, 13), "on_date": DAY, "actor": CASHIER, "payment_id": payment.id}
    with pytest.raises(DomainError):
        payments.reverse_payment(**values, reason=" ")
    payments.reverse_payment(**values, reason="помилка")
    with pytest.raises(payments.NotReversiblePaymentError):
        payments.reverse_payment(**values, reason="ще раз")


def test_the_days_cash_is_counted(world: World) -> None:
    account = world.account()
    take(account, 5_000, key="a")
    second = take(account, 7_000, key="b")
    payments.reverse_payment(
        at=moment(DAY, 13), on_date=DAY, actor=CASHIER, payment_id=second.id, reason="помилка"
    )
    assert payment_queries.desk_day(on_date=DAY, created_by=CASHIER.label) == {
        "count": 2,
        "total_kopecks": 12_000,
        "reversed_count": 1,
        "reversed_kopecks": 7_000,
    }


def test_what_was_heard_of_a_payment_is_never_changed(world: World) -> None:
    payment = take(world.account(), 5_000)
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentEvent.objects.filter(payment=payment).update(kind="FAILED")
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentEvent.objects.filter(payment=payment).delete()
