-- The fast path: what FreeRADIUS asks by itself (rlm_sql), without the REST group.
--
-- It may be called by a role that may do nothing else. Options and names come as hex text: what
-- rlm_sql makes of other letters (`=XX`) is no matter then. The answer is attributes of the reply as
-- rlm_sql reads them; `Bill-Verdict` is always among them:
--
--   PASSWORD  let in whoever proves the password        ACCEPT   let in: the equipment was proof
--   ASK       the REST group must decide                REFUSED  not to be let in from here
--
-- Each statement of a function is set up anew in each transaction, which costs more than it does: the
-- usual question (a login and its password) is answered by one, and its reply listed by another.
CREATE SCHEMA IF NOT EXISTS radius;
DROP FUNCTION IF EXISTS radius.authorize(text, text, text, text, text, text);
DROP FUNCTION IF EXISTS radius.authorize(text, text, text, text, text, text, text[]);

CREATE FUNCTION radius.authorize(
    p_nas text, p_login_hex text, p_mac text, p_circuit text, p_remote text, p_password text,
    OUT attribute text, OUT value text
) RETURNS SETOF record LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp ROWS 8
AS $$
DECLARE
    asked_login text := '';
    vendor text;
    nas_mode text;
    own_mode text;
    service bigint;
    state text;
    password text;
    sessions_max integer;
    replies jsonb;
    check_password boolean := true;
    is_alone boolean;
    who record;
BEGIN
    attribute := 'Bill-Verdict';
    value := 'ASK';
    -- Only visible ASCII is compared here; how other letters fold is the REST group's knowledge.
    IF p_login_hex !~ '^(?:[2-6][0-9a-f]|7[0-9a-e])*$' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    IF p_login_hex <> '' THEN
        asked_login := lower(btrim(convert_from(decode(p_login_hex, 'hex'), 'UTF8')));
    END IF;
    SELECT n.vendor, COALESCE(
        (SELECT m.mode FROM network_accessmode m WHERE m.nas_id = n.id),
        (SELECT m.mode FROM network_accessmode m WHERE m.nas_id IS NULL AND m.zone_id IS NULL),
        'AUTO'), d.mode, d.subscription_id, d.state, d.password, d.sessions_max, d.replies
    INTO vendor, nas_mode, own_mode, service, state, password, sessions_max, replies
    FROM network_nas n
    LEFT JOIN radius_decision d ON d.login = asked_login AND asked_login <> ''
    WHERE n.address = p_nas::inet AND n.retired_at IS NULL;
    IF NOT FOUND THEN
        RETURN NEXT;
        RETURN;
    END IF;
    -- Whose login it is, where nothing else leads to another service; all the rest is radius_resolve's.
    is_alone := service IS NOT NULL AND p_password <> ''
        AND COALESCE(NULLIF(own_mode, ''), nas_mode) IN ('AUTO', 'LOGIN');
    IF is_alone AND (p_mac <> '' OR p_circuit <> '') THEN
        PERFORM FROM radius_decision d
        WHERE d.subscription_id <> service AND (
            (d.mac = p_mac AND d.mac <> '')
            OR (d.circuit_hex = p_circuit AND d.remote_hex = p_remote AND d.circuit_hex <> ''))
        LIMIT 1;
        is_alone := NOT FOUND;
    END IF;
    IF NOT is_alone THEN
        who := radius_resolve(
            asked_login, p_mac, p_circuit, p_remote, p_password <> '', nas_mode);
        service := who.subscription_id;
        state := who.state;
        password := who.password;
        sessions_max := who.sessions_max;
        replies := who.replies;
        check_password := who.check_password;
    END IF;
    IF service IS NULL OR state <> 'FULL' THEN
        value := 'REFUSED';
        RETURN NEXT;
        RETURN;
    END IF;
    IF sessions_max IS NOT NULL THEN
        PERFORM FROM network_session s
        WHERE s.subscription_id = service AND s.state = 'OPEN'
          AND NOT s.is_guest AND (s.mac = '' OR s.mac <> p_mac)
        OFFSET sessions_max - 1 LIMIT 1;
        IF FOUND THEN
            value := 'REFUSED';
            RETURN NEXT;
            RETURN;
        END IF;
    END IF;
    replies := replies -> vendor;
    IF replies IS NULL THEN
        RETURN NEXT;
        RETURN;
    END IF;
    -- rlm_sql reads "\" as C does, and a value between quotes in its own way: a program, if they are
    -- backquotes. So a password that begins with a quote gets a letter in front, which the policy takes
    -- away; other values of that sort are never made ready.
    IF check_password THEN
        value := 'PASSWORD';
        RETURN NEXT;
        value := replace(password, E'\\', E'\\\\');
        attribute := 'Bill-Fast-Password';
        IF value ~ '^["''`]' THEN
            attribute := 'Bill-Fast-Quoted';
            value := 'p' || value;
        END IF;
        RETURN NEXT;
    ELSE
        value := 'ACCEPT';
        RETURN NEXT;
    END IF;
    attribute := 'Class';
    value := 's:' || service || ':'
        || lpad(to_hex(floor(random() * 4294967296)::bigint), 8, '0');
    RETURN NEXT;
    FOR attribute, value IN
        SELECT split_part(told.key, '#', 1), ltrim(replace(told.value, E'\\', E'\\\\'), '`')
        FROM jsonb_each_text(replies) told
    LOOP
        RETURN NEXT;
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION radius.authorize(text, text, text, text, text, text) FROM PUBLIC;
-- Nobody who is not named may use what lies in the schema public: functions are PUBLIC's by default.
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO geobill_app', current_database());
        GRANT USAGE ON SCHEMA public, radius TO geobill_app;
        GRANT EXECUTE ON FUNCTION radius.authorize(text, text, text, text, text, text)
            TO geobill_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_radius') THEN
        GRANT USAGE ON SCHEMA radius TO geobill_radius;
        GRANT EXECUTE ON FUNCTION radius.authorize(text, text, text, text, text, text)
            TO geobill_radius;
    END IF;
END $$;
