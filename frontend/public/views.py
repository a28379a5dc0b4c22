"""The pages of the public site: parse, make one call, render."""

from math import isfinite
from typing import Any
from uuid import UUID

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    JsonResponse,
)
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from coverage import operations as coverage_operations
from coverage.models import AvailabilityCheck
from crm import operations as crm_operations
from frontend.public import filed as filed_requests
from frontend.public import listed, pictures, places, queries, suggesting
from frontend.public.forms import CheckForm, RequestForm
from frontend.throttle import allowed
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of

MAX_BOX_DEGREES = 0.25
MAX_HOUSES = 4000
MAX_TYPED = 300
YEAR_S = 365 * 24 * 3600


def language_of_page() -> str:
    """ "uk" or "en"."""
    return (get_language() or "uk")[:2]


def _typed(request: HttpRequest) -> str:
    """What was typed so far; the field is called `text`, an old link may say `q`."""
    text = request.GET.get("text") or request.GET.get("q") or ""
    return text.replace("\x00", "")[:MAX_TYPED].strip()


def _suggestions(typed: str) -> dict[str, Any]:
    """Rows for the field; text that cannot be an address has none."""
    try:
        found = suggesting.rows(text=typed, at=clock.now()) if len(typed) > 1 else []
    except DomainError:
        found = []
    has_number = any(letter.isdigit() for letter in typed)
    return {"suggestions": found, "searched": len(typed) > 2, "has_number": has_number}


def _home(
    request: HttpRequest, *, typed: str = "", wrong: str = "", status: int = 200
) -> HttpResponse:
    page = {
        "typed": typed,
        "wrong": wrong,
        **_suggestions(typed if not wrong else ""),
        "overview": places.overview(at=clock.now()),
    }
    return render(request, "public/home.html", page, status=status)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page. `?q=…` shows suggestions without any script."""
    return _home(request, typed=_typed(request))


@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """Streets and houses for what is being typed: a fragment, or the whole page without htmx."""
    typed = _typed(request)
    if not getattr(request, "htmx", False):
        return _home(request, typed=typed)
    if not allowed(request, scope="browse"):
        return HttpResponse(status=429)
    return render(request, "public/suggestions.html", _suggestions(typed))


@require_POST
def check(request: HttpRequest) -> HttpResponse:
    """Ask whether we are there; the answer is stored and has an address of its own."""
    data = request.POST.copy()
    for name in ("lon", "lat"):
        if name in data:
            data[name] = str(data[name]).replace(",", ".").strip()
    form = CheckForm(data)
    typed = str(data.get("text", ""))[:MAX_TYPED]
    if not form.is_valid():
        return _not_checked(request, form=form, typed=typed)
    if not allowed(request, scope="availability"):
        return _home(
            request, typed=typed, wrong=_("Too many checks at once. Wait a minute."), status=429
        )
    try:
        result = coverage_operations.check_availability(
            at=clock.now(),
            channel=AvailabilityCheck.Channel.PUBLIC,
            actor=actor_of(request),
            **form.place(),
        )
    except DomainError as error:
        return _home(request, typed=typed, wrong=str(error), status=error.http_status)
    return redirect("public:answer", public_id=result.public_id)


def _not_checked(request: HttpRequest, *, form: CheckForm, typed: str) -> HttpResponse:
    if "lat" in form.data and "text" not in form.data:
        text = _("Latitude is between −90 and 90, longitude between −180 and 180.")
        return _pin(request, wrong=text, status=400)
    general = form.non_field_errors()
    text = str(general[0]) if general else _("Write the street and the house.")
    return _home(request, typed=typed, wrong=text, status=400)


def _answer_page(request: HttpRequest, public_id: UUID, plan_key: str) -> queries.AnswerPage:
    try:
        return queries.answer_page(
            public_id=str(public_id),
            plan_key=plan_key,
            on_date=clock.today(),
            language=language_of_page(),
        )
    except NotFoundError as error:
        raise Http404 from error


def _picture_of(page: queries.AnswerPage) -> dict[str, Any]:
    if page.point is None:
        return {}
    lon, lat = page.point
    drawn = pictures.around(
        lon=lon,
        lat=lat,
        building_id=page.building_id,
        answer=page.answer,
        reason=page.reason,
        at=clock.now(),
    )
    return {"picture": drawn, "colours": pictures.colours()}


@require_safe
@never_cache
def answer(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The answer with plans, the first bill and a picture of the place."""
    page = _answer_page(request, public_id, request.GET.get("plan", ""))
    context = {"page": page, "form": RequestForm(), **_picture_of(page)}
    return render(request, "public/answer.html", context)


