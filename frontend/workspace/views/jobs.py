"""Long work: what is going on, how far it is, what came of it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from frontend.workspace import params
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.queries.jobs import shown
from frontend.workspace.web import staff_page
from project.core import clock, jobs
from project.core.http import actor_of, may
from project.core.models import User
from project.core.roles import Permission


def viewer_of(request: HttpRequest) -> User:
    """The member of staff who looks; `staff_page` has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


@staff_page(Permission.JOBS_VIEW)
def job_list(request: HttpRequest) -> HttpResponse:
    """My jobs, or everybody's for an administrator, newest first."""
    before = params.int_of(request.GET, "before")
    rows = jobs.listed(viewer=viewer_of(request), before_id=before, limit=PAGE_SIZE + 1)
    page = key_page(rows, before=before)
    context = {
        "page": page,
        "jobs": [shown(job) for job in page],
        "sees_all": may(request, Permission.JOBS_VIEW_ALL),
    }
    return render(request, "workspace/jobs.html", context)


@staff_page(Permission.JOBS_VIEW)
def bell(request: HttpRequest) -> HttpResponse:
    """What the bell in the header says now."""
    context = {"bell": jobs.bell(viewer=viewer_of(request))}
    return render(request, "workspace/partials/bell.html", context)


@staff_page(Permission.JOBS_VIEW)
def detail(request: HttpRequest, job_id: int) -> HttpResponse:
    """One job; htmx asks for the moving part of the page every second until the job is over."""
    at = clock.now()
    job = jobs.job_of(job_id=job_id, viewer=viewer_of(request))
    if job.is_over:
        jobs.mark_seen(job_id=job.id, actor=actor_of(request), at=at)
    about = shown(job)
    is_part = request.headers.get("HX-Target") == "ws-job"
    context = {
        "about": about,
        "job": job,
        "left": about.left(at),
        "is_mine": job.created_by_id == viewer_of(request).id,
        "sees_fault": may(request, Permission.JOBS_VIEW_ALL),
    }
    template = "workspace/partials/job.html" if is_part else "workspace/job.html"
    answer = render(request, template, context)
    if is_part and job.is_over:
        answer["HX-Trigger"] = "geobill:jobs"
    return answer


@staff_page(Permission.JOBS_VIEW, methods=("POST",))
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """End a job: what it has done so far stays."""
    job = jobs.job_of(job_id=job_id, viewer=viewer_of(request))
    job = jobs.cancel(job_id=job.id, actor=actor_of(request), at=clock.now())
    said = _("Cancelled.") if job.is_over else _("The job will stop in a moment.")
    messages.success(request, said)
    return redirect("workspace:job", job_id=job_id)
