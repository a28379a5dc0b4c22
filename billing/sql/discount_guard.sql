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
