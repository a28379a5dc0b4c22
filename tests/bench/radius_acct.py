"""`radius_acct`: accounting on the wire and into the tables.

`wire`: Accounting-Requests that go a second from the wire into the Redis stream with the product's
configuration (FreeRADIUS answers once a line is written, and the forwarder runs beside it; the time
ends when all are in the stream; so many that the forwarder's last 20 to 45 ms are as little of
it as of an hour) over the same server that answers `ok` and keeps nothing. Both get
the same interim updates: 28 attributes, as a BRAS sends them (place of the line, MAC, address,
Class, both parts of Option 82, counters in 64 bit, times). `ingest`: packets that the worker
takes from the stream into sessions a second, over a bare loop that upserts the same rows,
which it has in hand, into a table with the same indexes, in batches of the same size.
"""

import re
import struct
import time
from base64 import b64encode
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis
from django.db import connection, transaction

from network import spool, stream
from network.accounting import SessionFacts
from network.entry_facts import facts_of
from project.core import clock
from project.process import programs
from tests.bench._harness import Result, bench_database, execute, in_turn, note, run
from tests.bench.radius_auth import adsl
from tests.support import radius_wire as wire
from tests.support import services
from tests.support.ports import free_udp_port
from tests.support.radius_system import FORWARDER, INGEST, RadiusSystem, radius_system
from tests.support.redis_server import RedisServer
from tests.support.stack import udp_bound

SECRET = "bench-bras-secret"
SESSIONS = 100_000
WIRE_PACKETS = 120_000
INGEST_PACKETS = 20_000
WINDOW, WIRE_ROUNDS, ROUNDS = 32, 9, 5  # the wire varies by a fifteenth from round to round
BARE = """
INSERT INTO bench_floor AS s (unique_id, acct_session_id, nas_address, login, mac, framed_ip,
    started_at, last_seen_at, in_octets, out_octets, session_time_s)
SELECT * FROM unnest(%(unique_id)s::text[], %(acct_session_id)s::text[], %(nas_address)s::inet[],
    %(login)s::text[], %(mac)s::text[], %(framed_ip)s::inet[], %(started_at)s::timestamptz[],
    %(last_seen_at)s::timestamptz[], %(in_octets)s::bigint[], %(out_octets)s::bigint[],
    %(session_time_s)s::bigint[])
ON CONFLICT (unique_id) DO UPDATE
SET in_octets = GREATEST(s.in_octets, EXCLUDED.in_octets),
    out_octets = GREATEST(s.out_octets, EXCLUDED.out_octets),
    session_time_s = GREATEST(s.session_time_s, EXCLUDED.session_time_s),
    last_seen_at = GREATEST(s.last_seen_at, EXCLUDED.last_seen_at),
    started_at = LEAST(s.started_at, EXCLUDED.started_at),
    framed_ip = COALESCE(EXCLUDED.framed_ip, s.framed_ip)
"""
COLUMNS = (
    "unique_id", "acct_session_id", "nas_address", "login", "mac", "framed_ip", "started_at",
    "last_seen_at", "in_octets", "out_octets", "session_time_s",
)  # fmt: skip


def measure(scale: float) -> Result:
    """Both ratios; the wire first, on a system of its own."""
    with ExitStack() as undo:
        folder = undo.enter_context(TemporaryDirectory(prefix="geobill-bench-"))
        server = RedisServer(Path(folder), fsync="everysec")
        server.start()
        undo.callback(server.kill)
        wire_ratio, wire_rates = _wire(server, packets=round(WIRE_PACKETS * scale))
        ingest_ratio, ingest_rates = _ingest(server, scale=scale)
    return Result(
        "radius_acct",
        {"wire": wire_ratio, "ingest": ingest_ratio},
        {**wire_rates, **ingest_rates},
    )


# ---- the wire -----------------------------------------------------------------------------------


def _wire(server: RedisServer, *, packets: int) -> tuple[float, dict[str, int]]:
    """Nobody takes the packets in meanwhile: it is the way into the stream that is measured."""
    with radius_system(
        unblock=nullcontext, secret=SECRET, redis_port=server.port, label="bench_wire"
    ) as system:
        system.parts.stop(INGEST)
        system.parts.stop(FORWARDER)
        with system.database():
            services.nas(secret=SECRET)
        port = _start(system, name="ours", says_ok=False)
        system.parts.start(programs.accounting_forwarder(run=_run_of(system, name="ours")))
        floor_port = _start(system, name="floor", says_ok=True)
        turn = iter(range(10_000))

        def ours() -> float:
            rate = _flood(port, packets=packets, turn=next(turn))
            return packets / (packets / rate + _until_sent_s(server.client, packets=packets))

        def floor() -> float:
            return _flood(floor_port, packets=packets, turn=next(turn))

        ratio, mine, bare = in_turn(ours=ours, floor=floor, rounds=WIRE_ROUNDS)
    note(f"wire: {mine:.0f} packets a second; `accounting {{ ok }}` {bare:.0f}")
    return ratio, {"wire_per_s": round(mine), "ok_per_s": round(bare)}