@never_cache
def order(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The request form; a good one is filed, a wrong one comes back with what was typed."""
    if request.method != "POST":
        page = _answer_page(request, public_id, request.GET.get("plan", ""))
        form = RequestForm(initial={"plan": page.chosen.key if page.chosen else ""})
        return _order(request, page, form)
    form = RequestForm(request.POST)
    page = _answer_page(request, public_id, request.POST.get("plan", ""))
    if form.is_from_a_robot:
        return redirect("public:answer", public_id=public_id)
    if not form.is_valid():
        return _order(request, page, form, status=400)
    if not allowed(request, scope="request"):
        form.add_error(None, _("Too many requests at once. Wait a minute and send it again."))
        return _order(request, page, form, status=429)
    return _file(request, page, form)


def _file(request: HttpRequest, page: queries.AnswerPage, form: RequestForm) -> HttpResponse:
    tariff_code, _colon, network_type = form.cleaned_data["plan"].partition(":")
    try:
        filed_request = crm_operations.file_request(
            at=clock.now(),
            on_date=clock.today(),
            actor=actor_of(request),
            check_public_id=page.public_id,
            tariff_code=tariff_code,
            network_type=network_type,
            contact_name=form.cleaned_data["contact_name"],
            contact_phone=form.cleaned_data["contact_phone"],
            unit=form.cleaned_data["unit"],
            comment=form.cleaned_data["comment"],
            language=language_of_page(),
        )
    except DomainError as error:
        field = error.field if error.field in form.fields else None
        form.add_error(field, str(error))
        return _order(request, page, form, status=error.http_status)
    return redirect("public:request", public_id=filed_request.public_id)


def _order(
    request: HttpRequest, page: queries.AnswerPage, form: RequestForm, status: int = 200
) -> HttpResponse:
    form.mark()
    context = {"page": page, "form": form, **_picture_of(page)}
    return render(request, "public/order.html", context, status=status)


@require_safe
@never_cache
def filed(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A filed request: its number, its state, what happens next."""
    try:
        page = filed_requests.filed_page(public_id=str(public_id), language=language_of_page())
    except NotFoundError as error:
        raise Http404 from error
    return render(request, "public/request.html", {"filed": page})


def _pin(request: HttpRequest, *, wrong: str = "", status: int = 200) -> HttpResponse:
    page = {
        "overview": places.overview(at=clock.now()),
        "wrong": wrong,
        "typed_lat": request.POST.get("lat", ""),
        "typed_lon": request.POST.get("lon", ""),
    }
    return render(request, "public/pin.html", page, status=status)


@require_safe
def pin(request: HttpRequest) -> HttpResponse:
    """A house that is not in the list: a pin on the map, or its coordinates."""
    return _pin(request)


@require_safe
def tariffs(request: HttpRequest) -> HttpResponse:
    """All plans on public sale."""
    plans = listed.listed_plans(on_date=clock.today(), language=language_of_page())
    page = {
        "plans": [plan for plan in plans if not plan.is_addon],
        "addons": [plan for plan in plans if plan.is_addon],
    }
    return render(request, "public/tariffs.html", page)


@require_safe
def coverage(request: HttpRequest) -> HttpResponse:
    """The map and the same as a list of streets."""
    at = clock.now()
    page = {"overview": places.overview(at=at), "places": places.streets_by_place(at=at)}
    return render(request, "public/coverage.html", page)


@require_safe
def street(request: HttpRequest, street_id: int) -> HttpResponse:
    """The houses of a street; each can be checked."""
    try:
        page = places.street_page(street_id=street_id, at=clock.now())
    except NotFoundError as error:
        raise Http404 from error
    return render(request, "public/street.html", {"street": page})


@require_safe
def overview_picture(request: HttpRequest) -> HttpResponse:
    """The whole coverage as an SVG; its address changes with every published zone."""
    at = clock.now()
    overview = places.overview(at=at)
    drawn = pictures.of_all(overview=overview, at=at)
    if drawn is None:
        raise Http404
    page = {"picture": drawn, "colours": pictures.colours(), "alt": _("Coverage map")}
    answer = HttpResponse(
        render_to_string("public/picture.svg", page), content_type="image/svg+xml"
    )
    fresh = request.GET.get("v") == overview.version
    answer["Cache-Control"] = f"public, max-age={YEAR_S if fresh else 60}"
    return answer


@require_safe
def zones(request: HttpRequest) -> JsonResponse:
    """Published zones, thinned, for the live map."""
    answer = JsonResponse(places.zones_geojson(at=clock.now()))
    answer["Cache-Control"] = "public, max-age=60"
    return answer


@require_safe
def buildings(request: HttpRequest) -> HttpResponse:
    """Houses in a box (`bbox=west,south,east,north`) with address and outlook."""
    try:
        west, south, east, north = (float(x) for x in request.GET.get("bbox", "").split(","))
    except ValueError:
        return HttpResponseBadRequest("bbox=west,south,east,north")
    inside = -180 <= west <= east <= 180 and -90 <= south <= north <= 90
    if not all(map(isfinite, (west, south, east, north))) or not inside:
        return HttpResponseBadRequest("bbox=west,south,east,north")
    if east - west > MAX_BOX_DEGREES or north - south > MAX_BOX_DEGREES:
        return JsonResponse({"type": "FeatureCollection", "features": []})
    if not allowed(request, scope="browse"):
        return HttpResponse(status=429)
    found = places.houses_geojson(bbox=(west, south, east, north), at=clock.now(), limit=MAX_HOUSES)
    answer = JsonResponse(found)
    answer["Cache-Control"] = "public, max-age=60"
    return answer
