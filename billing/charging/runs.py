"""The daily run: dates in order, accounts in chunks, each chunk one database transaction."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.calendar import kyiv_date
from billing.charging import chunks, trial
from billing.charging.day import DayOfChunks
from billing.charging.models import ChargeRun, ChargeRunChunk
from billing.charging.report import DayReport, RunReport
from billing.charging.rules import missing_dates
from billing.charging.watching import NOBODY, Watch
from billing.subscriptions import day_addons, hooks
from project.core import audit
from project.core.actor import Actor
from project.core.errors import DomainError
from project.core.jobs import JobStopped

# Somebody who pays meanwhile waits for the chunk that holds the account: a third of a second.
CHUNK_ACCOUNTS = 3_000
MAX_CATCH_UP_DAYS = 7
UNUSUAL_SHARE_PERCENT = 30
UNUSUAL_FROM_CHARGES = 100
RUN_LOCK = 4_716_001
LOOK_BACK = timedelta(days=400)

_IS_RUNNING = """
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = %s AND objsubid = 1
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


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

    def __init__(self, **context: Any) -> None:
        super().__init__(self.words(context), **context)

    @staticmethod
    def words(context: dict[str, Any]) -> str:
        """What is unusual, in the present language."""
        if "days" in context:
            return gettext("%(days)s days are not charged. Look why, then confirm.") % context
        day = date.fromisoformat(context["date"])
        return gettext(
            "The total of %(date)s would be %(total)s ₴, more than 30 %% off the %(before)s ₴ "
            "of the same weekday before. Look why, then confirm."
        ) % {
            "date": f"{day:%d.%m.%Y}",
            "total": _hryvnias(context["total_kopecks"]),
            "before": _hryvnias(context["week_before_kopecks"]),
        }


def _hryvnias(kopecks: int) -> str:
    return f"{kopecks / 100:,.2f}".replace(",", "\N{NO-BREAK SPACE}").replace(".", ",")


def run(
    *,
    on_date: date,
    at: datetime,
    actor: Actor,
    dry_run: bool = False,
    confirm: bool = False,
    chunk_accounts: int = CHUNK_ACCOUNTS,
    watch: Watch = NOBODY,
    begun: RunReport | None = None,
) -> RunReport:
    """Charge all that is due up to and with `on_date`: missing dates first, the oldest first.

    Running again what is done posts nothing and lifts no block without money. A date in the past is
    charged by the facts of that date. A dry run goes on with the report that was `begun` and fills
    it. Raises RunBusyError, FutureDateError, and without `confirm` ConfirmationNeededError for more
    than 7 missing dates or an unusual total.
    """
    _stop_before_its_day(on_date=on_date, at=at)
    report = begun or RunReport(is_dry_run=dry_run)
    with _only_one():
        dates = dates_to_charge(on_date=on_date)
        if not confirm:
            _stop_when_long(dates)
        if dry_run:
            trial.attempt(report, dates=dates, at=at, actor=actor, size=chunk_accounts, watch=watch)
            return report
        one = _Day(at=at, actor=actor, size=chunk_accounts, watch=watch)
        for left, day in zip(reversed(range(len(dates))), dates, strict=True):
            spans = 1
            if not confirm and len(dates) > 1:
                spans += one.stop_when_unusual(day, ahead=2 * left + 1)
            report.days.append(one.charge(day, ahead=spans * left))
    return report


def check(*, on_date: date, at: datetime, confirm: bool = False) -> None:
    """Raise at once what `run` would raise, as far as that is quickly known."""
    _stop_before_its_day(on_date=on_date, at=at)
    with connection.cursor() as cursor:
        cursor.execute(_IS_RUNNING, [RUN_LOCK])
        if cursor.fetchone()[0]:
            raise RunBusyError()
    if not confirm:
        _stop_when_long(dates_to_charge(on_date=on_date))


def _stop_before_its_day(*, on_date: date, at: datetime) -> None:
    if on_date > kyiv_date(at):
        raise FutureDateError(on_date=on_date.isoformat())


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
        raise ConfirmationNeededError(days=missing, first=dates[0].isoformat())


