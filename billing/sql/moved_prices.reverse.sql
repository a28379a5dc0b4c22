DROP FUNCTION billing_unfixed_moved_prices(date, timestamptz, boolean, bigint, bigint);
