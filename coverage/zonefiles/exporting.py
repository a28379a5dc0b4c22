"""Zones as they were at a moment, or as drafts make them, in a file that the import reads back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from coverage.models import ZoneChange, ZoneVersion
from coverage.zonefiles.writers import FORMATS, ZoneRow
from coverage.zoning.queries import OPEN_STATES
from coverage.zoning.shapes import to_shapely
from project.core.clock import KYIV
from project.core.errors import DomainError, NotFoundError


class BadFormatError(DomainError):
    """A format that is not written."""

    code = "zone_export_format"
    message = _("Choose a format: geojson, kml, kmz, shp, gpkg or csv.")


@dataclass(frozen=True, slots=True)
class Exported:
    """A file to download."""

    name: str
    content_type: str
    data: bytes
    zones: int


def export_zones(
    *,
    at: datetime,
    format_name: str,
    drafts: bool = False,
    changeset_id: int | None = None,
    network_type: str = "",
) -> Exported:
    """Zones published at that moment; with `drafts` the open drafts instead (of a change set).

    Of a zone with several open drafts only the newest is written: a code stands once in a file.
    Raises BadFormatError, NotFoundError when there is nothing to write.
    """
    if format_name not in FORMATS:
        raise BadFormatError(field="format")
    rows = _drafts(changeset_id) if drafts else _published(at)
    if network_type:
        rows = [row for row in rows if row.values["network_type"] == network_type]
    if not rows:
        raise NotFoundError(_("There are no zones to export."))
    chosen = FORMATS[format_name]
    what = "drafts" if drafts else f"{at.astimezone(KYIV):%Y-%m-%d}"
    return Exported(
        name=f"zones-{what}.{chosen.ending}",
        content_type=chosen.content_type,
        data=chosen.write(rows),
        zones=len(rows),
    )


def _published(at: datetime) -> list[ZoneRow]:
    versions = (
        ZoneVersion.objects.filter(valid__contains=at)
        .exclude(status__in=("DRAFT", "RETIRED"))
        .select_related("zone")
        .order_by("zone__code")
    )
    return [_row(each, each.zone.name, each.zone.network_type) for each in versions]


def _drafts(changeset_id: int | None) -> list[ZoneRow]:
    changes = (
        ZoneChange.objects.filter(changeset__state__in=OPEN_STATES)
        .select_related("zone")
        .order_by("zone__code", "-updated_at", "-id")
    )
    if changeset_id is not None:
        changes = changes.filter(changeset_id=changeset_id)
    newest = {each.zone_id: each for each in reversed(changes)}
    ordered = sorted(newest.values(), key=lambda each: each.zone.code)
    return [_row(each, each.name, each.network_type) for each in ordered]


def _row(found: Any, name: str, network_type: str) -> ZoneRow:
    planned: date | None = found.planned_for_date
    values = {
        "name": name,
        "code": found.zone.code,
        "network_type": network_type,
        "status": found.status,
        "priority": str(found.priority),
        "planned_for_date": planned.isoformat() if planned else "",
        "comment": found.comment,
    }
    return ZoneRow(values=values, shape=to_shapely(found.geometry))
