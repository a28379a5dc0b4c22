-- Sessions that a new one of the same service takes the place of: the same device's older ones (it
-- was moved to another port, or its end was never told), one on the same address, which only one of
-- them can use, and those beyond the number of devices that may be online at once, the oldest first. Guests are counted by their own rules. The same session told in
-- other words (from another address of the BRAS, without its Class) is none: its end would be the new one's.
SELECT DISTINCT o.unique_id
FROM network_session n
JOIN radius_decision d ON d.subscription_id = n.subscription_id
JOIN network_session o ON o.subscription_id = n.subscription_id AND o.started_at < n.started_at
WHERE n.unique_id = ANY(%(ids)s) AND NOT n.is_guest AND NOT o.is_guest AND o.nas_id IS NOT NULL
  AND (o.acct_session_id <> n.acct_session_id OR o.nas_id IS DISTINCT FROM n.nas_id)
  AND ((o.mac <> '' AND o.mac = n.mac) OR o.framed_ip = n.framed_ip
       OR (SELECT count(*) FROM network_session m
           WHERE m.subscription_id = o.subscription_id AND NOT m.is_guest
             AND m.started_at > o.started_at) >= d.sessions_max)
