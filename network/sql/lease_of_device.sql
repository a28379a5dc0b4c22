-- As in leases.sql, but the device's own lease is found by its index.
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
