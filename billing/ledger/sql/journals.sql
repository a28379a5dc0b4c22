-- What every journal and its legs are held to, by triggers (guards.sql). These two run at each payment, and
-- a SET of a function costs as much as a look-up by index: so there is none here, tables and functions are
-- named with their schema, and `ledger_post`, which alone writes journals, has set what their plans need.

-- Legs of a journal: two or more, summing to zero, on the journal's date, all in one INSERT of the
-- journal's own transaction, in an open month. An INSERT holds one journal. That it had its INSERT is
-- remembered for the rest of the transaction as the highest journal complete so far (ids only rise):
-- looking for its earlier legs instead would open every partition at each payment (2 ms instead of 0.1).
CREATE OR REPLACE FUNCTION ledger_check_legs() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    complete constant bigint :=
        coalesce(nullif(pg_catalog.current_setting('geobill.complete_journal', true), '')::bigint, 0);
    given record;
BEGIN
    SELECT l.*, j.value_date, j.created_xid,
           EXISTS (SELECT FROM public.ledger_period c
                    WHERE c.month = pg_catalog.date_trunc('month', j.value_date::timestamp)::date) AS closed
      INTO given
      FROM (SELECT pg_catalog.min(n.journal_id) AS journal_id,
                   pg_catalog.max(n.journal_id) AS other_id,
                   pg_catalog.count(*) AS legs, pg_catalog.sum(n.amount_kopecks) AS total,
                   pg_catalog.min(n.value_date) AS first_date,
                   pg_catalog.max(n.value_date) AS last_date
              FROM new_legs n) l
      LEFT JOIN public.ledger_journal j ON j.id = l.journal_id;
    IF given.legs = 0 THEN
        RETURN NULL;
    ELSIF given.journal_id <> given.other_id THEN
        RAISE EXCEPTION 'ledger: legs of journals % and % in one INSERT, which holds one',
            given.journal_id, given.other_id USING ERRCODE = 'GL002';
    ELSIF given.total <> 0 THEN
        RAISE EXCEPTION 'ledger: legs of journal % sum to %, not to zero',
            given.journal_id, given.total USING ERRCODE = 'GL001';
    ELSIF given.legs < 2 THEN
        RAISE EXCEPTION 'ledger: journal % has one leg, at least two are needed',
            given.journal_id USING ERRCODE = 'GL002';
    ELSIF given.created_xid IS DISTINCT FROM pg_catalog.pg_current_xact_id()
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
    PERFORM pg_catalog.set_config('geobill.complete_journal', given.journal_id::text, true);
    RETURN NULL;
END $$;

-- A journal is written by the transaction it names: created_xid cannot be chosen.
CREATE OR REPLACE FUNCTION ledger_stamp_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.created_xid := pg_catalog.pg_current_xact_id();
    RETURN NEW;
END $$;
