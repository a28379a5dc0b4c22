-- The fast path: what FreeRADIUS asks by itself (rlm_sql), without the REST group.
--
-- It may be called by a role that may do nothing else. Who asks comes in one text, "|" between: the login as hex,
-- circuit and remote id of Option 82 as hex with `0x` in front (or nothing), the whole Option 82 of which only
-- Geobill knows the parts, and the MAC as it came, in which any sign may be. The answer is attributes of the reply, a
-- line each: name, tab, value as rlm_sql reads it. With a password who proves it is let in: `Bill-Fast-Password`
-- when all that was told is the service's own, which the file beside FreeRADIUS knows too (network.standby), and else
-- `Bill-Fast-Weighed` or `-Quoted`, which FreeRADIUS remembers. Without one `Bill-Verdict` is among them:
--
--   ACCEPT   let in: the equipment was proof
--   ASK      the REST group must decide                 REFUSED  not to be let in from here
--
-- Each statement of a function is set up anew in each transaction, which costs more than it does: the
-- usual question (a login and its password, nothing against it) is answered by one, from radius.usual.
CREATE SCHEMA IF NOT EXISTS radius;
DROP FUNCTION IF EXISTS radius.authorize(text, text, text);
DROP FUNCTION IF EXISTS radius.authorize(text, text, text, text, text, text);
DROP FUNCTION IF EXISTS radius.authorize(text, text, text, text, text, text, text[]);
DROP FUNCTION IF EXISTS radius.weigh(text, text, text, text, text, text);

