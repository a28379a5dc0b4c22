"""Billing's part of a place's time line: services, what put them off and on, their plans.

A date stands at the midnight in Kyiv with which it begins; the end of a service stands at the
midnight after its last day. Who pays is an account's id here: names are crm's to tell.
"""

from typing import Any

from coverage.happenings import Asked, Happening, Kind, read

SERVICES = """
    WITH here AS (
        SELECT s.*, COALESCE(premise.unit, '') AS unit
        FROM billing_subscription AS s
        LEFT JOIN coverage_premise AS premise ON premise.id = s.premise_id
        WHERE s.building_id = %(building)s
          AND (%(unit)s::text IS NULL OR COALESCE(premise.unit, '') = %(unit)s::text)
    ), event AS (
        SELECT s.id, s.created_at AS at, '1' AS part, 'SOLD' AS what, NULL::text AS reason,
            s.activated_date AS day
        FROM here AS s
        UNION ALL
        SELECT s.id, s.activated_date::timestamp AT TIME ZONE 'Europe/Kyiv', '2', 'STARTED', NULL,
            s.activated_date
        FROM here AS s
        WHERE s.activated_date > (s.created_at AT TIME ZONE 'Europe/Kyiv')::date
        UNION ALL
        SELECT s.id, (s.terminated_date + 1)::timestamp AT TIME ZONE 'Europe/Kyiv', '9', 'ENDED',
            NULL, s.terminated_date
        FROM here AS s WHERE s.terminated_date IS NOT NULL
        UNION ALL
        SELECT s.id, lower(pause.during)::timestamp AT TIME ZONE 'Europe/Kyiv',
            '3' || pause.id, 'PAUSED', NULL, upper(pause.during)
        FROM here AS s JOIN billing_pause AS pause ON pause.subscription_id = s.id
        UNION ALL
        SELECT s.id, upper(pause.during)::timestamp AT TIME ZONE 'Europe/Kyiv',
            '4' || pause.id, 'RESUMED', NULL, upper(pause.during)
        FROM here AS s JOIN billing_pause AS pause ON pause.subscription_id = s.id
        WHERE s.terminated_date IS NULL OR upper(pause.during) <= s.terminated_date
        UNION ALL
        SELECT s.id, block.from_at, '5' || block.id, 'BLOCKED', block.reason, NULL
        FROM here AS s JOIN billing_block AS block ON block.subscription_id = s.id
        UNION ALL
        SELECT s.id, block.until_at, '6' || block.id, 'UNBLOCKED', block.reason, NULL
        FROM here AS s JOIN billing_block AS block ON block.subscription_id = s.id
        WHERE block.until_at IS NOT NULL
    )
    SELECT event.at, 'service:' || lpad(event.id::text, 19, '0') || ':' || event.part AS key,
        event.what, event.reason, event.day, s.id AS subscription_id, s.account_id, s.unit,
        s.network_type, s.parent_id IS NOT NULL AS is_addon, s.uncovered_reason,
        tariff.name_uk AS tariff_name_uk, tariff.name_en AS tariff_name_en,
        span.sold_price_kopecks AS price_kopecks
    FROM event JOIN here AS s ON s.id = event.id
    CROSS JOIN LATERAL (
        SELECT p.tariff_id, p.sold_price_kopecks FROM billing_plan_span AS p
        WHERE p.subscription_id = s.id
          AND (lower(p.during) <= (event.at AT TIME ZONE 'Europe/Kyiv')::date
               OR NOT EXISTS (SELECT FROM billing_plan_span AS q WHERE q.subscription_id = s.id
                              AND lower(q.during) < lower(p.during)))
        ORDER BY lower(p.during) DESC LIMIT 1
    ) AS span
    JOIN billing_tariff AS tariff ON tariff.id = span.tariff_id
"""

# A span after another: another tariff, or the same one on other terms (a move to a new map).
PLANS = """
    WITH here AS (
        SELECT s.*, COALESCE(premise.unit, '') AS unit
        FROM billing_subscription AS s
        LEFT JOIN coverage_premise AS premise ON premise.id = s.premise_id
        WHERE s.building_id = %(building)s
          AND (%(unit)s::text IS NULL OR COALESCE(premise.unit, '') = %(unit)s::text)
    ), plan AS (
        SELECT p.id, p.subscription_id, lower(p.during) AS day, p.tariff_id, p.created_by,
            p.sold_price_kopecks, p.sold_zone_version_id,
            lag(p.tariff_id) OVER history AS old_tariff_id,
            lag(p.sold_price_kopecks) OVER history AS old_price_kopecks,
            lag(p.sold_zone_version_id) OVER history AS old_zone_version_id
        FROM billing_plan_span AS p JOIN here ON here.id = p.subscription_id
        WHERE NOT isempty(p.during)
        WINDOW history AS (PARTITION BY p.subscription_id ORDER BY lower(p.during))
    )
    SELECT plan.day::timestamp AT TIME ZONE 'Europe/Kyiv' AS at,
        'service:' || lpad(s.id::text, 19, '0') || ':7' || plan.id AS key,
        CASE WHEN plan.tariff_id = plan.old_tariff_id THEN 'TERMS' ELSE 'TARIFF' END AS what,
        plan.day, s.id AS subscription_id, s.account_id, s.unit, s.network_type,
        s.parent_id IS NOT NULL AS is_addon, tariff.name_uk AS tariff_name_uk,
        tariff.name_en AS tariff_name_en, old.name_uk AS old_tariff_name_uk,
        old.name_en AS old_tariff_name_en, plan.sold_price_kopecks AS price_kopecks,
        plan.old_price_kopecks, zone.id AS zone_id, zone.name AS zone_name,
        plan.sold_zone_version_id AS version_id, old_zone.name AS old_zone_name
    FROM plan JOIN here AS s ON s.id = plan.subscription_id
    JOIN billing_tariff AS tariff ON tariff.id = plan.tariff_id
    JOIN billing_tariff AS old ON old.id = plan.old_tariff_id
    LEFT JOIN coverage_zoneversion AS version ON version.id = plan.sold_zone_version_id
    LEFT JOIN coverage_zone AS zone ON zone.id = version.zone_id
    LEFT JOIN coverage_zoneversion AS old_version ON old_version.id = plan.old_zone_version_id
    LEFT JOIN coverage_zone AS old_zone ON old_zone.id = old_version.zone_id
    WHERE s.terminated_date IS NULL OR plan.day <= s.terminated_date
"""


def timeline_of_services(*, asked: Asked) -> list[Happening]:
    """Services sold, started, paused, blocked, ended, and their changes of plan and terms."""
    found: list[Happening] = []
    if Kind.SERVICE in asked.kinds:
        found += [_happening(row, Kind.SERVICE) for row in read(SERVICES, asked=asked)]
    if Kind.PLAN in asked.kinds:
        found += [_happening(row, Kind.PLAN) for row in read(PLANS, asked=asked)]
    return found


def _happening(row: dict[str, Any], kind: Kind) -> Happening:
    at, key, what, unit = row.pop("at"), row.pop("key"), row.pop("what"), row.pop("unit")
    return Happening(at=at, key=key, kind=kind, what=what, unit=unit, facts=row)
