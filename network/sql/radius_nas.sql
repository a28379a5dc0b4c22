-- What an authorization needs to know of a BRAS, in one row by its address: the kind of its replies and
-- how services behind it are told apart where nothing nearer says so. Kept by triggers, because putting
-- it together from three tables costs a third of a fast answer.
CREATE TABLE radius.nas (
    address inet PRIMARY KEY,
    vendor text NOT NULL,
    mode text NOT NULL
);

-- The few rows are compared as a whole. One writer at a time: who waited sees what the other wrote.
-- Who reads (an authorization) never waits.
CREATE FUNCTION radius.nas_refresh() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    LOCK TABLE radius.nas IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM radius.nas k WHERE NOT EXISTS (
        SELECT FROM network_nas n WHERE n.address = k.address AND n.retired_at IS NULL);
    INSERT INTO radius.nas AS k (address, vendor, mode)
    SELECT n.address, n.vendor, COALESCE(
        (SELECT m.mode FROM network_accessmode m WHERE m.nas_id = n.id),
        (SELECT m.mode FROM network_accessmode m WHERE m.nas_id IS NULL AND m.zone_id IS NULL),
        'AUTO')
    FROM network_nas n WHERE n.retired_at IS NULL
    ON CONFLICT (address) DO UPDATE SET vendor = EXCLUDED.vendor, mode = EXCLUDED.mode
    WHERE (k.vendor, k.mode) IS DISTINCT FROM (EXCLUDED.vendor, EXCLUDED.mode);
    RETURN NULL;
END $$;

CREATE TRIGGER radius_nas_of_nas
    AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF address, vendor, retired_at ON network_nas
    FOR EACH STATEMENT EXECUTE FUNCTION radius.nas_refresh();
CREATE TRIGGER radius_nas_of_mode
    AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE ON network_accessmode
    FOR EACH STATEMENT EXECUTE FUNCTION radius.nas_refresh();

INSERT INTO radius.nas (address, vendor, mode)
SELECT n.address, n.vendor, COALESCE(
    (SELECT m.mode FROM network_accessmode m WHERE m.nas_id = n.id),
    (SELECT m.mode FROM network_accessmode m WHERE m.nas_id IS NULL AND m.zone_id IS NULL),
    'AUTO')
FROM network_nas n WHERE n.retired_at IS NULL;

-- The attributes of an Accept as lines that the fast path sends as they are: name, tab, value. rlm_sql
-- reads "\" as C does, and a value in backquotes as a program, so the one is doubled and the other taken
-- away. What has a control character in it could be taken for another line: it is not made ready.
CREATE FUNCTION radius.lines(replies jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(jsonb_object_agg(kind.key, told.lines), '{}'::jsonb)
    FROM jsonb_each(replies) kind
    CROSS JOIN LATERAL (
        SELECT COALESCE(string_agg(
                   split_part(one.key, '#', 1) || chr(9)
                       || ltrim(replace(one.value, '\', '\\'), '`'),
                   chr(10) ORDER BY one.place), '') AS lines,
               COALESCE(bool_or(one.value ~ '[\x01-\x1f]'), false) AS is_odd
        FROM jsonb_each_text(kind.value) WITH ORDINALITY one(key, value, place)
    ) told
    WHERE NOT told.is_odd
$$;

ALTER TABLE radius_decision
    ADD COLUMN lines jsonb GENERATED ALWAYS AS (radius.lines(replies)) STORED;
