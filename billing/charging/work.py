"""A run or a trial that a person starts: a background job, followed, cancelled, gone on with.

The job of a run keeps what each date had before it came to it, so that what it has charged itself
is told right after any death of its worker. The job of a trial keeps the report it has so far.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils.translation import gettext

from billing.charging import runs
from billing.charging.models import ChargeRun
from billing.charging.report import RunReport
from billing.charging.runs import ConfirmationNeededError, FutureDateError, RunBusyError
from billing.charging.watching import Watch
from project.core import clock, jobs
from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError
from project.core.jobs import JobStopped, Progress
from project.core.models import Job

RUN = "billing.charge_run"
TRIAL = "billing.charge_trial"
KINDS = (RUN, TRIAL)
PART_ACCOUNTS = runs.CHUNK_ACCOUNTS
BEGIN_LOCK = runs.RUN_LOCK + 1
# Another run may be short; that a killed worker is gone, and its lock, is noticed after a while.
LOCK_TRIES, LOCK_AGAIN_AFTER_S = 12, 5.0


class BegunAlreadyError(RunBusyError):
    """Somebody's run or trial is at work, or waits for a worker."""

    code = "charge_run_begun"

    def __init__(self, *, who: str, since: datetime) -> None:
        text = gettext("A run or a trial was begun at %(since)s (%(who)s) and is not over yet.")
        told = f"{since.astimezone(clock.KYIV):%d.%m.%Y %H:%M}"
        super().__init__(text % {"since": told, "who": who}, who=who, since=since.isoformat())


@dataclass(frozen=True, slots=True)
class DayDone:
    """What a job charged for one date. `failed_account_count`: those that could not be charged."""

    run_id: int
    charge_date: date
    charged_count: int
    charged_kopecks: int
    blocked_count: int
    resumed_count: int
    failed_account_count: int


def begin(*, on_date: date, at: datetime, actor: Actor, is_trial: bool, confirm: bool) -> Job:
    """Queue a run or a trial up to and with that day.

    Raises RunBusyError, FutureDateError, and of a run ConfirmationNeededError for many missing
    dates; an unusual total is found by the job.
    """
    runs.check(on_date=on_date, at=at, confirm=is_trial or confirm)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BEGIN_LOCK])
        other = going_on()
        if other is not None:
            raise BegunAlreadyError(who=other.created_by_label, since=other.created_at)
        return jobs.start(
            kind=TRIAL if is_trial else RUN,
            params={
                "on_date": on_date.isoformat(),
                "confirm": confirm,
                "actor": actor.label[:150],
            },
            title=f"{on_date:%d.%m.%Y}",
            actor=actor,
            at=at,
        )


def going_on() -> Job | None:
    """The run or trial that is at work, or waits for a worker."""
    waiting = (Job.State.QUEUED, Job.State.RUNNING)
    return Job.objects.filter(kind__in=KINDS, state__in=waiting).order_by("id").first()


def run(progress: Progress) -> None:
    """The handler of a run: charge what is not charged yet, and keep what came of it."""
    watch = _RunWatch(progress, progress.state or {"before": {}})
    confirm = bool(progress.params["confirm"])
    _kept(watch, lambda: _run(progress, watch, confirm=confirm))


def trial(progress: Progress) -> None:
    """The handler of a trial: what a run would do."""
    kept = progress.state or {}
    report = RunReport.of_json(kept["report"]) if kept else RunReport(is_dry_run=True)
    watch = _TrialWatch(progress, report)
    _kept(watch, lambda: _run(progress, watch, confirm=True, begun=report))


def report_of(job: Job) -> RunReport | None:
    """What a trial has found so far."""
    kept = _state(job).get("report")
    return RunReport.of_json(kept) if kept else None


def days_of(job: Job) -> list[DayDone]:
    """What the job of a run that has ended charged, date by date."""
    return [
        DayDone(**day | {"charge_date": date.fromisoformat(day["charge_date"])})
        for day in _state(job).get("days", [])
    ]


def now_at(job: Job) -> tuple[date, date, bool] | None:
    """The dates that are charged now, first and last, and whether they are only tried."""
    now = _state(job).get("now")
    return (date.fromisoformat(now[0]), date.fromisoformat(now[1]), now[2]) if now else None


def broke_off(job: Job) -> bool:
    """Whether its worker died for good, so that its last parts may not be told."""
    return job.is_over and now_at(job) is not None


def needs_confirm(job: Job) -> bool:
    """Whether a run stopped at something unusual that a person must look at."""
    return bool(_state(job).get("error", {}).get("code") == ConfirmationNeededError.code)


def error_of(job: Job) -> str:
    """Why the job failed, in the present language."""
    error = _state(job).get("error")
    if job.state != Job.State.FAILED:
        return ""
    if error is None:
        return jobs.given_up()
    if needs_confirm(job):
        return ConfirmationNeededError.words(error["context"])
    told = {kind.code: kind.message for kind in (RunBusyError, FutureDateError)}
    return str(told.get(error["code"], job.error))


def _state(job: Job) -> dict[str, Any]:
    return (job.checkpoint or {}).get("state") or {}


