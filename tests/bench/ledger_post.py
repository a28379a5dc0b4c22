"""`ledger_post`: payments posted a second by eight processes.

Floors: pgbench with eight clients calling the same function of the database, and the same work
through the ORM: journal, locked balance, hash, both legs, all in one transaction a payment.
"""

import hashlib
import multiprocessing
import random
import struct
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from billing.ledger import operations as ledger
from billing.ledger.models import LedgerBalance, LedgerJournal, LedgerPosting
from billing.ledger.operations import Leg
from billing.ledger.verification import verify
from tests.bench import _books
from tests.bench._harness import Result, bench_database, execute, in_turn, note, run

PROCESSES = 8
SECONDS = 3.0
ROUNDS = 5
DAY = _books.FIRST_DAY
AT = _books.moment(DAY)
KOPECKS = 10_000
PGBENCH = Path("/usr/lib/postgresql")

SCRIPT = """\\set account random({first}, {last})
SELECT ledger_post('PAYMENT', '{day}', '{at}', gen_random_uuid()::text, 'bench', 'bench', '',
    ARRAY[:account, {cash}]::bigint[], ARRAY[{kopecks}, -{kopecks}]::bigint[]);
"""


def measure(scale: float) -> Result:
    """Accounts at random, so that nobody waits for the row of another."""
    with bench_database("ledger_post") as name:
        first, last = _books.open_accounts(round(100_000 * scale))
        cash = ledger.ensure_control_account(at=AT, code="bench.cash", kind="CLEARING")
        ledger.ensure_partitions(from_date=DAY, until_date=date(2026, 11, 1))
        execute("VACUUM ANALYZE ledger_account, ledger_balance")
        accounts = (first, last, cash)

        def ours() -> float:
            return _rate(_post, accounts)

        def by_orm() -> float:
            return _rate(_post_by_orm, accounts)

        def by_pgbench() -> float:
            return _pgbench(name, accounts)

        bare, mine, pgbench = in_turn(ours=ours, floor=by_pgbench, rounds=ROUNDS)
        # The ORM's way writes sequence numbers and hashes as the function does: books stay right.
        over_orm, _mine, orm = in_turn(ours=ours, floor=by_orm, rounds=ROUNDS)
        note(f"{mine:.0f} payments a second; pgbench {pgbench:.0f}, ORM {orm:.0f}")
        figures = {"per_s": round(mine), "pgbench_per_s": round(pgbench), "orm_per_s": round(orm)}
        # Payments here have no row of `billing_payment`: what the ledger itself holds is looked at.
        wrong = [p for p in verify().problems if p.invariant in ("I1", "I2", "I3", "I4", "I5")]
        assert not wrong, wrong[:3]
        return Result("ledger_post", {"pgbench": bare, "orm": over_orm}, figures)


def _post(account: int, cash: int) -> None:
    ledger.post(
        kind="PAYMENT",
        value_date=DAY,
        posted_at=AT,
        idempotency_key=uuid.uuid4().hex,
        legs=[Leg(account, KOPECKS), Leg(cash, -KOPECKS)],
        actor=_books.WHO,
        source="bench",
    )


@transaction.atomic
def _post_by_orm(account: int, cash: int) -> None:
    """The same rows as `ledger_post` writes, made in Python."""
    journal = LedgerJournal.objects.create(
        kind="PAYMENT",
        value_date=DAY,
        posted_at=AT,
        idempotency_key=uuid.uuid4().hex,
        request_hash=bytes(32),
        actor="bench",
        source="bench",
    )
    balance = LedgerBalance.objects.select_for_update().get(account_id=account)
    balance.balance_kopecks += KOPECKS
    balance.seq += 1
    link = struct.pack(
        ">hqqqqqiqqqh",
        1,
        journal.id,
        account,
        balance.seq,
        KOPECKS,
        balance.balance_kopecks,
        (DAY - date(2000, 1, 1)).days,
        0,
        0,
        0,
        0,
    )
    balance.last_hash = hashlib.sha256(bytes(balance.last_hash) + link).digest()
    balance.save()
    first_id = int(execute("SELECT nextval('ledger_posting_id_seq')"))
    common = {"value_date": DAY, "journal": journal}
    LedgerPosting.objects.bulk_create(
        [
            LedgerPosting(
                id=first_id,
                account_id=account,
                amount_kopecks=KOPECKS,
                seq=balance.seq,
                balance_after_kopecks=balance.balance_kopecks,
                hash=balance.last_hash,
                **common,
            ),
            LedgerPosting(
                id=int(execute("SELECT nextval('ledger_posting_id_seq')")),
                account_id=cash,
                amount_kopecks=-KOPECKS,
                **common,
            ),
        ]
    )


def _work(
    pay: Callable[[int, int], None],
    accounts: tuple[int, int, int],
    number: int,
    ready: Any,
    answers: Any,
) -> None:
    """One process: connected and warm before the time begins."""
    try:
        chance = random.Random(f"{number} {time.monotonic_ns()}")
        first, last, cash = accounts
        pay(chance.randint(first, last), cash)
        ready.wait(timeout=60)
        until = time.monotonic() + SECONDS
        done = 0
        while time.monotonic() < until:
            pay(chance.randint(first, last), cash)
            done += 1
        answers.put(done)
    except Exception as error:
        answers.put(error)
        raise


def _rate(pay: Callable[[int, int], None], accounts: tuple[int, int, int]) -> float:
    """Payments a second of all processes."""
    connection.close()
    context = multiprocessing.get_context("fork")
    ready, answers = context.Barrier(PROCESSES), context.Queue()
    processes = [
        context.Process(target=_work, args=(pay, accounts, number, ready, answers))
        for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    counts = [answers.get(timeout=SECONDS + 120) for _process in processes]
    for process in processes:
        process.join()
    for count in counts:
        if isinstance(count, Exception):
            raise count
    return sum(counts) / SECONDS


def _pgbench(database: str, accounts: tuple[int, int, int]) -> float:
    """Transactions a second as pgbench says, without the time for connecting."""
    first, last, cash = accounts
    entry = settings.DATABASES["default"]
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(
            SCRIPT.format(first=first, last=last, cash=cash, day=DAY, at=AT, kopecks=KOPECKS)
        )
        script.flush()
        command = [_pgbench_path(), "-n", "-M", "prepared", "-c", str(PROCESSES), "-j", "2"]
        command += ["-T", str(round(SECONDS)), "-f", script.name, database]
        done = subprocess.run(
            command,
            env={
                "PGHOST": str(entry["HOST"]),
                "PGPORT": str(entry["PORT"]),
                "PGUSER": str(entry["USER"]),
                "PGPASSWORD": str(entry["PASSWORD"]),
            },
            capture_output=True,
            text=True,
            check=True,
        )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("tps = ")]
    return float(line.split()[2])


def _pgbench_path() -> str:
    """Of the server's version, like the cluster itself."""
    version = int(execute("SHOW server_version_num")) // 10_000
    return str(PGBENCH / str(version) / "bin" / "pgbench")


if __name__ == "__main__":
    run(__doc__ or "", measure)
