"""Ports of a node: added, described, reserved, given to a service; and files of the plant."""

from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from billing.subscriptions import operations as subscriptions
from coverage.importers.plant import import_plant
from coverage.importers.report import Report
from coverage.models import PlantPort
from coverage.plant import exporting
from coverage.plant import operations as plant
from coverage.plant.addresses import address_texts, building_named
from frontend.planner.plant import queries
from frontend.planner.plant.forms import FileForm, PortForm, ServiceOnPortForm
from frontend.planner.plant.views import node_page
from frontend.workspace import params
from frontend.workspace.web import done, staff_page
from project.core import clock
from project.core.errors import DomainError, NotFoundError
from project.core.http import actor_of, may, raise_forbidden
from project.core.roles import Permission

State = PlantPort.State
MAX_FILE_BYTES = 16_000_000
MEDIA_TYPES = {
    "csv": ("text/csv; charset=utf-8", "plant.csv"),
    "geojson": ("application/geo+json", "plant.geojson"),
    "ports": ("text/csv; charset=utf-8", "plant-ports.csv"),
}


@staff_page(Permission.PLANT_EDIT, methods=("POST",))
def bulk(request: HttpRequest, node_id: int) -> HttpResponse:
    """Add or remove ports by their numbers ("1-24")."""
    act = plant.remove_ports if request.POST.get("do") == "remove" else plant.add_ports
    try:
        numbers = plant.numbers_of(params.text_of(request.POST, "numbers"))
        act(node_id=node_id, numbers=numbers, actor=actor_of(request), at=clock.now())
    except plant.UnknownNodeError:
        raise
    except DomainError as error:
        return node_page(request, node_id, error=error)
    return done(request, _("The ports are as you said."), "planner:plant-node", node_id)


@staff_page(Permission.PLANT_VIEW, methods=("GET", "POST"))
def port(request: HttpRequest, port_id: int) -> HttpResponse:
    """One port: what is known of it; sent, it is written down."""
    found = _port(port_id)
    if request.method != "POST":
        return _page(request, found, PortForm(initial=_initial(found)))
    if not may(request, Permission.PLANT_EDIT):
        raise_forbidden()
    form = PortForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            address = said.pop("address").strip()
            plant.note_port(
                port_id=port_id,
                building_id=building_named(address) if address else None,
                actor=actor_of(request),
                at=clock.now(),
                **said,
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return done(request, _("Saved."), "planner:plant-node", found.node_id)
    return _page(request, found, form, status=422)


@staff_page(Permission.PLANT_EDIT, methods=("POST",))
def state(request: HttpRequest, port_id: int) -> HttpResponse:
    """Reserve, free, mark broken or in use."""
    found = _port(port_id)
    try:
        plant.set_state(
            port_id=port_id,
            to_state=params.choice_of(request.POST, "to_state", State.values),
            seen_state=params.choice_of(request.POST, "seen_state", State.values),
            note=params.text_of(request.POST, "note"),
            actor=actor_of(request),
            at=clock.now(),
        )
    except DomainError as error:
        return _page(request, _port(port_id), PortForm(initial=_initial(found)), error=error)
    return done(request, _("The port's state is changed."), "planner:plant-node", found.node_id)


@staff_page(Permission.PLANT_VIEW, Permission.CUSTOMERS_VIEW, methods=("POST",))
def service(request: HttpRequest, port_id: int) -> HttpResponse:
    """Give the port to a service, or take the service off it."""
    if not (may(request, Permission.SERVICES_CREATE) or may(request, Permission.PLANT_EDIT)):
        raise_forbidden()
    found = _port(port_id)
    at, actor = clock.now(), actor_of(request)
    try:
        if request.POST.get("do") == "release" and found.subscription_ref:
            subscriptions.release_port(subscription_id=found.subscription_ref, actor=actor, at=at)
        else:
            form = ServiceOnPortForm(request.POST)
            if not form.is_valid():
                raise NotFoundError(_("There is no such service."))
            subscription_id = form.cleaned_data["subscription_id"]
            subscriptions.assign_port(
                subscription_id=subscription_id, port_id=port_id, actor=actor, at=at
            )
    except DomainError as error:
        return _page(request, _port(port_id), PortForm(initial=_initial(found)), error=error)
    return done(request, _("The port is as you said."), "planner:plant-node", found.node_id)


@staff_page(Permission.PLANT_VIEW)
def export(request: HttpRequest) -> HttpResponse:
    """The plant as a file."""
    wanted = params.choice_of(request.GET, "format", exporting.FORMATS) or "csv"
    media_type, name = MEDIA_TYPES[wanted]
    response = HttpResponse(exporting.export_nodes(file_format=wanted), content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@staff_page(Permission.PLANT_EDIT, methods=("GET", "POST"))
def files(request: HttpRequest) -> HttpResponse:
    """Import with a look first; the report tells every row that can't be taken."""
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    report: Report | None = None
    is_look = request.POST.get("do") != "import"
    if request.method == "POST" and form.is_valid():
        try:
            report = _imported(request, is_look=is_look)
        except DomainError as error:
            form.add_error("file", str(error.message))
    status = 422 if form.errors else 200
    # A Counter answers everything it is asked, `items` in a template too.
    counts = sorted(report.counts.items()) if report else []
    context = {"form": form, "report": report, "counts": counts, "is_look": is_look}
    return render(request, "planner/plant/files.html", context, status=status)


def _imported(request: HttpRequest, *, is_look: bool) -> Report:
    upload = request.FILES["file"]
    assert isinstance(upload, UploadedFile)
    if upload.size is None or upload.size > MAX_FILE_BYTES:
        raise DomainError(_("The file is too large."), field="file")
    suffix = ".geojson" if str(upload.name).lower().endswith(("json",)) else ".csv"
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"upload{suffix}"
        path.write_bytes(upload.read())
        with transaction.atomic():
            report = import_plant(path=path, actor=actor_of(request), at=clock.now())
            transaction.set_rollback(is_look)
    report.source = params.clean(str(upload.name), 120)
    return report


def _port(port_id: int) -> PlantPort:
    found = (
        PlantPort.objects.select_related("node", "building", "premise").filter(id=port_id).first()
    )
    if found is None:
        raise NotFoundError(_("There is no such port."))
    return found


def _initial(found: PlantPort) -> dict[str, str]:
    texts = address_texts([found.building_id]) if found.building_id else {}
    return {
        "label": found.label,
        "circuit_id": found.circuit_id or "",
        "address": texts.get(found.building_id or 0, ""),
        "unit": found.premise.unit if found.premise else "",
        "note": found.note,
    }


def _page(
    request: HttpRequest,
    found: PlantPort,
    form: PortForm,
    *,
    error: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    sees = may(request, Permission.CUSTOMERS_VIEW)
    is_open = found.subscription_ref is None and found.state in (State.FREE, State.RESERVED)
    context = {
        "row": queries.port_row(port=found, with_customers=sees),
        "port": found,
        "node": found.node,
        "form": form,
        "error": error,
        "services": queries.services_to_place(port=found) if sees and is_open else [],
        "may_give": sees
        and (may(request, Permission.SERVICES_CREATE) or may(request, Permission.PLANT_EDIT)),
    }
    return render(
        request, "planner/plant/port.html", context, status=error.http_status if error else status
    )
