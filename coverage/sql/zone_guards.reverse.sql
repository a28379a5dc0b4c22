DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        GRANT UPDATE, DELETE ON coverage_zoneversion, coverage_zone TO geobill_app;
    END IF;
END $$;
DROP TRIGGER coverage_zone_kept ON coverage_zone;
DROP FUNCTION coverage_zone_guard();
DROP TRIGGER coverage_zoneversion_no_truncate ON coverage_zoneversion;
DROP TRIGGER coverage_zoneversion_immutable ON coverage_zoneversion;
DROP FUNCTION coverage_zoneversion_guard();
ALTER TABLE coverage_zonechange
    DROP CONSTRAINT coverage_zonechange_not_empty,
    DROP CONSTRAINT coverage_zonechange_valid_shape,
    DROP CONSTRAINT coverage_zonechange_points,
    DROP CONSTRAINT coverage_zonechange_in_world,
    DROP CONSTRAINT coverage_zonechange_min_area;
ALTER TABLE coverage_zoneversion
    DROP CONSTRAINT coverage_zoneversion_not_empty,
    DROP CONSTRAINT coverage_zoneversion_valid_shape,
    DROP CONSTRAINT coverage_zoneversion_points,
    DROP CONSTRAINT coverage_zoneversion_in_world,
    DROP CONSTRAINT coverage_zoneversion_min_area,
    DROP CONSTRAINT coverage_zoneversion_span;
