DROP FUNCTION ledger_check_account() CASCADE;
DROP FUNCTION ledger_check_seal() CASCADE;
DROP FUNCTION ledger_refuse_change() CASCADE;
