"""Wishes: households that asked and were told no, or not yet. Counted so that none is two.

A wish is one household at one place. The place is the building, or for a pin the square of 25 m
around it (two pins of one person never fall on one point). The household is known by the caller's
network address where a person asked for themselves (the public site): then any number of questions
in the period is one wish. Where the caller is not known (an operator typed it in, another program
asked, or the address was forgotten after its time) all questions of one place in one ISO week are
one wish: fewer would make a block of flats one household, more would count a second look as a
second household. A wish is dated by its first question in the period, so the sums of weeks and
months are the total; what was answered is what the last question heard.

Nothing here tells who asked: the caller's address is compared inside the database only.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coverage.answers import Answer
from coverage.demand import grid
from coverage.demand.rows import fetched
from coverage.demand.wanted import BY_BUILDING, KIND_OF, DemandFilter, Kind
from coverage.models import AdminUnit

PIN_SQUARE_M = 25
PINS_WIDTH_M = 100  # pins without a building, when the cells are buildings

# A household that something of ours serves is no demand, whatever the network that is looked at.
UNSERVED = [str(answer) for answer in KIND_OF]

# Checks with the answer that counts: of all networks, or of the one that is looked at. A network
# that the check does not name had no zone at all.
ASKED = grid.filled(
    """
asked AS MATERIALIZED (
    SELECT c.id, c.at, c.building_id, c.channel, b.locality_id,
        COALESCE(n.answer, CASE WHEN %(network)s = '' THEN c.answer ELSE 'NO_COVERAGE' END)
            AS answer,
        COALESCE(n.reason, CASE WHEN %(network)s = '' THEN c.reason ELSE 'OUTSIDE_ZONE' END)
            AS reason,
        CASE WHEN c.channel = 'PUBLIC' THEN host(c.caller_ip) END AS caller,
        COALESCE(b.point, c.point) AS point,
        CASE WHEN b.flats IS NOT NULL THEN GREATEST(b.flats, 1)
             WHEN b.levels >= 3 THEN b.levels * 4 ELSE 1 END AS households
    FROM coverage_availabilitycheck c
    LEFT JOIN coverage_building b ON b.id = c.building_id
    LEFT JOIN LATERAL (
        SELECT each ->> 'answer' AS answer, each ->> 'reason' AS reason
        FROM jsonb_array_elements(c.networks) each
        WHERE each ->> 'network_type' = %(network)s LIMIT 1) n ON %(network)s <> ''
    WHERE c.answer = ANY(%(unserved)s)
      AND (%(area)s::bytea IS NULL
        OR ST_Intersects(ST_GeomFromWKB(%(area)s, 4326), COALESCE(b.point, c.point)))
      AND ((c.at >= %(from_at)s AND c.at < %(until_at)s) OR c.id = ANY(%(check_ids)s))
), placed AS MATERIALIZED (
    SELECT asked.*, zone.srid,
        COALESCE('b' || asked.building_id, zone.srid || ':' ||
            floor(ST_X(flat.point) / %(square)s) || ':' || floor(ST_Y(flat.point) / %(square)s))
            AS place,
        COALESCE(asked.caller, to_char(asked.at AT TIME ZONE 'Europe/Kyiv', 'IYYY-IW')) AS asker
    FROM asked
    CROSS JOIN LATERAL (SELECT <utm> AS srid) zone
    CROSS JOIN LATERAL (
        SELECT CASE WHEN asked.building_id IS NULL THEN ST_Transform(asked.point, zone.srid) END
            AS point OFFSET 0) flat
    WHERE asked.point IS NOT NULL
), matching AS MATERIALIZED (
    SELECT * FROM placed
    WHERE (%(answer)s = '' OR answer = %(answer)s) AND (%(reason)s = '' OR reason = %(reason)s)
      AND (%(channel)s = '' OR channel = %(channel)s)
      AND (%(path)s::text IS NULL
        OR locality_id IN (SELECT id FROM coverage_adminunit WHERE path LIKE %(path)s)
        OR (locality_id IS NULL AND EXISTS (SELECT 1 FROM coverage_adminunit unit
            WHERE unit.id = %(locality_id)s AND ST_Intersects(unit.geom, point))))
)
""",
    point="asked.point",
    flat="",
)

# IN (…) is answered by a hash, EXISTS would run a scan for each place.
# Served since: an open zone in service covers the place now, or a survey says so.
SERVED = """
located AS MATERIALIZED (
    SELECT DISTINCT ON (place) place, building_id, point, srid FROM matching ORDER BY place
), served AS MATERIALIZED (
    SELECT hit.place FROM (
        SELECT version.geometry, zone.network_type FROM coverage_zoneversion version
        JOIN coverage_zone zone ON zone.id = version.zone_id
        WHERE version.valid @> %(now)s AND version.status = 'IN_SERVICE') zone
    CROSS JOIN LATERAL (
        SELECT located.place FROM located
        WHERE ST_Intersects(zone.geometry, located.point) OFFSET 0) hit
    WHERE (hit.place, zone.network_type) NOT IN (
        SELECT 'b' || building_id, network_type FROM coverage_coverageoverride
        WHERE valid @> %(now)s AND NOT available)
    UNION
    SELECT 'b' || building_id FROM coverage_coverageoverride WHERE valid @> %(now)s AND available
), planned AS MATERIALIZED (
    SELECT hit.place FROM (
        SELECT version.geometry FROM coverage_zoneversion version
        WHERE version.valid @> %(now)s AND version.status IN ('PLANNED', 'BUILDING')) zone
    CROSS JOIN LATERAL (
        SELECT located.place FROM located
        WHERE ST_Intersects(zone.geometry, located.point) OFFSET 0) hit
)
"""

LOCATED = SERVED + grid.filled(
    """, celled AS MATERIALIZED (
    SELECT located.place, ST_X(located.point) AS lon, ST_Y(located.point) AS lat,
        CASE WHEN %(by_building)s AND located.building_id IS NOT NULL
             THEN 'b' || located.building_id
             ELSE located.srid || '-' || %(width)s || '-' || hexagon.i || '-' || hexagon.j END
            AS cell,
        located.place IN (SELECT place FROM served) AS is_served,
        located.place IN (SELECT place FROM planned) AS is_planned
    FROM located
    CROSS JOIN LATERAL (SELECT ST_Transform(located.point, located.srid) AS point OFFSET 0) flat
    CROSS JOIN <hexagon> hexagon
)
""",
    point="",
    flat="flat.point",
)

WISHES = f"""
WITH {ASKED}, of_requests AS (
    SELECT DISTINCT place, asker FROM placed WHERE id = ANY(%(check_ids)s)
), {LOCATED}
SELECT wish.place, wish.first_at, wish.answer, wish.reason, wish.is_known, wish.households,
    celled.cell, celled.lon, celled.lat, celled.is_served, celled.is_planned
