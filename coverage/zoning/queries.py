"""Reading zones: the map, one zone with its drafts and versions, measures of a geometry."""

import json
from datetime import date, datetime
from typing import Any

import shapely
from django.db import connection
from django.utils.translation import gettext_lazy as _
from shapely.geometry.base import BaseGeometry

from coverage.models import Zone, ZoneChange, ZoneVersion
from coverage.zoning import geometry, metric
from coverage.zoning.changesets import OPEN_STATES
from coverage.zoning.geometry import Checked
from coverage.zoning.reading import Problem
from project.core.errors import NotFoundError

MAX_VERSIONS = 200

PUBLISHED = """
    SELECT 'published' AS kind, zone.id AS zone_id, version.id AS version_id, zone.code, zone.name,
        zone.network_type, version.priority, version.status, zone.revision,
        version.planned_for_date, lower(version.valid) AS valid_from, version.area_m2,
        version.comment, count_of.buildings, shape.geojson
    FROM coverage_zoneversion version
    JOIN coverage_zone zone ON zone.id = version.zone_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS buildings FROM coverage_buildingcoverage b
        WHERE b.zone_version_id = version.id) count_of
    CROSS JOIN LATERAL (SELECT ST_AsGeoJSON(
        CASE WHEN %(simplify_deg)s::float8 > 0
            THEN ST_SimplifyPreserveTopology(version.geometry, %(simplify_deg)s::float8)
            ELSE version.geometry END, 7) AS geojson) shape
    WHERE version.valid @> %(at)s::timestamptz AND version.status NOT IN ('DRAFT', 'RETIRED')
    ORDER BY zone.name, zone.id
"""

DRAFTS = """
    SELECT 'draft' AS kind, zone.id AS zone_id, NULL AS version_id, zone.code, change.name,
        change.network_type, change.priority, change.status, zone.revision,
        change.planned_for_date, change.updated_at, ST_Area(change.geometry::geography) AS area_m2,
        change.comment, changeset.id AS changeset_id, changeset.author_id,
        COALESCE(NULLIF(trim(person.first_name || ' ' || person.last_name), ''), person.username)
            AS author, change.base_revision, change.base_revision <> zone.revision AS stale,
        ST_AsGeoJSON(change.geometry, 7) AS geojson
    FROM coverage_zonechange change
    JOIN coverage_zonechangeset changeset ON changeset.id = change.changeset_id
    JOIN coverage_zone zone ON zone.id = change.zone_id
    LEFT JOIN core_user person ON person.id = changeset.author_id
    WHERE changeset.state IN ('DRAFT', 'REVIEW')
      AND (%(zone_id)s::bigint IS NULL OR zone.id = %(zone_id)s::bigint)
    ORDER BY change.name, zone.id, changeset.id
"""

METRES_PER_DEGREE = 111_320.0


