-- Triggers that should guard the ledger's tables, each partition included, and do not. A trigger on a
-- parent that is cloned to partitions (row triggers) must be armed on each clone too.
WITH expected (rel, name) AS (
    SELECT rel::regclass, name FROM (VALUES
        ('ledger_posting', 'ledger_posting_append_only'),
        ('ledger_posting', 'ledger_posting_no_truncate'),
        ('ledger_posting', 'ledger_posting_legs'),
        ('ledger_journal', 'ledger_journal_append_only'),
        ('ledger_journal', 'ledger_journal_no_truncate'),
        ('ledger_journal', 'ledger_journal_stamp'),
        ('ledger_account', 'ledger_account_fixed'),
        ('ledger_account', 'ledger_account_no_delete'),
        ('ledger_account', 'ledger_account_no_truncate'),
        ('ledger_balance', 'ledger_balance_no_delete'),
        ('ledger_balance', 'ledger_balance_no_truncate'),
        ('ledger_period', 'ledger_period_append_only'),
        ('ledger_period', 'ledger_period_no_truncate'),
        ('ledger_seal', 'ledger_seal_fixed'),
        ('ledger_seal', 'ledger_seal_no_delete'),
        ('ledger_seal', 'ledger_seal_no_truncate')) AS own (rel, name)
     UNION ALL
    SELECT i.inhrelid::regclass, name
      FROM pg_inherits i,
           (VALUES ('ledger_posting_append_only'), ('ledger_posting_no_truncate'),
                   ('ledger_posting_legs')) AS part (name)
     WHERE i.inhparent = 'ledger_posting'::regclass
)
SELECT e.rel::text, e.name
  FROM expected e
  LEFT JOIN pg_trigger t ON t.tgrelid = e.rel AND t.tgname = e.name AND t.tgenabled = 'A'
 WHERE t.oid IS NULL
 ORDER BY 1, 2
