"""One statement for each billing rule R1 to R15, line by line, as the client would read it.

Whoever changes a rule sees here what that does to a client. Prices are hryvnias a month.
"""

from datetime import date, timedelta

from billing import money
from billing.bookkeeping import operations as bookkeeping
from billing.bookkeeping.wishes import Wish
from billing.charging import promises
from billing.charging.facts import Facts
from billing.charging.queries import paid_until
from billing.ledger import operations as ledger
from billing.ledger import queries as ledger_queries
from billing.ledger.operations import Leg
from billing.subscriptions import operations as subscriptions
from billing.tariffs.operations import Terms, publish_version
from project.core.roles import Role
from tests.support import zones
from tests.support.billing import CASHIER, World, blocks, golden, moment, reads


def nov(number: int) -> date:
    return date(2026, 11, 1) + timedelta(days=number - 1)


def test_r1_a_day_of_25_hours_is_one_day(world: World) -> None:
    account = world.account(kopecks=10_000, on_date=date(2026, 10, 24))
    world.sell(account, world.tariff(price=31_000), date(2026, 10, 24))
    world.days(date(2026, 10, 25), date(2026, 10, 26))
    reads(account, """
        24.10.26 PAYMENT  +100.00  100.00
        24.10.26 SERVICE   -10.00   90.00
        25.10.26 SERVICE   -10.00   80.00
        26.10.26 SERVICE   -10.00   70.00
    """)  # fmt: skip


def test_r2_the_parts_of_a_price_that_does_not_divide_sum_to_it(world: World) -> None:
    account = world.account(kopecks=30_000, on_date=date(2027, 2, 1))
    world.sell(account, world.tariff(price=25_001), date(2027, 2, 1))
    world.days(date(2027, 2, 2), date(2027, 2, 28))
    lines = golden(account).splitlines()
    assert [" ".join(line.split()) for line in (*lines[1:4], lines[-1])] == [
        "01.02.27 SERVICE -8.92 291.08",
        "02.02.27 SERVICE -8.93 282.15",
        "03.02.27 SERVICE -8.93 273.22",
        "28.02.27 SERVICE -8.93 49.99",
    ]
    assert len(lines) == 29


def test_r3_a_prepaid_month_pays_its_rest_and_gives_back_what_is_left(world: World) -> None:
    account = world.account(kopecks=60_000, on_date=nov(11))
    service = world.sell(
        account, world.tariff(price=30_000, charge_type="MONTHLY_PREPAID"), nov(11)
    )
    world.day(date(2026, 12, 1), confirm=True)
    subscriptions.terminate(
        at=moment(date(2026, 12, 21), 12),
        on_date=date(2026, 12, 21),
        actor=CASHIER,
        subscription_id=service,
    )
    reads(account, """
        11.11.26 PAYMENT  +600.00  600.00
        11.11.26 SERVICE  -200.00  400.00
        01.12.26 SERVICE  -300.00  100.00
        21.12.26 REFUND    +96.78  196.78
    """)  # fmt: skip


def test_r4_an_amount_for_several_is_split_to_the_last_kopeck(world: World) -> None:
    accounts = [world.account() for _n in range(3)]
    shares = money.allocate(10_000, [17, 9, 4])
    other = ledger.ensure_control_account(
        at=moment(nov(1)), code="adjustment.outage", kind="ADJUSTMENT"
    )
    ledger.post(
        kind="ADJUSTMENT",
        value_date=nov(1),
        posted_at=moment(nov(1), 12),
        idempotency_key="outage-1",
        legs=[
            *(Leg(account, share) for account, share in zip(accounts, shares, strict=True)),
            Leg(other, -sum(shares)),
        ],
        actor=CASHIER,
        source="staff",
    )
    for account, amount in zip(accounts, ("56.67", "30.00", "13.33"), strict=True):
        reads(account, f"01.11.26 ADJUSTMENT +{amount} {amount}")


def test_r5_dearer_at_once_costs_the_difference_and_cheaper_gives_nothing_back(
    world: World,
) -> None:
    account = world.account(kopecks=20_000, on_date=nov(1))
    low, high = world.tariff(price=30_000), world.tariff(price=90_000)
    service = world.sell(account, low, nov(1))
    for day, tariff in ((nov(2), high), (nov(3), low)):
        world.day(day)
        subscriptions.change_plan(
            at=moment(day, 15),
            on_date=day,
            actor=CASHIER,
            subscription_id=service,
            tariff_id=tariff,
            is_immediate=True,
        )
    world.day(nov(4))
    reads(account, """
        01.11.26 PAYMENT  +200.00  200.00
        01.11.26 SERVICE   -10.00  190.00
        02.11.26 SERVICE   -10.00  180.00
        02.11.26 SERVICE   -20.00  160.00
        03.11.26 SERVICE   -30.00  130.00
        04.11.26 SERVICE   -10.00  120.00
    """)  # fmt: skip


