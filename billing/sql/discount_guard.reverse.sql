DROP TRIGGER billing_discount_immutable ON billing_discount;
DROP FUNCTION billing_discount_guard();
