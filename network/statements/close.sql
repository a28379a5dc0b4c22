-- Moves open sessions to history with the time they were last heard of as their end, and their
-- traffic to the totals of its day.
WITH gone AS (
    DELETE FROM network_session s
    WHERE s.unique_id = ANY(%(ids)s) AND s.last_seen_at < %(heard_before)s
    RETURNING s.*
),
closed AS (
    INSERT INTO network_session_history (
        unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
        remote_hex, nas_port_id, nonce, framed_ip, is_guest, started_at, last_seen_at, in_octets,
        out_octets, session_time_s, counted_day, before_in_octets, before_out_octets, wrap_points,
        closed_day, stopped_at, terminate_cause, is_presumed)
    SELECT
        unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
        remote_hex, nas_port_id, nonce, framed_ip, is_guest, started_at, last_seen_at, in_octets,
        out_octets, session_time_s, counted_day, before_in_octets, before_out_octets, wrap_points,
        (last_seen_at AT TIME ZONE 'Europe/Kyiv')::date, last_seen_at, %(cause)s, true
    FROM gone
    RETURNING unique_id, closed_day
),
registered AS (
    INSERT INTO network_session_closed (unique_id, closed_day) SELECT * FROM closed
),
counted AS (
    INSERT INTO network_traffic_day AS t (subscription_id, day, in_octets, out_octets)
    SELECT subscription_id, counted_day, sum(in_octets - before_in_octets)::bigint,
           sum(out_octets - before_out_octets)::bigint
    FROM gone WHERE subscription_id IS NOT NULL
    GROUP BY subscription_id, counted_day ORDER BY subscription_id, counted_day
    ON CONFLICT (subscription_id, day) DO UPDATE
    SET in_octets = t.in_octets + EXCLUDED.in_octets,
        out_octets = t.out_octets + EXCLUDED.out_octets
)
SELECT unique_id, subscription_id, nas_id FROM gone
