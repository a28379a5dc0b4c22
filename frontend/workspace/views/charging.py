"""Charge runs: what was charged each day, and starting one by hand."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.charging import operations as charging
from billing.charging import report as charging_report
from frontend.templatetags.geobill import money as money_text
from frontend.workspace import params
from frontend.workspace.forms import RunForm
from frontend.workspace.paging import PAGE_SIZE
from frontend.workspace.queries import money
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission


@staff_page(Permission.LEDGER_VIEW)
def runs(request: HttpRequest) -> HttpResponse:
    """Runs, newest day first."""
    return _runs(request, RunForm(today=clock.today(), initial={"charge_date": clock.today()}))


def _runs(
    request: HttpRequest, form: RunForm, *, report: object = None, status: int = 200
) -> HttpResponse:
    before = params.date_of(request.GET, "before")
    rows = money.charge_runs(before=before, limit=PAGE_SIZE + 1)
    context = {
        "rows": rows[:PAGE_SIZE],
        "next_before": rows[PAGE_SIZE - 1].charge_date if len(rows) > PAGE_SIZE else None,
        "is_first": before is None,
        "form": form,
        "report": report,
        "today": clock.today(),
    }
    return render(request, "workspace/charging.html", context, status=status)


@staff_page(Permission.CHARGING_RUN, methods=("POST",))
def start(request: HttpRequest) -> HttpResponse:
    """Try a run without posting, or run it: up to and with the chosen day."""
    form = RunForm(request.POST, today=clock.today())
    if not form.is_valid():
        return _runs(request, form, status=422)
    is_trial = "run" not in request.POST
    try:
        report = charging.run(
            on_date=form.cleaned_data["charge_date"],
            at=clock.now(),
            actor=actor_of(request),
            dry_run=is_trial,
            confirm="confirm" in request.POST,
        )
    except DomainError as error:
        form.add_domain_error(error)
        return _runs(request, form, status=error.http_status)
    if is_trial:
        return _runs(request, form, report=report)
    said = _("Charged %(sum)s in %(count)s lines.") % {
        "count": report.charged_count,
        "sum": money_text(report.charged_kopecks),
    }
    return done(request, said, "workspace:charging")


@staff_page(Permission.LEDGER_VIEW)
def run_detail(request: HttpRequest, run_id: int) -> HttpResponse:
    """One run with its chunks, and what it charged by tariff and zone."""
    run, failed, states = money.charge_run(run_id=run_id)
    lines = charging_report.by_tariff_and_zone(run=run)
    context = {"run": run, "failed": failed, "states": states, "lines": lines}
    return render(request, "workspace/charge_run.html", context)
