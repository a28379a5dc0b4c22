"""Which pool a service draws from: the rules, the most specific first, and the reasons told.

What the rules say of a service is kept ready made in `network_ipplan`, for an authorization cannot
weigh rules. It is made anew when the service's basis (tariff, zone, building, network, account) is
another than then, and for everybody when the rules change (`editing`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from network.models import AddressKind, IpPlan, IpPool, IpRule
from project.core import clock

# The span of the day, else the first one to come: a service that begins tomorrow has a plan today.
SPAN = """
LEFT JOIN LATERAL (
    SELECT span.tariff_id, version.zone_id FROM billing_plan_span span
    LEFT JOIN coverage_zoneversion version ON version.id = span.sold_zone_version_id
    WHERE span.subscription_id = s.id
    ORDER BY span.during @> %(day)s::date DESC, span.during LIMIT 1
) span ON true
"""
BASIS = """concat_ws(':', COALESCE(span.tariff_id, 0), COALESCE(span.zone_id, 0), s.building_id,
    s.network_type, s.account_id)"""
# The most specific first; among equals the higher priority, then the older rule.
ORDER = """(r.account_id IS NULL), (r.tariff_id IS NULL), (r.zone_id IS NULL),
    COALESCE(a.depth, -1) DESC, (r.network_type = ''), r.priority DESC, r.id"""
FITS = """(r.account_id IS NULL OR r.account_id = s.account_id)
  AND (r.tariff_id IS NULL OR r.tariff_id = span.tariff_id)
  AND (r.zone_id IS NULL OR r.zone_id = span.zone_id)
  AND (r.network_type = '' OR r.network_type = s.network_type)
  AND (r.admin_unit_id IS NULL OR starts_with(u.path, a.path))"""

_REWRITE = f"""
WITH fitting AS (
    SELECT s.id, p.kind, p.id AS pool_id, r.id AS rule_id, r.mode,
           row_number() OVER (PARTITION BY s.id, p.kind ORDER BY {ORDER}) AS place
    FROM billing_subscription s
    JOIN coverage_building b ON b.id = s.building_id
    JOIN coverage_adminunit u ON u.id = b.locality_id
    {SPAN}
    JOIN network_iprule r ON true
    JOIN network_ippool p ON p.id = r.pool_id AND NOT p.is_guest AND p.is_open
    LEFT JOIN coverage_adminunit a ON a.id = r.admin_unit_id
    WHERE s.id = ANY(%(ids)s) AND {FITS}
), shall AS (
    SELECT f.id, f.kind, first.mode, first.rule_id,
           array_agg(f.pool_id ORDER BY f.place) AS pool_ids
    FROM fitting f JOIN fitting first
      ON first.id = f.id AND first.kind = f.kind AND first.place = 1 AND first.mode = f.mode
    GROUP BY f.id, f.kind, first.mode, first.rule_id
), gone AS (
    DELETE FROM network_ipplan x WHERE x.subscription_id = ANY(%(ids)s)
      AND NOT EXISTS (SELECT FROM shall WHERE shall.id = x.subscription_id AND shall.kind = x.kind)
), known AS (
    INSERT INTO network_ipbasis (subscription_id, basis)
    SELECT s.id, {BASIS} FROM billing_subscription s {SPAN} WHERE s.id = ANY(%(ids)s)
    ON CONFLICT (subscription_id) DO UPDATE SET basis = EXCLUDED.basis
)
INSERT INTO network_ipplan AS x (subscription_id, kind, mode, rule_id, pool_ids)
SELECT id, kind, mode, rule_id, pool_ids FROM shall ORDER BY id, kind
ON CONFLICT (subscription_id, kind) DO UPDATE
SET mode = EXCLUDED.mode, rule_id = EXCLUDED.rule_id, pool_ids = EXCLUDED.pool_ids
WHERE (x.mode, x.rule_id, x.pool_ids)
      IS DISTINCT FROM (EXCLUDED.mode, EXCLUDED.rule_id, EXCLUDED.pool_ids)
