"""Charge runs: what was charged each day, and starting one by hand."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from billing.charging import report as charging_report
from billing.charging import work
from frontend.workspace import params
from frontend.workspace.forms import RunForm
from frontend.workspace.paging import PAGE_SIZE
from frontend.workspace.queries import money
from frontend.workspace.queries.jobs import ShownJob, shown
from frontend.workspace.views.jobs import viewer_of
from frontend.workspace.web import staff_page
from project.core import clock, jobs
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission

BY_HAND_SHOWN = 5


@staff_page(Permission.LEDGER_VIEW)
def runs(request: HttpRequest) -> HttpResponse:
    """Runs, newest day first."""
    return _runs(request, RunForm(today=clock.today(), initial={"charge_date": clock.today()}))


def _runs(
    request: HttpRequest, form: RunForm, *, offers_run: bool = False, status: int = 200
) -> HttpResponse:
    before = params.date_of(request.GET, "before")
    rows = money.charge_runs(before=before, limit=PAGE_SIZE + 1)
    context = {
        "rows": rows[:PAGE_SIZE],
        "next_before": rows[PAGE_SIZE - 1].charge_date if len(rows) > PAGE_SIZE else None,
        "is_first": before is None,
        "form": form,
        "offers_run": offers_run,
        "by_hand": _by_hand(request),
        "today": clock.today(),
    }
    return render(request, "workspace/charging.html", context, status=status)


def _by_hand(request: HttpRequest) -> list[ShownJob]:
    """The newest runs and trials that this person may see."""
    viewer = viewer_of(request)
    found = [
        job
        for kind in work.KINDS
        for job in jobs.listed(viewer=viewer, kind=kind, limit=BY_HAND_SHOWN)
    ]
    found.sort(key=lambda job: job.id, reverse=True)
    return [shown(job) for job in found[:BY_HAND_SHOWN]]


@staff_page(Permission.CHARGING_RUN, methods=("POST",))
def start(request: HttpRequest) -> HttpResponse:
    """Begin a trial, or a run: up to and with the chosen day, in the background."""
    form = RunForm(request.POST, today=clock.today())
    is_trial = "run" not in request.POST
    if not form.is_valid():
        return _runs(request, form, offers_run=not is_trial, status=422)
    try:
        job = work.begin(
            on_date=form.cleaned_data["charge_date"],
            at=clock.now(),
            actor=actor_of(request),
            is_trial=is_trial,
            confirm="confirm" in request.POST,
        )
    except DomainError as error:
        form.add_domain_error(error)
        return _runs(request, form, offers_run=not is_trial, status=error.http_status)
    return redirect("workspace:job", job_id=job.id)


@staff_page(Permission.LEDGER_VIEW)
def run_detail(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run with its chunks, and what it charged by tariff and zone."""
    run, failed, states = money.charge_run(run_id=run_id)
    lines = charging_report.by_tariff_and_zone(run=run)
    context = {"run": run, "failed": failed, "states": states, "lines": lines}
    return render(request, "workspace/charge_run.html", context)
