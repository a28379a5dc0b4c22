"""Coverage's part of a place's time line: checks, zones that came and went, surveyed facts."""

from typing import Any

from coverage.happenings import Asked, Happening, Kind, read

CHECKS = """
    SELECT made.at, 'check:' || lpad(made.id::text, 19, '0') AS key, made.channel, made.answer,
        made.reason, made.networks,
        COALESCE(NULLIF(trim(person.first_name || ' ' || person.last_name), ''), person.username)
            AS person
    FROM coverage_availabilitycheck AS made
    LEFT JOIN core_user AS person ON person.id = made.user_id
    WHERE made.building_id = %(building)s
"""

# A version that covers the building, beside the zone's version before and after it that does too.
# Told are: the zone reaches the building, its status or priority changes there, it leaves.
ZONES = """
    WITH covering AS (
        SELECT version.id, version.zone_id, zone.name, zone.network_type, version.status,
            version.priority, version.changeset_id, version.comment,
            lower(version.valid) AS began_at, upper(version.valid) AS ended_at,
            lag(version.id) OVER history AS old_id, lag(version.status) OVER history AS old_status,
            lag(version.priority) OVER history AS old_priority,
            lag(upper(version.valid)) OVER history AS old_ended_at,
            lead(lower(version.valid)) OVER history AS next_began_at
        FROM coverage_buildingcoverage AS covered
        JOIN coverage_zoneversion AS version ON version.id = covered.zone_version_id
        JOIN coverage_zone AS zone ON zone.id = version.zone_id
        WHERE covered.building_id = %(building)s AND version.status NOT IN ('DRAFT', 'RETIRED')
          AND NOT isempty(version.valid)
        WINDOW history AS (PARTITION BY version.zone_id ORDER BY lower(version.valid))
    )
    SELECT began_at AS at, 'zone:' || lpad(id::text, 19, '0') || ':1' AS key,
        CASE WHEN old_id IS NULL OR old_ended_at <> began_at THEN 'BEGAN' ELSE 'CHANGED' END
            AS what,
        id AS version_id, zone_id, name, network_type, status, priority, old_status, old_priority,
        comment
    FROM covering
    WHERE old_id IS NULL OR old_ended_at <> began_at
       OR (status, priority) IS DISTINCT FROM (old_status, old_priority)
    UNION ALL
    SELECT ended_at, 'zone:' || lpad(id::text, 19, '0') || ':0', 'ENDED',
        id, zone_id, name, network_type, status, priority, NULL, NULL, ''
    FROM covering
    WHERE ended_at IS NOT NULL AND next_began_at IS DISTINCT FROM ended_at
"""

OVERRIDES = """
    SELECT lower(told.valid) AS at, 'override:' || lpad(told.id::text, 19, '0') || ':0' AS key,
        'BEGAN' AS what, told.network_type, told.available, told.reason,
        COALESCE(NULLIF(trim(a.first_name || ' ' || a.last_name), ''), a.username) AS person
    FROM coverage_coverageoverride AS told LEFT JOIN core_user AS a ON a.id = told.author_id
    WHERE told.building_id = %(building)s AND NOT isempty(told.valid)
    UNION ALL
    SELECT upper(told.valid), 'override:' || lpad(told.id::text, 19, '0') || ':1',
        'ENDED', told.network_type, told.available, told.end_reason,
        COALESCE(NULLIF(trim(e.first_name || ' ' || e.last_name), ''), e.username)
    FROM coverage_coverageoverride AS told LEFT JOIN core_user AS e ON e.id = told.ended_by_id
    WHERE told.building_id = %(building)s AND upper(told.valid) IS NOT NULL
"""


def timeline_of_place(*, asked: Asked) -> list[Happening]:
    """Checks, coverage and overrides of the building; they concern all of its units."""
    found: list[Happening] = []
    if Kind.CHECK in asked.kinds:
        found += [_happening(row, Kind.CHECK) for row in read(CHECKS, asked=asked)]
    if Kind.COVERAGE in asked.kinds:
        found += [_happening(row, Kind.COVERAGE) for row in read(ZONES, asked=asked)]
    if Kind.OVERRIDE in asked.kinds:
        found += [_happening(row, Kind.OVERRIDE) for row in read(OVERRIDES, asked=asked)]
    return found


def _happening(row: dict[str, Any], kind: Kind) -> Happening:
    at, key, what = row.pop("at"), row.pop("key"), row.pop("what", "MADE")
    return Happening(at=at, key=key, kind=kind, what=what, facts=row)
