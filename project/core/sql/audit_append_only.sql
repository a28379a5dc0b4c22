-- The audit log only grows. ENABLE ALWAYS: session_replication_role = replica does not get past it.
CREATE FUNCTION core_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'core_auditentry is append-only: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER core_auditentry_append_only BEFORE UPDATE OR DELETE ON core_auditentry
    FOR EACH ROW EXECUTE FUNCTION core_audit_refuse();
CREATE TRIGGER core_auditentry_no_truncate BEFORE TRUNCATE ON core_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION core_audit_refuse();
ALTER TABLE core_auditentry ENABLE ALWAYS TRIGGER core_auditentry_append_only;
ALTER TABLE core_auditentry ENABLE ALWAYS TRIGGER core_auditentry_no_truncate;

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        REVOKE UPDATE, DELETE, TRUNCATE ON core_auditentry FROM geobill_app;
    END IF;
END $$;
