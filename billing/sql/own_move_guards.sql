-- What was posted about the provider's own money stays; only its taking back is added, once.
CREATE FUNCTION billing_own_move_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'moves of own money are never deleted'
            USING ERRCODE = 'integrity_constraint_violation';
    ELSIF OLD.reversal_journal_id IS NOT NULL
        OR (to_jsonb(NEW) - '{reversal_journal_id,reversed_at,reversed_by,reversal_reason}'::text[])
        <> (to_jsonb(OLD) - '{reversal_journal_id,reversed_at,reversed_by,reversal_reason}'::text[])
    THEN
        RAISE EXCEPTION 'move of own money %: what was posted never changes', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_own_move_fixed BEFORE UPDATE OR DELETE ON billing_own_move
    FOR EACH ROW EXECUTE FUNCTION billing_own_move_guard();
ALTER TABLE billing_own_move ENABLE ALWAYS TRIGGER billing_own_move_fixed;
CREATE TRIGGER billing_own_move_no_truncate BEFORE TRUNCATE ON billing_own_move
    FOR EACH STATEMENT EXECUTE FUNCTION billing_own_move_guard();
ALTER TABLE billing_own_move ENABLE ALWAYS TRIGGER billing_own_move_no_truncate;
