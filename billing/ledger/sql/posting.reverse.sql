DROP FUNCTION ledger_reverse(bigint, date, timestamptz, text, text, text);
DROP FUNCTION ledger_lock_balances(bigint[]);
DROP FUNCTION ledger_post_charges(
    date, timestamptz, text, text, text, text, bigint[], bigint[], bigint[], text[], smallint[],
    bigint[], bigint[], bigint[]);
DROP FUNCTION ledger_post(
    text, date, timestamptz, text, text, text, text, bigint[], bigint[], bigint[], text[],
    smallint[], bigint[], bigint[], bigint, int);
DROP FUNCTION ledger_refuse_leg(bigint, boolean);
DROP AGGREGATE ledger_chain(bytea, bytea);
DROP FUNCTION ledger_chain_step(bytea, bytea, bytea);
DROP FUNCTION ledger_link(
    bigint, bigint, bigint, bigint, bigint, date, bigint, bigint, bigint, smallint, text);
