"""`radius_auth`: Access-Requests (PAP) that are answered in a second, over real UDP.

`fast`: FreeRADIUS asks PostgreSQL itself; `told`: the same, and each Accept is a line in the spool
for the time line, as by default; `rest`: it asks Django. Floor: the same FreeRADIUS with a static
users file of the same services, which reads it once and then works in memory. Each request
is another service's, with the 15 attributes that a BRAS sends (MAC and Option 82 among them, which
ours compares and the users file does not); each Accept carries address, speed, times and Class.
Beside it runs what keeps the answers for an outage (`keep_standby`), as by default.
An answer that another part made (the database for the REST group, the cache for either) is refused:
the run fails then, and does not count it.
"""

import random
import re
import struct
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from django.db import connection

from network import fastpath
from network.models import RadiusDecision
from project.core import clock
from project.process import programs
from tests.bench._harness import Result, execute, in_turn, note, run
from tests.support import radius_wire as wire
from tests.support import services
from tests.support.ports import free_udp_port
from tests.support.radius_system import RadiusSystem, radius_system
from tests.support.stack import udp_bound

SECRET = "bench-bras-secret"
SERVICES = 100_000
FAST_PACKETS, REST_PACKETS = 10_000, 3_000
WINDOW, ROUNDS = 32, 5
ACCESS_ACCEPT, ACCESS_REJECT = 2, 3
FILES = """files {{
	usersfile = "{path}"
}}
"""
USER = """gb{number} Cleartext-Password := "pw{number}"
	Framed-IP-Address = {address},
	Mikrotik-Rate-Limit = "100M/300M",
	Acct-Interim-Interval = 300,
	Session-Timeout = 86400,
	Class = "s:{number}:01234567"

"""


def measure(scale: float) -> Result:
    """Both ratios on one system; each round against the static server."""
    many = max(round(SERVICES * scale), 1_000)
    with radius_system(
        unblock=nullcontext, secret=SECRET, label="bench_auth", keeps_standby=True
    ) as system:
        with system.database():
            services.pool()
            services.nas(secret=SECRET)
            build(many)
        fast_port = start(system, path="fast")
        told_port = start(system, path="fast", name="told", accounting="stream")
        rest_port = start(system, path="rest")
        floor_port = start(system, users=many)
        chance = random.Random(7)

        def rate(port: int, packets: int) -> float:
            chosen = [chance.randint(1, many) for _ in range(packets)]
            ready = [
                wire.pap_packet(
                    login=f"gb{number}",
                    password=f"pw{number}",
                    ident=place % 256,
                    secret=SECRET.encode(),
                    more=equipment(number),
                )
                for place, number in enumerate(chosen)
            ]
            told, codes = wire.flood(ready, port=port, window=WINDOW)
            check(codes, packets)
            return told

        for port in (fast_port, told_port, floor_port, rest_port):
            warm_up(port)

        fast_count, rest_count = (
            max(round(one * scale), 500) for one in (FAST_PACKETS, REST_PACKETS)
        )
        fast = in_turn(
            ours=lambda: rate(fast_port, fast_count),
            floor=lambda: rate(floor_port, fast_count),
            rounds=ROUNDS,
        )
        note(f"fast: {fast[1]:.0f} a second; static users {fast[2]:.0f}")
        told = in_turn(
            ours=lambda: rate(told_port, fast_count),
            floor=lambda: rate(floor_port, fast_count),
            rounds=ROUNDS,
        )
        note(f"told: {told[1]:.0f} a second; static users {told[2]:.0f}")
        rest = in_turn(
            ours=lambda: rate(rest_port, rest_count),
            floor=lambda: rate(floor_port, fast_count),
            rounds=ROUNDS,
        )
        note(f"rest: {rest[1]:.0f} a second; static users {rest[2]:.0f}")
    figures = {
        "fast_per_s": round(fast[1]),
        "told_per_s": round(told[1]),
        "rest_per_s": round(rest[1]),
        "static_per_s": round(fast[2]),
        "services": many,
    }
    return Result("radius_auth", {"fast": fast[0], "told": told[0], "rest": rest[0]}, figures)


def equipment(number: int) -> bytes:
    """What a BRAS tells beside name and password: itself, the port and the device of a service."""
    mac = "02" + f"{number:010X}"
    parts = [
        (4, bytes((10, 0, 0, 1))),  # NAS-IP-Address
        (5, struct.pack("!I", number)),  # NAS-Port
        (6, struct.pack("!I", 2)),  # Service-Type: Framed-User
        (7, struct.pack("!I", 1)),  # Framed-Protocol: PPP
        (30, b"pppoe-clients"),  # Called-Station-Id
        (31, ":".join(mac[at : at + 2] for at in range(0, 12, 2)).encode()),  # Calling-Station-Id
        (32, b"bras-bench"),  # NAS-Identifier
        (44, f"81{number:06x}".encode()),  # Acct-Session-Id
        (61, struct.pack("!I", 15)),  # NAS-Port-Type: Ethernet
        (77, b"1000000000"),  # Connect-Info
        (87, b"ether1-access"),  # NAS-Port-Id
        (26, adsl(1, f"sw-{number}/0/1")),  # ADSL-Agent-Circuit-Id
        (26, adsl(2, f"rem-{number}")),  # ADSL-Agent-Remote-Id
    ]
    return b"".join(wire.octets(kind, value) for kind, value in parts)


