"""A run's job over real connections: its chunks side by side, cancelled and gone on with."""

import threading
import time
from datetime import date
from typing import Any

import pytest

from billing.charging import chunks, work
from billing.charging import day as charging_day
from billing.charging import operations as charging
from billing.charging.models import ChargeRun
from billing.charging.operations import RunBusyError
from billing.ledger.verification import verify
from project.core import jobs
from project.core.jobs import running
from project.core.models import Job
from project.wiring import wire
from tests.support.billing import CASHIER, World, balance, moment, small_world

pytestmark = pytest.mark.django_db(transaction=True)
DAY = date(2026, 11, 10)
NEXT = date(2026, 11, 11)
ACCOUNTS = 24


@pytest.fixture
def accounts(transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[int]:
    """Charged for DAY; then one account a part, three at a time."""
    wire()
    monkeypatch.setattr(running, "_wake", [])
    monkeypatch.setattr(work, "PART_ACCOUNTS", 1)
    monkeypatch.setattr(charging_day, "LOOKED_ON_EVERY_S", 0.01)
    monkeypatch.setattr(jobs.progress, "SHOWN_EVERY_S", 0.0)
    settings.GEOBILL_CHARGE_WORKERS = 3
    world: World = small_world()
    tariff = world.tariff(price=30_000)
    found = [world.account(kopecks=10_000) for _n in range(ACCOUNTS)]
    for account in found:
        world.sell(account, tariff, DAY)
    world.day(DAY)
    return found


def begun() -> Job:
    return work.begin(on_date=NEXT, at=moment(NEXT), actor=CASHIER, is_trial=False, confirm=False)


def worked(job: Job) -> Job:
    jobs.run_waiting(now=lambda: moment(NEXT, 1))
    job.refresh_from_db()
    return job


def test_cancelled_among_chunks_side_by_side_nothing_is_half_done(
    accounts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = begun()
    real, lock, seen = chunks.charge, threading.Lock(), [0]

    def slowly(**values: Any) -> Any:
        with lock:
            seen[0] += 1
            is_fifth = seen[0] == 5
        if is_fifth:
            jobs.cancel(job_id=job.id, actor=CASHIER, at=moment(NEXT, 1))
        time.sleep(0.05)
        return real(**values)

    monkeypatch.setattr(chunks, "charge", slowly)
    assert worked(job).state == "CANCELLED"
    monkeypatch.setattr(chunks, "charge", real)
    (done,) = work.days_of(job)
    charged = [account for account in accounts if balance(account) == 8_000]
    assert 5 <= done.charged_count == len(charged) < ACCOUNTS
    assert ChargeRun.objects.get(charge_date=NEXT).state == "PENDING"

    rest = worked(begun())
    (more,) = work.days_of(rest)
    assert (rest.state, rest.percent) == ("DONE", 100)
    assert more.charged_count == ACCOUNTS - done.charged_count
    assert {balance(account) for account in accounts} == {8_000}
    assert verify().is_right


def test_while_a_run_is_at_work_no_other_is_begun(
    accounts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = chunks.charge
    refused: list[int] = []

    def asks(**values: Any) -> Any:
        if not refused:
            with pytest.raises(RunBusyError):
                begun()
            refused.append(1)
        return real(**values)

    monkeypatch.setattr(chunks, "charge", asks)
    charging.run(on_date=NEXT, at=moment(NEXT), actor=CASHIER)
    assert refused == [1]
    assert not Job.objects.exists()
