-- Moves open sessions to history with the time they were last heard of as their end.
WITH gone AS (
    DELETE FROM network_session s
    WHERE s.unique_id = ANY(%(ids)s) AND s.last_seen_at < %(heard_before)s
    RETURNING s.*
)
INSERT INTO network_session_history (
    unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
    framed_ip, is_guest, started_at, last_seen_at, in_octets, out_octets, session_time_s, stopped_at, terminate_cause)
SELECT
    unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
    framed_ip, is_guest, started_at, last_seen_at, in_octets, out_octets, session_time_s, last_seen_at, %(cause)s
FROM gone
ON CONFLICT (unique_id) DO NOTHING
