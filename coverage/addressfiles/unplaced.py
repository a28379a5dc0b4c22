"""Addresses of tables that wait for a pin: kept as written until their building is there."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import cast

from django.contrib.gis.geos import Point as GeosPoint
from django.db import connection

from coverage.addressfiles.resolving import Resolved, reference
from coverage.models import UnplacedAddress

SETTLE = """
    UPDATE coverage_unplacedaddress waiting
    SET building_id = held.building_id, settled_at = %(at)s
    FROM (
        SELECT id AS building_id, street_id, number FROM coverage_building
        WHERE retired_at IS NULL
        UNION ALL
        SELECT further.building_id, further.street_id, further.number
        FROM coverage_buildingaddress further
        JOIN coverage_building building ON building.id = further.building_id
        WHERE building.retired_at IS NULL
    ) held
    WHERE waiting.settled_at IS NULL AND waiting.reason <> 'FAR_FROM_KNOWN'
      AND held.street_id = waiting.street_id AND held.number = waiting.number
"""


def keep(waiting: Iterable[Resolved], *, source: str, at: datetime) -> int:
    """Keep rows that wait, once however often they come; how many are new."""
    rows = {key_of(each): _row(each, source, at) for each in waiting}
    known = UnplacedAddress.objects.filter(key__in=rows).values_list("key", flat=True)
    new = [row for key, row in rows.items() if key not in set(known)]
    UnplacedAddress.objects.bulk_create(new, batch_size=1000)
    return len(new)


def settle(*, at: datetime) -> int:
    """Settle those whose address a building has by now; how many."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, {"at": at})
        return int(cursor.rowcount)


def key_of(each: Resolved) -> str:
    """The same row in another run or file has the same key."""
    parts = (each.row.text.lower(), each.row.external_id)
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()


def _row(each: Resolved, source: str, at: datetime) -> UnplacedAddress:
    row = each.row
    point = None
    if row.lon is not None and row.lat is not None and abs(row.lat) <= 90:
        point = cast(GeosPoint, GeosPoint(row.lon, row.lat, srid=4326))
    return UnplacedAddress(
        key=key_of(each),
        text=row.text,
        reason=each.reason,
        locality_id=each.locality_id,
        street=each.street,
        number=row.house.canonical if row.house else None,
        flats=row.flats,
        levels=row.levels,
        external_ref=reference(row) if row.external_id else None,
        point=point,
        source=source[:200],
        row=row.row,
        created_at=at,
    )
