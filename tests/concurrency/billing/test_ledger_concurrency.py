"""The ledger under many real connections at once, each logged in as the running system."""

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from billing.ledger import operations, queries, verification
from billing.ledger.models import LedgerAccount
from tests.support.ledger import AT, CASHIER, DAY, Books, bare_connection

WORKERS = 8
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def only_the_ledgers_own_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Payments here have no Payment behind them, which billing's checks would tell."""
    monkeypatch.setattr(verification, "_registered", {})


@pytest.fixture
def books() -> Books:
    """Books that are committed."""
    return Books()


POST = """
    SELECT ledger_post('PAYMENT', %(day)s, %(at)s, %(key)s, 'provider', 'bank', '',
                       %(accounts)s::bigint[], %(amounts)s::bigint[])
"""


def post(session: psycopg.Connection[Any], key: str, *legs: tuple[int, int]) -> int:
    row = session.execute(
        POST,
        {
            "day": DAY,
            "at": AT,
            "key": key,
            "accounts": [account for account, _ in legs],
            "amounts": [amount for _, amount in legs],
        },
    ).fetchone()
    assert row is not None
    return int(row[0])


def app_session() -> psycopg.Connection[Any]:
    return bare_connection(
        user=settings.GEOBILL_DB_USERS["app"], password=settings.GEOBILL_DB_PASSWORDS["app"]
    )


def together(work: Callable[[int, psycopg.Connection[Any]], Any], workers: int = WORKERS) -> list:
    """Run `work(number, session)` in threads that start at the same moment; their answers."""
    gate = threading.Barrier(workers, timeout=30)

    def run(number: int) -> Any:
        with app_session() as session:
            gate.wait()
            return work(number, session)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(workers)))


def assert_right() -> None:
    assert verification.verify().problems == []


def test_many_payments_on_one_account_lose_nothing(books: Books) -> None:
    olena = books.subscriber()

    def pay(number: int, session: psycopg.Connection[Any]) -> None:
        for i in range(25):
            post(session, f"p-{number}-{i}", (olena, 100 + number), (books.cash, -100 - number))

    together(pay)
    assert queries.balance_kopecks(account_id=olena) == 25 * sum(range(100, 100 + WORKERS))
    lines = queries.statement(account_id=olena, limit=1000)
    assert [line.seq for line in reversed(lines)] == list(range(1, 25 * WORKERS + 1))
    assert_right()


def test_retries_in_parallel_post_once_and_all_get_the_same_journal(books: Books) -> None:
    olena = books.subscriber()

    def retry(number: int, session: psycopg.Connection[Any]) -> list[int]:
        return [post(session, f"callback-{i}", (olena, 100), (books.cash, -100)) for i in range(20)]

    answers = together(retry)
    assert all(answer == answers[0] for answer in answers)
    assert queries.balance_kopecks(account_id=olena) == 2_000
    assert_right()


def test_of_two_inputs_under_one_key_one_wins_and_the_other_is_told(books: Books) -> None:
    olena = books.subscriber()

    def pay(number: int, session: psycopg.Connection[Any]) -> str:
        try:
            post(session, "one-key", (olena, 100 + number), (books.cash, -100 - number))
        except psycopg.Error as error:
            return error.sqlstate or "?"
        return "posted"

    answers = together(pay)
    assert sorted(answers) == ["GL006"] * (WORKERS - 1) + ["posted"]
    assert_right()


def test_transfers_both_ways_do_not_deadlock(books: Books) -> None:
    accounts = [books.subscriber() for _ in range(4)]

    def move(number: int, session: psycopg.Connection[Any]) -> None:
        chance = random.Random(number)
        for i in range(25):
            one, two = chance.sample(accounts, 2)
            post(session, f"t-{number}-{i}", (one, -7), (two, 7))

    together(move)
    assert sum(queries.balances(account_ids=accounts).values()) == 0
    assert_right()


