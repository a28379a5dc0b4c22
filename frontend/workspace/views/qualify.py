"""Checking a list of addresses: hand it in, confirm its columns, see what came of it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from billing.qualification import lists, operations
from frontend.workspace import params
from frontend.workspace.forms import ListForm
from frontend.workspace.queries import lists as list_pages
from frontend.workspace.views.jobs import viewer_of
from frontend.workspace.web import staff_page
from project.core import clock, jobs
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.models import Job
from project.core.roles import Permission


@staff_page(Permission.LISTS_QUALIFY, methods=("GET", "POST"))
def hand_in(request: HttpRequest) -> HttpResponse:
    """Choose a file; the lists checked before."""
    form = ListForm(request.POST or None, request.FILES or None)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                job = operations.hand_in(
                    name=form.cleaned_data["file"].name,
                    content=form.cleaned_data["file"],
                    actor=actor_of(request),
                    at=clock.now(),
                )
            except DomainError as error:
                form.add_error("file", str(error.message))
                status = error.http_status
            else:
                return redirect("workspace:qualify-columns", job_id=job.id)
        else:
            status = 422
    context = {
        "form": form,
        "lists": list_pages.recent(viewer=viewer_of(request)),
        "max_rows": lists.MAX_ROWS,
    }
    return render(request, "workspace/qualify.html", context, status=status)


@staff_page(Permission.LISTS_QUALIFY, methods=("GET", "POST"))
def columns(request: HttpRequest, job_id: int) -> HttpResponse:
    """Which column is what, with the first rows as they would be read; then start."""
    job = _list_of(request, job_id)
    if job.state != Job.State.DRAFT:
        return redirect("workspace:job", job_id=job.id)
    kept = lists.choice_of(job.params)
    if request.method != "POST":
        return _columns(request, job, kept)
    choice = list_pages.choice_of(request.POST, kept=kept)
    try:
        if "start" in request.POST:
            operations.begin(job=job, choice=choice, actor=actor_of(request), at=clock.now())
            return redirect("workspace:job", job_id=job.id)
        return _columns(request, job, choice)
    except DomainError as error:
        return _columns(request, job, choice, kept=kept, error=error)


def _columns(
    request: HttpRequest,
    job: Job,
    choice: lists.Choice,
    *,
    kept: lists.Choice | None = None,
    error: DomainError | None = None,
) -> HttpResponse:
    """The page of columns as chosen; as `kept` where the list can't be read as chosen."""
    try:
        look = operations.look(job=job, choice=choice)
    except DomainError:
        if kept is None:
            raise
        choice, look = kept, operations.look(job=job, choice=kept)
    context = {
        "job": job,
        "choice": choice,
        "error": error,
        "page": list_pages.columns_page(look),
    }
    if look.is_too_long and error is None:
        context["error"] = lists.ListTooLongError.told()
    status = error.http_status if error else 200
    return render(request, "workspace/qualify_columns.html", context, status=status)


@staff_page(Permission.LISTS_QUALIFY)
def result(request: HttpRequest, job_id: int) -> HttpResponse:
    """What came of a list: how many of each, and the rows that were not found for certain."""
    job = _list_of(request, job_id)
    if job.state != Job.State.DONE:
        return redirect("workspace:job", job_id=job.id)
    jobs.mark_seen(job_id=job.id, actor=actor_of(request), at=clock.now())
    after = params.int_of(request.GET, "after") or 0
    context = {"job": job, "page": list_pages.result_page(job=job, after=after), "after": after}
    return render(request, "workspace/qualify_result.html", context)


def _list_of(request: HttpRequest, job_id: int) -> Job:
    job = jobs.job_of(job_id=job_id, viewer=viewer_of(request))
    if job.kind != operations.KIND:
        raise jobs.UnknownJobError
    return job