class _Day:
    """Dates of one run, one after another."""

    def __init__(self, *, at: datetime, actor: Actor, size: int, watch: Watch) -> None:
        self.at, self.actor, self.size, self.watch = at, actor, size, watch

    def stop_when_unusual(self, day: date, *, ahead: int) -> bool:
        """Raise ConfirmationNeededError when the day's total is far off the week before.

        False: there is nothing to compare it with, so it was not tried.
        """
        before = ChargeRun.objects.filter(
            charge_date=day - timedelta(days=7), state=ChargeRun.State.DONE
        ).first()
        if before is None or before.charged_count < UNUSUAL_FROM_CHARGES:
            return False
        # A day that was charged in part (an account failed, the run was killed) is told whole.
        begun = ChargeRun.objects.filter(charge_date=day).first()
        tried = RunReport(is_dry_run=True)
        trial.attempt(
            tried,
            dates=[day],
            at=self.at,
            actor=self.actor,
            size=self.size,
            watch=self.watch,
            ahead=ahead,
            with_lines=False,
        )
        total = tried.charged_kopecks + (begun.charged_kopecks if begun else 0)
        off = abs(total - before.charged_kopecks)
        if off * 100 > UNUSUAL_SHARE_PERCENT * before.charged_kopecks:
            raise ConfirmationNeededError(
                date=day.isoformat(),
                total_kopecks=total,
                week_before_kopecks=before.charged_kopecks,
            )
        return True

    def charge(self, day: date, *, ahead: int) -> DayReport:
        """Charge the date. What the watch ends waits to be gone on with."""
        row, _created = ChargeRun.objects.get_or_create(charge_date=day)
        was_done = row.state == ChargeRun.State.DONE
        row.state = ChargeRun.State.RUNNING
        row.started_at = self.at
        row.started_by = self.actor.label[:150]
        row.save(update_fields=["state", "started_at", "started_by"])
        try:
            report = self._charge(row, ahead=ahead)
        except JobStopped:
            is_done = was_done and not chunks.ranges(first_date=day, last_date=day, size=self.size)
            row.state = ChargeRun.State.DONE if is_done else ChargeRun.State.PENDING
            row.save(update_fields=["state"])
            raise
        failed = report.failed_account_count > 0
        row.state = ChargeRun.State.FAILED if failed else ChargeRun.State.DONE
        row.finished_at = self.at
        row.save(update_fields=["state", "finished_at"])
        audit.record(
            at=self.at,
            actor=self.actor,
            action="billing.charge_run.finished",
            obj=("charge_run", day.isoformat()),
            summary=f"{day:%d.%m.%Y}: {report.charged_count} / {report.charged_kopecks}",
            after={"state": row.state, "failed_accounts": report.failed_account_count},
        )
        return report

    def _charge(self, row: ChargeRun, *, ahead: int) -> DayReport:
        day = row.charge_date
        ChargeRunChunk.objects.filter(run=row, state=ChargeRun.State.FAILED).delete()
        chunks.open_revenue_accounts(at=self.at)
        day_addons.end_due(day=day, at=self.at, actor=self.actor)
        _tell_of_the_day(day=day, at=self.at)
        report = DayReport(charge_date=day)
        parts = chunks.ranges(first_date=day, last_date=day, size=self.size)
        row.part_count = row.chunks.count() + len(parts)
        row.save(update_fields=["part_count"])
        self.watch.begins(first=day, last=day, parts=len(parts), ahead=ahead, is_trial=False)
        DayOfChunks(
            row=row,
            skip=chunks.accounts_that_wait(day=day),
            at=self.at,
            actor=self.actor,
            report=report,
            watch=self.watch,
        ).charge_all(parts)
        return report


def _tell_of_the_day(*, day: date, at: datetime) -> None:
    """Pauses that begin or end and plans that begin at this midnight change what is on."""
    ids = chunks.changed_at_midnight(day=day)
    for start in range(0, len(ids), CHUNK_ACCOUNTS):
        with transaction.atomic():
            hooks.subscriptions_changed(subscription_ids=ids[start : start + CHUNK_ACCOUNTS], at=at)
