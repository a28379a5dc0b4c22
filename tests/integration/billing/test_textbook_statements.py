"""The cases of a bookkeeper's textbook, each through the operations of the product, each ending in
the statement as the client reads it. Prices are hryvnias a month.
"""

from datetime import date, timedelta

from billing.bookkeeping import operations as bookkeeping
from billing.bookkeeping.models import MoneyOperation
from billing.bookkeeping.wishes import Wish
from billing.charging.queries import paid_until
from billing.ledger import queries as ledger_queries
from billing.payments import operations as payments
from billing.payments.calls import Pay, Reverse
from billing.payments.models import Payment
from billing.payments.results import Result
from billing.subscriptions import operations as subscriptions
from project.core.roles import Role
from tests.support import zones
from tests.support.acquiring import code_of, do
from tests.support.billing import CASHIER, World, blocks, moment, reads


def nov(number: int) -> date:
    return date(2026, 11, 1) + timedelta(days=number - 1)


def ask(day: date, wish: Wish) -> MoneyOperation:
    """An accountant's operation of that day."""
    return bookkeeping.ask(
        at=moment(day, 15),
        on_date=day,
        actor=zones.actor(zones.planner("iryna", Role.ACCOUNTANT)),
        wish=wish,
        idempotency_key=f"textbook-{wish.kind}-{day}",
    )


def terminate(service: int, day: date) -> None:
    subscriptions.terminate(
        at=moment(day, 12), on_date=day, actor=CASHIER, subscription_id=service
    )  # fmt: skip


def in_the_books(code: str) -> int:
    """Kopecks on a control account."""
    return next(
        (line.balance_kopecks for line in ledger_queries.trial_balance() if line.code == code), 0
    )


def test_an_advance_waits_on_the_account_and_becomes_revenue_day_by_day(world: World) -> None:
    account = world.account(kopecks=10_000, on_date=nov(1))
    tariff = world.tariff(price=30_000, code="advance")
    world.days(nov(2), nov(3))
    assert in_the_books("revenue.advance") == 0
    world.sell(account, tariff, nov(4))
    world.days(nov(5), nov(6))
    reads(account, """
        01.11.26 PAYMENT  +100.00  100.00
        04.11.26 SERVICE   -10.00   90.00
        05.11.26 SERVICE   -10.00   80.00
        06.11.26 SERVICE   -10.00   70.00
    """)  # fmt: skip
    assert in_the_books("revenue.advance") == 3_000
    assert paid_until(account_id=account, on_date=nov(6)) == nov(14)


def test_a_refund_gives_back_what_was_not_used(world: World) -> None:
    account = world.account(kopecks=10_000, on_date=nov(1))
    service = world.sell(account, world.tariff(price=30_000), nov(1))
    world.day(nov(2))
    terminate(service, nov(2))
    wish = Wish("REFUND", account, "договір розірвано", amount_kopecks=8_000, method="CASH")
    ask(nov(3), wish)
    world.day(nov(3))
    reads(account, """
        01.11.26 PAYMENT  +100.00  100.00
        01.11.26 SERVICE   -10.00   90.00
        02.11.26 SERVICE   -10.00   80.00
        03.11.26 REFUND    -80.00    0.00
    """)  # fmt: skip
    assert in_the_books("clearing.refunds.cash") == 8_000


def test_a_chargeback_takes_the_money_back_and_not_the_days_it_paid_for(world: World) -> None:
    account = world.account()
    merchant = payments.open_merchant(
        at=moment(nov(1)),
        actor=CASHIER,
        provider="platon",
        slug="one",
        title="ISP",
        settings={"key": "K", "password": "secret-word"},
    )
    do(merchant, Pay(code_of(account), 10_000, "card-1"), at=moment(nov(1), 10))
    service = world.sell(account, world.tariff(price=30_000), nov(1))
    world.day(nov(2))
    back = Reverse(key="card-1", reversal_key="dispute-1", reason="chargeback")
    assert do(merchant, back, at=moment(nov(2), 15)).result is Result.OK
    assert do(merchant, back, at=moment(nov(2), 16)).result is Result.DUPLICATE
    world.day(nov(3))
    reads(account, """
        01.11.26 PAYMENT   +100.00  100.00
        01.11.26 SERVICE    -10.00   90.00
        02.11.26 SERVICE    -10.00   80.00
        02.11.26 REVERSAL  -100.00  -20.00
    """)  # fmt: skip
    assert blocks(service) == {"DEBT"}
    assert Payment.objects.get(account_id=account).state == "REVERSED"


def test_a_debt_that_nobody_will_pay_is_written_off(world: World) -> None:
    account = world.account(kopecks=1_000, on_date=nov(1))
    service = world.sell(account, world.tariff(price=30_000, funds_policy="ALLOW"), nov(1))
    world.days(nov(2), nov(3))
    terminate(service, nov(3))
    ask(nov(20), Wish("WRITE_OFF", account, "виїхав", amount_kopecks=2_000))
    reads(account, """
        01.11.26 PAYMENT    +10.00   10.00
        01.11.26 SERVICE    -10.00    0.00
        02.11.26 SERVICE    -10.00  -10.00
        03.11.26 SERVICE    -10.00  -20.00
        20.11.26 WRITE_OFF  +20.00    0.00
    """)  # fmt: skip
    assert in_the_books("bad_debt") == -2_000


def test_a_payment_to_the_wrong_account_is_moved_to_the_right_one(world: World) -> None:
    wrong, right = world.account(), world.account(kopecks=1_000, on_date=nov(1))
    service = world.sell(right, world.tariff(price=30_000), nov(1))
    payment = world.pay(wrong, 5_000, nov(1))
    world.day(nov(2))
    assert blocks(service) == {"DEBT"}
    wish = Wish("TRANSFER", wrong, "не той договір", payment_id=payment.id, to_account_id=right)
    ask(nov(3), wish)
    world.day(nov(4))
    reads(wrong, """
        01.11.26 PAYMENT   +50.00   50.00
        03.11.26 TRANSFER  -50.00    0.00
    """)  # fmt: skip
    reads(right, """
        01.11.26 PAYMENT   +10.00   10.00
        01.11.26 SERVICE   -10.00    0.00
        03.11.26 TRANSFER  +50.00   50.00
        03.11.26 SERVICE   -10.00   40.00
        04.11.26 SERVICE   -10.00   30.00
    """)  # fmt: skip
    assert blocks(service) == set()
