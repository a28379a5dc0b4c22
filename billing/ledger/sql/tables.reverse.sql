ALTER TABLE ledger_balance RESET (fillfactor);
ALTER TABLE ledger_journal DROP COLUMN created_xid;
DROP TABLE ledger_posting;
