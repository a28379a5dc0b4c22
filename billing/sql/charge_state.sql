-- Every service has its row of billing_charge_state, from the statement that makes the service on, and
-- the row names the account of the service: charging reads the two side by side by account.

-- Each row is written once a night. Half of a page is left for that, as in ledger_balance.
ALTER TABLE billing_charge_state SET (fillfactor = 50);
ALTER TABLE billing_subscription RESET (fillfactor);

INSERT INTO billing_charge_state (subscription_id, account_id, charged_until, charged_basis_id,
                                  anchor_day, connection_charged_date)
SELECT id, account_id, charged_until, charged_basis_id, anchor_day, connection_charged_date
FROM billing_subscription ORDER BY account_id, id;

CREATE FUNCTION billing_charge_state_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_charge_state (subscription_id, account_id, anchor_day)
    SELECT id, account_id, 1 FROM made;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_charge_state_made AFTER INSERT ON billing_subscription
    REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION billing_charge_state_made();

CREATE FUNCTION billing_charge_state_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE billing_charge_state SET account_id = NEW.account_id WHERE subscription_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER billing_charge_state_follows AFTER UPDATE OF account_id ON billing_subscription
    FOR EACH ROW WHEN (NEW.account_id <> OLD.account_id)
    EXECUTE FUNCTION billing_charge_state_follows();
