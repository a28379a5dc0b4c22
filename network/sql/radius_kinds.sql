-- What `radius.nas.vendor` tells is the BRAS's kind (`network_nas.kind`): its driver, and what else of
-- its card an Accept depends on. The replies that are made ready are kept by it.
CREATE OR REPLACE FUNCTION radius.nas_refresh() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    LOCK TABLE radius.nas IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM radius.nas k WHERE NOT EXISTS (
        SELECT FROM network_nas n WHERE n.address = k.address AND n.retired_at IS NULL);
    INSERT INTO radius.nas AS k (address, vendor, mode)
    SELECT n.address, n.kind, COALESCE(
        (SELECT m.mode FROM network_accessmode m WHERE m.nas_id = n.id),
        (SELECT m.mode FROM network_accessmode m WHERE m.nas_id IS NULL AND m.zone_id IS NULL),
        'AUTO')
    FROM network_nas n WHERE n.retired_at IS NULL
    ON CONFLICT (address) DO UPDATE SET vendor = EXCLUDED.vendor, mode = EXCLUDED.mode
    WHERE (k.vendor, k.mode) IS DISTINCT FROM (EXCLUDED.vendor, EXCLUDED.mode);
    RETURN NULL;
END $$;

DROP TRIGGER radius_nas_of_nas ON network_nas;
CREATE TRIGGER radius_nas_of_nas
    AFTER INSERT OR DELETE OR TRUNCATE OR UPDATE OF
        address, vendor, capabilities, interim_s, retired_at ON network_nas
    FOR EACH STATEMENT EXECUTE FUNCTION radius.nas_refresh();

UPDATE radius.nas k SET vendor = n.kind
FROM network_nas n WHERE n.address = k.address AND k.vendor IS DISTINCT FROM n.kind;
