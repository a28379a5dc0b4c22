DROP FUNCTION IF EXISTS network_ip_reap(timestamptz, integer);
DROP FUNCTION IF EXISTS network_ip_adopt(text[], timestamptz);
DROP FUNCTION IF EXISTS network_ip_follow(text[], timestamptz);
DROP FUNCTION IF EXISTS network_ip_hold_guest(bigint, text, bigint[], timestamptz);
DROP FUNCTION IF EXISTS network_ip_hold(bigint, text, timestamptz);
DROP FUNCTION IF EXISTS network_ip_hold_one(bigint, text, bigint[], bigint, text, timestamptz);
