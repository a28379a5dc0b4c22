-- The running system (geobill_app) reads the ledger and executes its functions; it writes nothing
-- directly, except the name of an account's holder. Default privileges of the cluster may have given it
-- more when the tables were made, so everything is taken back first.
DO $$
DECLARE
    app constant boolean := EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app');
    item record;
BEGIN
    FOR item IN
        SELECT c.oid::regclass AS rel, c.relkind, c.relispartition FROM pg_class c
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'S')
           AND (c.relname ~ '^ledger_(account|balance|journal|posting|seal|period)(_id_seq)?$'
                OR c.relispartition AND c.relname ~ '^ledger_posting_')
    LOOP
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
            CASE item.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, item.rel);
        IF app THEN
            EXECUTE format('REVOKE ALL ON %s %s FROM geobill_app',
                CASE item.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, item.rel);
            IF item.relkind <> 'S' AND NOT item.relispartition THEN
                EXECUTE format('GRANT SELECT ON TABLE %s TO geobill_app', item.rel);
            END IF;
        END IF;
    END LOOP;
    IF app THEN
        GRANT UPDATE (holder_name) ON ledger_account TO geobill_app;
    END IF;

    FOR item IN
        SELECT p.oid::regprocedure AS proc FROM pg_proc p
         WHERE p.pronamespace = 'public'::regnamespace AND p.proname ~ '^ledger_'
    LOOP
        EXECUTE format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', item.proc);
        IF app THEN
            EXECUTE format('REVOKE ALL ON ROUTINE %s FROM geobill_app', item.proc);
            -- Trigger functions and the steps inside the chain are nobody's business.
            IF item.proc::text !~ '^ledger_(check|refuse|stamp)' THEN
                EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO geobill_app', item.proc);
            END IF;
        END IF;
    END LOOP;
END $$;
