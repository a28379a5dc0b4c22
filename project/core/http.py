"""Between a web request and the domain: the actor, permissions, errors."""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from rest_framework.exceptions import ErrorDetail
from rest_framework.permissions import BasePermission
from rest_framework.response import Response
from rest_framework.views import exception_handler

from project.core.actor import Actor, ActorKind
from project.core.errors import DomainError, NotPermittedError
from project.core.models import User
from project.core.roles import Permission


def client_ip(request: HttpRequest) -> str | None:
    """The caller's address; X-Forwarded-For counts only behind as many proxies of ours.

    What a proxy writes instead of an address ("unknown") counts as not written.
    """
    proxies = int(str(settings.REST_FRAMEWORK.get("NUM_PROXIES") or 0))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    if proxies and forwarded:
        hops = [hop.strip() for hop in forwarded.split(",")]
        told = _address(hops[-min(proxies, len(hops))])
        if told is not None:
            return told
    return _address(request.META.get("REMOTE_ADDR", ""))


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def actor_of(request: HttpRequest) -> Actor:
    """Who makes this request: the member of staff who is signed in, or a client."""
    user = request.user
    if isinstance(user, User):
        name = user.get_full_name() or user.username
        return Actor(kind=ActorKind.STAFF, label=name, user_id=user.id, ip=client_ip(request))
    return Actor(kind=ActorKind.CLIENT, label="client", ip=client_ip(request))


def may(request: HttpRequest, permission: Permission) -> bool:
    """Whether the person who makes this request may do that."""
    return isinstance(request.user, User) and request.user.may(permission)


def require(*permissions: Permission) -> Callable[..., Any]:
    """View decorator: people who are not signed in are asked to; all permissions are needed."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not all(may(request, permission) for permission in permissions):
                raise_forbidden()
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def raise_forbidden() -> None:
    """Answer 403 with the page of that name."""
    from django.core.exceptions import PermissionDenied

    raise PermissionDenied(str(NotPermittedError.message))


def api_permission(
    read: Permission | None, write: Permission | None = None
) -> type[BasePermission]:
    """A DRF permission class: `read` for safe methods, `write` (or `read`) for the others."""

    class HasPermission(BasePermission):
        def has_permission(self, request: Any, view: Any) -> bool:
            safe = request.method in {"GET", "HEAD", "OPTIONS"}
            needed = read if safe else (write or read)
            return needed is None or may(request, needed)

    return HasPermission


def api_exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF: a DomainError becomes its own 4xx; what DRF refuses with one sentence looks the same.

    Faults of single fields stay as DRF has them: {"field": ["sentence", …]}.
    """
    if isinstance(error, DomainError):
        return Response(error.as_json(), status=error.http_status)
    response = exception_handler(error, context)
    if (
        response is not None
        and isinstance(response.data, dict)
        and set(response.data) == {"detail"}
    ):
        detail = response.data["detail"]
        code = detail.code if isinstance(detail, ErrorDetail) else "error"
        response.data = {"error": {"code": code, "message": str(detail)}}
    return response
