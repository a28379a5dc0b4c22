"""Discounts: what is offered, a new one, the end of one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY
from billing.tariffs import discounts
from frontend.workspace import params
from frontend.workspace.queries import constructor as pages
from frontend.workspace.queries import tariffs as tariff_pages
from frontend.workspace.queries.prices import require_publish
from frontend.workspace.tariff_forms import DiscountForm, EndForm
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of
from project.core.roles import Permission


@staff_page(Permission.TARIFFS_VIEW, methods=("GET", "POST"))
def discount_list(request: HttpRequest) -> HttpResponse:
    """All discounts; POST offers a new one."""
    at = clock.now()
    today = clock.today(at)
    form = DiscountForm(request.POST or None, initial={"valid_from": today + ONE_DAY})
    if request.method == "POST":
        require_publish(request)
        if form.is_valid():
            try:
                discounts.give(at=at, on_date=today, actor=actor_of(request), offer=form.offer())
            except DomainError as error:
                form.add_domain_error(error)
            else:
                return done(request, _("The discount is offered."), "workspace:discounts")
    context = {
        "form": form,
        "rows": [
            (row, row.valid.upper - ONE_DAY, row.valid.upper > today)
            for row in discounts.listed(on_date=today)
        ],
        "today": today,
        "tariffs": tariff_pages.names(),
        "zones": pages.zone_choices(at=at),
        "segments": pages.segments(),
        "tariff_id": params.as_key(str(form["tariff_id"].value() or "")),
        "zone_id": params.as_key(str(form["zone_id"].value() or "")),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "workspace/discounts.html", context, status=status)


@staff_page(Permission.TARIFFS_PUBLISH, methods=("POST",))
def end(request: HttpRequest, discount_id: int) -> HttpResponse:
    """Set its last day."""
    if discount_id > params.BIGINT_MAX or not discounts.is_known(discount_id=discount_id):
        raise NotFoundError
    form = EndForm(request.POST)
    if not form.is_valid():
        raise discounts.DiscountEndError
    at = clock.now()
    discounts.end(
        at=at,
        on_date=clock.today(at),
        actor=actor_of(request),
        discount_id=discount_id,
        until=form.cleaned_data["last_date"] + ONE_DAY,
    )
    return done(request, _("The last day is set."), "workspace:discounts")
