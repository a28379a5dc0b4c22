DROP TRIGGER coverage_building_drawn ON coverage_building;
DROP TRIGGER coverage_building_undrawn ON coverage_building;
DROP FUNCTION coverage_building_drawn();
DROP FUNCTION coverage_building_undrawn();
ALTER TABLE coverage_buildinganswer DROP COLUMN tile_point;
