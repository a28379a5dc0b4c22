"""I7 to I12 find what is wrong. (That they find nothing in right books, every test here shows.)"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import connection

from billing import invariants
from billing.charging.models import ChargeBasis
from billing.ledger import operations as ledger
from billing.ledger.operations import Leg
from billing.ledger.verification import Scope, verify
from billing.payments.models import Payment
from billing.subscriptions import operations as subscriptions
from billing.subscriptions.models import ChargeState, Pause, Subscription
from billing.tariffs import discounts
from billing.tariffs.discounts import Offer
from tests.support.billing import CASHIER, World, moment, small_world

DAY = date(2026, 11, 10)


@pytest.fixture
def broken(db: None) -> World:
    """As `world`, without the check at the end."""
    return small_world()


def found() -> set[str]:
    return {problem.invariant for problem in verify().problems}


def test_i7_money_in_clearing_without_a_payment(broken: World) -> None:
    account = broken.account(kopecks=1_000)
    clearing = ledger.ensure_control_account(at=moment(DAY), code="clearing.cash", kind="CLEARING")
    ledger.post(
        kind="ADJUSTMENT",
        value_date=DAY,
        posted_at=moment(DAY),
        idempotency_key="by hand",
        legs=[Leg(account, 500), Leg(clearing, -500)],
        actor=CASHIER,
        source="test",
    )
    assert found() == {"I7"}


def test_i8_a_charge_that_is_not_the_rules_amount(broken: World) -> None:
    account = broken.account(kopecks=9_000)
    service = broken.sell(account, broken.tariff(price=30_000, code="t"), DAY)
    basis = Subscription.objects.get(id=service).bases.get()
    revenue = ledger.ensure_control_account(at=moment(DAY), code="revenue.t", kind="REVENUE")
    ledger.post_charges(
        value_date=date(2026, 11, 11),
        posted_at=moment(DAY),
        idempotency_key="by hand",
        actor=CASHIER,
        source="test",
        charges=[Leg(account, -1_001, service, "SERVICE", charge_basis_id=basis.id)],
        contra=[(revenue, 1_001)],
    )
    problems = verify(mode="account", account_id=account).problems
    assert [p.invariant for p in problems] == ["I8"]
    assert "1001" in str(problems[0])


def post_line(account: int, service: int, on_date: date, kopecks: int, code: str) -> None:
    """A charge that no run has made."""
    basis = Subscription.objects.get(id=service).bases.earliest("id")
    revenue = ledger.ensure_control_account(at=moment(DAY), code="revenue.t", kind="REVENUE")
    ledger.post_charges(
        value_date=on_date,
        posted_at=moment(DAY),
        idempotency_key=f"by hand {code} {on_date}",
        actor=CASHIER,
        source="test",
        charges=[Leg(account, -kopecks, service, code, charge_basis_id=basis.id)],
        contra=[(revenue, kopecks)],
    )


def test_i8_a_whole_month_on_a_day_on_which_none_begins(broken: World) -> None:
    account = broken.account(kopecks=100_000)
    tariff = broken.tariff(price=30_000, charge_type="MONTHLY_PREPAID", code="t")
    service = broken.sell(account, tariff, date(2026, 11, 1), charge=False)
    broken.day(date(2026, 11, 1))
    broken.day(date(2026, 12, 1), confirm=True)
    assert found() == set()
    post_line(account, service, date(2027, 1, 11), 30_000, "SERVICE")
    problems = verify(mode="account", account_id=account).problems
    assert ["on which none begins" in str(p) for p in problems] == [True]


def test_i8_a_fee_that_was_not_sold_or_is_charged_twice(broken: World) -> None:
    account = broken.account(kopecks=100_000)
    service = broken.sell(account, broken.tariff(price=30_000, fee=20_000, code="t"), DAY)
    assert found() == set()
    post_line(account, service, date(2026, 11, 11), 20_000, "CONNECTION")
    assert found() == {"I8"}


def test_i8_a_basis_whose_price_is_not_the_sold_one(broken: World) -> None:
    account = broken.account(kopecks=100_000)
    service = broken.sell(account, broken.tariff(price=30_000), DAY, charge=False)
    span = Subscription.objects.get(id=service).spans.get()
    ChargeBasis.objects.create(
        subscription_id=service,
        plan_span=span,
        tariff_version_id=span.sold_version_id,
        price_rule_id=span.sold_rule_id,
        zone_version_id=span.sold_zone_version_id,
        price_kopecks=29_999,
    )
    assert found() == {"I8"}


def test_i8_a_month_that_is_charged_twice(broken: World) -> None:
    account = broken.account(kopecks=100_000)
    tariff = broken.tariff(price=30_000, charge_type="MONTHLY_PREPAID")
    service = broken.sell(account, tariff, DAY)
    broken.day(date(2026, 11, 20))
    assert found() == set()
    ChargeState.objects.filter(subscription_id=service).update(charged_until=date(2026, 11, 21))
    broken.day(date(2026, 11, 21))
    assert found() == {"I8"}
    assert [p.invariant for p in verify(mode="account", account_id=account).problems] == ["I8"]


def test_i8_days_that_were_given_back_may_be_charged_again(world: World) -> None:
    account = world.account(kopecks=100_000)
    tariff = world.tariff(price=30_000, charge_type="MONTHLY_PREPAID")
    service = world.sell(account, tariff, DAY)
    subscriptions.change_plan(
        at=moment(DAY, 15), on_date=DAY, actor=CASHIER, subscription_id=service,
        tariff_id=world.tariff(price=60_000, charge_type="MONTHLY_PREPAID"),
    )  # fmt: skip
    world.day(date(2026, 11, 11))


def test_i9_a_charge_on_a_paused_or_ended_day(broken: World) -> None:
    account = broken.account(kopecks=9_000)
    service = broken.sell(account, broken.tariff(price=30_000), DAY)
    Pause.objects.create(
        subscription_id=service, during=(DAY, date(2026, 11, 12)), created_at=moment(DAY)
    )
    assert found() == {"I9"}
    Pause.objects.all().delete()
    Subscription.objects.filter(id=service).update(
        state="TERMINATED", terminated_date=date(2026, 11, 9)
    )
    assert found() == {"I9"}


@contextmanager
def unguarded() -> Iterator[None]:
    """Inside, the owner may change what the database keeps everybody else from changing."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE billing_payment DISABLE TRIGGER billing_payment_fixed")
        yield
        cursor.execute("ALTER TABLE billing_payment ENABLE ALWAYS TRIGGER billing_payment_fixed")


