"""What is typed about a node, checked: each fault is told beside its field."""

import ipaddress
import unicodedata
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.models import NetworkType, PlantNode
from coverage.models.plant import MAX_PORTS, MAX_REACH_M, SPLIT_BUDGETS, SPLIT_RATIOS
from coverage.places import checked_point
from coverage.plant import option82
from project.core.errors import DomainError

Kind, Status = PlantNode.Kind, PlantNode.Status
MAX_LINKS = 2_000
# What may feed what.
ABOVE: dict[str, frozenset[str]] = {
    Kind.POP: frozenset({Kind.POP}),
    Kind.CABINET: frozenset({Kind.POP, Kind.CABINET}),
    Kind.OLT: frozenset({Kind.POP, Kind.CABINET, Kind.SWITCH}),
    Kind.SWITCH: frozenset({Kind.POP, Kind.CABINET, Kind.SWITCH, Kind.OLT}),
    Kind.SPLITTER: frozenset({Kind.OLT, Kind.SPLITTER}),
}


class PlantFieldError(DomainError):
    """A field of a node or a port can't be so; `field` names it."""

    code = "plant_invalid"


@dataclass(frozen=True, slots=True)
class NodeFields:
    """All that is said of a node. Ids are of rows that exist; `reach_m` in metres."""

    name: str
    kind: str
    lon: float
    lat: float
    status: str = Status.IN_SERVICE.value
    model: str = ""
    network_type: str = ""
    building_id: int | None = None
    parent_id: int | None = None
    uplink_number: int | None = None
    capacity: int = 0
    ratio: int | None = None
    split_budget: int | None = None
    reach_m: int | None = None
    management_ip: str = ""
    serial: str = ""
    remote_id: str = ""
    circuit_template: str = ""
    note: str = ""
    zone_ids: tuple[int, ...] = ()
    building_ids: tuple[int, ...] = ()

    def checked(self) -> "NodeFields":
        """The same, tidied; raises PlantFieldError, BadCoordinatesError."""
        lon, lat = checked_point(lon=self.lon, lat=self.lat)
        if self.kind not in Kind.values:
            raise PlantFieldError(_("Choose what stands there."), field="kind")
        if self.status not in {Status.PLANNED, Status.IN_SERVICE, Status.OUT_OF_SERVICE}:
            raise PlantFieldError(_("Choose a status."), field="status")
        name = line(self.name, "name", most=80)
        if not name:
            raise PlantFieldError(_("Give it a name that people know it by."), field="name")
        _links(self.zone_ids, "zone_ids")
        _links(self.building_ids, "building_ids")
        return NodeFields(
            name=name,
            kind=self.kind,
            lon=lon,
            lat=lat,
            status=self.status,
            model=line(self.model, "model", most=80),
            network_type=self._network(),
            building_id=self.building_id,
            parent_id=self.parent_id,
            uplink_number=whole(self.uplink_number, "uplink_number", least=1, most=MAX_PORTS),
            capacity=self._capacity(),
            ratio=self._ratio(),
            split_budget=self._budget(),
            reach_m=whole(self.reach_m, "reach_m", least=1, most=MAX_REACH_M),
            management_ip=_ip(self.management_ip),
            serial=line(self.serial, "serial", most=60),
            remote_id=identifier(self.remote_id, "remote_id"),
            circuit_template=self._template(name),
            note=line(self.note, "note", most=300),
            zone_ids=tuple(sorted(set(self.zone_ids))),
            building_ids=tuple(sorted(set(self.building_ids))),
        )

    def _network(self) -> str:
        if self.kind in (Kind.POP, Kind.CABINET) and not self.network_type:
            return ""
        if self.kind in (Kind.OLT, Kind.SPLITTER) and not self.network_type:
            return NetworkType.GPON.value
        if self.network_type not in NetworkType.values:
            raise PlantFieldError(_("Choose a network type."), field="network_type")
        return self.network_type

    def _ratio(self) -> int | None:
        if self.kind != Kind.SPLITTER:
            return None
        if self.ratio not in SPLIT_RATIOS:
            raise PlantFieldError(_("A splitter divides by 2, 4, 8, 16, 32 or 64."), field="ratio")
        return self.ratio

    def _budget(self) -> int | None:
        if self.kind != Kind.OLT:
            return None
        budget = 64 if self.split_budget is None else self.split_budget
        if budget not in SPLIT_BUDGETS:
            raise PlantFieldError(
                _("A PON port serves 8, 16, 32, 64 or 128 clients."), field="split_budget"
            )
        return budget

    def _capacity(self) -> int:
        if self.kind == Kind.SPLITTER:
            return self._ratio() or 0
        return whole(self.capacity, "capacity", least=0, most=MAX_PORTS) or 0

    def _template(self, name: str) -> str:
        template = line(self.circuit_template, "circuit_template", most=80)
        if template:
            if "{port}" not in template:
                raise PlantFieldError(
                    _("The template must say where the port's number goes: {port}."),
                    field="circuit_template",
                )
            try:
                option82.filled(template, port=MAX_PORTS, name=name, remote_id=self.remote_id)
            except option82.BadIdentifierError as error:
                raise PlantFieldError(
                    _("The template knows {port}, {name} and {remote_id} only."),
                    field="circuit_template",
                ) from error
        return template


def line(text: str, field: str, *, most: int) -> str:
    """One line of text without control characters; raises PlantFieldError."""
    if len(text) > 4 * most:
        raise PlantFieldError(_("At most %(most)d characters.") % {"most": most}, field=field)
    tidy = " ".join(text.split())
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in tidy):
        raise PlantFieldError(_("This text has characters that can't be kept."), field=field)
    if len(tidy) > most:
        raise PlantFieldError(_("At most %(most)d characters.") % {"most": most}, field=field)
    return tidy


def whole(value: Any, field: str, *, least: int, most: int) -> int | None:
    """A whole number within bounds; None stays None. Raises PlantFieldError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise PlantFieldError(
            _("A whole number from %(least)d to %(most)d.") % {"least": least, "most": most},
            field=field,
        )
    return value


def identifier(text: str, field: str) -> str:
    """An identifier of Option 82 in its one form; raises PlantFieldError."""
    try:
        return option82.normalised(text)
    except option82.BadIdentifierError as error:
        raise PlantFieldError(_("No equipment sends such an identifier."), field=field) from error


def _ip(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise PlantFieldError(_("This is no IP address."), field="management_ip") from error


def _links(ids: tuple[int, ...], field: str) -> None:
    if len(ids) > MAX_LINKS:
        raise PlantFieldError(
            _("At most %(most)d for one node.") % {"most": MAX_LINKS}, field=field
        )
