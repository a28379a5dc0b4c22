"""Who has no full access, told to the Redis beside each FreeRADIUS.

FreeRADIUS keeps the last good answer of each subscriber for a day, for the hours when neither
Geobill nor the database can be asked. Who was blocked after that answer, on the other node or
without logging in anew, must not come in by it: before it lets somebody in from its cache it looks
into this set (`raddb/policy/closed.stream`). The worker that reads a Redis' accounting keeps it.

Where accounting goes packet by packet to the REST group there is no such worker: there FreeRADIUS
is told with the answer to each report of a session that it shall forget its service (`is_closed`).
"""

import logging
import threading

import redis
from django.db import Error, close_old_connections, connection

from network.radius.configuration import CLOSED_NAME
from project.core import prepared

logger = logging.getLogger(__name__)

KEY = CLOSED_NAME
EVERY_S = 10.0
CHUNK = 10_000

_IS_CLOSED = "SELECT state <> 'FULL' FROM radius_decision WHERE subscription_id = %s"
_CLOSED = "SELECT subscription_id FROM radius_decision WHERE state <> 'FULL' ORDER BY 1"


def is_closed(*, subscription_id: int | None) -> bool:
    """Whether this service is there and has no full access now; None: nobody's session."""
    if subscription_id is None:
        return False
    rows = prepared.rows(_IS_CLOSED, [subscription_id])
    return bool(rows and rows[0][0])


class Keeper:
    """Keeps the set of one Redis."""

    def __init__(self, *, client: redis.Redis) -> None:
        self.client = client
        self._told: list[int] | None = None

    def step(self) -> int:
        """Make the set what the decisions are now; gives how many it has."""
        with connection.cursor() as cursor:
            cursor.execute(_CLOSED)
            ids = [row[0] for row in cursor.fetchall()]
        if ids == self._told and bool(self.client.exists(KEY)) is bool(ids):
            return len(ids)
        made = f"{KEY}:new"
        with self.client.pipeline(transaction=True) as pipe:
            pipe.delete(made)
            for first in range(0, len(ids), CHUNK):
                pipe.sadd(made, *ids[first : first + CHUNK])
            if ids:
                pipe.rename(made, KEY)
            else:
                pipe.delete(KEY)
            pipe.execute()
        self._told = ids
        return len(ids)

    def run(self, *, ends: threading.Event) -> None:
        """Until told to end; neither a Redis nor a database that is away ends it: what was told
        last stays."""
        while not ends.is_set():
            try:
                self.step()
            except (redis.RedisError, Error) as error:
                logger.warning("who has no access could not be told: %s", error)
                self._told = None
            close_old_connections()
            ends.wait(EVERY_S)
