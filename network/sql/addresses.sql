-- Giving addresses out. Taking one is deleting its row from network_ipfree (SKIP LOCKED, so takers
-- do not wait for each other) and adding a row to network_ipassignment, whose exclusion constraint
-- is the last word: an address that is taken through another pool which overlaps is passed over.
-- Invariant: a unit below a pool's next_index that is neither assigned nor reserved is in
-- network_ipfree.

-- The unit of a pool with that number. IPv6 units are told by their upper 64 bits.
CREATE FUNCTION network_ip_unit(p_kind text, p_base bigint, p_bits integer, p_index bigint)
RETURNS inet LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN p_kind = 'IPV4' THEN '0.0.0.0'::inet + (p_base + p_index)
        ELSE set_masklen((regexp_replace(
            lpad(to_hex(p_base + (p_index << (64 - p_bits))), 16, '0'), '(.{4})(?=.)', '\1:', 'g'
        ) || '::')::inet, p_bits) END
$$;

-- The upper 64 bits of an IPv6 address.
CREATE FUNCTION network_ip_high(p_address inet) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || substr(encode(inet_send(p_address), 'hex'), 9, 16))::bit(64)::bigint
$$;

CREATE FUNCTION network_ip_is_reserved(p_address inet) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM network_ipreserve r
        WHERE family(r.first) = family(p_address)
          AND r.first <= set_masklen(broadcast(p_address),
                                     CASE family(p_address) WHEN 4 THEN 32 ELSE 128 END)
          AND r.last >= set_masklen(network(p_address)::inet,
                                    CASE family(p_address) WHEN 4 THEN 32 ELSE 128 END))
$$;

