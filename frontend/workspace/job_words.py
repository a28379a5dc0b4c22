"""How each kind of job is shown: words for its outcomes, where its result is, where to start one.

A kind that is not here still has its page: bar, counts by their own names, files.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from billing.charging import work as charging
from billing.qualification import work as qualification
from billing.subscriptions import plan_batches
from billing.whatif import work as what_if
from coverage.addressfiles import job as import_job
from frontend.planner import import_words
from frontend.workspace.queries import charge_jobs
from network.addressing import importjob as ip_import
from project.core.models import Job


def no_unit(_n: int) -> str:
    """What is counted has no word."""
    return ""


def percent(_n: int) -> str:
    """The work counts hundredths."""
    return "%"


def rows(n: int) -> str:
    """ "rows", declined as that number asks."""
    return ngettext("row", "rows", n)


def parts(n: int) -> str:
    """ "parts", declined as that number asks."""
    return ngettext("part", "parts", n)


@dataclass(frozen=True, slots=True)
class JobSays:
    """What a kind tells of one job beyond its counts.

    `now`: what it is at. `error`: why it failed, in the language of who reads it ("": what the job
    has kept). `template`: the part of its page that shows `result`, once it is over.
    """

    now: str = ""
    error: str = ""
    template: str = ""
    result: Any = None


def no_more(_job: Job) -> JobSays:
    """Nothing beyond its counts."""
    return JobSays()


def of_charges(job: Job) -> JobSays:
    """A charge run or its trial."""
    if not job.is_over:
        return JobSays(now=charge_jobs.where_it_is(job))
    return JobSays(
        error=charging.error_of(job),
        template="workspace/partials/charge_job.html",
        result=charge_jobs.result_of(job),
    )


@dataclass(frozen=True, slots=True)
class JobWords:
    """`outcomes`: a name in `Job.counts` → (tone, word), in the order in which they are shown.

    Names in `Job.counts` that have no word are not shown where there are `outcomes`.
    `unit`: the word for so many of what is counted ("rows"). `page`: name of the address (it takes
    `job_id`) of a page that says more about the result than the job's own page does. `says`: what
    the job's own page says beyond that.
    """

    unit: Callable[[int], str] = no_unit
    outcomes: dict[str, tuple[str, Any]] = field(default_factory=dict)
    page: str = ""
    says: Callable[[Job], JobSays] = no_more


def services(n: int) -> str:
    """ "services" for so many."""
    return ngettext("service", "services", n)


WORDS: dict[str, JobWords] = {
    import_job.KIND: JobWords(
        unit=percent, outcomes=import_words.JOB_OUTCOMES, page="planner:import"
    ),
    qualification.KIND: JobWords(
        unit=rows,
        page="workspace:qualify-result",
        outcomes={
            "answer_available": ("online", _("can be connected")),
            "answer_planned": ("plan", _("planned or being built")),
            "answer_suspended": ("debt", _("sales are suspended")),
            "answer_needs_survey": ("guest", _("need a look on the spot")),
            "answer_no_coverage": ("off", _("no coverage")),
            "unmatched": ("admin", _("address not found for certain")),
        },
    ),
    ip_import.KIND: JobWords(
        unit=rows,
        page="workspace:ip-import-result",
        outcomes={
            "ip_given": ("online", _("given")),
            "ip_changed": ("plan", _("changed")),
            "ip_mac_only": ("plan", _("only the MAC")),
            "ip_access": ("plan", _("login, password or port")),
            "ip_same": ("off", _("already so")),
            "ip_nothing": ("off", _("say nothing")),
            "ip_taken": ("debt", _("held by others")),
            "ip_reserved": ("debt", _("reserved")),
            "ip_repeated": ("debt", _("said twice")),
            "ip_unknown": ("admin", _("nobody of that name")),
            "ip_ambiguous": ("admin", _("several services")),
            "ip_ended": ("admin", _("service ended")),
            "ip_bad_address": ("admin", _("no address")),
            "ip_bad_mac": ("admin", _("no MAC")),
            "ip_login_taken": ("debt", _("login of another service")),
            "ip_bad_login": ("admin", _("no login")),
            "ip_bad_password": ("admin", _("no password")),
            "ip_bad_port": ("admin", _("no port")),
            "ip_bad_row": ("admin", _("torn by a quotation mark")),
        },
    ),
    charging.RUN: JobWords(
        unit=parts,
        says=of_charges,
        outcomes={
            "charged": ("online", _("lines charged")),
            "blocked": ("debt", _("blocked for debt")),
            "resumed": ("plan", _("came back")),
            "failed": ("admin", _("accounts failed")),
        },
    ),
    charging.TRIAL: JobWords(
        unit=parts,
        says=of_charges,
        outcomes={
            "would_charge": ("off", _("lines would be charged")),
            "would_block": ("debt", _("would be blocked")),
            "would_resume": ("plan", _("would come back")),
            "would_fail": ("admin", _("accounts would fail")),
        },
    ),
    what_if.KIND: JobWords(unit=services, page="workspace:what-if"),
    plan_batches.KIND: JobWords(
        unit=services,
        outcomes={
            "scheduled": ("plan", _("will get the tariff")),
            "cancelled": ("off", _("keep theirs after all")),
            "refused": ("debt", _("refused")),
        },
    ),
}


def words_of(kind: str) -> JobWords:
    """The words of that kind of job."""
    return WORDS.get(kind, JobWords())
