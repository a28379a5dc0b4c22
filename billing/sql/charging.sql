-- The daily run in SQL: the same arithmetic as billing/charging/rules.py, set-based. The small functions
-- are single expressions, so that PostgreSQL puts them into the query: called 20,000 times as functions
-- they cost 5 seconds a chunk.

-- The anchor day in the month that begins on `month_first`; 29 to 31 clip to the month's end (R3).
CREATE FUNCTION billing_anchor_in(month_first date, anchor_day integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT month_first - 1 + LEAST(
        anchor_day, ((month_first + interval '1 month')::date - month_first))
$$;

-- The paid month that holds the date: from one anchor to the next, half-open.
CREATE FUNCTION billing_period_start(on_date date, anchor_day integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN on_date >= billing_anchor_in(date_trunc('month', on_date::timestamp)::date, anchor_day)
        THEN billing_anchor_in(date_trunc('month', on_date::timestamp)::date, anchor_day)
        ELSE billing_anchor_in(
            (date_trunc('month', on_date::timestamp) - interval '1 month')::date, anchor_day)
    END
$$;

CREATE FUNCTION billing_period_end(on_date date, anchor_day integer) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN on_date >= billing_anchor_in(date_trunc('month', on_date::timestamp)::date, anchor_day)
        THEN billing_anchor_in(
            (date_trunc('month', on_date::timestamp) + interval '1 month')::date, anchor_day)
        ELSE billing_anchor_in(date_trunc('month', on_date::timestamp)::date, anchor_day)
    END
$$;

-- What a service costs on its first billable day: day `d` of a period of `n` days (R2, R3); kopecks.
CREATE FUNCTION billing_amount(charge_type text, price bigint, d integer, n integer)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE charge_type
        WHEN 'ONE_OFF' THEN price
        WHEN 'DAILY' THEN price * d / n - price * (d - 1) / n
        ELSE price - price * (d - 1) / n
    END
$$;

-- The VAT inside an amount that includes it, half up (R14).
CREATE FUNCTION billing_vat_part(amount bigint, rate_bp integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (2 * amount * rate_bp + 10000 + rate_bp) / (2 * (10000 + rate_bp))
$$;

-- Accounts that may have something to charge in these dates.
CREATE FUNCTION billing_due_accounts(p_first_date date, p_last_date date) RETURNS SETOF bigint
LANGUAGE sql STABLE AS $$
    SELECT DISTINCT account_id FROM billing_subscription
    WHERE (charged_until IS NULL OR charged_until <= p_last_date)
      AND activated_date <= p_last_date
      AND (state = 'ACTIVE' OR state = 'TERMINATED' AND terminated_date >= p_first_date)
$$;

-- Services of these accounts that are sold and not ended on the date, with the plan, the terms they
-- are charged by, and what keeps them off. `p_is_today`: blocks as they are now; for a past date as
-- they were when that day began (`p_day_start`), for that is what was delivered.
CREATE FUNCTION billing_service_on(p_date date, p_day_start timestamptz, p_is_today boolean,
                                   p_first bigint, p_last bigint)
RETURNS TABLE (
    subscription_id bigint, account_id bigint, parent_id bigint, state text, service_type text,
    charged_until date, anchor_day integer, fee_kopecks bigint, span_id bigint,
    sold_version_id bigint, version_id bigint, is_paused boolean, is_blocked boolean,
    is_in_debt boolean)
LANGUAGE sql STABLE AS $$
    WITH effective AS MATERIALIZED (
        SELECT sold.id AS sold_id, COALESCE((
            SELECT v.id FROM billing_tariff_version AS v
            WHERE v.tariff_id = sold.tariff_id AND v.published_at IS NOT NULL
              AND v.applies_existing_from <= p_date AND v.applies_from > sold.applies_from
            ORDER BY v.applies_from DESC LIMIT 1), sold.id) AS version_id
        FROM billing_tariff_version AS sold
    ), in_force AS MATERIALIZED (
        SELECT b.subscription_id, bool_or(b.reason = 'DEBT') AS debt,
               bool_or(b.reason <> 'DEBT') AS hard
        FROM billing_block AS b JOIN billing_subscription AS s ON s.id = b.subscription_id
        WHERE s.account_id BETWEEN p_first AND p_last
          AND CASE WHEN p_is_today THEN b.until_at IS NULL
                   ELSE b.from_at <= p_day_start
                        AND (b.until_at IS NULL OR b.until_at > p_day_start) END
        GROUP BY b.subscription_id
    ), on_hold AS MATERIALIZED (
        SELECT p.subscription_id
        FROM billing_pause AS p JOIN billing_subscription AS s ON s.id = p.subscription_id
        WHERE s.account_id BETWEEN p_first AND p_last AND p.during @> p_date
    )
    SELECT s.id, s.account_id, s.parent_id, s.state, t.service_type,
           s.charged_until, s.anchor_day::integer,
           CASE WHEN s.connection_charged_date IS NULL THEN s.connection_fee_kopecks ELSE 0 END,
           span.id, span.sold_version_id, e.version_id,
           own_hold.subscription_id IS NOT NULL OR parent_hold.subscription_id IS NOT NULL,
           COALESCE(own.hard, false) OR COALESCE(parent.hard, false),
           COALESCE(own.debt, false)
               OR (NOT p_is_today AND COALESCE(parent.debt, false))
    FROM billing_subscription AS s
    JOIN billing_plan_span AS span ON span.subscription_id = s.id AND span.during @> p_date
    JOIN billing_tariff AS t ON t.id = span.tariff_id
    JOIN effective AS e ON e.sold_id = span.sold_version_id
    LEFT JOIN in_force AS own ON own.subscription_id = s.id
    LEFT JOIN in_force AS parent ON parent.subscription_id = s.parent_id
    LEFT JOIN on_hold AS own_hold ON own_hold.subscription_id = s.id
    LEFT JOIN on_hold AS parent_hold ON parent_hold.subscription_id = s.parent_id
    WHERE s.account_id BETWEEN p_first AND p_last
      AND s.state IN ('ACTIVE', 'TERMINATED')
      AND s.activated_date <= p_date
      AND (s.terminated_date IS NULL OR s.terminated_date >= p_date)
      AND (s.charged_until IS NULL OR s.charged_until <= p_date)
$$;

CREATE TYPE billing_due AS (
    account_id bigint, subscription_id bigint, parent_id bigint, sort_order integer,
    tariff_version_id bigint, basis_id bigint, amount_kopecks bigint, fee_kopecks bigint,
    vat_kopecks bigint, revenue_code text, charged_until date, anchor_day integer,
    was_in_debt boolean, is_ended boolean, decision text);

-- What is due on the date in these accounts, and the one funds decision of each account (R6).
-- Every row is CHARGE or BLOCK. A service without a basis (its price is not fixed yet) is left out:
-- `charging` makes the bases first. The caller holds the locks of the accounts' balances.
CREATE FUNCTION billing_charge_due(p_date date, p_day_start timestamptz, p_is_today boolean,
                                   p_first bigint, p_last bigint, p_skip bigint[])
RETURNS SETOF billing_due
LANGUAGE sql STABLE AS $$
    WITH period AS MATERIALIZED (
        SELECT anchor, billing_period_end(p_date, anchor) AS period_end,
               p_date - billing_period_start(p_date, anchor) + 1 AS d,
               billing_period_end(p_date, anchor) - billing_period_start(p_date, anchor) AS n
        FROM generate_series(1, 31) AS anchor
    ), chargeable AS (
        SELECT s.*, v.charge_type, v.funds_policy, v.charge_when_blocked, v.vat_rate_bp,
               v.revenue_account_code, b.id AS basis_id, b.price_kopecks,
               CASE WHEN s.is_in_debt AND v.resume_rule = 'NEW_ANCHOR'
                         AND v.charge_type = 'MONTHLY_PREPAID'
                    THEN EXTRACT(day FROM p_date)::integer ELSE s.anchor_day END AS new_anchor,
               CASE WHEN s.parent_id IS NULL THEN 0
                    WHEN s.service_type = 'RENT' THEN 2 ELSE 1 END AS sort_order
        FROM billing_service_on(p_date, p_day_start, p_is_today, p_first, p_last) AS s
        JOIN billing_tariff_version AS v ON v.id = s.version_id
        JOIN billing_charge_basis AS b
          ON b.plan_span_id = s.span_id AND b.tariff_version_id = s.version_id
        WHERE NOT s.is_paused
          AND (v.charge_when_blocked
               OR NOT s.is_blocked AND (p_is_today OR NOT s.is_in_debt))
          AND s.account_id <> ALL (p_skip)
    ), item AS (
        SELECT c.*, p.period_end,
               billing_amount(c.charge_type, c.price_kopecks, p.d, p.n) AS amount
        FROM chargeable AS c
        JOIN period AS p
          ON p.anchor = CASE WHEN c.charge_type = 'DAILY' THEN 1 ELSE c.new_anchor END
    ), funded AS (
        -- Windows, not joins of the items with themselves: of those nothing is known, and a nested
        -- loop of 20,000 by 20,000 takes a minute.
        SELECT i.*,
               sum(i.amount + i.fee_kopecks) OVER (PARTITION BY i.account_id)
                   <= l.balance_kopecks + COALESCE((
                       SELECT sum(g.amount_kopecks) FROM billing_credit_grant AS g
                       WHERE g.account_id = i.account_id AND g.during @> p_date), 0) AS is_enough,
               max(i.funds_policy) FILTER (WHERE i.parent_id IS NULL) OVER (
                   PARTITION BY COALESCE(i.parent_id, i.subscription_id)) AS policy_of_main
        FROM item AS i
        JOIN ledger_balance AS l ON l.account_id = i.account_id AND NOT l.stopped
    )
    SELECT i.account_id, i.subscription_id, i.parent_id, i.sort_order,
           i.version_id, i.basis_id, i.amount, i.fee_kopecks,
           billing_vat_part(i.amount, i.vat_rate_bp)
               + billing_vat_part(i.fee_kopecks, i.vat_rate_bp),
           i.revenue_account_code,
           CASE i.charge_type
               WHEN 'DAILY' THEN p_date + 1
               WHEN 'ONE_OFF' THEN DATE '9999-12-31'
               ELSE i.period_end END,
           i.new_anchor, i.is_in_debt, i.state = 'TERMINATED',
           CASE WHEN i.is_enough THEN 'CHARGE'
                WHEN i.funds_policy = 'BLOCK' THEN 'BLOCK'
                WHEN i.parent_id IS NOT NULL AND NOT i.charge_when_blocked
                     AND i.policy_of_main = 'BLOCK' THEN 'BLOCK'
                ELSE 'CHARGE' END
    FROM funded AS i
$$;
