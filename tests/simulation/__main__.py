"""Simulate: `./run simulate --seeds 10`, or one of them again with `--seed N`."""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.simulation.events import EVENTS
from tests.simulation.provider import FIRST_DAY, Simulation
from tests.support.databases import database_copy, django_uses, migrated_template

DAYS_A_MONTH = 365.25 / 12


def simulate(*, seed: int, subscribers: int, days: int) -> Simulation:
    """One simulation in the database that Django uses; raises when something does not hold."""
    with tempfile.TemporaryDirectory(prefix="geobill-seals-") as folder:
        simulation = Simulation(
            seed=seed, subscribers=subscribers, seals_dir=Path(folder), events=EVENTS
        )
        simulation.begin()
        day = FIRST_DAY
        for number in range(days):
            day = FIRST_DAY + timedelta(days=number)
            if day.day == 1:
                print(f"    {day:%m.%Y}", file=sys.stderr, flush=True)
            try:
                simulation.day(day)
            except Exception as error:
                raise AssertionError(f"on {day} of --seed {seed}: {error}") from error
        simulation.finish(day)
    return simulation


def main() -> int:
    """Run the seeds; 1 when one of them failed."""
    parser = argparse.ArgumentParser(description="Simulate a provider")
    parser.add_argument("--seeds", type=int, default=1, help="how many random seeds")
    parser.add_argument("--seed", type=int, action="append", help="this one again (repeatable)")
    parser.add_argument("--subscribers", type=int, default=300)
    parser.add_argument("--months", type=float, default=18)
    parser.add_argument(
        "--at-once",
        type=int,
        default=os.cpu_count() or 1,
        help="how many seeds at a time, each in a process and a database of its own",
    )
    options = parser.parse_args()
    seeds = options.seed or [random.SystemRandom().randrange(10**9) for _n in range(options.seeds)]
    if len(seeds) > 1:
        migrated_template()  # once, before the others ask for it
        with ThreadPoolExecutor(max_workers=max(1, options.at_once)) as pool:
            return int(any(list(pool.map(lambda seed: _apart(seed, options), seeds))))
    # One chunk after another: what happens follows from the seed alone.
    settings.GEOBILL_CHARGE_WORKERS = 1
    failed = []
    for seed in seeds:
        begin = time.monotonic()
        with database_copy("simulation") as name, django_uses(name):
            with connection.cursor() as cursor:
                cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
            connection.close()
            try:
                done = simulate(
                    seed=seed,
                    subscribers=options.subscribers,
                    days=round(options.months * DAYS_A_MONTH),
                )
            except Exception:
                traceback.print_exc()
                failed.append(seed)
                print(f"seed {seed}: FAILED; ./run simulate --seed {seed}", flush=True)
                continue
        told = ", ".join(f"{what} {count}" for what, count in sorted(done.counts.items()))
        print(f"seed {seed}: right, {time.monotonic() - begin:.0f} s; {told}", flush=True)
    return int(bool(failed))


def _apart(seed: int, options: argparse.Namespace) -> int:
    """Live one seed in a process of its own, which prints what came of it; its exit status."""
    arguments = ["--seed", seed, "--subscribers", options.subscribers, "--months", options.months]
    command = [sys.executable, "-m", "tests.simulation", *map(str, arguments)]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
