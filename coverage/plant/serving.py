"""What the plant can give at a place: which nodes serve it, how many ports are free there.

A node serves a building when it is linked to it, stands in it, or has a port that leads into it
(it is *named*); and every place of a linked zone within the node's reach. A port is a client's when
no other node hangs on it. It can be given when it is free, leads nowhere else, and everything
above it is in service. A PON port of an OLT serves no more clients than its split budget, however
many outlets below it are free. Planned and retired nodes say nothing about today.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from coverage.answers import Answer, NetworkAnswer, Reason
from coverage.models import BuildingCoverage
from project.core import prepared

# Up from the nodes of `start`, and down from the PON ports met there: the cost is that of the trees
# touched, not of the network.
TREE = """up AS (
    SELECT node.id AS node_id, node.parent_id, node.uplink_port_id,
        node.status = 'IN_SERVICE' AS live, NULL::bigint AS pon_id
    FROM coverage_plantnode node WHERE node.id IN (SELECT node_id FROM start)
    UNION ALL
    SELECT up.node_id, above.parent_id, above.uplink_port_id,
        up.live AND above.status = 'IN_SERVICE' AND COALESCE(port.state, '') <> 'BROKEN',
        CASE WHEN above.kind = 'OLT' THEN up.uplink_port_id ELSE up.pon_id END
    FROM up JOIN coverage_plantnode above ON above.id = up.parent_id
    LEFT JOIN coverage_plantport port ON port.id = up.uplink_port_id
), state AS MATERIALIZED (
    SELECT node_id, bool_and(live) AS live, max(pon_id) AS pon_id FROM up GROUP BY node_id
), below (pon_id, node_id) AS (
    SELECT child.uplink_port_id, child.id FROM coverage_plantnode child
    WHERE child.uplink_port_id IN (SELECT pon_id FROM state)
    UNION ALL
    SELECT below.pon_id, child.id
    FROM below JOIN coverage_plantnode child ON child.parent_id = below.node_id
), pon AS MATERIALIZED (
    SELECT below.pon_id, greatest(olt.split_budget - count(port.id), 0)::int AS remaining
    FROM below
    JOIN coverage_plantport head ON head.id = below.pon_id
    JOIN coverage_plantnode olt ON olt.id = head.node_id
    LEFT JOIN coverage_plantport port ON port.node_id = below.node_id
        AND port.state IN ('IN_USE', 'RESERVED')
    GROUP BY below.pon_id, olt.split_budget
)"""

# Asked with arrays, one element a place and network.
SERVING = f"""
WITH RECURSIVE asked AS MATERIALIZED (
    SELECT key, building_id, network_type, zone_id,
        ST_SetSRID(ST_MakePoint(lon, lat), 4326)::geography AS place
    FROM unnest(%(keys)s::int[], %(buildings)s::bigint[], %(lons)s::float8[], %(lats)s::float8[],
        %(networks)s::text[], %(zones)s::bigint[])
        AS given (key, building_id, lon, lat, network_type, zone_id)
), node AS NOT MATERIALIZED (
    SELECT * FROM coverage_plantnode
    WHERE status IN ('IN_SERVICE', 'OUT_OF_SERVICE') AND kind <> 'OLT'
), named AS (
    SELECT asked.key, node.id AS node_id FROM asked
    JOIN coverage_plantnodebuilding link ON link.building_id = asked.building_id
    JOIN node ON node.id = link.node_id AND node.network_type = asked.network_type
    UNION
    SELECT asked.key, node.id FROM asked
    JOIN node ON node.building_id = asked.building_id AND node.network_type = asked.network_type
    UNION
    SELECT asked.key, node.id FROM asked
    JOIN coverage_plantport port ON port.building_id = asked.building_id
    JOIN node ON node.id = port.node_id AND node.network_type = asked.network_type
), zonal AS MATERIALIZED (
    SELECT asked.key, node.id AS node_id, node.reach_m,
        ST_Distance(node.point::geography, asked.place) AS distance_m
    FROM asked
    JOIN coverage_plantnodezone link ON link.zone_id = asked.zone_id
    JOIN node ON node.id = link.node_id AND node.network_type = asked.network_type
    WHERE node.reach_m IS NOT NULL
), candidate AS MATERIALIZED (
    SELECT key, node_id, bool_or(is_named) AS is_named FROM (
        SELECT key, node_id, true AS is_named FROM named
        UNION ALL
        SELECT key, node_id, false FROM zonal WHERE distance_m <= reach_m
    ) met GROUP BY key, node_id
), start AS (
    SELECT DISTINCT node_id FROM candidate
), {TREE}, counted AS (
    SELECT candidate.key, candidate.node_id, count(port.id)::int AS total,
        count(port.id) FILTER (WHERE port.state = 'FREE' AND state.live)::int AS free
    FROM candidate JOIN asked ON asked.key = candidate.key
    JOIN state ON state.node_id = candidate.node_id
    LEFT JOIN coverage_plantport port ON port.node_id = candidate.node_id
        AND (port.building_id IS NULL OR port.building_id = asked.building_id)
        AND NOT EXISTS (
            SELECT FROM coverage_plantnode fed WHERE fed.uplink_port_id = port.id)
    GROUP BY candidate.key, candidate.node_id
)
SELECT counted.key, node.id, node.name, node.kind, candidate.is_named, counted.total, counted.free,
    state.pon_id, pon.remaining, ST_Distance(node.point::geography, asked.place)