FROM (
    SELECT place, asker, min(at) AS first_at, (array_agg(answer ORDER BY at DESC, id DESC))[1]
        AS answer, (array_agg(reason ORDER BY at DESC, id DESC))[1] AS reason,
        bool_or(caller IS NOT NULL) AS is_known, max(households) AS households
    FROM matching WHERE at >= %(from_at)s AND at < %(until_at)s
      AND (place, asker) NOT IN (SELECT place, asker FROM of_requests)
    GROUP BY place, asker
) wish JOIN celled USING (place)
ORDER BY wish.first_at, wish.place, wish.asker
"""  # noqa: S608  (only our own text)

# The same wishes, only counted: a hexagon for each place is most of the work.
COUNTS = f"""
WITH {ASKED}, of_requests AS (
    SELECT DISTINCT place, asker FROM placed WHERE id = ANY(%(check_ids)s)
), {SERVED}
SELECT wish.answer, wish.place IN (SELECT place FROM planned),
    wish.place IN (SELECT place FROM served) AS is_served, count(*)
FROM (
    SELECT place, asker, (array_agg(answer ORDER BY at DESC, id DESC))[1] AS answer
    FROM matching WHERE at >= %(from_at)s AND at < %(until_at)s
      AND (place, asker) NOT IN (SELECT place, asker FROM of_requests)
    GROUP BY place, asker
) wish
GROUP BY 1, 2, 3
"""  # noqa: S608  (only our own text)

OF_CHECKS = f"""
WITH {ASKED}, {LOCATED}
SELECT matching.id, matching.place, matching.at, matching.answer, matching.reason, true,
    matching.households, celled.cell, celled.lon, celled.lat, celled.is_served, celled.is_planned
