-- What was sold and what was charged by never changes (R10).

-- A price rule: only the end of its validity may move.
CREATE FUNCTION billing_price_rule_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.tariff_id, NEW.level, NEW.zone_id, NEW.admin_unit_id, NEW.network_type, NEW.segment,
        NEW.price_kopecks, NEW.connection_fee_kopecks, lower(NEW.valid))
       IS DISTINCT FROM
       (OLD.tariff_id, OLD.level, OLD.zone_id, OLD.admin_unit_id, OLD.network_type, OLD.segment,
        OLD.price_kopecks, OLD.connection_fee_kopecks, lower(OLD.valid)) THEN
        RAISE EXCEPTION 'price rule %: a price is never changed, a new rule is made', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_price_rule_immutable BEFORE UPDATE ON billing_price_rule
    FOR EACH ROW EXECUTE FUNCTION billing_price_rule_guard();
ALTER TABLE billing_price_rule ENABLE ALWAYS TRIGGER billing_price_rule_immutable;

-- Published terms: nothing may change, except the day from which existing clients get them, as
-- long as they have not got them (charge bases of a version fix its price for a plan span).
CREATE FUNCTION billing_tariff_version_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL AND (
        to_jsonb(NEW) - 'applies_existing_from' <> to_jsonb(OLD) - 'applies_existing_from'
        OR (NEW.applies_existing_from IS DISTINCT FROM OLD.applies_existing_from
            AND EXISTS (SELECT 1 FROM billing_charge_basis AS b
                        JOIN billing_plan_span AS s ON s.id = b.plan_span_id
                        WHERE b.tariff_version_id = OLD.id AND s.sold_version_id <> OLD.id)))
    THEN
        RAISE EXCEPTION 'tariff version %: published terms are never changed', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_tariff_version_immutable BEFORE UPDATE ON billing_tariff_version
    FOR EACH ROW EXECUTE FUNCTION billing_tariff_version_guard();
ALTER TABLE billing_tariff_version ENABLE ALWAYS TRIGGER billing_tariff_version_immutable;

-- A plan span: only its dates may move; what was sold stays.
CREATE FUNCTION billing_plan_span_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'during' <> to_jsonb(OLD) - 'during' THEN
        RAISE EXCEPTION 'plan span %: what was sold is never changed', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_plan_span_immutable BEFORE UPDATE ON billing_plan_span
    FOR EACH ROW EXECUTE FUNCTION billing_plan_span_guard();
ALTER TABLE billing_plan_span ENABLE ALWAYS TRIGGER billing_plan_span_immutable;

-- A charge basis and a payment event are written once.
CREATE FUNCTION billing_written_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: rows are written once', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER billing_charge_basis_once_written BEFORE UPDATE OR DELETE ON billing_charge_basis
    FOR EACH ROW EXECUTE FUNCTION billing_written_once();
ALTER TABLE billing_charge_basis ENABLE ALWAYS TRIGGER billing_charge_basis_once_written;
CREATE TRIGGER billing_payment_event_once_written BEFORE UPDATE OR DELETE ON billing_payment_event
    FOR EACH ROW EXECUTE FUNCTION billing_written_once();
ALTER TABLE billing_payment_event ENABLE ALWAYS TRIGGER billing_payment_event_once_written;

CREATE INDEX billing_block_subscription_span
    ON billing_block (subscription_id, from_at, until_at);
