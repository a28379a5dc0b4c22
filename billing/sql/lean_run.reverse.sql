-- The other functions are put back together with those of discounts.sql, one migration before.
DROP FUNCTION billing_fix_bases(date, timestamptz, boolean, bigint, bigint);
DROP FUNCTION billing_credit_on(bigint, date);
ALTER TABLE billing_subscription RESET (fillfactor);
