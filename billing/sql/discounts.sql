-- Discounts, standing credit and services sold for some days in the daily run. The functions of
-- charging.sql and charge_chunk.sql are put in place of those of before.

-- What a discount takes off a month's price; never more than the price.
CREATE FUNCTION billing_discount_off(kind text, percent_bp integer, amount bigint, price bigint)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT LEAST(price, CASE kind WHEN 'PERCENT' THEN price * percent_bp / 10000 ELSE amount END)
$$;

-- Whether a discount is for this service: its tariff, the zone it stands in, its kind of client.
CREATE FUNCTION billing_discount_fits(d billing_discount, p_tariff bigint, p_zone_version bigint,
                                      p_segment text)
RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (d.tariff_id IS NULL OR d.tariff_id = p_tariff)
       AND (d.segment = '' OR d.segment = p_segment)
       AND (d.zone_id IS NULL OR EXISTS (
               SELECT 1 FROM coverage_zoneversion AS z
               WHERE z.id = p_zone_version AND z.zone_id = d.zone_id))
$$;

-- The terms by which a service sold on these terms is charged on a date.
CREATE FUNCTION billing_version_on(p_sold bigint, p_date date) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT COALESCE((
        SELECT v.id FROM billing_tariff_version AS v
        WHERE v.tariff_id = sold.tariff_id AND v.published_at IS NOT NULL
          AND v.applies_existing_from <= p_date AND v.applies_from > sold.applies_from
        ORDER BY v.applies_from DESC LIMIT 1), sold.id)
    FROM billing_tariff_version AS sold WHERE sold.id = p_sold
$$;

-- A month's price of a service on a date with its best discount off.
CREATE FUNCTION billing_net_price(p_date date, p_tariff bigint, p_zone_version bigint,
                                  p_segment text, p_price bigint)
RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT p_price - COALESCE((
        SELECT max(billing_discount_off(d.kind, d.percent_bp, d.amount_kopecks, p_price))
        FROM billing_discount AS d
        WHERE d.valid @> p_date
          AND billing_discount_fits(d, p_tariff, p_zone_version, p_segment)), 0)
$$;

-- What a daily service is charged in the half-open span of dates; kopecks (R2).
CREATE FUNCTION billing_daily_between(p_price bigint, p_from date, p_until date) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(sum(
        p_price * (LEAST(p_until, m.next) - m.first) / (m.next - m.first)
        - p_price * (GREATEST(p_from, m.first) - m.first) / (m.next - m.first)), 0)::bigint
    FROM (SELECT g::date AS first, (g + interval '1 month')::date AS next
          FROM generate_series(date_trunc('month', p_from::timestamp),
                               p_until::timestamp - interval '1 day', interval '1 month') AS g) AS m
    WHERE p_from < p_until
$$;

-- How many paid months begin in the half-open span of dates (R3).
CREATE FUNCTION billing_months_begun(p_anchor integer, p_from date, p_until date) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT count(*) FROM generate_series(date_trunc('month', p_from::timestamp),
                                         p_until::timestamp, interval '1 month') AS g
    WHERE billing_anchor_in(g::date, p_anchor) >= p_from
      AND billing_anchor_in(g::date, p_anchor) < p_until
$$;

-- A discount: only the end of its period may move.
CREATE FUNCTION billing_discount_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'valid' <> to_jsonb(OLD) - 'valid' OR lower(NEW.valid) <> lower(OLD.valid)
    THEN
        RAISE EXCEPTION 'discount %: what it is worth is never changed', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_discount_immutable BEFORE UPDATE ON billing_discount
    FOR EACH ROW EXECUTE FUNCTION billing_discount_guard();
ALTER TABLE billing_discount ENABLE ALWAYS TRIGGER billing_discount_immutable;

-- Services of these accounts that are sold and not ended on the date, with the plan, the terms they
-- are charged by, and what keeps them off. `p_is_today`: blocks as they are now; for a past date as
-- they were when that day began (`p_day_start`), for that is what was delivered.
DROP FUNCTION billing_service_on(date, timestamptz, boolean, bigint, bigint);
CREATE FUNCTION billing_service_on(p_date date, p_day_start timestamptz, p_is_today boolean,
                                   p_first bigint, p_last bigint)
RETURNS TABLE (
    subscription_id bigint, account_id bigint, parent_id bigint, state text, service_type text,
    charged_until date, anchor_day integer, fee_kopecks bigint, span_id bigint,
    sold_version_id bigint, version_id bigint, is_paused boolean, is_blocked boolean,
    is_in_debt boolean, tariff_id bigint, zone_version_id bigint,
    segment text)
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
               OR (NOT p_is_today AND COALESCE(parent.debt, false)),
           span.tariff_id, span.sold_zone_version_id, s.segment
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
      AND (s.ends_date IS NULL OR s.ends_date >= p_date)
      AND (s.charged_until IS NULL OR s.charged_until <= p_date)
$$;

