"""Who has no full access, told to the Redis beside each FreeRADIUS.

FreeRADIUS keeps the last good answer of each subscriber for a day, for the hours when neither
Geobill nor the database can be asked. Who was blocked after that answer, on the other node or
without logging in anew, must not come in by it: before it lets somebody in from its cache it looks
into this set (`raddb/policy/closed.stream`). Each worker that reads a Redis' accounting keeps the
set of that Redis, so with one a node that of each node is kept.

The set always has the member `MARKER`, which is nobody's: a Redis without it does not know who is
blocked, and nobody is let in by its silence.

Where accounting goes packet by packet to the REST group there is no such worker: there FreeRADIUS
is told with the answer to each report of a session that it shall forget its service (`is_closed`).
"""

import logging
import threading
from typing import Any

import redis
from django.db import Error, close_old_connections, connection

from network.radius.configuration import CLOSED_NAME
from project.core import prepared

logger = logging.getLogger(__name__)

KEY = CLOSED_NAME
MARKER = 0
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
        self._ids: list[int] | None = None
        self._told: tuple[str, list[int]] | None = None  # None: what it has is not known

    def step(self) -> int:
        """Make the set what the decisions are now; gives how many have no full access.

        While the database is away a Redis that forgot is told again what was read last.
        """
        try:
            with connection.cursor() as cursor:
                cursor.execute(_CLOSED)
                self._ids = [row[0] for row in cursor.fetchall()]
        except Error:
            if self._ids is not None:
                self._tell(self._ids)
            raise
        self._tell(self._ids)
        return len(self._ids)

    def _tell(self, ids: list[int]) -> None:
        """A Redis that was started anew is told anew: it may have come back with an older set."""
        server: Any = self.client.info("server")
        told = (server["run_id"], ids)
        if told == self._told and self.client.scard(KEY) == len(ids) + 1:
            return
        self._told = None
        made = f"{KEY}:new"
        with self.client.pipeline(transaction=True) as pipe:
            pipe.delete(made)
            pipe.sadd(made, MARKER)
            for first in range(0, len(ids), CHUNK):
                pipe.sadd(made, *ids[first : first + CHUNK])
            pipe.rename(made, KEY)
            pipe.execute()
        self._told = told

    def run(self, *, ends: threading.Event) -> None:
        """Until told to end; neither a Redis nor a database that is away ends it: what was told
        last stays."""
        while not ends.is_set():
            try:
                self.step()
            except (redis.RedisError, Error) as error:
                logger.warning("who has no access could not be told: %s", error)
            close_old_connections()
            ends.wait(EVERY_S)
