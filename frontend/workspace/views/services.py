"""Creating a service: who, where, which plan, and what it will do."""

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language

from coverage import operations as coverage
from crm import operations as crm
from crm import queries as crm_queries
from crm.models import ConnectionRequest
from frontend.templatetags.geobill import own_language
from frontend.workspace import params
from frontend.workspace.forms import ServiceForm
from frontend.workspace.queries import services
from frontend.workspace.queries.constructor import segments
from frontend.workspace.queries.search import addresses
from frontend.workspace.web import staff_page
from network import operations as network
from network import queries as network_queries
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of, may
from project.core.roles import Permission

CREATED = "workspace_created"


def _place(request: HttpRequest, building_id: int) -> services.SalePlace:
    at = clock.now()
    data = request.POST if request.method == "POST" else request.GET
    segment = params.text_of(data, "segment", 24)
    return services.sale_place(
        building_id=building_id,
        at=at,
        on_date=clock.today(at),
        with_uncovered=may(request, Permission.SERVICES_CREATE_UNCOVERED),
        segment=segment if segment in segments() else "",
    )


@staff_page(Permission.SERVICES_CREATE, methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """The form for a building (or a request); POST sells."""
    data = request.POST if request.method == "POST" else request.GET
    number = params.int_of(data, "request")
    taken = services.open_request(number=number) if number else None
    building_id = taken.building_id if taken else params.int_of(data, "building")
    if building_id is None:
        return _choose_place(request)
    place = _place(request, building_id)
    addon_ids = sorted({addon.tariff_id for addon in place.addons})
    if request.method == "POST":
        form = ServiceForm(request.POST, addon_ids=addon_ids)
        if form.is_valid():
            made = _sell(request, form, place=place, taken=taken)
            if made is not None:
                return redirect("workspace:service-created", made.subscription_id)
        return _form(request, form, place=place, taken=taken, status=422)
    form = ServiceForm(initial=_initial(place, taken), addon_ids=addon_ids)
    return _form(request, form, place=place, taken=taken, status=200)


def _choose_place(request: HttpRequest) -> HttpResponse:
    text = params.text_of(request.GET, "q")
    hits = addresses(text=text, limit=30) if text else []
    return render(request, "workspace/service_place.html", {"text": text, "hits": hits})


def _initial(place: services.SalePlace, taken: ConnectionRequest | None) -> dict[str, Any]:
    values: dict[str, Any] = {"who": "new", "token": uuid.uuid4()}
    if place.offers:
        values["plan"] = f"{place.offers[0].tariff_id}:{place.offers[0].network_type}"
    if taken is None:
        return values
    values |= {
        "contact_name": taken.contact_name,
        "contact_phone": taken.contact_phone,
        "contact_email": taken.contact_email,
        "unit": taken.unit,
    }
    known = crm_queries.search_customers(text=taken.contact_phone, limit=1)
    if known:
        account = known[0].contracts[0].account_id if known[0].contracts else ""
        values |= {"who": "existing", "holder": f"{known[0].customer_id}:{account}"}
    if taken.tariff_id and place.offer(tariff_id=taken.tariff_id, network_type=taken.network_type):
        values["plan"] = f"{taken.tariff_id}:{taken.network_type}"
    return values


def _form(
    request: HttpRequest,
    form: ServiceForm,
    *,
    place: services.SalePlace,
    taken: ConnectionRequest | None,
    status: int,
) -> HttpResponse:
    holder = str(form["holder"].value() or "")
    chosen = params.as_key(holder.partition(":")[0])
    rows = crm_queries.rows(customer_ids=[chosen]) if chosen else []
    context = {
        "form": form,
        "place": place,
        "segments": segments(),
        "taken": taken,
        "rows": rows,
        "holder": holder,
        "plan": form["plan"].value() or "",
        "addons": _once_each(place.addons),
        "chosen_addons": {str(value) for value in form["addons"].value() or []},
        "effect": _effect(request, place, form["plan"].value(), form["addons"].value()),
    }
    return render(request, "workspace/service_new.html", context, status=status)


def _once_each(offers: Any) -> list[Any]:
    """Each add-on once, whatever networks it is sold over."""
    return list({offer.tariff_id: offer for offer in reversed(offers)}.values())[::-1]


def _effect(
    request: HttpRequest, place: services.SalePlace, plan: object, addons: object
) -> services.Effect | None:
    tariff_id, _colon, network_type = str(plan or "").partition(":")
    key = params.as_key(tariff_id)
    offer = place.offer(tariff_id=key, network_type=network_type) if key else None
    if offer is None:
        return None
    wanted = [params.as_key(str(value)) or 0 for value in (addons or [])]  # type: ignore[attr-defined]
    return services.effect(
        place=place,
        offer=offer,
        addon_ids=wanted,
        on_date=clock.today(),
        name=own_language(offer, "name"),
    )


@staff_page(Permission.SERVICES_CREATE)
def effect(request: HttpRequest) -> HttpResponse:
    """What the chosen plan with its add-ons will cost, as a part of the form."""
    building_id = params.int_of(request.GET, "building")
    if building_id is None:
        raise NotFoundError
    place = _place(request, building_id)
    plan, addons = request.GET.get("plan", ""), request.GET.getlist("addons")[:20]
    context = {"effect": _effect(request, place, plan, addons)}
    return render(request, "workspace/partials/service_effect.html", context)


@staff_page(Permission.SERVICES_CREATE)
def customers(request: HttpRequest) -> HttpResponse:
    """Existing customers that the typed text may mean, to choose from."""
    text = params.text_of(request.GET, "customer_text")
    rows = crm_queries.search_customers(text=text, limit=8) if len(text) > 1 else []
    context = {"rows": rows, "text": text, "holder": ""}
    return render(request, "workspace/partials/service_customers.html", context)


def _sell(
    request: HttpRequest,
    form: ServiceForm,
    *,
    place: services.SalePlace,
    taken: ConnectionRequest | None,
) -> crm.Connected | None:
    """Sell; a refusal becomes an error of the form and gives None."""
    data, at, actor = form.cleaned_data, clock.now(), actor_of(request)
    tariff_id, network_type = data["plan"]
    existing = data["who"] == "existing"
    try:
        check = coverage.check_availability(
            at=at, channel="OPERATOR", actor=actor, building_id=place.building.id
        )
        made = crm.connect(
            at=at,
            on_date=clock.today(at),
            actor=actor,
            permissions=frozenset(p for p in Permission if may(request, p)),
            building_id=place.building.id,
            unit=data["unit"],
            tariff_id=tariff_id,
            network_type=network_type,
            check_id=check.check_id,
            segment=place.segment,
            customer_id=data["holder"][0] if existing else None,
            account_id=data["holder"][1] if existing else None,
            new_customer=None
            if existing
            else crm.NewCustomer(
                full_name=data["contact_name"],
                phone=data["contact_phone"],
                email=data["contact_email"],
                language="uk" if (get_language() or "uk").startswith("uk") else "en",
            ),
            addon_tariff_ids=[int(value) for value in data["addons"]],
            request_number=taken.number if taken else None,
            uncovered_reason=data["uncovered_reason"],
            sale_key=data["token"],
        )
    except DomainError as error:
        form.add_domain_error(error)
        return None
    access = network_queries.access_of(subscription_ids=[made.subscription_id])
    if made.subscription_id in access:
        request.session[CREATED] = {
            "subscription_id": made.subscription_id,
            "password": network.reveal_password(
                subscription_id=made.subscription_id, at=at, actor=actor
            ),
        }
    return made


@staff_page(Permission.SERVICES_CREATE)
def created(request: HttpRequest, subscription_id: int) -> HttpResponse:
    """What was made: contract, login, and the password, shown this once."""
    shown = request.session.pop(CREATED, None)
    password = ""
    if shown and shown["subscription_id"] == subscription_id:
        password = shown["password"]
    context = services.created(subscription_id=subscription_id, at=clock.now())
    return render(
        request, "workspace/service_created.html", {"made": context, "password": password}
    )