-- What is due on the date in these accounts, and the one funds decision of each account (R6).
-- Every row is CHARGE or BLOCK. A service without a basis (its price is not fixed yet) is left out:
-- `charging` makes the bases first. The caller holds the locks of the accounts' balances.
CREATE OR REPLACE FUNCTION billing_charge_due(p_date date, p_day_start timestamptz, p_is_today boolean,
                                   p_first bigint, p_last bigint, p_skip bigint[])
RETURNS SETOF billing_due
LANGUAGE sql STABLE AS $$
    WITH period AS MATERIALIZED (
        SELECT anchor, billing_period_end(p_date, anchor) AS period_end,
               p_date - billing_period_start(p_date, anchor) + 1 AS d,
               billing_period_end(p_date, anchor) - billing_period_start(p_date, anchor) AS n
        FROM generate_series(1, 31) AS anchor
    ), on_offer AS MATERIALIZED (
        SELECT d AS discount, d.id, d.kind, d.percent_bp, d.amount_kopecks
        FROM billing_discount AS d WHERE d.valid @> p_date
    ), standing_credit AS MATERIALIZED (
        -- The first condition is looked at once: where no terms give credit nothing is read.
        SELECT s.account_id, max(v.credit_kopecks) AS kopecks
        FROM billing_subscription AS s
        JOIN billing_plan_span AS span ON span.subscription_id = s.id AND span.during @> p_date
        JOIN billing_tariff_version AS v
          ON v.id = billing_version_on(span.sold_version_id, p_date)
        WHERE (SELECT bool_or(credit_kopecks > 0) FROM billing_tariff_version)
          AND s.account_id BETWEEN p_first AND p_last
          AND s.state = 'ACTIVE' AND s.parent_id IS NULL AND s.activated_date <= p_date
        GROUP BY s.account_id
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
        JOIN billing_charge_basis AS whole
          ON whole.plan_span_id = s.span_id AND whole.tariff_version_id = s.version_id
         AND whole.discount_id IS NULL
        LEFT JOIN LATERAL (
            SELECT d.id FROM on_offer AS d
            WHERE billing_discount_fits(d.discount, s.tariff_id, s.zone_version_id, s.segment)
            ORDER BY billing_discount_off(d.kind, d.percent_bp, d.amount_kopecks,
                                          whole.price_kopecks) DESC, d.id
            LIMIT 1) AS best ON v.charge_type <> 'ONE_OFF'
        JOIN billing_charge_basis AS b
          ON b.plan_span_id = s.span_id AND b.tariff_version_id = s.version_id
         AND b.discount_id IS NOT DISTINCT FROM best.id
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
                       WHERE g.account_id = i.account_id AND g.during @> p_date), 0)
                   + COALESCE((SELECT c.kopecks FROM standing_credit AS c
                               WHERE c.account_id = i.account_id), 0) AS is_enough,
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

-- Charges all that is due on a date in the accounts p_first to p_last: one journal, one funds decision an
-- account, blocks for debt set and lifted. Runs in the caller's transaction; nothing due, nothing done.
-- The price of every span must be fixed in billing_charge_basis for terms other than the sold ones.
CREATE OR REPLACE FUNCTION billing_charge_chunk(
    p_date date, p_day_start timestamptz, p_is_today boolean, p_at timestamptz,
    p_first bigint, p_last bigint, p_skip bigint[], p_key text, p_actor text, p_source text,
    OUT journal_id bigint, OUT charged_count integer, OUT charged_kopecks bigint,
    OUT blocked_ids bigint[], OUT resumed_ids bigint[])
LANGUAGE plpgsql
SET enable_seqscan = off  -- one account or 20,000: always by index, whatever the statistics say
SET plan_cache_mode = force_custom_plan
SET jit = off  -- it would compile for seconds what runs for a tenth of one
AS $$
DECLARE
    due billing_due[];
    accounts bigint[]; amounts bigint[]; subjects bigint[]; codes text[];
    occurrences smallint[]; bases bigint[];
    contra_accounts bigint[]; contra_amounts bigint[];
