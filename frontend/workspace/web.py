"""What every view of the workspace is wrapped in: sign-in, permission, errors as pages."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from frontend.workspace import params
from project.core.errors import DomainError
from project.core.http import require
from project.core.roles import Permission

View = Callable[..., HttpResponse]


def staff_page(*permissions: Permission, methods: tuple[str, ...] = ("GET",)) -> Callable[..., Any]:
    """A page for signed-in staff who have all these permissions, for these methods.

    A DomainError that the view lets through becomes a page (or a partial, for htmx) that says what
    is wrong, with the error's own 4xx status.
    """

    def decorate(view: View) -> View:
        @require(*permissions)
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            allowed = {*methods, "HEAD"} if "GET" in methods else set(methods)
            if request.method not in allowed:
                refused = render(request, "workspace/error.html", {"status": 405}, status=405)
                refused["Allow"] = ", ".join(sorted(allowed))
                return refused
            try:
                return view(request, *args, **kwargs)
            except DomainError as error:
                return error_page(request, error)

        return guarded

    return decorate


def error_page(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The error as a whole page, or as an alert where htmx swaps a part of one."""
    partial = bool(getattr(request, "htmx", False))
    template = "workspace/partials/alert.html" if partial else "workspace/error.html"
    context = {"message": error.message, "error": error, "status": error.http_status}
    return render(request, template, context, status=error.http_status)


def done(request: HttpRequest, text: Any, to: str, *args: Any, **kwargs: Any) -> HttpResponse:
    """Say what was done and go to a page of the workspace (POST, redirect, GET)."""
    messages.success(request, str(text))
    return redirect(to, *args, **kwargs)


def back(
    request: HttpRequest, text: Any, *args: Any, to: str = "workspace:actions"
) -> HttpResponse:
    """Say what was done and go to the page of ours that the person came from (field `next`)."""
    response = done(request, text, to, *args)
    there = params.own_path(request.POST, "next")
    return redirect(there) if there else response
