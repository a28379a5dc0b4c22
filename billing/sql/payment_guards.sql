-- What was paid, and by whom it was told, never changes; states go one way.
CREATE FUNCTION billing_payment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'payments are never deleted' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.state, NEW.state) NOT IN (
        ('CREATED', 'CREATED'), ('CREATED', 'PENDING'), ('CREATED', 'CONFIRMED'),
        ('CREATED', 'FAILED'), ('CREATED', 'CANCELLED'),
        ('PENDING', 'PENDING'), ('PENDING', 'CONFIRMED'), ('PENDING', 'FAILED'),
        ('PENDING', 'CANCELLED'),
        ('CONFIRMED', 'CONFIRMED'), ('CONFIRMED', 'REVERSED'),
        ('FAILED', 'FAILED'), ('CANCELLED', 'CANCELLED'), ('REVERSED', 'REVERSED'))
    THEN
        RAISE EXCEPTION 'payment %: no way from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.journal_id IS NOT NULL AND
        (NEW.account_id, NEW.channel, NEW.merchant_id, NEW.space, NEW.external_id, NEW.order_number,
         NEW.request_hash, NEW.account_code, NEW.amount_kopecks, NEW.told_kopecks,
         NEW.gross_kopecks, NEW.fee_kopecks, NEW.paid_at, NEW.created_at, NEW.confirmed_at,
         NEW.journal_id)
        IS DISTINCT FROM
        (OLD.account_id, OLD.channel, OLD.merchant_id, OLD.space, OLD.external_id, OLD.order_number,
         OLD.request_hash, OLD.account_code, OLD.amount_kopecks, OLD.told_kopecks,
         OLD.gross_kopecks, OLD.fee_kopecks, OLD.paid_at, OLD.created_at, OLD.confirmed_at,
         OLD.journal_id)
    THEN
        RAISE EXCEPTION 'payment %: what is credited never changes', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.refunded_kopecks < OLD.refunded_kopecks
        OR NEW.told_back_kopecks < OLD.told_back_kopecks
    THEN
        RAISE EXCEPTION 'payment %: what went back never comes again', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_payment_fixed BEFORE UPDATE OR DELETE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_payment_guard();
ALTER TABLE billing_payment ENABLE ALWAYS TRIGGER billing_payment_fixed;

-- A refund that is done stays as it is, but for the provider's number of it, told later; one that
-- has failed is at most done after all; one that was heard of before its payment is given to the
-- payment as which the money came. None is deleted.
CREATE FUNCTION billing_refund_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE'
        OR (NEW.merchant_id, NEW.space, NEW.key, NEW.kind, NEW.created_at)
           IS DISTINCT FROM
           (OLD.merchant_id, OLD.space, OLD.key, OLD.kind, OLD.created_at)
        OR (NEW.payment_id <> OLD.payment_id AND OLD.state <> 'HEARD')
        OR (OLD.state = 'FAILED' AND NEW.state NOT IN ('FAILED', 'SUCCEEDED'))
        OR (OLD.state <> 'HEARD' AND NEW.state = 'HEARD')
        OR (OLD.state = 'SUCCEEDED' AND (
               (OLD.external_id <> '' AND NEW.external_id <> OLD.external_id)
               OR (NEW.state, NEW.amount_kopecks, NEW.told_kopecks, NEW.journal_id, NEW.reason,
                   NEW.finished_at, NEW.settled_by, NEW.error)
                  IS DISTINCT FROM
                  (OLD.state, OLD.amount_kopecks, OLD.told_kopecks, OLD.journal_id, OLD.reason,
                   OLD.finished_at, OLD.settled_by, OLD.error)))
    THEN
        RAISE EXCEPTION 'refund %: what is done stays', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER billing_refund_fixed BEFORE UPDATE OR DELETE ON billing_payment_refund
    FOR EACH ROW EXECUTE FUNCTION billing_refund_guard();
ALTER TABLE billing_payment_refund ENABLE ALWAYS TRIGGER billing_refund_fixed;

-- Messages and salts are written once. Old ones are cut off by the function below only.
CREATE FUNCTION billing_message_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('billing.purging', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '%: rows are written once', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER billing_payment_message_once_written BEFORE UPDATE OR DELETE ON billing_payment_message
    FOR EACH ROW EXECUTE FUNCTION billing_message_guard();
ALTER TABLE billing_payment_message ENABLE ALWAYS TRIGGER billing_payment_message_once_written;
CREATE TRIGGER billing_used_nonce_once_written BEFORE UPDATE OR DELETE ON billing_used_nonce
    FOR EACH ROW EXECUTE FUNCTION billing_message_guard();
ALTER TABLE billing_used_nonce ENABLE ALWAYS TRIGGER billing_used_nonce_once_written;

-- Messages before that moment, at least 90 days old: how many were deleted.
CREATE FUNCTION billing_purge_messages(p_before timestamptz) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_deleted bigint;
BEGIN
    IF p_before > now() - interval '90 days' THEN
        RAISE EXCEPTION 'messages are kept for 90 days at least'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM set_config('billing.purging', 'on', true);
    DELETE FROM billing_payment_message WHERE at < p_before;
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    PERFORM set_config('billing.purging', 'off', true);
    RETURN v_deleted;
END $$;

CREATE FUNCTION billing_payments_no_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never emptied', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
DO $$
DECLARE
    v_table text;
BEGIN
    FOREACH v_table IN ARRAY ARRAY['billing_payment', 'billing_payment_refund',
                                   'billing_payment_event', 'billing_payment_message',
                                   'billing_used_nonce'] LOOP
        EXECUTE format('CREATE TRIGGER billing_payments_not_emptied BEFORE TRUNCATE ON %I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION billing_payments_no_truncate()', v_table);
        EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER billing_payments_not_emptied', v_table);
    END LOOP;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON billing_payment_message, billing_used_nonce,
            billing_payment_event FROM geobill_app;
        REVOKE DELETE, TRUNCATE ON billing_payment, billing_payment_attempt, billing_payment_refund,
            billing_merchant_account, billing_legal_entity, billing_provider_register,
            billing_provider_register_row FROM geobill_app;
        GRANT EXECUTE ON FUNCTION billing_purge_messages(timestamptz) TO geobill_app;
    END IF;
    REVOKE EXECUTE ON FUNCTION billing_purge_messages(timestamptz) FROM PUBLIC;
END $$;
