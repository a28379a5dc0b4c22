"""`manage.py ingest_accounting`: takes accounting from the Redis stream into sessions, for ever."""

import signal
import socket
from argparse import ArgumentParser
from types import FrameType
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand

from network import stream


class Command(BaseCommand):
    """Work until SIGTERM; the batch in work is finished first."""

    help = "Take accounting from the Redis stream into sessions, until told to end."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Several workers on one machine need different numbers."""
        parser.add_argument("--number", type=int, default=1, help="of this worker on this machine")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, take in, acknowledge."""
        self._ends = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        client = redis.Redis.from_url(
            settings.GEOBILL_ACCOUNTING_REDIS_URL, socket_timeout=10, socket_connect_timeout=5
        )
        name = f"{socket.gethostname()}-{options['number']}"
        self.stdout.write(f"reading {stream.STREAM} as {name}")
        stream.Worker(client=client, name=name).run(until=lambda: self._ends)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self._ends = True
