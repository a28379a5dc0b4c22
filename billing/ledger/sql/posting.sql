-- The only way in. The running system may not INSERT a posting nor UPDATE a balance: it may only
-- EXECUTE these functions, which run as the owner, so a balance, a sequence number or a hash cannot be
-- chosen by the caller. Signatures are explained in billing/ledger/README.md.

-- The bytes of a posting that its hash covers: fixed width, the charge code last.
CREATE OR REPLACE FUNCTION ledger_link(
    p_journal bigint, p_account bigint, p_seq bigint, p_amount bigint, p_balance_after bigint,
    p_value_date date, p_subject bigint, p_basis bigint, p_corrects bigint, p_occurrence smallint,
    p_code text
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT '\x0001'::bytea || int8send(p_journal) || int8send(p_account) || int8send(p_seq)
        || int8send(p_amount) || int8send(p_balance_after) || date_send(p_value_date)
        || int8send(coalesce(p_subject, 0)) || int8send(coalesce(p_basis, 0))
        || int8send(coalesce(p_corrects, 0)) || int2send(p_occurrence)
        || convert_to(coalesce(p_code, ''), 'UTF8')
$$;

CREATE OR REPLACE FUNCTION ledger_chain_step(p_hash bytea, p_first bytea, p_link bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT sha256(coalesce(p_hash, p_first) || p_link) $$;

-- The hash after several postings of one account, in order, starting from p_first.
CREATE OR REPLACE AGGREGATE ledger_chain(bytea, bytea) (SFUNC = ledger_chain_step, STYPE = bytea);

-- A leg that cannot stand on the balance as it is found when the row is written.
CREATE OR REPLACE FUNCTION ledger_refuse_leg(p_account bigint, p_stopped boolean) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_stopped THEN
        RAISE EXCEPTION 'ledger: account % is parked or closed', p_account
            USING ERRCODE = 'GL005', DETAIL = p_account::text;
    END IF;
    RAISE EXCEPTION 'ledger: account % changed while it was charged', p_account
        USING ERRCODE = 'GL016';
END $$;

CREATE OR REPLACE FUNCTION ledger_post(
    p_kind text, p_value_date date, p_posted_at timestamptz, p_key text,
    p_actor text, p_source text, p_narrative text,
    p_accounts bigint[], p_amounts bigint[], p_subjects bigint[] DEFAULT NULL,
    p_codes text[] DEFAULT NULL, p_occurrences smallint[] DEFAULT NULL,
    p_bases bigint[] DEFAULT NULL, p_corrects bigint[] DEFAULT NULL,
    p_reverses bigint DEFAULT NULL, p_contra int DEFAULT 0
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET lock_timeout = '3s'
SET enable_seqscan = off  -- a plan made while tables are small must not scan them later
SET jit = off
SET plan_cache_mode = force_generic_plan  -- planning anew would cost more than posting
AS $$
DECLARE
    legs constant int := coalesce(cardinality(p_accounts), 0);
    asked constant bytea := sha256(
        textsend(p_kind) || '\x00'::bytea || date_send(p_value_date) || textsend(p_source)
        || '\x00'::bytea || int8send(coalesce(p_reverses, 0))
        || array_send(p_accounts) || array_send(p_amounts)
        || coalesce(array_send(p_subjects), '\x01'::bytea)
        || coalesce(array_send(p_codes), '\x02'::bytea)
        || coalesce(array_send(p_occurrences), '\x03'::bytea)
        || coalesce(array_send(p_bases), '\x04'::bytea)
        || coalesce(array_send(p_corrects), '\x05'::bytea));
    journal bigint;
    known bytea;
    subscribers bigint[];
    controls bigint[];
    own int;
    held record;
    are_held boolean;
    stopped bigint;
    is_ready boolean := p_contra BETWEEN 1 AND legs - 1
        AND coalesce(current_setting('geobill.balances_locked_by', true), '')
            = pg_current_xact_id()::text;
    written int;
BEGIN
    IF legs < 2 THEN
        RAISE EXCEPTION 'ledger: a journal needs at least two legs' USING ERRCODE = 'GL002';
    ELSIF cardinality(p_amounts) <> legs OR cardinality(p_subjects) <> legs
        OR cardinality(p_codes) <> legs OR cardinality(p_occurrences) <> legs
        OR cardinality(p_bases) <> legs OR cardinality(p_corrects) <> legs
    THEN
        RAISE EXCEPTION 'ledger: arrays of legs differ in length' USING ERRCODE = 'GL015';
    END IF;

    INSERT INTO ledger_journal AS j (kind, value_date, posted_at, idempotency_key, request_hash,
                                     actor, source, narrative, reverses_id)
    VALUES (p_kind, p_value_date, p_posted_at, p_key, asked, p_actor, p_source, p_narrative,
            p_reverses)
    ON CONFLICT (idempotency_key) DO NOTHING
    RETURNING j.id INTO journal;
    IF journal IS NULL THEN
        SELECT j.id, j.request_hash INTO journal, known
          FROM ledger_journal j WHERE j.idempotency_key = p_key;
        IF known = asked THEN
            RETURN journal;
        END IF;
        RAISE EXCEPTION 'ledger: key % was used by journal % for something else', p_key, journal
            USING ERRCODE = 'GL006', DETAIL = journal::text;
    END IF;

    IF legs <= 4 THEN
        SELECT array_agg(b.account_id) INTO subscribers
          FROM ledger_balance b WHERE b.account_id = ANY (p_accounts);
        IF cardinality(subscribers) = 1
            AND cardinality(array_positions(p_accounts, subscribers[1])) = 1
        THEN
            own := array_position(p_accounts, subscribers[1]);
        END IF;
    END IF;
    IF own IS NOT NULL THEN
        -- One leg on one subscriber, as nearly every payment is: the UPDATE is the lock.
        UPDATE ledger_balance b
           SET balance_kopecks = b.balance_kopecks + p_amounts[own],
               seq = b.seq + 1,
               last_hash = sha256(b.last_hash || ledger_link(journal, b.account_id, b.seq + 1,
                   p_amounts[own], b.balance_kopecks + p_amounts[own], p_value_date,
                   p_subjects[own], p_bases[own], p_corrects[own],
                   coalesce(p_occurrences[own], 0::smallint), p_codes[own]))
         WHERE b.account_id = p_accounts[own]
        RETURNING b.balance_kopecks, b.seq, b.last_hash, b.stopped INTO STRICT held;
        IF held.stopped THEN
            RAISE EXCEPTION 'ledger: account % is parked or closed', p_accounts[own]
                USING ERRCODE = 'GL005', DETAIL = p_accounts[own]::text;
        END IF;
        INSERT INTO ledger_posting (value_date, journal_id, account_id, amount_kopecks, seq,
                                    balance_after_kopecks, subject_id, charge_code, occurrence,
                                    charge_basis_id, corrects_id, hash)
        SELECT p_value_date, journal, l.account_id, l.amount,
               CASE WHEN l.ord = own THEN held.seq END,
               CASE WHEN l.ord = own THEN held.balance_kopecks END,
               l.subject_id, l.code, coalesce(l.occurrence, 0::smallint), l.basis_id,
               l.corrects_id, CASE WHEN l.ord = own THEN held.last_hash END
          FROM unnest(p_accounts, p_amounts, p_subjects, p_codes, p_occurrences, p_bases,
                      p_corrects)
               WITH ORDINALITY AS l(account_id, amount, subject_id, code, occurrence, basis_id,
                                    corrects_id, ord);
        RETURN journal;
    END IF;

    -- A charge run has locked its rows when it decided, and gives its legs side by side by account, the
    -- p_contra ones of revenue and VAT last. Nothing of that is looked up again: each row below is written
    -- only as it was read, or the whole journal is refused.
    IF is_ready THEN
        controls := p_accounts[legs - p_contra + 1:];
        is_ready := NOT EXISTS (SELECT FROM ledger_balance b WHERE b.account_id = ANY (controls));
    END IF;
    IF NOT is_ready THEN
        -- A row whose lock is this transaction's bears its number (nothing but the functions here can lock
        -- one). Else they are locked now, late, in order of account and until the end of the transaction.
        SELECT bool_and(b.xmax = pg_current_xact_id()::xid),
               min(b.account_id) FILTER (WHERE b.stopped), array_agg(b.account_id)
          INTO are_held, stopped, subscribers
          FROM ledger_balance b WHERE b.account_id = ANY (p_accounts);
        IF NOT are_held THEN
            SELECT min(b.account_id) FILTER (WHERE b.stopped), array_agg(b.account_id)
              INTO stopped, subscribers
              FROM (SELECT l.account_id, l.stopped FROM ledger_balance l
                     WHERE l.account_id = ANY (p_accounts) ORDER BY l.account_id FOR UPDATE) b;
        END IF;
        IF stopped IS NOT NULL THEN
            RAISE EXCEPTION 'ledger: account % is parked or closed', stopped
                USING ERRCODE = 'GL005', DETAIL = stopped::text;
        END IF;
        controls := ARRAY(SELECT unnest(p_accounts) EXCEPT SELECT unnest(subscribers));
        -- The legs of an account stand side by side from here on, as those of a charge run do already.
        IF cardinality(subscribers) + cardinality(controls) < (
            SELECT count(*) FROM unnest(p_accounts) WITH ORDINALITY AS l(account_id, ord)
             WHERE l.account_id IS DISTINCT FROM p_accounts[l.ord - 1])
        THEN
            SELECT array_agg(l.account_id ORDER BY l.account_id, l.ord),
                   array_agg(l.amount ORDER BY l.account_id, l.ord),
                   array_agg(l.subject_id ORDER BY l.account_id, l.ord),
                   array_agg(l.code ORDER BY l.account_id, l.ord),
                   array_agg(l.occurrence ORDER BY l.account_id, l.ord),
                   array_agg(l.basis_id ORDER BY l.account_id, l.ord),
                   array_agg(l.corrects_id ORDER BY l.account_id, l.ord)
              INTO p_accounts, p_amounts, p_subjects, p_codes, p_occurrences, p_bases, p_corrects
              FROM unnest(p_accounts, p_amounts, p_subjects, p_codes, p_occurrences, p_bases,
                          p_corrects)
                   WITH ORDINALITY AS l(account_id, amount, subject_id, code, occurrence, basis_id,
                                        corrects_id, ord);
        END IF;
    END IF;

    WITH leg AS MATERIALIZED (
        SELECT l.*, l.account_id IS DISTINCT FROM p_accounts[l.ord - 1]
                    AND l.account_id IS DISTINCT FROM p_accounts[l.ord + 1] AS is_single
          FROM unnest(p_accounts, p_amounts, p_subjects, p_codes, p_occurrences, p_bases,
                      p_corrects)
               WITH ORDINALITY AS l(account_id, amount, subject_id, code, occurrence, basis_id,
                                    corrects_id, ord)
    ), single AS (
        -- Most accounts have one leg: the row is written as it is read.
        UPDATE ledger_balance b
           SET balance_kopecks = b.balance_kopecks + l.amount,
               seq = CASE WHEN b.stopped THEN ledger_refuse_leg(b.account_id, true)
                          ELSE b.seq + 1 END,
               last_hash = sha256(b.last_hash || ledger_link(journal, b.account_id, b.seq + 1,
                   l.amount, b.balance_kopecks + l.amount, p_value_date, l.subject_id, l.basis_id,
                   l.corrects_id, coalesce(l.occurrence, 0::smallint), l.code))
          FROM leg l
         WHERE b.account_id = l.account_id AND l.is_single
        RETURNING l.account_id, l.amount, b.seq, b.balance_kopecks AS balance_after, l.subject_id,
                  l.code, l.occurrence, l.basis_id, l.corrects_id, b.last_hash AS hash
    ), several AS MATERIALIZED (
        SELECT l.*, row_number() OVER w AS place, lead(l.ord) OVER w IS NULL AS is_last,
               count(*) OVER (PARTITION BY l.account_id) AS legs_of_account,
               lead(l.amount) OVER w AS amount_2, lead(l.subject_id) OVER w AS subject_2,
               lead(l.code) OVER w AS code_2, lead(l.occurrence) OVER w AS occurrence_2,
               lead(l.basis_id) OVER w AS basis_2, lead(l.corrects_id) OVER w AS corrects_2
          FROM leg l WHERE NOT l.is_single
        WINDOW w AS (PARTITION BY l.account_id ORDER BY l.ord)
    ), pair AS (
        -- Nearly all others have two: one row is written for both, and neither is hashed twice.
        UPDATE ledger_balance b
           SET balance_kopecks = b.balance_kopecks + l.amount + l.amount_2,
               seq = CASE WHEN b.stopped OR b.seq <> l.seq_before
                          THEN ledger_refuse_leg(b.account_id, b.stopped) ELSE b.seq + 2 END,
               last_hash = sha256(l.first_hash || ledger_link(journal, b.account_id, b.seq + 2,
                   l.amount_2, b.balance_kopecks + l.amount + l.amount_2, p_value_date, l.subject_2,
                   l.basis_2, l.corrects_2, coalesce(l.occurrence_2, 0::smallint), l.code_2))
          FROM (SELECT s.*, h.seq AS seq_before, sha256(h.last_hash || ledger_link(journal, h.account_id, h.seq + 1,
                           s.amount, h.balance_kopecks + s.amount, p_value_date, s.subject_id,
                           s.basis_id, s.corrects_id, coalesce(s.occurrence, 0::smallint), s.code))
                           AS first_hash
                  FROM several s JOIN ledger_balance h ON h.account_id = s.account_id
                 WHERE s.place = 1 AND s.legs_of_account = 2
                OFFSET 0) l
         WHERE b.account_id = l.account_id
        RETURNING l.*, b.seq, b.balance_kopecks AS balance_after, b.last_hash AS hash
    ), running AS (
        SELECT l.*, b.last_hash AS hash_before, b.seq + l.place AS seq,
               (b.balance_kopecks + sum(l.amount) OVER w)::bigint AS balance_after
          FROM several l JOIN ledger_balance b ON b.account_id = l.account_id
         WHERE l.legs_of_account > 2
        WINDOW w AS (PARTITION BY l.account_id ORDER BY l.ord ROWS UNBOUNDED PRECEDING)
    ), chained AS MATERIALIZED (
        SELECT r.*, ledger_chain(hash_before, ledger_link(journal, account_id, seq, amount,
                   balance_after, p_value_date, subject_id, basis_id, corrects_id,
                   coalesce(occurrence, 0::smallint), code)) OVER w AS hash
          FROM running r
        WINDOW w AS (PARTITION BY account_id ORDER BY ord ROWS UNBOUNDED PRECEDING)
    ), moved AS (
        UPDATE ledger_balance b
           SET balance_kopecks = c.balance_after, last_hash = c.hash,
               seq = CASE WHEN b.stopped OR b.seq <> c.seq - c.legs_of_account
                          THEN ledger_refuse_leg(b.account_id, b.stopped) ELSE c.seq END
          FROM chained c
         WHERE b.account_id = c.account_id AND c.is_last
    )
    INSERT INTO ledger_posting (value_date, journal_id, account_id, amount_kopecks, seq,
                                balance_after_kopecks, subject_id, charge_code, occurrence,
                                charge_basis_id, corrects_id, hash)
    SELECT p_value_date, journal, account_id, amount, seq, balance_after, subject_id, code,
           coalesce(occurrence, 0::smallint), basis_id, corrects_id, hash
      FROM single
     UNION ALL
    SELECT p_value_date, journal, account_id, amount, seq - 1, balance_after - amount_2, subject_id,
           code, coalesce(occurrence, 0::smallint), basis_id, corrects_id, first_hash
      FROM pair
     UNION ALL
    SELECT p_value_date, journal, account_id, amount_2, seq, balance_after, subject_2, code_2,
           coalesce(occurrence_2, 0::smallint), basis_2, corrects_2, hash
      FROM pair
     UNION ALL
    SELECT p_value_date, journal, account_id, amount, seq, balance_after, subject_id, code,
           coalesce(occurrence, 0::smallint), basis_id, corrects_id, hash
      FROM chained
     UNION ALL
    SELECT p_value_date, journal, account_id, amount, NULL, NULL, subject_id, code,
           coalesce(occurrence, 0::smallint), basis_id, corrects_id, NULL
      FROM leg WHERE account_id = ANY (controls);
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> legs THEN
        RAISE EXCEPTION 'ledger: % of % legs were written: those of an account stand side by side',
            written, legs USING ERRCODE = 'GL016';
    END IF;
    RETURN journal;
END $$;

-- One chunk of a charge run: subscriber legs (negative) in the order they are to stand on the
-- accounts, then the contra legs (positive: revenue, VAT). One journal, one INSERT.
CREATE OR REPLACE FUNCTION ledger_post_charges(
    p_value_date date, p_posted_at timestamptz, p_key text, p_actor text, p_source text,
    p_narrative text, p_accounts bigint[], p_amounts bigint[], p_subjects bigint[], p_codes text[],
    p_occurrences smallint[], p_bases bigint[],
    p_contra_accounts bigint[], p_contra_amounts bigint[]
) RETURNS bigint LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT ledger_post('CHARGE', p_value_date, p_posted_at, p_key, p_actor, p_source, p_narrative,
        p_accounts || p_contra_accounts,
        p_amounts || p_contra_amounts,
        p_subjects || array_fill(NULL::bigint, ARRAY[cardinality(p_contra_accounts)]),
        p_codes || array_fill(NULL::text, ARRAY[cardinality(p_contra_accounts)]),
        CASE WHEN p_occurrences IS NOT NULL  -- NULL: all are 0
             THEN p_occurrences || array_fill(NULL::smallint, ARRAY[cardinality(p_contra_accounts)])
             END,
        p_bases || array_fill(NULL::bigint, ARRAY[cardinality(p_contra_accounts)]),
        p_contra => cardinality(p_contra_accounts))
$$;

-- Locks the balances of the accounts, in order of account and until the end of the transaction, and
-- returns those that can be posted to (not parked, not closed) with the balance they now have.
CREATE OR REPLACE FUNCTION ledger_lock_balances(p_accounts bigint[])
RETURNS TABLE (account_id bigint, balance_kopecks bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET lock_timeout = '3s'
SET enable_seqscan = off
SET jit = off
SET plan_cache_mode = force_generic_plan
ROWS 20000 AS $$
DECLARE
    near record;
BEGIN
    -- What is posted next in this transaction need not look whether these are locked (ledger_post).
    PERFORM set_config('geobill.balances_locked_by', pg_current_xact_id()::text, true);
    SELECT min(a) AS lowest, max(a) AS highest, count(*) AS accounts INTO near
      FROM unnest(p_accounts) AS a;
    IF near.accounts > 100 AND near.highest - near.lowest < 4 * near.accounts THEN
        -- Those of a charge run lie close together: they are read as they lie, not looked up one by one.
        RETURN QUERY
            SELECT l.account_id, l.balance_kopecks
              FROM (SELECT b.account_id, b.balance_kopecks, b.stopped FROM ledger_balance b
                     WHERE b.account_id BETWEEN near.lowest AND near.highest
                       AND (b.account_id IN (SELECT unnest(p_accounts))) IS TRUE
                     ORDER BY b.account_id FOR UPDATE) l
             WHERE NOT l.stopped;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT l.account_id, l.balance_kopecks
          FROM (SELECT b.account_id, b.balance_kopecks, b.stopped FROM ledger_balance b
                 WHERE b.account_id = ANY (p_accounts) ORDER BY b.account_id FOR UPDATE) l
         WHERE NOT l.stopped;
END $$;

-- The opposite of a whole journal: opposite legs, each naming the posting it takes back.
CREATE OR REPLACE FUNCTION ledger_reverse(
    p_journal bigint, p_value_date date, p_posted_at timestamptz, p_actor text, p_source text,
    p_narrative text
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET lock_timeout = '3s'
SET enable_seqscan = off
SET jit = off AS $$
DECLARE
    original record;
    reversal bigint;
    accounts bigint[];
    amounts bigint[];
    postings bigint[];
    subscribers bigint;
BEGIN
    SELECT j.id, j.kind, j.value_date INTO original
      FROM ledger_journal j WHERE j.id = p_journal FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'ledger: there is no journal %', p_journal USING ERRCODE = 'GL012';
    END IF;
    SELECT j.id INTO reversal FROM ledger_journal j WHERE j.reverses_id = p_journal;
    IF FOUND THEN
        RAISE EXCEPTION 'ledger: journal % is already reversed by %', p_journal, reversal
            USING ERRCODE = 'GL008', DETAIL = reversal::text;
    END IF;
    SELECT array_agg(p.account_id ORDER BY p.id), array_agg(-p.amount_kopecks ORDER BY p.id),
           array_agg(p.id ORDER BY p.id),
           count(DISTINCT p.account_id) FILTER (WHERE p.seq IS NOT NULL)
      INTO accounts, amounts, postings, subscribers
      FROM ledger_posting p
     WHERE p.journal_id = p_journal AND p.value_date = original.value_date;
    IF original.kind = 'REVERSAL' OR (original.kind <> 'TRANSFER' AND subscribers > 1) THEN
        RAISE EXCEPTION 'ledger: journal % is not one that is reversed whole', p_journal
            USING ERRCODE = 'GL013';
    END IF;
    RETURN ledger_post('REVERSAL', p_value_date, p_posted_at, 'reversal:' || p_journal, p_actor,
        p_source, p_narrative, accounts, amounts, p_corrects => postings, p_reverses => p_journal);
END $$;
