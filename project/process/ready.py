"""Wait until the named parts answer: `python -m project.process.ready postgres redis web`.

It asks each part in its own way every tenth of a second and ends as soon as all have answered.
"""

import argparse
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg
import redis

PAUSE_S = 0.1


def var_dir() -> Path:
    """The run-time folder that ./run exported."""
    return Path(os.environ["GEOBILL_VAR"])


def ask_postgres() -> None:
    """Log in as the cluster's superuser."""
    password = (var_dir() / "secrets" / "db_superuser").read_text().strip()
    psycopg.connect(
        host="127.0.0.1",
        port=os.environ["GEOBILL_PG_PORT"],
        user="geobill_super",
        password=password,
        dbname="postgres",
        connect_timeout=2,
    ).close()


def ask_redis() -> None:
    """PING, which is refused while the append-only file is being read."""
    password = (var_dir() / "secrets" / "redis").read_text().strip()
    port = int(os.environ["GEOBILL_REDIS_PORT"])
    redis.Redis(port=port, password=password, socket_timeout=2).ping()


def ask_http(port_name: str) -> Callable[[], None]:
    """A question to one of our web processes, database included."""

    def ask() -> None:
        url = f"http://127.0.0.1:{os.environ[port_name]}/readyz"
        with urllib.request.urlopen(url, timeout=2) as answer:
            answer.read()

    return ask


PARTS: dict[str, Callable[[], None]] = {
    "postgres": ask_postgres,
    "redis": ask_redis,
    "web": ask_http("GEOBILL_WEB_PORT"),
    "radius-rest": ask_http("GEOBILL_RADIUS_REST_PORT"),
}


def wait_for(part: str, *, deadline: float) -> Exception | None:
    """None when the part answered in time, else the last trouble."""
    while True:
        try:
            PARTS[part]()
        except Exception as error:
            if time.monotonic() > deadline:
                return error
            time.sleep(PAUSE_S)
        else:
            return None


def main() -> int:
    """Exit code 0 when all answer, 1 with a word about each that doesn't."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="+", choices=sorted(PARTS))
    parser.add_argument("--timeout-s", type=float, default=60)
    arguments = parser.parse_args()
    deadline = time.monotonic() + arguments.timeout_s
    late = {part: wait_for(part, deadline=deadline) for part in arguments.parts}
    for part, error in late.items():
        if error is not None:
            print(f"{part} does not answer: {error}", file=sys.stderr)  # noqa: T201
    return 1 if any(late.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