BEGIN
    blocked_ids := '{}';
    resumed_ids := '{}';
    SELECT array_agg(DISTINCT s.account_id) INTO accounts
    FROM billing_subscription AS s
    WHERE s.account_id BETWEEN p_first AND p_last
      AND s.state IN ('ACTIVE', 'TERMINATED')
      AND (s.charged_until IS NULL OR s.charged_until <= p_date);
    -- From here no payment changes these balances until the commit.
    PERFORM count(*) FROM ledger_lock_balances(accounts);

    INSERT INTO billing_charge_basis (subscription_id, plan_span_id, tariff_version_id,
                                      price_rule_id, zone_version_id, price_kopecks)
    SELECT s.subscription_id, s.span_id, s.version_id, span.sold_rule_id,
           span.sold_zone_version_id, span.sold_price_kopecks
    FROM billing_service_on(p_date, p_day_start, p_is_today, p_first, p_last) AS s
    JOIN billing_plan_span AS span ON span.id = s.span_id
    WHERE s.version_id = s.sold_version_id
      AND NOT EXISTS (SELECT 1 FROM billing_charge_basis AS b
                      WHERE b.plan_span_id = s.span_id AND b.tariff_version_id = s.version_id
                        AND b.discount_id IS NULL)
    ON CONFLICT DO NOTHING;

    IF EXISTS (SELECT 1 FROM billing_discount AS d WHERE d.valid @> p_date) THEN
        INSERT INTO billing_charge_basis (subscription_id, plan_span_id, tariff_version_id,
                                          price_rule_id, zone_version_id, discount_id,
                                          price_kopecks)
        SELECT whole.subscription_id, whole.plan_span_id, whole.tariff_version_id,
               whole.price_rule_id, whole.zone_version_id, best.id,
               whole.price_kopecks - best.off
        FROM billing_service_on(p_date, p_day_start, p_is_today, p_first, p_last) AS s
        JOIN billing_tariff_version AS v ON v.id = s.version_id AND v.charge_type <> 'ONE_OFF'
        JOIN billing_charge_basis AS whole
          ON whole.plan_span_id = s.span_id AND whole.tariff_version_id = s.version_id
         AND whole.discount_id IS NULL
        CROSS JOIN LATERAL (
            SELECT d.id, billing_discount_off(d.kind, d.percent_bp, d.amount_kopecks,
                                              whole.price_kopecks) AS off
            FROM billing_discount AS d
            WHERE d.valid @> p_date
              AND billing_discount_fits(d, s.tariff_id, s.zone_version_id, s.segment)
            ORDER BY off DESC, d.id LIMIT 1) AS best
        ON CONFLICT DO NOTHING;
    END IF;

    SELECT array_agg(d::billing_due ORDER BY d.account_id, d.sort_order, d.subscription_id)
    INTO due
    FROM billing_charge_due(p_date, p_day_start, p_is_today, p_first, p_last, p_skip) AS d;

    SELECT count(DISTINCT l.subscription_id), sum(l.amount),
           array_agg(l.account_id ORDER BY l.ord, l.code DESC),
           array_agg(-l.amount ORDER BY l.ord, l.code DESC),
           array_agg(l.subscription_id ORDER BY l.ord, l.code DESC),
           array_agg(l.code ORDER BY l.ord, l.code DESC),
           array_agg(0::smallint),
           array_agg(l.basis_id ORDER BY l.ord, l.code DESC)
    INTO charged_count, charged_kopecks, accounts, amounts, subjects, codes, occurrences, bases
    FROM (
        SELECT d.account_id, d.subscription_id, d.basis_id, d.ordinality AS ord, leg.code, leg.amount
        FROM unnest(due) WITH ORDINALITY AS d,
             LATERAL (VALUES ('SERVICE', d.amount_kopecks), ('CONNECTION', d.fee_kopecks))
                 AS leg (code, amount)
        WHERE d.decision = 'CHARGE' AND leg.amount > 0
    ) AS l;
    charged_kopecks := COALESCE(charged_kopecks, 0);

    IF charged_kopecks > 0 THEN
        SELECT array_agg(c.account_id), array_agg(c.amount)
        INTO STRICT contra_accounts, contra_amounts
        FROM (
            SELECT a.id AS account_id, part.code, sum(part.amount)::bigint AS amount
            FROM unnest(due) AS d,
                 LATERAL (VALUES
                     (d.revenue_code, d.amount_kopecks + d.fee_kopecks - d.vat_kopecks),
                     ('tax.vat', d.vat_kopecks)) AS part (code, amount)
            LEFT JOIN ledger_account AS a ON a.code = part.code
            WHERE d.decision = 'CHARGE'
            GROUP BY a.id, part.code HAVING sum(part.amount) <> 0
            ORDER BY part.code
        ) AS c;
        journal_id := ledger_post_charges(
            p_date, p_at, p_key, p_actor, p_source, '', accounts, amounts, subjects, codes,
            occurrences, bases, contra_accounts, contra_amounts);
    END IF;

    UPDATE billing_subscription AS s
    SET charged_until = d.charged_until, anchor_day = d.anchor_day,
        connection_charged_date = CASE WHEN d.fee_kopecks > 0 THEN p_date
                                       ELSE s.connection_charged_date END
    FROM unnest(due) AS d
    WHERE s.id = d.subscription_id AND d.decision = 'CHARGE';

    WITH fresh AS (
        INSERT INTO billing_block (subscription_id, reason, from_at, comment)
        SELECT d.subscription_id, 'DEBT', p_at, ''
        FROM unnest(due) AS d WHERE d.decision = 'BLOCK' AND NOT d.is_ended
        ON CONFLICT (subscription_id, reason) WHERE until_at IS NULL DO NOTHING
        RETURNING subscription_id
    ) SELECT COALESCE(array_agg(subscription_id), '{}') INTO blocked_ids FROM fresh;

    IF p_is_today THEN
        WITH lifted AS (
            UPDATE billing_block AS b SET until_at = GREATEST(p_at, b.from_at)
            FROM unnest(due) AS d
            WHERE b.subscription_id = d.subscription_id AND d.decision = 'CHARGE'
              AND b.reason = 'DEBT' AND b.until_at IS NULL
            RETURNING b.subscription_id
        ) SELECT COALESCE(array_agg(subscription_id), '{}') INTO resumed_ids FROM lifted;
    END IF;
END $$;
