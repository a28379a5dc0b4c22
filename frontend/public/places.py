"""What the public map and the list of streets show: published zones, houses and their outlook.

Only what coverage has published and what stands on any street map; no service, no request, no name.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils.translation import gettext_lazy as _

from coverage import queries as coverage_queries
from coverage.addresses.street import street_label
from coverage.answers import Answer
from coverage.availability import answers_for_places, best_of, place_of_building
from coverage.models import AdminUnit, Building, BuildingCoverage, Street, ZoneVersion
from coverage.winners import BY_STORED_COVERAGE, winners_sql
from project.core.errors import NotFoundError

LOOKS = ("IN_SERVICE", "SUSPENDED", "BUILDING", "PLANNED", "SURVEY", "NONE")
LOOK_TITLES: dict[str, Any] = {
    "IN_SERVICE": _("We connect now"),
    "SUSPENDED": _("On hold"),
    "BUILDING": _("We are building"),
    "PLANNED": _("Planned"),
    "SURVEY": _("It takes a look on the spot"),
    "NONE": _("Not yet"),
}
ANSWER_OF_LOOK = {"SURVEY": "NEEDS_SURVEY", "NONE": "NO_COVERAGE"}
MAX_STREETS = 3000
CACHE_S = 600

# Below, S608: these texts are put together from constants only; what varies is a parameter.
# The outlook of each house: one winner per network type, a surveyed override before it; then the
# best of the network types.
OUTLOOK = f"""
    SELECT DISTINCT ON (fact.building_id) fact.building_id,
        CASE fact.rank WHEN 1 THEN 'IN_SERVICE' WHEN 2 THEN 'SUSPENDED' WHEN 3 THEN 'BUILDING'
            WHEN 4 THEN 'PLANNED' WHEN 5 THEN 'SURVEY' ELSE 'NONE' END AS look
    FROM (
        SELECT winner.building_id,
            CASE WHEN surveyed.available THEN 1 WHEN surveyed.available = false THEN 6
                ELSE winner.rank END AS rank
        FROM (
            SELECT best.place_id AS building_id, best.network_type,
                CASE best.status
                    WHEN 'IN_SERVICE' THEN CASE WHEN best.network_type = 'FTTB'
                        AND house.wiring = 'NOT_WIRED' THEN 5 ELSE 1 END
                    WHEN 'SUSPENDED' THEN 2 WHEN 'BUILDING' THEN 3 WHEN 'PLANNED' THEN 4
                    ELSE 6 END AS rank
            FROM ({winners_sql(BY_STORED_COVERAGE)}) best
            JOIN coverage_building house ON house.id = best.place_id
        ) winner
        LEFT JOIN coverage_coverageoverride surveyed
            ON surveyed.building_id = winner.building_id
            AND surveyed.network_type = winner.network_type
            AND surveyed.valid @> %(at)s::timestamptz
        UNION ALL
        SELECT building_id, 1 FROM coverage_coverageoverride
        WHERE available AND valid @> %(at)s::timestamptz
            AND building_id IN (SELECT id FROM place)
    ) fact
    ORDER BY fact.building_id, fact.rank
"""  # noqa: S608

HOUSES_OF_STREET = f"""
    WITH place AS (
        SELECT id, number, number_sort FROM coverage_building
        WHERE street_id = %(street_id)s AND number IS NOT NULL AND retired_at IS NULL
    ), outlook AS ({OUTLOOK})
    SELECT place.id, place.number, COALESCE(outlook.look, 'NONE')
    FROM place LEFT JOIN outlook ON outlook.building_id = place.id
    ORDER BY place.number_sort, place.number
"""  # noqa: S608

STREETS = f"""
    WITH place AS (
        SELECT id, street_id, locality_id FROM coverage_building
        WHERE street_id IS NOT NULL AND number IS NOT NULL AND retired_at IS NULL
    ), outlook AS ({OUTLOOK})
    SELECT street.id, street.type, street.name, street.locality_id,
        COALESCE(outlook.look, 'NONE') AS look, count(*)
    FROM place
    JOIN coverage_street street ON street.id = place.street_id
    LEFT JOIN outlook ON outlook.building_id = place.id
    GROUP BY street.id, look
    ORDER BY street.name, street.type, street.id
    LIMIT %(limit)s
