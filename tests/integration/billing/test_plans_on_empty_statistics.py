"""Statistics of empty tables (a new system, an ANALYZE before the first client) spoil no plan.

The planner then knows nothing of what fills the tables, and left to itself it scans them. Looked at
is what the database did, by its own counters of the transaction: scans of a whole table, and rows
that were fetched by index. Never the time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from django.db import connection

from billing.charging import chunks
from billing.charging.chunks import AccountRange
from billing.tariffs import operations as tariffs
from tests.support.billing import CASHIER, World, moment, small_world

SOLD, DAY, NEWER = date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)
CLIENTS, CHUNK = 3_000, 15
LARGE = (
    "billing_charge_basis",
    "billing_charge_state",
    "billing_plan_span",
    "billing_subscription",
    "ledger_account",
    "ledger_balance",
    "ledger_journal",
    "ledger_posting",
)
GUARDED = ("billing_charge_chunk", "billing_fix_bases", "ledger_check_legs", "ledger_post")
ACCOUNTS = """
    SELECT min(id), max(id) FROM (
        SELECT ledger_open_account('P' || i, 'SUBSCRIBER', now(), '') AS id
        FROM generate_series(1, %s) AS i) AS made
"""
# Like the one service that was sold, one for each account.
SERVICES = """
    INSERT INTO billing_subscription (account_id, state, building_id, network_type, segment,
        uncovered_reason, uncovered_by, created_at, activated_date, connection_fee_kopecks)
    SELECT i, s.state, s.building_id, s.network_type, s.segment, '', '', s.created_at,
           s.activated_date, 0
    FROM billing_subscription AS s, generate_series(%(first)s, %(last)s) AS i
    WHERE s.id = %(like)s ORDER BY i
"""
SPANS = """
    INSERT INTO billing_plan_span (subscription_id, tariff_id, during, sold_version_id,
        sold_rule_id, sold_zone_version_id, sold_price_kopecks, created_at, created_by)
    SELECT s.id, p.tariff_id, p.during, p.sold_version_id, p.sold_rule_id,
           p.sold_zone_version_id, p.sold_price_kopecks, p.created_at, ''
    FROM billing_plan_span AS p, billing_subscription AS s
    WHERE p.subscription_id = %(like)s AND s.id > %(like)s ORDER BY s.id
"""
Looks = dict[str, tuple[int, int]]


def rows_of(statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def counters() -> Looks:
    """By table, the partitions of postings together: scans of the whole, rows fetched by index."""
    return {
        str(name): (scans, fetched)
        for name, scans, fetched in rows_of(
            "SELECT CASE WHEN relname LIKE 'ledger_posting%' THEN 'ledger_posting'"
            " ELSE relname END, sum(seq_scan)::bigint, coalesce(sum(idx_tup_fetch), 0)::bigint"
            " FROM pg_stat_xact_user_tables GROUP BY 1"
        )
    }


@contextmanager
def looks() -> Iterator[Looks]:
    """What was done inside to the large tables."""
    before, done = counters(), Looks()
    yield done
    after = counters()
    for name in LARGE:
        scans, fetched = before.get(name, (0, 0))
        done[name] = (after[name][0] - scans, after[name][1] - fetched)


def scanned(done: Looks) -> set[str]:
    return {name for name, (scans, _fetched) in done.items() if scans}


def read_beyond(done: Looks, clients: int) -> Looks:
    """Tables of which more was read than the rows of so many clients, and twice the whole: all
    clients read for each of them would be many times as much.
    """
    most = 20 * clients + 2 * CLIENTS
    return {name: look for name, look in done.items() if look[1] > most}


def charge(first: int, last: int) -> int:
    return chunks.charge(
        on_date=DAY,
        at=moment(DAY),
        actor=CASHIER,
        part=AccountRange(first=first, last=last),
        key=f"plans:{first}",
    ).charged_count


@pytest.fixture
def clients(db: None) -> tuple[World, int, int]:
    """Thousands of clients in a system whose statistics are of the time when it was empty."""
    for table in LARGE:
        rows_of(f"ANALYZE {table}")
    world = small_world()
    tariff = world.tariff(price=30_000, code="plans", funds_policy="ALLOW")
    like = world.sell(world.account(), tariff, SOLD, charge=False)
    ((first, last),) = rows_of(ACCOUNTS, [CLIENTS])
    rows_of(SERVICES, {"first": first, "last": last, "like": like})
    rows_of(SPANS, {"like": like})
    rows_of("DISCARD PLANS")
    return world, first, last


def _tariff() -> int:
    ((tariff_id,),) = rows_of("SELECT id FROM billing_tariff WHERE code = 'plans'")
    return tariff_id


def test_one_client_and_a_payment_scan_no_large_table(clients: tuple[World, int, int]) -> None:
    world, first, last = clients
    assert last - first + 1 == CLIENTS
    with looks() as of_one:
        assert charge(first, first) == 1
    with looks() as of_a_payment:
        world.pay(first, 5_000, DAY)
    assert (scanned(of_one), scanned(of_a_payment)) == (set(), set())


def test_prices_that_moved_on_are_looked_for_by_index(clients: tuple[World, int, int]) -> None:
    _world, first, _last = clients
    assert charge(first, first + CHUNK - 1) == CHUNK
    tariffs.publish_version(
        at=moment(DAY),
        actor=CASHIER,
        tariff_id=_tariff(),
        applies_from=NEWER,
        applies_existing_from=NEWER,
        terms=tariffs.Terms(
            charge_type="DAILY", revenue_account_code="revenue.newer", speed_down_bit_s=10**8
        ),
    )
    with looks() as done:
        ((found,),) = rows_of(
            "SELECT count(*) FROM billing_unfixed_moved_prices(%s, %s, true, %s, %s)",
            [NEWER, moment(NEWER), first, first],
        )
    assert found == 1
    assert (scanned(done), read_beyond(done, 1)) == (set(), {})


def test_left_to_itself_the_planner_would_scan(clients: tuple[World, int, int]) -> None:
    """So that the tests above would tell it."""
    _world, _first, last = clients
    for name in GUARDED:
        rows_of(
            "DO $$ DECLARE f regprocedure; BEGIN FOR f IN SELECT oid FROM pg_proc"
            f" WHERE proname = '{name}' LOOP EXECUTE format('ALTER FUNCTION %s RESET ALL', f);"
            " END LOOP; END $$"
        )
    rows_of("DISCARD PLANS")
    with looks() as done:
        assert charge(last - CHUNK + 1, last) == CHUNK
    assert scanned(done) or read_beyond(done, CHUNK)
