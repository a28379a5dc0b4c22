DROP TRIGGER billing_charge_state_follows ON billing_subscription;
DROP FUNCTION billing_charge_state_follows();
DROP TRIGGER billing_charge_state_made ON billing_subscription;
DROP FUNCTION billing_charge_state_made();
UPDATE billing_subscription AS s
SET charged_until = c.charged_until, charged_basis_id = c.charged_basis_id,
    anchor_day = c.anchor_day, connection_charged_date = c.connection_charged_date
FROM billing_charge_state AS c WHERE c.subscription_id = s.id;
ALTER TABLE billing_subscription SET (fillfactor = 60);