"""  # noqa: S608

HOUSES_IN_BOX = f"""
    WITH place AS (
        SELECT id, street_id, number, footprint, point FROM coverage_building
        WHERE retired_at IS NULL
            AND point && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326)
        LIMIT %(limit)s
    ), outlook AS ({OUTLOOK})
    SELECT place.id, street.type, street.name, place.number, COALESCE(outlook.look, 'NONE'),
        ST_AsGeoJSON(place.footprint, 6), ST_X(place.point), ST_Y(place.point)
    FROM place
    LEFT JOIN outlook ON outlook.building_id = place.id
    LEFT JOIN coverage_street street ON street.id = place.street_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class StreetRow:
    """A street of the list: how many of its houses are in service, and the best outlook."""

    street_id: int
    label: str
    houses: int
    in_service: int
    best: str

    @property
    def best_title(self) -> Any:
        """The best outlook in words."""
        return LOOK_TITLES[self.best]


@dataclass(frozen=True, slots=True)
class Place:
    """A settlement with its streets."""

    name: str
    streets: tuple[StreetRow, ...]


@dataclass(frozen=True, slots=True)
class House:
    """One house of a street or of a map: geometry as stored, outlook as published."""

    building_id: int
    number: str
    look: str
    street: str = ""
    footprint: str | None = None
    lon: float = 0.0
    lat: float = 0.0

    @property
    def label(self) -> str:
        """The address as it is said."""
        return ", ".join(part for part in (self.street, self.number) if part)


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole of the coverage in a few figures; `version` changes whenever a zone does."""

    version: str
    has_zones: bool
    statuses: frozenset[str]
    in_service: int
    places: str
    bbox: tuple[float, float, float, float] | None

    @property
    def bbox_text(self) -> str:
        """West, south, east, north for a data attribute."""
        return ",".join(f"{value:.5f}" for value in self.bbox) if self.bbox else ""


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def overview(*, at: datetime) -> Overview:
    """Figures of the coverage as published; kept for ten minutes or until a zone changes."""
    latest = ZoneVersion.objects.order_by("-id").values_list("id", flat=True).first() or 0
    open_versions = ZoneVersion.objects.filter(valid__endswith=None).count()
    version = f"{latest}-{open_versions}"
    key = f"public:overview:{version}"
    found = cache.get(key)
    if found is None:
        found = _overview(at=at, version=version)
        cache.set(key, found, CACHE_S)
    return found


def _overview(*, at: datetime, version: str) -> Overview:
    zones = zones_geojson(at=at, simplify_m=10)["features"]
    boxes = [box for zone in zones if (box := _bbox(zone["geometry"])) is not None]
    served = BuildingCoverage.objects.filter(
        zone_version__valid__contains=at,
        zone_version__status="IN_SERVICE",
        building__retired_at__isnull=True,
    ).order_by()
    units = AdminUnit.objects.filter(
        id__in=served.values("building__locality_id").distinct()
    ).values_list("name", flat=True)[:4]
    return Overview(
        version=version,
        has_zones=bool(boxes),
        statuses=frozenset(zone["properties"]["status"] for zone in zones),
        in_service=served.values("building_id").distinct().count(),
        places=", ".join(sorted(units)),
        bbox=_union(boxes),
    )


def _bbox(geometry: dict[str, Any]) -> tuple[float, float, float, float] | None:
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    points = [point for polygon in polygons for point in polygon[0]]
    if not points:
        return None
    lons, lats = [p[0] for p in points], [p[1] for p in points]
    return min(lons), min(lats), max(lons), max(lats)


def _union(
    boxes: Iterable[tuple[float, float, float, float]],
) -> tuple[float, float, float, float] | None:
    all_boxes = list(boxes)
    if not all_boxes:
        return None
    wests, souths, easts, norths = zip(*all_boxes, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


def zones_geojson(*, at: datetime, simplify_m: float = 3) -> dict[str, Any]:
    """Published zones for everybody: outline, status and name, nothing of their making."""
    features = coverage_queries.zones_geojson(at=at, simplify_m=simplify_m)["features"]
    public = ("zone_id", "name", "network_type", "status")
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": feature["geometry"],
                "properties": {name: feature["properties"][name] for name in public},
            }
            for feature in features
        ],
    }


def houses_in_box(
    *, bbox: tuple[float, float, float, float], at: datetime, limit: int = 3000
) -> list[House]:
    """Houses whose point is in the box (west, south, east, north), with outline and outlook."""
    west, south, east, north = bbox
    rows = _rows(HOUSES_IN_BOX, at=at, west=west, south=south, east=east, north=north, limit=limit)
    return [
        House(
            building_id=building_id,
            number=number or "",
            look=look,
            street=street_label(street_type=street_type, name=name) if name else "",
            footprint=footprint,
            lon=lon,
            lat=lat,
        )
        for building_id, street_type, name, number, look, footprint, lon, lat in rows
    ]


def houses_geojson(
    *, bbox: tuple[float, float, float, float], at: datetime, limit: int
) -> dict[str, Any]:
    """The same as a FeatureCollection: id, label and look; a house without outline is a point."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": (
                    json.loads(house.footprint)
                    if house.footprint
                    else {"type": "Point", "coordinates": [house.lon, house.lat]}
                ),
                "properties": {
                    "id": house.building_id,
                    "label": house.label,
                    "look": house.look,
                },
            }
            for house in houses_in_box(bbox=bbox, at=at, limit=limit)
        ],
    }


