-- Which service knocks: the rules of network/identity.py, word for word (a property test compares).
-- plpgsql, not sql: its plan is kept with the connection; a function in sql is planned at each call.
--
-- Few statements, and plain variables instead of records made by SELECT: each statement of a function
-- is set up anew in each transaction, which costs more than it does. `mac <> ''` and the like let the
-- planner know that it is no empty text that is looked for, which most rows may have.
DROP FUNCTION IF EXISTS radius_resolve(text, text, text, text, boolean, text);
CREATE FUNCTION radius_resolve(
    p_login text, p_mac text, p_circuit text, p_remote text, p_has_password boolean, p_mode text,
    OUT subscription_id bigint, OUT check_password boolean, OUT problem text,
    OUT nearest_id bigint, OUT missed text,
    OUT state text, OUT password text, OUT sessions_max integer, OUT lines jsonb
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    one record;        -- the first service that a factor leads to
    best record;       -- of several: the found service with most factors, or the nearest one
    is_there boolean := false;
    is_alone boolean := true;
    is_found boolean;
    is_tied boolean := false;
    some_login boolean;
    has_l boolean;
    has_m boolean;
    has_p boolean;
    mode text;
    working text;
    everything boolean;
BEGIN
    -- The usual case needs no more than look-ups: everything leads to one service.
    IF p_login <> '' THEN
        SELECT d.subscription_id, d.login, d.mac, d.circuit_hex, d.remote_hex, d.mode, d.state,
            d.password, d.sessions_max, d.lines
        INTO one FROM radius_decision d WHERE d.login = p_login;
        is_there := FOUND;
    END IF;
    IF NOT is_there AND p_circuit <> '' THEN
        SELECT d.subscription_id, d.login, d.mac, d.circuit_hex, d.remote_hex, d.mode, d.state,
            d.password, d.sessions_max, d.lines
        INTO one FROM radius_decision d
        WHERE d.circuit_hex = p_circuit AND d.remote_hex = p_remote AND d.circuit_hex <> '' LIMIT 1;
        is_there := FOUND;
    END IF;
    IF NOT is_there AND p_mac <> '' THEN
        SELECT d.subscription_id, d.login, d.mac, d.circuit_hex, d.remote_hex, d.mode, d.state,
            d.password, d.sessions_max, d.lines
        INTO one FROM radius_decision d WHERE d.mac = p_mac AND d.mac <> '' LIMIT 1;
        is_there := FOUND;
    END IF;
    check_password := false;
    missed := '';
    IF NOT is_there THEN
        problem := 'UNKNOWN';
        missed := concat_ws(',', CASE WHEN p_has_password THEN 'LOGIN' END,
            CASE WHEN p_mac <> '' THEN 'MAC' END, CASE WHEN p_circuit <> '' THEN 'PORT' END);
        RETURN;
    END IF;
    IF p_mac <> '' THEN
        PERFORM FROM radius_decision d
        WHERE d.mac = p_mac AND d.mac <> '' AND d.subscription_id <> one.subscription_id LIMIT 1;
        is_alone := NOT FOUND;
    END IF;
    IF is_alone AND p_circuit <> '' THEN
        PERFORM FROM radius_decision d
        WHERE d.circuit_hex = p_circuit AND d.remote_hex = p_remote AND d.circuit_hex <> ''
          AND d.subscription_id <> one.subscription_id LIMIT 1;
        is_alone := NOT FOUND;
    END IF;
    IF is_alone THEN
        nearest_id := one.subscription_id;
        mode := CASE one.mode WHEN '' THEN p_mode ELSE one.mode END;
        has_l := p_login <> '' AND one.login = p_login;
        has_m := p_mac <> '' AND one.mac = p_mac;
        has_p := p_circuit <> '' AND one.circuit_hex = p_circuit AND one.remote_hex = p_remote;
        some_login := has_l;
        is_found := CASE mode
            WHEN 'LOGIN' THEN has_l AND p_has_password
            WHEN 'MAC' THEN has_m
            WHEN 'OPTION82' THEN has_p
            WHEN 'TWO_OF_THREE' THEN (has_l AND has_m) OR (has_l AND has_p) OR (has_m AND has_p)
            ELSE CASE WHEN p_has_password THEN has_l ELSE has_m AND has_p END
        END;
    ELSE
        best := radius_best(p_login, p_mac, p_circuit, p_remote, p_has_password, p_mode);
        nearest_id := best.subscription_id;
        mode := best.mode;
        has_l := best.l = 1;
        has_m := best.m = 1;
        has_p := best.p = 1;
        some_login := best.some_login;
        is_found := best.is_found;
        SELECT d.subscription_id, d.login, d.mac, d.circuit_hex, d.remote_hex, d.mode, d.state,
            d.password, d.sessions_max, d.lines
        INTO one FROM radius_decision d WHERE d.subscription_id = nearest_id;
    END IF;
    check_password := has_l AND p_has_password;
    IF is_found AND NOT is_alone THEN
        is_tied := radius_is_tied(
            p_login, p_mac, p_circuit, p_remote, p_has_password, p_mode, nearest_id, best.score);
    END IF;
    IF is_found AND NOT is_tied THEN
        subscription_id := nearest_id;
        state := one.state;
        password := one.password;
        sessions_max := one.sessions_max;
        lines := one.lines;
        RETURN;
    END IF;
    working := CASE WHEN mode <> 'AUTO' THEN mode
                    WHEN p_has_password THEN 'LOGIN' ELSE 'TWO_OF_THREE' END;
    IF is_found THEN
        problem := 'CONFLICT';
    ELSIF working = 'LOGIN' THEN
        problem := CASE WHEN p_has_password THEN 'UNKNOWN' ELSE 'NO_PASSWORD' END;
    ELSIF NOT is_alone THEN
        problem := 'CONFLICT';
    ELSIF working = 'OPTION82' OR has_m THEN
        problem := CASE WHEN p_circuit <> '' THEN 'WRONG_PORT' ELSE 'TOO_FEW' END;
    ELSE
        problem := CASE WHEN p_mac <> '' THEN 'NEW_MAC' ELSE 'TOO_FEW' END;
    END IF;
    everything := problem = 'CONFLICT' OR working = 'TWO_OF_THREE';
    missed := concat_ws(',',
        CASE WHEN (everything OR working = 'LOGIN') AND NOT has_l
                  AND (p_has_password OR some_login) THEN 'LOGIN' END,
        CASE WHEN working = 'LOGIN' AND NOT p_has_password THEN 'PASSWORD' END,
        CASE WHEN (everything OR working = 'MAC') AND NOT has_m THEN 'MAC' END,
        CASE WHEN (everything OR working = 'OPTION82') AND NOT has_p THEN 'PORT' END);
END $$;

-- Of several services the one that is found with most factors, or else the nearest one.
CREATE OR REPLACE FUNCTION radius_best(
    p_login text, p_mac text, p_circuit text, p_remote text, p_has_password boolean, p_mode text,
    OUT subscription_id bigint, OUT mode text, OUT l integer, OUT m integer, OUT p integer,
    OUT score integer, OUT is_found boolean, OUT number_of bigint, OUT some_login boolean
) LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
BEGIN
    SELECT s.*, count(*) OVER () AS number_of, bool_or(s.l = 1) OVER () AS some_login
    INTO subscription_id, mode, l, m, p, score, is_found, number_of, some_login
    FROM (
        SELECT h.*, h.l + h.m + h.p AS score,
               CASE h.mode
                   WHEN 'LOGIN' THEN h.l = 1 AND p_has_password
                   WHEN 'MAC' THEN h.m = 1
                   WHEN 'OPTION82' THEN h.p = 1
                   WHEN 'TWO_OF_THREE' THEN h.l + h.m + h.p >= 2
                   ELSE CASE WHEN p_has_password THEN h.l = 1 ELSE h.m = 1 AND h.p = 1 END
               END AS is_found
        FROM (
            SELECT d.subscription_id, COALESCE(NULLIF(d.mode, ''), p_mode) AS mode,
                   (p_login <> '' AND d.login = p_login)::int AS l,
                   (p_mac <> '' AND d.mac = p_mac)::int AS m,
                   (p_circuit <> '' AND d.circuit_hex = p_circuit
                    AND d.remote_hex = p_remote)::int AS p
            FROM radius_decision d
            WHERE d.login = p_login OR (d.mac = p_mac AND d.mac <> '')
               OR (d.circuit_hex = p_circuit AND d.remote_hex = p_remote AND d.circuit_hex <> '')
        ) h
    ) s
    ORDER BY s.is_found DESC, s.score DESC, s.p DESC, s.l DESC, s.subscription_id
    LIMIT 1;
END $$;

-- Whether another service stands in the way of the found one: it owns the login, or has as many
-- factors and is found too (or has two at least).
CREATE OR REPLACE FUNCTION radius_is_tied(
    p_login text, p_mac text, p_circuit text, p_remote text, p_has_password boolean, p_mode text,
    p_best bigint, p_score integer
) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM (
            SELECT d.subscription_id, COALESCE(NULLIF(d.mode, ''), p_mode) AS mode,
                   (p_login <> '' AND d.login = p_login)::int AS l,
                   (p_mac <> '' AND d.mac = p_mac)::int AS m,
                   (p_circuit <> '' AND d.circuit_hex = p_circuit
                    AND d.remote_hex = p_remote)::int AS p
            FROM radius_decision d
            WHERE d.subscription_id <> p_best AND (
                d.login = p_login OR (d.mac = p_mac AND d.mac <> '')
                OR (d.circuit_hex = p_circuit AND d.remote_hex = p_remote AND d.circuit_hex <> ''))
        ) other
        WHERE other.l = 1 OR (
            other.l + other.m + other.p >= p_score AND (
                other.l + other.m + other.p >= 2
                OR CASE other.mode
                       WHEN 'LOGIN' THEN other.l = 1 AND p_has_password
                       WHEN 'MAC' THEN other.m = 1
                       WHEN 'OPTION82' THEN other.p = 1
                       WHEN 'TWO_OF_THREE' THEN other.l + other.m + other.p >= 2
                       ELSE CASE WHEN p_has_password THEN other.l = 1
                                 ELSE other.m = 1 AND other.p = 1 END
                   END))
    );
END $$;
