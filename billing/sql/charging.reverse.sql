DROP FUNCTION billing_charge_due(date, timestamptz, boolean, bigint, bigint, bigint[]);
DROP FUNCTION billing_due_accounts(date, date);
DROP TYPE billing_due;
DROP FUNCTION billing_service_on(date, timestamptz, boolean, bigint, bigint);
DROP FUNCTION billing_vat_part(bigint, integer);
DROP FUNCTION billing_amount(text, bigint, integer, integer);
DROP FUNCTION billing_period_end(date, integer);
DROP FUNCTION billing_period_start(date, integer);
DROP FUNCTION billing_anchor_in(date, integer);
