-- The daily run, set-based, with one look at each service.
--   * Whether a price is not fixed yet is seen where the price is looked up, not by a look of its own.
--   * The plan of a service is found before it meets the terms: the small tables are hashed once a chunk.
--   * What an account needs and what blocks an add-on are told in one order of rows, by plain windows.
--   * The rows of a chunk are decided once, in one statement, and go from there to the journal, to
--     billing_charge_state and to the blocks.

CREATE TYPE billing_due AS (
    account_id bigint, subscription_id bigint, parent_id bigint, sort_order integer,
    tariff_version_id bigint, basis_id bigint, amount_kopecks bigint, fee_kopecks bigint,
    vat_kopecks bigint, revenue_code text, charged_until date, anchor_day integer,
    was_in_debt boolean, is_ended boolean, decision text);

-- Accounts that may have something to charge in these dates; once for each service.
CREATE FUNCTION billing_due_accounts(p_first_date date, p_last_date date)
RETURNS SETOF bigint
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT c.account_id
    FROM billing_charge_state AS c JOIN billing_subscription AS s ON s.id = c.subscription_id
    WHERE (c.charged_until IS NULL OR c.charged_until <= p_last_date)
      AND s.activated_date <= p_last_date
      AND (s.state = 'ACTIVE' OR s.state = 'TERMINATED' AND s.terminated_date >= p_first_date)
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
           s.charged_until, s.anchor_day, s.fee_kopecks,
           s.span_id, s.sold_version_id, e.version_id,
           -- Hashed sets, whatever is thought of their size: a loop over them is a minute.
           s.id IN (SELECT h.subscription_id FROM on_hold AS h)
               OR s.parent IN (SELECT h.subscription_id FROM on_hold AS h),
           s.id IN (SELECT b.subscription_id FROM in_force AS b WHERE b.hard)
               OR s.parent IN (SELECT b.subscription_id FROM in_force AS b WHERE b.hard),
           s.id IN (SELECT b.subscription_id FROM in_force AS b WHERE b.debt)
               OR NOT p_is_today
                  AND s.parent IN (SELECT b.subscription_id FROM in_force AS b WHERE b.debt),
           s.tariff_id, s.sold_zone_version_id, s.segment
    FROM (
        SELECT s.id, s.account_id, s.parent_id, COALESCE(s.parent_id, s.id) AS parent,
               s.state, c.charged_until, s.segment,
               c.anchor_day::integer AS anchor_day,
               CASE WHEN c.connection_charged_date IS NULL THEN s.connection_fee_kopecks
                    ELSE 0 END AS fee_kopecks,
               span.id AS span_id, span.tariff_id, span.sold_version_id,
               span.sold_zone_version_id
        FROM billing_charge_state AS c
        JOIN billing_subscription AS s ON s.id = c.subscription_id
        -- There is one at most (billing_plan_span_no_overlap); LIMIT has each looked up by its
        -- index, where a join would read the spans of all clients for each chunk. With ANY the GiST
        -- index of the constraint, which takes five times as long, is good for bitmaps only, and
        -- those the callers put off: by cost alone it would win from 150,000 services on.
        CROSS JOIN LATERAL (
            SELECT p.id, p.tariff_id, p.sold_version_id, p.sold_zone_version_id
            FROM billing_plan_span AS p
            WHERE p.subscription_id = ANY (ARRAY[s.id]) AND p.during @> p_date LIMIT 1) AS span
        WHERE c.account_id BETWEEN p_first AND p_last
          -- The same of the other table: both are read once, in order of account.
          AND s.account_id BETWEEN p_first AND p_last
          AND s.state IN ('ACTIVE', 'TERMINATED')
          AND s.activated_date <= p_date
          AND (s.terminated_date IS NULL OR s.terminated_date >= p_date)
          AND (s.ends_date IS NULL OR s.ends_date >= p_date)
          AND (c.charged_until IS NULL OR c.charged_until <= p_date)
        -- Whole before it meets the terms: joined inside, their table is built again for each row.
        OFFSET 0) AS s
    JOIN billing_tariff AS t ON t.id = s.tariff_id
    JOIN effective AS e ON e.sold_id = s.sold_version_id
$$;

