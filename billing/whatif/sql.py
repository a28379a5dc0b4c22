"""The statements of a what-if. `{touched}` is the condition of a hypothesis, text of our own."""

# A sold service with its terms on the day; what was charged once for good has none to come.
_FROM = """
    FROM billing_subscription AS s
    JOIN billing_plan_span AS span
      ON span.subscription_id = s.id AND span.during @> %(on_date)s::date
    JOIN billing_tariff_version AS sold ON sold.id = span.sold_version_id
    -- Once for each version, not once for each service: OFFSET keeps it a table of its own.
    JOIN (SELECT one.id AS sold_id, billing_version_on(one.id, %(on_date)s::date) AS version_id
          FROM billing_tariff_version AS one OFFSET 0) AS effective
      ON effective.sold_id = span.sold_version_id
    JOIN billing_tariff_version AS version ON version.id = effective.version_id
    JOIN coverage_building AS building ON building.id = s.building_id
    LEFT JOIN coverage_zoneversion AS stands ON stands.id = span.sold_zone_version_id
"""
_LIVES = """
    s.state = 'ACTIVE' AND version.charge_type <> 'ONE_OFF'
    AND (s.ends_date IS NULL OR s.ends_date >= %(on_date)s)
"""
_TOUCHED = f"{_LIVES} AND ({{touched}})"

COUNT = f"SELECT count(*) {_FROM} WHERE {_TOUCHED}"

PLACES = f"""
    SELECT COALESCE(stands.zone_id, 0), s.network_type, s.segment, building.locality_id
    {_FROM} WHERE {_TOUCHED} GROUP BY 1, 2, 3, 4
"""

# Where terms that are published already will have brought a new price by then, not fixed yet.
MOVED_PLACES = f"""
    SELECT version.id, version.tariff_id, version.applies_existing_from,
           COALESCE(stands.zone_id, 0), s.network_type, s.segment, building.locality_id
    {_FROM}
    WHERE {_TOUCHED} AND version.id <> sold.id
      AND NOT EXISTS (SELECT FROM billing_charge_basis AS fixed
                      WHERE fixed.plan_span_id = span.id AND fixed.tariff_version_id = version.id
                        AND fixed.discount_id IS NULL)
    GROUP BY 1, 2, 3, 4, 5, 6, 7
"""  # noqa: S608

PARTS = f"""
    SELECT min(account_id), max(account_id) FROM (
        SELECT account_id, (row_number() OVER (ORDER BY account_id) - 1) / %(size)s AS n
        FROM (SELECT DISTINCT s.account_id {_FROM} WHERE {_TOUCHED}) AS one) AS numbered
    GROUP BY n ORDER BY n
"""  # noqa: S608

