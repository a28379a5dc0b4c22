"""Can service be sold here? The answer for one place or for many, one entry for each network type.

Override first; then the zone versions valid at that moment which cover the point (the edge
belongs to the zone), one winner for each network type: higher priority, smaller area, lower id.

Inside a winning zone the first of these decides: the state of the zone (planned, suspended), the
nearness of its edge to a pin (NEAR_EDGE), the wiring of the building (BUILDING_NOT_WIRED), the
reach of the nodes (TECH_LIMIT), the ports that are left (NO_FREE_PORT); else AVAILABLE.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from django.contrib.gis.geos import Point
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from coverage.answers import Answer, NetworkAnswer, Reason
from coverage.models import Building, NetworkType, Street, ZoneStatus
from coverage.places import checked_accuracy, checked_point
from coverage.plant import serving
from coverage.winners import AskedPoint, ZoneOfPlace, zones_of_places
from project.core import prepared
from project.core.errors import NotFoundError

M = TypeVar("M", bound=Model)
NEAR_EDGE_M = 25
_TYPE_ORDER = {value: place for place, value in enumerate(NetworkType.values)}
_ANSWER_ORDER = {answer: place for place, answer in enumerate(Answer)}
_BY_STATUS = {
    ZoneStatus.IN_SERVICE: (Answer.AVAILABLE, Reason.AVAILABLE),
    ZoneStatus.PLANNED: (Answer.PLANNED, Reason.PLANNED),
    ZoneStatus.BUILDING: (Answer.PLANNED, Reason.BUILDING),
    ZoneStatus.SUSPENDED: (Answer.SUSPENDED, Reason.SUSPENDED),
}


# A building placed by these is no surer than a client's pin.
_UNSURE_SOURCES = frozenset({Building.LocationSource.PIN, Building.LocationSource.GEOCODER})


OVERRIDES = """
    SELECT building_id, network_type, available FROM coverage_coverageoverride
    WHERE building_id = ANY(%(building_ids)s::bigint[]) AND valid @> %(at)s::timestamptz
"""


STANDING_FIELDS = (
    "id", "locality_id", "number", "wiring", "location_source", "location_accuracy_m",
    "retired_at", "merged_into_id",
)  # fmt: skip
STANDING = f"""
    SELECT ST_X(building.point), ST_Y(building.point), street.id, street.locality_id, street.type,
        street.name, {", ".join(f"building.{name}" for name in STANDING_FIELDS)},
        (SELECT jsonb_object_agg(noted.network_type, noted.available)
         FROM coverage_coverageoverride noted
         WHERE noted.building_id = building.id AND noted.valid @> %(at)s::timestamptz),
        EXISTS (SELECT FROM coverage_plantnodebuilding link WHERE link.building_id = building.id)
        OR EXISTS (SELECT FROM coverage_plantnode node WHERE node.building_id = building.id)
        OR EXISTS (SELECT FROM coverage_plantport port WHERE port.building_id = building.id)
    FROM coverage_building building
    LEFT JOIN coverage_street street ON street.id = building.street_id
    WHERE building.id = %(building_id)s::bigint
