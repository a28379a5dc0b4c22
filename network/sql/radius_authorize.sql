-- The fast path: what FreeRADIUS asks by itself (rlm_sql_map), without the REST group.
--
-- It may be called by a role that may do nothing else. Options and names come as hex text: what
-- rlm_sql makes of other letters (`=XX`) is no matter then. Always one row:
--
--   PASSWORD  let in whoever proves the password        ACCEPT   let in: the equipment was proof
--   ASK       the REST group must decide                REFUSED  not to be let in from here
--
-- `p_keys` are the attributes that the asking server can put into a reply; `reply` has their values
-- in that order. A reply with another attribute in it is not given: ASK.
CREATE SCHEMA IF NOT EXISTS radius;
DROP FUNCTION IF EXISTS radius.authorize(text, text, text, text, text, text);
DROP FUNCTION IF EXISTS radius.authorize(text, text, text, text, text, text, text[]);

CREATE FUNCTION radius.authorize(
    p_nas text, p_login_hex text, p_mac text, p_circuit text, p_remote text, p_password text,
    p_keys text[],
    OUT verdict text, OUT password text, OUT told_class text, OUT reply text[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    vendor text;
    nas_mode text;
    login text := '';
    who record;
    ready jsonb;
BEGIN
    verdict := 'ASK';
    -- Only visible ASCII is compared here; how other letters fold is the REST group's knowledge.
    IF p_login_hex !~ '^([2-6][0-9a-f]|7[0-9a-e])*$' THEN
        RETURN;
    END IF;
    IF p_login_hex <> '' THEN
        login := lower(btrim(convert_from(decode(p_login_hex, 'hex'), 'UTF8')));
    END IF;
    SELECT n.vendor, COALESCE(
        (SELECT m.mode FROM network_accessmode m WHERE m.nas_id = n.id),
        (SELECT m.mode FROM network_accessmode m WHERE m.nas_id IS NULL AND m.zone_id IS NULL),
        'AUTO')
    INTO vendor, nas_mode
    FROM network_nas n WHERE n.address = p_nas::inet AND n.retired_at IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    who := radius_resolve(login, p_mac, p_circuit, p_remote, p_password <> '', nas_mode);
    IF who.subscription_id IS NULL OR who.state <> 'FULL' THEN
        verdict := 'REFUSED';
        RETURN;
    END IF;
    IF who.sessions_max IS NOT NULL THEN
        PERFORM FROM network_session s
        WHERE s.subscription_id = who.subscription_id AND s.state = 'OPEN'
          AND NOT s.is_guest AND (s.mac = '' OR s.mac <> p_mac)
        OFFSET who.sessions_max - 1 LIMIT 1;
        IF FOUND THEN
            verdict := 'REFUSED';
            RETURN;
        END IF;
    END IF;
    ready := who.replies -> vendor;
    IF ready IS NULL OR ready - p_keys <> '{}' THEN
        RETURN;
    END IF;
    FOR place IN 1..array_length(p_keys, 1) LOOP
        reply[place] := ready ->> p_keys[place];
    END LOOP;
    told_class := 's:' || who.subscription_id || ':'
        || lpad(to_hex(floor(random() * 4294967296)::bigint), 8, '0');
    IF who.check_password THEN
        verdict := 'PASSWORD';
        password := who.password;
    ELSE
        verdict := 'ACCEPT';
    END IF;
END $$;

REVOKE ALL ON FUNCTION radius.authorize(text, text, text, text, text, text, text[]) FROM PUBLIC;
-- Nobody who is not named may use what lies in the schema public: functions are PUBLIC's by default.
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO geobill_app', current_database());
        GRANT USAGE ON SCHEMA public, radius TO geobill_app;
        GRANT EXECUTE ON FUNCTION radius.authorize(text, text, text, text, text, text, text[])
            TO geobill_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_radius') THEN
        GRANT USAGE ON SCHEMA radius TO geobill_radius;
        GRANT EXECUTE ON FUNCTION radius.authorize(text, text, text, text, text, text, text[])
            TO geobill_radius;
    END IF;
END $$;