# Every service of the touched accounts of a part. The price is that of the basis, else what newer
# terms will have brought, else the last one, else as sold; `old` and `new` have the discount off.
_SERVICES = f"""
    WITH account AS MATERIALIZED (
        SELECT DISTINCT s.account_id {_FROM}
        WHERE {_TOUCHED} AND s.account_id BETWEEN %(first_account)s AND %(last_account)s
    ), place AS MATERIALIZED (
        SELECT * FROM unnest(%(zones)s::bigint[], %(networks)s::text[], %(segments)s::text[],
                             %(localities)s::bigint[], %(prices)s::bigint[])
            AS p (zone_id, network_type, segment, locality_id, price)
    ), moved_place AS MATERIALIZED (
        SELECT * FROM unnest(%(moved_versions)s::bigint[], %(moved_zones)s::bigint[],
                             %(moved_networks)s::text[], %(moved_segments)s::text[],
                             %(moved_localities)s::bigint[], %(moved_prices)s::bigint[])
            AS p (version_id, zone_id, network_type, segment, locality_id, price)
    ), service AS MATERIALIZED (
        SELECT s.id, s.account_id, s.parent_id, charged.anchor_day::integer AS anchor_day,
               charged.charged_until, stands.zone_id, span.tariff_id, s.segment,
               span.sold_zone_version_id AS zone_version_id, version.charge_type,
               version.charge_when_blocked, version.credit_kopecks,
               COALESCE(basis.price_kopecks, moved.price, (
                   SELECT b.price_kopecks FROM billing_charge_basis AS b
                   JOIN billing_tariff_version AS older ON older.id = b.tariff_version_id
                   WHERE b.plan_span_id = span.id AND b.discount_id IS NULL
                     AND older.applies_from < version.applies_from
                   ORDER BY older.applies_from DESC LIMIT 1), span.sold_price_kopecks) AS price,
               s.network_type, building.locality_id,
               COALESCE({{touched}}, false) AS is_touched,
               EXISTS (SELECT 1 FROM billing_pause AS p
                       WHERE p.subscription_id IN (s.id, s.parent_id)
                         AND p.during @> %(on_date)s::date) AS is_paused,
               EXISTS (SELECT 1 FROM billing_block AS b
                       WHERE b.subscription_id IN (s.id, s.parent_id) AND b.until_at IS NULL
                         AND b.reason <> 'DEBT') AS is_blocked,
               EXISTS (SELECT 1 FROM billing_block AS b
                       WHERE b.subscription_id IN (s.id, s.parent_id) AND b.until_at IS NULL
                         AND b.reason = 'DEBT') AS is_in_debt
        {_FROM}
        JOIN billing_charge_state AS charged ON charged.subscription_id = s.id
        LEFT JOIN billing_charge_basis AS basis
          ON basis.plan_span_id = span.id AND basis.tariff_version_id = version.id
         AND basis.discount_id IS NULL
        LEFT JOIN moved_place AS moved
          ON moved.version_id = version.id AND moved.zone_id = COALESCE(stands.zone_id, 0)
         AND moved.network_type = s.network_type AND moved.segment = s.segment
         AND moved.locality_id = building.locality_id
        WHERE {_LIVES} AND s.account_id IN (SELECT account_id FROM account)
    ), tried AS MATERIALIZED (
        SELECT service.*, service.is_touched AND place.price IS NULL AS is_unsold,
               service.is_touched AND (place.price IS NOT NULL OR NOT %(keeps_unsold)s)
                   AS is_moved,
               CASE WHEN service.is_touched THEN COALESCE(place.price, service.price)
                    ELSE service.price END AS new_price
        FROM service
        LEFT JOIN place ON service.is_touched
          AND place.zone_id = COALESCE(service.zone_id, 0)
          AND place.network_type = service.network_type AND place.segment = service.segment
          AND place.locality_id = service.locality_id
    ), net AS MATERIALIZED (
        SELECT tried.*,
               CASE WHEN %(has_discounts)s THEN billing_net_price(
                   %(on_date)s, tariff_id, zone_version_id, segment, price) ELSE price END AS old,
               CASE WHEN %(has_discounts)s THEN billing_net_price(
                   %(on_date)s, CASE WHEN is_moved THEN %(tariff_id)s ELSE tariff_id END,
                   zone_version_id, segment, new_price) ELSE new_price END AS new,
               CASE WHEN is_moved THEN %(charge_type)s ELSE charge_type END AS new_charge_type
        FROM tried
    )
"""  # noqa: S608

BY_ZONE = f"""
    {_SERVICES}
    SELECT zone_id, count(*), count(*) FILTER (WHERE new > old),
           count(*) FILTER (WHERE new < old), count(*) FILTER (WHERE is_unsold),
           sum(old)::bigint, sum(new)::bigint
    FROM net WHERE is_touched GROUP BY zone_id
"""  # noqa: S608

