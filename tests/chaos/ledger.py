"""`./run chaos ledger`: kill -9 during the charge run and during payments; nothing lost or doubled.

Each round is a day. The charge run and a cash desk work in processes of their own on a private
database cluster; at a random moment one of them, or the whole database server, is killed. Then the
run is started again, what the desk got no answer for is sent again, and the books are looked at:

* `ledger_verify` in full, with the invariants of payments and charges
* each answered payment is posted, and each payment that was sent is posted exactly once
* each service is charged exactly once for the day, and each balance is what arithmetic says
"""

import argparse
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from tests.chaos._cluster import Cluster, private_cluster

if TYPE_CHECKING:
    from multiprocessing.context import ForkProcess

FIRST_DAY = date(2026, 3, 1)
ACCOUNTS = 120
CHUNK_ACCOUNTS = 4
START_KOPECKS = 1_000_000
PRICE_KOPECKS = 31_000
BUSY_S = 60.0
VICTIMS = ("charge run", "cash desk", "database")


@dataclass
class Provider:
    """The world as the one who kills knows it; what is charged and paid is known from outside."""

    accounts: list[int]
    services: int
    paid: dict[str, tuple[int, int]] = field(default_factory=dict)
    charged_kopecks: int = 0


class LossError(Exception):
    """Something was lost, doubled or does not add up."""


def require(is_so: bool, said: str) -> None:
    """Raise LossError unless it is so."""
    if not is_so:
        raise LossError(said)


def main() -> int:
    """Run the rounds; 0 when nothing was lost in any of them."""
    parser = argparse.ArgumentParser(description="Kill parts of the ledger's work at random")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None, help="repeat the choices of another time")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**9)
    print(f"chaos ledger: {options.rounds} rounds, --seed {seed}", flush=True)
    with private_cluster() as cluster:
        os.environ.update(cluster.env, DJANGO_SETTINGS_MODULE="tests.chaos.settings")
        django.setup()
        try:
            _rounds(cluster, rounds=options.rounds, chance=random.Random(seed))
        except LossError as error:
            print(f"LOST: {error}; repeat with --seed {seed}", flush=True)
            return 1
    print("nothing was lost and nothing doubled", flush=True)
    return 0


def _rounds(cluster: Cluster, *, rounds: int, chance: random.Random) -> None:
    provider = _seed()
    usual_s = _round(cluster, provider, day=FIRST_DAY, victim="", after_s=0.0)
    print(f"  undisturbed: a run of {provider.services} services takes {usual_s:.2f} s", flush=True)
    for number in range(1, rounds + 1):
        # Each of the three in turn, in a random order, so that a short run meets them all.
        if number % 3 == 1:
            order = chance.sample(VICTIMS, len(VICTIMS))
        victim, after_s = order[number % 3], chance.uniform(0.0, usual_s)
        day = FIRST_DAY + timedelta(days=number)
        took_s = _round(cluster, provider, day=day, victim=victim, after_s=after_s)
        print(
            f"  round {number}: the {victim} killed after {after_s:.2f} s; whole again in"
            f" {took_s:.2f} s; {len(provider.paid)} payments, books are right",
            flush=True,
        )


def _seed() -> Provider:
    """Clients of whom every third has an add-on, with money for a year."""
    from tests.support.billing import small_world

    world = small_world()
    main, addon = (
        world.tariff(price=PRICE_KOPECKS, from_date=FIRST_DAY),
        world.tariff(price=PRICE_KOPECKS, service_type="ADDITIONAL", from_date=FIRST_DAY),
    )
    provider = Provider(accounts=[], services=0)
    check = world.check(world.building.id, _noon(FIRST_DAY))
    for number in range(ACCOUNTS):
        account = world.account(kopecks=START_KOPECKS, on_date=FIRST_DAY)
        provider.accounts.append(account)
        values: dict[str, Any] = {"charge": False, "check_id": check, "hour": 12}
        service = world.sell(account, main, FIRST_DAY, unit=str(number), **values)
        provider.services += 1
        if number % 3 == 0:
            world.sell(account, addon, FIRST_DAY, unit="", parent_id=service, **values)
            provider.services += 1
    return provider


def _noon(day: date) -> Any:
    from tests.support.billing import moment

    return moment(day, 12)


def _round(
    cluster: Cluster, provider: Provider, *, day: date, victim: str, after_s: float
) -> float:
    """One day with a kill; seconds from the kill (or the beginning) until all is whole again."""
    from django.db import connection

    connection.close()
    context = multiprocessing.get_context("fork")
    go, log = context.Event(), cluster.folder / f"desk-{day}"
    run = context.Process(target=_quietly, args=(go, lambda: _charge(day)))
    desk = context.Process(target=_quietly, args=(go, lambda: _sell_cash(day, provider, log)))
    for process in (run, desk):
        process.start()
    begin = time.monotonic()
    go.set()
    if victim:
        time.sleep(after_s)
        _kill(victim, cluster=cluster, run=run, desk=desk)
    else:
        run.join(timeout=BUSY_S)
        begin, usual_s = time.monotonic(), time.monotonic() - begin
    if victim != "charge run":
        run.join(timeout=BUSY_S)
    os.kill(desk.pid or 0, signal.SIGKILL)
    for process in (run, desk):
        process.join(timeout=BUSY_S)
        require(process.exitcode is not None, "a process does not end")
    if victim == "database":
        cluster.start()
    _charge(day)
    _send_again(log, day=day, provider=provider)
    _look(provider, day=day)
    return time.monotonic() - begin if victim else usual_s


