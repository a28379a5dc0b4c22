"""Strangers behind the wall who turn out to be a service's: it was sold, or has their device now.

Their session has the Class of a stranger and counts for no service, so it cannot be let out as it
is: it is ended, and comes back as the service's own. The guests of another service are its own.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from network import wishes
from network.models import AccessAction

logger = logging.getLogger(__name__)

# Each way by its index. Who waits at a port is known from the visits of guests: many BRASes tell no
# port in accounting. Of those without a MAC a name may be everybody's: their session must tell it.
_WAITING = """
WITH known AS MATERIALIZED (
    SELECT login, mac, circuit_hex, remote_hex FROM radius_decision
    WHERE subscription_id = ANY(%(ids)s) AND state = 'FULL'
), visit AS MATERIALIZED (
    SELECT v.mac, v.login, v.circuit_hex, v.remote_hex
    FROM known d JOIN network_guestvisit v
      ON v.circuit_hex = d.circuit_hex AND v.remote_hex = d.remote_hex AND v.circuit_hex <> ''
    WHERE v.until_at > %(at)s
)
SELECT s.unique_id FROM known d JOIN network_session s ON s.mac = d.mac AND s.mac <> ''
WHERE s.is_guest AND s.subscription_id IS NULL
UNION
SELECT s.unique_id FROM known d JOIN network_session s ON upper(s.login) = upper(d.login)
WHERE s.is_guest AND s.subscription_id IS NULL
UNION
SELECT s.unique_id FROM visit v JOIN network_session s ON s.mac = v.mac AND s.mac <> ''
WHERE s.is_guest AND s.subscription_id IS NULL
  AND (s.circuit_hex = '' OR (s.circuit_hex, s.remote_hex) = (v.circuit_hex, v.remote_hex))
UNION
SELECT s.unique_id FROM visit v JOIN network_session s ON upper(s.login) = upper(v.login)
WHERE s.is_guest AND s.subscription_id IS NULL AND v.mac = '' AND v.login <> ''
  AND (s.circuit_hex, s.remote_hex) = (v.circuit_hex, v.remote_hex)
ORDER BY 1
"""

_LOCK = """
SELECT unique_id FROM network_session WHERE unique_id = ANY(%(sessions)s)
ORDER BY id FOR UPDATE SKIP LOCKED
"""


def restart(*, subscription_ids: Iterable[int], at: datetime) -> int:
    """End the sessions of strangers who have MAC, port or login of one of these services, where it
    has full access now; gives how many. In the transaction of the cause."""
    ids = list(subscription_ids)
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, {"ids": ids, "at": at})
        found = [row[0] for row in cursor.fetchall()]
        if not found:
            return 0
        # Nobody's session has no decision whose lock keeps two wishes apart.
        cursor.execute(_LOCK, {"sessions": found})
        found = [row[0] for row in cursor.fetchall()]
    kind = AccessAction.Kind.DISCONNECT
    try:
        with transaction.atomic():
            return len(wishes.wish(sessions=found, at=at, cause=wishes.ACCESS_OPENED, kind=kind))
    except IntegrityError:
        # Somebody asked at the same moment: it is ended all the same, and no payment fails for it.
        logger.info("sessions of strangers are ended by somebody else already")
        return 0
