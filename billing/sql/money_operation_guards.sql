-- What a person asked for never changes, and a decided operation never changes at all.
CREATE FUNCTION billing_money_operation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'money operations are never deleted'
            USING ERRCODE = 'integrity_constraint_violation';
    ELSIF OLD.state <> 'PENDING'
        OR (to_jsonb(NEW) - '{state,journal_id,posted_at,decided_at,decided_by_id,decided_by_label,decision_comment}'::text[])
        <> (to_jsonb(OLD) - '{state,journal_id,posted_at,decided_at,decided_by_id,decided_by_label,decision_comment}'::text[])
    THEN
        RAISE EXCEPTION 'money operation %: what was asked for or decided never changes', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_money_operation_fixed BEFORE UPDATE OR DELETE ON billing_money_operation
    FOR EACH ROW EXECUTE FUNCTION billing_money_operation_guard();
ALTER TABLE billing_money_operation ENABLE ALWAYS TRIGGER billing_money_operation_fixed;
CREATE TRIGGER billing_money_operation_no_truncate BEFORE TRUNCATE ON billing_money_operation
    FOR EACH STATEMENT EXECUTE FUNCTION billing_money_operation_guard();
ALTER TABLE billing_money_operation ENABLE ALWAYS TRIGGER billing_money_operation_no_truncate;
