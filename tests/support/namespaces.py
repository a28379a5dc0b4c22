"""Network namespaces for tests: a host, a relay and a client on cables of their own."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest


def run(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """One command; its words and what it said when it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done


def skip_where_impossible(programs: Sequence[str]) -> None:
    """Skip, with the reason, without root, without namespaces or without these programs."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    for program in ("ip", *programs):
        if shutil.which(program, path=path) is None:
            pytest.skip(f"{program} is not installed")
    name = f"gb{os.getpid()}t"
    if run("ip", "netns", "add", name, check=False).returncode != 0:
        pytest.skip("this machine allows no network namespaces")
    run("ip", "netns", "delete", name)


@contextmanager
def cabled(*, near: str, far: str, relay: str, client: str) -> Iterator[None]:
    """`near` (here) to `far` (in the namespace `relay`), and from there on to `client`.

    Addresses: here 10.213.0.1, the relay 10.213.0.2 and, towards the client, 10.77.0.1.
    """
    inside = ("ip", "netns", "exec", relay)
    try:
        run("ip", "netns", "add", relay)
        run("ip", "netns", "add", client)
        run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", relay)
        run(*inside, "ip", "link", "add", "port7", "type", "veth", "peer", "name", "eth0")
        run(*inside, "ip", "link", "set", "eth0", "netns", client)
        run("ip", "address", "add", "10.213.0.1/24", "dev", near)
        run("ip", "link", "set", near, "up")
        run(*inside, "ip", "address", "add", "10.213.0.2/24", "dev", far)
        run(*inside, "ip", "address", "add", "10.77.0.1/24", "dev", "port7")
        for one in ("lo", far, "port7"):
            run(*inside, "ip", "link", "set", one, "up")
        run("ip", "netns", "exec", client, "ip", "link", "set", "eth0", "up")
        run("ip", "route", "add", "10.77.0.0/24", "via", "10.213.0.2", "dev", near)
        yield
    finally:
        for one in (client, relay):
            run("ip", "netns", "delete", one, check=False)
        run("ip", "link", "delete", near, check=False)
