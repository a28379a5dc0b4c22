DROP FUNCTION IF EXISTS network_ip_drop(bigint[], timestamptz);
DROP FUNCTION IF EXISTS network_ip_assign(bigint, bigint[], bigint[], timestamptz);
DROP FUNCTION IF EXISTS network_ip_sweep(bigint, inet);
DROP FUNCTION IF EXISTS network_ip_extend(bigint, integer, timestamptz);
DROP FUNCTION IF EXISTS network_ip_put_back(inet[], bigint[], timestamptz, boolean);
DROP FUNCTION IF EXISTS network_ip_is_reserved(inet);
DROP FUNCTION IF EXISTS network_ip_high(inet);
DROP FUNCTION IF EXISTS network_ip_unit(text, bigint, integer, bigint);