"""  # noqa: S608 (our own text)

_LADDER = f"""
SELECT r.id, {FITS}, p.is_open,
       ROW(r.account_id IS NULL OR r.account_id = s.account_id,
           r.tariff_id IS NULL OR r.tariff_id = span.tariff_id,
           r.zone_id IS NULL OR COALESCE(r.zone_id = span.zone_id, false),
           r.network_type = '' OR r.network_type = s.network_type,
           r.admin_unit_id IS NULL OR starts_with(u.path, a.path))::text
FROM billing_subscription s
JOIN coverage_building b ON b.id = s.building_id
JOIN coverage_adminunit u ON u.id = b.locality_id
{SPAN}
JOIN network_iprule r ON true
JOIN network_ippool p ON p.id = r.pool_id AND NOT p.is_guest
LEFT JOIN coverage_adminunit a ON a.id = r.admin_unit_id
WHERE s.id = %(id)s
ORDER BY p.kind, {ORDER}
"""  # noqa: S608 (our own text)

CONDITIONS = ("account", "tariff", "zone", "network_type", "admin_unit")


@dataclass(frozen=True, slots=True)
class Step:
    """One rule as it was weighed for a service. `failed`: the conditions that do not hold.

    `is_chosen`: it is the first that fits; `follows`: its pool is tried when those before are
    used up.
    """

    rule: IpRule
    failed: tuple[str, ...]
    is_open: bool
    is_chosen: bool
    follows: bool


def rewrite(*, subscription_ids: Iterable[int], at: datetime) -> None:
    """Make the plans of these services anew from the rules of now, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_REWRITE, {"ids": sorted(subscription_ids), "day": clock.today(at)})


def ladder(*, subscription_id: int, on_date: date) -> list[Step]:
    """All rules in the order in which they are weighed for a service, with what does not fit."""
    with connection.cursor() as cursor:
        cursor.execute(_LADDER, {"id": subscription_id, "day": on_date})
        weighed = cursor.fetchall()
    rules = IpRule.objects.select_related("pool", "account", "tariff", "zone", "admin_unit")
    known = rules.in_bulk([row[0] for row in weighed])
    chosen: dict[str, IpRule] = {}
    steps = []
    for rule_id, fits, is_open, held in weighed:
        rule = known[rule_id]
        is_usable = bool(fits) and is_open
        first = chosen.get(rule.pool.kind)
        if first is None and is_usable:
            chosen[rule.pool.kind] = rule
        steps.append(
            Step(
                rule=rule,
                failed=_failed(held),
                is_open=is_open,
                is_chosen=first is None and is_usable,
                follows=first is not None and is_usable and first.mode == rule.mode,
            )
        )
    return steps


def _failed(held: Any) -> tuple[str, ...]:
    marks = str(held).strip("()").split(",")
    return tuple(name for name, mark in zip(CONDITIONS, marks, strict=True) if mark != "t")


def dynamic_pools(*, subscription_id: int) -> dict[str, tuple[str, ...]]:
    """The names of the pools that give this service's sessions their addresses, in the order in
    which they are tried, by kind of address; kinds that are its own for good are left out."""
    rows = IpPlan.objects.filter(subscription_id=subscription_id, mode=IpRule.Mode.DYNAMIC)
    wanted = {row.kind: row.pool_ids for row in rows}
    ids = {one for pool_ids in wanted.values() for one in pool_ids}
    names = dict(IpPool.objects.filter(id__in=ids).values_list("id", "name")) if ids else {}
    return {
        kind: tuple(names[one] for one in pool_ids if one in names)
        for kind, pool_ids in wanted.items()
    }


def guest_pools() -> tuple[str, ...]:
    """The names of the pools that guests get their IPv4 addresses from, as they are tried."""
    rows = IpPool.objects.filter(is_guest=True, is_open=True, kind=AddressKind.IPV4)
    return tuple(rows.order_by("id").values_list("name", flat=True))
