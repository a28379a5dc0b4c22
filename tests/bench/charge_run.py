"""`charge_run`: the daily run over 1 M services, and what a payment waits meanwhile.

Floor: the bare INSERT … SELECT of the same postings, from rows that are ready, into a table of the
same columns, partitions, indexes, constraints and foreign keys; as many rows a transaction, and one
after another. Our run charges `workers` chunks side by side, as it does at work.
"""

import random
import statistics
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta

import psycopg
from django.conf import settings
from django.db import connection

from billing.charging import operations as charging
from billing.charging.runs import CHUNK_ACCOUNTS
from billing.ledger import operations as ledger
from billing.ledger.verification import verify
from billing.payments import operations as payments
from tests.bench import _books
from tests.bench._books import Clients
from tests.bench._harness import Result, bench_database, in_turn, note, run, wall_s

ROUNDS = 3
PAYERS = 2
PAUSE_S = 0.02
DATES = iter(_books.FIRST_DAY + timedelta(days=n) for n in range(1, 60))

FLOOR_TABLES = """
    CREATE TABLE bench_journal (LIKE ledger_journal INCLUDING ALL);
    CREATE TABLE bench_posting (LIKE ledger_posting INCLUDING ALL,
        FOREIGN KEY (journal_id) REFERENCES bench_journal (id),
        FOREIGN KEY (account_id) REFERENCES ledger_account (id)) PARTITION BY RANGE (value_date);
    CREATE TABLE bench_posting_a PARTITION OF bench_posting
        FOR VALUES FROM ('2026-10-01') TO ('2026-11-01');
    CREATE TABLE bench_posting_b PARTITION OF bench_posting
        FOR VALUES FROM ('2026-11-01') TO ('2026-12-01');
    CREATE TABLE bench_charge AS
    SELECT p.id, p.account_id, p.amount_kopecks, p.seq, p.balance_after_kopecks, p.subject_id,
           p.charge_code, p.charge_basis_id, p.hash
    FROM ledger_posting AS p WHERE p.charge_code = 'SERVICE' ORDER BY p.id;
    CREATE INDEX ON bench_charge (id);
    VACUUM ANALYZE bench_charge;
"""
FLOOR_JOURNAL = """
    INSERT INTO bench_journal (kind, value_date, posted_at, idempotency_key, request_hash, actor,
        source, narrative)
    VALUES ('CHARGE', %s, %s, %s, '', '', '', '') RETURNING id
"""
FLOOR = """
    INSERT INTO bench_posting (value_date, journal_id, account_id, amount_kopecks, seq,
        balance_after_kopecks, subject_id, charge_code, charge_basis_id, hash)
    SELECT %s, %s, account_id, amount_kopecks, seq + %s, balance_after_kopecks, subject_id,
           charge_code, charge_basis_id, hash
    FROM bench_charge WHERE id >= %s AND id < %s
"""


def measure(scale: float) -> Result:
    """Six days: one before all, one unmeasured, three measured, one beside which clients pay."""
    with bench_database("charge_run") as name, _books.owner_connection(name) as owner:
        clients = _books.build_clients(services=round(1_000_000 * scale))
        ledger.ensure_partitions(from_date=_books.FIRST_DAY, until_date=date(2026, 12, 1))
        note(f"{clients.services} services of {clients.accounts} accounts")
        _tidy(owner)
        # The first day also writes by what each service is charged from now on.
        first = _charge(clients)
        for statement in FLOOR_TABLES.split(";\n"):
            owner.execute(statement)
        floor = _Floor(owner)

        def ours() -> float:
            _tidy(owner)
            return wall_s(lambda: _charge(clients))

        def bare() -> float:
            return wall_s(floor.insert)

        ratio, mine, below = in_turn(ours=ours, floor=bare, rounds=ROUNDS)
        worst, paid, busy = _beside_payments(clients, owner)
        rerun = statistics.median(wall_s(lambda: _run(_Last.day)) for _n in range(3))
        note(f"ours {mine:.2f} s, floor {below:.2f}; with payments {busy:.2f}")
        report = verify()
        assert report.is_right, report.problems[:3]
    figures = {
        "services": clients.services,
        "workers": settings.GEOBILL_CHARGE_WORKERS,
        "run_s": round(mine, 2),
        "first_run_s": round(first, 2),
        "worst_payment_wait_s": round(worst, 3),
        "payments": paid,
        "rerun_s": round(rerun, 3),
    }
    return Result("charge_run", {"run": ratio}, figures)