def test_r6_all_services_of_a_day_in_order_or_none(world: World) -> None:
    account = world.account(kopecks=3_500, on_date=nov(1))
    main = world.sell(account, world.tariff(price=30_000), nov(1), charge=False)
    for service_type, price in (("RENT", 3_000), ("ADDITIONAL", 15_000)):
        tariff = world.tariff(price=price, service_type=service_type)
        world.sell(account, tariff, nov(1), parent_id=main, charge=False)
    world.days(nov(1), nov(3))
    reads(account, """
        01.11.26 PAYMENT   +35.00   35.00
        01.11.26 SERVICE   -10.00   25.00
        01.11.26 SERVICE    -5.00   20.00
        01.11.26 SERVICE    -1.00   19.00
        02.11.26 SERVICE   -10.00    9.00
        02.11.26 SERVICE    -5.00    4.00
        02.11.26 SERVICE    -1.00    3.00
    """)  # fmt: skip
    assert blocks(main) == {"DEBT"}


def test_r7_days_without_service_are_free_and_money_puts_it_on(world: World) -> None:
    account = world.account(kopecks=1_000, on_date=nov(1))
    service = world.sell(account, world.tariff(price=30_000), nov(1))
    world.days(nov(2), nov(4))
    world.pay(account, 5_000, nov(4))
    world.day(nov(5))
    reads(account, """
        01.11.26 PAYMENT   +10.00   10.00
        01.11.26 SERVICE   -10.00    0.00
        04.11.26 PAYMENT   +50.00   50.00
        04.11.26 SERVICE   -10.00   40.00
        05.11.26 SERVICE   -10.00   30.00
    """)  # fmt: skip
    assert blocks(service) == set()


def test_r8_a_paused_day_costs_nothing(world: World) -> None:
    account = world.account(kopecks=10_000, on_date=nov(1))
    service = world.sell(account, world.tariff(price=30_000), nov(1))
    subscriptions.pause(
        at=moment(nov(1), 15),
        on_date=nov(1),
        actor=CASHIER,
        subscription_id=service,
        from_date=nov(2),
        until_date=nov(4),
    )
    world.days(nov(2), nov(5))
    reads(account, """
        01.11.26 PAYMENT  +100.00  100.00
        01.11.26 SERVICE   -10.00   90.00
        04.11.26 SERVICE   -10.00   80.00
        05.11.26 SERVICE   -10.00   70.00
    """)  # fmt: skip


def test_r9_a_promise_moves_no_money_and_ends(world: World) -> None:
    account = world.account(kopecks=1_000, on_date=nov(1))
    tariff = world.tariff(price=30_000, promise_max_kopecks=5_000, promise_days=2)
    service = world.sell(account, tariff, nov(1))
    world.day(nov(2))
    assert blocks(service) == {"DEBT"}
    promises.promise(
        at=moment(nov(2), 15),
        on_date=nov(2),
        actor=CASHIER,
        account_id=account,
        amount_kopecks=5_000,
    )
    assert blocks(service) == set()
    world.days(nov(3), nov(4))
    reads(account, """
        01.11.26 PAYMENT   +10.00   10.00
        01.11.26 SERVICE   -10.00    0.00
        02.11.26 SERVICE   -10.00  -10.00
        03.11.26 SERVICE   -10.00  -20.00
    """)  # fmt: skip
    assert blocks(service) == {"DEBT"}


def test_r10_a_sold_price_stays_until_new_terms_reach_existing_clients(world: World) -> None:
    account = world.account(kopecks=20_000, on_date=nov(1))
    tariff = world.tariff(price=30_000)
    world.sell(account, tariff, nov(1))
    world.price(tariff, 60_000, zone_id=world.zone_id, valid_from=nov(2))
    world.day(nov(2))
    publish_version(
        at=moment(nov(2), 12),
        actor=CASHIER,
        tariff_id=tariff,
        applies_from=nov(3),
        applies_existing_from=nov(4),
        terms=Terms(charge_type="DAILY", revenue_account_code="revenue.new"),
    )
    world.days(nov(3), nov(5))
    reads(account, """
        01.11.26 PAYMENT  +200.00  200.00
        01.11.26 SERVICE   -10.00  190.00
        02.11.26 SERVICE   -10.00  180.00
        03.11.26 SERVICE   -10.00  170.00
        04.11.26 SERVICE   -20.00  150.00
        05.11.26 SERVICE   -20.00  130.00
    """)  # fmt: skip