def streets_by_place(*, at: datetime) -> list[Place]:
    """All streets that have houses, by settlement."""
    rows = _rows(STREETS, at=at, limit=MAX_STREETS)
    units = dict(
        AdminUnit.objects.filter(id__in={row[3] for row in rows}).values_list("id", "name")
    )
    by_unit: dict[int, list[StreetRow]] = {}
    for (street_id, street_type, name, unit_id), group in groupby(rows, key=lambda row: row[:4]):
        looks = Counter({look: count for *_street, look, count in group})
        by_unit.setdefault(unit_id, []).append(
            StreetRow(
                street_id=street_id,
                label=street_label(street_type=street_type, name=name),
                houses=looks.total(),
                in_service=looks["IN_SERVICE"],
                best=next(look for look in LOOKS if looks[look]),
            )
        )
    return [
        Place(name=units[unit_id], streets=tuple(streets))
        for unit_id, streets in sorted(by_unit.items(), key=lambda item: units[item[0]])
    ]


def houses_of_street(*, street_id: int, at: datetime) -> list[House]:
    """The houses of a street in the order of their numbers, with outlook."""
    return [
        House(building_id=building_id, number=number, look=look)
        for building_id, number, look in _rows(HOUSES_OF_STREET, at=at, street_id=street_id)
    ]


def _as_checked(houses: list[House], *, at: datetime) -> list[House]:
    """Houses that are said to be connected now are asked as a check would ask them.

    Only the check knows of ports that are all taken and of the reach of a node; here that is "it
    takes a look on the spot", as in its answer, and tells nothing of the network.
    """
    promised = [house.building_id for house in houses if house.look == "IN_SERVICE"]
    standing = list(Building.objects.filter(id__in=promised).defer("footprint").order_by("id"))
    answers = answers_for_places(places=[place_of_building(each) for each in standing], at=at)
    doubted = {
        building.id
        for building, networks in zip(standing, answers, strict=True)
        if best_of(networks)[0] is Answer.NEEDS_SURVEY
    }
    return [
        replace(house, look="SURVEY") if house.building_id in doubted else house for house in houses
    ]


def street_page(*, street_id: int, at: datetime) -> dict[str, Any]:
    """A street with its houses grouped by outlook; raises NotFoundError."""
    street = Street.objects.select_related("locality").filter(id=street_id).first()
    if street is None or street.retired_at is not None:
        raise NotFoundError
    houses = _as_checked(houses_of_street(street_id=street_id, at=at), at=at)
    old = street.aliases.filter(kind="OLD").order_by("id")[:3]
    return {
        "street_id": street.id,
        "label": street_label(street_type=street.type, name=street.name),
        "place": street.locality.name,
        "old_names": ", ".join(street_label(street_type=a.type, name=a.name) for a in old),
        "groups": [
            {
                "kind": "answer" if look in ANSWER_OF_LOOK else "zone",
                "value": ANSWER_OF_LOOK.get(look, look),
                "title": LOOK_TITLES[look],
                "houses": [house for house in houses if house.look == look],
            }
            for look in LOOKS
            if any(house.look == look for house in houses)
        ],
    }
