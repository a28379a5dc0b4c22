-- Seals: a seal covers every journal after the previous seal up to a cut, so each journal is in exactly
-- one seal, whatever dates it carries. Roots are chained. Journals are told apart by id.

-- The cut: the last journal such that no smaller id can appear any more. The lock waits for postings on
-- their way and is held only until the caller's transaction ends, which should be at once.
CREATE FUNCTION ledger_seal_cut() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET lock_timeout = '3s' AS $$
BEGIN
    LOCK TABLE ledger_journal IN SHARE MODE;
    RETURN (SELECT coalesce(max(id), 0) FROM ledger_journal);
END $$;

CREATE FUNCTION ledger_framed(p_text text) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT int4send(octet_length(convert_to(p_text, 'UTF8'))) || convert_to(p_text, 'UTF8')
$$;

-- What the seal over journals (p_after, p_until] must be, recomputed from the rows.
CREATE FUNCTION ledger_seal_root(p_previous_root bytea, p_after bigint, p_until bigint)
RETURNS TABLE (postings bigint, sum_debit_kopecks bigint, sum_credit_kopecks bigint, root bytea)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    WITH leg AS (
        SELECT p.journal_id, count(*) AS legs,
               coalesce(sum(p.amount_kopecks) FILTER (WHERE p.amount_kopecks < 0), 0) AS debit,
               coalesce(sum(p.amount_kopecks) FILTER (WHERE p.amount_kopecks > 0), 0) AS credit,
               sha256(string_agg(
                   int8send(p.id) || coalesce(p.hash, ''::bytea)
                   || ledger_link(p.journal_id, p.account_id, coalesce(p.seq, 0),
                          p.amount_kopecks, coalesce(p.balance_after_kopecks, 0), p.value_date,
                          p.subject_id, p.charge_basis_id, p.corrects_id, p.occurrence,
                          p.charge_code),
                   ''::bytea ORDER BY p.id)) AS legs_hash
          FROM ledger_posting p
         WHERE p.journal_id > p_after AND p.journal_id <= p_until
         GROUP BY p.journal_id
    ), journal AS (
        SELECT j.id, leg.legs, leg.debit, leg.credit,
               sha256(int8send(j.id) || date_send(j.value_date) || timestamptz_send(j.posted_at)
                   || ledger_framed(j.kind) || ledger_framed(j.idempotency_key) || j.request_hash
                   || ledger_framed(j.actor) || ledger_framed(j.source)
                   || ledger_framed(j.narrative) || int8send(coalesce(j.reverses_id, 0))
                   || coalesce(leg.legs_hash, ''::bytea)) AS journal_hash
          FROM ledger_journal j LEFT JOIN leg ON leg.journal_id = j.id
         WHERE j.id > p_after AND j.id <= p_until
    )
    SELECT coalesce(sum(legs), 0)::bigint, coalesce(sum(debit), 0)::bigint,
           coalesce(sum(credit), 0)::bigint,
           sha256(p_previous_root || int8send(p_after) || int8send(p_until)
                  || coalesce(string_agg(journal_hash, ''::bytea ORDER BY id), ''::bytea))
      FROM journal
$$;

-- Writes the seal of a day up to the cut. A day is sealed once.
CREATE FUNCTION ledger_seal_write(p_day date, p_cut bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
SET lock_timeout = '3s' AS $$
DECLARE
    previous record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('ledger_seal_write', 0));
    SELECT s.day, s.last_journal_id, s.chain_root INTO previous
      FROM ledger_seal s ORDER BY s.day DESC LIMIT 1;
    IF previous.day >= p_day THEN
        RETURN false;
    END IF;
    INSERT INTO ledger_seal (day, last_journal_id, postings, sum_debit_kopecks,
                             sum_credit_kopecks, chain_root, previous_root)
    SELECT p_day, p_cut, r.postings, r.sum_debit_kopecks, r.sum_credit_kopecks, r.root,
           coalesce(previous.chain_root, decode(repeat('00', 32), 'hex'))
      FROM ledger_seal_root(coalesce(previous.chain_root, decode(repeat('00', 32), 'hex')),
                            coalesce(previous.last_journal_id, 0), p_cut) r
     WHERE p_cut >= coalesce(previous.last_journal_id, 0);
    RETURN FOUND;
END $$;

CREATE FUNCTION ledger_seal_published(p_day date, p_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $$
    UPDATE ledger_seal SET published_at = p_at WHERE day = p_day AND published_at IS NULL
$$;
