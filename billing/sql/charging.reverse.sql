DROP FUNCTION IF EXISTS billing_charge_chunk(date, timestamptz, boolean, timestamptz, bigint, bigint,
                                             bigint[], text, text, text);
DROP FUNCTION IF EXISTS billing_fix_bases(date, timestamptz, boolean, bigint, bigint);
DROP FUNCTION IF EXISTS billing_charge_due(date, timestamptz, boolean, bigint, bigint, bigint[]);
DROP FUNCTION IF EXISTS billing_service_on(date, timestamptz, boolean, bigint, bigint);
DROP FUNCTION IF EXISTS billing_due_accounts(date, date);
DROP TYPE IF EXISTS billing_due;
