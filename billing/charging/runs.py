"""The daily run: dates in order, accounts in chunks, each chunk one database transaction."""

import itertools
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from billing.calendar import kyiv_date
from billing.charging import chunks
from billing.charging.chunks import AccountRange, ChunkResult
from billing.charging.models import ChargeRun, ChargeRunChunk
from billing.charging.rules import missing_dates
from billing.subscriptions import day_addons, hooks
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError

logger = logging.getLogger(__name__)

# Somebody who pays meanwhile waits for the chunk that holds the account: a third of a second.
CHUNK_ACCOUNTS = 3_000
MAX_CATCH_UP_DAYS = 7
UNUSUAL_SHARE_PERCENT = 30
UNUSUAL_FROM_CHARGES = 100
RUN_LOCK = 4_716_001
LOOK_BACK = timedelta(days=400)


class RunBusyError(DomainError):
    """Another run is at work."""

    code = "charge_run_busy"
    http_status = 409
    message = _("A charge run is already under way.")


class FutureDateError(DomainError):
    """A day that has not begun can't be charged."""

    code = "charge_run_future"
    message = _("A day that has not begun cannot be charged.")


class ConfirmationNeededError(DomainError):
    """The catch-up is unusual: a person must look and confirm (R12)."""

    code = "charge_run_confirm"
    http_status = 409


@dataclass
class DayReport:
    """What charging one date did."""

    charge_date: date
    charged_count: int = 0
    charged_kopecks: int = 0
    blocked_count: int = 0
    resumed_count: int = 0
    chunk_count: int = 0
    failed_account_count: int = 0

    def add(self, result: ChunkResult) -> None:
        """Count one chunk in."""
        self.charged_count += result.charged_count
        self.charged_kopecks += result.charged_kopecks
        self.blocked_count += len(result.blocked_ids)
        self.resumed_count += len(result.resumed_ids)
        self.chunk_count += 1


@dataclass
class RunReport:
    """What a run did, date by date; a dry run says what it would have done."""

    is_dry_run: bool
    days: list[DayReport] = field(default_factory=list)

    @property
    def charged_count(self) -> int:
        """Charges over all dates."""
        return sum(day.charged_count for day in self.days)

    @property
    def charged_kopecks(self) -> int:
        """Money over all dates."""
        return sum(day.charged_kopecks for day in self.days)


def run(
    *,
    on_date: date,
    at: datetime,
    actor: Actor,
    dry_run: bool = False,
    confirm: bool = False,
    chunk_accounts: int = CHUNK_ACCOUNTS,
) -> RunReport:
    """Charge all that is due up to and with `on_date`: missing dates first, the oldest first.

    Running again what is done posts nothing and lifts no block without money. A date in the past is
    charged by the facts of that date. Raises RunBusyError, FutureDateError, and without `confirm`
    ConfirmationNeededError for more than 7 missing dates or an unusual total.
    """
    if on_date > kyiv_date(at):
        raise FutureDateError(on_date=on_date.isoformat())
    with _only_one():
        dates = dates_to_charge(on_date=on_date)
        if not confirm:
            _stop_when_long(dates)
        if dry_run:
            return _dry_run(dates=dates, at=at, actor=actor, size=chunk_accounts)
        report = RunReport(is_dry_run=False)
        for day in dates:
            if not confirm and len(dates) > 1:
                _stop_when_unusual(day=day, at=at, actor=actor, size=chunk_accounts)
            report.days.append(_run_day(day=day, at=at, actor=actor, size=chunk_accounts))
    return report


def dates_to_charge(*, on_date: date) -> list[date]:
    """Dates up to and with `on_date` that no run has finished; `on_date` itself always.

    Of the last 400 days; where no run was made in them, from the last one on.
    """
    runs = dict(
        ChargeRun.objects.filter(
            charge_date__lte=on_date, charge_date__gt=on_date - LOOK_BACK
        ).values_list("charge_date", "state")
    )
    if not runs:
        last = ChargeRun.objects.filter(charge_date__lte=on_date).order_by("-charge_date").first()
        if last is None:
            return [on_date]
        runs = {last.charge_date: last.state}
    first = min(runs)
    dates = [first, *missing_dates(last_done=first, on_date=on_date)]
    missing = [day for day in dates if runs.get(day) != ChargeRun.State.DONE]
    return sorted({*missing, on_date})