def test_chunks_and_payments_run_beside_each_other(books: Books) -> None:
    accounts = [books.subscriber() for _ in range(40)]
    charge = """
        SELECT ledger_post_charges(%s, %s, %s, 'system', 'charge-run', '',
            array_agg(a ORDER BY a, code), array_agg(-10::bigint ORDER BY a, code),
            array_agg(a ORDER BY a, code), array_agg(code ORDER BY a, code),
            array_fill(0::smallint, ARRAY[count(*)::int]),
            array_fill(1::bigint, ARRAY[count(*)::int]),
            ARRAY[%s]::bigint[], ARRAY[10 * count(*)]::bigint[])
          FROM unnest(%s::bigint[]) a, unnest(ARRAY['MAIN', 'TV']) code
    """

    def work(number: int, session: psycopg.Connection[Any]) -> None:
        chance = random.Random(number)
        for i in range(10):
            if number < 2:
                day = date(2026, 11, 1 + 10 * number + i)
                key = f"c-{number}-{i}"
                session.execute(charge, [day, AT, key, books.revenue, accounts])
            else:
                account = chance.choice(accounts)
                post(session, f"p-{number}-{i}", (account, 500), (books.cash, -500))

    together(work)
    total = sum(queries.balances(account_ids=accounts).values())
    assert total == 500 * 10 * (WORKERS - 2) - 2 * 10 * 40 * 2 * 10
    assert_right()


def test_a_journal_is_reversed_once_by_many_hands(books: Books) -> None:
    olena = books.subscriber()
    payment = books.pay(olena, 100)

    def reverse(number: int, session: psycopg.Connection[Any]) -> str:
        try:
            session.execute("SELECT ledger_reverse(%s, %s, %s, 'x', 'x', 'x')", [payment, DAY, AT])
        except psycopg.Error as error:
            return error.sqlstate or "?"
        return "reversed"

    answers = together(reverse)
    assert sorted(answers) == ["GL008"] * (WORKERS - 1) + ["reversed"]
    assert queries.balance_kopecks(account_id=olena) == 0
    assert_right()


def test_closing_a_month_waits_for_postings_and_then_refuses(books: Books) -> None:
    olena = books.subscriber()
    outcome: list[str] = []
    with app_session() as slow, ThreadPoolExecutor(2) as pool:
        slow.autocommit = False
        post(slow, "on-its-way", (olena, 100), (books.cash, -100))

        def close() -> None:
            operations.close_period(month=DAY, at=AT, actor=CASHIER)
            outcome.append("closed")
            connection.close()

        def late() -> None:
            with app_session() as session:
                try:
                    post(session, "late", (olena, 100), (books.cash, -100))
                    outcome.append("posted late")
                except psycopg.Error as error:
                    outcome.append(error.sqlstate or "?")

        closing = pool.submit(close)
        wait_for_lock_waiters(1)
        posting = pool.submit(late)
        wait_for_lock_waiters(2)
        assert outcome == []
        slow.commit()
        closing.result(10)
        posting.result(10)
    assert sorted(outcome) == ["GL004", "closed"]
    assert queries.balance_kopecks(account_id=olena) == 100
    assert_right()


def test_a_seal_cut_waits_for_smaller_numbers(books: Books) -> None:
    """A journal with a smaller id that commits later must not slip between two seals."""
    olena = books.subscriber()
    with app_session() as slow, ThreadPoolExecutor(1) as pool:
        slow.autocommit = False
        first = post(slow, "slow", (olena, 100), (books.cash, -100))
        second = books.pay(books.subscriber(), 100)
        assert second > first

        def cut() -> int:
            with app_session() as session:
                row = session.execute("SELECT ledger_seal_cut()").fetchone()
                assert row is not None
                return int(row[0])

        cutting = pool.submit(cut)
        wait_for_lock_waiters(1)
        slow.commit()
        assert cutting.result(10) == second


def test_a_busy_account_is_given_up_after_three_seconds_and_others_go_on(books: Books) -> None:
    olena, taras = books.subscriber(), books.subscriber()
    with app_session() as slow, app_session() as other:
        slow.autocommit = False
        post(slow, "held", (olena, 100), (books.cash, -100))
        post(other, "free", (taras, 100), (books.cash, -100))
        started = time.monotonic()
        with pytest.raises(psycopg.errors.LockNotAvailable):
            post(other, "waits", (olena, 100), (books.cash, -100))
        assert 2.5 < time.monotonic() - started < 20
        slow.rollback()
        post(other, "waits", (olena, 100), (books.cash, -100))
    assert queries.balances(account_ids=[olena, taras]) == {olena: 100, taras: 100}
    assert_right()


