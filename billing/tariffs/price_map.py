"""Which price of a tariff applies where: each zone of the map with its price, or a hole. Reads.

A price may differ inside a zone only by locality. Then the zone is cut along the outlines of the
administrative units, where these are known; where they are not, the zone has several prices and no
outline between them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

import shapely
from django.db import connection
from django.utils.translation import gettext_lazy as _
from shapely.geometry.base import BaseGeometry

from billing.tariffs.models import DraftPrice, PriceRule, Tariff
from billing.tariffs.queries import (
    LadderStep,
    Resolution,
    TariffNotFoundError,
    facts_of,
    version_on,
    winning_zones,
)
from billing.tariffs.resolution import PricePlace, RuleFacts, climb
from coverage import queries as coverage_queries
from coverage.answers import NetworkAnswer
from project.core.errors import DomainError

NEAR_M = 500

ZONES = """
    SELECT zone.id, zone.name, zone.network_type, version.status, version.id,
        ST_AsBinary(version.geometry)
    FROM coverage_zoneversion version JOIN coverage_zone zone ON zone.id = version.zone_id
    WHERE version.valid @> %(at)s::timestamptz AND version.status NOT IN ('DRAFT', 'RETIRED')
      AND (%(network)s = '' OR zone.network_type = %(network)s)
    ORDER BY version.priority, version.area_m2 DESC, zone.id
"""
# In which localities the buildings of each zone stand, most first.
LOCALITIES = """
    SELECT inside.zone_version_id, building.locality_id, unit.path, count(*)
    FROM coverage_buildingcoverage inside
    JOIN coverage_building building ON building.id = inside.building_id
    JOIN coverage_adminunit unit ON unit.id = building.locality_id
    WHERE inside.zone_version_id = ANY(%(versions)s) AND building.retired_at IS NULL
    GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC, 2
"""
OUTLINES = """
    SELECT id, ST_AsBinary(ST_SimplifyPreserveTopology(geom, 0.00005))
    FROM coverage_adminunit WHERE id = ANY(%(ids)s) AND geom IS NOT NULL
"""
PATH_NEAR = """
    SELECT path FROM (
        (SELECT unit.path, 0 AS far, unit.depth FROM coverage_adminunit unit
         WHERE unit.valid_until IS NULL
           AND ST_Intersects(unit.geom, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326))
         ORDER BY unit.depth DESC, unit.id LIMIT 1)
        UNION ALL
        (SELECT unit.path, 1, unit.depth FROM coverage_building building
         JOIN coverage_adminunit unit ON unit.id = building.locality_id
         WHERE building.retired_at IS NULL
           AND ST_DWithin(building.point::geography,
                          ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography, %(near)s)
           AND building.point && ST_Expand(
               ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), 0.02)
         ORDER BY building.point <-> ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) LIMIT 1)
    ) AS found ORDER BY depth DESC, far LIMIT 1
"""


class BadPlaceError(DomainError):
    """The coordinates are no place on the earth."""

    code = "bad_place"
    message = _("These are not the coordinates of a place.")


@dataclass(frozen=True, slots=True)
class MapPiece:
    """A part of a zone with one price; `rule` None: a hole, not sold there.

    `other_prices`: further prices (kopecks) inside it whose outlines are not known.
    """

    zone_id: int
    zone_name: str
    zone_version_id: int
    network_type: str
    status: str
    locality_id: int | None
    rule: RuleFacts | None
    other_prices: tuple[int | None, ...]
    geometry: BaseGeometry

    @property
    def price_kopecks(self) -> int | None:
        """A month's price; None: not sold."""
        return self.rule.price_kopecks if self.rule else None


class _Zone(NamedTuple):
    """A row of ZONES."""

    id: int
    name: str
    network_type: str
    status: str
    version_id: int
    geometry: bytes


Prices = dict[int | None, RuleFacts | None]


