-- Who may be let in for a login and its password alone, with all that the Accept says, in one narrow row:
-- what an Access-Request mostly needs. A row of radius_decision is four times as wide, and each of the
-- server's processes has to be shown each of its pages; that cost more than the question itself.
--
-- Kept by triggers in the transaction that changes the decision, however it is changed. Here is only what needs no second look:
-- full access, any number of sessions, a login that is compared letter by letter, a password that rlm_sql
-- takes as it is. Who is not here is weighed (radius.weigh).
--
-- Beside each FreeRADIUS a file has the same, for the hours when nobody can ask here (network.standby). What has
-- changed since it was last read is found by the transaction that did it: `changed`, and `radius.usual_gone` for
-- rows that are no more. That has at most a row for each login there ever was.
CREATE TABLE radius.usual (
    login_hex text COLLATE "C" PRIMARY KEY,
    subscription_id bigint NOT NULL,
    mac text COLLATE "C" NOT NULL,
    mode text COLLATE "C" NOT NULL,
    -- What radius.authorize is asked with, up to the MAC, when the service's own port is told with its login.
    -- None where the service has no MAC or no port of its own, or its login looks like a MAC (it is taken for one).
    equipped text COLLATE "C",
    told jsonb NOT NULL,  -- for each kind of BRAS the lines of the answer; the last one, Class, is unfinished
    changed xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX usual_changed ON radius.usual (changed);

CREATE TABLE radius.usual_gone (
    login_hex text COLLATE "C" PRIMARY KEY,
    changed xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX usual_gone_changed ON radius.usual_gone (changed);

CREATE FUNCTION radius.usual_is_gone() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO radius.usual_gone AS g (login_hex) SELECT o.login_hex FROM gone o
    ON CONFLICT (login_hex) DO UPDATE SET changed = EXCLUDED.changed;
    RETURN NULL;
END $$;
CREATE TRIGGER usual_gone AFTER DELETE ON radius.usual
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION radius.usual_is_gone();

CREATE FUNCTION radius.login_hex(login text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT pg_catalog.encode(pg_catalog.convert_to(login, 'UTF8'), 'hex') $$;

-- The MAC in what a BRAS says of a device, as FreeRADIUS' policy finds it (raddb/policy/identifiers), or
-- else in the login: between its pairs of digits one sign of any kind may stand, and rlm_sql writes some
-- in its own way (`=3B`, `\n`).
CREATE FUNCTION radius.mac_of(p_station text, p_login_hex text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    two CONSTANT text := '([0-9a-f]{2})';
    mac CONSTANT text := two || repeat('(?:=[0-9a-f]{2}|\\[nrt]|[^0-9a-f=\\])?' || two, 5) || '$';
    found text[];
BEGIN
    IF p_station ~ '^[0-9a-f]{12}$' THEN
        RETURN p_station;
    END IF;
    found := regexp_match(lower(p_station), '^(?:1:|01[:.-]?)?' || mac);
    IF found IS NULL AND p_login_hex ~ '^(?:[2-6][0-9a-f]|7[0-9a-e])+$' THEN
        found := regexp_match(
            lower(convert_from(decode(p_login_hex, 'hex'), 'UTF8')),
            '^' || two || repeat('[^0-9a-f]?' || two, 5) || '$');
    END IF;
    RETURN COALESCE(array_to_string(found, ''), '');
END $$;
REVOKE ALL ON FUNCTION radius.mac_of(text, text) FROM PUBLIC;

CREATE VIEW radius.usual_now AS
SELECT radius.login_hex(d.login) AS login_hex, d.subscription_id, d.mac, d.mode,
    CASE WHEN d.mac <> '' AND d.circuit_hex <> ''
            AND d.login !~ '^[0-9a-f]{2}(?:[^0-9a-f]?[0-9a-f]{2}){5}$' THEN
        radius.login_hex(d.login) || '|0x' || d.circuit_hex || '|0x' || d.remote_hex || '||'
    END AS equipped, made.told
FROM public.radius_decision d
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(kind.key,
        'Bill-Fast-Password' || chr(9) || replace(d.password, '\', '\\') || chr(10)
        || CASE kind.value WHEN '' THEN '' ELSE kind.value || chr(10) END
        || 'Class' || chr(9) || 's:' || d.subscription_id || ':') AS told
    FROM jsonb_each_text(d.lines) kind
) made
WHERE d.state = 'FULL' AND d.sessions_max IS NULL AND d.mode IN ('', 'AUTO', 'LOGIN')
  AND d.password <> '' AND d.password !~ '^["''`]|[\x01-\x1f]'
  AND d.login ~ '^[\x21-\x7e]+$' AND d.login = lower(d.login)
  AND made.told IS NOT NULL;

-- A row at a time, and only where something is another that is told here: most changes of a decision are not.
-- Whoever comes here holds the decision's row, and logins are unique: two never write the same row at once.
CREATE FUNCTION radius.usual_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    made radius.usual_now;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM radius.usual;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        SELECT n.* INTO made FROM radius.usual_now n WHERE n.subscription_id = NEW.subscription_id;
    END IF;
    IF TG_OP <> 'INSERT' AND made.login_hex IS DISTINCT FROM radius.login_hex(OLD.login) THEN
        DELETE FROM radius.usual u
        WHERE u.login_hex = radius.login_hex(OLD.login) AND u.subscription_id = OLD.subscription_id;
    END IF;
    IF made.login_hex IS NOT NULL THEN
        INSERT INTO radius.usual AS u (login_hex, subscription_id, mac, mode, equipped, told) SELECT made.*
        ON CONFLICT (login_hex) DO UPDATE SET subscription_id = EXCLUDED.subscription_id,
            mac = EXCLUDED.mac, mode = EXCLUDED.mode, equipped = EXCLUDED.equipped, told = EXCLUDED.told,
            changed = EXCLUDED.changed;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER radius_usual_new AFTER INSERT OR DELETE ON radius_decision
    FOR EACH ROW EXECUTE FUNCTION radius.usual_follows();
CREATE TRIGGER radius_usual_changed AFTER UPDATE ON radius_decision
    FOR EACH ROW WHEN (
        (OLD.subscription_id, OLD.state, OLD.login, OLD.password, OLD.mac, OLD.circuit_hex,
         OLD.remote_hex, OLD.mode, OLD.sessions_max, OLD.lines) IS DISTINCT FROM
        (NEW.subscription_id, NEW.state, NEW.login, NEW.password, NEW.mac, NEW.circuit_hex,
         NEW.remote_hex, NEW.mode, NEW.sessions_max, NEW.lines))
    EXECUTE FUNCTION radius.usual_follows();
CREATE TRIGGER radius_usual_none AFTER TRUNCATE ON radius_decision
    FOR EACH STATEMENT EXECUTE FUNCTION radius.usual_follows();

INSERT INTO radius.usual (login_hex, subscription_id, mac, mode, equipped, told) SELECT * FROM radius.usual_now;
ANALYZE radius.usual;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        GRANT USAGE ON SCHEMA radius TO geobill_app;
        GRANT SELECT ON radius.usual, radius.usual_gone, radius.nas TO geobill_app;
    END IF;
END $$;