class _Last:
    """The last date that was charged."""

    day = _books.FIRST_DAY


class _Floor:
    """The bare insertion of a day's postings."""

    def __init__(self, owner: psycopg.Connection) -> None:
        self.owner = owner
        self.turn = 0
        row = owner.execute("SELECT min(id), max(id) FROM bench_charge").fetchone()
        assert row is not None
        self.first, self.last = row

    def insert(self) -> None:
        """One more day, a chunk's worth of rows a transaction, one transaction after another."""
        self.turn += 1
        day = _books.FIRST_DAY + timedelta(days=self.turn)
        size = CHUNK_ACCOUNTS * 5 // 4
        for start in range(self.first, self.last + 1, size):
            with self.owner.transaction(), self.owner.cursor() as cursor:
                key = f"{self.turn}:{start}"
                cursor.execute(FLOOR_JOURNAL, [day, _books.moment(day), key])
                journal = cursor.fetchone()
                assert journal is not None
                cursor.execute(FLOOR, [day, journal[0], self.turn, start, start + size])


def _tidy(owner: psycopg.Connection) -> None:
    """What a day does between two nights: dead rows are cleared, statistics are taken."""
    for table in (
        "billing_subscription",
        "billing_charge_state",
        "billing_plan_span",
        "billing_charge_basis",
    ):
        owner.execute(f"VACUUM ANALYZE {table}")
    owner.execute("VACUUM ANALYZE ledger_balance")
    owner.execute("ANALYZE ledger_account")


def _run(day: date) -> int:
    return charging.run(on_date=day, at=_books.moment(day), actor=_books.WHO).charged_count


def _charge(clients: Clients, *, settled: Callable[[], int] = lambda: 0) -> float:
    _Last.day = next(DATES)
    charged: list[int] = []
    took = wall_s(lambda: charged.append(_run(_Last.day)))
    # Who pays while the run is at work is charged there and then.
    assert clients.services - settled() <= charged[0] <= clients.services, charged
    return took


def _beside_payments(clients: Clients, owner: psycopg.Connection) -> tuple[float, int, float]:
    """Charge one more day while clients pay: the worst wait, how many paid, the run's seconds."""
    _tidy(owner)
    stop = threading.Event()
    waits: list[float] = []
    payers = [
        threading.Thread(target=_pay, args=(clients, number, stop, waits))
        for number in range(PAYERS)
    ]
    for payer in payers:
        payer.start()
    try:
        took = _charge(clients, settled=lambda: 2 * len(waits))
    finally:
        stop.set()
        for payer in payers:
            payer.join()
    assert waits, "nobody paid"
    return max(waits), len(waits), took


def _pay(clients: Clients, number: int, stop: threading.Event, waits: list[float]) -> None:
    """Cash from one client after another, until told to stop."""
    chance = random.Random(number)
    day = _Last.day + timedelta(days=1)
    try:
        while not stop.is_set():
            account = chance.randint(clients.first_account, clients.last_account)
            waits.append(wall_s(_cash(account, f"bench-{number}-{len(waits)}", day)))
            time.sleep(PAUSE_S)
    finally:
        connection.close()


def _cash(account: int, key: str, day: date) -> Callable[[], object]:
    return lambda: payments.accept_cash(
        at=_books.moment(day),
        on_date=day,
        actor=_books.WHO,
        account_id=account,
        amount_kopecks=10_000,
        idempotency_key=key,
    )


if __name__ == "__main__":
    run(__doc__ or "", measure)
