"""What the database itself refuses: the running system's role, the owner, and a replica session."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from billing.ledger import operations, queries
from billing.ledger.operations import Leg
from tests.support.ledger import AT, CASHIER, DAY, Books, superuser_connection

PARTITION = f"ledger_posting_{DAY:%Y_%m}"
TABLES = [
    "ledger_account",
    "ledger_balance",
    "ledger_journal",
    "ledger_posting",
    "ledger_seal",
    "ledger_period",
]
AsAppRole = Callable[[], AbstractContextManager[None]]
APPEND_ONLY = "GL009"
NO_PRIVILEGE = "42501"


def refused(sql: str) -> str:
    """Execute; the SQLSTATE of the refusal, or "done"."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Foreign keys still to be checked would stop a TRUNCATE before its triggers do.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(sql)
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", None) or "?"
    return "done"


@pytest.fixture
def posted(books: Books) -> int:
    """The journal of one payment."""
    return books.pay(books.subscriber(), 100)


STATEMENTS = {
    "insert": "INSERT INTO {table} SELECT * FROM {source}",
    "update": "UPDATE {table} SET {column} = {column}",
    "delete": "DELETE FROM {table}",
    "truncate": "TRUNCATE {table} CASCADE",
    "lock": "LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE",
    "drop": "DROP TABLE {table} CASCADE",
    "disable": "ALTER TABLE {table} DISABLE TRIGGER ALL",
}
COLUMNS = {
    "ledger_account": "code",
    "ledger_balance": "balance_kopecks",
    "ledger_journal": "narrative",
    "ledger_posting": "amount_kopecks",
    "ledger_seal": "chain_root",
    "ledger_period": "closed_by",
    PARTITION: "amount_kopecks",
}


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("table", [*TABLES, PARTITION])
def test_the_running_system_may_change_no_row(
    posted: int, as_app_role: AsAppRole, table: str, statement: str
) -> None:
    source = "ledger_posting" if table == PARTITION else table
    sql = STATEMENTS[statement].format(table=table, source=source, column=COLUMNS[table])
    with as_app_role():
        assert refused(sql) == NO_PRIVILEGE


def test_the_running_system_may_not_even_read_a_partition(
    posted: int, as_app_role: AsAppRole
) -> None:
    with as_app_role():
        assert refused("SELECT count(*) FROM ledger_posting") == "done"
        assert refused(f"SELECT count(*) FROM {PARTITION}") == NO_PRIVILEGE


def test_the_running_system_posts_through_the_function(
    books: Books, as_app_role: AsAppRole
) -> None:
    with as_app_role():
        olena = books.subscriber()
        journal = books.pay(olena, 100)
        books.charge([Leg(olena, -40, subject_id=1, charge_code="MAIN")])
        books.reverse(journal)
        operations.park_account(account_id=olena, at=AT, reason="check")
        operations.unpark_account(account_id=olena)
        operations.rename_holder(account_id=olena, holder_name="Інше прізвище")
        operations.close_period(month=date(2026, 9, 1), at=AT, actor=CASHIER)
        made = operations.ensure_partitions(from_date=date(2042, 1, 1), until_date=date(2042, 1, 2))
        assert queries.balance_kopecks(account_id=olena) == -40
        # A partition made at the wish of the running system belongs to the owner all the same.
        assert made == ["ledger_posting_2042_01"]
        assert refused("DELETE FROM ledger_posting_2042_01") == NO_PRIVILEGE
        assert refused("DROP TABLE ledger_posting_2042_01") == NO_PRIVILEGE


WAYS_ROUND = [
    "SELECT nextval('ledger_posting_id_seq')",
    "SELECT setval('ledger_posting_id_seq', 1)",
    "SELECT setval('ledger_journal_id_seq', 1)",
    "UPDATE ledger_account SET parked_at = NULL",
    "SET ROLE geobill_owner",
    "CREATE TABLE public.ledger_posting_2099_01 (id int)",
    "ALTER TABLE ledger_posting DETACH PARTITION " + PARTITION,
    "CREATE OR REPLACE FUNCTION ledger_chain_step(bytea, bytea, bytea) RETURNS bytea"
    " LANGUAGE sql AS 'SELECT $1'",
    "SET session_replication_role = replica",
]


def test_the_running_system_has_no_way_round(
    app_connection: psycopg.Connection[Any],
) -> None:
    for call in WAYS_ROUND:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app_connection.execute(call)


