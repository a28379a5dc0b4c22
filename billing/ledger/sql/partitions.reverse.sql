DROP FUNCTION ledger_ensure_partitions(date, date);
