"""Can service be sold here? The answer for one point, one entry for each network type.

Override first; then the zone versions valid at that moment which cover the point (the edge
belongs to the zone), one winner for each network type: higher priority, smaller area, lower id.

Inside a winning zone the first of these decides: the state of the zone (planned, suspended), the
nearness of its edge to a pin (NEAR_EDGE), the wiring of the building (BUILDING_NOT_WIRED), the
reach of the nodes (TECH_LIMIT), the ports that are left (NO_FREE_PORT); else AVAILABLE.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from coverage.answers import Answer, NetworkAnswer, Reason
from coverage.models import Building, CoverageOverride, NetworkType, ZoneStatus
from coverage.places import checked_accuracy, checked_point
from coverage.plant import serving
from project.core.errors import NotFoundError

NEAR_EDGE_M = 25
_TYPE_ORDER = {value: place for place, value in enumerate(NetworkType.values)}
_ANSWER_ORDER = {answer: place for place, answer in enumerate(Answer)}
_BY_STATUS = {
    ZoneStatus.IN_SERVICE: (Answer.AVAILABLE, Reason.AVAILABLE),
    ZoneStatus.PLANNED: (Answer.PLANNED, Reason.PLANNED),
    ZoneStatus.BUILDING: (Answer.PLANNED, Reason.BUILDING),
    ZoneStatus.SUSPENDED: (Answer.SUSPENDED, Reason.SUSPENDED),
}

# ST_Intersects of a polygon and a point is true on the edge as well; ST_Contains is not.
# ST_Distance to the boundary is in metres on the ellipsoid.
COVERING = """
SELECT zone.network_type, version.id, zone.id, zone.name, version.status,
       version.planned_for_date,
       CASE WHEN %(with_edge)s THEN
         ST_Distance(ST_Boundary(version.geometry)::geography, place.point::geography) END
FROM (SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) AS point) place
JOIN coverage_zoneversion version ON ST_Intersects(version.geometry, place.point)
JOIN coverage_zone zone ON zone.id = version.zone_id
WHERE version.valid @> %(at)s AND version.status NOT IN ('DRAFT', 'RETIRED')
ORDER BY zone.network_type, version.priority DESC, version.area_m2, zone.id
"""

# The nearest in degrees need not be the nearest in metres: a degree of longitude shrinks with the
# latitude. Whatever may be nearer in metres lies within nearest_degrees / cos(latitude).
NEAREST = """
WITH place AS MATERIALIZED (SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) AS point),
open_version AS NOT MATERIALIZED (
    SELECT version.id, version.geometry, version.zone_id, zone.network_type, zone.name
    FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
    WHERE version.valid @> %(at)s AND version.status NOT IN ('DRAFT', 'RETIRED')
),
nearest AS (
    SELECT network_type, min(ST_Distance(geometry, place.point)) AS degrees
    FROM open_version, place GROUP BY network_type
)
SELECT DISTINCT ON (v.network_type) v.network_type, v.id, v.zone_id, v.name,
       ST_Distance(v.geometry::geography, place.point::geography) AS distance_m