def rules_of(*, tariff_id: int, with_draft: bool) -> list[RuleFacts]:
    """The rules of a tariff; with the draft, as they will be once it is published.

    A prepared price has its own number, negative.
    """
    rules = [facts_of(rule) for rule in PriceRule.objects.filter(tariff_id=tariff_id)]
    if not with_draft:
        return rules
    for draft in DraftPrice.objects.filter(tariff_id=tariff_id):
        rules = with_price(rules, drafted_facts(draft))
    return rules


def drafted_facts(draft: DraftPrice) -> RuleFacts:
    """A prepared price as a rule."""
    return RuleFacts(
        id=-draft.id,
        tariff_id=draft.tariff_id,
        level=draft.level,
        zone_id=draft.zone_id,
        admin_unit_id=draft.admin_unit_id,
        network_type=draft.network_type,
        segment=draft.segment,
        price_kopecks=draft.price_kopecks,
        connection_fee_kopecks=draft.connection_fee_kopecks,
        valid_from=draft.valid.lower,
        valid_until=draft.valid.upper,
    )


def with_price(rules: Iterable[RuleFacts], new: RuleFacts) -> list[RuleFacts]:
    """The rules once `new` is set: as `operations.set_price` does it (pure).

    The open rule of the same place ends where the new one begins, and goes on where that ends.
    """
    found = [new]
    for rule in rules:
        is_open = rule.valid_until is None and (
            rule.valid_from is None
            or (new.valid_from is not None and rule.valid_from < new.valid_from)
        )
        if not (is_open and _place(rule) == _place(new)):
            found.append(rule)
            continue
        found.append(_during(rule, rule.valid_from, new.valid_from))
        if new.valid_until is not None:
            found.append(_during(rule, new.valid_until, None))
    return found


def _place(rule: RuleFacts) -> tuple[object, ...]:
    return (
        rule.tariff_id, rule.level, rule.zone_id, rule.admin_unit_id, rule.network_type,
        rule.segment,
    )  # fmt: skip


def _during(rule: RuleFacts, valid_from: date | None, valid_until: date | None) -> RuleFacts:
    return replace(rule, valid_from=valid_from, valid_until=valid_until)


def price_map(
    *,
    tariff_id: int,
    at: datetime,
    on_date: date,
    network_type: str = "",
    segment: str = "",
    with_draft: bool = False,
) -> list[MapPiece]:
    """Every zone of the map with the price there; those that win over others come last.

    Four queries whatever the number of zones. Raises TariffNotFoundError.
    """
    if not Tariff.objects.filter(id=tariff_id).exists():
        raise TariffNotFoundError()
    rules = rules_of(tariff_id=tariff_id, with_draft=with_draft)
    zones = [_Zone(*row) for row in _rows(ZONES, at=at, network=network_type)]
    localities = _localities(zones)
    drawn: list[tuple[_Zone, Prices]] = []
    for zone in zones:
        prices: Prices = {}
        for locality_id, chain in localities[zone.version_id]:
            place = PricePlace(
                network_type=zone.network_type,
                zone_ids_by_network={zone.network_type: zone.id},
                admin_chain=chain,
                segment=segment,
            )
            prices[locality_id], _rungs = climb(rules=rules, place=place, on_date=on_date)
        drawn.append((zone, prices))
    outlines = _outlines(prices for _zone, prices in drawn)
    return [piece for zone, prices in drawn for piece in _pieces(zone, prices, outlines)]


def _localities(zones: Iterable[_Zone]) -> dict[int, list[tuple[int | None, tuple[int, ...]]]]:
    """By zone version: localities of its buildings with their chains; without any, nowhere."""
    versions = [zone.version_id for zone in zones]
    found: dict[int, list[tuple[int | None, tuple[int, ...]]]] = defaultdict(list)
    for version_id, locality_id, path, _count in _rows(LOCALITIES, versions=versions):
        found[version_id].append((locality_id, coverage_queries.chain_of_path(path)))
    for version_id in versions:
        if not found[version_id]:
            found[version_id].append((None, ()))
    return found


