"""The audit log: who did what, filtered by person and object."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from frontend.workspace import params
from frontend.workspace.labels import AUDIT_OBJECTS
from frontend.workspace.paging import PAGE_SIZE, key_page
from frontend.workspace.queries.audit import with_links
from frontend.workspace.web import staff_page
from project.core import audit, staff
from project.core.roles import Permission


@staff_page(Permission.AUDIT_VIEW)
def entries(request: HttpRequest) -> HttpResponse:
    """Entries, newest first."""
    before = params.int_of(request.GET, "before")
    wanted = audit.AuditFilter(
        user_id=params.int_of(request.GET, "user"),
        object_type=params.text_of(request.GET, "object", 60),
        object_id=params.text_of(request.GET, "id", 60),
        action=params.text_of(request.GET, "action", 80),
    )
    rows = audit.entries(wanted=wanted, before_id=before, limit=PAGE_SIZE + 1)
    context = {
        "page": key_page(with_links(rows), before=before),
        "wanted": wanted,
        "people": staff.people(),
        "objects": AUDIT_OBJECTS,
    }
    return render(request, "workspace/audit.html", context)
