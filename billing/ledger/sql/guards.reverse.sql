DROP FUNCTION ledger_check_legs() CASCADE;
DROP FUNCTION ledger_stamp_journal() CASCADE;
DROP FUNCTION ledger_check_account() CASCADE;
DROP FUNCTION ledger_check_seal() CASCADE;
DROP FUNCTION ledger_refuse_change() CASCADE;
