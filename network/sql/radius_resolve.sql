-- Which service knocks: the rules of network/identity.py, word for word (a property test compares).
-- plpgsql, not sql: its plan is kept with the connection; a function in sql is planned at each call.
CREATE OR REPLACE FUNCTION radius_resolve(
    p_login text, p_mac text, p_circuit text, p_remote text, p_has_password boolean, p_mode text,
    OUT subscription_id bigint, OUT check_password boolean, OUT problem text,
    OUT nearest_id bigint, OUT missed text
) LANGUAGE plpgsql STABLE AS $$
DECLARE
    one record;        -- the first service that a factor leads to
    best record;       -- the found service with most factors, or the nearest one
    is_there boolean := false;
    is_alone boolean := true;
    is_tied boolean;
    working text;
    everything boolean;
    told text[];
BEGIN
    -- The usual case needs no more than look-ups: everything leads to one service.
    IF p_login <> '' THEN
        SELECT d.subscription_id, d.mode, d.login, d.mac, d.circuit_hex, d.remote_hex INTO one
        FROM radius_decision d WHERE d.login = p_login;
        is_there := FOUND;
    END IF;
    IF NOT is_there AND p_circuit <> '' THEN
        SELECT d.subscription_id, d.mode, d.login, d.mac, d.circuit_hex, d.remote_hex INTO one
        FROM radius_decision d WHERE d.circuit_hex = p_circuit AND d.remote_hex = p_remote LIMIT 1;
        is_there := FOUND;
    END IF;
    IF NOT is_there AND p_mac <> '' THEN
        SELECT d.subscription_id, d.mode, d.login, d.mac, d.circuit_hex, d.remote_hex INTO one
        FROM radius_decision d WHERE d.mac = p_mac LIMIT 1;
        is_there := FOUND;
    END IF;
    IF is_there AND p_mac <> '' THEN
        PERFORM FROM radius_decision d
        WHERE d.mac = p_mac AND d.subscription_id <> one.subscription_id LIMIT 1;
        is_alone := NOT FOUND;
    END IF;
    IF is_there AND is_alone AND p_circuit <> '' THEN
        PERFORM FROM radius_decision d
        WHERE d.circuit_hex = p_circuit AND d.remote_hex = p_remote
          AND d.subscription_id <> one.subscription_id LIMIT 1;
        is_alone := NOT FOUND;
    END IF;
    IF is_there AND is_alone THEN
        SELECT one.subscription_id AS subscription_id,
               COALESCE(NULLIF(one.mode::text, ''), p_mode) AS mode,
               (p_login <> '' AND one.login = p_login)::int AS l,
               (p_mac <> '' AND one.mac = p_mac)::int AS m,
               (p_circuit <> '' AND one.circuit_hex = p_circuit
                AND one.remote_hex = p_remote)::int AS p,
               0 AS score, false AS is_found, 1::bigint AS number_of, false AS some_login
        INTO best;
        best.score := best.l + best.m + best.p;
        best.some_login := best.l = 1;
        best.is_found := CASE best.mode
            WHEN 'LOGIN' THEN best.l = 1 AND p_has_password
            WHEN 'MAC' THEN best.m = 1
            WHEN 'OPTION82' THEN best.p = 1
            WHEN 'TWO_OF_THREE' THEN best.score >= 2
            ELSE CASE WHEN p_has_password THEN best.l = 1 ELSE best.m = 1 AND best.p = 1 END
        END;
    ELSIF is_there THEN
        best := radius_best(p_login, p_mac, p_circuit, p_remote, p_has_password, p_mode);
    END IF;

    check_password := false;
    missed := '';
    IF NOT is_there THEN
        problem := 'UNKNOWN';
        told := array_remove(ARRAY[
            CASE WHEN p_has_password THEN 'LOGIN' END, CASE WHEN p_mac <> '' THEN 'MAC' END,
            CASE WHEN p_circuit <> '' THEN 'PORT' END], NULL);
        missed := array_to_string(told, ',');
        RETURN;
    END IF;
    nearest_id := best.subscription_id;
    check_password := best.l = 1 AND p_has_password;
    working := CASE WHEN best.mode <> 'AUTO' THEN best.mode
                    WHEN p_has_password THEN 'LOGIN' ELSE 'TWO_OF_THREE' END;
    IF best.is_found THEN
        is_tied := best.number_of > 1 AND radius_is_tied(
            p_login, p_mac, p_circuit, p_remote, p_has_password, p_mode,
            best.subscription_id, best.score);
        IF NOT is_tied THEN
            subscription_id := best.subscription_id;
            RETURN;
        END IF;
        problem := 'CONFLICT';
    ELSIF working = 'LOGIN' THEN
        problem := CASE WHEN p_has_password THEN 'UNKNOWN' ELSE 'NO_PASSWORD' END;
    ELSIF best.number_of > 1 THEN
        problem := 'CONFLICT';
    ELSIF working = 'OPTION82' OR best.m = 1 THEN
        problem := CASE WHEN p_circuit <> '' THEN 'WRONG_PORT' ELSE 'TOO_FEW' END;
    ELSE
        problem := CASE WHEN p_mac <> '' THEN 'NEW_MAC' ELSE 'TOO_FEW' END;
    END IF;
    everything := problem = 'CONFLICT' OR working = 'TWO_OF_THREE';
    told := array_remove(ARRAY[
        CASE WHEN (everything OR working = 'LOGIN') AND best.l = 0
                  AND (p_has_password OR best.some_login) THEN 'LOGIN' END,
        CASE WHEN working = 'LOGIN' AND NOT p_has_password THEN 'PASSWORD' END,
        CASE WHEN (everything OR working = 'MAC') AND best.m = 0 THEN 'MAC' END,
        CASE WHEN (everything OR working = 'OPTION82') AND best.p = 0 THEN 'PORT' END], NULL);
    missed := array_to_string(told, ',');
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
            WHERE d.login = p_login OR (d.mac = p_mac AND p_mac <> '')
               OR (d.circuit_hex = p_circuit AND d.remote_hex = p_remote AND p_circuit <> '')
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
                d.login = p_login OR (d.mac = p_mac AND p_mac <> '')
                OR (d.circuit_hex = p_circuit AND d.remote_hex = p_remote AND p_circuit <> ''))
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
