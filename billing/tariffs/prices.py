"""The price rules that may apply at a place, read by one prepared statement."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from billing.tariffs.resolution import RuleFacts
from coverage import queries as coverage_queries
from coverage.answers import CheckResult
from project.core import prepared

# All price rules that may apply at a place, each with the public tariff and the terms that a new
# client gets. Prepared and without model instances: this is asked at each availability check.
PRICE_COLUMNS = """
    rule.id, rule.tariff_id, rule.level, rule.zone_id, rule.admin_unit_id,
    rule.network_type, rule.segment, rule.price_kopecks, rule.connection_fee_kopecks,
    lower(rule.valid), upper(rule.valid),
    tariff.id, tariff.code, tariff.service_type, tariff.name_uk, tariff.name_en,
    tariff.description_uk, tariff.description_en, tariff.sort,
    terms.id, terms.speed_down_bit_s, terms.speed_up_bit_s, terms.charge_type
"""
PRICE_RULES = """
    billing_price_rule rule
    JOIN billing_tariff tariff ON tariff.id = rule.tariff_id AND tariff.is_public
        AND (tariff.archived_at IS NULL
            OR (tariff.archived_at AT TIME ZONE 'Europe/Kyiv')::date > %(on_date)s::date)
    CROSS JOIN LATERAL (
        SELECT version.id, version.speed_down_bit_s, version.speed_up_bit_s, version.charge_type
        FROM billing_tariff_version version
        WHERE version.tariff_id = tariff.id AND version.published_at IS NOT NULL
            AND version.applies_from <= %(on_date)s::date
        ORDER BY version.applies_from DESC LIMIT 1
    ) terms
    WHERE rule.valid @> %(on_date)s::date AND (rule.level = 'DEFAULT'
        OR rule.zone_id = ANY(%(zone_ids)s::bigint[])
"""
PRICES_NEAR = f"""
    SELECT {PRICE_COLUMNS} FROM {PRICE_RULES}
        OR rule.admin_unit_id = ANY(%(chain)s::bigint[]))
"""  # noqa: S608
# The same where a check was made: the administrative units are those of the building, or those
# around the pin. One statement, because reading the path before took as long as the prices.
PATH_OF_BUILDING = """
    SELECT unit.path FROM coverage_building building
    JOIN coverage_adminunit unit ON unit.id = building.locality_id
    WHERE building.id = %(building_id)s::bigint
"""
PATH_OF_POINT = """
    SELECT path FROM coverage_adminunit WHERE valid_until IS NULL
        AND ST_Intersects(geom, ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326))
    ORDER BY depth DESC, id LIMIT 1
"""


def _prices_at(path: str) -> str:
    return f"""
    WITH place AS MATERIALIZED (SELECT ({path}) AS path)
    SELECT {PRICE_COLUMNS}, place.path FROM place CROSS JOIN {PRICE_RULES}
        OR rule.admin_unit_id = ANY(string_to_array(trim('/' FROM place.path), '/')::bigint[]))
    """  # noqa: S608


PRICES_AT_BUILDING = _prices_at(PATH_OF_BUILDING)
PRICES_AT_POINT = _prices_at(PATH_OF_POINT)
_RULE_COLUMNS = 11


class Product(NamedTuple):
    """A public tariff with the terms that a new client gets."""

    tariff_id: int
    code: str
    service_type: str
    name_uk: str
    name_en: str
    description_uk: str
    description_en: str
    sort: int
    version_id: int
    speed_down_bit_s: int | None
    speed_up_bit_s: int | None
    charge_type: str


Products = dict[int, tuple[Product, list[RuleFacts]]]


def prices_near(*, zone_ids: Iterable[int], chain: Sequence[int], on_date: date) -> Products:
    """What the public may buy near a place, with the rules in force that may apply, by tariff."""
    asked = {"on_date": on_date, "zone_ids": list(zone_ids), "chain": list(chain)}
    return _by_tariff(prepared.rows(PRICES_NEAR, asked))


def prices_of_check(
    *, check: CheckResult, zone_ids: Iterable[int], on_date: date
) -> tuple[Products, tuple[int, ...]]:
    """`prices_near` where a check was made, and the administrative units there, deepest first."""
    asked: dict[str, object] = {"on_date": on_date, "zone_ids": list(zone_ids)}
    if check.building_id is not None:
        rows = prepared.rows(PRICES_AT_BUILDING, asked | {"building_id": check.building_id})
    elif check.point is not None:
        lon, lat = check.point
        rows = prepared.rows(PRICES_AT_POINT, asked | {"lon": lon, "lat": lat})
    else:
        rows = prepared.rows(PRICES_NEAR, asked | {"chain": []})
        return _by_tariff(rows), ()
    path = rows[0][-1] if rows else None
    chain = coverage_queries.chain_of_path(path) if path else ()
    return _by_tariff(row[:-1] for row in rows), tuple(chain)


def _by_tariff(rows: Iterable[tuple[Any, ...]]) -> Products:
    found: Products = {}
    for row in rows:
        rule = RuleFacts(*row[:_RULE_COLUMNS])
        if rule.tariff_id not in found:
            found[rule.tariff_id] = (Product(*row[_RULE_COLUMNS:]), [])
        found[rule.tariff_id][1].append(rule)
    return found