FROM nearest JOIN open_version v USING (network_type) CROSS JOIN place
WHERE ST_DWithin(v.geometry, place.point, nearest.degrees * %(stretch)s + 1e-9)
ORDER BY v.network_type, distance_m, v.zone_id
"""


class UnknownBuildingError(NotFoundError):
    """There is no such building, or it is no longer standing."""

    code = "unknown_building"
    message = _("There is no such building.")


@dataclass(frozen=True, slots=True)
class _Cover:
    """A zone version that covers the point."""

    network_type: str
    version_id: int
    zone_id: int
    zone_name: str
    status: str
    planned_for_date: date | None
    edge_m: float | None


def standing_building(*, building_id: int, at: datetime) -> Building:
    """The building, standing at that moment; raises UnknownBuildingError."""
    building = Building.objects.select_related("street").filter(id=building_id).first()
    if building is None or (building.retired_at is not None and building.retired_at <= at):
        raise UnknownBuildingError
    return building


def answer_for_point(
    *,
    lon: float,
    lat: float,
    at: datetime,
    accuracy_m: float | None = None,
    building_id: int | None = None,
) -> tuple[NetworkAnswer, ...]:
    """The answer at a place and moment, best first, one entry for each network type there is.

    `accuracy_m` is how far the true place may be from a pin; `building_id` brings in overrides and
    wiring. Raises BadCoordinatesError, UnknownBuildingError.
    """
    lon, lat = checked_point(lon=lon, lat=lat)
    accuracy = checked_accuracy(accuracy_m)
    building = None
    if building_id is not None:
        building = standing_building(building_id=building_id, at=at)
    winners = _winners(lon, lat, at, with_edge=bool(accuracy))
    answers = {
        network_type: _inside(cover, accuracy, building) for network_type, cover in winners.items()
    }
    for nearest in _nearest(lon, lat, at):
        if nearest.network_type not in answers:
            answers[nearest.network_type] = _outside(nearest, accuracy)
    _hold_against_plant(answers, lon, lat, building)
    if building is not None:
        _apply_overrides(answers, building, at)
    return tuple(sorted(answers.values(), key=order_of))


def order_of(answer: NetworkAnswer) -> tuple[int, int]:
    """Best first: by the answer, then by network type."""
    return _ANSWER_ORDER[answer.answer], _TYPE_ORDER.get(answer.network_type, 99)


def _winners(lon: float, lat: float, at: datetime, *, with_edge: bool) -> dict[str, _Cover]:
    with connection.cursor() as cursor:
        cursor.execute(COVERING, {"lon": lon, "lat": lat, "at": at, "with_edge": with_edge})
        winners: dict[str, _Cover] = {}
        for row in cursor.fetchall():
            winners.setdefault(row[0], _Cover(*row))
    return winners


def _inside(cover: _Cover, accuracy: int | None, building: Building | None) -> NetworkAnswer:
    answer, reason = _BY_STATUS[ZoneStatus(cover.status)]
    distance_m = None
    not_wired = building is not None and building.wiring == Building.Wiring.NOT_WIRED
    edge_m = cover.edge_m
    if accuracy and edge_m is not None and accuracy > edge_m:
        answer, reason, distance_m = Answer.NEEDS_SURVEY, Reason.NEAR_EDGE, round(edge_m, 1)
    elif answer is Answer.AVAILABLE and cover.network_type == NetworkType.FTTB and not_wired:
        answer, reason = Answer.NEEDS_SURVEY, Reason.BUILDING_NOT_WIRED
    return NetworkAnswer(
        network_type=cover.network_type,
        answer=answer,
        reason=reason,
        zone_id=cover.zone_id,
        zone_version_id=cover.version_id,
        zone_name=cover.zone_name,
        distance_m=distance_m,
        planned_for_date=cover.planned_for_date,
    )


def _hold_against_plant(
    answers: dict[str, NetworkAnswer], lon: float, lat: float, building: Building | None
) -> None:
    asked = [
        (
            serving.Place(
                lon=lon,
                lat=lat,
                network_type=answer.network_type,
                building_id=building.id if building else None,
                zone_id=answer.zone_id,
            ),
            answer,
        )
        for answer in answers.values()
    ]
    answers.update({answer.network_type: answer for answer in serving.judged(asked)})


def _nearest(lon: float, lat: float, at: datetime) -> list[NetworkAnswer]:
    """For each network type the nearest zone, as the answer of a point outside it."""
    # Near the poles a degree of longitude is nothing; there the search is simply wide.
    stretch = 1.02 / max(math.cos(math.radians(lat)), 0.01)
    with connection.cursor() as cursor:
        cursor.execute(NEAREST, {"lon": lon, "lat": lat, "at": at, "stretch": stretch})
        rows: list[Any] = cursor.fetchall()
    return [
        NetworkAnswer(
            network_type=network_type,
            answer=Answer.NO_COVERAGE,
            reason=Reason.OUTSIDE_ZONE,
            zone_id=zone_id,
            zone_version_id=version_id,
            zone_name=name,
            distance_m=distance_m,
        )
        for network_type, version_id, zone_id, name, distance_m in rows
    ]


def _outside(nearest: NetworkAnswer, accuracy: int | None) -> NetworkAnswer:
    assert nearest.distance_m is not None
    is_near = nearest.distance_m <= NEAR_EDGE_M or nearest.distance_m < (accuracy or 0)
    if is_near:
        nearest = replace(nearest, answer=Answer.NEEDS_SURVEY, reason=Reason.NEAR_EDGE)
    return replace(nearest, distance_m=round(nearest.distance_m or 0.0, 1))


def _apply_overrides(answers: dict[str, NetworkAnswer], building: Building, at: datetime) -> None:
    """A surveyed fact beats geometry; the zone stays named where it covers the building."""
    overrides = CoverageOverride.objects.filter(building=building, valid__contains=at)
    for network_type, available in overrides.values_list("network_type", "available"):
        known = answers.get(
            network_type, NetworkAnswer(network_type, Answer.NO_COVERAGE, Reason.OUTSIDE_ZONE)
        )
        is_outside = known.reason in (Reason.OUTSIDE_ZONE, Reason.NEAR_EDGE)
        answer, reason = (
            (Answer.AVAILABLE, Reason.AVAILABLE)
            if available
            else (Answer.NO_COVERAGE, Reason.OVERRIDDEN)
        )
        answers[network_type] = replace(
            known,
            answer=answer,
            reason=reason,
            zone_id=None if is_outside else known.zone_id,
            zone_version_id=None if is_outside else known.zone_version_id,
            zone_name="" if is_outside else known.zone_name,
            distance_m=None,
        )


def best_of(answers: Iterable[NetworkAnswer]) -> tuple[Answer, Reason]:
    """The best answer of all network types; nothing is sold anywhere: NO_COVERAGE."""
    ordered = sorted(answers, key=order_of)
    if not ordered:
        return Answer.NO_COVERAGE, Reason.OUTSIDE_ZONE
    return ordered[0].answer, ordered[0].reason