-- What is due on the date in these accounts, and the one funds decision of each account (R6).
-- Every row is CHARGE or BLOCK, or UNPRICED: a service without a basis (its price is not fixed yet),
-- which no decision counts in. The caller holds the locks of the accounts' balances.
CREATE FUNCTION billing_charge_due(p_date date, p_day_start timestamptz, p_is_today boolean,
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
    ), priced AS (
        SELECT s.*, v.charge_type, v.funds_policy, v.charge_when_blocked, v.vat_rate_bp,
               v.revenue_account_code, v.resume_rule,
               whole.id AS whole_id, whole.price_kopecks AS whole_kopecks,
               -- Whether anything is on offer is looked at once, and mostly nothing is.
               CASE WHEN (SELECT EXISTS (SELECT FROM on_offer)) AND v.charge_type <> 'ONE_OFF'
                    THEN (SELECT d.id FROM on_offer AS d
                          WHERE billing_discount_fits(d.discount, s.tariff_id, s.zone_version_id,
                                                      s.segment)
                          ORDER BY billing_discount_off(d.kind, d.percent_bp, d.amount_kopecks,
                                                        whole.price_kopecks) DESC, d.id
                          LIMIT 1) END AS discount_id
        FROM billing_service_on(p_date, p_day_start, p_is_today, p_first, p_last) AS s
        JOIN billing_tariff_version AS v ON v.id = s.version_id
        LEFT JOIN LATERAL (
            SELECT w.id, w.price_kopecks FROM billing_charge_basis AS w
            WHERE w.plan_span_id = s.span_id AND w.tariff_version_id = s.version_id
              AND w.discount_id IS NULL LIMIT 1) AS whole ON true
        WHERE NOT s.is_paused
          AND (v.charge_when_blocked
               OR NOT s.is_blocked AND (p_is_today OR NOT s.is_in_debt))
          AND s.account_id <> ALL (p_skip)
        OFFSET 0
    ), chargeable AS (
        SELECT s.*,
               CASE WHEN s.discount_id IS NULL THEN s.whole_id
                    ELSE (SELECT w.id FROM billing_charge_basis AS w
                          WHERE w.plan_span_id = s.span_id AND w.tariff_version_id = s.version_id
                            AND w.discount_id = s.discount_id) END AS basis_id,
               CASE WHEN s.discount_id IS NULL THEN s.whole_kopecks
                    ELSE (SELECT w.price_kopecks FROM billing_charge_basis AS w
                          WHERE w.plan_span_id = s.span_id AND w.tariff_version_id = s.version_id
                            AND w.discount_id = s.discount_id) END AS price_kopecks,
               CASE WHEN s.is_in_debt AND s.resume_rule = 'NEW_ANCHOR'
                         AND s.charge_type = 'MONTHLY_PREPAID'
                    THEN EXTRACT(day FROM p_date)::integer ELSE s.anchor_day END AS new_anchor,
               CASE WHEN s.parent_id IS NULL THEN 0
                    WHEN s.service_type = 'RENT' THEN 2 ELSE 1 END AS sort_order
        FROM priced AS s
        OFFSET 0
    ), item AS (
        SELECT c.*, p.period_end,
               billing_amount(c.charge_type, c.price_kopecks, p.d, p.n) AS amount
        FROM chargeable AS c
        JOIN period AS p
          ON p.anchor = CASE WHEN c.charge_type = 'DAILY' THEN 1 ELSE c.new_anchor END
        -- OFFSET, here and above: what is worked out once is not worked out again at each use.
        OFFSET 0
    ), summed AS (
        -- Windows, not joins of the items with themselves: of those nothing is known, and a nested
        -- loop of 20,000 by 20,000 takes a minute. One order of rows serves both of them.
        SELECT i.*, l.balance_kopecks,
               (sum(i.amount + i.fee_kopecks) FILTER (WHERE i.basis_id IS NOT NULL)
                    OVER of_account)::bigint AS needed,
               bool_or(i.parent_id IS NULL AND i.funds_policy = 'BLOCK' AND i.basis_id IS NOT NULL)
                    OVER of_family AS has_blocking_main
        FROM item AS i
        -- The bounds again: a merge would read the balances of all accounts before these.
        JOIN ledger_balance AS l ON l.account_id = i.account_id AND NOT l.stopped
                                AND l.account_id BETWEEN p_first AND p_last
        WINDOW of_account AS (PARTITION BY i.account_id),
               of_family AS (PARTITION BY i.account_id, COALESCE(i.parent_id, i.subscription_id))
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
           CASE WHEN i.basis_id IS NULL THEN 'UNPRICED'
                WHEN i.needed <= i.balance_kopecks THEN 'CHARGE'
                WHEN i.needed <= i.balance_kopecks + billing_credit_on(i.account_id, p_date)
                    THEN 'CHARGE'
                WHEN i.funds_policy = 'BLOCK' THEN 'BLOCK'
                WHEN NOT i.charge_when_blocked AND i.has_blocking_main THEN 'BLOCK'
                ELSE 'CHARGE' END
    FROM summed AS i
$$;

-- Fixes by what these services are charged, where that is not written yet: the terms they were sold
-- on, and the best discount of the day. Terms other than the sold ones are fixed before (`bases.py`).
-- Called where something was found to be missing, which on most days is nowhere.
CREATE FUNCTION billing_fix_bases(p_date date, p_day_start timestamptz, p_is_today boolean,
                                  p_first bigint, p_last bigint) RETURNS void
LANGUAGE plpgsql
SET enable_bitmapscan = off
SET enable_seqscan = off
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
BEGIN
    IF p_first = p_last THEN
        PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);  -- until this returns
    END IF;
    INSERT INTO billing_charge_basis (subscription_id, plan_span_id, tariff_version_id,
                                      price_rule_id, zone_version_id, price_kopecks)
    SELECT s.subscription_id, s.span_id, s.version_id, span.sold_rule_id,
           span.sold_zone_version_id, span.sold_price_kopecks
    FROM (
        -- One step after another, each service looked up by its indexes: left to itself the planner
        -- reads all services once for every tariff version.
        SELECT s.subscription_id, s.span_id, s.version_id
        FROM (SELECT s.subscription_id, s.span_id, s.version_id, s.sold_version_id
              FROM billing_service_on(p_date, p_day_start, p_is_today, p_first, p_last) AS s
              OFFSET 0) AS s
        LEFT JOIN LATERAL (
            SELECT b.id FROM billing_charge_basis AS b
            WHERE b.plan_span_id = s.span_id AND b.tariff_version_id = s.version_id
              AND b.discount_id IS NULL LIMIT 1) AS known ON true
        WHERE s.version_id = s.sold_version_id AND known.id IS NULL
        OFFSET 0) AS s
    JOIN billing_plan_span AS span ON span.id = s.span_id
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
END $$;

