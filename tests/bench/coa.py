"""`coa`: a tariff is changed for 1,000 running sessions on one BRAS, which answers after 1 ms.

Figures: `p95_ms` from the commit of the change to the BRAS's acknowledgement, over all sessions,
and `total_s` until the last one; `block_p95_ms` and `unblock_p95_ms` the same for a debt and its
end; `dialects_p95_ms` the worst of these for BRASes of the other dialects. No session is ended for
any of them. All is as it runs: the commit wakes a Celery worker by Redis, which sends over the
socket; worker and BRAS are processes of their own.
"""

import multiprocessing
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction

from billing.models import Block, TariffVersion
from network import crypto, provisioning
from network.models import AccessAction, Nas, Session
from project.celery import app
from project.core import clock
from project.process import programs
from tests.bench._harness import Result, bench_database, execute, note, run
from tests.support import services
from tests.support.fake_bras import FakeBras, Manners
from tests.support.ports import free_udp_port
from tests.support.redis_server import private_redis
from tests.support.stack import environment, kill_group, worker_answers

SESSIONS = 1_000
ROUNDS = 3
DELAY_S = 0.001
LOOK_S = 0.02
LONGEST_S = 60.0
SECRET = "bench-secret"
VENDOR = "mikrotik"
DIALECTS = (
    "accel_ppp",
    "cisco_isg",
    "juniper_mx",
    "huawei_me60",
    "nokia_sr",
    "redback_se",
    "zte_m6000",
)


def serve(port: int) -> None:
    """The BRAS, until it is ended."""
    FakeBras(secret=SECRET, manners=Manners(delay_s=DELAY_S), port=port).serve()


def online(count: int, *, port: int, vendor: str) -> tuple[list[int], int]:
    """So many services of one tariff with a running session each; their ids and the tariff's."""
    at = clock.now() - timedelta(hours=1)
    services.guest_rule("DEBT")  # a debtor is walled in, not cut off
    terms = services.tariff()
    house = services.building()
    ids = [services.service(terms=terms, house=house, refresh=False).id for _ in range(count)]
    provisioning.refresh_decisions(subscription_ids=ids, at=at)
    nas = Nas.objects.create(
        name="bench",
        address="127.0.0.1",
        vendor=vendor,
        secret_encrypted=crypto.encrypt(SECRET),
        coa_port=port,
        created_at=at,
    )
    Session.objects.bulk_create(
        Session(
            unique_id=f"u{one}",
            acct_session_id=f"81a{one}",
            subscription_id=one,
            nas=nas,
            nas_address="127.0.0.1",
            login=f"gb{one}",
            started_at=at,
            last_seen_at=at,
        )
        for one in ids
    )
    execute("ANALYZE")
    return ids, terms.tariff_id


def publish(_ids: list[int], tariff_id: int, *, megabits: int) -> None:
    """New terms of the tariff, which existing subscribers have from today."""
    newest = TariffVersion.objects.filter(tariff_id=tariff_id).order_by("-version").first()
    assert newest is not None
    newest.pk, newest.version = None, newest.version + 1
    newest.applies_from = clock.today() + timedelta(days=newest.version)
    newest.applies_existing_from = clock.today()
    newest.speed_down_bit_s = megabits * services.MBIT
    newest.save(force_insert=True)


def block(ids: list[int], _tariff_id: int) -> None:
    """All of them for debt, as a charge run does it."""
    now = clock.now()
    Block.objects.bulk_create(
        Block(subscription_id=one, reason="DEBT", from_at=now - timedelta(seconds=1)) for one in ids
    )


def unblock(ids: list[int], _tariff_id: int) -> None:
    """All of them again, as payments do it."""
    Block.objects.filter(subscription_id__in=ids, until_at=None).update(until_at=clock.now())