# The first day: what is due on it by the present terms and by the new ones, and the money that
# will be there: today's balance, less what is charged until then, and the credit of that day.
BY_ACCOUNT = f"""
    {_SERVICES}, due AS (
        SELECT net.*,
               NOT is_paused AND (charge_when_blocked OR NOT is_blocked) AS is_on,
               (charge_type = 'MONTHLY_PREPAID' AND is_moved AND %(gives_back)s
                AND charged_until > %(on_date)s) AS comes_back,
               CASE WHEN charge_type = 'MONTHLY_PREPAID' AND charged_until < %(on_date)s
                         AND %(on_date)s > %(tomorrow)s AND NOT is_in_debt
                    THEN billing_period_start(%(on_date)s, anchor_day) = %(on_date)s
                    ELSE charged_until IS NULL OR charged_until <= %(on_date)s
                         OR (charge_type = 'DAILY' AND charged_until <= %(tomorrow)s)
               END AS is_due
        FROM net
    ), amount AS (
        SELECT due.*,
               CASE WHEN is_on AND is_due THEN billing_amount(
                   charge_type, old, first_old.d, first_old.n) ELSE 0 END AS first_before,
               CASE WHEN is_on AND (is_due OR comes_back) THEN billing_amount(
                   new_charge_type, new, first_new.d, first_new.n) ELSE 0 END
               - CASE WHEN is_on AND comes_back THEN billing_amount(
                   'MONTHLY_PREPAID', old, prepaid.d, prepaid.n) ELSE 0 END AS first_after,
               CASE WHEN NOT is_on OR is_in_debt THEN 0
                    WHEN charge_type = 'DAILY' THEN billing_daily_between(
                        old, GREATEST(COALESCE(charged_until, %(tomorrow)s), %(tomorrow)s),
                        %(on_date)s)
                    ELSE old * billing_months_begun(
                        anchor_day, GREATEST(COALESCE(charged_until, %(tomorrow)s), %(tomorrow)s),
                        %(on_date)s) END AS until_then
        FROM due,
             LATERAL (SELECT CASE WHEN charge_type = 'DAILY' THEN 1 ELSE anchor_day END AS a,
                             CASE WHEN new_charge_type = 'DAILY' THEN 1 ELSE anchor_day END AS b)
                 AS anchor,
             LATERAL (SELECT %(on_date)s - billing_period_start(%(on_date)s, anchor.a) + 1 AS d,
                             billing_period_end(%(on_date)s, anchor.a)
                             - billing_period_start(%(on_date)s, anchor.a) AS n) AS first_old,
             LATERAL (SELECT %(on_date)s - billing_period_start(%(on_date)s, anchor.b) + 1 AS d,
                             billing_period_end(%(on_date)s, anchor.b)
                             - billing_period_start(%(on_date)s, anchor.b) AS n) AS first_new,
             LATERAL (SELECT %(on_date)s - billing_period_start(%(on_date)s, anchor_day) + 1 AS d,
                             billing_period_end(%(on_date)s, anchor_day)
                             - billing_period_start(%(on_date)s, anchor_day) AS n) AS prepaid
    ), summed AS (
        SELECT account_id, sum(old)::bigint AS before, sum(new)::bigint AS after,
               sum(first_before)::bigint AS first_before, sum(first_after)::bigint AS first_after,
               sum(until_then)::bigint AS until_then,
               COALESCE(max(credit_kopecks) FILTER (WHERE parent_id IS NULL), 0) AS credit_before,
               COALESCE(max(CASE WHEN is_moved THEN %(credit)s ELSE credit_kopecks END)
                        FILTER (WHERE parent_id IS NULL), 0) AS credit_after
        FROM amount GROUP BY account_id
    ), told AS (
        SELECT summed.*, money.now - until_then + credit_before - first_before AS left_before,
               money.now - until_then + credit_after - first_after AS left_after,
               money.now + credit_before - before AS month_before,
               money.now + credit_after - after AS month_after
        FROM summed
        JOIN ledger_balance AS balance ON balance.account_id = summed.account_id
        CROSS JOIN LATERAL (
            SELECT balance.balance_kopecks + COALESCE((
                SELECT sum(g.amount_kopecks) FROM billing_credit_grant AS g
                WHERE g.account_id = summed.account_id AND g.during @> %(on_date)s::date), 0)
                ::bigint AS now) AS money
    ), ranked AS (
        SELECT told.*, row_number() OVER (ORDER BY after - before DESC, account_id) AS dear,
               row_number() OVER (ORDER BY after - before, account_id) AS cheap,
               row_number() OVER (
                   ORDER BY NOT (left_after < 0 AND left_before >= 0), left_after, account_id)
                   AS poor,
               count(*) OVER () AS n, sum(first_before) OVER () AS all_before,
               sum(first_after) OVER () AS all_after,
               count(*) FILTER (WHERE left_after < 0 AND left_before >= 0) OVER () AS short_first,
               count(*) FILTER (WHERE month_after < 0 AND month_before >= 0) OVER ()
                   AS short_month
        FROM told
    )
    SELECT account_id, before, after, first_before, first_after, left_before, left_after,
           n, all_before, all_after, short_first, short_month
    FROM ranked WHERE dear <= %(shown)s OR cheap <= %(shown)s OR poor <= %(shown)s
"""  # noqa: S608
