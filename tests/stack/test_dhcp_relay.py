"""A DHCP client, a relay that adds a real Option 82, and FreeRADIUS as the DHCP server: the address
is the one that Geobill decides for the port and the MAC.

    client namespace ──eth0/port7── relay namespace (dhcrelay -a) ──veth── here: FreeRADIUS :67
"""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from billing.models import Subscription
from network import operations, pools
from network.addressing import static
from network.models import IpAssignment, IpFree
from project.core import clock
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
LEASE_S = 12
MAC = "02:00:00:00:00:77"
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
            "--dhcp-lease", str(LEASE_S),
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
    told.unlink(missing_ok=True)
    inside = ("ip", "netns", "exec", CLIENT)
    run(*inside, "ip", "link", "set", "eth0", "down")
    run(*inside, "ip", "link", "set", "eth0", "address", mac)
    run(*inside, "ip", "link", "set", "eth0", "up")
    run(
        *inside, "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", str(tries), "-T", "2",
        "-s", str(script), check=False,
    )  # fmt: skip
    return told.read_text(encoding="utf-8").split() if told.exists() else []


@pytest.fixture(scope="module")
def sold(radius: RadiusSystem) -> Subscription:
    """A service whose addresses are lent to sessions, with its device and its port."""
    with radius.database():
        services.nas(address="10.77.0.1", vendor="generic", secret=SECRET)
        services.pool(first="10.77.0.20", last="10.77.0.40", mode="DYNAMIC")
        made = services.service()
        operations.set_equipment(
            subscription_id=made.id, mac=MAC, circuit_hex=b"port7".hex(), at=AT, actor=SYSTEM
        )
    return made


@contextmanager
def outage(radius: RadiusSystem) -> Iterator[None]:
    radius.stop_rest()
    try:
        yield
    finally:
        radius.start_rest()


@contextmanager
def database_away(radius: RadiusSystem) -> Iterator[None]:
    """What FreeRADIUS asks of it is a fault."""
    with radius.database(), connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION radius.lend RENAME TO lend_away")
    try:
        yield
    finally:
        with radius.database(), connection.cursor() as cursor:
            cursor.execute("ALTER FUNCTION radius.lend_away RENAME TO lend")


def address(radius: RadiusSystem, *, tries: int = 4) -> str | None:
    bound = ask(radius, mac=MAC, tries=tries)
    return bound[0] if bound else None


def test_port_and_mac_of_a_service_get_its_address_and_others_get_none(
    radius: RadiusSystem, sold: Subscription
) -> None:
    bound = ask(radius, mac=MAC)
    assert bound == ["10.77.0.20", "255.255.255.0", "10.77.0.1", str(LEASE_S)]
    with radius.database():
        lease = IpAssignment.objects.get(subscription=sold)
    assert (lease.address, lease.device, lease.state) == ("10.77.0.20", "020000000077", "HELD")
    assert ask(radius, mac="02:00:00:00:00:78", tries=2) == []


def test_in_an_outage_a_lent_address_is_the_databases_word_or_ends_with_a_lease(
    radius: RadiusSystem, sold: Subscription
) -> None:
    assert address(radius) == "10.77.0.20"
    with outage(radius):
        assert address(radius) == "10.77.0.20"
        with database_away(radius):
            assert address(radius) == "10.77.0.20", "held for it still"
            time.sleep(LEASE_S + 1)
            assert address(radius, tries=2) is None, "by now it may be another's"
        with radius.database():
            had = IpAssignment.objects.get(subscription=sold)
            pools.release(subscription_ids=[sold.id], at=AT)
            another = services.service()
            IpFree.objects.filter(address=had.address).update(last_subscription_id=another.id)
            taken = pools.hold(subscription_id=another.id, device="020000000099", at=clock.now())
        assert taken.ipv4 == "10.77.0.20"
        now = address(radius)
        assert now not in (None, "10.77.0.20")
        with radius.database():
            lease = IpAssignment.objects.get(subscription=sold)
        assert (str(lease.address), lease.state) == (now, "HELD")


def test_in_an_outage_his_own_address_stays_and_who_is_blocked_gets_none(
    radius: RadiusSystem, sold: Subscription
) -> None:
    with radius.database():
        static.assign(
            subscription_id=sold.id, kind="IPV4", address="10.77.0.33", at=AT, actor=SYSTEM
        )
    until = time.monotonic() + 15  # after an outage the REST group is left alone for a moment
    while address(radius) != "10.77.0.33":
        assert time.monotonic() < until
    with outage(radius):
        with database_away(radius):
            time.sleep(LEASE_S + 1)
            assert address(radius) == "10.77.0.33"
        time.sleep(3)  # until the database is asked again
        with radius.database():
            services.block(sold)
        assert address(radius, tries=2) is None
        with database_away(radius):
            assert address(radius, tries=2) is None, "it is forgotten"
