"""Prices by place: setting one, the map of all, the ladder of a point, copying to other places."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from billing.calendar import ONE_DAY
from billing.models import Tariff
from billing.tariffs import constructor, copying, price_map
from billing.tariffs import operations as tariffs
from billing.tariffs.operations import PriceRuleOverlapError
from billing.tariffs.targets import PriceTarget
from frontend.workspace import params
from frontend.workspace.labels import NETWORK_LABELS
from frontend.workspace.queries import constructor as pages
from frontend.workspace.queries import prices as price_pages
from frontend.workspace.queries import tariffs as tariff_pages
from frontend.workspace.queries.places import ladder_lines, map_centre
from frontend.workspace.tariff_forms import CopyForm, EndForm, PriceForm
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of
from project.core.roles import Permission


@staff_page(Permission.TARIFFS_EDIT, methods=("GET", "POST"))
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Set a price at once, or put it into the draft to be tried first."""
    tariff = pages.tariff_of(code=code)
    at = clock.now()
    form = PriceForm(request.POST or None, initial=_first_price(request, at))
    conflict = None
    status = 200
    if request.method == "POST":
        status = 422
        if "now" in request.POST:
            price_pages.require_publish(request)
        if form.is_valid():
            try:
                _set(request, tariff, form)
            except PriceRuleOverlapError as error:
                form.add_domain_error(error)
                conflict = pages.rule_in_the_way(rule_id=int(error.context.get("rule_id") or 0))
                status = error.http_status
            except DomainError as error:
                form.add_domain_error(error)
            else:
                said = (
                    _("The price is set. What was sold before keeps its price.")
                    if "now" in request.POST
                    else _("The price is in the draft.")
                )
                return done(request, said, "workspace:tariff", code)
    unit_id = params.as_key(str(form["admin_unit_id"].value() or ""))
    context = {
        "form": form,
        "tariff": tariff,
        "conflict": conflict,
        "zones": pages.zone_choices(at=at),
        "segments": pages.segments(),
        "unit": next(iter(pages.units_of(ids=[unit_id])), None) if unit_id else None,
        "zone_id": params.as_key(str(form["zone_id"].value() or "")),
    }
    return render(request, "workspace/price_new.html", context, status=status)


def _first_price(request: HttpRequest, at: Any) -> dict[str, Any]:
    """What a link asks for (a zone of the map), from tomorrow."""
    zone_id = params.int_of(request.GET, "zone")
    unit_id = params.int_of(request.GET, "unit")
    return {
        "level": "LOCALITY" if unit_id else "ZONE",
        "zone_id": zone_id,
        "admin_unit_id": unit_id,
        "network_type": params.choice_of(request.GET, "network", NETWORK_LABELS),
        "valid_from": clock.today(at) + ONE_DAY,
    }


def _set(request: HttpRequest, tariff: Tariff, form: PriceForm) -> None:
    data = form.cleaned_data
    place = {name: data[name] for name in ("zone_id", "admin_unit_id", "network_type", "segment")}
    until = data["valid_until"] + ONE_DAY if data["valid_until"] else None
    at, actor = clock.now(), actor_of(request)
    if "now" in request.POST:
        if data["valid_from"] < clock.today(at):
            raise tariffs.BadTermsError(_("A price begins today or later."), field="valid_from")
        tariffs.set_price(
            at=at,
            actor=actor,
            tariff_id=tariff.id,
            price_kopecks=data["price_kopecks"],
            connection_fee_kopecks=data["connection_fee_kopecks"],
            valid_from=data["valid_from"],
            valid_until=until,
            **place,
        )
        return
    wanted = constructor.WantedPrice(
        target=PriceTarget.of(**place),
        price_kopecks=data["price_kopecks"],
        connection_fee_kopecks=data["connection_fee_kopecks"],
        valid_from=data["valid_from"],
        valid_until=until,
    )
    constructor.prepare_prices(at=at, actor=actor, tariff_id=tariff.id, prices=[wanted])


@staff_page(Permission.TARIFFS_VIEW)
def units(request: HttpRequest) -> HttpResponse:
    """Localities, raions and oblasts by the beginning of their names, for a field of a form."""
    found = pages.units_like(text=params.text_of(request.GET, "unit_text"))
    return render(request, "workspace/partials/units_found.html", {"units": found})


@staff_page(Permission.TARIFFS_VIEW, methods=("GET", "POST"))
def rule(request: HttpRequest, code: str, rule_id: int) -> HttpResponse:
    """One price rule on the map; POST sets its last day."""
    at = clock.now()
    on_date = clock.today(at)
    page = price_pages.checked_rule(code=code, rule_id=rule_id, on_date=on_date)
    form = EndForm(request.POST or None)
    if request.method == "POST":
        price_pages.require_publish(request)
        if form.is_valid():
            try:
                constructor.end_price(
                    at=at, on_date=on_date, actor=actor_of(request), rule_id=rule_id,
                    until=form.cleaned_data["last_date"] + ONE_DAY,
                )  # fmt: skip
            except DomainError as error:
                form.add_error("last_date", str(error.message))
            else:
                return done(
                    request, _("The last day is set."), "workspace:price-rule", code, rule_id
                )
    status = 422 if request.method == "POST" else 200
    context = {"page": page, "form": form, "tariff": page.rule.tariff, "centre": map_centre()}
    return render(request, "workspace/price_rule.html", context, status=status)


