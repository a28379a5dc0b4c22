DROP FUNCTION ledger_seal_published(date, timestamptz);
DROP FUNCTION ledger_seal_write(date, bigint);
DROP FUNCTION ledger_seal_root(bytea, bigint, bigint);
DROP FUNCTION ledger_framed(text);
DROP FUNCTION ledger_seal_cut();
