"""Forms of the plant: they read what was typed; the rules live in `coverage.plant`."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from coverage.models import NetworkType, PlantNode, Zone
from coverage.models.plant import MAX_PORTS, MAX_REACH_M, SPLIT_BUDGETS, SPLIT_RATIOS
from coverage.plant.addresses import address_texts, building_named
from coverage.plant.operations import NodeFields, PlantFieldError
from frontend.planner.plant import queries
from frontend.states import state_of
from frontend.workspace.forms import KeyField, WorkspaceForm
from project.core.errors import DomainError

Kind, Status = PlantNode.Kind, PlantNode.Status
# Fields that only some kinds have.
ONLY: dict[str, frozenset[str]] = {
    "network_type": frozenset({Kind.SWITCH, Kind.CABINET, Kind.POP, Kind.OLT, Kind.SPLITTER}),
    "capacity": frozenset({Kind.SWITCH, Kind.OLT, Kind.CABINET, Kind.POP}),
    "ratio": frozenset({Kind.SPLITTER}),
    "split_budget": frozenset({Kind.OLT}),
    "management_ip": frozenset({Kind.POP, Kind.OLT, Kind.SWITCH}),
    "remote_id": frozenset({Kind.OLT, Kind.SWITCH}),
    "circuit_template": frozenset({Kind.SWITCH, Kind.SPLITTER}),
}
STATUSES = (Status.IN_SERVICE, Status.PLANNED, Status.OUT_OF_SERVICE)
# The text field or number that a DomainError's field is shown beside.
BESIDE = {"lon": "lon", "lat": "lat", "zone_ids": "zone_ids", "building_ids": "buildings"}


class NodeForm(WorkspaceForm):
    """Everything that is said of a node of one kind."""

    name = forms.CharField(label=_("Name of the node"), max_length=80)
    status = forms.ChoiceField(label=_("Status"))
    network_type = forms.ChoiceField(label=_("Network"), required=False)
    model = forms.CharField(label=_("Model"), max_length=80, required=False)
    lon = forms.FloatField(
        label=_("Longitude"), widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    lat = forms.FloatField(
        label=_("Latitude"), widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    address = forms.CharField(label=_("Stands in the building"), max_length=300, required=False)
    parent_id = forms.ChoiceField(label=_("Fed by"), required=False)
    uplink_number = forms.IntegerField(
        label=_("On its port No."), min_value=1, max_value=MAX_PORTS, required=False
    )
    capacity = forms.IntegerField(
        label=_("Ports"), min_value=0, max_value=MAX_PORTS, required=False
    )
    ratio = forms.TypedChoiceField(label=_("Divides"), coerce=int, required=False)
    split_budget = forms.TypedChoiceField(
        label=_("Clients on one PON port"), coerce=int, required=False
    )
    reach_m = forms.IntegerField(
        label=_("Reach to a building, m"), min_value=1, max_value=MAX_REACH_M, required=False
    )
    management_ip = forms.CharField(label=_("Management address"), max_length=45, required=False)
    serial = forms.CharField(label=_("Serial number"), max_length=60, required=False)
    remote_id = forms.CharField(label=_("Remote id (Option 82)"), max_length=128, required=False)
    circuit_template = forms.CharField(
        label=_("Circuit ids of its ports"), max_length=80, required=False
    )
    zone_ids = forms.MultipleChoiceField(
        label=_("Zones"), required=False, widget=forms.CheckboxSelectMultiple
    )
    buildings = forms.CharField(
        label=_("Buildings it serves"),
        required=False,
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    base_revision = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name, kinds in ONLY.items():
            if kind not in kinds:
                del self.fields[name]
        self._choices("status", [(s.value, state_of(kind="node", value=s).word) for s in STATUSES])
        networks: list[Any] = [(value, value) for value in NetworkType.values]
        if kind in (Kind.POP, Kind.CABINET):
            networks = [("", _("all networks")), *networks]
        elif kind in (Kind.OLT, Kind.SPLITTER):
            networks = [(NetworkType.GPON.value, "GPON")]
        self._choices("network_type", networks)
        self._choices("parent_id", [("", _("nothing above it")), *queries.feeders(kind=kind)])
        self._choices("ratio", [(n, f"1:{n}") for n in SPLIT_RATIOS])
        self._choices("split_budget", [(n, n) for n in SPLIT_BUDGETS])
        zones = Zone.objects.filter(archived_at__isnull=True).order_by("network_type", "name")
        if kind in (Kind.OLT, Kind.SPLITTER):
            zones = zones.filter(network_type=NetworkType.GPON)
        self._choices("zone_ids", [(z.id, f"{z.name} · {z.network_type}") for z in zones])

    def _choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields.get(name)
        if field is not None:
            field.choices = choices  # type: ignore[attr-defined]

    def node_fields(self) -> NodeFields:
        """What was typed, for the operation; raises PlantFieldError for an address."""
        said = self.cleaned_data
        address = said["address"].strip()
        lines = [line.strip() for line in said["buildings"].splitlines() if line.strip()]
        return NodeFields(
            name=said["name"],
            kind=self.kind,
            lon=said["lon"],
            lat=said["lat"],
            status=said["status"],
            model=said["model"],
            network_type=said.get("network_type") or "",
            building_id=building_named(address) if address else None,
            parent_id=int(said["parent_id"]) if said["parent_id"] else None,
            uplink_number=said["uplink_number"],
            capacity=said.get("capacity") or 0,
            ratio=said.get("ratio") or None,
            split_budget=said.get("split_budget") or None,
            reach_m=said["reach_m"],
            management_ip=said.get("management_ip", ""),
            serial=said["serial"],
            remote_id=said.get("remote_id", ""),
            circuit_template=said.get("circuit_template", ""),
            note=said["note"],
            zone_ids=tuple(int(key) for key in said["zone_ids"]),
            building_ids=tuple(building_named(line, field="building_ids") for line in lines),
        )

    def add_domain_error(self, error: DomainError) -> None:
        """Show the error beside its field; circuit ids come from the template."""
        field = BESIDE.get(error.field, error.field)
        if field == "circuit_id":
            field = "circuit_template"
        self.add_error(field if field in self.fields else None, str(error.message))


def initial_of(fields: NodeFields, *, revision: int | None = None) -> dict[str, Any]:
    """The form's values for a node that exists."""
    texts = address_texts(
        {*fields.building_ids, *([fields.building_id] if fields.building_id else [])}
    )
    return {
        **{name: getattr(fields, name) for name in NodeForm.base_fields if hasattr(fields, name)},
        "lon": f"{fields.lon:.6f}",
        "lat": f"{fields.lat:.6f}",
        "address": texts.get(fields.building_id or 0, ""),
        "buildings": "\n".join(texts[key] for key in fields.building_ids if key in texts),
        "base_revision": revision,
    }


class PortForm(WorkspaceForm):
    """What a port is called, what it sends, where its cable leads."""

    label = forms.CharField(label=_("Label"), max_length=40, required=False)
    circuit_id = forms.CharField(label=_("Circuit id (Option 82)"), max_length=128, required=False)
    address = forms.CharField(label=_("Leads to the building"), max_length=300, required=False)
    unit = forms.CharField(label=_("Flat or unit"), max_length=16, required=False)
    note = forms.CharField(label=_("Note"), max_length=200, required=False)


class MoveForm(WorkspaceForm):
    """Where the pin was put."""

    lon = forms.FloatField()
    lat = forms.FloatField()
    base_revision = forms.IntegerField(min_value=1)


class ServiceOnPortForm(WorkspaceForm):
    """Which service the port is given to."""

    subscription_id = KeyField()


class FileForm(WorkspaceForm):
    """A file of nodes or ports."""

    file = forms.FileField(label=_("File"), max_length=200)
    do = forms.ChoiceField(choices=[("look", ""), ("import", "")])


__all__ = [
    "FileForm",
    "MoveForm",
    "NodeForm",
    "PlantFieldError",
    "PortForm",
    "ServiceOnPortForm",
    "initial_of",
]