def _rows(sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    shape = json.loads(row.pop("geojson"))
    properties = {
        name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()
    }
    return {"type": "Feature", "geometry": shape, "properties": properties}


def zones_geojson(
    *, at: datetime, with_drafts: bool = False, simplify_m: float = 0
) -> dict[str, Any]:
    """Zones published at that moment as a FeatureCollection; open drafts too when asked.

    Properties: kind (published, draft), zone_id, version_id, code, name, network_type, priority,
    status, revision, planned_for_date, valid_from, area_m2, comment, buildings; of a draft
    changeset_id, author, author_id, base_revision, stale. `simplify_m` thins published outlines.
    """
    simplify_deg = min(max(simplify_m, 0), 1000) / METRES_PER_DEGREE
    rows = _rows(PUBLISHED, {"at": at, "simplify_deg": simplify_deg})
    if with_drafts:
        rows += _rows(DRAFTS, {"zone_id": None})
    return {"type": "FeatureCollection", "features": [_feature(row) for row in rows]}


def get_zone(*, zone_id: int) -> Zone:
    """The zone; raises NotFoundError."""
    zone = Zone.objects.filter(id=zone_id).first()
    if zone is None:
        raise NotFoundError(_("There is no such zone."))
    return zone


def current_version(*, zone_id: int) -> ZoneVersion | None:
    """The version that is valid from now on (its end is open), if the zone was ever published."""
    return ZoneVersion.objects.filter(zone_id=zone_id, valid__endswith=None).first()


def open_change(*, zone_id: int, author_id: int | None) -> ZoneChange | None:
    """This person's open draft of the zone."""
    return (
        ZoneChange.objects.select_related("changeset")
        .filter(zone_id=zone_id, changeset__state__in=OPEN_STATES, changeset__author_id=author_id)
        .order_by("-id")
        .first()
    )


def zone_state(*, zone_id: int) -> dict[str, Any]:
    """The zone as it is now: its attributes, the published feature, all open drafts."""
    zone = get_zone(zone_id=zone_id)
    version = current_version(zone_id=zone_id)
    published = _version_json(version) if version else None
    drafts = [_feature(row) for row in _rows(DRAFTS, {"zone_id": zone_id})]
    return {
        "zone_id": zone.id,
        "code": zone.code,
        "name": zone.name,
        "network_type": zone.network_type,
        "priority": zone.priority,
        "revision": zone.revision,
        "archived": zone.archived_at is not None,
        "published": published,
        "drafts": drafts,
    }


def versions(*, zone_id: int) -> list[dict[str, Any]]:
    """The published history of a zone, newest first, with geometry."""
    get_zone(zone_id=zone_id)
    rows = (
        ZoneVersion.objects.filter(zone_id=zone_id)
        .select_related("author")
        .order_by("-revision")[:MAX_VERSIONS]
    )
    return [_version_json(row) for row in rows]


def _version_json(version: ZoneVersion) -> dict[str, Any]:
    author = version.author
    return {
        "version_id": version.id,
        "zone_id": version.zone_id,
        "revision": version.revision,
        "status": version.status,
        "priority": version.priority,
        "valid_from": version.valid.lower.isoformat(),
        "valid_until": version.valid.upper.isoformat() if version.valid.upper else None,
        "planned_for_date": (
            version.planned_for_date.isoformat() if version.planned_for_date else None
        ),
        "area_m2": version.area_m2,
        "comment": version.comment,
        "author": (author.get_full_name() or author.username) if author else "",
        "geometry": json.loads(version.geometry.geojson),
    }


def area_m2(shape: BaseGeometry) -> float:
    """Area on the ellipsoid; raises GeometryTooHardError."""
    return metric.area_m2(shape)


def check_geometry(value: Any) -> Checked:
    """All checks of a zone's geometry, the smallest area included."""
    result = geometry.check(value)
    if result.geometry is not None and area_m2(result.geometry) < geometry.MIN_AREA_M2:
        place = shapely.get_coordinates(result.geometry.centroid)[0]
        text = _("A zone smaller than %(area)d m² is most likely a slip of the hand.")
        problem = Problem(
            "TOO_SMALL", text % {"area": geometry.MIN_AREA_M2}, float(place[0]), float(place[1])
        )
        return Checked(None, (problem,))
    return result


def extent() -> list[list[float]] | None:
    """South-west and north-east corners [lat, lon] of the zones on the map, else of the buildings.

    None while there is neither.
    """
    with connection.cursor() as cursor:
        for sql in (
            "SELECT ST_Extent(geometry) FROM coverage_zoneversion"
            " WHERE upper_inf(valid) AND status NOT IN ('DRAFT', 'RETIRED')",
            "SELECT ST_Extent(geometry) FROM coverage_zonechange change JOIN coverage_zonechangeset"
            " changeset ON changeset.id = changeset_id WHERE changeset.state = 'DRAFT'",
            "SELECT ST_Extent(point) FROM coverage_building WHERE retired_at IS NULL",
        ):
            cursor.execute(
                "SELECT ST_YMin(box), ST_XMin(box), ST_YMax(box), ST_XMax(box)"  # noqa: S608
                f" FROM ({sql}) found(box)"
            )
            south, west, north, east = cursor.fetchone()
            if south is not None:
                return [[south, west], [north, east]]
    return None