def _start(system: RadiusSystem, *, name: str, says_ok: bool) -> int:
    """A FreeRADIUS with the product's configuration; or one whose accounting section says ok."""
    parts, port = system.parts, free_udp_port()
    raddb = parts.var / f"raddb-{name}"
    ports = ("--auth-port", str(free_udp_port()), "--acct-port", str(port))
    place = ("--out", str(raddb), "--run-dir", str(_run_of(system, name=name)))
    parts.manage("render_raddb", *place, *ports)
    if says_ok:
        _say_ok(raddb / "sites" / "geobill")
    program = programs.freeradius(raddb=raddb)
    parts.start(replace(program, name=f"freeradius-{name}"))
    parts.wait_for(f"freeradius-{name}", udp_bound(port))
    return port


def _say_ok(site: Path) -> None:
    """Every accounting section: each driver in use has a server."""
    section = r"\n\taccounting \{.*?\n\t\}"
    text, many = re.subn(section, "\n\taccounting {\n\t\tok\n\t}", site.read_text(), flags=re.S)
    assert many >= 1
    site.write_text(text)


def _until_sent_s(client: redis.Redis, *, packets: int) -> float:
    """Seconds from now until the last packet is in the stream, by the time that Redis gave it: to
    count them takes the bench longer than that. Empties the stream."""
    begin, sent = time.time(), 0
    last = "-"
    while sent < packets:
        found: Any = client.xrange(stream.STREAM, min=last)
        for name, told in found:
            sent += len(told[b"p"].split())
            last = f"({name.decode()}"
        time.sleep(0.002)
    assert sent == packets
    client.delete(stream.STREAM)
    return max(int(last[1:].split("-")[0]) / 1000 - begin, 0.0)


def _run_of(system: RadiusSystem, *, name: str) -> Path:
    return system.parts.var / f"freeradius-{name}"


def _flood(port: int, *, packets: int, turn: int) -> float:
    ready = wire.numbered(
        (_interim(place, octets=turn * 1000 + 1) for place in range(packets)),
        secret=SECRET.encode(),
    )
    rate, codes = wire.flood(ready, port=port, window=WINDOW)
    assert codes == {wire.ACCOUNTING_RESPONSE: packets}, codes
    return rate


def _interim(place: int, *, octets: int) -> bytes:
    """An interim update as a BRAS sends it, of PPPoE over Ethernet (RFC 2865, 2866, 2869, 4679)."""
    session = f"81{place:08x}".encode()
    mac = bytes((2, 0, *place.to_bytes(4))).hex(":").upper()
    parts = [
        (4, bytes((127, 0, 0, 1))),  # NAS-IP-Address
        (5, number(place + 1)),  # NAS-Port
        (6, number(2)),  # Service-Type: Framed-User
        (7, number(1)),  # Framed-Protocol: PPP
        (8, bytes((10, *place.to_bytes(3)))),  # Framed-IP-Address
        (30, b"service1"),  # Called-Station-Id
        (32, b"bras-bench"),  # NAS-Identifier
        (41, number(0)),  # Acct-Delay-Time
        (45, number(1)),  # Acct-Authentic: RADIUS
        (47, number(400)),  # Acct-Input-Packets
        (48, number(900)),  # Acct-Output-Packets
        (50, session),  # Acct-Multi-Session-Id
        (55, number(int(time.time()))),  # Event-Timestamp
        (61, number(15)),  # NAS-Port-Type: Ethernet
        (77, b"1000000000"),  # Connect-Info
        (87, b"ether1-access"),  # NAS-Port-Id
        (wire.CALLING_STATION, mac.encode()),
        (26, adsl(1, f"sw-{place}/0/1")),  # ADSL-Agent-Circuit-Id
        (26, adsl(2, f"rem-{place}")),  # ADSL-Agent-Remote-Id
    ]
    return wire.accounting(
        status=wire.INTERIM,
        session=session.decode(),
        login=f"gb{place}",
        told_class=f"s:{place + 1}:0123456789abcdef".encode(),
        seconds=300,
        sent_octets=octets,
        more=b"".join(wire.octets(kind, value) for kind, value in parts),
    )


def number(value: int) -> bytes:
    """The value of an integer attribute."""
    return struct.pack("!I", value)


# ---- into the tables ----------------------------------------------------------------------------


