-- The daily run notes by what a service was charged last. In place of the function of lean_run.sql.

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
    accounts bigint[];
BEGIN
    SELECT array_agg(DISTINCT s.account_id) INTO accounts
    FROM billing_subscription AS s
    WHERE s.account_id BETWEEN p_first AND p_last
      AND s.state IN ('ACTIVE', 'TERMINATED')
      AND (s.charged_until IS NULL OR s.charged_until <= p_date);
    -- From here no payment changes these balances until the commit.
    PERFORM count(*) FROM ledger_lock_balances(accounts);
    PERFORM billing_fix_bases(p_date, p_day_start, p_is_today, p_first, p_last);

    WITH due AS MATERIALIZED (
        SELECT d.*
        FROM billing_charge_due(p_date, p_day_start, p_is_today, p_first, p_last, p_skip) AS d
    ), leg AS MATERIALIZED (
        SELECT d.account_id, d.subscription_id, d.basis_id, part.code, part.amount,
               part.code = 'SERVICE' OR d.amount_kopecks = 0 AS is_first
        FROM due AS d,
             LATERAL (VALUES ('SERVICE', d.amount_kopecks), ('CONNECTION', d.fee_kopecks))
                 AS part (code, amount)
        WHERE d.decision = 'CHARGE' AND part.amount > 0
        ORDER BY d.account_id, d.sort_order, d.subscription_id, part.code DESC
    ), charged AS (
        SELECT count(*) FILTER (WHERE l.is_first) AS services,
               count(*) AS legs,
               COALESCE(sum(l.amount), 0)::bigint AS kopecks,
               array_agg(l.account_id) AS accounts, array_agg(-l.amount) AS amounts,
               array_agg(l.subscription_id) AS subjects, array_agg(l.code) AS codes,
               array_agg(l.basis_id) AS bases
        FROM leg AS l
    ), contra AS (
        SELECT array_agg(a.id ORDER BY c.code) AS accounts,
               array_agg(c.amount ORDER BY c.code) AS amounts
        FROM (
            SELECT part.code, sum(part.amount)::bigint AS amount
            FROM (SELECT d.revenue_code,
                         sum(d.amount_kopecks + d.fee_kopecks - d.vat_kopecks) AS net,
                         sum(d.vat_kopecks) AS vat
                  FROM due AS d WHERE d.decision = 'CHARGE' GROUP BY d.revenue_code) AS d,
                 LATERAL (VALUES (d.revenue_code, d.net), ('tax.vat', d.vat))
                     AS part (code, amount)
            GROUP BY part.code HAVING sum(part.amount) <> 0
        ) AS c LEFT JOIN ledger_account AS a ON a.code = c.code
    ), moved AS (
        UPDATE billing_subscription AS s
        SET charged_until = d.charged_until, charged_basis_id = d.basis_id,
            anchor_day = d.anchor_day,
            connection_charged_date = CASE WHEN d.fee_kopecks > 0 THEN p_date
                                           ELSE s.connection_charged_date END
        FROM due AS d
        WHERE s.id = d.subscription_id AND d.decision = 'CHARGE'
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
               c.codes, array_fill(0::smallint, ARRAY[c.legs::integer]), c.bases,
               o.accounts, o.amounts) END,
           c.services, c.kopecks,
           (SELECT COALESCE(array_agg(subscription_id), '{}') FROM fresh),
           (SELECT COALESCE(array_agg(subscription_id), '{}') FROM lifted)
    INTO journal_id, charged_count, charged_kopecks, blocked_ids, resumed_ids
    FROM charged AS c CROSS JOIN contra AS o;
END $$;
