"""Rules of addresses: who draws from which pool, what a new one would do, and why this address."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from frontend.workspace import params
from frontend.workspace.address_forms import RuleForm
from frontend.workspace.queries import addresses as pages
from frontend.workspace.queries import constructor
from frontend.workspace.views.addresses import require_edit
from frontend.workspace.web import done, staff_page
from network.addressing import editing, plans
from network.addressing.preview import preview
from network.models import IpAssignment, IpPool, RadiusDecision
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission


@staff_page(Permission.NETWORK_VIEW, methods=("GET", "POST"))
def rules(request: HttpRequest) -> HttpResponse:
    """All rules in the order in which they are weighed; POST shows what a new one would do, adds
    it, or takes one away.
    """
    at = clock.now()
    first = {"pool_id": params.int_of(request.GET, "pool"), "mode": "PERMANENT"}
    form = RuleForm(request.POST or None, initial=first)
    status, seen = 200, None
    if request.method == "POST":
        require_edit(request)
        gone = params.int_of(request.POST, "remove")
        if gone:
            editing.remove_rule(rule_id=gone, at=at, actor=actor_of(request))
            said = _("The rule is gone; addresses that it gave stay.")
            return done(request, said, "workspace:ip-rules")
        status = 422
        if form.is_valid():
            try:
                editing.pool_of(form.wish().pool_id)
                if "add" in request.POST:
                    editing.add_rule(wish=form.wish(), at=at, actor=actor_of(request))
                    said = _("The rule is added; services follow within a minute.")
                    return done(request, said, "workspace:ip-rules")
                seen = preview(wish=form.wish(), at=at)
                status = 200
            except DomainError as error:
                form.add_domain_error(error)
                status = error.http_status
    return _page(request, form, seen=seen, status=status)


def _page(request: HttpRequest, form: RuleForm, *, seen: Any, status: int) -> HttpResponse:
    at = clock.now()
    text = params.text_of(request.GET, "q", 64)
    asked = RadiusDecision.objects.filter(login__iexact=text).first() if text else None
    unit_id = params.as_key(str(form["admin_unit_id"].value() or ""))
    context = {
        "tab": "rules",
        "rows": pages.ordered_rules(),
        "pools": IpPool.objects.filter(is_guest=False).order_by("kind", "name"),
        "zones": constructor.zone_choices(at=at),
        "tariffs": pages.tariffs(),
        "unit": next(iter(constructor.units_of(ids=[unit_id])), None) if unit_id else None,
        "form": form,
        "chosen": {
            name: params.as_key(str(form[name].value() or ""))
            for name in ("pool_id", "zone_id", "tariff_id")
        },
        "seen": seen,
        "examples": list(pages.holders(subscription_ids=seen.examples).values()) if seen else [],
        "text": text,
        "asked": asked,
        "ladder": plans.ladder(subscription_id=asked.subscription_id, on_date=clock.today(at))
        if asked
        else [],
        "held": IpAssignment.objects.filter(subscription_id=asked.subscription_id)
        .select_related("pool")
        .order_by("kind", "device")
        if asked
        else [],
        "who": pages.holders(subscription_ids=[asked.subscription_id]).get(asked.subscription_id)
        if asked
        else None,
    }
    return render(request, "workspace/addresses/rules.html", context, status=status)
