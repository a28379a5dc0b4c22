"""`coa`: a tariff is changed for 1,000 running sessions on one BRAS, which answers after 1 ms.

Figures: `p95_ms` from the commit of the change to the BRAS's acknowledgement, over all sessions,
and `total_s` until the last one. The sender is woken as in the running system, after the commit, in
a process of its own; the BRAS is a third process.
"""

import multiprocessing
import threading
import time
from datetime import timedelta

from django.db import connection, transaction

from billing.models import TariffVersion
from network import crypto, provisioning, sender
from network.models import AccessAction, Nas, Session
from project.celery import app
from project.core import clock
from tests.bench._harness import Result, bench_database, execute, note, run
from tests.support import services
from tests.support.fake_bras import FakeBras, Manners
from tests.support.ports import free_udp_port

SESSIONS = 1_000
ROUNDS = 3
DELAY_S = 0.001
SECRET = "bench-secret"


def serve(port: int) -> None:
    """The BRAS, until it is ended."""
    FakeBras(secret=SECRET, manners=Manners(delay_s=DELAY_S), port=port).serve()


def online(count: int, *, port: int) -> tuple[list[int], int]:
    """So many services of one tariff with a running session each; their ids and the tariff's."""
    at = clock.now() - timedelta(hours=1)
    terms = services.tariff()
    house = services.building()
    ids = [services.service(terms=terms, house=house, refresh=False).id for _ in range(count)]
    provisioning.refresh_decisions(subscription_ids=ids, at=at)
    nas = Nas.objects.create(
        name="bench",
        address="127.0.0.1",
        vendor="mikrotik",
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


def publish(tariff_id: int, *, megabits: int) -> None:
    """New terms of the tariff, which existing subscribers have from today."""
    newest = TariffVersion.objects.filter(tariff_id=tariff_id).order_by("-version").first()
    assert newest is not None
    newest.pk, newest.version = None, newest.version + 1
    newest.applies_from = clock.today() + timedelta(days=newest.version)
    newest.applies_existing_from = clock.today()
    newest.speed_down_bit_s = megabits * services.MBIT
    newest.save(force_insert=True)


def change(ids: list[int], tariff_id: int, *, megabits: int) -> list[float]:
    """Change the speed, commit, and let the sender work; seconds from the commit to each ACK."""
    AccessAction.objects.all().delete()
    nas_id = Nas.objects.get().id
    committed = threading.Event()

    def work() -> None:
        committed.wait()
        sender.work_off(nas_id=nas_id, now=clock.now)
        connection.close()

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    with transaction.atomic():
        publish(tariff_id, megabits=megabits)
        provisioning.refresh_decisions(subscription_ids=ids, at=clock.now())
        transaction.on_commit(committed.set)
    at = clock.now()
    worker.join()
    answers = AccessAction.objects.filter(state="ACKNOWLEDGED").values_list(
        "answered_at", flat=True
    )
    return [(one - at).total_seconds() for one in answers if one is not None]


def measure(scale: float) -> Result:
    """The median round of three."""
    count = max(round(SESSIONS * scale), 10)
    port = free_udp_port()
    app.conf.broker_url = "memory://"  # who is woken is here: the sender below
    bras = multiprocessing.get_context("fork").Process(target=serve, args=(port,), daemon=True)
    bras.start()
    rounds = []
    try:
        with bench_database("coa"):
            began = time.perf_counter()
            ids, tariff_id = online(count, port=port)
            note(f"{count} sessions ready in {time.perf_counter() - began:.1f} s")
            for turn in range(ROUNDS + 1):
                took = sorted(change(ids, tariff_id, megabits=50 + turn))
                assert len(took) == count, f"{len(took)} of {count} were acknowledged"
                rounds.append((took[int(count * 0.95) - 1], took[count // 2], took[-1]))
                note("p95 {:.3f} s, p50 {:.3f} s, last {:.3f} s".format(*rounds[-1]))
    finally:
        bras.terminate()
        bras.join()
    p95, p50, last = sorted(rounds[1:])[ROUNDS // 2]
    figures = {
        "sessions": count,
        "p95_ms": round(p95 * 1000),
        "p50_ms": round(p50 * 1000),
        "total_s": round(last, 3),
    }
    return Result("coa", {}, figures)


if __name__ == "__main__":
    run(__doc__ or "", measure)