FROM matching JOIN celled USING (place) WHERE matching.id = ANY(%(check_ids)s)
"""  # noqa: S608  (only our own text)

NOWHERE = """
SELECT count(*) FROM coverage_availabilitycheck
WHERE at >= %(from_at)s AND at < %(until_at)s AND building_id IS NULL AND point IS NULL
  AND answer = ANY(%(unserved)s) AND (%(channel)s = '' OR channel = %(channel)s)
"""


@dataclass(frozen=True, slots=True)
class Wish:
    """One household that waits. `first_at` is when it first asked in the period.

    `kind` is what the last question heard, or PLANNED where a zone is planned or built there by
    now: who was refused in spring waits for that zone today.
    `is_known`: told apart from others of its place by the caller. `households`: how many may live
    at the place at most (flats where known, four a floor of a block, else one). `is_served`: a
    zone in service covers the place by now, so it waits no longer.
    """

    place: str
    first_at: datetime
    kind: Kind
    reason: str
    is_known: bool
    households: int
    cell: str
    lon: float
    lat: float
    is_served: bool


def demand_wishes(
    *,
    wanted: DemandFilter,
    at: datetime,
    without_check_ids: Sequence[int] = (),
    area: bytes | None = None,
) -> list[Wish]:
    """The wishes of the filter, first asked first; `at` decides what is served by now.

    `without_check_ids`: checks from which a request was made; all questions of those households are
    left out, because the request stands for them. `area`: only inside of this polygon (WKB).
    """
    rows = fetched(WISHES, _values(wanted, at=at, check_ids=without_check_ids, area=area))
    return [_wish(row) for row in rows]


def demand_counts(
    *,
    wanted: DemandFilter,
    at: datetime,
    without_check_ids: Sequence[int] = (),
    area: bytes | None = None,
) -> tuple[Counter[Kind], int]:
    """How many of `demand_wishes` wait, by kind, and how many are served by now."""
    waiting: Counter[Kind] = Counter()
    served = 0
    values = _values(wanted, at=at, check_ids=without_check_ids, area=area)
    for answer, is_planned, is_served, count in fetched(COUNTS, values):
        if is_served:
            served += count
        else:
            waiting[Kind.PLANNED if is_planned else KIND_OF[Answer(answer)]] += count
    return waiting, served


def demand_of_checks(
    *, wanted: DemandFilter, at: datetime, check_ids: Sequence[int], area: bytes | None = None
) -> dict[int, Wish]:
    """Those of the given checks that match the filter (whenever they were made), as wishes."""
    if not check_ids:
        return {}
    rows = fetched(OF_CHECKS, _values(wanted, at=at, check_ids=check_ids, area=area))
    return {row[0]: _wish(row[1:]) for row in rows}


def demand_nowhere(*, wanted: DemandFilter) -> int:
    """Questions of the period that no map can show: the address was not understood."""
    values = _values(wanted, at=wanted.until_at, check_ids=(), area=None)
    return int(fetched(NOWHERE, values)[0][0])


def _values(
    wanted: DemandFilter, *, at: datetime, check_ids: Sequence[int], area: bytes | None
) -> dict[str, Any]:
    by_building = wanted.width_m == BY_BUILDING
    width = PINS_WIDTH_M if by_building else wanted.width_m
    return {
        "network": wanted.network_type,
        "unserved": UNSERVED,
        "from_at": wanted.from_at,
        "until_at": wanted.until_at,
        "check_ids": list(check_ids),
        "square": PIN_SQUARE_M,
        "answer": wanted.answer,
        "reason": wanted.reason,
        "channel": wanted.channel,
        "locality_id": wanted.locality_id,
        "path": None if wanted.locality_id is None else f"%/{wanted.locality_id}/%",
        "area": area,
        "now": at,
        "by_building": by_building,
        "width": str(width),
        "edge": grid.edge_m(width),
    }


def _wish(row: Sequence[Any]) -> Wish:
    *known, is_planned = row
    kind = Kind.PLANNED if is_planned else KIND_OF[Answer(known[2])]
    return Wish(known[0], known[1], kind, *known[3:])


def demand_localities() -> list[tuple[int, str]]:
    """The localities that have buildings, by name: what the filter offers."""
    rows = AdminUnit.objects.filter(buildings__isnull=False, valid_until__isnull=True)
    return list(rows.distinct().order_by("name", "id").values_list("id", "name")[:500])
