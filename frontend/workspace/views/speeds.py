"""Another speed for a while: asked on the card, in the table and on the map of open sessions."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from frontend.workspace import params
from frontend.workspace.access_forms import TemporarySpeedForm
from frontend.workspace.queries import holders, live
from frontend.workspace.web import back, staff_page
from network import live_queries, session_operations
from network import queries as network_queries
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of, may
from project.core.roles import Permission

FALLBACK = "workspace:home"


@staff_page(Permission.SESSIONS_DISCONNECT, methods=("GET", "POST"))
def speed(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """GET asks how fast and for how long (a part of the page for htmx); POST gives or ends it."""
    at, actor = clock.now(), actor_of(request)
    if request.method != "POST":
        return _page(request, subscription_id, TemporarySpeedForm(), status=200)
    if request.POST.get("do") == "end":
        session_operations.end_speed(subscription_id=subscription_id, at=at, actor=actor)
        return back(request, _("The speed is the tariff's again."), to=FALLBACK)
    form = TemporarySpeedForm(request.POST)
    if form.is_valid():
        try:
            session_operations.give_speed(
                subscription_id=subscription_id,
                speed_down_bit_s=form.cleaned_data["down"],
                speed_up_bit_s=form.cleaned_data["up"],
                minutes=int(form.cleaned_data["minutes"]),
                reason=form.cleaned_data["reason"],
                at=at,
                actor=actor,
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            text = _("The new speed is on its way to the access server; it ends by itself.")
            return back(request, text, to=FALLBACK)
    return _page(request, subscription_id, form, status=422)


def _page(
    request: HttpRequest, subscription_id: int, form: TemporarySpeedForm, *, status: int
) -> HttpResponse:
    holders.check_key(subscription_id)
    access = network_queries.access_of(subscription_ids=[subscription_id]).get(subscription_id)
    if access is None:
        raise NotFoundError
    temporary = live_queries.temporary_of(subscription_ids=[subscription_id], at=clock.now())
    data = request.POST if request.method == "POST" else request.GET
    context = {
        "form": form,
        "access": access,
        "holder": live.with_holders([access])[0][1],
        "sees_customers": may(request, Permission.CUSTOMERS_VIEW),
        "temporary": temporary.get(subscription_id),
        "next": params.own_path(data, "next"),
    }
    part = request.headers.get("HX-Target") == "ws-act"
    template = "partials/speed_form.html" if part else "speed.html"
    return render(request, f"workspace/{template}", context, status=status)