def _outlines(
    found: Iterable[Prices],
) -> dict[int, BaseGeometry]:
    """Outlines of the localities of zones that have several prices."""
    needed = {
        locality
        for prices in found
        if len({rule.id if rule else None for rule in prices.values()}) > 1
        for locality in prices
        if locality is not None
    }
    if not needed:
        return {}
    return {id_: shapely.from_wkb(bytes(wkb)) for id_, wkb in _rows(OUTLINES, ids=list(needed))}


def _pieces(zone: _Zone, prices: Prices, outlines: Mapping[int, BaseGeometry]) -> list[MapPiece]:
    left = shapely.from_wkb(bytes(zone.geometry))
    main = next(iter(prices))  # where most of its buildings stand
    pieces: list[MapPiece] = []
    unknown: set[int | None] = set()
    for locality, rule in prices.items():
        if _rule_id(rule) == _rule_id(prices[main]):
            continue
        outline = outlines.get(locality) if locality is not None else None
        if outline is not None and not (cut := _areas(left.intersection(outline))).is_empty:
            left = _areas(left.difference(outline))
            pieces.append(_piece(zone, locality, rule, (), cut))
        else:
            unknown.add(rule.price_kopecks if rule else None)
    if not left.is_empty:
        others = tuple(sorted(unknown, key=lambda price: price or 0))
        pieces.append(_piece(zone, main, prices[main], others, left))
    return pieces


def _piece(
    zone: _Zone,
    locality_id: int | None,
    rule: RuleFacts | None,
    other_prices: tuple[int | None, ...],
    geometry: BaseGeometry,
) -> MapPiece:
    return MapPiece(
        zone_id=zone.id,
        zone_name=zone.name,
        zone_version_id=zone.version_id,
        network_type=zone.network_type,
        status=zone.status,
        locality_id=locality_id,
        rule=rule,
        other_prices=other_prices,
        geometry=geometry,
    )


def _rule_id(rule: RuleFacts | None) -> int | None:
    return rule.id if rule else None


def _areas(shape: BaseGeometry) -> BaseGeometry:
    """The areas of a shape; a line or a point where two outlines touch is nothing to draw."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


@dataclass(frozen=True, slots=True)
class PointPrices:
    """The price of a tariff at a point, one for each network that has an answer there."""

    answers: tuple[NetworkAnswer, ...]
    resolutions: dict[str, Resolution]


def prices_at(
    *,
    tariff_id: int,
    lon: float,
    lat: float,
    at: datetime,
    on_date: date,
    segment: str = "",
    with_draft: bool = False,
) -> PointPrices:
    """The whole ladder of a tariff at a point of the map.

    Raises BadPlaceError, TariffNotFoundError.
    The locality is that of the outline around it, else of the nearest building within NEAR_M.
    """
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadPlaceError()
    if not Tariff.objects.filter(id=tariff_id).exists():
        raise TariffNotFoundError()
    answers = coverage_queries.answer_for_point(lon=lon, lat=lat, at=at)
    paths = _rows(PATH_NEAR, lon=lon, lat=lat, near=NEAR_M)
    chain = coverage_queries.chain_of_path(paths[0][0]) if paths else ()
    rules = rules_of(tariff_id=tariff_id, with_draft=with_draft)
    zones = winning_zones(networks=answers)
    version = version_on(tariff_id=tariff_id, on_date=on_date)
    found = {}
    for answer in answers:
        if answer.network_type not in zones:
            continue
        place = PricePlace(answer.network_type, zones, tuple(chain), segment)
        winner, rungs = climb(rules=rules, place=place, on_date=on_date)
        found[answer.network_type] = Resolution(
            rule=winner,
            version=version,
            price_kopecks=winner.price_kopecks if winner else None,
            connection_fee_kopecks=winner.connection_fee_kopecks if winner else None,
            ladder=tuple(LadderStep(rung.rule, rung.verdict) for rung in rungs),
        )
    return PointPrices(answers=answers, resolutions=found)


def _rows(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