def _ingest(server: RedisServer, *, scale: float) -> tuple[float, dict[str, int]]:
    sessions, packets = round(SESSIONS * scale), round(INGEST_PACKETS * scale)
    with bench_database("radius_acct"):
        services.nas(secret=SECRET)
        entries = _entries(sessions)
        worker = stream.Worker(client=server.client, name="bench")
        worker.step(block_ms=0)
        facts = [_facts(entry) for entry in entries]
        _make_floor()
        for first in range(0, sessions, stream.BATCH_MAX):
            _bare(facts[first : first + stream.BATCH_MAX])
        _drain(worker, server.client, entries)
        execute("VACUUM ANALYZE network_session, bench_floor")
        turn = iter(range(1, 10_000))

        def ours() -> float:
            chosen = _chosen(entries, packets, turn=next(turn))
            return _drain(worker, server.client, chosen)

        def floor() -> float:
            chosen = [_facts(entry) for entry in _chosen(entries, packets, turn=next(turn))]
            begin = time.perf_counter()
            for first in range(0, packets, stream.BATCH_MAX):
                _bare(chosen[first : first + stream.BATCH_MAX])
            return packets / (time.perf_counter() - begin)

        ratio, mine, bare = in_turn(ours=ours, floor=floor, rounds=ROUNDS)
        assert execute("SELECT count(*) FROM network_session") == sessions
    note(f"ingest: {mine:.0f} packets a second; bare upsert {bare:.0f}")
    return ratio, {"ingest_per_s": round(mine), "bare_per_s": round(bare)}


def _entries(sessions: int) -> list[list[bytes]]:
    """Entries as FreeRADIUS writes them, up to the place where they change."""
    now = int(clock.now().timestamp()) - 3600
    made = []
    for place in range(sessions):
        name = base64(f"gb{place}")
        told = octets(f"s:{place + 1}:0123456789abcdef")
        session = octets(f"81{place:08x}")
        station = base64(bytes((2, 0, *place.to_bytes(4))).hex(":"))
        head = f"5{now}Interim-Update|127.0.0.1{told}|{name}|{station}|"
        address = f"10.{place >> 16 & 255}.{place >> 8 & 255}.{place & 255}"
        made.append([f"{head}{address}{session}|".encode(), b"||"])
    return made


def octets(text: str) -> str:
    return f"0x{text.encode().hex()}"


def base64(text: str) -> str:
    """As the form of most entries has text."""
    return b64encode(text.encode()).decode()


def _entry(parts: Sequence[bytes], *, turn: int) -> bytes:
    """A whole one; `parts` are its head and its tail, or it alone."""
    if len(parts) == 1:
        return parts[0]
    head, tail = parts
    return head + f"{300 * turn}|{1000 * turn}|0|{9000 * turn}|0|".encode() + tail


def _chosen(entries: list[list[bytes]], packets: int, *, turn: int) -> list[list[bytes]]:
    """Another part of the sessions each time, an interim update further."""
    first = turn * packets % len(entries)
    around = entries[first:] + entries[:first]
    return [[_entry(parts, turn=turn + 1)] for parts in around[:packets]]


def _facts(parts: Sequence[bytes]) -> SessionFacts:
    facts = facts_of(_entry(parts, turn=1), received_at=clock.now())
    assert isinstance(facts, SessionFacts)
    return facts


def _drain(worker: stream.Worker, client: redis.Redis, chosen: list[list[bytes]]) -> float:
    """Put them into the stream, then measure how fast the worker takes them out."""
    with client.pipeline(transaction=False) as pipe:
        packets = b"".join(_entry(parts, turn=1) + stream.MANY for parts in chosen)
        for entry in spool.entries_of(packets):
            pipe.xadd(stream.STREAM, {b"p": entry})
        pipe.execute()
    begin, taken = time.perf_counter(), 0
    while taken < len(chosen):
        taken += worker.step(block_ms=0)
    rate = taken / (time.perf_counter() - begin)
    assert client.xlen(stream.STREAM) == 0
    return rate


def _make_floor() -> None:
    execute("CREATE TABLE bench_floor (LIKE network_session INCLUDING ALL)")
    execute("ALTER TABLE bench_floor SET (fillfactor = 60)")
    for name in (
        "counted_day",
        "circuit_hex",
        "remote_hex",
        "nas_port_id",
        "nonce",
        "is_guest",
        "before_in_octets",
        "before_out_octets",
        "wrap_points",
        "state",
    ):
        execute(f"ALTER TABLE bench_floor ALTER COLUMN {name} DROP NOT NULL")


def _bare(facts: Sequence[SessionFacts]) -> None:
    columns = {name: [getattr(one, name) for one in facts] for name in COLUMNS}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BARE, columns)


if __name__ == "__main__":
    run(__doc__ or "", measure)
