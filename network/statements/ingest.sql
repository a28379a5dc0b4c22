-- Joins what accounting packets say with the open sessions, for any number of sessions at once: one
-- row a session, all of one day in Kyiv (network.sessions groups them). Nothing here depends on the
-- order in which packets come. Run under the advisory locks of the sessions.
--
-- Common is an interim update of an open session: one look at it, one update. Whose service it is,
-- is asked only of a session that has none. What carries traffic to another day, and what ends,
-- goes to the totals of the day in the same statement. Sessions that are closed already are only
-- named in the answer: late.sql is for them.
WITH told AS MATERIALIZED (
    SELECT i.*, n.id AS nas_id, n.last_boot_at, COALESCE(n.only_watched, false) AS only_watched
    FROM unnest(
        %(unique_id)s::text[], %(acct_session_id)s::text[], %(nas_address)s::inet[],
        %(login)s::text[], %(mac)s::text[], %(circuit_hex)s::text[], %(remote_hex)s::text[],
        %(nas_port_id)s::text[], %(nonce)s::text[], %(framed_ip)s::inet[],
        %(subscription_id)s::bigint[], %(is_guest)s::boolean[], %(started_at)s::timestamptz[],
        %(last_seen_at)s::timestamptz[], %(in_octets)s::bigint[], %(out_octets)s::bigint[],
        %(session_time_s)s::bigint[], %(is_stopped)s::boolean[], %(stopped_at)s::timestamptz[],
        %(terminate_cause)s::text[], %(wrap_points)s::text[], %(has_packet)s::boolean[],
        %(echo)s::text[]
    ) AS i(unique_id, acct_session_id, nas_address, login, mac, circuit_hex, remote_hex,
           nas_port_id, nonce, framed_ip, told_subscription_id, is_guest, started_at, last_seen_at,
           in_octets, out_octets, session_time_s, is_stopped, stopped_at, terminate_cause,
           wrap_points, has_packet, echo)
    LEFT JOIN network_nas n ON n.address = i.nas_address
),
known AS MATERIALIZED (
    SELECT t.*, o.id AS open_id, o.in_octets AS was_in, o.out_octets AS was_out,
           o.before_in_octets AS was_before_in, o.before_out_octets AS was_before_out,
           COALESCE(o.counted_day, %(day)s::date) AS was_day,
           CASE WHEN o.subscription_id IS NOT NULL THEN o.subscription_id ELSE COALESCE(
               (SELECT s.id FROM billing_subscription s WHERE s.id = t.told_subscription_id),
               (SELECT d.subscription_id FROM radius_decision d WHERE d.login = lower(btrim(t.login))),
               -- Who was let in by another system brings no Class of ours: MAC or port tell it.
               (SELECT min(d.subscription_id) FROM radius_decision d
                WHERE t.only_watched AND t.mac <> '' AND d.mac = t.mac HAVING count(*) = 1),
               (SELECT min(d.subscription_id) FROM radius_decision d
                WHERE t.only_watched AND t.circuit_hex <> '' AND d.circuit_hex = t.circuit_hex
                  AND d.remote_hex = t.remote_hex HAVING count(*) = 1)) END
               AS subscription_id,
           CASE WHEN o.id IS NULL THEN
               (SELECT c.closed_day FROM network_session_closed c WHERE c.unique_id = t.unique_id)
               END AS closed_day,
           t.is_stopped
               OR COALESCE(GREATEST(o.last_seen_at, t.last_seen_at) < t.last_boot_at, false)
               AS is_over,
           GREATEST(o.in_octets, t.in_octets) AS new_in,
           GREATEST(o.out_octets, t.out_octets) AS new_out,
           GREATEST(o.counted_day, %(day)s::date) AS new_day,
           CASE WHEN o.id IS NULL THEN 0
                WHEN o.counted_day < %(day)s::date THEN o.in_octets
                WHEN o.counted_day = %(day)s::date THEN o.before_in_octets
                ELSE GREATEST(o.before_in_octets, t.in_octets) END AS new_before_in,
           CASE WHEN o.id IS NULL THEN 0
                WHEN o.counted_day < %(day)s::date THEN o.out_octets
                WHEN o.counted_day = %(day)s::date THEN o.before_out_octets
                ELSE GREATEST(o.before_out_octets, t.out_octets) END AS new_before_out
    FROM told t LEFT JOIN network_session o ON o.unique_id = t.unique_id
),
updated AS (
    UPDATE network_session s
    SET in_octets = k.new_in, out_octets = k.new_out, counted_day = k.new_day,
        before_in_octets = k.new_before_in, before_out_octets = k.new_before_out,
        wrap_points = CASE WHEN k.wrap_points = '' THEN s.wrap_points
                           ELSE k.wrap_points::bigint[] END,
        session_time_s = GREATEST(s.session_time_s, k.session_time_s),
        started_at = LEAST(s.started_at, k.started_at),
        last_seen_at = GREATEST(s.last_seen_at, k.last_seen_at),
        login = GREATEST(s.login, k.login), mac = GREATEST(s.mac, k.mac),
        circuit_hex = GREATEST(s.circuit_hex, k.circuit_hex),
        remote_hex = GREATEST(s.remote_hex, k.remote_hex),
        nas_port_id = GREATEST(s.nas_port_id, k.nas_port_id),
        framed_ip = CASE WHEN k.last_seen_at > s.last_seen_at
                         THEN COALESCE(k.framed_ip, s.framed_ip)
                         ELSE COALESCE(s.framed_ip, k.framed_ip) END,
        nas_id = COALESCE(s.nas_id, k.nas_id),
        subscription_id = k.subscription_id,
        in_bit_s = CASE WHEN k.last_seen_at > s.last_seen_at THEN LEAST(9e18,
            (k.new_in - s.in_octets)::float8 * 8
            / GREATEST(1, EXTRACT(epoch FROM k.last_seen_at - s.last_seen_at)::float8))::bigint
            ELSE s.in_bit_s END,
        out_bit_s = CASE WHEN k.last_seen_at > s.last_seen_at THEN LEAST(9e18,
            (k.new_out - s.out_octets)::float8 * 8
            / GREATEST(1, EXTRACT(epoch FROM k.last_seen_at - s.last_seen_at)::float8))::bigint
            ELSE s.out_bit_s END,
        echo = CASE WHEN k.last_seen_at > s.last_seen_at THEN NULLIF(k.echo, '')::jsonb
                    WHEN k.last_seen_at < s.last_seen_at OR k.echo = '' THEN s.echo
                    ELSE GREATEST(s.echo::text COLLATE "C", k.echo COLLATE "C")::jsonb END,
        state = CASE WHEN k.last_seen_at > s.last_seen_at THEN 'OPEN' ELSE s.state END,
        suspect_at = CASE WHEN k.last_seen_at > s.last_seen_at THEN NULL ELSE s.suspect_at END
    FROM known k WHERE s.id = k.open_id AND NOT k.is_over
),
opened AS (
    INSERT INTO network_session (
        unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
        remote_hex, nas_port_id, nonce, framed_ip, is_guest, started_at, last_seen_at, in_octets,
        out_octets, session_time_s, counted_day, before_in_octets, before_out_octets, wrap_points,
        echo, state)
    SELECT unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac,
        circuit_hex, remote_hex, nas_port_id, nonce, framed_ip, is_guest, started_at, last_seen_at,
        in_octets, out_octets, session_time_s, new_day, 0, 0,
        COALESCE(NULLIF(wrap_points, ''), '{}')::bigint[], NULLIF(echo, '')::jsonb, 'OPEN'
    FROM known WHERE open_id IS NULL AND closed_day IS NULL AND NOT is_over
),
gone AS (
    DELETE FROM network_session s USING known k WHERE s.id = k.open_id AND k.is_over RETURNING s.*
),
closed AS (
    INSERT INTO network_session_history (
        unique_id, acct_session_id, subscription_id, nas_id, nas_address, login, mac, circuit_hex,
        remote_hex, nas_port_id, nonce, framed_ip, is_guest, started_at, last_seen_at, in_octets,
        out_octets, session_time_s, counted_day, before_in_octets, before_out_octets, wrap_points,
        closed_day, stopped_at, terminate_cause, is_presumed)
    SELECT k.unique_id, k.acct_session_id, k.subscription_id, COALESCE(g.nas_id, k.nas_id),
        k.nas_address, GREATEST(g.login, k.login), GREATEST(g.mac, k.mac),
        GREATEST(g.circuit_hex, k.circuit_hex), GREATEST(g.remote_hex, k.remote_hex),
        GREATEST(g.nas_port_id, k.nas_port_id), k.nonce,
        CASE WHEN g.last_seen_at > k.last_seen_at THEN COALESCE(g.framed_ip, k.framed_ip)
             ELSE COALESCE(k.framed_ip, g.framed_ip) END,
        COALESCE(g.is_guest, k.is_guest), LEAST(g.started_at, k.started_at),
        GREATEST(g.last_seen_at, k.last_seen_at),
        k.new_in, k.new_out, GREATEST(g.session_time_s, k.session_time_s), k.new_day,
        k.new_before_in, k.new_before_out,
        CASE WHEN k.wrap_points <> '' THEN k.wrap_points::bigint[]
             ELSE COALESCE(g.wrap_points, '{}') END,
        (e.stopped_at AT TIME ZONE 'Europe/Kyiv')::date, e.stopped_at,
        CASE WHEN k.is_stopped THEN k.terminate_cause ELSE 'NAS-Reboot' END, NOT k.is_stopped
    FROM known k LEFT JOIN gone g ON g.id = k.open_id
    CROSS JOIN LATERAL (
        SELECT COALESCE(k.stopped_at, GREATEST(g.last_seen_at, k.last_seen_at)) AS stopped_at) e
    WHERE k.is_over AND k.closed_day IS NULL
    RETURNING unique_id, closed_day
),
registered AS (
    INSERT INTO network_session_closed (unique_id, closed_day) SELECT * FROM closed
),
shares AS (
    -- the day before this one is complete
    SELECT subscription_id, was_day AS day, was_in - was_before_in AS in_octets,
           was_out - was_before_out AS out_octets
    FROM known WHERE open_id IS NOT NULL AND was_day < %(day)s::date
    UNION ALL  -- a packet that came after midnight and is of the day before
    SELECT subscription_id, %(day)s::date, new_before_in - was_before_in,
           new_before_out - was_before_out
    FROM known WHERE open_id IS NOT NULL AND was_day > %(day)s::date
    UNION ALL  -- what ends
    SELECT subscription_id, new_day, new_in - new_before_in, new_out - new_before_out
    FROM known WHERE is_over AND closed_day IS NULL
),
counted AS (
    INSERT INTO network_traffic_day AS t (subscription_id, day, in_octets, out_octets)
    SELECT subscription_id, day, sum(in_octets)::bigint, sum(out_octets)::bigint
    FROM shares WHERE subscription_id IS NOT NULL AND (in_octets <> 0 OR out_octets <> 0)
    GROUP BY subscription_id, day ORDER BY subscription_id, day
    ON CONFLICT (subscription_id, day) DO UPDATE
    SET in_octets = t.in_octets + EXCLUDED.in_octets,
        out_octets = t.out_octets + EXCLUDED.out_octets
)
SELECT unique_id, closed_day, is_over, open_id IS NULL AND NOT is_over AS is_new, subscription_id,
       nas_id
FROM known WHERE closed_day IS NOT NULL OR open_id IS NULL OR has_packet OR is_over
