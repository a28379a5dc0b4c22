DROP TRIGGER core_auditentry_append_only ON core_auditentry;
DROP TRIGGER core_auditentry_no_truncate ON core_auditentry;
DROP FUNCTION core_audit_refuse();
