CREATE OR REPLACE FUNCTION billing_payment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
         NEW.request_hash, NEW.account_code, NEW.amount_kopecks, NEW.gross_kopecks, NEW.fee_kopecks,
         NEW.paid_at, NEW.created_at, NEW.confirmed_at, NEW.journal_id)
        IS DISTINCT FROM
        (OLD.account_id, OLD.channel, OLD.merchant_id, OLD.space, OLD.external_id, OLD.order_number,
         OLD.request_hash, OLD.account_code, OLD.amount_kopecks, OLD.gross_kopecks, OLD.fee_kopecks,
         OLD.paid_at, OLD.created_at, OLD.confirmed_at, OLD.journal_id)
    THEN
        RAISE EXCEPTION 'payment %: what is credited never changes', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.refunded_kopecks < OLD.refunded_kopecks THEN
        RAISE EXCEPTION 'payment %: what went back never comes again', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION billing_refund_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' OR OLD.state IN ('SUCCEEDED', 'FAILED')
        OR (NEW.payment_id, NEW.merchant_id, NEW.space, NEW.key, NEW.kind, NEW.created_at)
           IS DISTINCT FROM
           (OLD.payment_id, OLD.merchant_id, OLD.space, OLD.key, OLD.kind, OLD.created_at)
    THEN
        RAISE EXCEPTION 'refund %: what is done stays', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
