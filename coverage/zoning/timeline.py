"""The map in time: when it changed, what changed between two moments, zones that are gone."""

import json
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from project.core.errors import DomainError

MAX_MOMENTS = 1000
MAX_RETIRED = 500

MOMENTS = """
    SELECT lower(version.valid) AS at, array_agg(DISTINCT zone.name) AS zones,
        min(changeset.title) AS title,
        min(COALESCE(NULLIF(trim(person.first_name || ' ' || person.last_name), ''),
            person.username)) AS author
    FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
    LEFT JOIN coverage_zonechangeset changeset ON changeset.id = version.changeset_id
    LEFT JOIN core_user person ON person.id = version.author_id
    WHERE version.status <> 'DRAFT'
    GROUP BY lower(version.valid) ORDER BY lower(version.valid) DESC LIMIT %(limit)s
"""

# Versions in force at two moments, side by side; the same version twice is no change. A building
# counts where a version covers it (BuildingCoverage keeps that for every version).
DIFFERENCE = """
    WITH early AS (
        SELECT * FROM coverage_zoneversion
        WHERE valid @> %(from)s::timestamptz AND status NOT IN ('DRAFT', 'RETIRED')
    ), late AS (
        SELECT * FROM coverage_zoneversion
        WHERE valid @> %(until)s::timestamptz AND status NOT IN ('DRAFT', 'RETIRED')
    ), pair AS (
        SELECT COALESCE(late.zone_id, early.zone_id) AS zone_id,
            early.id AS old_id, late.id AS new_id,
            early.status AS old_status, late.status AS new_status,
            early.priority AS old_priority, late.priority AS new_priority,
            CASE WHEN early.id IS NULL THEN late.geometry
                WHEN late.id IS NOT NULL
                THEN ST_CollectionExtract(ST_Difference(late.geometry, early.geometry), 3)
            END AS added,
            CASE WHEN late.id IS NULL THEN early.geometry
                WHEN early.id IS NOT NULL
                THEN ST_CollectionExtract(ST_Difference(early.geometry, late.geometry), 3)
            END AS removed
        FROM early FULL JOIN late ON late.zone_id = early.zone_id
        WHERE early.id IS DISTINCT FROM late.id
    )
    SELECT pair.zone_id, zone.name, zone.network_type, old_status, new_status, old_priority,
        new_priority,
        COALESCE(ST_Area(added::geography), 0) AS added_m2,
        COALESCE(ST_Area(removed::geography), 0) AS removed_m2,
        CASE WHEN NOT ST_IsEmpty(added) THEN ST_AsGeoJSON(added, 7) END AS added,
        CASE WHEN NOT ST_IsEmpty(removed) THEN ST_AsGeoJSON(removed, 7) END AS removed,
        (SELECT count(*) FROM coverage_buildingcoverage b WHERE b.zone_version_id = new_id
            AND NOT EXISTS (SELECT FROM coverage_buildingcoverage o
                WHERE o.zone_version_id = old_id AND o.building_id = b.building_id)) AS gained,
        (SELECT count(*) FROM coverage_buildingcoverage b WHERE b.zone_version_id = old_id
            AND NOT EXISTS (SELECT FROM coverage_buildingcoverage o
                WHERE o.zone_version_id = new_id AND o.building_id = b.building_id)) AS lost
    FROM pair JOIN coverage_zone zone ON zone.id = pair.zone_id
    ORDER BY zone.name, pair.zone_id
"""

RETIRED = """
    SELECT zone.id AS zone_id, zone.name, zone.network_type, zone.revision, zone.archived_at,
        version.comment
    FROM coverage_zone zone JOIN coverage_zoneversion version ON version.zone_id = zone.id
    WHERE upper_inf(version.valid) AND version.status = 'RETIRED'
    ORDER BY zone.archived_at DESC, zone.id LIMIT %(limit)s
"""


class BadSpanError(DomainError):
    """The first of two moments must be the earlier one."""

    code = "bad_span"
    message = _("The first moment must be before the second one.")


def moments() -> list[dict[str, Any]]:
    """When the map changed, newest first: at, zones (names), title of the change set, author."""
    return [
        {**row, "at": row["at"].isoformat(), "title": row["title"] or ""}
        for row in _rows(MOMENTS, {"limit": MAX_MOMENTS})
    ]


def difference(*, from_at: datetime, until_at: datetime) -> dict[str, Any]:
    """Zones that differ between two moments, with the ground added and removed and the buildings.

    A zone that is new, or gone, has a null status on that side. Raises BadSpanError.
    """
    if from_at > until_at:
        raise BadSpanError(field="from")
    rows = _rows(DIFFERENCE, {"from": from_at, "until": until_at})
    for row in rows:
        for name in ("added", "removed"):
            row[name] = json.loads(row[name]) if row[name] else None
    totals = {
        name: sum(row[name] for row in rows)
        for name in ("added_m2", "removed_m2", "gained", "lost")
    }
    return {"zones": rows, **totals}


def retired() -> list[dict[str, Any]]:
    """Zones that ended, the last one first; their versions are read like those of any zone."""
    rows = _rows(RETIRED, {"limit": MAX_RETIRED})
    return [
        {**row, "archived_at": row["archived_at"].isoformat() if row["archived_at"] else None}
        for row in rows
    ]


def _rows(sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
