DROP TRIGGER IF EXISTS coverage_availabilitycheck_standing_building ON coverage_availabilitycheck;
DROP FUNCTION IF EXISTS coverage_standing_building();
