DROP FUNCTION billing_charge_chunk(date, timestamptz, boolean, timestamptz, bigint, bigint, bigint[],
                                   text, text, text);
