DO $$
DECLARE
    v_table text;
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        GRANT UPDATE, DELETE ON billing_payment_message, billing_used_nonce, billing_payment_event
            TO geobill_app;
        GRANT DELETE ON billing_payment, billing_payment_attempt, billing_payment_refund,
            billing_merchant_account, billing_legal_entity, billing_provider_register,
            billing_provider_register_row TO geobill_app;
    END IF;
    FOREACH v_table IN ARRAY ARRAY['billing_payment', 'billing_payment_refund',
                                   'billing_payment_event', 'billing_payment_message',
                                   'billing_used_nonce'] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS billing_payments_not_emptied ON %I', v_table);
    END LOOP;
END $$;
DROP FUNCTION IF EXISTS billing_payments_no_truncate();
DROP FUNCTION IF EXISTS billing_purge_messages(timestamptz);
DROP TRIGGER IF EXISTS billing_used_nonce_once_written ON billing_used_nonce;
DROP TRIGGER IF EXISTS billing_payment_message_once_written ON billing_payment_message;
DROP FUNCTION IF EXISTS billing_message_guard();
DROP TRIGGER IF EXISTS billing_refund_fixed ON billing_payment_refund;
DROP FUNCTION IF EXISTS billing_refund_guard();
DROP TRIGGER IF EXISTS billing_payment_fixed ON billing_payment;
DROP FUNCTION IF EXISTS billing_payment_guard();
