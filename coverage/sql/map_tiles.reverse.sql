DROP TRIGGER coverage_zoneversion_on_map ON coverage_zoneversion;
DROP TRIGGER coverage_zone_on_map ON coverage_zone;
DROP TRIGGER coverage_override_on_map ON coverage_coverageoverride;
DROP TRIGGER coverage_building_on_map ON coverage_building;
DROP FUNCTION coverage_map_changed();
ALTER TABLE coverage_building DROP COLUMN tile_point;
