"""`./run chaos radius`: parts of provisioning are killed and hung under load, on the wire.

A real FreeRADIUS with its REST group, Redis, the worker of the accounting stream and Celery's
worker stand on a private PostgreSQL cluster. Threads act as BRASes over UDP: they log in, and they
send accounting again until it is answered, some of it twice and out of order. In turn the REST
process is killed and hung (SIGSTOP), Redis and the forwarder of the spool are killed and hung, the
worker and PostgreSQL are killed, FreeRADIUS is killed and begins anew, at last also while
PostgreSQL is dead. Then:

* every log-in of a known subscriber was answered with an Accept, in each fault
* who was blocked before a fault is never let in; who is blocked during it is cut on recovery
* all accounting that was answered is stored, once: sessions, counters and the traffic of days
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path

import django

from tests.chaos import _radius_load as load
from tests.chaos._cluster import Cluster, private_cluster
from tests.chaos._radius_load import (
    SECRET,
    Known,
    LossError,
    Tally,
    World,
    block,
    bras_of,
    open_session,
    require,
    require_answer,
    wait,
)
from tests.support import radius_wire as wire
from tests.support.redis_server import RedisServer

SUBSCRIBERS = 12
FAULT_S = 12.0
# Of log-ins under a fault, how many the first packet must bring an answer for.
AT_ONCE_PERCENT = 95.0
AT_REST = "none (undisturbed)"
PATHS = ("rest", "fast")
NO_DATABASE = ("PostgreSQL killed", "… FreeRADIUS too")


def main() -> int:
    """Go through the faults; 0 when nothing was lost and nobody let in."""
    parser = argparse.ArgumentParser(description="Kill and hang parts of provisioning under load")
    parser.add_argument("--seed", type=int, default=None, help="repeat the choices of another time")
    parser.add_argument("--seconds", type=float, default=FAULT_S, help="length of each fault")
    parser.add_argument("--path", choices=PATHS, default="rest", help="who is asked first")
    options = parser.parse_args()
    # Ended from outside, it must still end its parts.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(10**9)
    print(
        f"chaos radius: {options.seconds:.0f} s a fault, --path {options.path} --seed {seed}",
        flush=True,
    )
    with ExitStack() as undo:
        cluster = undo.enter_context(private_cluster())
        os.environ.update(cluster.env, DJANGO_SETTINGS_MODULE="tests.chaos.settings")
        django.setup()
        try:
            chance = random.Random(seed)
            world = undo.enter_context(_world(cluster, chance=chance, path=options.path))
            _faults(world, seconds=options.seconds)
        except LossError as error:
            print(f"LOST: {error}; repeat with --seed {seed}", flush=True)
            return 1
    print("no record was lost or doubled, everybody was answered, nobody was let in", flush=True)
    return 0


@contextmanager
def _world(cluster: Cluster, *, chance: random.Random, path: str) -> Iterator[World]:
    """All parts running, with subscribers who have logged in once."""
    from project.celery import app
    from project.process import programs
    from tests.support import services
    from tests.support.fake_bras import FakeBras
    from tests.support.radius_system import radius_system
    from tests.support.stack import worker_answers

    with ExitStack() as undo:
        redis = RedisServer(Path(undo.enter_context(tempfile.TemporaryDirectory())))
        redis.start()
        undo.callback(redis.kill)
        app.conf.broker_url = f"redis://127.0.0.1:{redis.port}/0"
        bras = undo.enter_context(FakeBras(secret=SECRET))
        system = undo.enter_context(
            radius_system(
                unblock=nullcontext,
                secret=SECRET,
                redis_port=redis.port,
                database="geobill",
                path=path,
                keeps_standby=True,
            )
        )
        parts = system.parts
        parts.start(programs.worker(queue="default,network,jobs", concurrency=1))
        name = "worker-default,network,jobs"
        parts.wait_for(name, worker_answers(parts.logs / f"{name}.log"))
        parts.start(programs.beat(run_dir=parts.var))
        world = World(system, redis, cluster, bras, chance)
        services.pool()
        services.nas(secret=SECRET, coa_port=bras.port)
        for _number in range(SUBSCRIBERS):
            world.subscribers.append(_subscriber())
        for one in world.subscribers:
            answer = bras_of(world).log_in(login=one.login, password=one.password)
            require(
                answer.code == wire.ACCESS_ACCEPT, f"{one.login} cannot log in at the beginning"
            )
        yield world


def _subscriber() -> Known:
    from network.models import RadiusDecision
    from tests.support import services

    row = RadiusDecision.objects.get(subscription=services.service())
    return Known(row.subscription_id, row.login, row.password)


# ---- the faults ---------------------------------------------------------------------------------


def _faults(world: World, *, seconds: float) -> None:
    from project.process import programs
    from tests.support.radius_system import FORWARDER, INGEST, SERVER

    system, redis = world.system, world.redis

    def worker_starts() -> None:
        system.parts.start(programs.accounting_ingest())

    def forwarder_starts() -> None:
        system.parts.start(programs.accounting_forwarder())

    def server_begins_anew() -> None:
        system.parts.stop(SERVER, number=9)
        system.parts.start(programs.freeradius(raddb=system.parts.var / "raddb"))

    def both_are_killed() -> None:
        world.cluster.kill()
        server_begins_anew()

    plan: list[tuple[str, Callable[[], None], Callable[[], None]]] = [
        (AT_REST, lambda: None, lambda: None),
        ("REST process killed", _kill_rest(world), system.start_rest),
        ("REST process hung", system.freeze_rest, system.thaw_rest),
        ("Redis killed", redis.kill, redis.start),
        ("Redis hung", redis.freeze, redis.thaw),
        ("forwarder killed", lambda: system.parts.stop(FORWARDER, number=9), forwarder_starts),
        (
            "forwarder hung",
            lambda: system.send(FORWARDER, signal.SIGSTOP),
            lambda: system.send(FORWARDER, signal.SIGCONT),
        ),
        ("FreeRADIUS killed", server_begins_anew, lambda: None),
        ("ingest worker killed", lambda: system.parts.stop(INGEST, number=9), worker_starts),
        (NO_DATABASE[0], world.cluster.kill, world.cluster.start),
        (NO_DATABASE[1], both_are_killed, world.cluster.start),
    ]
    print(
        f"  {'fault':22} {'log-ins':>8} {'accepted':>9} {'1st try':>8} {'slowest':>8}"
        f" {'blocked in':>11} {'records':>8} {'doubled':>8} {'stored':>8} {'whole in':>9}",
        flush=True,
    )
    for name, begin, end in plan:
        _fault(world, name=name, begin=begin, end=end, seconds=seconds)
    _replay(world)


def _kill_rest(world: World) -> Callable[[], None]:
    from tests.support.radius_system import REST

    return lambda: world.system.parts.stop(REST, number=9)


def _fault(
    world: World,
    *,
    name: str,
    begin: Callable[[], None],
    end: Callable[[], None],
    seconds: float,
) -> None:
    """One fault under load, with one blocked before it and one blocked during it."""
    from django.db import connection

    tally = Tally()
    before, during = _subscriber(), _subscriber()
    for one in (before, during):  # the breaker stays open for a moment after a fault
        wait(partial(_is_let_in, world, one), f"{one.login} cannot log in before {name}")
    session = open_session(world, during)
    block(before)
    # His router tries again when it has been cut off.
    refused = bras_of(world).log_in(login=before.login, password=before.password)
    require(refused.code == wire.ACCESS_REJECT, f"a block was not obeyed before {name}")
    world.blocked = before
    ends = threading.Event()
    threads = [
        threading.Thread(target=work, args=(world, tally, ends))
        for work in (load.log_ins, load.blocked_log_ins, load.records, load.records)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds / 4)
    begin()
    if name not in NO_DATABASE:
        block(during)
    time.sleep(seconds)
    connection.close()
    end()
    begin_s = time.monotonic()
    if name in NO_DATABASE:
        block(during)
    ends.set()
    for thread in threads:
        thread.join()
    _becomes_whole(world, name=name)
    _is_cut(world, during, session=session, name=name)
    whole_s = time.monotonic() - begin_s
    _tell(world, tally, name=name, whole_s=whole_s)


def _is_let_in(world: World, one: Known) -> bool:
    answer = bras_of(world).log_in(login=one.login, password=one.password)
    return answer.code == wire.ACCESS_ACCEPT


def _tell(world: World, tally: Tally, *, name: str, whole_s: float) -> None:
    share = 100 * tally.at_once / max(tally.log_ins, 1)
    print(
        f"  {name:22} {tally.log_ins:8} {tally.accepted:9} {share:7.1f}% {tally.slowest_s:6.2f} s"
        f" {tally.blocked_let_in:5}/{tally.blocked_asked:<5} {tally.records:8} {tally.doubled:8}"
        f" {len(world.octets):8} {whole_s:7.1f} s",
        flush=True,
    )
    require(tally.log_ins > 0 and tally.records > 0, f"{name}: there was no load")
    require(tally.accepted == tally.log_ins, f"{name}: {tally.log_ins - tally.accepted} log-ins")
    require(share >= AT_ONCE_PERCENT, f"{name}: only {share:.1f} % were answered at the first try")
    require(tally.blocked_let_in == 0, f"{name}: who was blocked before was let in")


# ---- afterwards ---------------------------------------------------------------------------------


def _becomes_whole(world: World, *, name: str) -> None:
    """All that was answered is stored."""
    wait(lambda: _missing(world) == 0, f"after {name}: {_missing(world)} sessions are not right")
    stored = _stored(world)
    require(stored == _expected(world), f"after {name}: sessions are there that nobody told of")


def _expected(world: World) -> dict[str, tuple[int, bool]]:
    return {key: (octets, key in world.stopped) for key, octets in world.octets.items()}


def _stored(world: World) -> dict[str, tuple[int, bool]]:
    from network.models import Session, SessionHistory

    rows: list[tuple[str, int, bool]] = []
    # History first: who is closed between the two looks is missed, not seen twice.
    for model, is_closed in ((SessionHistory, True), (Session, False)):
        found = model.objects.values_list("acct_session_id", "out_octets")
        rows += [(key, octets, is_closed) for key, octets in found]
    stored = {key: (octets, is_closed) for key, octets, is_closed in rows}
    require(len(stored) == len(rows), "a session is stored twice")
    return stored


def _missing(world: World) -> int:
    from django.db import DatabaseError, connection

    try:
        stored = _stored(world)
    except DatabaseError:
        connection.close()
        return len(world.octets)
    return sum(stored.get(key) != told for key, told in _expected(world).items())


def _is_cut(world: World, one: Known, *, session: str, name: str) -> None:
    """The BRAS is told to end his session, and he is refused from now on."""

    def told() -> bool:
        asked = [str(packet.get("Acct-Session-Id", "")) for packet in list(world.bras.received)]
        return any(session in one for one in asked)

    wait(told, f"after {name}: the session of who was blocked during it goes on")
    bras = bras_of(world, tries=1)

    def refused() -> bool:
        answer = bras.log_in(login=one.login, password=one.password)
        return answer.code == wire.ACCESS_REJECT

    wait(refused, f"after {name}: who was blocked during it is let in")


def _replay(world: World) -> None:
    """Everything that was ever sent, once more and in another order: nothing may change."""
    before = _stored(world)
    traffic = _traffic(world)
    packets = world.chance.sample(world.sent, len(world.sent))
    bras = bras_of(world, acct=True, tries=60)
    for attributes in packets:
        require_answer(bras.account(attributes), "a replayed record")
    from network import stream

    client = world.redis.client
    wait(lambda: world.system.all_is_sent(client), "the spool is not sent to its end")
    wait(lambda: stream.waiting(client=client) == 0, "the stream is not read to its end")
    require(_stored(world) == before, "a replay has changed sessions")
    told = sum(world.octets.values())
    require(traffic == told, f"the days carry {traffic} octets, the sessions {told}")
    require(_traffic(world) == told, "a replay has changed the traffic of days")
    print(
        f"  replay of all {len(packets)} records: {len(before)} sessions, {told} octets as before",
        flush=True,
    )


def _traffic(world: World) -> int:
    """Octets to users by the totals of days and the running day."""
    from django.db.models import F, Sum

    from network.models import Session, TrafficDay

    ended = TrafficDay.objects.aggregate(total=Sum("out_octets"))["total"] or 0
    running = Session.objects.aggregate(total=Sum(F("out_octets") - F("before_out_octets")))
    return int(ended) + int(running["total"] or 0)


if __name__ == "__main__":
    sys.exit(main())
