"""Template tags that only the workspace uses."""

from typing import Any

from django import template
from django.http import HttpRequest

from frontend.workspace import navigation, params
from project.core.models import User
from project.core.roles import Permission

register = template.Library()


@register.simple_tag(takes_context=True)
def workspace_modules(context: dict[str, Any]) -> list[navigation.ShownModule]:
    """The modules that this person may open."""
    return navigation.modules_for(context["request"])


@register.simple_tag(takes_context=True)
def workspace_administration(context: dict[str, Any]) -> list[navigation.ShownPage]:
    """Staff and audit, for those who may."""
    return navigation.administration_for(context["request"])


@register.simple_tag(takes_context=True)
def may(context: dict[str, Any], permission: str) -> bool:
    """`{% may "ledger.view" as sees_money %}`: whether the person may do that."""
    user = context["request"].user
    return isinstance(user, User) and user.may(Permission(permission))


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: object) -> str:
    """The present query string with parameters changed; None drops one."""
    request: HttpRequest = context["request"]
    return params.query_with(request, **changes)


@register.filter
def role_name(role: object) -> Any:
    """The role in words."""
    from frontend.workspace.labels import ROLE_LABELS

    return ROLE_LABELS.get(str(role), role)