def test_r11_a_run_started_again_posts_nothing_and_finds_the_late(world: World) -> None:
    account = world.account(kopecks=10_000, on_date=nov(1))
    tariff = world.tariff(price=30_000)
    world.sell(account, tariff, nov(1))
    world.day(nov(2))
    world.day(nov(2))
    world.sell(account, tariff, nov(2), charge=False)
    world.day(nov(2), at=moment(nov(2), 14))
    reads(account, """
        01.11.26 PAYMENT  +100.00  100.00
        01.11.26 SERVICE   -10.00   90.00
        02.11.26 SERVICE   -10.00   80.00
        02.11.26 SERVICE   -10.00   70.00
    """)  # fmt: skip


def test_r12_missed_days_come_oldest_first_by_their_own_facts(world: World) -> None:
    account = world.account(kopecks=20_000, on_date=nov(1))
    service = world.sell(account, world.tariff(price=30_000), nov(1))
    world.day(nov(1))
    subscriptions.change_plan(
        at=moment(nov(2), 12),
        on_date=nov(2),
        actor=CASHIER,
        subscription_id=service,
        tariff_id=world.tariff(price=60_000),
    )
    world.day(nov(4))
    reads(account, """
        01.11.26 PAYMENT  +200.00  200.00
        01.11.26 SERVICE   -10.00  190.00
        02.11.26 SERVICE   -10.00  180.00
        03.11.26 SERVICE   -20.00  160.00
        04.11.26 SERVICE   -20.00  140.00
    """)  # fmt: skip


def test_r13_a_correction_posts_the_difference_in_the_open_month(world: World) -> None:
    account = world.account(kopecks=10_000, on_date=date(2026, 10, 29))
    service = world.sell(account, world.tariff(price=31_000), date(2026, 10, 29))
    world.days(date(2026, 10, 30), nov(1))
    ledger.close_period(month=date(2026, 10, 1), at=moment(nov(1), 12), actor=CASHIER)
    bookkeeping.ask(
        at=moment(nov(2), 12),
        on_date=nov(2),
        actor=zones.actor(zones.planner("iryna", Role.ACCOUNTANT)),
        wish=Wish(
            kind="CORRECTION",
            account_id=account,
            reason="аварія",
            subscription_id=service,
            month=date(2026, 10, 1),
            facts=Facts(free=((date(2026, 10, 30), date(2026, 11, 1)),)),
        ),
        idempotency_key="golden-r13",
    )
    reads(account, """
        29.10.26 PAYMENT    +100.00  100.00
        29.10.26 SERVICE     -10.00   90.00
        30.10.26 SERVICE     -10.00   80.00
        31.10.26 SERVICE     -10.00   70.00
        01.11.26 SERVICE     -10.33   59.67
        02.11.26 CORRECTION  +10.00   69.67
        02.11.26 CORRECTION  +10.00   79.67
        02.11.26 SERVICE     -10.33   69.34
    """)  # fmt: skip


def test_r14_the_client_sees_one_line_and_the_books_split_the_vat(world: World) -> None:
    account = world.account(kopecks=10_000, on_date=nov(1))
    world.sell(account, world.tariff(price=30_000, vat_rate_bp=2_000, code="r14"), nov(1))
    world.day(nov(2))
    reads(account, """
        01.11.26 PAYMENT  +100.00  100.00
        01.11.26 SERVICE   -10.00   90.00
        02.11.26 SERVICE   -10.00   80.00
    """)  # fmt: skip
    sums = {line.code: line.balance_kopecks for line in ledger_queries.trial_balance()}
    assert (sums["revenue.r14"], sums["tax.vat"]) == (2 * 833, 2 * 167)


def test_r15_paid_until_is_the_first_day_without_a_line(world: World) -> None:
    account = world.account(kopecks=3_500, on_date=nov(1))
    world.sell(account, world.tariff(price=30_000), nov(1))
    said = paid_until(account_id=account, on_date=nov(1))
    world.days(nov(2), nov(6))
    reads(account, """
        01.11.26 PAYMENT   +35.00   35.00
        01.11.26 SERVICE   -10.00   25.00
        02.11.26 SERVICE   -10.00   15.00
        03.11.26 SERVICE   -10.00    5.00
    """)  # fmt: skip
    assert said == nov(4)
