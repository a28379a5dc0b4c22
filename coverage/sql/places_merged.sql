-- A row that is written while its building is being merged must not stay behind on the duplicate.
-- The merge holds the building FOR UPDATE; this waits for it, then points at the one that stayed.
-- Any table with a column building_id may use it (coverage: checks; crm: requests).
CREATE FUNCTION coverage_standing_building() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT COALESCE(merged_into_id, id) INTO NEW.building_id
    FROM coverage_building WHERE id = NEW.building_id FOR KEY SHARE;
    RETURN NEW;
END $$;

CREATE TRIGGER coverage_availabilitycheck_standing_building
    BEFORE INSERT ON coverage_availabilitycheck
    FOR EACH ROW WHEN (NEW.building_id IS NOT NULL)
    EXECUTE FUNCTION coverage_standing_building();