class _JobWatch(Watch):
    """A run as its job shows it: parts, of as many as there seem to be in all dates together."""

    parts_a_checkpoint: int

    def __init__(self, progress: Progress, kept: dict[str, Any]) -> None:
        self.progress, self.kept, self.parts_unkept = progress, kept, 0

    def begins(self, *, first: date, last: date, parts: int, ahead: int, is_trial: bool) -> None:
        self.kept["now"] = [first.isoformat(), last.isoformat(), is_trial]
        self.progress.set_total(self.progress.done + parts * (1 + ahead))
        self.progress.checkpoint(self.result())

    def moves(self, *, parts: int) -> None:
        self.parts_unkept += parts
        counts = self.progress.counts
        more = {name: n - counts.get(name, 0) for name, n in self.figures().items()}
        self.progress.advance(parts, **more)
        if self.parts_unkept >= self.parts_a_checkpoint:
            self.parts_unkept = 0
            self.progress.checkpoint(self.result())

    def ends(self, **more: Any) -> None:
        """Keep what came of it; raises JobStopped when it is cancelled."""
        with suppress(JobStopped):
            self.moves(parts=0)
        self.kept.pop("now", None)
        self.progress.checkpoint(self.result() | more)

    def figures(self) -> dict[str, int]:
        """How much of what has come of it so far."""
        raise NotImplementedError

    def result(self) -> dict[str, Any]:
        """What is kept of it."""
        raise NotImplementedError


class _RunWatch(_JobWatch):
    """`kept["before"]`: what each date had charged before this job came to it."""

    parts_a_checkpoint = 1  # what was charged and not kept would never be told after a death

    def begins(self, *, first: date, last: date, parts: int, ahead: int, is_trial: bool) -> None:
        if not is_trial:
            row = ChargeRun.objects.get(charge_date=first)
            sums = [row.charged_count, row.charged_kopecks, row.blocked_count, row.resumed_count]
            self.kept["before"].setdefault(first.isoformat(), sums)
        super().begins(first=first, last=last, parts=parts, ahead=ahead, is_trial=is_trial)

    def figures(self) -> dict[str, int]:
        days = self._days()
        return {
            "charged": sum(day.charged_count for day in days),
            "blocked": sum(day.blocked_count for day in days),
            "resumed": sum(day.resumed_count for day in days),
            "failed": sum(day.failed_account_count for day in days),
        }

    def result(self) -> dict[str, Any]:
        days = [asdict(day) | {"charge_date": day.charge_date.isoformat()} for day in self._days()]
        return self.kept | {"days": days}

    def _days(self) -> list[DayDone]:
        before = self.kept["before"]
        rows = ChargeRun.objects.filter(charge_date__in=list(before)).order_by("charge_date")
        failed = Count("chunks", filter=Q(chunks__state=ChargeRun.State.FAILED))
        return [
            _day_done(row, before[row.charge_date.isoformat()], failed_count=row.failed_count)
            for row in rows.annotate(failed_count=failed)
        ]


def _day_done(row: ChargeRun, before: Sequence[int], *, failed_count: int) -> DayDone:
    count, kopecks, blocked, resumed = before
    return DayDone(
        run_id=row.id,
        charge_date=row.charge_date,
        charged_count=row.charged_count - count,
        charged_kopecks=row.charged_kopecks - kopecks,
        blocked_count=row.blocked_count - blocked,
        resumed_count=row.resumed_count - resumed,
        failed_account_count=failed_count,
    )


class _TrialWatch(_JobWatch):
    """The report is what is kept."""

    parts_a_checkpoint = 10

    def __init__(self, progress: Progress, report: RunReport) -> None:
        super().__init__(progress, {"report": report.as_json()})
        self.report = report

    def figures(self) -> dict[str, int]:
        days = self.report.days
        return {
            "would_charge": self.report.charged_count,
            "would_block": sum(day.blocked_count for day in days),
            "would_resume": sum(day.resumed_count for day in days),
            "would_fail": sum(day.failed_account_count for day in days),
        }

    def result(self) -> dict[str, Any]:
        return self.kept | {"report": self.report.as_json()}


def _run(
    progress: Progress,
    watch: Watch,
    *,
    confirm: bool,
    begun: RunReport | None = None,
) -> None:
    """The run; while another one holds the lock it waits for a minute."""
    actor = Actor(
        kind=ActorKind.STAFF,
        label=str(progress.params["actor"]),
        user_id=progress.created_by_id,
    )
    for left in reversed(range(LOCK_TRIES)):
        try:
            runs.run(
                on_date=date.fromisoformat(progress.params["on_date"]),
                at=progress.now(),
                actor=actor,
                dry_run=begun is not None,
                confirm=confirm,
                chunk_accounts=PART_ACCOUNTS,
                watch=watch,
                begun=begun,
            )
            return
        except RunBusyError:
            if not left:
                raise
            progress.advance(0)
            time.sleep(LOCK_AGAIN_AFTER_S)


def _kept(watch: _JobWatch, work: Callable[[], None]) -> None:
    """Do it, and keep what came of it, however it ended."""
    try:
        work()
    except DomainError as error:
        watch.ends(error={"code": error.code, "context": error.context})
        raise
    except JobStopped:
        with suppress(JobStopped):
            watch.ends()
        raise
    except Exception:
        with suppress(Exception):
            watch.ends()
        raise
    watch.ends()
