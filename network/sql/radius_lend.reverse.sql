DROP FUNCTION IF EXISTS radius.lend(bigint, text);
