"""Billing's standing rule of the map: nobody is served outside every zone.

Registered with `coverage.invariants` in project/wiring.py.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from coverage import queries as coverage
from coverage.invariants import Violation

# Grouped by building and network: what the planner can do is about the place, not the person.
OUTSIDE = """
    WITH service AS (
        SELECT building_id, network_type, count(*) AS services,
            bool_or(uncovered_reason <> '') AS on_purpose
        FROM billing_subscription
        WHERE state = 'ACTIVE' AND parent_id IS NULL
          AND (%(ids)s::bigint[] IS NULL OR building_id = ANY(%(ids)s::bigint[]))
        GROUP BY building_id, network_type
    ), present AS MATERIALIZED (
        SELECT version.id, zone.network_type FROM coverage_zoneversion version
        JOIN coverage_zone zone ON zone.id = version.zone_id
        WHERE version.valid @> %(at)s::timestamptz AND version.status NOT IN ('DRAFT', 'RETIRED')
    ), outside AS (
        SELECT service.*, count(*) OVER () AS total FROM service
        WHERE NOT EXISTS (
            SELECT FROM coverage_buildingcoverage covered
            JOIN present ON present.id = covered.zone_version_id
            WHERE covered.building_id = service.building_id
              AND present.network_type = service.network_type)
          AND NOT EXISTS (
            SELECT FROM coverage_coverageoverride told
            WHERE told.building_id = service.building_id AND told.available
              AND told.network_type = service.network_type
              AND told.valid @> %(at)s::timestamptz)
        ORDER BY service.services DESC, service.building_id, service.network_type
        LIMIT %(limit)s
    )
    SELECT outside.building_id, outside.network_type, outside.services, outside.on_purpose,
        ST_X(building.point), ST_Y(building.point), outside.total
    FROM outside JOIN coverage_building building ON building.id = outside.building_id
    ORDER BY outside.services DESC, outside.building_id, outside.network_type
"""


class SubscriberOutsideZones:
    """A building with active services that no zone of their network covers."""

    name = "subscriber_outside_zones"
    title = _("Subscribers outside every zone")
    hint = _("They are served, but the map says that nobody can be. Widen a zone, or note it.")
    follows_zones = True
    always = False

    def find(self, *, at: datetime, limit: int) -> tuple[int, list[Violation]]:
        """Buildings with such services, those with the most first."""
        rows = _rows(at=at, ids=None, limit=limit)
        return (rows[0][-1] if rows else 0), _told(rows)

    def among(self, *, at: datetime, building_ids: Sequence[int]) -> dict[str, str]:
        """Those of these buildings."""
        if not building_ids:
            return {}
        rows = _rows(at=at, ids=list(building_ids), limit=None)
        return {violation.key: violation.text for violation in _told(rows)}


def _rows(*, at: datetime, ids: list[int] | None, limit: int | None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(OUTSIDE, {"at": at, "ids": ids, "limit": limit})
        return list(cursor.fetchall())


def _told(rows: list[tuple[Any, ...]]) -> list[Violation]:
    labels = coverage.address_labels(building_ids={row[0] for row in rows})
    found = []
    for building, network_type, services, on_purpose, lon, lat, _total in rows:
        text = ngettext(
            "%(address)s: %(count)d service by %(network)s outside every zone",
            "%(address)s: %(count)d services by %(network)s outside every zone",
            services,
        ) % {"address": labels.get(building, ""), "count": services, "network": network_type}
        if on_purpose:
            text = translate("%(text)s (sold so on purpose)") % {"text": text}
        found.append(
            Violation(
                key=f"{building}-{network_type}", text=text, lon=lon, lat=lat, building_id=building
            )
        )
    return found
