"""A service's own address by hand, conflicts, and the import of a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from frontend.workspace import params
from frontend.workspace.address_forms import FileForm, OwnAddressForm
from frontend.workspace.address_words import KINDS
from frontend.workspace.network_words import FORETOLD
from frontend.workspace.queries import addresses as pages
from frontend.workspace.queries import holders
from frontend.workspace.queries.jobs import shown
from frontend.workspace.views.addresses import require_edit
from frontend.workspace.views.jobs import viewer_of
from frontend.workspace.web import done, staff_page
from network import foretelling, session_operations
from network.addressing import conflicts, importfile, importjob, plans, static
from network.models import IpAssignment, RadiusDecision, Session
from project.core import clock, jobs
from project.core.actor import Actor
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of
from project.core.models import Job
from project.core.roles import Permission


@dataclass(frozen=True, slots=True)
class Effect:
    """What giving an address would do: by doing it and taking it back."""

    before: str
    after: str
    refusal: DomainError | None
    asked: Sequence[tuple[foretelling.Foretold, Any]] = ()


@staff_page(Permission.NETWORK_VIEW, methods=("GET", "POST"))
def own_address(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """The addresses of a service, why these, and another one by hand; the effect is shown first."""
    service = holders.service_of(subscription_id=subscription_id)
    decision = RadiusDecision.objects.filter(subscription_id=subscription_id).first()
    if decision is None:
        raise NotFoundError
    at = clock.now()
    kind = params.choice_of(request.GET, "kind", KINDS) or "IPV4"
    is_post = request.method == "POST"
    form = OwnAddressForm(request.POST if is_post else request.GET or None)
    status = 200
    if is_post:
        require_edit(request)
        status = 422
        if form.is_valid():
            try:
                _change(form, subscription_id, kind, at=at, actor=actor_of(request))
            except DomainError as error:
                form.add_domain_error(error)
                status = error.http_status
            else:
                customer_id = service.account.customer_link.customer_id
                said = _("The address is changed; the session follows at once.")
                return done(request, said, "workspace:customer", customer_id)
    effect = None
    if form.is_bound and form.is_valid() and form.cleaned_data["address"]:
        effect = _effect(form, subscription_id, kind, at=at, actor=actor_of(request))
    context = {
        "service": service,
        "customer": service.account.customer_link.customer,
        "login": decision.login,
        "kind": kind,
        "kinds": KINDS.items(),
        "form": form,
        "effect": effect,
        "own": IpAssignment.objects.filter(
            subscription_id=subscription_id, kind=kind, state="ASSIGNED"
        )
        .select_related("pool")
        .first(),
        "leases": IpAssignment.objects.filter(subscription_id=subscription_id, kind=kind)
        .exclude(state="ASSIGNED")
        .select_related("pool"),
        "session": Session.objects.filter(subscription_id=subscription_id)
        .select_related("nas")
        .order_by("-started_at")
        .first(),
        "free": static.suggestions(subscription_id=subscription_id, kind=kind, at=at),
        "ladder": [
            step
            for step in plans.ladder(subscription_id=subscription_id, on_date=clock.today(at))
            if step.rule.pool.kind == kind
        ],
    }
    part = request.headers.get("HX-Target") == "ip-effect"
    template = "partials/address_effect.html" if part else "addresses/own.html"
    return render(request, f"workspace/{template}", context, status=status)


def _change(
    form: OwnAddressForm, subscription_id: int, kind: str, *, at: datetime, actor: Actor
) -> None:
    data = form.cleaned_data
    about: dict[str, Any] = {"at": at, "actor": actor, "comment": data["comment"], "kind": kind}
    if data["address"]:
        static.assign(
            subscription_id=subscription_id,
            address=data["address"],
            may_be_outside=data["may_be_outside"],
            **about,
        )
    else:
        static.give_back(subscription_id=subscription_id, **about)


def _effect(
    form: OwnAddressForm, subscription_id: int, kind: str, *, at: datetime, actor: Actor
) -> Effect:
    own = IpAssignment.objects.filter(subscription_id=subscription_id, kind=kind, state="ASSIGNED")
    before, after, refusal = own.values_list("address", flat=True).first() or "", "", None
    asked: list[foretelling.Foretold] = []
    with transaction.atomic():
        try:
            with transaction.atomic():
                _change(form, subscription_id, kind, at=at, actor=actor)
            after = own.values_list("address", flat=True).first() or ""
            asked = foretelling.of_service(subscription_id=subscription_id)
        except DomainError as error:
            refusal = error
        transaction.set_rollback(True)
    return Effect(before, after, refusal, [(one, FORETOLD[one.kind]) for one in asked])


@staff_page(Permission.NETWORK_VIEW, methods=("GET", "POST"))
def conflict_list(request: HttpRequest) -> HttpResponse:
    """Where addresses are not as they should be; POST does what its button says."""
    if request.method == "POST":
        require_edit(request)
        said = _settle(request, at=clock.now(), actor=actor_of(request))
        return done(request, said, "workspace:ip-conflicts")
    context = {"tab": "conflicts", "groups": pages.conflict_groups()}
    return render(request, "workspace/addresses/conflicts.html", context)


def _settle(request: HttpRequest, *, at: datetime, actor: Actor) -> Any:
    key = params.text_of(request.POST, "key", 64)
    row_id = params.as_key(key)
    act = params.choice_of(request.POST, "do", ("disconnect", "adopt", "by-rule", "give", "leave"))
    if act == "disconnect":
        session_operations.disconnect_session(unique_id=key, at=at, actor=actor)
        return _("The access server is asked to end the session.")
    if act == "adopt":
        conflicts.adopt(unique_id=key, at=at, actor=actor)
        return _("The address is the service's own now.")
    if row_id is None or not act:
        raise NotFoundError
    if act == "by-rule":
        conflicts.by_rule(assignment_id=row_id, at=at, actor=actor)
        return _("The rules have chosen another address.")
    conflicts.settle_claim(claim_id=row_id, gives=act == "give", at=at, actor=actor)
    return _("The claim is settled.")


@staff_page(Permission.NETWORK_EDIT, methods=("GET", "POST"))
def import_file(request: HttpRequest) -> HttpResponse:
    """Hand a file in for a dry run; the imports before."""
    form = FileForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                job = importjob.hand_in(
                    name=form.cleaned_data["file"].name,
                    content=form.cleaned_data["file"],
                    at=clock.now(),
                    actor=actor_of(request),
                )
            except DomainError as error:
                form.add_error("file", str(error.message))
                status = error.http_status
            else:
                return redirect("workspace:ip-import-result", job_id=job.id)
    before = Job.objects.filter(kind=importjob.KIND).order_by("-id")[:10]
    context = {
        "tab": "import",
        "form": form,
        "before": [shown(job) for job in before],
        "most": importfile.ROWS_MAX,
    }
    return render(request, "workspace/addresses/import.html", context, status=status)


@staff_page(Permission.NETWORK_EDIT, methods=("GET", "POST"))
def import_result(request: HttpRequest, job_id: int) -> HttpResponse:
    """What a dry run has found, and what an import has done; POST goes on in earnest."""
    job = jobs.job_of(job_id=job_id, viewer=viewer_of(request))
    if job.kind != importjob.KIND:
        raise jobs.UnknownJobError
    at = clock.now()
    if request.method == "POST":
        if job.state != Job.State.DONE or job.params.get("writes"):
            raise jobs.JobOverError
        begun = importjob.in_earnest(job=job, at=at, actor=actor_of(request))
        return redirect("workspace:ip-import-result", job_id=begun.id)
    if job.is_over:
        jobs.mark_seen(job_id=job.id, actor=actor_of(request), at=at)
    about = shown(job)
    part = request.headers.get("HX-Target") == "ip-import"
    context = {
        "tab": "import",
        "job": job,
        "about": about,
        "left": about.left(at),
        "is_dry": not job.params.get("writes"),
        "has_input": importjob.has_input(job),
        "columns": importjob.columns(job) if job.state == Job.State.DONE else [],
        "problems": importjob.problems(job) if job.state == Job.State.DONE else [],
    }
    template = "partials/address_import.html" if part else "addresses/import_result.html"
    return render(request, f"workspace/{template}", context)
