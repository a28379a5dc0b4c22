"""Runs and trials begun by a person: jobs that tell how far they are, stop and are gone on with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import translation

from billing.charging import chunks, runs, work
from billing.charging.chunks import AccountRange
from billing.charging.models import ChargeRun
from billing.charging.operations import ConfirmationNeededError, FutureDateError, RunBusyError
from billing.charging.report import RunReport, by_tariff_and_zone
from billing.ledger import operations as ledger
from billing.ledger.operations import Leg
from billing.models import LedgerJournal
from project.core import jobs
from project.core.jobs import running
from project.core.models import Job
from project.wiring import wire
from tests.support.billing import CASHIER, World, balance, blocks, moment

NOV = date(2026, 11, 1)
LATER = running.DEAD_AFTER + timedelta(seconds=1)


def day(number: int) -> date:
    return NOV + timedelta(days=number - 1)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two accounts a part, each kept."""
    wire()
    monkeypatch.setattr(running, "_wake", [])
    monkeypatch.setattr(work, "PART_ACCOUNTS", 2)
    monkeypatch.setattr(work._TrialWatch, "parts_a_checkpoint", 1)
    monkeypatch.setattr(jobs.progress, "SHOWN_EVERY_S", 0.0)


@pytest.fixture
def accounts(world: World) -> list[int]:
    """Eight clients of two tariffs, charged for the first day: two can't pay the third."""
    tariffs = [world.tariff(price=30_000), world.tariff(price=60_000)]
    money = [50_000, 50_000, 2_500, 50_000, 50_000, 50_000, 2_500, 50_000]
    found = [world.account(kopecks=kopecks) for kopecks in money]
    for n, account in enumerate(found):
        world.sell(account, tariffs[n % 2], day(1))
    world.day(day(1))
    return found


def begun(number: int, *, is_trial: bool = False, confirm: bool = False) -> Job:
    return work.begin(
        on_date=day(number),
        at=moment(day(number), 9),
        actor=CASHIER,
        is_trial=is_trial,
        confirm=confirm,
    )


def worked(job: Job, *, on: int, later: timedelta = timedelta()) -> Job:
    jobs.run_waiting(now=lambda: moment(day(on), 9) + later)
    job.refresh_from_db()
    return job


def at_part(monkeypatch: pytest.MonkeyPatch, number: int, act: Callable[[], None]) -> None:
    """Do this when so many chunks have been charged."""
    real, seen = chunks.charge, [0]

    def charge(**values: Any) -> Any:
        seen[0] += 1
        if seen[0] == number:
            act()
        return real(**values)

    monkeypatch.setattr(chunks, "charge", charge)


def breaks(monkeypatch: pytest.MonkeyPatch, broken: int) -> None:
    real = chunks.charge

    def fails(*, part: AccountRange, skip: Any = (), **values: Any) -> Any:
        if part.first <= broken <= part.last and broken not in skip:
            raise RuntimeError("this account is broken")
        return real(part=part, skip=skip, **values)

    monkeypatch.setattr(chunks, "charge", fails)


def figures(report: RunReport) -> list[tuple[Any, ...]]:
    return [
        (
            one.charge_date,
            one.charged_count,
            one.charged_kopecks,
            one.blocked_count,
            one.resumed_count,
            one.failed_account_count,
        )
        for one in report.days
    ]


def die() -> None:
    raise SystemExit("killed")


def stop(job: Job) -> None:
    jobs.cancel(job_id=job.id, actor=CASHIER, at=moment(day(3), 9))


@contextmanager
def other_session() -> Iterator[psycopg.Connection[Any]]:
    """A session of its own in the same database, as another worker has."""
    place = connection.get_connection_params()
    names = ("host", "port", "dbname", "user", "password")
    told = {name: place[name] for name in names if name in place}
    with psycopg.connect(**told, autocommit=True) as one:
        yield one


