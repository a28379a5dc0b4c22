"""The overlap rule: zones of one network type and one priority may not share more than 50 m².

No constraint can say this (a spatial EXCLUDE compares boxes), so publishing is serialised by an
advisory lock and asks here, before and inside the transaction.
"""

import json
from dataclasses import dataclass
from typing import Any

import shapely
from django.db import connection
from django.utils.translation import gettext_lazy as _
from shapely import MultiPolygon

from coverage.models import ZoneChange, ZoneChangeSet
from coverage.zoning import geometry as geometries
from coverage.zoning.shapes import to_shapely
from project.core.errors import DomainError

TOLERATED_M2 = 50.0

# `after` is the map as it would be: changes of the set, and the present versions of other zones.
# ST_Relate asks whether interiors meet at all; zones that only share an edge are good neighbours.
SQL = """
    WITH after AS (
        SELECT change.zone_id, change.name, change.network_type, change.priority,
            change.geometry, true AS changed
        FROM coverage_zonechange change
        WHERE change.changeset_id = %(changeset_id)s AND change.status <> 'RETIRED'
        UNION ALL
        SELECT zone.id, zone.name, zone.network_type, version.priority, version.geometry, false
        FROM coverage_zoneversion version
        JOIN coverage_zone zone ON zone.id = version.zone_id
        WHERE upper_inf(version.valid) AND version.status NOT IN ('DRAFT', 'RETIRED')
          AND NOT EXISTS (
            SELECT FROM coverage_zonechange own
            WHERE own.changeset_id = %(changeset_id)s AND own.zone_id = zone.id)
    ), met AS (
        SELECT mine.zone_id, mine.name, other.zone_id AS other_zone_id, other.name AS other_name,
            mine.network_type, mine.priority, other.changed AS other_changed,
            ST_CollectionExtract(ST_Intersection(mine.geometry, other.geometry), 3) AS shared
        FROM after mine
        JOIN after other ON other.network_type = mine.network_type
            AND other.priority = mine.priority AND other.zone_id <> mine.zone_id
            AND other.geometry && mine.geometry
            AND ST_Relate(mine.geometry, other.geometry, 'T********')
        WHERE mine.changed AND (NOT other.changed OR mine.zone_id < other.zone_id)
    )
    SELECT zone_id, name, other_zone_id, other_name, network_type, priority, other_changed,
        ST_Area(shared::geography) AS area_m2, ST_AsGeoJSON(shared, 7) AS shape
    FROM met WHERE ST_Area(shared::geography) > %(tolerated)s
    ORDER BY zone_id, other_zone_id
"""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two zones that would compete for the same ground."""

    zone_id: int
    zone_name: str
    other_zone_id: int
    other_zone_name: str
    network_type: str
    priority: int
    area_m2: float
    geometry: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """For the API, with what the planner can do about it."""
        return {
            "zone_id": self.zone_id,
            "zone_name": self.zone_name,
            "other_zone_id": self.other_zone_id,
            "other_zone_name": self.other_zone_name,
            "network_type": self.network_type,
            "priority": self.priority,
            "area_m2": self.area_m2,
            "geometry": self.geometry,
            "offers": ["TRIM_MINE", "TRIM_THEIRS", "CHANGE_PRIORITY"],
        }


class OverlapRefusedError(DomainError):
    """Two equal zones would overlap; context: `overlaps` with geometry and offers."""

    code = "overlap_refused"
    http_status = 409
    message = _("Zones of the same network and priority overlap.")


class NothingLeftError(DomainError):
    """Trimming would leave nothing of the zone."""

    code = "nothing_left"
    message = _("Nothing would be left of this zone: it lies inside the other one.")


def find(*, changeset: ZoneChangeSet) -> list[Overlap]:
    """Overlaps that publishing this change set now would make."""
    with connection.cursor() as cursor:
        cursor.execute(SQL, {"changeset_id": changeset.id, "tolerated": TOLERATED_M2})
        rows = cursor.fetchall()
    return [
        Overlap(
            zone_id=zone_id,
            zone_name=name,
            other_zone_id=other_id,
            other_zone_name=other_name,
            network_type=network_type,
            priority=priority,
            area_m2=area_m2,
            geometry=json.loads(shape),
        )
        for zone_id, name, other_id, other_name, network_type, priority, _c, area_m2, shape in rows
    ]


def refuse(*, changeset: ZoneChangeSet) -> None:
    """Raise OverlapRefusedError when there is an overlap."""
    found = find(changeset=changeset)
    if found:
        raise OverlapRefusedError(overlaps=[overlap.as_json() for overlap in found])


def trimmed(*, keep: Any, cut: Any) -> MultiPolygon:
    """`keep` without what it shares with `cut`: a pure preview, nothing is stored.

    Slivers under 1 m wide that the cut leaves are dropped with it only when they enclose nothing.
    """
    mine, theirs = geometries.accepted(keep), geometries.accepted(cut)
    rest = shapely.difference(mine, theirs, grid_size=10.0**-geometries.DIGITS)
    left = MultiPolygon([part for part in geometries.polygons_of(rest) if part.area > 0])
    found = left if shapely.is_valid(left) else geometries.repair(left)
    if found is None or found.is_empty:
        raise NothingLeftError
    return found


def outline_of(*, zone_id: int, changeset_id: int | None) -> MultiPolygon | None:
    """The zone's outline as it would be after this change set, or as it is published."""
    change = ZoneChange.objects.filter(zone_id=zone_id, changeset_id=changeset_id).first()
    if change is not None:
        return MultiPolygon(list(geometries.polygons_of(to_shapely(change.geometry))))
    from coverage.zoning import queries

    version = queries.current_version(zone_id=zone_id)
    if version is None:
        return None
    return MultiPolygon(list(geometries.polygons_of(to_shapely(version.geometry))))