def test_i10_a_payment_whose_journal_says_otherwise(broken: World) -> None:
    account = broken.account()
    payment = broken.pay(account, 5_000, DAY)
    with unguarded():
        Payment.objects.filter(id=payment.id).update(amount_kopecks=6_000)
        assert found() == {"I7", "I10"}
        Payment.objects.filter(id=payment.id).update(
            amount_kopecks=5_000,
            refunded_kopecks=5_000,
            told_back_kopecks=5_000,
            state="REVERSED",
        )
        assert found() == {"I7", "I10"}


def test_a_scope_of_one_account_leaves_the_others_alone(broken: World) -> None:
    good, bad = broken.account(kopecks=1_000), broken.account()
    payment = broken.pay(bad, 5_000, DAY)
    with unguarded():
        Payment.objects.filter(id=payment.id).update(amount_kopecks=6_000)
    assert list(invariants.payments(Scope(account_id=good))) == []
    assert len(list(invariants.payments(Scope(account_id=bad)))) == 1
    assert connection.in_atomic_block


def test_i11_a_journal_that_no_person_asked_for_and_a_refund_that_nobody_made(
    broken: World,
) -> None:
    account = broken.account(kopecks=1_000)
    refunds = ledger.ensure_control_account(
        at=moment(DAY), code="clearing.refunds.cash", kind="CLEARING"
    )
    ledger.post(
        kind="REFUND",
        value_date=DAY,
        posted_at=moment(DAY),
        idempotency_key="by hand",
        legs=[Leg(account, -500), Leg(refunds, 500)],
        actor=CASHIER,
        source="operation",
    )
    problems = [str(problem) for problem in verify().problems]
    assert len(problems) == 2
    assert all(problem.startswith("I11") for problem in problems)


def test_i12_a_charge_whose_vat_was_left_out(broken: World) -> None:
    account = broken.account(kopecks=9_000)
    service = broken.sell(account, broken.tariff(price=30_000, code="t", vat_rate_bp=2_000), DAY)
    assert found() == set()  # its first day is charged, and split
    revenue = ledger.ensure_control_account(at=moment(DAY), code="revenue.t", kind="REVENUE")
    ledger.post_charges(
        value_date=date(2026, 11, 11),
        posted_at=moment(DAY),
        idempotency_key="by hand",
        actor=CASHIER,
        source="test",
        charges=[
            Leg(
                account,
                -1_000,
                service,
                "SERVICE",
                charge_basis_id=Subscription.objects.get(id=service).bases.get().id,
            )
        ],
        contra=[(revenue, 1_000)],
    )
    (problem,) = verify().problems
    assert str(problem).startswith("I12")
    assert "the VAT is 0, of the lines 167" in str(problem)


@pytest.mark.parametrize("percent_bp", [0, 10_000])
def test_i8_knows_the_months_that_a_service_had_before(world: World, percent_bp: int) -> None:
    """The day on which the month began anew stands on the statement, or was free by a discount."""
    prepaid = {"charge_type": "MONTHLY_PREPAID", "resume_rule": "NEW_ANCHOR"}
    account = world.account(kopecks=30_000, on_date=date(2026, 11, 1))
    service = world.sell(account, world.tariff(price=30_000, **prepaid), date(2026, 11, 1))
    world.days(date(2026, 12, 1), date(2026, 12, 4))
    if percent_bp:
        fourth, fifth, sixth = (date(2026, 12, number) for number in (4, 5, 6))
        offer = Offer("День", "A day", fifth, sixth, percent_bp=percent_bp)
        discounts.give(at=moment(fourth, 20), on_date=fourth, actor=CASHIER, offer=offer)
    world.pay(account, 30_000, date(2026, 12, 5))
    world.day(date(2026, 12, 5), confirm=True)
    subscriptions.change_plan(
        at=moment(date(2026, 12, 20), 12), on_date=date(2026, 12, 20), actor=CASHIER,
        subscription_id=service, tariff_id=world.tariff(price=29_000, **prepaid),
    )  # fmt: skip
    world.day(date(2026, 12, 21), confirm=True)
    for day in range(5, 9):
        world.day(date(2027, 1, day), confirm=True)
    world.pay(account, 30_000, date(2027, 1, 9))
    world.day(date(2027, 1, 9), confirm=True)
    assert ChargeState.objects.get(subscription_id=service).anchor_day == 9
    assert verify().problems == []
