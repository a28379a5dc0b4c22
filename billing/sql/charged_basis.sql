-- The daily run notes by what a service was charged last. In place of the function of discounts.sql.

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
    SET charged_until = d.charged_until, charged_basis_id = d.basis_id,
        anchor_day = d.anchor_day,
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
