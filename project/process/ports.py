"""Choose the ports of this folder's system and keep them in a file that bash and the settings read.

A port that the environment names is taken as it is. Else the one chosen before, else the default;
when somebody else listens there, the next free one.
"""

import argparse
import os
import socket
from collections.abc import Callable
from pathlib import Path

DEFAULTS_TCP = {
    "GEOBILL_WEB_PORT": 8000,
    "GEOBILL_RADIUS_REST_PORT": 8001,
    "GEOBILL_PG_PORT": 54329,
    "GEOBILL_REDIS_PORT": 63799,
    "GEOBILL_SIMULATOR_PORT": 8090,
}
DEFAULTS_UDP = {
    "GEOBILL_RADIUS_AUTH_PORT": 18120,
    "GEOBILL_RADIUS_ACCT_PORT": 18130,
    "GEOBILL_BRAS_PORT": 3799,
}
ATTEMPTS_MAX = 200


class NoFreePortError(RuntimeError):
    """No port could be had near the default."""


def is_free(port: int, *, kind: socket.SocketKind) -> bool:
    """Whether a server on this host could listen there now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def next_free(first: int, *, taken: set[int], free: Callable[[int], bool]) -> int:
    """The first port from `first` on that is free and not promised to another part of us."""
    for port in range(first, first + ATTEMPTS_MAX):
        if port not in taken and free(port):
            return port
    raise NoFreePortError(f"no free port between {first} and {first + ATTEMPTS_MAX}")


def read_saved(path: Path) -> dict[str, int]:
    """Ports chosen by an earlier start, or nothing."""
    if not path.exists():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line)
    return {name: int(value) for name, value in pairs}


def choose(*, saved: dict[str, int], keep: bool) -> dict[str, int]:
    """Every port by name. `keep`: our own system holds the saved ones now, so don't look."""
    chosen: dict[str, int] = {}
    kinds = [(DEFAULTS_TCP, socket.SOCK_STREAM), (DEFAULTS_UDP, socket.SOCK_DGRAM)]
    for defaults, kind in kinds:
        for name, default in defaults.items():
            wanted = os.environ.get(name, "").strip()
            if wanted:
                chosen[name] = int(wanted)
            elif keep and name in saved:
                chosen[name] = saved[name]
            else:
                chosen[name] = next_free(
                    saved.get(name, default),
                    taken=set(chosen.values()),
                    free=lambda port, kind=kind: is_free(port, kind=kind),  # type: ignore[misc]
                )
    return chosen


def main() -> None:
    """Write `NAME=port` lines to --file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", type=Path, required=True)
    parser.add_argument("--keep", action="store_true", help="the system runs: keep its ports")
    arguments = parser.parse_args()
    chosen = choose(saved=read_saved(arguments.file), keep=arguments.keep)
    draft = arguments.file.with_suffix(".draft")
    draft.write_text("".join(f"{name}={port}\n" for name, port in chosen.items()))
    draft.replace(arguments.file)


if __name__ == "__main__":
    main()
