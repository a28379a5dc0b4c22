"""The daily run computes in SQL what `charging/rules.py` says in Python."""

import random
from datetime import date, timedelta

from django.db import connection

from billing import calendar
from billing.charging.rules import Item, Order, Terms, decide, due_on, vat_part
from billing.subscriptions.models import Block, ChargeState, CreditGrant, Subscription
from billing.tariffs.models import TariffVersion
from tests.support.billing import World, balance, moment

PRICES = [1, 7, 99, 25_001, 30_000, 999_999_937]


def test_periods_and_amounts_of_every_day_and_anchor(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT day, anchor, price, month_start, month_end,
                   billing_amount('DAILY', price, day - date_trunc('month', day)::date + 1,
                       (date_trunc('month', day) + interval '1 month')::date
                       - date_trunc('month', day)::date),
                   billing_amount('MONTHLY_PREPAID', price, day - month_start + 1,
                                  month_end - month_start)
            FROM generate_series(date '2027-01-01', date '2028-03-31', interval '1 day') AS d,
                 generate_series(1, 31) AS anchor, unnest(%s::bigint[]) AS price,
                 LATERAL (SELECT d::date AS day,
                                 billing_period_start(d::date, anchor) AS month_start,
                                 billing_period_end(d::date, anchor) AS month_end) AS p
            """,
            [PRICES],
        )
        rows = cursor.fetchall()
    assert len(rows) == 456 * 31 * len(PRICES)
    for on_date, anchor, price, start, end, daily, prepaid in rows:
        assert (start, end) == calendar.period_of(on_date, anchor)
        for kind, amount in (("DAILY", daily), ("MONTHLY_PREPAID", prepaid)):
            due = due_on(
                terms=Terms(charge_type=kind, price_kopecks=price),
                on_date=on_date,
                anchor_day=anchor,
                was_in_debt=False,
            )
            assert due.amount_kopecks == amount, (kind, on_date, anchor, price)


def test_vat_of_every_amount(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a, r, billing_vat_part(a, r::int) FROM generate_series(0, 2000) AS a,"
            " unnest(ARRAY[0, 700, 1400, 2000, 9999]) AS r"
        )
        for amount, rate, vat in cursor.fetchall():
            assert vat == vat_part(amount_kopecks=amount, vat_rate_bp=rate)


def test_amounts_and_funds_decisions_of_random_accounts(world: World) -> None:
    chance = random.Random(20261123)
    kinds = [
        ("INTERNET", 0), ("TV", 0), ("ADDITIONAL", 1), ("RENT", 2),
    ]  # fmt: skip
    tariffs = {
        (service_type, n): world.tariff(
            price=chance.choice([3_100, 15_000, 30_001]),
            service_type=service_type,
            charge_type=chance.choice(["DAILY", "MONTHLY_PREPAID"]),
            funds_policy=chance.choice(["BLOCK", "BLOCK", "ALLOW"]),
            resume_rule=chance.choice(["RESUME_CALENDAR", "NEW_ANCHOR"]),
            charge_when_blocked=chance.random() < 0.2,
            fee=chance.choice([0, 0, 5_000]),
        )
        for service_type, _order in kinds
        for n in range(4)
    }
    start = date(2026, 11, 12)
    on_date = date(2026, 11, 13)
    accounts = [world.account(kopecks=chance.choice([0, 100, 2_000, 40_000])) for _n in range(50)]
    check = world.check(world.building.id, moment(start, 9))
    for account in accounts:
        main = world.sell(
            account,
            tariffs["INTERNET", chance.randrange(4)],
            start,
            charge=False,
            check_id=check,
            at=moment(start, 9),
        )
        for service_type, parent in (("TV", None), ("ADDITIONAL", main), ("RENT", main)):
            if chance.random() < 0.5:
                world.sell(
                    account,
                    tariffs[service_type, chance.randrange(4)],
                    start,
                    charge=False,
                    check_id=check,
                    parent_id=parent,
                    at=moment(start, 9),
                )
        if chance.random() < 0.3:
            CreditGrant.objects.create(
                account_id=account,
                amount_kopecks=chance.choice([500, 30_000]),
                during=(start, on_date + timedelta(days=chance.choice([0, 1]))),
                created_at=moment(start),
            )
    for row in Subscription.objects.all():
        if chance.random() < 0.2:
            Block.objects.create(subscription=row, reason="DEBT", from_at=moment(start, 12))
        if chance.random() < 0.1:
            ChargeState.objects.filter(subscription=row).update(anchor_day=chance.choice([15, 31]))
    expected = {account: _by_python(account, on_date) for account in accounts}
    before = {account: balance(account) for account in accounts}
    world.day(on_date)
    for account, (spent, blocked, ahead) in expected.items():
        assert before[account] - balance(account) == spent
        rows = Subscription.objects.filter(account_id=account)
        assert {
            r.id for r in rows if r.blocks.filter(reason="DEBT", until_at=None).exists()
        } == blocked
        assert {
            r.id: r.charge_state.charged_until for r in rows if r.charge_state.charged_until
        } == ahead


def _by_python(account: int, on_date: date) -> tuple[int, set[int], dict[int, date]]:
    items, dues, in_debt = [], {}, set()
    for row in Subscription.objects.filter(account_id=account):
        span = row.spans.get()
        version = TariffVersion.objects.get(id=span.sold_version_id)
        debt = row.blocks.filter(reason="DEBT", until_at=None).exists()
        if debt:
            in_debt.add(row.id)
        due = due_on(
            terms=Terms(version.charge_type, span.sold_price_kopecks, version.resume_rule),
            on_date=on_date,
            anchor_day=row.charge_state.anchor_day,
            was_in_debt=debt,
        )
        order = Order.MAIN if row.parent_id is None else Order.ADDON
        if span.tariff.service_type == "RENT":
            order = Order.RENT
        total = due.amount_kopecks + row.connection_fee_kopecks
        dues[row.id] = (total, due.charged_until)
        items.append(
            Item(
                row.id, row.parent_id, order, total, version.funds_policy,
                version.charge_when_blocked,
            )
        )  # fmt: skip
    credit = sum(
        grant.amount_kopecks
        for grant in CreditGrant.objects.filter(account_id=account, during__contains=on_date)
    )
    made = decide(available_kopecks=balance(account) + credit, items=items)
    return (
        sum(dues[i][0] for i in made.charged),
        (in_debt | set(made.blocked)) - set(made.charged),
        {i: dues[i][1] for i in made.charged},
    )
