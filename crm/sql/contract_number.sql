-- Contract numbers are given out once and for ever; a gap is fine, a double is not.
CREATE SEQUENCE crm_contract_number START 100001;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        GRANT USAGE ON SEQUENCE crm_contract_number TO geobill_app;
    END IF;
END $$;