def test_a_crashed_session_leaves_nothing(books: Books) -> None:
    olena = books.subscriber()
    victim = app_session()
    victim.autocommit = False
    post(victim, "never", (olena, 100), (books.cash, -100))
    with bare_connection(
        user=settings.GEOBILL_DB_USERS["app"], password=settings.GEOBILL_DB_PASSWORDS["app"]
    ) as killer:
        killer.execute("SELECT pg_terminate_backend(%s)", [victim.info.backend_pid])
    victim.close()
    assert queries.balance_kopecks(account_id=olena) == 0
    assert books.pay(olena, 100, idempotency_key="never")
    assert_right()


def wait_for_lock_waiters(number: int) -> None:
    """Until that many sessions on the test's database wait for a lock."""
    deadline = time.monotonic() + 10
    with bare_connection(
        user=settings.GEOBILL_DB_USERS["owner"], password=settings.GEOBILL_DB_PASSWORDS["owner"]
    ) as watch:
        while time.monotonic() < deadline:
            row = watch.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ).fetchone()
            if row is not None and row[0] >= number:
                return
            time.sleep(0.01)
    pytest.fail("nobody waits for a lock")


def test_a_control_account_that_many_need_at_once_is_opened_once() -> None:
    gate = threading.Barrier(WORKERS, timeout=30)

    def ensure(_number: int) -> int:
        try:
            gate.wait()
            return operations.ensure_control_account(
                at=AT, code="clearing.first-payments", kind="CLEARING"
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        ids = list(pool.map(ensure, range(WORKERS)))
    assert len(set(ids)) == 1
    assert [a.code for a in LedgerAccount.objects.filter(id=ids[0])] == ["clearing.first-payments"]


def test_a_balance_locked_by_a_decision_is_posted_to_without_a_second_look(books: Books) -> None:
    """Held by this transaction, by another one, or by nobody: the money is right each time."""
    olena, petro = books.subscriber(), books.subscriber()
    legs = [(olena, 100), (petro, 200), (olena, 300), (books.cash, -600)]
    with app_session() as ours, app_session() as theirs:
        with ours.transaction():
            ours.execute("SELECT ledger_lock_balances(%s::bigint[])", [[olena, petro]])
            post(ours, "held", *legs)
        with theirs.transaction():
            theirs.execute("SELECT ledger_lock_balances(%s::bigint[])", [[petro]])
            with ours.transaction():
                ours.execute("SELECT ledger_lock_balances(%s::bigint[])", [[olena]])
                with pytest.raises(psycopg.errors.LockNotAvailable), ours.transaction():
                    post(ours, "in-part", *legs, (petro, 1), (books.cash, -1))
        post(ours, "in-part", *legs, (petro, 1), (books.cash, -1))
    assert queries.balance_kopecks(account_id=olena) == 800
    assert queries.balance_kopecks(account_id=petro) == 401
    assert_right()


@pytest.mark.parametrize("services", [1, 2, 3])
def test_locks_that_are_only_said_to_be_held_spoil_nothing(books: Books, services: int) -> None:
    """A charge claims its locks and waits for a payment: posted after it, or refused whole."""
    olena = books.subscriber()
    charge = """
        SELECT ledger_post_charges(%s, %s, 'said', 'system', 'charge-run', '',
            array_fill(%s::bigint, ARRAY[%s]), array_fill(-10::bigint, ARRAY[%s]),
            (SELECT array_agg(n::bigint) FROM generate_series(1, %s) n),
            array_fill('MAIN'::text, ARRAY[%s]), NULL, array_fill(1::bigint, ARRAY[%s]),
            ARRAY[%s]::bigint[], ARRAY[10 * %s]::bigint[])
    """
    with app_session() as ours, app_session() as theirs, ThreadPoolExecutor(1) as pool:
        ours.autocommit = False
        ours.execute(
            "SELECT set_config('geobill.balances_locked_by', pg_current_xact_id()::text, true)"
        )
        theirs.autocommit = False
        post(theirs, "between", (olena, 500), (books.cash, -500))
        counts = [services] * 5
        given = [DAY, AT, olena, *counts, books.revenue, services]
        waiting = pool.submit(ours.execute, charge, given)
        wait_for_lock_waiters(1)
        theirs.commit()
        if services == 1:
            waiting.result()
            ours.commit()
        else:
            with pytest.raises(psycopg.Error) as refused:
                waiting.result()
            # Three are worked out before the balance is written: their numbers are taken by then.
            assert refused.value.sqlstate == ("23505" if services == 3 else "GL016")
            ours.rollback()
    assert queries.balance_kopecks(account_id=olena) == 500 - (10 if services == 1 else 0)
    assert_right()