-- No search_path of its own, which would cost: it names the schema of each table, and who may call it
-- may make neither a function nor an operator that could stand before those of the system.
-- STABLE, though each Class is another: within one call it is the same, and nothing is written.
--
-- Whose login it is, by one look-up; all the rest is weighed. Where the MAC and the port that were told
-- are the service's own, too, no other service can have as many factors, and it is found (identity.py).
-- That is one comparison with what the row has ready: each function in it costs a thirtieth of the answer.
CREATE FUNCTION radius.authorize(p_nas text, p_asked text, p_password text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER
AS $$
DECLARE
    usual text;
    is_sure boolean;
    whose bigint;
    own_mac text;
    login_hex text;
    circuit text;
    remote text;
    its_mac text;
BEGIN
    IF p_password <> '' THEN
        SELECT (u.told ->> n.vendor) || lpad(to_hex(floor(random() * 4294967296)::bigint), 8, '0'),
            u.subscription_id, u.mac,
            starts_with(p_asked, u.equipped)
                AND translate(lower(substr(p_asked, length(u.equipped) + 1)), ':.-', '') = u.mac
        INTO usual, whose, own_mac, is_sure
        FROM radius.usual u, radius.nas n
        WHERE u.login_hex = split_part(p_asked, '|', 1) AND n.address = p_nas::inet
          AND (u.mode <> '' OR n.mode IN ('AUTO', 'LOGIN'));
        IF is_sure AND usual IS NOT NULL THEN
            RETURN usual;
        END IF;
    END IF;
    login_hex := split_part(p_asked, '|', 1);
    circuit := substr(split_part(p_asked, '|', 2), 3);
    remote := substr(split_part(p_asked, '|', 3), 3);
    its_mac := radius.mac_of(regexp_replace(p_asked, '^(?:[^|]*\|){4}', ''), login_hex);
    IF usual IS NOT NULL THEN
        IF circuit = '' AND its_mac IN ('', own_mac)
            AND starts_with(p_asked, login_hex || '||||')
            AND translate(lower(substr(p_asked, length(login_hex) + 5)), ':.-', '') = its_mac
        THEN
            RETURN usual;
        END IF;
        -- What follows the file beside FreeRADIUS cannot tell.
        usual := 'Bill-Fast-Weighed' || substr(usual, length('Bill-Fast-Password') + 1);
        IF circuit = '' AND its_mac IN ('', own_mac) THEN
            RETURN usual;
        END IF;
        PERFORM WHERE EXISTS (
            SELECT FROM public.radius_decision o
            WHERE o.mac = its_mac AND o.mac <> '' AND o.subscription_id <> whose
        ) OR EXISTS (
            SELECT FROM public.radius_decision o
            WHERE o.circuit_hex = circuit AND o.remote_hex = remote AND o.circuit_hex <> ''
              AND o.subscription_id <> whose);
        IF NOT FOUND AND circuit <> '' AND its_mac IS DISTINCT FROM NULLIF(own_mac, '') THEN
            -- A login alone: a service at the line, as rules read it, may stand in the way.
            PERFORM WHERE EXISTS (
                SELECT FROM public.radius_decision o WHERE o.port_key <> '' AND o.mode = 'OPTION82'
            ) OR EXISTS (
                SELECT FROM radius.nas n WHERE n.address = p_nas::inet AND n.mode = 'OPTION82');
        END IF;
        IF NOT FOUND THEN
            RETURN usual;
        END IF;
    END IF;
    RETURN radius.weigh(p_nas, login_hex, its_mac, circuit, remote, p_password);
END $$;

-- The same in full: other factors, other modes, odd passwords, limits, refusals.
CREATE FUNCTION radius.weigh(
    p_nas text, p_login_hex text, p_mac text, p_circuit text, p_remote text, p_password text
) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    ask CONSTANT text := 'Bill-Verdict' || chr(9) || 'ASK';
    refused CONSTANT text := 'Bill-Verdict' || chr(9) || 'REFUSED';
    asked_login text := '';
    knocked record;
    who record;
    told text;
BEGIN
    IF p_login_hex !~ '^(?:[2-6][0-9a-f]|7[0-9a-e])*$' THEN
        RETURN ask;
    END IF;
    IF p_login_hex <> '' THEN
        asked_login := lower(btrim(convert_from(decode(p_login_hex, 'hex'), 'UTF8')));
    END IF;
    SELECT n.vendor, n.mode INTO knocked FROM radius.nas n WHERE n.address = p_nas::inet;
    IF NOT FOUND THEN
        RETURN ask;
    END IF;
    who := radius_resolve(
        asked_login, p_mac, p_circuit, p_remote, p_password <> '', knocked.mode);
    IF p_circuit <> '' AND (who.subscription_id IS NULL OR who.state = 'FULL') THEN
        -- What the port means only Geobill can read. A port that is somebody's as it stands is not read.
        -- Who is found stays so unless a service at the line as it is read has as many factors.
        PERFORM WHERE NOT EXISTS (
            SELECT FROM radius_decision o
            WHERE o.circuit_hex = p_circuit AND o.remote_hex = p_remote AND o.circuit_hex <> ''
        ) AND CASE WHEN who.subscription_id IS NULL
            THEN EXISTS (SELECT FROM radius_decision d WHERE d.port_key <> '')
            ELSE EXISTS (
                SELECT FROM radius_decision d
                WHERE d.port_key <> '' AND d.mode = 'OPTION82'
                  AND d.subscription_id <> who.subscription_id
            ) OR (knocked.mode = 'OPTION82' AND EXISTS (
                SELECT FROM radius_decision d
                WHERE d.port_key <> '' AND d.subscription_id <> who.subscription_id)
            ) OR EXISTS (
                SELECT FROM radius_decision d
                WHERE d.port_key <> '' AND d.subscription_id <> who.subscription_id
                  AND d.mac = p_mac AND d.mac <> '')
            END;
        IF FOUND THEN
            RETURN ask;
        END IF;
    END IF;
    IF who.subscription_id IS NULL OR who.state <> 'FULL' THEN
        RETURN refused;
    END IF;
    IF who.sessions_max IS NOT NULL THEN
        PERFORM FROM network_session s
        WHERE s.subscription_id = who.subscription_id AND s.state = 'OPEN'
          AND NOT s.is_guest AND (s.mac = '' OR s.mac <> p_mac)
        OFFSET who.sessions_max - 1 LIMIT 1;
        IF FOUND THEN
            RETURN refused;
        END IF;
    END IF;
    told := who.lines ->> knocked.vendor;
    -- What stands behind a quote and a backslash would be read twice (see below).
    IF told IS NULL OR (who.check_password AND who.password ~ '[\x01-\x1f]|^["''`].*\\') THEN
        RETURN ask;
    END IF;
    told := 'Class' || chr(9) || 's:' || who.subscription_id || ':'
        || lpad(to_hex(floor(random() * 4294967296)::bigint), 8, '0') || chr(10) || told;
    IF NOT who.check_password THEN
        RETURN 'Bill-Verdict' || chr(9) || 'ACCEPT' || chr(10) || told;
    END IF;
    -- rlm_sql reads "\" as C does, and a value between quotes in its own way: a program, if they are
    -- backquotes. So a password that begins with a quote gets a letter in front, which the policy takes
    -- away; other values of that sort are never made ready.
    RETURN CASE WHEN who.password ~ '^["''`]' THEN 'Bill-Fast-Quoted' || chr(9) || 'p'
            ELSE 'Bill-Fast-Weighed' || chr(9) END
        || replace(who.password, '\', '\\') || chr(10) || told;
END $$;

REVOKE ALL ON FUNCTION radius.authorize(text, text, text) FROM PUBLIC;
REVOKE ALL ON FUNCTION radius.weigh(text, text, text, text, text, text) FROM PUBLIC;
-- Nobody who is not named may use what lies in the schema public: functions are PUBLIC's by default.
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO geobill_app', current_database());
        GRANT USAGE ON SCHEMA public, radius TO geobill_app;
        GRANT EXECUTE ON FUNCTION radius.authorize(text, text, text) TO geobill_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_radius') THEN
        GRANT USAGE ON SCHEMA radius TO geobill_radius;
        GRANT EXECUTE ON FUNCTION radius.authorize(text, text, text) TO geobill_radius;
    END IF;
END $$;
