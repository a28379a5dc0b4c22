"""Pages of the plant: the map and the list of nodes, one node, putting one up, changing it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from coverage.models import NetworkType, PlantNode, Zone
from coverage.plant import operations as plant
from coverage.plant import queries as plant_queries
from coverage.plant.addresses import address_texts
from coverage.queries import match_address
from coverage.street_map import building_under
from frontend.planner.plant import queries
from frontend.planner.plant.forms import MoveForm, NodeForm, initial_of
from frontend.states import NODE_KIND, state_of
from frontend.workspace import params
from frontend.workspace.queries.places import map_centre
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError
from project.core.http import actor_of, may
from project.core.roles import Permission

Kind, Status = PlantNode.Kind, PlantNode.Status
SHOWN = 400


def wanted_of(request: HttpRequest) -> plant_queries.Wanted:
    """The filter of the address line; what can't be understood does not filter."""
    data = request.GET
    return plant_queries.Wanted(
        kind=params.choice_of(data, "kind", Kind.values),
        network_type=params.choice_of(data, "network", NetworkType.values),
        status=params.choice_of(data, "status", Status.values),
        zone_id=params.int_of(data, "zone"),
        text=params.text_of(data, "q", 80),
        is_full=data.get("full") == "1",
    )


@staff_page(Permission.PLANT_VIEW)
def node_list(request: HttpRequest) -> HttpResponse:
    """The map and the same nodes as a tree."""
    wanted = wanted_of(request)
    rows = queries.listing(wanted=wanted)
    context = {
        "rows": rows[:SHOWN],
        "left_out": max(len(rows) - SHOWN, 0),
        "count": len(rows),
        "wanted": wanted,
        "is_filtered": wanted != plant_queries.Wanted(),
        "kinds": NODE_KIND,
        "statuses": [(s, state_of(kind="node", value=s)) for s in Status.values],
        "networks": NetworkType.values,
        "zones": Zone.objects.filter(archived_at__isnull=True).order_by("name"),
        "centre": map_centre(),
        "tiles_url": settings.GEOBILL_MAP_TILES_URL,
    }
    return render(request, "planner/plant/list.html", context)


@staff_page(Permission.PLANT_VIEW)
def node_features(request: HttpRequest) -> HttpResponse:
    """The nodes of the list for the map."""
    rows = queries.listing(wanted=wanted_of(request))
    return JsonResponse(queries.features(rows=rows))


@staff_page(Permission.PLANT_VIEW)
def node(request: HttpRequest, node_id: int) -> HttpResponse:
    """One node: facts, what is below, ports, history."""
    return node_page(request, node_id)


def node_page(
    request: HttpRequest, node_id: int, *, error: DomainError | None = None
) -> HttpResponse:
    """The page of a node; with an error above it and the error's status."""
    found = queries.node_page(
        node_id=node_id, with_customers=may(request, Permission.CUSTOMERS_VIEW)
    )
    point = found.node.point
    context = {
        "page": found,
        "node": found.node,
        "error": error,
        "centre": f"{point.y:.6f},{point.x:.6f}",
        "tiles_url": settings.GEOBILL_MAP_TILES_URL,
        "kind": state_of(kind="node_kind", value=found.node.kind),
    }
    status = error.http_status if error else 200
    return render(request, "planner/plant/node.html", context, status=status)


@staff_page(Permission.PLANT_EDIT, methods=("GET", "POST"))
def new(request: HttpRequest) -> HttpResponse:
    """Put a node up: choose what, then say where it stands and what it is."""
    kind = params.choice_of(
        request.POST if request.method == "POST" else request.GET, "kind", Kind.values
    )
    if not kind:
        context = {"kinds": NODE_KIND, "query": params.query_with(request, kind=None)}
        return render(request, "planner/plant/kinds.html", context)
    if request.method == "POST":
        form = NodeForm(request.POST, kind=kind)
        if form.is_valid():
            try:
                node_id = plant.create_node(
                    fields=form.node_fields(), actor=actor_of(request), at=clock.now()
                )
            except DomainError as error:
                form.add_domain_error(error)
            else:
                return done(request, _("The node is on the map."), "planner:plant-node", node_id)
        return _form_page(request, form, kind, status=422)
    found = _place_of(request)
    form = NodeForm(initial=found.pop("initial"), kind=kind)
    return _form_page(request, form, kind, **found)


