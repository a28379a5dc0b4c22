DROP FUNCTION IF EXISTS radius_resolve(text, text, text, text, boolean, text);
DROP FUNCTION IF EXISTS radius_is_tied(text, text, text, text, boolean, text, bigint, integer);
DROP FUNCTION IF EXISTS radius_best(text, text, text, text, boolean, text);