def _kill(victim: str, *, cluster: Cluster, run: "ForkProcess", desk: "ForkProcess") -> None:
    if victim == "database":
        cluster.kill()
        return
    process = run if victim == "charge run" else desk
    os.kill(process.pid or 0, signal.SIGKILL)


def _quietly(go: Any, work: Callable[[], None]) -> None:
    """What a child does. Losing the database under its feet is expected of it."""
    from django.db import DatabaseError, connection

    connection.ensure_connection()
    go.wait(timeout=BUSY_S)
    try:
        work()
    except DatabaseError:
        os._exit(3)


def _charge(day: date) -> None:
    """The run, started again while the server still holds the lock of the one that was killed."""
    from billing.charging import operations as charging
    from tests.support.billing import CASHIER, moment

    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            charging.run(
                on_date=day,
                at=moment(day),
                actor=CASHIER,
                confirm=True,
                chunk_accounts=CHUNK_ACCOUNTS,
            )
            return
        except charging.RunBusyError:
            require(time.monotonic() < deadline, "the run stays locked")
            time.sleep(0.05)


def _sell_cash(day: date, provider: Provider, log: Path) -> None:
    """Payments without end; written down before each is sent, and when it is answered."""
    chance = random.Random(f"{day}")
    with log.open("a", buffering=1) as written:
        for number in range(100_000):
            key = f"{day}-{number}"
            account, kopecks = chance.choice(provider.accounts), chance.randrange(100, 10_000)
            written.write(f"asked {key} {account} {kopecks}\n")
            payment_id = _pay(key, account=account, kopecks=kopecks, day=day)
            written.write(f"answered {key} {payment_id}\n")


def _pay(key: str, *, account: int, kopecks: int, day: date) -> int:
    from billing.payments import operations as payments
    from tests.support.billing import CASHIER

    return payments.accept_cash(
        at=_noon(day),
        on_date=day,
        actor=CASHIER,
        account_id=account,
        amount_kopecks=kopecks,
        idempotency_key=key,
    ).id


def _send_again(log: Path, *, day: date, provider: Provider) -> None:
    """What was answered must stand; what was not answered is sent again, as a provider does."""
    from billing.payments.models import Payment

    asked: dict[str, tuple[int, int]] = {}
    answered: dict[str, int] = {}
    for line in log.read_text().splitlines() if log.exists() else []:
        word, key, *rest = line.split()
        if word == "asked" and len(rest) == 2:
            asked[key] = (int(rest[0]), int(rest[1]))
        elif word == "answered" and rest:
            answered[key] = int(rest[0])
    standing = dict(
        Payment.objects.filter(id__in=answered.values()).values_list("external_id", "id")
    )
    require(
        standing == answered, f"answered payments are gone: {answered.keys() - standing.keys()}"
    )
    for key, (account, kopecks) in asked.items():
        if key not in answered:
            _pay(key, account=account, kopecks=kopecks, day=day)
    provider.paid |= asked


def _look(provider: Provider, *, day: date) -> None:
    """The books, by the verifier and by what is known from outside."""
    from billing import calendar
    from billing.charging import report
    from billing.charging.models import ChargeRun
    from billing.ledger import queries, verification
    from billing.payments.models import Payment
    from billing.subscriptions.models import ChargeState

    problems = verification.verify().problems
    require(not problems, "; ".join(str(problem) for problem in problems[:5]))
    posted = {
        row.external_id: (row.account_id, row.amount_kopecks)
        for row in Payment.objects.filter(external_id__in=provider.paid, state="CONFIRMED")
    }
    require(posted == provider.paid, "what was paid is not what is posted")
    behind = ChargeState.objects.exclude(charged_until=day + timedelta(days=1)).count()
    require(behind == 0, f"{behind} services are not charged for {day}")
    run = ChargeRun.objects.get(charge_date=day)
    require(run.state == "DONE", "the run is not done")
    lines = report.by_tariff_and_zone(run=run)
    told, posted_by_run = run.charged_kopecks, sum(line.kopecks for line in lines)
    require(told == posted_by_run, f"the run says {told}, its journals {posted_by_run}")
    provider.charged_kopecks += provider.services * calendar.daily_amount_on(PRICE_KOPECKS, day)
    expected = (
        START_KOPECKS * len(provider.accounts)
        + sum(kopecks for _account, kopecks in provider.paid.values())
        - provider.charged_kopecks
    )
    stands = sum(queries.balances(account_ids=provider.accounts).values())
    require(stands == expected, f"balances sum to {stands}, by arithmetic to {expected}")


if __name__ == "__main__":
    sys.exit(main())
