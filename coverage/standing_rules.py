"""The map's own standing rules: zones that compete for ground, houses in the wrong place."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from coverage import invariants
from coverage.invariants import Violation
from coverage.labels import address_labels
from coverage.zoning.overlaps import TOLERATED_M2

FAR_FROM_STREET_M = 300
# Less than this in degrees is less than 300 m in every direction: no need to measure.
SURELY_NEAR_DEGREES = 0.002685

OVERLAPS = """
    WITH present AS MATERIALIZED (
        SELECT zone.id, zone.name, zone.network_type, version.priority, version.geometry
        FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
        WHERE version.valid @> %(at)s::timestamptz AND version.status NOT IN ('DRAFT', 'RETIRED')
    ), met AS (
        SELECT a.id, a.name, b.id AS other_id, b.name AS other_name,
            ST_CollectionExtract(ST_Intersection(a.geometry, b.geometry), 3) AS shared
        FROM present a JOIN present b ON a.id < b.id AND a.network_type = b.network_type
            AND a.priority = b.priority AND a.geometry && b.geometry
            AND ST_Relate(a.geometry, b.geometry, 'T********')
    ), measured AS (SELECT *, ST_Area(shared::geography) AS area_m2 FROM met)
    SELECT id, name, other_id, other_name, area_m2, ST_AsGeoJSON(shared, 7),
        ST_X(ST_PointOnSurface(shared)), ST_Y(ST_PointOnSurface(shared)), count(*) OVER ()
    FROM measured WHERE area_m2 > %(tolerated)s
    ORDER BY area_m2 DESC, id, other_id LIMIT %(limit)s
"""

# Areas outside, their buildings inside, so that each area is prepared once (see covering.py). The
# deepest unit with an outline decides: the settlement, else its hromada; a raion says too little.
OUTSIDE_PLACE = """
    WITH place AS MATERIALIZED (
        SELECT used.locality_id, area.name, area.geom
        FROM (SELECT DISTINCT locality_id FROM coverage_building WHERE retired_at IS NULL
                AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))) used
        JOIN coverage_adminunit unit ON unit.id = used.locality_id
        CROSS JOIN LATERAL (
            SELECT above.name, above.geom FROM coverage_adminunit above
            WHERE above.id = ANY(CASE WHEN unit.path ~ '^(/[0-9]+)+/$'
                THEN string_to_array(trim(BOTH '/' FROM unit.path), '/')::bigint[]
                ELSE ARRAY[unit.id] END)
              AND above.geom IS NOT NULL AND above.category NOT IN ('OBLAST', 'RAION')
            ORDER BY above.depth DESC LIMIT 1) area
    ), out AS (
        SELECT hit.id, hit.point, place.name, place.geom
        FROM place CROSS JOIN LATERAL (
            SELECT building.id, building.point FROM coverage_building building
            WHERE building.locality_id = place.locality_id AND building.retired_at IS NULL
              AND (%(ids)s::bigint[] IS NULL OR building.id = ANY(%(ids)s::bigint[]))
              AND NOT ST_Intersects(place.geom, building.point)
            OFFSET 0) hit
    ), listed AS (
        SELECT id, point, name, geom, count(*) OVER () AS total FROM out ORDER BY id LIMIT %(limit)s
    )
    SELECT id, ST_X(point), ST_Y(point), name,
        ST_Distance(point::geography, geom::geography), total FROM listed ORDER BY id
"""

FAR_FROM_STREET = """
    SELECT building.id, ST_X(building.point), ST_Y(building.point), street.name,
        ST_Distance(building.point::geography, street.geom::geography) AS distance_m,
        count(*) OVER ()
    FROM coverage_street street JOIN coverage_building building ON building.street_id = street.id
    WHERE street.geom IS NOT NULL AND building.retired_at IS NULL
      AND (%(ids)s::bigint[] IS NULL OR building.id = ANY(%(ids)s::bigint[]))
      AND NOT ST_DWithin(building.point, street.geom, %(near)s)
      AND NOT ST_DWithin(building.point::geography, street.geom::geography, %(far_m)s)
    ORDER BY distance_m DESC, building.id LIMIT %(limit)s
