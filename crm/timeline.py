"""crm's part of a place's time line: requests for connection."""

from typing import Any

from coverage.happenings import Asked, Happening, Kind, read

REQUESTS = """
    WITH here AS (
        SELECT * FROM crm_connectionrequest
        WHERE building_id = %(building)s AND (%(unit)s::text IS NULL OR unit = %(unit)s::text)
    ), event AS (
        SELECT number, created_at AS at, '0' AS part, 'FILED' AS what FROM here
        UNION ALL
        SELECT number, updated_at, '1', state FROM here
        WHERE state IN ('INSTALLED', 'REJECTED', 'CANCELLED')
    )
    SELECT event.at, 'request:' || lpad(event.number::text, 19, '0') || ':' || event.part AS key,
        event.what, here.unit, here.number, here.state, here.network_type, here.contact_name,
        here.customer_id, here.reject_reason, tariff.name_uk AS tariff_name_uk,
        tariff.name_en AS tariff_name_en
    FROM event JOIN here ON here.number = event.number
    LEFT JOIN billing_tariff AS tariff ON tariff.id = here.tariff_id
"""


def timeline_of_requests(*, asked: Asked) -> list[Happening]:
    """Requests as they were filed, and how they ended.

    `contact_name` is personal: who shows it asks for the permission.
    """
    if Kind.REQUEST not in asked.kinds:
        return []
    return [_happening(row) for row in read(REQUESTS, asked=asked)]


def _happening(row: dict[str, Any]) -> Happening:
    at, key, what, unit = row.pop("at"), row.pop("key"), row.pop("what"), row.pop("unit")
    return Happening(at=at, key=key, kind=Kind.REQUEST, what=what, unit=unit, facts=row)
