"""What every benchmark needs: a database of its own, pairs of timings, one JSON line at the end.

A benchmark measures our code (`ours`) against a floor: the barest code of its own that does the
same work on the same rows, server and durability. Both run in turn in the same process, so that a
machine whose speed drifts moves both, and the median of the rounds' ratios is what counts.
"""

import argparse
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from tests.support import databases

CLOCK_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass
class Result:
    """What a benchmark says: ratios (ours over floor) and figures, by name."""

    bench: str
    ratios: dict[str, float] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    def line(self) -> str:
        """The one JSON line."""
        return json.dumps(
            {
                "bench": self.bench,
                "ratios": {name: round(value, 3) for name, value in self.ratios.items()},
                "figures": self.figures,
                "load": round(os.getloadavg()[0], 2),
            },
            ensure_ascii=False,
        )


def scale_of(description: str, arguments: Sequence[str] | None = None) -> float:
    """`--scale` of the command line: 1 is the size that the bar is meant for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--scale", type=float, default=1.0, help="size of the data (default 1)")
    scale = float(parser.parse_args(arguments).scale)
    if not 0.001 <= scale <= 100:
        parser.error("--scale is a number from 0.001 to 100")
    return scale


def note(text: str) -> None:
    """Say what is going on; the result alone goes to standard output."""
    print(f"    {text}", file=sys.stderr, flush=True)


@contextmanager
def bench_database(name: str) -> Iterator[str]:
    """A migrated database for the time of the block; Django works in it. Gives its name."""
    with databases.database_copy(f"bench_{name}") as made, databases.django_uses(made):
        yield made


def execute(sql: str, parameters: Any = None) -> Any:
    """Run a statement; the first column of the first row, if it gives rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def backend_cpu_s() -> float:
    """CPU seconds that the server process of our connection has used so far."""
    process_id = execute("SELECT pg_backend_pid()")
    fields = Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS_PER_S


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of a piece of work: of this process and of its server process."""
    server, own = backend_cpu_s(), time.process_time()
    work()
    return backend_cpu_s() - server + time.process_time() - own


def wall_s(work: Callable[[], object]) -> float:
    """Seconds that a piece of work takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_turn(
    *,
    ours: Callable[[], float],
    floor: Callable[[], float],
    rounds: int,
) -> tuple[float, float, float]:
    """Measure both in turn; (median of ours/floor, median of ours, median of the floor).

    One unmeasured turn of each goes first, and which of the two begins changes with each round.
    """
    ours()
    floor()
    pairs: list[tuple[float, float]] = []
    for turn in range(rounds):
        gc.collect()
        if turn % 2:
            below = floor()
            above = ours()
        else:
            above = ours()
            below = floor()
        pairs.append((above, below))
    ratio = statistics.median(above / below for above, below in pairs)
    return (
        ratio,
        statistics.median(above for above, _below in pairs),
        statistics.median(below for _above, below in pairs),
    )


def run(description: str, measure: Callable[[float], Result]) -> None:
    """The `main` of a benchmark: measure at the wanted scale and print the line last."""
    print(measure(scale_of(description)).line(), flush=True)
