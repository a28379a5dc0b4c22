-- Sessions that were closed for want of news (silence, a restart of the BRAS), and of which a packet now
-- says that they went on: back among the open ones, in one statement. What was counted for their last
-- day is taken back, because an open session carries it by itself. Run under the sessions' advisory locks.
WITH told AS (
    SELECT * FROM unnest(%(unique_id)s::text[], %(closed_day)s::date[], %(last_seen_at)s::timestamptz[])
        AS i(unique_id, closed_day, last_seen_at)
),
back AS (
    DELETE FROM network_session_history h USING told t
    WHERE h.unique_id = t.unique_id AND h.closed_day = t.closed_day
      AND h.closed_day = ANY(%(days)s::date[])
      AND h.is_presumed AND h.stopped_at < t.last_seen_at
    RETURNING h.*
),
unregistered AS (
    DELETE FROM network_session_closed c USING back b WHERE c.unique_id = b.unique_id
),
uncounted AS (
    UPDATE network_traffic_day t
    SET in_octets = t.in_octets - b.in_octets, out_octets = t.out_octets - b.out_octets
    FROM (SELECT subscription_id, counted_day, sum(in_octets - before_in_octets)::bigint AS in_octets,
                 sum(out_octets - before_out_octets)::bigint AS out_octets
          FROM back WHERE subscription_id IS NOT NULL GROUP BY subscription_id, counted_day) b
    WHERE t.subscription_id = b.subscription_id AND t.day = b.counted_day
),
opened AS (
    INSERT INTO network_session (
        unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
        remote_hex, nas_port_id, nonce, framed_ip, is_guest, started_at, last_seen_at, in_octets,
        out_octets, session_time_s, counted_day, before_in_octets, before_out_octets, wrap_points,
        state)
    SELECT
        unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
        remote_hex, nas_port_id, nonce, framed_ip, is_guest, started_at, last_seen_at, in_octets,
        out_octets, session_time_s, counted_day, before_in_octets, before_out_octets, wrap_points,
        'SUSPECT'
    FROM back
)
SELECT b.unique_id, b.subscription_id, b.nas_id,
       COALESCE(d.felt_at > b.stopped_at OR (d.state <> 'FULL' AND NOT b.is_guest), false)
FROM back b LEFT JOIN radius_decision d ON d.subscription_id = b.subscription_id
