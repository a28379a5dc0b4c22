"""End what a killed supervisor left behind.

Each process under the supervisor carries GEOBILL_SUPERVISED=<run-time folder> in its environment,
and so do its children. Only processes with exactly our folder are ended; nothing is found by name.
"""

import os
import signal
import time
from pathlib import Path

PATIENCE_S = 20.0


def marked_processes(folder: str) -> list[int]:
    """Ids of living processes whose environment names our folder (ours excepted)."""
    mark = f"GEOBILL_SUPERVISED={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile, or belongs to somebody else
        if mark in variables:
            found.append(int(entry.name))
    return found


def send(process_ids: list[int], number: int) -> None:
    """One signal to each; those that ended meanwhile don't matter."""
    for process_id in process_ids:
        try:
            os.kill(process_id, number)
        except ProcessLookupError:
            continue


def main() -> None:
    """Ask the left-behind to end, wait, then end them."""
    folder = os.environ["GEOBILL_VAR"]
    left = marked_processes(folder)
    if not left:
        return
    # PostgreSQL takes INT as "fast shutdown" (TERM would wait for its clients); Redis, granian,
    # Celery and FreeRADIUS end on either.
    send(left, signal.SIGINT)
    deadline = time.monotonic() + PATIENCE_S
    while (left := marked_processes(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    send(left, signal.SIGKILL)


if __name__ == "__main__":
    main()
