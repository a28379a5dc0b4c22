-- What holds for every writer, the owner of the tables included. All triggers are ENABLE ALWAYS, so
-- that session_replication_role = replica does not get past them.

CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'ledger: % is append-only, % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'GL009';
END $$;

-- Legs of a journal: two or more, summing to zero, on the journal's date, all in one INSERT of the
-- journal's own transaction, in an open month. That a journal had its INSERT is remembered for the
-- rest of the transaction as the highest journal complete so far (ids only rise): looking for its
-- earlier legs instead would open every partition at each payment (2 ms instead of 0.1).
CREATE FUNCTION ledger_check_legs() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    complete constant bigint :=
        coalesce(nullif(current_setting('geobill.complete_journal', true), '')::bigint, 0);
    highest bigint := complete;
    given record;
BEGIN
    FOR given IN
        SELECT l.journal_id, l.legs, l.total, l.first_date, l.last_date, j.value_date,
               j.created_xid,
               EXISTS (SELECT FROM ledger_period c
                        WHERE c.month = date_trunc('month', j.value_date::timestamp)::date) AS closed
          FROM (SELECT n.journal_id, count(*) AS legs, sum(n.amount_kopecks) AS total,
                       min(n.value_date) AS first_date, max(n.value_date) AS last_date
                  FROM new_legs n GROUP BY n.journal_id) l
          LEFT JOIN ledger_journal j ON j.id = l.journal_id
    LOOP
        IF given.total <> 0 THEN
            RAISE EXCEPTION 'ledger: legs of journal % sum to %, not to zero',
                given.journal_id, given.total USING ERRCODE = 'GL001';
        ELSIF given.legs < 2 THEN
            RAISE EXCEPTION 'ledger: journal % has one leg, at least two are needed',
                given.journal_id USING ERRCODE = 'GL002';
        ELSIF given.created_xid IS DISTINCT FROM pg_current_xact_id()
            OR given.journal_id <= complete
        THEN
            RAISE EXCEPTION 'ledger: journal % is complete and cannot grow', given.journal_id
                USING ERRCODE = 'GL003';
        ELSIF given.first_date <> given.value_date OR given.last_date <> given.value_date THEN
            RAISE EXCEPTION 'ledger: legs of journal % are not on its value date %',
                given.journal_id, given.value_date USING ERRCODE = 'GL014';
        ELSIF given.closed THEN
            RAISE EXCEPTION 'ledger: the month of % is closed', given.value_date
                USING ERRCODE = 'GL004', DETAIL = to_char(given.value_date, 'YYYY-MM');
        END IF;
        highest := greatest(highest, given.journal_id);
    END LOOP;
    PERFORM set_config('geobill.complete_journal', highest::text, true);
    RETURN NULL;
END $$;

-- A journal is written by the transaction it names: created_xid cannot be chosen.
CREATE FUNCTION ledger_stamp_journal() RETURNS trigger LANGUAGE plpgsql
SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.created_xid := pg_current_xact_id();
    RETURN NEW;
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
