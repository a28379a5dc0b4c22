-- Rights of the running system on the ledger's tables that it should not have.
WITH rel AS (
    SELECT c.oid, c.oid::regclass::text AS name, c.relispartition
      FROM pg_class c
     WHERE c.oid IN ('ledger_account'::regclass, 'ledger_balance'::regclass,
                     'ledger_journal'::regclass, 'ledger_posting'::regclass,
                     'ledger_seal'::regclass, 'ledger_period'::regclass)
        OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'ledger_posting'::regclass)
)
SELECT rel.name, p.privilege
  FROM rel
 CROSS JOIN (VALUES ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('TRIGGER'), ('SELECT'))
            AS p (privilege)
  JOIN pg_roles r ON r.rolname = 'geobill_app'
 WHERE has_table_privilege(r.oid, rel.oid, p.privilege)
   AND (p.privilege <> 'SELECT' OR rel.relispartition)
 ORDER BY 1, 2
