-- In an outage of the REST group FreeRADIUS answers from its memory; the addresses of a session it takes from
-- here, for those that it remembers may be another's by now. What a service with full access has at this moment: its
-- own addresses, and those that its rules lend to this device, held as at any Accept (sql/leases.sql).
--
-- "yes" and, with "|" between, `4=` an address, `6=` the prefix of a link, `d=` a delegated prefix, with an `l` before
-- what is only lent; "no" for a service without full access. Never nothing: that is a fault. Only which service it is
-- comes from FreeRADIUS' memory.
CREATE FUNCTION radius.lend(p_service bigint, p_mac text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    own text;
BEGIN
    SELECT concat('yes', '|4=' || host(d.framed_ip), '|6=' || d.framed_ipv6_prefix,
                  '|d=' || d.delegated_ipv6_prefix) INTO own
    FROM radius_decision d WHERE d.subscription_id = p_service AND d.state = 'FULL';
    IF NOT FOUND THEN
        RETURN 'no';
    END IF;
    RETURN concat(own, (
        SELECT string_agg(CASE h.kind WHEN 'IPV4' THEN '|l4=' || host(h.address)
                          WHEN 'IPV6_PREFIX' THEN '|l6=' || h.address ELSE '|ld=' || h.address END, '')
        FROM network_ip_hold(p_service, p_mac, now()) h));
END $$;

REVOKE ALL ON FUNCTION radius.lend(bigint, text) FROM PUBLIC;
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_app') THEN
        GRANT EXECUTE ON FUNCTION radius.lend(bigint, text) TO geobill_app;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'geobill_radius') THEN
        GRANT EXECUTE ON FUNCTION radius.lend(bigint, text) TO geobill_radius;
    END IF;
END $$;