def change(ids: list[int], tariff_id: int, cause: Callable[[list[int], int], None]) -> list[float]:
    """Let it be caused, commit, and let the worker work; seconds from the commit to each ACK.

    No session may be ended for it.
    """
    AccessAction.objects.all().delete()
    with transaction.atomic():
        cause(ids, tariff_id)
        provisioning.refresh_decisions(subscription_ids=ids, at=clock.now())
    at = clock.now()
    waiting = AccessAction.objects.filter(answered_at=None)
    deadline = time.monotonic() + LONGEST_S
    while waiting.exists() and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    asked = AccessAction.objects.values_list("kind", "state", "answered_at")
    kinds = {(kind, state) for kind, state, _at in asked}
    assert kinds <= {("COA", "ACKNOWLEDGED"), ("SERVICE_SWAP", "ACKNOWLEDGED")}, kinds
    return sorted((one - at).total_seconds() for _kind, _state, one in asked if one is not None)


@contextmanager
def worker(*, database_name: str, redis_port: int) -> Iterator[None]:
    """The worker that tells BRASes of what is committed in that database."""
    with ExitStack() as undo:
        var = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="geobill-coa-")))
        (var / "run").mkdir()
        program = programs.worker(queue="network", concurrency=1)
        log = undo.enter_context((var / "log").open("wb"))
        process = subprocess.Popen(
            program.command,
            cwd=program.directory,
            env={
                **environment(var=var, database_name=database_name, redis_port=redis_port),
                **program.env,
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        undo.callback(process.wait)
        undo.callback(kill_group, process.pid)
        answers, deadline = worker_answers(var / "log"), time.monotonic() + LONGEST_S
        while not answers():
            assert time.monotonic() < deadline, (var / "log").read_text()
            time.sleep(LOOK_S)
        yield


def measured(
    count: int, *, vendor: str, rounds: int, redis_port: int
) -> dict[str, list[tuple[float, float, float]]]:
    """Per cause and round: 95 %, half and all of the sessions, in seconds from the commit."""
    port = free_udp_port()
    bras = multiprocessing.get_context("fork").Process(target=serve, args=(port,), daemon=True)
    bras.start()
    found: dict[str, list[tuple[float, float, float]]] = {"tariff": [], "block": [], "unblock": []}
    try:
        with (
            bench_database("coa") as database_name,
            worker(database_name=database_name, redis_port=redis_port),
        ):
            began = time.perf_counter()
            ids, tariff_id = online(count, port=port, vendor=vendor)
            note(f"{vendor}: {count} sessions ready in {time.perf_counter() - began:.1f} s")
            for turn in range(rounds + 1):
                causes = {
                    "tariff": partial(publish, megabits=50 + turn),
                    "block": block,
                    "unblock": unblock,
                }
                for name, cause in causes.items():
                    took = change(ids, tariff_id, cause)
                    assert len(took) == count, f"{len(took)} of {count} were acknowledged"
                    told = (took[int(count * 0.95) - 1], took[count // 2], took[-1])
                    found[name].append(told)
                    note("  {} p95 {:.3f} s, p50 {:.3f} s, last {:.3f} s".format(name, *told))
    finally:
        bras.terminate()
        bras.join()
    return {name: sorted(many[1:]) for name, many in found.items()}


def measure(scale: float) -> Result:
    """The median round of three; the other dialects one round each, the slowest of them."""
    count = max(round(SESSIONS * scale), 10)
    with private_redis() as port:
        app.conf.broker_url = f"redis://127.0.0.1:{port}/0"
        found = measured(count, vendor=VENDOR, rounds=ROUNDS, redis_port=port)
        others = {
            vendor: measured(count, vendor=vendor, rounds=1, redis_port=port) for vendor in DIALECTS
        }
    p95, p50, last = found["tariff"][ROUNDS // 2]
    figures: dict[str, Any] = {
        "sessions": count,
        "p95_ms": round(p95 * 1000),
        "p50_ms": round(p50 * 1000),
        "total_s": round(last, 3),
        "block_p95_ms": round(found["block"][ROUNDS // 2][0] * 1000),
        "unblock_p95_ms": round(found["unblock"][ROUNDS // 2][0] * 1000),
    }
    slowest = {
        f"{vendor} {name}": rounds[0][0]
        for vendor, by_cause in others.items()
        for name, rounds in by_cause.items()
    }
    name = max(slowest, key=lambda one: slowest[one])
    figures |= {"dialects_p95_ms": round(slowest[name] * 1000), "slowest": name}
    return Result("coa", {}, figures)


if __name__ == "__main__":
    run(__doc__ or "", measure)
