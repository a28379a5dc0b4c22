-- Addresses of sessions: held at the Accept, confirmed by the Start, kept for a grace after the end.

-- Hold an address of one kind for a device: the one that it has, else the one that its service had
-- last, else a free one of the first pool that has any. NULL when there is none.
CREATE OR REPLACE FUNCTION network_ip_hold_one(
    p_subscription bigint, p_kind text, p_pools bigint[], p_rule bigint, p_device text,
    p_at timestamptz
) RETURNS inet LANGUAGE plpgsql AS $$
DECLARE
    mine network_ipassignment;
    free network_ipfree;
    pool network_ippool;
    tried bigint;
    got inet;
BEGIN
    -- "IS NOT DISTINCT FROM" can use no index and would read all leases of the kind.
    IF p_subscription IS NULL THEN
        SELECT * INTO mine FROM network_ipassignment a
        WHERE a.subscription_id IS NULL AND a.kind = p_kind
          AND a.device = p_device AND a.state <> 'ASSIGNED' FOR UPDATE;
    ELSE
        SELECT * INTO mine FROM network_ipassignment a
        WHERE a.subscription_id = p_subscription AND a.kind = p_kind
          AND a.device = p_device AND a.state <> 'ASSIGNED' FOR UPDATE;
    END IF;
    IF mine.id IS NOT NULL AND mine.pool_id = ANY(p_pools) THEN
        UPDATE network_ipassignment a
        SET state = CASE a.state WHEN 'IN_USE' THEN 'IN_USE' ELSE 'HELD' END,
            expires_at = CASE WHEN a.state <> 'IN_USE' THEN
                p_at + make_interval(secs => p.hold_s) END
        FROM network_ippool p WHERE a.id = mine.id AND p.id = a.pool_id;
        RETURN mine.address;
    ELSIF mine.id IS NOT NULL THEN
        PERFORM network_ip_drop(ARRAY[mine.id], p_at);
    END IF;
    FOREACH tried IN ARRAY p_pools LOOP
        SELECT * INTO pool FROM network_ippool WHERE id = tried;
        CONTINUE WHEN NOT FOUND OR NOT pool.is_open;
        FOR attempt IN 1..16 LOOP
            free := NULL;
            DELETE FROM network_ipfree f WHERE f.id = (
                SELECT x.id FROM network_ipfree x
                WHERE x.last_subscription_id = p_subscription AND x.pool_id = tried
                  AND attempt = 1
                LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING f.* INTO free;
            IF free.id IS NULL THEN
                DELETE FROM network_ipfree f WHERE f.id = (
                    SELECT x.id FROM network_ipfree x
                    WHERE x.pool_id = tried AND x.ready_at <= p_at
                    ORDER BY x.ready_at, x.address LIMIT 1 FOR UPDATE SKIP LOCKED)
                RETURNING f.* INTO free;
            END IF;
            IF free.id IS NULL THEN
                EXIT WHEN network_ip_extend(tried, 1, p_at) = 0;
                CONTINUE;
            END IF;
            INSERT INTO network_ipassignment (pool_id, kind, address, subscription_id, device,
                state, source, rule_id, session_unique_id, since_at, expires_at)
            VALUES (tried, p_kind, free.address, p_subscription, p_device, 'HELD', 'RULE', p_rule,
                    '', p_at, p_at + make_interval(secs => pool.hold_s))
            ON CONFLICT DO NOTHING RETURNING address INTO got;
            IF got IS NOT NULL THEN
                RETURN got;
            END IF;
            -- The same device was answered by another at this moment, or the address is taken
            -- through a pool that overlaps.
            PERFORM network_ip_put_back(ARRAY[free.address], ARRAY[NULL::bigint], p_at, false);
            PERFORM network_ip_sweep(tried, free.address);
            SELECT a.address INTO got FROM network_ipassignment a
            WHERE a.subscription_id IS NOT DISTINCT FROM p_subscription AND a.kind = p_kind
              AND a.device = p_device AND a.state <> 'ASSIGNED';
            IF got IS NOT NULL THEN
                RETURN got;
            END IF;
        END LOOP;
    END LOOP;
    RETURN NULL;
END $$;

-- At an Accept: what this device of the service shall get of all kinds that its rules call dynamic.
CREATE OR REPLACE FUNCTION network_ip_hold(p_subscription bigint, p_device text, p_at timestamptz)
RETURNS TABLE (kind text, address inet) LANGUAGE plpgsql AS $$
DECLARE
    plan record;
BEGIN
    FOR plan IN
        SELECT x.kind, x.pool_ids, x.rule_id FROM network_ipplan x
        WHERE x.subscription_id = p_subscription AND x.mode = 'DYNAMIC'
          AND NOT EXISTS (SELECT FROM network_ipassignment a WHERE a.subscription_id = p_subscription
                          AND a.kind = x.kind AND a.state = 'ASSIGNED')
        ORDER BY x.kind
    LOOP
        kind := plan.kind;
        address := network_ip_hold_one(
            p_subscription, plan.kind, plan.pool_ids, plan.rule_id, left(p_device, 64), p_at);
        IF address IS NOT NULL THEN
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;

-- At an Accept of a guest: an IPv4 address of these guest pools (of all of them, when none is named).
CREATE OR REPLACE FUNCTION network_ip_hold_guest(
    p_subscription bigint, p_device text, p_pools bigint[], p_at timestamptz
) RETURNS inet LANGUAGE sql AS $$
    SELECT network_ip_hold_one(p_subscription, 'IPV4', COALESCE(NULLIF(p_pools, '{}'), ARRAY(
            SELECT p.id FROM network_ippool p
            WHERE p.is_guest AND p.is_open AND p.kind = 'IPV4' ORDER BY p.id)),
        NULL, left('g:' || p_device, 64), p_at)
$$;

-- Bring the leases of these sessions in line with network_session, whatever order packets came in:
-- open ones confirm what is held for them, ended ones begin the grace. Gives how many changed.
CREATE OR REPLACE FUNCTION network_ip_follow(p_sessions text[], p_at timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    changed integer;
    more integer;
BEGIN
    UPDATE network_ipassignment a
    SET state = 'IN_USE', session_unique_id = s.unique_id, expires_at = NULL
    FROM network_session s
    WHERE s.unique_id = ANY(p_sessions)
      AND (a.kind = 'IPV4' AND a.address = s.framed_ip OR a.kind <> 'IPV4')
      AND a.subscription_id IS NOT DISTINCT FROM s.subscription_id
      AND a.device IN ('', 'g:', s.mac, 'g:' || s.mac)
      AND a.id IN (
          SELECT x.id FROM network_ipassignment x WHERE x.address = s.framed_ip
          UNION ALL
          SELECT x.id FROM network_ipassignment x
          WHERE x.subscription_id = s.subscription_id AND x.kind <> 'IPV4')
      AND a.state <> 'ASSIGNED' AND (a.state <> 'IN_USE' OR a.session_unique_id <> s.unique_id);
    GET DIAGNOSTICS changed = ROW_COUNT;
    UPDATE network_ipassignment a
    SET state = 'GRACE', expires_at = p_at + make_interval(secs => COALESCE(
        (SELECT p.grace_s FROM network_ippool p WHERE p.id = a.pool_id), 300))
    WHERE a.session_unique_id = ANY(p_sessions) AND a.state = 'IN_USE'
      AND NOT EXISTS (SELECT FROM network_session s WHERE s.unique_id = a.session_unique_id);
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN changed + more;
END $$;

-- A session runs on an address that nobody holds (its hold ended before the Start came, or we were
-- not asked): the address is the session's, or somebody else would be given it.
CREATE OR REPLACE FUNCTION network_ip_adopt(p_sessions text[], p_at timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    adopted integer;
BEGIN
    WITH wild AS (
        SELECT DISTINCT ON (s.framed_ip) s.framed_ip AS address, s.subscription_id, s.mac,
               s.is_guest, s.unique_id, p.id AS pool_id
        FROM network_session s
        JOIN network_ippool p ON p.kind = 'IPV4' AND s.framed_ip >= p.first
             AND s.framed_ip <= p.last
        WHERE s.unique_id = ANY(p_sessions) AND family(s.framed_ip) = 4
          AND NOT EXISTS (SELECT FROM network_ipassignment a WHERE a.address && s.framed_ip)
        ORDER BY s.framed_ip, p.is_guest <> s.is_guest, p.id, s.last_seen_at DESC
    ), added AS (
        INSERT INTO network_ipassignment (pool_id, kind, address, subscription_id, device, state,
            source, session_unique_id, since_at)
        SELECT pool_id, 'IPV4', address, subscription_id,
               left(CASE WHEN is_guest THEN 'g:' ELSE '' END || mac, 64), 'IN_USE', 'SESSION',
               unique_id, p_at
        FROM wild ORDER BY address
        ON CONFLICT DO NOTHING RETURNING address
    ), gone AS (
        DELETE FROM network_ipfree f USING added WHERE f.address = added.address
    )
    SELECT count(*) INTO adopted FROM added;
    RETURN adopted;
END $$;

-- Every minute: what nobody told us, and what has expired. Gives how many addresses became free.
CREATE OR REPLACE FUNCTION network_ip_reap(p_at timestamptz, p_most integer) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    pool bigint;
BEGIN
    PERFORM network_ip_follow(ARRAY(
        SELECT a.session_unique_id FROM network_ipassignment a
        WHERE a.state = 'IN_USE'
          AND NOT EXISTS (SELECT FROM network_session s WHERE s.unique_id = a.session_unique_id)
    ), p_at);
    PERFORM network_ip_follow(ARRAY(
        SELECT s.unique_id FROM network_ipassignment a
        JOIN network_session s ON s.subscription_id = a.subscription_id
             OR (a.subscription_id IS NULL AND s.subscription_id IS NULL AND s.framed_ip = a.address)
        WHERE a.expires_at <= p_at
    ), p_at);
    FOR pool IN
        SELECT p.id FROM network_ippool p
        WHERE p.is_open AND p.next_index < p.size AND 512 > (
            SELECT count(*) FROM (SELECT FROM network_ipfree f WHERE f.pool_id = p.id
                                  AND f.ready_at <= p_at LIMIT 512) x)
    LOOP
        PERFORM network_ip_extend(pool, 1024, p_at);
    END LOOP;
    RETURN network_ip_drop(ARRAY(
        SELECT a.id FROM network_ipassignment a WHERE a.expires_at <= p_at
        ORDER BY a.expires_at LIMIT p_most FOR UPDATE SKIP LOCKED), p_at);
END $$;
