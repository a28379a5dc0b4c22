"""Clients with money and services, by the thousand, for measuring; made by set-based SQL.

Four of five services are main ones, each on an account of its own; every fourth account has an
add-on beside it. Tariffs are daily, at twelve different prices.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg
from django.conf import settings
from django.db import connection

from billing.calendar import midnight
from billing.ledger import operations as ledger
from billing.subscriptions.models import PlanSpan
from billing.tariffs import operations as tariffs
from billing.tariffs.models import PriceRule, TariffVersion
from project.core.actor import Actor, ActorKind
from tests.bench._harness import execute
from tests.bench._town import build_town

WHO = Actor(kind=ActorKind.SYSTEM, label="bench")
FIRST_DAY = date(2026, 10, 1)
MONEY_KOPECKS = 10_000_000
POSTED_AT_ONCE = 20_000
PRICES = 12


@dataclass(frozen=True)
class Clients:
    """What was made: accounts by id, both ends included, and how many services."""

    first_account: int
    last_account: int
    services: int

    @property
    def accounts(self) -> int:
        """How many."""
        return self.last_account - self.first_account + 1


def owner_connection(database: str) -> psycopg.Connection:
    """The owner of the tables, for floors and for VACUUM; each statement is a transaction."""
    entry = settings.DATABASES["default"]
    return psycopg.connect(
        host=entry["HOST"],
        port=entry["PORT"],
        user=settings.GEOBILL_DB_USERS["owner"],
        password=settings.GEOBILL_DB_PASSWORDS["owner"],
        dbname=database,
        autocommit=True,
    )


def moment(day: date) -> datetime:
    """Five past midnight, when the run begins."""
    return midnight(day) + timedelta(minutes=5)


def open_accounts(count: int) -> tuple[int, int]:
    """Subscribers' accounts; their first and last id."""
    at = moment(FIRST_DAY)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(id), max(id) FROM (SELECT ledger_open_account("
            "'B' || lpad(i::text, 8, '0'), 'SUBSCRIBER', %s, 'Клієнт ' || i) AS id"
            " FROM generate_series(1, %s) AS i) AS made",
            [at, count],
        )
        first, last = cursor.fetchone()
    assert last - first + 1 == count, "accounts are numbered without gaps"
    return first, last


def put_money(*, first: int, last: int, on_date: date = FIRST_DAY) -> None:
    """The same money on each account, 20,000 accounts a journal."""
    other = ledger.ensure_control_account(at=moment(on_date), code="bench.money", kind="ADJUSTMENT")
    for start in range(first, last + 1, POSTED_AT_ONCE):
        end = min(start + POSTED_AT_ONCE, last + 1)
        execute(
            """
            SELECT ledger_post('ADJUSTMENT', %(day)s, %(at)s, %(key)s, 'bench', 'bench', '',
                array_agg(i) || %(other)s::bigint,
                array_agg(%(money)s::bigint) || (-%(sum)s)::bigint)
            FROM generate_series(%(start)s::bigint, %(end)s::bigint - 1) AS i
            """,
            {
                "day": on_date,
                "at": moment(on_date),
                "key": f"bench-money:{on_date}:{start}",
                "other": other,
                "money": MONEY_KOPECKS,
                "sum": MONEY_KOPECKS * (end - start),
                "start": start,
                "end": end,
            },
        )


def build_tariffs() -> None:
    """Daily tariffs, each with one version and one price everywhere."""
    for number in range(PRICES):
        at = moment(FIRST_DAY)
        tariff_id = tariffs.define_tariff(
            at=at,
            actor=WHO,
            code=f"bench-{number}",
            service_type="INTERNET",
            name_uk=f"Тариф {number}",
            name_en=f"Tariff {number}",
        )
        tariffs.publish_version(
            at=at,
            actor=WHO,
            tariff_id=tariff_id,
            applies_from=FIRST_DAY,
            terms=tariffs.Terms(
                charge_type="DAILY",
                revenue_account_code=f"revenue.bench-{number}",
                speed_down_bit_s=100_000_000,
                vat_rate_bp=2_000,
            ),
        )
        tariffs.set_price(
            at=at,
            actor=WHO,
            tariff_id=tariff_id,
            price_kopecks=20_000 + 1_111 * number,
            valid_from=FIRST_DAY,
        )


SERVICES = """
    INSERT INTO billing_subscription (account_id, parent_id, state, building_id, network_type,
        segment, uncovered_reason, uncovered_by, created_at, activated_date,
        connection_fee_kopecks)
    SELECT %(first)s + i, NULL, 'ACTIVE', building.id, 'GPON', '', '', '', %(at)s, %(day)s, 0
    FROM generate_series(0, %(count)s - 1) AS i
    JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM coverage_building)
         AS building ON building.place = i %% %(buildings)s
    ORDER BY i
"""
ADDONS = """
    INSERT INTO billing_subscription (account_id, parent_id, state, building_id, network_type,
        segment, uncovered_reason, uncovered_by, created_at, activated_date,
        connection_fee_kopecks)
    SELECT account_id, id, 'ACTIVE', building_id, 'GPON', '', '', '', created_at, activated_date,
        0
    FROM billing_subscription WHERE account_id % 4 = 0 ORDER BY id
"""
SPANS = """
    INSERT INTO billing_plan_span (subscription_id, tariff_id, during, sold_version_id,
        sold_rule_id, sold_price_kopecks, created_at, created_by)
    SELECT s.id, v.tariff_id, daterange(%(day)s, NULL), v.id, r.id, r.price_kopecks, %(at)s, ''
    FROM billing_subscription AS s
    JOIN (SELECT id, tariff_id, row_number() OVER (ORDER BY id) - 1 AS place
          FROM billing_tariff_version) AS v ON v.place = s.id %% %(prices)s
    JOIN billing_price_rule AS r ON r.tariff_id = v.tariff_id
    ORDER BY s.id
"""


def build_clients(*, services: int) -> Clients:
    """Clients of a town with money for a long time, none of their services charged yet."""
    count = max(4, services * 4 // 5)
    town = build_town(buildings=min(2_000, max(100, count // 50)))
    build_tariffs()
    first, last = open_accounts(count)
    put_money(first=first, last=last)
    values = {"first": first, "count": count, "at": moment(FIRST_DAY), "day": FIRST_DAY}
    execute(SERVICES, {**values, "buildings": town.buildings})
    execute(ADDONS)
    assert TariffVersion.objects.count() == PriceRule.objects.count() == PRICES
    execute(SPANS, {**values, "prices": PRICES})
    return Clients(first, last, PlanSpan.objects.count())