@contextmanager
def _only_one() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [RUN_LOCK])
        if not cursor.fetchone()[0]:
            raise RunBusyError()
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [RUN_LOCK])


def _stop_when_long(dates: Sequence[date]) -> None:
    missing = len(dates) - 1
    if missing > MAX_CATCH_UP_DAYS:
        raise ConfirmationNeededError(
            _("%(days)s days are not charged. Look why, then confirm.") % {"days": missing},
            days=missing,
            first=dates[0].isoformat(),
        )


def _stop_when_unusual(*, day: date, at: datetime, actor: Actor, size: int) -> None:
    before = ChargeRun.objects.filter(
        charge_date=day - timedelta(days=7), state=ChargeRun.State.DONE
    ).first()
    if before is None or before.charged_count < UNUSUAL_FROM_CHARGES:
        return
    # A day that was charged in part (an account failed, the run was killed) is told whole.
    begun = ChargeRun.objects.filter(charge_date=day).first()
    total = _dry_run(dates=[day], at=at, actor=actor, size=size).charged_kopecks
    total += begun.charged_kopecks if begun else 0
    off = abs(total - before.charged_kopecks)
    if off * 100 > UNUSUAL_SHARE_PERCENT * before.charged_kopecks:
        raise ConfirmationNeededError(
            _("The total of %(date)s is more than 30 %% off the same weekday. Confirm it.")
            % {"date": f"{day:%d.%m.%Y}"},
            total_kopecks=total,
            week_before_kopecks=before.charged_kopecks,
        )


def _dry_run(*, dates: Sequence[date], at: datetime, actor: Actor, size: int) -> RunReport:
    days = {day: DayReport(charge_date=day) for day in dates}
    chunks.open_revenue_accounts(at=at)
    waiting = {day: _accounts_that_wait(day) for day in dates}
    for part in chunks.ranges(first_date=dates[0], last_date=dates[-1], size=size):
        _try(part, days=days, waiting=waiting, at=at, actor=actor)
    return RunReport(is_dry_run=True, days=list(days.values()))


def _try(
    part: AccountRange,
    *,
    days: Mapping[date, DayReport],
    waiting: Mapping[date, Sequence[int]],
    at: datetime,
    actor: Actor,
) -> None:
    """Charge a range on all dates and take it back; when it fails, its halves, as a run does."""
    done: list[tuple[DayReport, ChunkResult]] = []
    try:
        with transaction.atomic():
            for day, report in days.items():
                result = chunks.charge(
                    on_date=day,
                    at=at,
                    actor=actor,
                    part=part,
                    key=f"dry:{day.isoformat()}:{part.first}",
                    skip=waiting[day],
                    tell=False,
                )
                done.append((report, result))
            transaction.set_rollback(True)
    except Exception:
        if part.first < part.last:
            for half in chunks.halves(part=part, on_date=max(days)):
                _try(half, days=days, waiting=waiting, at=at, actor=actor)
            return
        logger.exception("account %s could not be tried", part.first)
        for day, report in days.items():
            report.failed_account_count += part.first not in waiting[day]
        return
    for report, result in done:
        report.add(result)


def _run_day(*, day: date, at: datetime, actor: Actor, size: int) -> DayReport:
    row, _created = ChargeRun.objects.get_or_create(charge_date=day)
    row.state = ChargeRun.State.RUNNING
    row.started_at = at
    row.started_by = actor.label[:150]
    row.save(update_fields=["state", "started_at", "started_by"])
    ChargeRunChunk.objects.filter(run=row, state=ChargeRun.State.FAILED).delete()
    chunks.open_revenue_accounts(at=at)
    day_addons.end_due(day=day, at=at, actor=actor)
    _tell_of_the_day(day=day, at=at)
    report = DayReport(charge_date=day)
    skip = _accounts_that_wait(day)
    parts = chunks.ranges(first_date=day, last_date=day, size=size)
    row.part_count = row.chunks.count() + len(parts)
    row.save(update_fields=["part_count"])
    _Chunks(row=row, skip=skip, at=at, actor=actor, report=report).charge_all(parts)
    failed = report.failed_account_count > 0
    row.state = ChargeRun.State.FAILED if failed else ChargeRun.State.DONE
    row.finished_at = at
    row.save(update_fields=["state", "finished_at"])
    audit.record(
        at=at,
        actor=actor,
        action="billing.charge_run.finished",
        obj=("charge_run", day.isoformat()),
        summary=f"{day:%d.%m.%Y}: {report.charged_count} / {report.charged_kopecks}",
        after={"state": row.state, "failed_accounts": report.failed_account_count},
    )
    return report


