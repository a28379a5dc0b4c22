DROP SEQUENCE crm_contract_number;