@staff_page(Permission.TARIFFS_VIEW, Permission.ZONES_VIEW)
def map_page(request: HttpRequest, code: str) -> HttpResponse:
    """The price map: where the tariff costs what, and the holes where it is not sold."""
    at = clock.now()
    asked = price_pages.asked(request, today=clock.today(at))
    tariff = pages.tariff_of(code=code)
    context = {
        "tariff": tariff,
        "asked": asked,
        "found": price_pages.zones_with_prices(tariff=tariff, asked=asked, at=at),
        "networks": NETWORK_LABELS,
        "segments": pages.segments(),
        "has_draft": bool(constructor.fingerprint(tariff_id=tariff.id)),
        "tariffs": tariff_pages.names(),
        "centre": map_centre(),
    }
    return render(request, "workspace/price_map.html", context)


@staff_page(Permission.TARIFFS_VIEW, Permission.ZONES_VIEW)
def map_features(request: HttpRequest, code: str) -> HttpResponse:
    """The same as GeoJSON for the map."""
    at = clock.now()
    asked = price_pages.asked(request, today=clock.today(at))
    tariff = pages.tariff_of(code=code)
    found = price_pages.zones_with_prices(tariff=tariff, asked=asked, at=at)
    return JsonResponse(price_pages.as_features(found), content_type="application/geo+json")


@staff_page(Permission.TARIFFS_VIEW, Permission.ZONES_VIEW)
def ladder(request: HttpRequest, code: str) -> HttpResponse:
    """The ladder of a point of the map, as a part of the page."""
    at = clock.now()
    asked = price_pages.asked(request, today=clock.today(at))
    tariff = pages.tariff_of(code=code)
    lon, lat = price_pages.point_of(request)
    found = price_map.prices_at(
        tariff_id=tariff.id,
        lon=lon,
        lat=lat,
        at=at,
        on_date=asked.on_date,
        segment=asked.segment,
        with_draft=asked.with_draft,
    )
    ladders = [
        (network, resolution, ladder_lines(resolution.ladder))
        for network, resolution in found.resolutions.items()
        if asked.network_type in {"", network}
    ]
    context = {"tariff": tariff, "found": found, "ladders": ladders, "lon": lon, "lat": lat}
    return render(request, "workspace/partials/price_ladders.html", context)


@staff_page(Permission.TARIFFS_EDIT, methods=("GET", "POST"))
def copy(request: HttpRequest, code: str) -> HttpResponse:
    """Copy prices to other places: the effect first, then into the draft."""
    tariff = pages.tariff_of(code=code)
    at = clock.now()
    zones = pages.zone_choices(at=at)
    page = tariff_pages.tariff_page(code=code, on_date=clock.today(at))
    rules = [row for row in page.rules if row.is_in_force or row.is_future]
    form = CopyForm(
        request.POST or None,
        rule_ids=[row.rule.id for row in rules],
        zone_ids=[zone.id for zone in zones],
        initial={"valid_from": clock.today(at) + ONE_DAY, "percent": 0, "round_to": 100},
    )
    copies: list[copying.Copy] = []
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                to, ids = price_pages.copy_of(form), form.cleaned_data["rules"]
                if "copy" in request.POST:
                    made = copying.copy(
                        at=at, actor=actor_of(request), tariff_id=tariff.id, rule_ids=ids, to=to
                    )
                    said = _("Into the draft: %(n)d.") % {"n": len(made)}
                    return done(request, said, "workspace:tariff", code)
                copies = copying.preview(tariff_id=tariff.id, rule_ids=ids, to=to)
                status = 200
            except DomainError as error:
                form.add_domain_error(error)
    context = {
        "tariff": tariff,
        "rules": rules,
        "zones": zones,
        "form": form,
        "copies": price_pages.named_copies(copies),
        "made_count": sum(one.is_made for one in copies),
        "units": pages.units_of(ids=form.cleaned_data.get("admin_units", ()))
        if form.is_bound and form.is_valid()
        else [],
    }
    return render(request, "workspace/price_copy.html", context, status=status)


@staff_page(Permission.TARIFFS_VIEW)
def rule_by_id(request: HttpRequest, rule_id: int) -> HttpResponse:
    """The page of a price rule by its number alone (links from ladders)."""
    found = price_pages.tariff_code_of_rule(rule_id=rule_id)
    return redirect("workspace:price-rule", found, rule_id)