"""  # noqa: S608


class UnknownBuildingError(NotFoundError):
    """There is no such building, or it is no longer standing."""

    code = "unknown_building"
    message = _("There is no such building.")


@dataclass(frozen=True, slots=True)
class Place:
    """A place to be answered for: a point, how unsure it is, and the building that stands there.

    `accuracy_m` is how far the true place may be; `building` brings in overrides and wiring.
    `overrides` are those of the building (network type → available), None where they have not been
    read; `has_nodes` is false where no node of the plant names the building.
    """

    lon: float
    lat: float
    accuracy_m: int | None = None
    building: Building | None = None
    overrides: Mapping[str, bool] | None = None
    has_nodes: bool = True


def standing_building(*, building_id: int, at: datetime) -> Building:
    """The building, standing at that moment; raises UnknownBuildingError.

    A duplicate that was merged is answered with the building that took its place.
    """
    building = standing_place(building_id=building_id, at=at).building
    assert building is not None
    return building


def standing_place(*, building_id: int, at: datetime) -> Place:
    """`standing_building` as a place, with all that answering for it needs, in one look."""
    place = _loaded(building_id, at)
    if place is not None and place.building is not None and place.building.merged_into_id:
        place = _loaded(place.building.merged_into_id, at)
    if place is None or place.building is None:
        raise UnknownBuildingError
    retired_at = place.building.retired_at
    if retired_at is not None and retired_at <= at:
        raise UnknownBuildingError
    return place


def _loaded(building_id: int, at: datetime) -> Place | None:
    """The building with what an answer needs; other fields are fetched when they are looked at.

    Prepared: composing the statement anew took as long as all the rest of an answer.
    """
    rows = prepared.rows(STANDING, {"building_id": building_id, "at": at})
    if not rows:
        return None
    lon, lat, street_id, street_locality_id, street_type, street_name, *values = rows[0]
    *values, overrides, has_nodes = values
    known = dict(zip(STANDING_FIELDS, values, strict=True))
    building = _instance(
        Building, {**known, "point": Point(lon, lat, srid=4326), "street_id": street_id}
    )
    if street_id is not None:
        street = {"id": street_id, "locality_id": street_locality_id}
        building.street = _instance(Street, {**street, "type": street_type, "name": street_name})
    place = place_of_building(building)
    return replace(place, overrides=json.loads(overrides) if overrides else {}, has_nodes=has_nodes)


def _instance(model: type[M], values: dict[str, Any]) -> M:
    """A model instance of some columns (by attname), the others deferred, as `only()` makes it."""
    names = [f.attname for f in model._meta.concrete_fields if f.attname in values]
    return model.from_db("default", names, [values[name] for name in names])


def place_of_building(building: Building) -> Place:
    """Where a building is, and how sure that is."""
    is_unsure = building.location_source in _UNSURE_SOURCES
    accuracy_m = building.location_accuracy_m if is_unsure else None
    return Place(building.point.x, building.point.y, accuracy_m, building)


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
    place = Place(lon, lat, accuracy)
    if building_id is not None:
        standing = standing_place(building_id=building_id, at=at)
        place = replace(standing, lon=lon, lat=lat, accuracy_m=accuracy)
    return answers_for_places(places=[place], at=at)[0]


def answers_for_places(*, places: Sequence[Place], at: datetime) -> list[tuple[NetworkAnswer, ...]]:
    """The answer for each of many places, in their order; a few statements however many there are.

    The places are checked already (a building's point, or `checked_point`). Some thousands at a
    time: all are held in memory.
    """
    points = [AskedPoint(place.lon, place.lat, bool(place.accuracy_m)) for place in places]
    zones_found = zones_of_places(points=points, at=at)
    found = [
        {zone.network_type: _answer(zone, place) for zone in zones}
        for place, zones in zip(places, zones_found, strict=True)
    ]
    _hold_against_plant(places, zones_found, found)
    _apply_overrides(places, found, at)
    return [tuple(sorted(answers.values(), key=order_of)) for answers in found]


def order_of(answer: NetworkAnswer) -> tuple[int, int]:
    """Best first: by the answer, then by network type."""
    return _ANSWER_ORDER[answer.answer], _TYPE_ORDER.get(answer.network_type, 99)


def _answer(zone: ZoneOfPlace, place: Place) -> NetworkAnswer:
    return _inside(zone, place) if zone.is_inside else _outside(zone, place)


def _inside(zone: ZoneOfPlace, place: Place) -> NetworkAnswer:
    answer, reason = _BY_STATUS[ZoneStatus(zone.status or "")]
    distance_m = None
    building, edge_m = place.building, zone.distance_m
    not_wired = building is not None and building.wiring == Building.Wiring.NOT_WIRED
    if place.accuracy_m and edge_m is not None and place.accuracy_m > edge_m:
        answer, reason, distance_m = Answer.NEEDS_SURVEY, Reason.NEAR_EDGE, round(edge_m, 1)
    elif answer is Answer.AVAILABLE and zone.network_type == NetworkType.FTTB and not_wired:
        answer, reason = Answer.NEEDS_SURVEY, Reason.BUILDING_NOT_WIRED
    return NetworkAnswer(
        network_type=zone.network_type,
        answer=answer,
        reason=reason,
        zone_id=zone.zone_id,
        zone_version_id=zone.version_id,
        zone_name=zone.zone_name,
        distance_m=distance_m,
        planned_for_date=zone.planned_for_date,
    )


def _outside(zone: ZoneOfPlace, place: Place) -> NetworkAnswer:
    """The answer outside every zone of the type; the nearest one is named."""
    assert zone.distance_m is not None
    is_near = zone.distance_m <= NEAR_EDGE_M or zone.distance_m < (place.accuracy_m or 0)
    return NetworkAnswer(
        network_type=zone.network_type,
        answer=Answer.NEEDS_SURVEY if is_near else Answer.NO_COVERAGE,
        reason=Reason.NEAR_EDGE if is_near else Reason.OUTSIDE_ZONE,
        zone_id=zone.zone_id,
        zone_version_id=zone.version_id,
        zone_name=zone.zone_name,
        distance_m=round(zone.distance_m, 1),
    )


def _hold_against_plant(
    places: Sequence[Place],
    zones_found: Sequence[Sequence[ZoneOfPlace]],
    found: Sequence[dict[str, NetworkAnswer]],
) -> None:
    """What zones promise, our nodes and their free ports must bear; all places in one look.

    Where no node is linked to the zone or names the building, the plant has nothing to say.
    """
    asked = [
        (
            serving.Place(
                lon=place.lon,
                lat=place.lat,
                network_type=zone.network_type,
                building_id=place.building.id if place.building else None,
                zone_id=zone.zone_id,
            ),
            answers,
        )
        for place, zones, answers in zip(places, zones_found, found, strict=True)
        for zone in zones
        if zone.has_nodes or (place.building is not None and place.has_nodes)
    ]
    judged = serving.judged([(place, answers[place.network_type]) for place, answers in asked])
    for (place, answers), answer in zip(asked, judged, strict=True):
        answers[place.network_type] = answer


def _apply_overrides(
    places: Sequence[Place], found: list[dict[str, NetworkAnswer]], at: datetime
) -> None:
    """A surveyed fact beats geometry; the zone stays named where it covers the building."""
    by_building: dict[int, list[dict[str, NetworkAnswer]]] = {}
    for place, answers in zip(places, found, strict=True):
        if place.overrides is not None:
            for network_type, available in place.overrides.items():
                _override(answers, network_type, available)
        elif place.building is not None:
            by_building.setdefault(place.building.id, []).append(answers)
    if not by_building:
        return
    asked = {"building_ids": list(by_building), "at": at}
    for building_id, network_type, available in prepared.rows(OVERRIDES, asked):
        for answers in by_building[building_id]:
            _override(answers, network_type, available)


def _override(answers: dict[str, NetworkAnswer], network_type: str, available: bool) -> None:
    geometric = answers.get(network_type)
    known = geometric or NetworkAnswer(network_type, Answer.NO_COVERAGE, Reason.OUTSIDE_ZONE)
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