-- Charges all that is due on a date in the accounts p_first to p_last: one journal, one funds decision an
-- account, blocks for debt set and lifted. Runs in the caller's transaction; nothing due, nothing done.
-- The price of every span must be fixed in billing_charge_basis for terms other than the sold ones; where
-- that of the sold ones (or a discount's) is not, nothing is charged at the first look, it is fixed, and the
-- second look decides. Most days the first is the only one.
CREATE FUNCTION billing_charge_chunk(
    p_date date, p_day_start timestamptz, p_is_today boolean, p_at timestamptz,
    p_first bigint, p_last bigint, p_skip bigint[], p_key text, p_actor text, p_source text,
    OUT journal_id bigint, OUT charged_count integer, OUT charged_kopecks bigint,
    OUT blocked_ids bigint[], OUT resumed_ids bigint[])
LANGUAGE plpgsql
SET enable_bitmapscan = off
SET enable_seqscan = off  -- one account or 20,000: always by index, whatever the statistics say
SET plan_cache_mode = force_custom_plan
SET jit = off  -- it would compile for seconds what runs for a tenth of one
AS $$
DECLARE
    accounts bigint[];
    unpriced boolean;
BEGIN
    -- For one account (a payment) planning anew costs ten times as much as charging.
    IF p_first = p_last THEN
        PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);  -- until this returns
    END IF;
    SELECT array_agg(c.account_id) INTO accounts
    FROM (SELECT c.account_id FROM billing_charge_state AS c
          WHERE c.account_id BETWEEN p_first AND p_last
            AND (c.charged_until IS NULL OR c.charged_until <= p_date)
          GROUP BY c.account_id) AS c;
    -- From here no payment changes these balances until the commit.
    PERFORM count(*) FROM ledger_lock_balances(accounts);

    FOR look IN 1..2 LOOP
        WITH found AS MATERIALIZED (
            SELECT d.*
            FROM billing_charge_due(p_date, p_day_start, p_is_today, p_first, p_last, p_skip) AS d
        ), lacking AS MATERIALIZED (
            SELECT EXISTS (SELECT FROM found AS d WHERE d.basis_id IS NULL) AS a_basis
        ), due AS NOT MATERIALIZED (
            SELECT d.* FROM found AS d
            WHERE d.basis_id IS NOT NULL
              AND (look = 2 OR NOT (SELECT l.a_basis FROM lacking AS l))
        ), leg AS (
            SELECT d.account_id, d.subscription_id, d.basis_id, 'SERVICE' AS code,
                   d.amount_kopecks AS amount, d.sort_order, true AS is_first
            FROM due AS d WHERE d.decision = 'CHARGE' AND d.amount_kopecks > 0
            UNION ALL
            SELECT d.account_id, d.subscription_id, d.basis_id, 'CONNECTION',
                   d.fee_kopecks, d.sort_order, d.amount_kopecks = 0
            FROM due AS d WHERE d.decision = 'CHARGE' AND d.fee_kopecks > 0
        ), charged AS (
            SELECT count(*) FILTER (WHERE l.is_first) AS services,
                   COALESCE(sum(l.amount), 0)::bigint AS kopecks,
                   array_agg(l.account_id) AS accounts, array_agg(-l.amount) AS amounts,
                   array_agg(l.subscription_id) AS subjects, array_agg(l.code) AS codes,
                   array_agg(l.basis_id) AS bases
            FROM (SELECT * FROM leg
                  ORDER BY account_id, sort_order, subscription_id, code COLLATE "C" DESC) AS l
        ), contra AS (
            SELECT array_agg(a.id ORDER BY c.code) AS accounts,
                   array_agg(c.amount ORDER BY c.code) AS amounts
            FROM (
                SELECT part.code, sum(part.amount)::bigint AS amount
                FROM (SELECT min(d.revenue_code COLLATE "C") COLLATE "default"
                                 AS revenue_code,  -- one a version
                             sum(d.amount_kopecks + d.fee_kopecks - d.vat_kopecks) AS net,
                             sum(d.vat_kopecks) AS vat
                      FROM due AS d WHERE d.decision = 'CHARGE' GROUP BY d.tariff_version_id) AS d,
                     LATERAL (VALUES (d.revenue_code, d.net), ('tax.vat', d.vat))
                         AS part (code, amount)
                GROUP BY part.code HAVING sum(part.amount) <> 0
            ) AS c LEFT JOIN ledger_account AS a ON a.code = c.code
        ), moved AS (
            UPDATE billing_charge_state AS s
            SET charged_until = d.charged_until, charged_basis_id = d.basis_id,
                anchor_day = d.anchor_day,
                connection_charged_date = CASE WHEN d.fee_kopecks > 0 THEN p_date
                                               ELSE s.connection_charged_date END
            FROM due AS d
            WHERE s.subscription_id = d.subscription_id AND d.decision = 'CHARGE'
        ), fresh AS (
            INSERT INTO billing_block (subscription_id, reason, from_at, comment)
            SELECT d.subscription_id, 'DEBT', p_at, ''
            FROM due AS d WHERE d.decision = 'BLOCK' AND NOT d.is_ended
            ON CONFLICT (subscription_id, reason) WHERE until_at IS NULL DO NOTHING
            RETURNING subscription_id
        ), lifted AS (
            UPDATE billing_block AS b SET until_at = GREATEST(p_at, b.from_at)
            FROM due AS d
            WHERE p_is_today AND d.was_in_debt
              AND b.subscription_id = d.subscription_id AND d.decision = 'CHARGE'
              AND b.reason = 'DEBT' AND b.until_at IS NULL
            RETURNING b.subscription_id
        )
        SELECT CASE WHEN c.kopecks > 0 THEN ledger_post_charges(
                   p_date, p_at, p_key, p_actor, p_source, '', c.accounts, c.amounts, c.subjects,
                   c.codes, NULL, c.bases,
                   o.accounts, o.amounts) END,
               c.services, c.kopecks,
               (SELECT COALESCE(array_agg(subscription_id), '{}') FROM fresh),
               (SELECT COALESCE(array_agg(subscription_id), '{}') FROM lifted),
               (SELECT l.a_basis FROM lacking AS l)
        INTO journal_id, charged_count, charged_kopecks, blocked_ids, resumed_ids, unpriced
        FROM charged AS c CROSS JOIN contra AS o;
        EXIT WHEN look = 2 OR NOT unpriced;
        PERFORM billing_fix_bases(p_date, p_day_start, p_is_today, p_first, p_last);
    END LOOP;
END $$;
