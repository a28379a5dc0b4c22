"""Outlines of other zones: those a planner names, and those that would compete for the ground."""

from collections.abc import Sequence

import shapely
from django.db import connection
from django.utils.translation import gettext_lazy as _
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from coverage.zoning import overlaps
from project.core.errors import NotFoundError

# As in the overlap rule: drafts of the change set first, else what is published.
RIVALS = """
    SELECT ST_AsBinary(geometry) FROM (
        SELECT change.zone_id, change.geometry, change.network_type, change.priority
        FROM coverage_zonechange change
        WHERE change.changeset_id = %(changeset_id)s AND change.status <> 'RETIRED'
        UNION ALL
        SELECT version.zone_id, version.geometry, zone.network_type, version.priority
        FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
        WHERE upper_inf(version.valid) AND version.status NOT IN ('DRAFT', 'RETIRED')
          AND NOT EXISTS (
            SELECT FROM coverage_zonechange own
            WHERE own.changeset_id = %(changeset_id)s AND own.zone_id = version.zone_id)
    ) other
    WHERE other.zone_id IS DISTINCT FROM %(zone_id)s AND other.network_type = %(network_type)s
      AND other.priority = %(priority)s AND other.geometry && ST_GeomFromWKB(%(wkb)s, 4326)
    ORDER BY other.zone_id
"""


def outlines(*, zone_ids: Sequence[int], changeset_id: int | None) -> list[BaseGeometry]:
    """Outlines of these zones as in the change set, else as published; raises NotFoundError."""
    found = []
    for zone_id in sorted(set(zone_ids)):
        outline = overlaps.outline_of(zone_id=zone_id, changeset_id=changeset_id)
        if outline is None:
            raise NotFoundError(_("There is no such zone."))
        found.append(outline)
    return list(found)


def rivals(
    *,
    shape: MultiPolygon,
    zone_id: int | None,
    network_type: str,
    priority: int,
    changeset_id: int | None,
) -> list[BaseGeometry]:
    """Outlines near `shape` with the same network type and priority, but not the zone itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            RIVALS,
            {
                "zone_id": zone_id,
                "network_type": network_type,
                "priority": priority,
                "changeset_id": changeset_id,
                "wkb": shapely.to_wkb(shape),
            },
        )
        return [shapely.from_wkb(bytes(row[0])) for row in cursor.fetchall()]
