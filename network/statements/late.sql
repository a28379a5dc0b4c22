-- What packets say of sessions that are closed already: counters may still grow, and a stop with a
-- later time is the better one. The same rules as in ingest.sql; `days` are the days of the history
-- in which these sessions lie, so that the others are not even looked at.
WITH told AS (
    SELECT * FROM unnest(
        %(unique_id)s::text[], %(closed_day)s::date[], %(is_over)s::boolean[], %(login)s::text[],
        %(mac)s::text[], %(circuit_hex)s::text[], %(remote_hex)s::text[], %(nas_port_id)s::text[],
        %(framed_ip)s::inet[], %(started_at)s::timestamptz[], %(last_seen_at)s::timestamptz[],
        %(in_octets)s::bigint[], %(out_octets)s::bigint[], %(session_time_s)s::bigint[],
        %(stopped_at)s::timestamptz[], %(terminate_cause)s::text[], %(wrap_points)s::text[]
    ) AS i(unique_id, closed_day, is_over, login, mac, circuit_hex, remote_hex, nas_port_id,
           framed_ip, started_at, last_seen_at, in_octets, out_octets, session_time_s,
           told_stopped_at, told_cause, wrap_points)
),
known AS MATERIALIZED (
    SELECT t.*, h.id AS history_id, h.subscription_id, h.counted_day AS was_day,
           h.in_octets AS was_in, h.out_octets AS was_out,
           h.before_in_octets AS was_before_in, h.before_out_octets AS was_before_out,
           COALESCE(t.told_stopped_at, t.last_seen_at) AS stopped_at,
           CASE WHEN t.told_stopped_at IS NULL THEN 'NAS-Reboot' ELSE t.told_cause END
               AS terminate_cause,
           GREATEST(h.in_octets, t.in_octets) AS new_in,
           GREATEST(h.out_octets, t.out_octets) AS new_out,
           GREATEST(h.counted_day, %(day)s::date) AS new_day,
           CASE WHEN h.counted_day < %(day)s::date THEN h.in_octets
                WHEN h.counted_day = %(day)s::date THEN h.before_in_octets
                ELSE GREATEST(h.before_in_octets, t.in_octets) END AS new_before_in,
           CASE WHEN h.counted_day < %(day)s::date THEN h.out_octets
                WHEN h.counted_day = %(day)s::date THEN h.before_out_octets
                ELSE GREATEST(h.before_out_octets, t.out_octets) END AS new_before_out
    FROM told t JOIN network_session_history h
        ON h.unique_id = t.unique_id AND h.closed_day = t.closed_day
    WHERE h.closed_day = ANY(%(days)s::date[])
),
raised AS (
    UPDATE network_session_history h
    SET in_octets = k.new_in, out_octets = k.new_out, counted_day = k.new_day,
        before_in_octets = k.new_before_in, before_out_octets = k.new_before_out,
        wrap_points = CASE WHEN k.wrap_points = '' THEN h.wrap_points
                           ELSE k.wrap_points::bigint[] END,
        session_time_s = GREATEST(h.session_time_s, k.session_time_s),
        started_at = LEAST(h.started_at, k.started_at),
        last_seen_at = GREATEST(h.last_seen_at, k.last_seen_at),
        login = GREATEST(h.login, k.login), mac = GREATEST(h.mac, k.mac),
        circuit_hex = GREATEST(h.circuit_hex, k.circuit_hex),
        remote_hex = GREATEST(h.remote_hex, k.remote_hex),
        nas_port_id = GREATEST(h.nas_port_id, k.nas_port_id),
        framed_ip = CASE WHEN k.last_seen_at > h.last_seen_at
                         THEN COALESCE(k.framed_ip, h.framed_ip)
                         ELSE COALESCE(h.framed_ip, k.framed_ip) END,
        terminate_cause = CASE WHEN k.is_over AND
                (k.stopped_at, k.terminate_cause) > (h.stopped_at, h.terminate_cause::text)
            THEN k.terminate_cause ELSE h.terminate_cause END,
        stopped_at = CASE WHEN k.is_over THEN GREATEST(h.stopped_at, k.stopped_at)
                          ELSE h.stopped_at END,
        is_presumed = h.is_presumed AND k.told_stopped_at IS NULL
    FROM known k
    WHERE h.id = k.history_id AND h.closed_day = k.closed_day
      AND h.closed_day = ANY(%(days)s::date[])
),
shares AS (
    SELECT subscription_id, %(day)s::date AS day, new_before_in - was_before_in AS in_octets,
           new_before_out - was_before_out AS out_octets
    FROM known WHERE was_day > %(day)s::date
    UNION ALL  -- the session's own day was counted when it was closed: only the difference
    SELECT subscription_id, was_day,
           (new_in - new_before_in) - (was_in - was_before_in),
           (new_out - new_before_out) - (was_out - was_before_out)
    FROM known WHERE was_day >= %(day)s::date
    UNION ALL
    SELECT subscription_id, %(day)s::date, new_in - was_in, new_out - was_out
    FROM known WHERE was_day < %(day)s::date
)
INSERT INTO network_traffic_day AS t (subscription_id, day, in_octets, out_octets)
SELECT subscription_id, day, sum(in_octets)::bigint, sum(out_octets)::bigint
FROM shares WHERE subscription_id IS NOT NULL AND (in_octets <> 0 OR out_octets <> 0)
GROUP BY subscription_id, day ORDER BY subscription_id, day
ON CONFLICT (subscription_id, day) DO UPDATE
SET in_octets = t.in_octets + EXCLUDED.in_octets, out_octets = t.out_octets + EXCLUDED.out_octets
