-- Monthly partitions of ledger_posting. The table is made beside its parent and then attached, which
-- stops nobody from reading and posting meanwhile (CREATE TABLE … PARTITION OF would).
-- SECURITY DEFINER: the running system may ask for a partition, but owns none and has no right on it.
CREATE FUNCTION ledger_ensure_partitions(p_from date, p_until date) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '3s' AS $$
DECLARE
    first_month date := date_trunc('month', p_from)::date;
    from_date date;
    part text;
BEGIN
    IF p_until <= p_from OR p_until - p_from > 36600 THEN
        RAISE EXCEPTION 'ledger: no span of dates to make partitions for: % to %', p_from, p_until
            USING ERRCODE = 'GL010';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('ledger_ensure_partitions', 0));
    FOR from_date IN
        SELECT m::date FROM generate_series(
            first_month::timestamp, (p_until - 1)::timestamp, interval '1 month') m
    LOOP
        part := 'ledger_posting_' || to_char(from_date, 'YYYY_MM');
        CONTINUE WHEN to_regclass('public.' || part) IS NOT NULL;
        EXECUTE format('CREATE TABLE public.%I (LIKE public.ledger_posting'
            ' INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)', part);
        EXECUTE format('REVOKE ALL ON public.%I FROM PUBLIC', part);
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
            EXECUTE format('REVOKE ALL ON public.%I FROM geobill_app', part);
        END IF;
        EXECUTE format('ALTER TABLE public.ledger_posting ATTACH PARTITION public.%I'
            ' FOR VALUES FROM (%L) TO (%L)',
            part, from_date, (from_date + interval '1 month')::date);
        -- Statement triggers of the parent do not fire for statements aimed at a partition.
        EXECUTE format('CREATE TRIGGER ledger_posting_no_truncate BEFORE TRUNCATE ON public.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change()', part);
        EXECUTE format('CREATE TRIGGER ledger_posting_legs AFTER INSERT ON public.%I'
            ' REFERENCING NEW TABLE AS new_legs'
            ' FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_check_legs()', part);
        EXECUTE format('ALTER TABLE public.%I'
            ' ENABLE ALWAYS TRIGGER ledger_posting_append_only,'
            ' ENABLE ALWAYS TRIGGER ledger_posting_no_truncate,'
            ' ENABLE ALWAYS TRIGGER ledger_posting_legs', part);
        RETURN NEXT part;
    END LOOP;
END $$;

-- A year back for what is carried over from another system, a year ahead; later months are made by
-- the scheduled task (billing.ledger.operations.ensure_partitions).
DO $$
BEGIN
    PERFORM ledger_ensure_partitions(
        (current_date - interval '12 months')::date, (current_date + interval '12 months')::date);
END $$;