def adsl(kind: int, text: str) -> bytes:
    """An attribute of the Broadband Forum (RFC 4679)."""
    return struct.pack("!IBB", 3561, kind, len(text) + 2) + text.encode()


def check(codes: dict[int, int], packets: int) -> None:
    """Everybody was let in, and by who was asked."""
    if codes.get(ACCESS_REJECT):
        raise AssertionError(
            f"{codes[ACCESS_REJECT]} of {packets} answers were not made by the part that is"
            " measured: the database or the cache stood in for it"
        )
    if codes != {ACCESS_ACCEPT: packets}:
        raise AssertionError(f"not everybody was let in: {codes} (2: let in, 0: no answer)")


def warm_up(port: int) -> None:
    """Until the server knows the BRAS and has its connections: nothing is lost after that."""
    for _attempt in range(20):
        ready = [
            wire.pap_packet(login="gb1", password="pw1", ident=one, secret=SECRET.encode())
            for one in range(200)
        ]
        _told, codes = wire.flood(ready, port=port, window=WINDOW // 2)
        if codes == {ACCESS_ACCEPT: len(ready)}:
            return
    raise AssertionError(f"the server at {port} does not answer all: {codes}")


def build(many: int) -> None:
    """So many services with full access, copied from a real one; login gbN, password pwN."""
    first = services.service()
    fastpath.rebuild(at=clock.now())
    assert RadiusDecision.objects.get().replies, "the reply is not ready"
    execute("DELETE FROM network_ipassignment")
    copy("billing_subscription", many, {"id": "1000000 + n"}, source=f"id = {first.id}")
    address = "host('10.128.0.0'::inet + n)"
    copy(
        "radius_decision",
        many,
        {
            "subscription_id": "1000000 + n",
            "login": "'gb' || n",
            "password": "'pw' || n",
            "mac": "'02' || lpad(to_hex(n), 10, '0')",
            "circuit_hex": "encode(convert_to('sw-' || n || '/0/1', 'UTF8'), 'hex')",
            "remote_hex": "encode(convert_to('rem-' || n, 'UTF8'), 'hex')",
            "framed_ip": f"({address})::inet",
            "replies": f"jsonb_set(replies, '{{mikrotik,Framed-IP-Address}}', to_jsonb({address}))",
        },
        source=f"subscription_id = {first.id}",
        before=f"UPDATE radius_decision SET login = 'first' WHERE subscription_id = {first.id}",
    )
    execute("VACUUM ANALYZE radius_decision")


def copy(
    table: str, many: int, changed: dict[str, str], *, source: str, before: str = "SELECT 1"
) -> None:
    """Copies of a row, numbered by n from 1."""
    with connection.cursor() as cursor:
        cursor.execute(before)
        cursor.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass"
            " AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
            [table],
        )
        columns = [row[0] for row in cursor.fetchall()]
        told = ", ".join(f'"{name}"' for name in columns)
        values = ", ".join(changed.get(name, f'"{name}"') for name in columns)
        cursor.execute(
            f"INSERT INTO {table} ({told}) SELECT {values}"
            f" FROM {table}, generate_series(1, %s) AS n WHERE {source}",
            [many],
        )


def start(
    system: RadiusSystem,
    *,
    path: str = "fast",
    users: int = 0,
    name: str = "",
    accounting: str = "rest",
) -> int:
    """Another FreeRADIUS beside the system's own: one of the paths, or (`users`) a static file."""
    parts, port = system.parts, free_udp_port()
    name = name or ("floor" if users else path)
    raddb = parts.var / f"raddb-{name}"
    place = ("--out", str(raddb), "--run-dir", str(parts.var / f"freeradius-{name}"))
    ports = ("--auth-port", str(port), "--acct-port", str(free_udp_port()))
    ways = ("--path", path, "--accounting", accounting)
    parts.manage("render_raddb", *place, *ports, *ways)
    if users:
        make_static(raddb, users=users)
    else:
        only_by(raddb, source=path)
    program = programs.freeradius(raddb=raddb)
    parts.start(replace(program, name=f"freeradius-{name}"))
    parts.wait_for(f"freeradius-{name}", udp_bound(port))
    return port


def only_by(raddb: Path, *, source: str) -> None:
    """Refuse what another part answered in the place of the one that is asked first."""
    site = raddb / "server" / "sections"
    head = "\npost-auth {\n"
    wanted = f'!&Bill-Authz-Source || (&Bill-Authz-Source != "{source}")'
    text = site.read_text()
    assert text.count(head) == 1
    site.write_text(text.replace(head, f"{head}\tif ({wanted}) {{\n\t\treject\n\t}}\n"))


def make_static(raddb: Path, *, users: int) -> None:
    """The users file, and a site that knows nothing else."""
    path = raddb / "users"
    with path.open("w") as stream:
        for number in range(1, users + 1):
            address = f"10.{128 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"
            stream.write(USER.format(number=number, address=address))
    (raddb / "mods" / "files").write_text(FILES.format(path=path))
    site = raddb / "server" / "sections"
    text = re.sub(
        r"\nauthorize \{.*?\n\}", "\nauthorize {\n\tfiles\n\tpap\n}", site.read_text(),
        count=1, flags=re.S,
    )  # fmt: skip
    text = re.sub(r"\npost-auth \{.*?\n\}", "\npost-auth {\n}", text, count=1, flags=re.S)
    site.write_text(text)


if __name__ == "__main__":
    run(__doc__ or "", measure)
