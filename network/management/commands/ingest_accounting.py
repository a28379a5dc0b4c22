"""`manage.py ingest_accounting`: takes accounting from the Redis stream into sessions, for ever."""

import signal
import socket
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand

from network import closed, stream


class Command(BaseCommand):
    """Work until SIGTERM; the batch in work is finished first. Beside it FreeRADIUS' cache is told
    who has no access."""

    help = "Take accounting from the Redis stream into sessions, until told to end."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Several workers on one machine need different numbers."""
        parser.add_argument("--number", type=int, default=1, help="of this worker on this machine")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, take in, acknowledge."""
        self._ends = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        client = redis.Redis.from_url(
            settings.GEOBILL_ACCOUNTING_REDIS_URL, socket_timeout=10, socket_connect_timeout=5
        )
        name = f"{socket.gethostname()}-{options['number']}"
        place = f"{settings.GEOBILL_ACCOUNTING_REDIS_HOST}:{settings.GEOBILL_ACCOUNTING_REDIS_PORT}"
        self.stdout.write(f"reading {stream.STREAM} of {place} as {name}")
        keeper = closed.Keeper(client=client)
        beside = threading.Thread(
            target=keeper.run, kwargs={"ends": self._ends}, daemon=True, name="closed"
        )
        beside.start()
        stream.Worker(client=client, name=name).run(until=self._ends.is_set)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ends.set()
