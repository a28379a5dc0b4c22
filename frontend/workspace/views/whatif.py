"""What-if: the draft of a tariff tried on the clients there are, at once or as a background job."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from billing import whatif
from billing.models import PlanBatch, Tariff
from billing.whatif import work
from frontend.formats import money
from frontend.workspace import params
from frontend.workspace.forms import FIRST_DAY, LAST_DAY
from frontend.workspace.queries import constructor as pages
from frontend.workspace.queries import whatif as answers
from frontend.workspace.queries.places import map_centre
from frontend.workspace.views.jobs import viewer_of
from frontend.workspace.web import staff_page
from project.core import clock, jobs
from project.core.errors import NotFoundError
from project.core.http import actor_of
from project.core.models import Job
from project.core.roles import Permission

SEES = (Permission.TARIFFS_VIEW, Permission.LEDGER_VIEW)


@staff_page(*SEES, methods=("GET", "POST"))
def of_tariff(request: HttpRequest, code: str) -> HttpResponse:
    """Try the draft of a tariff; POST starts the job where it takes long."""
    tariff = pages.tariff_of(code=code)
    at = clock.now()
    asked = params.date_of(request.POST or request.GET, "existing_from")
    existing_from = asked if asked and FIRST_DAY <= asked <= LAST_DAY else None
    hypothesis = whatif.of_draft(
        tariff_id=tariff.id, today=clock.today(at), existing_from=existing_from
    )
    if request.method == "POST":
        question = {
            "tariff_id": tariff.id,
            "existing_from": existing_from.isoformat() if existing_from else None,
        }
        job = work.begin(question=question, title=tariff.name_uk, actor=actor_of(request), at=at)
        return redirect("workspace:job", job.id)
    if work.is_long(hypothesis=hypothesis):
        count = whatif.count_services(hypothesis=hypothesis)
        context = {"tariff": tariff, "count": count, "hypothesis": hypothesis}
        return render(request, "workspace/what_if_long.html", context)
    report = whatif.answer(hypothesis=hypothesis, at=at)
    return _page(request, tariff, report, hypothesis.on_date, at=at)


@staff_page(*SEES)
def of_job(request: HttpRequest, job_id: int) -> HttpResponse:
    """The answer of a job that is done; `?zones` gives its map."""
    job = jobs.job_of(job_id=job_id, viewer=viewer_of(request))
    if job.kind != work.KIND:
        raise jobs.UnknownJobError
    if job.state != Job.State.DONE:
        return redirect("workspace:job", job_id=job.id)
    at = clock.now()
    jobs.mark_seen(job_id=job.id, actor=actor_of(request), at=at)
    on_date, report = work.answer_of(job)
    return _page(request, _tariff_of(job), report, on_date, at=at)


def _tariff_of(job: Job) -> Tariff:
    batch = PlanBatch.objects.filter(id=job.params.get("batch_id")).first()
    tariff_id = batch.tariff_id if batch else job.params.get("tariff_id")
    tariff = Tariff.objects.filter(id=tariff_id).first()
    if tariff is None:
        raise NotFoundError
    return tariff


def _page(
    request: HttpRequest, tariff: Tariff, report: whatif.Report, on_date: date, *, at: datetime
) -> HttpResponse:
    found = answers.shown(report=report, on_date=on_date)
    if "zones" in request.GET:
        return JsonResponse(features_of(found, at=at), content_type="application/geo+json")
    current = pages.newest_version(tariff_id=tariff.id)
    context = {
        "tariff": tariff,
        "found": found,
        "draft": pages.draft(tariff_id=tariff.id, current=current),
        "centre": map_centre(),
    }
    return render(request, "workspace/what_if.html", context)


def features_of(found: answers.Shown, *, at: datetime) -> dict[str, Any]:
    """The zones of an answer for the map, the differences in words."""
    features = answers.zones_with_differences(found=found, at=at)
    for feature in features["features"]:
        properties = feature["properties"]
        properties["price"] = money(properties.pop("difference"), sign=True)
    return features
