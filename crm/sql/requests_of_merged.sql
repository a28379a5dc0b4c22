-- A request that arrives while its building is being merged belongs to the building that stays
-- (see coverage/sql/places_merged.sql).
CREATE TRIGGER crm_connectionrequest_standing_building
    BEFORE INSERT ON crm_connectionrequest
    FOR EACH ROW WHEN (NEW.building_id IS NOT NULL)
    EXECUTE FUNCTION coverage_standing_building();
