"""All open sessions together, counted now and then so that no page has to read each of them.

A task counts sessions by place (the map) and by BRAS, and finds those that differ from their
decisions (the drift board). Pages of a small network count by themselves and are of now; those of a
large one (`network.large`) read what is kept. A count takes at most a `SHARE` of the time.
"""

import time
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Sum

from network import session_map
from network.models import SessionTally, Standing

SHARE = 0.05
FOUND_MAX = 5_000

_SPOTS = f"""
WITH fresh AS MATERIALIZED (SELECT * FROM ({session_map.SPOTS_OF_NOW}) now),
gone AS (
    DELETE FROM network_session_spot k WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.key = k.key)
)
INSERT INTO network_session_spot AS k
    (key, building_id, node_id, point, online, guest, suspect, offline)
SELECT key, building_id, node_id, point, online, guest, suspect, offline FROM fresh
ON CONFLICT (key) DO UPDATE
SET point = EXCLUDED.point, online = EXCLUDED.online, guest = EXCLUDED.guest,
    suspect = EXCLUDED.suspect, offline = EXCLUDED.offline
WHERE (k.online, k.guest, k.suspect, k.offline, k.point::text) IS DISTINCT FROM
      (EXCLUDED.online, EXCLUDED.guest, EXCLUDED.suspect, EXCLUDED.offline, EXCLUDED.point::text)
"""  # noqa: S608 (our own text)

_TALLY = """
INSERT INTO network_session_tally (nas_id, sessions, guests, suspects, nobodys)
SELECT COALESCE(nas_id, 0), count(*), count(*) FILTER (WHERE is_guest),
       count(*) FILTER (WHERE state = 'SUSPECT'), count(*) FILTER (WHERE subscription_id IS NULL)
FROM network_session GROUP BY 1
"""

# The same as the drift board compares, without what was asked: that is found by its own indexes.
_FOUND = """
INSERT INTO network_drift_found (session_id)
SELECT s.id FROM network_session s
JOIN radius_decision d ON d.subscription_id = s.subscription_id
LEFT JOIN network_session_profile p ON p.session_unique_id = s.unique_id
WHERE CASE WHEN p.session_unique_id IS NOT NULL THEN p.applied_mark <> d.profile_hash
           ELSE d.state = 'REFUSED' OR s.started_at < d.felt_at END
LIMIT %(most)s
"""


def refresh(*, at: datetime) -> bool:
    """Count all anew; False when that was done too lately for what it costs."""
    last = Standing.objects.first()
    if last and timedelta(milliseconds=last.took_ms) > (at - last.made_at) * SHARE:
        return False
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('network_standing', 0))")
        cursor.execute(_SPOTS, session_map.values_of(at=at))
        cursor.execute("DELETE FROM network_session_tally")
        cursor.execute(_TALLY)
        cursor.execute("DELETE FROM network_drift_found")
        cursor.execute(_FOUND, {"most": FOUND_MAX})
        cursor.execute("SELECT count(*) FROM radius_decision")
        services = cursor.fetchone()[0]
        sessions = SessionTally.objects.aggregate(n=Sum("sessions"))["n"] or 0
        took_ms = round((time.monotonic() - began) * 1000)
        Standing.objects.update_or_create(
            id=1,
            defaults={
                "made_at": at, "took_ms": took_ms, "sessions": sessions, "services": services,
            },
        )  # fmt: skip
    return True
