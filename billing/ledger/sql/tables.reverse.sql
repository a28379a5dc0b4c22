-- Going back would throw the books away: only an empty ledger may.
DO $$
BEGIN
    IF EXISTS (SELECT FROM ledger_journal) THEN
        RAISE EXCEPTION 'ledger: there are journals; this migration is not undone'
            USING ERRCODE = 'restrict_violation';
    END IF;
END $$;

ALTER TABLE ledger_balance RESET (fillfactor);
ALTER TABLE ledger_journal DROP COLUMN created_xid;
DROP TABLE ledger_posting;
