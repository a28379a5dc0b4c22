-- What holds for every writer, the owner of the tables included. All triggers are ENABLE ALWAYS, so
-- that session_replication_role = replica does not get past them. What they ask of a journal and its
-- legs is in journals.sql.

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'ledger: % is append-only, % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'GL009';
END $$;

-- What an account is never changes; who holds it, and whether it is parked or closed, may.
CREATE FUNCTION ledger_check_account() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.id, NEW.code, NEW.kind, NEW.currency, NEW.opened_at)
       IS DISTINCT FROM (OLD.id, OLD.code, OLD.kind, OLD.currency, OLD.opened_at) THEN
        RAISE EXCEPTION 'ledger: account % keeps its code, kind, currency and opening', OLD.id
            USING ERRCODE = 'GL009';
    END IF;
    RETURN NEW;
END $$;

-- A seal may be marked as published, once; nothing else about it changes.
CREATE FUNCTION ledger_check_seal() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF OLD.published_at IS NOT NULL OR NEW.published_at IS NULL
       OR to_jsonb(NEW) - 'published_at' <> to_jsonb(OLD) - 'published_at' THEN
        RAISE EXCEPTION 'ledger: the seal of % cannot change', OLD.day USING ERRCODE = 'GL009';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ledger_posting_append_only BEFORE UPDATE OR DELETE ON ledger_posting
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_posting_no_truncate BEFORE TRUNCATE ON ledger_posting
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_posting_legs AFTER INSERT ON ledger_posting
    REFERENCING NEW TABLE AS new_legs
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_check_legs();

CREATE TRIGGER ledger_journal_append_only BEFORE UPDATE OR DELETE ON ledger_journal
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_journal_no_truncate BEFORE TRUNCATE ON ledger_journal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_journal_stamp BEFORE INSERT ON ledger_journal
    FOR EACH ROW EXECUTE FUNCTION ledger_stamp_journal();

CREATE TRIGGER ledger_account_fixed BEFORE UPDATE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_check_account();
CREATE TRIGGER ledger_account_no_delete BEFORE DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_account_no_truncate BEFORE TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE TRIGGER ledger_balance_no_delete BEFORE DELETE ON ledger_balance
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_balance_no_truncate BEFORE TRUNCATE ON ledger_balance
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE TRIGGER ledger_period_append_only BEFORE UPDATE OR DELETE ON ledger_period
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_period_no_truncate BEFORE TRUNCATE ON ledger_period
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

CREATE TRIGGER ledger_seal_fixed BEFORE UPDATE ON ledger_seal
    FOR EACH ROW EXECUTE FUNCTION ledger_check_seal();
CREATE TRIGGER ledger_seal_no_delete BEFORE DELETE ON ledger_seal
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change();
CREATE TRIGGER ledger_seal_no_truncate BEFORE TRUNCATE ON ledger_seal
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();

DO $$
DECLARE
    guard record;
BEGIN
    FOR guard IN
        SELECT t.tgrelid::regclass AS rel, t.tgname FROM pg_trigger t
         WHERE NOT t.tgisinternal AND t.tgrelid IN (
            'ledger_posting'::regclass, 'ledger_journal'::regclass, 'ledger_account'::regclass,
            'ledger_balance'::regclass, 'ledger_period'::regclass, 'ledger_seal'::regclass)
    LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', guard.rel, guard.tgname);
    END LOOP;
END $$;
