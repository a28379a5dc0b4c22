DROP FUNCTION ledger_check_legs() CASCADE;
DROP FUNCTION ledger_stamp_journal() CASCADE;
