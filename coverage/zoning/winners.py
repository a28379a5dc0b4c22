"""Who wins a building, set-based: as published at a moment, or as a publication would make it.

The same rule as for one point (`coverage.availability`): override before geometry, then priority,
smaller area, lower id. Wiring does not count: this is asked for buildings that are served already.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from coverage.impact import ZoneMove
from coverage.models import BuildingCoverage, ZoneStatus, ZoneVersion

WINNERS = """
    WITH asked AS MATERIALIZED (SELECT unnest(%(buildings)s::bigint[]) AS building_id),
    covering AS (
        SELECT asked.building_id, zone.network_type, zone.id AS zone_id, version.id AS version_id,
            version.status, version.priority::int AS priority, version.area_m2
        FROM asked
        JOIN coverage_buildingcoverage covered ON covered.building_id = asked.building_id
        JOIN coverage_zoneversion version ON version.id = covered.zone_version_id
        JOIN coverage_zone zone ON zone.id = version.zone_id
        WHERE version.valid @> %(at)s::timestamptz AND version.status NOT IN ('DRAFT', 'RETIRED')
          AND zone.id <> ALL(%(changed)s::bigint[])
        UNION ALL
        SELECT asked.building_id, new.network_type, new.zone_id, NULL, new.status, new.priority,
            new.area_m2
        FROM unnest(%(zones)s::bigint[], %(networks)s::text[], %(statuses)s::text[],
                    %(priorities)s::int[], %(areas)s::float8[])
            AS new(zone_id, network_type, status, priority, area_m2)
        JOIN unnest(%(inside)s::bigint[], %(inside_zones)s::bigint[])
            AS inside(building_id, zone_id)
            ON inside.zone_id = new.zone_id
        JOIN asked ON asked.building_id = inside.building_id
    ), winner AS (
        SELECT DISTINCT ON (building_id, network_type) * FROM covering
        ORDER BY building_id, network_type, priority DESC, area_m2, zone_id
    ), told AS (
        SELECT override.building_id, override.network_type, override.available
        FROM coverage_coverageoverride override JOIN asked USING (building_id)
        WHERE override.valid @> %(at)s::timestamptz
    )
    SELECT building_id, network_type, winner.zone_id, winner.version_id,
        COALESCE(told.available, winner.status = 'IN_SERVICE')
    FROM winner FULL JOIN told USING (building_id, network_type)
    ORDER BY building_id, network_type
"""


@dataclass(frozen=True, slots=True)
class Winner:
    """What wins a building for one network type.

    `zone_id` None: no zone, but an override speaks. `zone_version_id` None: that, or the version
    is not published yet. `is_served`: in service, or said so by an override.
    """

    building_id: int
    network_type: str
    zone_id: int | None
    zone_version_id: int | None
    is_served: bool


@dataclass(frozen=True, slots=True)
class Publication:
    """What one published change set changed: zones, their networks, the buildings in them."""

    changeset_id: int
    published_at: datetime
    published_by_id: int | None
    zone_ids: tuple[int, ...]
    network_types: tuple[str, ...]
    building_ids: tuple[int, ...]


def winners(
    *, building_ids: Iterable[int], at: datetime, changes: Sequence[ZoneMove] = ()
) -> dict[tuple[int, str], Winner]:
    """The winners at these buildings by (building, network type), at the moment `at`.

    With `changes`: as it would be, were they published then. No entry: no zone and no override.
    """
    standing = [c for c in changes if c.new_status != ZoneStatus.RETIRED]
    inside = [(id_, c.zone_id) for c in standing for id_ in (*c.gained, *c.kept)]
    with connection.cursor() as cursor:
        cursor.execute(
            WINNERS,
            {
                "buildings": list(set(building_ids)),
                "at": at,
                "changed": [c.zone_id for c in changes],
                "zones": [c.zone_id for c in standing],
                "networks": [c.network_type for c in standing],
                "statuses": [c.new_status for c in standing],
                "priorities": [c.new_priority for c in standing],
                "areas": [c.new_area_m2 for c in standing],
                "inside": [building for building, _zone in inside],
                "inside_zones": [zone for _building, zone in inside],
            },
        )
        return {(row[0], row[1]): Winner(*row) for row in cursor.fetchall()}


def publication(*, changeset_id: int) -> Publication | None:
    """What a published change set changed; None when it is not published.

    Buildings are those inside one of its zones before or afterwards.
    """
    versions = list(
        ZoneVersion.objects.filter(changeset_id=changeset_id)
        .select_related("zone", "changeset")
        .defer("geometry")
        .order_by("zone_id")
    )
    if not versions or versions[0].changeset is None:
        return None
    changeset = versions[0].changeset
    assert changeset.published_at is not None
    zone_ids = tuple(version.zone_id for version in versions)
    ended = ZoneVersion.objects.filter(
        zone_id__in=zone_ids, valid__endswith=changeset.published_at
    ).values_list("id", flat=True)
    touched = (
        BuildingCoverage.objects.filter(
            zone_version_id__in=[*(version.id for version in versions), *ended]
        )
        .order_by("building_id")
        .values_list("building_id", flat=True)
        .distinct()
    )
    return Publication(
        changeset_id=changeset_id,
        published_at=changeset.published_at,
        published_by_id=changeset.published_by_id,
        zone_ids=zone_ids,
        network_types=tuple(sorted({version.zone.network_type for version in versions})),
        building_ids=tuple(touched),
    )
