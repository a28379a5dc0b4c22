"""A DHCP client, a relay that adds a real Option 82, and FreeRADIUS as the DHCP server: the address
is the one that Geobill decides for the port and the MAC.

    client namespace ──eth0/port7── relay namespace (dhcrelay -a) ──veth── here: FreeRADIUS :67
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker

from network import operations
from network.models import IpAssignment
from project.core.actor import SYSTEM
from project.process import programs
from tests.support import namespaces, services
from tests.support.namespaces import run
from tests.support.ports import free_udp_port
from tests.support.radius_system import RadiusSystem, radius_system
from tests.support.services import AT
from tests.support.stack import udp_bound

pytestmark = pytest.mark.stack

SECRET = "bras-secret"
SERVER = "10.213.0.1"
RELAY, CLIENT, NEAR, FAR = (f"gb{os.getpid()}{end}" for end in ("r", "c", "n", "f"))
SCRIPT = '#!/bin/sh\n[ "$1" = bound ] && echo "$ip $subnet $router $lease" > "{told}"\nexit 0\n'


@pytest.fixture(scope="module")
def radius(django_db_blocker: DjangoDbBlocker) -> Iterator[RadiusSystem]:
    namespaces.skip_where_impossible(("dhcrelay", "udhcpc", "freeradius"))
    if not Path("/usr/lib/freeradius/proto_dhcp.so").exists():
        pytest.skip("freeradius-dhcp is not installed")
    with ExitStack() as undo:
        undo.enter_context(namespaces.cabled(near=NEAR, far=FAR, relay=RELAY, client=CLIENT))
        unblock = django_db_blocker.unblock
        system = undo.enter_context(radius_system(unblock=unblock, secret=SECRET))
        raddb = system.parts.var / "raddb-dhcp"
        system.parts.manage(
            "render_raddb", "--out", str(raddb), "--run-dir", str(system.parts.var / "run-dhcp"),
            "--auth-port", str(free_udp_port()), "--acct-port", str(free_udp_port()),
            "--accounting", "rest", "--dhcp-host", SERVER, "--check",
        )  # fmt: skip
        system.parts.start(replace(programs.freeradius(raddb=raddb), name="freeradius-dhcp"))
        system.parts.wait_for("freeradius-dhcp", udp_bound(67))
        relay = subprocess.Popen(
            ["ip", "netns", "exec", RELAY, "dhcrelay", "-d", "-4", "-a", "-D",
             "-iu", FAR, "-id", "port7", SERVER],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        undo.callback(relay.wait)
        undo.callback(relay.terminate)
        yield system


def ask(radius: RadiusSystem, *, mac: str, tries: int = 4) -> list[str]:
    """What a DHCP client of that MAC was bound to: address, mask, router, lease; [] for nothing."""
    told = radius.parts.var / f"bound-{mac.replace(':', '')}"
    script = radius.parts.var / "udhcpc.sh"
    script.write_text(SCRIPT.format(told=told), encoding="utf-8")
    script.chmod(0o755)
    inside = ("ip", "netns", "exec", CLIENT)
    run(*inside, "ip", "link", "set", "eth0", "down")
    run(*inside, "ip", "link", "set", "eth0", "address", mac)
    run(*inside, "ip", "link", "set", "eth0", "up")
    run(
        *inside, "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", str(tries), "-T", "2",
        "-s", str(script), check=False,
    )  # fmt: skip
    return told.read_text(encoding="utf-8").split() if told.exists() else []


def test_port_and_mac_of_a_service_get_its_address_and_others_get_none(
    radius: RadiusSystem,
) -> None:
    with radius.database():
        services.nas(address="10.77.0.1", vendor="generic", secret=SECRET)
        services.pool(first="10.77.0.20", last="10.77.0.40", mode="DYNAMIC")
        sold = services.service()
        operations.set_equipment(
            subscription_id=sold.id,
            mac="02:00:00:00:00:77",
            circuit_hex=b"port7".hex(),
            at=AT,
            actor=SYSTEM,
        )
    bound = ask(radius, mac="02:00:00:00:00:77")
    assert bound == ["10.77.0.20", "255.255.255.0", "10.77.0.1", "300"]
    with radius.database():
        lease = IpAssignment.objects.get(subscription=sold)
    assert (lease.address, lease.device, lease.state) == ("10.77.0.20", "020000000077", "HELD")
    assert ask(radius, mac="02:00:00:00:00:78", tries=2) == []
