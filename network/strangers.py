"""Sessions of nobody: online without a service of ours, and guests whose stay is over.

No decision speaks of them, so `wishes.enforce` does not see them. A guest is ended when the time
that his rule gave him is over (his BRAS did not hear of the Session-Timeout), or the rule is off.
Who is online and is nobody's at all is ended where the card of the BRAS says so
(`Nas.ends_unknown`): he comes back, is asked who he is, and is refused or let in behind the wall as
the rules for strangers say. All of them stand on the drift board.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from network import intervals, wishes
from network.models import AccessAction

STRANGER = "STRANGER"
OVERSTAYED_BY = timedelta(minutes=10)
# Accounting may come before the service is registered, and the first packet without a name; the
# second comes when the BRAS reports again.
KNOWN_WITHIN = timedelta(minutes=5)
ENDED_AT_ONCE = 1_000

# A guest's stay is his newest visit. `s` is a session, `d` the decision of its service, if any: who
# is a guest by his own decision (a block) is enforced by that.
VISIT = """
LEFT JOIN radius_decision d ON d.subscription_id = s.subscription_id
LEFT JOIN LATERAL (
    SELECT v.* FROM network_guestvisit v
    WHERE s.is_guest AND v.mac = s.mac AND v.circuit_hex = s.circuit_hex
      AND v.remote_hex = s.remote_hex ORDER BY v.last_at DESC LIMIT 1
) visit ON true
LEFT JOIN network_guestrule rule ON rule.id = visit.rule_id
"""
STAY_IS_OVER = """
(s.is_guest AND visit.id IS NOT NULL AND COALESCE(d.state, '') <> 'GUEST'
 AND (visit.until_at < %(over)s OR rule.id IS NULL OR NOT rule.is_active))
"""
# By two small indexes, not by reading all sessions.
MAY_BE_ASTRAY = """(
    SELECT x.* FROM network_session x WHERE x.subscription_id IS NULL
    UNION ALL
    SELECT x.* FROM network_session x WHERE x.is_guest AND x.subscription_id IS NOT NULL
) s"""

_TO_END = f"""
SELECT s.unique_id FROM {MAY_BE_ASTRAY}
JOIN network_nas n ON n.id = s.nas_id AND NOT n.only_watched
{VISIT}
WHERE s.state = 'OPEN'
  AND ({STAY_IS_OVER}
       OR (n.ends_unknown AND NOT s.is_guest AND s.started_at < %(known)s
           AND s.started_at < %(at)s - {intervals.REPORTED_AGAIN}))
  AND NOT EXISTS (
    SELECT 1 FROM network_access_action a WHERE a.session_unique_id = s.unique_id
      AND (a.created_at > %(at)s - %(quiet)s OR a.state IN ('DESIRED', 'SENT', 'TIMED_OUT')))
ORDER BY s.id LIMIT %(most)s
"""  # noqa: S608 (our own text)


def end(*, at: datetime) -> int:
    """Ask the BRASes to end what no rule allows; gives how many sessions are asked to end."""
    values: dict[str, Any] = {
        "at": at,
        "over": at - OVERSTAYED_BY,
        "known": at - KNOWN_WITHIN,
        "quiet": wishes.QUIET,
        "most": ENDED_AT_ONCE,
        **intervals.values(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TO_END, values)
        found = [row[0] for row in cursor.fetchall()]
    return len(
        wishes.wish(sessions=found, at=at, cause=STRANGER, kind=AccessAction.Kind.DISCONNECT)
    )
