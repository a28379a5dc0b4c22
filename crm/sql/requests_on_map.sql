-- A request that is filed, moved or placed anew changes the tiles of staff (coverage/tiles).
CREATE TRIGGER crm_connectionrequest_on_map
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON crm_connectionrequest
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_map_changed('requests');
