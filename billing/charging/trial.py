"""The dry run: each range of accounts is charged on all dates and taken back."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.db import transaction

from billing.charging import chunks
from billing.charging.chunks import AccountRange, ChunkResult
from billing.charging.report import FAILURES_NAMED, DayReport, Failure, RunLine, RunReport, lines_of
from billing.charging.watching import NOBODY, Watch
from project.core.actor import Actor

logger = logging.getLogger(__name__)


def attempt(
    report: RunReport,
    *,
    dates: Sequence[date],
    at: datetime,
    actor: Actor,
    size: int,
    watch: Watch = NOBODY,
    ahead: int = 0,
    with_lines: bool = True,
) -> None:
    """Fill the report with what charging these dates would do.

    One that was begun goes on with its own dates, behind the accounts that it has tried. Sums by
    tariff and zone are found `with_lines` only.
    """
    report.days = report.days or [DayReport(charge_date=day) for day in dates]
    days = {day.charge_date: day for day in report.days}
    chunks.open_revenue_accounts(at=at)
    trial = _Trial(report, days=days, at=at, actor=actor, with_lines=with_lines)
    first, last = min(days), max(days)
    # A part holds the balances of its accounts on all dates: of many dates it takes fewer accounts,
    # so that somebody who pays meanwhile waits no longer than for a run.
    size = max(1, size // len(days))
    found = chunks.ranges(first_date=first, last_date=last, size=size)
    parts = [
        AccountRange(max(part.first, report.after + 1), part.last)
        for part in found
        if part.last > report.after
    ]
    watch.begins(first=first, last=last, parts=len(parts), ahead=ahead, is_trial=True)
    for part in parts:
        trial.charge(part)
        report.after = part.last
        watch.moves(parts=1)


class _Trial:
    def __init__(
        self,
        report: RunReport,
        *,
        days: Mapping[date, DayReport],
        at: datetime,
        actor: Actor,
        with_lines: bool,
    ) -> None:
        self.report, self.days, self.at, self.actor = report, days, at, actor
        self.with_lines = with_lines
        self.waiting = {day: chunks.accounts_that_wait(day=day) for day in days}

    def charge(self, part: AccountRange) -> None:
        """Charge a range on all dates and take it back; when it fails, its halves, as a run."""
        try:
            with transaction.atomic():
                done = [self._charged(part, day) for day in self.days]
                transaction.set_rollback(True)
        except Exception as error:
            if part.first < part.last:
                for half in chunks.halves(part=part, on_date=max(self.days)):
                    self.charge(half)
                return
            self._failed(part.first, error)
            return
        for day, result, lines in done:
            self.days[day].add(result, lines)

    def _charged(
        self, part: AccountRange, day: date
    ) -> tuple[date, ChunkResult, Sequence[RunLine]]:
        result = chunks.charge(
            on_date=day,
            at=self.at,
            actor=self.actor,
            part=part,
            key=f"dry:{day.isoformat()}:{part.first}",
            skip=self.waiting[day],
            tell=False,
        )
        if result.journal_id is None or not self.with_lines:
            return day, result, []
        return day, result, lines_of(day=day, journal_ids=[result.journal_id])

    def _failed(self, account_id: int, error: Exception) -> None:
        logger.exception("account %s could not be tried", account_id)
        # As in a run: what fails on one date waits on those that follow.
        first = next((day for day in self.days if account_id not in self.waiting[day]), None)
        if first is not None:
            self.days[first].failed_account_count += 1
        if len(self.report.failures) < FAILURES_NAMED:
            text = f"{type(error).__name__}: {error}"[:500]
            self.report.failures.append(Failure(account_id=account_id, error=text))