class TestTrial:
    """Nothing is posted."""

    def test_it_finds_what_a_dry_run_finds_and_posts_nothing(
        self, world: World, accounts: list[int]
    ) -> None:
        told = world.day(day(3), at=moment(day(3), 9), dry_run=True)
        journals, money = LedgerJournal.objects.count(), [balance(a) for a in accounts]
        job = worked(begun(3, is_trial=True), on=3)
        report = work.report_of(job)
        assert report is not None
        assert figures(report) == figures(told)
        # Of two dates at once, so half as many accounts in each part.
        assert (job.state, job.done, job.total) == ("DONE", 8, 8)
        assert job.counts["would_charge"] == told.charged_count == 14
        assert job.counts["would_block"] == 2
        assert (LedgerJournal.objects.count(), [balance(a) for a in accounts]) == (journals, money)
        assert not ChargeRun.objects.filter(charge_date__gt=day(1)).exists()

    def test_its_lines_are_those_of_the_run_that_follows(
        self, world: World, accounts: list[int]
    ) -> None:
        report = work.report_of(worked(begun(2, is_trial=True), on=2))
        assert report is not None
        worked(begun(2), on=2)
        lines = by_tariff_and_zone(run=ChargeRun.objects.get(charge_date=day(2)))
        assert report.lines() == lines
        assert len(lines) == 2
        assert sum(line.kopecks for line in lines) == report.charged_kopecks == 12_000

    def test_after_a_death_it_goes_on_behind_what_is_tried(
        self, world: World, accounts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = world.day(day(2), at=moment(day(2), 9), dry_run=True)
        job = begun(2, is_trial=True)
        at_part(monkeypatch, 3, die)
        with pytest.raises(SystemExit):
            worked(job, on=2)
        monkeypatch.undo()
        job.refresh_from_db()
        assert (job.state, job.done) == ("RUNNING", 2)
        wire()
        monkeypatch.setattr(work, "PART_ACCOUNTS", 3)
        report = work.report_of(worked(job, on=2, later=LATER))
        assert report is not None
        assert figures(report) == figures(told)
        assert job.counts["would_charge"] == 8

    def test_many_missing_days_can_be_tried_without_a_word(
        self, world: World, accounts: list[int]
    ) -> None:
        assert worked(begun(12, is_trial=True), on=12).state == "DONE"

    def test_an_account_that_fails_is_named(
        self, world: World, accounts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        breaks(monkeypatch, accounts[3])
        job = worked(begun(2, is_trial=True), on=2)
        report = work.report_of(job)
        assert report is not None
        assert [one.account_id for one in report.failures] == [accounts[3]]
        assert (job.counts["would_charge"], job.counts["would_fail"]) == (7, 1)


class TestRun:
    """What is charged is charged once."""

    def test_it_charges_once_however_often_the_handler_is_called(
        self, world: World, accounts: list[int]
    ) -> None:
        job = worked(begun(2), on=2)
        money = [balance(a) for a in accounts]
        (done,) = work.days_of(job)
        assert (done.charged_count, done.charged_kopecks) == (8, 12_000)
        assert (job.state, job.counts["charged"]) == ("DONE", 8)
        Job.objects.filter(id=job.id).update(state="QUEUED", finished_at=None)
        again = worked(job, on=2)
        assert work.days_of(again) == [done], "what this job charged, told once"
        other = worked(begun(2), on=2)
        (nothing,) = work.days_of(other)
        assert (nothing.charged_count, nothing.charged_kopecks) == (0, 0)
        assert [balance(a) for a in accounts] == money

    def test_cancelled_in_the_middle_it_keeps_what_is_charged_and_the_next_completes(
        self, world: World, accounts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = begun(2)
        at_part(monkeypatch, 2, lambda: stop(job))
        worked(job, on=2)
        (done,) = work.days_of(job)
        assert (job.state, job.done, job.total, job.counts["charged"]) == ("CANCELLED", 2, 4, 4)
        assert (done.charged_count, done.charged_kopecks) == (4, 6_000)
        assert ChargeRun.objects.get(charge_date=day(2)).state == "PENDING"
        rest = worked(begun(2), on=2)
        (done,) = work.days_of(rest)
        assert (rest.state, done.charged_count, done.charged_kopecks) == ("DONE", 4, 6_000)
        run = ChargeRun.objects.get(charge_date=day(2))
        assert (run.state, run.charged_count, run.charged_kopecks) == ("DONE", 8, 12_000)

    def test_after_a_death_it_goes_on_and_tells_the_whole(
        self, world: World, accounts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        job = begun(3)
        at_part(monkeypatch, 7, die)
        with pytest.raises(SystemExit):
            worked(job, on=3)
        monkeypatch.undo()
        wire()
        worked(job, on=3, later=LATER)
        days = work.days_of(job)
        assert [(one.charge_date, one.charged_count) for one in days] == [(day(2), 8), (day(3), 6)]
        assert (job.state, job.counts["charged"], job.counts["blocked"]) == ("DONE", 14, 2)
        assert [balance(a) for a in accounts][:3] == [47_000, 44_000, 500]

    def test_it_goes_on_only_when_the_dead_ones_lock_is_gone(
        self, world: World, accounts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waited: list[float] = []
        job = begun(2)
        at_part(monkeypatch, 2, die)
        with pytest.raises(SystemExit):
            worked(job, on=2)
        monkeypatch.undo()
        wire()
        with other_session() as dead:
            dead.execute("SELECT pg_advisory_lock(%s)", [runs.RUN_LOCK])

            def sleep(seconds: float) -> None:
                waited.append(seconds)
                if len(waited) == 2:
                    dead.execute("SELECT pg_advisory_unlock(%s)", [runs.RUN_LOCK])

            monkeypatch.setattr(work.time, "sleep", sleep)
            assert worked(job, on=2, later=LATER).state == "DONE"
        assert waited == [work.LOCK_AGAIN_AFTER_S] * 2

    @pytest.mark.parametrize("is_trial", [True, False])
    def test_who_dies_after_a_chunk_and_before_it_is_kept_loses_and_doubles_nothing(
        self,
        world: World,
        accounts: list[int],
        monkeypatch: pytest.MonkeyPatch,
        is_trial: bool,
    ) -> None:
        told = figures(world.day(day(2), at=moment(day(2), 9), dry_run=True))
        for watch in (work._TrialWatch, work._RunWatch):
            monkeypatch.setattr(watch, "parts_a_checkpoint", 3)
        job = begun(2, is_trial=is_trial)
        moves = work._JobWatch.moves

        def dies(watch: Any, *, parts: int) -> None:
            if watch.parts_unkept == 1:
                die()
            moves(watch, parts=parts)

        monkeypatch.setattr(work._JobWatch, "moves", dies)
        with pytest.raises(SystemExit):
            worked(job, on=2)
        monkeypatch.setattr(work._JobWatch, "moves", moves)
        assert worked(job, on=2, later=LATER).state == "DONE"
        if is_trial:
            report = work.report_of(job)
            assert report is not None
            assert figures(report) == told
        else:
            (done,) = work.days_of(job)
            assert (done.charged_count, done.charged_kopecks) == told[0][1:3]

    def test_a_day_that_was_done_and_is_run_again_stays_done_when_that_is_cancelled(
        self, world: World, accounts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.day(day(2))
        job = begun(2)
        begins = work._RunWatch.begins

        def stopped(watch: Any, **values: Any) -> None:
            stop(job)
            begins(watch, **values)

        monkeypatch.setattr(work._RunWatch, "begins", stopped)
        assert worked(job, on=2).state == "CANCELLED"
        assert ChargeRun.objects.get(charge_date=day(2)).state == "DONE"

    def test_who_has_money_again_comes_back_and_is_counted(self, world: World) -> None:
        account = world.account(kopecks=1_500)
        service = world.sell(account, world.tariff(price=30_000), day(1))
        world.days(day(1), day(2))
        assert blocks(service) == {"DEBT"}
        other = ledger.ensure_control_account(at=moment(day(2)), code="gifts", kind="ADJUSTMENT")
        ledger.post(
            kind="ADJUSTMENT",
            value_date=day(2),
            posted_at=moment(day(2), 12),
            idempotency_key="gift",
            legs=[Leg(account, 9_000), Leg(other, -9_000)],
            actor=CASHIER,
            source="test",
        )
        tried = worked(begun(3, is_trial=True), on=3)
        job = worked(begun(3), on=3)
        assert tried.counts["would_resume"] == job.counts["resumed"] == 1
        assert [one.resumed_count for one in work.days_of(job)] == [1]
        assert blocks(service) == set()

    def test_a_failed_account_is_told(
        self, world: World, accounts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        breaks(monkeypatch, accounts[3])
        job = worked(begun(2), on=2)
        (done,) = work.days_of(job)
        assert (done.charged_count, done.failed_account_count) == (7, 1)
        assert (job.counts["charged"], job.counts["failed"]) == (7, 1)
        monkeypatch.undo()
        wire()
        job = worked(begun(2), on=2)
        (done,) = work.days_of(job)
        assert (done.charged_count, done.failed_account_count) == (1, 0)

    def test_a_broken_account_is_counted_once_whatever_the_number_of_days(
        self, world: World, accounts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        breaks(monkeypatch, accounts[3])
        job = worked(begun(4, is_trial=True), on=4)
        assert job.counts["would_fail"] == 1
        report = work.report_of(job)
        assert report is not None
        assert [one.failed_account_count for one in report.days] == [1, 0, 0]


class TestRefusals:
    """What is known at once is said at once; the rest in the language of who reads it."""

    def test_a_day_ahead_and_many_missing_days_start_nothing(
        self, world: World, accounts: list[int]
    ) -> None:
        with pytest.raises(ConfirmationNeededError):
            begun(12)
        with pytest.raises(FutureDateError):
            work.begin(
                on_date=day(3), at=moment(day(2)), actor=CASHIER, is_trial=True, confirm=False
            )
        assert not Job.objects.exists()
        assert worked(begun(12, confirm=True), on=12).state == "DONE"

    def test_one_at_a_time(self, world: World, accounts: list[int]) -> None:
        first = begun(2)
        with translation.override("en"), pytest.raises(RunBusyError) as told:
            begun(2, is_trial=True)
        assert f"begun at 02.11.2026 09:05 ({CASHIER.label})" in str(told.value.message)
        worked(first, on=2)
        begun(2, is_trial=True)

    def test_an_unusual_total_is_found_by_the_job_and_told_in_both_languages(
        self, world: World, accounts: list[int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(runs, "UNUSUAL_FROM_CHARGES", 1)
        world.days(day(2), day(3))
        ChargeRun.objects.filter(charge_date__lte=day(3)).update(charged_kopecks=90_000)
        world.day(day(8), confirm=True)
        with translation.override("uk"):
            job = begun(10)
        worked(job, on=10)
        assert (job.state, work.needs_confirm(job)) == ("FAILED", True)
        assert work.days_of(job) == []
        with translation.override("uk"):
            assert "відрізняється від 900,00 ₴" in work.error_of(job)
        with translation.override("en"):
            assert "The total of 09.11.2026 would be" in work.error_of(job)
            assert "more than 30 % off the 900,00 ₴" in work.error_of(job)
        assert worked(begun(10, confirm=True), on=10).state == "DONE"
