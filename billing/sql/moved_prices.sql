-- Services of these accounts whose terms have moved on since they were sold and whose price by the new
-- terms is not fixed yet: with what the price is found by, and what it is where nothing is sold any more.
-- The settings are those of billing_charge_chunk, for the same reason: the accounts of a chunk are looked
-- up by index, however many there are and whatever the statistics say.
CREATE OR REPLACE FUNCTION billing_unfixed_moved_prices(
    p_date date, p_day_start timestamptz, p_is_today boolean, p_first bigint, p_last bigint)
RETURNS TABLE (
    subscription_id bigint, span_id bigint, version_id bigint, tariff_id bigint, zone_id bigint,
    network_type text, segment text, locality_id bigint, applies_existing_from date,
    last_rule_id bigint, last_zone_version_id bigint, last_kopecks bigint)
LANGUAGE plpgsql STABLE
SET enable_bitmapscan = off
SET enable_seqscan = off
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    IF p_first = p_last THEN
        PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);  -- until this returns
    END IF;
    RETURN QUERY
    -- One step after another, each row looked up by its key: joined, small tables would be merged, which
    -- reads the services of all clients.
    SELECT s.subscription_id, s.span_id, s.version_id, span.tariff_id, span.zone_id,
           place.network_type, place.segment, place.locality_id, v.applies_existing_from,
           COALESCE(last.price_rule_id, span.sold_rule_id),
           COALESCE(last.zone_version_id, span.sold_zone_version_id),
           COALESCE(last.price_kopecks, span.sold_price_kopecks)
    FROM (
        SELECT s.subscription_id, s.span_id, s.version_id
        FROM (SELECT s.subscription_id, s.span_id, s.version_id, s.sold_version_id
              FROM billing_service_on(p_date, p_day_start, p_is_today, p_first, p_last) AS s
              OFFSET 0) AS s
        LEFT JOIN LATERAL (
            SELECT b.id FROM billing_charge_basis AS b
            WHERE b.plan_span_id = s.span_id AND b.tariff_version_id = s.version_id
              AND b.discount_id IS NULL LIMIT 1) AS known ON true
        WHERE s.version_id <> s.sold_version_id AND known.id IS NULL
        OFFSET 0) AS s
    CROSS JOIN LATERAL (
        SELECT p.tariff_id, p.sold_rule_id, p.sold_zone_version_id, p.sold_price_kopecks, z.zone_id
        FROM billing_plan_span AS p
        LEFT JOIN coverage_zoneversion AS z ON z.id = p.sold_zone_version_id
        WHERE p.id = s.span_id LIMIT 1) AS span
    CROSS JOIN LATERAL (
        SELECT sub.network_type::text AS network_type, sub.segment::text AS segment, b.locality_id
        FROM billing_subscription AS sub JOIN coverage_building AS b ON b.id = sub.building_id
        WHERE sub.id = s.subscription_id LIMIT 1) AS place
    CROSS JOIN LATERAL (
        SELECT t.applies_from, t.applies_existing_from FROM billing_tariff_version AS t
        WHERE t.id = s.version_id LIMIT 1) AS v
    LEFT JOIN LATERAL (
        SELECT b.price_rule_id, b.zone_version_id, b.price_kopecks
        FROM billing_charge_basis AS b
        JOIN billing_tariff_version AS older ON older.id = b.tariff_version_id
        WHERE b.plan_span_id = s.span_id AND b.discount_id IS NULL
          AND older.applies_from < v.applies_from
        ORDER BY older.applies_from DESC LIMIT 1) AS last ON true;
END $$;
