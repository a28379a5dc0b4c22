-- What corrections had right, and what came back by it, is written once; a correction's facts may be
-- taken back, once.
CREATE OR REPLACE FUNCTION billing_correction_memory_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'billing_charge_correction' AND TG_OP = 'UPDATE'
        AND to_jsonb(OLD)->>'taken_back_journal_id' IS NULL
        AND to_jsonb(NEW) - 'taken_back_journal_id' = to_jsonb(OLD) - 'taken_back_journal_id'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '%: what was corrected or given back never changes', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER billing_charge_correction_fixed BEFORE UPDATE OR DELETE ON billing_charge_correction
    FOR EACH ROW EXECUTE FUNCTION billing_correction_memory_guard();
ALTER TABLE billing_charge_correction ENABLE ALWAYS TRIGGER billing_charge_correction_fixed;
CREATE TRIGGER billing_given_back_fixed BEFORE UPDATE OR DELETE ON billing_given_back
    FOR EACH ROW EXECUTE FUNCTION billing_correction_memory_guard();
ALTER TABLE billing_given_back ENABLE ALWAYS TRIGGER billing_given_back_fixed;

-- Of corrections from before: their journals name the charges, and earlier ones of the month count too.
INSERT INTO billing_charge_correction
    (posting_id, subscription_id, facts, journal_id, taken_back_journal_id)
SELECT p.corrects_id, o.subscription_id,
       jsonb_build_object(
           'prices', (SELECT COALESCE(jsonb_agg(e.pair ORDER BY x.id), '[]'::jsonb)
                      FROM billing_money_operation AS x,
                           jsonb_array_elements(x.facts->'prices') AS e (pair)
                      WHERE x.kind = 'CORRECTION' AND x.state = 'POSTED' AND x.id <= o.id
                        AND x.subscription_id = o.subscription_id AND x.month = o.month
                        AND (x.id = o.id OR NOT EXISTS (
                                SELECT FROM billing_money_operation AS r
                                WHERE r.reverses_id = x.id AND r.state = 'POSTED'))),
           'free', (SELECT COALESCE(jsonb_agg(e.span ORDER BY x.id), '[]'::jsonb)
                    FROM billing_money_operation AS x,
                         jsonb_array_elements(x.facts->'free') AS e (span)
                    WHERE x.kind = 'CORRECTION' AND x.state = 'POSTED' AND x.id <= o.id
                      AND x.subscription_id = o.subscription_id AND x.month = o.month
                      AND (x.id = o.id OR NOT EXISTS (
                              SELECT FROM billing_money_operation AS r
                              WHERE r.reverses_id = x.id AND r.state = 'POSTED')))),
       o.journal_id,
       (SELECT r.journal_id FROM billing_money_operation AS r
        WHERE r.reverses_id = o.id AND r.state = 'POSTED')
FROM billing_money_operation AS o
JOIN ledger_posting AS p ON p.journal_id = o.journal_id AND p.corrects_id IS NOT NULL
WHERE o.kind = 'CORRECTION' AND o.state = 'POSTED';
