-- Of payments from before: what their message said is known by its hash; their refunds were taken
-- as they were told, the last one of a whole takes the rest.
ALTER TABLE billing_payment DISABLE TRIGGER billing_payment_fixed;
ALTER TABLE billing_payment_refund DISABLE TRIGGER billing_refund_fixed;

UPDATE billing_payment
SET told_kopecks = CASE
        WHEN gross_kopecks IS NULL OR gross_kopecks = amount_kopecks THEN amount_kopecks
        WHEN request_hash = sha256(convert_to(btrim(account_code), 'UTF8') || '\x00'::bytea
                                   || convert_to(amount_kopecks::text, 'UTF8')) THEN amount_kopecks
        ELSE gross_kopecks END;
UPDATE billing_payment
SET told_back_kopecks = CASE state WHEN 'REVERSED' THEN told_kopecks
                                   ELSE LEAST(refunded_kopecks, told_kopecks - 1) END
WHERE refunded_kopecks > 0;

UPDATE billing_payment_refund SET told_kopecks = amount_kopecks;
UPDATE billing_payment_refund AS r
SET told_kopecks = GREATEST(1, p.told_back_kopecks - before.told)
FROM billing_payment AS p,
     LATERAL (SELECT COALESCE(sum(o.told_kopecks), 0) AS told FROM billing_payment_refund AS o
              WHERE o.payment_id = p.id AND o.state = 'SUCCEEDED'
                AND o.id <> (SELECT max(l.id) FROM billing_payment_refund AS l
                             WHERE l.payment_id = p.id AND l.state = 'SUCCEEDED')) AS before
WHERE r.payment_id = p.id AND r.state = 'SUCCEEDED'
  AND r.id = (SELECT max(l.id) FROM billing_payment_refund AS l
              WHERE l.payment_id = p.id AND l.state = 'SUCCEEDED');

ALTER TABLE billing_payment ENABLE ALWAYS TRIGGER billing_payment_fixed;
ALTER TABLE billing_payment_refund ENABLE ALWAYS TRIGGER billing_refund_fixed;
