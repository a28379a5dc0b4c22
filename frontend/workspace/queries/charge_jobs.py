"""A charge run or a trial as its background job tells it: where it is, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from billing.charging import work
from billing.charging.report import FAILURES_NAMED, DayReport, Failure, RunLine
from billing.charging.work import DayDone
from billing.ledger import queries as ledger
from billing.models import ChargeRun, ChargeRunChunk
from crm import queries as crm_queries
from frontend import formats
from project.core.models import Job


@dataclass(frozen=True, slots=True)
class FailedAccount:
    """An account that could not be charged: whose it is, and the fault for who looks into it."""

    contract: str
    customer_id: int | None
    customer_name: str
    error: str


@dataclass(frozen=True, slots=True)
class ChargeResult:
    """What a run charged or a trial would charge; `lines` only of a trial, a run has its page.

    `offers`: what may be begun next ("run" what was tried, "again" what is not charged yet, or "").
    """

    is_trial: bool
    on_date: date
    days: Sequence[DayDone | DayReport]
    lines: Sequence[RunLine]
    failures: Sequence[FailedAccount]
    offers: str
    needs_confirm: bool
    is_partial: bool
    broke_off: bool

    @property
    def has_many_days(self) -> bool:
        """Whether a service may have several lines."""
        return len(self.days) > 1

    @property
    def charged_count(self) -> int:
        """Charges over all dates."""
        return sum(day.charged_count for day in self.days)

    @property
    def charged_kopecks(self) -> int:
        """Money over all dates."""
        return sum(day.charged_kopecks for day in self.days)


def result_of(job: Job) -> ChargeResult:
    """What came of a job that has ended."""
    is_trial = job.kind == work.TRIAL
    report = work.report_of(job) if is_trial else None
    days: Sequence[DayDone | DayReport] = report.days if report else work.days_of(job)
    failures = report.failures if report else _failures(days)
    is_done = job.state == Job.State.DONE
    has_rest = not is_done or any(day.failed_account_count for day in days)
    return ChargeResult(
        is_trial=is_trial,
        on_date=date.fromisoformat(job.params["on_date"]),
        days=days,
        lines=report.lines() if report else (),
        failures=_with_names(failures),
        offers=("run" if is_done else "") if is_trial else ("again" if has_rest else ""),
        needs_confirm=is_trial or work.needs_confirm(job),
        is_partial=is_trial and not is_done,
        broke_off=not is_trial and work.broke_off(job),
    )


def where_it_is(job: Job) -> str:
    """Which dates are charged now, in words."""
    now = work.now_at(job)
    if now is None or job.is_over:
        return ""
    first, last, is_tried = now
    dates = formats.day(first) if first == last else f"{formats.day(first)} – {formats.day(last)}"
    if job.kind == work.TRIAL:
        return _("Trying %(dates)s: nothing is posted.") % {"dates": dates}
    if is_tried:
        return _("The total of %(dates)s is compared with the week before.") % {"dates": dates}
    return _("Charging %(dates)s.") % {"dates": dates}


def _failures(days: Sequence[DayDone | DayReport]) -> list[Failure]:
    """Accounts that failed in these runs and are not made good yet."""
    chunks = ChargeRunChunk.objects.filter(
        run__charge_date__in=[day.charge_date for day in days], state=ChargeRun.State.FAILED
    ).order_by("run__charge_date", "number")
    return [Failure(chunk.first_account_id, chunk.error) for chunk in chunks[:FAILURES_NAMED]]


def _with_names(failures: Sequence[Failure]) -> list[FailedAccount]:
    ids = [failure.account_id for failure in failures]
    accounts = ledger.accounts(ids=ids)
    holders = crm_queries.customers_of_accounts(account_ids=ids)
    found = []
    for failure in failures:
        account = accounts.get(failure.account_id)
        customer_id, name = holders.get(failure.account_id, (None, ""))
        found.append(
            FailedAccount(account.code if account else "", customer_id, name, failure.error)
        )
    return found
