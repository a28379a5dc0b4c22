DROP FUNCTION billing_net_price(date, bigint, bigint, text, bigint);
DROP FUNCTION billing_daily_between(bigint, date, date);
DROP FUNCTION billing_months_begun(integer, date, date);
DROP TRIGGER billing_discount_immutable ON billing_discount;
DROP FUNCTION billing_discount_guard();
DROP FUNCTION billing_version_on(bigint, date);
DROP FUNCTION billing_discount_fits(billing_discount, bigint, bigint, text);
DROP FUNCTION billing_discount_off(text, integer, bigint, bigint);