def test_a_temporary_table_does_not_stand_in_for_a_table_of_the_ledger(
    books: Books, as_app_role: AsAppRole
) -> None:
    with as_app_role(), connection.cursor() as cursor:
        olena = books.subscriber()
        cursor.execute("CREATE TEMPORARY TABLE ledger_balance (LIKE public.ledger_balance)")
        cursor.execute("SET LOCAL search_path = pg_temp, public")
        journal = operations.post(
            kind="PAYMENT",
            value_date=DAY,
            posted_at=AT,
            idempotency_key="temporary",
            legs=[Leg(olena, 100), Leg(books.cash, -100)],
            actor=CASHIER,
            source="cash",
        )
        cursor.execute("SELECT balance_kopecks FROM public.ledger_balance")
        assert cursor.fetchall() == [(100,)]
        assert journal


@pytest.mark.parametrize("table", ["ledger_posting", PARTITION, "ledger_journal"])
@pytest.mark.parametrize("statement", ["update", "delete", "truncate"])
def test_the_owner_is_stopped_by_triggers(posted: int, table: str, statement: str) -> None:
    sql = STATEMENTS[statement].format(table=table, column=COLUMNS[table])
    assert refused(sql) == APPEND_ONLY


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM ledger_balance",
        "TRUNCATE ledger_balance",
        "DELETE FROM ledger_account",
        "UPDATE ledger_account SET kind = 'REVENUE'",
        "UPDATE ledger_account SET code = code || '-1'",
        "UPDATE ledger_period SET closed_by = 'nobody'",
        "DELETE FROM ledger_period",
        "TRUNCATE ledger_period",
        "TRUNCATE ledger_seal",
    ],
)
def test_accounts_balances_and_periods_are_guarded_as_well(posted: int, sql: str) -> None:
    operations.close_period(month=date(2026, 9, 1), at=AT, actor=CASHIER)
    assert refused(sql) == APPEND_ONLY


INSERT_LEGS = """
    INSERT INTO {table} (value_date, journal_id, account_id, amount_kopecks)
    VALUES ('{day}', {journal}, {one}, 5), ('{day}', {journal}, {two}, -5)
"""
INSERT_JOURNAL = """
    INSERT INTO ledger_journal (kind, value_date, posted_at, idempotency_key, request_hash, actor,
                                source, narrative{xid_column})
    VALUES ('ADJUSTMENT', '{day}', now(), gen_random_uuid()::text, sha256('x'), 'owner', 'psql', ''
            {xid_value})
    RETURNING id
"""


def owner_journal(cursor: Any, **more: str) -> int:
    given = {"day": str(DAY), "xid_column": "", "xid_value": ""} | more
    cursor.execute(INSERT_JOURNAL.format(**given))
    return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["ledger_posting", PARTITION])
def test_a_journal_cannot_grow_in_a_later_transaction(table: str) -> None:
    books = Books()
    journal = books.pay(books.subscriber(), 100)
    sql = INSERT_LEGS.format(
        table=table, day=DAY, journal=journal, one=books.cash, two=books.revenue
    )
    assert refused(sql) == "GL003"


@pytest.mark.parametrize("table", ["ledger_posting", PARTITION])
def test_a_journal_cannot_grow_in_its_own_transaction_either(books: Books, table: str) -> None:
    with connection.cursor() as cursor:
        journal = owner_journal(cursor)
    sql = INSERT_LEGS.format(
        table=table, day=DAY, journal=journal, one=books.cash, two=books.revenue
    )
    assert refused(sql) == "done"
    assert refused(sql) == "GL003"


@pytest.mark.django_db(transaction=True)
def test_a_journal_cannot_name_another_transaction_as_its_own() -> None:
    books = Books()
    with connection.cursor() as cursor:
        cursor.execute("SELECT (pg_current_xact_id()::text::bigint + 1)::text")
        (coming,) = cursor.fetchone()
        journal = owner_journal(cursor, xid_column=", created_xid", xid_value=f", '{coming}'::xid8")
    sql = INSERT_LEGS.format(
        table="ledger_posting", day=DAY, journal=journal, one=books.cash, two=books.revenue
    )
    assert refused(sql) == "GL003"


@pytest.mark.parametrize("table", ["ledger_posting", PARTITION])
@pytest.mark.parametrize(
    ("values", "state"),
    [
        ("('{day}', {j}, {one}, 5)", "GL001"),
        ("('{day}', {j}, {one}, 5), ('{day}', {j}, {two}, -4)", "GL001"),
        ("('2026-11-05', {j}, {one}, 5), ('2026-11-05', {j}, {two}, -5)", "GL014"),
        ("('{day}', {j}, {one}, 5), ('2026-11-05', {j}, {two}, -5)", "GL014"),
        ("('{day}', {j}, {one}, 0), ('{day}', {j}, {two}, 0)", "23514"),
        ("('{day}', 0, {one}, 5), ('{day}', 0, {two}, -5)", "23503"),
    ],
)
def test_the_owner_posts_whole_journals_or_none(
    books: Books, table: str, values: str, state: str
) -> None:
    with connection.cursor() as cursor:
        journal = owner_journal(cursor)
    rows = values.format(day=DAY, j=journal, one=books.cash, two=books.revenue)
    sql = f"INSERT INTO {table} (value_date, journal_id, account_id, amount_kopecks) VALUES {rows}"
    assert refused(sql) == state


