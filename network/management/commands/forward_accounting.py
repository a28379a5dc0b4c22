"""`manage.py forward_accounting`: from FreeRADIUS' spool to the stream, for ever."""

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand
from redis.backoff import NoBackoff
from redis.retry import Retry

from network import spool
from network.radius.configuration import SPOOL


class Command(BaseCommand):
    """Work until SIGTERM. As the user that FreeRADIUS runs as, beside it, and always."""

    help = "Take accounting from FreeRADIUS' spool to the Redis stream, until told to end."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where FreeRADIUS writes."""
        parser.add_argument("--run-dir", type=Path, help="as of render_raddb")

    def handle(self, *args: Any, **options: Any) -> None:
        """Follow the files."""
        ends = threading.Event()

        def end(_number: int, _frame: FrameType | None) -> None:
            ends.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        client = redis.Redis.from_url(
            settings.GEOBILL_ACCOUNTING_REDIS_URL,
            socket_timeout=10,
            socket_connect_timeout=5,
            retry=Retry(NoBackoff(), 0),
        )
        folder = (options["run_dir"] or settings.VAR_DIR / "freeradius").resolve() / SPOOL
        self.stdout.write(f"forwarding {folder} to {spool.STREAM_NAME}")
        spool.Forwarder(client=client, folder=folder).run(until=ends.is_set)
