-- Guards of the plant: no cycles, uplinks that belong to the parent, circuit ids told apart, tiles.

-- What feeds a node may not be fed by it. Two people who turn two links round at the same time wait
-- for each other here: each alone makes no cycle, both together would.
CREATE FUNCTION coverage_plant_no_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    above bigint := NEW.parent_id;
    steps int := 0;
BEGIN
    IF NEW.parent_id IS NULL
        OR (TG_OP = 'UPDATE' AND NEW.parent_id IS NOT DISTINCT FROM OLD.parent_id) THEN
        RETURN NEW;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('coverage_plantnode.parent', 0));
    WHILE above IS NOT NULL LOOP
        steps := steps + 1;
        IF above = NEW.id OR steps > 12 THEN
            RAISE EXCEPTION 'plant node % would feed itself or lie too deep', NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = 'coverage_plantnode_cycle';
        END IF;
        SELECT parent_id INTO above FROM coverage_plantnode WHERE id = above;
    END LOOP;
    RETURN NEW;
END $$;

CREATE TRIGGER coverage_plantnode_cycle
    BEFORE INSERT OR UPDATE OF parent_id ON coverage_plantnode
    FOR EACH ROW EXECUTE FUNCTION coverage_plant_no_cycle();

-- The uplink port is a port of the parent.
ALTER TABLE coverage_plantport
    ADD CONSTRAINT coverage_plantport_of_node UNIQUE (id, node_id);
ALTER TABLE coverage_plantnode
    ADD CONSTRAINT coverage_plantnode_uplink_of_parent
    FOREIGN KEY (uplink_port_id, parent_id) REFERENCES coverage_plantport (id, node_id)
    DEFERRABLE INITIALLY IMMEDIATE;

-- Below a known remote id every switch may call its ports alike; without one they must all differ.
CREATE FUNCTION coverage_plant_port_scope() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT COALESCE(remote_id, '') INTO NEW.circuit_scope
    FROM coverage_plantnode WHERE id = NEW.node_id;
    RETURN NEW;
END $$;
CREATE TRIGGER coverage_plantport_scope
    BEFORE INSERT OR UPDATE OF node_id, circuit_id, circuit_scope ON coverage_plantport
    FOR EACH ROW EXECUTE FUNCTION coverage_plant_port_scope();

CREATE FUNCTION coverage_plant_node_scope() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE coverage_plantport SET circuit_scope = '' WHERE node_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER coverage_plantnode_scope
    AFTER UPDATE OF remote_id ON coverage_plantnode
    FOR EACH ROW WHEN (NEW.remote_id IS DISTINCT FROM OLD.remote_id)
    EXECUTE FUNCTION coverage_plant_node_scope();

-- The tiles of staff show nodes with what is free in them.
CREATE TRIGGER coverage_plantnode_on_map
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON coverage_plantnode
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_map_changed('plant');
CREATE TRIGGER coverage_plantport_on_map
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON coverage_plantport
    FOR EACH STATEMENT EXECUTE FUNCTION coverage_map_changed('plant');

-- Distances are measured in metres on the ellipsoid.
CREATE INDEX coverage_plantnode_ground ON coverage_plantnode USING gist ((point::geography));