@pytest.mark.parametrize("table", ["ledger_posting", PARTITION])
def test_an_insert_holds_the_legs_of_one_journal(books: Books, table: str) -> None:
    """Each of the two sums to zero: together they would hide a third one's legs among theirs."""
    with connection.cursor() as cursor:
        journals = [owner_journal(cursor), owner_journal(cursor)]
    legs = [
        f"('{DAY}', {journal}, {account}, {amount})"
        for journal in journals
        for account, amount in ((books.cash, 5), (books.revenue, -5))
    ]
    into = f"INSERT INTO {table} (value_date, journal_id, account_id, amount_kopecks) VALUES "
    assert refused(into + ", ".join(legs)) == "GL002"
    assert refused(into + ", ".join(legs[:2])) == "done"
    assert refused(into + ", ".join(legs[2:])) == "done"


def test_no_temporary_table_opens_a_closed_month_to_the_owner(books: Books) -> None:
    operations.close_period(month=DAY, at=AT, actor=CASHIER)
    with connection.cursor() as cursor:
        journal = owner_journal(cursor)
        cursor.execute("CREATE TEMPORARY TABLE ledger_period (LIKE public.ledger_period)")
        cursor.execute("SET LOCAL search_path = pg_temp, public")
    sql = INSERT_LEGS.format(
        table=PARTITION, day=DAY, journal=journal, one=books.cash, two=books.revenue
    )
    assert refused(sql) == "GL004"


def test_no_function_of_that_name_says_that_a_journal_is_this_transactions(books: Books) -> None:
    with connection.cursor() as cursor:
        journal = owner_journal(cursor)
        sql = INSERT_LEGS.format(
            table=PARTITION, day=DAY, journal=journal, one=books.cash, two=books.revenue
        )
        assert refused(sql) == "done"
        cursor.execute("CREATE SCHEMA evil")
        cursor.execute(
            "CREATE FUNCTION evil.current_setting(text, boolean) RETURNS text LANGUAGE sql"
            " AS $$ SELECT '0' $$"
        )
        cursor.execute("SET LOCAL search_path = evil, pg_catalog, public")
    assert refused(sql) == "GL003"


def test_the_owner_is_held_to_closed_months_too(books: Books) -> None:
    operations.close_period(month=DAY, at=AT, actor=CASHIER)
    with connection.cursor() as cursor:
        journal = owner_journal(cursor)
    sql = INSERT_LEGS.format(
        table=PARTITION, day=DAY, journal=journal, one=books.cash, two=books.revenue
    )
    assert refused(sql) == "GL004"


@pytest.fixture
def replica(transactional_db: None) -> Iterator[psycopg.Connection[Any]]:
    """A superuser whose session fires no ordinary trigger, after one payment was posted."""
    books = Books()
    books.pay(books.subscriber(), 100)
    with superuser_connection() as session:
        session.execute("SET session_replication_role = replica")
        yield session


PAST_TRIGGERS = [
    ("UPDATE ledger_posting SET amount_kopecks = 7", APPEND_ONLY),
    (f"UPDATE {PARTITION} SET amount_kopecks = 7", APPEND_ONLY),
    (f"DELETE FROM {PARTITION}", APPEND_ONLY),
    (f"TRUNCATE {PARTITION}", APPEND_ONLY),
    ("TRUNCATE ledger_posting", APPEND_ONLY),
    ("DELETE FROM ledger_journal", APPEND_ONLY),
    ("UPDATE ledger_journal SET narrative = 'x'", APPEND_ONLY),
    (
        f"INSERT INTO {PARTITION} (value_date, journal_id, account_id, amount_kopecks)"
        f" SELECT '{DAY}', id, 1, 5 FROM ledger_journal",
        "GL001",
    ),
    (
        "INSERT INTO ledger_posting (value_date, journal_id, account_id, amount_kopecks)"
        f" SELECT '{DAY}', id, 1, s FROM ledger_journal, (VALUES (5), (-5)) v (s)",
        "GL003",
    ),
]


def test_a_replica_session_does_not_get_past_the_triggers(
    replica: psycopg.Connection[Any],
) -> None:
    for sql, state in PAST_TRIGGERS:
        with pytest.raises(psycopg.Error) as refusal:
            replica.execute(sql)
        assert (refusal.value.sqlstate, sql) == (state, sql)