"""


class OverlappingZones:
    """Zones of one network and one priority that share ground; publishing refuses it by itself."""

    name = "overlapping_zones"
    title = _("Zones of one network and priority that overlap")
    hint = _("Nobody could say which of them serves a house. Cut one, or change its priority.")
    follows_zones = True
    always = True

    def find(self, *, at: datetime, limit: int) -> tuple[int, list[Violation]]:
        """Pairs of zones with the ground they share, the largest first."""
        rows = _rows(OVERLAPS, {"at": at, "tolerated": TOLERATED_M2, "limit": limit})
        found = [
            Violation(
                key=f"{zone}-{other}",
                text=translate("“%(zone)s” and “%(other)s” share %(area)d m²")
                % {"zone": name, "other": other_name, "area": round(area)},
                lon=lon,
                lat=lat,
                zone_ids=(zone, other),
                geometry=json.loads(shape),
            )
            for zone, name, other, other_name, area, shape, lon, lat, _total in rows
        ]
        return (rows[0][-1] if rows else 0), found

    def among(self, *, at: datetime, building_ids: Sequence[int]) -> dict[str, str]:
        """Never asked: `overlaps.refuse` decides at publishing."""
        return {}


class _BuildingRule:
    """A rule about where a building stands: rows of id, lon, lat, a name and metres."""

    name = ""
    sql = ""
    text: Any = ""
    follows_zones = False
    always = False

    def find(self, *, at: datetime, limit: int) -> tuple[int, list[Violation]]:
        """The buildings and where they stand."""
        rows = self._rows(limit=limit, ids=None)
        return (rows[0][-1] if rows else 0), self._told(rows)

    def among(self, *, at: datetime, building_ids: Sequence[int]) -> dict[str, str]:
        """Those of these buildings."""
        if not building_ids:
            return {}
        rows = self._rows(limit=None, ids=list(building_ids))
        return {violation.key: violation.text for violation in self._told(rows)}

    def _rows(self, *, limit: int | None, ids: list[int] | None) -> list[tuple[Any, ...]]:
        numbers = {"near": SURELY_NEAR_DEGREES, "far_m": FAR_FROM_STREET_M}
        return _rows(self.sql, {"limit": limit, "ids": ids, **numbers})

    def _told(self, rows: list[tuple[Any, ...]]) -> list[Violation]:
        labels = address_labels(building_ids=[row[0] for row in rows])
        return [
            Violation(
                key=str(building),
                text=str(self.text)
                % {"address": labels.get(building, ""), "place": name, "metres": round(metres)},
                lon=lon,
                lat=lat,
                building_id=building,
            )
            for building, lon, lat, name, metres, _total in rows
        ]


class BuildingOutsidePlace(_BuildingRule):
    """A building whose point lies outside its settlement, or its hromada."""

    name = "building_outside_place"
    title = _("Buildings outside their settlement")
    hint = _("The pin or the settlement of the address is wrong. Correct one of them.")
    sql = OUTSIDE_PLACE
    text = _("%(address)s: %(metres)d m outside %(place)s")


class BuildingFarFromStreet(_BuildingRule):
    """A building more than 300 m from the line of the street in its address."""

    name = "building_far_from_street"
    title = _("Buildings far from their street (over 300 m)")
    hint = _("The pin or the street of the address is wrong. Correct one of them.")
    sql = FAR_FROM_STREET
    text = _("%(address)s: %(metres)d m from the street")


def register() -> None:
    """Add the rules of this module (called when the app is ready)."""
    for rule in (OverlappingZones(), BuildingOutsidePlace(), BuildingFarFromStreet()):
        invariants.register(rule)


def _rows(sql: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
