"""Where an Access-Request comes from: BRAS, zone, port."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from coverage.plant import queries as plant
from network.option82 import rules
from project.core import clock

# A service's zone: where it was sold; one that was sold without a zone is in the zone that covers
# its building, of several the one that wins the building's answer.
_PLACES = """
    SELECT c.subscription_id, place.zone_id, COALESCE(NULLIF(c.mode, ''), m.mode, '') AS mode,
           COALESCE(c.sessions_max, %(sessions_max)s::int) AS sessions_max
    FROM network_accesscredential c
    JOIN billing_subscription s ON s.id = c.subscription_id
    LEFT JOIN LATERAL (
        SELECT sold.zone_id, 0 AS rank FROM billing_plan_span span
        JOIN coverage_zoneversion sold ON sold.id = span.sold_zone_version_id
        WHERE span.subscription_id = s.id AND span.during @> %(day)s::date
        UNION ALL
        SELECT v.zone_id, row_number() OVER (ORDER BY v.priority DESC, v.area_m2, v.zone_id)
        FROM coverage_buildingcoverage covered
        JOIN coverage_zoneversion v ON v.id = covered.zone_version_id
        JOIN coverage_zone z ON z.id = v.zone_id
        WHERE covered.building_id = s.building_id AND upper_inf(v.valid)
          AND z.network_type = s.network_type AND v.status NOT IN ('DRAFT', 'RETIRED')
        ORDER BY rank LIMIT 1
    ) place ON true
    LEFT JOIN network_accessmode m ON m.zone_id = place.zone_id
"""
_DIFFERS = """(d.mode, d.zone_id, d.sessions_max)
    IS DISTINCT FROM (n.mode, n.zone_id, n.sessions_max)"""
_REFRESH = f"""
UPDATE radius_decision d
SET mode = n.mode, zone_id = n.zone_id, sessions_max = n.sessions_max
FROM ({_PLACES} WHERE c.subscription_id = ANY(%(ids)s)) n
WHERE d.subscription_id = n.subscription_id AND {_DIFFERS}
"""  # noqa: S608 (our own text)
_MOVED = f"""
SELECT n.subscription_id FROM ({_PLACES}) n
JOIN radius_decision d ON d.subscription_id = n.subscription_id
WHERE {_DIFFERS} ORDER BY 1
"""  # noqa: S608 (our own text)

_ZONES_OF_BUILDING = """
SELECT v.zone_id FROM coverage_buildingcoverage covered
JOIN coverage_zoneversion v ON v.id = covered.zone_version_id
WHERE covered.building_id = %s AND upper_inf(v.valid) AND v.status NOT IN ('DRAFT', 'RETIRED')
ORDER BY v.priority DESC, v.area_m2, v.zone_id
"""


@dataclass(frozen=True, slots=True)
class Asking:
    """The BRAS that asks; `mode` is its own or everybody's."""

    nas_id: int
    vendor: str
    mode: str


def refresh(cursor: Any, *, ids: Iterable[int], at: datetime) -> None:
    """Write mode, zone and limit of these services into their decisions, which are locked."""
    cursor.execute(
        _REFRESH,
        {
            "ids": list(ids),
            "day": clock.today(at),
            "sessions_max": settings.GEOBILL_RADIUS_SESSIONS_MAX or None,
        },
    )


def moved(*, at: datetime) -> list[int]:
    """Services whose zone, or what holds there, is not what their decisions say: after a map was
    published."""
    values = {"day": clock.today(at), "sessions_max": settings.GEOBILL_RADIUS_SESSIONS_MAX or None}
    with connection.cursor() as cursor:
        cursor.execute(_MOVED, values)
        return [row[0] for row in cursor.fetchall()]


def zones_at(*, circuit_hex: str, remote_hex: str) -> list[int]:
    """Zones of the building that a switch port leads to, the first one first; none when the port
    is not known."""
    located = located_at(circuit_hex=circuit_hex, remote_hex=remote_hex)
    if located is None or located.building_id is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_ZONES_OF_BUILDING, [located.building_id])
        return [row[0] for row in cursor.fetchall()]


def located_at(*, circuit_hex: str, remote_hex: str) -> plant.Located | None:
    """The node and port of the network that an Option 82 comes from.

    First as it is registered in the plant; then as the rules read it: the switch by its name,
    remote id or MAC, the port by its number.
    """
    if not circuit_hex and not remote_hex:
        return None
    found = plant.locate(
        circuit_id=f"0x{circuit_hex}" if circuit_hex else "",
        remote_id=f"0x{remote_hex}" if remote_hex else "",
    )
    if found is not None and found.by is plant.LocatedBy.PORT:
        return found
    read = rules.read(circuit_hex=circuit_hex, remote_hex=remote_hex)
    if read is not None and read.switch:
        better = plant.port_of(switch=read.switch, port=read.port)
        if better is not None:
            return better
    return found