-- Make these addresses free again in every pool that has them (pools may overlap, and cut the same
-- network into units of different lengths). Called after their assignments are gone.
CREATE FUNCTION network_ip_put_back(
    p_addresses inet[], p_last bigint[], p_at timestamptz, p_rests boolean
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO network_ipfree (pool_id, address, ready_at, last_subscription_id)
    SELECT DISTINCT ON (p.id, u.unit) p.id, u.unit,
        p_at + make_interval(secs => CASE WHEN p_rests THEN p.quarantine_s ELSE 0 END), g.last
    FROM unnest(p_addresses, p_last) AS g(address, last)
    JOIN network_ippool p ON family(p.first) = family(g.address)
        AND g.address <= set_masklen(broadcast(p.last), CASE family(p.last) WHEN 4 THEN 32 ELSE 128 END)
        AND set_masklen(broadcast(g.address), CASE family(g.address) WHEN 4 THEN 32 ELSE 128 END)
            >= p.first
    CROSS JOIN LATERAL (
        SELECT network(set_masklen(g.address, p.unit_bits))::inet AS unit
        WHERE p.unit_bits <= masklen(g.address)
        UNION ALL
        SELECT network_ip_unit(p.kind, network_ip_high(g.address), p.unit_bits, n)
        FROM generate_series(0::bigint, (1::bigint
             << GREATEST(LEAST(p.unit_bits - masklen(g.address), 16), 0)) - 1) n
        WHERE p.unit_bits > masklen(g.address)
    ) u
    WHERE u.unit >= p.first AND u.unit <= p.last
      AND NOT network_ip_is_reserved(u.unit)
      AND NOT EXISTS (SELECT FROM network_ipassignment a WHERE a.address && u.unit)
    ON CONFLICT (pool_id, address) DO NOTHING;
END $$;

-- Put up to p_wanted (at least 1,024, if there are) units of a pool on the list that never were on
-- it; gives how many. Each unit is looked at once in the life of the pool, and at most 131,072 in a
-- call (a pool may be taken or reserved for long stretches; the reaper goes on).
CREATE FUNCTION network_ip_extend(p_pool bigint, p_wanted integer, p_at timestamptz)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    p network_ippool;
    made integer := 0;
    added integer;
    upto bigint;
    limit_index bigint;
BEGIN
    SELECT * INTO p FROM network_ippool WHERE id = p_pool FOR NO KEY UPDATE;
    IF NOT FOUND OR p.next_index >= p.size THEN
        -- Another one may have extended it while we waited for the lock.
        RETURN (SELECT count(*) FROM (SELECT FROM network_ipfree f
                WHERE f.pool_id = p_pool AND f.ready_at <= p_at LIMIT 1) x);
    END IF;
    limit_index := LEAST(p.size, p.next_index + GREATEST(131072, p_wanted));
    WHILE made < p_wanted AND p.next_index < limit_index LOOP
        upto := LEAST(limit_index, p.next_index + GREATEST(p_wanted - made, 1024));
        INSERT INTO network_ipfree (pool_id, address, ready_at)
        SELECT p_pool, u.unit, '2000-01-01 00:00Z'
        FROM generate_series(p.next_index, upto - 1) n
        CROSS JOIN LATERAL (
            SELECT network_ip_unit(p.kind, p.base, p.unit_bits, n) AS unit OFFSET 0) u
        WHERE NOT EXISTS (SELECT FROM network_ipassignment a WHERE a.address && u.unit)
          AND NOT network_ip_is_reserved(u.unit)
        ON CONFLICT (pool_id, address) DO NOTHING;
        GET DIAGNOSTICS added = ROW_COUNT;
        made := made + added;
        p.next_index := upto;
    END LOOP;
    UPDATE network_ippool SET next_index = p.next_index WHERE id = p_pool;
    RETURN made;
END $$;

-- An address of this pool's list was taken through another pool after all: take off the list whatever
-- that assignment covers (a delegated /56 may cover 256 links). The end of it brings them back.
CREATE FUNCTION network_ip_sweep(p_pool bigint, p_address inet) RETURNS void LANGUAGE sql AS $$
    DELETE FROM network_ipfree WHERE id IN (
        SELECT f.id FROM network_ipassignment a
        JOIN network_ipfree f ON f.pool_id = p_pool AND f.address >= network(a.address)
             AND f.address <= set_masklen(broadcast(a.address),
                                          CASE family(a.address) WHEN 4 THEN 32 ELSE 128 END)
             AND f.address && a.address
        WHERE a.address && p_address
        FOR UPDATE OF f SKIP LOCKED)
$$;

-- Addresses of a pool for these services, for good; fewer where the pool is used up. A service that
-- has one of the kind meanwhile is left out.
CREATE FUNCTION network_ip_assign(
    p_pool bigint, p_subscriptions bigint[], p_rules bigint[], p_at timestamptz
) RETURNS TABLE (subscription bigint, given inet) LANGUAGE plpgsql AS $$
DECLARE
    its_kind text := (SELECT kind FROM network_ippool WHERE id = p_pool);
    waiting bigint[] := p_subscriptions;
    rules bigint[] := p_rules;
    taken inet[];
    done bigint[];
    used inet[];
BEGIN
    FOR attempt IN 1..16 LOOP
        EXIT WHEN cardinality(waiting) = 0;
        WITH chosen AS (
            SELECT f.id FROM network_ipfree f
            WHERE f.pool_id = p_pool AND f.ready_at <= p_at
            ORDER BY f.ready_at, f.address LIMIT cardinality(waiting) FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM network_ipfree f USING chosen WHERE f.id = chosen.id
            RETURNING f.address, f.ready_at
        )
        SELECT COALESCE(array_agg(gone.address ORDER BY gone.ready_at, gone.address), '{}')
        INTO taken FROM gone;
        IF cardinality(taken) = 0 THEN
            EXIT WHEN network_ip_extend(p_pool, cardinality(waiting), p_at) = 0;
            CONTINUE;
        END IF;
        WITH added AS (
            INSERT INTO network_ipassignment (pool_id, kind, address, subscription_id, device,
                state, source, rule_id, session_unique_id, since_at)
            SELECT p_pool, its_kind, n.address, n.id, '', 'ASSIGNED', 'RULE', n.rule, '', p_at
            FROM unnest(waiting[1:cardinality(taken)], taken, rules[1:cardinality(taken)])
                 AS n(id, address, rule)
            ORDER BY n.address
            ON CONFLICT DO NOTHING
            RETURNING subscription_id, address
        )
        SELECT COALESCE(array_agg(added.subscription_id), '{}'),
               COALESCE(array_agg(added.address), '{}')
        INTO done, used FROM added;
        RETURN QUERY SELECT * FROM unnest(done, used);
        -- Not given after all: its service has one, or it is taken through another pool.
        taken := ARRAY(SELECT t FROM unnest(taken) t WHERE t <> ALL(used));
        IF cardinality(taken) > 0 THEN
            PERFORM network_ip_put_back(
                taken, array_fill(NULL::bigint, ARRAY[cardinality(taken)]), p_at, false);
            PERFORM network_ip_sweep(p_pool, t) FROM unnest(taken) t;
        END IF;
        SELECT COALESCE(array_agg(w.id ORDER BY w.place), '{}'),
               COALESCE(array_agg(w.rule ORDER BY w.place), '{}')
        INTO waiting, rules
        FROM unnest(waiting, rules) WITH ORDINALITY AS w(id, rule, place)
        WHERE NOT EXISTS (SELECT FROM network_ipassignment a WHERE a.subscription_id = w.id
                          AND a.kind = its_kind AND a.state = 'ASSIGNED');
    END LOOP;
END $$;

-- End these assignments: history, and free again after the rest of their pools.
CREATE FUNCTION network_ip_drop(p_ids bigint[], p_at timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    freed inet[];
    last bigint[];
BEGIN
    WITH gone AS (
        DELETE FROM network_ipassignment a WHERE a.id = ANY(p_ids) RETURNING a.*
    ), kept AS (
        INSERT INTO network_iphistory
            (pool_id, kind, address, subscription_id, device, source, session_unique_id, valid)
        SELECT pool_id, kind, address, subscription_id, device, source, session_unique_id,
               tstzrange(since_at, GREATEST(since_at, p_at))
        FROM gone WHERE state <> 'HELD'
    )
    SELECT COALESCE(array_agg(gone.address), '{}'), array_agg(gone.subscription_id)
    INTO freed, last FROM gone;
    IF cardinality(freed) > 0 THEN
        PERFORM network_ip_put_back(freed, last, p_at, true);
    END IF;
    RETURN cardinality(freed);
END $$;
