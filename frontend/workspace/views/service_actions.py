"""What staff do to a sold service; the rules are in the operations."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from billing.subscriptions import operations as subscriptions
from frontend.workspace.forms import ActionForm
from frontend.workspace.queries import holders
from frontend.workspace.web import done, staff_page
from network import operations as network
from project.core import clock
from project.core.errors import NotFoundError
from project.core.http import actor_of, may, raise_forbidden
from project.core.roles import Permission

NEEDED: dict[str, Permission] = {
    "block": Permission.SERVICES_BLOCK,
    "unblock": Permission.SERVICES_BLOCK,
    "reset-password": Permission.CUSTOMERS_EDIT,
}
SAID: dict[str, Any] = {
    "block": _("The service is blocked."),
    "unblock": _("The block is taken away."),
    "reset-password": _("A new password is made; press “show” to read it."),
}


@staff_page(Permission.CUSTOMERS_VIEW, methods=("POST",))
def act(request: HttpRequest, subscription_id: int, action: str) -> HttpResponse:
    """Do one thing to a service."""
    if action not in NEEDED:
        raise NotFoundError
    if not may(request, NEEDED[action]):
        raise_forbidden()
    service = holders.service_of(subscription_id=subscription_id)
    form = ActionForm(request.POST)
    form.is_valid()
    common = {"at": clock.now(), "actor": actor_of(request), "subscription_id": service.id}
    comment = form.cleaned_data.get("comment", "")
    if action == "block":
        subscriptions.block(**common, reason="ADMIN", comment=comment)
    elif action == "unblock":
        subscriptions.unblock(**common, reason="ADMIN", comment=comment)
    else:
        network.reset_password(**common)
    return done(
        request, SAID[action], "workspace:customer", service.account.customer_link.customer_id
    )
