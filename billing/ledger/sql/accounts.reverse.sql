DROP FUNCTION ledger_close_period(date, timestamptz, text);
DROP FUNCTION ledger_stop_account(bigint, timestamptz, text, timestamptz);
DROP FUNCTION ledger_open_account(text, text, timestamptz, text);