@staff_page(Permission.PLANT_EDIT, methods=("GET", "POST"))
def edit(request: HttpRequest, node_id: int) -> HttpResponse:
    """Change a node; what another person changed meanwhile is shown, and nothing is lost."""
    found = plant_queries.node_of(node_id=node_id)
    if request.method != "POST":
        values = initial_of(plant_queries.fields_of(found), revision=found.revision)
        return _form_page(request, NodeForm(initial=values, kind=found.kind), found.kind, found)
    form = NodeForm(request.POST, kind=found.kind)
    status = 422
    stale = None
    if form.is_valid():
        try:
            plant.edit_node(
                node_id=node_id,
                base_revision=form.cleaned_data["base_revision"] or 0,
                fields=form.node_fields(),
                actor=actor_of(request),
                at=clock.now(),
            )
        except plant.StaleNodeError as error:
            found = plant_queries.node_of(node_id=node_id)
            stale, status = _differences(form, found), error.http_status
            typed = request.POST.copy()
            typed["base_revision"] = str(found.revision)
            form.data = typed
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return done(request, _("Saved."), "planner:plant-node", node_id)
    return _form_page(request, form, found.kind, found, status=status, stale=stale)


@staff_page(Permission.PLANT_EDIT, methods=("POST",))
def move(request: HttpRequest, node_id: int) -> HttpResponse:
    """Put the pin elsewhere."""
    form = MoveForm(request.POST)
    if not form.is_valid():
        error = DomainError(_("These coordinates are not a place on the map."))
        return node_page(request, node_id, error=error)
    try:
        plant.move_node(
            node_id=node_id, actor=actor_of(request), at=clock.now(), **form.cleaned_data
        )
    except DomainError as error:
        return node_page(request, node_id, error=error)
    return done(request, _("The pin is moved."), "planner:plant-node", node_id)


@staff_page(Permission.PLANT_EDIT, methods=("POST",))
def retire(request: HttpRequest, node_id: int) -> HttpResponse:
    """Take a node out of the network for good."""
    try:
        plant.retire_node(
            node_id=node_id,
            base_revision=params.int_of(request.POST, "base_revision") or 0,
            reason=params.text_of(request.POST, "reason"),
            actor=actor_of(request),
            at=clock.now(),
        )
    except plant.UnknownNodeError:
        raise
    except DomainError as error:
        return node_page(request, node_id, error=error)
    return done(
        request, _("The node is retired; its history stays."), "planner:plant-node", node_id
    )


def _form_page(
    request: HttpRequest,
    form: NodeForm,
    kind: str,
    node: PlantNode | None = None,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    lat, lon = form["lat"].value(), form["lon"].value()
    context = {
        "form": form,
        "kind": kind,
        "kind_state": state_of(kind="node_kind", value=kind),
        "node": node,
        "centre": f"{lat},{lon}" if lat and lon else map_centre(),
        "is_placed": bool(lat and lon),
        "tiles_url": settings.GEOBILL_MAP_TILES_URL,
        **more,
    }
    return render(request, "planner/plant/form.html", context, status=status)


def _place_of(request: HttpRequest) -> dict[str, Any]:
    """Where the new node stands: a click on the map, or an address that was looked up."""
    asked = params.text_of(request.GET, "address", 300)
    initial: dict[str, Any] = {}
    building_id = params.int_of(request.GET, "building")
    candidates: Any = ()
    if asked and building_id is None:
        try:
            match = match_address(text=asked)
        except DomainError as error:
            return {"initial": {}, "asked": asked, "asked_error": error.message}
        building_id = match.building_id
        candidates = [one for one in match.candidates if one.building_id]
        if building_id is None and not candidates:
            return {"initial": {}, "asked": asked, "asked_error": _("No such address is known.")}
    try:
        lon, lat = (float(request.GET.get(name, "")) for name in ("lon", "lat"))
        building_id = building_id or building_under(lon=lon, lat=lat)
        initial = {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}
    except (ValueError, OverflowError, DomainError):
        initial = {}
    if building_id is not None:
        from frontend.workspace.queries.places import building_of

        building = building_of(building_id=building_id)
        initial.setdefault("lon", f"{building.point.x:.6f}")
        initial.setdefault("lat", f"{building.point.y:.6f}")
        initial["address"] = address_texts([building.id])[building.id]
    return {"initial": initial, "asked": asked, "candidates": candidates}


def _differences(form: NodeForm, node: PlantNode) -> list[tuple[Any, str, str]]:
    """Field, what it is now, what was typed: only where they differ."""
    now = initial_of(plant_queries.fields_of(node))
    found = []
    for name, field in form.fields.items():
        if name == "base_revision":
            continue
        theirs, mine = now.get(name), form[name].value()
        if isinstance(theirs, tuple | list):
            theirs, mine = ", ".join(map(str, theirs)), ", ".join(map(str, mine or []))
        texts = ["" if value is None else str(value).replace("\r", "") for value in (theirs, mine)]
        if texts[0] != texts[1]:
            found.append((field.label, texts[0], texts[1]))
    return found
