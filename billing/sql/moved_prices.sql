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
    SELECT s.subscription_id, s.span_id, s.version_id, span.tariff_id, sold_in.zone_id,
           sub.network_type::text, sub.segment::text, building.locality_id, v.applies_existing_from,
           COALESCE(last.price_rule_id, span.sold_rule_id),
           COALESCE(last.zone_version_id, span.sold_zone_version_id),
           COALESCE(last.price_kopecks, span.sold_price_kopecks)
    FROM (
        SELECT s.subscription_id, s.span_id, s.version_id
        FROM billing_service_on(p_date, p_day_start, p_is_today, p_first, p_last) AS s
        WHERE s.version_id <> s.sold_version_id
        OFFSET 0) AS s
    JOIN billing_plan_span AS span ON span.id = s.span_id
    JOIN billing_subscription AS sub ON sub.id = s.subscription_id
    JOIN coverage_building AS building ON building.id = sub.building_id
    JOIN billing_tariff_version AS v ON v.id = s.version_id
    LEFT JOIN coverage_zoneversion AS sold_in ON sold_in.id = span.sold_zone_version_id
    LEFT JOIN LATERAL (
        SELECT b.price_rule_id, b.zone_version_id, b.price_kopecks
        FROM billing_charge_basis AS b
        JOIN billing_tariff_version AS older ON older.id = b.tariff_version_id
        WHERE b.plan_span_id = s.span_id AND b.discount_id IS NULL
          AND older.applies_from < v.applies_from
        ORDER BY older.applies_from DESC LIMIT 1) AS last ON true
    WHERE NOT EXISTS (SELECT 1 FROM billing_charge_basis AS b
                      WHERE b.plan_span_id = s.span_id AND b.tariff_version_id = s.version_id
                        AND b.discount_id IS NULL);
END $$;
