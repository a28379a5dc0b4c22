-- Joins what accounting packets say with what is stored, for any number of sessions at once (one
-- row a session; network.accounting joined the packets of one batch before). Nothing here depends on
-- the order in which packets come. Run by network.sessions.ingest, under its advisory locks.
WITH incoming AS (
    SELECT i.unique_id, i.acct_session_id, COALESCE(s.id, d.subscription_id) AS subscription_id,
           n.id AS nas_id, i.nas_address, i.login, i.mac, i.circuit_hex, i.framed_ip, i.is_guest,
           i.started_at, i.last_seen_at, i.in_octets, i.out_octets, i.session_time_s,
           COALESCE(i.stopped_at, i.last_seen_at) AS stopped_at,
           CASE WHEN i.is_stopped THEN i.terminate_cause ELSE 'NAS-Reboot' END AS terminate_cause,
           i.is_stopped OR COALESCE(i.last_seen_at < n.last_boot_at, false) AS is_over,
           EXISTS (SELECT 1 FROM network_session_history h WHERE h.unique_id = i.unique_id)
               AS is_closed
    FROM unnest(
        %(unique_id)s::text[], %(acct_session_id)s::text[], %(nas_address)s::inet[],
        %(login)s::text[], %(mac)s::text[], %(circuit_hex)s::text[], %(framed_ip)s::inet[],
        %(subscription_id)s::bigint[], %(is_guest)s::boolean[], %(started_at)s::timestamptz[],
        %(last_seen_at)s::timestamptz[], %(in_octets)s::bigint[], %(out_octets)s::bigint[],
        %(session_time_s)s::bigint[], %(is_stopped)s::boolean[], %(stopped_at)s::timestamptz[],
        %(terminate_cause)s::text[]
    ) AS i(unique_id, acct_session_id, nas_address, login, mac, circuit_hex, framed_ip,
           subscription_id, is_guest, started_at, last_seen_at, in_octets, out_octets,
           session_time_s, is_stopped, stopped_at, terminate_cause)
    LEFT JOIN network_nas n ON n.address = i.nas_address
    LEFT JOIN billing_subscription s ON s.id = i.subscription_id
    LEFT JOIN radius_decision d ON s.id IS NULL AND d.login = i.login
),
raised AS (  -- the session is closed already: its counters may still grow
    UPDATE network_session_history h
    SET in_octets = GREATEST(h.in_octets, i.in_octets),
        out_octets = GREATEST(h.out_octets, i.out_octets),
        session_time_s = GREATEST(h.session_time_s, i.session_time_s),
        started_at = LEAST(h.started_at, i.started_at),
        last_seen_at = GREATEST(h.last_seen_at, i.last_seen_at),
        login = GREATEST(h.login, i.login), mac = GREATEST(h.mac, i.mac),
        circuit_hex = GREATEST(h.circuit_hex, i.circuit_hex),
        framed_ip = CASE WHEN i.last_seen_at > h.last_seen_at
                         THEN COALESCE(i.framed_ip, h.framed_ip)
                         ELSE COALESCE(h.framed_ip, i.framed_ip) END
    FROM incoming i WHERE h.unique_id = i.unique_id AND i.is_closed AND NOT i.is_over
),
opened AS (
    INSERT INTO network_session AS s (
    unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
    framed_ip, is_guest, started_at, last_seen_at, in_octets, out_octets, session_time_s
    , state)
    SELECT 
    unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
    framed_ip, is_guest, started_at, last_seen_at, in_octets, out_octets, session_time_s
    , 'OPEN' FROM incoming WHERE NOT is_over AND NOT is_closed
    ON CONFLICT (unique_id) DO UPDATE
    SET in_octets = GREATEST(s.in_octets, EXCLUDED.in_octets),
        out_octets = GREATEST(s.out_octets, EXCLUDED.out_octets),
        session_time_s = GREATEST(s.session_time_s, EXCLUDED.session_time_s),
        started_at = LEAST(s.started_at, EXCLUDED.started_at),
        last_seen_at = GREATEST(s.last_seen_at, EXCLUDED.last_seen_at),
        login = GREATEST(s.login, EXCLUDED.login), mac = GREATEST(s.mac, EXCLUDED.mac),
        circuit_hex = GREATEST(s.circuit_hex, EXCLUDED.circuit_hex),
        framed_ip = CASE WHEN EXCLUDED.last_seen_at > s.last_seen_at
                         THEN COALESCE(EXCLUDED.framed_ip, s.framed_ip)
                         ELSE COALESCE(s.framed_ip, EXCLUDED.framed_ip) END,
        nas_id = COALESCE(s.nas_id, EXCLUDED.nas_id),
        subscription_id = COALESCE(s.subscription_id, EXCLUDED.subscription_id),
        state = CASE WHEN EXCLUDED.last_seen_at > s.last_seen_at THEN 'OPEN' ELSE s.state END,
        suspect_at = CASE WHEN EXCLUDED.last_seen_at > s.last_seen_at THEN NULL
                          ELSE s.suspect_at END
),
gone AS (
    DELETE FROM network_session s USING incoming i
    WHERE s.unique_id = i.unique_id AND i.is_over
    RETURNING s.*
)
INSERT INTO network_session_history AS h (
    unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
    framed_ip, is_guest, started_at, last_seen_at, in_octets, out_octets, session_time_s
    , stopped_at, terminate_cause)
SELECT i.unique_id, i.acct_session_id, COALESCE(g.subscription_id, i.subscription_id),
       COALESCE(g.nas_id, i.nas_id), i.nas_address, GREATEST(g.login, i.login),
       GREATEST(g.mac, i.mac), GREATEST(g.circuit_hex, i.circuit_hex),
       CASE WHEN g.last_seen_at > i.last_seen_at THEN COALESCE(g.framed_ip, i.framed_ip)
            ELSE COALESCE(i.framed_ip, g.framed_ip) END,
       i.is_guest, LEAST(g.started_at, i.started_at), GREATEST(g.last_seen_at, i.last_seen_at),
       GREATEST(g.in_octets, i.in_octets), GREATEST(g.out_octets, i.out_octets),
       GREATEST(g.session_time_s, i.session_time_s), i.stopped_at, i.terminate_cause
FROM incoming i LEFT JOIN gone g ON g.unique_id = i.unique_id
WHERE i.is_over
ON CONFLICT (unique_id) DO UPDATE
SET in_octets = GREATEST(h.in_octets, EXCLUDED.in_octets),
    out_octets = GREATEST(h.out_octets, EXCLUDED.out_octets),
    session_time_s = GREATEST(h.session_time_s, EXCLUDED.session_time_s),
    started_at = LEAST(h.started_at, EXCLUDED.started_at),
    last_seen_at = GREATEST(h.last_seen_at, EXCLUDED.last_seen_at),
    login = GREATEST(h.login, EXCLUDED.login), mac = GREATEST(h.mac, EXCLUDED.mac),
    circuit_hex = GREATEST(h.circuit_hex, EXCLUDED.circuit_hex),
    framed_ip = CASE WHEN EXCLUDED.last_seen_at > h.last_seen_at
                     THEN COALESCE(EXCLUDED.framed_ip, h.framed_ip)
                     ELSE COALESCE(h.framed_ip, EXCLUDED.framed_ip) END,
    terminate_cause = CASE
        WHEN (EXCLUDED.stopped_at, EXCLUDED.terminate_cause) > (h.stopped_at, h.terminate_cause)
        THEN EXCLUDED.terminate_cause ELSE h.terminate_cause END,
    stopped_at = GREATEST(h.stopped_at, EXCLUDED.stopped_at)