FROM counted
JOIN candidate ON candidate.key = counted.key AND candidate.node_id = counted.node_id
JOIN asked ON asked.key = counted.key
JOIN coverage_plantnode node ON node.id = counted.node_id
JOIN state ON state.node_id = counted.node_id
LEFT JOIN pon ON pon.pon_id = state.pon_id
UNION ALL
SELECT key, NULL, '', '', false, 0, 0, NULL, NULL, min(distance_m) FROM zonal GROUP BY key
ORDER BY 1, 5 DESC, 10, 2
"""  # noqa: S608

REMAINING = f"""
WITH RECURSIVE start AS (SELECT unnest(%(nodes)s::bigint[]) AS node_id), {TREE}
SELECT state.node_id, state.live, pon.remaining
FROM state LEFT JOIN pon ON pon.pon_id = state.pon_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Place:
    """A place that is asked about: one network at a building or a pin, in its winning zone."""

    lon: float
    lat: float
    network_type: str
    building_id: int | None = None
    zone_id: int | None = None


@dataclass(frozen=True, slots=True)
class ServingNode:
    """A node that serves a place. `free` is what the node could give, its PON port allowing."""

    node_id: int
    name: str
    kind: str
    is_named: bool
    total: int
    free: int
    distance_m: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the plant has for a place. `nearest_m`: how far the nearest node of the zone is.

    `total` counts client ports that may lead there; 0: the plant knows of no ports, and says
    nothing about them.
    """

    total: int = 0
    free: int = 0
    nearest_m: float | None = None
    nodes: tuple[ServingNode, ...] = ()

    @property
    def reason(self) -> Reason | None:
        """Why nobody can be connected there, as far as the plant knows; None: nothing against."""
        if not self.nodes:
            return Reason.TECH_LIMIT if self.nearest_m is not None else None
        return Reason.NO_FREE_PORT if self.total and not self.free else None


def capacities(places: Sequence[Place]) -> list[Capacity]:
    """What the plant has for each of the places, in their order; one statement for all."""
    if not places:
        return []
    parameters: dict[str, Any] = {
        "keys": list(range(len(places))),
        "buildings": [place.building_id for place in places],
        "lons": [place.lon for place in places],
        "lats": [place.lat for place in places],
        "networks": [place.network_type for place in places],
        "zones": [place.zone_id for place in places],
    }
    by_key: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in prepared.rows(SERVING, parameters):
        by_key[row[0]].append(row)
    return [_capacity(by_key.get(key, [])) for key in range(len(places))]


def judged(asked: Sequence[tuple[Place, NetworkAnswer]]) -> list[NetworkAnswer]:
    """The answers of the zones, held against the plant: any number of places, one statement.

    Only what would be AVAILABLE is asked about. Beyond the reach of the nearest node of the zone
    it becomes TECH_LIMIT with the distance, where every port is taken NO_FREE_PORT.
    """
    open_ones = [n for n, (_place, answer) in enumerate(asked) if answer.answer is Answer.AVAILABLE]
    found = capacities([asked[n][0] for n in open_ones])
    answers = [answer for _place, answer in asked]
    for number, capacity in zip(open_ones, found, strict=True):
        reason = capacity.reason
        if reason is None:
            continue
        away = capacity.nearest_m if reason is Reason.TECH_LIMIT else None
        answers[number] = replace(
            answers[number],
            answer=Answer.NEEDS_SURVEY,
            reason=reason,
            distance_m=None if away is None else round(away, 1),
        )
    return answers


def remaining(*, node_ids: Iterable[int]) -> dict[int, tuple[bool, int | None]]:
    """For each node: whether all above it is in service, and how many clients more its PON port
    may serve (None: no OLT above)."""
    with connection.cursor() as cursor:
        cursor.execute(REMAINING, {"nodes": sorted(set(node_ids))})
        return {node_id: (live, left) for node_id, live, left in cursor.fetchall()}


def free_ports(*, building_ids: Iterable[int], at: datetime) -> dict[tuple[int, str], Capacity]:
    """What the plant has in buildings, by (building, network type); only where it knows of any.

    A network type counts where a zone of it covers the building at that moment.
    """
    rows = (
        BuildingCoverage.objects.filter(
            building_id__in=list(building_ids), zone_version__valid__contains=at
        )
        .exclude(zone_version__status__in=["DRAFT", "RETIRED"])
        .order_by(
            "building_id",
            "zone_version__zone__network_type",
            "-zone_version__priority",
            "zone_version__area_m2",
            "zone_version__zone_id",
        )
        .distinct("building_id", "zone_version__zone__network_type")
        .values_list(
            "building_id",
            "building__point",
            "zone_version__zone__network_type",
            "zone_version__zone_id",
        )
    )
    places = [
        Place(lon=point.x, lat=point.y, network_type=network, building_id=building, zone_id=zone_id)
        for building, point, network, zone_id in rows
    ]
    found = zip(places, capacities(places), strict=True)
    return {
        (place.building_id or 0, place.network_type): capacity
        for place, capacity in found
        if capacity.nodes or capacity.nearest_m is not None
    }


def _capacity(rows: list[tuple[Any, ...]]) -> Capacity:
    nodes = []
    nearest: float | None = None
    free = total = 0
    by_pon: dict[int, tuple[int, int]] = {}
    for _key, node_id, name, kind, is_named, all_ports, unused, pon, remaining, away in rows:
        if node_id is None:
            nearest = away
            continue
        total += all_ports
        given = unused
        if pon is None:
            free += unused
        else:
            given = min(unused, remaining)
            by_pon[pon] = (by_pon.get(pon, (0, 0))[0] + unused, remaining)
        nodes.append(ServingNode(node_id, name, kind, is_named, all_ports, given, away))
    free += sum(min(unused, remaining) for unused, remaining in by_pon.values())
    return Capacity(total=total, free=free, nearest_m=nearest, nodes=tuple(nodes))