class _Chunks:
    """The chunks of one date: several at a time, each on a connection and in a transaction its own.

    They hold different accounts, so they never wait for each other; the database works on as many
    as it has cores for. Inside a transaction of the caller (a test) it is one after another.
    """

    def __init__(
        self,
        *,
        row: ChargeRun,
        skip: Sequence[int],
        at: datetime,
        actor: Actor,
        report: DayReport,
    ) -> None:
        self.row, self.skip, self.at, self.actor, self.report = row, skip, at, actor, report
        last = row.chunks.aggregate(last=Max("number"))["last"] or 0
        self.numbers = itertools.count(last + 1)
        self.lock = threading.Lock()

    def charge_all(self, parts: Sequence[AccountRange]) -> None:
        """Charge these ranges. What the database itself fails with ends the run."""
        workers = min(settings.GEOBILL_CHARGE_WORKERS, len(parts))
        if workers <= 1 or connection.in_atomic_block:
            for part in parts:
                self.charge(part)
            return
        waiting = iter(parts)
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="charge") as pool:
            works = [pool.submit(self._work, waiting) for _n in range(workers)]
        for work in works:
            work.result()

    def _work(self, waiting: Iterator[AccountRange]) -> None:
        try:
            while True:
                with self.lock:
                    part = next(waiting, None)
                if part is None:
                    return
                self.charge(part)
        finally:
            connection.close()

    def charge(self, part: AccountRange) -> None:
        """Charge a range; when it fails, its halves, down to the one account that is at fault."""
        with self.lock:
            number = next(self.numbers)
        day = self.row.charge_date
        try:
            with transaction.atomic():
                result = chunks.charge(
                    on_date=day,
                    at=self.at,
                    actor=self.actor,
                    part=part,
                    key=f"charge-run:{day.isoformat()}:{number}:{part.first}",
                    skip=self.skip,
                )
                if result.is_empty:
                    return
                self._note(number=number, part=part, result=result)
                self._count(result)
        except Exception as error:
            if part.first < part.last:
                for half in chunks.halves(part=part, on_date=day):
                    self.charge(half)
                return
            logger.exception("account %s could not be charged for %s", part.first, day)
            self._note(number=number, part=part, error=error)
            with self.lock:
                self.report.failed_account_count += 1
            return
        with self.lock:
            self.report.add(result)

    def _count(self, result: ChunkResult) -> None:
        """Add to the run's sums in the chunk's own transaction: a run that is killed keeps them.

        Last before the commit, for chunks beside this one wait for the row.
        """
        ChargeRun.objects.filter(id=self.row.id).update(
            charged_count=F("charged_count") + result.charged_count,
            charged_kopecks=F("charged_kopecks") + result.charged_kopecks,
            blocked_count=F("blocked_count") + len(result.blocked_ids),
            resumed_count=F("resumed_count") + len(result.resumed_ids),
        )

    def _note(
        self,
        *,
        number: int,
        part: AccountRange,
        result: ChunkResult | None = None,
        error: Exception | None = None,
    ) -> None:
        ChargeRunChunk.objects.create(
            run=self.row,
            number=number,
            state=ChargeRun.State.DONE if result else ChargeRun.State.FAILED,
            first_account_id=part.first,
            last_account_id=part.last,
            journal_id=result.journal_id if result else None,
            charged_count=result.charged_count if result else 0,
            error=f"{type(error).__name__}: {error}"[:2000] if error else "",
            finished_at=self.at,
        )


def _accounts_that_wait(day: date) -> list[int]:
    """Accounts that failed on an earlier date, not made good yet: oldest first, so they wait."""
    return list(
        ChargeRunChunk.objects.filter(
            state=ChargeRun.State.FAILED, run__charge_date__lt=day
        ).values_list("first_account_id", flat=True)
    )


def _tell_of_the_day(*, day: date, at: datetime) -> None:
    """Pauses that begin or end and plans that begin at this midnight change what is on."""
    ids = chunks.changed_at_midnight(day=day)
    for start in range(0, len(ids), CHUNK_ACCOUNTS):
        with transaction.atomic():
            hooks.subscriptions_changed(subscription_ids=ids[start : start + CHUNK_ACCOUNTS], at=at)
