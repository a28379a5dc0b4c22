"""Another tariff for many services: chosen, tried, planned, cancelled."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from billing import whatif
from billing.calendar import ONE_DAY
from billing.subscriptions import plan_batches
from billing.whatif import work
from frontend.workspace import params
from frontend.workspace.queries import constructor as pages
from frontend.workspace.queries import plan_batches as batch_pages
from frontend.workspace.queries import tariffs as tariff_pages
from frontend.workspace.queries import whatif as answers
from frontend.workspace.queries.places import map_centre
from frontend.workspace.tariff_forms import BatchForm
from frontend.workspace.views.whatif import features_of
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission

NEEDS = (Permission.TARIFFS_PUBLISH, Permission.LEDGER_VIEW)


@staff_page(*NEEDS)
def batch_list(request: HttpRequest) -> HttpResponse:
    """Changes that were prepared, planned or cancelled."""
    return render(request, "workspace/plan_batches.html", {"rows": batch_pages.batches()})


@staff_page(*NEEDS, methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Choose who gets what from when; the effect is shown on the next page."""
    at = clock.now()
    zones = pages.zone_choices(at=at)
    first = {
        "from_date": clock.today(at) + ONE_DAY,
        "from_tariff_id": params.int_of(request.GET, "from_tariff"),
    }
    form = BatchForm(request.POST or None, zone_ids=[zone.id for zone in zones], initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            batch_id = plan_batches.prepare(
                at=at,
                actor=actor_of(request),
                tariff_id=form.cleaned_data["tariff_id"],
                from_date=form.cleaned_data["from_date"],
                chosen=form.chosen(),
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return redirect("workspace:plan-batch", batch_id)
    context = {
        "form": form,
        "tariffs": tariff_pages.names(),
        "zones": zones,
        "segments": pages.segments(),
        "tariff_id": params.as_key(str(form["tariff_id"].value() or "")),
        "from_tariff_id": params.as_key(str(form["from_tariff_id"].value() or "")),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/plan_batch_new.html", context, status=status)


@staff_page(*NEEDS, methods=("GET", "POST"))
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """One change with its effect; POST plans it, tries it in the background, or cancels it."""
    at, actor = clock.now(), actor_of(request)
    page = batch_pages.batch_page(batch_id=batch_id, today=clock.today(at))
    if request.method == "POST":
        act = params.choice_of(request.POST, "do", ("schedule", "cancel", "try"))
        if act == "try":
            question = {"batch_id": batch_id}
            job = work.begin(question=question, title=page.batch.tariff.name_uk, actor=actor, at=at)
            return redirect("workspace:job", job.id)
        if act == "schedule":
            plan_batches.schedule(at=at, actor=actor, batch_id=batch_id)
            said = _("Planned. It is written in the background.")
        elif act == "cancel":
            plan_batches.cancel(at=at, actor=actor, batch_id=batch_id)
            said = _("It is being taken back.")
        else:
            return redirect("workspace:plan-batch", batch_id)
        return done(request, said, "workspace:plan-batch", batch_id)
    context: dict[str, Any] = {"page": page, "tariff": page.batch.tariff, "centre": map_centre()}
    if page.can_schedule:
        hypothesis = whatif.of_batch(batch_id=batch_id)
        context["is_long"] = work.is_long(hypothesis=hypothesis)
        if not context["is_long"]:
            report = whatif.answer(hypothesis=hypothesis, at=at)
            found = answers.shown(report=report, on_date=hypothesis.on_date)
            if "zones" in request.GET:
                features = features_of(found, at=at)
                return JsonResponse(features, content_type="application/geo+json")
            context["found"] = found
    return render(request, "workspace/plan_batch.html", context)
