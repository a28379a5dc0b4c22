-- Guards of zones. The application checks the same and explains it; these hold for whoever writes
-- past it (QGIS, psql, an import). Geometry: not empty, valid, at most 50,000 points, inside the
-- world, at least 100 m². ST_IsValid is false for NaN coordinates; Z and M are refused by the type.

ALTER TABLE coverage_zoneversion
    ADD CONSTRAINT coverage_zoneversion_not_empty CHECK (NOT ST_IsEmpty(geometry)),
    ADD CONSTRAINT coverage_zoneversion_valid_shape CHECK (ST_IsValid(geometry)),
    ADD CONSTRAINT coverage_zoneversion_points CHECK (ST_NPoints(geometry) <= 50000),
    ADD CONSTRAINT coverage_zoneversion_in_world CHECK (
        ST_XMin(geometry) >= -180 AND ST_XMax(geometry) <= 180
        AND ST_YMin(geometry) >= -90 AND ST_YMax(geometry) <= 90),
    ADD CONSTRAINT coverage_zoneversion_min_area CHECK (ST_Area(geometry::geography) >= 100),
    ADD CONSTRAINT coverage_zoneversion_span CHECK (
        NOT isempty(valid) AND lower(valid) IS NOT NULL
        AND lower_inc(valid) AND NOT upper_inc(valid));

ALTER TABLE coverage_zonechange
    ADD CONSTRAINT coverage_zonechange_not_empty CHECK (NOT ST_IsEmpty(geometry)),
    ADD CONSTRAINT coverage_zonechange_valid_shape CHECK (ST_IsValid(geometry)),
    ADD CONSTRAINT coverage_zonechange_points CHECK (ST_NPoints(geometry) <= 50000),
    ADD CONSTRAINT coverage_zonechange_in_world CHECK (
        ST_XMin(geometry) >= -180 AND ST_XMax(geometry) <= 180
        AND ST_YMin(geometry) >= -90 AND ST_YMax(geometry) <= 90),
    ADD CONSTRAINT coverage_zonechange_min_area CHECK (ST_Area(geometry::geography) >= 100);

-- A published version is history. The one change it may see is its end, set once.
CREATE FUNCTION coverage_zoneversion_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'coverage_zoneversion is never deleted: % refused', TG_OP
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF to_jsonb(NEW) - 'valid' - 'geometry' IS DISTINCT FROM to_jsonb(OLD) - 'valid' - 'geometry'
        OR ST_AsBinary(NEW.geometry) IS DISTINCT FROM ST_AsBinary(OLD.geometry)
    THEN
        RAISE EXCEPTION 'zone version % is published and cannot be changed', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.valid IS DISTINCT FROM OLD.valid AND NOT (
        upper_inf(OLD.valid) AND NOT upper_inf(NEW.valid)
        AND lower(NEW.valid) = lower(OLD.valid) AND lower_inc(NEW.valid)
    ) THEN
        RAISE EXCEPTION 'of zone version % only the end may be set, and only once', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER coverage_zoneversion_immutable BEFORE UPDATE OR DELETE ON coverage_zoneversion
    FOR EACH ROW EXECUTE FUNCTION coverage_zoneversion_guard();
CREATE TRIGGER coverage_zoneversion_no_truncate BEFORE TRUNCATE ON coverage_zoneversion
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_zoneversion_guard();
ALTER TABLE coverage_zoneversion ENABLE ALWAYS TRIGGER coverage_zoneversion_immutable;
ALTER TABLE coverage_zoneversion ENABLE ALWAYS TRIGGER coverage_zoneversion_no_truncate;

-- A zone keeps its id, and once published its network type, for ever.
CREATE FUNCTION coverage_zone_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'zone % is never deleted; archive it', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.id <> OLD.id OR NEW.revision < OLD.revision THEN
        RAISE EXCEPTION 'the id of zone % is fixed and its revision only grows', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.network_type <> OLD.network_type AND EXISTS (
        SELECT FROM coverage_zoneversion v WHERE v.zone_id = OLD.id)
    THEN
        RAISE EXCEPTION 'zone % is published: its network type is fixed', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER coverage_zone_kept BEFORE UPDATE OR DELETE ON coverage_zone
    FOR EACH ROW EXECUTE FUNCTION coverage_zone_guard();
ALTER TABLE coverage_zone ENABLE ALWAYS TRIGGER coverage_zone_kept;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON coverage_zoneversion FROM geobill_app;
        GRANT UPDATE (valid) ON coverage_zoneversion TO geobill_app;
        REVOKE DELETE, TRUNCATE ON coverage_zone FROM geobill_app;
    END IF;
END $$;
