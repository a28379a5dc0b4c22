"""Free ports for servers that a test starts."""

import os
import socket

from project.process.ports import is_free, next_free

# Below the range from which the system takes ports for outgoing connections (32768 and up), so that
# nobody is given a port between our look and the server's start. Each process begins elsewhere.
FIRST = 20_000 + os.getpid() * 41 % 9_000
_taken: set[int] = set()


def _free_port(kind: socket.SocketKind) -> int:
    port = next_free(FIRST, taken=_taken, free=lambda one: is_free(one, kind=kind))
    _taken.add(port)
    return port


def free_tcp_port() -> int:
    """A TCP port on which nobody listens, given only once."""
    return _free_port(socket.SOCK_STREAM)


def free_udp_port() -> int:
    """A UDP port on which nobody listens, given only once."""
    return _free_port(socket.SOCK_DGRAM)
